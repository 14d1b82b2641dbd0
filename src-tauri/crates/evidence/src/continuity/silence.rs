//! Silence: where an origin's heartbeat is missing from records that are held.
//!
//! A log that says nothing may have had nothing to say, or may have been kept from saying it. An origin that
//! writes a heartbeat at a cadence makes the difference measurable: between two heartbeats at most a cadence
//! passes, and what is longer is a *silent interval*. Across records that are missing nothing is claimed either
//! way: that is a gap. After the newest record nothing is known.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shortest tolerance, in microseconds.
const LEAST_TOLERANCE: i64 = 1_000_000;
const MICROS: i64 = 1_000_000;

/// A dated record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its index in the log.
    pub index: u64,
    /// Its time, in microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
}

/// Records that follow one another without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Its heartbeats, in the order of the log.
    pub beats: Vec<Moment>,
    /// Its first dated record.
    pub first: Option<Moment>,
    /// Its last dated record.
    pub last: Option<Moment>,
}

/// An interval without a heartbeat that is longer than the cadence allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silence {
    /// Indices from the record at its beginning to the one at its end, both included in the range.
    pub records: Range<u64>,
    /// Beginning, in microseconds since 1970-01-01T00:00:00Z: the last heartbeat, or the first record.
    pub from: i64,
    /// End: the next heartbeat, or the last record.
    pub to: i64,
}

/// What an interval may be longer than the cadence, in microseconds: a tenth of it, and at least a second.
/// Clocks are set and schedulers are late; a heartbeat that is left out makes an interval twice as long.
pub fn tolerance(cadence_seconds: u64) -> i64 {
    let cadence = i64::try_from(cadence_seconds).unwrap_or(i64::MAX);
    cadence.saturating_mul(MICROS / 10).max(LEAST_TOLERANCE)
}

/// The silent intervals of a log that promises a heartbeat within `cadence_seconds`. Time is the source's own;
/// where it goes back no interval is counted.
pub fn silences(cadence_seconds: u64, stretches: &[Stretch]) -> Vec<Silence> {
    let cadence = i64::try_from(cadence_seconds).unwrap_or(i64::MAX);
    let longest = cadence
        .saturating_mul(MICROS)
        .saturating_add(tolerance(cadence_seconds));
    let mut out = Vec::new();
    for stretch in stretches {
        let mut before = stretch.first;
        for mark in stretch.beats.iter().copied().chain(stretch.last) {
            if let Some(before) = before
                && mark.at.saturating_sub(before.at) > longest
            {
                out.push(Silence {
                    records: before.index..mark.index.saturating_add(1),
                    from: before.at,
                    to: mark.at,
                });
            }
            before = Some(mark);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(index: u64, seconds: i64) -> Moment {
        let at = seconds * MICROS;
        Moment { index, at }
    }

    fn found(cadence: u64, stretches: &[Stretch]) -> Vec<(u64, u64, i64, i64)> {
        silences(cadence, stretches)
            .into_iter()
            .map(|s| {
                (
                    s.records.start,
                    s.records.end,
                    s.from / MICROS,
                    s.to / MICROS,
                )
            })
            .collect()
    }

    #[test]
    fn what_is_longer_than_the_cadence_is_silent() {
        let beats = [(2, 60), (5, 120), (6, 186), (9, 320)].map(|(i, s)| moment(i, s));
        let stretch = Stretch {
            beats: beats.to_vec(),
            first: Some(moment(0, 0)),
            last: Some(moment(12, 400)),
        };
        // 66 s is within a tenth; 134 s and the 80 s after the last heartbeat are not.
        let expected = [(6, 10, 186, 320), (9, 13, 320, 400)];
        assert_eq!(found(60, std::slice::from_ref(&stretch)), expected);
        assert_eq!(found(200, std::slice::from_ref(&stretch)), []);
        assert_eq!(tolerance(60), 6 * MICROS);
        assert_eq!(tolerance(3), MICROS);
    }

    #[test]
    fn a_gap_is_no_silence_and_no_heartbeat_at_all_is() {
        let one = |index, seconds| Stretch {
            beats: vec![moment(index, seconds)],
            first: Some(moment(index, seconds)),
            last: Some(moment(index, seconds)),
        };
        assert_eq!(found(60, &[one(0, 0), one(9, 9_000)]), []);
        let mute = Stretch {
            first: Some(moment(3, 0)),
            last: Some(moment(8, 3_600)),
            ..Stretch::default()
        };
        assert_eq!(found(60, &[mute]), [(3, 9, 0, 3_600)]);
        // Undated records say nothing, and a clock that is set back counts for nothing.
        assert_eq!(found(60, &[Stretch::default()]), []);
        let back = Stretch {
            beats: vec![moment(1, 500), moment(2, 100), moment(3, 150)],
            ..Stretch::default()
        };
        assert_eq!(found(60, &[back]), []);
    }
}
