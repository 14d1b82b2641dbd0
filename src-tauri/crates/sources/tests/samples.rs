//! The examples of each built-in source file are one worked life: every record type occurs, every
//! lifecycle passes through all of its states, and nothing in it contradicts.

use std::collections::{BTreeMap, BTreeSet};

use sources::{Catalogue, Judged, Life, SourceFile};

fn examples(source: &SourceFile) -> Vec<String> {
    source
        .examples()
        .map(|example| example.to_string())
        .collect()
}

#[test]
fn every_record_type_of_a_closed_source_has_an_example() {
    for source in Catalogue::builtin().all() {
        if source.record_types().is_empty() {
            continue;
        }
        let shown: BTreeSet<String> = examples(source)
            .iter()
            .map(|text| {
                let fields = source.commit(text).unwrap();
                let pairs = fields.iter().map(|f| (f.path.as_str(), f.value.as_str()));
                source.headline(pairs).action
            })
            .collect();
        assert!(!shown.is_empty(), "{} has no example", source.id);
        if source.is_open() {
            continue;
        }
        for one in source.record_types() {
            assert!(shown.contains(&one.name), "{} {}", source.id, one.name);
        }
    }
}

#[test]
fn every_lifecycle_has_an_example_that_passes_through_all_of_its_states() {
    for source in Catalogue::builtin().all() {
        for machine in source.lifecycles() {
            let rule = source.rule(&machine.subject).unwrap();
            assert!(
                rule.handle_domain.is_some(),
                "{} {}: the subject needs a handle",
                source.id,
                machine.name
            );
            for refusal in &machine.refuses {
                assert!(refusal.title.is_some(), "{} {}", source.id, machine.name);
            }
            let mut lives: BTreeMap<String, Life> = BTreeMap::new();
            let mut reached = BTreeSet::new();
            for (record, text) in (0..).zip(examples(source)) {
                let fields = source.commit(&text).unwrap();
                let field = |path: &str| {
                    let found = fields.iter().find(|field| field.path == path);
                    found.map(|field| field.value.as_str())
                };
                let Some(subject) = field(&machine.subject) else {
                    continue;
                };
                let line =
                    source.headline(fields.iter().map(|f| (f.path.as_str(), f.value.as_str())));
                let life = lives.entry(subject.to_owned()).or_default();
                let judged = Judged {
                    record,
                    at: line.occurred.as_ref().map(|moment| moment.utc),
                    action: &line.action,
                    outcome: line.outcome.as_deref(),
                    field: &field,
                };
                let found = life.judge(machine, judged);
                assert!(
                    found.contradictions.is_empty(),
                    "{} {} {}: {:?}",
                    source.id,
                    machine.name,
                    line.action,
                    found.contradictions
                );
                reached.extend(found.to.map(str::to_owned));
            }
            for state in &machine.states {
                assert!(
                    reached.contains(state),
                    "{} {}: no example reaches {state}",
                    source.id,
                    machine.name
                );
            }
        }
    }
}

/// The lifecycles and their states, as the table of systems names them.
#[test]
fn the_lifecycles_are_those_of_the_table() {
    let table: [(&str, &[(&str, &str)]); 15] = [
        (
            "enigm-app",
            &[("account", "registered, active, suspended, deleted")],
        ),
        (
            "enigm-os",
            &[("device", "enrolled, managed, degraded, retired")],
        ),
        (
            "enigm-command",
            &[(
                "administrator-grant",
                "requested, granted, reviewed, revoked",
            )],
        ),
        (
            "enigm-server",
            &[
                ("server", "created, active, suspended, deleted"),
                ("message", "stored, delivered, expired, deleted"),
            ],
        ),
        (
            "enigm-esim",
            &[("esim", "issued, active, suspended, retired, deleted")],
        ),
        (
            "enigm-key",
            &[
                ("key", "provisioned, active, revoked"),
                ("emergency-workflow", "armed, triggered, confirmed, closed"),
            ],
        ),
        (
            "trust-security-center",
            &[("posture", "trusted, degraded, untrusted")],
        ),
        ("vpn-network", &[("policy", "drafted, active, withdrawn")]),
        ("proxy-network", &[("policy", "drafted, active, withdrawn")]),
        ("tor-gateway", &[("policy", "drafted, active, withdrawn")]),
        (
            "threat-intelligence",
            &[("indicator", "proposed, active, expired")],
        ),
        (
            "ota-architecture",
            &[("release", "built, reviewed, staged, released, withdrawn")],
        ),
        (
            "remote-attestation",
            &[("attestation", "requested, verified, failed, expired")],
        ),
        (
            "continuity",
            &[
                ("recovery", "planned, tested, activated, closed"),
                ("product", "offered, announced-to-end, ended"),
            ],
        ),
        (
            "security-validation",
            &[(
                "finding",
                "open, prioritised, remediated, verified, accepted",
            )],
        ),
    ];
    let catalogue = Catalogue::builtin();
    for (system, lives) in table {
        let source = catalogue.get(system, None).unwrap();
        let found: Vec<(&str, String)> = (source.lifecycles().iter())
            .map(|life| (life.name.as_str(), life.states.join(", ")))
            .collect();
        let expected: Vec<(&str, String)> = lives
            .iter()
            .map(|(name, states)| (*name, (*states).to_owned()))
            .collect();
        assert_eq!(found, expected, "{system}");
    }
    for system in [
        "enyra",
        "enigm-intelligence",
        "aws-cloudtrail",
        "unclassified",
    ] {
        assert!(catalogue.get(system, None).unwrap().lifecycles().is_empty());
    }
}
