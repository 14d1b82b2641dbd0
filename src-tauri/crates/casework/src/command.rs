//! What a member can ask for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reference::{EvidenceRef, Relation};
use crate::stage::Stage;

/// The fields of an item by field id.
pub type Fields = BTreeMap<String, Value>;

/// A command on an open or closed incident. An incident is opened with [`crate::open()`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Command {
    /// Renames the incident.
    Retitle {
        /// The new title.
        title: String,
    },
    /// Fills a field of a stage form; `null` clears it.
    Set {
        /// The field id, for example `detection.origin`.
        field: String,
        /// The value, typed as the field's kind says.
        value: Value,
    },
    /// Adds an item to a list.
    Add {
        /// The list's field id, for example `investigation.questions`.
        list: String,
        /// The item's fields.
        item: Fields,
    },
    /// Changes fields of an item; `null` clears one.
    Edit {
        /// The list.
        list: String,
        /// The item's id.
        id: String,
        /// The changed fields only.
        item: Fields,
    },
    /// Withdraws an item; it stays in the record, marked. The lists `mappings` too.
    Withdraw {
        /// The list.
        list: String,
        /// The item's id.
        id: String,
        /// Why.
        reason: String,
    },
    /// Pins a record as evidence; measured, so no text says it. A record that is pinned already keeps its id; it gets a new
    /// revision where something about it changed, and nothing happens where nothing did.
    #[serde(skip_deserializing)]
    Pin {
        /// The record and what is known of it.
        evidence: EvidenceRef,
    },
    /// Unpins a piece that nothing cites.
    Unpin {
        /// `E1`, …
        id: String,
        /// Why.
        reason: String,
    },
    /// Maps evidence, a timeline entry or an action to a control.
    MapControl {
        /// `E1`, `T1`, `A1` or `V1`.
        target: String,
        /// The framework id, for example `iso-27001-2022`.
        framework: String,
        /// The control's identifier, for example `5.28`.
        control: String,
        /// The relation.
        relation: Relation,
        /// The claim.
        claim: String,
        /// What suggested it, where it was not a person: then it counts for nothing until accepted.
        #[serde(default)]
        suggested_by: Option<String>,
    },
    /// Accepts a suggested mapping.
    AcceptMapping {
        /// `M1`, …
        id: String,
    },
    /// Leaves the present stage through its gate.
    Advance {
        /// The stage the member sees; refused where it is not the present one.
        from: Stage,
    },
    /// Goes back to an earlier stage.
    GoBack {
        /// The stage.
        to: Stage,
        /// Why.
        reason: String,
    },
    /// Waives a gate that cannot be met.
    Waive {
        /// The gate id.
        gate: String,
        /// Why.
        reason: String,
    },
    /// Approves an item, a field, a stage's form or a packet, as a second member. `review` is
    /// the reviewer's sign-off.
    Approve {
        /// An item id (`A1`, `V2`, `C1`), a field id, a stage word or a packet id.
        what: String,
        /// A remark.
        #[serde(default)]
        note: Option<String>,
    },
    /// Records a containment action taken at once, in any stage; reviewed later.
    EmergencyContainment {
        /// The fields of `containment.actions`; `authoriser` is required.
        item: Fields,
    },
    /// Drafts a communication; the same as adding to `communications`.
    DraftCommunication {
        /// The fields of `communications`.
        item: Fields,
    },
    /// Approves a draft as a second member, where [`Facts::open_marks`](crate::Facts::open_marks) says that none is open.
    ApproveCommunication {
        /// `C1`, …
        id: String,
    },
    /// Records that an approved communication was sent.
    RecordCommunication {
        /// `C1`, …
        id: String,
        /// To whom: an office or authority.
        recipient: String,
        /// When it was sent.
        sent_at: DateTime<Utc>,
        /// The proof of sending.
        proof: String,
        /// Needed for one that goes outside before Investigation is left, unless it serves a clock.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Saves a search; with 0 found and nothing unseen it is evidence of absence. Both are measured, so no text says them.
    #[serde(skip_deserializing)]
    SaveSearch {
        /// The query line.
        query: String,
        /// Records found.
        total: u64,
        /// Of a search that found nothing: where what was asked for could not be seen.
        unseen: Option<Vec<String>>,
        /// The purpose in force.
        purpose: String,
        /// What was covered, what was not.
        #[serde(default)]
        note: Option<String>,
    },
    /// Records that a packet was written, with the verifier's and the leak check's result. The
    /// caller measures both; no text says them.
    #[serde(skip_deserializing)]
    RecordPacket {
        /// The packet's id.
        id: String,
        /// The digest of its tag manifest.
        digest: String,
        /// The verifier's result.
        verified: bool,
        /// The leak check's result.
        leak_clean: bool,
    },
    /// Accepts the risk of a root cause or an open doubt.
    AcceptRisk {
        /// `R1` or `U1`.
        target: String,
        /// Who accepts it: a member or an office.
        decider: String,
        /// Why.
        rationale: String,
        /// Until when, if limited.
        #[serde(default)]
        until: Option<DateTime<Utc>>,
    },
    /// Closes the record after the Review gate.
    Close {
        /// A remark.
        #[serde(default)]
        note: Option<String>,
    },
    /// Reopens a closed record as a new version, in Review.
    Reopen {
        /// Why.
        reason: String,
    },
}
