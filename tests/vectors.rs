//! Every byte of a native export matters: whichever is changed, it is never valid. 600 random
//! ones, 10,000 with `MUNIMENT_SOAK=1`, and every byte of the small files.

use evidence::VerifierKey;
use evidence::archive::{
    CHECKPOINT, CONSISTENCY, PREVIOUS_CHECKPOINT, RANGE, RECORDS, RECORDS_ZST,
};
use evidence::export::ExportVerdict;
use muniment_tests::exports::{Files, Log, packed, verify};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

const FIRST: u64 = 11;
const LAST: u64 = 71;

fn log() -> Log {
    Log::new("log.example/command", 7, LAST)
}

/// An export that has every file an export can have.
fn export() -> Files {
    log().export(FIRST..LAST, &[3])
}

fn keys() -> [VerifierKey; 1] {
    [log().verifier()]
}

/// Bytes in which nothing is left to say: what a signature is over names everything else.
fn signature_lines(note: &[u8]) -> std::ops::Range<usize> {
    let at = note.windows(2).position(|w| w == b"\n\n").expect("a note") + 2;
    at..note.len()
}

/// What the changed export is: never valid, and where it is refused, with a reason and a place.
fn check(files: &Files, name: &str, at: usize, keys: &[VerifierKey]) {
    let report = verify(files, keys);
    match report.verdict {
        ExportVerdict::Valid => panic!("{name} byte {at} was changed, and it is valid"),
        // The name or id of the signing key is changed: then no known key has signed.
        ExportVerdict::Pending => {
            assert!(
                [CHECKPOINT, PREVIOUS_CHECKPOINT].contains(&name),
                "{name} byte {at} was changed, and it is pending"
            );
            let line = signature_lines(&files[name]);
            assert!(
                line.contains(&at),
                "{name} byte {at} was changed, and it is pending"
            );
            assert_eq!(report.pending.as_deref(), Some(name));
        }
        ExportVerdict::Rejected => {
            let rejection = report.rejection.expect("a reason");
            assert!(!rejection.code.is_empty() && !rejection.hint.is_empty());
            assert!(rejection.file.is_some(), "{name} byte {at}: {rejection:?}");
        }
    }
}

fn changed(files: &Files, name: &str, at: usize, by: u8) -> Files {
    let mut files = files.clone();
    files.get_mut(name).expect("a file")[at] ^= by;
    files
}

fn soaking() -> bool {
    std::env::var_os("MUNIMENT_SOAK").is_some()
}

#[test]
fn unchanged_it_is_valid_in_both_forms_and_pending_without_the_key() {
    let keys = keys();
    for files in [export(), packed(export())] {
        assert_eq!(files.len(), 5, "every file that an export can have");
        let report = verify(&files, &keys);
        assert_eq!(report.verdict, ExportVerdict::Valid, "{report:?}");
        assert_eq!(report.records, LAST - FIRST);
        assert_eq!(verify(&files, &[]).verdict, ExportVerdict::Pending);
    }
}

#[test]
fn no_random_byte_can_be_changed() {
    let keys = keys();
    // Uncompressed, so that every byte is one of a file and none the compressor's own.
    let files = export();
    let all: Vec<(&String, usize)> = files
        .iter()
        .flat_map(|(name, bytes)| (0..bytes.len()).map(move |at| (name, at)))
        .collect();
    let mut random = ChaCha20Rng::seed_from_u64(0x6d75_6e69);
    for _ in 0..if soaking() { 10_000 } else { 600 } {
        let (name, at) = all[(random.next_u64() % all.len() as u64) as usize];
        let by = (random.next_u32() % 255 + 1) as u8;
        check(&changed(&files, name, at, by), name, at, &keys);
    }
}

#[test]
fn no_byte_of_a_structural_file_can_be_changed() {
    let keys = keys();
    let files = export();
    for name in [CHECKPOINT, PREVIOUS_CHECKPOINT, RANGE, CONSISTENCY] {
        for at in 0..files[name].len() {
            // Another letter case, another bit, another character altogether.
            for by in [0x20, 0x01, 0x80] {
                check(&changed(&files, name, at, by), name, at, &keys);
            }
        }
    }
}

#[test]
fn no_byte_of_a_record_line_can_be_changed() {
    let keys = keys();
    // Without a consistency proof, so that the checkpoint's root alone stands against it.
    let files = log().export(FIRST..LAST, &[]);
    let end = files[RECORDS]
        .iter()
        .position(|b| *b == b'\n')
        .expect("a line");
    for at in 0..=end {
        for by in [0x20, 0x01] {
            check(&changed(&files, RECORDS, at, by), RECORDS, at, &keys);
        }
    }
}

#[test]
fn no_byte_can_be_added_or_removed() {
    let keys = keys();
    let files = export();
    for (name, bytes) in &files {
        for at in [0, bytes.len() / 2, bytes.len()] {
            for extra in *b"\n 0" {
                let mut more = files.clone();
                more.get_mut(name).expect("a file").insert(at, extra);
                check(&more, name, usize::MAX, &keys);
            }
        }
        let mut fewer = files.clone();
        fewer.get_mut(name).expect("a file").pop();
        check(&fewer, name, usize::MAX, &keys);
    }
    // Files cannot be left out or added.
    for name in [CHECKPOINT, PREVIOUS_CHECKPOINT, RANGE, RECORDS] {
        let mut fewer = files.clone();
        fewer.remove(name);
        assert_eq!(
            verify(&fewer, &keys).verdict,
            ExportVerdict::Rejected,
            "{name}"
        );
    }
    let mut more = files.clone();
    more.insert("note.txt".into(), b"x".to_vec());
    assert_eq!(verify(&more, &keys).verdict, ExportVerdict::Rejected);
}

#[test]
fn no_byte_of_the_compressed_records_changes_a_record() {
    let keys = keys();
    let files = packed(export());
    let mut random = ChaCha20Rng::seed_from_u64(0x7a73_7464);
    let length = files[RECORDS_ZST].len();
    for _ in 0..if soaking() { 2_000 } else { 200 } {
        let at = (random.next_u64() % length as u64) as usize;
        let by = (random.next_u32() % 255 + 1) as u8;
        let changed = changed(&files, RECORDS_ZST, at, by);
        // The compressor's own metadata is exempt: then what comes out is the same.
        if verify(&changed, &keys).verdict == ExportVerdict::Valid {
            let unpack = |files: &Files| zstd::decode_all(files[RECORDS_ZST].as_slice()).ok();
            assert_eq!(unpack(&changed), unpack(&files), "byte {at}");
        }
    }
}
