//! The seven stages of an incident.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stage of the incident lifecycle, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A security-relevant event was identified.
    Detection,
    /// Scope, impact, confidence and the required response are judged.
    Assessment,
    /// An evidence-based understanding is established.
    Investigation,
    /// Ongoing risk is reduced.
    Containment,
    /// Root causes are removed.
    Remediation,
    /// Normal operation is restored.
    Recovery,
    /// The response is reviewed and controls are improved.
    Review,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 7] = [
        Stage::Detection,
        Stage::Assessment,
        Stage::Investigation,
        Stage::Containment,
        Stage::Remediation,
        Stage::Recovery,
        Stage::Review,
    ];

    /// The stored word; also the prefix of the stage's field and gate ids.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Detection => "detection",
            Stage::Assessment => "assessment",
            Stage::Investigation => "investigation",
            Stage::Containment => "containment",
            Stage::Remediation => "remediation",
            Stage::Recovery => "recovery",
            Stage::Review => "review",
        }
    }

    /// The title shown.
    pub fn title(self) -> &'static str {
        match self {
            Stage::Detection => "Detection",
            Stage::Assessment => "Assessment",
            Stage::Investigation => "Investigation",
            Stage::Containment => "Containment",
            Stage::Remediation => "Remediation",
            Stage::Recovery => "Recovery",
            Stage::Review => "Review",
        }
    }

    /// The stage after this one; none after Review.
    pub fn next(self) -> Option<Stage> {
        Stage::ALL.get(self as usize + 1).copied()
    }

    /// The stage with this word.
    pub fn from_word(word: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|s| s.word() == word)
    }

    /// The stage whose form holds a field id such as `detection.origin`; none for the
    /// lists that run beside all stages.
    pub fn of_field(field: &str) -> Option<Stage> {
        Stage::from_word(field.split('.').next().unwrap_or(field))
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title())
    }
}
