//! Deciding approvals, the reviewer's sign-off, and communications.

use chrono::{DateTime, Utc};

use crate::decide::{Act, line, remark};
use crate::entry;
use crate::event::What;
use crate::form::TEXT_MAX;
use crate::refusal::Refusal;
use crate::stage::Stage;

impl Act<'_> {
    pub(crate) fn approve(&self, what: &str, note: Option<&str>) -> Result<What, Refusal> {
        let incident = self.incident;
        let member = &self.actor.member;
        let unknown = || Refusal::NotApprovable {
            what: entry::bounded(what),
        };
        let own = if let Some((list, item)) = incident.item(what) {
            if item.withdrawn.is_some() {
                return Err(Refusal::Withdrawn {
                    id: what.to_owned(),
                });
            }
            if list == "communications" {
                return self.approve_communication(what, note);
            }
            item.authors.contains(member)
        } else if what == Stage::Review.word() {
            return self.sign_off(note);
        } else if let Some(stage) = Stage::from_word(what) {
            if incident.revision(what) == 0 {
                return Err(unknown());
            }
            entry::writers(incident, stage).contains(member.as_str())
        } else if let Some(entry) = incident.entry(what) {
            entry.by == *member
        } else if let Some(packet) = incident.packets.iter().find(|p| p.id == what) {
            packet.by == *member
        } else {
            return Err(unknown());
        };
        if own {
            return Err(Refusal::SecondMember {
                what: what.to_owned(),
            });
        }
        self.approved(what, note)
    }

    /// The reviewer's own signature under the review.
    fn sign_off(&self, note: Option<&str>) -> Result<What, Refusal> {
        let member = &self.actor.member;
        if self.incident.is_author(member) {
            return Err(Refusal::ReviewerIsAuthor {
                member: member.clone(),
            });
        }
        if self.incident.text("review.reviewer") != Some(member) {
            return Err(Refusal::NotTheReviewer);
        }
        if self.incident.stage != Stage::Review {
            return Err(Refusal::OtherStage {
                asked: Stage::Review,
                current: self.incident.stage,
            });
        }
        self.approved(Stage::Review.word(), note)
    }

    fn approved(&self, what: &str, note: Option<&str>) -> Result<What, Refusal> {
        let revision = self.incident.revision(what);
        let again =
            self.incident.approvals.iter().any(|a| {
                a.what == what && a.revision == revision && a.by.member == self.actor.member
            });
        if again {
            return Err(Refusal::ApprovedAlready {
                what: what.to_owned(),
            });
        }
        Ok(What::Approved {
            id: self.incident.next_id("Z"),
            approved: what.to_owned(),
            revision,
            note: remark("note", note)?,
        })
    }

    /// A message is approved together with the redaction engine's result, which the caller measured.
    pub(crate) fn approve_communication(
        &self,
        id: &str,
        note: Option<&str>,
    ) -> Result<What, Refusal> {
        let draft = self.standing("communications", id)?;
        let id = id.to_owned();
        if draft.sent.is_some() {
            return Err(Refusal::SentAlready { id });
        }
        if draft.text("text").is_none() {
            return Err(Refusal::NoText { id });
        }
        if draft.authors.contains(&self.actor.member) {
            return Err(Refusal::SecondMember { what: id });
        }
        match self.facts.open_marks.get(&id) {
            None => Err(Refusal::MarksUnknown { id }),
            Some(0) => self.approved(&id, note),
            Some(marks) => Err(Refusal::OpenMarks { id, marks: *marks }),
        }
    }

    pub(crate) fn record_communication(
        &self,
        id: &str,
        recipient: &str,
        sent_at: DateTime<Utc>,
        proof: &str,
        reason: Option<&str>,
    ) -> Result<What, Refusal> {
        self.case_work("record a communication")?;
        let draft = self.standing("communications", id)?;
        line("recipient", recipient, TEXT_MAX)?;
        line("proof", proof, TEXT_MAX)?;
        let reason = remark("reason", reason)?;
        let id = id.to_owned();
        if draft.sent.is_some() {
            return Err(Refusal::SentAlready { id });
        }
        if self.incident.approval(&id).is_none() {
            return Err(Refusal::NotApproved { id });
        }
        if sent_at > self.now {
            return Err(Refusal::SentInFuture { id });
        }
        let outside = draft.text("audience") != Some("internal");
        let early = self.incident.stage <= Stage::Investigation;
        let clock = draft.text("clock").is_some();
        if outside && early && !clock && reason.is_none() {
            return Err(Refusal::EarlyOutside { id });
        }
        Ok(What::CommunicationSent {
            id,
            recipient: recipient.to_owned(),
            sent_at,
            proof: proof.to_owned(),
            reason,
        })
    }
}
