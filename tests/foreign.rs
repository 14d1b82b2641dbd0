//! Strangers check what Muniment writes, and write what it reads: other people's programs (Python's
//! `cryptography`, `pymerkle` and `zstandard`), driven by scripts written from the formats'
//! descriptions alone.

#[path = "foreign/exports.rs"]
mod exports;

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use muniment_tests::exports::{Log, put};
use muniment_tests::programs::Terminal;
use serde_json::json;

const ORIGIN: &str = "log.example/enigm-key";

/// The interpreter of an environment with `foreign/requirements.txt`, or none where there is none.
///
/// # Panics
/// With `CI=true`, where its absence is a failure.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("MUNIMENT_PYTHON").map(PathBuf::from);
    assert!(
        python.is_some() || std::env::var("CI").as_deref() != Ok("true"),
        "MUNIMENT_PYTHON is not set, and in CI it must be"
    );
    #[allow(clippy::print_stderr, reason = "the test says what it could not check")]
    if python.is_none() {
        eprintln!("MUNIMENT_PYTHON: not present; `cargo xtask test` makes the environment");
    }
    python
}

fn script(python: &Path, name: &str, arguments: &[&str]) -> Output {
    Command::new(python)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("foreign")
                .join(name),
        )
        .args(arguments)
        // The scripts import one another; nothing is left beside them.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the interpreter starts")
}

/// Records with what is easy to get wrong: numbers beyond 2^53, escapes that have two spellings,
/// white space inside values, characters outside the BMP, members that no source file declares.
fn records() -> String {
    (0..37)
        .map(|at| {
            let note = [
                "plain",
                "tab\\tand \\u0041",
                "\u{1F511} key",
                "\\\"quoted\\\" \\/",
            ][at % 4];
            format!(
                "{{\"type\":\"dependency.checked\",\"id\":\"00000000-0000-4000-8000-{at:012}\",\
                 \"time\":\"2026-11-02T03:{at:02}:00+01:00\",\"outcome\":\"accepted\",\
                 \"subject\":{{\"key\":\"EK-{at}\"}},\"dependency\":{{\"kind\":\"account\",\
                 \"latency-ms\":1234567890123456789}},\"reason\":{{\"note\":\"{note}\"}},\
                 \"x\":{{ \"of nobody\" : [1.0e2, -0] }}}}\n"
            )
        })
        .collect()
}

/// Arguments that seal `in.ndjson` with `key.json`; what is left to say is where to.
const SEAL: [&str; 8] = [
    "seal",
    "--source",
    "enigm-key",
    "--origin",
    ORIGIN,
    "--key",
    "key.json",
    "in.ndjson",
];

/// Makes a key and seals the records with it as `name`; gives what `keygen` and `seal` said.
fn sealed(terminal: &Terminal, keygen: &[&str], name: &str) -> [serde_json::Value; 2] {
    std::fs::write(terminal.home.join("in.ndjson"), records()).expect("written");
    let keygen = [&["keygen"], keygen, &["--origin", ORIGIN, "-o", "key.json"]].concat();
    let seal = [&SEAL[..], &["-o", name]].concat();
    [terminal.done(&keygen), terminal.done(&seal)]
}

/// The ZIP with one byte of one of its files flipped, its check sums made anew, so that only what
/// was signed can tell.
fn flipped(zip: &[u8], name: &str, at: impl Fn(usize) -> usize) -> Vec<u8> {
    let mut old = zip::ZipArchive::new(Cursor::new(zip)).expect("a ZIP");
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for number in 0..old.len() {
        let mut file = old.by_index(number).expect("a file");
        let its_name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("read");
        if its_name == name {
            let at = at(bytes.len());
            bytes[at] ^= 0x04;
        }
        new.start_file(its_name, options).expect("written");
        new.write_all(&bytes).expect("written");
    }
    new.finish().expect("written").into_inner()
}

#[test]
fn a_stranger_computes_the_root_of_a_native_export_and_sees_a_flipped_byte() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let [key, sealed] = sealed(&terminal, &[], "export.zip");
    let vkey = key["vkey"].as_str().expect("a vkey");
    assert_eq!((&sealed["first"], &sealed["last"]), (&json!(0), &json!(37)));

    let export = dir.path().join("export.zip");
    let path = export.to_str().expect("a plain path");
    let output = script(&python, "export.py", &[path, vkey]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(said.trim(), sealed["root"].as_str().expect("a root"));

    let bytes = std::fs::read(&export).expect("read");
    let changed = dir.path().join("changed.zip");
    for (name, at) in [
        // In the middle of the records (wherever the compressor put it), of the root, and of the signature.
        (
            "records.ndjson.zst",
            (|length| length / 2) as fn(usize) -> usize,
        ),
        ("checkpoint", |_| ORIGIN.len() + 12),
        ("checkpoint", |length| length - 20),
    ] {
        std::fs::write(&changed, flipped(&bytes, name, at)).expect("written");
        let path = changed.to_str().expect("a plain path");
        let output = script(&python, "export.py", &[path, vkey]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(output.stdout.is_empty(), "no root is printed");
    }

    // Another key of the same name is not this one.
    let other = terminal.done(&["keygen", "--origin", ORIGIN, "-o", "other.json"]);
    let output = script(
        &python,
        "export.py",
        &[path, other["vkey"].as_str().expect("a vkey")],
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_stranger_folds_a_redacted_record_of_a_packet_to_its_sources_signature() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let [key, _] = sealed(&terminal, &[], "one.zip");
    let vkey = key["vkey"].as_str().expect("a vkey");
    terminal.done(&[&SEAL[..], &["--previous", "one.zip", "-o", "two.zip"]].concat());
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "one.zip", "two.zip"]);
    // Record 50 lies in the second export, whose beginning the packet knows only by its frontier.
    terminal.done(&["incident", "open", "A stranger's check", "--pin", "50"]);
    let plan = terminal.done(&["packet", "plan", "INC-2026-0001"]);
    let digest = plan["digest"].as_str().expect("a digest");
    terminal.done(&[
        "packet",
        "write",
        "INC-2026-0001",
        "--approve",
        digest,
        "-o",
        "packet.zip",
    ]);

    let packet = dir.path().join("packet.zip");
    let path = packet.to_str().expect("a plain path");
    let output = script(&python, "packet.py", &[path, "E1", vkey]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(said["index"], 49);
    let (disclosed, all) = (said["disclosed"].as_u64(), said["of"].as_u64());
    assert!(disclosed > Some(0) && disclosed < all, "{said}");

    // Another value in the record does not fold to the signed root.
    let bytes = std::fs::read(&packet).expect("read");
    let changed = dir.path().join("changed.zip");
    let name = "data/evidence/E1/record.json";
    let lie = flipped(&bytes, name, |length| length / 2);
    std::fs::write(&changed, lie).expect("written");
    let path = changed.to_str().expect("a plain path");
    let output = script(&python, "packet.py", &[path, "E1", vkey]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_stranger_checks_a_fork_proof_with_the_origins_key_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    // One log to record 9, then two histories of different lengths: the shorter one's head is inside the other.
    let (log, other) = (Log::new(ORIGIN, 7, 21), Log::branching(ORIGIN, 7, 9, 33));
    let vkey = log.verifier().to_string();
    put(&dir.path().join("a"), &log.export(0..21, &[]));
    put(&dir.path().join("b"), &other.export(5..33, &[]));
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-command"]);
    terminal.done(&["import", "a"]);
    let (code, error) = terminal.refused(&["fork-proof", ORIGIN]);
    assert_eq!((code, &error["code"]), (2, &json!("invalid")), "{error:#}");
    terminal.done(&["import", "b"]);

    let said = terminal.done(&["fork-proof", ORIGIN, "-o", "proof.json"]);
    assert_eq!((&said["size"], &said["common"]), (&json!(10), &json!(9)));
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("proof.json")).expect("read"))
            .expect("JSON");
    assert_eq!(said["proof"], written);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/fork-proof-1.schema.json");
    let schema: serde_json::Value =
        serde_json::from_slice(&std::fs::read(schema).expect("read")).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &written));
    // Without --output the proof itself goes to standard output.
    let piped = terminal.run(&["fork-proof", ORIGIN, "--size", "10"]);
    let piped: serde_json::Value = serde_json::from_slice(&piped.stdout).expect("JSON");
    assert_eq!(piped, written);
    assert_eq!(
        terminal.refused(&["fork-proof", ORIGIN, "--size", "11"]).0,
        2
    );
    let custody = terminal.done(&["custody", "fork-proof"]);
    assert_eq!(custody["total"], 1);

    // Our own verifier needs no workspace, and says whose key it misses.
    let verified = terminal.done(&["verify", "proof.json", "--trust", &vkey]);
    assert_eq!(
        (&verified["kind"], &verified["passed"]),
        (&json!("fork proof"), &json!(true))
    );
    let (code, unknown) = terminal.json(&["verify", "proof.json"]);
    assert_eq!((code, &unknown["passed"]), (3, &json!(false)));

    let text = std::fs::read_to_string(dir.path().join("proof.json")).expect("read");
    let root = written["branches"][0]["root"].as_str().expect("a root");
    let head = written["branches"][1]["steps"][0]["root"]
        .as_str()
        .expect("a root");
    let lies = [
        text.replacen(root, head, 1),
        text.replacen("\"size\": 10", "\"size\": 9", 1),
        text.replacen("\\n33\\n", "\\n34\\n", 1),
    ];
    for (n, lie) in lies.iter().enumerate() {
        assert_ne!(*lie, text, "lie {n}");
        let name = format!("lie-{n}.json");
        std::fs::write(dir.path().join(&name), lie).expect("written");
        let (code, report) = terminal.json(&["verify", &name, "--trust", &vkey]);
        assert_eq!(
            (code, &report["passed"]),
            (1, &json!(false)),
            "lie {n}: {report:#}"
        );
        assert_eq!(report["lines"][0]["status"], "failed");
    }

    let Some(python) = python() else { return };
    let path = |name: &str| dir.path().join(name).display().to_string();
    let output = script(&python, "fork.py", &[&path("proof.json"), &vkey]);
    let printed = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{wrong}");
    let roots: Vec<&str> = printed.split_whitespace().collect();
    assert_eq!(roots[0], "10");
    assert!(roots[1..].contains(&root), "{printed}");
    for n in 0..lies.len() {
        let output = script(
            &python,
            "fork.py",
            &[&path(&format!("lie-{n}.json")), &vkey],
        );
        assert_eq!(output.status.code(), Some(1), "lie {n}");
    }
    let stranger = Log::new(ORIGIN, 8, 1).verifier().to_string();
    let output = script(&python, "fork.py", &[&path("proof.json"), &stranger]);
    assert_eq!(output.status.code(), Some(1));
}

/// AWS's own validator agrees where it looks: on the good trail, on an edited digest, an edited log, a
/// missing digest, a lying keys file. A wrong previous hash it does not see, and we do.
#[test]
fn the_aws_tool_agrees_on_trails() {
    use sample::trail::TrailCase as C;
    let Some(python) = python() else { return };
    for (case, digests, logs) in [
        (C::Good, [14, 0], [19, 0]),
        (C::EditedLog, [14, 0], [18, 1]),
        (C::EditedDigest, [13, 1], [17, 0]),
        (C::MissingOne, [13, 1], [18, 0]),
        (C::LyingKeys, [0, 14], [0, 0]),
        (C::WrongPreviousHash, [14, 0], [19, 0]),
    ] {
        let home = tempfile::tempdir().expect("a folder");
        let files = case.files();
        for (path, bytes) in &files.files {
            let path = home.path().join("trail").join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, bytes).expect("written");
        }
        let keys = home.path().join("keys.json");
        std::fs::write(&keys, &files.keys).expect("written");
        let folder = home.path().join("trail").display().to_string();
        let output = script(
            &python,
            "cloudtrail.py",
            &[&folder, &keys.display().to_string()],
        );
        let said = String::from_utf8_lossy(&output.stdout);
        let said: serde_json::Value = serde_json::from_str(&said)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(
            said,
            json!({ "digests": digests, "logs": logs }),
            "{case:?}"
        );
    }
}

#[test]
fn a_stranger_verifies_our_cosignature_and_we_verify_a_strangers() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let [key, _] = sealed(&terminal, &["--ml-dsa"], "export.zip");
    let vkey = key["ml_dsa_44"]["vkey"].as_str().expect("a vkey");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let output = script(
        &python,
        "cosignature.py",
        &["verify", &path("export.zip"), vkey],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let arguments = [
        "sign",
        &path("export.zip"),
        &path("theirs.zip"),
        "witness.example/w1",
    ];
    let output = script(&python, "cosignature.py", &arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::write(dir.path().join("theirs.txt"), &output.stdout).expect("written");
    let verdict = |export: &str| {
        let (code, report) = terminal.json(&["verify", export, "--trust", "theirs.txt"]);
        let lines = report["lines"].as_array().expect("lines").clone();
        let line = lines.into_iter().find(|line| line["name"] == "verdict");
        (
            code,
            line.map_or(json!(null), |line| line["status"].clone()),
        )
    };
    assert_eq!(verdict("theirs.zip"), (0, json!("valid")));
    // Neither takes the other's for its own, and a flipped bit is seen.
    assert_eq!(verdict("export.zip"), (3, json!("pending")));
    let theirs = std::fs::read(dir.path().join("theirs.zip")).expect("read");
    let flipped = flipped(&theirs, "checkpoint", |length| length - 300);
    std::fs::write(dir.path().join("flipped.zip"), flipped).expect("written");
    assert_eq!(verdict("flipped.zip").0, 1);
    let output = script(
        &python,
        "cosignature.py",
        &["verify", &path("theirs.zip"), vkey],
    );
    assert!(!output.status.success());
}
