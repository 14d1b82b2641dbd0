//! Folding an event into the state. Total: an event that names what is not there changes
//! nothing but the count.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::event::{Event, What};
use crate::incident::{
    AcceptedRisk, Approval, Closed, Entry, Evidence, Incident, Item, Mapping, PacketRecord,
    Reopened, SavedSearch, Sent, SeverityChange, Visit, Waiver, Withdrawn,
};
use crate::stage::Stage;

impl Incident {
    /// Folds an event into the state.
    pub fn apply(&mut self, event: &Event) {
        self.events += 1;
        let by = || event.actor.member.clone();
        let at = event.at;
        let withdrawn = |reason: &str| {
            Some(Withdrawn {
                at,
                by: by(),
                reason: reason.to_owned(),
            })
        };
        match &event.what {
            // An incident is opened once, by `Incident::open`.
            What::Opened { .. } => {}
            What::Retitled { title } => self.title.clone_from(title),
            What::FieldSet {
                field,
                value,
                cites,
            } => {
                self.touch(field, field, event);
                if value.is_null() {
                    self.values.remove(field);
                    return;
                }
                let entry = Entry {
                    value: value.clone(),
                    by: by(),
                    at,
                    cites: cites.clone(),
                };
                self.values.insert(field.clone(), entry);
                if field == "assessment.severity" {
                    self.severity_history.push(SeverityChange {
                        severity: value.as_str().unwrap_or_default().to_owned(),
                        criteria: self.text("assessment.severity_criteria").map(str::to_owned),
                        at,
                        by: by(),
                    });
                }
            }
            What::ItemAdded {
                list,
                id,
                item,
                emergency,
                cites,
            } => {
                self.count(id);
                self.touch(list, id, event);
                let revision = self.revision(id);
                self.lists.entry(list.clone()).or_default().push(Item {
                    id: id.clone(),
                    values: item.clone(),
                    by: by(),
                    at,
                    authors: BTreeSet::from([by()]),
                    changed_at: at,
                    revision,
                    emergency: *emergency,
                    cites: cites.clone(),
                    sent: None,
                    withdrawn: None,
                });
            }
            What::ItemEdited {
                list,
                id,
                item,
                cites,
            } => {
                self.touch(list, id, event);
                let revision = self.revision(id);
                if let Some(found) = self.item_mut(list, id) {
                    for (field, value) in item {
                        if *value == Value::Null {
                            found.values.remove(field);
                        } else {
                            found.values.insert(field.clone(), value.clone());
                        }
                    }
                    found.authors.insert(by());
                    found.changed_at = at;
                    found.revision = revision;
                    found.cites.clone_from(cites);
                }
            }
            What::ItemWithdrawn { list, id, reason } => {
                self.touch(list, id, event);
                let revision = self.revision(id);
                if let Some(found) = self.item_mut(list, id) {
                    found.withdrawn = withdrawn(reason);
                    found.revision = revision;
                }
            }
            What::EvidencePinned {
                id,
                revision,
                evidence,
            } => {
                let piece = Evidence {
                    id: id.clone(),
                    reference: evidence.clone(),
                    revision: *revision,
                    pinned_at: at,
                    pinned_by: by(),
                    unpinned: None,
                };
                match self.evidence.iter_mut().find(|e| e.id == *id) {
                    Some(known) => *known = piece,
                    None => {
                        self.count(id);
                        self.evidence.push(piece);
                    }
                }
            }
            What::EvidenceUnpinned { id, reason } => {
                if let Some(e) = self.evidence.iter_mut().find(|e| e.id == *id) {
                    e.unpinned = withdrawn(reason);
                }
            }
            What::ControlMapped {
                id,
                target,
                target_revision,
                framework,
                control,
                relation,
                claim,
                suggested_by,
            } => {
                self.count(id);
                self.mappings.push(Mapping {
                    id: id.clone(),
                    target: target.clone(),
                    target_revision: *target_revision,
                    framework: framework.clone(),
                    control: control.clone(),
                    relation: *relation,
                    claim: claim.clone(),
                    by: by(),
                    at,
                    accepted_by: suggested_by.is_none().then(by),
                    suggested_by: suggested_by.clone(),
                    withdrawn: None,
                });
            }
            What::MappingAccepted { id } => {
                if let Some(m) = self.mappings.iter_mut().find(|m| m.id == *id) {
                    m.accepted_by = Some(by());
                }
            }
            What::MappingWithdrawn { id, reason } => {
                if let Some(m) = self.mappings.iter_mut().find(|m| m.id == *id) {
                    m.withdrawn = withdrawn(reason);
                }
            }
            What::StageAdvanced { to, .. } => self.enter(*to, None, event),
            What::WentBack { to, reason, .. } => {
                self.lapse_waivers(*to, event);
                self.enter(*to, Some(reason), event);
            }
            What::GateWaived { id, gate, reason } => {
                self.count(id);
                self.waivers.push(Waiver {
                    id: id.clone(),
                    gate: gate.clone(),
                    reason: reason.clone(),
                    by: event.actor.clone(),
                    at,
                    version: event.version,
                    lapsed_at: None,
                });
            }
            What::Approved {
                id,
                approved,
                revision,
                note,
            } => {
                self.count(id);
                self.approvals.push(Approval {
                    id: id.clone(),
                    what: approved.clone(),
                    revision: *revision,
                    by: event.actor.clone(),
                    at,
                    note: note.clone(),
                });
            }
            What::CommunicationSent {
                id,
                recipient,
                sent_at,
                proof,
                reason,
            } => {
                if let Some(found) = self.item_mut("communications", id) {
                    found.sent = Some(Sent {
                        at,
                        by: by(),
                        sent_at: *sent_at,
                        recipient: recipient.clone(),
                        proof: proof.clone(),
                        early_reason: reason.clone(),
                    });
                }
            }
            What::SearchSaved {
                id,
                query,
                total,
                unseen,
                purpose,
                note,
            } => {
                self.count(id);
                self.searches.push(SavedSearch {
                    id: id.clone(),
                    query: query.clone(),
                    total: *total,
                    unseen: unseen.clone(),
                    purpose: purpose.clone(),
                    note: note.clone(),
                    at,
                    by: by(),
                });
            }
            What::PacketRecorded {
                id,
                digest,
                verified,
                leak_clean,
            } => {
                self.packets.push(PacketRecord {
                    id: id.clone(),
                    digest: digest.clone(),
                    verified: *verified,
                    leak_clean: *leak_clean,
                    version: event.version,
                    at,
                    by: by(),
                });
            }
            What::RiskAccepted {
                id,
                target,
                decider,
                rationale,
                until,
            } => {
                self.count(id);
                self.risks.push(AcceptedRisk {
                    id: id.clone(),
                    target: target.clone(),
                    decider: decider.clone(),
                    rationale: rationale.clone(),
                    until: *until,
                    by: by(),
                    at,
                });
            }
            What::Closed { note } => {
                self.closed = Some(Closed {
                    at,
                    by: by(),
                    note: note.clone(),
                });
                self.leave(None, event);
            }
            What::Reopened { reason } => {
                self.closed = None;
                self.version = event.version;
                self.reopened.push(Reopened {
                    at,
                    by: by(),
                    reason: reason.clone(),
                    version: event.version,
                });
                self.lapse_waivers(Stage::Review, event);
                // The reviewer's signature was under the version before.
                *self
                    .revisions
                    .entry(Stage::Review.word().to_owned())
                    .or_default() += 1;
                self.stage = Stage::Review;
                self.visits.push(Visit::enter(Stage::Review, event));
            }
        }
    }

    fn item_mut(&mut self, list: &str, id: &str) -> Option<&mut Item> {
        self.lists.get_mut(list)?.iter_mut().find(|i| i.id == id)
    }

    /// Counts a change of a field or item and of its stage's form, and notes its author. What
    /// is recorded after closing is no part of the conclusions that were reviewed.
    fn touch(&mut self, field: &str, what: &str, event: &Event) {
        *self.revisions.entry(what.to_owned()).or_default() += 1;
        if self.closed.is_some() {
            return;
        }
        if let Some(stage) = Stage::of_field(field) {
            *self.revisions.entry(stage.word().to_owned()).or_default() += 1;
            if stage < Stage::Review {
                self.authors.insert(event.actor.member.clone());
            }
        }
    }

    /// Takes a number for an id such as `Q7`.
    fn count(&mut self, id: &str) {
        let letters = id.trim_end_matches(|c: char| c.is_ascii_digit());
        if let Ok(number) = id[letters.len()..].parse::<u32>() {
            let last = self.counters.entry(letters.to_owned()).or_default();
            *last = number.max(*last);
        }
    }

    fn leave(&mut self, back: Option<&String>, event: &Event) {
        if let Some(visit) = self.visits.last_mut() {
            visit.left_at = Some(event.at);
            visit.left_by = Some(event.actor.member.clone());
            visit.back_reason = back.cloned();
        }
    }

    fn enter(&mut self, stage: Stage, back: Option<&String>, event: &Event) {
        self.leave(back, event);
        self.stage = stage;
        self.visits.push(Visit::enter(stage, event));
    }

    /// Waivers of a stage that is entered anew, and of those after it, lapse: the ground they
    /// stood on is worked over.
    fn lapse_waivers(&mut self, from: Stage, event: &Event) {
        for waiver in self.waivers.iter_mut().filter(|w| w.lapsed_at.is_none()) {
            let stage = Stage::of_field(&waiver.gate);
            if stage.is_some_and(|s| s >= from) {
                waiver.lapsed_at = Some(event.at);
            }
        }
    }
}
