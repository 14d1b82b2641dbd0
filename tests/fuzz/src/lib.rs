//! One function for each parser of foreign bytes. Each takes any bytes at all, must not crash, hang
//! or grow without bound, and asserts what its callers rely on when the bytes are accepted.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use evidence::archive::{CHECKPOINT, CONSISTENCY, PREVIOUS_CHECKPOINT, RANGE, RECORDS};
use evidence::export::{ExportVerdict, verify_export};
use evidence::packet::{PacketTrust, verify_bytes};
use evidence::{Checkpoint, ExportFiles, RecordLine, SignedNote, Trust, VerifierKey};
use exports::{Files, Log, verify};
use sources::{Catalogue, InputKind, SourceFile, parse_sha256sums, read_foreign};

#[expect(dead_code, reason = "the tests of the product use the rest")]
#[path = "../../src/exports.rs"]
mod exports;

const FIRST: u64 = 11;
const LAST: u64 = 15;

struct Good {
    files: Files,
    keys: [VerifierKey; 1],
}

fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let log = Log::new("log.example/command", 7, LAST);
        Good {
            files: log.export(FIRST..LAST, &[3]),
            keys: [log.verifier()],
        }
    })
}

/// The good export with one file replaced is valid only if that file says the same.
fn replaced(name: &str, bytes: &[u8]) -> ExportVerdict {
    let good = good();
    let mut files = good.files.clone();
    files.insert(name.to_owned(), bytes.to_vec());
    verify(&files, &good.keys).verdict
}

/// A signed note: what is accepted is signed by whom it says, over the text it has.
pub fn note(bytes: &[u8]) {
    if let Ok(note) = SignedNote::parse(bytes) {
        assert!(note.text().ends_with('\n'));
        let _ = note.verify(&good().keys);
    }
    for name in [CHECKPOINT, PREVIOUS_CHECKPOINT] {
        if replaced(name, bytes) == ExportVerdict::Valid {
            let text = |bytes: &[u8]| SignedNote::parse(bytes).map(|n| n.text().to_owned()).ok();
            assert_eq!(text(bytes), text(&good().files[name]));
        }
    }
}

/// The text of a checkpoint has one spelling.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text(), text);
    }
}

/// A verifier key has one spelling.
pub fn key(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
}

/// `range.json`: only the signed one is valid.
pub fn range(bytes: &[u8]) {
    if replaced(RANGE, bytes) == ExportVerdict::Valid {
        assert_eq!(bytes, good().files[RANGE]);
    }
}

/// `consistency.json`: whatever is accepted was proved.
pub fn consistency(bytes: &[u8]) {
    let _ = replaced(CONSISTENCY, bytes);
}

/// A record line has one spelling, and no other line gives the signed root.
pub fn record_line(bytes: &[u8]) {
    if let Ok(line) = RecordLine::parse(bytes, FIRST) {
        let record = line.to_owned();
        assert_eq!(record.to_line().as_bytes(), bytes);
        assert_eq!(record.leaf(), line.leaf());
    }
    if replaced(RECORDS, bytes) == ExportVerdict::Valid {
        assert_eq!(bytes, good().files[RECORDS]);
    }
}

/// A ZIP archive of an export: bounded, and valid only with the signed records.
pub fn archive(bytes: &[u8]) {
    let opened = ExportFiles::open_zip(Cursor::new(bytes.to_vec()));
    let report = verify_export(opened, &good().keys, 1).expect("memory can be read");
    assert!(report.records <= bytes.len() as u64 * 200 + (1 << 20));
}

/// The pinned keys and requirements of a person's own file.
pub fn trust(bytes: &[u8]) {
    if let Ok(trust) = Trust::parse(bytes) {
        let text = trust.to_json();
        let again = Trust::parse(text.as_bytes()).expect("reads what it writes");
        assert_eq!(again.to_json(), text);
    }
}

/// A packet.
pub fn packet(bytes: &[u8]) {
    let trust = PacketTrust::default();
    let _ = verify_bytes(bytes, &trust);
}

/// A source file of the user's own.
pub fn source_file(bytes: &[u8]) {
    if let Ok(source) = SourceFile::parse(bytes) {
        for (path, _) in source.fields() {
            assert!(source.rule(path).is_some());
        }
        let _ = source.commit("{\"a\":{\"b\":[1,2]}}");
    }
}

/// Foreign records in each form, and under a source file of many paths.
pub fn foreign(bytes: &[u8]) {
    let catalogue = Catalogue::builtin();
    let kinds = [
        InputKind::JsonLines,
        InputKind::JsonArray,
        InputKind::CloudTrailRecords,
    ];
    for kind in kinds {
        for source in [None, catalogue.get("aws-cloudtrail", None)] {
            let _ = read_foreign(kind, bytes, source, &mut |record| {
                assert_eq!(
                    record.fields.first().map(|f| f.path.as_str()),
                    Some("@schema")
                );
                ControlFlow::Continue(())
            });
        }
    }
    let _ = InputKind::detect("file", bytes, false);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = parse_sha256sums(text);
    }
}

/// The first inputs of each parser, by its name: what a source writes. The committed corpora were
/// grown from these.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let good = good();
    let mut seeds = Vec::new();
    let mut add = |parser, name: &str, bytes: &[u8]| {
        seeds.push((parser, format!("seed-{name}"), bytes.to_vec()));
    };
    for name in [CHECKPOINT, PREVIOUS_CHECKPOINT] {
        let bytes = &good.files[name];
        add("note", name, bytes);
        let text = bytes
            .windows(2)
            .position(|w| w == b"\n\n")
            .map_or(0, |at| at + 1);
        add("checkpoint", name, &bytes[..text]);
    }
    add("key", "ed25519", good.keys[0].to_string().as_bytes());
    add("range", "signed", &good.files[RANGE]);
    add("consistency", "proved", &good.files[CONSISTENCY]);
    let records = &good.files[RECORDS];
    add("record_line", "all", records);
    for (number, line) in records.split(|b| *b == b'\n').enumerate().take(1) {
        add("record_line", &number.to_string(), line);
    }
    add("archive", "stored", &zip_of(&good.files));
    let key = &good.keys[0];
    let trust = serde_json::json!({"format": "muniment/trust/v1", "origins": [{
        "origin": key.name(), "keys": [key.to_string()], "requirement": [
            {"from": 0, "any": [key.fingerprint().to_hex()]}],
        "anchor": {"size": 3, "root": key.fingerprint().to_string()}, "heartbeat": 3600}]});
    add("trust", "one", trust.to_string().as_bytes());
    let source = include_str!("../../../schemas/sources/vpn-network.json");
    add("source_file", "vpn", source.as_bytes());
    let event = r#"{"eventVersion":"1.08","eventTime":"2023-07-10T11:40:00Z","eventName":"GetUser","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/a"},"requestParameters":null}"#;
    add("foreign", "lines", format!("{event}\n{event}\n").as_bytes());
    add("foreign", "array", format!("[{event},{event}]").as_bytes());
    add(
        "foreign",
        "records",
        format!("{{\"Records\":[{event}]}}").as_bytes(),
    );
    let sums = format!("{}  a.json\n", "00".repeat(32));
    add("foreign", "sums", sums.as_bytes());
    seeds
}

/// A ZIP of stored entries, written out by hand so that no writer's habit is the only one tried.
fn zip_of(files: &Files) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let at = out.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        let mut common = Vec::new();
        // Version 2.0, no flags, stored, 1980-01-01 00:00.
        common.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0]);
        common.extend(crc.sum().to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, at) = (files.len() as u16, out.len() as u32);
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}
