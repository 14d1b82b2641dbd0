//! What gates are told: facts that are measured and never taken from a form, and what they miss.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the caller measured just now; a gate believes this, never a form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Whether the custody ledger verifies; none where it was not checked.
    #[serde(default)]
    pub custody_intact: Option<bool>,
    /// The present standing of pinned records by their number in the vault.
    #[serde(default)]
    pub verdicts: BTreeMap<u64, EvidenceFact>,
    /// The latest packet of the incident's present version.
    #[serde(default)]
    pub packet: Option<PacketFacts>,
    /// Gaps known in the sources that the evidence is from.
    #[serde(default)]
    pub gaps: Vec<GapFact>,
    /// Of communications that are to be approved, by id: how many marks of the redaction engine are open in their texts.
    #[serde(default)]
    pub open_marks: BTreeMap<String, u32>,
}

/// The present standing of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceFact {
    /// The assurance word.
    pub assurance: String,
    /// The continuity verdict word.
    pub verdict: String,
    /// Whether this counts as verified: its bytes are checked against a signature or manifest,
    /// and its origin is not forked. The caller decides, since it knows the words.
    pub verified: bool,
}

/// A packet's results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PacketFacts {
    /// The verifier passed it.
    pub verified: bool,
    /// The leak check found nothing.
    pub leak_clean: bool,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// A gap in a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapFact {
    /// A stable id; `investigation.gaps` items name it in `gap`.
    pub id: String,
    /// The source, and the missing interval, in words.
    pub title: String,
}

/// One thing a gate misses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What is missing, as a sentence; names ids, never content.
    pub what: String,
    /// The field to go to.
    pub field: Option<String>,
    /// The item to go to.
    pub item: Option<String>,
}
