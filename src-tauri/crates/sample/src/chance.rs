//! Reproducible randomness: every stream follows from the sample's seed and a label.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use evidence::Hash;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What every byte of the sample case follows from.
const SEED: &str = "muniment sample case, version 1";

/// 32 bytes for a label. They are printed in the source of a public program, so whatever is
/// derived from them protects nothing.
pub(crate) fn bytes_for(label: &str) -> [u8; 32] {
    Hash::sha256(format!("{SEED}\n{label}").as_bytes()).0
}

/// One stream of choices. Each part of the sample has its own, so that another number of records
/// in one system leaves the others as they were.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(label: &str) -> Self {
        Self(ChaCha8Rng::from_seed(bytes_for(label)))
    }

    /// A number below `bound` (at least 1). The modulo's bias is below 2^-32 for the bounds here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }

    /// Whether something happens that happens in `percent` of a hundred cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// The first of weighted kinds whose turn it is.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut left = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, what) in of {
            if left < *weight {
                return *what;
            }
            left -= weight;
        }
        of[0].1
    }

    /// A version 4 UUID (RFC 9562).
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0u8; 16];
        self.0.fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let word = |from: usize, to: usize| -> String {
            bytes[from..to]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect()
        };
        format!(
            "{}-{}-{}-{}-{}",
            word(0, 4),
            word(4, 6),
            word(6, 8),
            word(8, 10),
            word(10, 16)
        )
    }

    /// `count` lower case hexadecimal digits (at most 16).
    pub(crate) fn hex(&mut self, count: usize) -> String {
        let mut text = format!("{:016x}", self.0.next_u64());
        text.truncate(count);
        text
    }

    /// `count` times between two times, in order, at most one in a second where that can be, as
    /// dense as the rhythm says.
    pub(crate) fn moments(
        &mut self,
        count: usize,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        rhythm: Rhythm,
    ) -> Vec<DateTime<Utc>> {
        let seconds = (to - from).num_seconds().max(1) as u64;
        let mut times = Vec::with_capacity(count);
        while times.len() < count {
            let time = from + TimeDelta::seconds(self.below(seconds) as i64);
            if self.percent(rhythm.at(time)) {
                times.push(time);
            }
        }
        times.sort_unstable();
        times
    }
}

/// When a part of the platform is busy.
#[derive(Clone, Copy)]
pub(crate) enum Rhythm {
    /// Offices in central Europe: days of the week, hardly a night.
    Office,
    /// Devices that people carry.
    Daily,
    /// Programs: nearly even.
    Machine,
}

impl Rhythm {
    /// Relative density at a time, in percent of the densest.
    fn at(self, time: DateTime<Utc>) -> u64 {
        let weekend = matches!(time.weekday(), Weekday::Sat | Weekday::Sun);
        // Hours in UTC; offices open at eight in central Europe.
        let hour = time.hour();
        match self {
            Rhythm::Office => match (weekend, hour) {
                (true, _) => 4,
                (false, 7..=10 | 12..=14) => 100,
                (false, 6 | 11 | 15) => 70,
                (false, 5 | 16..=17) => 25,
                (false, _) => 3,
            },
            Rhythm::Daily => match hour {
                6..=8 | 17..=20 => 100,
                9..=16 => {
                    if weekend {
                        80
                    } else {
                        60
                    }
                }
                5 | 21 => 50,
                _ => 12,
            },
            Rhythm::Machine => {
                if (1..4).contains(&hour) {
                    70
                } else {
                    100
                }
            }
        }
    }
}
