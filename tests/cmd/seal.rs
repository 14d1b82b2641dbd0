//! `keygen`, `seal` and `verify`: the reference exporter and the check that needs no workspace.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use muniment_tests::programs::Terminal;
use serde_json::Value;

use super::given::{ORIGIN, exports, key, lines, put, replace, seal, terminal, text, with_records};

/// Status of a line of a verification.
fn line<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["name"] == name)
        .unwrap_or_else(|| panic!("no line {name} in {report:#}"))
}

/// The one finding of a verification that failed.
fn finding(report: &Value) -> (String, String) {
    let found: Vec<&Value> = (report["lines"].as_array().expect("lines").iter())
        .flat_map(|line| line["findings"].as_array().expect("findings"))
        .collect();
    assert_eq!(found.len(), 1, "{report:#}");
    (text(&found[0]["code"]), text(&found[0]["place"]))
}

#[test]
fn a_sealed_export_is_valid_with_its_key_and_pending_without() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[37]);

    let report = terminal.done(&["verify", "1.zip", "--trust", &vkey]);
    assert_eq!(report["passed"], true);
    assert_eq!(line(&report, "verdict")["status"], "valid");
    assert_eq!(line(&report, "signature")["status"], "ok");
    let detail = text(&line(&report, "verdict")["detail"]);
    assert!(
        detail.contains(ORIGIN) && detail.contains("37 records"),
        "{detail}"
    );
    // What nobody attested is not claimed.
    assert_eq!(line(&report, "time")["status"], "not attested");

    put(
        &terminal,
        "keys.txt",
        format!("# pinned\n\n{vkey}\n").as_bytes(),
    );
    let report = terminal.done(&["verify", "1.zip", "--trust", "keys.txt"]);
    assert_eq!(line(&report, "verdict")["status"], "valid");

    let other = terminal.done(&["keygen", "--origin", ORIGIN, "-o", "other.json"]);
    let other = text(&other["vkey"]);
    for arguments in [
        &["verify", "1.zip"][..],
        &["verify", "1.zip", "--trust", &other],
    ] {
        let (code, report) = terminal.json(arguments);
        assert_eq!(
            (code, &report["passed"], &report["trusted"]),
            (3, &false.into(), &false.into())
        );
        assert_eq!(report["words"], "intact; nobody you trust signed it");
        assert_eq!(
            line(&report, "verdict")["status"],
            "pending",
            "{arguments:?}"
        );
        assert_eq!(line(&report, "signature")["status"], "pending");
    }
}

#[test]
fn a_changed_byte_is_refused_with_reason_and_place() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    let export = exports(&terminal, &[9]).remove(0);

    // A value: every line keeps its form, so only the signed root can tell.
    let bytes = with_records(&export, |text| replace(text, "EK-4", "EK-5"));
    put(&terminal, "value.zip", &bytes);
    // The form of the fourth line.
    let bytes = with_records(&export, |text| replace(text, "{\"i\":3,", "{\"i\":7,"));
    put(&terminal, "index.zip", &bytes);

    for trust in [&["--trust", &vkey][..], &[]] {
        let (code, report) = terminal.json(&[&["verify", "value.zip"], trust].concat());
        assert_eq!((code, &report["passed"]), (1, &false.into()));
        let (reason, place) = finding(&report);
        assert_eq!(reason, "root");
        assert!(!place.is_empty());

        let (code, report) = terminal.json(&[&["verify", "index.zip"], trust].concat());
        assert_eq!(code, 1);
        let (reason, place) = finding(&report);
        assert!(!reason.is_empty());
        assert!(place.starts_with("records.ndjson line 4"), "{place}");
        // The words say where and why, never what the record holds.
        assert!(!report.to_string().contains("EK-"));
    }
    // And in words for people.
    let output = terminal.run(&["verify", "index.zip"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("records.ndjson line 4"));
}

fn signed(terminal: &Terminal) -> Value {
    let key = std::fs::read(terminal.home.join("key.json")).expect("the key");
    serde_json::from_slice::<Value>(&key).expect("JSON")["signed"].clone()
}

#[test]
fn a_key_signs_one_log_and_refuses_to_fork_it() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[5, 4]);
    let head = signed(&terminal);
    assert_eq!(head["size"], 9);
    put(&terminal, "other.ndjson", lines(50, 57).as_bytes());

    // A second log from the start, and a branch from what is no longer the newest: shorter than,
    // as long as and longer than what was signed.
    put(&terminal, "short.ndjson", lines(50, 52).as_bytes());
    put(&terminal, "long.ndjson", lines(50, 90).as_bytes());
    put(&terminal, "same.ndjson", lines(5, 9).as_bytes());
    for (input, previous) in [
        ("other.ndjson", None),
        ("long.ndjson", None),
        ("short.ndjson", Some("1.zip")),
        ("same.ndjson", Some("1.zip")),
        ("long.ndjson", Some("1.zip")),
    ] {
        let mut arguments = seal(input, "fork.zip");
        arguments.extend(previous.into_iter().flat_map(|p| ["--previous", p]));
        let (code, error) = terminal.refused(&arguments);
        assert_eq!(
            (code, &error["code"]),
            (1, &"refused".into()),
            "{input} {previous:?}"
        );
        assert!(text(&error["hint"]).contains("--previous"));
        assert!(
            !terminal.home.join("fork.zip").exists(),
            "{input} {previous:?}"
        );
        assert_eq!(signed(&terminal), head, "{input} {previous:?}");
    }

    // The newest is continued.
    let mut arguments = seal("other.ndjson", "3.zip");
    arguments.extend(["--previous", "2.zip"]);
    let sealed = terminal.done(&arguments);
    assert_eq!((&sealed["first"], &sealed["last"]), (&9.into(), &16.into()));
    let report = terminal.done(&["verify", "3.zip", "--trust", &vkey]);
    assert_eq!(line(&report, "verdict")["status"], "valid");
}

#[test]
fn two_runs_at_once_do_not_fork_the_log() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    // Both are in the middle of reading their records when the other begins.
    let mut runs = Vec::new();
    for (number, output) in [(0, "a.zip"), (1, "b.zip")] {
        let mut run = terminal
            .command(&seal("-", output))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("muniment starts");
        let mut stdin = run.stdin.take().expect("its standard input");
        // One of them may have given up already, as it should.
        let _ = stdin.write_all(lines(number * 10, number * 10 + 3).as_bytes());
        runs.push((run, stdin));
    }
    std::thread::sleep(Duration::from_millis(1_500));
    let codes: Vec<i32> = runs
        .into_iter()
        .map(|(mut run, stdin)| {
            drop(stdin);
            run.wait().expect("it ends").code().expect("by itself")
        })
        .collect();
    let written = ["a.zip", "b.zip"].map(|name| terminal.home.join(name).exists());
    assert_eq!(
        written.iter().filter(|there| **there).count(),
        1,
        "exits {codes:?}"
    );
    assert_eq!(
        codes.iter().filter(|code| **code == 0).count(),
        1,
        "exits {codes:?}"
    );
    assert_eq!(signed(&terminal)["size"], 3);
}

#[test]
fn what_cannot_be_sealed_names_its_line_and_leaves_nothing() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    let good = lines(0, 2);
    for (name, bad) in [
        (
            "cut.ndjson",
            "{\"type\":\"dependency.checked\",\"id\":\"secret-7719",
        ),
        (
            "twice.ndjson",
            "{\"type\":\"heartbeat\",\"id\":\"secret-7719\",\"id\":\"b\"}",
        ),
        ("array.ndjson", "[\"secret-7719\"]"),
        (
            "half.ndjson",
            "{\"type\":\"heartbeat\",\"id\":\"\\ud800 secret-7719\"}",
        ),
    ] {
        put(&terminal, name, format!("{good}{bad}\n").as_bytes());
        let (code, error) = terminal.refused(&seal(name, "out.zip"));
        assert_eq!(code, 2, "{name}");
        assert!(
            text(&error["message"]).contains("line 3"),
            "{name}: {error}"
        );
        assert!(!error.to_string().contains("7719"), "{name}: {error}");
    }
    let (code, error) = terminal.refused(&[
        "seal",
        "--source",
        "nobody",
        "--origin",
        ORIGIN,
        "--key",
        "key.json",
        "cut.ndjson",
        "-o",
        "out.zip",
    ]);
    assert_eq!((code, &error["code"]), (2, &"not-found".into()));
    assert!(text(&error["hint"]).contains("enigm-key"));
    assert_eq!(signed(&terminal), Value::Null);
    let left: Vec<_> = std::fs::read_dir(&terminal.home)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with("out"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_new_key_takes_no_name_but_its_own() {
    let (_dir, terminal) = terminal();
    let neighbours = ["prod.new", "prod.json.new", "prod.json.tmp", "prod.tmp"];
    for name in neighbours {
        put(&terminal, name, b"somebody's own");
    }
    terminal.done(&["keygen", "--origin", ORIGIN, "-o", "prod.json"]);
    let (code, _) = terminal.refused(&["keygen", "--origin", ORIGIN, "-o", "prod.json"]);
    assert_eq!(code, 2, "a key is never replaced");
    for name in neighbours {
        let bytes = std::fs::read(terminal.home.join(name)).expect("it is there");
        assert_eq!(bytes, b"somebody's own", "{name}");
    }
}
