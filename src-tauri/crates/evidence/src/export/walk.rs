//! From the bytes of the records file to leaves, root and schemas: cut into batches of whole
//! lines, check them on as many threads as the caller gives, fold them in the order of the log.
//!
//! The threads take turns at the file: whoever has nothing to do inflates and cuts the next
//! batch, lets the next thread at the file, and checks what it cut. The calling thread puts the
//! batches back in order and grows the tree. A batch is cut only when there is room for it, so
//! a bounded number of them exist at any moment, whatever the size of the file. Everything
//! that is found is delivered in the order of the records, so the first thing wrong in *that*
//! order decides, as if there were one thread only.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use super::{ExportError, Stop};
use crate::{
    archive::{ArchiveError, ExportFiles},
    hash::Hash,
    merkle::CompactRange,
    record::{MAX_LINE, PathMemory, RecordError, RecordLine},
    rejection::{Reason, Rejection},
};

/// Most records of one batch.
pub const BATCH_RECORDS: usize = 256;
/// A batch ends with the line that reaches so many bytes.
pub const BATCH_BYTES: usize = 4 << 20;
/// Bytes asked of the file at once.
const READ: usize = 64 << 10;

/// Consecutive records of an export, each of which was checked, with what the caller made of
/// them. At most [`BATCH_RECORDS`] of them; all batches but the last have exactly that many,
/// unless their lines reach [`BATCH_BYTES`] before.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch<T> {
    /// Index in the log of the first record.
    pub first: u64,
    /// The lines as they were written, each with its line feed.
    pub lines: Vec<u8>,
    /// For each record, where its line ends in `lines`, line feed included.
    pub ends: Vec<usize>,
    /// For each record, the hash of its leaf.
    pub leaves: Vec<Hash>,
    /// For each record, what the caller made of it.
    pub made: Vec<T>,
}

impl<T> std::fmt::Debug for Batch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({} records from {})", self.len(), self.first)
    }
}

impl<T> Batch<T> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none; such a batch is never handed to anybody.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The line of each record, without its line feed.
    pub fn each_line(&self) -> impl Iterator<Item = &[u8]> {
        each_line(&self.lines, &self.ends)
    }
}

fn each_line<'a>(lines: &'a [u8], ends: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts
        .zip(ends)
        .map(|(start, end)| lines.get(start..end - 1).unwrap_or_default())
}

/// What the records lead to.
pub(super) struct Walk {
    pub(super) range: CompactRange,
    pub(super) roots: BTreeMap<u64, Hash>,
    pub(super) schemas: BTreeSet<(String, u32)>,
}

/// The part of the log that the records file has to hold.
#[derive(Clone, Copy)]
struct Extent {
    name: &'static str,
    first: u64,
    last: u64,
}

impl Extent {
    fn reject(self, index: u64, reason: impl Into<Reason>) -> Box<Rejection> {
        let mut rejection = Rejection::new(reason, self.name);
        rejection.line = Some(index - self.first + 1);
        rejection.index = Some(index);
        rejection
    }
}

/// Whole lines that nobody looked into yet.
struct Cut {
    first: u64,
    lines: Vec<u8>,
    ends: Vec<usize>,
    /// How the file ends or fails after these lines, when it does.
    end: Option<Result<(), ExportError>>,
}

/// Cuts the records file into batches of whole lines.
struct Cutter<R> {
    input: R,
    extent: Extent,
    /// Most records of one batch.
    most: usize,
    /// Index of the next line.
    next: u64,
    /// What was read beyond the last cut.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Cutter<R> {
    fn new(input: R, extent: Extent, most: usize) -> Self {
        Self {
            input,
            extent,
            most,
            next: extent.first,
            rest: Vec::new(),
            ended: false,
        }
    }

    /// The next batch; `None` after the one that has an `end`.
    fn cut(&mut self) -> Option<Cut> {
        if self.ended {
            return None;
        }
        let mut cut = Cut {
            first: self.next,
            lines: Vec::with_capacity(self.rest.len() + 4 * READ),
            ends: Vec::with_capacity(self.most),
            end: None,
        };
        cut.lines.append(&mut self.rest);
        let mut scanned = 0;
        loop {
            self.find_ends(&mut cut, scanned);
            let whole = cut.ends.last().copied().unwrap_or(0);
            let full = cut.ends.len() == self.most || whole >= BATCH_BYTES;
            if full || cut.end.is_some() {
                self.rest.extend_from_slice(&cut.lines[whole..]);
                cut.lines.truncate(whole);
                break;
            }
            scanned = cut.lines.len();
            if scanned - whole > MAX_LINE {
                cut.end = Some(Err(self.after_last().unwrap_or_else(|| {
                    let fault = RecordError::LineTooLong(MAX_LINE + 1);
                    self.extent.reject(self.next, fault).into()
                })));
                continue;
            }
            match read_some(&mut self.input, &mut cut.lines) {
                Ok(0) => cut.end = Some(self.end_of_file(scanned > whole)),
                Ok(_) => {}
                Err(error) => {
                    let error = ArchiveError::from_io(error);
                    let name = self.extent.name;
                    cut.end = Some(Err(ExportError::of_archive(error, Some(name))));
                }
            }
        }
        self.ended = cut.end.is_some();
        Some(cut)
    }

    /// Notes where lines end from byte `from` on, up to a full batch or the line that is too many.
    fn find_ends(&mut self, cut: &mut Cut, from: usize) {
        let mut start = cut.ends.last().copied().unwrap_or(0);
        for at in memchr::memchr_iter(b'\n', &cut.lines[from..]) {
            if cut.ends.len() == self.most || start >= BATCH_BYTES || cut.end.is_some() {
                return;
            }
            let end = from + at + 1;
            cut.end = if let Some(too_many) = self.after_last() {
                Some(Err(too_many))
            } else if end - start > MAX_LINE + 1 {
                let fault = RecordError::LineTooLong(MAX_LINE + 1);
                Some(Err(self.extent.reject(self.next, fault).into()))
            } else {
                cut.ends.push(end);
                self.next += 1;
                None
            };
            start = end;
        }
    }

    /// The refusal of a line that follows the last one, where the next one would.
    fn after_last(&self) -> Option<ExportError> {
        let too_many = || self.extent.reject(self.next, Reason::TooManyRecords);
        (self.next == self.extent.last).then(|| too_many().into())
    }

    fn end_of_file(&self, within_line: bool) -> Result<(), ExportError> {
        let Extent { first, last, .. } = self.extent;
        if within_line {
            let unfinished = || self.extent.reject(self.next, Reason::FinalLineFeed).into();
            return Err(self.after_last().unwrap_or_else(unfinished));
        }
        if self.next == last {
            return Ok(());
        }
        let (expected, found) = (last - first, self.next - first);
        let reason = Reason::TooFewRecords { expected, found };
        Err(self.extent.reject(self.next, reason).into())
    }
}

/// Appends what one read gives; 0 at the end.
fn read_some(input: &mut impl Read, to: &mut Vec<u8>) -> io::Result<usize> {
    let before = to.len();
    to.resize(before + READ, 0);
    let read = loop {
        match input.read(&mut to[before..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    to.truncate(before + read.as_ref().copied().unwrap_or(0));
    read
}

/// A batch of which every record was checked, up to the first that is refused.
struct Checked<T> {
    batch: Batch<T>,
    schemas: Vec<(String, u32)>,
    end: Option<Result<(), ExportError>>,
}

/// What one thread keeps from batch to batch.
#[derive(Default)]
struct Checker {
    memory: PathMemory,
    scratch: Vec<u8>,
}

impl Checker {
    fn check<T>(
        &mut self,
        extent: Extent,
        cut: Cut,
        per_record: &mut dyn FnMut(&RecordLine<'_>, Hash) -> Result<T, Stop>,
    ) -> Checked<T> {
        let Cut {
            first,
            lines,
            mut ends,
            mut end,
        } = cut;
        let mut leaves = Vec::with_capacity(ends.len());
        let mut made = Vec::with_capacity(ends.len());
        let mut schemas: Vec<(String, u32)> = Vec::new();
        for (line, index) in each_line(&lines, &ends).zip(first..) {
            let parsed = RecordLine::parse_with(line, index, &mut self.memory);
            let parsed = parsed.and_then(|record| record.check_meaning().map(|()| record));
            let record = match parsed {
                Ok(record) => record,
                Err(fault) => {
                    let field = fault.field().map(|field| field as u64);
                    let mut rejection = extent.reject(index, fault);
                    rejection.field = field;
                    end = Some(Err(rejection.into()));
                    break;
                }
            };
            let leaf = record.leaf_with(&mut self.scratch);
            match per_record(&record, leaf) {
                Ok(one) => made.push(one),
                Err(Stop) => {
                    end = Some(Err(ExportError::Stopped));
                    break;
                }
            }
            leaves.push(leaf);
            let (id, version) = record.schema();
            if !schemas.iter().any(|(i, v)| i == id && *v == version) {
                schemas.push((id.to_owned(), version));
            }
        }
        ends.truncate(leaves.len());
        let mut lines = lines;
        lines.truncate(ends.last().copied().unwrap_or(0));
        Checked {
            batch: Batch {
                first,
                lines,
                ends,
                leaves,
                made,
            },
            schemas,
            end,
        }
    }
}

/// Grows the tree, batch by batch in order.
struct Grower<'a> {
    walk: Walk,
    wanted: std::iter::Peekable<std::collections::btree_set::Iter<'a, u64>>,
}

impl<'a> Grower<'a> {
    fn new(front: CompactRange, wanted: &'a BTreeSet<u64>) -> Self {
        let mut grower = Self {
            walk: Walk {
                range: front,
                roots: BTreeMap::new(),
                schemas: BTreeSet::new(),
            },
            wanted: wanted.iter().peekable(),
        };
        grower.note_root();
        grower
    }

    fn note_root(&mut self) {
        let size = self.walk.range.size();
        if self.wanted.next_if(|wanted| **wanted == size).is_some() {
            self.walk.roots.insert(size, self.walk.range.root());
        }
    }

    fn grow(&mut self, leaves: &[Hash], schemas: Vec<(String, u32)>) {
        for leaf in leaves {
            self.walk.range.push(*leaf);
            self.note_root();
        }
        self.walk.schemas.extend(schemas);
    }
}

type FileCutter<'a> = Cutter<Box<dyn Read + Send + 'a>>;

/// Where the records are, and what is asked of their tree.
pub(super) struct Records<'a> {
    pub(super) files: &'a mut ExportFiles,
    /// Compact range before the first record.
    pub(super) front: CompactRange,
    /// One past the index of the last record.
    pub(super) last: u64,
    /// Sizes, from that of `front` to `last`, whose roots are wanted.
    pub(super) wanted: &'a BTreeSet<u64>,
    /// Most records of one batch.
    pub(super) batch: usize,
}

impl<'a> Records<'a> {
    fn open(self) -> Result<(Extent, FileCutter<'a>, Grower<'a>), ExportError> {
        let name = self.files.records_name();
        let extent = Extent {
            name,
            first: self.front.size(),
            last: self.last,
        };
        let reader = self.files.records();
        let reader = reader.map_err(|e| ExportError::of_archive(e, Some(name)))?;
        let cutter = Cutter::new(reader, extent, self.batch);
        Ok((extent, cutter, Grower::new(self.front, self.wanted)))
    }

    /// Walks on the calling thread alone; each record goes to `on_record` as it is checked.
    pub(super) fn walk_alone(
        self,
        on_record: &mut dyn FnMut(&RecordLine<'_>, Hash) -> Result<(), Stop>,
    ) -> Result<Walk, ExportError> {
        let (extent, mut cutter, mut grower) = self.open()?;
        let mut checker = Checker::default();
        while let Some(cut) = cutter.cut() {
            let checked = checker.check(extent, cut, on_record);
            grower.grow(&checked.batch.leaves, checked.schemas);
            checked.end.unwrap_or(Ok(()))?;
        }
        Ok(grower.walk)
    }

    /// Walks with `threads` threads besides the calling one, or on the calling one alone.
    pub(super) fn walk_with<T: Send, B: Send>(
        self,
        threads: usize,
        per_record: &(dyn Fn(&RecordLine<'_>, Hash) -> T + Sync),
        per_batch: &(dyn Fn(Batch<T>) -> B + Sync),
        fold: &mut dyn FnMut(B) -> Result<(), Stop>,
    ) -> Result<Walk, ExportError> {
        let (extent, mut cutter, mut grower) = self.open()?;
        let check = |checker: &mut Checker, cut: Cut| {
            let each = &mut |record: &RecordLine<'_>, leaf| Ok(per_record(record, leaf));
            let Checked {
                batch,
                schemas,
                end,
            } = checker.check(extent, cut, each);
            // The tree needs the leaves even where the caller takes them too.
            let leaves = batch.leaves.clone();
            let made = (!batch.is_empty()).then(|| per_batch(batch));
            Found {
                leaves,
                schemas,
                made,
                end,
            }
        };
        let mut take = |found: Found<B>| {
            grower.grow(&found.leaves, found.schemas);
            if let Some(made) = found.made {
                fold(made).map_err(|Stop| ExportError::Stopped)?;
            }
            found.end.unwrap_or(Ok(()))
        };
        if threads <= 1 {
            let mut checker = Checker::default();
            while let Some(cut) = cutter.cut() {
                take(check(&mut checker, cut))?;
            }
        } else {
            in_turns(cutter, threads, &check, &mut take)?;
        }
        Ok(grower.walk)
    }
}

/// What came of one batch.
struct Found<B> {
    leaves: Vec<Hash>,
    schemas: Vec<(String, u32)>,
    made: Option<B>,
    end: Option<Result<(), ExportError>>,
}

/// The file, at which one thread works at a time.
struct Turn<R> {
    cutter: Cutter<R>,
    /// Number of the next batch.
    number: u64,
    /// One for each batch that there is room for.
    room: Receiver<()>,
}

/// Cuts and checks on `threads` threads, and takes what they find in order on this one. At
/// most two batches for each thread are under way.
fn in_turns<R: Read + Send, B: Send>(
    cutter: Cutter<R>,
    threads: usize,
    check: &(dyn Fn(&mut Checker, Cut) -> Found<B> + Sync),
    take: &mut dyn FnMut(Found<B>) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let most = 2 * threads;
    let (free, room) = sync_channel(most);
    for _ in 0..most {
        // There is room in the channel for all of them.
        let _ = free.try_send(());
    }
    let turn = Mutex::new(Turn {
        cutter,
        number: 0,
        room,
    });
    let work = |done: SyncSender<(u64, thread::Result<Found<B>>)>| {
        let mut checker = Checker::default();
        loop {
            let next = || {
                let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                // Closed when the calling thread wants no more.
                turn.room.recv().ok()?;
                let number = turn.number;
                turn.number += 1;
                let cut = catch_unwind(AssertUnwindSafe(|| turn.cutter.cut()));
                cut.map(|cut| cut.map(|cut| (number, Ok(cut))))
                    .unwrap_or_else(|panic| Some((number, Err(panic))))
            };
            let Some((number, cut)) = next() else {
                return;
            };
            // A panic of a thread has to reach the calling one, which would wait for this
            // batch for ever.
            let found =
                cut.and_then(|cut| catch_unwind(AssertUnwindSafe(|| check(&mut checker, cut))));
            let failed = found.is_err();
            if done.send((number, found)).is_err() || failed {
                return;
            }
        }
    };
    thread::scope(|scope| {
        // Owned in here, so that the threads see them closed whichever way this ends.
        let free = free;
        let (done, found) = sync_channel(most);
        for _ in 0..threads {
            let (done, work) = (done.clone(), &work);
            scope.spawn(move || work(done));
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (number, found) in found {
            early.insert(number, found);
            while let Some(found) = early.remove(&next) {
                next += 1;
                take(found.unwrap_or_else(|panic| resume_unwind(panic)))?;
                // All threads may have ended already.
                let _ = free.try_send(());
            }
        }
        Ok(())
    })
}
