//! Commands to events, or a refusal.

use chrono::{DateTime, Utc};

use crate::command::Command;
use crate::control;
use crate::entry::{self, misfit};
use crate::event::{Event, What};
use crate::form::{self, LONG_TEXT_MAX, MEMBER_MAX, TEXT_MAX};
use crate::gate::{self, Facts};
use crate::incident::{EvidenceRef, Incident, Relation};
use crate::refusal::Refusal;
use crate::role::{Actor, Role};
use crate::stage::Stage;

const CASE_WORK: &[Role] = &[Role::Responder, Role::Custodian];

/// Opens an incident: its first event.
///
/// # Errors
/// A reviewer opens none; the id takes letters, digits and hyphens (at most 40), the title one
/// line.
pub fn open(id: &str, title: &str, actor: &Actor, now: DateTime<Utc>) -> Result<Event, Refusal> {
    needs(actor, CASE_WORK, "open an incident")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.is_empty() || id.len() > 40 || !id.chars().all(fits) {
        return Err(Refusal::BadId {
            id: id.chars().filter(|c| fits(*c)).take(40).collect(),
        });
    }
    line("title", title, TEXT_MAX)?;
    Ok(Event {
        incident: id.to_owned(),
        version: 1,
        at: now,
        actor: actor.clone(),
        what: What::Opened {
            title: title.trim().to_owned(),
        },
    })
}

/// Decides a command on an incident. Deterministic; the events are to be stored and then
/// applied in order.
///
/// # Errors
/// The exact [`Refusal`]; nothing has changed then.
pub fn decide(
    incident: &Incident,
    command: &Command,
    facts: &Facts,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<Event>, Refusal> {
    let act = Act {
        incident,
        facts,
        actor,
        now,
    };
    let mut version = incident.version;
    if incident.closed.is_some() && !lives_on(command) {
        return Err(Refusal::ReadOnly);
    }
    let what = match command {
        Command::Retitle { title } => act.retitle(title)?,
        Command::Set { field, value } => act.set(field, value)?,
        Command::Add { list, item } => act.add(list, item, false)?,
        Command::Edit { list, id, item } => act.edit(list, id, item)?,
        Command::Withdraw { list, id, reason } => act.withdraw(list, id, reason)?,
        Command::Pin { evidence } => match act.pin(evidence)? {
            Some(what) => what,
            None => return Ok(Vec::new()),
        },
        Command::Unpin { id, reason } => act.unpin(id, reason)?,
        Command::MapControl {
            target,
            framework,
            control,
            relation,
            claim,
            suggested_by,
        } => act.map_control(
            target,
            framework,
            control,
            *relation,
            claim,
            suggested_by.as_deref(),
        )?,
        Command::AcceptMapping { id } => act.accept_mapping(id)?,
        Command::Advance { from } => act.advance(*from)?,
        Command::GoBack { to, reason } => act.go_back(*to, reason)?,
        Command::Waive { gate, reason } => act.waive(gate, reason)?,
        Command::Approve { what, note } => act.approve(what, note.as_deref())?,
        Command::EmergencyContainment { item } => act.add("containment.actions", item, true)?,
        Command::DraftCommunication { item } => act.add("communications", item, false)?,
        Command::ApproveCommunication { id } => act.approve_communication(id, None)?,
        Command::RecordCommunication {
            id,
            recipient,
            sent_at,
            proof,
            reason,
        } => act.record_communication(id, recipient, *sent_at, proof, reason.as_deref())?,
        Command::SaveSearch {
            query,
            total,
            unseen,
            purpose,
            note,
        } => act.save_search(query, (*total, unseen.clone()), purpose, note.as_deref())?,
        Command::RecordPacket {
            id,
            digest,
            verified,
            leak_clean,
        } => act.record_packet(id, digest, *verified, *leak_clean)?,
        Command::AcceptRisk {
            target,
            decider,
            rationale,
            until,
        } => act.accept_risk(target, decider, rationale, *until)?,
        Command::Close { note } => act.close(note.as_deref())?,
        Command::Reopen { reason } => {
            let what = act.reopen(reason)?;
            version += 1;
            what
        }
    };
    Ok(vec![Event {
        incident: incident.id.clone(),
        version,
        at: now,
        actor: actor.clone(),
        what,
    }])
}

/// Lists that go on after closing: actions, the notification triggers that start clocks, and
/// communications.
const LIVE_LISTS: &[&str] = &[
    "review.actions",
    "containment.actions",
    "assessment.notifications",
    "communications",
];

/// Times that start notification clocks; they may be recorded after closing.
const LIVE_FIELDS: &[&str] = &["remediation.measure_available_at"];

/// Whether a command is allowed on a closed incident.
fn lives_on(command: &Command) -> bool {
    match command {
        Command::Reopen { .. }
        | Command::DraftCommunication { .. }
        | Command::ApproveCommunication { .. }
        | Command::RecordCommunication { .. } => true,
        Command::Set { field, .. } => LIVE_FIELDS.contains(&field.as_str()),
        Command::Add { list, .. } => {
            list != "containment.actions" && LIVE_LISTS.contains(&list.as_str())
        }
        // Of a containment action only its end is recorded after closing.
        Command::Edit { list, item, .. } if list == "containment.actions" => {
            item.iter().all(|(f, v)| {
                f == "ended_at" || (f == "state" && (v == "ended" || v == "rolled-back"))
            })
        }
        Command::Edit { list, .. } => LIVE_LISTS.contains(&list.as_str()),
        _ => false,
    }
}

fn needs(actor: &Actor, allowed: &[Role], act: &'static str) -> Result<(), Refusal> {
    if allowed.contains(&actor.role) {
        return Ok(());
    }
    Err(Refusal::Role {
        role: actor.role,
        act,
        allowed: allowed.to_vec(),
    })
}

/// One line that is needed.
pub(crate) fn line(field: &str, text: &str, max: usize) -> Result<(), Refusal> {
    form::check_text(text, max, false).map_err(|m| misfit(field, None, m))
}

/// Several lines that are needed.
pub(crate) fn prose(field: &str, text: &str) -> Result<(), Refusal> {
    form::check_text(text, LONG_TEXT_MAX, true).map_err(|m| misfit(field, None, m))
}

/// Several lines that may be left out; empty counts as left out.
pub(crate) fn remark(field: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text {
        Some(t) if !t.trim().is_empty() => prose(field, t).map(|()| Some(t.to_owned())),
        _ => Ok(None),
    }
}

/// One decision: who asks what of which incident, when.
pub(crate) struct Act<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) facts: &'a Facts,
    pub(crate) actor: &'a Actor,
    pub(crate) now: DateTime<Utc>,
}

impl Act<'_> {
    pub(crate) fn case_work(&self, act: &'static str) -> Result<(), Refusal> {
        needs(self.actor, CASE_WORK, act)
    }

    /// A reviewer writes in the Review form only.
    pub(crate) fn writes(&self, field: &str) -> Result<(), Refusal> {
        match Stage::of_field(field) {
            Some(Stage::Review) => Ok(()),
            _ => self.case_work("fill this form"),
        }
    }

    fn pin(&self, evidence: &EvidenceRef) -> Result<Option<What>, Refusal> {
        self.case_work("pin evidence")?;
        line("import", &evidence.import, TEXT_MAX)?;
        line("assurance", &evidence.assurance, TEXT_MAX)?;
        line("verdict", &evidence.verdict, TEXT_MAX)?;
        line("title", &evidence.title, TEXT_MAX)?;
        let known = self.incident.evidence_of(evidence.seq);
        let (id, revision) = match known {
            Some(e) if e.unpinned.is_none() && e.reference == *evidence => return Ok(None),
            Some(e) => (e.id.clone(), e.revision + 1),
            None => (self.incident.next_id("E"), 1),
        };
        Ok(Some(What::EvidencePinned {
            id,
            revision,
            evidence: evidence.clone(),
        }))
    }

    fn unpin(&self, id: &str, reason: &str) -> Result<What, Refusal> {
        self.case_work("unpin evidence")?;
        prose("reason", reason)?;
        let known = self.incident.evidence(id);
        let known = known.ok_or_else(|| Refusal::UnknownItem {
            id: entry::bounded(id),
        })?;
        if known.unpinned.is_some() {
            return Err(Refusal::Withdrawn { id: id.to_owned() });
        }
        let by = entry::citing(self.incident, id);
        if !by.is_empty() {
            return Err(Refusal::Cited {
                id: id.to_owned(),
                by,
            });
        }
        Ok(What::EvidenceUnpinned {
            id: id.to_owned(),
            reason: reason.to_owned(),
        })
    }

    fn map_control(
        &self,
        target: &str,
        framework: &str,
        control: &str,
        relation: Relation,
        claim: &str,
        suggested_by: Option<&str>,
    ) -> Result<What, Refusal> {
        let known = control::framework(framework).ok_or_else(|| Refusal::UnknownFramework {
            framework: entry::bounded(framework),
        })?;
        if known.control(control).is_none() {
            return Err(Refusal::UnknownControl {
                framework: framework.to_owned(),
                control: entry::bounded(control),
            });
        }
        prose("claim", claim)?;
        if let Some(by) = suggested_by {
            line("suggested_by", by, MEMBER_MAX)?;
        }
        let mappable = match self.incident.evidence(target) {
            Some(e) => e.unpinned.is_none(),
            None => match self.incident.item(target) {
                Some((list, item)) => item.withdrawn.is_none() && control::mappable(list),
                None => {
                    return Err(Refusal::UnknownItem {
                        id: entry::bounded(target),
                    });
                }
            },
        };
        if !mappable {
            return Err(Refusal::NotMappable {
                target: target.to_owned(),
            });
        }
        Ok(What::ControlMapped {
            id: self.incident.next_id("M"),
            target: target.to_owned(),
            target_revision: self.incident.revision(target),
            framework: framework.to_owned(),
            control: control.to_owned(),
            relation,
            claim: claim.to_owned(),
            suggested_by: suggested_by.map(str::to_owned),
        })
    }

    pub(crate) fn mapping(&self, id: &str) -> Result<&crate::incident::Mapping, Refusal> {
        let found = self.incident.mappings.iter().find(|m| m.id == id);
        found.ok_or_else(|| Refusal::UnknownItem {
            id: entry::bounded(id),
        })
    }

    fn accept_mapping(&self, id: &str) -> Result<What, Refusal> {
        let mapping = self.mapping(id)?;
        if mapping.withdrawn.is_some() {
            return Err(Refusal::Withdrawn { id: id.to_owned() });
        }
        if mapping.accepted_by.is_some() {
            return Err(Refusal::AcceptedAlready { id: id.to_owned() });
        }
        Ok(What::MappingAccepted { id: id.to_owned() })
    }

    /// Refuses while a gate that has to hold is neither met nor waived.
    fn gates_pass(&self) -> Result<(), Refusal> {
        let gates = gate::blocking(self.incident, self.facts);
        if gates.is_empty() {
            return Ok(());
        }
        Err(Refusal::Gates {
            stage: self.incident.stage,
            gates,
        })
    }

    fn advance(&self, from: Stage) -> Result<What, Refusal> {
        self.case_work("move an incident to its next stage")?;
        let current = self.incident.stage;
        if from != current {
            return Err(Refusal::OtherStage {
                asked: from,
                current,
            });
        }
        let to = self.incident.next_stage().ok_or(Refusal::LastStage)?;
        self.gates_pass()?;
        Ok(What::StageAdvanced { from, to })
    }

    fn go_back(&self, to: Stage, reason: &str) -> Result<What, Refusal> {
        let current = self.incident.stage;
        // A reviewer sends an incident back, which is the point of a review.
        if current != Stage::Review {
            self.case_work("move an incident back")?;
        }
        if to >= current {
            return Err(Refusal::NotBack { to, current });
        }
        prose("reason", reason)?;
        Ok(What::WentBack {
            from: current,
            to,
            reason: reason.to_owned(),
        })
    }

    fn waive(&self, id: &str, reason: &str) -> Result<What, Refusal> {
        let spec = gate::gate(id).ok_or_else(|| Refusal::UnknownGate {
            gate: entry::bounded(id),
        })?;
        let gate = id.to_owned();
        if spec.waivable_by.is_empty() {
            return Err(Refusal::NeverWaived { gate });
        }
        if !spec.waivable_by.contains(&self.actor.role) {
            return Err(Refusal::WaiverRole {
                gate,
                allowed: spec.waivable_by.clone(),
            });
        }
        prose("reason", reason)?;
        if !self.incident.stages_to_hold().any(|s| s == spec.stage) {
            return Err(Refusal::GateAhead {
                gate,
                stage: spec.stage,
            });
        }
        if self.incident.waiver(id).is_some() {
            return Err(Refusal::WaivedAlready { gate });
        }
        let now = gate::gates(self.incident, self.facts, spec.stage);
        if now.iter().any(|g| g.id == id && g.met) {
            return Err(Refusal::GateMet { gate });
        }
        Ok(What::GateWaived {
            id: self.incident.next_id("W"),
            gate,
            reason: reason.to_owned(),
        })
    }

    fn save_search(
        &self,
        query: &str,
        (total, unseen): (u64, Option<Vec<String>>),
        purpose: &str,
        note: Option<&str>,
    ) -> Result<What, Refusal> {
        self.case_work("save a search to an incident")?;
        line("query", query, LONG_TEXT_MAX)?;
        line("purpose", purpose, TEXT_MAX)?;
        Ok(What::SearchSaved {
            id: self.incident.next_id("S"),
            query: query.to_owned(),
            total,
            unseen,
            purpose: purpose.to_owned(),
            note: remark("note", note)?,
        })
    }

    fn record_packet(
        &self,
        id: &str,
        digest: &str,
        verified: bool,
        leak_clean: bool,
    ) -> Result<What, Refusal> {
        line("id", id, TEXT_MAX)?;
        line("digest", digest, TEXT_MAX)?;
        if self
            .incident
            .packets
            .iter()
            .any(|p| p.id == id && p.digest == digest)
        {
            return Err(Refusal::PacketKnown { id: id.to_owned() });
        }
        Ok(What::PacketRecorded {
            id: id.to_owned(),
            digest: digest.to_owned(),
            verified,
            leak_clean,
        })
    }

    fn accept_risk(
        &self,
        target: &str,
        decider: &str,
        rationale: &str,
        until: Option<DateTime<Utc>>,
    ) -> Result<What, Refusal> {
        self.case_work("record an accepted risk")?;
        line("decider", decider, MEMBER_MAX)?;
        prose("rationale", rationale)?;
        match self.incident.item(target) {
            None => {
                return Err(Refusal::UnknownItem {
                    id: entry::bounded(target),
                });
            }
            Some((_, item)) if item.withdrawn.is_some() => {
                return Err(Refusal::Withdrawn {
                    id: target.to_owned(),
                });
            }
            Some(("remediation.causes" | "investigation.doubts", _)) => {}
            Some(_) => {
                return Err(Refusal::NotARisk {
                    target: target.to_owned(),
                });
            }
        }
        Ok(What::RiskAccepted {
            id: self.incident.next_id("X"),
            target: target.to_owned(),
            decider: decider.to_owned(),
            rationale: rationale.to_owned(),
            until,
        })
    }

    fn close(&self, note: Option<&str>) -> Result<What, Refusal> {
        let current = self.incident.stage;
        if current != Stage::Review {
            return Err(Refusal::OtherStage {
                asked: Stage::Review,
                current,
            });
        }
        self.gates_pass()?;
        Ok(What::Closed {
            note: remark("note", note)?,
        })
    }

    fn reopen(&self, reason: &str) -> Result<What, Refusal> {
        if self.incident.closed.is_none() {
            return Err(Refusal::NotClosed);
        }
        prose("reason", reason)?;
        Ok(What::Reopened {
            reason: reason.to_owned(),
        })
    }
}
