//! Detection candidates: what the records themselves show to be wrong, for a person to judge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{LifecycleView, RowView};

/// All candidates, grouped by rule and subject, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DetectionsView {
    /// Candidates in all.
    pub total: u32,
    /// Those that nobody has decided on.
    pub open: u32,
    /// Groups that were asked for.
    pub groups: Vec<DetectionGroupView>,
    /// Groups beyond those that are listed.
    pub more: u32,
}

/// Candidates of one rule about one subject, or about one field of a system.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DetectionGroupView {
    /// `contradiction`, `across`, `exposure`, `retold`.
    pub kind: String,
    /// Id of the rule that is broken.
    pub rule: String,
    /// What it means.
    pub title: String,
    /// Title of the system whose lifecycle or record it is.
    pub system: String,
    /// Handle of the subject.
    pub subject: Option<String>,
    /// The field, of a content exposure.
    pub field: Option<String>,
    /// Candidates in it.
    pub total: u32,
    /// Those that nobody has decided on.
    pub open: u32,
    /// Its candidates, newest first; at most 50.
    pub rows: Vec<DetectionRowView>,
    /// How many more there are; they come up as those before them are decided.
    pub more: u32,
}

/// One candidate.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DetectionRowView {
    /// Stable id.
    pub id: String,
    /// What is wrong, in states and record types.
    pub why: String,
    /// When.
    pub at: Option<String>,
    /// The record that breaks the rule.
    pub seq: u32,
    /// Records that prove it.
    pub proof: u32,
    /// The weakest assurance among them, in words.
    pub assurance: String,
    /// Their continuity verdicts, in words.
    pub verdict: String,
    /// `open`, `opened`, `linked`, `dismissed`.
    pub state: String,
    /// The incident that it was opened as or linked to.
    pub incident: Option<String>,
}

/// One candidate in full.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DetectionView {
    /// The candidate.
    pub row: DetectionRowView,
    /// `contradiction`, `across`, `exposure`, `retold`.
    pub kind: String,
    /// Id of the rule.
    pub rule: String,
    /// What it means.
    pub title: String,
    /// What that may come from.
    pub explanation: String,
    /// Title of the system.
    pub system: String,
    /// Handle of the subject.
    pub subject: Option<String>,
    /// The field, of a content exposure.
    pub field: Option<String>,
    /// The records that prove it, oldest first.
    pub proof: Vec<ProvingRecordView>,
    /// What weakens it: verdicts, gaps, clocks.
    pub cautions: Vec<String>,
    /// What people decided, newest first.
    pub decisions: Vec<DetectionDecisionView>,
}

/// A record that proves a candidate.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ProvingRecordView {
    /// What it proves.
    pub role: String,
    /// The record.
    pub row: RowView,
    /// What may be claimed of it.
    pub claim: String,
}

/// What a person decided of a candidate.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct DetectionDecisionView {
    /// `opened`, `linked`, `dismissed`, `reconsidered`.
    pub decision: String,
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// The incident.
    pub incident: Option<String>,
}

/// A subject across all systems.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SubjectView {
    /// Handle.
    pub handle: String,
    /// What kind of identity it stands for.
    pub domain: String,
    /// Records that name it.
    pub records: u32,
    /// Its lives: state now, and history.
    pub lives: Vec<SubjectLifeView>,
    /// Candidates about it.
    pub detections: Vec<DetectionGroupView>,
}

/// One life of a subject.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SubjectLifeView {
    /// Title of the system.
    pub system: String,
    /// What it is the life of.
    pub title: String,
    /// The life.
    pub life: LifecycleView,
}
