//! The incident's own sections: what the forms, lists and events of an incident say, in the
//! rows of `packet.json`. Members appear by role and id, subjects by this packet's handles.

use casework::form::{choice_label, field};
use casework::{Item, Stage, gates};
use chrono::DateTime;
use evidence::packet::{
    EvidencePin, ImpactRow, IncidentRecord, MetricRow, Scope, SeverityRow, StageRow, Stamp,
    TIME_FIELDS, TimeFact, TimelineKind, TimelineRow, evidence_shows,
};
use packet::Sections;

use crate::findings;
use crate::telling::{Telling, label};

/// Longest summary, in characters: one page of the report.
const SUMMARY_CHARS: usize = 2_800;

pub(crate) fn sections(telling: &Telling<'_>) -> Sections {
    Sections {
        incident: telling.record(),
        timeline: telling.timeline(),
        analysis: findings::analysis(telling),
        measures: findings::measures(telling),
        waivers: telling.waivers(),
        decisions: telling.decisions(),
        communications: telling.communications(),
        clocks: telling.clocks(),
        lessons: telling.lessons(),
        actions: telling.actions(),
        controls: telling.controls(),
    }
}

impl Telling<'_> {
    /// A text of an item, in this packet's words; empty when unset.
    pub(crate) fn text(&self, item: &Item, name: &str) -> String {
        item.text(name)
            .map(|text| self.wording.text(text))
            .unwrap_or_default()
    }

    /// A member or office of an item; empty when unset.
    pub(crate) fn who(&self, item: &Item, name: &str) -> String {
        item.text(name)
            .map(|who| self.wording.who(who))
            .unwrap_or_default()
    }

    /// A field of the forms in words: the label of a choice, else the text.
    pub(crate) fn field(&self, id: &str) -> Option<String> {
        let value = self.incident.text(id)?;
        let label = field(id).and_then(|spec| choice_label(spec, value));
        Some(label.map_or_else(|| self.wording.text(value), str::to_owned))
    }

    /// References to evidence that is in the register, at the revision that is there.
    pub(crate) fn pins(&self, ids: &[&str]) -> Vec<EvidencePin> {
        ids.iter()
            .filter_map(|id| {
                let item = self.evidence.iter().find(|e| e.id == *id)?;
                Some(EvidencePin {
                    id: item.id.clone(),
                    revision: item.revision,
                })
            })
            .collect()
    }

    fn record(&self) -> IncidentRecord {
        let incident = self.incident;
        let stage = match incident.closed {
            Some(_) => "Closed".to_owned(),
            None => incident.stage.title().to_owned(),
        };
        IncidentRecord {
            id: incident.id.clone(),
            record_version: incident.version,
            outcome: self
                .field("assessment.declaration")
                .unwrap_or_else(|| "Not declared yet".into()),
            severity: self
                .field("assessment.severity")
                .unwrap_or_else(|| "Not assessed".into()),
            stage,
            owner: incident
                .owner()
                .map_or_else(|| "Not named".into(), |owner| self.wording.who(owner)),
            summary: self.summary(),
            scope: self.scope(),
            severity_history: self.severity_history(),
            times: self.times(),
            impact: self.impact(),
            stages: self.stages(),
            metrics: incident
                .standing("review.metrics")
                .map(|item| MetricRow {
                    name: self.text(item, "metric"),
                    value: self.text(item, "value"),
                    inputs: self.text(item, "inputs"),
                })
                .collect(),
        }
    }

    /// At most one page: what it was, how it was judged, what was established and why it came about.
    fn summary(&self) -> String {
        let incident = self.incident;
        let mut parts = vec![format!(
            "{}.",
            self.wording.text(incident.title.trim_end_matches('.'))
        )];
        if let Some(outcome) = self.field("assessment.declaration") {
            let by = incident
                .text("assessment.decider")
                .map(|who| self.wording.who(who));
            let by = by.map(|who| format!(" by {who}")).unwrap_or_default();
            let why = self
                .field("assessment.rationale")
                .map(|why| format!(" {why}"))
                .unwrap_or_default();
            parts.push(format!("Declared{by}: {outcome}.{why}"));
        }
        if let Some(scope) = self.field("investigation.scope_statement") {
            parts.push(format!("Scope: {scope}"));
        }
        for item in incident
            .standing("investigation.findings")
            .filter(|f| f.flag("material"))
        {
            parts.push(format!("{}: {}", item.id, self.text(item, "statement")));
        }
        for item in incident
            .standing("remediation.causes")
            .filter(|c| c.text("role") != Some("contributing"))
        {
            parts.push(format!(
                "{}: {}",
                label("remediation.causes", "role", item),
                self.text(item, "cause")
            ));
        }
        for id in ["containment.spread_statement", "recovery.confirmation"] {
            parts.extend(self.field(id));
        }
        let mut summary = String::new();
        for part in parts {
            if summary.chars().count() + part.chars().count() > SUMMARY_CHARS {
                summary.push_str("\n\nFurther findings stand in the analysis.");
                break;
            }
            if !summary.is_empty() {
                summary.push_str("\n\n");
            }
            summary.push_str(&part);
        }
        summary
    }

    fn scope(&self) -> Scope {
        let mut systems: Vec<String> = self.evidence.iter().map(|e| e.system.clone()).collect();
        systems.sort();
        systems.dedup();
        let times = || {
            self.evidence
                .iter()
                .flat_map(|e| &e.times)
                .filter_map(|t| t.utc)
        };
        let empty = self
            .incident
            .searches
            .iter()
            .filter(|s| s.total == 0)
            .count();
        let mut method = format!(
            "{} records of {} systems were pinned as evidence; {} searches were saved, {empty} of them without a hit.",
            self.evidence.len(),
            systems.len(),
            self.incident.searches.len()
        );
        if let Some(clocks) = self.field("detection.clock_basis") {
            method.push_str(&format!(" Clocks: {clocks}"));
        }
        let statement = ["investigation.scope_statement", "assessment.scope"]
            .iter()
            .find_map(|id| self.field(id));
        Scope {
            statement: statement.unwrap_or_else(|| "No scope statement was recorded.".into()),
            method,
            systems,
            from: times().min(),
            to: times().max(),
        }
    }

    fn severity_history(&self) -> Vec<SeverityRow> {
        let spec = field("assessment.severity");
        let in_force = self.incident.severity_history.len();
        self.incident
            .severity_history
            .iter()
            .enumerate()
            .map(|(n, change)| SeverityRow {
                at: Stamp(change.at),
                severity: spec
                    .and_then(|s| choice_label(s, &change.severity))
                    .map_or_else(|| change.severity.clone(), str::to_owned),
                criteria: change
                    .criteria
                    .as_deref()
                    .map_or_else(|| "none named".into(), |c| self.wording.text(c)),
                // What an earlier severity rested on is kept in the custody log only.
                rationale: match n + 1 == in_force {
                    true => self.field("assessment.impact_notes").unwrap_or_default(),
                    false => "superseded".into(),
                },
                decided_by: self.wording.who(&change.by),
            })
            .collect()
    }

    fn times(&self) -> Vec<TimeFact> {
        TIME_FIELDS
            .into_iter()
            .filter_map(|(what, id)| {
                let basis = id.strip_suffix("_at").map(|of| format!("{of}_basis"));
                let entry = self.incident.entry(id)?;
                let original = entry.value.as_str()?.to_owned();
                Some(TimeFact {
                    what: what.into(),
                    utc: self.incident.time(id).map(Stamp),
                    zone: zone(&original),
                    original,
                    source: format!("entered by {}", self.wording.who(&entry.by)),
                    confidence: basis
                        .and_then(|id| self.field(&id))
                        .unwrap_or_else(|| "Basis not stated".into()),
                })
            })
            .collect()
    }

    fn impact(&self) -> Vec<ImpactRow> {
        let mut rows: Vec<ImpactRow> = casework::form(Stage::Assessment)
            .iter()
            .filter(|spec| {
                spec.id.starts_with("assessment.impact_") && spec.id != "assessment.impact_notes"
            })
            .map(|spec| ImpactRow {
                dimension: spec.label.into(),
                level: self.field(spec.id).unwrap_or_else(|| "Not assessed".into()),
                statement: spec.help.into(),
            })
            .collect();
        if let Some(notes) = self.field("assessment.impact_notes") {
            rows.push(ImpactRow {
                dimension: "All, in words".into(),
                level: "As above".into(),
                statement: notes,
            });
        }
        rows
    }

    fn stages(&self) -> Vec<StageRow> {
        Stage::ALL
            .into_iter()
            .map(|stage| {
                let visits = || {
                    self.incident
                        .visits
                        .iter()
                        .filter(move |v| v.stage == stage)
                };
                let gates = gates(self.incident, self.facts, stage);
                let gate = match (
                    gates.iter().all(|g| g.met),
                    gates.iter().all(|g| g.passes()),
                ) {
                    (true, _) => "met",
                    (false, true) => "waived",
                    (false, false) => "open",
                };
                StageRow {
                    stage: stage.title().into(),
                    entered: visits().next().map(|v| Stamp(v.entered_at)),
                    left: visits().next_back().and_then(|v| v.left_at).map(Stamp),
                    gate: gate.into(),
                }
            })
            .collect()
    }

    fn timeline(&self) -> Vec<TimelineRow> {
        let of_evidence = self.evidence.iter().zip(self.actors).map(|(piece, actor)| {
            let time = piece.times.first();
            TimelineRow {
                id: piece.id.clone(),
                utc: time.and_then(|t| t.utc),
                original: time.map(|t| t.original.clone()).unwrap_or_default(),
                kind: TimelineKind::Fact,
                system: piece.system.clone(),
                actor: actor.clone().unwrap_or_default(),
                text: piece.title.clone(),
                evidence: vec![EvidencePin {
                    id: piece.id.clone(),
                    revision: piece.revision,
                }],
            }
        });
        let entered = self
            .incident
            .standing("investigation.timeline")
            .map(|item| {
                let utc = item.time("at").map(Stamp);
                let refs = item.refs("evidence");
                let cited = self
                    .evidence
                    .iter()
                    .filter(|e| refs.contains(&e.id.as_str()));
                let shown = evidence_shows(utc, cited.map(|e| e.times.as_slice()));
                TimelineRow {
                    id: item.id.clone(),
                    utc,
                    original: item.text("at").unwrap_or_default().to_owned(),
                    kind: match item.text("kind") {
                        Some("inference") => TimelineKind::Inference,
                        Some("decision") => TimelineKind::Decision,
                        _ if shown => TimelineKind::Fact,
                        // What no record in the packet shows at that time is what somebody holds
                        // to be so.
                        _ => TimelineKind::Inference,
                    },
                    system: self.text(item, "lane"),
                    actor: self.who(item, "actor"),
                    text: self.text(item, "text"),
                    evidence: self.pins(&refs),
                }
            });
        let decided = self.incident.standing("decisions").map(|item| TimelineRow {
            id: item.id.clone(),
            utc: Some(Stamp(item.time("decided_at").unwrap_or(item.at))),
            original: item.text("decided_at").unwrap_or_default().to_owned(),
            kind: TimelineKind::Decision,
            system: "Response".into(),
            actor: self.who(item, "decider"),
            text: self.text(item, "decision"),
            evidence: self.pins(&item.refs("evidence")),
        });
        of_evidence.chain(entered).chain(decided).collect()
    }
}

/// The zone of an RFC 3339 time as it was written.
fn zone(original: &str) -> String {
    match DateTime::parse_from_rfc3339(original) {
        Ok(at) if at.offset().local_minus_utc() == 0 => "UTC".into(),
        Ok(at) => format!("UTC{}", at.offset()),
        Err(_) => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::zone;

    #[test]
    fn a_time_keeps_the_zone_it_was_written_in() {
        assert_eq!(zone("2026-11-01T07:20:00Z"), "UTC");
        assert_eq!(zone("2026-11-01T08:20:00+01:00"), "UTC+01:00");
        assert_eq!(zone("yesterday"), "unknown");
    }
}
