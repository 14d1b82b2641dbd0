//! The `x-source` block: what the program has to know of a system's records besides their fields.

use serde::{Deserialize, Serialize};

/// Where a record's times stand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeFields {
    /// JSON Pointer of the time at which it happened.
    pub occurred: String,
    /// JSON Pointer of the time at which the source recorded it, if it says so.
    #[serde(default)]
    pub recorded: Option<String>,
}

/// Whether a record reports an act or a change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// Somebody or something did something.
    Audit,
    /// A thing with a lifecycle changed its state.
    Lifecycle,
}

/// The class of the Open Cybersecurity Schema Framework (1.x) that a record type fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ocsf {
    /// `class_uid`, 3001 for example.
    pub class_uid: u32,
    /// `class_name`, `Account Change` for example.
    pub class_name: String,
}

/// One kind of record that a system writes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordType {
    /// The value of the action field.
    #[serde(rename = "type")]
    pub name: String,
    /// What happened, for people.
    pub title: String,
    /// Act or change of state.
    pub kind: RecordKind,
    /// The OCSF class, where one fits.
    pub ocsf: Option<Ocsf>,
    /// Fields that such a record usually has, besides those that all have (documentation for
    /// whoever writes such records; a record without them still imports).
    #[serde(default)]
    pub fields: Vec<String>,
}

/// A change of state.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The record type that makes it.
    pub on: String,
    /// The states it may come from; empty for one that begins the life.
    pub from: Vec<String>,
    /// The state it leads to.
    pub to: String,
}

/// Record types that must not occur while a subject is in one of some states.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityRefusal {
    /// The states.
    #[serde(rename = "in")]
    pub states: Vec<String>,
    /// The record types.
    pub on: Vec<String>,
}

/// A state machine over the records of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Its id in this source file.
    pub name: String,
    /// What it is the life of, for people.
    pub title: String,
    /// JSON Pointer of the field that names the subject.
    pub subject: String,
    /// Every state, in the usual order.
    pub states: Vec<String>,
    /// The outcomes with which a record counts; empty: any.
    #[serde(default)]
    pub outcomes: Vec<String>,
    /// The changes.
    pub transitions: Vec<Transition>,
    /// What must not happen in a state though it changes nothing.
    #[serde(default)]
    pub refuses: Vec<ActivityRefusal>,
}

/// What a record means for a subject's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing.
    None,
    /// The subject is now in this state.
    Moves {
        /// The state.
        to: &'a str,
    },
    /// The record breaks the lifecycle.
    Contradicts {
        /// The state in which the record found the subject.
        found: &'a str,
        /// The states in which it could have stood; empty when it can only begin a life.
        expected: &'a [String],
        /// The state that it leads to in spite of that, if any: later records are judged by it.
        to: Option<&'a str>,
    },
}

impl Lifecycle {
    /// Judges a record of type `action` with `outcome` about a subject in `state` (`None`: nothing
    /// known of it, as when its history began before the import; then nothing contradicts).
    pub fn step<'a>(
        &'a self,
        state: Option<&str>,
        action: &str,
        outcome: Option<&str>,
    ) -> Step<'a> {
        let counts = self.outcomes.is_empty()
            || outcome.is_some_and(|outcome| self.outcomes.iter().any(|one| one == outcome));
        if !counts {
            return Step::None;
        }
        let state = state.and_then(|state| self.states.iter().find(|known| *known == state));
        let candidates = || {
            self.transitions
                .iter()
                .filter(|transition| transition.on == action)
        };
        let Some(state) = state else {
            return candidates()
                .next()
                .map_or(Step::None, |one| Step::Moves { to: &one.to });
        };
        if let Some(transition) = candidates().find(|one| one.from.contains(state)) {
            return Step::Moves { to: &transition.to };
        }
        if let Some(transition) = candidates().next() {
            return Step::Contradicts {
                found: state,
                expected: &transition.from,
                to: Some(&transition.to),
            };
        }
        let refused = |one: &&ActivityRefusal| {
            one.states.contains(state) && one.on.iter().any(|refused| refused == action)
        };
        if self.refuses.iter().any(|one| refused(&one)) {
            return Step::Contradicts {
                found: state,
                expected: &[],
                to: None,
            };
        }
        Step::None
    }
}

/// The outcome field and what its absence means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeField {
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) absent: Option<String>,
}

/// The block as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) version: u32,
    pub(crate) title: String,
    pub(crate) summary: String,
    #[serde(default)]
    pub(crate) time: Option<TimeFields>,
    #[serde(default)]
    pub(crate) action: Option<String>,
    #[serde(default)]
    pub(crate) outcome: Option<OutcomeField>,
    #[serde(default)]
    pub(crate) actor: Vec<String>,
    #[serde(default)]
    pub(crate) subjects: Vec<String>,
    /// Whether the system writes more record types than are listed; their title is then made from
    /// the action.
    #[serde(default)]
    pub(crate) open: bool,
    /// Whether a whole record is one unclassified field.
    #[serde(default)]
    pub(crate) whole: bool,
    #[serde(default)]
    pub(crate) record_types: Vec<RecordType>,
    #[serde(default)]
    pub(crate) lifecycles: Vec<Lifecycle>,
}
