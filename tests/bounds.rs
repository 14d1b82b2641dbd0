//! Each bound of the native format has an export that keeps it by one and one that breaks it by one,
//! and breaking it has its own reason.

use std::io::{Cursor, Write as _};

use evidence::archive::{Bounds, CHECKPOINT, PREVIOUS_CHECKPOINT, RANGE, RECORDS, RECORDS_ZST};
use evidence::export::{ExportVerdict, verify_export};
use evidence::{ArchiveError, ExportFiles, SigningKey, VerifierKey};
use muniment_tests::exports::{Files, Log, packed, verify};

const ORIGIN: &str = "log.example/command";
const SEED: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn good() -> (Files, [VerifierKey; 1]) {
    let log = Log::new(ORIGIN, 7, 30);
    (log.export(11..30, &[3]), [log.verifier()])
}

/// The reason with which these files are refused; "valid" and "pending" otherwise.
fn verdict(files: &Files) -> String {
    let report = verify(files, &good().1);
    match report.verdict {
        ExportVerdict::Valid => "valid".into(),
        ExportVerdict::Pending => "pending".into(),
        ExportVerdict::Rejected => report.rejection.expect("a reason").code,
    }
}

/// The good export with its first record replaced by a line of these fields.
fn with_line(line: &[u8]) -> String {
    let mut files = good().0;
    let text = &files[RECORDS];
    let end = text.iter().position(|b| *b == b'\n').expect("a line");
    let text = [line, &text[end..]].concat();
    files.insert(RECORDS.into(), text);
    verdict(&files)
}

/// A line of `@schema` and these fields. `root` is the answer to a line that breaks no bound:
/// it is well formed, but not the record that was signed.
fn with_fields(fields: impl IntoIterator<Item = (String, String)>) -> String {
    let schema = ("@schema".to_owned(), r#"{"id":"a","version":1}"#.to_owned());
    let fields: Vec<_> = std::iter::once(schema).chain(fields).collect();
    let fields = serde_json::to_string(&fields).expect("strings");
    with_line(format!(r#"{{"i":11,"s":"{SEED}","f":{fields}}}"#).as_bytes())
}

fn one(path: &str, value: &str) -> String {
    with_fields([(path.to_owned(), value.to_owned())])
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn unharmed_it_is_valid() {
    assert_eq!(verdict(&good().0), "valid");
    assert_eq!(verdict(&packed(good().0)), "valid");
}

#[test]
fn fields_and_entries() {
    let many = |count: usize| with_fields((1..count).map(|k| (format!("/f{k}"), "0".into())));
    assert_eq!(many(512), "root");
    assert_eq!(many(513), "too-many-fields");
    // entry = "muniment/record/v1\n" (19) + count (4) + 2 fields of (2 + path + 32).
    let longest = 65_535 - 19 - 4 - 2 * 34 - "@schema".len();
    let long = |length: usize| one(&format!("/{}", "p".repeat(length - 1)), "0");
    assert_eq!(long(longest), "root");
    assert_eq!(long(longest + 1), "entry-too-long");
}

#[test]
fn lines() {
    let head = format!(
        r#"{{"i":11,"s":"{SEED}","f":[["@schema","{{\"id\":\"a\",\"version\":1}}"],["/a","\""#
    );
    let of = |length: usize| {
        let line = format!("{head}{}\\\"\"]]}}", "v".repeat(length - head.len() - 6));
        assert_eq!(line.len(), length);
        with_line(line.as_bytes())
    };
    assert_eq!(of(1 << 20), "root");
    assert_eq!(of((1 << 20) + 1), "line-too-long");
    assert_eq!(with_line(b"{\"i\":11,\"s\":\"\xff\"}"), "line-not-utf8");
    let mut endless = good().0;
    endless.insert(RECORDS.into(), vec![b'x'; 3 << 20]);
    assert_eq!(verdict(&endless), "line-too-long");
}

#[test]
fn values() {
    assert_eq!(one("/a", &nested(64)), "root");
    assert_eq!(one("/a", &nested(65)), "value-too-deep");
    assert_eq!(one("/a", r#"{"k":1,"k":2}"#), "value-duplicate-key");
    assert_eq!(one("/a", r#"{"k":1,"\u006b":2}"#), "value-duplicate-key");
    assert_eq!(one("/a", r#""\ud800""#), "value-lone-surrogate");
    assert_eq!(one("/a", "1 2"), "value-json");
    assert_eq!(one("/a", ""), "value-json");
    assert_eq!(one("/a", "NaN"), "value-json");
}

#[test]
fn paths() {
    let two = |a: &str, b: &str| with_fields([(a.into(), "0".into()), (b.into(), "0".into())]);
    assert_eq!(two("/a", "/ab"), "root");
    assert_eq!(two("/a", "/a"), "path-repeated");
    assert_eq!(two("/a", "/a/b"), "path-nested");
    assert_eq!(two("/a/b", "/a"), "path-nested");
    assert_eq!(one("a", "0"), "path");
    assert_eq!(one("/~2", "0"), "path");
    assert_eq!(one("@schema", "0"), "path");
    let line = format!(r#"{{"i":11,"s":"{SEED}","f":[["/a","0"]]}}"#);
    assert_eq!(with_line(line.as_bytes()), "schema-missing");
}

#[test]
fn seeds_are_canonical_base64_of_32_bytes() {
    let with = |seed: &str| {
        let fields = r#"[["@schema","{\"id\":\"a\",\"version\":1}"]]"#;
        with_line(format!(r#"{{"i":11,"s":"{seed}","f":{fields}}}"#).as_bytes())
    };
    assert_eq!(with(SEED), "root");
    // The same bytes with bits behind the last one, without padding, in the other alphabet.
    assert_eq!(with(&SEED.replace("E=", "F=")), "seed");
    assert_eq!(with(SEED.trim_end_matches('=')), "seed");
    assert_eq!(with("__________________________________________8="), "seed");
    assert_eq!(with("AQEBAQE="), "seed");
    // The same 32 bytes as 5 and 27, each padded: what a lenient reader takes for the same seed.
    let pieces = format!("AQEBAQE={}", "AQEB".repeat(9));
    assert_eq!(with(&pieces), "seed");
}

/// A note of `count` signatures by strangers and the good one.
fn with_signatures(count: usize) -> String {
    let (mut files, _) = good();
    let note = String::from_utf8(files[CHECKPOINT].clone()).expect("text");
    let (text, _) = note.split_once("\n\n").expect("a note");
    let strangers: String = (0..count)
        .map(|k| {
            let name = format!("witness.example/{k}");
            let key = SigningKey::from_seed(&name, &[k as u8 + 40; 32]).expect("a key");
            let signed = key.sign_note(&format!("{text}\n")).expect("signed");
            signed.split_once("\n\n").expect("a note").1.to_owned()
        })
        .collect();
    files.insert(CHECKPOINT.into(), format!("{note}{strangers}").into_bytes());
    verdict(&files)
}

#[test]
fn notes() {
    assert_eq!(with_signatures(15), "valid");
    assert_eq!(with_signatures(16), "note-too-many-signatures");
    let (files, _) = good();
    let changed = |change: &dyn Fn(&str) -> String| {
        let note = String::from_utf8(files[CHECKPOINT].clone()).expect("text");
        let mut files = files.clone();
        files.insert(CHECKPOINT.into(), change(&note).into_bytes());
        verdict(&files)
    };
    let long =
        |length: usize| changed(&|note| format!("{}{note}", "x".repeat(length - note.len())));
    // 64 KiB are read; what was signed is then another text.
    assert_eq!(long(64 << 10), "checkpoint-origin");
    assert_eq!(long((64 << 10) + 1), "note-too-long");
    assert_eq!(
        changed(&|note| note.replace("\n\n", "\nextension\n\n")),
        "checkpoint-extension"
    );
    assert_eq!(
        changed(&|note| note.replace("\n\n", "\n\u{7}\n\n")),
        "note-control-character"
    );
    assert_eq!(
        changed(&|note| note.replace("=\n", "\n")),
        "note-signature-line"
    );
    assert_eq!(
        changed(&|note| note.replacen("\n30\n", "\n030\n", 1)),
        "checkpoint-size"
    );
    assert_eq!(
        changed(&|note| note.replacen("\n30\n", "\n9007199254740992\n", 1)),
        "checkpoint-size"
    );
    let mut not_text = files.clone();
    not_text.get_mut(CHECKPOINT).expect("a note")[3] = 0xff;
    assert_eq!(verdict(&not_text), "note-not-utf8");
}

#[test]
fn ranges() {
    let with = |from: &str, to: &str| {
        let (mut files, _) = good();
        let text = String::from_utf8(files[RANGE].clone()).expect("text");
        assert!(text.contains(from), "{text}");
        files.insert(RANGE.into(), text.replacen(from, to, 1).into_bytes());
        verdict(&files)
    };
    assert_eq!(with("\"last\":30", "\"last\":9007199254740992"), "range");
    assert_eq!(with("\"last\":30", "\"last\":11"), "range");
    assert_eq!(with("\"last\":30", "\"last\":31"), "size");
    assert_eq!(with("\"first\":11", "\"first\":12"), "frontier");
    assert_eq!(with(ORIGIN, "log.example/other"), "origin");
    assert_eq!(with("\"frontier\":[", "\"frontier\": ["), "range-spelling");
    // 64 hashes: more than any tree of below 2^53 records can have.
    let hash = format!("\"{}\",", "A".repeat(43) + "=");
    assert_eq!(
        with(
            "\"frontier\":[",
            &format!("\"frontier\":[{}", hash.repeat(64))
        ),
        "frontier"
    );
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in entries {
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("a directory").into_inner()
}

fn judged(opened: Result<ExportFiles, ArchiveError>) -> String {
    let report = verify_export(opened, &good().1, 2).expect("memory can be read");
    report
        .rejection
        .map_or_else(|| "accepted".into(), |r| r.code)
}

fn archive(entries: &[(&str, &[u8])]) -> String {
    judged(ExportFiles::open_zip(Cursor::new(zip(entries))))
}

#[test]
fn archives() {
    let (files, _) = good();
    let good: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let with = |name: &str, bytes: &[u8]| archive(&[&good[..], &[(name, bytes)]].concat());
    let without = |name: &str| {
        let entries: Vec<_> = good.iter().copied().filter(|(n, _)| *n != name).collect();
        archive(&entries)
    };
    assert_eq!(archive(&good), "accepted");
    assert_eq!(with("x", b""), "too-many-entries");
    for name in [CHECKPOINT, RANGE, RECORDS] {
        assert_eq!(without(name), "missing-file", "{name}");
    }
    assert_eq!(without(PREVIOUS_CHECKPOINT), "previous-missing");
    // Four of the five files, so that a fifth of another name is not one too many.
    let room: Vec<_> = good
        .iter()
        .copied()
        .filter(|(n, _)| *n != "consistency.json")
        .collect();
    let with = |name: &str, bytes: &[u8]| archive(&[&room[..], &[(name, bytes)]].concat());
    assert_eq!(with("/etc/passwd", b"x"), "unsafe-name");
    assert_eq!(with("../range.json", b"x"), "unsafe-name");
    assert_eq!(with("..\\range.json", b"x"), "unsafe-name");
    assert_eq!(with("Checkpoint", b"x"), "case-collision");
    assert_eq!(with("notes.txt", b"x"), "unexpected-file");
    assert_eq!(with(RECORDS_ZST, b"x"), "two-record-files");
    // Unpacked size, ratio, a small file's own bound.
    let zeros = vec![b'0'; 16 << 20];
    let bomb: Vec<_> = room
        .iter()
        .map(|(name, bytes)| {
            (
                *name,
                if *name == RECORDS {
                    zeros.as_slice()
                } else {
                    *bytes
                },
            )
        })
        .collect();
    assert_eq!(archive(&bomb), "expands");
    let tight = Bounds {
        unpacked: 1_000,
        ratio: 200,
    };
    assert_eq!(
        judged(ExportFiles::open_zip_within(Cursor::new(zip(&good)), tight)),
        "expands"
    );
    let long: Vec<_> = room
        .iter()
        .map(|(name, bytes)| {
            (
                *name,
                if *name == RANGE {
                    &zeros[..(1 << 20) + 1]
                } else {
                    *bytes
                },
            )
        })
        .collect();
    assert!(["file-too-long", "expands"].contains(&archive(&long).as_str()));
    // Bytes before, behind and between; a local header that says otherwise than the directory.
    let whole = zip(&good);
    let bytes = |bytes: Vec<u8>| judged(ExportFiles::open_zip(Cursor::new(bytes)));
    assert_eq!(bytes([&whole[..], b"tail"].concat()), "zip");
    assert_eq!(bytes([b"head", &whole[..]].concat()), "zip");
    assert_eq!(bytes(Vec::new()), "zip");
    let mut disagree = whole.clone();
    disagree[14] ^= 1;
    assert_eq!(bytes(disagree), "zip-header-mismatch");
}

#[test]
fn compressed_records_are_exactly_one_bounded_frame() {
    let files = packed(good().0);
    let with = |change: &dyn Fn(&[u8]) -> Vec<u8>| {
        let mut files = files.clone();
        let bytes = change(&files[RECORDS_ZST]);
        files.insert(RECORDS_ZST.into(), bytes);
        verdict(&files)
    };
    assert_eq!(with(&|frame| [frame, b"x"].concat()), "not-one-frame");
    assert_eq!(with(&|frame| [frame, frame].concat()), "not-one-frame");
    // A skippable frame (RFC 8878, 3.1.2) of four hidden bytes.
    assert_eq!(
        with(&|frame| [frame, b"\x50\x2a\x4d\x18\x04\0\0\0hide"].concat()),
        "not-one-frame"
    );
    assert_eq!(
        with(&|_| b"\x50\x2a\x4d\x18\x04\0\0\0hide".to_vec()),
        "not-one-frame"
    );
    assert_eq!(with(&|frame| frame[..frame.len() - 2].to_vec()), "corrupt");
    let lines = vec![b'\n'; 64 << 20];
    let bomb = zstd::encode_all(lines.as_slice(), 3).expect("memory");
    assert!(["expands", "line-spelling"].contains(&with(&|_| bomb.clone()).as_str()));
    let one_line = zstd::encode_all(vec![b'0'; 300 << 20].as_slice(), 3).expect("memory");
    assert_eq!(with(&|_| one_line.clone()), "line-too-long");
}

#[cfg(unix)]
#[test]
fn a_link_in_a_folder_is_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in good().0 {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let (real, link) = (
        folder.path().join(RANGE),
        folder.path().with_extension("elsewhere"),
    );
    std::fs::rename(&real, &link).expect("moved");
    std::os::unix::fs::symlink(&link, &real).expect("linked");
    assert_eq!(
        judged(workbench::open_export_folder(folder.path())),
        "not-a-file"
    );
    std::fs::remove_file(link).expect("removed");
}
