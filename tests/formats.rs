//! The published formats: every vector of `schemas/formats/vectors` comes to what it says, and every
//! example in the documents is the vector that it names. With `MUNIMENT_UPDATE=1` the examples are
//! written anew.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use data_encoding::{BASE64, HEXLOWER};
use evidence::archive::{ArchiveError, ReadSeek};
use evidence::export::{ExportReport, ExportVerdict, verify_export, verify_export_under};
use evidence::merkle::{leaf_hash, verify_consistency};
use evidence::packet::{PacketTrust, manifest, read_container, tag_manifest, write_container};
use evidence::{
    Checkpoint, CompactRange, ExportFiles, ForkProof, Hash, RecordLine, SchemaRef, SignedNote,
    Trust, VerifierKey,
};
use serde_json::Value;

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/formats")
}

fn bytes(name: &str) -> Vec<u8> {
    let path = formats().join("vectors").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).expect("JSON")
}

/// The cases of a vector file, each with its name.
fn cases(name: &str) -> Vec<(String, Value)> {
    let Value::Array(rows) = json(name) else {
        panic!("{name} has no cases");
    };
    assert!(rows.len() > 8, "{name}");
    let named = |row: Value| (format!("{name}: {}", row["why"]), row);
    rows.into_iter().map(named).collect()
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().expect("a text")
}

/// The key that a reader of the vectors knows.
fn known() -> Vec<VerifierKey> {
    let text = String::from_utf8(bytes("keys.txt")).expect("text");
    let vkeys = text.lines().filter(|line| !line.starts_with('#'));
    let keys: Vec<VerifierKey> = vkeys.map(|vkey| vkey.parse().expect("a vkey")).collect();
    assert_eq!(keys.len(), 2);
    keys[..1].to_vec()
}

type Files = BTreeMap<String, Vec<u8>>;

fn folder(name: &str) -> Files {
    let folder = formats().join("vectors").join(name);
    let entries = std::fs::read_dir(folder).expect("a folder");
    let named = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a name");
        (name, std::fs::read(entry.path()).expect("read"))
    };
    entries
        .map(|entry| named(entry.expect("an entry")))
        .collect()
}

fn opened(files: &Files) -> Result<ExportFiles, ArchiveError> {
    ExportFiles::open_files(files.iter().map(|(name, bytes)| {
        let reader: Box<dyn ReadSeek> = Box::new(Cursor::new(bytes.clone()));
        (name.clone(), reader)
    }))
}

fn verdict(report: &ExportReport) -> &'static str {
    match report.verdict {
        ExportVerdict::Valid => "valid",
        ExportVerdict::Pending => "pending",
        ExportVerdict::Rejected => "refused",
    }
}

/// Asserts what an export comes to, and that a refusal says what the rule is.
fn comes_to(case: &str, report: &ExportReport, expect: &str, code: Option<&str>) {
    assert_eq!(verdict(report), expect, "{case}: {report:?}");
    let found = report.rejection.as_ref();
    assert_eq!(found.map(|r| r.code.as_str()), code, "{case}");
    if let Some(rejection) = found {
        let whole = format!("{} {}", rejection.message, rejection.hint);
        let spelling = ["spelling", "seed", "schema-value", "checkpoint-root"];
        if spelling.iter().any(|part| rejection.code.contains(part)) {
            assert!(whole.contains("one spelling"), "{case}: {whole}");
        }
    }
}

#[test]
fn texts_and_keys_have_one_spelling() {
    for (case, row) in cases("log/base64.json") {
        let found = evidence::base64::decode(text(&row, "text").as_bytes());
        let found = found.map(|bytes| HEXLOWER.encode(&bytes));
        assert_eq!(found.as_deref(), row["hex"].as_str(), "{case}");
    }
    for (case, row) in cases("log/keys.json") {
        match VerifierKey::from_str(text(&row, "vkey")) {
            Ok(key) => {
                assert_eq!(row["good"], true, "{case}");
                assert_eq!(key.to_string(), text(&row, "vkey"));
            }
            Err(error) => assert_eq!(error.code(), text(&row, "code"), "{case}"),
        }
    }
}

#[test]
fn notes_come_to_what_they_say() {
    let known = known();
    for (case, row) in cases("log/notes.json") {
        let read = SignedNote::parse(text(&row, "note").as_bytes())
            .map_err(|error| error.code())
            .and_then(|note| {
                Checkpoint::parse(note.text()).map_err(|error| error.code())?;
                note.verify(&known).map_err(|error| error.code())
            });
        let found = match &read {
            Ok(signers) if signers.is_empty() => ("pending", None),
            Ok(_) => ("signed", None),
            Err(code) => ("refused", Some(*code)),
        };
        assert_eq!(
            found,
            (text(&row, "expect"), row["code"].as_str()),
            "{case}"
        );
    }
}

#[test]
fn trees_have_their_roots_and_proofs() {
    let hash = |value: &Value| -> Hash { value.as_str().expect("text").parse().expect("a hash") };
    let trees = json("log/trees.json");
    let trees = trees["trees"].as_array().expect("trees");
    let mut range = CompactRange::new();
    for (size, tree) in (0_u64..).zip(trees) {
        assert_eq!(tree["size"], size);
        assert_eq!(range.root(), hash(&tree["root"]), "{size}");
        let frontier: Vec<Hash> = (tree["frontier"].as_array().expect("hashes").iter())
            .map(hash)
            .collect();
        assert_eq!(range.frontier(), frontier, "{size}");
        for (old, proof) in tree["consistency"].as_object().expect("proofs") {
            let old: u64 = old.parse().expect("a size");
            let proof: Vec<Hash> = (proof.as_array().expect("hashes").iter())
                .map(hash)
                .collect();
            let before = hash(&trees[old as usize]["root"]);
            let holds = verify_consistency(old, size, &proof, &before, &range.root());
            assert_eq!(holds, Ok(()), "{old} to {size}");
        }
        range.push(leaf_hash(&[size as u8]));
    }
    assert!(range.size() > 8);
}

#[test]
fn records_have_their_leaf_or_are_refused() {
    for (case, row) in cases("native-export/records.json") {
        let index = row["index"].as_u64().expect("an index");
        let read = RecordLine::parse(text(&row, "line").as_bytes(), index)
            .and_then(|record| record.check_meaning().map(|()| record.leaf()));
        let found = match &read {
            Ok(leaf) => (Some(leaf.to_string()), None),
            Err(error) => (None, Some(error.code())),
        };
        let expected = (
            row["leaf"].as_str().map(str::to_owned),
            row["code"].as_str(),
        );
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn exports_come_to_what_they_say() {
    let known = known();
    let verify = |files: &Files| verify_export(opened(files), &known, 1).expect("memory");
    for name in ["native-export/first", "native-export/second"] {
        comes_to(name, &verify(&folder(name)), "valid", None);
    }
    let second = folder("native-export/second");
    for (case, row) in cases("native-export/bad.json") {
        assert_eq!(row["base"], "second");
        let mut files = second.clone();
        for (name, put) in row["put"].as_object().expect("files") {
            match put.as_str() {
                Some(text) => files.insert(name.clone(), text.into()),
                None => files.remove(name),
            };
        }
        let expect = text(&row, "expect");
        comes_to(&case, &verify(&files), expect, row["code"].as_str());
    }
    let zipped = |zip: Vec<u8>| {
        verify_export(ExportFiles::open_zip(Cursor::new(zip)), &known, 1).expect("memory")
    };
    for (name, expect) in [
        ("between.zip", "valid"),
        ("third.zip", "valid"),
        // Signed by the key that record 8 proposes.
        ("fourth.zip", "pending"),
    ] {
        let report = zipped(bytes(&format!("native-export/{name}")));
        comes_to(name, &report, expect, None);
    }
    for (case, row) in cases("native-export/zips.json") {
        let zip = BASE64.decode(text(&row, "zip").as_bytes()).expect("base64");
        let expect = text(&row, "expect");
        comes_to(&case, &zipped(zip), expect, row["code"].as_str());
    }
}

#[test]
fn trust_files_decide_what_they_say() {
    let catalogue = sources::Catalogue::builtin();
    let digest = |schema: &SchemaRef| {
        let source = catalogue.get(&schema.id, Some(schema.version));
        source.map(|source| source.digest)
    };
    let second = folder("native-export/second");
    let fourth = bytes("native-export/fourth.zip");
    let under = |trust: &Trust, files: Result<ExportFiles, ArchiveError>| {
        match trust.origin("log.example/key") {
            Some(policy) => verify_export_under(files, policy, &digest, 1),
            None => verify_export(files, &[], 1),
        }
        .expect("memory")
    };
    let mut all = cases("trust/cases.json");
    let any = serde_json::json!({
        "trust": json("trust/any.json"),
        "expect": { "second": "valid", "fourth": "valid" },
    });
    all.push(("trust/any.json".into(), any));
    for (case, row) in all {
        let found = match Trust::parse(row["trust"].to_string().as_bytes()) {
            Err(_) => ["unread"; 2],
            Ok(trust) => [
                verdict(&under(&trust, opened(&second))),
                verdict(&under(
                    &trust,
                    ExportFiles::open_zip(Cursor::new(fourth.clone())),
                )),
            ],
        };
        let expected = ["second", "fourth"].map(|name| text(&row["expect"], name));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn fork_proofs_come_to_what_they_say() {
    let known = known();
    let mut all = cases("fork-proof/bad.json");
    let good = serde_json::json!({ "proof": json("fork-proof/good.json"), "expect": "valid" });
    all.push(("fork-proof/good.json".into(), good));
    for (case, row) in all {
        let proof = row["proof"].to_string();
        let found = match ForkProof::parse(proof.as_bytes()).and_then(|p| p.verify(&known)) {
            Ok(finding) if finding.is_proven() => ("valid", None),
            Ok(_) => ("pending", None),
            Err(error) => ("refused", Some(error.code())),
        };
        assert_eq!(
            found,
            (text(&row, "expect"), row["code"].as_str()),
            "{case}"
        );
    }
    let written = bytes("fork-proof/good.json");
    let proof = ForkProof::parse(&written).expect("a proof");
    assert_eq!(proof.to_json().as_bytes(), written, "as we would write it");
}

/// Edits a packet by its vector.
fn edited(packet: &Files, case: &Value) -> Vec<u8> {
    let mut files = packet.clone();
    for edit in case["edits"].as_array().expect("edits") {
        let file = text(edit, "file");
        if edit["remove"] == true {
            files.remove(file).expect("the file");
        } else if let Some(put) = edit["put"].as_str() {
            files.insert(file.to_owned(), put.into());
        } else {
            let old = &files[file];
            let find = text(edit, "find").as_bytes();
            let at = old.windows(find.len()).position(|w| w == find);
            let at = at.unwrap_or_else(|| panic!("{file} has no {}", edit["find"]));
            let replace = text(edit, "replace").as_bytes();
            let new = [&old[..at], replace, &old[at + find.len()..]].concat();
            files.insert(file.to_owned(), new);
        }
    }
    if case["manifests"] == true {
        let whole = manifest(&files);
        files.insert("manifest-sha256.txt".into(), whole.into());
        let tags = tag_manifest(&files);
        files.insert("tagmanifest-sha256.txt".into(), tags.into());
    }
    let mut zip = Vec::new();
    write_container(&files, &mut zip).expect("written");
    zip
}

#[test]
fn packets_come_to_what_they_say() {
    let zip = bytes("packet/review.zip");
    let trust = PacketTrust::parse(&bytes("packet/keys.json")).expect("a trust file");
    let report = packet::verify_whole(&zip, &trust);
    assert!(report.passed(), "{report:#?}");
    assert!(!packet::verify_whole(&zip, &PacketTrust::default()).passed());
    let files = read_container(&mut Cursor::new(&zip)).expect("a packet");
    let mut same = Vec::new();
    write_container(&files, &mut same).expect("written");
    assert_eq!(same, zip, "the container has one spelling");
    for (case, row) in cases("packet/bad.json") {
        let report = packet::verify_whole(&edited(&files, &row), &trust);
        let found = report.failure_codes();
        for code in row["codes"].as_array().expect("codes") {
            let code = code.as_str().expect("a code");
            assert!(found.contains(&code), "{case}: no {code} in {found:?}");
        }
    }
}

/// An object's members in the order in which they stand.
struct Ordered(Vec<(String, Box<serde_json::value::RawValue>)>);

impl<'de> serde::Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Ordered;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered(members))
            }
        }
        from.deserialize_map(Members)
    }
}

/// Every object of a JSON text, by the place that `packet.md` calls it by.
fn objects(place: &str, text: &str, out: &mut Vec<(String, Vec<String>)>) {
    if let Ok(Ordered(members)) = serde_json::from_str(text) {
        for (name, value) in &members {
            let below = match place {
                "" => name.clone(),
                _ => format!("{place}.{name}"),
            };
            objects(&below, value.get(), out);
        }
        let names = members.into_iter().map(|(name, _)| name).collect();
        out.push((place.to_owned(), names));
    } else if let Ok(items) = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(text) {
        for item in items {
            objects(&format!("each of {place}"), item.get(), out);
        }
    }
}

/// `packet.md` lists the members of every object in their order: those of real packets stand so, and
/// those of the schema are all there.
#[test]
fn the_document_lists_the_members_of_a_packet_in_order() {
    let document = std::fs::read_to_string(formats().join("packet.md")).expect("read");
    let table = document.split("| object | members in order |").nth(1);
    let rows = table.expect("a table").lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let listed: BTreeMap<String, Vec<(String, bool)>> = rows
        .map(|row| {
            let (place, members) = row.trim_matches('|').split_once('|').expect("two cells");
            let members = members.trim().split(", ").map(|member| {
                let optional = member.ends_with('?');
                (member.trim_matches(['`', '?']).to_owned(), optional)
            });
            let place = place.trim().replace('`', "");
            let place = match place.as_str() {
                "the file" => String::new(),
                "each of an evidence list in these" => "evidence list".into(),
                _ => place,
            };
            (place, members.collect())
        })
        .collect();
    let packet = read_container(&mut Cursor::new(bytes("packet/review.zip"))).expect("a packet");
    let full = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../src-tauri/crates/packet/tests/templates/1.json");
    let full = std::fs::read_to_string(full).expect("read");
    let own = String::from_utf8(packet["data/packet.json"].clone()).expect("text");
    let mut seen = std::collections::BTreeSet::new();
    for text in [own, full] {
        let mut found = Vec::new();
        objects("", &text, &mut found);
        for (place, names) in found {
            let place = match place.strip_prefix("each of each of ") {
                // Rows of a section, and their lists.
                Some(inner) => match inner.split_once('.') {
                    Some((_, "evidence")) => "evidence list".to_owned(),
                    _ => format!("each of {inner}"),
                },
                None => place,
            };
            let all = listed
                .get(&place)
                .unwrap_or_else(|| panic!("no row for {place:?}"));
            let expected: Vec<&String> = (all.iter())
                .filter(|(name, optional)| !optional || names.contains(name))
                .map(|(name, _)| name)
                .filter(|name| *name != "epoch" || names.contains(name))
                .collect();
            assert_eq!(names.iter().collect::<Vec<_>>(), expected, "{place}");
            seen.insert(place);
        }
    }
    let unseen: Vec<&String> = listed
        .keys()
        .filter(|place| !seen.contains(*place))
        .collect();
    assert!(unseen.is_empty() || unseen == ["supersedes"], "{unseen:?}");

    // The schema knows the same objects, whichever of them these packets have.
    let schema = formats().join("../packet-2.schema.json");
    let schema: Value =
        serde_json::from_slice(&std::fs::read(schema).expect("read")).expect("JSON");
    let definitions = schema["$defs"].as_object().expect("definitions").values();
    let mut known: Vec<Vec<&String>> = (definitions.chain([&schema]))
        .filter_map(|one| one["properties"].as_object())
        .map(|properties| properties.keys().collect())
        .collect();
    known.sort();
    let mut told: Vec<Vec<&String>> = listed
        .values()
        .map(|members| {
            let mut names: Vec<&String> = members.iter().map(|(name, _)| name).collect();
            names.sort();
            names
        })
        .collect();
    told.sort();
    assert_eq!(told, known);
}

/// What a vector's name in a document stands for.
fn example(named: &str) -> String {
    let (hex, named) = match named.strip_prefix("hex ") {
        Some(named) => (true, named),
        None => (false, named),
    };
    let (file, part) = match named.split_once(' ') {
        Some((file, part)) => (file, Some(part)),
        None => (named, None),
    };
    let file = file.strip_prefix("vectors/").expect("a vector");
    let content = bytes(file);
    let chosen = match part {
        None => content,
        Some(pointer) if pointer.starts_with('/') => {
            let value = json(file);
            let value = value.pointer(pointer).expect("a value");
            wrapped(value.as_str().expect("a text")).into()
        }
        Some(line) if line.starts_with("line ") => {
            let number: usize = line["line ".len()..].parse().expect("a number");
            let text = String::from_utf8(content).expect("text");
            text.lines().nth(number - 1).expect("a line").into()
        }
        Some(entry) => {
            let files = read_container(&mut Cursor::new(content)).expect("a packet");
            let (before, after) = entry.split_once('*').unwrap_or((entry, ""));
            let mut names = files.keys();
            let name = names.find(|n| n.starts_with(before) && n.ends_with(after));
            files[name.expect("a file")].clone()
        }
    };
    if hex {
        return HEXLOWER
            .encode(&chosen)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
            .collect();
    }
    let text = String::from_utf8(chosen).expect("text");
    text.strip_suffix('\n').unwrap_or(&text).to_owned() + "\n"
}

/// A long hexadecimal value in lines.
fn wrapped(value: &str) -> String {
    let hex = value.len() > 64 && value.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex {
        return value.to_owned();
    }
    let lines = value.as_bytes().chunks(64);
    let lines: Vec<&str> = lines
        .map(|l| std::str::from_utf8(l).expect("ASCII"))
        .collect();
    lines.join("\n")
}

#[test]
fn generated_examples_in_the_documents_are_the_vectors() {
    let mut examples = 0;
    for entry in std::fs::read_dir(formats()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let document = std::fs::read_to_string(&path).expect("read");
        let mut parts = document.split("<!-- ");
        let mut fresh = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (named, rest) = part.split_once(" -->").expect("the end of a comment");
            fresh.push_str(&format!("<!-- {named} -->"));
            let is_example = named.trim_start_matches("hex ").starts_with("vectors/");
            let Some(block) = rest.strip_prefix("\n```\n").filter(|_| is_example) else {
                assert!(
                    !is_example || rest.starts_with('`'),
                    "{named} heads no block"
                );
                fresh.push_str(rest);
                continue;
            };
            let end = block.find("```\n").expect("the end of a block");
            examples += 1;
            fresh.push_str(&format!("\n```\n{}{}", example(named), &block[end..]));
        }
        if std::env::var_os("MUNIMENT_UPDATE").is_some() {
            std::fs::write(&path, &fresh).expect("written");
        }
        let current = std::fs::read_to_string(&path).expect("read");
        assert!(
            current == fresh,
            "an example in {} is not its vector: MUNIMENT_UPDATE=1 writes it anew",
            path.display()
        );
    }
    assert!(examples > 15, "{examples}");
}

/// Every link of a document leads somewhere, and every code that our verifier gives is in one.
#[test]
fn the_documents_are_whole() {
    let mut all = String::new();
    for name in [
        "README",
        "log",
        "native-export",
        "packet",
        "fork-proof",
        "trust-file",
        "source-file",
    ] {
        let text =
            std::fs::read_to_string(formats().join(name).with_extension("md")).expect("read");
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().expect("a target");
            assert!(
                formats().join(target).exists(),
                "{name}.md links to {target}"
            );
        }
        all.push_str(&text);
    }
    for row in cases("native-export/bad.json")
        .into_iter()
        .chain(cases("native-export/records.json"))
        .chain(cases("native-export/zips.json"))
        .chain(cases("packet/bad.json"))
        .map(|(_, row)| row)
    {
        let codes = row["codes"].as_array().cloned().unwrap_or_default();
        for code in codes.iter().chain([&row["code"]]).filter_map(Value::as_str) {
            let family = code.split('-').next().expect("a word");
            let told = all.contains(&format!("`{code}`"))
                || all.contains(&format!("`{family}-…`"))
                || all.contains(&format!("`{family}…`"));
            assert!(told, "no document names {code}");
        }
    }
    // 300 KB, so that a stranger takes them along.
    let size: u64 = walk(&formats().join("vectors"));
    assert!(size < 300_000, "{size}");
}

fn walk(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let size = |entry: std::fs::DirEntry| match entry.metadata().expect("readable") {
        of if of.is_dir() => walk(&entry.path()),
        of => of.len(),
    };
    entries.map(|entry| size(entry.expect("an entry"))).sum()
}
