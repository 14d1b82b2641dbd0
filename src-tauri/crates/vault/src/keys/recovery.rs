//! The printed recovery key: one more identity, written as base32 groups with a check part.

use data_encoding::BASE32_NOPAD;
use rand_core::CryptoRng;
use ring::digest::{SHA256, digest};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Identity, Secret};

const GROUP: usize = 7;

/// The recovery key of a vault. Shown once, on paper; its use is recorded.
#[derive(Clone)]
pub struct RecoveryKey(Secret);

impl RecoveryKey {
    pub(crate) fn draw(entropy: &mut dyn CryptoRng) -> Self {
        Self(Secret::draw(entropy))
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity {
            kem: self.0.derive("muniment/recovery/kem/v1"),
            sign: self.0.derive("muniment/recovery/sign/v1"),
        }
    }

    /// Eight groups of seven letters: 256 bits and a 20-bit check part.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut letters = BASE32_NOPAD.encode(self.0.bytes());
        letters.push_str(&check(self.0.bytes()));
        let mut out = Zeroizing::new(String::with_capacity(64));
        for (i, c) in letters.chars().enumerate() {
            if i > 0 && i % GROUP == 0 {
                out.push('-');
            }
            out.push(c);
        }
        letters.zeroize();
        out
    }

    /// Reads what [`RecoveryKey::to_text`] printed; spaces, dashes and case do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let letters: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|c| !c.is_whitespace() && *c != '-')
                .map(|c| c.to_ascii_uppercase())
                .collect(),
        );
        let (body, tail) = letters.split_at_checked(52)?;
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(body.as_bytes()).ok()?);
        let secret = Secret::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
        (check(secret.bytes()) == tail).then_some(Self(secret))
    }
}

impl std::fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryKey(…)")
    }
}

fn check(bytes: &[u8; 32]) -> String {
    let sum = digest(&SHA256, bytes);
    BASE32_NOPAD.encode(&sum.as_ref()[..5])[..4].to_owned()
}
