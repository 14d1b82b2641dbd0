//! Whatever members try, in whatever order: no stage is left with a gate that is neither met
//! nor waived, and the events replay to the same state.

mod common;

use casework::event::What;
use casework::{
    Command, EvidenceFact, Facts, GapFact, Incident, PacketFacts, Relation, Role, Stage, decide,
    gate, gates,
};
use common::{Case, actor, at, fields, record};
use proptest::prelude::*;
use serde_json::{Value, json};

type Step = (&'static str, Role, Command);

fn set(field: &str, value: Value) -> Step {
    (
        "R-ONE",
        Role::Responder,
        Command::Set {
            field: field.into(),
            value,
        },
    )
}

fn add(list: &str, item: Value) -> Step {
    (
        "R-ONE",
        Role::Responder,
        Command::Add {
            list: list.into(),
            item: fields(item),
        },
    )
}

fn edit(list: &str, id: &str, item: Value) -> Step {
    let (list, id) = (list.into(), id.into());
    (
        "R-TWO",
        Role::Responder,
        Command::Edit {
            list,
            id,
            item: fields(item),
        },
    )
}

fn advance(from: Stage) -> Step {
    ("R-ONE", Role::Responder, Command::Advance { from })
}

fn approve(member: &'static str, role: Role, what: &str) -> Step {
    (
        member,
        role,
        Command::Approve {
            what: what.into(),
            note: None,
        },
    )
}

/// One way through all stages.
fn way() -> Vec<Step> {
    let mut way = vec![
        (
            "R-ONE",
            Role::Responder,
            Command::Pin {
                evidence: record(7),
            },
        ),
        set("detection.noticed_at", json!("2026-11-01T07:00:00Z")),
        set("detection.noticed_basis", json!("source-signed")),
        set("detection.clock_basis", json!("Compared.")),
        set("detection.owner", json!("R-ONE")),
        advance(Stage::Detection),
        set("assessment.declaration", json!("incident")),
        set("assessment.decider", json!("CISO")),
        set("assessment.rationale", json!("Seen.")),
        set("assessment.posture_hold", json!("security")),
        set("assessment.custody_depth", json!("reveals")),
        set("assessment.lead", json!("R-TWO")),
        advance(Stage::Assessment),
        add(
            "investigation.findings",
            json!({"statement": "x", "material": true, "evidence": ["E1"]}),
        ),
        set("investigation.scope_statement", json!("Two relays.")),
        add(
            "investigation.gaps",
            json!({"gap": "gap-1", "effect": "limits", "judgement": "Covered elsewhere."}),
        ),
        advance(Stage::Investigation),
        add(
            "containment.actions",
            json!({"action": "x", "target": "y", "authoriser": "CISO", "state": "carried-out",
                   "volatile": "nothing-volatile", "term": "permanent"}),
        ),
        set("containment.spread_statement", json!("Stopped.")),
        set("containment.spread_evidence", json!(["E1"])),
        advance(Stage::Containment),
        add("remediation.causes", json!({"cause": "x"})),
        add(
            "remediation.changes",
            json!({"causes": ["R1"], "kind": "software", "change": "x", "owner": "R-ONE",
                   "due": "2026-12-01T00:00:00Z", "state": "validated", "validation": "x"}),
        ),
        approve("R-REV", Role::Reviewer, "V1"),
        advance(Stage::Remediation),
        add(
            "recovery.checks",
            json!({"check": "x", "result": "passed", "evidence": ["E1"]}),
        ),
    ];
    for control in ["validation", "release", "access"] {
        way.push(set(
            &format!("recovery.{control}_control"),
            json!("approved"),
        ));
        way.push(set(&format!("recovery.{control}_basis"), json!("Board.")));
    }
    way.extend([
        set("recovery.confirmed_by", json!("Owner")),
        set("recovery.confirmed_at", json!("2026-11-05T10:00:00Z")),
        advance(Stage::Recovery),
        (
            "R-REV",
            Role::Reviewer,
            Command::MapControl {
                target: "E1".into(),
                framework: "nist-csf-2.0".into(),
                control: "RS.AN".into(),
                relation: Relation::Supports,
                claim: "x".into(),
                suggested_by: None,
            },
        ),
        set("review.retention", json!("category")),
        set("review.retention_basis", json!("Rule.")),
        set("review.reviewer", json!("R-REV")),
        approve("R-REV", Role::Reviewer, "review"),
        ("R-REV", Role::Reviewer, Command::Close { note: None }),
    ]);
    way
}

/// What disturbs the way.
fn disturbances() -> Vec<Step> {
    let mut all = vec![
        set("detection.owner", json!(null)),
        set("detection.owner", json!("R-REV")),
        set("assessment.declaration", json!("not-an-incident")),
        set("assessment.declaration", json!("incident")),
        set("recovery.release_control", json!("bypassed")),
        set("review.retention", json!("until")),
        edit("investigation.findings", "F1", json!({"evidence": null})),
        edit("investigation.findings", "F1", json!({"evidence": ["E1"]})),
        edit("remediation.changes", "V1", json!({"state": "failed"})),
        edit("remediation.changes", "V1", json!({"state": "validated"})),
        add(
            "investigation.doubts",
            json!({"doubt": "x", "impact": "high"}),
        ),
        edit(
            "investigation.doubts",
            "U1",
            json!({"state": "resolved", "resolution": "y"}),
        ),
        add("review.actions", json!({"action": "x"})),
        add(
            "investigation.questions",
            json!({"question": "x", "searches": ["S1"]}),
        ),
        approve("R-TWO", Role::Responder, "A1"),
        approve("R-ONE", Role::Responder, "A1"),
        approve("R-REV", Role::Reviewer, "review"),
        (
            "R-ONE",
            Role::Responder,
            Command::EmergencyContainment {
                item: fields(json!({"action": "x", "target": "y", "authoriser": "CISO"})),
            },
        ),
        (
            "R-ONE",
            Role::Responder,
            Command::Withdraw {
                list: "investigation.findings".into(),
                id: "F1".into(),
                reason: "x".into(),
            },
        ),
        (
            "R-ONE",
            Role::Responder,
            Command::Unpin {
                id: "E1".into(),
                reason: "x".into(),
            },
        ),
        (
            "R-ONE",
            Role::Responder,
            Command::Pin {
                evidence: record(8),
            },
        ),
        (
            "R-ONE",
            Role::Responder,
            Command::SaveSearch {
                query: "q".into(),
                total: 0,
                unseen: Some(Vec::new()),
                purpose: "p".into(),
                note: None,
            },
        ),
        (
            "C-ONE",
            Role::Custodian,
            Command::AcceptRisk {
                target: "R1".into(),
                decider: "CISO".into(),
                rationale: "x".into(),
                until: None,
            },
        ),
        (
            "R-REV",
            Role::Reviewer,
            Command::Reopen { reason: "x".into() },
        ),
        ("R-REV", Role::Reviewer, Command::Close { note: None }),
        (
            "R-REV",
            Role::Reviewer,
            Command::Advance {
                from: Stage::Recovery,
            },
        ),
        (
            "R-REV",
            Role::Reviewer,
            Command::RecordPacket {
                id: "PKT".into(),
                digest: "d".into(),
                verified: true,
                leak_clean: false,
            },
        ),
    ];
    for stage in Stage::ALL {
        all.push(advance(stage));
        let back = Command::GoBack {
            to: stage,
            reason: "x".into(),
        };
        all.push(("R-ONE", Role::Responder, back));
    }
    for spec in gate::catalogue() {
        let waive = || Command::Waive {
            gate: spec.id.clone(),
            reason: "x".into(),
        };
        all.push(("C-ONE", Role::Custodian, waive()));
        all.push(("R-ONE", Role::Responder, waive()));
    }
    all
}

/// Facts from a few bits: mostly good ones.
fn facts(bits: u8) -> Facts {
    let mut facts = Facts::default();
    let word = "source-anchored".to_owned();
    for seq in [7, 8] {
        facts.verdicts.insert(
            seq,
            EvidenceFact {
                assurance: word.clone(),
                verdict: "extends".into(),
                verified: bits & 3 != 1,
            },
        );
    }
    facts.custody_intact = match bits & 12 {
        4 => Some(false),
        8 if bits & 1 == 1 => None,
        _ => Some(true),
    };
    if bits & 48 != 16 {
        let (verified, leak_clean) = (bits & 64 == 0 || bits & 1 == 0, bits & 128 == 0);
        facts.packet = Some(PacketFacts {
            verified,
            leak_clean,
            at: at(0),
        });
    }
    facts.gaps = vec![GapFact {
        id: "gap-1".into(),
        title: "six hours".into(),
    }];
    facts
}

/// What must be true of a step out of a stage, said without the code that decides it.
fn left_lawfully(before: &Incident, facts: &Facts, what: &What) -> Result<(), TestCaseError> {
    let leaves = match what {
        What::StageAdvanced { from, to } => {
            prop_assert_eq!(*from, before.stage);
            let skips = before.stage == Stage::Assessment && before.not_an_incident();
            prop_assert!(skips || Some(*to) == before.stage.next());
            true
        }
        What::Closed { .. } => {
            prop_assert_eq!(before.stage, Stage::Review);
            let packet = facts.packet.as_ref();
            let recorded = before.packets.last();
            prop_assert!(packet.map_or_else(
                || recorded.is_some_and(|p| p.verified && p.leak_clean),
                |p| p.verified && p.leak_clean
            ));
            prop_assert!(before.closed.is_none());
            true
        }
        _ => false,
    };
    if leaves {
        if before.stage == Stage::Investigation {
            prop_assert_eq!(facts.custody_intact, Some(true));
        }
        for gate in gates(before, facts, before.stage) {
            prop_assert!(gate.met || gate.waived.is_some(), "{} left open", gate.id);
            if let Some(waiver) = &gate.waived {
                prop_assert!(gate.waivable_by.contains(&waiver.by.role));
                prop_assert!(waiver.lapsed_at.is_none());
            }
        }
    }
    Ok(())
}

fn run(steps: &[(Step, u8)]) -> Result<usize, TestCaseError> {
    let mut case = Case::open();
    for ((member, role, command), bits) in steps {
        let facts = facts(*bits);
        case.hour += 1;
        let before = case.incident.clone();
        let Ok(events) = decide(
            &case.incident,
            command,
            &facts,
            &actor(member, *role),
            at(case.hour),
        ) else {
            continue;
        };
        for event in events {
            left_lawfully(&before, &facts, &event.what)?;
            if before.closed.is_some() {
                let live = matches!(
                    &event.what,
                    What::Reopened { .. } | What::ItemAdded { .. } | What::ItemEdited { .. }
                );
                prop_assert!(live, "{:?} on a closed record", event.what);
            }
            case.incident.apply(&event);
            case.log.push(event);
        }
    }
    case.replays();
    Ok(case.incident.visits.len() + usize::from(case.incident.closed.is_some()))
}

#[test]
fn the_way_itself_leads_to_the_end() {
    let steps: Vec<(Step, u8)> = way().into_iter().map(|s| (s, 0)).collect();
    assert_eq!(run(&steps).unwrap(), 8, "seven stages, then closed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The way, with steps left out, repeated, and others thrown in between.
    #[test]
    fn no_stage_is_left_with_an_open_gate(
        choices in prop::collection::vec((0u8..100, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 120)
    ) {
        let (way, other) = (way(), disturbances());
        let mut steps = Vec::new();
        let mut choices = choices.into_iter().cycle();
        for step in way {
            let Some((dice, pick, bits, good)) = choices.next() else { break };
            let bits = if good { 0 } else { bits };
            if dice < 30 {
                steps.push((other[pick.index(other.len())].clone(), bits));
            }
            if dice != 99 {
                steps.push((step, bits));
            }
        }
        for (dice, pick, bits, _) in choices.take(60) {
            if dice < 80 {
                steps.push((other[pick.index(other.len())].clone(), bits));
            }
        }
        run(&steps)?;
    }

    /// No order at all.
    #[test]
    fn any_order_replays(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..200)
    ) {
        let mut all = way();
        all.extend(disturbances());
        let steps: Vec<(Step, u8)> =
            picks.into_iter().map(|(p, bits)| (all[p.index(all.len())].clone(), bits)).collect();
        run(&steps)?;
    }
}
