//! Damaged exports: bytes, lines, fields, order, truncation, swapped notes, stripped signatures,
//! rewritten history. None is ever valid, and each is refused with a reason that fits what was
//! done. 10,000 random ones; 100,000 with `MUNIMENT_SOAK=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};

use evidence::archive::{
    CHECKPOINT, CONSISTENCY, PREVIOUS_CHECKPOINT, RANGE, RECORDS, RECORDS_ZST, ReadSeek,
};
use evidence::export::{ExportVerdict, verify_export};
use evidence::{ExportFiles, Segment, SignedNote, Verdict, VerifierKey, read_export, survey};
use muniment_tests::chance::{Chance, soaking};
use muniment_tests::exports::{Files, Log, packed, verify};

const ORIGIN: &str = "log.example/command";
const FIRST: u64 = 11;
const LAST: u64 = 41;

/// What an attacker has at hand.
struct Material {
    good: Files,
    /// Other genuine exports of the same log: an earlier one, a later one, a longer one.
    siblings: Vec<Files>,
    /// Genuine in itself: other records, signed by a key that nobody pinned.
    stranger: Files,
    /// The same range of another log.
    other_origin: Files,
    /// The log's own records with some before or in the range rewritten, *not* signed.
    forged: Vec<Files>,
    keys: Vec<VerifierKey>,
}

impl Material {
    fn new() -> Self {
        let log = Log::new(ORIGIN, 7, 60);
        let signature_kept = |mut forged: Files| {
            let good = log.export(FIRST..LAST, &[3]);
            for name in [CHECKPOINT, PREVIOUS_CHECKPOINT] {
                let (text, _) = halves(&forged[name]);
                let (_, signatures) = halves(&good[name]);
                let note = [text, signatures].concat();
                forged.insert(name.into(), note);
            }
            forged
        };
        Self {
            good: log.export(FIRST..LAST, &[3]),
            siblings: vec![
                log.export(0..FIRST, &[]),
                log.export(LAST..60, &[FIRST]),
                log.export(FIRST..60, &[3]),
                log.export(5..LAST, &[3]),
            ],
            stranger: Log::new(ORIGIN, 9, 60).export(FIRST..LAST, &[3]),
            other_origin: Log::new("log.example/other", 7, 60).export(FIRST..LAST, &[3]),
            forged: [2, FIRST, LAST - 1]
                .into_iter()
                .map(|at| {
                    let forged = Log::rewritten(ORIGIN, 9, at, 60).export(FIRST..LAST, &[3]);
                    signature_kept(forged)
                })
                .collect(),
            keys: vec![log.verifier()],
        }
    }
}

/// The text of a note with its empty line, and its signature lines.
fn halves(note: &[u8]) -> (&[u8], &[u8]) {
    let at = note
        .windows(2)
        .position(|w| w == b"\n\n")
        .map_or(0, |at| at + 2);
    note.split_at(at)
}

/// What is done to an export; each draws the rest at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Damage {
    ByteChanged,
    BytesMoved,
    LineGone,
    LineTwice,
    LinesSwapped,
    LinesSwappedAndNumbered,
    LineOfAnother,
    FieldChanged,
    FieldGone,
    FieldAdded,
    FieldsSwapped,
    Respelled,
    Cut,
    NoteOfAnother,
    NotesSwapped,
    SignaturesGone,
    SignaturesOfAnother,
    FileOfAnother,
    HistoryForged,
    SignedByAStranger,
}

use Damage::*;

const ALL: [Damage; 20] = [
    ByteChanged,
    BytesMoved,
    LineGone,
    LineTwice,
    LinesSwapped,
    LinesSwappedAndNumbered,
    LineOfAnother,
    FieldChanged,
    FieldGone,
    FieldAdded,
    FieldsSwapped,
    Respelled,
    Cut,
    NoteOfAnother,
    NotesSwapped,
    SignaturesGone,
    SignaturesOfAnother,
    FileOfAnother,
    HistoryForged,
    SignedByAStranger,
];

fn lines(files: &Files) -> Vec<Vec<u8>> {
    let text = files.get(RECORDS).map_or(&[][..], Vec::as_slice);
    text.split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect()
}

fn set_lines(files: &mut Files, lines: &[Vec<u8>]) {
    files.insert(RECORDS.into(), lines.concat());
}

/// `{"i":5,"s":…` as number 6.
fn numbered(line: &[u8], index: u64) -> Vec<u8> {
    let comma = line.iter().position(|b| *b == b',').unwrap_or(line.len());
    [format!("{{\"i\":{index}").as_bytes(), &line[comma..]].concat()
}

/// A line's fields, as far as it can still be read as JSON.
fn fields(line: &[u8]) -> Option<(String, Vec<(String, String)>)> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (head, rest) = text.split_once("\"f\":")?;
    let fields = serde_json::from_str(rest.strip_suffix('}')?).ok()?;
    Some((head.to_owned(), fields))
}

fn line_of(head: &str, fields: &[(String, String)]) -> Vec<u8> {
    let fields = serde_json::to_string(fields).expect("strings");
    format!("{head}\"f\":{fields}}}\n").into_bytes()
}

/// Changes the fields of one line.
fn edit(
    files: &mut Files,
    chance: &mut Chance,
    by: impl FnOnce(&mut Vec<(String, String)>, &mut Chance),
) {
    let mut lines = lines(files);
    if lines.is_empty() {
        return;
    }
    let at = chance.below(lines.len());
    if let Some((head, mut fields)) = fields(&lines[at]) {
        by(&mut fields, chance);
        lines[at] = line_of(&head, &fields);
    }
    set_lines(files, &lines);
}

fn apply(damage: Damage, files: &mut Files, material: &Material, chance: &mut Chance) {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = chance.one(&names).clone();
    let notes = [CHECKPOINT, PREVIOUS_CHECKPOINT];
    let mut all_lines = lines(files);
    let (a, b) = (chance.below(all_lines.len()), chance.below(all_lines.len()));
    match damage {
        ByteChanged => {
            let bytes = files.get_mut(&name).expect("its own name");
            if !bytes.is_empty() {
                let at = chance.below(bytes.len());
                bytes[at] ^= (chance.below(255) + 1) as u8;
            }
        }
        BytesMoved => {
            let bytes = files.get_mut(&name).expect("its own name");
            let (at, length) = (chance.below(bytes.len()), chance.below(40) + 1);
            let piece: Vec<u8> = bytes[at..bytes.len().min(at + length)].to_vec();
            let to = chance.below(bytes.len() + 1);
            if chance.below(2) == 0 {
                bytes.drain(at..at + piece.len());
            }
            let to = to.min(bytes.len());
            bytes.splice(to..to, piece);
        }
        LineGone if !all_lines.is_empty() => {
            all_lines.remove(a);
            set_lines(files, &all_lines);
        }
        LineTwice if !all_lines.is_empty() => {
            let line = all_lines[a].clone();
            all_lines.insert(b, line);
            set_lines(files, &all_lines);
        }
        LinesSwapped if !all_lines.is_empty() => {
            all_lines.swap(a, b);
            set_lines(files, &all_lines);
        }
        LinesSwappedAndNumbered if !all_lines.is_empty() => {
            all_lines.swap(a, b);
            for at in [a, b] {
                all_lines[at] = numbered(&all_lines[at], FIRST + at as u64);
            }
            set_lines(files, &all_lines);
        }
        LineOfAnother if !all_lines.is_empty() => {
            let theirs = lines(chance.one::<&Files>(&[&material.stranger, &material.siblings[2]]));
            all_lines[a] = numbered(chance.one::<Vec<u8>>(&theirs), FIRST + a as u64);
            set_lines(files, &all_lines);
        }
        FieldChanged => edit(files, chance, |fields, chance| {
            let at = chance.below(fields.len());
            let value = *chance.one(&[
                "null",
                "1",
                "\"x\"",
                "1e2",
                "{}",
                "[1,-0]",
                "",
                "{\"a\":1,\"a\":2}",
            ]);
            if let Some(field) = fields.get_mut(at) {
                field.1 = value.into();
            }
        }),
        FieldGone => edit(files, chance, |fields, chance| {
            if !fields.is_empty() {
                fields.remove(chance.below(fields.len()));
            }
        }),
        FieldAdded => edit(files, chance, |fields, chance| {
            let at = chance.below(fields.len() + 1);
            let path = *chance.one(&["/new", "/time", "/whole/n", "new", "@schema", "/~2"]);
            fields.insert(at, (path.into(), "true".into()));
        }),
        FieldsSwapped => edit(files, chance, |fields, chance| {
            if !fields.is_empty() {
                let (a, b) = (chance.below(fields.len()), chance.below(fields.len()));
                fields.swap(a, b);
            }
        }),
        Respelled => {
            let text = String::from_utf8_lossy(&files[&name]).into_owned();
            let (from, to) = *chance.one(&[
                (",", ", "),
                ("\"", "\\u0022"),
                ("\n", "\r\n"),
                ("/", "\\/"),
                ("a", "\\u0061"),
                ("=", ""),
                ("1", "1.0"),
                ("\u{1F511}", "\\ud83d\\udd11"),
                ("{", "{ "),
            ]);
            let found: Vec<usize> = text.match_indices(from).map(|(at, _)| at).collect();
            if !found.is_empty() {
                let at = *chance.one(&found);
                let text = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
                files.insert(name, text.into_bytes());
            }
        }
        Cut => {
            let bytes = files.get_mut(&name).expect("its own name");
            bytes.truncate(chance.below(bytes.len()));
        }
        NoteOfAnother => {
            let mut all: Vec<&Files> = material.siblings.iter().collect();
            all.extend([&material.other_origin, &material.good]);
            let note = chance.one(&all).get(*chance.one(&notes)).cloned();
            if let Some(note) = note {
                files.insert((*chance.one(&notes)).into(), note);
            }
        }
        NotesSwapped => {
            let (a, b) = (files[notes[0]].clone(), files[notes[1]].clone());
            files.insert(notes[0].into(), b);
            files.insert(notes[1].into(), a);
        }
        SignaturesGone => {
            let name = *chance.one(&notes);
            let (text, _) = halves(&files[name]);
            let kept = text.len() - chance.below(2).min(text.len());
            let bytes = text[..kept].to_vec();
            files.insert(name.into(), bytes);
        }
        SignaturesOfAnother => {
            let name = *chance.one(&notes);
            let mut all: Vec<&Files> = material.siblings.iter().collect();
            all.extend([&material.other_origin, &material.stranger]);
            let theirs = chance.one(&all)[CHECKPOINT].clone();
            let note = [halves(&files[name]).0, halves(&theirs).1].concat();
            files.insert(name.into(), note);
        }
        FileOfAnother => {
            let mut all: Vec<&Files> = material.siblings.iter().collect();
            all.extend([&material.other_origin, &material.stranger]);
            match chance.one(&all).get(&name) {
                Some(theirs) => files.insert(name, theirs.clone()),
                None => files.remove(&name),
            };
        }
        HistoryForged => *files = chance.one(&material.forged).clone(),
        SignedByAStranger => *files = material.stranger.clone(),
        _ => {}
    }
}

/// The text of a note and its lines by known keys: all that may count.
fn known_part(note: &[u8], keys: &[VerifierKey]) -> Vec<u8> {
    let (text, signatures) = halves(note);
    let mut kept = text.to_vec();
    for line in signatures.split_inclusive(|b| *b == b'\n') {
        let alone = [text, line].concat();
        let known = SignedNote::parse(&alone)
            .is_ok_and(|note| note.verify(keys).is_ok_and(|by| !by.is_empty()));
        if known {
            kept.extend(line);
        }
    }
    kept
}

/// Whether a damaged export differs from the good one in nothing but signature lines on which
/// nothing rests, or lacks the optional proofs, so that less is claimed of it.
fn same_meaning(damaged: &Files, good: &Files, keys: &[VerifierKey]) -> bool {
    let same = |name: &String, bytes: &Vec<u8>| match damaged.get(name) {
        None => name == CONSISTENCY,
        Some(theirs) if name.ends_with(CHECKPOINT) => {
            known_part(theirs, keys) == known_part(bytes, keys)
        }
        Some(theirs) => theirs == bytes,
    };
    damaged.keys().all(|name| good.contains_key(name))
        && good.iter().all(|(name, bytes)| same(name, bytes))
}

/// The reasons that fit a damage. Bytes may break anything; the rest is held narrowly.
fn fits(damage: Damage, code: &str) -> bool {
    let of = |codes: &[&str]| codes.contains(&code);
    match damage {
        LineGone => of(&["line-index", "too-few-records"]),
        LineTwice => of(&["line-index", "too-many-records"]),
        LinesSwapped => of(&["line-index"]),
        LinesSwappedAndNumbered | LineOfAnother => of(&["root"]),
        FieldChanged => of(&["root", "schema-value", "value-json", "value-duplicate-key"]),
        FieldGone => of(&["root", "schema-missing"]),
        FieldAdded => of(&[
            "root",
            "path",
            "path-repeated",
            "path-nested",
            "schema-missing",
            "schema-value",
        ]),
        FieldsSwapped => of(&["root", "schema-missing"]),
        Cut => {
            code.starts_with("note-")
                || code.starts_with("checkpoint-")
                || of(&[
                    "too-few-records",
                    "final-line-feed",
                    "range-spelling",
                    "consistency-spelling",
                    "bad-signature",
                ])
        }
        NoteOfAnother => of(&["size", "previous-size", "origin", "previous-root"]),
        NotesSwapped => of(&["size"]),
        SignaturesGone => of(&["note-no-signatures"]),
        SignaturesOfAnother => of(&["bad-signature"]),
        FileOfAnother => of(&[
            "size",
            "previous-size",
            "previous-root",
            "previous-missing",
            "origin",
            "root",
            "line-index",
            "missing-file",
            "too-many-records",
            "too-few-records",
            "consistency-proof",
            "consistency-sizes",
            "bad-signature",
        ]),
        HistoryForged => of(&["bad-signature"]),
        ByteChanged | BytesMoved | Respelled | SignedByAStranger => !code.is_empty(),
    }
}

/// Reasons that no honest fault has: reading memory cannot fail.
const NEVER: [&str; 2] = ["read", "disclosure"];

#[test]
fn no_damaged_export_is_valid_and_each_has_a_fitting_reason() {
    let material = Material::new();
    assert_eq!(
        verify(&material.good, &material.keys).verdict,
        ExportVerdict::Valid
    );
    let mut chance = Chance::new(0x6d75_7461);
    let mut seen: BTreeMap<Damage, BTreeSet<String>> = BTreeMap::new();
    let (mut judged, wanted) = (0, if soaking() { 100_000 } else { 10_000 });
    while judged < wanted {
        let mut files = material.good.clone();
        let first = *chance.one(&ALL);
        apply(first, &mut files, &material, &mut chance);
        // One in four is damaged again, and then any reason may come first.
        let again = chance.below(4) == 0;
        if again {
            let second = *chance.one(&ALL);
            if files.contains_key(CHECKPOINT) && files.contains_key(PREVIOUS_CHECKPOINT) {
                apply(second, &mut files, &material, &mut chance);
            }
        }
        if files == material.good {
            continue;
        }
        judged += 1;
        let report = verify(&files, &material.keys);
        let outcome = match report.verdict {
            ExportVerdict::Valid => {
                assert!(
                    same_meaning(&files, &material.good, &material.keys),
                    "{first:?} (again: {again}) number {judged} is valid"
                );
                "same meaning".to_owned()
            }
            ExportVerdict::Pending => {
                let file = report.pending.expect("the file nobody known signed");
                let known = known_part(&files[&file], &material.keys);
                let (text, _) = halves(&files[&file]);
                assert_eq!(known, text, "{first:?}: {file} is signed by a known key");
                "pending".to_owned()
            }
            ExportVerdict::Rejected => {
                let rejection = report.rejection.expect("a reason");
                assert!(!rejection.hint.is_empty() && !rejection.message.is_empty());
                assert!(
                    (again || fits(first, &rejection.code))
                        && !NEVER.contains(&rejection.code.as_str()),
                    "{first:?}: {rejection:?}"
                );
                rejection.code
            }
        };
        if !again {
            seen.entry(first).or_default().insert(outcome);
        }
    }
    for damage in ALL {
        let outcomes = seen.get(&damage);
        assert!(
            outcomes.is_some_and(|o| !o.is_empty()),
            "{damage:?} never happened"
        );
    }
    assert_eq!(
        seen[&SignedByAStranger],
        BTreeSet::from(["pending".to_owned()])
    );
}

/// What memory needs of an export that is good in itself.
fn segment(files: &Files, keys: &[VerifierKey], sizes: &BTreeSet<u64>) -> Segment {
    let readers = files.iter().map(|(name, bytes)| {
        let reader: Box<dyn ReadSeek> = Box::new(Cursor::new(bytes.clone()));
        (name.clone(), reader)
    });
    let mut files = ExportFiles::open_files(readers).expect("an export");
    let facts = read_export(&mut files, keys, sizes, &mut |_, _| Ok(())).expect("good in itself");
    Segment::new(
        &facts.origin,
        facts.first,
        facts.last,
        facts.roots,
        !facts.signers.is_empty(),
    )
}

/// The source's own key signs another history: each file is good, together they are a fork,
/// also where all records of the overlap agree.
#[test]
fn a_history_that_the_source_itself_rewrote_is_a_fork() {
    let honest = Log::new(ORIGIN, 7, 60);
    let keys = [honest.verifier()];
    let mut chance = Chance::new(0x666f_726b);
    for _ in 0..if soaking() { 2_000 } else { 60 } {
        let (known_from, known_to) = (chance.below(20) as u64, 30 + chance.below(20) as u64);
        let at = chance.below(known_to as usize) as u64;
        let rewritten = Log::rewritten(ORIGIN, 7, at, 60);
        // Reaches into what is known, so that the two can be compared.
        let from = chance.below(known_to as usize) as u64;
        let to = known_to + chance.below((60 - known_to) as usize) as u64;
        let ours = honest.export(known_from..known_to, &[]);
        let theirs = rewritten.export(from..to, &[]);
        let sizes = BTreeSet::from([known_from, known_to, from, to]);
        let ours = segment(&ours, &keys, &sizes);
        let theirs = segment(&theirs, &keys, &sizes);
        let found = survey(&[ours.clone(), theirs.clone()], &[], &[]);
        for id in [&ours.id, &theirs.id] {
            let verdict = &found.verdicts[id];
            assert!(
                matches!(verdict, Verdict::Fork { .. }),
                "record {at} rewritten, [{known_from}, {known_to}) known, [{from}, {to}) new: {verdict:?}"
            );
        }
    }
}

fn zip_of(files: &Files, deflated: bool) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let method = if deflated {
        zip::CompressionMethod::Deflated
    } else {
        zip::CompressionMethod::Stored
    };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).expect("an entry");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("a directory").into_inner()
}

fn unpacked(archive: &[u8]) -> Option<Files> {
    let mut files = ExportFiles::open_zip(Cursor::new(archive.to_vec())).ok()?;
    let names = [CHECKPOINT, PREVIOUS_CHECKPOINT, RANGE, CONSISTENCY];
    let mut all: Files = names
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), files.small(name)?.to_vec())))
        .collect();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut files.records().ok()?, &mut text).ok()?;
    all.insert(RECORDS.into(), text);
    Some(all)
}

/// A byte of the container or the compressor is refused, or what comes out is the same.
#[test]
fn no_byte_of_an_archive_changes_what_is_in_it() {
    let material = Material::new();
    let mut chance = Chance::new(0x7a69_7000);
    let frame = packed(material.good.clone());
    for (files, deflated) in [
        (&material.good, false),
        (&material.good, true),
        (&frame, false),
    ] {
        let archive = zip_of(files, deflated);
        for _ in 0..if soaking() { 5_000 } else { 250 } {
            let mut damaged = archive.clone();
            let at = chance.below(damaged.len());
            damaged[at] ^= (chance.below(255) + 1) as u8;
            let opened = ExportFiles::open_zip(Cursor::new(damaged.clone()));
            let report = verify_export(opened, &material.keys, 2).expect("memory can be read");
            match report.verdict {
                ExportVerdict::Valid => assert!(
                    unpacked(&damaged).is_some_and(|out| same_meaning(
                        &out,
                        &material.good,
                        &material.keys
                    )),
                    "byte {at}"
                ),
                ExportVerdict::Pending => assert!(report.pending.is_some()),
                ExportVerdict::Rejected => {
                    let rejection = report.rejection.expect("a reason");
                    assert!(
                        !NEVER.contains(&rejection.code.as_str()),
                        "byte {at}: {rejection:?}"
                    );
                }
            }
        }
    }
    assert!(frame.contains_key(RECORDS_ZST));
}
