//! Everything the workbench takes from outside: time, randomness, folders.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand_core::CryptoRng;

/// A source of randomness that can be handed to another thread.
pub type Entropy = Box<dyn CryptoRng + Send>;

/// Time, randomness and folders, passed in so that tests and the sample case
/// can fix them.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    entropy: Arc<dyn Fn() -> Entropy + Send + Sync>,
    /// Folder for what must be remembered outside workspaces: ledger heads and
    /// the list of recent workspaces.
    pub state_dir: PathBuf,
    /// Folder under which new workspaces are suggested.
    pub data_dir: PathBuf,
    /// Memory cost of new key files in KiB (RFC 9106); opening follows the file.
    pub argon2_kib: u32,
}

impl Environment {
    /// An environment with the given clock, randomness and folders.
    pub fn new(
        clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
        entropy: impl Fn() -> Entropy + Send + Sync + 'static,
        state_dir: PathBuf,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            entropy: Arc::new(entropy),
            state_dir,
            data_dir,
            argon2_kib: 256 * 1024,
        }
    }

    /// System clock, the operating system's randomness, and the folders of the
    /// XDG base directory specification.
    pub fn of_this_machine() -> Self {
        Self::new(
            Utc::now,
            || Box::new(SystemRandomness::default()),
            xdg("XDG_STATE_HOME", ".local/state").join("muniment"),
            xdg("XDG_DATA_HOME", ".local/share").join("muniment"),
        )
    }

    /// The time now, to the microsecond: what is stored is read back as the same instant, so that
    /// a packet planned in one process is the one that another writes.
    pub fn now(&self) -> DateTime<Utc> {
        let now = (self.clock)();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// A fresh source of randomness.
    pub fn entropy(&self) -> Entropy {
        (self.entropy)()
    }
}

fn xdg(variable: &str, fallback: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => std::env::home_dir()
            .unwrap_or_else(|| PathBuf::from("."))
            .join(fallback),
    }
}

/// The operating system's generator, as `ring` reads it.
struct SystemRandomness(ring::rand::SystemRandom);

impl Default for SystemRandomness {
    fn default() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl rand_core::TryRng for SystemRandomness {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        use ring::rand::SecureRandom;
        // Without randomness no key may be made: stopping is the only safe answer.
        self.0
            .fill(out)
            .expect("the operating system gives randomness");
        Ok(())
    }
}

impl rand_core::TryCryptoRng for SystemRandomness {}
