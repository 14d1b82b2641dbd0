//! Field commitments and the log entry of a record (format `muniment/record/v1`).
//!
//! ```text
//! salt_i = SHA-256("munsalt1" || seed || u64be(record index) || u32be(i))[..16]
//! C_i    = SHA-256("munfld01" || salt_i || valueText_i)
//! entry  = "muniment/record/v1\n" || u32be(n) || for each i: u16be(len path) || path || C_i
//! ```
//! The salt's input has a fixed length, so there is nothing to extend and no HMAC is needed.

use std::fmt;

use zeroize::Zeroize;

use crate::{
    hash::{Hash, Hasher, most_in, sha256_in_place},
    record::RecordError,
};

/// First bytes of every entry.
pub const ENTRY_PREFIX: &[u8] = b"muniment/record/v1\n";
/// Largest entry, in bytes.
pub const MAX_ENTRY: usize = 65_535;
/// Most fields of a record.
pub const MAX_FIELDS: usize = 512;

/// The secret of one record, from which all its salts follow. Wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of 32 random bytes, drawn by the caller.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Salt of field `field_index` of record `record_index`.
pub fn salt(seed: &Seed, record_index: u64, field_index: u32) -> [u8; 16] {
    Salts::new(seed, record_index).salt(field_index)
}

/// The salts of one record, whose inputs differ in four bytes only. Wiped when dropped.
pub(crate) struct Salts([[u8; 64]; 1]);

impl Salts {
    /// Length of a salt's input.
    const INPUT: usize = 52;

    pub(crate) fn new(seed: &Seed, record_index: u64) -> Self {
        let mut block = [0; 64];
        block[..8].copy_from_slice(b"munsalt1");
        block[8..40].copy_from_slice(&seed.0);
        block[40..48].copy_from_slice(&record_index.to_be_bytes());
        Self([block])
    }

    pub(crate) fn salt(&mut self, field_index: u32) -> [u8; 16] {
        self.0[0][48..Self::INPUT].copy_from_slice(&field_index.to_be_bytes());
        let full = sha256_in_place(&mut self.0, Self::INPUT);
        let mut salt = [0; 16];
        salt.copy_from_slice(&full.0[..16]);
        salt
    }
}

impl Drop for Salts {
    fn drop(&mut self) {
        self.0[0].zeroize();
    }
}

/// Commitment to a field's value text.
pub fn commit(salt: &[u8; 16], value_text: &str) -> Hash {
    commit_bytes(salt, value_text.as_bytes())
}

/// [`commit`] for a value text given as bytes.
pub(crate) fn commit_bytes(salt: &[u8; 16], value: &[u8]) -> Hash {
    /// Nearly all values are short.
    const BLOCKS: usize = 4;
    let length = 24 + value.len();
    if length <= most_in(BLOCKS) {
        let mut blocks = [[0; 64]; BLOCKS];
        let bytes = blocks.as_flattened_mut();
        bytes[..8].copy_from_slice(b"munfld01");
        bytes[8..24].copy_from_slice(salt);
        bytes[24..length].copy_from_slice(value);
        return sha256_in_place(&mut blocks, length);
    }
    let mut hasher = Hasher::new();
    hasher.update(b"munfld01");
    hasher.update(salt);
    hasher.update(value);
    hasher.finish()
}

/// The log entry of fields given as (path, commitment), in order.
///
/// # Errors
/// [`RecordError::TooManyFields`], [`RecordError::EntryTooLong`].
pub fn encode_entry<'a>(
    fields: impl ExactSizeIterator<Item = (&'a str, Hash)>,
) -> Result<Vec<u8>, RecordError> {
    let mut entry = Vec::with_capacity(2048);
    encode_entry_into(&mut entry, fields)?;
    Ok(entry)
}

/// [`encode_entry`] appending to a buffer that is used again.
pub(crate) fn encode_entry_into<P: AsRef<[u8]>>(
    entry: &mut Vec<u8>,
    fields: impl ExactSizeIterator<Item = (P, Hash)>,
) -> Result<(), RecordError> {
    let start = entry.len();
    let count = fields.len();
    if count > MAX_FIELDS {
        return Err(RecordError::TooManyFields(count));
    }
    entry.extend_from_slice(ENTRY_PREFIX);
    entry.extend_from_slice(&(count as u32).to_be_bytes());
    for (path, commitment) in fields {
        let path = path.as_ref();
        let length = u16::try_from(path.len()).map_err(|_| RecordError::EntryTooLong)?;
        entry.extend_from_slice(&length.to_be_bytes());
        entry.extend_from_slice(path);
        entry.extend_from_slice(&commitment.0);
        if entry.len() - start > MAX_ENTRY {
            return Err(RecordError::EntryTooLong);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_and_commitments_follow_the_formula() {
        let seed = Seed::new([7; 32]);
        let mut block = b"munsalt1".to_vec();
        block.extend([7; 32]);
        block.extend(9u64.to_be_bytes());
        block.extend(3u32.to_be_bytes());
        let salt = salt(&seed, 9, 3);
        assert_eq!(salt, Hash::sha256(&block).0[..16]);
        for length in [0, 1, 31, 32, 95, 96, 222, 223, 224, 5000] {
            let value = "v".repeat(length);
            let mut block = b"munfld01".to_vec();
            block.extend(salt);
            block.extend(value.as_bytes());
            assert_eq!(commit(&salt, &value), Hash::sha256(&block), "{length}");
        }
        assert_eq!(format!("{seed:?}"), "Seed(hidden)");
    }

    #[test]
    fn entries_are_bounded() {
        let hash = Hash::sha256(b"");
        let path = "/".repeat(200);
        let fits = vec![(path.as_str(), hash); 279];
        assert!(encode_entry(fits.into_iter()).is_ok());
        let long = vec![(path.as_str(), hash); 281];
        assert_eq!(
            encode_entry(long.into_iter()),
            Err(RecordError::EntryTooLong)
        );
        let many = vec![("/", hash); 513];
        assert_eq!(
            encode_entry(many.into_iter()),
            Err(RecordError::TooManyFields(513))
        );
    }
}
