//! CloudTrail trails from the command line: each way to be wrong has its own word, and pinning the
//! trail before or after the import ends in the same state.

use std::path::Path;

use muniment_tests::programs::Terminal;
use sample::trail::{TrailCase, TrailFiles};
use serde_json::Value;

use super::given::{put, terminal};

/// Writes a case below `name`; gives the SHA-256 of its key.
fn given(terminal: &Terminal, name: &str, files: &TrailFiles) -> String {
    for (path, bytes) in &files.files {
        put(terminal, &format!("{name}/{path}"), bytes);
    }
    put(
        terminal,
        &format!("{name}.keys.json"),
        files.keys.as_bytes(),
    );
    let map = serde_json::to_vec(&files.policy.locations).expect("JSON");
    put(terminal, &format!("{name}.map.json"), &map);
    files.policy.keys[0].sha256.clone()
}

const PLACE: [&str; 12] = [
    "--account",
    "111122223333",
    "--region",
    "eu-central-1",
    "--trail",
    "platform-trail",
    "--bucket",
    "audit.example",
    "--since",
    "2026-10-28T00:00:00Z",
    "--until",
    "2026-10-28T14:00:00Z",
];

fn verify(terminal: &Terminal, case: TrailCase) -> (i32, Value) {
    let name = format!("{case:?}");
    let files = case.files();
    let sha256 = given(terminal, &name, &files);
    let (keys, map) = (format!("{name}.keys.json"), format!("{name}.map.json"));
    let mut arguments = vec![
        "verify",
        name.as_str(),
        "--keys",
        &keys,
        "--location-map",
        &map,
    ];
    arguments.extend(PLACE);
    if case != TrailCase::KeyUnconfirmed {
        arguments.extend(["--confirm", &sha256]);
    }
    terminal.json(&arguments)
}

fn any(report: &Value, list: &str, verdict: &str) -> bool {
    let all = report[list].as_array().expect("a list");
    all.iter()
        .any(|one| one["verdict"] == verdict || one["code"] == verdict)
}

#[test]
fn each_case_has_its_own_verdict_without_a_workspace() {
    use TrailCase as C;
    let (_dir, terminal) = terminal();
    for (case, whole, list, word) in [
        (C::Good, "verified", "digests", "verified"),
        (C::KeyUnconfirmed, "pending", "digests", "key-unconfirmed"),
        (C::EditedLog, "failed", "logs", "changed"),
        (C::EditedDigest, "failed", "digests", "bad-signature"),
        (C::MissingOne, "incomplete", "findings", "gap"),
        (C::MissingTwo, "incomplete", "findings", "gap"),
        (C::MissingTen, "incomplete", "findings", "gap"),
        (C::DeletedNewest, "incomplete", "findings", "end-missing"),
        (
            C::WrongPreviousHash,
            "failed",
            "digests",
            "wrong-previous-hash",
        ),
        (C::WrongAlgorithm, "failed", "digests", "wrong-algorithm"),
        (C::LyingKeys, "failed", "digests", "false-key"),
        (C::Stranger, "failed", "digests", "other-account"),
        (C::Backfill, "verified", "digests", "verified"),
        (C::Moved, "incomplete", "digests", "moved"),
        (C::MovedWithMap, "verified", "digests", "verified"),
    ] {
        let (code, report) = verify(&terminal, case);
        assert_eq!(report["verdict"], whole, "{case:?}: {report:#}");
        let expected = match whole {
            "verified" => 0,
            "pending" => 3,
            _ => 1,
        };
        assert_eq!(code, expected, "{case:?}");
        assert_eq!(report["passed"], whole == "verified", "{case:?}");
        let trusted = ["verified", "incomplete"].contains(&whole);
        assert_eq!(report["trusted"], trusted, "{case:?}");
        assert!(any(&report, list, word), "{case:?}: {report:#}");
    }
}

fn levels(terminal: &Terminal) -> Vec<(String, u64)> {
    let found = terminal.done(&["search", "", "--facet", "assurance"]);
    let mut levels: Vec<(String, u64)> = found["facets"][0]["values"]
        .as_array()
        .expect("values")
        .iter()
        .map(|v| {
            (
                v["value"].as_str().unwrap_or_default().to_owned(),
                v["total"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    levels.sort();
    levels
}

fn pin(terminal: &Terminal, keys: &str, sha256: &str) -> Value {
    let mut arguments = vec!["trust", "cloudtrail", "pin", "--keys", keys];
    arguments.extend(PLACE);
    arguments.extend(["--confirm", sha256, "--how", "compared by telephone"]);
    terminal.done(&arguments)
}

#[test]
fn pinned_before_or_after_the_import_is_the_same() {
    let files = TrailCase::Good.files();
    let mut ends = Vec::new();
    for pinned_first in [true, false] {
        let (_dir, terminal) = terminal();
        let sha256 = given(&terminal, "good", &files);
        terminal.done(&["init"]);
        if pinned_first {
            pin(&terminal, "good.keys.json", &sha256);
        }
        let report = terminal.done(&["import", "good"]);
        assert_eq!(report["total"], 76);
        if !pinned_first {
            assert_eq!(levels(&terminal), [("unproven".to_owned(), 76)]);
            pin(&terminal, "good.keys.json", &sha256);
        }
        assert_eq!(levels(&terminal), [("custodian-attested".to_owned(), 76)]);
        let view = terminal.done(&["trust", "cloudtrail", "list"]);
        assert_eq!(view["verdict"], "verified", "{view:#}");
        terminal.done(&["fsck"]);
        let again = terminal.done(&["import", "good"]);
        assert_eq!(again["total"], 0);
        ends.push(view["digests"].clone());
    }
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn confirming_a_key_later_takes_nothing_back() {
    let (_dir, terminal) = terminal();
    let sha256 = given(&terminal, "good", &TrailCase::Good.files());
    let map = r#"[{"bucket":"audit.example","prefix":"AWSLogs/","at":"copies","flat":true}]"#;
    put(&terminal, "copies.json", map.as_bytes());
    terminal.done(&["init"]);
    let pin = |more: &[&str]| {
        let arguments = [&["trust", "cloudtrail", "pin"], &PLACE[..8], more].concat();
        terminal.done(&arguments)["trails"][0].clone()
    };
    let stated = [
        &["--keys", "good.keys.json", "--location-map", "copies.json"],
        &PLACE[8..],
    ];
    let before = pin(&stated.concat());
    assert_eq!(before["since"], "2026-10-28T00:00:00.000Z", "{before:#}");
    assert_eq!(before["locations"][0]["at"], "copies");
    let after = pin(&["--confirm", &sha256, "--how", "compared by telephone"]);
    assert_eq!(
        after["keys"][0]["confirmed"]["how"],
        "compared by telephone"
    );
    for kept in ["since", "until", "locations", "prefix", "regions"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    // What is given anew does change.
    let moved = pin(&["--until", "2026-10-29T00:00:00Z"]);
    assert_eq!(moved["until"], "2026-10-29T00:00:00.000Z");
    assert_eq!(moved["since"], before["since"]);
}

#[test]
fn an_edited_and_an_unlisted_log_are_unproven_and_say_why() {
    let (_dir, terminal) = terminal();
    let sha256 = given(&terminal, "edited", &TrailCase::EditedLog.files());
    given(&terminal, "unlisted", &TrailCase::Unlisted.files());
    terminal.done(&["init"]);
    pin(&terminal, "edited.keys.json", &sha256);
    let report = terminal.done(&["import", "edited"]);
    assert_eq!(report["quarantine"].as_array().map(Vec::len), Some(0));
    assert_eq!(report["total"], 76);
    let files = report["files"].as_array().expect("files");
    let changed: Vec<&Value> = (files.iter())
        .filter(|f| f["assurance"] == "unproven")
        .collect();
    assert_eq!(changed.len(), 1, "{report:#}");
    assert_eq!(
        changed[0]["trail"],
        evidence::cloudtrail::LogVerdict::Changed.message()
    );
    let view = terminal.done(&["trust", "cloudtrail", "list"]);
    assert_eq!(view["verdict"], "failed", "{view:#}");
    terminal.done(&["import", "unlisted"]);
    // Its own log is unlisted, with 4 events; and the untouched copy of the edited one is what the digest lists. What both copies
    // tell alike is proven by it and counted once; the event that was edited is told in two ways.
    assert_eq!(
        levels(&terminal),
        [
            ("custodian-attested".to_owned(), 76),
            ("unproven".to_owned(), 5)
        ]
    );
    let found = terminal.done(&["detections", "list"]);
    assert_eq!(
        (&found["total"], &found["groups"][0]["kind"]),
        (&1.into(), &"retold".into())
    );
}

#[test]
fn a_zip_is_sealed_whole_and_read_like_its_folder() {
    let (_dir, terminal) = terminal();
    let files = TrailCase::MissingTwo.files();
    let sha256 = given(&terminal, "two", &files);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes) in &files.files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(path.as_str(), options).expect("an entry");
        std::io::Write::write_all(&mut zip, bytes).expect("written");
    }
    put(&terminal, "two.zip", zip.finish().expect("a ZIP").get_ref());
    terminal.done(&["init"]);
    pin(&terminal, "two.keys.json", &sha256);
    terminal.done(&["import", "two.zip"]);
    let view = terminal.done(&["trust", "cloudtrail", "list"]);
    assert_eq!(view["verdict"], "incomplete");
    let gap = view["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|f| f["code"] == "gap");
    assert_eq!(
        gap.expect("a gap")["hours"].as_array().map(Vec::len),
        Some(2)
    );
}

/// Real events, signed at run time with the demonstration key.
#[test]
fn real_events_signed_into_a_trail_are_attested() {
    let Some(folder) = muniment_tests::corpora::folder("invictus") else {
        return;
    };
    let mut texts = Vec::new();
    collect(&folder, &mut texts);
    texts.truncate(40);
    let events: usize = texts.iter().map(|t| t.matches("\"eventID\"").count()).sum();
    assert!(events > 40, "{events}");
    let place = sample::trail::TrailPlace {
        account: "111122223333".into(),
        trail: "platform-trail".into(),
        region: "eu-central-1".into(),
        bucket: "audit.example".into(),
    };
    let start: chrono::DateTime<chrono::Utc> = "2026-10-28T00:00:00Z".parse().expect("a time");
    let hours: Vec<_> = texts
        .chunks(3)
        .zip(0..)
        .map(|(logs, hour)| {
            let start = start + chrono::TimeDelta::hours(hour);
            sample::trail::TrailHour::new(start, logs.to_vec())
        })
        .collect();
    let signer = sample::trail::TrailSigner::demonstration();
    let trail = place.sign(&hours, &signer, false);
    let (_dir, terminal) = terminal();
    for (key, bytes) in &trail.objects {
        put(&terminal, &format!("real/{key}"), bytes);
    }
    let newest = trail.digests.last().expect("a digest");
    let head = trail.head_object(newest);
    put(
        &terminal,
        &format!("real/{newest}.head-object.json"),
        head.as_bytes(),
    );
    put(
        &terminal,
        "keys.json",
        TrailCase::Good.files().keys.as_bytes(),
    );
    terminal.done(&["init"]);
    pin(&terminal, "keys.json", &signer.sha256().to_hex());
    let report = terminal.done(&["import", "real"]);
    assert!(report["quarantine"].as_array().is_some_and(Vec::is_empty));
    let levels = levels(&terminal);
    assert_eq!(levels.len(), 1);
    assert_eq!(levels[0].0, "custodian-attested");
}

/// Texts of the corpus's `Records` files.
fn collect(folder: &Path, texts: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, texts);
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && text.starts_with("{\"Records\"")
        {
            texts.push(text);
        }
    }
}
