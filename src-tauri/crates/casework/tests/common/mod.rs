//! A case driven through commands, with every event kept for replay.
#![allow(dead_code)] // Each test binary uses its part.

use casework::{
    Actor, Command, Event, EvidenceFact, EvidenceRef, Facts, Fields, GapFact, Incident,
    PacketFacts, Refusal, Role, Stage, decide, open,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// An hour of the story.
pub(crate) fn at(hour: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-01T07:20:00Z")
        .unwrap()
        .with_timezone(&Utc)
        + TimeDelta::hours(hour)
}

pub(crate) fn actor(member: &str, role: Role) -> Actor {
    Actor {
        member: member.into(),
        role,
    }
}

pub(crate) fn fields(value: Value) -> Fields {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn record(seq: u64) -> EvidenceRef {
    EvidenceRef {
        seq,
        import: "import-1".into(),
        assurance: "source-anchored".into(),
        verdict: "extends".into(),
        title: "workflow triggered".into(),
        occurred: Some(at(-4)),
        recorded: Some(at(-4)),
        imported: at(0),
        collected: None,
        period: None,
        valid_until: None,
    }
}

pub(crate) struct Case {
    pub(crate) incident: Incident,
    pub(crate) facts: Facts,
    pub(crate) log: Vec<Event>,
    pub(crate) hour: i64,
}

impl Case {
    pub(crate) fn open() -> Case {
        let event = open(
            "INC-2026-0042",
            "Revoked key",
            &actor("R-ONE", Role::Responder),
            at(0),
        )
        .unwrap();
        let incident = Incident::open(&event).unwrap();
        let facts = Facts {
            custody_intact: Some(true),
            open_marks: (1..10).map(|n| (format!("C{n}"), 0)).collect(),
            ..Facts::default()
        };
        Case {
            incident,
            facts,
            log: vec![event],
            hour: 1,
        }
    }

    pub(crate) fn at_assessment() -> Case {
        let mut c = Case::open();
        c.pin(7);
        c.set("detection.noticed_at", json!("2026-11-01T08:20:00+01:00"));
        c.set("detection.noticed_basis", json!("source-signed"));
        c.set("detection.clock_basis", json!("Compared."));
        c.set("detection.owner", json!("R-ONE"));
        c.advance();
        c
    }

    pub(crate) fn assess(&mut self) {
        self.set("assessment.declaration", json!("incident"));
        self.set("assessment.decider", json!("CISO"));
        self.set("assessment.rationale", json!("Seen."));
        self.set("assessment.posture_hold", json!("security"));
        self.set("assessment.custody_depth", json!("reveals"));
        self.set("assessment.lead", json!("R-ONE"));
    }

    pub(crate) fn events(&mut self, member: &str, role: Role, command: Command) -> Vec<Event> {
        let events = decide(
            &self.incident,
            &command,
            &self.facts,
            &actor(member, role),
            at(self.hour),
        )
        .unwrap_or_else(|r| panic!("{command:?}: {r}; {:?}", r.unmet()));
        for event in &events {
            self.incident.apply(event);
            self.log.push(event.clone());
        }
        self.hour += 1;
        events
    }

    pub(crate) fn ok(&mut self, member: &str, role: Role, command: Command) {
        assert!(!self.events(member, role, command).is_empty());
    }

    pub(crate) fn refused(&self, member: &str, role: Role, command: Command) -> Refusal {
        let refusal = decide(
            &self.incident,
            &command,
            &self.facts,
            &actor(member, role),
            at(self.hour),
        )
        .expect_err("refused");
        assert!(!refusal.hint().is_empty());
        refusal
    }

    pub(crate) fn set(&mut self, field: &str, value: Value) {
        self.ok(
            "R-ONE",
            Role::Responder,
            Command::Set {
                field: field.into(),
                value,
            },
        );
    }

    pub(crate) fn add(&mut self, list: &str, item: Value) {
        self.ok(
            "R-ONE",
            Role::Responder,
            Command::Add {
                list: list.into(),
                item: fields(item),
            },
        );
    }

    pub(crate) fn edit(&mut self, list: &str, id: &str, item: Value) {
        self.ok(
            "R-ONE",
            Role::Responder,
            Command::Edit {
                list: list.into(),
                id: id.into(),
                item: fields(item),
            },
        );
    }

    pub(crate) fn pin(&mut self, seq: u64) {
        self.ok(
            "R-ONE",
            Role::Responder,
            Command::Pin {
                evidence: record(seq),
            },
        );
        self.verified(seq, true);
    }

    pub(crate) fn verified(&mut self, seq: u64, verified: bool) {
        let fact = EvidenceFact {
            assurance: "source-anchored".into(),
            verdict: "extends".into(),
            verified,
        };
        self.facts.verdicts.insert(seq, fact);
    }

    pub(crate) fn gap(&mut self, id: &str) {
        self.facts.gaps.push(GapFact {
            id: id.into(),
            title: "Enigm Command, 6 h".into(),
        });
    }

    pub(crate) fn packet(&mut self, id: &str, verified: bool, leak_clean: bool) {
        self.ok(
            "R-REV",
            Role::Reviewer,
            Command::RecordPacket {
                id: id.into(),
                digest: "sha".into(),
                verified,
                leak_clean,
            },
        );
        self.facts.packet = Some(PacketFacts {
            verified,
            leak_clean,
            at: at(self.hour),
        });
    }

    pub(crate) fn advance(&mut self) {
        let from: Stage = self.incident.stage;
        self.ok("R-ONE", Role::Responder, Command::Advance { from });
    }

    /// The events, through their stored form, give the same state.
    pub(crate) fn replays(&self) {
        let stored: Vec<Event> = self
            .log
            .iter()
            .map(|e| serde_json::from_str(&serde_json::to_string(e).unwrap()).unwrap())
            .collect();
        assert_eq!(stored, self.log);
        assert_eq!(Incident::replay(&stored).as_ref(), Some(&self.incident));
        let json = serde_json::to_string(&self.incident).unwrap();
        assert_eq!(
            serde_json::from_str::<Incident>(&json).unwrap(),
            self.incident
        );
    }
}
