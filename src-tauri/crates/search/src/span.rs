//! Runs of neighbouring documents, which are what a range of time is in an index sorted by time; and documents
//! by their event numbers.

use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError};

use crate::columns::ColumnCache;

/// Matches the documents whose order value is in `[low, high)`, found by two binary searches a segment.
#[derive(Clone, Debug)]
pub(crate) struct OrderRange {
    pub(crate) low: u64,
    /// `None` is open.
    pub(crate) high: Option<u64>,
    pub(crate) columns: Arc<ColumnCache>,
}

impl Query for OrderRange {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for OrderRange {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let columns = self.columns.of(reader)?;
        // Descending: high values first.
        let from = self.high.map_or(0, |high| columns.first_below(high));
        let to = columns.first_below(self.low);
        Ok(Box::new(Run {
            doc: if from < to { from } else { TERMINATED },
            end: to,
        }))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(
            "nothing is scored".to_owned(),
        ))
    }
}

/// Documents from `doc` up to `end`.
struct Run {
    doc: DocId,
    end: DocId,
}

impl DocSet for Run {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED {
            self.doc += 1;
            if self.doc >= self.end {
                self.doc = TERMINATED;
            }
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            self.doc = if target < self.end {
                target
            } else {
                TERMINATED
            };
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.end.saturating_sub(self.doc)
    }

    fn count_including_deleted(&mut self) -> u32 {
        let left = self.end.saturating_sub(self.doc);
        self.doc = TERMINATED;
        left
    }
}

impl Scorer for Run {
    fn score(&mut self) -> Score {
        1.0
    }
}

/// Matches the documents whose event number is in one of a few ranges. Numbers are in no order in an index
/// sorted by time, so every document is looked at: some nanoseconds each.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    /// Both ends included, ascending, disjoint.
    ranges: Arc<[(u64, u64)]>,
    columns: Arc<ColumnCache>,
}

impl Numbered {
    pub(crate) fn new(ranges: &[(u64, u64)], columns: &Arc<ColumnCache>) -> Self {
        let mut sorted: Vec<_> = ranges.iter().filter(|r| r.0 <= r.1).copied().collect();
        sorted.sort_unstable();
        let mut disjoint: Vec<(u64, u64)> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match disjoint.last_mut() {
                Some(last) if range.0 <= last.1.saturating_add(1) => last.1 = last.1.max(range.1),
                _ => disjoint.push(range),
            }
        }
        Self {
            ranges: disjoint.into(),
            columns: Arc::clone(columns),
        }
    }
}

impl Query for Numbered {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Numbered {
    fn scorer(&self, reader: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let columns = self.columns.of(reader)?;
        let mut found = Sieve {
            doc: 0,
            end: reader.max_doc(),
            seq: Arc::clone(&columns.seq),
            ranges: Arc::clone(&self.ranges),
        };
        found.settle();
        Ok(Box::new(found))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(
            "nothing is scored".to_owned(),
        ))
    }
}

/// Documents from `doc` up to `end` whose number is in a range.
struct Sieve {
    doc: DocId,
    end: DocId,
    seq: Arc<dyn ColumnValues<u64>>,
    ranges: Arc<[(u64, u64)]>,
}

impl Sieve {
    fn holds(&self, seq: u64) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= seq);
        after > 0 && seq <= self.ranges[after - 1].1
    }

    /// Goes on to the next match, this document included.
    fn settle(&mut self) {
        while self.doc < self.end && !self.holds(self.seq.get_val(self.doc)) {
            self.doc += 1;
        }
        if self.doc >= self.end {
            self.doc = TERMINATED;
        }
    }
}

impl DocSet for Sieve {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED {
            self.doc += 1;
            self.settle();
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            self.doc = target;
            self.settle();
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.end.saturating_sub(self.doc)
    }
}

impl Scorer for Sieve {
    fn score(&mut self) -> Score {
        1.0
    }
}
