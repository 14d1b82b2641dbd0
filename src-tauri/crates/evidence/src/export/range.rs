//! `range.json` and `consistency.json`, each in exactly one spelling: compact JSON with this
//! order of keys and one line feed at the end. Read by parsing, writing again and comparing.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::hash::Hash;

/// Value of `format` in `range.json`.
pub const EXPORT_FORMAT: &str = "muniment/export/v1";
/// Value of `format` in `consistency.json`.
pub const CONSISTENCY_FORMAT: &str = "muniment/consistency/v1";
/// Most proofs of one export.
pub const MAX_PROOFS: usize = 64;

/// Content of `range.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeFile {
    /// [`EXPORT_FORMAT`].
    pub format: String,
    /// Name of the log.
    pub origin: String,
    /// First index.
    pub first: u64,
    /// One past the last index.
    pub last: u64,
    /// Compact range of `[0, first)`, largest subtree first.
    pub frontier: Vec<Hash>,
}

/// Content of `consistency.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyFile {
    /// [`CONSISTENCY_FORMAT`].
    pub format: String,
    /// Proofs, ordered by (from, to), without repeats.
    pub proofs: Vec<ProofBetween>,
}

/// An RFC 9162 consistency proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofBetween {
    /// The smaller size.
    pub from: u64,
    /// The greater size.
    pub to: u64,
    /// Root at the smaller size.
    pub from_root: Hash,
    /// Root at the greater size.
    pub to_root: Hash,
    /// The hashes of the proof.
    pub proof: Vec<Hash>,
}

/// The one spelling of a value.
pub(super) fn spell<T: Serialize>(value: &T) -> String {
    // Plain structs of strings, numbers and arrays always serialise.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads bytes that are exactly the one spelling of a value that is written from `begin` on, or says
/// at which byte they depart from it: where they cannot be read any further, or differ.
pub(super) fn read<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    begin: &str,
) -> Result<(T, String), usize> {
    let same = common(bytes, begin);
    if same < begin.len() {
        return Err(same);
    }
    let value = serde_json::from_slice(bytes).map_err(|error| offset(bytes, &error))?;
    let text = spell(&value);
    if text.as_bytes() == bytes {
        return Ok((value, text));
    }
    Err(common(bytes, &text))
}

/// How both files begin.
pub(super) fn begin(format: &str, second: &str) -> String {
    format!("{{\"format\":\"{format}\",\"{second}\":")
}

fn common(bytes: &[u8], text: &str) -> usize {
    let both = bytes.iter().zip(text.as_bytes());
    both.take_while(|(a, b)| a == b).count()
}

/// Where a parser stopped, as an offset.
fn offset(bytes: &[u8], error: &serde_json::Error) -> usize {
    let lines = bytes.split_inclusive(|b| *b == b'\n');
    let before = lines.take(error.line().saturating_sub(1));
    let before: usize = before.map(<[u8]>::len).sum();
    (before + error.column().saturating_sub(1)).min(bytes.len())
}
