//! How far an import is with its files, and at what pace.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// Rates are those of the last moments: long enough to be calm, short enough to follow a change.
const WINDOW: TimeDelta = TimeDelta::seconds(12);
/// Shares of the work on a file, of 8: sealing it is one, verifying and storing its records the rest.
const SEALING: u64 = 1;
const PARTS: u64 = 8;

/// Files of an import: which one it is at, and how many bytes are behind it.
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: usize,
    number: usize,
    name: Option<String>,
    step: &'static str,
    total: u64,
    before: u64,
    size: u64,
    sealed: u64,
    read: u64,
}

impl Files {
    /// So many files of so many bytes in all are to come.
    pub fn expect(&mut self, files: usize, bytes: u64) {
        (self.files, self.total) = (files, bytes);
        self.step = "waiting";
    }

    /// Nothing has begun yet.
    pub fn set_step(&mut self, step: &'static str) {
        self.step = step;
    }

    /// The next file, of this size.
    pub fn begin(&mut self, name: &str, size: u64) {
        self.before = self.before.saturating_add(self.size);
        (self.size, self.sealed, self.read) = (size, 0, 0);
        self.number += 1;
        self.name = Some(name.to_owned());
        self.step = "sealing";
    }

    /// So many more of its bytes were sealed.
    pub fn seal(&mut self, bytes: u64) {
        self.sealed = (self.sealed + bytes).min(self.size);
    }

    /// Its sealed copy was worked through up to here.
    pub fn read_to(&mut self, at: u64) {
        self.step = "verifying";
        self.sealed = self.size;
        self.read = self.read.max(at).min(self.size);
    }

    /// Every file has come to its end.
    pub fn finish(&mut self) {
        self.before = self.total;
        (self.size, self.sealed, self.read) = (0, 0, 0);
        self.name = None;
        self.step = "finishing";
    }

    /// Bytes behind it, of [`Files::total`].
    pub fn done(&self) -> u64 {
        let (sealed, read) = (u128::from(self.sealed), u128::from(self.read));
        let (sealing, parts) = (u128::from(SEALING), u128::from(PARTS));
        let within = (sealed * sealing + read * (parts - sealing)) / parts;
        self.before
            .saturating_add(u64::try_from(within).unwrap_or(u64::MAX))
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn files(&self) -> usize {
        self.files
    }

    pub fn number(&self) -> usize {
        self.number
    }

    pub fn name(&self) -> Option<String> {
        self.name.clone()
    }

    /// `waiting`, `sealing`, `verifying`, `finishing`.
    pub fn step(&self) -> &'static str {
        self.step
    }
}

/// What was done when, over the last moments.
#[derive(Debug)]
pub(crate) struct Pace(VecDeque<(DateTime<Utc>, u64, u64)>);

impl Pace {
    pub(crate) fn beginning(now: DateTime<Utc>) -> Self {
        Self(VecDeque::from([(now, 0, 0)]))
    }

    /// Remembers how far it had come at a time.
    pub(crate) fn note(&mut self, now: DateTime<Utc>, units: u64, bytes: u64) {
        // A clock that was set back begins anew.
        self.0.retain(|(at, ..)| *at <= now);
        self.0.push_back((now, units, bytes));
        while self.0.len() > 2 && self.0.get(1).is_some_and(|(at, ..)| now - *at >= WINDOW) {
            self.0.pop_front();
        }
    }

    /// Units and bytes per second since the oldest moment remembered.
    pub(crate) fn rates(&self, now: DateTime<Utc>, units: u64, bytes: u64) -> (f64, f64) {
        let Some((since, units_then, bytes_then)) = self.0.front() else {
            return (0.0, 0.0);
        };
        let seconds = (now - *since).as_seconds_f64();
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
        (rate(units, *units_then), rate(bytes, *bytes_then))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn the_pace_is_that_of_the_last_moments() {
        let mut pace = Pace::beginning(at(0));
        assert_eq!(pace.rates(at(0), 0, 0), (0.0, 0.0));
        for second in 1..=100 {
            pace.note(at(second), second as u64 * 10, 0);
        }
        let (fast, _) = pace.rates(at(100), 1_000, 0);
        assert!((fast - 10.0).abs() < 0.01, "{fast}");
        // It stalls: after the window nothing of the fast time is left.
        for second in 101..=120 {
            pace.note(at(second), 1_000, 0);
        }
        assert_eq!(pace.rates(at(120), 1_000, 0).0, 0.0);
        // A clock that is set back gives no negative rate.
        pace.note(at(10), 1_500, 0);
        assert!(pace.rates(at(11), 1_501, 0).0 >= 0.0);
    }

    #[test]
    fn bytes_behind_it_never_go_back_and_end_at_the_total() {
        let mut files = Files::default();
        files.expect(2, 300);
        let mut last = 0;
        let mut held = |files: &Files| {
            assert!(files.done() >= last && files.done() <= 300, "{files:?}");
            last = files.done();
        };
        for (name, size) in [("a", 100), ("b", 200)] {
            files.begin(name, size);
            held(&files);
            files.seal(size / 2);
            held(&files);
            files.seal(size);
            held(&files);
            for at in [10, 50, 40, size] {
                files.read_to(at);
                held(&files);
            }
        }
        assert_eq!((files.done(), files.number(), files.files()), (300, 2, 2));
        files.finish();
        assert_eq!(files.done(), 300);
    }
}
