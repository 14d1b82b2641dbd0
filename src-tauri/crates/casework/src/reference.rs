//! What an incident refers to: records that are its evidence, and how a piece bears on a control.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is pinned: a record of the vault and what was known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceRef {
    /// The record's number in the vault.
    pub seq: u64,
    /// The import it came with.
    pub import: String,
    /// The assurance word when pinned.
    pub assurance: String,
    /// The continuity verdict word when pinned.
    pub verdict: String,
    /// The minimised headline.
    pub title: String,
    /// Occurred, as the source says.
    #[serde(default)]
    pub occurred: Option<DateTime<Utc>>,
    /// Recorded by the source.
    #[serde(default)]
    pub recorded: Option<DateTime<Utc>>,
    /// Imported into the workspace; also the date of receipt.
    pub imported: DateTime<Utc>,
    /// When it was collected at the source.
    #[serde(default)]
    pub collected: Option<DateTime<Utc>>,
    /// The period it covers.
    #[serde(default)]
    pub period: Option<Period>,
    /// Until when it can be relied on.
    #[serde(default)]
    pub valid_until: Option<DateTime<Utc>>,
}

/// How a piece relates to a control.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Shows that the control worked.
    Supports,
    /// Shows it in part.
    Partially,
    /// Shows that it did not.
    Contradicts,
    /// Helps to understand.
    Context,
}

/// A span of time; `to` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// From.
    pub from: DateTime<Utc>,
    /// To, exclusive.
    pub to: DateTime<Utc>,
}
