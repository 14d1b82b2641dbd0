//! Who acts, and what a role may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The role in which a member acts. A custodian may do whatever a responder may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works the incident: evidence, findings, containment, communication.
    Responder,
    /// Reviews, approves, maps controls and writes packets; authors no findings.
    Reviewer,
    /// Keeps the evidence store, and may do case work.
    Custodian,
}

impl Role {
    /// All roles, in the order they are shown.
    pub const ALL: [Role; 3] = [Role::Responder, Role::Reviewer, Role::Custodian];

    /// The word shown and stored.
    pub fn word(self) -> &'static str {
        match self {
            Role::Responder => "responder",
            Role::Reviewer => "reviewer",
            Role::Custodian => "custodian",
        }
    }

    /// Whether the role may do case work: fill the forms of the stages before Review,
    /// pin evidence, move between stages.
    pub fn works_cases(self) -> bool {
        matches!(self, Role::Responder | Role::Custodian)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A member in the role they act in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// The member's handle, for example `R-2KQ7`; never a person's name.
    pub member: String,
    /// The role they act in.
    pub role: Role,
}
