//! The index against a model that looks at every event.
#![allow(clippy::unwrap_used, missing_docs)]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use search::{Cursor, Doc, Index, Limits, Page, Query};

fn open(dir: &std::path::Path) -> Index {
    let limits = Limits {
        heap: 15_000_000,
        writer_threads: 1,
        ..Limits::default()
    };
    Index::open_with(
        dir,
        &[1; 32],
        Box::new(ChaCha20Rng::seed_from_u64(5)),
        limits,
    )
    .unwrap()
}

const SYSTEMS: [&str; 3] = ["Iam", "s3.amazonaws.com", ""];
const WORDS: [&str; 4] = ["ConsoleLogin", "key.revoked", "alpha beta", "beta alpha"];

#[derive(Debug, Clone)]
struct Made {
    occurred: Option<i64>,
    system: usize,
    word: usize,
    subjects: Vec<u64>,
}

fn made() -> impl Strategy<Value = Made> {
    let time = prop_oneof![
        1 => Just(None),
        // Few different instants, so that ties are usual.
        4 => (0_i64..20).prop_map(|t| Some(1_790_000_000_000_000 + t * 1_000_000)),
        1 => any::<i64>().prop_map(Some),
    ];
    (
        time,
        0..SYSTEMS.len(),
        0..WORDS.len(),
        prop::collection::vec(0_u64..5, 0..3),
    )
        .prop_map(|(occurred, system, word, mut subjects)| {
            subjects.sort_unstable();
            subjects.dedup();
            Made {
                occurred,
                system,
                word,
                subjects,
            }
        })
}

fn doc(seq: u64, made: &Made) -> Doc {
    Doc {
        seq,
        occurred: made.occurred,
        system: SYSTEMS[made.system].to_owned(),
        action: "a".to_owned(),
        import: seq % 3,
        subjects: made.subjects.clone(),
        values: vec![("/w".to_owned(), WORDS[made.word].to_owned())],
        ..Doc::default()
    }
}

type Check = (&'static str, fn(&Made, u64) -> bool);

const CHECKS: [Check; 14] = [
    ("*", |_, _| true),
    ("system:iam", |m, _| m.system == 0),
    ("system:S3*", |m, _| m.system == 1),
    ("system:\"\"", |m, _| m.system == 2),
    ("console", |m, _| m.word == 0),
    ("\"alpha beta\"", |m, _| m.word == 2),
    ("beta -\"alpha beta\"", |m, _| m.word == 3),
    ("/w:KEY.revoked", |m, _| m.word == 1),
    ("/w:beta*", |m, _| m.word == 3),
    ("subject:3 OR import:1", |m, s| {
        m.subjects.contains(&3) || s % 3 == 1
    }),
    ("NOT (subject:3 system:iam)", |m, _| {
        !(m.subjects.contains(&3) && m.system == 0)
    }),
    ("seq:[5 .. 40]", |_, s| (5..=40).contains(&s)),
    ("time:none", |m, _| m.occurred.is_none()),
    (
        "time:[2026-09-21T14:13:25 .. 2026-09-21T14:13:30]",
        |m, _| {
            m.occurred
                .is_some_and(|t| (1_790_000_005_000_000..1_790_000_011_000_000).contains(&t))
        },
    ),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_a_full_scan(
        all in prop::collection::vec(made(), 1..160),
        cuts in prop::collection::btree_set(1_usize..160, 0..12),
        limit in 1_usize..30,
        merge in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let index = open(dir.path());
        let mut writer = index.writer().unwrap();
        for (at, made) in all.iter().enumerate() {
            writer.add(&doc(at as u64 + 1, made)).unwrap();
            if cuts.contains(&at) {
                writer.commit(at as u64 + 1, "").unwrap();
            }
        }
        writer.commit(all.len() as u64, "").unwrap();
        if merge {
            writer.finish().unwrap();
        }
        for (text, matches) in CHECKS {
            let query = Query::parse(text).unwrap();
            let clamp = |t: i64| t.clamp(-(1 << 62), (1 << 62) - 2);
            let mut want: Vec<(Option<i64>, u64)> = (1..).zip(&all)
                .filter(|(seq, made)| matches(made, *seq))
                .map(|(seq, made)| (made.occurred.map(clamp), seq))
                .collect();
            // None is the least, so undated events come last.
            want.sort_unstable_by(|a, b| b.cmp(a));
            let mut got = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let hits = index.find(&query, &Page { after, limit }).unwrap();
                prop_assert_eq!(hits.total, want.len() as u64, "{}", text);
                prop_assert!(hits.seqs.len() <= limit);
                got.extend(hits.seqs);
                after = hits.next;
                if after.is_none() { break; }
            }
            prop_assert_eq!(&got, &want.iter().map(|(_, seq)| *seq).collect::<Vec<_>>(), "{}", text);

            let undated = want.iter().filter(|(t, _)| t.is_none()).count() as u64;
            for buckets in [1, 7, 60] {
                let h = index.histogram(&query, buckets, None).unwrap();
                prop_assert_eq!((h.undated, h.outside), (undated, 0), "{}", text);
                prop_assert_eq!(h.counts.iter().sum::<u64>() + undated, want.len() as u64);
            }
            let range = (1_790_000_003_000_000, 1_790_000_013_000_000);
            let h = index.histogram(&query, 5, Some(range)).unwrap();
            for (n, count) in h.counts.iter().enumerate() {
                let from = range.0 + n as i64 * h.bucket_width_us;
                let within = |t: i64| t >= from && t < from + h.bucket_width_us;
                prop_assert_eq!(*count, want.iter().filter(|(t, _)| t.is_some_and(within)).count() as u64);
            }
            prop_assert_eq!(h.counts.iter().sum::<u64>() + h.undated + h.outside, want.len() as u64);

            let facet = index.facet(&query, "subject", 10).unwrap();
            for (value, count) in &facet.values {
                let value: u64 = value.parse().unwrap();
                let n = want.iter().filter(|(_, seq)| all[*seq as usize - 1].subjects.contains(&value)).count();
                prop_assert_eq!(*count, n as u64);
            }
            let facet = index.facet(&query, "system", 10).unwrap();
            let sum: u64 = facet.values.iter().map(|(_, n)| n).sum();
            let named = want.iter().filter(|(_, seq)| all[*seq as usize - 1].system != 2).count();
            prop_assert_eq!(sum, named as u64);
            prop_assert!(facet.values.is_sorted_by(|a, b| a.1 >= b.1));
        }
    }
}
