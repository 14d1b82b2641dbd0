//! Draws for tests that try many cases: the same seed gives the same cases on every machine.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// A source of draws.
#[derive(Debug)]
pub struct Chance(ChaCha20Rng);

impl Chance {
    /// The draws of a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// A number below a bound; 0 where the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound.max(1) as u64) as usize
    }

    /// One of several.
    ///
    /// # Panics
    /// If there is none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Whether it is one time in so many.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Whether the long trials were asked for.
pub fn soaking() -> bool {
    std::env::var_os("MUNIMENT_SOAK").is_some()
}

/// The cases of a trial: all up to `few`, or to `many` in a soak. `MUNIMENT_CASES=7` tries one alone, which is how a case that
/// failed is looked at; `MUNIMENT_CASES=0..500` tries those.
pub fn cases(few: u64, many: u64) -> std::ops::Range<u64> {
    let asked = std::env::var("MUNIMENT_CASES").ok().and_then(|asked| {
        let (from, to) = asked.split_once("..").unwrap_or((&asked, ""));
        let from = from.parse().ok()?;
        Some(from..to.parse().unwrap_or(from + 1))
    });
    asked.unwrap_or(0..if soaking() { many } else { few })
}

/// How many cases to try at the same time: as many as there are processors.
pub fn lanes() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
