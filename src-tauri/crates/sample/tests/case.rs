//! What users of the sample case rely on: the same bytes, sound exports, one gap, one tampered
//! file, and a story that the source files' own lifecycles can see.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use evidence::cloudtrail::{
    DigestVerdict, FindingCode, LogVerdict, MAX_LOG_BYTES, Trail, TrailTrust, TrailVerdict,
    inflate, is_log_name, read_keys, survey,
};
use evidence::{
    ExportError, ExportFacts, ExportFiles, Hash, Reason, Segment, Verdict, VerifierKey,
};
use redaction::{Class, HandleKey, Shown, minimise};
use sample::{EXPOSED, SampleCase, Scale, VICTIM_KEY, build};
use sources::{Catalogue, InputKind, Known, SourceFile, Step, parse_sums, read_foreign};

/// Pairs of path and JSON value text.
type Fields = Vec<(String, String)>;

struct Read {
    facts: ExportFacts,
    records: Vec<Fields>,
}

fn read(path: &Path, keys: &[VerifierKey]) -> Result<Read, ExportError> {
    let file = File::open(path).expect("the export is there");
    let mut files = ExportFiles::open_zip(file).expect("a ZIP");
    let mut records = Vec::new();
    let facts = evidence::read_export(&mut files, keys, &BTreeSet::new(), &mut |line, _| {
        records.push(
            line.fields()
                .map(|(p, v)| (p.to_owned(), v.to_owned()))
                .collect(),
        );
        Ok(())
    })?;
    Ok(Read { facts, records })
}

fn vkeys(pairs: &[(String, String)]) -> Vec<VerifierKey> {
    pairs
        .iter()
        .map(|(_, vkey)| vkey.parse().expect("a vkey"))
        .collect()
}

fn zips(paths: &[PathBuf]) -> impl Iterator<Item = &PathBuf> {
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "zip"))
}

fn all_files(dir: &Path, into: &mut BTreeMap<String, Hash>, root: &Path) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all_files(&path, into, root);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("inside")
                .display()
                .to_string();
            into.insert(name, Hash::sha256(&std::fs::read(&path).expect("a file")));
        }
    }
}

fn field<'a>(record: &'a [(String, String)], path: &str) -> Option<&'a str> {
    record
        .iter()
        .find(|(known, _)| known == path)
        .map(|(_, value)| value.as_str())
}

fn plain<'a>(record: &'a [(String, String)], path: &str) -> Option<&'a str> {
    field(record, path).map(|value| value.trim_matches('"'))
}

fn source_of<'a>(catalogue: &'a Catalogue, record: &[(String, String)]) -> &'a SourceFile {
    let schema = field(record, "@schema").expect("field 0");
    catalogue.by_schema(schema).expect("a built-in source file")
}

/// Every record of the exports, in order of origin and index.
fn everything(case: &SampleCase) -> Vec<(String, Fields)> {
    let keys = [vkeys(&case.pins), vkeys(&case.unpinned)].concat();
    let mut by_origin: BTreeMap<(String, u64), Vec<Fields>> = BTreeMap::new();
    for path in zips(&case.first)
        .chain(&case.further)
        .filter(|path| **path != case.tampered)
    {
        let read = read(path, &keys).expect("an export that holds");
        assert_eq!(read.facts.signers.len(), 1, "{}", path.display());
        by_origin.insert((read.facts.origin, read.facts.first), read.records);
    }
    by_origin
        .into_iter()
        .flat_map(|((origin, _), records)| records.into_iter().map(move |r| (origin.clone(), r)))
        .collect()
}

#[test]
fn the_same_bytes_twice_and_an_earlier_case_is_cleared() {
    let dir = tempfile::tempdir().expect("a folder");
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let small = Scale { records: 2_000 };
    build(&one, Scale::default()).expect("built");
    sample::clear(&one).expect("cleared");
    std::fs::write(one.join("kept.txt"), "mine").expect("written");
    let case = build(&one, small).expect("built");
    build(&two, small).expect("built");
    let (mut first, mut second) = (BTreeMap::new(), BTreeMap::new());
    all_files(&one, &mut first, &one);
    all_files(&two, &mut second, &two);
    assert!(
        first.remove("kept.txt").is_some(),
        "a file of somebody else stays"
    );
    assert_eq!(first, second);
    let keys: String = case
        .pins
        .iter()
        .chain(&case.unpinned)
        .map(|(o, k)| format!("{o} {k}\n"))
        .collect();
    assert_eq!(
        Hash::sha256(keys.as_bytes()).to_hex(),
        "cef23680407822305b039c63b3c817cb1558d65cdc82f8552aff5b98ce0c96b9",
        "the keys changed: readers of documents and pinned vkeys rely on them"
    );
    assert!(build(&two, Scale { records: 10 }).is_err());
}

#[test]
fn exports_hold_one_gap_opens_and_closes_and_the_tampered_copy_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = build(dir.path(), Scale::default()).expect("built");
    let (pinned, unpinned) = (vkeys(&case.pins), vkeys(&case.unpinned));
    let mut segments: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
    let mut later: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
    let mut records = 0;
    let (mut refused, mut pending) = (0, 0);
    for path in zips(&case.first).chain(&case.further) {
        let read = match read(path, &pinned) {
            Ok(read) => read,
            Err(ExportError::Rejected(rejection)) => {
                assert_eq!(*path, case.tampered);
                assert!(
                    matches!(rejection.reason, Reason::Root),
                    "{}",
                    rejection.reason
                );
                refused += 1;
                continue;
            }
            Err(error) => panic!("{}: {error}", path.display()),
        };
        let facts = read.facts;
        if facts.origin == sample::FIELD {
            assert!(facts.signers.is_empty());
            let again = self::read(path, &unpinned).expect("holds under its own key");
            assert_eq!(again.facts.signers, unpinned);
            pending += 1;
        } else {
            assert_eq!(facts.signers.len(), 1);
        }
        let segment = Segment {
            id: path.display().to_string(),
            first: facts.first,
            last: facts.last,
            roots: facts.roots.clone(),
            signed: !facts.signers.is_empty(),
        };
        if case.further.contains(path) {
            later.entry(facts.origin).or_default().push(segment);
        } else {
            records += facts.records;
            segments.entry(facts.origin).or_default().push(segment);
        }
    }
    assert_eq!((refused, pending), (1, 6));
    for (origin, known) in &mut segments {
        let before = evidence::survey(known, &[], &[]);
        assert!(before.forks.is_empty(), "{origin}");
        if *origin == case.gap.0 {
            assert_eq!(before.missing, std::slice::from_ref(&case.gap.1));
            assert!(
                before
                    .verdicts
                    .values()
                    .any(|v| matches!(v, Verdict::Gap { .. }))
            );
        } else if origin != sample::FIELD {
            assert!(before.missing.is_empty() && before.anchored, "{origin}");
        }
        known.extend(later.remove(origin).unwrap_or_default());
        if origin != sample::FIELD {
            let after = evidence::survey(known, &[], &[]);
            assert!(after.missing.is_empty() && after.anchored, "{origin}");
        }
    }
    assert!(later.is_empty());

    // The checksums are right, and the log files are read by their source file.
    let sums = dir.path().join("cloudtrail/with-checksums/SHA256SUMS");
    let sums = parse_sums(&std::fs::read(sums).expect("read")).expect("parsed");
    assert_eq!(sums.len(), 5);
    let mut logs: Vec<PathBuf> = sums
        .iter()
        .map(|sum| sum.name.as_deref().expect("named"))
        .map(|name| dir.path().join("cloudtrail/with-checksums").join(name))
        .collect();
    for (sum, path) in sums.iter().zip(&logs) {
        assert_eq!(
            sum.sha256,
            Hash::sha256(&std::fs::read(path).expect("read"))
        );
    }
    logs.extend(
        case.first
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .cloned(),
    );
    assert_eq!(logs.len(), 6);
    let catalogue = Catalogue::builtin();
    for path in &logs {
        records += events(&catalogue, &std::fs::read(path).expect("read"));
    }
    records += trail_records(&case);
    assert_eq!(records, case.records_in_first);
    let asked = Scale::default().records;
    assert!(records.abs_diff(asked) < asked / 10, "{records} records");
}

/// Records in the log files of the CloudTrail trail: all of them are events.
fn trail_records(case: &SampleCase) -> u64 {
    let mut files = BTreeMap::new();
    all_files(&case.trail.folder, &mut files, &case.trail.folder);
    let catalogue = Catalogue::builtin();
    let logs = files.keys().filter(|name| is_log_name(name));
    logs.map(|name| {
        let packed = std::fs::read(case.trail.folder.join(name)).expect("read");
        let text = inflate(&packed, MAX_LOG_BYTES).expect("one gzip member");
        events(&catalogue, &text)
    })
    .sum()
}

/// Events of a log file of CloudTrail.
fn events(catalogue: &Catalogue, log: &[u8]) -> u64 {
    let kind = InputKind::JsonRecords;
    let read = read_foreign(kind, log, Known::Each(catalogue), &mut |source, _| {
        assert_eq!(source.id, "aws-cloudtrail");
        std::ops::ControlFlow::Continue(())
    });
    read.expect("read").records
}

#[test]
fn the_trail_is_signed_as_pinned_and_lacks_the_hour_of_the_stranger() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = build(dir.path(), Scale { records: 2_000 }).expect("built");
    let document = std::fs::read_to_string(&case.trail.policy).expect("read");
    let policy = TrailTrust::read(&document).expect("a policy");
    let listed = read_keys(&std::fs::read(&case.trail.keys).expect("read")).expect("keys");
    assert_eq!(listed.len(), 1);
    assert_eq!(policy.keys[0].sha256, listed[0].sha256().to_hex());
    let mut files = BTreeMap::new();
    all_files(&case.trail.folder, &mut files, &case.trail.folder);
    let mut trail = Trail::default();
    for name in files.keys() {
        let bytes = std::fs::read(case.trail.folder.join(name)).expect("read");
        trail.read(name, &bytes);
    }
    assert_eq!((trail.digests.len(), trail.logs.len()), (11, 6));
    let report = survey(&trail, &[policy]);
    assert_eq!(report.verdict, TrailVerdict::Incomplete);
    let proven = |line: &evidence::cloudtrail::DigestLine| line.verdict == DigestVerdict::Verified;
    assert!(report.digests.iter().all(proven), "{report:#?}");
    assert!(
        report
            .logs
            .iter()
            .all(|l| l.verdict == LogVerdict::Verified)
    );
    let problems: Vec<_> = report.findings.iter().filter(|f| f.problem).collect();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(
        (problems[0].code, problems[0].hours_missing),
        (FindingCode::Gap, 1)
    );
    let hour = problems[0].hours[0];
    assert_eq!(hour.from, case.trail.missing);
    let login = case
        .story
        .iter()
        .find(|beat| beat.record_type == "ConsoleLogin");
    let login = login.expect("the stranger logs in").at;
    assert!(hour.from <= login && login < hour.to, "{login}");
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.code == FindingCode::NoEvents)
    );
}

#[test]
fn every_value_is_classified_as_its_source_file_says_but_for_one_object() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = build(dir.path(), Scale::default()).expect("built");
    let catalogue = Catalogue::builtin();
    let key = HandleKey::new([7; 32]);
    let mut unknown = BTreeSet::new();
    let mut exposed = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for (origin, record) in everything(&case) {
        let source = source_of(&catalogue, &record);
        let action = plain(&record, "/type").expect("a type").to_owned();
        assert!(source.record_type(&action).is_some(), "{action}");
        for (path, value) in &record {
            if path == "@schema" {
                continue;
            }
            let rule = source
                .rule(path)
                .unwrap_or_else(|| panic!("{origin} {path}"));
            match rule.class {
                Class::Unknown => {
                    unknown.insert((source.id.clone(), path.clone()));
                }
                Class::C0 | Class::C1 | Class::C2 | Class::H if !rule.value_type.accepts(value) => {
                    refused.insert(format!("{} {path}: {value}", source.id));
                }
                _ => {}
            }
        }
        let pairs = record.iter().map(|(p, v)| (p.as_str(), v.as_str()));
        for shown in minimise(&|path| source.rule(path), pairs, &key) {
            if let Shown::Kept { text } = shown.shown {
                assert!(
                    EXPOSED.iter().all(|secret| !text.contains(secret)),
                    "{}",
                    shown.path
                );
            }
        }
        for (at, secret) in EXPOSED.iter().enumerate() {
            if record.iter().any(|(_, value)| value.contains(secret)) {
                exposed.insert((at, action.clone()));
            }
        }
    }
    assert_eq!(refused, BTreeSet::new());
    let unclassified = ("enigm-os".to_owned(), "/state/*".to_owned());
    assert_eq!(unknown, BTreeSet::from([unclassified]));
    let support: Vec<usize> = exposed
        .iter()
        .filter(|(_, action)| action == "session.ended")
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(
        support,
        [0, 1, 2, 3],
        "the support record holds each of them"
    );
}

#[test]
fn the_only_lifecycles_broken_are_those_of_the_story() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = build(dir.path(), Scale::default()).expect("built");
    let catalogue = Catalogue::builtin();
    let mut states: BTreeMap<(String, String, String), String> = BTreeMap::new();
    let mut broken = Vec::new();
    let mut ids = BTreeSet::new();
    for (origin, record) in everything(&case) {
        let source = source_of(&catalogue, &record);
        let action = plain(&record, "/type").expect("a type");
        ids.insert((
            origin.clone(),
            action.to_owned(),
            plain(&record, "/id").expect("an id").to_owned(),
        ));
        for lifecycle in source.lifecycles() {
            let Some(subject) = plain(&record, &lifecycle.subject) else {
                continue;
            };
            let slot = (origin.clone(), lifecycle.name.clone(), subject.to_owned());
            let state = states.get(&slot).map(String::as_str);
            match lifecycle.step(state, action, plain(&record, "/outcome")) {
                Step::None => {}
                Step::Moves { to } => {
                    states.insert(slot, to.to_owned());
                }
                Step::Contradicts { found, .. } => {
                    broken.push((action.to_owned(), subject.to_owned(), found.to_owned()));
                }
            }
        }
    }
    let step = |action: &str| {
        (
            action.to_owned(),
            VICTIM_KEY.to_owned(),
            "revoked".to_owned(),
        )
    };
    let pair = [step("emergency.triggered"), step("emergency.confirmed")];
    assert_eq!(
        broken,
        [pair.clone(), pair.clone(), pair.clone(), pair].concat()
    );

    for beat in case.story.iter().filter(|beat| beat.index.is_some()) {
        let id = (
            beat.origin.clone(),
            beat.record_type.clone(),
            beat.record_id.clone(),
        );
        assert!(ids.contains(&id), "{}", beat.title);
    }
    let kept_back = case.story.iter().filter(|beat| !beat.in_first).count();
    assert_eq!(
        kept_back, 4,
        "three beats lie in the gap, one in the newest export"
    );
    assert!(case.story.is_sorted_by_key(|beat| beat.at));
}
