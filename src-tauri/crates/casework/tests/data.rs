//! The data under `schemas/` and the code that reads it say the same.

mod common;

use std::collections::BTreeSet;

use casework::control::{self, CoverageState, Shortfall};
use casework::form::{self, Kind};
use casework::{ClockState, Command, Facts, Period, Relation, Role, Stage, gate};
use chrono::TimeDelta;
use common::{Case, at, fields};
use serde_json::json;

#[test]
fn gates_file_and_conditions_hold_to_each_other() {
    let ids: BTreeSet<&str> = gate::catalogue().iter().map(|g| g.id.as_str()).collect();
    assert_eq!(ids.len(), gate::catalogue().len(), "an id twice");
    for spec in gate::catalogue() {
        assert_eq!(Stage::of_field(&spec.id), Some(spec.stage), "{}", spec.id);
    }
    // Every stage is guarded; three gates hold whatever anybody says.
    for stage in Stage::ALL {
        assert!(
            gate::catalogue().iter().any(|g| g.stage == stage),
            "{stage}"
        );
    }
    let never: Vec<&str> = gate::catalogue()
        .iter()
        .filter(|g| g.waivable_by.is_empty())
        .map(|g| g.id.as_str())
        .collect();
    let fixed = [
        "investigation.custody-intact",
        "review.packet-verifies",
        "review.leak-check",
    ];
    assert_eq!(never, fixed);
    // A gate of the file that the code does not know would say so; a condition of the code
    // that the file does not name is found by its spelling in the source.
    let case = Case::open();
    for stage in Stage::ALL {
        for gate in casework::gates(&case.incident, &Facts::default(), stage) {
            assert!(
                gate.missing
                    .iter()
                    .all(|m| !m.what.contains("no condition")),
                "{} has no condition",
                gate.id
            );
            for missing in &gate.missing {
                if let Some(field) = &missing.field {
                    assert!(form::field(field).is_some(), "{} links to {field}", gate.id);
                }
            }
        }
    }
    let source = include_str!("../src/condition.rs");
    let coded: BTreeSet<&str> = source
        .lines()
        .filter_map(|l| l.trim().strip_prefix('"')?.split_once("\" =>"))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(coded, ids);
}

#[test]
fn forms_are_well_formed() {
    let mut seen = BTreeSet::new();
    for stage in Stage::ALL {
        for spec in form::form(stage) {
            assert_eq!(Stage::of_field(spec.id), Some(stage), "{}", spec.id);
            assert!(seen.insert(spec.id), "{} twice", spec.id);
        }
        assert!(
            form::form(stage).iter().any(|f| f.required_for_gate),
            "{stage}"
        );
    }
    for list in form::lists() {
        assert!(form::prefix(list).is_some(), "{list} has no letter");
        let mut inner = BTreeSet::new();
        for spec in form::item_fields(list).unwrap() {
            assert!(inner.insert(spec.id), "{list}.{} twice", spec.id);
            assert!(
                !matches!(spec.kind, Kind::List(_)),
                "{list}.{} nests",
                spec.id
            );
            if let Kind::Refs(target) = spec.kind {
                assert!(
                    target == "searches" || form::item_fields(target).is_some(),
                    "{target}"
                );
            }
        }
        assert!(inner.len() >= 3, "{list}");
    }
}

fn choices(list: &str, field: &str) -> BTreeSet<&'static str> {
    let spec = form::item_fields(list)
        .unwrap()
        .iter()
        .find(|f| f.id == field)
        .unwrap();
    match spec.kind {
        Kind::Choice(options) => options.iter().map(|(v, _)| *v).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn clock_files_match_the_forms() {
    let mut regimes = BTreeSet::new();
    let mut steps = BTreeSet::new();
    for file in casework::clock::files() {
        assert_eq!(file.format, "muniment/clocks/v1");
        assert!(file.notice.starts_with("Not legal advice"));
        for regime in &file.regimes {
            regimes.insert(regime.id.as_str());
            steps.extend(regime.steps.iter().map(|s| s.id.as_str()));
        }
    }
    assert_eq!(choices("assessment.notifications", "regime"), regimes);
    assert_eq!(choices("communications", "clock"), steps);
    let time = |id: &str| form::field(id).is_some_and(|f| f.kind == Kind::Time);
    for step in casework::clock::files()
        .iter()
        .flat_map(|f| &f.regimes)
        .flat_map(|r| &r.steps)
    {
        assert!(
            !step.due.is_empty() || step.starts.is_some(),
            "{} never starts",
            step.id
        );
        for limit in &step.due {
            assert!(
                time(&limit.after) || steps.contains(limit.after.as_str()),
                "{}",
                step.id
            );
            let durations = [limit.hours, limit.days, limit.months];
            assert_eq!(durations.iter().flatten().count(), 1, "{}", step.id);
            assert!(
                limit.dropped_if_after.as_deref().is_none_or(time),
                "{}",
                step.id
            );
        }
        assert!(step.starts.as_deref().is_none_or(time), "{}", step.id);
    }
}

/// What is measured reaches a decision from what measures it; no text that a caller writes brings it along.
#[test]
fn no_command_in_json_carries_what_is_measured() {
    let pin = json!({ "command": "pin", "evidence": common::record(7) });
    let search = json!({ "command": "save-search", "query": "x", "total": 0, "purpose": "compliance-review" });
    let packet = json!({ "command": "record-packet", "id": "P1", "digest": "00", "verified": true, "leak_clean": true });
    let marks = json!({ "command": "approve-communication", "id": "C1", "open_marks": 0 });
    for measured in [pin, search, packet, marks] {
        let read = serde_json::from_value::<Command>(measured.clone());
        assert!(read.is_err(), "{measured}");
    }
    let plain = json!({ "command": "approve-communication", "id": "C1" });
    assert!(serde_json::from_value::<Command>(plain).is_ok());
}

fn duty(case: &mut Case, regime: &str) {
    case.add(
        "assessment.notifications",
        json!({"regime": regime, "applies": "applies", "rationale": "Judged."}),
    );
}

fn notify(case: &mut Case, clock: &str, id: &str, hour: i64) {
    case.ok(
        "R-ONE",
        Role::Responder,
        Command::DraftCommunication {
            item: fields(
                json!({"audience": "authorities", "subject": "x", "text": "y", "clock": clock}),
            ),
        },
    );
    case.ok(
        "R-TWO",
        Role::Responder,
        Command::ApproveCommunication { id: id.into() },
    );
    case.hour = case.hour.max(hour + 1);
    // A clock is reason enough to send outside before Investigation is left.
    case.ok(
        "R-ONE",
        Role::Responder,
        Command::RecordCommunication {
            id: id.into(),
            recipient: "Authority".into(),
            sent_at: at(hour),
            proof: "Ref 1".into(),
            reason: None,
        },
    );
}

#[test]
fn clocks_run_are_met_and_are_overdue() {
    let mut c = Case::open();
    assert!(casework::clocks(&c.incident, at(0)).is_empty());
    duty(&mut c, "gdpr-33");
    let clock = |c: &Case, n: usize, hour| casework::clocks(&c.incident, at(hour)).remove(n);
    assert_eq!(clock(&c, 0, 10).state, ClockState::NotStarted);
    assert_eq!(clock(&c, 0, 10).started_by, "assessment.aware_at");
    c.set("assessment.aware_at", json!("2026-11-01T08:20:00+01:00"));
    assert_eq!(clock(&c, 0, 10).due, Some(at(72)));
    assert_eq!(clock(&c, 0, 72).state, ClockState::Running);
    assert_eq!(clock(&c, 0, 73).state, ClockState::Overdue);
    assert_eq!(
        casework::next_clock(&c.incident, at(10))
            .map(|c| c.id)
            .as_deref(),
        Some("gdpr-33.authority")
    );
    notify(&mut c, "gdpr-33.authority", "C1", 70);
    assert_eq!(clock(&c, 0, 90).state, ClockState::Met);
    assert_eq!(clock(&c, 0, 90).communication.as_deref(), Some("C1"));
    assert!(casework::next_clock(&c.incident, at(90)).is_none());

    // A final report counts from when the step before it was sent.
    duty(&mut c, "nis2-23");
    let nis2 = |c: &Case| casework::clocks(&c.incident, at(100)).split_off(1);
    assert_eq!(nis2(&c)[0].due, Some(at(24)));
    assert_eq!(nis2(&c)[2].state, ClockState::NotStarted);
    notify(&mut c, "nis2-23.notification", "C2", 75);
    assert_eq!(nis2(&c)[1].state, ClockState::MetLate);
    assert_eq!(
        nis2(&c)[2].due,
        at(75).checked_add_months(chrono::Months::new(1))
    );
}

#[test]
fn dora_takes_the_earlier_of_two_limits_unless_classified_late() {
    let mut c = Case::open();
    duty(&mut c, "dora-19");
    let due = |c: &Case| casework::clocks(&c.incident, at(1))[0].due;
    c.set("assessment.aware_at", json!("2026-11-01T07:20:00Z"));
    assert_eq!(due(&c), Some(at(24)));
    c.set("assessment.classified_at", json!("2026-11-01T09:20:00Z"));
    assert_eq!(due(&c), Some(at(6)));
    c.set("assessment.classified_at", json!("2026-11-02T06:20:00Z"));
    assert_eq!(due(&c), Some(at(24)));
    c.set("assessment.classified_at", json!("2026-11-02T09:20:00Z"));
    assert_eq!(due(&c), Some(at(30)));
}

#[test]
fn frameworks_are_whole() {
    let iso = control::framework("iso-27001-2022").unwrap();
    let count = |g: &str| iso.controls.iter().filter(|c| c.group == g).count();
    assert_eq!(
        [count("5"), count("6"), count("7"), count("8")],
        [37, 8, 14, 34]
    );
    assert_eq!(iso.control("5.28").unwrap().title, "Collection of evidence");
    let csf = control::framework("nist-csf-2.0").unwrap();
    assert_eq!((csf.groups.len(), csf.controls.len()), (6, 22));
    for framework in casework::frameworks() {
        assert_eq!(framework.format, "muniment/controls/v1");
        let ids: BTreeSet<&str> = framework.controls.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids.len(), framework.controls.len());
        for control in &framework.controls {
            assert!(
                framework.groups.iter().any(|g| g.id == control.group),
                "{}",
                control.id
            );
            assert!(
                !control.evidence.is_empty() && !control.methods.is_empty(),
                "{}",
                control.id
            );
        }
    }
}

#[test]
fn coverage_counts_only_what_is_accepted_and_in_date() {
    let mut c = Case::open();
    c.pin(7);
    let iso = control::framework("iso-27001-2022").unwrap();
    let cover = |c: &Case, period: Option<Period>, hour: i64| {
        control::coverage(iso, &[&c.incident], period, at(hour))
            .into_iter()
            .find(|l| l.control == "8.15")
            .unwrap()
    };
    assert_eq!(cover(&c, None, 1).state, CoverageState::None);
    let map = |relation, suggested: Option<&str>| Command::MapControl {
        target: "E1".into(),
        framework: "iso-27001-2022".into(),
        control: "8.15".into(),
        relation,
        claim: "Logged.".into(),
        suggested_by: suggested.map(str::to_owned),
    };
    c.ok(
        "R-REV",
        Role::Reviewer,
        map(Relation::Supports, Some("a rule")),
    );
    assert_eq!(cover(&c, None, 1).state, CoverageState::Suggested);
    c.ok(
        "R-REV",
        Role::Reviewer,
        Command::AcceptMapping { id: "M1".into() },
    );
    assert_eq!(cover(&c, None, 1).state, CoverageState::Supported);
    // Fresh for 90 days; in an audit period it is the period that counts.
    let late = cover(&c, None, 24 * 91);
    assert_eq!(
        (late.state, late.mappings[0].shortfall),
        (CoverageState::Outdated, Some(Shortfall::Stale))
    );
    let period = |from, to| {
        Some(Period {
            from: at(from),
            to: at(to),
        })
    };
    assert_eq!(
        cover(&c, period(-24, 24), 24 * 91).state,
        CoverageState::Supported
    );
    assert_eq!(
        cover(&c, period(0, 24), 1).mappings[0].shortfall,
        Some(Shortfall::OutOfPeriod)
    );
    c.ok("R-REV", Role::Reviewer, map(Relation::Contradicts, None));
    assert_eq!(cover(&c, None, 1).state, CoverageState::Contradicted);
    let withdraw = Command::Withdraw {
        list: "mappings".into(),
        id: "M2".into(),
        reason: "Misread.".into(),
    };
    c.ok("R-REV", Role::Reviewer, withdraw);
    // Validity ends; a new revision asks for re-review.
    let mut newer = common::record(7);
    newer.valid_until = Some(at(50));
    c.ok("R-ONE", Role::Responder, Command::Pin { evidence: newer });
    assert_eq!(
        cover(&c, None, 1).mappings[0].shortfall,
        Some(Shortfall::Revised)
    );
    c.ok("R-REV", Role::Reviewer, map(Relation::Supports, None));
    assert_eq!(cover(&c, None, 49).state, CoverageState::Supported);
    assert_eq!(
        cover(&c, None, 50).mappings[1].shortfall,
        Some(Shortfall::Expired)
    );
    let unknown = Command::MapControl {
        target: "E1".into(),
        framework: "iso-27001-2022".into(),
        control: "9.99".into(),
        relation: Relation::Supports,
        claim: "x".into(),
        suggested_by: None,
    };
    assert_eq!(
        c.refused("R-REV", Role::Reviewer, unknown).code(),
        "unknown-control"
    );
    assert_eq!(c.incident.age(at(5)), TimeDelta::hours(5));
}

#[test]
fn the_state_has_a_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(casework::Incident)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for name in [
        "id", "stage", "values", "lists", "evidence", "waivers", "mappings",
    ] {
        assert!(properties.contains_key(name), "{name}");
    }
    let events = serde_json::to_value(schemars::schema_for!(casework::Event)).unwrap();
    assert!(events.to_string().contains("gate-waived"));
}
