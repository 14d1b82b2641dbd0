//! `packet.json`: identity, policy, signers, evidence, proofs and custody.
//! The incident's own sections are in [`super::sections`].

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sections::{
    ActionRow, AnalysisRow, ClockRow, CommunicationRow, ControlRow, DecisionRow, IncidentRecord,
    LessonRow, MeasureRow, TimelineRow, WaiverRow,
};
use crate::Assurance;
use crate::hash::Hash;

/// A moment in UTC. Written as RFC 3339 with `Z`, with fractions only when
/// there are some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub DateTime<Utc>);

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl From<DateTime<Utc>> for Stamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = DateTime::parse_from_rfc3339(&text)
            .map_err(|_| serde::de::Error::custom("not an RFC 3339 time"))?;
        Ok(Self(at.with_timezone(&Utc)))
    }
}

impl JsonSchema for Stamp {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Stamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time", "pattern": "Z$" })
    }
}

/// The whole record of a packet, `data/packet.json`.
///
/// Its only accepted spelling is [`PacketJson::to_bytes`], so that no byte of
/// it escapes a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PacketJson {
    /// `muniment/packet/2`; `muniment/packet/1` was before members' own signatures were carried.
    pub format: String,
    /// Identifier of the packet, e.g. `INC-2026-0042_review`.
    pub id: String,
    /// Version of the packet, from 1.
    pub version: u32,
    /// The packet this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Supersedes>,
    /// Title on the cover.
    pub title: String,
    /// Post-incident review or control evidence.
    pub kind: PacketKind,
    /// Handling marking, e.g. `Confidential: internal audit`.
    pub classification: String,
    /// `final`, `draft`, ...
    pub status: String,
    /// When the packet was made.
    pub created: Stamp,
    /// Why this packet leaves the workspace.
    pub purpose: String,
    /// The program that wrote it.
    pub engine: Engine,
    /// The redaction policy that was applied.
    pub policy: PolicyRef,
    /// Who prepared, reviewed and approved, by office, never by name.
    pub offices: Vec<OfficeMark>,
    /// Signatures without which the packet does not verify.
    pub required_signers: Vec<RequiredSigner>,
    /// What happened, in sections.
    pub incident: IncidentRecord,
    /// Timeline, in order of time.
    pub timeline: Vec<TimelineRow>,
    /// Trigger, causes, hypotheses, searches, conclusions.
    pub analysis: Vec<AnalysisRow>,
    /// Containment, remediation and recovery.
    pub measures: Vec<MeasureRow>,
    /// Gates that were waived.
    pub waivers: Vec<WaiverRow>,
    /// Who decided what.
    pub decisions: Vec<DecisionRow>,
    /// What was said to whom.
    pub communications: Vec<CommunicationRow>,
    /// Notification clocks.
    pub clocks: Vec<ClockRow>,
    /// Lessons by review dimension.
    pub lessons: Vec<LessonRow>,
    /// Corrective actions.
    pub actions: Vec<ActionRow>,
    /// Control coverage.
    pub controls: Vec<ControlRow>,
    /// Evidence register.
    pub evidence: Vec<EvidenceEntry>,
    /// Proof material, one per origin and range.
    pub proofs: Vec<ProofRange>,
    /// The custody log's extract.
    pub custody: CustodyHead,
    /// What was withheld, by class and field.
    pub redactions: Vec<RedactionRow>,
    /// What the evidence cannot show. Never empty.
    pub limitations: Vec<Limitation>,
}

impl PacketJson {
    /// The one accepted spelling of the record: two-space indented JSON in
    /// field order, with a final newline.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// What kind of packet this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PacketKind {
    /// After an incident.
    Review,
    /// For a set of controls.
    ControlEvidence,
}

/// The packet that this one replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Supersedes {
    /// Its version.
    pub version: u32,
    /// SHA-256 of its `packet.json`, base64.
    #[schemars(with = "String")]
    pub packet_digest: Hash,
}

/// The program that wrote a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Engine {
    /// Program name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The template that the report was rendered from, and with it the typesetter and the fonts.
    /// Absent where a program of before templates had numbers wrote it, which is number 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<u32>,
}

impl Engine {
    /// Number of the report's template.
    #[must_use]
    pub fn template(&self) -> u32 {
        self.template.unwrap_or(1)
    }
}

/// The redaction policy applied, by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRef {
    /// For whom, e.g. `internal-audit`.
    pub audience: String,
    /// The policy's id.
    pub id: String,
    /// The policy's version.
    pub version: u32,
    /// SHA-256 of the policy file, base64.
    #[schemars(with = "String")]
    pub digest: Hash,
}

/// One line of the cover: an office and the key that stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfficeMark {
    /// `preparer`, `reviewer`, `approver`.
    pub part: String,
    /// The office, e.g. `Compliance reviewer`.
    pub office: String,
    /// Hex SHA-256 fingerprint of the member's key, when the office has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// A signature that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequiredSigner {
    /// Hex SHA-256 over (signature type, public key).
    pub fingerprint: String,
    /// The role the signer must state.
    pub role: String,
}

/// A time with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceTime {
    /// `occurred`, `recorded`.
    pub what: String,
    /// In UTC, where the original could be read as a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc: Option<Stamp>,
    /// As the source wrote it.
    pub original: String,
    /// The field of the record it stands in, when that field is disclosed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What the redactor says of a withheld field. The source did not sign this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedactorClaim {
    /// The withheld field.
    pub path: String,
    /// What stands for it: a handle, a type tag, a bucket, `present`.
    pub shown: String,
}

/// One piece of evidence in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceEntry {
    /// Identifier, e.g. `E-0007`.
    pub id: String,
    /// Revision that conclusions pin, from 1.
    pub revision: u32,
    /// What it is, in words of the source file.
    pub title: String,
    /// System that recorded it.
    pub system: String,
    /// Source file and version that classified the record.
    pub schema: String,
    /// Origin of the log it stands in.
    pub origin: String,
    /// Its index in that log.
    pub index: u64,
    /// First index of the proved range.
    pub first: u64,
    /// One past the last index of the proved range.
    pub last: u64,
    /// The record's leaf hash (RFC 6962), base64.
    #[schemars(with = "String")]
    pub leaf: Hash,
    /// What may be claimed of it.
    #[schemars(with = "String")]
    pub assurance: Assurance,
    /// The continuity verdict of the range, in the word of the verdict.
    pub verdict: String,
    /// Times of the record.
    pub times: Vec<SourceTime>,
    /// When it was imported here.
    pub imported: Stamp,
    /// When it was collected from the system, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collected: Option<Stamp>,
    /// Until when it may be relied on, if limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Stamp>,
    /// Why it is here.
    pub relevance: String,
    /// Number of fields shown.
    pub disclosed: u32,
    /// Number of fields withheld.
    pub withheld: u32,
    /// What the redactor says of withheld fields.
    pub claims: Vec<RedactorClaim>,
    /// Path of the record inside the packet.
    pub file: String,
}

/// How the records of a range are proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProofMode {
    /// All leaf hashes of the range: nothing was substituted or dropped in it.
    Leaves,
    /// One inclusion proof per record: completeness not proven.
    Inclusion,
}

/// Proof material of one origin and range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofRange {
    /// Origin of the log.
    pub origin: String,
    /// First index.
    pub first: u64,
    /// One past the last index; the checkpoint's size.
    pub last: u64,
    /// Root at `last`, base64.
    #[schemars(with = "String")]
    pub root: Hash,
    /// Leaf list or inclusion proofs.
    pub mode: ProofMode,
    /// Number of records of this range shown in the packet.
    pub shown: u64,
    /// The sentence that may be said of it; see [`ProofRange::completeness_text`].
    pub completeness: String,
}

impl ProofRange {
    /// What may be said about the range: the only two sentences there are.
    #[must_use]
    pub fn completeness_text(mode: ProofMode, shown: u64, first: u64, last: u64) -> String {
        let all = last.saturating_sub(first);
        match mode {
            ProofMode::Leaves => {
                format!("{shown} of {all} records shown, none substituted, of this range only")
            }
            ProofMode::Inclusion => {
                format!("{shown} of {all} records shown, completeness not proven")
            }
        }
    }
}

/// The custody log at the time of the packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustodyHead {
    /// Origin of the custody log.
    pub origin: String,
    /// Number of entries the head covers.
    pub size: u64,
    /// Root of the head, base64.
    #[schemars(with = "String")]
    pub root: Hash,
    /// The entries about this incident, one per line of `ledger.ndjson`.
    pub entries: Vec<CustodyRow>,
}

/// One custody entry, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustodyRow {
    /// Epoch of the custody log: 0, and one more after each restore. Absent in packets of the
    /// format before, whose entries are all of the head's epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// Index in the epoch's log.
    pub index: u64,
    /// When.
    pub at: Stamp,
    /// Kind of the act, as the custody log names it.
    pub act: String,
    /// By which role.
    pub role: String,
    /// Short words about it, free of record content.
    pub note: String,
}

/// One line of the redaction log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedactionRow {
    /// Field path, as in the record.
    pub path: String,
    /// Data class, e.g. `C3`.
    pub class: String,
    /// What was done: `withhold`, `handle`, `presence`, ...
    pub transform: String,
    /// Why, from the policy.
    pub reason: String,
    /// Number of fields.
    pub count: u64,
}

/// A limit of the evidence, traced to something measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limitation {
    /// Stable code, e.g. `gap`, `unproven-source`, `no-trusted-time`.
    pub code: String,
    /// The sentence that is printed.
    pub text: String,
    /// The measured condition behind it.
    pub basis: String,
}
