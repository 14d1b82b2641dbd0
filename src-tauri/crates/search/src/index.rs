//! The index of one vault: opening it and keeping it current.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use files::{Folder, Kind};
use lru::LruCache;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use tantivy::directory::Directory;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{IndexReader, ReloadPolicy, Searcher, TantivyDocument};

use crate::columns::ColumnCache;
use crate::matches::Matches;
use crate::schema::{Fields, VERSION, document, schema, settings, tokenizers};
use crate::sealed::{self, SealedDirectory};
use crate::{Doc, SearchError, Stale};

/// How much memory the index may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that all threads of a writer together hold before they write a segment. At least 15 MB a thread.
    pub heap: usize,
    /// Threads of a writer.
    pub writer_threads: usize,
    /// Bytes of decrypted chunks that are kept for reading.
    pub cache: usize,
    /// Threads that answer one query, each taking other segments.
    pub search_threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            heap: 64_000_000,
            writer_threads: 2,
            cache: 32 << 20,
            search_threads: 2,
        }
    }
}

/// The search index of one vault. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Index {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("last_seq", &self.last_seq())
            .finish_non_exhaustive()
    }
}

/// Parts of answers, by generation of the searcher and by question; least recently asked out first.
type Remembered<T> = Mutex<LruCache<(u64, String), T>>;

pub(crate) struct Shared {
    index: tantivy::Index,
    reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) columns: Arc<ColumnCache>,
    pub(crate) limits: Limits,
    /// How many events match what was asked last, by generation of the searcher: every page of an answer has the
    /// same total, and counting a phrase of frequent words reads all its places.
    pub(crate) totals: Remembered<u64>,
    /// What matches the last few questions, segment by segment: facets and histogram of one screen ask the same.
    pub(crate) matches: Remembered<Arc<Vec<Matches>>>,
    last_seq: AtomicU64,
    of: Mutex<String>,
}

/// A segment of so many events is merged no further: merging holds some 70 bytes of memory for each event, and a few
/// dozen segments are no slower to search than one, because the newest are looked at first and all of them in parallel.
const LARGE: usize = 250_000;

/// Totals that are remembered.
const TOTALS: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

/// Questions whose matches are remembered: at most one bit for each event and question.
const QUESTIONS: NonZeroUsize = NonZeroUsize::new(4).expect("it is not zero");

/// What a commit says of itself.
#[derive(Serialize, Deserialize)]
struct Payload {
    version: u32,
    last_seq: u64,
    /// What the vault was when it had been followed so far. An index folder that somebody kept and put back fits the
    /// vault's number and not this.
    #[serde(default)]
    of: String,
}

/// Takes away what an index folder holds of ours, and what stands in its place or theirs: links themselves, never what
/// they lead to. No answer is lost: following the vault from the start brings all of them back. Files of other names
/// stay.
///
/// # Errors
/// When the system refuses, or a folder that holds something has one of our names.
pub fn reset(dir: &Path) -> io::Result<()> {
    let name = dir.file_name().unwrap_or_default();
    let above = match Folder::open(dir.parent().unwrap_or(Path::new(""))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    match above.kind(name)? {
        None => return Ok(()),
        Some(Kind::Folder) => {}
        Some(_) => return above.remove_name(name).map(drop),
    }
    let folder = above.folder(name)?;
    for entry in folder.entries()? {
        if sealed::is_our_name(&entry.name) {
            folder.remove_name(&entry.name)?;
        }
    }
    folder.sync()
}

impl Index {
    /// Opens the index in `dir`, or creates an empty one if there is none. `entropy` gives the salts of the
    /// files it will write.
    ///
    /// # Errors
    /// [`SearchError::Stale`] when the folder has to be deleted ([`reset`]) and followed anew;
    /// [`SearchError::Io`] when the disk refuses.
    pub fn open_or_create(
        dir: &Path,
        key: &[u8; 32],
        entropy: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, SearchError> {
        Self::open_with(dir, key, entropy, Limits::default())
    }

    /// [`Index::open_or_create`] with other limits.
    ///
    /// # Errors
    /// The same.
    pub fn open_with(
        dir: &Path,
        key: &[u8; 32],
        entropy: Box<dyn CryptoRng + Send>,
        limits: Limits,
    ) -> Result<Self, SearchError> {
        let sealed = SealedDirectory::open(dir, key, entropy, limits.cache)
            .map_err(|e| SearchError::from_engine_io(&e))?;
        Self::over(sealed, limits)
    }

    /// An index over any folder of tantivy's, encrypted or not. For measurements and tests.
    ///
    /// # Errors
    /// As [`Index::open_or_create`].
    pub fn over(directory: impl Directory, limits: Limits) -> Result<Self, SearchError> {
        let directory: Box<dyn Directory> = Box::new(directory);
        let (schema, fields) = schema();
        let index =
            if tantivy::Index::exists(directory.as_ref()).map_err(tantivy::TantivyError::from)? {
                let index = tantivy::Index::open(directory).map_err(as_stale)?;
                if index.schema() != schema || index.settings() != &settings() {
                    return Err(SearchError::Stale(Stale::OtherVersion));
                }
                index
            } else if directory
                .exists(Path::new(".managed.json"))
                .map_err(tantivy::TantivyError::from)?
            {
                // Files are listed, but no commit ever was, or it is gone.
                return Err(SearchError::Stale(Stale::Damaged));
            } else {
                tantivy::Index::builder()
                    .schema(schema)
                    .settings(settings())
                    .open_or_create(directory)?
            };
        let mut index = index;
        index.set_tokenizers(tokenizers());
        let (last_seq, of) = followed(&index)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(as_stale)?;
        Ok(Self {
            shared: Arc::new(Shared {
                index,
                reader,
                fields,
                columns: Arc::default(),
                limits,
                totals: Mutex::new(LruCache::new(TOTALS)),
                matches: Mutex::new(LruCache::new(QUESTIONS)),
                last_seq: AtomicU64::new(last_seq),
                of: Mutex::new(of),
            }),
        })
    }

    /// Number of the last event that the newest commit follows; 0 when it follows none.
    pub fn last_seq(&self) -> u64 {
        self.shared.last_seq.load(Ordering::Acquire)
    }

    /// What the newest commit was given as the state of the vault; empty when there was none.
    pub fn of(&self) -> String {
        let of = self.shared.of.lock();
        of.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this is a clone of the other, and not another opening.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many events are searchable.
    pub fn len(&self) -> u64 {
        self.searcher().num_docs()
    }

    /// Whether nothing is searchable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.shared.reader.searcher()
    }

    /// Opens the one writer. Dropping it without [`IndexWriter::commit`] leaves the last commit as it was.
    ///
    /// # Errors
    /// [`SearchError::Busy`] while another one is open.
    pub fn writer(&self) -> Result<IndexWriter, SearchError> {
        let limits = &self.shared.limits;
        let threads = limits.writer_threads.max(1);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .memory_budget_per_thread((limits.heap / threads).max(15_000_000))
            .num_merge_threads(1)
            .build();
        let writer = self.shared.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_max_docs_before_merge(LARGE);
        writer.set_merge_policy(Box::new(policy));
        let (last, _) = followed(&self.shared.index)?;
        Ok(IndexWriter {
            writer,
            shared: Arc::clone(&self.shared),
            last,
        })
    }
}

impl Shared {
    fn reload(&self) -> Result<(), SearchError> {
        self.reader.reload()?;
        self.columns.keep(self.reader.searcher().segment_readers());
        // Nobody asks the older state again.
        self.matches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        Ok(())
    }
}

/// While opening, everything that is not the disk's own trouble means that the folder is no index of ours.
fn as_stale(error: tantivy::TantivyError) -> SearchError {
    match SearchError::from(error) {
        SearchError::Engine(_) => SearchError::Stale(Stale::Damaged),
        other => other,
    }
}

fn followed(index: &tantivy::Index) -> Result<(u64, String), SearchError> {
    let Some(payload) = index.load_metas().map_err(as_stale)?.payload else {
        return Ok((0, String::new()));
    };
    let payload: Payload =
        serde_json::from_str(&payload).map_err(|_| SearchError::Stale(Stale::Damaged))?;
    if payload.version == VERSION {
        Ok((payload.last_seq, payload.of))
    } else {
        Err(SearchError::Stale(Stale::OtherVersion))
    }
}

/// One session of following the vault.
pub struct IndexWriter {
    writer: tantivy::IndexWriter<TantivyDocument>,
    shared: Arc<Shared>,
    last: u64,
}

impl std::fmt::Debug for IndexWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexWriter")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl IndexWriter {
    /// Adds an event. It is searchable after the next [`IndexWriter::commit`].
    ///
    /// # Errors
    /// [`SearchError::NotAscending`] when its number is not above all before it, those of earlier sessions
    /// included: nothing is ever in the index twice.
    pub fn add(&mut self, doc: &Doc) -> Result<(), SearchError> {
        if doc.seq <= self.last {
            return Err(SearchError::NotAscending {
                seq: doc.seq,
                last: self.last,
            });
        }
        self.writer
            .add_document(document(&self.shared.fields, doc))?;
        self.last = doc.seq;
        Ok(())
    }

    /// Makes everything added durable and searchable, all of it or nothing, and remembers that the vault was
    /// followed up to `last_seq` (which may be above the last event added, if the rest is not for the index), when it
    /// was `of`: see [`Index::of`].
    ///
    /// # Errors
    /// [`SearchError::NotAscending`] when `last_seq` is below an event that was added.
    pub fn commit(&mut self, last_seq: u64, of: &str) -> Result<(), SearchError> {
        if last_seq < self.last {
            return Err(SearchError::NotAscending {
                seq: last_seq,
                last: self.last,
            });
        }
        let payload = serde_json::to_string(&Payload {
            version: VERSION,
            last_seq,
            of: of.to_owned(),
        })
        .map_err(|_| SearchError::Engine("a commit could not be described"))?;
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&payload);
        prepared.commit()?;
        self.last = last_seq;
        self.shared.reload()?;
        self.shared.last_seq.store(last_seq, Ordering::Release);
        let mut known = self
            .shared
            .of
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        of.clone_into(&mut known);
        Ok(())
    }

    /// Ends the session and deletes what was written since the last commit.
    ///
    /// # Errors
    /// When the disk refuses. The last commit stands.
    pub fn abandon(mut self) -> Result<(), SearchError> {
        self.writer.rollback()?;
        self.writer.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Ends the session: waits until segments that are being merged are merged, and searches those from then
    /// on. What was added since the last commit is dropped.
    ///
    /// # Errors
    /// When a merge failed. The last commit stands.
    pub fn finish(self) -> Result<(), SearchError> {
        self.writer.wait_merging_threads()?;
        self.shared.reload()
    }
}
