//! The whole way in one process: the sample case opens, its story is found, what must never be
//! seen is nowhere, roles and gates refuse, and a packet is planned, written and checked.

use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use muniment_tests::programs::Terminal;
use muniment_tests::shapes;
use rand_core::SeedableRng as _;
use sample::EXPOSED;
use serde_json::{Value, json};
use workbench::view::{OpenIncident, PinKey, SampleView, SearchRequest, SearchView};
use workbench::{Code, Environment, Error, Workbench};

/// A workbench whose clock goes on by a second at every look, from 2026-11-20 on, and whose
/// randomness follows from a seed. Its folders are those of a terminal at `home`.
fn workbench(home: &Path) -> Workbench {
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicU64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state/muniment"),
        home.join("data/muniment"),
    );
    environment.argon2_kib = 65_536;
    Workbench::new(environment)
}

async fn search(bench: &Workbench, query: &str) -> SearchView {
    let request = SearchRequest {
        query: query.into(),
        limit: 1_000,
        ..SearchRequest::default()
    };
    bench.search_records(request).await.expect("a query")
}

/// Whichever of the values that must never be seen stand in these bytes, as written, in other
/// letter case or escaped.
fn exposed(bytes: &[u8]) -> Vec<&'static str> {
    let lower = bytes.to_ascii_lowercase();
    let has = |needle: &str| {
        let needle = needle.to_ascii_lowercase();
        lower
            .windows(needle.len())
            .any(|window| window == needle.as_bytes())
    };
    EXPOSED
        .into_iter()
        .filter(|value| has(value) || has(&value.replace('+', "%2b").replace('@', "%40")))
        .collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Everything in a ZIP, unpacked.
fn unpacked(zip: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(zip).expect("a file");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    (0..zip.len())
        .map(|number| {
            let mut file = zip.by_index(number).expect("an entry");
            let name = file.name().expect("a name").into_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("readable");
            if name.ends_with(".zst") {
                bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
            }
            (name, bytes)
        })
        .collect()
}

fn json_of(view: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(view).expect("a view is JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_case_from_its_first_start_to_a_packet() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let bench = workbench(home);
    let case = bench.open_sample().await.expect("the sample case");
    let dir = PathBuf::from(&case.workspace.dir);
    let further: Vec<String> = files(Path::new(&case.exports))
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(further.len(), 2);

    let records = its_state(&bench, &case).await;
    let suspicious = the_story_is_found(&bench).await;
    nothing_exposed_is_shown(&bench, &case, records).await;
    a_reviewer_reads_and_does_not_change(&bench, &case, &further).await;
    late_exports_fill_the_gap(&bench, &further).await;
    let whole = the_whole_story_is_handed_over(&bench, home).await;
    let incident = gates_refuse(&bench, &suspicious).await;
    let packet = home.join("review.zip");
    a_packet_is_written_as_planned(&bench, &incident, &packet).await;
    // What a reader gets by another way than the packet.
    let keys = home.join("keys.json");
    let saved = bench.packet_keys_save(keys.display().to_string()).await;
    saved.expect("the reader's trust file");
    for packet in whole {
        let report = workbench::verify(&packet, Some(&keys)).expect("readable");
        assert_eq!(
            report.outcome,
            "passed",
            "{}: {report:#?}",
            packet.display()
        );
    }

    bench.lock().await.expect("locked");
    nothing_exposed_is_on_the_disk_or_in_the_terminal(home, &dir, &case);
    a_changed_packet_fails(&packet, &keys);
}

async fn its_state(bench: &Workbench, case: &SampleView) -> u32 {
    assert!(case.workspace.sample);
    assert_eq!(case.workspace.me.role, "custodian");
    let overview = bench.overview().await.expect("an overview");
    assert_eq!(overview.quarantined, 1, "the tampered copy");
    assert_eq!(overview.origins_gap, 1, "the export that was kept back");
    assert_eq!(overview.origins_pending, 1, "the second fleet");
    assert_eq!(overview.index_behind, 0);
    let all = search(bench, "").await;
    assert_eq!(all.total, overview.records);
    assert!(all.total > 8_000);
    all.total
}

/// Numbers of the records that a responder would pin.
async fn the_story_is_found(bench: &Workbench) -> Vec<u32> {
    let triggered = search(bench, "action:emergency.triggered").await;
    let revoked = search(bench, "action:key.revoked /reason/code:lost").await;
    let degraded = search(bench, "/state/security:compromised").await;
    assert!(triggered.total >= 4, "{}", triggered.total);
    assert!(revoked.total >= 1 && degraded.total >= 1);
    // The key that was revoked is the one that triggered nonetheless, and afterwards.
    let told = revoked.rows.iter().find_map(|revoked| {
        let key = revoked.subject.clone()?;
        let after = (triggered.rows.iter())
            .filter(|row| row.subject == Some(key.clone()) && row.occurred > revoked.occurred)
            .count();
        (after > 0).then_some((revoked.seq, key))
    });
    let (seq, key) = told.expect("the story");
    let of_key = search(bench, &format!("subject:{key}")).await;
    assert!(of_key.rows.iter().any(|row| row.seq == seq));
    assert!(
        of_key
            .rows
            .iter()
            .any(|row| row.action == "emergency.triggered"),
        "the handle leads from the revocation to the emergency"
    );
    let record = bench.record(seq).await.expect("a record");
    assert_eq!(record.proof.assurance, "source-anchored");
    let mut pins = vec![seq, degraded.rows[0].seq];
    pins.extend(triggered.rows.iter().take(2).map(|row| row.seq));
    pins
}

async fn nothing_exposed_is_shown(bench: &Workbench, case: &SampleView, records: u32) {
    // The values are there: in the exports as they came.
    let exports = Path::new(&case.exports).parent().expect("a folder");
    let mut there = std::collections::BTreeSet::new();
    for path in files(exports) {
        if path.extension().is_some_and(|end| end == "zip") {
            for (_, bytes) in unpacked(&path) {
                there.extend(exposed(&bytes));
            }
        }
    }
    assert_eq!(there.len(), EXPOSED.len(), "in the exports: {there:?}");

    // And here they are not: in no row of any page, and in no record.
    let mut after = None;
    let mut seqs = Vec::new();
    loop {
        let request = SearchRequest {
            after: after.clone(),
            limit: 1_000,
            facets: ["action", "subject", "outcome"].map(str::to_owned).to_vec(),
            ..SearchRequest::default()
        };
        let page = bench.search_records(request).await.expect("a page");
        assert_eq!(exposed(&json_of(&page)), [""; 0]);
        seqs.extend(page.rows.iter().map(|row| row.seq));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seqs.len(), records as usize);
    for seq in seqs {
        let record = bench.record(seq).await.expect("a record");
        let bytes = json_of(&record);
        assert_eq!(exposed(&bytes), [""; 0], "record {seq}");
    }
    for value in EXPOSED {
        let query = format!("\"{value}\"");
        assert_eq!(
            search(bench, &query).await.total,
            0,
            "{value} is searchable"
        );
    }
    let sources = bench.sources().await.expect("sources");
    let custody = bench.custody(String::new(), None).await.expect("custody");
    assert_eq!(exposed(&json_of(&sources)), [""; 0]);
    assert_eq!(exposed(&json_of(&custody)), [""; 0]);
}

async fn open(bench: &Workbench, case: &SampleView, role: &str) {
    let member = (case.workspace.members.iter())
        .find(|member| member.role == role)
        .expect("a member of the role");
    let opened = bench
        .open_workspace(
            case.workspace.dir.clone(),
            Some(member.id.clone()),
            case.passphrase.clone(),
        )
        .await
        .expect("it opens");
    assert_eq!(opened.me.role, role);
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Error {
    let error = result.expect_err("it was to be refused");
    assert_eq!(error.code, Code::Refused, "{error:?}");
    assert!(!error.hint.is_empty());
    error
}

async fn a_reviewer_reads_and_does_not_change(
    bench: &Workbench,
    case: &SampleView,
    further: &[String],
) {
    open(bench, case, "reviewer").await;
    let before = bench.overview().await.expect("an overview");
    refused(bench.import_now(further.to_vec()).await);
    refused(bench.trust_add(PinKey::of(EXAMPLE_KEY, "enigm-key")).await);
    let title = OpenIncident {
        title: "Not mine to open".into(),
        pin: Vec::new(),
    };
    refused(bench.open_incident(title).await);
    let after = bench.overview().await.expect("an overview");
    assert_eq!(after.records, before.records);
    assert_eq!(
        (after.ledger.size, after.ledger.root),
        (before.ledger.size, before.ledger.root),
        "nothing was recorded"
    );
    assert!(search(bench, "action:key.revoked").await.total > 0);
    open(bench, case, "custodian").await;
}

/// The key of the signed-note specification's example.
const EXAMPLE_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

async fn late_exports_fill_the_gap(bench: &Workbench, further: &[String]) {
    let words = |sources: workbench::view::SourcesView| {
        let found = sources
            .origins
            .into_iter()
            .find(|o| o.origin == sample::COMMAND);
        let origin = found.expect("Enigm Command");
        (origin.verdict, origin.words)
    };
    let (verdict, said) = words(bench.sources().await.expect("sources"));
    assert_eq!(verdict, "gap");
    assert!(said.starts_with("gap "), "{said}");
    let report = bench.import_now(further.to_vec()).await.expect("imported");
    assert!(report.quarantine.is_empty() && report.total > 0);
    let (verdict, said) = words(bench.sources().await.expect("sources"));
    assert_eq!(verdict, "extends", "{said}");
    let overview = bench.overview().await.expect("an overview");
    assert_eq!(overview.origins_gap, 0);
}

/// Each record of the story is found and pinned, and a packet with all of them is written for each audience.
async fn the_whole_story_is_handed_over(bench: &Workbench, home: &Path) -> Vec<PathBuf> {
    let told = sample::build(&home.join("told"), sample::Scale::default()).expect("the story");
    let mut pins = Vec::new();
    for beat in &told.story {
        let found = search(bench, &format!("action:\"{}\"", beat.record_type)).await;
        let at = |row: &&workbench::view::RowView| {
            let occurred = row.occurred.as_deref().expect("a time");
            DateTime::parse_from_rfc3339(occurred).expect("a time") == beat.at
        };
        let mut numbers = found.rows.iter().filter(at).map(|row| row.seq);
        let seq = numbers
            .next()
            .unwrap_or_else(|| panic!("{} is not found", beat.title));
        let record = bench.record(seq).await.expect("a record");
        if let Some(index) = beat.index {
            assert_eq!(
                (&record.proof.origin, record.proof.index),
                (&beat.origin, index)
            );
        }
        pins.push(seq);
    }
    assert!(pins.len() >= 12, "{}", pins.len());
    let opened = OpenIncident {
        title: "The whole story".into(),
        pin: pins.clone(),
    };
    let view = bench.open_incident(opened).await.expect("opened");
    let incident = view.row.id.clone();
    assert_eq!(view.evidence.len(), pins.len());
    let mut packets = Vec::new();
    for audience in ["internal-audit", "outside"] {
        let plan = bench.packet_plan(incident.clone(), audience.into()).await;
        let plan = plan.expect("a plan");
        assert_eq!(plan.blocked, Vec::<String>::new(), "{audience}");
        let path = home.join(format!("story-{audience}.zip"));
        let to = path.display().to_string();
        let written = bench.packet_write(incident.clone(), audience.into(), plan.digest, to);
        written.await.expect("written");
        for (name, bytes) in unpacked(&path) {
            assert_eq!(exposed(&bytes), [""; 0], "{audience}: {name}");
        }
        packets.push(path);
    }
    packets
}

async fn gates_refuse(bench: &Workbench, pins: &[u32]) -> String {
    let opened = OpenIncident {
        title: "A revoked key triggers emergencies".into(),
        pin: pins.to_vec(),
    };
    let view = bench.open_incident(opened).await.expect("opened");
    let incident = view.row.id.clone();
    assert_eq!(view.evidence.len(), pins.len());

    // Nobody owns it: the gate says so, by name, and nothing moves.
    let error = refused(bench.advance(incident.clone()).await);
    assert!(error.message.contains("detection.owner"), "{error}");
    let view = bench.incident(incident.clone()).await.expect("shown");
    assert_eq!(view.row.stage, "detection");
    let owner = (view.stages[0].gates.iter())
        .find(|gate| gate.id == "detection.owner")
        .expect("the gate");
    assert_eq!(owner.state, "open");
    assert!(owner.missing.iter().any(|missing| missing.field.is_some()));

    // A gate cannot be waived without a reason, nor a stage skipped, nor an unknown one named.
    let waived = bench.waive(incident.clone(), "detection.owner".into(), " ".into());
    refused(waived.await);
    let error = bench
        .waive(incident.clone(), "no.such-gate".into(), "because".into())
        .await
        .expect_err("there is no such gate");
    assert!(matches!(error.code, Code::Refused | Code::NotFound));
    let error = bench
        .act(incident.clone(), json!({"command": "close", "note": null}))
        .await
        .expect_err("it is in its first stage");
    assert_ne!(error.code, Code::Failed, "{error:?}");
    // What measures evidence cannot be said by hand.
    let by_hand = json!({"command": "record-packet", "id": "P1", "digest": "", "verified": true, "leak_clean": true});
    let error = bench
        .act(incident.clone(), by_hand)
        .await
        .expect_err("refused");
    assert_eq!(error.code, Code::Invalid);
    let view = bench.incident(incident.clone()).await.expect("shown");
    assert_eq!(view.row.stage, "detection");
    incident
}

async fn a_packet_is_written_as_planned(bench: &Workbench, incident: &str, path: &Path) {
    let plan = |audience: &str| bench.packet_plan(incident.into(), audience.into());
    let first = plan("outside").await.expect("a plan");
    assert_eq!(first.blocked, Vec::<String>::new());
    assert!(!first.withheld.is_empty() && !first.open_gates.is_empty());
    let again = plan("outside").await.expect("a plan");
    assert_eq!(json_of(&first), json_of(&again), "a plan is of exact bytes");
    shapes::check("packet-plan", &serde_json::to_value(&first).expect("JSON"));

    let write = |digest: &str| {
        bench.packet_write(
            incident.into(),
            "outside".into(),
            digest.into(),
            path.display().to_string(),
        )
    };
    refused(write("another").await);
    assert!(!path.exists());
    let row = write(&first.digest).await.expect("written");
    shapes::check("packet-write", &serde_json::to_value(&row).expect("JSON"));
    let bytes = std::fs::read(path).expect("the packet");
    assert_eq!(evidence::Hash::sha256(&bytes).to_hex(), row.digest);
    // What is in it is what the plan listed, and nothing that must stay.
    let mut names: Vec<String> = Vec::new();
    for (name, bytes) in unpacked(path) {
        assert_eq!(exposed(&bytes), [""; 0], "{name}");
        names.push(name);
    }
    names.sort();
    assert_eq!(names, first.files);
}

fn nothing_exposed_is_on_the_disk_or_in_the_terminal(home: &Path, dir: &Path, case: &SampleView) {
    let all = files(dir);
    assert!(all.iter().any(|path| path.starts_with(dir.join("index"))));
    for path in all {
        let bytes = std::fs::read(&path).expect("a file");
        assert_eq!(exposed(&bytes), [""; 0], "{}", path.display());
        // Sealed as a whole: a database or an index in the open would begin in the known way.
        assert!(!bytes.starts_with(b"SQLite format 3"), "{}", path.display());
    }
    let state = files(&home.join("state"));
    for path in state {
        let bytes = std::fs::read(&path).expect("a file");
        assert_eq!(exposed(&bytes), [""; 0], "{}", path.display());
    }

    let terminal = Terminal {
        home: home.to_path_buf(),
        workspace: dir.to_path_buf(),
    };
    let run = |arguments: &[&str]| {
        let output = terminal
            .command(arguments)
            .env("MUNIMENT_PASSPHRASE", &case.passphrase)
            .output()
            .expect("muniment starts");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(exposed(&output.stderr), [""; 0], "{arguments:?}");
        assert_eq!(exposed(&output.stdout), [""; 0], "{arguments:?}");
        output.stdout
    };
    // Where the exposed values came from: an application's report, a message of a person.
    let free = run(&["--json", "search", "--limit", "1000", "--facet", "action"]);
    let found: Value = serde_json::from_slice(&free).expect("JSON");
    shapes::check("search", &found);
    run(&["search", "--limit", "1000"]);
    run(&["incident", "list"]);
    run(&["sources"]);
    assert!(!run(&["fsck"]).is_empty());
}

fn a_changed_packet_fails(packet: &Path, keys: &Path) {
    let report = workbench::verify(packet, None).expect("readable");
    assert_eq!(
        (report.outcome.as_str(), report.trusted),
        ("not-trusted", false),
        "{report:?}"
    );
    let report = workbench::verify(packet, Some(keys)).expect("readable");
    assert!(report.passed && report.trusted, "{report:?}");
    let names: Vec<&str> = report.lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names.len(), 5, "five separate lines: {names:?}");
    shapes::check("verify", &serde_json::to_value(&report).expect("JSON"));

    let bytes = std::fs::read(packet).expect("the packet");
    let changed = packet.with_file_name("changed.zip");
    for part in 1..8 {
        let mut copy = bytes.clone();
        let at = copy.len() * part / 8;
        copy[at] ^= 1;
        std::fs::write(&changed, &copy).expect("written");
        let report = workbench::verify(&changed, None).expect("readable");
        assert!(!report.passed, "byte {at} was changed");
        let found: Vec<_> = report
            .lines
            .iter()
            .flat_map(|line| &line.findings)
            .collect();
        assert!(!found.is_empty());
        for finding in found {
            assert!(
                !finding.code.is_empty() && !finding.place.is_empty(),
                "{finding:?}"
            );
        }
    }
}
