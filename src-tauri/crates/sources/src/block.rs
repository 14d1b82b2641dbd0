//! The `x-source` block: what the program has to know of a system's records besides their fields.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lifecycle::Lifecycle;
use crate::mark::Mark;

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

/// How a record ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The field whose value is the outcome, where the source writes one.
    #[serde(default)]
    pub(crate) field: Option<String>,
    /// The outcome of a record without that field. Without it such a record has none.
    #[serde(default)]
    pub(crate) absent: Option<String>,
    /// Rules, of which the first speaks whose conditions hold. Where none does, the record has no outcome.
    #[serde(default)]
    pub(crate) rules: Vec<OutcomeRule>,
    /// Outcomes of what was done. The title of a record with another one says so.
    #[serde(default = "done")]
    pub(crate) succeeded: Vec<String>,
}

fn done() -> Vec<String> {
    ["accepted", "success"].map(str::to_owned).into()
}

/// One way to tell an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeRule {
    /// Fields, by JSON Pointer, and what has to be true of each.
    pub(crate) when: BTreeMap<String, Mark>,
    /// The field whose value is the outcome, where that may be shown.
    #[serde(default)]
    pub(crate) from: Option<String>,
    /// The outcome, where that field gives none.
    pub(crate) is: String,
}

/// Members by which a record is known for one of this system's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Recognise {
    /// Names at the top of a record: all of them are there.
    Names(Vec<String>),
    /// Sets of members, by JSON Pointer, with what is true of each: one set holds.
    Marks(Vec<BTreeMap<String, Mark>>),
}

impl Default for Recognise {
    fn default() -> Self {
        Self::Names(Vec::new())
    }
}

/// Where the records of this system stand in records of others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Carried {
    /// JSON Pointer of the member that holds the record: an object, or a string of JSON.
    pub(crate) member: String,
}

/// A name or several, of which the first that a record has counts.
fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(String),
        More(Vec<String>),
    }
    Ok(match Given::deserialize(from)? {
        Given::One(one) => vec![one],
        Given::More(more) => more,
    })
}

/// The schema of [`one_or_more`].
fn one_or_more_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "anyOf": [
            { "type": "string" },
            { "type": "array", "items": { "type": "string" } }
        ]
    })
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
    /// JSON Pointer of the field that says what happened; of several the first that a record has.
    #[serde(default, deserialize_with = "one_or_more")]
    #[schemars(schema_with = "one_or_more_schema")]
    pub(crate) action: Vec<String>,
    #[serde(default)]
    pub(crate) outcome: Option<Outcome>,
    /// JSON Pointer of the field that identifies an event wherever it is written, so that the same event in two
    /// exports is known for one.
    #[serde(default)]
    pub(crate) event_id: Option<String>,
    #[serde(default)]
    pub(crate) actor: Vec<String>,
    #[serde(default)]
    pub(crate) subjects: Vec<String>,
    /// Whether the system writes more record types than are listed; their title is then made from
    /// the action.
    #[serde(default)]
    pub(crate) open: bool,
    /// Members by which a record that does not name its source file is recognised. Each record is looked at by
    /// itself.
    #[serde(default)]
    pub(crate) recognise: Recognise,
    /// Members of other programs' records in which records of this system are handed on.
    #[serde(default)]
    pub(crate) carried: Vec<Carried>,
    /// Whether a whole record is one unclassified field.
    #[serde(default)]
    pub(crate) whole: bool,
    #[serde(default)]
    pub(crate) record_types: Vec<RecordType>,
    #[serde(default)]
    pub(crate) lifecycles: Vec<Lifecycle>,
}
