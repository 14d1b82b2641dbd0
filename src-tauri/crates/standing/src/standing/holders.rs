//! How each *record* stands. A record has one row, in the segment that happened to bring it first, but may be
//! held by several segments, of which a key may have signed only some, and of a forked segment only the end is
//! disputed. What is said of a record is what the best of its holders allows, which does not depend on which of
//! them came first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use evidence::{Continuity, Verdict};
use vault::{Run, Segment};

use super::SegmentStanding;

/// Records of one segment that stand alike: log indices [first, last), events from `first_seq` on.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) first_seq: i64,
    /// The segment that holds them best, with its verdict for these records.
    pub(super) standing: SegmentStanding,
}

/// A segment of an origin as it was judged.
pub(super) struct Judged<'a> {
    pub(super) segment: &'a Segment,
    /// Id of [`evidence::Segment`].
    pub(super) id: &'a str,
    pub(super) standing: &'a SegmentStanding,
}

impl Judged<'_> {
    /// Where its disputed part begins, if it has an undisputed one before it.
    fn dispute(&self, continuity: &Continuity) -> Option<u64> {
        continuity.undisputed.get(self.id).map(|u| u.end)
    }

    /// Its verdict for one of its records.
    fn verdict(&self, index: u64, continuity: &Continuity) -> Verdict {
        match continuity.undisputed.get(self.id) {
            Some(beginning) if index < beginning.end => beginning.verdict.clone(),
            _ => self.standing.verdict.clone(),
        }
    }

    /// Smaller is better: what is signed and undisputed first, then what comes first in the log.
    fn rank<'a>(
        &'a self,
        verdict: &Verdict,
    ) -> (u8, u64, Reverse<u64>, &'a str, u8, Reverse<usize>) {
        let class = match verdict {
            Verdict::Pending => 3,
            Verdict::Fork { .. } => 2,
            Verdict::Unlinked => 1,
            _ => 0,
        };
        let facts = &self.segment.facts;
        let copy = u8::from(matches!(verdict, Verdict::OlderCopy));
        let signers = Reverse(self.standing.signers.len());
        (
            class,
            facts.first,
            Reverse(facts.last),
            self.id,
            copy,
            signers,
        )
    }
}

/// Records that one segment has the rows of and another holds as well.
struct Loan<'a> {
    /// Log indices.
    first: u64,
    last: u64,
    holder: &'a Judged<'a>,
}

/// The pieces of every segment whose records do not all stand as the segment itself does.
pub(super) fn pieces(judged: &[Judged<'_>], continuity: &Continuity) -> BTreeMap<i64, Vec<Piece>> {
    // Own runs by event number: they are disjoint, so a borrowed run finds its owners by it.
    let mut owners: Vec<(Run, usize)> = judged
        .iter()
        .enumerate()
        .flat_map(|(n, j)| j.segment.runs.iter().map(move |run| (*run, n)))
        .collect();
    owners.sort_unstable_by_key(|(run, _)| run.first_seq);
    let end = |run: &Run| run.first_seq.saturating_add_unsigned(run.last - run.first);
    let mut loans: BTreeMap<usize, Vec<Loan<'_>>> = BTreeMap::new();
    for holder in judged {
        for borrowed in &holder.segment.borrowed {
            let from = owners.partition_point(|(run, _)| end(run) <= borrowed.first_seq);
            for (run, owner) in &owners[from..] {
                if run.first_seq >= end(borrowed) {
                    break;
                }
                loans.entry(*owner).or_default().push(Loan {
                    first: run.first.max(borrowed.first),
                    last: run.last.min(borrowed.last),
                    holder,
                });
            }
        }
    }
    let mut all = BTreeMap::new();
    for (n, own) in judged.iter().enumerate() {
        let loans = loans.remove(&n).unwrap_or_default();
        if loans.is_empty() && own.dispute(continuity).is_none() {
            continue;
        }
        let pieces = of_segment(own, &loans, continuity);
        let plain = |p: &Piece| {
            p.standing.segment == own.standing.segment && p.standing.verdict == own.standing.verdict
        };
        if !pieces.iter().all(plain) {
            all.insert(own.segment.id, pieces);
        }
    }
    all
}

fn of_segment(own: &Judged<'_>, loans: &[Loan<'_>], continuity: &Continuity) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for run in &own.segment.runs {
        let mut cuts = BTreeSet::from([run.first, run.last]);
        cuts.extend(loans.iter().flat_map(|l| [l.first, l.last]));
        cuts.extend(own.dispute(continuity));
        cuts.extend(loans.iter().filter_map(|l| l.holder.dispute(continuity)));
        let cuts: Vec<u64> = cuts.range(run.first..=run.last).copied().collect();
        for (first, last) in cuts.iter().zip(cuts.iter().skip(1)) {
            let holders = loans
                .iter()
                .filter(|l| l.first <= *first && *last <= l.last)
                .map(|l| l.holder)
                .chain([own]);
            let best = holders
                .map(|holder| (holder, holder.verdict(*first, continuity)))
                .min_by(|(a, of_a), (b, of_b)| a.rank(of_a).cmp(&b.rank(of_b)));
            let Some((holder, verdict)) = best else {
                continue;
            };
            let first_seq = run.first_seq.saturating_add_unsigned(first - run.first);
            match pieces.last_mut() {
                Some(before)
                    if before.last == *first
                        && before.standing.segment == holder.standing.segment
                        && before.standing.verdict == verdict
                        && before
                            .first_seq
                            .saturating_add_unsigned(before.last - before.first)
                            == first_seq =>
                {
                    before.last = *last;
                }
                _ => pieces.push(Piece {
                    first: *first,
                    last: *last,
                    first_seq,
                    standing: SegmentStanding {
                        verdict,
                        ..holder.standing.clone()
                    },
                }),
            }
        }
    }
    pieces
}
