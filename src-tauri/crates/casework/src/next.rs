//! "What must I do next?"

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{self, ClockState};
use crate::condition;
use crate::gate::{self, Facts};
use crate::incident::{Incident, Item};
use crate::stage::Stage;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// What, as a sentence.
    pub what: String,
    /// The field or list to go to.
    pub field: Option<String>,
    /// The item to go to.
    pub item: Option<String>,
    /// The gate it opens.
    pub gate: Option<String>,
    /// With whom it is.
    pub owner: Option<String>,
    /// By when.
    pub due: Option<DateTime<Utc>>,
}

impl NextStep {
    fn of(what: String, list: &str, item: &Item, due: Option<DateTime<Utc>>) -> NextStep {
        NextStep {
            what,
            field: Some(list.to_owned()),
            item: Some(item.id.clone()),
            gate: None,
            owner: item
                .text("owner")
                .or_else(|| item.text("assignee"))
                .map(str::to_owned),
            due,
        }
    }
}

/// What is to be done next: what has a due date first, the earliest ahead; then what the
/// gates miss, in their order; then the rest.
pub fn next_steps(incident: &Incident, facts: &Facts) -> Vec<NextStep> {
    let mut steps = Vec::new();
    notifications(incident, &mut steps);
    if incident.closed.is_none() {
        gates(incident, facts, &mut steps);
        open_work(incident, &mut steps);
    }
    containment(incident, &mut steps);
    actions(incident, &mut steps);
    communications(incident, &mut steps);
    steps.sort_by_key(|s| (s.due.is_none(), s.due));
    steps
}

fn notifications(incident: &Incident, steps: &mut Vec<NextStep>) {
    // Whether a clock is overdue depends on the time; that it is open does not.
    for clock in clock::clocks(incident, incident.opened_at) {
        if clock.sent_at.is_some() || clock.state == ClockState::NotStarted {
            continue;
        }
        steps.push(NextStep {
            what: format!("Send the {}.", clock.title),
            field: Some("communications".into()),
            item: None,
            gate: None,
            owner: None,
            due: clock.due,
        });
    }
    for n in incident.standing("assessment.notifications") {
        if n.text("applies") == Some("undetermined") {
            let what = format!("Decide whether the notification duty in {} applies.", n.id);
            steps.push(NextStep::of(what, "assessment.notifications", n, None));
        }
    }
}

fn gates(incident: &Incident, facts: &Facts, steps: &mut Vec<NextStep>) {
    let open = gate::blocking(incident, facts);
    if open.is_empty() {
        let what = match incident.next_stage() {
            Some(next) => format!("Every gate of {} passes: go on to {next}.", incident.stage),
            None => "Every gate passes: close the incident.".to_owned(),
        };
        steps.push(NextStep {
            what,
            field: None,
            item: None,
            gate: None,
            owner: None,
            due: None,
        });
    }
    for gate in open {
        for missing in gate.missing {
            steps.push(NextStep {
                what: missing.what,
                field: missing.field,
                item: missing.item,
                gate: Some(gate.id.clone()),
                owner: None,
                due: None,
            });
        }
    }
}

fn open_work(incident: &Incident, steps: &mut Vec<NextStep>) {
    let list = "investigation.questions";
    for q in incident.standing(list) {
        if matches!(q.text("state"), None | Some("open")) {
            steps.push(NextStep::of(
                format!("Answer {}.", q.id),
                list,
                q,
                q.time("due"),
            ));
        }
    }
    let list = "remediation.changes";
    for change in incident.standing(list) {
        if change.text("state") != Some("validated") {
            let what = format!("Make and validate {}.", change.id);
            steps.push(NextStep::of(what, list, change, change.time("due")));
        }
    }
    for risk in incident.risks.iter().filter(|r| r.until.is_some()) {
        if let Some((list, item)) = incident.item(&risk.target) {
            let what = format!("Look again at the risk accepted for {}.", risk.target);
            steps.push(NextStep::of(what, list, item, risk.until));
        }
    }
    for (field, entry) in &incident.values {
        if moved(incident, &entry.cites) {
            steps.push(NextStep {
                what: "This field cites evidence that has been revised since: review it.".into(),
                field: Some(field.clone()),
                item: None,
                gate: None,
                owner: None,
                due: None,
            });
        }
    }
    for (list, item) in revised(incident) {
        let what = format!(
            "{} cites evidence that has been revised since: review it.",
            item.id
        );
        steps.push(NextStep::of(what, list, item, None));
    }
    for m in &incident.mappings {
        if m.withdrawn.is_none() && m.accepted_by.is_none() {
            steps.push(NextStep {
                what: format!("Accept or withdraw the suggested mapping {}.", m.id),
                field: None,
                item: Some(m.id.clone()),
                gate: None,
                owner: None,
                due: None,
            });
        }
    }
}

/// Whether a cited revision is no longer the present one.
fn moved(incident: &Incident, cites: &BTreeMap<String, u32>) -> bool {
    cites.iter().any(|(id, revision)| {
        incident
            .evidence(id)
            .is_some_and(|e| e.revision != *revision)
    })
}

/// The items that cite a revision of evidence which is no longer the present one.
pub fn revised(incident: &Incident) -> impl Iterator<Item = (&str, &Item)> {
    incident.lists.iter().flat_map(move |(list, items)| {
        items
            .iter()
            .filter(|i| i.withdrawn.is_none() && moved(incident, &i.cites))
            .map(move |item| (list.as_str(), item))
    })
}

fn containment(incident: &Incident, steps: &mut Vec<NextStep>) {
    let list = "containment.actions";
    for action in incident.standing(list) {
        let id = &action.id;
        let state = action.text("state");
        if matches!(state, None | Some("drafted")) && incident.closed.is_none() {
            let what = match action.text("authoriser") {
                Some(_) => format!("Authorise {id}."),
                None => format!("Find an authoriser for {id}."),
            };
            steps.push(NextStep::of(what, list, action, None));
        } else if state == Some("authorised") && incident.closed.is_none() {
            steps.push(NextStep::of(format!("Carry out {id}."), list, action, None));
        } else if condition::was_carried_out(action)
            && state == Some("carried-out")
            && action.text("term") == Some("temporary")
        {
            let what = format!("End the temporary measure {id}, or make it permanent.");
            steps.push(NextStep::of(what, list, action, action.time("ends_at")));
        }
        if action.emergency
            && incident.closed.is_none()
            && incident.stage < Stage::Review
            && incident.approval(id).is_none()
        {
            let what = format!("Have a second member review the emergency measure {id}.");
            steps.push(NextStep::of(what, list, action, None));
        }
    }
}

fn actions(incident: &Incident, steps: &mut Vec<NextStep>) {
    let list = "review.actions";
    for action in incident.standing(list) {
        match action.text("state") {
            None | Some("open") => {
                let what = format!("Finish {}.", action.id);
                steps.push(NextStep::of(what, list, action, action.time("due")));
            }
            Some("done") => {
                let what = format!("Check that {} was effective.", action.id);
                steps.push(NextStep::of(what, list, action, None));
            }
            Some(_) => {}
        }
    }
}

fn communications(incident: &Incident, steps: &mut Vec<NextStep>) {
    let list = "communications";
    for draft in incident.standing(list).filter(|c| c.sent.is_none()) {
        let what = if draft.text("text").is_none() {
            format!("Write {}.", draft.id)
        } else if incident.approval(&draft.id).is_none() {
            format!("Have a second member approve {}.", draft.id)
        } else {
            format!("Send {}, then record it with its proof.", draft.id)
        };
        steps.push(NextStep::of(what, list, draft, draft.time("deadline")));
    }
}
