//! A stranger's exporter and verifier (`exporter.py`, `verifier.py`), written from `schemas/formats`:
//! what the one makes imports, and the other comes to what ours does, whatever is done to an export.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use evidence::archive::{
    CHECKPOINT, CONSISTENCY, PREVIOUS_CHECKPOINT, RANGE, RECORDS, RECORDS_ZST,
};
use evidence::{Checkpoint, CompactRange, Field, Hash, Record, Seed, SigningKey, encode_entry};
use muniment_tests::chance::{Chance, cases};
use muniment_tests::exports::{Files, put};
use muniment_tests::programs::Terminal;
use serde_json::{Value, json};

use super::{python, script};

const ORIGIN: &str = "log.example/stranger";

fn source(id: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("schemas/sources").join(format!("{id}.json"));
    path.display().to_string()
}

/// The stranger's system: its exporter, in a folder of its own.
struct Stranger<'a> {
    python: &'a Path,
    home: &'a Path,
}

impl Stranger<'_> {
    fn path(&self, name: &str) -> String {
        self.home.join(name).display().to_string()
    }

    fn runs(&self, program: &str, arguments: &[&str]) -> String {
        let output = script(self.python, program, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A new key of the log; its vkey.
    fn key(&self, name: &str, seed: &str) -> String {
        self.runs(
            "exporter.py",
            &["key", ORIGIN, &self.path(name), "--seed", seed],
        )
    }

    /// The next export of the log, from lines; the root that it is said to have.
    fn export(&self, key: &str, id: &str, lines: &str, out: &str, more: &[&str]) -> String {
        let records = self.path("records.ndjson");
        std::fs::write(&records, lines).expect("written");
        let more: Vec<String> = (more.iter())
            .map(|word| match word.strip_suffix(".json") {
                Some(_) => self.path(word),
                None => (*word).to_owned(),
            })
            .collect();
        let fixed = [self.path(key), source(id), records, self.path(out)];
        let mut arguments = vec!["export"];
        arguments.extend(fixed.iter().chain(&more).map(String::as_str));
        self.runs("exporter.py", &arguments)
    }

    /// What the stranger's verifier comes to for each file.
    fn verdicts(&self, trust: &str, files: &[PathBuf]) -> BTreeMap<String, String> {
        let sources = source("enigm-key");
        let sources = Path::new(&sources).parent().expect("a folder").display();
        let mut arguments = vec!["--trust".to_owned(), trust.to_owned()];
        arguments.extend(["--sources".to_owned(), sources.to_string()]);
        arguments.extend(files.iter().map(|file| file.display().to_string()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = script(self.python, "verifier.py", &arguments);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            said.lines().count(),
            files.len(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let line = |line: &str| {
            let (word, rest) = line.split_once(' ').expect("a word and a name");
            let name = rest.split_once(": ").map_or(rest, |(name, _)| name);
            (name.to_owned(), word.to_owned())
        };
        said.lines().map(line).collect()
    }
}

/// Records of every shape as a source writes them, `count` from `from` on.
fn lines(from: usize, count: usize) -> String {
    let shape = |at: usize| {
        let head = format!(
            "\"id\":\"00000000-0000-4000-8000-{at:012}\",\"time\":\"2026-11-02T03:{:02}:00Z\",\
             \"outcome\":\"accepted\"",
            at % 60
        );
        match at % 5 {
            0 => format!("{{\"type\":\"heartbeat\",{head}}}"),
            // What nobody declared, with names that are data; white space and numbers of the source's own.
            1 => format!(
                "{{ \"type\" : \"dependency.checked\" ,{head},\"subject\":{{\"key\":\"EK-{at}\"}},\
                 \"dependency\":{{\"kind\":\"account\",\"latency-ms\":123456789012345678901}},\
                 \"of/~nobody\":{{ \"a@example.com\" : [1.0e2, -0 ,{{}}] }}}}"
            ),
            2 => format!(
                "{{\"type\":\"key.activated\",{head},\"subject\":{{\"key\":\"\\u00e9\u{1F511}\\/\\\"\",\
                 \"account\":\"a@example.com\"}},\"key\":{{}}}}"
            ),
            // Fields that the exporter was given: the record as a whole, and paths that only look nested.
            3 => r#"[["","{\"type\" : \"heartbeat\"}"]]"#.to_owned(),
            _ => r#"[["/a~1b/~0","\"\\u0000\""],["/a","[[],{}]"],["/ab","\"\u007f\""],["/*","{\"z\":1}"]]"#
                .to_owned(),
        }
    };
    (from..from + count).map(|at| shape(at) + "\n").collect()
}

#[test]
fn what_a_strangers_exporter_makes_imports() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let stranger = Stranger {
        python: &python,
        home: dir.path(),
    };
    let vkey = stranger.key("key.json", &"11".repeat(32));
    let new_vkey = stranger.key("new.json", &"12".repeat(32));
    let id = "enigm-key";
    stranger.export("key.json", id, &lines(0, 7), "one", &[]);
    let form = ["--form", "deflated", "--zstd"];
    stranger.export("key.json", id, &lines(7, 6), "two.zip", &form);
    let form = ["--form", "stored", "--prove", "3,7,13"];
    let root = stranger.export("key.json", id, &lines(13, 5), "three.zip", &form);
    let propose = ["--propose", "new.json", "--zstd"];
    stranger.export("key.json", id, &lines(18, 2), "four", &propose);
    stranger.export(
        "new.json",
        id,
        &lines(21, 5),
        "five.zip",
        &["--form", "deflated"],
    );

    let all = ["one", "two.zip", "three.zip", "four"];
    for name in all {
        let verified = terminal.done(&["verify", name, "--trust", &vkey]);
        assert_eq!(verified["outcome"], "passed", "{name}");
    }
    let (code, said) = terminal.json(&["verify", "five.zip", "--trust", &new_vkey]);
    // The checkpoint before it is by the key before.
    assert_eq!((code, &said["outcome"]), (3, &json!("not-trusted")));

    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", id]);
    // Without the second one: its records are missing, and a proof of the third bridges them.
    let imported = terminal.done(&["import", "one", "three.zip"]);
    let of = |imported: &Value| -> Vec<(String, String)> {
        let files = imported["files"].as_array().expect("files").iter();
        let word = |value: &Value| value.as_str().expect("a word").to_owned();
        files
            .map(|file| (word(&file["verdict"]), word(&file["assurance"])))
            .collect()
    };
    let is = |verdict: &str, level: &str| (verdict.to_owned(), level.to_owned());
    let anchored = "source-anchored";
    assert_eq!(
        of(&imported),
        [is("extends", anchored), is("gap", anchored)]
    );
    let states = || -> Vec<Value> {
        let sources = terminal.done(&["sources"]);
        let band = sources["origins"][0]["band"].as_array().expect("a band");
        band.iter().map(|part| part["state"].clone()).collect()
    };
    assert_eq!(states(), ["covered", "bridged", "covered"]);
    let imported = terminal.done(&["import", "two.zip", "four", "five.zip"]);
    assert_eq!(
        of(&imported),
        [
            is("extends", anchored),
            is("extends", anchored),
            is("pending", "unproven")
        ]
    );

    // The key that the log proposed, confirmed.
    let proposals = terminal.done(&["trust", "proposals"]);
    let proposal = &proposals["origins"][0]["proposals"][0];
    assert_eq!(
        (
            &proposal["index"],
            &proposal["key"]["vkey"],
            &proposal["state"]
        ),
        (&json!(20), &json!(new_vkey), &json!("waiting"))
    );
    let key = proposal["key"]["fingerprint"].as_str().expect("hex");
    terminal.done(&["trust", "confirm", ORIGIN, key]);
    let sources = terminal.done(&["sources"]);
    let origin = &sources["origins"][0];
    assert_eq!(
        (&origin["verdict"], &origin["size"], &origin["records"]),
        (&json!("extends"), &json!(26), &json!(26))
    );
    assert_eq!(
        (&origin["anchored"], &origin["assurance"]),
        (&json!(true), &json!(anchored))
    );

    // The stranger's verifier under the same policy, as a file.
    terminal.done(&["trust", "export", "-o", "policy.json"]);
    let files: Vec<PathBuf> = (all.iter().chain(&["five.zip"]))
        .map(|name| dir.path().join(name))
        .collect();
    let verdicts = stranger.verdicts(&stranger.path("policy.json"), &files);
    assert!(
        verdicts.values().all(|word| word == "valid"),
        "{verdicts:?}"
    );

    // The root that it printed is the one that we compute.
    let verified = terminal.done(&["verify", "three.zip", "--trust", &vkey]);
    assert!(verified.to_string().contains(&root), "{verified:#}");
}

#[test]
fn a_strangers_verifier_takes_what_seal_makes() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let stranger = Stranger {
        python: &python,
        home: dir.path(),
    };
    let [key, _] = super::sealed(&terminal, &["--ml-dsa"], "one.zip");
    terminal.done(
        &[
            &super::SEAL[..],
            &["--previous", "one.zip", "-o", "two.zip"],
        ]
        .concat(),
    );
    let cosigner = &key["ml_dsa_44"]["vkey"];
    let both = json!({
        "format": "muniment/trust/v1",
        "origins": [{ "origin": super::ORIGIN, "keys": [key["vkey"], cosigner] }],
    });
    std::fs::write(dir.path().join("both.json"), both.to_string()).expect("written");
    std::fs::write(
        dir.path().join("cosigner.txt"),
        cosigner.as_str().expect("a vkey"),
    )
    .expect("written");
    let files = ["one.zip", "two.zip"].map(|name| dir.path().join(name));
    for trust in ["both.json", "cosigner.txt"] {
        let verdicts = stranger.verdicts(&stranger.path(trust), &files);
        assert!(
            verdicts.values().all(|word| word == "valid"),
            "{trust}: {verdicts:?}"
        );
    }
}

/// What the vectors come from: the stranger's exporter with fixed seeds.
#[test]
fn the_vectors_are_what_a_stranger_makes() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let made = dir.path().join("vectors");
    let output = script(&python, "vectors.py", &[&made.display().to_string()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/formats/vectors");
    let made = tree(&made);
    let mut committed = tree(&committed);
    committed.retain(|name, _| !name.starts_with("packet/") && name != "README.md");
    assert_eq!(
        made.keys().collect::<Vec<_>>(),
        committed.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &made {
        let committed = &committed[name];
        if name.ends_with(".zip") {
            // Compressors differ from version to version; what comes out of them does not.
            assert_eq!(unzipped(bytes), unzipped(committed), "{name}");
        } else if name.ends_with("zips.json") {
            let cases = |bytes: &[u8]| -> Vec<Value> {
                let mut rows: Vec<Value> = serde_json::from_slice(bytes).expect("cases");
                let squeezed = |row: &Value| ["deflated", "lzma"].iter().any(|n| row["name"] == *n);
                for row in rows.iter_mut().filter(|row| squeezed(row)) {
                    row["zip"] = json!(null);
                }
                rows
            };
            assert_eq!(cases(bytes), cases(committed), "{name}");
        } else {
            assert_eq!(
                String::from_utf8_lossy(bytes),
                String::from_utf8_lossy(committed),
                "{name}"
            );
        }
    }
}

/// Every file below a folder, by its path with slashes.
fn tree(folder: &Path) -> Files {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            let below = tree(&entry.path());
            files.extend(
                below
                    .into_iter()
                    .map(|(n, bytes)| (format!("{name}/{n}"), bytes)),
            );
        } else {
            files.insert(name, std::fs::read(entry.path()).expect("read"));
        }
    }
    files
}

/// The files of a ZIP, records decompressed.
fn unzipped(zip: &[u8]) -> Files {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a ZIP");
    let mut files = Files::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).expect("read");
        if name == RECORDS_ZST {
            bytes = zstd::decode_all(bytes.as_slice()).expect("a frame");
        }
        files.insert(name, bytes);
    }
    files
}

/// Seed of the key that signs what is changed below.
const SEED: u8 = 0x11;

/// What a mutation may take from.
struct Material {
    /// [7, 13) with every file that an export can have.
    good: Files,
    /// Others of the same log, genuine.
    siblings: Vec<Files>,
    key: SigningKey,
    stranger: SigningKey,
}

/// An export as it is given to both verifiers.
enum Given {
    Folder(Files),
    Zip(Vec<u8>),
}

const MUTATIONS: [fn(Files, &Material, &mut Chance) -> Given; 20] = [
    byte_changed,
    byte_changed,
    bytes_cut_or_added,
    line_moved,
    field_edited,
    field_edited,
    record_signed_anew,
    record_signed_anew,
    record_signed_anew,
    line_spelled_otherwise,
    json_spelled_otherwise,
    json_changed,
    json_changed,
    file_swapped,
    file_of_another,
    signature_changed,
    signature_changed,
    zip_made_anew,
    zip_made_anew,
    records_packed,
];

/// 100 mutations, 3,000 with `MUNIMENT_SOAK=1`; for each both say valid, pending or refused.
#[test]
fn a_strangers_verifier_agrees_on_mutations() {
    let Some(python) = python() else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let stranger = Stranger {
        python: &python,
        home: dir.path(),
    };
    let vkey = stranger.key("key.json", &format!("{SEED:02x}").repeat(32));
    stranger.export("key.json", "enigm-key", &lines(0, 7), "one", &[]);
    stranger.export(
        "key.json",
        "enigm-key",
        &lines(7, 6),
        "two",
        &["--prove", "3,7"],
    );
    stranger.export(
        "key.json",
        "enigm-key",
        &lines(13, 5),
        "three",
        &["--prove", "7"],
    );
    let [one, two, three] = ["one", "two", "three"].map(|name| tree(&dir.path().join(name)));
    let key = SigningKey::from_seed(ORIGIN, &[SEED; 32]).expect("a key");
    assert_eq!(key.verifier_key().to_string(), vkey);
    let material = Material {
        good: two,
        siblings: vec![one, three],
        key,
        stranger: SigningKey::from_seed(ORIGIN, &[0x22; 32]).expect("a key"),
    };
    // A requirement, a schema with its digest: what a trust file adds is decided too.
    let digest = std::fs::read(source("enigm-key")).expect("read");
    let policy = json!({
        "format": "muniment/trust/v1",
        "origins": [{
            "origin": ORIGIN,
            "keys": [vkey],
            "requirement": [{ "from": 0, "to": 14, "any": [
                material.key.verifier_key().fingerprint().to_hex()
            ]}],
            "schemas": [{ "id": "enigm-key", "version": 1, "digest": Hash::sha256(&digest).to_hex() }],
        }],
    });
    std::fs::write(dir.path().join("policy.json"), policy.to_string()).expect("written");

    let mut given = Vec::new();
    for case in cases(100, 3_000) {
        let mut chance = Chance::new(0x666f_726d + case);
        let at = (case % MUTATIONS.len() as u64) as usize;
        let path = dir.path().join(format!("case-{case}"));
        match MUTATIONS[at](material.good.clone(), &material, &mut chance) {
            Given::Folder(files) => put(&path, &files),
            Given::Zip(bytes) => std::fs::write(&path, bytes).expect("written"),
        }
        given.push((case, at, path));
    }
    let paths: Vec<PathBuf> = given.iter().map(|(_, _, path)| path.clone()).collect();
    let theirs = stranger.verdicts(&stranger.path("policy.json"), &paths);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (case, at, path) in &given {
        let path = path.display().to_string();
        let (code, said) = terminal.json(&["verify", &path, "--trust", "policy.json"]);
        let ours = match code {
            0 => "valid",
            1 => "refused",
            3 => "pending",
            other => panic!("case {case}: exit {other}"),
        };
        assert_eq!(theirs[&path], ours, "case {case} (mutation {at}): {said:#}");
        *counts.entry(ours.to_owned()).or_default() += 1;
    }
    // Agreement on refusals alone would be had for nothing.
    if given.len() >= 100 {
        let of = |word: &str| counts.get(word).copied().unwrap_or_default();
        assert!(of("valid") >= 10 && of("refused") >= 50, "{counts:?}");
        assert!(of("pending") >= 2, "{counts:?}");
    }
}

fn one_name(files: &Files, chance: &mut Chance) -> String {
    let names: Vec<&String> = files.keys().collect();
    (*chance.one(&names)).clone()
}

fn text(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).expect("text")
}

fn byte_changed(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let name = one_name(&files, chance);
    let bytes = files.get_mut(&name).expect("its own name");
    let at = chance.below(bytes.len());
    bytes[at] ^= *chance.one(&[0x01, 0x20, 0x80, 0x04]);
    Given::Folder(files)
}

fn bytes_cut_or_added(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let name = one_name(&files, chance);
    let bytes = files.get_mut(&name).expect("its own name");
    let at = chance.below(bytes.len() + 1);
    match chance.below(4) {
        0 => bytes.truncate(at),
        1 => bytes.push(*chance.one(b"\n\r 0")),
        2 => bytes.insert(at, *chance.one(b"\n\r 0\"")),
        _ => drop(bytes.drain(at / 2..at)),
    }
    Given::Folder(files)
}

fn line_moved(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let records = text(&files, RECORDS);
    let mut lines: Vec<&str> = records.split_inclusive('\n').collect();
    let (a, b) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(3) {
        0 => drop(lines.remove(a)),
        1 => lines.insert(b, lines[a]),
        _ => lines.swap(a, b),
    }
    files.insert(RECORDS.into(), lines.concat().into());
    Given::Folder(files)
}

/// The records as they can be edited.
fn records(files: &Files) -> Vec<Record> {
    let record = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a line");
        let seed = BASE64.decode(value["s"].as_str().expect("a seed").as_bytes());
        let seed = <[u8; 32]>::try_from(seed.expect("base64")).expect("32 bytes");
        let fields: Vec<(String, String)> =
            serde_json::from_value(value["f"].clone()).expect("fields");
        Record {
            index: value["i"].as_u64().expect("an index"),
            seed: Seed::new(seed),
            fields: (fields.into_iter())
                .map(|(path, value)| Field { path, value })
                .collect(),
        }
    };
    text(files, RECORDS).lines().map(record).collect()
}

fn set_records(files: &mut Files, records: &[Record]) {
    let lines: String = records.iter().map(|r| r.to_line() + "\n").collect();
    files.insert(RECORDS.into(), lines.into());
}

/// Value texts and paths, good and bad, each of which some program takes for good.
const VALUES: [&str; 30] = [
    "1",
    "01",
    " 1",
    "1 ",
    "-0",
    "1e400",
    "1.",
    ".5",
    "+1",
    "NaN",
    "Infinity",
    "nul",
    "true",
    "\"\"",
    "",
    "\"a\"",
    "'a'",
    "accepted",
    "\"\\u00e9\"",
    "\"\\ud83d\"",
    "\"\\udd11\\ud83d\"",
    "\"\\ud83d\\udd11\"",
    "\"\\x\"",
    "\"\u{1}\"",
    "\"a\tb\"",
    "\u{feff}1",
    "{\"a\":1,\"\\u0061\":2}",
    "{ \"a\" :\n[ ] }",
    "[1,]",
    "\u{a0}1",
];
const PATHS: [&str; 14] = [
    "/a",
    "a",
    "",
    "/",
    "/a~2",
    "/a~",
    "/a~0~1",
    "/type/x",
    "/type",
    "/typ",
    "/*",
    "/subject/*",
    "/\u{e9}\u{1F511}",
    "@schema",
];
const SCHEMAS: [&str; 9] = [
    "{\"id\":\"enigm-key\",\"version\":1}",
    "{\"id\":\"enigm-key\",\"version\":2}",
    "{\"id\":\"enigm-os\",\"version\":1}",
    "{\"id\":\"muniment-key\",\"version\":1}",
    "{\"id\":\"enigm-key\", \"version\":1}",
    "{\"version\":1,\"id\":\"enigm-key\"}",
    "{\"id\":\"Enigm-key\",\"version\":1}",
    "{\"id\":\"enigm-key\",\"version\":01}",
    "\"enigm-key\"",
];

fn edit(record: &mut Record, chance: &mut Chance) {
    let at = 1 + chance.below(record.fields.len() - 1);
    match chance.below(9) {
        0..3 => record.fields[at].value = (*chance.one(&VALUES)).to_owned(),
        3 => record.fields[at].path = (*chance.one(&PATHS)).to_owned(),
        4 => record.fields.push(Field {
            path: (*chance.one(&PATHS)).to_owned(),
            value: (*chance.one(&["1", "{\"type\":1,\"a\":2,\"*\":3}"])).to_owned(),
        }),
        5 => record.fields[0].value = (*chance.one(&SCHEMAS)).to_owned(),
        6 => drop(record.fields.remove(at)),
        7 => record.fields.swap(at, 0),
        _ => {
            let depth = 62 + chance.below(5);
            record.fields[at].value = "[".repeat(depth) + &"]".repeat(depth);
        }
    }
}

/// A record is another, and nobody signed that.
fn field_edited(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let mut all = records(&files);
    let at = chance.below(all.len());
    edit(&mut all[at], chance);
    set_records(&mut files, &all);
    Given::Folder(files)
}

fn note(key: &SigningKey, size: u64, root: Hash) -> Vec<u8> {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size,
        root,
    };
    key.sign_note(&checkpoint.to_text()).expect("signed").into()
}

/// The root that the records lead to, whether or not they keep the rules.
fn root_of(files: &Files, records: &[Record]) -> Option<(u64, Hash)> {
    let range: Value = serde_json::from_slice(&files[RANGE]).expect("range.json");
    let frontier: Vec<Hash> = serde_json::from_value(range["frontier"].clone()).expect("hashes");
    let first = range["first"].as_u64().expect("a number");
    let mut tree = CompactRange::from_frontier(first, frontier).expect("a frontier");
    for record in records {
        let paths = record.fields.iter().map(|f| f.path.as_str());
        let commitments: Vec<_> = paths.zip(record.commitments()).collect();
        let entry = encode_entry(commitments.into_iter()).ok()?;
        tree.push(evidence::merkle::leaf_hash(&entry));
    }
    Some((tree.size(), tree.root()))
}

/// The log's own key signs the edited record: only the rules of records can refuse it.
fn record_signed_anew(mut files: Files, material: &Material, chance: &mut Chance) -> Given {
    let mut all = records(&files);
    let at = chance.below(all.len());
    edit(&mut all[at], chance);
    set_records(&mut files, &all);
    files.remove(CONSISTENCY);
    let (size, root) = root_of(&files, &all).expect("entries within their bound");
    files.insert(CHECKPOINT.into(), note(&material.key, size, root));
    Given::Folder(files)
}

/// The same record in another spelling: the leaf is the same, and the line is refused.
fn line_spelled_otherwise(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let records = text(&files, RECORDS);
    let (from, to) = *chance.one(&[
        ("{\"i\":", "{ \"i\":"),
        (",\"s\":", ", \"s\":"),
        ("\"@schema\"", "\"\\u0040schema\""),
        ("\"/time\"", "\"\\/time\""),
        ("]]}\n", "]]}\r\n"),
        ("]]}\n", "]] }\n"),
        ("\\\"", "\\u0022"),
        ("]]}\n", "],[\"/zz\",\"1\"]]}\n"),
    ]);
    assert!(records.contains(from), "{from}");
    files.insert(RECORDS.into(), records.replacen(from, to, 1).into());
    Given::Folder(files)
}

fn json_spelled_otherwise(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let name = *chance.one(&[RANGE, CONSISTENCY]);
    let value: Value = serde_json::from_slice(&files[name]).expect("JSON");
    let was = text(&files, name);
    let is = match chance.below(6) {
        0 => serde_json::to_string_pretty(&value).expect("JSON") + "\n",
        // In the order of letters.
        1 => serde_json::to_string(&value).expect("JSON") + "\n",
        2 => was.replace('/', "\\/"),
        3 => was.trim_end().to_owned(),
        4 => was.replacen("{\"format\"", "{\"note\":1,\"format\"", 1),
        _ => was.replacen(',', ", ", 1),
    };
    files.insert(name.into(), is.into());
    Given::Folder(files)
}

/// Another value, in the one spelling.
fn json_changed(mut files: Files, material: &Material, chance: &mut Chance) -> Given {
    let other = Hash::sha256(b"another").to_string();
    let hash_in = |was: &str, chance: &mut Chance| {
        let at: Vec<usize> = was.match_indices("=\"").map(|(at, _)| at - 43).collect();
        let at = *chance.one(&at);
        format!("{}{other}{}", &was[..at], &was[at + 44..])
    };
    match chance.below(6) {
        0 => {
            let is = hash_in(&text(&files, RANGE), chance);
            files.insert(RANGE.into(), is.into());
        }
        1 | 2 => {
            let is = hash_in(&text(&files, CONSISTENCY), chance);
            files.insert(CONSISTENCY.into(), is.into());
        }
        3 => {
            let (from, to) = *chance.one(&[
                ("\"first\":7", "\"first\":6"),
                ("\"last\":13", "\"last\":14"),
                ("export/v1", "export/v2"),
                ("stranger", "strangeR"),
                ("\"first\":7", "\"first\":13"),
            ]);
            let is = text(&files, RANGE).replacen(from, to, 1);
            files.insert(RANGE.into(), is.into());
        }
        4 => {
            let (from, to) = *chance.one(&[
                ("\"from\":3", "\"from\":4"),
                ("\"from\":3", "\"from\":9"),
                ("\"from\":7", "\"from\":2"),
                ("\"to\":13", "\"to\":12"),
                ("\"to\":13", "\"to\":99"),
            ]);
            let is = text(&files, CONSISTENCY).replacen(from, to, 1);
            files.insert(CONSISTENCY.into(), is.into());
        }
        _ => {
            files.remove(CONSISTENCY);
            let (size, root) = *chance.one(&[(13, Hash::sha256(b"x")), (12, Hash::sha256(b"x"))]);
            files.insert(CHECKPOINT.into(), note(&material.key, size, root));
        }
    }
    Given::Folder(files)
}

fn file_swapped(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let (a, b) = (one_name(&files, chance), one_name(&files, chance));
    match chance.below(4) {
        0 => drop(files.remove(&a)),
        1 => {
            let (one, other) = (files[&a].clone(), files[&b].clone());
            files.insert(a, other);
            files.insert(b, one);
        }
        2 => {
            files.insert(
                (*chance.one(&["note.txt", "Checkpoint"])).to_owned(),
                vec![b'x'],
            );
        }
        // What is optional.
        _ => drop(files.remove(CONSISTENCY)),
    }
    Given::Folder(files)
}

fn file_of_another(mut files: Files, material: &Material, chance: &mut Chance) -> Given {
    let sibling = chance.one(&material.siblings);
    if chance.once_in(3) {
        return Given::Folder(sibling.clone());
    }
    let name = one_name(sibling, chance);
    files.insert(name.clone(), sibling[&name].clone());
    Given::Folder(files)
}

fn signature_changed(mut files: Files, material: &Material, chance: &mut Chance) -> Given {
    let name = *chance.one(&[CHECKPOINT, PREVIOUS_CHECKPOINT]);
    let note_of = text(&files, name);
    let (signed, line) = note_of.split_once("\n\n").expect("a note");
    let signed = format!("{signed}\n");
    let by_stranger = material.stranger.sign_note(&signed).expect("signed");
    let (_, stranger) = by_stranger.split_once("\n\n").expect("a note");
    let mut forged = BASE64.decode(
        line.trim_end()
            .rsplit(' ')
            .next()
            .expect("base64")
            .as_bytes(),
    );
    let forged = forged.as_mut().expect("base64");
    let at = chance.below(forged.len());
    forged[at] ^= 1;
    let forged = format!("\u{2014} {ORIGIN} {}\n", BASE64.encode(forged));
    let lines = match chance.below(9) {
        0 => stranger.to_owned(),
        1 => format!("{line}{stranger}"),
        2 => format!("{stranger}{line}"),
        3 => forged,
        4 => format!("{line}{forged}"),
        5 => format!("{line}{line}"),
        6 => line.replace('\u{2014}', "-"),
        7 => line.replacen(ORIGIN, "log.example/other", 1),
        _ => line.trim_end().to_owned(),
    };
    files.insert(name.into(), format!("{signed}\n{lines}").into());
    Given::Folder(files)
}

/// The files as a ZIP, in one of the ways of many programs.
fn zip_made_anew(files: Files, _: &Material, chance: &mut Chance) -> Given {
    use zip::write::SimpleFileOptions;
    let method = *chance.one(&[
        zip::CompressionMethod::Stored,
        zip::CompressionMethod::Deflated,
    ]);
    let way = chance.below(10);
    let mut options = SimpleFileOptions::default().compression_method(method);
    if way == 0 {
        options = options.large_file(true);
    }
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in &files {
        let name = match way {
            1 => format!("export/{name}"),
            _ => name.clone(),
        };
        out.start_file(name, options).expect("written");
        out.write_all(bytes).expect("written");
    }
    if way == 2 {
        out.add_directory("docs", SimpleFileOptions::default())
            .expect("written");
    }
    if way == 3 {
        out.set_comment("a comment").expect("short");
    }
    let mut zip = out.finish().expect("written").into_inner();
    match way {
        4 => zip.insert(0, b'x'),
        5 => zip.push(b'x'),
        6 | 7 => {
            let at = chance.below(zip.len());
            zip[at] ^= 1 << chance.below(8);
        }
        8 => zip.truncate(chance.below(zip.len())),
        _ => {}
    }
    Given::Zip(zip)
}

/// The records as zstd frames, one or not.
fn records_packed(mut files: Files, _: &Material, chance: &mut Chance) -> Given {
    let plain = files.remove(RECORDS).expect("records");
    let level = *chance.one(&[1, 3, 19]);
    let mut frame = zstd::encode_all(plain.as_slice(), level).expect("memory");
    match chance.below(8) {
        0 => frame.extend(zstd::encode_all(&b""[..], 1).expect("memory")),
        1 => frame.push(0),
        2 => drop(frame.pop()),
        3 => {
            let skippable = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
            frame.splice(0..0, skippable);
        }
        4 => {
            files.insert(RECORDS.into(), plain);
        }
        _ => {}
    }
    files.insert(RECORDS_ZST.into(), frame);
    Given::Folder(files)
}
