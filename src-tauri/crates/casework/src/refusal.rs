//! Why a command is refused, exactly, and what to try. Never carries content.

use serde::Serialize;

use crate::gate::GateStatus;
use crate::role::Role;
use crate::stage::Stage;

fn roles(roles: &[Role]) -> String {
    roles
        .iter()
        .map(|r| r.word())
        .collect::<Vec<_>>()
        .join(" or ")
}

fn ids(gates: &[GateStatus]) -> String {
    gates
        .iter()
        .map(|g| g.id.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Why a command is refused.
#[derive(Clone, Debug, PartialEq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
#[allow(missing_docs)] // Each message names its fields.
pub enum Refusal {
    #[error("a {role} may not {act}")]
    Role {
        role: Role,
        act: &'static str,
        allowed: Vec<Role>,
    },
    #[error("the incident is closed and its record is read-only")]
    ReadOnly,
    #[error("the incident is not closed")]
    NotClosed,
    #[error("the incident is in {current}, not in {asked}")]
    OtherStage { asked: Stage, current: Stage },
    #[error("{to} is not before {current}")]
    NotBack { to: Stage, current: Stage },
    #[error("Review is the last stage")]
    LastStage,
    #[error("{stage} cannot be left: {} not met", ids(.gates))]
    Gates {
        stage: Stage,
        gates: Vec<GateStatus>,
    },
    #[error("there is no gate {gate}")]
    UnknownGate { gate: String },
    #[error("{gate} cannot be waived by anybody")]
    NeverWaived { gate: String },
    #[error("{gate} may be waived by a {} only", roles(.allowed))]
    WaiverRole { gate: String, allowed: Vec<Role> },
    #[error("{gate} is met; there is nothing to waive")]
    GateMet { gate: String },
    #[error("{gate} is waived already")]
    WaivedAlready { gate: String },
    #[error("{gate} guards {stage}, which the incident has not reached")]
    GateAhead { gate: String, stage: Stage },
    #[error("{field} is not a field")]
    UnknownField { field: String },
    #[error("{field} is a list; add, edit or withdraw its items")]
    IsList { field: String },
    #[error("{list} is not a list")]
    UnknownList { list: String },
    #[error("{field} takes {expected}")]
    Type {
        field: String,
        expected: &'static str,
    },
    #[error("{field} is empty")]
    Empty { field: String },
    #[error("{field} is longer than {max}")]
    TooLong { field: String, max: usize },
    #[error("{field} contains a control character")]
    Control { field: String },
    #[error("{field} takes one of: {}", .choices.join(", "))]
    Choice {
        field: String,
        choices: Vec<&'static str>,
    },
    #[error("{list} needs {field}")]
    FieldMissing { list: String, field: &'static str },
    #[error("{field} names {id}, which does not exist or was withdrawn")]
    UnknownReference { field: String, id: String },
    #[error("there is no {id}")]
    UnknownItem { id: String },
    #[error("{id} was withdrawn")]
    Withdrawn { id: String },
    #[error("{id} is cited by {}", .by.join(", "))]
    Cited { id: String, by: Vec<String> },
    #[error("nothing would change")]
    NoChange,
    #[error("{what} was written by the same member; a second one approves it")]
    SecondMember { what: String },
    #[error("{member} owns, leads or wrote the incident and cannot review it")]
    ReviewerIsAuthor { member: String },
    #[error("the review is signed off by its reviewer only")]
    NotTheReviewer,
    #[error("{what} cannot be approved")]
    NotApprovable { what: String },
    #[error("{what} is approved by this member already")]
    ApprovedAlready { what: String },
    #[error("{id} is carried out before Containment without being marked an emergency")]
    NotYetContainment { id: String },
    #[error("{id} needs an authoriser before it is carried out")]
    NoAuthoriser { id: String },
    #[error("there is no framework {framework}")]
    UnknownFramework { framework: String },
    #[error("{framework} has no control {control}")]
    UnknownControl { framework: String, control: String },
    #[error("{target} can be neither evidence, a timeline entry nor an action")]
    NotMappable { target: String },
    #[error("{id} is accepted already")]
    AcceptedAlready { id: String },
    #[error("{id} has {marks} marks of the redaction engine open")]
    OpenMarks { id: String, marks: u32 },
    #[error("the text of {id} was not compared with what the evidence hides")]
    MarksUnknown { id: String },
    #[error("{id} has no text yet")]
    NoText { id: String },
    #[error("{id} is not approved as it stands now")]
    NotApproved { id: String },
    #[error("{id} was sent already")]
    SentAlready { id: String },
    #[error("{id} was sent in the future")]
    SentInFuture { id: String },
    #[error("{id} goes outside before Investigation is left, without a reason")]
    EarlyOutside { id: String },
    #[error("packet {id} is recorded already")]
    PacketKnown { id: String },
    #[error("{target} is neither a root cause nor a doubt")]
    NotARisk { target: String },
    #[error("{id} does not look like an incident id")]
    BadId { id: String },
}

impl Refusal {
    /// What to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Refusal::Role { .. } => "Ask a member in an allowed role, or act in that role.",
            Refusal::ReadOnly => {
                "Reopen the incident to make a new version. Actions, notification triggers and communications go on without that."
            }
            Refusal::NotClosed => {
                "Only a closed incident is reopened; go back to an earlier stage instead."
            }
            Refusal::OtherStage { .. } => "Somebody else moved the incident. Look at it again.",
            Refusal::NotBack { .. } => "Choose an earlier stage.",
            Refusal::LastStage => "Close the incident instead.",
            Refusal::Gates { .. } => {
                "Each gate says what is missing and in which field. A gate that cannot be met may be waived with a reason."
            }
            Refusal::UnknownGate { .. } => "The gates are listed with the stage.",
            Refusal::NeverWaived { .. } => "It has to be met.",
            Refusal::WaiverRole { .. } => "Ask a member in one of those roles.",
            Refusal::GateMet { .. } => "Go on.",
            Refusal::WaivedAlready { .. } => "The waiver stands until its stage is entered anew.",
            Refusal::GateAhead { .. } => "Waive it when the incident is in that stage.",
            Refusal::UnknownField { .. } | Refusal::UnknownList { .. } => {
                "The stage's form lists its fields."
            }
            Refusal::IsList { .. } => "Use add.",
            Refusal::Type { .. } | Refusal::Choice { .. } => "Give a value of that kind.",
            Refusal::Empty { .. } => "Write something, or clear the field with null.",
            Refusal::TooLong { .. } => "Shorten it, or pin the material as evidence and cite it.",
            Refusal::Control { .. } => "Remove it; a one-line field takes no line breaks.",
            Refusal::FieldMissing { .. } => "Fill that field too.",
            Refusal::UnknownReference { .. } | Refusal::UnknownItem { .. } => {
                "Look the id up in the incident."
            }
            Refusal::Withdrawn { .. } => "Add it anew.",
            Refusal::Cited { .. } => "Edit or withdraw what cites it first.",
            Refusal::NoChange => "Nothing needs to be done.",
            Refusal::SecondMember { .. } => "Ask another member to approve with their passphrase.",
            Refusal::ReviewerIsAuthor { .. } => "Name a reviewer who did not work on the incident.",
            Refusal::NotTheReviewer => "Have the named reviewer sign off, or name another.",
            Refusal::NotApprovable { .. } => {
                "Approve an item, a filled field, a stage's form or a packet by its id."
            }
            Refusal::ApprovedAlready { .. } => "Nothing needs to be done.",
            Refusal::NotYetContainment { .. } => {
                "Record it as emergency containment, or wait for the stage."
            }
            Refusal::NoAuthoriser { .. } => "Name the member or office that authorised it.",
            Refusal::UnknownFramework { .. } | Refusal::UnknownControl { .. } => {
                "See the list of frameworks and controls."
            }
            Refusal::NotMappable { .. } => "Map an id such as E1, T1, A1 or V1.",
            Refusal::AcceptedAlready { .. } => "Nothing needs to be done.",
            Refusal::OpenMarks { .. } => {
                "Take secrets and what the evidence hides out of its text: write handles instead."
            }
            Refusal::MarksUnknown { .. } => {
                "A responder or a custodian approves it: a reviewer cannot read the originals."
            }
            Refusal::NoText { .. } => "Write the message first.",
            Refusal::NotApproved { .. } => {
                "A second member approves it; an edit after the approval needs a new one."
            }
            Refusal::SentAlready { .. } => "Draft another one.",
            Refusal::SentInFuture { .. } => "Record it once it was sent.",
            Refusal::EarlyOutside { .. } => {
                "Give the reason, or name the notification step it serves."
            }
            Refusal::PacketKnown { .. } => "Nothing needs to be done.",
            Refusal::NotARisk { .. } => "Give an id such as R1 or U1.",
            Refusal::BadId { .. } => "Use letters, digits and hyphens, such as INC-2026-0042.",
        }
    }

    /// The stable word of the kind, for programs.
    pub fn code(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|v| v.get("refusal")?.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The gates that are neither met nor waived, where those are the reason.
    pub fn unmet(&self) -> &[GateStatus] {
        match self {
            Refusal::Gates { gates, .. } => gates,
            _ => &[],
        }
    }
}
