//! One function for each parser of foreign bytes. Each takes any bytes at all, must not crash, hang
//! or grow without bound, and asserts what its callers rely on when the bytes are accepted.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::ops::ControlFlow;
use std::sync::OnceLock;

use evidence::archive::{
    CHECKPOINT, CONSISTENCY, Container, PREVIOUS_CHECKPOINT, RANGE, RECORDS, read_member,
};
use evidence::cloudtrail::{
    self, LogVerdict, Trail, TrailTrust, is_digest_name, is_log_name, is_signature_name,
};
use evidence::export::{ExportVerdict, verify_export};
use evidence::fork::{Branch, ForkProof};
use evidence::packet::{PacketTrust, verify_bytes};
use evidence::{Checkpoint, CosigningKey, ExportFiles, RecordLine, SignedNote, Trust, VerifierKey};
use exports::{Files, Log, verify};
use sample::trail::{TrailCase, TrailFiles};
use sources::{
    Catalogue, InputKind, Known, PACKED_BOUNDS, SourceFile, parse_sums, read_foreign,
    salvage_foreign,
};

#[expect(dead_code, reason = "the tests of the product use the rest")]
#[path = "../../src/exports.rs"]
mod exports;

const FIRST: u64 = 11;
const LAST: u64 = 15;

struct Good {
    files: Files,
    keys: [VerifierKey; 1],
    /// A key that cosigned the checkpoint, and the checkpoint as it was cosigned.
    cosigner: VerifierKey,
    cosigned: String,
}

fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let log = Log::new("log.example/command", 7, LAST);
        let files = log.export(FIRST..LAST, &[3]);
        let key = CosigningKey::from_seed("witness.example", &[9; 32]).expect("a key");
        let note = std::str::from_utf8(&files[CHECKPOINT]).expect("a note is text");
        Good {
            keys: [log.verifier()],
            cosigner: key.verifier_key().clone(),
            cosigned: key.cosign_note(note, 1_793_145_600).expect("it signs"),
            files,
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
        let cosigner = std::slice::from_ref(&good().cosigner);
        if note.verify(cosigner).is_ok_and(|signers| !signers.is_empty()) {
            let signed = SignedNote::parse(good().cosigned.as_bytes()).expect("it was signed");
            assert_eq!(note.text(), signed.text());
        }
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
        InputKind::JsonRecords,
        InputKind::Table,
    ];
    for kind in kinds {
        for known in [
            Known::Each(&catalogue),
            Known::All(Catalogue::generic()),
        ] {
            let _ = read_foreign(kind, bytes, known, &mut |_, record| {
                assert_eq!(
                    record.fields.first().map(|f| f.path.as_str()),
                    Some("@schema")
                );
                ControlFlow::Continue(())
            });
        }
    }
    let _ = InputKind::detect("file", bytes, false);
    let _ = parse_sums(bytes);
}

/// A copy of a trail: three hours of digests with what they list, and the keys of its region.
fn trail() -> &'static TrailFiles {
    static TRAIL: OnceLock<TrailFiles> = OnceLock::new();
    TRAIL.get_or_init(|| {
        let mut good = TrailCase::Good.files();
        let digests = good.files.keys().filter(|path| is_digest_name(path));
        let last = digests.clone().nth(2).expect("hours").clone();
        let late = |path: &String| is_digest_name(path) && *path > last;
        good.files.retain(|path, _| !late(path));
        good
    })
}

fn surveyed(files: &BTreeMap<String, Vec<u8>>) -> cloudtrail::TrailReport {
    let mut read = Trail::default();
    files
        .iter()
        .for_each(|(path, bytes)| read.read(path, bytes));
    cloudtrail::survey(&read, std::slice::from_ref(&trail().policy))
}

/// Digests, logs, signatures, keys and pins of CloudTrail: in the place of a good file only what says the same
/// is proven.
pub fn cloudtrail(bytes: &[u8]) {
    let _ = cloudtrail::read_keys(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(trust) = TrailTrust::read(text)
    {
        assert!(trust.check().is_ok());
    }
    let good = trail();
    let plain = |bytes: &[u8]| {
        cloudtrail::inflate(bytes, 1 << 20)
            .map(|b| b.into_owned())
            .ok()
    };
    for is in [is_digest_name, is_log_name, is_signature_name] {
        let Some((path, was)) = good.files.iter().find(|(path, _)| is(path)) else {
            continue;
        };
        let mut files = good.files.clone();
        files.insert(path.clone(), bytes.to_vec());
        let report = surveyed(&files);
        let digest = report.digests.iter().find(|line| line.path == *path);
        let log = report.logs.iter().find(|line| line.path == *path);
        if digest.is_some_and(|line| line.verdict.is_proven())
            || log.is_some_and(|line| line.verdict == LogVerdict::Verified)
        {
            assert_eq!(plain(bytes), plain(was));
        }
    }
}

/// A fork proof: what is proven has two signed roots at one size.
pub fn fork_proof(bytes: &[u8]) {
    let Ok(proof) = ForkProof::parse(bytes) else {
        return;
    };
    assert_eq!(
        ForkProof::parse(proof.to_json().as_bytes()).ok().as_ref(),
        Some(&proof)
    );
    if proof
        .verify(&good().keys)
        .is_ok_and(|found| found.is_proven())
    {
        assert_ne!(proof.branches[0].root, proof.branches[1].root);
    }
}

/// A compressed file: bounded, and read the same way whether it is imported or salvaged.
pub fn compressed(bytes: &[u8]) {
    let _ = InputKind::detect("file.ndjson.gz", bytes, false);
    let mut out = Vec::new();
    if let Ok(plain) = sources::unpacked(bytes)
        && plain.take(1 << 26).read_to_end(&mut out).is_ok()
    {
        assert!(out.len() as u64 <= PACKED_BOUNDS.allowed(bytes.len() as u64));
    }
    let known = Known::All(Catalogue::generic());
    for kind in [InputKind::JsonLines, InputKind::Table] {
        let mut salvaged = 0_u64;
        let salvage = salvage_foreign(kind, bytes, known, &mut |_, _| {
            salvaged += 1;
            ControlFlow::Continue(())
        });
        let read = read_foreign(kind, bytes, known, &mut |_, _| ControlFlow::Continue(()));
        if let (Ok(_), Ok(read)) = (salvage, read) {
            assert_eq!(read.records, salvaged);
        }
    }
}

/// A ZIP archive of any files: bounded, and its files are what its directory says.
pub fn container(bytes: &[u8]) {
    let Ok(container) = Container::open(Cursor::new(bytes.to_vec()), PACKED_BOUNDS) else {
        return;
    };
    let _ = container.exports();
    for member in container.members() {
        let mut out = Vec::new();
        let opened = read_member(Cursor::new(bytes.to_vec()), member);
        if let Ok(reader) = opened
            && reader.take(member.size + 1).read_to_end(&mut out).is_ok()
        {
            assert_eq!(out.len() as u64, member.size);
        }
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
    add("note", "cosigned", good.cosigned.as_bytes());
    add("key", "ml-dsa-44", good.cosigner.to_string().as_bytes());
    let trail = trail();
    let of = |is: fn(&str) -> bool| trail.files.iter().find(|(path, _)| is(path));
    for (name, is) in [
        ("digest", is_digest_name as fn(&str) -> bool),
        ("log", is_log_name),
        ("signature", is_signature_name),
    ] {
        if let Some((_, bytes)) = of(is) {
            add("cloudtrail", name, bytes);
            if let Ok(plain) = cloudtrail::inflate(bytes, 1 << 20) {
                add("cloudtrail", &format!("{name}-plain"), &plain);
            }
        }
    }
    add("cloudtrail", "keys", trail.keys.as_bytes());
    let policy = serde_json::to_vec(&trail.policy).expect("plain data");
    add("cloudtrail", "policy", &policy);
    let branches = [7, 3].map(|common| {
        let log = Log::branching("log.example/command", 7, common, LAST);
        let note = log.export(FIRST..LAST, &[])[CHECKPOINT].clone();
        let note = String::from_utf8(note).expect("a note is text");
        let signed = SignedNote::parse(note.as_bytes()).expect("a note");
        let root = Checkpoint::parse(signed.text()).expect("a checkpoint").root;
        Branch {
            root,
            steps: Vec::new(),
            note,
        }
    });
    let proof = ForkProof::new("log.example/command", LAST, branches);
    add("fork_proof", "roots", proof.to_json().as_bytes());
    let lines = format!("{event}\n{event}\n");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, lines.as_bytes()).expect("memory");
    add("compressed", "gzip", &gzip.finish().expect("memory"));
    let packed = zstd::bulk::compress(lines.as_bytes(), 1).expect("memory");
    add("compressed", "zstd", &packed);
    add("container", "export", &zip_of(&good.files));
    let named = good
        .files
        .iter()
        .map(|(n, b)| (format!("day/{n}"), b.clone()));
    add("container", "folder", &zip_of(&named.collect()));
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
