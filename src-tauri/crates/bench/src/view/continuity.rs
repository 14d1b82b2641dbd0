//! Continuity of origins beyond what their bands show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use specta::Type;

/// Two signed histories of one log.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ForkProofView {
    /// Origin.
    pub origin: String,
    /// Smallest size at which the two histories are known to differ.
    #[specta(type = u32)]
    pub size: u64,
    /// Last size that is known to be common to both; 0 where none is.
    #[specta(type = u32)]
    pub common: u64,
    /// The two roots at that size.
    pub roots: Vec<String>,
    /// Sizes of the two signed trees.
    #[specta(type = Vec<u32>)]
    pub signed: Vec<u64>,
    /// Keys that signed both, with full fingerprints.
    pub keys: Vec<String>,
    /// SHA-256 of the proof, hex.
    pub sha256: String,
    /// Where it was written; empty when it was not.
    pub path: String,
    /// The proof: `muniment/fork-proof/v1`.
    pub proof: Value,
}
