//! Verifier keys (C2SP vkeys) of the two algorithms, and what a signature line is over.

use std::{fmt, str::FromStr, sync::Arc};

use data_encoding::BASE64;
use fips204::{
    ml_dsa_44,
    traits::{SerDes, Verifier as _},
};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::{NoteError, check_name};
use crate::{
    base64,
    checkpoint::Checkpoint,
    hash::{Hash, Hasher},
};

/// C2SP signature type of Ed25519.
pub(super) const ED25519_TYPE: u8 = 0x01;
/// C2SP signature type of a timestamped ML-DSA-44 cosignature.
pub(super) const ML_DSA_44_TYPE: u8 = 0x06;
/// Bytes of an ML-DSA-44 public key (FIPS 204, table 2).
pub const ML_DSA_44_KEY: usize = ml_dsa_44::PK_LEN;
/// Bytes of an ML-DSA-44 signature (FIPS 204, table 2), the timestamp before it not counted.
pub const ML_DSA_44_SIGNATURE: usize = ml_dsa_44::SIG_LEN;
/// First bytes of the message of an ML-DSA-44 cosignature.
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// The algorithm of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// Ed25519 over the note's text (type 0x01).
    Ed25519,
    /// ML-DSA-44 over a `subtree/v1` message with a timestamp (type 0x06).
    MlDsa44,
}

impl Algorithm {
    /// The name shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::MlDsa44 => "ML-DSA-44",
        }
    }

    fn type_byte(self) -> u8 {
        match self {
            Self::Ed25519 => ED25519_TYPE,
            Self::MlDsa44 => ML_DSA_44_TYPE,
        }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum PublicKey {
    Ed25519([u8; 32]),
    MlDsa44(Arc<[u8; ML_DSA_44_KEY]>),
}

impl PublicKey {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key,
            Self::MlDsa44(key) => key.as_slice(),
        }
    }
}

/// y coordinates (little endian, sign bit clear) of the points whose order divides 8:
/// 0, 1, p - 1 and the two of order 8.
pub(super) const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

fn check_ed25519(key: &[u8; 32]) -> Result<(), NoteError> {
    let mut y = *key;
    y[31] &= 0x7f;
    // p = 2^255 - 19, so y is not reduced exactly when its bytes are ed..ff ff..ff 7f.
    if y[0] >= 0xed && y[1..31].iter().all(|b| *b == 0xff) && y[31] == 0x7f {
        return Err(NoteError::KeyNotCanonical);
    }
    let hex = data_encoding::HEXLOWER.encode(&y);
    if SMALL_ORDER.contains(&hex.as_str()) {
        return Err(NoteError::KeySmallOrder);
    }
    Ok(())
}

/// A public key with its name, written as a C2SP vkey `name+hash+base64(type || key)`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

impl VerifierKey {
    /// A key from its name and the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`NoteError::KeyName`], [`NoteError::KeyNotCanonical`], [`NoteError::KeySmallOrder`].
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        check_ed25519(&key)?;
        Ok(Self {
            name: name.to_owned(),
            key: PublicKey::Ed25519(key),
        })
    }

    /// A key from its name and an ML-DSA-44 public key (FIPS 204 `pkEncode`). Every string of
    /// that length is the one encoding of its key. The message of a cosignature has one byte
    /// for the length of the name.
    ///
    /// # Errors
    /// [`NoteError::KeyName`], also for a name of more than 255 bytes.
    pub fn ml_dsa_44(name: &str, key: &[u8; ML_DSA_44_KEY]) -> Result<Self, NoteError> {
        check_name(name)?;
        if name.len() > 255 {
            return Err(NoteError::KeyName);
        }
        ml_dsa_44::PublicKey::try_from_bytes(*key).map_err(|_| NoteError::KeyNotCanonical)?;
        Ok(Self {
            name: name.to_owned(),
            key: PublicKey::MlDsa44(Arc::new(*key)),
        })
    }

    /// The key's name; for a log's own key usually its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's algorithm.
    pub fn algorithm(&self) -> Algorithm {
        match self.key {
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
            PublicKey::MlDsa44(_) => Algorithm::MlDsa44,
        }
    }

    /// The four bytes that select the key in a note. Not an identity: use the fingerprint.
    pub fn id(&self) -> [u8; 4] {
        let mut hasher = Hasher::new();
        hasher.update(self.name.as_bytes());
        hasher.update(b"\n");
        hasher.update(&[self.algorithm().type_byte()]);
        hasher.update(self.key.bytes());
        let [a, b, c, d, ..] = hasher.finish().0;
        [a, b, c, d]
    }

    /// Type byte and key, as a vkey encodes them.
    fn typed(&self) -> Vec<u8> {
        let mut typed = vec![self.algorithm().type_byte()];
        typed.extend_from_slice(self.key.bytes());
        typed
    }

    /// SHA-256 of the type byte and the key: what is compared out of band and pinned.
    pub fn fingerprint(&self) -> Hash {
        Hash::sha256(&self.typed())
    }

    /// The bytes of the public key: 32 for Ed25519, [`ML_DSA_44_KEY`] for ML-DSA-44.
    pub fn public_key(&self) -> &[u8] {
        self.key.bytes()
    }

    /// Whether `signature` of exactly `message` verifies; ML-DSA with an empty context. This is
    /// the bare algorithm: for a line of a note see [`VerifierKey::verifies_note`].
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key)
                .verify(message, signature)
                .is_ok(),
            PublicKey::MlDsa44(key) => {
                let Ok(signature) = <&[u8; ML_DSA_44_SIGNATURE]>::try_from(signature) else {
                    return false;
                };
                ml_dsa_44::PublicKey::try_from_bytes(**key)
                    .is_ok_and(|key| key.verify(message, signature, &[]))
            }
        }
    }

    /// Whether `signature`, as it stands in a line of a note after the key id, is this key's for
    /// the note's text: over the text itself (Ed25519), or over the checkpoint that the text is,
    /// with the timestamp that stands before it (ML-DSA-44). A timestamp is what the signer
    /// says, and attests no time.
    pub fn verifies_note(&self, text: &str, signature: &[u8]) -> bool {
        match self.algorithm() {
            Algorithm::Ed25519 => self.verifies(text.as_bytes(), signature),
            Algorithm::MlDsa44 => {
                let Some((timestamp, signature)) = signature.split_first_chunk::<8>() else {
                    return false;
                };
                let timestamp = u64::from_be_bytes(*timestamp);
                Checkpoint::parse(text)
                    .ok()
                    .and_then(|c| cosigned_message(&self.name, timestamp, &c))
                    .is_some_and(|message| self.verifies(&message, signature))
            }
        }
    }
}

/// The `cosigned_message` structure of C2SP tlog-cosignature v1.1.0-rc.1 for a checkpoint:
/// label, cosigner's name, timestamp (seconds since the Epoch), origin, start 0, end = size,
/// root. `None` where it cannot be encoded: a name or origin of more than 255 bytes, or a
/// timestamp above 2^63 - 1.
pub(super) fn cosigned_message(
    name: &str,
    timestamp: u64,
    checkpoint: &Checkpoint,
) -> Option<Vec<u8>> {
    if timestamp > i64::MAX as u64 {
        return None;
    }
    let mut message = Vec::with_capacity(96 + name.len() + checkpoint.origin.len());
    message.extend_from_slice(SUBTREE_LABEL);
    message.push(u8::try_from(name.len()).ok()?);
    message.extend_from_slice(name.as_bytes());
    message.extend_from_slice(&timestamp.to_be_bytes());
    message.push(u8::try_from(checkpoint.origin.len()).ok()?);
    message.extend_from_slice(checkpoint.origin.as_bytes());
    message.extend_from_slice(&0u64.to_be_bytes());
    message.extend_from_slice(&checkpoint.size.to_be_bytes());
    message.extend_from_slice(&checkpoint.root.0);
    Some(message)
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64.encode(&self.typed()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        write!(
            f,
            "VerifierKey({}+{id:08x}, {:?})",
            self.name,
            self.algorithm()
        )
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        // The base64 alphabet has a plus sign too, so cut from the left.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::KeyText);
        };
        let typed = base64::decode(key.as_bytes()).ok_or(NoteError::KeyText)?;
        let (&kind, key) = typed.split_first().ok_or(NoteError::KeyText)?;
        let found = match kind {
            ED25519_TYPE => Self::new(name, key.try_into().map_err(|_| NoteError::KeyText)?)?,
            ML_DSA_44_TYPE => {
                Self::ml_dsa_44(name, key.try_into().map_err(|_| NoteError::KeyText)?)?
            }
            other => return Err(NoteError::KeyType(other)),
        };
        if format!("{:08x}", u32::from_be_bytes(found.id())) != id {
            return Err(NoteError::KeyText);
        }
        Ok(found)
    }
}
