//! Incidents, stages, gates, forms, evidence, packets, controls.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A row of the incident list.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct IncidentRowView {
    /// Id, such as `INC-2026-0001`.
    pub id: String,
    /// Version: 1, and one more after each reopening.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Stage id: `detection` … `review`, or `closed`.
    pub stage: String,
    /// Title of the stage.
    pub stage_title: String,
    /// Severity, if one is set.
    pub severity: Option<String>,
    /// When it was opened.
    pub opened: String,
    /// When it last changed.
    pub changed: String,
    /// Lead, if one is named.
    pub lead: Option<String>,
    /// Pinned evidence.
    pub evidence: u32,
    /// Gates of the current stage that are neither met nor waived.
    pub open_gates: u32,
    /// The first of them in words: what must be done next.
    pub next: Option<String>,
    /// The clock that ends next.
    pub clock: Option<ClockView>,
}

/// List of incidents.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct IncidentsView {
    /// Number of incidents.
    pub total: u32,
    /// Rows, most recently changed first.
    pub incidents: Vec<IncidentRowView>,
}

/// One incident in full.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct IncidentView {
    /// Head of the page.
    pub row: IncidentRowView,
    /// The seven stages in order.
    pub stages: Vec<StageView>,
    /// Pinned evidence.
    pub evidence: Vec<EvidenceView>,
    /// Timeline entries: facts, inferences, decisions; oldest first.
    pub timeline: Vec<TimelineView>,
    /// What happened in the incident itself, newest first.
    pub activity: Vec<ActivityView>,
    /// What must be done next.
    pub next: Vec<NextStepView>,
    /// Notification clocks.
    pub clocks: Vec<ClockView>,
    /// Control mappings.
    pub mappings: Vec<MappingView>,
    /// Packets written.
    pub packets: Vec<PacketRowView>,
    /// Whether the record is read-only (after review).
    pub read_only: bool,
}

/// One stage with its form and its gate.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct StageView {
    /// Stage id.
    pub id: String,
    /// Title.
    pub title: String,
    /// `done`, `current`, `ahead`.
    pub state: String,
    /// When it was entered.
    pub entered: Option<String>,
    /// When it was left.
    pub left: Option<String>,
    /// Conditions for leaving it.
    pub gates: Vec<GateView>,
    /// Its form.
    pub fields: Vec<FormFieldView>,
}

/// One condition for leaving a stage.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct GateView {
    /// Gate id, such as `detection.owner`.
    pub id: String,
    /// What it asks.
    pub title: String,
    /// `met`, `waived`, `open`.
    pub state: String,
    /// What is missing, each with the field to go to.
    pub missing: Vec<MissingView>,
    /// Roles that may waive it; empty if it cannot be waived.
    pub waivable_by: Vec<String>,
    /// Who waived it and why.
    pub waiver: Option<String>,
}

/// What a gate still lacks.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct MissingView {
    /// In words.
    pub what: String,
    /// Field id to go to, if a field can mend it.
    pub field: Option<String>,
}

/// A field of a stage's form; lists hold items of sub-fields.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FormFieldView {
    /// Field id, such as `detection.origin`; inside a list, the bare name.
    pub id: String,
    /// Label.
    pub label: String,
    /// One sentence of help.
    pub help: String,
    /// `text`, `long-text`, `time`, `choice`, `member`, `evidence`, `refs`, `flag`, `list`.
    pub kind: String,
    /// For `refs`: the list whose item ids it holds.
    pub refers_to: Option<String>,
    /// Choices of `choice`.
    pub options: Vec<OptionView>,
    /// Whether a gate asks for it.
    pub required: bool,
    /// Value as JSON: text, true/false, list of evidence ids; `null` when unset.
    pub value: serde_json::Value,
    /// Sub-fields of `list`.
    pub item_fields: Vec<FormFieldView>,
    /// Items of `list`.
    pub items: Vec<ListItemView>,
}

/// A choice.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OptionView {
    /// Value to send.
    pub value: String,
    /// Label to show.
    pub label: String,
}

/// An item of a list field.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ListItemView {
    /// Item id, such as `Q1`.
    pub id: String,
    /// Values by sub-field name.
    pub values: serde_json::Value,
    /// Author.
    pub author: String,
    /// When it was last changed.
    pub at: String,
    /// Whether it was withdrawn, with the reason.
    pub withdrawn: Option<String>,
}

/// Pinned evidence.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct EvidenceView {
    /// Id, such as `E1`.
    pub id: String,
    /// Record.
    pub seq: u32,
    /// Title of the record type.
    pub title: String,
    /// System.
    pub system: String,
    /// When it occurred.
    pub occurred: Option<String>,
    /// When it was pinned.
    pub pinned: String,
    /// Member who pinned it.
    pub by: String,
    /// Assurance in words, as of now.
    pub assurance: String,
    /// Verdict in words, as of now.
    pub verdict: String,
    /// Note of the pinning member.
    pub note: Option<String>,
}

/// A timeline entry.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TimelineView {
    /// Id (`T1`, `E1`, `D1`, …).
    pub id: String,
    /// When.
    pub at: Option<String>,
    /// `fact`, `inference`, `decision`, `evidence`.
    pub kind: String,
    /// Text.
    pub text: String,
    /// Evidence it rests on.
    pub evidence: Vec<String>,
    /// Actor or subject handle.
    pub actor: Option<String>,
    /// Record, where it is one.
    pub seq: Option<u32>,
    /// Lane to draw it in: a subject handle or `responders`.
    pub lane: String,
}

/// One event of the incident.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ActivityView {
    /// When.
    pub at: String,
    /// Member.
    pub actor: String,
    /// In words.
    pub text: String,
    /// Kind of event.
    pub kind: String,
}

/// What must be done next.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct NextStepView {
    /// In words.
    pub what: String,
    /// Field to go to.
    pub field: Option<String>,
    /// Gate it serves.
    pub gate: Option<String>,
    /// By when.
    pub due: Option<String>,
}

/// A notification clock.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ClockView {
    /// Clock id.
    pub id: String,
    /// Title.
    pub title: String,
    /// `running`, `met`, `overdue`, `not started`.
    pub state: String,
    /// Due.
    pub due: Option<String>,
    /// What started it.
    pub started_by: String,
}

/// A control mapped to a piece of the incident.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct MappingView {
    /// Framework id.
    pub framework: String,
    /// Control id, such as `5.28`.
    pub control: String,
    /// Short title of the control.
    pub title: String,
    /// What is mapped: `E1`, `T2`, `A1`.
    pub item: String,
    /// `supports`, `partially`, `contradicts`, `context`.
    pub relation: String,
    /// The claim.
    pub claim: String,
    /// Author.
    pub author: String,
}

/// Opens an incident.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OpenIncident {
    /// Title.
    pub title: String,
    /// Records to pin at once.
    #[serde(default)]
    pub pin: Vec<u32>,
}

/// What a packet will hold, before anything is written.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PacketPlanView {
    /// Incident.
    pub incident: String,
    /// Packet id.
    pub packet: String,
    /// Version of the packet.
    pub version: u32,
    /// `internal-audit` or `outside`.
    pub audience: String,
    /// Policy id, version and digest.
    pub policy: String,
    /// Digest of the plan; approving names exactly this plan.
    pub digest: String,
    /// Evidence in the packet.
    pub evidence: u32,
    /// What leaves, by class.
    pub leaves: Vec<PlanClassView>,
    /// What stays, by class.
    pub withheld: Vec<PlanClassView>,
    /// Fields with what happens to each.
    pub fields: Vec<PlanFieldView>,
    /// Conditions that are open.
    pub open_gates: Vec<String>,
    /// Limitations that will be printed.
    pub limitations: Vec<String>,
    /// Leak check, in words.
    pub leak_check: String,
    /// What blocks writing; empty when it can be approved.
    pub blocked: Vec<String>,
    /// Files in the packet.
    pub files: Vec<String>,
}

/// Counts of one class in a plan.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PlanClassView {
    /// Class.
    pub class: String,
    /// Title of the class.
    pub title: String,
    /// Values.
    pub total: u32,
    /// Why, in words.
    pub why: String,
}

/// One field path in a plan.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PlanFieldView {
    /// System.
    pub system: String,
    /// JSON Pointer.
    pub path: String,
    /// Class.
    pub class: String,
    /// `disclosed`, `handle`, `withheld`.
    pub outcome: String,
    /// Values.
    pub total: u32,
}

/// A packet that was written.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PacketRowView {
    /// Packet id.
    pub packet: String,
    /// Incident.
    pub incident: String,
    /// Version.
    pub version: u32,
    /// Audience.
    pub audience: String,
    /// When.
    pub at: String,
    /// Member who wrote it.
    pub by: String,
    /// SHA-256 of the ZIP, hex.
    pub digest: String,
    /// Size in bytes.
    #[specta(type = u32)]
    pub size: u64,
    /// Where it was written.
    pub path: String,
    /// The five lines as they were when written.
    pub lines: Vec<super::VerifyLineView>,
}

/// The Packets place.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PacketsView {
    /// Number of packets.
    pub total: u32,
    /// Packets, newest first.
    pub packets: Vec<PacketRowView>,
}

/// The Controls place.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ControlsView {
    /// Frameworks.
    pub frameworks: Vec<FrameworkView>,
    /// Incidents that are columns of the matrix.
    pub incidents: Vec<String>,
}

/// One framework.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FrameworkView {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Controls.
    pub controls: Vec<ControlView>,
}

/// One control with what is mapped to it.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ControlView {
    /// Identifier.
    pub id: String,
    /// Short title.
    pub title: String,
    /// Group the control stands under.
    pub group: String,
    /// Evidence it expects, in words.
    pub expects: Vec<String>,
    /// Accepted mappings.
    pub mappings: Vec<MappingRefView>,
}

/// A mapping with the incident it is from.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct MappingRefView {
    /// Incident.
    pub incident: String,
    /// The mapping.
    pub mapping: MappingView,
}

/// What came of an act on an incident.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ActedView {
    /// The incident after the act.
    pub incident: IncidentView,
    /// What was recorded, in words.
    pub recorded: Vec<String>,
}
