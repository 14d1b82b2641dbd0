//! Gates: what must hold before a stage is left.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition;
use crate::incident::{Incident, Waiver};
use crate::role::Role;
use crate::stage::Stage;

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

/// Where a gate stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateStatus {
    /// The gate id, for example `detection.owner`.
    pub id: String,
    /// The condition, as a short sentence.
    pub title: String,
    /// The stage it guards.
    pub stage: Stage,
    /// Whether the condition holds.
    pub met: bool,
    /// The waiver in force.
    pub waived: Option<Waiver>,
    /// Who may waive it; empty where nobody may.
    pub waivable_by: Vec<Role>,
    /// What is missing, where it is not met.
    pub missing: Vec<Missing>,
}

impl GateStatus {
    /// Whether it lets the incident pass: met or waived.
    pub fn passes(&self) -> bool {
        self.met || self.waived.is_some()
    }
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

/// A gate of `schemas/gates.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSpec {
    /// The gate id.
    pub id: String,
    /// The stage it guards.
    pub stage: Stage,
    /// The condition, as a short sentence.
    pub title: String,
    /// Who may waive it; empty where nobody may.
    pub waivable_by: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateFile {
    #[allow(dead_code)] // Read so that a file of another format is refused.
    format: GateFormat,
    #[allow(dead_code)] // For people who read the file.
    note: String,
    gates: Vec<GateSpec>,
}

#[derive(Deserialize)]
enum GateFormat {
    #[serde(rename = "muniment/gates/v1")]
    V1,
}

static CATALOGUE: LazyLock<Vec<GateSpec>> = LazyLock::new(|| {
    serde_json::from_str::<GateFile>(include_str!("../../../../schemas/gates.json"))
        .map(|file| file.gates)
        .expect("schemas/gates.json is embedded and read by a test")
});

/// Every gate, in the order of the stages.
pub fn catalogue() -> &'static [GateSpec] {
    &CATALOGUE
}

/// The gate with this id.
pub fn gate(id: &str) -> Option<&'static GateSpec> {
    CATALOGUE.iter().find(|g| g.id == id)
}

/// Where the gates of a stage stand.
pub fn gates(incident: &Incident, facts: &Facts, stage: Stage) -> Vec<GateStatus> {
    catalogue()
        .iter()
        .filter(|spec| spec.stage == stage)
        .map(|spec| {
            let missing = condition::missing(&spec.id, incident, facts);
            GateStatus {
                id: spec.id.clone(),
                title: spec.title.clone(),
                stage,
                met: missing.is_empty(),
                waived: incident.waiver(&spec.id).cloned(),
                waivable_by: spec.waivable_by.clone(),
                missing,
            }
        })
        .collect()
}

/// The gates that keep the incident from leaving its stage: those of the stage, and those of
/// earlier stages that no longer hold.
pub fn blocking(incident: &Incident, facts: &Facts) -> Vec<GateStatus> {
    incident
        .stages_to_hold()
        .flat_map(|stage| gates(incident, facts, stage))
        .filter(|gate| !gate.passes())
        .collect()
}
