//! Keys: members' key files, the keyring that seals the vault keys to them, and the printed recovery key.

mod keyring;
mod member_file;
mod recovery;

pub use evidence::ledger::Role;
pub use keyring::KeyName;
pub(crate) use keyring::{By, Keyring, KeyringError, VaultKeys};
pub(crate) use member_file::MemberFile;
pub use member_file::{KdfCost, PassphraseError};
pub use recovery::RecoveryKey;

use hpke::{Kem as _, Serializable as _};
use rand_core::CryptoRng;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::{Zeroize as _, Zeroizing};

/// DHKEM(X25519, HKDF-SHA256) of RFC 9180.
pub(crate) type Kem = hpke::kem::X25519HkdfSha256;

/// 32 secret bytes: zeroed when dropped, never printed. They lie on the heap, so that handing them on leaves no copy behind on
/// the stacks of threads that live longer than an open workspace.
pub(crate) struct Secret(Box<Zeroizing<[u8; 32]>>);

impl Clone for Secret {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Secret {
    pub(crate) fn new(mut bytes: [u8; 32]) -> Self {
        let secret = Self::of(&bytes);
        bytes.zeroize();
        secret
    }
    fn of(bytes: &[u8; 32]) -> Self {
        let mut secret = Self::empty();
        secret.0.copy_from_slice(bytes);
        secret
    }
    fn empty() -> Self {
        Self(Box::new(Zeroizing::new([0; 32])))
    }
    pub(crate) fn draw(entropy: &mut dyn CryptoRng) -> Self {
        let mut secret = Self::empty();
        entropy.fill_bytes(&mut **secret.0);
        secret
    }
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// HKDF-SHA256 with an empty salt and `label` as info.
    pub(crate) fn derive(&self, label: &str) -> Self {
        let mut out = Self::empty();
        let prk = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, &[]).extract(self.bytes());
        let filled = prk
            .expand(&[label.as_bytes()], ring::hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut **out.0));
        // 32 bytes are one hash length: HKDF only fails beyond 255 of them.
        debug_assert!(filled.is_ok());
        out
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The private keys of one identity: a seed for X25519 (through the KEM's DeriveKeyPair) and one for Ed25519.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) kem: Secret,
    pub(crate) sign: Secret,
}

impl Identity {
    pub(crate) fn draw(entropy: &mut dyn CryptoRng) -> Self {
        Self {
            kem: Secret::draw(entropy),
            sign: Secret::draw(entropy),
        }
    }
    pub(crate) fn public(&self) -> PublicIdentity {
        let (_, kem) = Kem::derive_keypair(self.kem.bytes());
        let mut kem_bytes = [0; 32];
        kem_bytes.copy_from_slice(&kem.to_bytes());
        let mut sign = [0; 32];
        if let Some(pair) = self.signer() {
            sign.copy_from_slice(pair.public_key().as_ref());
        }
        PublicIdentity {
            kem: kem_bytes,
            sign,
        }
    }
    fn signer(&self) -> Option<Ed25519KeyPair> {
        // A 32-byte seed is always accepted.
        Ed25519KeyPair::from_seed_unchecked(self.sign.bytes()).ok()
    }
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        if let Some(pair) = self.signer() {
            out.copy_from_slice(pair.sign(message).as_ref());
        }
        out
    }
}

/// The public keys of one identity, as the ledger and the keyring name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicIdentity {
    /// X25519, receives the vault keys.
    pub kem: [u8; 32],
    /// Ed25519, signs ledger entries.
    pub sign: [u8; 32],
}

impl PublicIdentity {
    /// The id of a member with these keys: role letter and five base32 letters of SHA-256 of the Ed25519 key.
    #[must_use]
    pub fn id(&self, role: Role) -> String {
        evidence::ledger::EnrolledMember::id_of(role, &self.sign)
    }

    /// Whether `signature` over `message` is by this identity.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.sign)
            .verify(message, signature)
            .is_ok()
    }
}

/// 32 bytes as padded standard base64 in JSON.
pub(crate) mod b64 {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(
        bytes: &impl AsRef<[u8]>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.serialize_str(&BASE64.encode(bytes.as_ref()))
    }
    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
        d: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(d)?;
        let bytes = evidence::base64::decode(text.as_bytes())
            .ok_or_else(|| D::Error::custom("not base64"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("wrong length"))
    }
}
