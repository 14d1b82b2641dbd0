//! Trust: who must have signed, what lowers it, keys that are distrusted, proposed and confirmed.

use std::io::{Cursor, Read as _, Write as _};

use muniment_tests::programs::Terminal;
use serde_json::{Value, json};

use super::given::{ORIGIN, lines, put, seal, terminal, text};

/// Makes a key file and gives its verifier keys' views: Ed25519, and ML-DSA-44 where asked.
fn keygen(terminal: &Terminal, file: &str, ml_dsa: bool) -> (Value, Value) {
    let mut arguments = vec!["keygen", "--origin", ORIGIN, "-o", file];
    arguments.extend(ml_dsa.then_some("--ml-dsa"));
    let key = terminal.done(&arguments);
    let half = key["ml_dsa_44"].clone();
    (key, half)
}

/// Seals records `[from, to)` with a key file.
fn sealed(terminal: &Terminal, key: &str, name: &str, from: u64, to: u64, more: &[&str]) -> Value {
    let input = format!("{name}.ndjson");
    put(terminal, &input, lines(from, to).as_bytes());
    let mut arguments = seal(&input, name);
    let at = arguments
        .iter()
        .position(|a| *a == "key.json")
        .expect("a key");
    arguments[at] = key;
    arguments.extend(more);
    terminal.done(&arguments)
}

/// The export with its checkpoint changed.
fn with_checkpoint(terminal: &Terminal, from: &str, to: &str, change: impl Fn(String) -> String) {
    packed(terminal, from, to, zip::CompressionMethod::Stored, change);
}

/// The export packed anew in this way, its checkpoint changed.
fn packed(
    terminal: &Terminal,
    from: &str,
    to: &str,
    method: zip::CompressionMethod,
    change: impl Fn(String) -> String,
) {
    let bytes = std::fs::read(terminal.home.join(from)).expect("the export");
    let mut old = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for number in 0..old.len() {
        let mut file = old.by_index(number).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("read");
        if name == "checkpoint" {
            let note = String::from_utf8(bytes).expect("UTF-8");
            bytes = change(note).into_bytes();
        }
        new.start_file(name, options).expect("written");
        new.write_all(&bytes).expect("written");
    }
    let bytes = new.finish().expect("written").into_inner();
    put(terminal, to, &bytes);
}

/// Without the line of the given number, from the end.
fn without_line(note: &str, from_end: usize) -> String {
    let mut lines: Vec<&str> = note.lines().collect();
    lines.remove(lines.len() - from_end);
    lines.join("\n") + "\n"
}

/// A trust file for the origin.
fn policy(terminal: &Terminal, name: &str, keys: &[&Value], rest: Value) {
    let mut entry = json!({
        "origin": ORIGIN,
        "keys": keys.iter().map(|k| k["vkey"].clone()).collect::<Vec<_>>(),
        "schemas": [{ "id": "enigm-key" }],
    });
    for (key, value) in rest.as_object().expect("an object") {
        entry[key] = value.clone();
    }
    let file = json!({ "format": "muniment/trust/v1", "origins": [entry] });
    put(terminal, name, file.to_string().as_bytes());
}

fn status(report: &Value, name: &str) -> String {
    let lines = report["lines"].as_array().expect("lines");
    let line = lines.iter().find(|line| line["name"] == name);
    line.map_or_else(String::new, |line| text(&line["status"]))
}

fn codes(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().expect("lines").iter();
    lines
        .flat_map(|line| line["findings"].as_array().expect("findings"))
        .map(|finding| text(&finding["code"]))
        .collect()
}

fn second(created: &Value) -> String {
    text(&created["workspace"]["members"][1]["id"])
}

fn quarantined(report: &Value) -> Vec<String> {
    let files = report["quarantine"].as_array().expect("quarantine").iter();
    files.map(|file| text(&file["code"])).collect()
}

#[test]
fn an_ml_dsa_key_signs_too_and_a_missing_signature_fails() {
    let (_dir, terminal) = terminal();
    let (key, half) = keygen(&terminal, "key.json", true);
    assert_eq!(text(&half["fingerprint"]).len(), 64);
    let done = sealed(&terminal, "key.json", "1.zip", 0, 9, &[]);
    assert_eq!(
        done["signers"],
        json!([key["fingerprint"], half["fingerprint"]])
    );

    // Each of the two alone verifies it.
    for vkey in [&key["vkey"], &half["vkey"]] {
        put(&terminal, "key.txt", text(vkey).as_bytes());
        let report = terminal.done(&["verify", "1.zip", "--trust", "key.txt"]);
        assert_eq!(status(&report, "verdict"), "valid");
    }
    // Pinned together, both are required: that is the default.
    policy(&terminal, "both.json", &[&key, &half], json!({}));
    let report = terminal.done(&["verify", "1.zip", "--trust", "both.json"]);
    assert_eq!(status(&report, "verdict"), "valid");
    with_checkpoint(&terminal, "1.zip", "ed.zip", |note| without_line(&note, 1));
    with_checkpoint(&terminal, "1.zip", "pq.zip", |note| without_line(&note, 2));
    for export in ["ed.zip", "pq.zip"] {
        let (code, report) = terminal.json(&["verify", export, "--trust", "both.json"]);
        assert_eq!(code, 1, "{report:#}");
        assert_eq!(codes(&report), ["requirement"]);
        // Any of them is what one has to say.
        let any = [&key, &half].map(|k| k["fingerprint"].clone());
        policy(
            &terminal,
            "any.json",
            &[&key, &half],
            json!({ "requirement": [{ "from": 0, "any": any }] }),
        );
        let report = terminal.done(&["verify", export, "--trust", "any.json"]);
        assert_eq!(status(&report, "verdict"), "valid");
    }
    // A cosignature that does not verify rejects; one of a stranger is ignored.
    with_checkpoint(&terminal, "1.zip", "bad.zip", |note| {
        let at = note.len() - 200;
        let other = if &note[at..=at] == "A" { "B" } else { "A" };
        format!("{}{other}{}", &note[..at], &note[at + 1..])
    });
    let (code, report) = terminal.json(&["verify", "bad.zip", "--trust", "both.json"]);
    assert_eq!(
        (code, codes(&report)),
        (1, vec!["bad-signature".to_owned()])
    );
    policy(&terminal, "one.json", &[&key], json!({}));
    let report = terminal.done(&["verify", "bad.zip", "--trust", "one.json"]);
    assert_eq!(status(&report, "verdict"), "valid");
    // The timestamp in the cosignature is its signer's own word.
    assert_eq!(status(&report, "time"), "not attested");
}

#[test]
fn a_trust_file_names_schemas_and_distrust_and_verify_honours_them() {
    let (_dir, terminal) = terminal();
    let (key, _) = keygen(&terminal, "key.json", false);
    sealed(&terminal, "key.json", "1.zip", 0, 9, &[]);
    let wrong = "00".repeat(32);
    for (rest, code, expected) in [
        (
            json!({ "schemas": [{ "id": "enigm-key", "version": 1 }] }),
            0,
            "valid",
        ),
        (
            json!({ "schemas": [{ "id": "enigm-key", "version": 2 }] }),
            1,
            "schema-not-allowed",
        ),
        (
            json!({ "schemas": [{ "id": "enigm-key", "version": 1, "digest": wrong }] }),
            1,
            "schema-not-allowed",
        ),
        (
            json!({ "requirement": [{ "from": 20, "any": [key["fingerprint"]] }] }),
            3,
            "pending",
        ),
        (
            json!({ "distrust": [{ "key": key["fingerprint"], "from": 5 }] }),
            3,
            "pending",
        ),
    ] {
        policy(&terminal, "trust.json", &[&key], rest.clone());
        let (found, report) = terminal.json(&["verify", "1.zip", "--trust", "trust.json"]);
        assert_eq!(found, code, "{rest} {report:#}");
        match code {
            0 | 3 => assert_eq!(status(&report, "verdict"), expected, "{rest}"),
            _ => assert_eq!(codes(&report), [expected], "{rest}"),
        }
    }
}

#[test]
fn lowering_a_requirement_needs_two_and_admits_nothing_that_was_refused() {
    let (_dir, terminal) = terminal();
    let (key, half) = keygen(&terminal, "key.json", true);
    sealed(&terminal, "key.json", "1.zip", 0, 9, &[]);
    sealed(
        &terminal,
        "key.json",
        "2.zip",
        9,
        12,
        &["--previous", "1.zip"],
    );
    with_checkpoint(&terminal, "2.zip", "2-stripped.zip", |note| {
        without_line(&note, 1)
    });
    let created = terminal.done(&["init"]);
    let second = second(&created);

    terminal.done(&["trust", "add", &text(&key["vkey"]), "--schema", "enigm-key"]);
    let pinned = terminal.done(&[
        "trust",
        "add",
        &text(&half["vkey"]),
        "--schema",
        "enigm-key",
    ]);
    assert_eq!(
        (&pinned["done"], &pinned["needs_second"]),
        (&json!(true), &json!(false))
    );
    let shown = terminal.done(&["trust", "show", ORIGIN]);
    assert_eq!(
        (&shown["stated"], &shown["requirement"][0]["kind"]),
        (&json!(false), &json!("all"))
    );
    assert_eq!(terminal.done(&["import", "1.zip"])["total"], 9);
    let (code, report) = terminal.json(&["import", "2-stripped.zip"]);
    assert_eq!(code, 1);
    assert_eq!(
        (&report["total"], quarantined(&report)),
        (&json!(0), vec!["requirement".to_owned()])
    );

    // One custodian alone cannot lower it; what it would lower is said.
    policy(&terminal, "lax.json", &[&key], json!({}));
    let looked = terminal.done(&["trust", "set", "lax.json", "--dry-run"]);
    assert_eq!(
        (&looked["done"], &looked["needs_second"]),
        (&json!(false), &json!(true))
    );
    let lowered: Vec<String> = looked["weakens"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|w| text(&w["code"]))
        .collect();
    assert_eq!(lowered, ["key-removed", "all-to-any"]);
    let (code, error) = terminal.refused(&["trust", "set", "lax.json"]);
    assert_eq!((code, &error["code"]), (1, &json!("refused")));
    let me = text(&created["workspace"]["members"][0]["id"]);
    let (_, error) = terminal.refused(&["trust", "set", "lax.json", "--as", &me]);
    assert!(text(&error["message"]).contains("another"), "{error}");
    assert_eq!(terminal.done(&["trust", "show", ORIGIN])["version"], 2);

    let done = terminal.done(&["trust", "set", "lax.json", "--as", &second]);
    assert_eq!(done["done"], true);
    let custody = terminal.done(&["custody", "trust."]);
    let kinds: Vec<String> = custody["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| text(&e["kind"]))
        .collect();
    assert_eq!(
        kinds,
        [
            "trust.approved",
            "trust.lowered",
            "trust.refused",
            "trust.pinned",
            "trust.pinned"
        ]
    );
    assert_eq!(custody["entries"][0]["actor"], second.as_str());

    // The stripped export stays refused, packed anew too; the whole one is fine.
    let other = zip::CompressionMethod::Deflated;
    packed(&terminal, "2-stripped.zip", "again.zip", other, |note| note);
    // The same file is known by its bytes, with the reason it was refused for.
    for (export, reason) in [
        ("2-stripped.zip", "requirement"),
        ("again.zip", "refused-before"),
    ] {
        let (code, report) = terminal.json(&["import", export]);
        assert_eq!((code, &report["total"]), (1, &json!(0)), "{export}");
        assert_eq!(quarantined(&report), [reason], "{export}");
    }
    assert_eq!(terminal.done(&["import", "2.zip"])["total"], 3);
    // Setting the same again changes nothing.
    let same = terminal.done(&["trust", "set", "lax.json"]);
    assert_eq!(
        (&same["origins"], &same["done"]),
        (&json!([]), &json!(false))
    );
    // A reviewer changes no policy.
    let output = terminal
        .command(&[
            "--json",
            "--member",
            &second,
            "trust",
            "add",
            &text(&half["vkey"]),
        ])
        .env(
            "MUNIMENT_PASSPHRASE",
            muniment_tests::programs::SECOND_PASSPHRASE,
        )
        .output()
        .expect("muniment starts");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_log_proposes_its_next_key_and_a_custodian_confirms_it() {
    let (_dir, terminal) = terminal();
    let (old, _) = keygen(&terminal, "old.json", false);
    let (new, half) = keygen(&terminal, "new.json", true);
    sealed(&terminal, "old.json", "1.zip", 0, 9, &[]);
    let last = sealed(
        &terminal,
        "old.json",
        "2.zip",
        9,
        12,
        &["--previous", "1.zip", "--rotate-to", "new.json"],
    );
    // Three records and two proposals: the next Ed25519 key, and the ML-DSA key that joins it.
    assert_eq!((&last["total"], &last["last"]), (&json!(5), &json!(14)));
    assert_eq!(
        last["proposed"],
        json!([new["fingerprint"], half["fingerprint"]])
    );
    // The old key signs no more; the new one goes on from there.
    put(&terminal, "3.zip.ndjson", lines(12, 15).as_bytes());
    let mut arguments = seal("3.zip.ndjson", "x.zip");
    arguments[6] = "old.json";
    arguments.extend(["--previous", "2.zip"]);
    let (code, error) = terminal.refused(&arguments);
    assert_eq!(code, 1);
    assert!(text(&error["message"]).contains("rotated"), "{error}");
    sealed(
        &terminal,
        "new.json",
        "3.zip",
        12,
        15,
        &["--previous", "2.zip"],
    );

    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &text(&old["vkey"]), "--schema", "enigm-key"]);
    assert_eq!(terminal.done(&["import", "1.zip", "2.zip"])["total"], 14);
    // The new key is not trusted because the log says so.
    let report = terminal.done(&["import", "3.zip"]);
    assert_eq!(report["files"][0]["verdict"], "pending");

    let proposals = terminal.done(&["trust", "proposals"]);
    assert_eq!(proposals["total"], 2);
    let all = proposals["origins"][0]["proposals"]
        .as_array()
        .expect("proposals");
    assert_eq!(all[0]["state"], "waiting");
    assert_eq!(all[0]["key"]["fingerprint"], new["fingerprint"]);
    assert_eq!(all[0]["replaces"], old["fingerprint"]);
    assert_eq!(
        (&all[1]["state"], &all[1]["replaces"]),
        (&json!("waiting"), &Value::Null)
    );

    let fingerprint = text(&new["fingerprint"]);
    let (code, _) = terminal.refused(&["trust", "confirm", ORIGIN, &fingerprint[..16]]);
    assert_eq!(code, 2, "a short fingerprint is none");
    let done = terminal.done(&["trust", "confirm", ORIGIN, &fingerprint]);
    assert!(
        done["effects"].as_array().is_some_and(|e| !e.is_empty()),
        "{done:#}"
    );
    terminal.done(&["trust", "confirm", ORIGIN, &text(&half["fingerprint"])]);
    let shown = terminal.done(&["trust", "show", ORIGIN]);
    let rules = shown["requirement"].as_array().expect("rules");
    assert_eq!(
        (&rules[0]["to"], &rules[0]["keys"]),
        (&json!(15), &json!([old["fingerprint"]]))
    );
    assert_eq!(rules[1]["kind"], "all");
    assert_eq!(
        rules[1]["keys"],
        json!([new["fingerprint"], half["fingerprint"]])
    );
    let states: Vec<String> = shown["proposals"]
        .as_array()
        .expect("proposals")
        .iter()
        .map(|p| text(&p["state"]))
        .collect();
    assert_eq!(states, ["confirmed", "confirmed"]);
    let sources = terminal.done(&["sources"]);
    assert_eq!(
        sources["imports"]["rows"][0]["verdict"], "extends",
        "{sources:#}"
    );

    // Out and in again: the file says the same.
    terminal.done(&["trust", "export", "-o", "trust.json"]);
    let same = terminal.done(&["trust", "set", "trust.json"]);
    assert_eq!(same["origins"], json!([]));
}

#[test]
fn a_proposal_above_a_distrust_size_is_void() {
    let (_dir, terminal) = terminal();
    let (old, _) = keygen(&terminal, "old.json", false);
    let (new, _) = keygen(&terminal, "new.json", false);
    sealed(
        &terminal,
        "old.json",
        "1.zip",
        0,
        9,
        &["--rotate-to", "new.json"],
    );
    let created = terminal.done(&["init"]);
    terminal.done(&["trust", "add", &text(&old["vkey"]), "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);
    let key = text(&old["fingerprint"]);
    let at = |size: &str, more: &[&str]| {
        let arguments = ["trust", "distrust", ORIGIN, &key, "--from", size];
        terminal.done(&[&arguments[..], more].concat())
    };
    // The proposal is record 9. Distrust reaches what was here before only when nobody knows since when.
    let done = at("9", &["--compromised", "2999-01-01T00:00:00Z"]);
    assert!(
        text(&done["effects"][0]).contains("stop counting"),
        "{done:#}"
    );
    let shown = terminal.done(&["trust", "show", ORIGIN]);
    assert_eq!(shown["proposals"][0]["state"], "void");
    assert!(
        text(&shown["proposals"][0]["words"]).contains("distrusted"),
        "{shown:#}"
    );
    let fingerprint = text(&new["fingerprint"]);
    let (code, error) = terminal.refused(&["trust", "confirm", ORIGIN, &fingerprint]);
    assert_eq!((code, &error["code"]), (1, &json!("refused")));
    // Distrusting less is a lowering.
    let second = second(&created);
    let (code, _) = terminal.refused(&["trust", "distrust", ORIGIN, &key, "--from", "40"]);
    assert_eq!(code, 1);
    at(
        "40",
        &["--compromised", "2999-01-01T00:00:00Z", "--as", &second],
    );
    let shown = terminal.done(&["trust", "show", ORIGIN]);
    assert_eq!(shown["proposals"][0]["state"], "waiting", "{shown:#}");
}

#[test]
fn wrong_arguments_say_what_to_try() {
    let (_dir, terminal) = terminal();
    let (key, _) = keygen(&terminal, "key.json", false);
    terminal.done(&["init"]);
    let fingerprint = text(&key["fingerprint"]);
    put(
        &terminal,
        "broken.json",
        b"{\"format\":\"muniment/trust/v1\"}",
    );
    for arguments in [
        &["trust", "show", "nobody"][..],
        &["trust", "set", "broken.json"],
        &["trust", "set", "absent.json"],
        &["trust", "anchor", ORIGIN, "5", "not-a-root"],
        &["trust", "distrust", ORIGIN, &fingerprint, "--from", "5"],
        &["trust", "confirm", ORIGIN, &fingerprint],
        &["trust", "export", "nobody"],
    ] {
        let (code, error) = terminal.refused(arguments);
        assert_eq!(code, 2, "{arguments:?} {error}");
        assert!(!text(&error["hint"]).is_empty(), "{arguments:?}");
    }
    // An anchor makes a history known.
    sealed(&terminal, "key.json", "1.zip", 0, 9, &[]);
    let next = sealed(
        &terminal,
        "key.json",
        "2.zip",
        9,
        12,
        &["--previous", "1.zip"],
    );
    terminal.done(&["trust", "add", &text(&key["vkey"]), "--schema", "enigm-key"]);
    terminal.done(&["import", "2.zip"]);
    let origin = |terminal: &Terminal| terminal.done(&["sources"])["origins"][0].clone();
    assert_eq!(origin(&terminal)["anchored"], false);
    terminal.done(&["trust", "anchor", ORIGIN, "12", &text(&next["root"])]);
    assert_eq!(origin(&terminal)["anchored"], true);
}
