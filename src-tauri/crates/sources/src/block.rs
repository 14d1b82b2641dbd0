//! The `x-source` block: what the program has to know of a system's records besides their fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lifecycle::Lifecycle;

/// Where a record's times stand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeFields {
    /// JSON Pointer of the time at which it happened.
    pub occurred: String,
    /// JSON Pointer of the time at which the source recorded it, if it says so.
    #[serde(default)]
    pub recorded: Option<String>,
}

/// Whether a record reports an act or a change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// Somebody or something did something.
    Audit,
    /// A thing with a lifecycle changed its state.
    Lifecycle,
}

/// The class of the Open Cybersecurity Schema Framework (1.x) that a record type fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ocsf {
    /// `class_uid`, 3001 for example.
    pub class_uid: u32,
    /// `class_name`, `Account Change` for example.
    pub class_name: String,
}

/// One kind of record that a system writes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
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
    /// Whether the system writes such a record at a cadence, to show that it is there: a trust
    /// policy that states the cadence makes silence measurable.
    #[serde(default)]
    pub heartbeat: bool,
}

/// The outcome field and what its absence means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeField {
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) absent: Option<String>,
}

/// The block as it stands in the file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
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
    /// Members that a record of this system has at its top, by which a file of records that do not
    /// name their source file is recognised.
    #[serde(default)]
    pub(crate) recognise: Vec<String>,
    /// Whether a whole record is one unclassified field.
    #[serde(default)]
    pub(crate) whole: bool,
    #[serde(default)]
    pub(crate) record_types: Vec<RecordType>,
    #[serde(default)]
    pub(crate) lifecycles: Vec<Lifecycle>,
}
