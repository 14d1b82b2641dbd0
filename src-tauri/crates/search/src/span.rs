//! A run of neighbouring documents: what a range of time is in an index sorted by time.

use std::sync::Arc;

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
