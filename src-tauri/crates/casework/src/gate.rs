//! Gates: what must hold before a stage is left.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition;
pub use crate::facts::{EvidenceFact, Facts, GapFact, Missing, PacketFacts};
use crate::incident::{Incident, Waiver};
use crate::role::Role;
use crate::stage::Stage;

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
