//! What a packet is made from: plain data, already minimised.

use std::fmt;

use chrono::{DateTime, Utc};
use evidence::packet::{
    ActionRow, AnalysisRow, ClockRow, CommunicationRow, ControlRow, CustodyRow, DecisionRow,
    IncidentRecord, LessonRow, Limitation, MeasureRow, OfficeMark, PacketKind, RequiredSigner,
    SignedEntry, SourceTime, Supersedes, TimelineRow, WaiverRow,
};
use evidence::{Assurance, DisclosedRecord, Hash};
use redaction::{Class, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything a packet is made from.
#[derive(Clone)]
pub struct PacketInput {
    /// Identity and signers.
    pub header: PacketHeader,
    /// The policy that decided what is shown.
    pub policy: Policy,
    /// The incident's sections.
    pub sections: Sections,
    /// Evidence with its redacted records.
    pub evidence: Vec<EvidenceItem>,
    /// Proof material for every (origin, first, last) that evidence names.
    pub proofs: Vec<ProofMaterial>,
    /// The custody log's part about this incident.
    pub custody: CustodyExtract,
    /// Measured limits: gaps, silence, unproven sources, clock offsets. More
    /// are added from the packet itself, so the list is never empty.
    pub limitations: Vec<Limitation>,
    /// Gates that are still open. They show in the plan and do not block it.
    pub open_gates: Vec<OpenGate>,
    /// Reasons why nothing may be written: a broken custody chain, a failing
    /// verification. They show in the plan and block it.
    pub blockers: Vec<Blocker>,
    /// Values that must not be anywhere in the packet. Never written, never
    /// shown, not even in errors.
    pub withheld_values: Vec<Withheld>,
}

/// A value that must not leave, and where it is withheld.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    /// The value.
    pub value: String,
    /// The piece of evidence and the field, for whoever has to mend a text that repeats it.
    pub of: String,
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Withheld")
            .field("of", &self.of)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PacketInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketInput")
            .field("id", &self.header.id)
            .field("version", &self.header.version)
            .field("evidence", &self.evidence.len())
            .field("withheld_values", &self.withheld_values.len())
            .finish_non_exhaustive()
    }
}

/// Identity, wording of the cover, signers.
#[derive(Debug, Clone)]
pub struct PacketHeader {
    /// Packet id, e.g. `INC-2026-0042_review`.
    pub id: String,
    /// Version from 1.
    pub version: u32,
    /// The packet it replaces.
    pub supersedes: Option<Supersedes>,
    /// Title.
    pub title: String,
    /// Review or control evidence.
    pub kind: PacketKind,
    /// Handling marking.
    pub classification: String,
    /// Status.
    pub status: String,
    /// Why it leaves.
    pub purpose: String,
    /// Time of making, UTC; the only clock there is.
    pub now: DateTime<Utc>,
    /// Preparer, reviewer, approver by office.
    pub offices: Vec<OfficeMark>,
    /// Signatures that will be required.
    pub required_signers: Vec<RequiredSigner>,
}

/// The incident's sections, as they stand in `packet.json`.
#[derive(Debug, Clone)]
pub struct Sections {
    /// The incident itself.
    pub incident: IncidentRecord,
    /// Timeline.
    pub timeline: Vec<TimelineRow>,
    /// Analysis.
    pub analysis: Vec<AnalysisRow>,
    /// Containment, remediation, recovery.
    pub measures: Vec<MeasureRow>,
    /// Waived gates.
    pub waivers: Vec<WaiverRow>,
    /// Decisions.
    pub decisions: Vec<DecisionRow>,
    /// Communications.
    pub communications: Vec<CommunicationRow>,
    /// Notification clocks.
    pub clocks: Vec<ClockRow>,
    /// Lessons.
    pub lessons: Vec<LessonRow>,
    /// Corrective actions.
    pub actions: Vec<ActionRow>,
    /// Control coverage.
    pub controls: Vec<ControlRow>,
}

/// One piece of evidence with its redacted record.
#[derive(Debug, Clone)]
pub struct EvidenceItem {
    /// Id, usable as a folder name: letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// Revision.
    pub revision: u32,
    /// Title.
    pub title: String,
    /// System.
    pub system: String,
    /// Origin of the log.
    pub origin: String,
    /// First index of the range its proof is over.
    pub first: u64,
    /// One past the last index of that range.
    pub last: u64,
    /// Assurance level.
    pub assurance: Assurance,
    /// Word of the continuity verdict.
    pub verdict: String,
    /// Times; `path` only where the field is disclosed.
    pub times: Vec<SourceTime>,
    /// Imported here.
    pub imported: DateTime<Utc>,
    /// Collected from the system.
    pub collected: Option<DateTime<Utc>>,
    /// Relied on until.
    pub valid_until: Option<DateTime<Utc>>,
    /// Why it is here.
    pub relevance: String,
    /// The record as this audience may see it; its index is the evidence's.
    pub record: DisclosedRecord,
    /// Class of each field, and what is said of withheld ones. A field that is
    /// not named here is of class unknown.
    pub fields: Vec<FieldTreatment>,
}

/// Class of a field, and the redactor's claim about it.
#[derive(Debug, Clone)]
pub struct FieldTreatment {
    /// Path, as in the record.
    pub path: String,
    /// Its class.
    pub class: Class,
    /// What stands for a withheld value: handle, tag, bucket, presence.
    pub claim: Option<String>,
}

/// Proof material of one range.
#[derive(Debug, Clone)]
pub struct ProofMaterial {
    /// Origin.
    pub origin: String,
    /// First index.
    pub first: u64,
    /// One past the last index: the checkpoint's size.
    pub last: u64,
    /// The signed checkpoint at `last`, exactly as the source wrote it.
    pub checkpoint_note: String,
    /// Compact range of [0, first), largest subtree first.
    pub frontier: Vec<Hash>,
    /// All leaf hashes of the range.
    pub leaves: Vec<Hash>,
}

/// The custody log's part about the incident.
#[derive(Debug, Clone)]
pub struct CustodyExtract {
    /// The log's signed head.
    pub checkpoint_note: String,
    /// Entries, in the order in which they were recorded.
    pub entries: Vec<CustodyEntry>,
}

/// One custody entry.
#[derive(Debug, Clone)]
pub struct CustodyEntry {
    /// How it is shown.
    pub row: CustodyRow,
    /// The entry as a record, fields of other concerns withheld. Words that a member wrote may
    /// still be shown: what the packet does not show as well is withheld when it is laid out.
    pub record: DisclosedRecord,
    /// Inclusion proof to the head of its epoch.
    pub proof: Vec<Hash>,
    /// The member's own signature.
    pub signed: SignedEntry,
}

/// A gate that is still open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenGate {
    /// Stage.
    pub stage: String,
    /// What is missing.
    pub gate: String,
}

/// A reason why nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blocker {
    /// Stable code.
    pub code: String,
    /// Where.
    pub place: String,
    /// What, and what to try.
    pub message: String,
}
