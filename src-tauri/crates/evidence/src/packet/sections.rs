//! The incident's sections in `packet.json`. Text in here names roles and
//! handles, never people; the redaction engine has read it before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::Stamp;

/// The incident, without its lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IncidentRecord {
    /// Identifier, e.g. `INC-2026-0042`.
    pub id: String,
    /// Version of the incident's record (reopening makes a new one).
    pub record_version: u32,
    /// Declared, not an incident, undetermined.
    pub outcome: String,
    /// Severity in force.
    pub severity: String,
    /// Present stage.
    pub stage: String,
    /// Office that owns it.
    pub owner: String,
    /// Summary, one page at most; paragraphs are separated by empty lines.
    pub summary: String,
    /// What was looked at, and how.
    pub scope: Scope,
    /// Every severity it had.
    pub severity_history: Vec<SeverityRow>,
    /// Occurred, noticed, reported, ... with basis.
    pub times: Vec<TimeFact>,
    /// Impact by dimension.
    pub impact: Vec<ImpactRow>,
    /// The seven stages with their gates.
    pub stages: Vec<StageRow>,
    /// Metrics with their inputs.
    pub metrics: Vec<MetricRow>,
}

/// Scope and method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// The scope statement.
    pub statement: String,
    /// How the evidence was collected and examined.
    pub method: String,
    /// Systems in scope.
    pub systems: Vec<String>,
    /// Start of the period covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Stamp>,
    /// End of the period covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Stamp>,
}

/// A severity the incident had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeverityRow {
    /// Since when.
    pub at: Stamp,
    /// The severity.
    pub severity: String,
    /// Version of the criteria applied.
    pub criteria: String,
    /// Why.
    pub rationale: String,
    /// Office that decided.
    pub decided_by: String,
}

/// A time of the incident with its basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimeFact {
    /// `Occurred`, `Noticed`, `Reported`, ...
    pub what: String,
    /// In UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc: Option<Stamp>,
    /// As it was stated or written.
    pub original: String,
    /// Zone of the original.
    pub zone: String,
    /// Where the time comes from.
    pub source: String,
    /// How sure it is.
    pub confidence: String,
}

/// Impact in one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImpactRow {
    /// Service, confidentiality, integrity, availability, people, content.
    pub dimension: String,
    /// The level.
    pub level: String,
    /// In words.
    pub statement: String,
}

/// One stage and its gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageRow {
    /// Name of the stage.
    pub stage: String,
    /// When it was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Stamp>,
    /// When it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Stamp>,
    /// `met`, `waived`, `open`.
    pub gate: String,
}

/// A metric and what it was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricRow {
    /// Name, e.g. `Time to containment`.
    pub name: String,
    /// Value with unit.
    pub value: String,
    /// The inputs.
    pub inputs: String,
}

/// A reference to a revision of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidencePin {
    /// Evidence id.
    pub id: String,
    /// The revision relied on.
    pub revision: u32,
}

/// Nature of a timeline row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimelineKind {
    /// Something evidence shows.
    Fact,
    /// Something concluded from facts.
    Inference,
    /// Something somebody decided.
    Decision,
}

/// A timeline row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimelineRow {
    /// Identifier, e.g. `T-012`.
    pub id: String,
    /// In UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc: Option<Stamp>,
    /// As the source wrote it.
    pub original: String,
    /// Fact, inference or decision.
    pub kind: TimelineKind,
    /// System or office.
    pub system: String,
    /// Handle of the actor, if any.
    pub actor: String,
    /// What happened.
    pub text: String,
    /// Evidence relied on.
    pub evidence: Vec<EvidencePin>,
}

/// Nature of an analysis row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnalysisKind {
    /// What set it off.
    Trigger,
    /// A root cause.
    RootCause,
    /// Something that made it worse or possible.
    ContributingFactor,
    /// A conclusion.
    Conclusion,
    /// A hypothesis that evidence speaks against.
    RejectedHypothesis,
    /// A hypothesis still open.
    OpenHypothesis,
    /// A search without a hit: absence is evidence too.
    EmptySearch,
}

/// A row of the analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalysisRow {
    /// Identifier, e.g. `F-03`.
    pub id: String,
    /// What it is.
    pub kind: AnalysisKind,
    /// In words.
    pub text: String,
    /// How sure it is.
    pub confidence: String,
    /// Evidence relied on, by revision.
    pub evidence: Vec<EvidencePin>,
}

/// A containment, remediation or recovery measure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MeasureRow {
    /// Identifier.
    pub id: String,
    /// Stage it belongs to.
    pub stage: String,
    /// What was done, to what.
    pub text: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Stamp>,
    /// Office that authorised it.
    pub authorised_by: String,
    /// State of it.
    pub status: String,
    /// End of a temporary measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Stamp>,
    /// Deviation from the plan, emergency mark, or empty.
    pub deviation: String,
    /// Evidence that it worked.
    pub evidence: Vec<EvidencePin>,
}

/// A waived gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaiverRow {
    /// Stage of the gate.
    pub stage: String,
    /// The gate.
    pub gate: String,
    /// Why.
    pub reason: String,
    /// Office that waived it.
    pub by: String,
    /// When.
    pub at: Stamp,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecisionRow {
    /// Identifier.
    pub id: String,
    /// When.
    pub at: Stamp,
    /// What was decided.
    pub text: String,
    /// Office that decided.
    pub decided_by: String,
    /// Why.
    pub rationale: String,
    /// Office that attests it, when the decider has no account.
    pub attested_by: String,
}

/// A communication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommunicationRow {
    /// Identifier.
    pub id: String,
    /// Audience.
    pub audience: String,
    /// Subject matter.
    pub subject: String,
    /// What triggered it.
    pub trigger: String,
    /// State.
    pub status: String,
    /// When it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Stamp>,
    /// Office that approved it.
    pub approved_by: String,
}

/// A notification clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClockRow {
    /// Identifier.
    pub id: String,
    /// Rule, e.g. `GDPR art. 33`.
    pub rule: String,
    /// Version of the clock's data.
    pub rule_version: String,
    /// What starts it.
    pub trigger: String,
    /// Started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Stamp>,
    /// Due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Stamp>,
    /// Met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<Stamp>,
    /// State.
    pub status: String,
}

/// A lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LessonRow {
    /// One of the six review dimensions.
    pub dimension: String,
    /// The lesson.
    pub text: String,
}

/// A corrective action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ActionRow {
    /// Identifier.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Root cause it answers (an analysis id), or empty.
    pub root_cause: String,
    /// Office that owns it.
    pub owner: String,
    /// Due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Stamp>,
    /// State.
    pub status: String,
    /// How its effect is checked.
    pub effectiveness_check: String,
}

/// A mapping between a control and evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlRow {
    /// Framework, e.g. `ISO/IEC 27001:2022`.
    pub framework: String,
    /// Control identifier, e.g. `5.28`.
    pub control: String,
    /// Short title.
    pub title: String,
    /// Supports, partially, contradicts, context, or `no evidence`.
    pub relation: String,
    /// The claim.
    pub claim: String,
    /// In period, expired, missing, ...
    pub freshness: String,
    /// Office that accepted the mapping.
    pub accepted_by: String,
    /// Evidence, by revision.
    pub evidence: Vec<EvidencePin>,
}
