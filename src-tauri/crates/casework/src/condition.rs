//! The condition of each gate. Titles and waivers are in `schemas/gates.json`; what has to
//! hold is here, and a test holds both to the same ids.

use crate::facts::{Facts, Missing};
use crate::incident::{Incident, Item};

/// Collects what a gate misses.
struct Check<'a> {
    incident: &'a Incident,
    facts: &'a Facts,
    missing: Vec<Missing>,
}

/// What the gate misses; empty where its condition holds. An id without a condition here
/// never holds.
pub(crate) fn missing(gate: &str, incident: &Incident, facts: &Facts) -> Vec<Missing> {
    let mut check = Check {
        incident,
        facts,
        missing: Vec::new(),
    };
    match gate {
        "detection.evidence-preserved" => check.evidence_preserved(),
        "detection.clock-basis" => check.clock_basis(),
        "detection.owner" => check.filled("detection.owner", "Name the owner."),
        "assessment.declared" => {
            check.filled("assessment.declaration", "Declare what this is.");
            check.filled("assessment.decider", "Name who decided.");
            check.filled(
                "assessment.rationale",
                "Give the rationale of the declaration.",
            );
        }
        "assessment.posture" => {
            check.filled("assessment.posture_hold", "Choose the hold.");
            check.filled("assessment.custody_depth", "Choose the custody depth.");
        }
        "assessment.lead" => check.filled("assessment.lead", "Name the lead."),
        "investigation.findings-cited" => check.findings_cited(),
        "investigation.custody-intact" => check.custody_intact(),
        "investigation.scope" => {
            check.filled("investigation.scope_statement", "State the scope.");
        }
        "investigation.doubts" => check.doubts(),
        "investigation.gaps-judged" => check.gaps_judged(),
        "containment.volatile-first" => check.volatile_first(),
        "containment.spread-stopped" => check.spread_stopped(),
        "containment.temporary-ends" => check.temporary_ends(),
        "remediation.causes-named" => {
            check.some_item("remediation.causes", "Name at least one root cause.")
        }
        "remediation.changes-validated" => check.changes_validated(),
        "recovery.checks-passed" => check.checks_passed(),
        "recovery.nothing-bypassed" => check.nothing_bypassed(),
        "recovery.owner-confirms" => {
            check.filled(
                "recovery.confirmed_by",
                "Name who confirms normal operation.",
            );
            check.filled(
                "recovery.confirmed_at",
                "Say when normal operation was confirmed.",
            );
        }
        "review.independent" => check.independent(),
        "review.emergency-reviewed" => check.emergency_reviewed(),
        "review.actions-owned" => check.actions_owned(),
        "review.controls-mapped" => check.controls_mapped(),
        "review.packet-verifies" => check.packet(|verified, _| verified, "does not verify"),
        "review.leak-check" => check.packet(|_, clean| clean, "did not pass the leak check"),
        "review.retention" => check.retention(),
        _ => check.miss(
            "This gate has no condition in this version of the program.".into(),
            None,
            None,
        ),
    }
    check.missing
}

/// Whether a containment action was taken, whatever became of it later.
pub(crate) fn was_carried_out(action: &Item) -> bool {
    matches!(
        action.text("state"),
        Some("carried-out" | "ended" | "rolled-back")
    )
}

/// Whether this piece is pinned and verified at present.
pub(crate) fn verified(incident: &Incident, facts: &Facts, id: &str) -> bool {
    incident.evidence(id).is_some_and(|e| {
        e.unpinned.is_none()
            && facts
                .verdicts
                .get(&e.reference.seq)
                .is_some_and(|v| v.verified)
    })
}

impl<'a> Check<'a> {
    fn miss(&mut self, what: String, field: Option<&str>, item: Option<&str>) {
        self.missing.push(Missing {
            what,
            field: field.map(str::to_owned),
            item: item.map(str::to_owned),
        });
    }

    fn filled(&mut self, field: &str, what: &str) {
        if self.incident.entry(field).is_none() {
            self.miss(what.into(), Some(field), None);
        }
    }

    fn some_item(&mut self, list: &str, what: &str) {
        if self.incident.standing(list).next().is_none() {
            self.miss(what.into(), Some(list), None);
        }
    }

    fn any_verified(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| verified(self.incident, self.facts, id))
    }

    fn evidence_preserved(&mut self) {
        let incident = self.incident;
        if !incident
            .pinned()
            .any(|e| !e.reference.verdict.is_empty() && !e.reference.assurance.is_empty())
        {
            self.miss(
                "Pin at least one record that has a verification verdict.".into(),
                None,
                None,
            );
        }
    }

    fn clock_basis(&mut self) {
        self.filled("detection.noticed_at", "Say when it was noticed.");
        self.filled("detection.clock_basis", "State the clock basis.");
        for (time, basis) in [
            ("detection.occurred_at", "detection.occurred_basis"),
            ("detection.noticed_at", "detection.noticed_basis"),
            ("detection.reported_at", "detection.reported_basis"),
        ] {
            if self.incident.entry(time).is_some() && self.incident.entry(basis).is_none() {
                let name = time
                    .trim_start_matches("detection.")
                    .trim_end_matches("_at");
                self.miss(
                    format!("State the basis of the time it was {name}."),
                    Some(basis),
                    None,
                );
            }
        }
    }

    fn findings_cited(&mut self) {
        let list = "investigation.findings";
        let incident = self.incident;
        self.some_item(list, "Record what was found, material or not.");
        for finding in incident.standing(list).filter(|f| f.flag("material")) {
            let cited = finding.refs("evidence");
            let id = finding.id.as_str();
            if cited.is_empty() {
                self.miss(
                    format!("{id} is material and cites no evidence."),
                    Some(list),
                    Some(id),
                );
            } else if !self.any_verified(&cited) {
                self.miss(
                    format!(
                        "{id} is material and none of the evidence it cites is verified at present."
                    ),
                    Some(list),
                    Some(id),
                );
            }
        }
    }

    fn custody_intact(&mut self) {
        match self.facts.custody_intact {
            Some(true) => {}
            Some(false) => self.miss(
                "The custody ledger does not verify; see Custody.".into(),
                None,
                None,
            ),
            None => self.miss(
                "The custody ledger has not been checked yet.".into(),
                None,
                None,
            ),
        }
    }

    fn doubts(&mut self) {
        let list = "investigation.doubts";
        let incident = self.incident;
        for doubt in incident
            .standing(list)
            .filter(|d| d.text("impact") == Some("high"))
        {
            let id = doubt.id.as_str();
            let resolved =
                doubt.text("state") == Some("resolved") && doubt.text("resolution").is_some();
            if !resolved && incident.accepted_risk(id).is_none() {
                self.miss(format!("{id} is a high-impact doubt, neither resolved with its resolution nor accepted."), Some(list), Some(id));
            }
        }
    }

    fn gaps_judged(&mut self) {
        let list = "investigation.gaps";
        let (incident, facts) = (self.incident, self.facts);
        for gap in &facts.gaps {
            if !incident
                .standing(list)
                .any(|g| g.text("gap") == Some(gap.id.as_str()))
            {
                self.miss(
                    format!("Judge the gap: {}.", gap.title),
                    Some(list),
                    Some(&gap.id),
                );
            }
        }
    }

    fn volatile_first(&mut self) {
        let list = "containment.actions";
        let incident = self.incident;
        for action in incident.standing(list).filter(|a| was_carried_out(a)) {
            let id = action.id.as_str();
            match action.text("volatile") {
                Some("nothing-volatile") => {}
                Some("preserved-first") => {
                    if !action
                        .refs("volatile_evidence")
                        .iter()
                        .any(|e| incident.evidence(e).is_some_and(|e| e.unpinned.is_none()))
                    {
                        self.miss(format!("{id} says volatile evidence was preserved first and does not cite it."), Some(list), Some(id));
                    }
                }
                Some(_) => self.miss(
                    format!("{id} was carried out without preserving volatile evidence."),
                    Some(list),
                    Some(id),
                ),
                None => self.miss(
                    format!("{id} does not say whether volatile evidence was preserved first."),
                    Some(list),
                    Some(id),
                ),
            }
        }
    }

    fn spread_stopped(&mut self) {
        self.filled(
            "containment.spread_statement",
            "Say what shows that the spread stopped.",
        );
        let field = "containment.spread_evidence";
        let cited = self.incident.refs(field);
        if cited.is_empty() {
            self.miss(
                "Cite the evidence that the spread stopped.".into(),
                Some(field),
                None,
            );
        } else if !self.any_verified(&cited) {
            self.miss(
                "None of the evidence that the spread stopped is verified at present.".into(),
                Some(field),
                None,
            );
        }
    }

    fn temporary_ends(&mut self) {
        let list = "containment.actions";
        let incident = self.incident;
        for action in incident
            .standing(list)
            .filter(|a| was_carried_out(a) || a.text("state") == Some("authorised"))
        {
            let id = action.id.as_str();
            match action.text("term") {
                Some("temporary") if action.time("ends_at").is_none() => {
                    self.miss(
                        format!("{id} is temporary and has no end date."),
                        Some(list),
                        Some(id),
                    );
                }
                None => self.miss(
                    format!("{id} does not say whether it is temporary or permanent."),
                    Some(list),
                    Some(id),
                ),
                _ => {}
            }
        }
    }

    fn changes_validated(&mut self) {
        let incident = self.incident;
        let list = "remediation.changes";
        for cause in incident.standing("remediation.causes") {
            let id = cause.id.as_str();
            if incident.accepted_risk(id).is_some() {
                continue;
            }
            let changes: Vec<&Item> = incident
                .standing(list)
                .filter(|c| c.refs("causes").contains(&id))
                .collect();
            if changes.is_empty() {
                self.miss(
                    format!("{id} has neither a change nor an accepted risk."),
                    Some(list),
                    Some(id),
                );
                continue;
            }
            if changes.iter().any(|c| change_gaps(incident, c).is_empty()) {
                continue;
            }
            for change in changes {
                for gap in change_gaps(incident, change) {
                    self.miss(
                        format!("{} for {id} {gap}.", change.id),
                        Some(list),
                        Some(&change.id),
                    );
                }
            }
        }
    }

    fn checks_passed(&mut self) {
        let list = "recovery.checks";
        let incident = self.incident;
        self.some_item(list, "Record what was checked before normal operation.");
        for check in incident.standing(list) {
            let id = check.id.as_str();
            if check.text("result") != Some("passed") {
                self.miss(format!("{id} has not passed."), Some(list), Some(id));
            } else if !self.any_verified(&check.refs("evidence")) {
                self.miss(
                    format!("{id} passed and cites no evidence that is verified at present."),
                    Some(list),
                    Some(id),
                );
            }
        }
    }

    fn nothing_bypassed(&mut self) {
        for (control, basis, name) in [
            (
                "recovery.validation_control",
                "recovery.validation_basis",
                "validation",
            ),
            (
                "recovery.release_control",
                "recovery.release_basis",
                "release control",
            ),
            (
                "recovery.access_control",
                "recovery.access_basis",
                "access control",
            ),
        ] {
            match self.incident.text(control) {
                None => self.miss(
                    format!("Say whether the required {name} was done."),
                    Some(control),
                    None,
                ),
                Some("bypassed") => self.miss(
                    format!("The required {name} was bypassed."),
                    Some(control),
                    None,
                ),
                Some(_) => self.filled(
                    basis,
                    &format!("Say what the answer about the {name} rests on."),
                ),
            }
        }
    }

    fn independent(&mut self) {
        let incident = self.incident;
        let field = "review.reviewer";
        let Some(reviewer) = incident.text(field) else {
            return self.miss("Name the reviewer.".into(), Some(field), None);
        };
        if incident.is_author(reviewer) {
            return self.miss(
                "The reviewer owns, leads or wrote the incident; name another.".into(),
                Some(field),
                None,
            );
        }
        let revision = incident.revision("review");
        if !incident
            .approvals
            .iter()
            .any(|a| a.what == "review" && a.revision == revision && a.by.member == reviewer)
        {
            self.miss(
                "The reviewer has not signed off the review as it stands now.".into(),
                Some(field),
                None,
            );
        }
    }

    fn emergency_reviewed(&mut self) {
        let list = "containment.actions";
        let incident = self.incident;
        for action in incident.standing(list).filter(|a| a.emergency) {
            let id = action.id.as_str();
            if incident.approval(id).is_none() {
                self.miss(
                    format!(
                        "{id} was taken as an emergency and no second member has approved it since."
                    ),
                    Some(list),
                    Some(id),
                );
            }
        }
    }

    fn actions_owned(&mut self) {
        let list = "review.actions";
        let incident = self.incident;
        for action in incident.standing(list) {
            let id = action.id.as_str();
            for (field, name) in [
                ("owner", "owner"),
                ("due", "due date"),
                ("effectiveness_check", "effectiveness check"),
            ] {
                if !action.values.contains_key(field) {
                    self.miss(format!("{id} has no {name}."), Some(list), Some(id));
                }
            }
        }
    }

    fn controls_mapped(&mut self) {
        if !self
            .incident
            .mappings
            .iter()
            .any(|m| m.withdrawn.is_none() && m.accepted_by.is_some())
        {
            self.miss(
                "Map at least one control to evidence, a timeline entry or an action.".into(),
                None,
                None,
            );
        }
    }

    fn packet(&mut self, holds: fn(bool, bool) -> bool, failing: &str) {
        let incident = self.incident;
        let recorded = incident
            .packets
            .iter()
            .rev()
            .find(|p| p.version == incident.version);
        let result = match (&self.facts.packet, recorded) {
            (Some(facts), _) => Some((facts.verified, facts.leak_clean)),
            (None, Some(packet)) => Some((packet.verified, packet.leak_clean)),
            (None, None) => None,
        };
        match result {
            None => self.miss(
                "No packet has been written for this version.".into(),
                None,
                None,
            ),
            Some((verified, clean)) if !holds(verified, clean) => {
                self.miss(format!("The packet {failing}."), None, None);
            }
            Some(_) => {}
        }
    }

    fn retention(&mut self) {
        self.filled("review.retention", "Set the retention.");
        self.filled(
            "review.retention_basis",
            "Say which rule or authority the retention follows.",
        );
        if self.incident.text("review.retention") == Some("until") {
            self.filled(
                "review.retention_until",
                "Give the date until which it is kept.",
            );
        }
    }
}

/// What keeps a change from counting as complete.
fn change_gaps(incident: &Incident, change: &Item) -> Vec<&'static str> {
    let mut gaps = Vec::new();
    if !change.values.contains_key("owner") {
        gaps.push("has no owner");
    }
    if !change.values.contains_key("due") {
        gaps.push("has no due date");
    }
    if change.text("state") != Some("validated") || change.text("validation").is_none() {
        gaps.push("is not validated");
    }
    if incident.approval(&change.id).is_none() {
        gaps.push("is not reviewed by a second member");
    }
    gaps
}
