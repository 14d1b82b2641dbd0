//! The reference exporter: what `muniment seal`, the demo and the benchmarks write with.

use std::{
    collections::BTreeSet,
    io::{self, Seek, Write},
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{
    CONSISTENCY_FORMAT, ConsistencyFile, EXPORT_FORMAT, ExportError, ProofBetween, RangeFile,
    range, read_export,
};
use crate::{
    archive::{CHECKPOINT, CONSISTENCY, ExportFiles, PREVIOUS_CHECKPOINT, RANGE, RECORDS_ZST},
    checkpoint::{Checkpoint, is_origin},
    commitment::encode_entry,
    continuity::ConsistencyLink,
    hash::Hash,
    merkle::{CompactRange, MAX_SIZE, MerkleError, leaf_hash},
    note::{LogKeys, NoteError, SignedNote, SigningKey, VerifierKey},
    record::{Record, RecordError},
};

/// zstd level of the records: 3 costs 1.8 times the time of 1 for 2 % of size.
const LEVEL: i32 = 1;

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Writing failed.
    #[error("the export could not be written")]
    Write(#[from] io::Error),
    /// The origin is empty, too long or not plain text.
    #[error("an origin is one line of plain text of 1 to 1024 bytes")]
    Origin,
    /// The frontier does not belong to `first`.
    #[error("the frontier does not belong to the first index: {0}")]
    Frontier(MerkleError),
    /// The previous note is missing, superfluous, or says something else than the frontier.
    #[error("the previous checkpoint does not have this origin, size and root")]
    Previous,
    /// A record that breaks a rule.
    #[error("record {index}: {error}")]
    Record {
        /// Index of the record.
        index: u64,
        /// The rule.
        error: RecordError,
    },
    /// A record that is not the next one.
    #[error("record {found} where {expected} is next")]
    Order {
        /// The next index.
        expected: u64,
        /// The record's index.
        found: u64,
    },
    /// No record was written.
    #[error("an export has at least one record")]
    Empty,
    /// The log would reach 2^53 records.
    #[error("a log has fewer than 2^53 records")]
    Full,
    /// The checkpoint could not be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A proof that does not lead into this export.
    #[error("a consistency proof does not lead from below this export into it")]
    Link,
}

/// Where the files of an export go: the records first, as a stream, then the small files.
pub trait Container: Write {
    /// Ends the records; called once.
    ///
    /// # Errors
    /// When writing fails.
    fn end_records(&mut self) -> io::Result<()>;
    /// Writes a small file.
    ///
    /// # Errors
    /// When writing fails.
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Writes what comes after the last file.
    ///
    /// # Errors
    /// When writing fails.
    fn close(self) -> io::Result<()>;
}

/// A ZIP: files stored, in a fixed order, dated 1980-01-01, mode 0644. The same export gives
/// the same bytes.
pub struct ZipContainer<W: Write + Seek>(ZipWriter<W>);

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644)
}

impl<W: Write + Seek> ZipContainer<W> {
    fn new(out: W) -> io::Result<Self> {
        let mut zip = ZipWriter::new(out);
        // The size is not known yet, so leave room for one of more than 4 GiB.
        zip.start_file(RECORDS_ZST, options().large_file(true))?;
        Ok(Self(zip))
    }
}

impl<W: Write + Seek> Write for ZipContainer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write + Seek> Container for ZipContainer<W> {
    fn end_records(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.start_file(name, options())?;
        self.0.write_all(bytes)
    }

    fn close(self) -> io::Result<()> {
        self.0.finish()?.flush()
    }
}

/// The unpacked form: the records to a writer, the small files to a callback that stores
/// them under their names.
pub struct FolderContainer<R, F> {
    records: R,
    store: F,
}

impl<R: Write, F> Write for FolderContainer<R, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.records.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.records.flush()
    }
}

impl<R: Write, F: FnMut(&str, &[u8]) -> io::Result<()>> Container for FolderContainer<R, F> {
    fn end_records(&mut self) -> io::Result<()> {
        self.records.flush()
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        (self.store)(name, bytes)
    }

    fn close(self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes one export: records one by one, then the checkpoint.
pub struct ExportWriter<C: Container> {
    origin: String,
    first: u64,
    frontier: Vec<Hash>,
    previous_note: Option<String>,
    range: CompactRange,
    links: Vec<ConsistencyLink>,
    roots: std::collections::BTreeMap<u64, Hash>,
    encoder: zstd::stream::write::Encoder<'static, C>,
    line: String,
}

impl<C: Container> std::fmt::Debug for ExportWriter<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (origin, first, next) = (&self.origin, self.first, self.range.size());
        write!(f, "ExportWriter({origin}, [{first}, {next}))")
    }
}

impl<W: Write + Seek> ExportWriter<ZipContainer<W>> {
    /// Starts an export of `origin` from index `first` as a ZIP in `out`. `frontier` is the
    /// compact range of `[0, first)`; `previous_note` the signed checkpoint at `first`, which
    /// only a range that starts at 0 does without.
    ///
    /// # Errors
    /// [`SealError::Origin`], [`SealError::Frontier`], [`SealError::Previous`],
    /// [`SealError::Write`].
    pub fn new(
        origin: &str,
        first: u64,
        frontier: Vec<Hash>,
        previous_note: Option<String>,
        out: W,
    ) -> Result<Self, SealError> {
        let container = ZipContainer::new(out)?;
        Self::start(origin, first, frontier, previous_note, container)
    }
}

impl<R, F> ExportWriter<FolderContainer<R, F>>
where
    R: Write,
    F: FnMut(&str, &[u8]) -> io::Result<()>,
{
    /// Starts an export in its unpacked form: `records` receives `records.ndjson.zst`, and
    /// `store(name, bytes)` each other file.
    ///
    /// # Errors
    /// As [`ExportWriter::new`].
    pub fn new_folder(
        origin: &str,
        first: u64,
        frontier: Vec<Hash>,
        previous_note: Option<String>,
        records: R,
        store: F,
    ) -> Result<Self, SealError> {
        let container = FolderContainer { records, store };
        Self::start(origin, first, frontier, previous_note, container)
    }
}

impl<C: Container> ExportWriter<C> {
    fn start(
        origin: &str,
        first: u64,
        frontier: Vec<Hash>,
        previous_note: Option<String>,
        container: C,
    ) -> Result<Self, SealError> {
        if !is_origin(origin) {
            return Err(SealError::Origin);
        }
        let range = CompactRange::from_frontier(first, frontier.clone());
        let range = range.map_err(SealError::Frontier)?;
        let previous = previous_note.as_deref().map(|note| {
            let note = SignedNote::parse(note.as_bytes())?;
            Checkpoint::parse(note.text()).map_err(|_| NoteError::UnsignableText)
        });
        let fits = match previous {
            None => first == 0,
            Some(Err(_)) => false,
            Some(Ok(found)) => {
                first > 0
                    && found.origin == origin
                    && found.size == first
                    && found.root == range.root()
            }
        };
        if !fits {
            return Err(SealError::Previous);
        }
        let mut encoder = zstd::stream::write::Encoder::new(container, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self {
            origin: origin.to_owned(),
            first,
            frontier,
            previous_note,
            links: Vec::new(),
            roots: std::collections::BTreeMap::from([(first, range.root())]),
            range,
            encoder,
            line: String::with_capacity(4096),
        })
    }

    /// Index of the next record.
    pub fn next_index(&self) -> u64 {
        self.range.size()
    }

    /// Adds the next record.
    ///
    /// # Errors
    /// [`SealError::Record`], [`SealError::Order`], [`SealError::Full`],
    /// [`SealError::Write`].
    pub fn push(&mut self, record: &Record) -> Result<Hash, SealError> {
        let expected = self.range.size();
        if record.index != expected {
            let found = record.index;
            return Err(SealError::Order { expected, found });
        }
        if expected + 1 >= MAX_SIZE {
            return Err(SealError::Full);
        }
        let refuse = |error| SealError::Record {
            index: expected,
            error,
        };
        record.check().map_err(refuse)?;
        let paths = record.fields.iter().map(|f| f.path.as_str());
        let entry = encode_entry(paths.zip(record.commitments())).map_err(refuse)?;
        self.line.clear();
        record.push_line(&mut self.line);
        self.line.push('\n');
        self.encoder.write_all(self.line.as_bytes())?;
        let leaf = leaf_hash(&entry);
        self.range.push(leaf);
        Ok(leaf)
    }

    /// Adds a consistency proof from a smaller size to the size reached, or to `first`.
    ///
    /// # Errors
    /// [`SealError::Link`] when it ends elsewhere or starts inside this export.
    pub fn link(&mut self, link: ConsistencyLink) -> Result<(), SealError> {
        self.roots.insert(self.range.size(), self.range.root());
        let known = self.roots.get(&link.to_size()) == Some(&link.to_root());
        if !known || link.from_size() > self.first || self.links.len() == super::MAX_PROOFS {
            return Err(SealError::Link);
        }
        self.links.push(link);
        Ok(())
    }

    /// Ends the records. What is to be signed is known then, and nothing is signed yet.
    ///
    /// # Errors
    /// [`SealError::Empty`], [`SealError::Write`].
    pub fn conclude(self) -> Result<Concluded<C>, SealError> {
        let last = self.range.size();
        if last == self.first {
            return Err(SealError::Empty);
        }
        let mut container = self.encoder.finish()?;
        container.end_records()?;
        let range_file = RangeFile {
            format: EXPORT_FORMAT.to_owned(),
            origin: self.origin.clone(),
            first: self.first,
            last,
            frontier: self.frontier,
        };
        container.file(RANGE, range::spell(&range_file).as_bytes())?;
        if let Some(note) = &self.previous_note {
            container.file(PREVIOUS_CHECKPOINT, note.as_bytes())?;
        }
        let mut links = self.links;
        links.sort_by_key(|l| (l.from_size(), l.to_size()));
        links.dedup_by_key(|l| (l.from_size(), l.to_size()));
        if !links.is_empty() {
            let proof = |l: &ConsistencyLink| ProofBetween {
                from: l.from_size(),
                to: l.to_size(),
                from_root: l.from_root(),
                to_root: l.to_root(),
                proof: l.proof().to_vec(),
            };
            let file = ConsistencyFile {
                format: CONSISTENCY_FORMAT.to_owned(),
                proofs: links.iter().map(proof).collect(),
            };
            container.file(CONSISTENCY, range::spell(&file).as_bytes())?;
        }
        Ok(Concluded {
            checkpoint: Checkpoint {
                origin: self.origin,
                size: last,
                root: self.range.root(),
            },
            container,
        })
    }

    /// [`ExportWriter::conclude`] and [`Concluded::sign`] at once, for a caller that keeps no
    /// memory of signed heads. Returns the checkpoint and its note.
    ///
    /// # Errors
    /// As both.
    pub fn finish(self, key: &SigningKey) -> Result<(Checkpoint, String), SealError> {
        self.conclude()?.sign(key)
    }
}

/// An export that lacks only its signed checkpoint. Between here and
/// [`Concluded::sign`] the caller makes the new head durable, see [`SignedHead`].
pub struct Concluded<C: Container> {
    checkpoint: Checkpoint,
    container: C,
}

impl<C: Container> std::fmt::Debug for Concluded<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Concluded({:?})", self.checkpoint)
    }
}

impl<C: Container> Concluded<C> {
    /// What will be signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Signs the checkpoint, writes it as the last file and closes the container. Returns the
    /// checkpoint and its note.
    ///
    /// # Errors
    /// [`SealError::Note`], [`SealError::Write`].
    pub fn sign(self, key: &SigningKey) -> Result<(Checkpoint, String), SealError> {
        let note = key.sign_note(&self.checkpoint.to_text())?;
        self.close(note)
    }

    /// As [`Concluded::sign`], with every key of the log. `timestamp` is in seconds since the
    /// Epoch.
    ///
    /// # Errors
    /// [`SealError::Note`], [`SealError::Write`].
    pub fn sign_with(
        self,
        keys: &LogKeys,
        timestamp: u64,
    ) -> Result<(Checkpoint, String), SealError> {
        let note = keys.sign(&self.checkpoint, timestamp)?;
        self.close(note)
    }

    fn close(mut self, note: String) -> Result<(Checkpoint, String), SealError> {
        self.container.file(CHECKPOINT, note.as_bytes())?;
        self.container.close()?;
        Ok((self.checkpoint, note))
    }
}

/// The last (size, root) that a key signed for an origin: what a key file remembers, so that
/// two runs cannot sign two logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// Size signed last.
    pub size: u64,
    /// Root signed last.
    pub root: Hash,
}

/// A head that must not be signed after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadConflict {
    /// The size was signed already with another root.
    #[error("size {0} was already signed with another root: signing this would fork the log")]
    OtherRoot(u64),
    /// A smaller size than the last one signed.
    #[error("size {new} is below {last}, the last one signed: go on from the newest export")]
    Older {
        /// Size to be signed.
        new: u64,
        /// Size signed last.
        last: u64,
    },
    /// The new range does not start where the last one ended.
    #[error(
        "the export starts from size {from}, the last one signed is {last}: go on from the newest export"
    )]
    NotNext {
        /// Size that the new export starts from.
        from: u64,
        /// Size signed last.
        last: u64,
    },
}

impl SignedHead {
    /// Whether `new`, grown from `base` (the size and root that the export starts from), may
    /// be signed after `self`. Signing the same head again is allowed; everything else must
    /// start from exactly the head signed last.
    ///
    /// # Errors
    /// [`HeadConflict`].
    pub fn check(&self, base: &SignedHead, new: &SignedHead) -> Result<(), HeadConflict> {
        if new.size == self.size {
            return if new.root == self.root {
                Ok(())
            } else {
                Err(HeadConflict::OtherRoot(new.size))
            };
        }
        if new.size < self.size {
            return Err(HeadConflict::Older {
                new: new.size,
                last: self.size,
            });
        }
        if base.size != self.size {
            return Err(HeadConflict::NotNext {
                from: base.size,
                last: self.size,
            });
        }
        if base.root != self.root {
            return Err(HeadConflict::OtherRoot(base.size));
        }
        Ok(())
    }
}

/// What the next export of an origin starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// Name of the log.
    pub origin: String,
    /// Index of the next record.
    pub first: u64,
    /// Compact range of `[0, first)`.
    pub frontier: Vec<Hash>,
    /// Signed checkpoint at `first`.
    pub previous_note: String,
}

impl Continuation {
    /// Size and root that the next export starts from.
    pub fn head(&self) -> Result<SignedHead, MerkleError> {
        let range = CompactRange::from_frontier(self.first, self.frontier.clone())?;
        Ok(SignedHead {
            size: self.first,
            root: range.root(),
        })
    }
}

/// Reads the newest export of an origin from end to end and returns what the next one starts
/// from. `keys` must hold the key that signs the log.
///
/// # Errors
/// [`ExportError`]; an export that none of `keys` signed is refused as one whose signature
/// fails, because nothing may grow from it.
pub fn continue_from(
    files: &mut ExportFiles,
    keys: &[VerifierKey],
) -> Result<Continuation, ExportError> {
    let facts = read_export(files, keys, &BTreeSet::new(), &mut |_, _| Ok(()))?;
    if let Some(file) = facts.pending {
        let name = keys.first().map_or("", |k| k.name()).to_owned();
        let reason = NoteError::BadSignature { name };
        return Err(crate::rejection::Rejection::new(reason, file).into());
    }
    Ok(Continuation {
        origin: facts.origin,
        first: facts.last,
        frontier: facts.next_frontier,
        previous_note: facts.checkpoint_note,
    })
}
