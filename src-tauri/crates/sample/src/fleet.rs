//! The devices of one fleet and what becomes of them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::START;
use crate::cast::{Holder, holders};

/// A fleet, divided so that nothing ordinary contradicts a lifecycle.
pub(crate) struct Fleet {
    /// Those in ordinary use.
    pub(crate) active: Vec<Holder>,
    /// Those who join in the six weeks.
    pub(crate) joining: Vec<Holder>,
    /// Those whose device is retired and whose key is revoked in them, and when.
    pub(crate) leaving: Vec<(Holder, DateTime<Utc>)>,
}

impl Fleet {
    /// Fleet number `number`, of `size` holders in ordinary use.
    pub(crate) fn new(number: u64, size: usize) -> Self {
        let movers = (size / 10).max(4);
        let mut all = holders(number, size + 2 * movers);
        let leaving = all.split_off(size + movers);
        let joining = all.split_off(size);
        let step = 39 * 24 / movers as i64;
        let leaving = leaving
            .into_iter()
            .enumerate()
            .map(|(at, holder)| {
                // Between nine and two o'clock, spread over the days.
                let hours = 24 + step * at as i64;
                let day = START + TimeDelta::days(hours / 24);
                (
                    holder,
                    day + TimeDelta::minutes(9 * 60 + (at as i64 * 47) % 300),
                )
            })
            .collect();
        Self {
            active: all,
            joining,
            leaving,
        }
    }
}
