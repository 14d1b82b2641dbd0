//! Reading a native export (`muniment/export/v1`): everything is checked, streaming, and
//! nothing is believed that a pinned key did not sign.
//!
//! Signature lines of keys that are not known are ignored, as C2SP asks: they are listed as
//! unverified and nothing rests on them. Every other byte of every file has a meaning, and
//! changing it is refused or leaves the export without a known signer (pending).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    archive::{ArchiveError, CHECKPOINT, CONSISTENCY, ExportFiles, PREVIOUS_CHECKPOINT, RANGE},
    checkpoint::Checkpoint,
    continuity::ConsistencyLink,
    hash::Hash,
    merkle::{CompactRange, MAX_SIZE},
    note::{MAX_NOTE, NoteError, SignatureLine, SignedNote, VerifierKey},
    record::RecordLine,
    rejection::{Reason, Rejection},
};

mod range;
mod report;
mod walk;
mod writer;

pub use range::{
    CONSISTENCY_FORMAT, ConsistencyFile, EXPORT_FORMAT, MAX_PROOFS, ProofBetween, RangeFile,
};
pub use report::{
    Check, CheckOutcome, ExportReport, ExportVerdict, verify_export, verify_export_under,
};
pub use walk::{BATCH_BYTES, BATCH_RECORDS, Batch};
use walk::{Records, Walk};
pub use writer::{
    Concluded, Container, Continuation, ExportWriter, FolderContainer, HeadConflict, SealError,
    SignedHead, ZipContainer, continue_from,
};

/// Everything that a good export says, except its records.
#[derive(Clone, Debug)]
pub struct ExportFacts {
    /// Name of the log.
    pub origin: String,
    /// First index.
    pub first: u64,
    /// One past the last index: the checkpoint's size.
    pub last: u64,
    /// Root at `last`.
    pub root: Hash,
    /// Root at `first`; `None` when the range starts at 0.
    pub previous_root: Option<Hash>,
    /// Compact range of `[0, first)`.
    pub frontier: Vec<Hash>,
    /// Compact range of `[0, last)`: what the next export starts from.
    pub next_frontier: Vec<Hash>,
    /// The checkpoint as it stands.
    pub checkpoint_note: String,
    /// The previous checkpoint as it stands.
    pub previous_note: Option<String>,
    /// `range.json` as it stands.
    pub range_json: String,
    /// The known keys that signed the checkpoint. Empty, so that the export is pending, when
    /// no known key signed it, or none signed the previous checkpoint.
    pub signers: Vec<VerifierKey>,
    /// The file that keeps the export pending, when it is.
    pub pending: Option<&'static str>,
    /// Signature lines by keys that are not known, as (file, key name, key id): nothing
    /// rests on them.
    pub unverified: Vec<(&'static str, String, [u8; 4])>,
    /// Computed roots at `first`, `last` and every size asked for in between.
    pub roots: BTreeMap<u64, Hash>,
    /// Verified proofs from smaller sizes to sizes of this export.
    pub bridges: Vec<ConsistencyLink>,
    /// Number of records.
    pub records: u64,
    /// Every (schema id, version) that its records name.
    pub schemas: BTreeSet<(String, u32)>,
}

/// The callback asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Why reading ended without facts.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The export breaks a rule; it is evidence of that.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// Reading failed; says nothing about the export.
    #[error("the export could not be read")]
    Read(#[source] std::io::Error),
    /// The callback asked to stop.
    #[error("reading was stopped")]
    Stopped,
}

impl From<Box<Rejection>> for ExportError {
    fn from(rejection: Box<Rejection>) -> Self {
        Self::Rejected(rejection)
    }
}

impl ExportError {
    /// A refusal of the archive, or its reading error.
    pub fn of_archive(error: ArchiveError, file: Option<&str>) -> Self {
        match error {
            ArchiveError::Read(error) => Self::Read(error),
            other => {
                let mut rejection = Rejection::new(Reason::Archive(other), "");
                rejection.file = file.map(str::to_owned);
                rejection.into()
            }
        }
    }
}

/// A checkpoint file: its text, parsed, and who signed it.
struct SignedCheckpoint {
    note: String,
    checkpoint: Checkpoint,
    signers: Vec<VerifierKey>,
    unverified: Vec<SignatureLine>,
}

fn open_note(
    bytes: &[u8],
    file: &'static str,
    keys: &[VerifierKey],
) -> Result<SignedCheckpoint, Box<Rejection>> {
    let parse = || -> Result<SignedCheckpoint, Reason> {
        let note = SignedNote::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        let signers = note.verify(keys)?;
        let text = str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        Ok(SignedCheckpoint {
            note: text.to_owned(),
            checkpoint,
            signers,
            unverified: note.unknown(keys).cloned().collect(),
        })
    };
    parse().map_err(|reason| Rejection::new(reason, file))
}

/// What the checkpoint of an export says, before anything is verified: to find the keys that
/// are pinned for its origin.
///
/// # Errors
/// [`Rejection`] when the checkpoint has no valid form.
pub fn peek(files: &ExportFiles) -> Result<Checkpoint, Box<Rejection>> {
    let bytes = files.small(CHECKPOINT).unwrap_or_default();
    open_note(bytes, CHECKPOINT, &[]).map(|c| c.checkpoint)
}

/// The small files of an export, checked against each other.
struct Frame {
    checkpoint: SignedCheckpoint,
    previous: Option<SignedCheckpoint>,
    range: RangeFile,
    range_json: String,
    front: CompactRange,
    proofs: Vec<ProofBetween>,
}

impl Frame {
    /// Sizes whose roots are needed: the ends of the range, where proofs end, and those asked for.
    fn wanted(&self, sizes_of_interest: &BTreeSet<u64>) -> BTreeSet<u64> {
        let (first, last) = (self.range.first, self.range.last);
        let mut wanted: BTreeSet<u64> = sizes_of_interest.range(first..=last).copied().collect();
        wanted.extend([first, last]);
        wanted.extend(self.proofs.iter().map(|p| p.to));
        wanted
    }

    fn records<'a>(&self, files: &'a mut ExportFiles, wanted: &'a BTreeSet<u64>) -> Records<'a> {
        Records {
            files,
            front: self.front.clone(),
            last: self.range.last,
            wanted,
            batch: BATCH_RECORDS,
        }
    }
}

fn read_frame(files: &ExportFiles, keys: &[VerifierKey]) -> Result<Frame, Box<Rejection>> {
    let bytes = files.small(CHECKPOINT).unwrap_or_default();
    let checkpoint = open_note(bytes, CHECKPOINT, keys)?;
    let reject = |reason| Rejection::new(reason, RANGE);
    let bytes = files.small(RANGE).unwrap_or_default();
    if bytes.len() > MAX_NOTE {
        return Err(reject(Reason::RangeText(MAX_NOTE)));
    }
    let read = range::read(bytes, &range::begin(EXPORT_FORMAT, "origin"));
    let (range, range_json): (RangeFile, String) =
        read.map_err(|at| reject(Reason::RangeText(at)))?;
    let (first, last) = (range.first, range.last);
    if first >= last || last >= MAX_SIZE {
        return Err(reject(Reason::Range { first, last }));
    }
    if range.origin != checkpoint.checkpoint.origin {
        return Err(reject(Reason::Origin));
    }
    if last != checkpoint.checkpoint.size {
        return Err(reject(Reason::Size {
            checkpoint: checkpoint.checkpoint.size,
            last,
        }));
    }
    let front = CompactRange::from_frontier(first, range.frontier.clone())
        .map_err(|e| reject(Reason::Frontier(e)))?;
    let previous = match files.small(PREVIOUS_CHECKPOINT) {
        None if first == 0 => None,
        None => return Err(reject(Reason::PreviousMissing)),
        Some(bytes) => Some(read_previous(bytes, keys, &range, &front)?),
    };
    let proofs = match files.small(CONSISTENCY) {
        None => Vec::new(),
        Some(bytes) => read_proofs(bytes, first, last)?,
    };
    Ok(Frame {
        checkpoint,
        previous,
        range,
        range_json,
        front,
        proofs,
    })
}

fn read_previous(
    bytes: &[u8],
    keys: &[VerifierKey],
    range: &RangeFile,
    front: &CompactRange,
) -> Result<SignedCheckpoint, Box<Rejection>> {
    let reject = |reason| Rejection::new(reason, PREVIOUS_CHECKPOINT);
    if range.first == 0 {
        return Err(reject(Reason::PreviousUnexpected));
    }
    let previous = open_note(bytes, PREVIOUS_CHECKPOINT, keys)?;
    if previous.checkpoint.origin != range.origin {
        return Err(reject(Reason::Origin));
    }
    if previous.checkpoint.size != range.first {
        return Err(reject(Reason::PreviousSize {
            previous: previous.checkpoint.size,
            first: range.first,
        }));
    }
    if previous.checkpoint.root != front.root() {
        let refused = reject(Reason::PreviousRoot);
        return Err(refused.digests(previous.checkpoint.root, front.root()));
    }
    Ok(previous)
}

fn read_proofs(bytes: &[u8], first: u64, last: u64) -> Result<Vec<ProofBetween>, Box<Rejection>> {
    let reject = |reason| Rejection::new(reason, CONSISTENCY);
    let read = range::read(bytes, &range::begin(CONSISTENCY_FORMAT, "proofs"));
    let (file, _): (ConsistencyFile, _) = read.map_err(|at| reject(Reason::ConsistencyText(at)))?;
    if !(1..=MAX_PROOFS).contains(&file.proofs.len()) {
        // Where the first proof is missing, or the first one too many begins.
        let mut allowed = file;
        allowed.proofs.truncate(MAX_PROOFS);
        let at = range::spell(&allowed).len() - "]}\n".len();
        return Err(reject(Reason::ConsistencyText(at)));
    }
    let mut before = (0, 0);
    for (k, proof) in file.proofs.iter().enumerate() {
        let sizes = (proof.from, proof.to);
        let fits = proof.from > 0 && proof.from < proof.to && proof.from <= first;
        if !fits || !(first..=last).contains(&proof.to) || sizes <= before {
            return Err(reject(Reason::ConsistencySizes(k)));
        }
        before = sizes;
    }
    Ok(file.proofs)
}

/// Reads an export from end to end on the calling thread. Each record is handed to `on_record`
/// with its leaf hash, in order, *before* the verdict stands: what the callback keeps must stay
/// invisible until this returns facts.
///
/// `keys` are those pinned for the export's origin (see [`peek`]).
///
/// # Errors
/// [`ExportError`]; a failing signature of a known key is a rejection, no known key is not.
pub fn read_export(
    files: &mut ExportFiles,
    keys: &[VerifierKey],
    sizes_of_interest: &BTreeSet<u64>,
    on_record: &mut dyn FnMut(&RecordLine<'_>, Hash) -> Result<(), Stop>,
) -> Result<ExportFacts, ExportError> {
    let frame = read_frame(files, keys)?;
    let wanted = frame.wanted(sizes_of_interest);
    let walk = frame.records(files, &wanted).walk_alone(on_record)?;
    conclude(frame, walk)
}

/// [`read_export`] on several threads, with the same answer for every export.
///
/// `threads` of them inflate, cut into lines, parse, check, commit and hash; one or none does
/// without threads. What they hand on follows the records in three steps:
///
/// 1. `per_record(record, leaf)` runs on those threads, for each record that was checked;
/// 2. `per_batch` runs there too, on each [`Batch`]: the exact lines, leaves and what
///    `per_record` made;
/// 3. `fold` runs on the calling thread, in the order of the log, one batch after the other,
///    and may stop everything.
///
/// The first thing wrong *in the order of the records* is the one returned, and `fold` has been
/// given exactly the records before it. The other two may have seen records behind it. At most
/// `2 * threads` batches exist outside of `fold`, so memory is bounded by them and not by the
/// export. All of it happens *before* the verdict stands: what is kept must stay invisible
/// until this returns facts.
///
/// # Errors
/// As [`read_export`].
///
/// # Panics
/// With the panic of `per_record` or `per_batch`, if one does.
pub fn read_export_with<T: Send, B: Send>(
    files: &mut ExportFiles,
    keys: &[VerifierKey],
    sizes_of_interest: &BTreeSet<u64>,
    threads: usize,
    per_record: &(dyn Fn(&RecordLine<'_>, Hash) -> T + Sync),
    per_batch: &(dyn Fn(Batch<T>) -> B + Sync),
    fold: &mut dyn FnMut(B) -> Result<(), Stop>,
) -> Result<ExportFacts, ExportError> {
    let frame = read_frame(files, keys)?;
    let wanted = frame.wanted(sizes_of_interest);
    let records = frame.records(files, &wanted);
    let walk = records.walk_with(threads, per_record, per_batch, fold)?;
    conclude(frame, walk)
}

/// The facts, once all records have been walked.
fn conclude(frame: Frame, walk: Walk) -> Result<ExportFacts, ExportError> {
    let (first, last) = (frame.range.first, frame.range.last);
    let root = walk.range.root();
    let signed_root = frame.checkpoint.checkpoint.root;
    if root != signed_root {
        let rejection = Rejection::new(Reason::Root, CHECKPOINT);
        return Err(rejection.digests(signed_root, root).into());
    }
    let bridges = verify_proofs(frame.proofs, &walk.roots)?;

    let mut unverified = Vec::new();
    let unsigned = |c: &SignedCheckpoint, file| c.signers.is_empty().then_some(file);
    let mut pending = unsigned(&frame.checkpoint, CHECKPOINT);
    let mut list = |lines: &[SignatureLine], file| {
        unverified.extend(lines.iter().map(|l| (file, l.name.clone(), l.id)));
    };
    list(&frame.checkpoint.unverified, CHECKPOINT);
    if let Some(previous) = &frame.previous {
        list(&previous.unverified, PREVIOUS_CHECKPOINT);
        pending = pending.or_else(|| unsigned(previous, PREVIOUS_CHECKPOINT));
    }
    let signers = if pending.is_none() {
        frame.checkpoint.signers
    } else {
        Vec::new()
    };
    Ok(ExportFacts {
        origin: frame.range.origin,
        first,
        last,
        root,
        previous_root: frame.previous.as_ref().map(|p| p.checkpoint.root),
        frontier: frame.range.frontier,
        next_frontier: walk.range.frontier().to_vec(),
        checkpoint_note: frame.checkpoint.note,
        previous_note: frame.previous.map(|p| p.note),
        range_json: frame.range_json,
        signers,
        pending,
        unverified,
        roots: walk.roots,
        bridges,
        records: last - first,
        schemas: walk.schemas,
    })
}

fn verify_proofs(
    proofs: Vec<ProofBetween>,
    roots: &BTreeMap<u64, Hash>,
) -> Result<Vec<ConsistencyLink>, Box<Rejection>> {
    let mut links = Vec::with_capacity(proofs.len());
    for (k, p) in proofs.into_iter().enumerate() {
        let reject = || Rejection::new(Reason::ConsistencyProof(k), CONSISTENCY);
        let computed = roots.get(&p.to).copied();
        if computed != Some(p.to_root) {
            let found = computed.unwrap_or(p.to_root);
            return Err(reject().digests(found, p.to_root));
        }
        let link = ConsistencyLink::verify(p.from, p.to, p.from_root, p.to_root, p.proof);
        links.push(link.map_err(|_| reject())?);
    }
    Ok(links)
}

#[cfg(test)]
mod tests;
