//! What is asked of the index and what it answers, as plain data.

use serde::{Deserialize, Serialize};

/// Place of an event in the order of answers: newest first, undated last, ties by descending number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Time of the last event of a page, in microseconds UTC; `None` when it is undated.
    pub occurred: Option<i64>,
    /// Number of the last event of a page.
    pub seq: u64,
}

/// Which part of the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only events after this place; `None` is the first page.
    pub after: Option<Cursor>,
    /// At most this many.
    pub limit: usize,
}

/// One page of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    /// Numbers of the events, newest first.
    pub seqs: Vec<u64>,
    /// How many events match in all, whatever the page.
    pub total: u64,
    /// Where the next page starts; `None` when this is the last.
    pub next: Option<Cursor>,
}

/// Values of a field among the matches, most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facet {
    /// Value and how many matching events have it.
    pub values: Vec<(String, u64)>,
    /// How many different values there are, listed or not.
    pub distinct: u64,
}

/// Matches over time. `counts` and `undated` and `outside` sum to the number of matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Start of the first bucket, microseconds UTC.
    pub from: i64,
    /// End of the last bucket (not included), microseconds UTC.
    pub to: i64,
    /// Width of every bucket, microseconds. The last ones are cut off at `to` where the range does not divide
    /// evenly.
    pub bucket_width_us: i64,
    /// Matches per bucket.
    pub counts: Vec<u64>,
    /// Matches without a time.
    pub undated: u64,
    /// Dated matches outside `[from, to)`; 0 when no range was asked for.
    pub outside: u64,
}
