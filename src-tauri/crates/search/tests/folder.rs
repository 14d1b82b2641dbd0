//! The folder: kills, damage, keys, and what can be read in it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use search::{Actor, Doc, Index, Page, Query, SearchError, Stale, Stands, reset};

fn open_as(dir: &Path, key: u8, seed: u64) -> Result<Index, SearchError> {
    Index::open_or_create(dir, &[key; 32], Box::new(ChaCha20Rng::seed_from_u64(seed)))
}

fn open(dir: &Path) -> Index {
    open_as(dir, 1, 9).unwrap()
}

fn doc(seq: u64) -> Doc {
    Doc {
        seq,
        occurred: Some(seq as i64 * 1_000_000),
        system: "vehicle-keys".to_owned(),
        action: "key.revoked".to_owned(),
        values: vec![("/reason".to_owned(), "unmistakableword".to_owned())],
        ..Doc::default()
    }
}

fn fill(dir: &Path, seqs: std::ops::RangeInclusive<u64>) {
    let last = *seqs.end();
    let index = open(dir);
    let mut writer = index.writer().unwrap();
    for seq in seqs {
        writer.add(&doc(seq)).unwrap();
    }
    writer.commit(last, "").unwrap();
    writer.finish().unwrap();
}

fn found(index: &Index) -> Vec<u64> {
    let query = Query::parse("unmistakableword").unwrap();
    index
        .find(
            &query,
            &Page {
                after: None,
                limit: 1000,
            },
        )
        .unwrap()
        .seqs
}

#[test]
fn a_writer_that_dies_leaves_the_last_commit() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=3);
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    writer.add(&doc(4)).unwrap();
    drop(writer);
    drop(index);
    let index = open(dir.path());
    assert_eq!((index.last_seq(), found(&index)), (3, vec![3, 2, 1]));
    // And the next session goes on from there.
    drop(index);
    fill(dir.path(), 4..=5);
    assert_eq!(found(&open(dir.path())), [5, 4, 3, 2, 1]);
}

/// Every state of the folder that a kill can leave is a set of files of which some are not there yet: the
/// commit is the one replacement of `meta.json`.
#[test]
fn a_kill_before_the_commit_is_in_place_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=3);
    let meta = fs::read(dir.path().join("meta.json")).unwrap();
    let old: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    let kept = tempfile::tempdir().unwrap();
    for path in &old {
        fs::copy(path, kept.path().join(path.file_name().unwrap())).unwrap();
    }
    fill(dir.path(), 4..=6);
    // New segment files are there, one of them half written, but the commit is not.
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let to = kept.path().join(path.file_name().unwrap());
        if !to.exists() {
            let bytes = fs::read(&path).unwrap();
            fs::write(to, &bytes[..bytes.len() / 2]).unwrap();
        }
    }
    fs::write(kept.path().join(".new-meta.json"), &meta[..10]).unwrap();
    let index = open(kept.path());
    assert_eq!((index.last_seq(), found(&index)), (3, vec![3, 2, 1]));
    drop(index);
    fill(kept.path(), 4..=4);
    assert_eq!(found(&open(kept.path())), [4, 3, 2, 1]);
    assert!(!kept.path().join(".new-meta.json").exists());
}

#[test]
fn every_cut_or_changed_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=50);
    let want = found(&open(dir.path()));
    let files: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| !p.to_string_lossy().ends_with(".lock"))
        .collect();
    assert!(files.len() > 5);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut header = bytes.clone();
        header[20] ^= 1;
        for damaged in [
            &bytes[..bytes.len() - 1],
            &bytes[..bytes.len() / 2],
            &[][..],
            &flipped,
            &header,
        ] {
            fs::write(&path, damaged).unwrap();
            let query = Query::parse("unmistakableword").unwrap();
            let answer = open_as(dir.path(), 1, 3).and_then(|index| {
                let hits = index.find(
                    &query,
                    &Page {
                        after: None,
                        limit: 1000,
                    },
                )?;
                index.facet(&query, "action", 5)?;
                index.writer().map(drop)?;
                Ok(hits.seqs)
            });
            match answer {
                Err(SearchError::Stale(Stale::Damaged)) => {}
                // Files that no answer needs, such as the empty document store, may be damaged unnoticed.
                Ok(seqs) => assert_eq!(seqs, want, "{}", path.display()),
                Err(other) => panic!("{}: {other:?}", path.display()),
            }
        }
        fs::write(&path, &bytes).unwrap();
    }
    fs::remove_file(dir.path().join("meta.json")).unwrap();
    assert!(matches!(
        open_as(dir.path(), 1, 3),
        Err(SearchError::Stale(Stale::Damaged))
    ));
    reset(dir.path()).unwrap();
    reset(dir.path()).unwrap();
    fill(dir.path(), 1..=50);
    assert_eq!(found(&open(dir.path())), want);
}

#[test]
fn another_key_is_told_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=2);
    assert!(matches!(
        open_as(dir.path(), 2, 9),
        Err(SearchError::Stale(Stale::OtherKey))
    ));
}

#[test]
fn no_word_of_a_row_is_on_disk_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=200);
    for entry in fs::read_dir(dir.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for word in [
            "unmistakable",
            "revoked",
            "vehicle",
            "/reason",
            "last_seq",
            "action",
        ] {
            assert!(
                !bytes
                    .windows(word.len())
                    .any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
            );
        }
    }
}

#[test]
fn one_writer_in_ascending_order() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=2);
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    assert!(matches!(index.writer(), Err(SearchError::Busy)));
    assert!(matches!(
        writer.add(&doc(2)),
        Err(SearchError::NotAscending { seq: 2, last: 2 })
    ));
    writer.add(&doc(3)).unwrap();
    assert!(matches!(
        writer.commit(2, ""),
        Err(SearchError::NotAscending { .. })
    ));
    writer.commit(9, "").unwrap();
    assert_eq!(index.last_seq(), 9);
    assert_eq!(found(&index), [3, 2, 1]);
}

#[test]
fn completions_are_values_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 1..=2);
    let index = open(dir.path());
    assert_eq!(index.suggest("action", "KEY", 5).unwrap(), ["key.revoked"]);
    assert_eq!(index.suggest("path", "/", 5).unwrap(), ["/reason"]);
    assert_eq!(
        index.suggest("/reason", "un", 5).unwrap(),
        ["unmistakableword"]
    );
    assert_eq!(index.suggest("word", "rev", 5).unwrap(), ["revoked"]);
    assert_eq!(
        index.suggest("", "a", 5).unwrap(),
        ["action", "assurance", "actor", "address"]
    );
    assert!(matches!(
        index.suggest("nope", "", 5),
        Err(SearchError::NoValues { .. })
    ));
    assert!(matches!(
        index.find(
            &Query::parse("subject:acc-abc").unwrap(),
            &Page {
                after: None,
                limit: 1
            }
        ),
        Err(SearchError::Unresolved)
    ));
}

#[test]
fn who_did_it_is_found_by_handle_and_by_a_shown_name() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    let by = |seq, actor| Doc {
        actor,
        subjects: vec![7, 8],
        ..doc(seq)
    };
    for (seq, actor) in [
        (1, Some(Actor::Subject(7))),
        (2, Some(Actor::Subject(8))),
        (3, Some(Actor::Name("S3.amazonaws.com".to_owned()))),
        (4, None),
        // Named like the term of a subject.
        (5, Some(Actor::Name("#7".to_owned()))),
    ] {
        writer.add(&by(seq, actor)).unwrap();
    }
    writer.commit(5, "").unwrap();
    let page = Page {
        after: None,
        limit: 9,
    };
    let found = |text: &str| {
        let mut query = Query::parse(text).unwrap();
        query.resolve_subjects(&mut |_, handle| (handle == "acc-a").then_some(7));
        index.find(&query, &page).unwrap().seqs
    };
    assert_eq!(found("actor:acc-a"), [1]);
    assert_eq!(found("actor:s3.amazonaws.com"), [3]);
    assert_eq!(found("-actor:acc-a"), [5, 4, 3, 2]);
    assert_eq!(found("subject:acc-a"), [5, 4, 3, 2, 1]);
    assert_eq!(found("actor:nobody"), [] as [u64; 0]);
    assert_eq!(found("actor:\"#7\""), [5]);
}

#[test]
fn a_level_is_the_imports_and_events_of_which_it_is_true_now() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    for seq in 1..=6 {
        let import = 1 + seq % 3;
        writer.add(&Doc { import, ..doc(seq) }).unwrap();
    }
    writer.commit(6, "").unwrap();
    let mut query = Query::parse("assurance:hash-matched OR verdict:gap").unwrap();
    assert!(matches!(index.count(&query), Err(SearchError::Unresolved)));
    let imports = |field: &str, _: &str| Stands {
        imports: if field == "assurance" {
            vec![1, 3]
        } else {
            Vec::new()
        },
        seqs: Vec::new(),
    };
    query.resolve_standing(&mut |field, value| imports(field, value));
    let page = Page {
        after: None,
        limit: 9,
    };
    assert_eq!(index.find(&query, &page).unwrap().seqs, [6, 5, 3, 2]);
    // Judged anew, the same query finds other events without the index being touched.
    query.resolve_standing(&mut |_, _| Stands::default());
    assert_eq!(index.count(&query).unwrap(), 0);
    // Of some events of an import it may be true and of others not.
    query.resolve_standing(&mut |field, _| match field {
        "verdict" => Stands {
            imports: vec![2],
            seqs: vec![(5, 6), (3, 2), (2, 2)],
        },
        _ => Stands::default(),
    });
    assert_eq!(index.find(&query, &page).unwrap().seqs, [6, 5, 4, 2, 1]);
    let mut both = Query::parse("verdict:gap AND NOT import:2").unwrap();
    both.resolve_standing(&mut |_, _| Stands {
        imports: Vec::new(),
        seqs: vec![(1, 5)],
    });
    assert_eq!(index.find(&both, &page).unwrap().seqs, [5, 3, 2]);
    assert_eq!(index.count(&both).unwrap(), 3);
    assert!(index.suggest("verdict", "", 5).unwrap().is_empty());
}

#[test]
fn a_uuid_or_time_is_found_wherever_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    let uuid = "0F8FAD5B-d9cb-469f-a165-70867728950e";
    let time = "2026-11-21T04:00:00.037Z";
    let values = [
        uuid.to_owned(),
        format!("see {uuid} for more"),
        time.to_owned(),
        format!("since {time}"),
        "0f8fad5b".to_owned(),
        "20261 words".to_owned(),
        "9f8fad5b-d9cb-469f-a165-70867728950e".to_owned(),
    ];
    for (value, seq) in values.into_iter().zip(1..) {
        let more = Doc {
            values: vec![("/a b/c".to_owned(), value)],
            ..doc(seq)
        };
        writer.add(&more).unwrap();
    }
    writer.commit(9, "").unwrap();
    let page = Page {
        after: None,
        limit: 9,
    };
    for (asked, expected) in [
        (uuid, vec![2, 1]),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", vec![2, 1]),
        ("0f8fad5b", vec![5, 2, 1]),
        ("0f8fad5*", vec![5, 2, 1]),
        ("0f8fad5c", vec![]),
        ("d9cb", vec![]),
        ("\"2026-11-21T04:00:00.037Z\"", vec![4, 3]),
        ("2026*", vec![6, 4, 3]),
        ("20*", vec![6, 4, 3]),
        ("2027*", vec![]),
        ("/a\\ b/c:0f8fad5b-d9*", vec![1]),
        ("\"see 0f8fad5b\"", vec![2]),
    ] {
        let query = Query::parse(asked).unwrap();
        let hits = index.find(&query, &page).unwrap();
        assert_eq!((hits.seqs, asked), (expected, asked));
    }
}

/// Files of several chunks: opening reads only the last of each, so a question may be the first to meet the damage.
#[test]
fn a_question_that_meets_damage_says_so_and_does_not_panic() {
    const CHUNK: usize = 64 * 1024 + 16;
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let mut writer = index.writer().unwrap();
    for seq in 1..=30_000_u64 {
        let word = format!("word{:x}", seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let values = vec![("/reason".to_owned(), format!("common {word}"))];
        writer
            .add(&Doc {
                values,
                subjects: vec![seq % 977],
                ..doc(seq)
            })
            .unwrap();
    }
    writer.commit(30_000, "").unwrap();
    writer.finish().unwrap();
    drop(index);
    let page = Page {
        after: None,
        limit: 100,
    };
    let ask = |index: &Index| -> Result<(Vec<u64>, u64), SearchError> {
        let mut total = 0;
        for text in [
            "common",
            "\"common word\"",
            "subject:5",
            "wordfe*",
            "-action:key.revoked",
            "",
        ] {
            let mut query = Query::parse(text).unwrap();
            query.resolve_subjects(&mut |_, number| number.parse().ok());
            total += index.count(&query)?;
            index.histogram(&query, 10, None)?;
            for field in ["action", "subject", "system"] {
                index.facet(&query, field, 5)?;
            }
        }
        Ok((
            index.find(&Query::parse("common").unwrap(), &page)?.seqs,
            total,
        ))
    };
    let want = ask(&open(dir.path())).unwrap();
    let mut met = 0;
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for at in (60..bytes.len()).step_by(CHUNK) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            let opened = open_as(dir.path(), 1, 3);
            let at_open = opened.is_err();
            match opened.and_then(|index| ask(&index)) {
                Err(SearchError::Stale(Stale::Damaged)) => met += usize::from(!at_open),
                Ok(answer) => assert_eq!(answer, want, "{} at {at}", path.display()),
                Err(other) => panic!("{} at {at}: {other:?}", path.display()),
            }
        }
        fs::write(&path, bytes).unwrap();
    }
    assert!(met > 3, "questions met {met} damaged chunks");
}
