//! What a receiver relies on: deterministic bytes, five lines, and every
//! change found with its own reason.

#![allow(clippy::print_stdout)] // says when openssl is not present

mod common;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::process::Command;
use std::sync::OnceLock;

use common::edits::*;
use common::*;
use evidence::packet::*;
use evidence::{Hash, SigningKey};
use packet::*;

fn zip() -> &'static Vec<u8> {
    static ZIP: OnceLock<Vec<u8>> = OnceLock::new();
    ZIP.get_or_init(|| written(&input(9, 40, &[9, 10, 13])))
}

fn files() -> Files {
    read_container(&mut Cursor::new(zip())).unwrap()
}

#[test]
fn five_lines_and_never_one_tick() {
    let report = packet::verify(Cursor::new(zip()), &trust()).unwrap();
    let lines: Vec<_> = report
        .lines
        .iter()
        .map(|line| (line.name.word(), line.status))
        .collect();
    assert_eq!(
        lines,
        [
            ("integrity", Status::Ok),
            ("signatures", Status::Ok),
            ("signers trusted?", Status::Ok),
            ("time attested?", Status::NotAttested),
            ("content", Status::Ok),
        ]
    );
    assert!(report.passed());

    // Without a list of keys nothing is said about signers, and that is said.
    let report = packet::verify(Cursor::new(zip()), &PacketTrust::default()).unwrap();
    assert_eq!(report.line(LineName::Signers).status, Status::NotTrusted);
    let notes: Vec<_> = report
        .line(LineName::Signers)
        .findings
        .iter()
        .map(|f| f.code)
        .collect();
    assert_eq!(
        notes,
        [
            "source-key-not-pinned",
            "source-key-not-pinned",
            "signer-not-named"
        ]
    );
    assert_eq!(report.conclusion(), Conclusion::NotTrusted);
    assert!(!report.trusted && !report.passed());
}

#[test]
fn same_input_same_bytes() {
    assert_eq!(&written(&input(9, 40, &[9, 10, 13])), zip());
}

#[test]
fn a_whole_log_and_an_empty_packet_verify() {
    for (first, total, shown) in [(0, 16, vec![0, 15]), (5, 6, vec![5]), (3, 21, vec![])] {
        let zip = written(&input(first, total, &shown));
        assert!(codes(&zip, &trust()).is_empty(), "{first} {total}");
    }
}

#[test]
fn a_range_too_long_to_list_is_proved_record_by_record() {
    let mut input = input(3, 12, &[4, 9]);
    // A long range without building one: 200,001 leaves after the real ones.
    let extra = 200_001_u64;
    let filler: Vec<Hash> = (0..extra).map(|k| Hash::sha256(&k.to_be_bytes())).collect();
    let material = &mut input.proofs[0];
    material.leaves.extend(&filler);
    material.last += extra;
    let mut tree = evidence::CompactRange::from_frontier(3, material.frontier.clone()).unwrap();
    material.leaves.iter().for_each(|leaf| tree.push(*leaf));
    let checkpoint = evidence::Checkpoint {
        origin: ORIGIN.into(),
        size: material.last,
        root: tree.root(),
    };
    material.checkpoint_note = source_key().sign_note(&checkpoint.to_text()).unwrap();
    let last = material.last;
    input.evidence.iter_mut().for_each(|item| item.last = last);
    let zip = written(&input);
    assert!(codes(&zip, &trust()).is_empty());
    let mut files = read_container(&mut Cursor::new(&zip)).unwrap();
    let packet: PacketJson = serde_json::from_slice(&files[Layout::PACKET]).unwrap();
    assert!(
        packet.proofs[0]
            .completeness
            .ends_with("completeness not proven")
    );
    let name = format!("{}inclusion.json", Layout::proofs(ORIGIN, 3, last));
    edit_text(
        &mut files,
        &name,
        "\"path\":[\"",
        "\"path\":[\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"",
    );
    let files = settle(files, Some(&reviewer_key()));
    assert_eq!(codes(&pack(&files), &trust()), ["record-not-in-range"]);
}

#[test]
fn every_mutation_has_its_own_reason() {
    let reviewer = reviewer_key();
    let folder = Layout::proofs(ORIGIN, 9, 40);
    let signature = |part: &str| {
        format!(
            "signatures/{}.{part}",
            reviewer.verifier_key().fingerprint().to_hex()
        )
    };
    let record = |id: &str| Layout::evidence(id);
    let mut seen: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    let mut expect = |name: &'static str, files: &Files, code: &'static str| {
        let found = codes(&pack(files), &trust());
        assert_eq!(found.first(), Some(&code), "{name}: {found:?}");
        assert_eq!(
            seen.insert(code, name),
            None,
            "{name}: {code} is not its own reason"
        );
    };
    // In the first group the attacker has no key; in the second the packet's
    // own signer lies, so that only the content can object.
    let mut f = files();
    edit_text(&mut f, Layout::README, "Muniment packet", "Muniment Packet");
    expect("edit", &f, "digest-mismatch");

    let f = settle(f, None);
    expect("edit and re-manifest", &f, "signature-other-manifest");

    let mut f = files();
    f.insert("data/extra.txt".into(), b"x".to_vec());
    expect("add", &f, "unlisted-file");
    expect(
        "add and list",
        &settle(f, Some(&reviewer)),
        "outside-layout",
    );

    let mut f = files();
    f.remove(&Layout::table("clocks"));
    expect("remove", &f, "listed-but-absent");
    expect(
        "remove and re-manifest",
        &settle(f, Some(&reviewer)),
        "missing-file",
    );

    let mut f = files();
    let data = f.remove(&record("E-0002")).unwrap();
    f.insert(record("E-9999"), data);
    let found = codes(&pack(&f), &trust());
    assert!(
        found.contains(&"unlisted-file") && found.contains(&"listed-but-absent"),
        "rename: {found:?}"
    );

    let mut f = files();
    let other = settle(files(), Some(&approver_key()));
    let theirs = other
        .iter()
        .find(|(name, _)| name.ends_with(".sig"))
        .unwrap()
        .1
        .clone();
    f.insert(signature("sig"), theirs);
    expect("swap a signature", &f, "signature-differs");

    let mut f = files();
    f.retain(|name, _| !name.starts_with("signatures/"));
    expect("strip a signature", &f, "missing-signer");

    let mut f = files();
    f.remove(&signature("pae"));
    expect("strip a part of it", &f, "signature-incomplete");

    let mut f = files();
    f.insert("manifest-md5.txt".into(), b"".to_vec());
    expect("downgrade a hash", &f, "extra-manifest");

    let mut f = files();
    f.insert(
        "fetch.txt".into(),
        b"https://example.com/ - data/x\n".to_vec(),
    );
    expect("fetch from elsewhere", &f, "fetch-file");

    let mut f = files();
    let mut packet: PacketJson = serde_json::from_slice(&f[Layout::PACKET]).unwrap();
    packet.incident.severity = "4".into();
    let pdf = render_report(&packet, &packet.to_bytes().unwrap()).unwrap();
    f.insert(Layout::REPORT.into(), pdf);
    expect("PDF only", &settle(f, Some(&reviewer)), "report-pages");

    let mut f = files();
    edit_packet(&mut f, |packet| packet.evidence[0].disclosed += 1);
    rederive(&mut f);
    expect("JSON only", &settle(f, Some(&reviewer)), "record-counts");

    let mut f = files();
    edit_text(&mut f, &Layout::table("timeline"), "T-002", "T-020");
    expect("CSV only", &settle(f, Some(&reviewer)), "table-differs");

    let mut f = files();
    let mut entry: DisclosedEntry = serde_json::from_slice(&f[&record("E-0001")]).unwrap();
    let hidden: Vec<usize> = (0..entry.record.fields.len())
        .filter(|k| entry.record.fields[*k].value.is_none())
        .collect();
    let (a, b) = (hidden[0], hidden[1]);
    let commitment = entry.record.fields[a].commitment;
    entry.record.fields[a].commitment = entry.record.fields[b].commitment;
    entry.record.fields[b].commitment = commitment;
    f.insert(record("E-0001"), entry.to_bytes().unwrap());
    expect(
        "swap two fields' commitments",
        &settle(f, Some(&reviewer)),
        "record-leaf",
    );

    let mut f = files();
    let forged = {
        let mut records = log(40);
        records[9].fields[3].value = "\"denied\"".into();
        disclose(&records[9])
    };
    let leaf = forged.leaf().unwrap();
    let entry = DisclosedEntry {
        format: DisclosedEntry::FORMAT.into(),
        id: "E-0001".into(),
        origin: ORIGIN.into(),
        index: 9,
        record: forged,
    };
    f.insert(record("E-0001"), entry.to_bytes().unwrap());
    edit_packet(&mut f, |packet| packet.evidence[0].leaf = leaf);
    rederive(&mut f);
    expect(
        "substitute a record",
        &settle(f, Some(&reviewer)),
        "record-not-in-range",
    );

    let mut f = files();
    let leaves = format!("{folder}leaves");
    let short = f[&leaves][..30 * 32].to_vec();
    f.insert(leaves.clone(), short);
    expect("drop a leaf", &settle(f, Some(&reviewer)), "leaves-count");

    let mut f = files();
    f.get_mut(&leaves).unwrap()[7 * 32] ^= 1;
    expect("change a leaf", &settle(f, Some(&reviewer)), "range-root");

    let mut f = files();
    let older = input(0, 39, &[]).proofs[0].checkpoint_note.clone();
    f.insert(format!("{folder}checkpoint"), older.into_bytes());
    expect(
        "older checkpoint",
        &settle(f, Some(&reviewer)),
        "checkpoint-size",
    );

    let mut f = files();
    let note = String::from_utf8(f[&format!("{folder}checkpoint")].clone()).unwrap();
    let body = note.split("\n\n").next().unwrap().to_owned() + "\n";
    let forged = SigningKey::from_seed("logs.enigm.example/command", &[66; 32]).unwrap();
    f.insert(
        format!("{folder}checkpoint"),
        forged.sign_note(&body).unwrap().into_bytes(),
    );
    expect(
        "source key forged under a known name",
        &settle(f, Some(&reviewer)),
        "source-foreign-key",
    );

    let foreign = SigningKey::from_seed(reviewer.name(), &[99; 32]).unwrap();
    let mut f = files();
    let fingerprint = foreign.verifier_key().fingerprint().to_hex();
    edit_packet(&mut f, |packet| {
        packet.required_signers[0].fingerprint = fingerprint
    });
    rederive(&mut f);
    let f = settle(f, Some(&foreign));
    assert!(codes(&pack(&f), &trust()).contains(&"foreign-key-known-name"));
    expect("foreign key under a known name", &f, "signer-not-member");

    let mut f = files();
    let ledger = String::from_utf8(f[Layout::LEDGER].clone()).unwrap();
    let cut: String = ledger
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    f.insert(Layout::LEDGER.into(), cut.into_bytes());
    expect(
        "truncated ledger",
        &settle(f, Some(&reviewer)),
        "ledger-truncated",
    );

    let mut f = files();
    edit_text(&mut f, Layout::LEDGER, "evidence.pinned", "evidence.placed");
    expect("edited ledger", &settle(f, Some(&reviewer)), "ledger-proof");

    let mut f = files();
    edit_packet(&mut f, |packet| {
        packet.custody.entries[0].at = stamp("2026-11-18T00:00:00Z")
    });
    rederive(&mut f);
    expect(
        "custody time moved",
        &settle(f, Some(&reviewer)),
        "custody-row",
    );

    let mut f = files();
    let seed = format!("\"seed\": \"{}\",\n    \"fields\"", "A".repeat(43));
    edit_text(&mut f, &record("E-0001"), "\"fields\"", &seed);
    expect(
        "seed included",
        &settle(f, Some(&reviewer)),
        "seed-included",
    );

    let mut f = files();
    edit_packet(&mut f, |packet| packet.analysis[0].evidence[0].revision = 7);
    rederive(&mut f);
    expect(
        "conclusion on an unknown revision",
        &settle(f, Some(&reviewer)),
        "pin-unknown",
    );

    let mut f = files();
    edit_packet(&mut f, |packet| {
        packet.evidence[0].times[0].utc = Some(stamp("2026-11-17T20:00:00Z"))
    });
    rederive(&mut f);
    expect("time moved", &settle(f, Some(&reviewer)), "record-time");

    let mut f = files();
    edit_packet(&mut f, |packet| packet.redactions[0].count += 1);
    rederive(&mut f);
    expect(
        "redaction log padded",
        &settle(f, Some(&reviewer)),
        "redaction-count",
    );

    let mut f = files();
    edit_packet(&mut f, |packet| packet.limitations.clear());
    rederive(&mut f);
    expect(
        "limitations removed",
        &settle(f, Some(&reviewer)),
        "no-limitations",
    );

    let mut f = files();
    edit_packet(&mut f, |packet| {
        packet.proofs[0].completeness = "all records shown".into()
    });
    rederive(&mut f);
    expect(
        "completeness overstated",
        &settle(f, Some(&reviewer)),
        "range-count",
    );

    let mut f = files();
    f.insert("../data/x".into(), b"x".to_vec());
    expect("path escape", &f, "path-escape");

    let mut f = files();
    f.insert("data/Packet.json".into(), b"x".to_vec());
    expect("case collision", &f, "case-collision");

    // Reasons that the writer cannot be made to give: bytes of the container.
    let mut raw = |name: &'static str, zip: Vec<u8>, code: &'static str| {
        let found = codes(&zip, &trust());
        assert_eq!(found.first(), Some(&code), "{name}: {found:?}");
        assert_eq!(
            seen.insert(code, name),
            None,
            "{name}: {code} is not its own reason"
        );
    };
    let mut z = zip().clone();
    z.extend_from_slice(b"stray");
    raw("stray bytes", z, "zip-stray-bytes");
    let mut z = zip().clone();
    let end = z.len();
    z[end - 2] = 3;
    z.extend_from_slice(b"hey");
    raw("comment", z, "zip-comment");
    raw("cut off", zip()[..zip().len() - 30].to_vec(), "not-a-zip");
    let z = replace_all(zip(), b"data/tables/clocks.csv", b"data/packet.json/../xx");
    assert!(codes(&z, &trust()).contains(&"path-escape"));
    let z = replace_all(zip(), b"data/VERIFY.txt", b"data/README.txt");
    raw("duplicate entry", z, "duplicate-entry");
    let mut z = zip().clone();
    let at = find(&z, b"PK\x01\x02");
    z[at + 38 + 3] = 0xa1;
    raw("link", z, "link-entry");
    let mut z = zip().clone();
    z[10] ^= 1;
    raw("headers disagree", z, "zip-headers-disagree");
    assert!(seen.len() >= 30, "{}", seen.len());
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack
        .windows(needle.len())
        .position(|w| w == needle)
        .unwrap()
}

/// Replaces a name in both headers; the same length keeps offsets.
fn replace_all(zip: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = zip.to_vec();
    let manifest = find(&out, b"Payload-Oxum");
    for at in 0..out.len() - from.len() {
        if &out[at..at + from.len()] == from && (at < manifest || zip[at - 1] != b' ') {
            out[at..at + to.len()].copy_from_slice(to);
        }
    }
    out
}

/// Small deterministic generator for positions and bits.
fn numbers(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn any_single_changed_byte_is_found() {
    let trust = trust();
    let mut next = numbers(0x9e37_79b9_7f4a_7c15);
    let len = zip().len() as u64;
    // A sample of the whole, and a denser one of headers, directory and
    // signatures. A debug build checks a tenth; the evidence crate flips every
    // bit of a small container besides.
    let dense = if cfg!(debug_assertions) { 10 } else { 1 };
    let mut places: Vec<u64> = (0..2500 / dense).map(|_| next() % len).collect();
    let directory = find(zip(), b"PK\x01\x02") as u64;
    places.extend((directory..len).step_by(5 * dense as usize));
    let signatures = find(zip(), b"signatures/") as u64;
    places.extend((signatures - 30..signatures + 2200).step_by(5 * dense as usize));
    places.extend((0..200).step_by(dense as usize));
    let mut copy = zip().clone();
    for at in places {
        let at = at as usize;
        let change = 1 << (next() % 8);
        copy[at] ^= change;
        assert!(
            !verify_whole(&copy, &trust).passed(),
            "byte {at} ^ {change}"
        );
        copy[at] ^= change;
    }
    assert!(verify_whole(&copy, &trust).passed());
}

#[test]
fn pages_that_say_something_else_are_found() {
    let mut f = files();
    let mut packet: PacketJson = serde_json::from_slice(&f[Layout::PACKET]).unwrap();
    let json = f[Layout::PACKET].clone();
    // Same attachment and keywords, other pages: only rendering again tells.
    packet.incident.summary = "All went well.".into();
    let pdf = render_report(&packet, &json).unwrap();
    f.insert(Layout::REPORT.into(), pdf);
    let forged = pack(&settle(f, Some(&reviewer_key())));
    // The template reads the JSON given, so the summary did not move.
    assert!(
        packet::verify(Cursor::new(&forged), &trust())
            .unwrap()
            .passed()
    );

    let mut f = files();
    let pdf = f[Layout::REPORT].clone();
    let mut document = lopdf::Document::load_mem(&pdf).unwrap();
    document.delete_pages(&[2]);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    f.insert(Layout::REPORT.into(), out);
    let forged = pack(&settle(f, Some(&reviewer_key())));
    let report = packet::verify(Cursor::new(&forged), &trust()).unwrap();
    assert_eq!(report.failure_codes(), ["report-pages"]);
}

#[test]
fn several_sign_and_a_stripped_approver_shows() {
    let mut input = input(0, 12, &[3]);
    let approver = approver_key();
    let fingerprint = approver.verifier_key().fingerprint().to_hex();
    input.header.required_signers.push(RequiredSigner {
        fingerprint: fingerprint.clone(),
        role: "custodian".into(),
    });
    let one = written(&input);
    assert_eq!(codes(&one, &PacketTrust::default()), ["missing-signer"]);
    let signer = KeySigner {
        key: &approver,
        role: "custodian",
        statement: "Approved for release.",
    };
    let mut two = Vec::new();
    cosign(Cursor::new(&one), &signer, input.header.now, &mut two).unwrap();
    assert!(codes(&two, &PacketTrust::default()).is_empty());
    // With a list that has the reviewer only, the approver is a member nobody named.
    let report = verify_whole(&two, &trust());
    assert!(report.passed());
    let noted = &report.line(LineName::Signers).findings;
    assert!(noted.iter().any(|f| f.code == "signer-not-named"));
    let mut files = read_container(&mut Cursor::new(&two)).unwrap();
    files.retain(|name, _| !name.contains(&fingerprint));
    assert_eq!(
        codes(&pack(&files), &PacketTrust::default()),
        ["missing-signer"]
    );
}

#[test]
fn openssl_and_sha256sum_agree() {
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var("CI").is_err(), "openssl is not present");
        println!("openssl not present");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, data) in files() {
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
    let run = |program: &str, args: &[&str]| {
        let out = Command::new(program)
            .args(args)
            .current_dir(folder.path())
            .output()
            .unwrap();
        (
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
        )
    };
    for manifest in [Layout::MANIFEST, Layout::TAG_MANIFEST] {
        assert!(run("sha256sum", &["--strict", "-c", manifest]).0);
    }
    let fingerprint = reviewer_key().verifier_key().fingerprint().to_hex();
    let base = format!("signatures/{fingerprint}");
    let (pae, sig, key) = (
        format!("{base}.pae"),
        format!("{base}.sig"),
        format!("{base}.pub.pem"),
    );
    let args = [
        "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &key, "-in", &pae, "-sigfile", &sig,
    ];
    assert!(run("openssl", &args).0);
    // The commands of VERIFY.txt, as printed.
    let command = format!(
        "(printf '\\001'; openssl pkey -pubin -in {key} -outform DER | tail -c 32) | sha256sum; \
         grep -a -o '\"tagManifest\":\"[0-9a-f]*\"' {pae}; sha256sum {}",
        Layout::TAG_MANIFEST
    );
    let (_, out) = run("sh", &["-c", &command]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(&lines[0][..64], fingerprint);
    assert!(lines[1].contains(&lines[2][..64]));
    std::fs::write(folder.path().join(&pae), b"DSSEv1 other").unwrap();
    assert!(!run("openssl", &args).0);
}

#[test]
fn nothing_withheld_is_anywhere_and_the_scanner_would_see_it() {
    let canaries: Vec<String> = CANARIES.iter().map(|c| (*c).to_owned()).collect();
    assert_eq!(leak_check(Cursor::new(zip()), &canaries).unwrap(), []);
    // A control value planted in a text is seen in JSON, table and PDF page.
    let mut planted = input(9, 40, &[9]);
    planted
        .sections
        .incident
        .summary
        .push_str(" Seen from 203.0.113.77 again.");
    planted.sections.timeline[0]
        .text
        .push_str(" by m.okafor@enigm.example");
    let plan = plan(&planted).unwrap();
    let layers: Vec<(&str, &str)> = plan
        .leak_check
        .hits
        .iter()
        .map(|hit| {
            (
                hit.file.as_str(),
                hit.layer.split(' ').nth(1).unwrap_or("bytes"),
            )
        })
        .collect();
    assert!(layers.contains(&(Layout::PACKET, "bytes")), "{layers:?}");
    assert!(
        layers.contains(&("data/tables/timeline.csv", "bytes")),
        "{layers:?}"
    );
    assert!(layers.contains(&(Layout::REPORT, "page")), "{layers:?}");
    assert!(!plan.may_be_approved());
    assert!(plan.approve("reviewer", planted.header.now).is_err());
    let shown = format!("{planted:?} {:?}", plan.leak_check);
    assert!(CANARIES.iter().all(|canary| !shown.contains(canary)));
}

#[test]
fn a_plan_names_exactly_what_is_written() {
    let mut input = input(9, 40, &[9, 10]);
    let approved = plan(&input)
        .unwrap()
        .approve("Reviewer", input.header.now)
        .unwrap();
    let key = reviewer_key();
    let signer = KeySigner {
        key: &key,
        role: "reviewer",
        statement: "x",
    };
    input.sections.incident.outcome = "not an incident".into();
    let mut out = Vec::new();
    let error = write(&input, &approved, &[&signer], &mut out).unwrap_err();
    assert!(matches!(error, PacketError::PlanChanged), "{error}");
    assert!(out.is_empty());
}

#[test]
fn a_field_the_policy_withholds_blocks() {
    let mut input = input(9, 40, &[9]);
    input.evidence[0].record = log(40)[9].disclose(|_, path| path != "/request/token");
    input.withheld_values.clear();
    let plan = plan(&input).unwrap();
    let blocked: Vec<&str> = plan.blockers.iter().map(|b| b.place.as_str()).collect();
    assert_eq!(
        blocked,
        [
            "evidence E-0001 /actor/account",
            "evidence E-0001 /actor/ip",
            "evidence E-0001 /device/imei"
        ]
    );
}

#[test]
fn cells_never_run_in_a_spreadsheet() {
    let text = String::from_utf8(files()[&Layout::table("actions")].clone()).unwrap();
    assert!(text.contains(",'=Exercise"), "{text}");
    for (cell, written) in [
        ("=1+1", "'=1+1"),
        (" @SUM(A1)", "' @SUM(A1)"),
        ("a,b", "\"a,b\""),
        ("say \"x\"", "\"say \"\"x\"\"\""),
        ("plain", "plain"),
    ] {
        assert_eq!(csv_cell(cell), written);
    }
}

#[test]
fn generated_schema_of_packets_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../schemas/packet-2.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(PacketJson)).unwrap() + "\n";
    if std::env::var_os("MUNIMENT_UPDATE").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == schema,
        "run with MUNIMENT_UPDATE=1 and commit schemas/packet-2.schema.json"
    );
}
