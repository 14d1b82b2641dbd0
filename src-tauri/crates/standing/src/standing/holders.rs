//! How each *record* stands. A record has one row, in the segment that happened to bring it first, but may be
//! held by several segments, of which a key may have signed only some, and of a forked segment only the end is
//! disputed. What is said of a record is what the best of its holders allows, which does not depend on which of
//! them came first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use evidence::{Assurance, Continuity, Verdict};
use vault::{Retold, Run, Segment};

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
    /// Its records of events that other files tell.
    pub(super) again: &'a [Retold],
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

    /// Smaller is better: what is checked best, signed and undisputed first, then what comes first in the log.
    fn rank<'a>(
        &'a self,
        verdict: &Verdict,
    ) -> (usize, u8, u64, Reverse<u64>, &'a str, u8, Reverse<usize>) {
        let level = (Assurance::ALL.iter())
            .position(|level| *level == self.standing.assurance)
            .unwrap_or(Assurance::ALL.len());
        let class = match verdict {
            Verdict::Pending | Verdict::Admitted => 3,
            Verdict::Fork { .. } => 2,
            Verdict::Unlinked => 1,
            _ => 0,
        };
        let facts = &self.segment.facts;
        let copy = u8::from(matches!(verdict, Verdict::OlderCopy));
        let signers = Reverse(self.standing.signers.len());
        (
            level,
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
    /// Log indices of the rows.
    first: u64,
    last: u64,
    holder: &'a Judged<'a>,
}

/// Event rows that a segment has of its own, with the loans of each.
struct Owned<'a> {
    run: Run,
    /// Place of the segment among all that were judged.
    owner: usize,
    loans: Vec<Loan<'a>>,
}

impl Owned<'_> {
    fn end(&self) -> i64 {
        end(&self.run)
    }
}

fn end(run: &Run) -> i64 {
    run.first_seq.saturating_add_unsigned(run.last - run.first)
}

/// The pieces of every segment whose records do not all stand as the segment itself does.
pub(super) fn pieces(judged: &[Judged<'_>], continuity: &Continuity) -> BTreeMap<i64, Vec<Piece>> {
    // Own runs by event number: they are disjoint, so what another holds finds its rows by it.
    let mut owned: Vec<Owned<'_>> = judged
        .iter()
        .enumerate()
        .flat_map(|(owner, j)| {
            j.segment.runs.iter().map(move |run| Owned {
                run: *run,
                owner,
                loans: Vec::new(),
            })
        })
        .collect();
    owned.sort_unstable_by_key(|own| own.run.first_seq);
    for holder in judged {
        for borrowed in &holder.segment.borrowed {
            let from = owned.partition_point(|own| own.end() <= borrowed.first_seq);
            for own in &mut owned[from..] {
                if own.run.first_seq >= end(borrowed) {
                    break;
                }
                own.loans.push(Loan {
                    first: own.run.first.max(borrowed.first),
                    last: own.run.last.min(borrowed.last),
                    holder,
                });
            }
        }
        for again in holder.again.iter().filter(|again| again.same) {
            let from = owned.partition_point(|own| own.end() <= again.seq);
            let Some(own) = owned.get_mut(from) else {
                continue;
            };
            let Ok(behind) = u64::try_from(again.seq - own.run.first_seq) else {
                continue;
            };
            // The record has another index where it is told again; what counts is that of the row.
            let first = own.run.first + behind;
            match own.loans.last_mut() {
                Some(loan) if std::ptr::eq(loan.holder, holder) && loan.last == first => {
                    loan.last += 1;
                }
                Some(loan) if std::ptr::eq(loan.holder, holder) && loan.first == first + 1 => {
                    loan.first = first;
                }
                _ => own.loans.push(Loan {
                    first,
                    last: first + 1,
                    holder,
                }),
            }
        }
    }
    // In the order of the log again, segment by segment.
    owned.sort_by_key(|own| (own.owner, own.run.first));
    let mut all = BTreeMap::new();
    for of_one in owned.chunk_by_mut(|a, b| a.owner == b.owner) {
        let Some(own) = of_one.first().and_then(|first| judged.get(first.owner)) else {
            continue;
        };
        if own.dispute(continuity).is_none() && of_one.iter().all(|o| o.loans.is_empty()) {
            continue;
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for owned in of_one {
            of_run(own, owned, continuity, &mut pieces);
        }
        let plain = |p: &Piece| {
            p.standing.segment == own.standing.segment && p.standing.verdict == own.standing.verdict
        };
        if !pieces.iter().all(plain) {
            all.insert(own.segment.id, pieces);
        }
    }
    all
}

/// The pieces of a run, in one pass over the places where something begins or ends.
fn of_run(
    own: &Judged<'_>,
    owned: &mut Owned<'_>,
    continuity: &Continuity,
    pieces: &mut Vec<Piece>,
) {
    let Owned { run, loans, .. } = owned;
    loans.sort_by_key(|loan| loan.first);
    let mut cuts = vec![run.first, run.last];
    cuts.extend(loans.iter().flat_map(|l| [l.first, l.last]));
    cuts.extend(own.dispute(continuity));
    cuts.extend(loans.iter().filter_map(|l| l.holder.dispute(continuity)));
    cuts.retain(|cut| (run.first..=run.last).contains(cut));
    cuts.sort_unstable();
    cuts.dedup();
    let mut waiting = loans.iter().peekable();
    let mut holding: Vec<&Loan<'_>> = Vec::new();
    for pair in cuts.windows(2) {
        let (first, last) = (pair[0], pair[1]);
        while let Some(loan) = waiting.next_if(|loan| loan.first <= first) {
            holding.push(loan);
        }
        holding.retain(|loan| loan.last > first);
        let best = holding
            .iter()
            .map(|loan| loan.holder)
            .chain([own])
            .map(|holder| (holder, holder.verdict(first, continuity)))
            .min_by(|(a, of_a), (b, of_b)| a.rank(of_a).cmp(&b.rank(of_b)));
        let Some((holder, verdict)) = best else {
            continue;
        };
        let first_seq = run.first_seq.saturating_add_unsigned(first - run.first);
        match pieces.last_mut() {
            Some(before)
                if before.last == first
                    && before.standing.segment == holder.standing.segment
                    && before.standing.verdict == verdict
                    && before
                        .first_seq
                        .saturating_add_unsigned(before.last - before.first)
                        == first_seq =>
            {
                before.last = last;
            }
            _ => pieces.push(Piece {
                first,
                last,
                first_seq,
                standing: SegmentStanding {
                    verdict,
                    ..holder.standing.clone()
                },
            }),
        }
    }
}
