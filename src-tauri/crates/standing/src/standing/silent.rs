//! Heartbeats of an origin among its undisputed records, and where they are missing.

use std::collections::BTreeMap;
use std::ops::Range;

use evidence::Verdict;
use evidence::continuity::silence::{Moment, Silence, Stretch, silences};
use vault::{Moments, Run, Segment, Vault};

use super::{Piece, SegmentStanding};
use bench::Error;

/// Record types that are heartbeats, as (source file id, record type).
pub(crate) type Heartbeats = Vec<(String, String)>;

/// Dated records by run: rows never change, so what was read once is kept for as long as the same record types
/// are heartbeats.
#[derive(Clone, Debug, Default)]
pub(super) struct Beats {
    types: Heartbeats,
    by_run: BTreeMap<(i64, u64), Moments>,
}

impl Beats {
    /// Those of before, if they are still about the same record types.
    pub(super) fn kept(before: Option<&Self>, types: &Heartbeats) -> Self {
        match before {
            Some(before) if before.types == *types => before.clone(),
            _ => Self {
                types: types.clone(),
                by_run: BTreeMap::new(),
            },
        }
    }

    async fn of(&mut self, vault: &Vault, run: &Run) -> Result<&Moments, Error> {
        let key = (run.first_seq, run.last - run.first);
        if !self.by_run.contains_key(&key) {
            let moments = vault.moments(run, &self.types).await?;
            self.by_run.insert(key, moments);
        }
        Ok(self.by_run.entry(key).or_default())
    }
}

/// The silent intervals of an origin that promises a heartbeat within `cadence` seconds.
pub(super) async fn of_origin(
    vault: &Vault,
    cadence: u64,
    covered: &[Range<u64>],
    segments: &[Segment],
    standings: &BTreeMap<i64, SegmentStanding>,
    pieces: &BTreeMap<i64, Vec<Piece>>,
    beats: &mut Beats,
) -> Result<Vec<Silence>, Error> {
    let counts =
        |s: &SegmentStanding| !matches!(s.verdict, Verdict::Fork { .. } | Verdict::Pending);
    // Runs whose records are signed and undisputed.
    let mut runs: Vec<Run> = Vec::new();
    for segment in segments {
        match pieces.get(&segment.id) {
            Some(own) => runs.extend(own.iter().filter(|p| counts(&p.standing)).map(|p| Run {
                first: p.first,
                last: p.last,
                first_seq: p.first_seq,
            })),
            None if standings.get(&segment.id).is_some_and(counts) => runs.extend(&segment.runs),
            None => {}
        }
    }
    runs.sort_unstable_by_key(|run| (run.first, run.first_seq));
    let mut stretches = Vec::new();
    for range in covered {
        let mut stretch = Stretch::default();
        for run in runs
            .iter()
            .filter(|r| r.first < range.end && range.start < r.last)
        {
            let first = run.first.max(range.start);
            let clipped = Run {
                first,
                last: run.last.min(range.end),
                first_seq: run.first_seq.saturating_add_unsigned(first - run.first),
            };
            let of_run = beats.of(vault, &clipped).await?;
            let moment = |(index, at): &(u64, i64)| Moment {
                index: *index,
                at: *at,
            };
            stretch.beats.extend(of_run.of_types.iter().map(moment));
            if stretch.first.is_none() {
                stretch.first = of_run.first.as_ref().map(moment);
            }
            if let Some(last) = &of_run.last {
                stretch.last = Some(moment(last));
            }
        }
        stretch.beats.sort_unstable_by_key(|beat| beat.index);
        stretches.push(stretch);
    }
    Ok(silences(cadence, &stretches))
}
