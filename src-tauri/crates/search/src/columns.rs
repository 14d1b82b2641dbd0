//! Columns of a segment, opened once.
//!
//! tantivy opens a column anew at every call, which in an encrypted folder decrypts all of it anew. Segments
//! never change, so what was opened is kept for as long as the segment is searchable.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, SegmentReader};

use crate::hits::Facet;
use crate::schema::{IMPORT, ORDER, SEQ, SUBJECT, TEXTS};

/// Columns of the searchable segments.
#[derive(Default)]
pub(crate) struct ColumnCache {
    segments: Mutex<HashMap<SegmentId, Arc<Columns>>>,
}

impl fmt::Debug for ColumnCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnCache").finish_non_exhaustive()
    }
}

/// Columns of one segment.
pub(crate) struct Columns {
    order: Arc<dyn ColumnValues<u64>>,
    pub(crate) seq: Arc<dyn ColumnValues<u64>>,
    texts: [OnceLock<Option<StrColumn>>; TEXTS.len()],
    import: OnceLock<Column<u64>>,
    subject: OnceLock<Column<u64>>,
    /// Whole-segment counts by facet field, for searches that find everything.
    pub(crate) summaries: Mutex<HashMap<&'static str, Arc<Facet>>>,
}

impl ColumnCache {
    pub(crate) fn of(&self, reader: &SegmentReader) -> tantivy::Result<Arc<Columns>> {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(columns) = segments.get(&reader.segment_id()) {
            return Ok(Arc::clone(columns));
        }
        let fast = reader.fast_fields();
        let columns = Arc::new(Columns {
            order: fast.u64(ORDER)?.first_or_default_col(0),
            seq: fast.u64(SEQ)?.first_or_default_col(0),
            texts: Default::default(),
            import: OnceLock::new(),
            subject: OnceLock::new(),
            summaries: Mutex::default(),
        });
        segments.insert(reader.segment_id(), Arc::clone(&columns));
        Ok(columns)
    }

    /// Forgets segments that are not searchable any more.
    pub(crate) fn keep(&self, readers: &[SegmentReader]) {
        let mut segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.retain(|id, _| readers.iter().any(|reader| reader.segment_id() == *id));
    }
}

impl Columns {
    /// Order value of a document.
    pub(crate) fn order(&self, doc: DocId) -> u64 {
        self.order.get_val(doc)
    }

    /// Number of documents whose order value is at least `bound`: they are the first ones.
    pub(crate) fn first_below(&self, bound: u64) -> DocId {
        let (mut low, mut high) = (0, self.order.num_vals());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.order(middle) >= bound {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(crate) fn text(
        &self,
        reader: &SegmentReader,
        at: usize,
    ) -> tantivy::Result<Option<&StrColumn>> {
        if let Some(column) = self.texts[at].get() {
            return Ok(column.as_ref());
        }
        let column = reader.fast_fields().str(TEXTS[at])?;
        Ok(self.texts[at].get_or_init(|| column).as_ref())
    }

    pub(crate) fn numbers(
        &self,
        reader: &SegmentReader,
        name: &str,
    ) -> tantivy::Result<&Column<u64>> {
        let cell = if name == SUBJECT {
            &self.subject
        } else {
            &self.import
        };
        if let Some(column) = cell.get() {
            return Ok(column);
        }
        // A segment in which no event names a subject has no such column.
        let name = if name == SUBJECT { SUBJECT } else { IMPORT };
        let column = reader.fast_fields().column_opt(name)?;
        let column = column.unwrap_or_else(|| Column::build_empty_column(reader.max_doc()));
        Ok(cell.get_or_init(|| column))
    }
}
