//! Does: signs a packet as somebody who is no member, or as a member in another's name: with a ledger
//! part that he made, with an entry of another's that he wrote, with a role that he gave himself.
//! Wants: a packet that verifies and says that somebody was what he was not, or did what he did not.
//! Stops it: the ledger part carries each entry's own signature and is replayed from its first entry on;
//! who is a member in which role, and who did what, is believed of that alone.

use evidence::SigningKey;
use evidence::ledger::Role;
use evidence::packet::{
    Conclusion, Layout, LedgerLine, LineName, Outcome, PACKET_FORMAT_BEFORE, PacketReport,
    PinnedWorkspace, RequiredPerson, RequiredRole, RequiredSignature,
};
use evidence::trust::Fingerprint;
use packet::{KeySigner, cosign};

use super::given::{
    Files, Recorded, VAULT, approver_key, custodian_key, custody_of, edit_packet, files, id_of,
    input, ledger, mark, pack, recorded, rederive, rederive_texts, refused, reviewer_key,
    rewritten, settle, stamp, trust,
};

/// What the reader makes of a packet over this ledger. The one who writes it skips his own check.
fn over(ledger: &[Recorded], key: &SigningKey) -> PacketReport {
    let mut input = input(9, 40, &[9]);
    input.custody = custody_of(ledger);
    let prepared = packet::prepare(&input).expect("it is laid out");
    let files = settle(prepared.files().clone(), Some(key));
    packet::verify_whole(&pack(&files), &trust())
}

fn codes(ledger: &[Recorded]) -> Vec<&'static str> {
    let mut codes = over(ledger, &reviewer_key()).failure_codes();
    codes.dedup();
    codes
}

fn text(value: &str) -> String {
    serde_json::to_string(value).expect("a string")
}

#[test]
fn unharmed_it_passes() {
    let report = over(&ledger(), &reviewer_key());
    assert!(report.passed(), "{:?}", report.failure_codes());
}

#[test]
fn a_signature_by_nobody_in_the_ledger() {
    let stranger = SigningKey::from_seed(reviewer_key().name(), &[77; 32]).expect("a key");
    let mut two = Vec::new();
    let signer = KeySigner {
        key: &stranger,
        role: "reviewer",
        statement: "Approved.",
    };
    let zip = std::io::Cursor::new(pack(&files()));
    cosign(zip, &signer, stamp("2026-11-21T09:30:00Z").0, &mut two).expect("signed");
    let report = packet::verify_whole(&two, &trust());
    assert!(report.failure_codes().contains(&"signer-not-member"));
    assert_eq!(report.conclusion(), Conclusion::Failed);
}

#[test]
fn a_member_in_another_role_or_under_another_name() {
    let signs = |key: &SigningKey, role: &str| {
        let mut two = Vec::new();
        let signer = KeySigner {
            key,
            role,
            statement: "Approved.",
        };
        let zip = std::io::Cursor::new(pack(&files()));
        cosign(zip, &signer, stamp("2026-11-21T09:30:00Z").0, &mut two).expect("signed");
        packet::verify_whole(&two, &trust()).failure_codes()
    };
    assert!(signs(&approver_key(), "custodian").is_empty());
    assert_eq!(signs(&approver_key(), "reviewer"), ["signer-role"]);
    let named = SigningKey::from_seed("ciso@enigm.example", &[22; 32]).expect("a key");
    assert_eq!(signs(&named, "custodian"), ["signer-name"]);
}

#[test]
fn an_entry_that_another_member_did_not_sign() {
    let mut forged = ledger();
    let index = forged.len() as u64;
    let details = [
        ("/detail/event/event", text("approved")),
        ("/detail/event/approved", text("review")),
        ("/incident", text("INC-2026-0042")),
    ];
    let entry = recorded(index, "incident.event", &approver_key(), &details);
    forged.push(Recorded {
        record: entry.record,
        signer: reviewer_key(),
    });
    // The fixture shows an entry under its signer's role, so that one is refused besides.
    let found = codes(&forged);
    assert_eq!(found.first(), Some(&"ledger-signature"), "{found:?}");
}

#[test]
fn a_reviewer_who_enrols() {
    let mut forged = ledger();
    let index = forged.len() as u64;
    let accomplice = SigningKey::from_seed("x", &[77; 32]).expect("a key");
    let sign: [u8; 32] = *accomplice
        .verifier_key()
        .public_key()
        .first_chunk()
        .expect("32 bytes");
    let id = evidence::ledger::EnrolledMember::id_of(Role::Custodian, &sign);
    let details = [
        ("/detail/member/id", text(&id)),
        ("/detail/member/role", text("custodian")),
        (
            "/detail/member/sign",
            text(&data_encoding::BASE64.encode(&sign)),
        ),
    ];
    forged.push(recorded(
        index,
        "member.enrolled",
        &reviewer_key(),
        &details,
    ));
    assert_eq!(codes(&forged), ["ledger-role"]);
}

#[test]
fn a_ledger_that_does_not_begin_at_its_beginning() {
    let mut short = ledger();
    // The second entry claims to be the first.
    short.remove(0);
    for (index, entry) in short.iter_mut().enumerate() {
        entry.record.index = index as u64;
    }
    assert_eq!(codes(&short).first(), Some(&"ledger-genesis"));
}

#[test]
fn a_ledger_of_his_own() {
    // A whole ledger that he made, of the same vault and with himself as custodian and reviewer: it
    // holds in itself, and leads to nobody whom the reader named.
    let mut own = ledger();
    own[0].record.fields.push(evidence::Field {
        path: "/detail/made".into(),
        value: text("anew"),
    });
    let genesis = |ledger: &[Recorded]| ledger[0].record.leaf();
    let mut input = input(9, 40, &[9]);
    input.custody = custody_of(&own);
    let prepared = packet::prepare(&input).expect("it is laid out");
    let zip = pack(&settle(prepared.files().clone(), Some(&reviewer_key())));
    let mut named = trust();
    named.signers.clear();
    named.workspaces = vec![PinnedWorkspace {
        vault: VAULT.into(),
        genesis: genesis(&ledger()),
    }];
    let report = packet::verify_whole(&zip, &named);
    assert_eq!(report.failure_codes(), ["foreign-workspace"]);
    named.workspaces[0].genesis = genesis(&own);
    assert!(packet::verify_whole(&zip, &named).passed());
    named.workspaces[0].vault = "workspace-0000".into();
    let report = packet::verify_whole(&zip, &named);
    assert_eq!(report.conclusion(), Conclusion::NotTrusted);
}

/// Edits one line of the ledger part.
fn line(number: usize, edit: impl FnOnce(&mut LedgerLine)) -> Files {
    let mut files = files();
    let ledger = files[Layout::LEDGER].clone();
    let mut lines: Vec<LedgerLine> = ledger
        .split_inclusive(|b| *b == b'\n')
        .map(|line| serde_json::from_slice(line).expect("a line"))
        .collect();
    edit(&mut lines[number]);
    let bytes = lines.iter().flat_map(|line| line.to_bytes().expect("JSON"));
    files.insert(Layout::LEDGER.into(), bytes.collect());
    files
}

#[test]
fn an_entry_of_another_history() {
    let verify = |files: Files| {
        let zip = pack(&settle(files, Some(&reviewer_key())));
        packet::verify_whole(&zip, &trust()).failure_codes()
    };
    let other = line(4, |line| {
        let signed = line.signed.as_mut().expect("a signature");
        signed.previous = evidence::Hash::sha256(b"another log");
    });
    assert_eq!(verify(other), ["ledger-previous"]);
    let stripped = line(4, |line| line.signed = None);
    assert_eq!(verify(stripped), ["ledger-index"]);
    let epoch = line(4, |line| {
        line.signed.as_mut().expect("a signature").epoch = 1
    });
    assert_eq!(verify(epoch), ["ledger-index"]);
}

#[test]
fn what_another_member_is_said_to_have_done() {
    // In the custodian's name: a decision, an approval, a measure, a severity, a time.
    refused("attribution", |packet| {
        packet.decisions[0].decided_by = mark(&custodian_key());
        packet.decisions[0].text = "Nothing was found.".into();
    });
    refused("attribution", |packet| {
        packet.waivers[0].reason = "The custodian saw no need.".into();
    });
    refused("attribution", |packet| {
        packet.communications[0].approved_by = mark(&custodian_key());
    });
    refused("attribution", |packet| {
        packet.measures[0].authorised_by = mark(&custodian_key());
    });
    refused("attribution", |packet| {
        packet.incident.severity_history[0].decided_by = mark(&custodian_key());
    });
    refused("attribution", |packet| {
        packet.incident.times[1].source = format!("entered by {}", mark(&custodian_key()));
    });
    // As stated by somebody who does not sign it, and in words around a member's name.
    refused("attribution", |packet| {
        let stated = format!(
            "{}, as stated by {}",
            mark(&custodian_key()),
            mark(&approver_key())
        );
        packet.measures[0].authorised_by = stated;
    });
    refused("attribution", |packet| {
        packet.measures[0].authorised_by = format!("{}, in person", id_of(&custodian_key()));
    });
}

#[test]
fn what_the_signer_states_is_marked_as_theirs() {
    let said = format!(
        "{}, as stated by {}",
        mark(&custodian_key()),
        mark(&reviewer_key())
    );
    let zip = rewritten(|packet| packet.measures[0].authorised_by = said);
    assert!(packet::verify_whole(&zip, &trust()).passed());
    // The one who writes packets marks it by himself.
    let mut input = input(9, 40, &[9]);
    input.sections.measures[0].authorised_by = mark(&custodian_key());
    let prepared = packet::prepare(&input).expect("it is laid out");
    let shown = &prepared.packet().measures[0].authorised_by;
    assert_eq!(
        *shown,
        format!(
            "{}, as stated by {}",
            mark(&custodian_key()),
            mark(&reviewer_key())
        )
    );
}

#[test]
fn a_role_in_a_custody_row() {
    refused("custody-role", |packet| {
        packet.custody.entries[3].role = "responder".into();
    });
}

#[test]
fn who_must_sign_is_the_reader_s_to_say() {
    let zip = pack(&files());
    let asks = |require: Vec<RequiredSignature>, zip: &[u8]| {
        let mut trust = trust();
        trust.require = require;
        packet::verify_whole(zip, &trust)
    };
    let role = |role, count| RequiredSignature::Role(RequiredRole { role, count });
    let person = |key: &SigningKey| {
        let key = Fingerprint::of(key.verifier_key());
        RequiredSignature::Person(RequiredPerson { key })
    };
    assert!(asks(vec![role(Role::Reviewer, 1)], &zip).passed());
    assert!(asks(vec![person(&reviewer_key())], &zip).passed());
    for asked in [
        role(Role::Custodian, 1),
        role(Role::Reviewer, 2),
        person(&approver_key()),
    ] {
        let report = asks(vec![asked], &zip);
        assert_eq!(report.failure_codes(), ["signature-required"]);
        assert!(!report.trusted);
    }
    let mut two = Vec::new();
    let approver = approver_key();
    let signer = KeySigner {
        key: &approver,
        role: "custodian",
        statement: "Approved.",
    };
    let time = stamp("2026-11-21T09:30:00Z").0;
    cosign(std::io::Cursor::new(&zip), &signer, time, &mut two).expect("signed");
    let all = vec![
        role(Role::Custodian, 1),
        role(Role::Reviewer, 1),
        person(&approver),
    ];
    assert!(asks(all, &two).passed());
}

#[test]
fn a_packet_of_the_format_before_proves_no_members() {
    let mut files = files();
    let ledger = files[Layout::LEDGER].clone();
    let bytes = ledger.split_inclusive(|b| *b == b'\n').flat_map(|line| {
        let mut line: LedgerLine = serde_json::from_slice(line).expect("a line");
        line.signed = None;
        line.to_bytes().expect("JSON")
    });
    files.insert(Layout::LEDGER.into(), bytes.collect());
    edit_packet(&mut files, |packet| {
        packet.format = PACKET_FORMAT_BEFORE.into();
        for row in &mut packet.custody.entries {
            row.epoch = None;
        }
    });
    rederive_texts(&mut files);
    rederive(&mut files);
    let zip = pack(&settle(files, Some(&reviewer_key())));
    let report = packet::verify_whole(&zip, &trust());
    assert_eq!(report.failure_codes(), Vec::<&str>::new());
    assert_eq!(report.conclusion(), Conclusion::NotChecked);
    let content = report.line(LineName::Content);
    let members = content.checks.iter().find(|check| check.name == "members");
    assert_eq!(members.map(|check| check.outcome), Some(Outcome::NotRun));
}
