#![allow(
    clippy::single_range_in_vec_init,
    reason = "a list of ranges that holds one is meant"
)]

use proptest::prelude::*;

use super::*;
use crate::merkle::{consistency_proof, leaf_hash};

/// Leaves of a log of 60 records; a branch shares those before its number.
fn leaves(branch: u64) -> Vec<Hash> {
    let leaf = |i: u64| match branch {
        0 => leaf_hash(&i.to_be_bytes()),
        at if i < at => leaf_hash(&i.to_be_bytes()),
        at => leaf_hash(&[i.to_be_bytes(), at.to_be_bytes()].concat()),
    };
    (0..60).map(leaf).collect()
}

fn roots(branch: u64, sizes: impl Iterator<Item = u64>) -> BTreeMap<u64, Hash> {
    roots_at(0, &[], leaves(branch).into_iter(), &sizes.collect()).unwrap()
}

fn root(branch: u64, size: u64) -> Hash {
    roots(branch, std::iter::once(size))[&size]
}

/// A signed segment of a branch, with roots at every size.
fn seg(branch: u64, first: u64, last: u64) -> Segment {
    Segment::new("log", first, last, roots(branch, first..=last), true)
}

fn link(branch: u64, from: u64, to: u64) -> ConsistencyLink {
    let leaves = &leaves(branch)[..to as usize];
    let proof = consistency_proof(leaves, from);
    ConsistencyLink::verify(from, to, root(branch, from), root(branch, to), proof).unwrap()
}

fn words(segments: &[Segment], anchors: &[(u64, Hash)], links: &[ConsistencyLink]) -> Vec<String> {
    let found = survey(segments, anchors, links);
    let word = |s: &Segment| match &found.verdicts[&s.id] {
        Verdict::Fork { at } => format!("fork {at}"),
        Verdict::Gap { missing, bridged } => format!("gap {missing:?} {bridged}"),
        other => other.word().to_owned(),
    };
    segments.iter().map(word).collect()
}

#[test]
fn each_verdict_of_the_table() {
    let a = seg(0, 0, 10);
    assert_eq!(words(std::slice::from_ref(&a), &[], &[]), ["extends"]);
    assert_eq!(
        words(&[a.clone(), seg(0, 10, 20)], &[], &[]),
        ["extends", "extends"]
    );
    assert_eq!(
        words(&[seg(0, 2, 7), a.clone()], &[], &[]),
        ["older copy", "extends"]
    );
    assert_eq!(
        words(&[seg(0, 5, 15), a.clone()], &[], &[]),
        ["overlap", "extends"]
    );
    let apart = [a.clone(), seg(0, 30, 40)];
    assert_eq!(words(&apart, &[], &[]), ["extends", "gap [10..30] false"]);
    assert_eq!(
        words(&apart, &[], &[link(0, 10, 30)]),
        ["extends", "gap [10..30] true"]
    );
    assert_eq!(
        words(&apart, &[], &[link(0, 10, 40)]),
        ["extends", "gap [10..30] true"]
    );
    // A proof from a smaller size says nothing about the records up to 10.
    assert_eq!(
        words(&apart, &[], &[link(0, 5, 30)]),
        ["extends", "gap [10..30] false"]
    );
    let filled = [a.clone(), seg(0, 30, 40), seg(0, 10, 30)];
    assert_eq!(words(&filled, &[], &[]), ["extends"; 3]);
    assert_eq!(words(&[seg(0, 30, 40)], &[], &[]), ["unlinked"]);
    assert_eq!(
        words(&[seg(0, 30, 40)], &[(30, root(0, 30))], &[]),
        ["extends"]
    );
    assert_eq!(
        words(&[seg(0, 30, 40)], &[(35, root(0, 35))], &[]),
        ["extends"]
    );
    assert_eq!(
        words(&[seg(0, 30, 40)], &[(20, root(0, 20))], &[]),
        ["gap [20..30] false"]
    );
    // A pinned size inside says where the log stands, not where the records before it are.
    assert_eq!(
        words(&apart, &[(35, root(0, 35))], &[]),
        ["extends", "gap [10..30] false"]
    );
    let mut pending = seg(7, 5, 15);
    pending.signed = false;
    assert_eq!(words(&[pending, a], &[], &[]), ["pending", "extends"]);
}

#[test]
fn forks_dispute_both_branches_from_the_last_common_size() {
    let found = survey(
        &[seg(0, 0, 5), seg(0, 5, 10), seg(7, 5, 12), seg(0, 10, 20)],
        &[],
        &[],
    );
    let fork = &found.forks[0];
    assert_eq!((found.forks.len(), fork.at, fork.size), (1, 7, 8));
    assert_eq!(fork.roots, BTreeSet::from([root(0, 8), root(7, 8)]));
    assert_eq!(fork.segments.len(), 3);
    assert_eq!(found.verdicts[&seg(0, 0, 5).id], Verdict::Extends);
    for disputed in [seg(0, 5, 10), seg(7, 5, 12), seg(0, 10, 20)] {
        assert_eq!(found.verdicts[&disputed.id], Verdict::Fork { at: 7 });
    }
    assert_eq!(found.covered, vec![0..7]);
    // What both branches have in common is not disputed.
    let beginning = |verdict| Undisputed { end: 7, verdict };
    let (a, b) = (seg(0, 5, 10).id, seg(7, 5, 12).id);
    let mut judged: Vec<_> = [&a, &b].map(|id| found.undisputed[id].clone()).into();
    judged.sort_by_key(|u| u.verdict.word());
    assert_eq!(
        judged,
        [beginning(Verdict::Extends), beginning(Verdict::OlderCopy)]
    );
    assert_eq!(found.undisputed.len(), 2);
    // A log rewritten before the overlap keeps the leaves of the overlap; its roots differ.
    let rewritten = words(&[seg(0, 0, 10), seg(3, 5, 15)], &[], &[]);
    assert_eq!(rewritten, ["fork 0", "fork 0"]);
    // Where they parted is not known then, so nothing after the last common size is believed.
    let parted = [seg(0, 0, 6), seg(0, 6, 10), seg(3, 8, 15)];
    assert_eq!(words(&parted, &[], &[]), ["fork 0"; 3]);
    let shared = [seg(0, 0, 2), seg(0, 2, 10), seg(3, 8, 15)];
    assert_eq!(
        words(&shared, &[], &[link(3, 2, 8)]),
        ["extends", "fork 2", "fork 2"]
    );
    // A pinned root counts like a signed one.
    assert_eq!(words(&[seg(0, 0, 10)], &[(8, root(7, 8))], &[]), ["fork 0"]);
    // A proof carries a branch's past across a gap.
    let across = [seg(0, 0, 10), seg(7, 30, 40)];
    assert_eq!(words(&across, &[], &[link(7, 9, 30)]), ["fork 0", "fork 0"]);
}

#[test]
fn strangers_cannot_cause_a_fork() {
    // A valid proof about a tree that nobody known signed.
    assert_eq!(words(&[seg(0, 0, 10)], &[], &[link(7, 9, 30)]), ["extends"]);
    let mut unsigned = seg(7, 0, 20);
    unsigned.signed = false;
    let found = survey(&[seg(0, 0, 10), unsigned], &[], &[link(7, 9, 20)]);
    assert!(found.forks.is_empty());
    assert_eq!(found.covered, vec![0..10]);
}

#[test]
fn an_origin_is_anchored_or_says_since_when_it_is_known() {
    let state = |segments: &[Segment], anchors: &[(u64, Hash)], links: &[ConsistencyLink]| {
        let found = survey(segments, anchors, links);
        (found.anchored, found.history_unknown_before, found.missing)
    };
    assert_eq!(state(&[seg(0, 0, 5)], &[], &[]), (true, None, vec![]));
    assert_eq!(state(&[seg(0, 5, 9)], &[], &[]), (false, Some(5), vec![]));
    let pin = [(5, root(0, 5))];
    assert_eq!(state(&[seg(0, 5, 9)], &pin, &[]), (true, None, vec![]));
    assert_eq!(
        state(&[seg(0, 7, 9)], &pin, &[]),
        (false, Some(7), vec![5..7])
    );
    assert_eq!(
        state(&[seg(0, 7, 9)], &pin, &[link(0, 5, 7)]),
        (true, None, vec![5..7])
    );
    let apart = [seg(0, 0, 5), seg(0, 7, 9)];
    assert_eq!(state(&apart, &[], &[]), (false, None, vec![5..7]));
    assert_eq!(
        state(&apart, &[], &[link(0, 5, 9)]),
        (true, None, vec![5..7])
    );
    assert_eq!(survey(&[], &[], &[]), Continuity::default());
}

#[test]
fn segments_without_common_sizes_are_not_believed_to_agree() {
    let ends = |first: u64, last: u64| {
        let roots = roots(0, [first, last].into_iter());
        Segment::new("log", first, last, roots, true)
    };
    assert_eq!(
        words(&[ends(0, 10), ends(5, 15)], &[], &[]),
        ["extends", "unlinked"]
    );
    let hollow = Segment::new("log", 0, 9, BTreeMap::new(), true);
    assert_eq!(words(&[hollow], &[], &[]), ["unlinked"]);
}

#[test]
fn the_same_segment_twice_is_one() {
    let a = seg(0, 0, 10);
    let found = survey(&[a.clone(), a.clone(), a.clone()], &[], &[]);
    assert_eq!(found, survey(&[a], &[], &[]));
    let split = |sizes: [u64; 3]| Segment::new("log", 0, 10, roots(0, sizes.into_iter()), true);
    let parts = [split([0, 3, 10]), split([0, 6, 10]), seg(6, 6, 12)];
    assert_eq!(words(&parts, &[], &[])[0], "fork 6");
}

fn any_segment() -> impl Strategy<Value = Segment> {
    (0u64..3, 0u64..40, 1u64..20, any::<[bool; 3]>()).prop_map(|(b, first, n, flags)| {
        let mut segment = seg([0, 13, 25][b as usize], first, first + n);
        if flags[0] && flags[1] {
            // Known at its ends and a few sizes only.
            let last = segment.last;
            segment
                .roots
                .retain(|s, _| *s == first || *s == last || s % 7 == 0);
        }
        segment.signed = flags[1] || flags[2];
        segment
    })
}

fn any_link() -> impl Strategy<Value = ConsistencyLink> {
    (0u64..3, 1u64..40, 1u64..19)
        .prop_map(|(b, from, n)| link([0, 13, 25][b as usize], from, from + n))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn order_and_repeats_do_not_matter(
        segments in proptest::collection::vec(any_segment(), 0..8),
        links in proptest::collection::vec(any_link(), 0..4),
        pins in proptest::collection::vec((0u64..3, 1u64..50), 0..2),
        keys in proptest::collection::vec(any::<u64>(), 16),
    ) {
        let anchors: Vec<_> =
            pins.iter().map(|(b, s)| (*s, root([0, 13, 25][*b as usize], *s))).collect();
        let found = survey(&segments, &anchors, &links);
        let mut mixed: Vec<_> = segments.iter().chain(segments.first()).cloned().collect();
        let mut order: Vec<usize> = (0..mixed.len()).collect();
        order.sort_by_key(|k| keys[*k]);
        mixed = order.into_iter().map(|k| mixed[k].clone()).collect();
        let links: Vec<_> = links.iter().rev().chain(&links).cloned().collect();
        let anchors: Vec<_> = anchors.iter().rev().copied().collect();
        prop_assert_eq!(found, survey(&mixed, &anchors, &links));
    }

    #[test]
    fn one_log_never_forks(cuts in proptest::collection::vec((0u64..40, 1u64..20), 1..8)) {
        let segments: Vec<_> = cuts.iter().map(|(f, n)| seg(0, *f, f + n)).collect();
        let found = survey(&segments, &[], &[]);
        prop_assert!(found.forks.is_empty());
        let held: BTreeSet<u64> = cuts.iter().flat_map(|(f, n)| *f..f + n).collect();
        let covered: BTreeSet<u64> = found.covered.iter().cloned().flatten().collect();
        prop_assert_eq!(held, covered);
        let word = |s: &Segment| found.verdicts[&s.id].word();
        prop_assert!(segments.iter().all(|s| word(s) != "fork" && word(s) != "pending"));
    }
}
