//! What happened, as the custody ledger keeps it. Names and spellings are stable: a stored
//! event must be read for as long as the evidence is kept, so variants are only ever added.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::Fields;
use crate::reference::{EvidenceRef, Relation};
use crate::role::Actor;
use crate::stage::Stage;

/// One event of one incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The incident.
    pub incident: String,
    /// Its version when it happened (for a reopening, the version that begins).
    pub version: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Who, in which role.
    pub actor: Actor,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[allow(missing_docs)] // The fields are those of the command of the same name.
pub enum What {
    /// The incident was opened.
    Opened { title: String },
    /// It was renamed.
    Retitled { title: String },
    /// A field was filled, or cleared with `null`.
    FieldSet {
        field: String,
        value: Value,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        cites: BTreeMap<String, u32>,
    },
    /// An item was added.
    ItemAdded {
        list: String,
        id: String,
        item: Fields,
        #[serde(default)]
        emergency: bool,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        cites: BTreeMap<String, u32>,
    },
    /// Fields of an item were changed; `null` clears. `cites` replaces the item's.
    ItemEdited {
        list: String,
        id: String,
        item: Fields,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        cites: BTreeMap<String, u32>,
    },
    /// An item was withdrawn.
    ItemWithdrawn {
        list: String,
        id: String,
        reason: String,
    },
    /// A record was pinned, or pinned anew as the next revision.
    EvidencePinned {
        id: String,
        revision: u32,
        evidence: EvidenceRef,
    },
    /// A piece was unpinned.
    EvidenceUnpinned { id: String, reason: String },
    /// A control was mapped.
    ControlMapped {
        id: String,
        target: String,
        target_revision: u32,
        framework: String,
        control: String,
        relation: Relation,
        claim: String,
        suggested_by: Option<String>,
    },
    /// A suggested mapping was accepted.
    MappingAccepted { id: String },
    /// A mapping was withdrawn.
    MappingWithdrawn { id: String, reason: String },
    /// A stage was left through its gate.
    StageAdvanced { from: Stage, to: Stage },
    /// The incident went back.
    WentBack {
        from: Stage,
        to: Stage,
        reason: String,
    },
    /// A gate was waived.
    GateWaived {
        id: String,
        gate: String,
        reason: String,
    },
    /// Something was approved by a second member.
    Approved {
        id: String,
        approved: String,
        revision: u32,
        note: Option<String>,
    },
    /// A communication was recorded as sent.
    CommunicationSent {
        id: String,
        recipient: String,
        sent_at: DateTime<Utc>,
        proof: String,
        reason: Option<String>,
    },
    /// A search was saved.
    SearchSaved {
        id: String,
        query: String,
        total: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unseen: Option<Vec<String>>,
        purpose: String,
        note: Option<String>,
    },
    /// A packet was written.
    PacketRecorded {
        id: String,
        digest: String,
        verified: bool,
        leak_clean: bool,
    },
    /// A risk was accepted.
    RiskAccepted {
        id: String,
        target: String,
        decider: String,
        rationale: String,
        until: Option<DateTime<Utc>>,
    },
    /// The record was closed.
    Closed { note: Option<String> },
    /// A new version began.
    Reopened { reason: String },
}
