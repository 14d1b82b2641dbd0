//! Files of proof material, each with one accepted spelling.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::record::DisclosedRecord;

/// Folder name of an origin: hex SHA-256 of it.
#[must_use]
pub fn origin_folder(origin: &str) -> String {
    Hash::sha256(origin.as_bytes()).to_hex()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaValue {
    id: String,
    version: u32,
}

/// How the register names the schema of a record: `id@version`, from the value
/// text of the record's `@schema`.
#[must_use]
pub fn schema_name(value_text: &str) -> Option<String> {
    let value: SchemaValue = serde_json::from_str(value_text).ok()?;
    Some(format!("{}@{}", value.id, value.version))
}

/// Compact JSON with a final newline: the spelling of the files below.
pub(super) fn spell<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// `data/evidence/<id>/record.json`: one record, with what this audience may see.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisclosedEntry {
    /// `muniment/disclosed-record/1`.
    pub format: String,
    /// Evidence id.
    pub id: String,
    /// Origin of the log.
    pub origin: String,
    /// Index in the log.
    pub index: u64,
    /// The record, withheld fields as commitments.
    pub record: DisclosedRecord,
}

impl DisclosedEntry {
    /// The value of `format`.
    pub const FORMAT: &'static str = "muniment/disclosed-record/1";

    /// The one accepted spelling.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// `range.json` beside a checkpoint: the compact range before `first`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeFile {
    /// `muniment/range/1`.
    pub format: String,
    /// Origin of the log.
    pub origin: String,
    /// First index of the range.
    pub first: u64,
    /// One past its last index.
    pub last: u64,
    /// Compact range of [0, first), largest subtree first.
    pub frontier: Vec<Hash>,
}

impl RangeFile {
    /// The value of `format`.
    pub const FORMAT: &'static str = "muniment/range/1";

    /// The one accepted spelling.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        spell(self)
    }
}

/// One record's inclusion proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionEntry {
    /// Index in the log.
    pub index: u64,
    /// Sibling hashes from the leaf up.
    pub path: Vec<Hash>,
}

/// `inclusion.json`, in place of a leaf list that would be too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionFile {
    /// `muniment/inclusion/1`.
    pub format: String,
    /// Size of the tree the proofs lead to.
    pub size: u64,
    /// One per shown record, by index.
    pub proofs: Vec<InclusionEntry>,
}

impl InclusionFile {
    /// The value of `format`.
    pub const FORMAT: &'static str = "muniment/inclusion/1";

    /// The one accepted spelling.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        spell(self)
    }
}

/// One line of `data/custody/ledger.ndjson`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerLine {
    /// Index in the custody log.
    pub index: u64,
    /// The entry, with fields of other concerns withheld.
    pub record: DisclosedRecord,
    /// Sibling hashes from the leaf up to the head of the entry's epoch.
    pub path: Vec<Hash>,
    /// The member's own signature. Absent in packets of the format before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedEntry>,
}

/// What the member who recorded an entry signed, beside its leaf hash; see
/// [`entry_message`](crate::ledger::entry_message).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedEntry {
    /// Epoch of the ledger: 0, and one more after each restore.
    pub epoch: u64,
    /// Root of the epoch's log before the entry.
    pub previous: Hash,
    /// Ed25519 signature, base64.
    pub signature: String,
    /// Consistency proof (RFC 6962) from the log before the entry to the head of its epoch.
    pub consistency: Vec<Hash>,
}

impl LedgerLine {
    /// The one accepted spelling, with its newline.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        spell(self)
    }
}
