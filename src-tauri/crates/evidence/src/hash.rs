//! A SHA-256 value and the one way it is spelled.

use std::{borrow::Cow, fmt, str::FromStr};

use data_encoding::{BASE64, HEXLOWER};
use ring::digest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::block_api::compress256;

use crate::base64;

/// 32 bytes of SHA-256. Written as padded standard base64 (44 characters), as C2SP does;
/// every other spelling, non-canonical trailing bits included, is refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Text that is not the one spelling of a [`Hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 value in padded standard base64 (44 characters)")]
pub struct HashTextError;

impl Hash {
    /// SHA-256 of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::from_digest(&digest::digest(&digest::SHA256, bytes))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads 64 hexadecimal digits of either case, as checksum files write them.
    pub fn from_hex(text: &str) -> Result<Self, HashTextError> {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(HashTextError)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn from_digest(value: &digest::Digest) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(value.as_ref());
        Self(out)
    }
}

/// Initial hash value of SHA-256 (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Most bytes of a message that fits in so many blocks of 64, with its padding.
pub(crate) const fn most_in(blocks: usize) -> usize {
    blocks * 64 - 9
}

/// SHA-256 of the first `length` bytes of `blocks`, behind which the padding is written
/// (FIPS 180-4, section 5.1.1): `length` is at most [`most_in`] their number. Messages of one
/// or two blocks are most of what verifying hashes; a general context spends as much time on
/// itself there as on them.
pub(crate) fn sha256_in_place(blocks: &mut [[u8; 64]], length: usize) -> Hash {
    let used = (length + 9).div_ceil(64);
    let blocks = &mut blocks[..used];
    let bytes = blocks.as_flattened_mut();
    let bits = used * 64 - 8;
    bytes[length] = 0x80;
    bytes[length + 1..bits].fill(0);
    bytes[bits..].copy_from_slice(&(length as u64 * 8).to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, blocks);
    let mut out = [0; 32];
    for (place, word) in out.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    Hash(out)
}

/// A SHA-256 under way, for bytes that arrive in pieces.
#[derive(Clone)]
pub struct Hasher(digest::Context);

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher(..)")
    }
}

impl Hasher {
    /// Starts with no bytes.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes added.
    pub fn finish(self) -> Hash {
        Hash::from_digest(&self.0.finish())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 44];
        BASE64.encode_mut(&self.0, &mut text);
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({}..)", HEXLOWER.encode(&self.0[..4]))
    }
}

impl FromStr for Hash {
    type Err = HashTextError;

    fn from_str(text: &str) -> Result<Self, HashTextError> {
        base64::decode_32(text.as_bytes())
            .map(Self)
            .ok_or(HashTextError)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Hash {
    fn schema_name() -> Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "SHA-256 in padded standard base64",
            "pattern": "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_in_both_spellings() {
        let empty = Hash::sha256(b"");
        assert_eq!(
            empty.to_hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            empty.to_string(),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
        assert_eq!(empty.to_string().parse(), Ok(empty));
        assert_eq!(Hash::from_hex(&empty.to_hex()), Ok(empty));
    }

    #[test]
    fn short_messages_hash_like_any_other() {
        for length in 0..=most_in(4) {
            // What stood there before must not matter.
            let mut blocks = [[0xaa; 64]; 4];
            let message: Vec<u8> = (0..length).map(|k| k as u8).collect();
            blocks.as_flattened_mut()[..length].copy_from_slice(&message);
            assert_eq!(
                sha256_in_place(&mut blocks, length),
                Hash::sha256(&message),
                "{length}"
            );
        }
    }

    #[test]
    fn one_spelling_only() {
        for bad in [
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", // trailing bits not zero
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",  // no padding
            "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", // URL alphabet
            "",
        ] {
            assert_eq!(bad.parse::<Hash>(), Err(HashTextError), "{bad}");
        }
    }
}
