//! An incident walked through its stages as members would.

mod common;

use casework::{Command, Refusal, Relation, Role, Stage};
use common::{Case, at, fields};
use serde_json::json;

/// Refused at the present gate for exactly these gates.
fn blocked(case: &Case, gates: &[&str]) {
    let from = case.incident.stage;
    let refusal = match from {
        Stage::Review => case.refused("R-REV", Role::Reviewer, Command::Close { note: None }),
        _ => case.refused("R-ONE", Role::Responder, Command::Advance { from }),
    };
    let unmet: Vec<&str> = refusal.unmet().iter().map(|g| g.id.as_str()).collect();
    assert_eq!(unmet, gates, "leaving {from}: {refusal}");
    for gate in refusal.unmet() {
        assert!(
            !gate.missing.is_empty(),
            "{} does not say what is missing",
            gate.id
        );
    }
}

#[test]
fn every_gate_is_refused_until_met() {
    let mut c = Case::open();
    blocked(
        &c,
        &[
            "detection.evidence-preserved",
            "detection.clock-basis",
            "detection.owner",
        ],
    );
    c.pin(7);
    blocked(&c, &["detection.clock-basis", "detection.owner"]);
    c.set("detection.noticed_at", json!("2026-11-01T08:20:00+01:00"));
    c.set(
        "detection.clock_basis",
        json!("Relay clocks are within 2 s of the workstation."),
    );
    blocked(&c, &["detection.clock-basis", "detection.owner"]);
    c.set("detection.noticed_basis", json!("source-signed"));
    blocked(&c, &["detection.owner"]);
    c.set("detection.owner", json!("R-ONE"));
    c.advance();

    blocked(
        &c,
        &[
            "assessment.declared",
            "assessment.posture",
            "assessment.lead",
        ],
    );
    c.set("assessment.declaration", json!("incident"));
    c.set("assessment.decider", json!("CISO"));
    c.set("assessment.rationale", json!("A revoked key was accepted."));
    blocked(&c, &["assessment.posture", "assessment.lead"]);
    c.set("assessment.posture_hold", json!("security"));
    c.set("assessment.custody_depth", json!("every-view"));
    blocked(&c, &["assessment.lead"]);
    c.set("assessment.lead", json!("R-ONE"));
    c.advance();

    c.facts.custody_intact = None;
    c.gap("enigm-command:1200-1300");
    blocked(
        &c,
        &[
            "investigation.findings-cited",
            "investigation.custody-intact",
            "investigation.scope",
            "investigation.gaps-judged",
        ],
    );
    c.facts.custody_intact = Some(true);
    c.set(
        "investigation.scope_statement",
        json!("Two relays, 44 workflows."),
    );
    c.add(
        "investigation.gaps",
        json!({"gap": "enigm-command:1200-1300", "effect": "limits", "judgement": "Relays cover it."}),
    );
    c.add(
        "investigation.findings",
        json!({"statement": "The key was accepted.", "material": true}),
    );
    blocked(&c, &["investigation.findings-cited"]);
    c.edit("investigation.findings", "F1", json!({"evidence": ["E1"]}));
    c.verified(7, false);
    blocked(&c, &["investigation.findings-cited"]);
    c.verified(7, true);
    c.add(
        "investigation.doubts",
        json!({"doubt": "Was the revocation withheld?", "impact": "high"}),
    );
    blocked(&c, &["investigation.doubts"]);
    c.edit("investigation.doubts", "U1", json!({"state": "resolved"}));
    blocked(&c, &["investigation.doubts"]);
    c.edit(
        "investigation.doubts",
        "U1",
        json!({"resolution": "No: attestation shows it."}),
    );
    c.advance();

    blocked(&c, &["containment.spread-stopped"]);
    c.add(
        "containment.actions",
        json!({"action": "Freeze caches", "target": "relays", "authoriser": "CISO", "state": "carried-out"}),
    );
    blocked(
        &c,
        &[
            "containment.volatile-first",
            "containment.spread-stopped",
            "containment.temporary-ends",
        ],
    );
    c.edit(
        "containment.actions",
        "A1",
        json!({"volatile": "preserved-first", "term": "temporary"}),
    );
    blocked(
        &c,
        &[
            "containment.volatile-first",
            "containment.spread-stopped",
            "containment.temporary-ends",
        ],
    );
    c.edit(
        "containment.actions",
        "A1",
        json!({"volatile_evidence": ["E1"], "ends_at": "2026-11-09T00:00:00Z"}),
    );
    c.set(
        "containment.spread_statement",
        json!("No trigger since the freeze."),
    );
    blocked(&c, &["containment.spread-stopped"]);
    c.set("containment.spread_evidence", json!(["E1"]));
    c.advance();

    blocked(&c, &["remediation.causes-named"]);
    c.add(
        "remediation.causes",
        json!({"cause": "Relays cache revocations for 72 h"}),
    );
    c.add(
        "remediation.causes",
        json!({"cause": "No alert on stale caches"}),
    );
    blocked(&c, &["remediation.changes-validated"]);
    c.add(
        "remediation.changes",
        json!({"causes": ["R1"], "kind": "configuration", "change": "Cache for 5 min", "owner": "R-ONE",
               "due": "2026-11-10T00:00:00Z", "state": "validated", "validation": "Replayed."}),
    );
    c.ok(
        "R-ONE",
        Role::Responder,
        Command::AcceptRisk {
            target: "R2".into(),
            decider: "CISO".into(),
            rationale: "The short cache removes the need.".into(),
            until: None,
        },
    );
    blocked(&c, &["remediation.changes-validated"]);
    let approve = || Command::Approve {
        what: "V1".into(),
        note: None,
    };
    assert_eq!(
        c.refused("R-ONE", Role::Responder, approve()).code(),
        "second-member"
    );
    c.ok("R-TWO", Role::Responder, approve());
    c.advance();

    blocked(
        &c,
        &[
            "recovery.checks-passed",
            "recovery.nothing-bypassed",
            "recovery.owner-confirms",
        ],
    );
    c.add(
        "recovery.checks",
        json!({"check": "Revoked keys are refused", "result": "passed"}),
    );
    blocked(
        &c,
        &[
            "recovery.checks-passed",
            "recovery.nothing-bypassed",
            "recovery.owner-confirms",
        ],
    );
    c.edit("recovery.checks", "K1", json!({"evidence": ["E1"]}));
    for control in ["validation", "release", "access"] {
        c.set(&format!("recovery.{control}_control"), json!("approved"));
        c.set(&format!("recovery.{control}_basis"), json!("Change board."));
    }
    c.set("recovery.release_control", json!("bypassed"));
    blocked(
        &c,
        &["recovery.nothing-bypassed", "recovery.owner-confirms"],
    );
    c.set("recovery.release_control", json!("approved"));
    c.set("recovery.confirmed_by", json!("Owner of the relays"));
    c.set("recovery.confirmed_at", json!("2026-11-05T10:00:00Z"));
    c.advance();

    let open = [
        "review.independent",
        "review.controls-mapped",
        "review.packet-verifies",
        "review.leak-check",
        "review.retention",
    ];
    blocked(&c, &open);
    c.ok(
        "R-REV",
        Role::Reviewer,
        Command::MapControl {
            target: "E1".into(),
            framework: "iso-27001-2022".into(),
            control: "5.28".into(),
            relation: Relation::Supports,
            claim: "The export verifies.".into(),
            suggested_by: Some("Enigm Intelligence".into()),
        },
    );
    blocked(&c, &open);
    c.ok(
        "R-REV",
        Role::Reviewer,
        Command::AcceptMapping { id: "M1".into() },
    );
    c.add(
        "review.actions",
        json!({"action": "Alert on stale caches", "owner": "R-TWO"}),
    );
    c.set("review.retention", json!("until"));
    c.set(
        "review.retention_basis",
        json!("Incident records, 3 years."),
    );
    blocked(
        &c,
        &[
            "review.independent",
            "review.actions-owned",
            "review.packet-verifies",
            "review.leak-check",
            "review.retention",
        ],
    );
    c.set("review.retention_until", json!("2029-11-01T00:00:00Z"));
    c.edit(
        "review.actions",
        "A2",
        json!({"due": "2026-12-01T00:00:00Z", "effectiveness_check": "Drill in December."}),
    );
    c.set("review.reviewer", json!("R-REV"));
    blocked(
        &c,
        &[
            "review.independent",
            "review.packet-verifies",
            "review.leak-check",
        ],
    );
    let sign = || Command::Approve {
        what: "review".into(),
        note: None,
    };
    assert_eq!(
        c.refused("R-ONE", Role::Responder, sign()).code(),
        "reviewer-is-author"
    );
    assert_eq!(
        c.refused("R-XXX", Role::Reviewer, sign()),
        Refusal::NotTheReviewer
    );
    c.ok("R-REV", Role::Reviewer, sign());
    c.packet("PKT-1", true, false);
    blocked(&c, &["review.leak-check"]);
    c.packet("PKT-2", true, true);
    // A later change of the review asks for a new signature.
    c.set("review.root_causes", json!("Found and gone."));
    blocked(&c, &["review.independent"]);
    c.ok("R-REV", Role::Reviewer, sign());
    c.ok("R-REV", Role::Reviewer, Command::Close { note: None });
    c.replays();

    // Read-only now, but actions, clocks and communications go on.
    let set = Command::Set {
        field: "detection.origin".into(),
        value: json!("internal-report"),
    };
    assert_eq!(c.refused("R-ONE", Role::Responder, set), Refusal::ReadOnly);
    let edit = Command::Edit {
        list: "containment.actions".into(),
        id: "A1".into(),
        item: fields(json!({"target": "all"})),
    };
    assert_eq!(c.refused("R-ONE", Role::Responder, edit), Refusal::ReadOnly);
    c.edit(
        "containment.actions",
        "A1",
        json!({"state": "ended", "ended_at": "2026-11-09T00:00:00Z"}),
    );
    c.edit("review.actions", "A2", json!({"state": "done"}));
    c.set(
        "remediation.measure_available_at",
        json!("2026-11-06T00:00:00Z"),
    );
    let map = Command::AcceptMapping { id: "M1".into() };
    assert_eq!(c.refused("R-REV", Role::Reviewer, map), Refusal::ReadOnly);

    c.ok(
        "R-ONE",
        Role::Responder,
        Command::Reopen {
            reason: "New evidence.".into(),
        },
    );
    assert_eq!((c.incident.version, c.incident.stage), (2, Stage::Review));
    // The packet of version 1 says nothing about version 2.
    c.facts.packet = None;
    blocked(
        &c,
        &[
            "review.independent",
            "review.packet-verifies",
            "review.leak-check",
        ],
    );
    c.replays();
}

#[test]
fn a_gate_passed_earlier_still_has_to_hold() {
    let mut c = Case::at_assessment();
    c.ok(
        "R-ONE",
        Role::Responder,
        Command::Set {
            field: "detection.owner".into(),
            value: json!(null),
        },
    );
    c.assess();
    blocked(&c, &["detection.owner"]);
}

#[test]
fn waivers_follow_roles_are_kept_and_lapse_on_going_back() {
    let mut c = Case::open();
    let waive = |gate: &str| Command::Waive {
        gate: gate.into(),
        reason: "No clock to compare.".into(),
    };
    let refused = c.refused(
        "R-ONE",
        Role::Responder,
        waive("detection.evidence-preserved"),
    );
    assert!(matches!(refused, Refusal::WaiverRole { .. }));
    let refused = c.refused(
        "C-ONE",
        Role::Custodian,
        waive("investigation.custody-intact"),
    );
    assert!(matches!(refused, Refusal::NeverWaived { .. }));
    let refused = c.refused("R-ONE", Role::Responder, waive("assessment.lead"));
    assert!(matches!(refused, Refusal::GateAhead { .. }));
    c.ok(
        "C-ONE",
        Role::Custodian,
        waive("detection.evidence-preserved"),
    );
    c.ok("R-ONE", Role::Responder, waive("detection.clock-basis"));
    blocked(&c, &["detection.owner"]);
    c.set("detection.owner", json!("R-ONE"));
    let refused = c.refused("R-ONE", Role::Responder, waive("detection.owner"));
    assert!(matches!(refused, Refusal::GateMet { .. }));
    c.advance();
    let gates = casework::gates(&c.incident, &c.facts, Stage::Detection);
    assert_eq!(gates[1].waived.as_ref().map(|w| w.id.as_str()), Some("W2"));
    assert!(!gates[1].met && gates[1].passes());

    let back = Command::GoBack {
        to: Stage::Detection,
        reason: "A record came in.".into(),
    };
    c.ok("R-ONE", Role::Responder, back);
    assert_eq!(c.incident.stage, Stage::Detection);
    assert_eq!(
        c.incident.visits[1].back_reason.as_deref(),
        Some("A record came in.")
    );
    blocked(
        &c,
        &["detection.evidence-preserved", "detection.clock-basis"],
    );
    let forward = Command::GoBack {
        to: Stage::Review,
        reason: "x".into(),
    };
    assert!(matches!(
        c.refused("R-ONE", Role::Responder, forward),
        Refusal::NotBack { .. }
    ));
    c.replays();
}

#[test]
fn roles_hold() {
    let mut c = Case::open();
    let reviewer = |c: &Case, command| c.refused("R-REV", Role::Reviewer, command).code();
    let finding = Command::Add {
        list: "investigation.findings".into(),
        item: fields(json!({"statement": "x", "material": false})),
    };
    assert_eq!(reviewer(&c, finding), "role");
    assert_eq!(
        reviewer(
            &c,
            Command::Pin {
                evidence: common::record(9)
            }
        ),
        "role"
    );
    assert_eq!(
        reviewer(
            &c,
            Command::Advance {
                from: Stage::Detection
            }
        ),
        "role"
    );
    c.ok(
        "R-REV",
        Role::Reviewer,
        Command::Add {
            list: "review.lessons".into(),
            item: fields(json!({"lesson": "Alert sooner.", "dimension": "detection"})),
        },
    );
    // Owner, lead and authors cannot be named as the reviewer.
    c.set("detection.owner", json!("R-OWN"));
    for member in ["R-OWN", "R-ONE"] {
        let name = Command::Set {
            field: "review.reviewer".into(),
            value: json!(member),
        };
        let refused = c.refused("R-ONE", Role::Responder, name);
        assert!(matches!(refused, Refusal::ReviewerIsAuthor { .. }));
    }
    c.set("review.reviewer", json!("R-REV"));
}

#[test]
fn not_an_incident_goes_straight_to_review_and_cannot_be_used_to_skip_gates() {
    let mut c = Case::at_assessment();
    c.assess();
    c.set("assessment.declaration", json!("not-an-incident"));
    c.advance();
    assert_eq!(c.incident.stage, Stage::Review);
    // Declaring it an incident after all brings back every gate on the way.
    c.set("assessment.declaration", json!("incident"));
    let refusal = c.refused("R-REV", Role::Reviewer, Command::Close { note: None });
    assert!(
        refusal
            .unmet()
            .iter()
            .any(|g| g.stage == Stage::Containment)
    );
}

#[test]
fn emergency_containment_in_any_stage_is_marked_and_reviewed() {
    let mut c = Case::open();
    let item = json!({"action": "Disconnect relay", "target": "relay 4", "state": "carried-out", "authoriser": "CISO"});
    let early = Command::Add {
        list: "containment.actions".into(),
        item: fields(item.clone()),
    };
    assert!(matches!(
        c.refused("R-ONE", Role::Responder, early),
        Refusal::NotYetContainment { .. }
    ));
    let nobody = Command::EmergencyContainment {
        item: fields(json!({"action": "x", "target": "y"})),
    };
    assert!(matches!(
        c.refused("R-ONE", Role::Responder, nobody),
        Refusal::NoAuthoriser { .. }
    ));
    c.ok(
        "R-ONE",
        Role::Responder,
        Command::EmergencyContainment { item: fields(item) },
    );
    assert!(c.incident.items("containment.actions")[0].emergency);
    let gate = |c: &Case| {
        casework::gates(&c.incident, &c.facts, Stage::Review)
            .into_iter()
            .find(|g| g.id == "review.emergency-reviewed")
            .is_some_and(|g| g.met)
    };
    assert!(!gate(&c));
    c.ok(
        "R-TWO",
        Role::Responder,
        Command::Approve {
            what: "A1".into(),
            note: None,
        },
    );
    assert!(gate(&c));
    // What was approved is what was read: an edit asks for a new approval.
    c.edit(
        "containment.actions",
        "A1",
        json!({"risk": "Messages are delayed."}),
    );
    assert!(!gate(&c));
}

#[test]
fn communications_are_approved_by_a_second_member_and_early_ones_have_a_reason() {
    let mut c = Case::open();
    let draft = json!({"audience": "affected-users", "subject": "What happened"});
    c.ok(
        "R-ONE",
        Role::Responder,
        Command::DraftCommunication {
            item: fields(draft),
        },
    );
    let approve = || Command::ApproveCommunication { id: "C1".into() };
    let send = |reason: Option<&str>| Command::RecordCommunication {
        id: "C1".into(),
        recipient: "Affected users".into(),
        sent_at: at(1),
        proof: "Notice 12".into(),
        reason: reason.map(str::to_owned),
    };
    assert_eq!(
        c.refused("R-TWO", Role::Responder, approve()).code(),
        "no-text"
    );
    c.edit(
        "communications",
        "C1",
        json!({"text": "A key was misused."}),
    );
    assert_eq!(
        c.refused("R-ONE", Role::Responder, approve()).code(),
        "second-member"
    );
    // What nobody measured is not taken for nothing.
    c.facts.open_marks.clear();
    assert_eq!(
        c.refused("R-TWO", Role::Responder, approve()).code(),
        "marks-unknown"
    );
    c.facts.open_marks.insert("C1".into(), 2);
    assert_eq!(
        c.refused("R-TWO", Role::Responder, approve()).code(),
        "open-marks"
    );
    c.facts.open_marks.insert("C1".into(), 0);
    assert_eq!(
        c.refused("R-ONE", Role::Responder, send(None)).code(),
        "not-approved"
    );
    c.ok("R-TWO", Role::Responder, approve());
    c.edit(
        "communications",
        "C1",
        json!({"text": "A revoked key was misused."}),
    );
    assert_eq!(
        c.refused("R-ONE", Role::Responder, send(Some("x"))).code(),
        "not-approved"
    );
    c.ok("R-TWO", Role::Responder, approve());
    assert_eq!(
        c.refused("R-ONE", Role::Responder, send(None)).code(),
        "early-outside"
    );
    c.ok(
        "R-ONE",
        Role::Responder,
        send(Some("Users are at risk now.")),
    );
    assert_eq!(
        c.refused("R-ONE", Role::Responder, send(Some("x"))).code(),
        "sent-already"
    );
    c.replays();
}

#[test]
fn pinning_again_keeps_the_id_and_a_change_asks_for_review() {
    let mut c = Case::open();
    c.pin(7);
    assert!(
        c.events(
            "R-ONE",
            Role::Responder,
            Command::Pin {
                evidence: common::record(7)
            }
        )
        .is_empty()
    );
    c.add(
        "investigation.findings",
        json!({"statement": "x", "material": true, "evidence": ["E1"]}),
    );
    let unpin = Command::Unpin {
        id: "E1".into(),
        reason: "Wrong record.".into(),
    };
    assert_eq!(
        c.refused("R-ONE", Role::Responder, unpin),
        Refusal::Cited {
            id: "E1".into(),
            by: vec!["F1".into()]
        }
    );
    let mut forked = common::record(7);
    forked.verdict = "fork".into();
    c.ok("R-ONE", Role::Responder, Command::Pin { evidence: forked });
    assert_eq!(c.incident.evidence("E1").map(|e| e.revision), Some(2));
    let revised: Vec<_> = casework::next::revised(&c.incident)
        .map(|(_, i)| i.id.clone())
        .collect();
    assert_eq!(revised, ["F1"]);
    let unknown = Command::Add {
        list: "investigation.findings".into(),
        item: fields(json!({"statement": "x", "material": true, "evidence": ["E9"]})),
    };
    assert_eq!(
        c.refused("R-ONE", Role::Responder, unknown).code(),
        "unknown-reference"
    );
}

#[test]
fn values_are_typed_and_refusals_carry_no_content() {
    let c = Case::open();
    let set = |field: &str, value| {
        let command = Command::Set {
            field: field.into(),
            value,
        };
        let refusal = c.refused("R-ONE", Role::Responder, command);
        assert!(!refusal.to_string().contains("secret"), "{refusal}");
        assert!(!serde_json::to_string(&refusal).unwrap().contains("secret"));
        refusal.code()
    };
    assert_eq!(set("detection.origin", json!("secret")), "choice");
    assert_eq!(set("detection.noticed_at", json!("secret")), "type");
    assert_eq!(
        set("detection.noticed_at", json!("2026-11-01T07:20:00")),
        "type"
    );
    assert_eq!(set("detection.owner", json!(" ")), "empty");
    assert_eq!(set("detection.owner", json!("secret\nsecret")), "control");
    assert_eq!(
        set("detection.owner", json!("secret".repeat(50))),
        "too-long"
    );
    assert_eq!(set("detection.owner", json!(5)), "type");
    assert_eq!(set("investigation.questions", json!([])), "is-list");
    assert_eq!(set("detection.nothing", json!("secret")), "unknown-field");
    assert_eq!(set("detection.owner", json!(null)), "no-change");
}

#[test]
fn the_first_screen_says_what_to_do_next() {
    let mut c = Case::open();
    let steps = casework::next_steps(&c.incident, &c.facts);
    assert!(
        steps
            .iter()
            .any(|s| s.field.as_deref() == Some("detection.owner") && s.gate.is_some())
    );
    c.add(
        "investigation.questions",
        json!({"question": "Which relay?", "due": "2026-11-02T14:00:00Z", "assignee": "R-ONE"}),
    );
    c.set("assessment.aware_at", json!("2026-11-01T08:00:00Z"));
    c.add(
        "assessment.notifications",
        json!({"regime": "gdpr-33", "applies": "applies", "rationale": "Personal data."}),
    );
    let steps = casework::next_steps(&c.incident, &c.facts);
    assert_eq!(steps[0].item.as_deref(), Some("Q1"));
    assert_eq!(steps[0].owner.as_deref(), Some("R-ONE"));
    assert!(steps[1].what.contains("GDPR 33"), "{}", steps[1].what);
    let line = casework::summary(&c.incident, &c.facts, at(30));
    assert_eq!((line.open_gates, line.age_seconds), (3, 30 * 3600));
    assert_eq!(
        line.next_clock.and_then(|c| c.due),
        Some(at(72) + chrono::TimeDelta::minutes(40))
    );
}
