//! Analysis and measures: causes, findings, hypotheses, answered questions, searches that
//! found nothing; what was done to contain, remove and restore.

use casework::Item;
use evidence::packet::{AnalysisKind, AnalysisRow, MeasureRow, Stamp, check_text, measure_text};

use crate::telling::{Telling, label, or};

pub(crate) fn analysis(telling: &Telling<'_>) -> Vec<AnalysisRow> {
    let incident = telling.incident;
    let causes = incident
        .standing("remediation.causes")
        .map(|item| AnalysisRow {
            id: item.id.clone(),
            kind: match item.text("role") {
                Some("trigger") => AnalysisKind::Trigger,
                Some("contributing") => AnalysisKind::ContributingFactor,
                _ => AnalysisKind::RootCause,
            },
            text: joined(&[
                telling.text(item, "cause"),
                telling.text(item, "explanation"),
            ]),
            confidence: String::new(),
            evidence: telling.pins(&item.refs("evidence")),
        });
    let findings = incident
        .standing("investigation.findings")
        .map(|item| AnalysisRow {
            id: item.id.clone(),
            kind: AnalysisKind::Conclusion,
            text: match item.text("limits") {
                Some(limits) => format!(
                    "{} Limits: {}",
                    telling.text(item, "statement"),
                    telling.wording.text(limits)
                ),
                None => telling.text(item, "statement"),
            },
            confidence: label("investigation.findings", "confidence", item),
            evidence: telling.pins(&item.refs("evidence")),
        });
    let questions = incident
        .standing("investigation.questions")
        .filter(|item| matches!(item.text("state"), Some("concluded" | "nothing-found")))
        .map(|item| AnalysisRow {
            id: item.id.clone(),
            kind: AnalysisKind::Conclusion,
            text: joined(&[
                telling.text(item, "question"),
                or(
                    telling.text(item, "conclusion"),
                    &label("investigation.questions", "state", item),
                ),
            ]),
            confidence: label("investigation.questions", "confidence", item),
            evidence: telling.pins(&item.refs("evidence")),
        });
    let hypotheses = incident
        .standing("investigation.hypotheses")
        .map(|item| AnalysisRow {
            id: item.id.clone(),
            kind: match item.text("state") {
                Some("rejected") => AnalysisKind::RejectedHypothesis,
                Some("supported") => AnalysisKind::Conclusion,
                _ => AnalysisKind::OpenHypothesis,
            },
            text: joined(&[
                telling.text(item, "statement"),
                telling.text(item, "reasoning"),
            ]),
            confidence: label("investigation.hypotheses", "state", item),
            evidence: telling.pins(&[item.refs("for"), item.refs("against")].concat()),
        });
    let doubts = incident
        .standing("investigation.doubts")
        .filter(|item| item.text("state") != Some("resolved"))
        .map(|item| AnalysisRow {
            id: item.id.clone(),
            kind: AnalysisKind::OpenHypothesis,
            text: match incident.accepted_risk(&item.id) {
                Some(risk) => format!(
                    "Doubt: {} Its risk was accepted by {}: {}",
                    telling.text(item, "doubt"),
                    telling.wording.who(&risk.decider),
                    telling.wording.text(&risk.rationale)
                ),
                None => format!("Doubt: {}", telling.text(item, "doubt")),
            },
            confidence: String::new(),
            evidence: telling.pins(&item.refs("evidence")),
        });
    let searches = incident
        .searches
        .iter()
        .filter(|s| s.total == 0)
        .map(|search| AnalysisRow {
            id: search.id.clone(),
            kind: AnalysisKind::EmptySearch,
            text: joined(&[
                format!("No record matched: {}", telling.wording.text(&search.query)),
                reach(search),
                search
                    .note
                    .as_deref()
                    .map(|note| telling.wording.text(note))
                    .unwrap_or_default(),
            ]),
            confidence: String::new(),
            evidence: Vec::new(),
        });
    causes
        .chain(findings)
        .chain(questions)
        .chain(hypotheses)
        .chain(doubts)
        .chain(searches)
        .collect()
}

/// How far a search that found nothing reached.
fn reach(search: &casework::SavedSearch) -> String {
    match search.unseen.as_deref() {
        None => "What it could not see was not worked out, so it shows no absence.".to_owned(),
        Some([]) => "Every condition of it could be seen in all systems that it covers.".to_owned(),
        Some(unseen) => format!(
            "It shows no absence, because it could not see everything: {}.",
            unseen.join("; ")
        ),
    }
}

pub(crate) fn measures(telling: &Telling<'_>) -> Vec<MeasureRow> {
    let incident = telling.incident;
    let contained = incident
        .standing("containment.actions")
        .map(|item| MeasureRow {
            id: item.id.clone(),
            stage: "Containment".into(),
            text: measure_text(&telling.text(item, "action"), &telling.text(item, "target")),
            at: item.time("carried_out_at").map(Stamp),
            authorised_by: telling.who(item, "authoriser"),
            status: or(label("containment.actions", "state", item), "Drafted"),
            until: item.time("ends_at").map(Stamp),
            deviation: deviation(item),
            evidence: telling.pins(&item.refs("volatile_evidence")),
        });
    let changed = incident
        .standing("remediation.changes")
        .map(|item| MeasureRow {
            id: item.id.clone(),
            stage: "Remediation".into(),
            text: joined(&[
                format!(
                    "{} ({})",
                    telling.text(item, "change"),
                    item.refs("causes").join(", ")
                ),
                telling.text(item, "validation"),
            ]),
            at: None,
            authorised_by: telling.who(item, "owner"),
            status: or(label("remediation.changes", "state", item), "Planned"),
            until: None,
            deviation: match (item.text("state"), item.time("due")) {
                (Some("failed"), _) => "It failed its validation.".into(),
                (state, Some(due))
                    if due < telling.now && !matches!(state, Some("made" | "validated")) =>
                {
                    "Its due date has passed.".into()
                }
                _ => String::new(),
            },
            evidence: telling.pins(&item.refs("validation_evidence")),
        });
    let restored = incident
        .standing("recovery.restoration")
        .map(|item| MeasureRow {
            id: item.id.clone(),
            stage: "Recovery".into(),
            text: telling.text(item, "step"),
            at: item.time("at").map(Stamp),
            authorised_by: telling.wording.who(&item.by),
            status: or(label("recovery.restoration", "state", item), "Planned"),
            until: None,
            deviation: String::new(),
            evidence: telling.pins(&item.refs("evidence")),
        });
    let checked = incident.standing("recovery.checks").map(|item| MeasureRow {
        id: item.id.clone(),
        stage: "Recovery".into(),
        text: check_text(&telling.text(item, "check")),
        at: item.time("checked_at").map(Stamp),
        authorised_by: telling.who(item, "checked_by"),
        status: or(label("recovery.checks", "result", item), "Pending"),
        until: None,
        deviation: match item.text("result") {
            Some("failed") => "It did not hold.".into(),
            _ => String::new(),
        },
        evidence: telling.pins(&item.refs("evidence")),
    });
    contained
        .chain(changed)
        .chain(restored)
        .chain(checked)
        .collect()
}

fn deviation(item: &Item) -> String {
    let emergency = item
        .emergency
        .then_some("Taken as an emergency, before Containment.");
    let volatile = (item.text("volatile") == Some("not-preserved"))
        .then_some("Volatile evidence was not preserved.");
    [emergency, volatile]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Sentences one after another, empty ones left out.
fn joined(parts: &[String]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|p| p.trim())
        .filter(|p| !p.is_empty())
        .collect();
    parts.join(" ")
}
