//! A packet's input with realistic data: real commitments, a real log, real
//! signatures; invented content.

#![allow(dead_code, unreachable_pub)]

pub mod edits;

use chrono::{DateTime, Duration, Utc};
use evidence::ledger::{EnrolledMember, Role, entry_message, ledger_key_name};
use evidence::merkle::{consistency_proof, inclusion_proof};
use evidence::packet::*;
use evidence::trust::PinnedKey;
use evidence::{
    Assurance, Checkpoint, CompactRange, DisclosedRecord, Field, Hash, Record, Seed, SigningKey,
};
use packet::*;
use redaction::{Class, Policy};

pub const ORIGIN: &str = "logs.enigm.example/command/audit";
pub const VAULT: &str = "workspace-7f3a";
pub const LEDGER: &str = "workspace-7f3a/ledger/0";
/// Values that stand in withheld fields.
pub const CANARIES: [&str; 4] = [
    "m.okafor@enigm.example",
    "203.0.113.77",
    "352099001761481",
    "sk_live_51HqCanary9vTz",
];

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn stamp(text: &str) -> Stamp {
    Stamp(at(text))
}

pub fn source_key() -> SigningKey {
    SigningKey::from_seed("logs.enigm.example/command", &[7; 32]).unwrap()
}

/// The preparer's key, under the name of the custody ledger.
pub fn ledger_key() -> SigningKey {
    SigningKey::from_seed(&ledger_key_name(VAULT), &[21; 32]).unwrap()
}

/// A member's key, under their name.
fn member_key(role: Role, seed: u8) -> SigningKey {
    let unnamed = SigningKey::from_seed("x", &[seed; 32]).unwrap();
    let sign = raw_public_key(public_key_pem(unnamed.verifier_key()).as_bytes()).unwrap();
    let id = EnrolledMember::id_of(role, &sign);
    SigningKey::from_seed(&format!("{VAULT}/{id}"), &[seed; 32]).unwrap()
}

/// Who opened the workspace, and recorded most of it.
pub fn custodian_key() -> SigningKey {
    member_key(Role::Custodian, 9)
}

pub fn reviewer_key() -> SigningKey {
    member_key(Role::Reviewer, 21)
}

/// A second custodian.
pub fn approver_key() -> SigningKey {
    member_key(Role::Custodian, 22)
}

/// Id of the member whose key it is.
pub fn id_of(key: &SigningKey) -> &str {
    key.name().rsplit('/').next().unwrap()
}

/// How a packet names a custodian or reviewer.
pub fn mark(key: &SigningKey) -> String {
    let role = match id_of(key).starts_with('C') {
        true => Role::Custodian,
        false => Role::Reviewer,
    };
    member_mark(role, id_of(key))
}

fn text(value: &str) -> String {
    serde_json::to_string(value).unwrap()
}

fn record(index: u64, fields: &[(&str, String)]) -> Record {
    let mut all = vec![Field {
        path: "@schema".into(),
        value: r#"{"id":"enigm-command","version":1}"#.into(),
    }];
    all.extend(fields.iter().map(|(path, value)| Field {
        path: (*path).into(),
        value: value.clone(),
    }));
    let record = Record {
        index,
        seed: Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        fields: all,
    };
    record.check().unwrap();
    record
}

/// The source's log: (time, action, outcome).
const ACTS: [(&str, &str); 8] = [
    ("admin.session.start", "success"),
    ("admin.grant.request", "success"),
    ("admin.grant.approve", "success"),
    ("device.remove", "denied"),
    ("device.remove", "success"),
    ("session.review", "success"),
    ("policy.update", "success"),
    ("admin.session.end", "success"),
];

pub fn log(count: u64) -> Vec<Record> {
    (0..count)
        .map(|index| {
            let (act, outcome) = ACTS[index as usize % ACTS.len()];
            let time = at("2026-11-17T21:40:00Z") + Duration::seconds(index as i64 * 417);
            let who = CANARIES[0];
            record(
                index,
                &[
                    (
                        "/time",
                        text(&time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
                    ),
                    ("/action", text(act)),
                    ("/outcome", text(outcome)),
                    ("/actor/account", text(who)),
                    ("/actor/ip", text(CANARIES[1])),
                    ("/device/imei", text(CANARIES[2])),
                    ("/request/token", text(CANARIES[3])),
                ],
            )
        })
        .collect()
}

fn note(key: &SigningKey, origin: &str, leaves: &[Hash]) -> String {
    let mut tree = CompactRange::new();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    let checkpoint = Checkpoint {
        origin: origin.into(),
        size: leaves.len() as u64,
        root: tree.root(),
    };
    key.sign_note(&checkpoint.to_text()).unwrap()
}

const SHOWN: [&str; 4] = ["@schema", "/time", "/action", "/outcome"];

pub fn disclose(record: &Record) -> DisclosedRecord {
    record.disclose(|_, path| SHOWN.contains(&path))
}

fn treatments() -> Vec<FieldTreatment> {
    [
        ("/time", Class::C1, None),
        ("/action", Class::C0, None),
        ("/outcome", Class::C0, None),
        ("/actor/account", Class::C3, Some("acc-7kq2m4x9ht3vbn5e")),
        ("/actor/ip", Class::C3, Some("net-p4w8sd1f6zjc2yra")),
        ("/device/imei", Class::C4, Some("dev-3hx7tq9mk2vn5bce")),
        ("/request/token", Class::C6, Some("[secret: token]")),
    ]
    .into_iter()
    .map(|(path, class, claim)| FieldTreatment {
        path: path.into(),
        class,
        claim: claim.map(Into::into),
    })
    .collect()
}

/// A packet over records `shown` of a range [first, total) of the log.
pub fn input(first: u64, total: u64, shown: &[u64]) -> PacketInput {
    let records = log(total);
    let leaves: Vec<Hash> = records.iter().map(Record::leaf).collect();
    let mut before = CompactRange::new();
    leaves[..first as usize]
        .iter()
        .for_each(|leaf| before.push(*leaf));
    let evidence = shown
        .iter()
        .enumerate()
        .map(|(k, index)| item(k, &records[*index as usize], first, total))
        .collect();
    PacketInput {
        header: header(),
        policy: Policy::builtin_by_id("internal-audit").unwrap(),
        sections: sections(shown),
        evidence,
        proofs: vec![ProofMaterial {
            origin: ORIGIN.into(),
            first,
            last: total,
            checkpoint_note: note(&source_key(), ORIGIN, &leaves),
            frontier: before.frontier().to_vec(),
            leaves: leaves[first as usize..].to_vec(),
        }],
        custody: custody(),
        limitations: vec![
            Limitation {
                code: "silent-interval".into(),
                text: "No heartbeat between 23:10 and 23:25 UTC: what happened in that quarter of an hour is not known.".into(),
                basis: "heartbeat cadence 300 s, 3 missing".into(),
            },
            Limitation {
                code: "clock-offset".into(),
                text: "The reporter's clock was 42 s behind; times from the report are shifted.".into(),
                basis: "compared with record 12".into(),
            },
        ],
        open_gates: vec![OpenGate {
            stage: "Review".into(),
            gate: "Retention category is set".into(),
        }],
        blockers: vec![],
        withheld_values: CANARIES
            .iter()
            .map(|value| packet::Withheld {
                value: (*value).to_owned(),
                of: "evidence E-01, /subject".into(),
            })
            .collect(),
    }
}

fn item(k: usize, record: &Record, first: u64, last: u64) -> EvidenceItem {
    let reading = packet::read(&disclose(record), "", None);
    EvidenceItem {
        id: format!("E-{:04}", k + 1),
        revision: 1,
        title: reading.title,
        system: reading.system,
        origin: ORIGIN.into(),
        first,
        last,
        assurance: Assurance::SourceAnchored,
        verdict: "extends".into(),
        times: reading.times,
        imported: at("2026-11-18T08:12:44Z"),
        collected: Some(at("2026-11-18T07:55:00Z")),
        valid_until: None,
        relevance: "Shows who asked for the removal and that the first attempt was denied.".into(),
        record: disclose(record),
        fields: treatments(),
    }
}

fn header() -> PacketHeader {
    let fingerprint = reviewer_key().verifier_key().fingerprint().to_hex();
    PacketHeader {
        id: "INC-2026-0042_review".into(),
        version: 2,
        supersedes: Some(Supersedes {
            version: 1,
            packet_digest: Hash::sha256(b"the version before"),
        }),
        title: "Unplanned removal of managed devices through a delegated administrator grant"
            .into(),
        kind: PacketKind::Review,
        classification: "Confidential: internal audit".into(),
        status: "final".into(),
        purpose: "Evidence for ISO/IEC 27001 controls 5.24 to 5.28, surveillance audit 2026".into(),
        now: at("2026-11-21T09:30:00Z"),
        offices: vec![
            OfficeMark {
                part: "preparer".into(),
                office: mark(&reviewer_key()),
                fingerprint: Some(fingerprint.clone()),
            },
            OfficeMark {
                part: "reviewer".into(),
                office: format!("{}{NOT_SIGNED_OFF}", mark(&approver_key())),
                fingerprint: None,
            },
        ],
        required_signers: vec![RequiredSigner {
            fingerprint,
            role: "reviewer".into(),
        }],
    }
}

fn pin(k: usize, of: usize) -> Vec<EvidencePin> {
    if k < of {
        vec![EvidencePin {
            id: format!("E-{:04}", k + 1),
            revision: 1,
        }]
    } else {
        vec![]
    }
}

fn timeline(shown: &[u64]) -> Vec<TimelineRow> {
    let records = log(shown.iter().max().map_or(0, |last| last + 1));
    use TimelineKind::{Decision, Fact, Inference};
    [
        ("2026-11-17T21:40:00Z", Fact, "Enigm Command", "adm-7kq2m4x9ht3vbn5e", "A delegated administrator opened a session from a network not seen before."),
        ("2026-11-17T21:46:57Z", Fact, "Enigm Command", "adm-7kq2m4x9ht3vbn5e", "A grant for device removal was requested."),
        ("2026-11-17T21:53:54Z", Fact, "Enigm Command", "adm-2vn5bce3hx7tq9mk", "The grant was approved by a second administrator within seven minutes."),
        ("2026-11-17T22:00:51Z", Fact, "Enigm Command", "adm-7kq2m4x9ht3vbn5e", "A first removal was denied by policy; a second one succeeded."),
        ("2026-11-17T22:30:00Z", Inference, "Analysis", "", "The approving session was most likely left open: its last interactive action was six hours earlier."),
        ("2026-11-18T06:05:00Z", Fact, "Trust Security Center", "", "Eleven devices reported as unmanaged in the morning posture run."),
        ("2026-11-18T07:20:00Z", Decision, "Head of security operations", "", "Declared an incident of severity 2; grants frozen for all delegated administrators."),
        ("2026-11-18T09:45:00Z", Decision, "Head of security operations", "", "Both administrator sessions revoked; devices to be enrolled again from known state."),
        ("2026-11-19T16:10:00Z", Fact, "Enigm Command", "", "All eleven devices enrolled, attested and managed."),
        ("2026-11-20T10:00:00Z", Decision, "Service owner", "", "Normal operation confirmed; extra monitoring until the end of November."),
    ]
    .into_iter()
    .enumerate()
    .map(|(k, (time, kind, system, actor, what))| {
        // A fact is what a record shows, at the record's time; the rest is concluded.
        let record = shown.get(k).map(|index| &records[*index as usize]);
        let of_record: Option<String> = record.map(|r| serde_json::from_str(&r.fields[1].value).unwrap());
        let fact = kind == Fact && of_record.is_some();
        let time = of_record.filter(|_| fact).unwrap_or_else(|| time.to_owned());
        TimelineRow {
            id: format!("T-{:03}", k + 1),
            utc: Some(stamp(&time)),
            original: time.replace('Z', "+00:00"),
            kind: match kind {
                Fact if !fact => Inference,
                kind => kind,
            },
            system: system.into(),
            actor: actor.into(),
            text: what.into(),
            evidence: pin(k, shown.len()),
        }
    })
    .collect()
}

fn sections(shown: &[u64]) -> Sections {
    let of = shown.len();
    use AnalysisKind::*;
    let analysis = [
        (Trigger, "A delegated administrator removed eleven managed devices outside of a change window.", "high"),
        (RootCause, "Approval of a grant needed a second session, not a second person at the time of approval.", "high"),
        (ContributingFactor, "Administrator sessions stay valid for twelve hours without interaction.", "high"),
        (ContributingFactor, "The removal limit of five devices an hour was switched off for a migration and not switched on again.", "medium"),
        (Conclusion, "No message, key or call content was reachable with the grant that was used.", "high"),
        (RejectedHypothesis, "A stolen device key: the attestation of the administrator's device was fresh and verified.", "medium"),
        (EmptySearch, "Search for further removals by either handle between 1 and 17 November: no hit in 41,208 records.", "high"),
    ]
    .into_iter()
    .enumerate()
    .map(|(k, (kind, what, confidence))| AnalysisRow {
        id: format!("F-{:02}", k + 1),
        kind,
        text: what.into(),
        confidence: confidence.into(),
        evidence: pin(k, of),
    })
    .collect();
    let measure =
        |id: &str, stage: &str, what: &str, time: &str, status: &str, deviation: &str| MeasureRow {
            id: id.into(),
            stage: stage.into(),
            text: what.into(),
            at: Some(stamp(time)),
            authorised_by: "Head of security operations".into(),
            status: status.into(),
            until: (stage == "Containment").then(|| stamp("2026-11-30T23:59:59Z")),
            deviation: deviation.into(),
            evidence: pin(1, of),
        };
    let control =
        |id: &str, title: &str, relation: &str, claim: &str, freshness: &str, k: usize| {
            ControlRow {
                framework: "ISO/IEC 27001:2022".into(),
                control: id.into(),
                title: title.into(),
                relation: relation.into(),
                claim: claim.into(),
                freshness: freshness.into(),
                accepted_by: if claim.is_empty() {
                    String::new()
                } else {
                    "Compliance reviewer".into()
                },
                evidence: pin(k, of),
            }
        };
    Sections {
        incident: incident(),
        timeline: timeline(shown),
        analysis,
        measures: vec![
            measure("M-01", "Containment", "Delegated administrator grants frozen; approvals only by custodians in person.", "2026-11-18T07:25:00Z", "in force", "Emergency measure, authorised by telephone, reviewed the same day."),
            measure("M-02", "Containment", "Both administrator sessions revoked.", "2026-11-18T09:45:00Z", "done", ""),
            measure("M-03", "Remediation", "Approval of a grant asks for the approver's device key at that moment.", "2026-11-19T14:00:00Z", "validated", ""),
            measure("M-04", "Recovery", "Eleven devices enrolled again and attested in two groups.", "2026-11-19T16:10:00Z", "done", ""),
        ],
        waivers: vec![WaiverRow {
            stage: "Containment".into(),
            gate: "Volatile evidence preserved first".into(),
            reason: "The removed devices were already wiped when the incident was noticed; nothing volatile was left.".into(),
            by: mark(&custodian_key()),
            at: stamp("2026-11-18T09:50:00Z"),
        }],
        decisions: vec![DecisionRow {
            id: "D-01".into(),
            at: stamp("2026-11-18T07:20:00Z"),
            text: "Incident declared, severity 2.".into(),
            decided_by: "Chief information security officer".into(),
            rationale: "Managed state of eleven devices lost; no content exposed.".into(),
            attested_by: mark(&custodian_key()),
        }],
        communications: vec![CommunicationRow {
            id: "K-01".into(),
            audience: "Affected users".into(),
            subject: "Your device was removed from management and is being enrolled again".into(),
            trigger: "Severity 2, people affected".into(),
            status: "sent".into(),
            sent: Some(stamp("2026-11-18T12:00:00Z")),
            approved_by: "Communications lead".into(),
        }],
        clocks: vec![ClockRow {
            id: "CL-01".into(),
            rule: "GDPR art. 33".into(),
            rule_version: "gdpr-33 version 1".into(),
            trigger: "Personal data breach becomes known".into(),
            started: Some(stamp("2026-11-18T07:20:00Z")),
            due: Some(stamp("2026-11-21T07:20:00Z")),
            met: None,
            status: "not required: decision D-01".into(),
        }],
        lessons: vec![
            LessonRow { dimension: "Root causes".into(), text: "A second session is not a second person.".into() },
            LessonRow { dimension: "Detection effectiveness".into(), text: "Nine hours passed until the morning posture run; removals should be counted as they happen.".into() },
            LessonRow { dimension: "Response effectiveness".into(), text: "Freezing grants took five minutes once decided.".into() },
        ],
        actions: vec![ActionRow {
            id: "A-01".into(),
            title: "Switch the removal limit on again and alert when it is changed".into(),
            root_cause: "F-02".into(),
            owner: "Platform operations".into(),
            due: Some(stamp("2026-12-05T17:00:00Z")),
            status: "open".into(),
            effectiveness_check: "=Exercise: attempt six removals in an hour on the test tenant".into(),
        }],
        controls: vec![
            control("5.24", "Incident management planning and preparation", "supports", "Roles and approvals were as planned.", "in period", 0),
            control("5.26", "Response to information security incidents", "supports", "Containment within 25 minutes of declaration.", "in period", 1),
            control("5.28", "Collection of evidence", "partially", "Volatile evidence could not be preserved; everything else is source-anchored.", "in period", 2),
            control("8.2", "Privileged access rights", "contradicts", "Approval without a second person was possible.", "in period", 2),
            control("8.16", "Monitoring activities", "no evidence", "", "missing", 99),
        ],
    }
}

fn incident() -> IncidentRecord {
    let stage = |name: &str, entered: &str, left: &str, gate: &str| StageRow {
        stage: name.into(),
        entered: Some(stamp(entered)),
        left: (!left.is_empty()).then(|| stamp(left)),
        gate: gate.into(),
    };
    IncidentRecord {
        id: "INC-2026-0042".into(),
        record_version: 1,
        outcome: "declared incident".into(),
        severity: "2".into(),
        stage: "Review".into(),
        owner: "Head of security operations".into(),
        summary: "On the evening of 17 November a delegated administrator removed eleven managed devices. The grant for it was approved from another administrator's session that had been left open. The removal was noticed nine hours later in the morning posture run.\n\nDevices lost their managed state and were wiped; their users were without service for up to 34 hours. No message, key or call content was reachable with the grant that was used, and a search over the whole period found no further removals by either administrator.\n\nGrants were frozen within five minutes of the declaration. Approval of a grant now asks for the approver's device key at that moment. One gate was waived, because nothing volatile was left to preserve.".into(),
        scope: Scope {
            statement: "Administrative actions in Enigm Command and posture evaluations in Trust Security Center, for the tenant concerned.".into(),
            method: "Signed exports were imported, verified up to each source's checkpoint and examined by search over handles. Nobody had access to protected content.".into(),
            systems: vec!["Enigm Command".into(), "Trust Security Center".into(), "Enigm OS".into()],
            from: Some(stamp("2026-11-01T00:00:00Z")),
            to: Some(stamp("2026-11-20T12:00:00Z")),
        },
        severity_history: vec![
            SeverityRow { at: stamp("2026-11-18T06:40:00Z"), severity: "3".into(), criteria: "criteria 4".into(), rationale: "Several devices unmanaged, cause unknown.".into(), decided_by: "Responder on duty".into() },
            SeverityRow { at: stamp("2026-11-18T07:20:00Z"), severity: "2".into(), criteria: "criteria 4".into(), rationale: "Deliberate removal through a privileged grant.".into(), decided_by: "Chief information security officer".into() },
        ],
        times: vec![
            TimeFact { what: "Occurred".into(), utc: Some(stamp("2026-11-17T22:00:51Z")), original: "2026-11-17T22:00:51Z".into(), zone: "UTC".into(), source: "Source's record E-0001".into(), confidence: "high".into() },
            TimeFact { what: "Noticed".into(), utc: Some(stamp("2026-11-18T06:31:00Z")), original: "07:31 on 18 November".into(), zone: "Europe/Berlin".into(), source: "Responder's statement".into(), confidence: "medium".into() },
        ],
        impact: vec![
            ImpactRow { dimension: "Availability".into(), level: "moderate".into(), statement: "Eleven users without service for 9 to 34 hours.".into() },
            ImpactRow { dimension: "Confidentiality".into(), level: "none found".into(), statement: "The grant gives no access to content; none was accessed.".into() },
        ],
        stages: vec![
            stage("Detection", "2026-11-18T06:31:00Z", "2026-11-18T06:45:00Z", "met"),
            stage("Assessment", "2026-11-18T06:45:00Z", "2026-11-18T07:20:00Z", "met"),
            stage("Investigation", "2026-11-18T07:20:00Z", "2026-11-19T11:00:00Z", "met"),
            stage("Containment", "2026-11-19T11:00:00Z", "2026-11-19T11:30:00Z", "waived: 1"),
            stage("Remediation", "2026-11-19T11:30:00Z", "2026-11-19T15:00:00Z", "met"),
            stage("Recovery", "2026-11-19T15:00:00Z", "2026-11-20T10:00:00Z", "met"),
            stage("Review", "2026-11-20T10:00:00Z", "", "open"),
        ],
        metrics: vec![MetricRow { name: "Time to notice".into(), value: "8 h 30 min".into(), inputs: "Occurred (E-0001) to noticed (responder's statement)".into() }],
    }
}

/// One entry of the custody ledger, before it is disclosed.
pub struct Recorded {
    pub record: Record,
    pub signer: SigningKey,
}

/// The time of an entry.
fn recorded_at(index: u64) -> DateTime<Utc> {
    at("2026-11-18T08:12:44Z") + Duration::minutes(index as i64 * 95)
}

/// An entry with these details, signed by `signer`.
pub fn recorded(
    index: u64,
    kind: &str,
    signer: &SigningKey,
    details: &[(&str, String)],
) -> Recorded {
    let mut fields = vec![
        ("/kind", text(kind)),
        ("/at", text(&Stamp(recorded_at(index)).to_string())),
        ("/actor", text(id_of(signer))),
    ];
    fields.extend(details.iter().cloned());
    let mut record = record(index, &fields);
    record.fields[0].value = evidence::ledger::SCHEMA.into();
    Recorded {
        record,
        signer: SigningKey::from_seed(signer.name(), &seed_of(signer)).unwrap(),
    }
}

/// The seeds that [`custodian_key`] and the others are made from.
fn seed_of(key: &SigningKey) -> [u8; 32] {
    let seeds = [9, 21, 22, 77];
    let same = |seed: &u8| {
        let other = SigningKey::from_seed("x", &[*seed; 32]).unwrap();
        other.verifier_key().public_key() == key.verifier_key().public_key()
    };
    [*seeds.iter().find(|seed| same(seed)).unwrap(); 32]
}

fn enrolled(stem: &str, key: &SigningKey) -> Vec<(String, String)> {
    let role = if id_of(key).starts_with('C') {
        "custodian"
    } else {
        "reviewer"
    };
    vec![
        (format!("{stem}/id"), text(id_of(key))),
        (format!("{stem}/role"), text(role)),
        (
            format!("{stem}/sign"),
            text(&data_encoding::BASE64.encode(key.verifier_key().public_key())),
        ),
    ]
}

/// The fixture's ledger: genesis, two more members, and what was done about the incident.
pub fn ledger() -> Vec<Recorded> {
    let custodian = custodian_key();
    let incident = || ("/incident", text("INC-2026-0042"));
    let mut genesis = vec![("/detail/vault".to_owned(), text(VAULT))];
    genesis.extend(enrolled("/detail/custodian", &custodian));
    let unnamed = SigningKey::from_seed("x", &[33; 32]).unwrap();
    let sign: [u8; 32] = *unnamed.verifier_key().public_key().first_chunk().unwrap();
    genesis.extend([
        (
            "/detail/recovery/id".to_owned(),
            text(&EnrolledMember::id_of(Role::Recovery, &sign)),
        ),
        ("/detail/recovery/role".to_owned(), text("recovery")),
        (
            "/detail/recovery/sign".to_owned(),
            text(&data_encoding::BASE64.encode(&sign)),
        ),
    ]);
    let mut all: Vec<Recorded> = Vec::new();
    let mut add = |kind: &str, details: &[(String, String)], about: bool| {
        let mut given: Vec<(&str, String)> = details
            .iter()
            .map(|(path, value)| (path.as_str(), value.clone()))
            .collect();
        given.extend(about.then(incident));
        all.push(recorded(all.len() as u64, kind, &custodian, &given));
    };
    add("vault.created", &genesis, false);
    add(
        "member.enrolled",
        &enrolled("/detail/member", &reviewer_key()),
        false,
    );
    add(
        "member.enrolled",
        &enrolled("/detail/member", &approver_key()),
        false,
    );
    let note = ("/detail/note".to_owned(), text("typed words of a member"));
    add("import.verified", std::slice::from_ref(&note), false);
    add("evidence.pinned", std::slice::from_ref(&note), true);
    let event = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        fields
            .iter()
            .map(|(path, value)| (format!("/detail/event/{path}"), text(value)))
            .collect()
    };
    add(
        "incident.event",
        &event(&[
            ("event", "item-added"),
            ("id", "D-01"),
            ("list", "decisions"),
            ("item/decision", "typed words of a member"),
        ]),
        true,
    );
    let waivers = sections(&[9]).waivers;
    add(
        "incident.event",
        &event(&[
            ("event", "gate-waived"),
            ("at", &waivers[0].at.to_string()),
            ("gate", "containment.volatile-first"),
            ("reason", &waivers[0].reason),
        ]),
        true,
    );
    add("search.identity", std::slice::from_ref(&note), true);
    add("packet.planned", &[note], true);
    all
}

/// What is shown of [`ledger`]: all but the entry that is about no incident.
pub fn custody() -> CustodyExtract {
    custody_of(&ledger())
}

/// The extract of a ledger, its head signed by the preparer.
pub fn custody_of(ledger: &[Recorded]) -> CustodyExtract {
    let leaves: Vec<Hash> = ledger.iter().map(|entry| entry.record.leaf()).collect();
    let mut tree = CompactRange::new();
    let mut entries = Vec::new();
    for (entry, leaf) in ledger.iter().zip(&leaves) {
        let index = entry.record.index;
        let previous = tree.root();
        tree.push(*leaf);
        let value = |path: &str| {
            let mut fields = entry.record.fields.iter();
            let value = &fields.find(|f| f.path == path)?.value;
            serde_json::from_str::<String>(value).ok()
        };
        let act = value("/kind").unwrap();
        let of_ledger = act.starts_with("vault.") || act.starts_with("member.");
        if !of_ledger && value("/incident").is_none() {
            continue;
        }
        let message = entry_message(VAULT, 0, index, &previous, leaf);
        let signature = entry.signer.sign_bytes(&message);
        let role = if id_of(&entry.signer).starts_with('C') {
            "custodian"
        } else {
            "reviewer"
        };
        let hidden = |path: &str| path == "/detail/note";
        entries.push(CustodyEntry {
            row: CustodyRow {
                epoch: Some(0),
                index,
                at: stamp(&value("/at").unwrap()),
                note: custody_note(&act, value("/detail/event/event").as_deref(), None),
                act,
                role: role.into(),
            },
            record: entry.record.disclose(|_, path| !hidden(path)),
            proof: inclusion_proof(&leaves, index),
            signed: SignedEntry {
                epoch: 0,
                previous,
                signature: data_encoding::BASE64.encode(&signature),
                consistency: consistency_proof(&leaves, index),
            },
        });
    }
    CustodyExtract {
        checkpoint_note: note(&ledger_key(), LEDGER, &leaves),
        entries,
    }
}

pub fn written(input: &PacketInput) -> Vec<u8> {
    let prepared = prepare(input).unwrap();
    let approved = prepared
        .plan()
        .approve("Compliance reviewer", input.header.now)
        .unwrap();
    let key = reviewer_key();
    let signer = KeySigner {
        key: &key,
        role: "reviewer",
        statement: "I reviewed this extract and it is honest.",
    };
    let mut out = Vec::new();
    prepared.write(&approved, &[&signer], &mut out).unwrap();
    out
}

pub fn trust() -> PacketTrust {
    let mut trust = PacketTrust {
        signers: vec![PinnedKey(reviewer_key().verifier_key().clone())],
        ..PacketTrust::default()
    };
    trust.pin_source(ORIGIN, [source_key().verifier_key().clone()]);
    trust.pin_source(LEDGER, [ledger_key().verifier_key().clone()]);
    trust
}
