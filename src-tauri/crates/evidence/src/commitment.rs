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
    hash::{Hash, Hasher},
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
    let mut block = [0; 52];
    block[..8].copy_from_slice(b"munsalt1");
    block[8..40].copy_from_slice(&seed.0);
    block[40..48].copy_from_slice(&record_index.to_be_bytes());
    block[48..].copy_from_slice(&field_index.to_be_bytes());
    let full = Hash::sha256(&block);
    block.zeroize();
    let mut salt = [0; 16];
    salt.copy_from_slice(&full.0[..16]);
    salt
}

/// Commitment to a field's value text.
pub fn commit(salt: &[u8; 16], value_text: &str) -> Hash {
    const INLINE: usize = 232;
    let value = value_text.as_bytes();
    // Nearly all values are short: one call over a stack buffer is the fastest way there.
    if value.len() <= INLINE {
        let mut block = [0; 24 + INLINE];
        block[..8].copy_from_slice(b"munfld01");
        block[8..24].copy_from_slice(salt);
        block[24..24 + value.len()].copy_from_slice(value);
        return Hash::sha256(&block[..24 + value.len()]);
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
pub(crate) fn encode_entry_into<'a>(
    entry: &mut Vec<u8>,
    fields: impl ExactSizeIterator<Item = (&'a str, Hash)>,
) -> Result<(), RecordError> {
    let start = entry.len();
    let count = fields.len();
    if count > MAX_FIELDS {
        return Err(RecordError::TooManyFields(count));
    }
    entry.extend_from_slice(ENTRY_PREFIX);
    entry.extend_from_slice(&(count as u32).to_be_bytes());
    for (path, commitment) in fields {
        let length = u16::try_from(path.len()).map_err(|_| RecordError::EntryTooLong)?;
        entry.extend_from_slice(&length.to_be_bytes());
        entry.extend_from_slice(path.as_bytes());
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
        for length in [0, 1, 231, 232, 233, 5000] {
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
