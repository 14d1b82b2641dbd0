//! Records: search results, facets, histogram, one record in full.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// What the window asks of the index.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Type, JsonSchema)]
#[serde(default)]
pub struct SearchRequest {
    /// Query text; empty means everything.
    pub query: String,
    /// Cursor of the page before (from `SearchView::next`).
    pub after: Option<String>,
    /// Rows wanted, at most 1,000.
    pub limit: u32,
    /// Fields to count values of (`system`, `assurance`, `action`, …).
    pub facets: Vec<String>,
    /// Number of time buckets wanted, 0 for none.
    pub histogram: u32,
}

/// A page of records with what describes the whole result.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SearchView {
    /// Records that match.
    pub total: u32,
    /// This page, newest first.
    pub rows: Vec<RowView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
    /// One per requested field.
    pub facets: Vec<FacetView>,
    /// Present when buckets were requested.
    pub histogram: Option<HistogramView>,
    /// The filters of the query, each removable.
    pub filters: Vec<FilterView>,
    /// Words that could not be seen, wherever they stand.
    pub unseen: Vec<UnseenView>,
    /// Where nothing matches: the systems in which what was asked for could not be seen. With none of either it is
    /// evidence of absence.
    pub uncovered: Vec<UncoveredView>,
}

/// A system whose records may hold what was asked for without its being found.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct UncoveredView {
    /// Title of the system.
    pub system: String,
    /// Why, as the rest of a sentence about its records.
    pub why: String,
}

/// A word of a query that is looked for where hidden values are not.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct UnseenView {
    /// The word as typed.
    pub text: String,
    /// Why it could not be seen, and what to do.
    pub why: String,
}

/// A look-up by identity.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LookUp {
    /// The identity as its source writes it; not kept.
    pub value: String,
    /// The incident it is for.
    pub incident: String,
    /// The purpose: one that source files know.
    pub purpose: String,
}

/// What an identity is known by here.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LookedUpView {
    /// Its handles.
    pub handles: Vec<FoundHandleView>,
    /// The query that finds everything about it.
    pub query: Option<String>,
    /// Look-ups that this member has left today.
    pub left: u32,
}

/// A handle that stands for what was looked up.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FoundHandleView {
    /// The handle.
    pub handle: String,
    /// Its identity space.
    pub domain: String,
    /// Records that name it.
    pub total: u32,
}

/// One filter of a query.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FilterView {
    /// Field, or empty for a bare word.
    pub field: String,
    /// Value as typed.
    pub value: String,
    /// Whether it excludes.
    pub negated: bool,
    /// The query without this filter.
    pub without: String,
}

/// A row of the event table.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RowView {
    /// Number of the record in this workspace.
    pub seq: u32,
    /// When it occurred, as far as the source says.
    pub occurred: Option<String>,
    /// Title of the system.
    pub system: String,
    /// Source file id of the system.
    pub system_id: String,
    /// Record type, such as `key.revoked`.
    pub action: String,
    /// Human title of the record type.
    pub title: String,
    /// `audit` or `lifecycle`.
    pub kind: String,
    /// Handle of the subject.
    pub subject: Option<String>,
    /// Handle of the actor.
    pub actor: Option<String>,
    /// Outcome as the source names it.
    pub outcome: Option<String>,
    /// Assurance level in words.
    pub assurance: String,
    /// Continuity verdict in words.
    pub verdict: String,
    /// Incidents that have pinned it.
    pub pinned: Vec<String>,
}

/// Values of one field with their counts.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FacetView {
    /// Field.
    pub field: String,
    /// Label to show.
    pub label: String,
    /// Values, most frequent first.
    pub values: Vec<FacetValueView>,
    /// Records counted under values that are not listed.
    pub other: u32,
}

/// One value of a facet.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FacetValueView {
    /// Value as a query would name it.
    pub value: String,
    /// Label to show.
    pub label: String,
    /// Records.
    pub total: u32,
    /// The query narrowed to this value.
    pub narrowed: String,
}

/// Counts over time; they sum to `total`.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct HistogramView {
    /// Start of the first bucket.
    pub from: Option<String>,
    /// End of the last bucket.
    pub to: Option<String>,
    /// Width of a bucket in seconds.
    #[specta(type = u32)]
    pub bucket_seconds: f64,
    /// Records per bucket.
    pub counts: Vec<u32>,
    /// Records without a time.
    pub undated: u32,
    /// Sum of `counts` and `undated`.
    pub total: u32,
}

/// A completion of the query line.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct CompletionView {
    /// What to show.
    pub label: String,
    /// What it is: `field`, `value`.
    pub kind: String,
    /// The query with the completion taken.
    pub query: String,
    /// Where the caret goes, in UTF-16 units.
    pub caret: u32,
}

/// One record in full, as this member may see it.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RecordView {
    /// The row.
    pub row: RowView,
    /// When the source recorded it.
    pub recorded: Option<String>,
    /// When it was imported here.
    pub imported: String,
    /// Original text of the occurred time.
    pub occurred_text: Option<String>,
    /// Every field, minimised.
    pub fields: Vec<FieldView>,
    /// How it is proven.
    pub proof: ProofView,
    /// Lifecycle of its subject, where the source declares one.
    pub lifecycle: Option<LifecycleView>,
    /// Ids of the detection candidates that it proves.
    pub detections: Vec<String>,
    /// File it came from.
    pub file: String,
    /// Import it came with.
    pub import: u32,
    /// Other records of the same event, from other files or the same.
    pub retold: Vec<RetoldView>,
}

/// Another record of an event.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RetoldView {
    /// File that holds it.
    pub file: String,
    /// Import of that file.
    pub import: u32,
    /// Its assurance in words.
    pub assurance: String,
    /// Its verdict in words.
    pub verdict: String,
    /// Its own record number where it says something else under the same id; none where it says the same.
    pub otherwise: Option<u32>,
}

/// One minimised field.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FieldView {
    /// JSON Pointer.
    pub path: String,
    /// What the source file calls it.
    pub title: String,
    /// Class: `C0` … `C6`, `H`, `unknown`.
    pub class: String,
    /// Title of the class.
    pub class_title: String,
    /// `kept`, `handle`, `type-tag`, `presence`, `hidden`.
    pub shown: String,
    /// What is shown: value, handle, tag or size; none when hidden.
    pub text: Option<String>,
}

/// How a record is proven.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ProofView {
    /// Assurance in words.
    pub assurance: String,
    /// Verdict in words.
    pub verdict: String,
    /// Origin of the log.
    pub origin: String,
    /// Index in that log.
    #[specta(type = u32)]
    pub index: u64,
    /// First index of the export.
    #[specta(type = u32)]
    pub first: u64,
    /// One past the last index of the export: size of the signed tree.
    #[specta(type = u32)]
    pub last: u64,
    /// Leaf hash, base64.
    pub leaf: String,
    /// Root the leaf folds to, base64.
    pub root: String,
    /// Keys that signed the checkpoint: vkey names with short fingerprints.
    pub signers: Vec<String>,
    /// A sentence that says what may be claimed.
    pub claim: String,
}

/// States of a subject over time.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LifecycleView {
    /// Handle of the subject.
    pub subject: String,
    /// Declared states in order.
    pub states: Vec<String>,
    /// State now.
    pub current: Option<String>,
    /// Transitions seen, oldest first.
    pub steps: Vec<LifecycleStepView>,
}

/// One transition, or a contradiction.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LifecycleStepView {
    /// Record.
    pub seq: u32,
    /// When.
    pub at: Option<String>,
    /// Record type.
    pub action: String,
    /// State it leads to; none if the record breaks the lifecycle.
    pub state: Option<String>,
    /// Why it contradicts, where it does.
    pub contradiction: Option<String>,
}
