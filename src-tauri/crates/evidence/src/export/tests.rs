use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
    sync::{Arc, Mutex},
};

use proptest::prelude::*;

use super::*;
use crate::{
    archive::{RECORDS, RECORDS_ZST, ReadSeek},
    commitment::Seed,
    merkle::consistency_proof,
    note::SigningKey,
    record::{Field, MAX_LINE, Record},
};

const ORIGIN: &str = "log.example/command";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[9; 32]).unwrap()
}

pub(crate) fn record(index: u64) -> Record {
    let field = |path: &str, value: String| Field {
        path: path.into(),
        value,
    };
    Record {
        index,
        seed: Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        fields: vec![
            field("@schema", r#"{"id":"enigm-command","version":1}"#.into()),
            field("/time", format!("\"2026-11-21T08:00:{:02}Z\"", index % 60)),
            field("/actor/name", format!("\"A \\\"quoted\\\" é {index}\"")),
            field("/context", format!("{{\"n\":{index},\"list\":[1,2]}}")),
        ],
    }
}

type Files = BTreeMap<String, Vec<u8>>;

/// The unpacked form of an export of records `[first, last)`.
fn export(first: u64, last: u64, links: bool) -> Files {
    let mut front = CompactRange::new();
    let leaves: Vec<Hash> = (0..last).map(|i| record(i).leaf()).collect();
    leaves[..first as usize].iter().for_each(|l| front.push(*l));
    let previous = (first > 0).then(|| {
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: first,
            root: front.root(),
        };
        key().sign_note(&checkpoint.to_text()).unwrap()
    });
    let records = Arc::new(Mutex::new(Vec::new()));
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut files = Files::new();
    let mut writer = ExportWriter::new_folder(
        ORIGIN,
        first,
        front.frontier().to_vec(),
        previous,
        Shared(records.clone()),
        |name: &str, bytes: &[u8]| {
            files.insert(name.into(), bytes.to_vec());
            Ok(())
        },
    )
    .unwrap();
    for index in first..last {
        writer.push(&record(index)).unwrap();
    }
    if links {
        let mut before = CompactRange::new();
        leaves[..2].iter().for_each(|l| before.push(*l));
        let mut whole = front.clone();
        leaves[first as usize..].iter().for_each(|l| whole.push(*l));
        let proof = consistency_proof(&leaves, 2);
        let link = ConsistencyLink::verify(2, last, before.root(), whole.root(), proof);
        writer.link(link.unwrap()).unwrap();
    }
    writer.finish(&key()).unwrap();
    files.insert(RECORDS_ZST.into(), records.lock().unwrap().clone());
    files
}

fn plain(mut files: Files) -> Files {
    let packed = files.remove(RECORDS_ZST).unwrap();
    let text = zstd::decode_all(packed.as_slice()).unwrap();
    files.insert(RECORDS.into(), text);
    files
}

fn open(files: &Files) -> Result<ExportFiles, ArchiveError> {
    let reader = |bytes: &Vec<u8>| Box::new(Cursor::new(bytes.clone())) as Box<dyn ReadSeek>;
    ExportFiles::open_files(
        files
            .iter()
            .map(|(name, bytes)| (name.clone(), reader(bytes))),
    )
}

fn facts(files: &Files) -> Result<ExportFacts, ExportError> {
    let mut files = open(files).map_err(|e| ExportError::of_archive(e, None))?;
    let keys = [key().verifier_key().clone()];
    read_export(&mut files, &keys, &BTreeSet::new(), &mut |_, _| Ok(()))
}

fn code(files: &Files) -> String {
    match facts(files) {
        Ok(facts) if facts.signers.is_empty() => "pending".into(),
        Ok(_) => "valid".into(),
        Err(ExportError::Rejected(r)) => r.code().into(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn an_export_reads_back_with_its_facts() {
    let files = export(5, 20, true);
    let mut opened = open(&files).unwrap();
    let keys = [key().verifier_key().clone()];
    let mut seen = Vec::new();
    let facts = read_export(
        &mut opened,
        &keys,
        &BTreeSet::from([0, 7, 99]),
        &mut |line, leaf| {
            seen.push((line.to_owned(), leaf));
            Ok(())
        },
    )
    .unwrap();
    let leaves: Vec<Hash> = (0..20).map(|i| record(i).leaf()).collect();
    let mut range = CompactRange::new();
    let roots: Vec<Hash> = leaves
        .iter()
        .map(|l| {
            range.push(*l);
            range.root()
        })
        .collect();
    assert_eq!(facts.signers, keys);
    assert_eq!((facts.first, facts.last, facts.records), (5, 20, 15));
    assert_eq!(facts.root, roots[19]);
    assert_eq!(facts.previous_root, Some(roots[4]));
    assert_eq!(facts.next_frontier, range.frontier());
    let expected = [(5, roots[4]), (7, roots[6]), (20, roots[19])];
    assert_eq!(facts.roots, BTreeMap::from(expected));
    assert_eq!(facts.bridges[0].from_root(), roots[1]);
    assert_eq!(
        facts.schemas,
        BTreeSet::from([("enigm-command".to_owned(), 1)])
    );
    assert_eq!(seen.len(), 15);
    for (k, (owned, leaf)) in seen.iter().enumerate() {
        assert_eq!(*owned, record(5 + k as u64));
        assert_eq!(*leaf, leaves[5 + k]);
    }
    // The same answer from the ZIP form, whose bytes do not depend on when it was written.
    let zip = |out: &mut Vec<u8>| {
        let previous = facts.previous_note.clone();
        let frontier = facts.frontier.clone();
        let mut writer =
            ExportWriter::new(ORIGIN, 5, frontier, previous, Cursor::new(out)).unwrap();
        for index in 5..20 {
            writer.push(&record(index)).unwrap();
        }
        writer.finish(&key()).unwrap()
    };
    let (mut one, mut two) = (Vec::new(), Vec::new());
    assert_eq!(zip(&mut one).1, facts.checkpoint_note);
    zip(&mut two);
    assert_eq!(one, two);
    let mut opened = ExportFiles::open_zip(Cursor::new(one)).unwrap();
    assert_eq!(peek(&opened).unwrap().size, 20);
    let next = continue_from(&mut opened, &keys).unwrap();
    assert_eq!((next.first, &next.frontier), (20, &facts.next_frontier));
    assert_eq!(next.head().unwrap().root, facts.root);
}

/// The files of a folder, as whoever can list one hands them over.
fn of_folder(folder: &std::path::Path) -> Result<ExportFiles, crate::ArchiveError> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let is_file = entry.file_type().unwrap().is_file();
        (entry.file_name().into_string().unwrap(), is_file)
    });
    ExportFiles::open_folder(entries, &mut |name| {
        Ok(Box::new(std::fs::File::open(folder.join(name))?))
    })
}

#[test]
fn a_folder_reads_like_a_zip_and_links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in export(0, 3, false) {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let keys = [key().verifier_key().clone()];
    let report = verify_export(of_folder(folder.path()), &keys, 2).unwrap();
    assert_eq!(report.verdict, ExportVerdict::Valid);
    assert_eq!((report.records, report.time.as_str()), (3, "self-asserted"));
    assert_eq!(report.signers[0].fingerprint, keys[0].fingerprint());
    let pending = verify_export(of_folder(folder.path()), &[], 2).unwrap();
    assert_eq!(pending.verdict, ExportVerdict::Pending);
    assert_eq!(pending.pending.as_deref(), Some("checkpoint"));
    assert_eq!(pending.unverified.len(), 1);
    #[cfg(unix)]
    {
        let range = folder.path().join("range.json");
        let moved = tempfile::NamedTempFile::new().unwrap();
        std::fs::copy(&range, moved.path()).unwrap();
        std::fs::remove_file(&range).unwrap();
        std::os::unix::fs::symlink(moved.path(), &range).unwrap();
        let report = verify_export(of_folder(folder.path()), &keys, 2).unwrap();
        assert_eq!(report.verdict, ExportVerdict::Rejected);
        assert_eq!(report.rejection.unwrap().code, "not-a-file");
        assert_eq!(report.checks[0].outcome, CheckOutcome::Failed);
    }
}

/// Changing any byte is refused with a reason, or leaves no known signer.
fn refused(files: &Files, name: &str, at: usize, mask: u8) {
    let mut changed = files.clone();
    changed.get_mut(name).unwrap()[at] ^= mask;
    let code = code(&changed);
    assert_ne!(code, "valid", "{name} byte {at} mask {mask:#04x}");
    // Only the name and id of the key that signed can make a signature one of a stranger.
    if code == "pending" {
        let note = &files[name];
        let start = note.windows(2).rposition(|w| w == b"\n\n").unwrap() + 2;
        assert!(
            name.ends_with("checkpoint") && at >= start,
            "{name} byte {at}"
        );
    }
}

#[test]
fn every_structural_byte_has_a_meaning() {
    let files = plain(export(5, 9, true));
    assert_eq!(code(&files), "valid");
    let line = files[RECORDS].iter().position(|b| *b == b'\n').unwrap();
    for (name, bytes) in &files {
        let end = if name == RECORDS {
            line + 1
        } else {
            bytes.len()
        };
        for at in 0..end {
            for mask in [0x01, 0x20, 0x80] {
                refused(&files, name, at, mask);
            }
        }
    }
}

#[test]
fn random_bytes_have_a_meaning() {
    let files = plain(export(40, 80, true));
    let total: usize = files.values().map(Vec::len).sum();
    // A linear congruential walk over (position, mask): the same sample in every run.
    let mut state: u64 = 0x6d75_6e69_6d65_6e74;
    for _ in 0..3000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mut at = (state >> 20) as usize % total;
        let mask = ((state >> 11) as u8).max(1);
        for (name, bytes) in &files {
            if at < bytes.len() {
                refused(&files, name, at, mask);
                break;
            }
            at -= bytes.len();
        }
    }
}

#[test]
fn a_packed_byte_is_refused_or_changes_nothing() {
    let files = export(5, 9, false);
    let text = zstd::decode_all(files[RECORDS_ZST].as_slice()).unwrap();
    for at in 0..files[RECORDS_ZST].len() {
        for mask in [0x01, 0x10, 0x80] {
            let mut changed = files.clone();
            changed.get_mut(RECORDS_ZST).unwrap()[at] ^= mask;
            if code(&changed) == "valid" {
                let bytes = &changed[RECORDS_ZST];
                assert_eq!(
                    zstd::decode_all(bytes.as_slice()).unwrap(),
                    text,
                    "byte {at}"
                );
            }
        }
    }
}

#[test]
fn a_signature_of_an_unknown_key_is_listed_and_counts_for_nothing() {
    let mut files = export(0, 3, false);
    let text = facts(&files).unwrap().checkpoint_note;
    let other = SigningKey::from_seed("witness.example", &[5; 32]).unwrap();
    let body = text.split("\n\n").next().unwrap().to_owned() + "\n";
    let line = other.sign_note(&body).unwrap();
    let line = line.split("\n\n").nth(1).unwrap();
    files.insert(CHECKPOINT.into(), format!("{text}{line}").into_bytes());
    let found = facts(&files).unwrap();
    assert_eq!(found.signers.len(), 1);
    assert_eq!(found.unverified[0].1, "witness.example");
    // The previous checkpoint has to be signed by a known key too.
    let mut files = export(2, 3, false);
    let previous = facts(&files).unwrap().previous_note.unwrap();
    let body = previous.split("\n\n").next().unwrap().to_owned() + "\n";
    let note = other.sign_note(&body).unwrap();
    files.insert(PREVIOUS_CHECKPOINT.into(), note.into_bytes());
    let found = facts(&files).unwrap();
    assert!(found.signers.is_empty());
    assert_eq!(found.pending, Some(PREVIOUS_CHECKPOINT));
}

#[test]
fn each_way_to_be_wrong_has_its_code() {
    let good = plain(export(5, 9, true));
    let change = |name: &str, f: &dyn Fn(String) -> String| {
        let mut files = good.clone();
        let text = String::from_utf8(files[name].clone()).unwrap();
        files.insert(name.into(), f(text).into_bytes());
        code(&files)
    };
    let drop_file = |name: &str| {
        let mut files = good.clone();
        files.remove(name);
        code(&files)
    };
    assert_eq!(code(&good), "valid");
    for name in [CHECKPOINT, RANGE, RECORDS] {
        assert_eq!(drop_file(name), "missing-file");
    }
    assert_eq!(drop_file(PREVIOUS_CHECKPOINT), "previous-missing");
    assert_eq!(drop_file(CONSISTENCY), "valid");
    assert_eq!(
        change(RANGE, &|t| t.replace("\"first\"", " \"first\"")),
        "range-spelling"
    );
    assert_eq!(change(RANGE, &|t| t.trim_end().into()), "range-spelling");
    assert_eq!(
        change(RANGE, &|t| t.replace("export/v1", "export/v2")),
        "range-spelling"
    );
    assert_eq!(
        change(RANGE, &|t| t.replace("\"last\":9", "\"last\":5")),
        "range"
    );
    assert_eq!(
        change(RANGE, &|t| t.replace("\"last\":9", "\"last\":8")),
        "size"
    );
    assert_eq!(
        change(RANGE, &|t| t.replace("\"first\":5", "\"first\":7")),
        "frontier"
    );
    assert_eq!(
        change(RANGE, &|t| t.replace("\"first\":5", "\"first\":6")),
        "previous-size"
    );
    assert_eq!(change(RANGE, &|t| t.replace("log.", "lag.")), "origin");
    let swap = |t: String| {
        let (front, tail) = t.split_once("\"frontier\":[").unwrap();
        let (a, b) = tail
            .trim_end()
            .strip_suffix("]}")
            .unwrap()
            .split_once(',')
            .unwrap();
        format!("{front}\"frontier\":[{b},{a}]}}\n")
    };
    assert_eq!(change(RANGE, &swap), "previous-root");
    assert_eq!(
        change(CHECKPOINT, &|t| t.replacen("\n9\n", "\n8\n", 1)),
        "bad-signature"
    );
    assert_eq!(
        change(CHECKPOINT, &|t| t.replacen("\n9\n", "\n9\nx\n", 1)),
        "checkpoint-extension"
    );
    assert_eq!(change(RECORDS, &|t| t.trim_end().into()), "final-line-feed");
    assert_eq!(change(RECORDS, &|t| t + "\n"), "too-many-records");
    assert_eq!(change(RECORDS, &|t| t + "x"), "too-many-records");
    let cut = |t: String| t[..=t.trim_end().rfind('\n').unwrap()].to_owned();
    assert_eq!(change(RECORDS, &cut), "too-few-records");
    assert_eq!(change(RECORDS, &|t| t.replace("quoted", "quotes")), "root");
    assert_eq!(
        change(RECORDS, &|t| t.replace("\n", "\r\n")),
        "line-spelling"
    );
    assert_eq!(
        change(RECORDS, &|_| "x".repeat(MAX_LINE + 5)),
        "line-too-long"
    );
    assert_eq!(
        change(CONSISTENCY, &|t| t.replace("\"from\":2", "\"from\":6")),
        "consistency-sizes"
    );
    assert_eq!(
        change(CONSISTENCY, &|t| t.replace("\"to\":9", "\"to\":8")),
        "consistency-proof"
    );
    assert_eq!(
        change(CONSISTENCY, &|t| t.replace("{\"from\"", "{ \"from\"")),
        "consistency-spelling"
    );
    let mut zero = plain(export(0, 9, false));
    zero.insert(
        PREVIOUS_CHECKPOINT.into(),
        good[PREVIOUS_CHECKPOINT].clone(),
    );
    assert_eq!(code(&zero), "previous-unexpected");
    let mut both = good.clone();
    both.insert(RECORDS_ZST.into(), vec![]);
    assert_eq!(code(&both), "two-record-files");
}

/// What an exporter has to write is in the refusal: the byte where it departs, and the spelling.
#[test]
fn a_misspelt_file_is_told_its_one_spelling() {
    let good = plain(export(5, 9, true));
    let told = |name: &str, from: &str, to: &str| {
        let mut files = good.clone();
        let text = String::from_utf8(files[name].clone()).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        files.insert(name.into(), changed.into_bytes());
        match facts(&files) {
            Err(ExportError::Rejected(r)) => r.reason.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let format = |file: &str, at: usize, shape: &str| {
        format!("{file} departs at byte {at} from its one spelling, {shape}")
    };
    let shape = r#"{"format":"muniment/export/v1","origin":"…","first":…,"last":…,"frontier":["…",…]}: these members in this order, no white space"#;
    let end = good[RANGE].len() - 1;
    let first = String::from_utf8_lossy(&good[RANGE]).find("\"first\":5");
    let first = first.unwrap() + "\"first\":".len();
    for (from, to, at) in [
        ("{", " {", 0),
        ("\"origin\"", "\"Origin\"", 32),
        ("\"first\":5", "\"first\": 5", first),
        ("export/v1", "export/v2", 28),
        ("\n", "", end),
        ("\n", "\r\n", end),
        ("\n", "\n\n", end + 1),
    ] {
        let said = told(RANGE, from, to);
        let expected = format(RANGE, at, shape);
        assert!(said.starts_with(&expected), "{to:?}: {said}");
        assert!(said.ends_with("and one line feed at the end"), "{said}");
    }
    let shape = r#"{"format":"muniment/consistency/v1","proofs":[{"from":…,"to":…,"from_root":"…","to_root":"…","proof":["…",…]},…]}: 1 to 64 proofs"#;
    let said = told(CONSISTENCY, "\"proofs\":[", "\"proofs\": [");
    let expected = format(
        CONSISTENCY,
        "{'format':'muniment/consistency/v1','proofs':".len(),
        shape,
    );
    assert!(said.starts_with(&expected), "{said}");
    let mut files = good.clone();
    let none = "{\"format\":\"muniment/consistency/v1\",\"proofs\":[]}\n";
    files.insert(CONSISTENCY.into(), none.into());
    let Err(ExportError::Rejected(rejection)) = facts(&files) else {
        panic!("accepted");
    };
    let expected = format(CONSISTENCY, none.len() - 3, shape);
    assert!(
        rejection.reason.to_string().starts_with(&expected),
        "{rejection}"
    );
}

#[test]
fn a_rejection_names_its_place_and_no_content() {
    let mut files = plain(export(5, 9, false));
    let text = String::from_utf8(files[RECORDS].clone()).unwrap();
    let bad = text.replace(
        "{\\\"n\\\":6,\\\"list\\\":[1,2]}",
        "{\\\"n\\\":6,\\\"n\\\":61}",
    );
    assert_ne!(bad, text);
    files.insert(RECORDS.into(), bad.into_bytes());
    let Err(ExportError::Rejected(rejection)) = facts(&files) else {
        panic!("accepted");
    };
    assert_eq!(rejection.code(), "value-duplicate-key");
    assert_eq!((rejection.line, rejection.index), (Some(2), Some(6)));
    assert_eq!(rejection.field, Some(3));
    let shown = format!("{rejection} {rejection:?} {}", rejection.report().message);
    assert!(
        !shown.contains("61") && !shown.contains("quoted"),
        "{shown}"
    );
}

#[test]
fn only_one_zstd_frame_is_read() {
    let good = export(0, 9, false);
    let with = |f: &dyn Fn(&[u8]) -> Vec<u8>| {
        let mut files = good.clone();
        files.insert(RECORDS_ZST.into(), f(&good[RECORDS_ZST]));
        code(&files)
    };
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 7];
    let empty_frame = zstd::encode_all(&b""[..], 1).unwrap();
    assert_eq!(with(&|z| z.to_vec()), "valid");
    assert_eq!(with(&|z| [z, b"x"].concat()), "not-one-frame");
    assert_eq!(with(&|z| [z, &skippable].concat()), "not-one-frame");
    assert_eq!(with(&|z| [&skippable, z].concat()), "not-one-frame");
    assert_eq!(with(&|z| [z, &empty_frame].concat()), "not-one-frame");
    assert_eq!(with(&|_| Vec::new()), "not-one-frame");
    assert_eq!(with(&|z| z[..z.len() - 6].to_vec()), "corrupt");
    let bomb = zstd::encode_all(std::io::repeat(b'x').take(64 << 20), 1).unwrap();
    assert_eq!(with(&|_| bomb.clone()), "line-too-long");
}

#[test]
fn a_stopped_callback_stops_and_the_writer_keeps_order() {
    let mut opened = open(&export(0, 9, false)).unwrap();
    let stopped = read_export(&mut opened, &[], &BTreeSet::new(), &mut |_, _| Err(Stop));
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    let mut out = Cursor::new(Vec::new());
    let mut writer = ExportWriter::new(ORIGIN, 0, vec![], None, &mut out).unwrap();
    assert!(matches!(
        writer.push(&record(1)),
        Err(SealError::Order {
            expected: 0,
            found: 1
        })
    ));
    assert!(matches!(writer.conclude(), Err(SealError::Empty)));
    let none = ExportWriter::new(
        ORIGIN,
        1,
        vec![Hash([0; 32])],
        None,
        Cursor::new(Vec::new()),
    );
    assert!(matches!(none, Err(SealError::Previous)));
}

/// What a reader finds: the facts or the refusal in full, and every record handed on before.
type Found = (String, Vec<(Record, Hash)>);

fn found(result: Result<ExportFacts, ExportError>, seen: Vec<(Record, Hash)>) -> Found {
    let result = result.map_err(|error| match error {
        ExportError::Rejected(rejection) => format!("{:?}", rejection.report()),
        other => other.to_string(),
    });
    (format!("{result:?}"), seen)
}

/// The export read on one thread, record by record.
fn read_alone(files: &Files) -> Found {
    let mut seen = Vec::new();
    let mut files = match open(files) {
        Ok(files) => files,
        Err(error) => return found(Err(ExportError::of_archive(error, None)), seen),
    };
    let keys = [key().verifier_key().clone()];
    let sizes = BTreeSet::from([5, 9, 11]);
    let result = read_export(&mut files, &keys, &sizes, &mut |line, leaf| {
        seen.push((line.to_owned(), leaf));
        Ok(())
    });
    found(result, seen)
}

/// The export read with threads, in batches of so many records.
fn read_together(files: &Files, threads: usize, batch: usize) -> Found {
    let mut seen = Vec::new();
    let mut files = match open(files) {
        Ok(files) => files,
        Err(error) => return found(Err(ExportError::of_archive(error, None)), seen),
    };
    let keys = [key().verifier_key().clone()];
    let mut fold = |batch: Batch<(Record, Hash)>| {
        assert!(!batch.is_empty() && batch.len() == batch.made.len());
        for ((line, leaf), made) in batch.each_line().zip(&batch.leaves).zip(&batch.made) {
            assert_eq!(line, made.0.to_line().as_bytes());
            assert_eq!(*leaf, made.1);
        }
        assert_eq!(batch.ends.last(), Some(&batch.lines.len()));
        assert_eq!(batch.first, batch.made[0].0.index);
        seen.extend(batch.made);
        Ok(())
    };
    let result = read_frame(&files, &keys)
        .map_err(ExportError::from)
        .and_then(|frame| {
            let wanted = frame.wanted(&BTreeSet::from([5, 9, 11]));
            let mut records = frame.records(&mut files, &wanted);
            records.batch = batch;
            let each = |line: &RecordLine<'_>, leaf| (line.to_owned(), leaf);
            let walk = records.walk_with(threads, &each, &|batch| batch, &mut fold)?;
            conclude(frame, walk)
        });
    found(result, seen)
}

fn assert_same(files: &Files) {
    let alone = read_alone(files);
    for (threads, batch) in [(1, 2), (2, 1), (3, 4), (4, 256)] {
        let together = read_together(files, threads, batch);
        assert_eq!(alone, together, "{threads} threads, batches of {batch}");
    }
}

#[test]
fn threads_find_what_one_thread_finds() {
    let packed = export(5, 29, true);
    assert!(read_alone(&packed).0.starts_with("Ok"));
    assert_same(&packed);
    assert_same(&plain(packed));
    assert_same(&plain(export(0, 1, false)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn threads_refuse_what_one_thread_refuses(
        packed: bool,
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..6_u8, any::<u8>()), 1..4,
        ),
    ) {
        static GOOD: std::sync::OnceLock<Files> = std::sync::OnceLock::new();
        let good = GOOD.get_or_init(|| export(5, 29, true)).clone();
        let (mut files, name) = if packed {
            (good, RECORDS_ZST)
        } else {
            (plain(good), RECORDS)
        };
        let bytes = files.get_mut(name).unwrap();
        for (at, kind, by) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] ^= by.max(1),
                1 => bytes[at] = b'\n',
                2 => bytes.truncate(at),
                3 => drop(bytes.remove(at)),
                4 => bytes.insert(at, by),
                // A whole line again, or a stretch in the place of a packed file.
                _ => {
                    let from = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
                    let stretch = bytes[from..].iter().position(|b| *b == b'\n');
                    let again = bytes[from..stretch.map_or(bytes.len(), |n| from + n + 1)].to_vec();
                    bytes.splice(from..from, again);
                }
            }
        }
        assert_same(&files);
    }
}

#[test]
fn what_runs_beside_the_reader_ends_with_it() {
    let files = export(0, 60, false);
    let keys = [key().verifier_key().clone()];
    let none = BTreeSet::new();
    let read = |fold: &mut dyn FnMut(u64) -> Result<(), Stop>, panic_at: u64| {
        let mut opened = open(&files).unwrap();
        let frame = read_frame(&opened, &keys).unwrap();
        let wanted = frame.wanted(&none);
        let mut records = frame.records(&mut opened, &wanted);
        records.batch = 1;
        let each = |line: &RecordLine<'_>, _| assert_ne!(line.index(), panic_at, "told to");
        let walked = records.walk_with(3, &each, &|batch| batch.first, fold);
        walked.map(|walk| walk.range.size())
    };
    let mut seen = Vec::new();
    let stopped = read(
        &mut |first| {
            seen.push(first);
            if first == 7 { Err(Stop) } else { Ok(()) }
        },
        u64::MAX,
    );
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    assert_eq!(seen, (0..8).collect::<Vec<_>>());
    assert_eq!(read(&mut |_| Ok(()), u64::MAX).unwrap(), 60);
    // A panic of a thread reaches the caller instead of leaving it waiting.
    let panicked = std::panic::catch_unwind(|| read(&mut |_| Ok(()), 30).is_ok());
    assert!(panicked.is_err());
    let panicked =
        std::panic::catch_unwind(|| read(&mut |first| panic!("told to at {first}"), 99).is_ok());
    assert!(panicked.is_err());
}

#[test]
fn a_signed_head_refuses_to_fork() {
    let head = |size, n| SignedHead {
        size,
        root: Hash([n; 32]),
    };
    let last = head(10, 1);
    assert_eq!(last.check(&last, &head(20, 2)), Ok(()));
    assert_eq!(last.check(&head(5, 9), &head(10, 1)), Ok(()));
    assert_eq!(
        last.check(&head(5, 9), &head(10, 2)),
        Err(HeadConflict::OtherRoot(10))
    );
    assert_eq!(
        last.check(&head(10, 3), &head(20, 2)),
        Err(HeadConflict::OtherRoot(10))
    );
    let older = HeadConflict::Older { new: 9, last: 10 };
    assert_eq!(last.check(&head(5, 9), &head(9, 2)), Err(older));
    let gap = HeadConflict::NotNext { from: 5, last: 10 };
    assert_eq!(last.check(&head(5, 9), &head(20, 2)), Err(gap));
}
