//! Does: edits one side of a fact that stands twice in a packet, brings everything that is derived in
//! line with it, and signs again: as the packet's own writer, and as a stranger.
//! Wants: a packet that verifies and says of a record, of the timeline or of the custody log what the
//! proofs in it do not say.
//! Stops it: the verifier compares each of them with its other side; each has its own reason.

use evidence::Assurance;
use evidence::packet::{EvidencePin, SourceTime, Supersedes, TimelineKind};

use super::given::{approver_key, files, mark, pack, record, refused, rewritten, stamp, trust};

#[test]
fn unharmed_it_passes() {
    let report = packet::verify_whole(&pack(&files()), &trust());
    assert!(report.passed(), "{:?}", report.failure_codes());
    assert!(packet::verify_whole(&rewritten(|_| {}), &trust()).passed());
}

#[test]
fn an_approver_who_need_not_sign() {
    let approver = approver_key().verifier_key().fingerprint().to_hex();
    refused("office-unsigned", |packet| {
        let mut office = packet.offices[1].clone();
        office.part = "approver".into();
        office.office = mark(&approver_key());
        office.fingerprint = Some(approver.clone());
        packet.offices.push(office);
    });
    // A reviewer who has not signed off, without the words that say so.
    refused("office-unsigned", |packet| {
        packet.offices[1].office = mark(&approver_key());
    });
    refused("office-unsigned", |packet| {
        packet.offices[1].office = mark(&approver_key());
        packet.offices[1].fingerprint = Some(approver.clone());
    });
}

#[test]
fn an_office_that_is_not_the_role_of_its_signature() {
    refused("office-role", |packet| {
        packet.offices[0].office = mark(&approver_key());
    });
}

#[test]
fn times_of_a_record() {
    // The source's own field is disclosed, and the register says another time.
    refused("record-time", |packet| {
        packet.evidence[0].times[0] = SourceTime {
            what: "occurred".into(),
            utc: Some(stamp("2026-11-17T22:00:00Z")),
            original: "2026-11-17T22:00:00Z".into(),
            path: None,
        };
        packet.timeline.retain(|row| row.evidence.is_empty());
    });
    // No instant that could be compared, or none where there is one.
    refused("record-time", |packet| {
        packet.evidence[0].times[0].utc = None;
        packet.timeline.retain(|row| row.evidence.is_empty());
    });
    refused("record-times", |packet| {
        packet.evidence[0].times[0].what = "recorded".into();
    });
    refused("record-times", |packet| {
        packet.evidence[0].times.clear();
        packet.timeline.retain(|row| row.evidence.is_empty());
    });
}

#[test]
fn title_and_system_of_a_record() {
    refused("record-title", |packet| {
        packet.evidence[0].title = "Messages were read".into();
    });
    refused("record-system", |packet| {
        packet.evidence[0].system = "Trust Security Center".into();
    });
    refused("record-schema", |packet| {
        packet.evidence[0].schema = "enigm-command@2".into();
    });
}

#[test]
fn what_the_policy_withholds() {
    refused("redaction-rule", |packet| {
        packet.redactions[0].reason = "internal-audit: asked for by counsel".into();
    });
    refused("redaction-rule", |packet| {
        packet.redactions[0].class = "C0".into();
        packet.limitations = relimited(packet);
    });
    refused("policy-differs", |packet| {
        packet.policy.digest = evidence::Hash::sha256(b"another policy");
    });
}

#[test]
fn what_a_fact_of_the_timeline_cites() {
    let fact = |packet: &evidence::packet::PacketJson| {
        let rows = &packet.timeline;
        let found = rows.iter().position(|row| row.kind == TimelineKind::Fact);
        found.expect("a fact")
    };
    refused("timeline-fact", |packet| {
        let at = fact(packet);
        packet.timeline[at].evidence.clear();
    });
    refused("timeline-time", |packet| {
        let at = fact(packet);
        let row = &mut packet.timeline[at];
        row.utc = Some(stamp("2026-11-17T20:00:00Z"));
        row.original = "2026-11-17T20:00:00Z".into();
        packet.timeline.sort_by_key(|row| row.utc);
    });
    refused("timeline-original", |packet| {
        let at = fact(packet);
        packet.timeline[at].original = "2026-11-17T20:00:00Z".into();
    });
    refused("timeline-order", |packet| packet.timeline.reverse());
    refused("pin-unknown", |packet| {
        let at = fact(packet);
        packet.timeline[at].evidence[0].id = "E-0099".into();
        packet.timeline[at].kind = TimelineKind::Inference;
    });
}

#[test]
fn a_row_named_after_evidence_or_a_decision() {
    refused("timeline-evidence", |packet| {
        let mut row = packet.timeline[0].clone();
        row.id = "E-0001".into();
        row.kind = TimelineKind::Fact;
        row.utc = packet.evidence[0].times[0].utc;
        row.original = packet.evidence[0].times[0].original.clone();
        row.text = "Messages were read".into();
        row.evidence = vec![EvidencePin {
            id: "E-0001".into(),
            revision: 1,
        }];
        packet.timeline.push(row);
        packet.timeline.sort_by_key(|row| row.utc);
    });
    refused("timeline-decision", |packet| {
        let rows = &mut packet.timeline;
        let decision = rows
            .iter_mut()
            .find(|row| row.kind == TimelineKind::Decision);
        decision.expect("a decision").id = "D-01".into();
    });
}

#[test]
fn custody_rows() {
    refused("custody-row", |packet| {
        packet.custody.entries[0].act = "packet.written".into();
        packet.custody.entries[0].note = "packet written".into();
    });
    refused("custody-note", |packet| {
        packet.custody.entries[0].note = "approved by the custodian".into();
    });
}

#[test]
fn assurance_beyond_what_the_proofs_show() {
    refused("assurance-differs", |packet| {
        packet.evidence[0].assurance = Assurance::HashMatched;
        packet.limitations = relimited(packet);
    });
    refused("verdict-unknown", |packet| {
        packet.evidence[0].verdict = "complete".into()
    });
}

/// The limits with those that follow from the packet as it is now.
fn relimited(packet: &evidence::packet::PacketJson) -> Vec<evidence::packet::Limitation> {
    let before = evidence::packet::derived_limitations(&record()).len();
    let own = packet.limitations.len() - before;
    let mut limitations = packet.limitations[..own].to_vec();
    limitations.extend(evidence::packet::derived_limitations(packet));
    limitations
}

#[test]
fn limits_that_are_left_out() {
    refused("limitations-derived", |packet| {
        packet.limitations.pop();
    });
    refused("limitations-derived", |packet| {
        let last = packet.limitations.last_mut().expect("a limit");
        last.text = "This packet is certified.".into();
    });
}

#[test]
fn the_incident_s_own_sections() {
    refused("packet-incident", |packet| {
        packet.id = "INC-2026-0001_review".into()
    });
    refused("custody-incident", |packet| {
        packet.id = "INC-2026-0001_review".into();
        packet.incident.id = "INC-2026-0001".into();
    });
    refused("supersedes-version", |packet| {
        packet.supersedes = packet
            .supersedes
            .take()
            .map(|old| Supersedes { version: 2, ..old });
    });
    refused("incident-severity", |packet| {
        packet.incident.severity = "4".into()
    });
    refused("incident-stage", |packet| {
        packet.incident.stage = "Recovery".into()
    });
    refused("waiver-missing", |packet| packet.waivers.clear());
    refused("incident-time", |packet| {
        packet.incident.times[0].utc = Some(stamp("2026-11-17T23:00:00Z"));
    });
    refused("scope-systems", |packet| {
        packet.incident.scope.systems.clear()
    });
    refused("scope-period", |packet| {
        packet.incident.scope.to = Some(stamp("2026-11-02T00:00:00Z"));
    });
}

#[test]
fn a_record_anchored_by_those_who_made_the_packet() {
    // The "source" is the writer himself: his key signed the checkpoint.
    let own = anchored_by(&super::given::reviewer_key(), super::given::ORIGIN);
    let report = packet::verify_whole(&own, &Default::default());
    assert_eq!(report.failure_codes(), ["assurance-own-key"]);
    // The log is the workspace's own, whoever signed it.
    let recommit = anchored_by(&super::given::source_key(), "workspace-7f3a/recommit");
    let report = packet::verify_whole(&recommit, &Default::default());
    let codes = report.failure_codes();
    assert!(
        !codes.is_empty() && codes.iter().all(|code| *code == "assurance-own-log"),
        "{codes:?}"
    );
}

/// A packet whose records stand in a log of this name, with a checkpoint by this key. The one who
/// writes it skips his own check.
fn anchored_by(key: &evidence::SigningKey, origin: &str) -> Vec<u8> {
    use super::given::{edits, input, reviewer_key};
    let mut input = input(9, 40, &[9]);
    let proof = &mut input.proofs[0];
    let text = proof.checkpoint_note.split("\n\n").next().expect("text");
    let text = text.replacen(super::given::ORIGIN, origin, 1) + "\n";
    proof.checkpoint_note = key.sign_note(&text).expect("a note");
    proof.origin = origin.into();
    input.evidence[0].origin = origin.into();
    let prepared = packet::prepare(&input).expect("it is laid out");
    let files = prepared.files().clone();
    pack(&edits::settle(files, Some(&reviewer_key())))
}
