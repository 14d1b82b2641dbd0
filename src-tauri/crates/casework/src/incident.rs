//! The state of an incident: what its events add up to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Event, What};
use crate::form;
pub use crate::reference::{EvidenceRef, Period, Relation};
use crate::role::Actor;
use crate::stage::Stage;

/// An incident as its events left it. Serialised as a whole into packets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Incident {
    /// The id, for example `INC-2026-0042`.
    pub id: String,
    /// The title shown; no personal data belongs in it.
    pub title: String,
    /// Starts at 1; every reopening makes the next.
    pub version: u32,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Who opened it.
    pub opened_by: String,
    /// The stage it is in.
    pub stage: Stage,
    /// Every stay in a stage, in order.
    pub visits: Vec<Visit>,
    /// Set while the incident is closed and read-only.
    pub closed: Option<Closed>,
    /// Reopenings, oldest first.
    pub reopened: Vec<Reopened>,
    /// The filled fields of all stage forms by field id.
    pub values: BTreeMap<String, Entry>,
    /// The items of all lists by list id; withdrawn ones stay, marked.
    pub lists: BTreeMap<String, Vec<Item>>,
    /// Pinned evidence; unpinned pieces stay, marked.
    pub evidence: Vec<Evidence>,
    /// Control mappings; withdrawn ones stay, marked.
    pub mappings: Vec<Mapping>,
    /// Saved searches, those that found nothing among them.
    pub searches: Vec<SavedSearch>,
    /// Waived gates.
    pub waivers: Vec<Waiver>,
    /// Approvals by second members.
    pub approvals: Vec<Approval>,
    /// Risks accepted instead of resolved.
    pub risks: Vec<AcceptedRisk>,
    /// Packets written about it.
    pub packets: Vec<PacketRecord>,
    /// Every severity it had.
    pub severity_history: Vec<SeverityChange>,
    /// Who wrote the incident's conclusions: whoever filled a form before Review.
    pub authors: BTreeSet<String>,
    /// How often each field, item and stage form was changed; an approval holds for one revision.
    pub revisions: BTreeMap<String, u32>,
    /// The last number given out for each id letter.
    pub counters: BTreeMap<String, u32>,
    /// Events applied.
    pub events: u64,
}

/// One stay in a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Visit {
    /// The stage.
    pub stage: Stage,
    /// The incident's version at the time.
    pub version: u32,
    /// Entered at.
    pub entered_at: DateTime<Utc>,
    /// Entered by.
    pub entered_by: String,
    /// Left at, once it was left.
    pub left_at: Option<DateTime<Utc>>,
    /// Left by.
    pub left_by: Option<String>,
    /// The reason, where it was left backwards.
    pub back_reason: Option<String>,
}

/// How the record was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// A remark, if any.
    pub note: Option<String>,
}

/// A reopening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reopened {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The version that began.
    pub version: u32,
}

/// A filled field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The value, typed as the field's kind says.
    pub value: Value,
    /// Who set it last.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The evidence revisions that were current when it was set, for the evidence it cites.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cites: BTreeMap<String, u32>,
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// The id, for example `Q1`.
    pub id: String,
    /// The filled fields by field id.
    pub values: BTreeMap<String, Value>,
    /// Who added it.
    pub by: String,
    /// When it was added: when the team learned it.
    pub at: DateTime<Utc>,
    /// Everybody who wrote in it.
    pub authors: BTreeSet<String>,
    /// Last change.
    pub changed_at: DateTime<Utc>,
    /// Starts at 1, grows with every edit.
    pub revision: u32,
    /// A containment action taken as an emergency.
    #[serde(default)]
    pub emergency: bool,
    /// The evidence revisions that were current when it was last changed, for the evidence it cites.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cites: BTreeMap<String, u32>,
    /// For a communication: that it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// Set once withdrawn.
    pub withdrawn: Option<Withdrawn>,
}

impl Item {
    /// A text, choice, member or time value as written.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field)?.as_str()
    }

    /// Whether a flag is set and true.
    pub fn flag(&self, field: &str) -> bool {
        self.values
            .get(field)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    /// A time value.
    pub fn time(&self, field: &str) -> Option<DateTime<Utc>> {
        form::instant(self.values.get(field)?)
    }

    /// The ids in a reference value.
    pub fn refs(&self, field: &str) -> Vec<&str> {
        self.values
            .get(field)
            .map(|v| form::ids(v).collect())
            .unwrap_or_default()
    }
}

/// That something was withdrawn or unpinned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawn {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// That a communication was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sent {
    /// Recorded at.
    pub at: DateTime<Utc>,
    /// Recorded by.
    pub by: String,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// To whom: an office or authority.
    pub recipient: String,
    /// The proof of sending: a reference number, a receipt, an evidence id.
    pub proof: String,
    /// Why it was sent outside before Investigation was left, if it was.
    pub early_reason: Option<String>,
}

/// A pinned piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// `E1`, `E2`, …
    pub id: String,
    /// What is pinned.
    #[serde(flatten)]
    pub reference: EvidenceRef,
    /// Starts at 1; a pin that says something new of the same record makes the next.
    pub revision: u32,
    /// Pinned at: when the team learned it.
    pub pinned_at: DateTime<Utc>,
    /// Pinned by.
    pub pinned_by: String,
    /// Set while unpinned.
    pub unpinned: Option<Withdrawn>,
}

/// A control mapping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    /// `M1`, `M2`, …
    pub id: String,
    /// The evidence, timeline entry or action.
    pub target: String,
    /// The revision of the target it was made for.
    pub target_revision: u32,
    /// The framework id.
    pub framework: String,
    /// The control's identifier.
    pub control: String,
    /// The relation.
    pub relation: Relation,
    /// The claim.
    pub claim: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What suggested it, where it was not a person.
    pub suggested_by: Option<String>,
    /// The person who accepted it; a mapping that a person made is accepted by its author.
    pub accepted_by: Option<String>,
    /// Set once withdrawn.
    pub withdrawn: Option<Withdrawn>,
}

/// A saved search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavedSearch {
    /// `S1`, `S2`, …
    pub id: String,
    /// The query line; handles in place of identities.
    pub query: String,
    /// Records found; 0 is evidence of absence where nothing was unseen.
    pub total: u64,
    /// Of a search that found nothing: the systems in which what was asked for could not be seen, and why. None where
    /// that was not worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Vec<String>>,
    /// The purpose in force.
    pub purpose: String,
    /// A remark: what was covered and what was not.
    pub note: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
}

impl SavedSearch {
    /// Whether it shows that there is no such record in what was imported.
    pub fn is_absence(&self) -> bool {
        self.total == 0 && self.unseen.as_ref().is_some_and(Vec::is_empty)
    }
}

/// A waived gate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// `W1`, `W2`, …
    pub id: String,
    /// The gate.
    pub gate: String,
    /// Why.
    pub reason: String,
    /// By whom, in which role.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// The incident's version.
    pub version: u32,
    /// When it lapsed, because the stage was entered anew.
    pub lapsed_at: Option<DateTime<Utc>>,
}

/// An approval by a second member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// `Z1`, `Z2`, …
    pub id: String,
    /// An item id, a field id, a stage word or a packet id.
    pub what: String,
    /// The revision that was approved; a later change lapses the approval.
    pub revision: u32,
    /// By whom, in which role.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// A remark.
    pub note: Option<String>,
}

/// A risk accepted for a root cause or an open doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedRisk {
    /// `X1`, `X2`, …
    pub id: String,
    /// The root cause (`R1`) or doubt (`U1`).
    pub target: String,
    /// Who accepts it: a member or an office.
    pub decider: String,
    /// Why.
    pub rationale: String,
    /// Until when, if limited.
    pub until: Option<DateTime<Utc>>,
    /// Recorded by.
    pub by: String,
    /// Recorded at.
    pub at: DateTime<Utc>,
}

/// A packet that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PacketRecord {
    /// The packet's id.
    pub id: String,
    /// The digest of its tag manifest, as text.
    pub digest: String,
    /// Whether the verifier passed it.
    pub verified: bool,
    /// Whether the leak check found nothing.
    pub leak_clean: bool,
    /// The incident's version it is about.
    pub version: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
}

/// A severity the incident had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeverityChange {
    /// The severity.
    pub severity: String,
    /// The criteria in force.
    pub criteria: Option<String>,
    /// From when.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
}

impl Incident {
    /// A field's entry.
    pub fn entry(&self, field: &str) -> Option<&Entry> {
        self.values.get(field)
    }

    /// A text, choice, member or time value as written.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field)?.value.as_str()
    }

    /// A time value.
    pub fn time(&self, field: &str) -> Option<DateTime<Utc>> {
        form::instant(&self.values.get(field)?.value)
    }

    /// Whether a flag is set and true.
    pub fn flag(&self, field: &str) -> bool {
        self.values
            .get(field)
            .and_then(|e| e.value.as_bool())
            .unwrap_or(false)
    }

    /// The ids in a reference field.
    pub fn refs(&self, field: &str) -> Vec<&str> {
        self.values
            .get(field)
            .map(|e| form::ids(&e.value).collect())
            .unwrap_or_default()
    }

    /// All items of a list, withdrawn ones too.
    pub fn items(&self, list: &str) -> &[Item] {
        self.lists.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// The items of a list that stand.
    pub fn standing<'a>(&'a self, list: &str) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.items(list).iter().filter(|i| i.withdrawn.is_none())
    }

    /// The item with this id, and its list.
    pub fn item(&self, id: &str) -> Option<(&str, &Item)> {
        self.lists
            .iter()
            .find_map(|(list, items)| Some((list.as_str(), items.iter().find(|i| i.id == id)?)))
    }

    /// The piece of evidence with this id, unpinned or not.
    pub fn evidence(&self, id: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|e| e.id == id)
    }

    /// The evidence that is pinned now.
    pub fn pinned(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.iter().filter(|e| e.unpinned.is_none())
    }

    /// The piece pinned for a record of the vault.
    pub fn evidence_of(&self, seq: u64) -> Option<&Evidence> {
        self.evidence.iter().find(|e| e.reference.seq == seq)
    }

    /// The incident's owner.
    pub fn owner(&self) -> Option<&str> {
        self.text("detection.owner")
    }

    /// The incident's lead.
    pub fn lead(&self) -> Option<&str> {
        self.text("assessment.lead")
    }

    /// The severity word, once assessed.
    pub fn severity(&self) -> Option<&str> {
        self.text("assessment.severity")
    }

    /// How long it has been open, or was until it was closed.
    pub fn age(&self, now: DateTime<Utc>) -> chrono::TimeDelta {
        self.closed.as_ref().map_or(now, |c| c.at) - self.opened_at
    }

    /// The revision of a field, item, stage form or piece of evidence; 0 where unknown.
    pub fn revision(&self, what: &str) -> u32 {
        if let Some(e) = self.evidence(what) {
            return e.revision;
        }
        self.revisions.get(what).copied().unwrap_or(0)
    }

    /// The approval that holds for the present revision of `what`, the latest first.
    pub fn approval(&self, what: &str) -> Option<&Approval> {
        let revision = self.revision(what);
        self.approvals
            .iter()
            .rev()
            .find(|a| a.what == what && a.revision == revision)
    }

    /// The risk accepted last for a root cause or doubt. Where it is limited in time,
    /// [`crate::next_steps`] gives the day it has to be looked at again.
    pub fn accepted_risk(&self, target: &str) -> Option<&AcceptedRisk> {
        self.risks.iter().rev().find(|r| r.target == target)
    }

    /// The waiver in force for a gate.
    pub fn waiver(&self, gate: &str) -> Option<&Waiver> {
        self.waivers
            .iter()
            .rev()
            .find(|w| w.gate == gate && w.lapsed_at.is_none())
    }

    /// Why this member cannot be the independent reviewer: they own, lead or wrote it.
    pub fn is_author(&self, member: &str) -> bool {
        self.owner() == Some(member) || self.lead() == Some(member) || self.authors.contains(member)
    }

    /// Whether the stages between Assessment and Review do not apply, because it was
    /// declared not to be an incident.
    pub fn not_an_incident(&self) -> bool {
        self.text("assessment.declaration") == Some("not-an-incident")
    }

    /// The stage after the present one: Review directly where it is no incident.
    pub fn next_stage(&self) -> Option<Stage> {
        if self.stage == Stage::Assessment && self.not_an_incident() {
            return Some(Stage::Review);
        }
        self.stage.next()
    }

    /// The stages whose gates must hold for leaving the present one: it, and every earlier
    /// one that applies, so that nothing a passed gate relied on is taken away later.
    pub fn stages_to_hold(&self) -> impl Iterator<Item = Stage> {
        let (stage, skip) = (self.stage, self.not_an_incident());
        Stage::ALL.into_iter().filter(move |s| {
            *s <= stage
                && !(skip && stage == Stage::Review && *s > Stage::Assessment && *s < Stage::Review)
        })
    }

    /// The next number for an id letter.
    pub(crate) fn next_id(&self, prefix: &str) -> String {
        format!(
            "{prefix}{}",
            self.counters.get(prefix).copied().unwrap_or(0) + 1
        )
    }

    /// Builds the state from all its events, the opening first; none where the first event
    /// does not open an incident.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Incident> {
        let mut events = events.into_iter();
        let mut incident = Incident::open(events.next()?)?;
        for event in events {
            incident.apply(event);
        }
        Some(incident)
    }

    /// The state after the opening event; none for any other event.
    pub fn open(event: &Event) -> Option<Incident> {
        let What::Opened { title } = &event.what else {
            return None;
        };
        Some(Incident {
            id: event.incident.clone(),
            title: title.clone(),
            version: event.version,
            opened_at: event.at,
            opened_by: event.actor.member.clone(),
            stage: Stage::Detection,
            visits: vec![Visit::enter(Stage::Detection, event)],
            closed: None,
            reopened: Vec::new(),
            values: BTreeMap::new(),
            lists: BTreeMap::new(),
            evidence: Vec::new(),
            mappings: Vec::new(),
            searches: Vec::new(),
            waivers: Vec::new(),
            approvals: Vec::new(),
            risks: Vec::new(),
            packets: Vec::new(),
            severity_history: Vec::new(),
            authors: BTreeSet::new(),
            revisions: BTreeMap::new(),
            counters: BTreeMap::new(),
            events: 1,
        })
    }
}

impl Visit {
    pub(crate) fn enter(stage: Stage, event: &Event) -> Visit {
        Visit {
            stage,
            version: event.version,
            entered_at: event.at,
            entered_by: event.actor.member.clone(),
            left_at: None,
            left_by: None,
            back_reason: None,
        }
    }
}
