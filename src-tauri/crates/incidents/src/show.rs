//! An incident as the screens and the CLI see it: a projection of its state.

use casework::form::{FieldSpec, Kind};
use casework::{Facts, GateStatus, Incident, Stage};
use chrono::{DateTime, Utc};
use serde_json::Value;

use bench::text::word;
use bench::text::{count, time, when};
use bench::view::{
    ActivityView, ClockView, EvidenceView, FormFieldView, GateView, IncidentRowView, IncidentView,
    ListItemView, MappingView, MissingView, NextStepView, OptionView, PacketRowView, StageView,
    TimelineView,
};

/// What a record looked like when it was pinned, for rows that show evidence.
pub(crate) struct PinnedRow {
    pub(crate) seq: u64,
    pub(crate) system: String,
    pub(crate) subject: Option<String>,
    pub(crate) note: Option<String>,
}

pub(crate) fn row(
    incident: &Incident,
    facts: &Facts,
    changed: DateTime<Utc>,
    now: DateTime<Utc>,
) -> IncidentRowView {
    let gates = casework::gates(incident, facts, incident.stage);
    let open: Vec<&GateStatus> = gates.iter().filter(|g| !g.passes()).collect();
    let closed = incident.closed.is_some();
    let next = if closed {
        None
    } else {
        casework::next_steps(incident, facts)
            .first()
            .map(|s| s.what.clone())
    };
    let clock = clocks(incident, now)
        .into_iter()
        .filter(|c| c.state == "running" || c.state == "overdue")
        .min_by(|a, b| a.due.cmp(&b.due));
    IncidentRowView {
        id: incident.id.clone(),
        version: incident.version,
        title: incident.title.clone(),
        stage: if closed {
            "closed".into()
        } else {
            incident.stage.word().into()
        },
        stage_title: if closed {
            "Closed".into()
        } else {
            incident.stage.title().into()
        },
        severity: incident.severity().map(str::to_owned),
        opened: time(incident.opened_at),
        changed: time(changed),
        lead: incident.lead().or(incident.owner()).map(str::to_owned),
        evidence: count(incident.pinned().count()),
        open_gates: if closed { 0 } else { count(open.len()) },
        next,
        clock,
    }
}

pub(crate) struct Surroundings<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) pinned: &'a [PinnedRow],
    pub(crate) activity: Vec<ActivityView>,
    pub(crate) packets: Vec<PacketRowView>,
    pub(crate) changed: DateTime<Utc>,
    pub(crate) now: DateTime<Utc>,
}

pub(crate) fn incident(incident: &Incident, around: Surroundings<'_>) -> IncidentView {
    let Surroundings {
        facts,
        pinned,
        activity,
        packets,
        changed,
        now,
    } = around;
    IncidentView {
        row: row(incident, facts, changed, now),
        stages: Stage::ALL
            .iter()
            .map(|s| stage(incident, facts, *s))
            .collect(),
        evidence: incident
            .pinned()
            .map(|piece| {
                let of_record = pinned.iter().find(|p| p.seq == piece.reference.seq);
                let standing = facts.verdicts.get(&piece.reference.seq);
                EvidenceView {
                    id: piece.id.clone(),
                    seq: u32::try_from(piece.reference.seq).unwrap_or(u32::MAX),
                    title: piece.reference.title.clone(),
                    system: of_record.map(|p| p.system.clone()).unwrap_or_default(),
                    occurred: piece.reference.occurred.map(time),
                    pinned: time(piece.pinned_at),
                    by: piece.pinned_by.clone(),
                    assurance: standing.map_or_else(
                        || piece.reference.assurance.clone(),
                        |s| s.assurance.clone(),
                    ),
                    verdict: standing
                        .map_or_else(|| piece.reference.verdict.clone(), |s| s.verdict.clone()),
                    note: of_record.and_then(|p| p.note.clone()),
                }
            })
            .collect(),
        timeline: timeline(incident, pinned),
        activity,
        next: if incident.closed.is_some() {
            Vec::new()
        } else {
            casework::next_steps(incident, facts)
                .into_iter()
                .map(|step| NextStepView {
                    what: step.what,
                    field: step.field,
                    gate: step.gate,
                    due: step.due.map(time),
                })
                .collect()
        },
        clocks: clocks(incident, now),
        mappings: incident
            .mappings
            .iter()
            .filter(|m| m.withdrawn.is_none())
            .map(mapping)
            .collect(),
        packets,
        read_only: incident.closed.is_some(),
    }
}

pub(crate) fn mapping(mapping: &casework::incident::Mapping) -> MappingView {
    MappingView {
        framework: mapping.framework.clone(),
        control: mapping.control.clone(),
        title: casework::control::framework(&mapping.framework)
            .and_then(|f| f.control(&mapping.control))
            .map(|c| c.title.clone())
            .unwrap_or_default(),
        item: mapping.target.clone(),
        relation: word(&mapping.relation),
        claim: mapping.claim.clone(),
        author: mapping.by.clone(),
    }
}

fn stage(incident: &Incident, facts: &Facts, stage: Stage) -> StageView {
    let visits: Vec<_> = incident
        .visits
        .iter()
        .filter(|v| v.stage == stage)
        .collect();
    let closed = incident.closed.is_some();
    let left_forwards = visits
        .iter()
        .any(|v| v.left_at.is_some() && v.back_reason.is_none());
    let state = if !closed && incident.stage == stage {
        "current"
    } else if closed || (left_forwards && stage < incident.stage) {
        "done"
    } else {
        "ahead"
    };
    let mut fields: Vec<FormFieldView> = casework::form(stage)
        .iter()
        .map(|f| field(incident, f))
        .collect();
    if stage == incident.stage {
        fields.extend(casework::beside().iter().map(|f| field(incident, f)));
    }
    StageView {
        id: stage.word().into(),
        title: stage.title().into(),
        state: state.into(),
        entered: visits.first().map(|v| time(v.entered_at)),
        left: visits.last().and_then(|v| v.left_at).map(time),
        gates: casework::gates(incident, facts, stage)
            .into_iter()
            .map(gate)
            .collect(),
        fields,
    }
}

fn gate(gate: GateStatus) -> GateView {
    GateView {
        state: match (&gate.met, &gate.waived) {
            (true, _) => "met",
            (false, Some(_)) => "waived",
            (false, None) => "open",
        }
        .into(),
        id: gate.id,
        title: gate.title,
        missing: gate
            .missing
            .into_iter()
            .map(|m| MissingView {
                what: m.what,
                field: m.field,
            })
            .collect(),
        waivable_by: gate
            .waivable_by
            .iter()
            .map(|r| r.word().to_owned())
            .collect(),
        waiver: gate
            .waived
            .map(|w| format!("{} ({}): {}", w.by.member, w.by.role, w.reason)),
    }
}

fn field(incident: &Incident, spec: &FieldSpec) -> FormFieldView {
    let mut view = blank(spec);
    view.value = incident
        .entry(spec.id)
        .map_or(Value::Null, |e| e.value.clone());
    if matches!(spec.kind, Kind::List(_)) {
        view.items = incident
            .items(spec.id)
            .iter()
            .map(|item| ListItemView {
                id: item.id.clone(),
                values: serde_json::to_value(&item.values).unwrap_or_default(),
                author: item.by.clone(),
                at: time(item.changed_at),
                withdrawn: item.withdrawn.as_ref().map(|w| w.reason.clone()),
            })
            .collect();
    }
    view
}

fn blank(spec: &FieldSpec) -> FormFieldView {
    let (kind, options, item_fields) = match spec.kind {
        Kind::Text => ("text", &[][..], &[][..]),
        Kind::LongText => ("long-text", &[][..], &[][..]),
        Kind::Time => ("time", &[][..], &[][..]),
        Kind::Choice(options) => ("choice", options, &[][..]),
        Kind::Member => ("member", &[][..], &[][..]),
        Kind::EvidenceRefs => ("evidence", &[][..], &[][..]),
        Kind::Refs(_) => ("refs", &[][..], &[][..]),
        Kind::Flag => ("flag", &[][..], &[][..]),
        Kind::List(fields) => ("list", &[][..], fields),
    };
    FormFieldView {
        id: spec.id.into(),
        label: spec.label.into(),
        help: spec.help.into(),
        kind: kind.into(),
        options: options
            .iter()
            .map(|(value, label)| OptionView {
                value: (*value).into(),
                label: (*label).into(),
            })
            .collect(),
        refers_to: match spec.kind {
            Kind::Refs(list) => Some(list.into()),
            _ => None,
        },
        required: spec.required || spec.required_for_gate,
        value: Value::Null,
        item_fields: item_fields.iter().map(blank).collect(),
        items: Vec::new(),
    }
}

fn timeline(incident: &Incident, pinned: &[PinnedRow]) -> Vec<TimelineView> {
    let mut entries: Vec<TimelineView> = Vec::new();
    for piece in incident.pinned() {
        let row = pinned.iter().find(|p| p.seq == piece.reference.seq);
        let subject = row.and_then(|p| p.subject.clone());
        entries.push(TimelineView {
            id: piece.id.clone(),
            at: piece
                .reference
                .occurred
                .or(piece.reference.recorded)
                .map(time),
            kind: "evidence".into(),
            text: piece.reference.title.clone(),
            evidence: vec![piece.id.clone()],
            actor: None,
            seq: u32::try_from(piece.reference.seq).ok(),
            lane: subject.unwrap_or_else(|| row.map(|p| p.system.clone()).unwrap_or_default()),
        });
    }
    for item in incident.standing("investigation.timeline") {
        entries.push(TimelineView {
            id: item.id.clone(),
            at: item.time("at").map(time),
            kind: item.text("kind").unwrap_or("fact").into(),
            text: item.text("text").unwrap_or_default().into(),
            evidence: item
                .refs("evidence")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            actor: item.text("actor").map(str::to_owned),
            seq: None,
            lane: "responders".into(),
        });
    }
    for item in incident.standing("decisions") {
        entries.push(TimelineView {
            id: item.id.clone(),
            at: Some(time(item.time("at").unwrap_or(item.at))),
            kind: "decision".into(),
            text: item.text("decision").unwrap_or_default().into(),
            evidence: item
                .refs("evidence")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            actor: item.text("decider").map(str::to_owned),
            seq: None,
            lane: "responders".into(),
        });
    }
    entries.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    entries
}

fn clocks(incident: &Incident, now: DateTime<Utc>) -> Vec<ClockView> {
    casework::clocks(incident, now)
        .into_iter()
        .map(|clock| ClockView {
            id: clock.id,
            title: clock.title,
            state: clock.state.word().into(),
            due: clock.due.map(time),
            started_by: clock.started_by,
        })
        .collect()
}

/// One line of the activity list for a stored event.
pub(crate) fn activity(event: &casework::Event) -> ActivityView {
    use casework::What;
    let text = match &event.what {
        What::Opened { .. } => "opened the incident".into(),
        What::Retitled { .. } => "changed the title".into(),
        What::FieldSet { field, value, .. } if value.is_null() => format!("cleared {field}"),
        What::FieldSet { field, .. } => format!("filled {field}"),
        What::ItemAdded {
            list,
            id,
            emergency,
            ..
        } => {
            let mark = if *emergency { " (emergency)" } else { "" };
            format!("added {id} to {list}{mark}")
        }
        What::ItemEdited { list, id, .. } => format!("changed {id} of {list}"),
        What::ItemWithdrawn { list, id, .. } => format!("withdrew {id} of {list}"),
        What::EvidencePinned { id, evidence, .. } => {
            format!("pinned record #{} as {id}", evidence.seq)
        }
        What::EvidenceUnpinned { id, .. } => format!("unpinned {id}"),
        What::ControlMapped {
            target,
            framework,
            control,
            ..
        } => {
            format!("mapped {target} to {framework} {control}")
        }
        What::MappingAccepted { id } => format!("accepted mapping {id}"),
        What::MappingWithdrawn { id, .. } => format!("withdrew mapping {id}"),
        What::StageAdvanced { from, to } => format!("left {from} for {to}"),
        What::WentBack { from, to, .. } => format!("went back from {from} to {to}"),
        What::GateWaived { gate, .. } => format!("waived {gate}"),
        What::Approved { approved, .. } => format!("approved {approved}"),
        What::CommunicationSent { id, .. } => format!("recorded {id} as sent"),
        What::SearchSaved { id, total, .. } => format!("saved search {id} with {total} records"),
        What::PacketRecorded { id, .. } => format!("wrote packet {id}"),
        What::RiskAccepted { target, .. } => format!("accepted the risk of {target}"),
        What::Closed { .. } => "closed the record".into(),
        What::Reopened { .. } => format!("reopened it as version {}", event.version),
    };
    ActivityView {
        at: time(event.at),
        actor: event.actor.member.clone(),
        text,
        kind: when(&event.what),
    }
}
