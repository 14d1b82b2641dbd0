//! A workbench for tests that run in one process: its clock and its randomness follow from a seed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use rand_core::SeedableRng as _;
use workbench::{Environment, Workbench};

/// Passphrase of the first custodian of [`fresh`].
pub const PASSPHRASE: &str = "correct horse battery staple";
/// Passphrase of its second member.
pub const SECOND: &str = "another long passphrase of four";

/// A workbench whose clock goes on by a second at every look, from 2026-11-20 on, with its folders at `home`.
pub fn workbench(home: &Path) -> Workbench {
    kept_at(home.join("state/muniment"), home.join("data/muniment"))
}

/// The same with its state and data in these folders. Key files that it makes cost as little as is allowed.
pub fn kept_at(state: PathBuf, data: PathBuf) -> Workbench {
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicU64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        state,
        data,
    );
    environment.argon2_kib = 65_536;
    Workbench::new(environment)
}

/// A workbench with a new, empty workspace at `home/workspace`, open for its custodian.
pub async fn fresh(home: &Path) -> Workbench {
    let bench = workbench(home);
    let dir = home.join("workspace").display().to_string();
    bench
        .create_workspace(dir, PASSPHRASE.into(), "reviewer".into(), SECOND.into())
        .await
        .expect("a workspace");
    bench
}
