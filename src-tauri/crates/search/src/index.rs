//! The index itself.
use crate::{Doc, Facet, Histogram, Hits, Page, Query, SearchError};
use std::path::Path;

/// The search index of one vault.
pub struct Index;
/// One session of writing.
pub struct IndexWriter;
/// Deletes an index folder.
pub fn reset(dir: &Path) -> Result<(), SearchError> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
impl Index {
    /// Opens or creates.
    pub fn open_or_create(
        _dir: &Path,
        _key: &[u8; 32],
        _entropy: Box<dyn rand_core::CryptoRng + Send>,
    ) -> Result<Self, SearchError> {
        Err(SearchError::Busy)
    }
    /// Highest event number that is searchable; 0 for an empty index.
    pub fn last_seq(&self) -> u64 {
        0
    }
    /// Opens the one writer.
    pub fn writer(&self) -> Result<IndexWriter, SearchError> {
        Err(SearchError::Busy)
    }
    /// One page and the total.
    pub fn find(&self, _query: &Query, _page: &Page) -> Result<Hits, SearchError> {
        Err(SearchError::Busy)
    }
    /// Number of matches.
    pub fn count(&self, _query: &Query) -> Result<u64, SearchError> {
        Err(SearchError::Busy)
    }
    /// Values of a field.
    pub fn facet(&self, _query: &Query, _field: &str, _limit: usize) -> Result<Facet, SearchError> {
        Err(SearchError::Busy)
    }
    /// Matches over time.
    pub fn histogram(
        &self,
        _query: &Query,
        _buckets: usize,
        _range: Option<(i64, i64)>,
    ) -> Result<Histogram, SearchError> {
        Err(SearchError::Busy)
    }
    /// Completion.
    pub fn suggest(
        &self,
        _field: &str,
        _prefix: &str,
        _limit: usize,
    ) -> Result<Vec<String>, SearchError> {
        Err(SearchError::Busy)
    }
}
impl IndexWriter {
    /// Adds a document.
    pub fn add(&mut self, _doc: &Doc) -> Result<(), SearchError> {
        Ok(())
    }
    /// Makes everything added searchable.
    pub fn commit(&mut self, _last_seq: u64) -> Result<(), SearchError> {
        Ok(())
    }
}
