//! What the incident decided, said and still has to do: waivers, decisions, communications,
//! clocks, lessons, corrective actions and controls.

use casework::control;
use casework::form::field;
use evidence::packet::{
    ActionRow, ClockRow, CommunicationRow, ControlRow, DecisionRow, LessonRow, Stamp, WaiverRow,
};

use crate::telling::{Telling, label, or};
use bench::text::word;

/// Fields of items in which evidence is named.
const EVIDENCE_FIELDS: [&str; 3] = ["evidence", "validation_evidence", "volatile_evidence"];

impl Telling<'_> {
    pub(crate) fn waivers(&self) -> Vec<WaiverRow> {
        self.incident
            .waivers
            .iter()
            .filter(|waiver| waiver.lapsed_at.is_none())
            .map(|waiver| {
                let spec = casework::gate(&waiver.gate);
                WaiverRow {
                    stage: spec.map(|s| s.stage.title().to_owned()).unwrap_or_default(),
                    gate: spec.map_or_else(|| waiver.gate.clone(), |s| s.title.clone()),
                    reason: self.wording.text(&waiver.reason),
                    by: self.wording.who(&waiver.by.member),
                    at: Stamp(waiver.at),
                }
            })
            .collect()
    }

    pub(crate) fn decisions(&self) -> Vec<DecisionRow> {
        self.incident
            .standing("decisions")
            .map(|item| {
                let office = item
                    .text("decider")
                    .is_some_and(|who| !self.wording.is_member(who));
                DecisionRow {
                    id: item.id.clone(),
                    at: Stamp(item.time("decided_at").unwrap_or(item.at)),
                    text: self.text(item, "decision"),
                    decided_by: self.who(item, "decider"),
                    rationale: self.text(item, "rationale"),
                    // Somebody without an account cannot sign: the member who recorded it attests.
                    attested_by: if office {
                        self.wording.who(&item.by)
                    } else {
                        String::new()
                    },
                }
            })
            .collect()
    }

    pub(crate) fn communications(&self) -> Vec<CommunicationRow> {
        self.incident
            .standing("communications")
            .map(|item| {
                let approval = self.incident.approval(&item.id);
                CommunicationRow {
                    id: item.id.clone(),
                    audience: label("communications", "audience", item),
                    subject: self.text(item, "subject"),
                    trigger: self.text(item, "trigger"),
                    status: match (&item.sent, approval) {
                        (Some(sent), _) => {
                            format!("sent to {}", self.wording.text(&sent.recipient))
                        }
                        (None, Some(_)) => "approved, not sent".into(),
                        (None, None) => "draft".into(),
                    },
                    sent: item.sent.as_ref().map(|sent| Stamp(sent.sent_at)),
                    approved_by: approval
                        .map(|a| self.wording.who(&a.by.member))
                        .unwrap_or_default(),
                }
            })
            .collect()
    }

    pub(crate) fn clocks(&self) -> Vec<ClockRow> {
        casework::clocks(self.incident, self.now)
            .into_iter()
            .map(|clock| ClockRow {
                id: clock.id,
                rule: format!("{} ({})", clock.title, clock.reference),
                rule_version: clock.version.to_string(),
                trigger: clock.started_by,
                started: clock.started_at.map(Stamp),
                due: clock.due.map(Stamp),
                met: clock.sent_at.map(Stamp),
                status: word(&clock.state).replace('-', " "),
            })
            .collect()
    }

    pub(crate) fn lessons(&self) -> Vec<LessonRow> {
        let of_review = [
            "review.root_causes",
            "review.detection_effectiveness",
            "review.response_effectiveness",
            "review.remediation_quality",
            "review.communication_quality",
            "review.preventive_improvements",
        ]
        .into_iter()
        .filter_map(|id| {
            Some(LessonRow {
                dimension: field(id)?.label.into(),
                text: self.field(id)?,
            })
        });
        let items = self
            .incident
            .standing("review.lessons")
            .map(|item| LessonRow {
                dimension: label("review.lessons", "dimension", item),
                text: self.text(item, "lesson"),
            });
        of_review.chain(items).collect()
    }

    pub(crate) fn actions(&self) -> Vec<ActionRow> {
        self.incident
            .standing("review.actions")
            .map(|item| ActionRow {
                id: item.id.clone(),
                title: self.text(item, "action"),
                root_cause: String::new(),
                owner: self.who(item, "owner"),
                due: item.time("due").map(Stamp),
                status: or(label("review.actions", "state", item), "Open"),
                effectiveness_check: match item.text("result") {
                    Some(result) => format!(
                        "{} Result: {}",
                        self.text(item, "effectiveness_check"),
                        self.wording.text(result)
                    ),
                    None => self.text(item, "effectiveness_check"),
                },
            })
            .collect()
    }

    pub(crate) fn controls(&self) -> Vec<ControlRow> {
        let mut rows = Vec::new();
        for framework in casework::frameworks() {
            for control in control::coverage(framework, &[self.incident], None, self.now) {
                for mapped in control.mappings {
                    let mapping = &mapped.mapping;
                    let evidence = match self.incident.item(&mapping.target) {
                        Some((_, item)) => {
                            self.pins(&EVIDENCE_FIELDS.map(|name| item.refs(name)).concat())
                        }
                        None => self.pins(&[mapping.target.as_str()]),
                    };
                    rows.push(ControlRow {
                        framework: framework.title.clone(),
                        control: control.control.clone(),
                        title: control.title.clone(),
                        relation: word(&mapping.relation),
                        claim: self.wording.text(&mapping.claim),
                        freshness: mapped.shortfall.map_or("in date", |s| s.word()).into(),
                        accepted_by: mapping
                            .accepted_by
                            .as_deref()
                            .map(|who| self.wording.who(who))
                            .unwrap_or_default(),
                        evidence,
                    });
                }
            }
        }
        rows
    }
}
