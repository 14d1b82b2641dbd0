//! What has to lead to a signed root: the ranges of the sources' logs that the records rest on.

use std::collections::BTreeMap;

use super::Layout;
use super::model::{PacketJson, ProofMode, ProofRange};
use super::proofs::{InclusionFile, RangeFile};
use super::report::Findings;
use super::verify::Files;
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::merkle::CompactRange;
use crate::note::SignedNote;

/// The most leaf hashes that a range may list in full.
pub const MAX_LISTED_LEAVES: u64 = 200_000;

/// A range whose proof material folded to its checkpoint.
pub(super) struct Proved<'a> {
    pub(super) range: &'a ProofRange,
    /// Root of the log before the range, where leaf hashes prove it.
    pub(super) before: Option<Hash>,
    pub(super) leaves: BTreeMap<u64, Hash>,
    pub(super) inclusion: Option<InclusionFile>,
}

/// What was proved, by origin, first and last.
pub(super) type ProvedRanges<'a> = BTreeMap<(&'a str, u64, u64), Proved<'a>>;

pub(super) fn check_proofs<'a>(
    files: &Files<'_>,
    packet: &'a PacketJson,
    content: &mut Findings,
) -> ProvedRanges<'a> {
    let mut proved = ProvedRanges::new();
    for range in &packet.proofs {
        let folder = Layout::proofs(&range.origin, range.first, range.last);
        match check_range(files, packet, range, &folder) {
            Ok(one) => {
                let key = (range.origin.as_str(), range.first, range.last);
                if proved.insert(key, one).is_some() {
                    content.fail(
                        "range-twice",
                        folder,
                        "the range stands twice in packet.json",
                    );
                }
            }
            Err((code, file, message)) => {
                content.fail(code, format!("{folder}{file}"), message);
            }
        }
    }
    proved
}

type Refused = (&'static str, &'static str, &'static str);

fn check_range<'a>(
    files: &Files<'_>,
    packet: &PacketJson,
    range: &'a ProofRange,
    folder: &str,
) -> Result<Proved<'a>, Refused> {
    let file = |name: &'static str| {
        files.get(&format!("{folder}{name}")).copied().ok_or((
            "proof-missing",
            name,
            "the file is missing",
        ))
    };
    let shown = packet
        .evidence
        .iter()
        .filter(|e| {
            (e.origin.as_str(), e.first, e.last) == (&range.origin, range.first, range.last)
        })
        .count() as u64;
    if shown != range.shown
        || range.completeness
            != ProofRange::completeness_text(range.mode, shown, range.first, range.last)
    {
        return Err((
            "range-count",
            "",
            "the number of records shown, or what is said of it, is not what the packet has",
        ));
    }
    let checkpoint = file("checkpoint")?;
    let (_, checkpoint) = checkpoint_of(checkpoint, &range.origin)
        .map_err(|(code, message)| (code, "checkpoint", message))?;
    if range.first > range.last || checkpoint.size != range.last {
        return Err((
            "checkpoint-size",
            "checkpoint",
            "the checkpoint is of another size than the end of the range: an older or newer one",
        ));
    }
    if checkpoint.root != range.root {
        return Err((
            "checkpoint-root-differs",
            "checkpoint",
            "the checkpoint's root is not the one in packet.json",
        ));
    }
    let range_bytes = file("range.json")?;
    let form = (
        "range-form",
        "range.json",
        "range.json is not the compact range of this origin and range in its accepted spelling",
    );
    let compact: RangeFile = serde_json::from_slice(range_bytes).map_err(|_| form)?;
    if compact.to_bytes().ok().as_deref() != Some(range_bytes)
        || compact.format != RangeFile::FORMAT
        || (compact.origin.as_str(), compact.first, compact.last)
            != (&range.origin, range.first, range.last)
    {
        return Err(form);
    }
    match range.mode {
        ProofMode::Leaves => {
            let (leaves, before) = fold_leaves(range, compact.frontier, file("leaves")?)?;
            Ok(Proved {
                range,
                before: Some(before),
                leaves,
                inclusion: None,
            })
        }
        ProofMode::Inclusion => {
            let bytes = file("inclusion.json")?;
            let form = (
                "inclusion-form",
                "inclusion.json",
                "inclusion.json is not in its accepted spelling, or of another size",
            );
            let inclusion: InclusionFile = serde_json::from_slice(bytes).map_err(|_| form)?;
            if inclusion.to_bytes().ok().as_deref() != Some(bytes)
                || inclusion.format != InclusionFile::FORMAT
                || inclusion.size != range.last
                || inclusion.proofs.len() as u64 != range.shown
            {
                return Err(form);
            }
            Ok(Proved {
                range,
                before: None,
                leaves: BTreeMap::new(),
                inclusion: Some(inclusion),
            })
        }
    }
}

fn fold_leaves(
    range: &ProofRange,
    frontier: Vec<Hash>,
    bytes: &[u8],
) -> Result<(BTreeMap<u64, Hash>, Hash), Refused> {
    let count = range.last - range.first;
    if count > MAX_LISTED_LEAVES || bytes.len() as u64 != count * 32 {
        return Err((
            "leaves-count",
            "leaves",
            "the number of leaf hashes is not that of the range",
        ));
    }
    let mut tree = CompactRange::from_frontier(range.first, frontier).map_err(|_| {
        (
            "range-frontier",
            "range.json",
            "the frontier has not the number of hashes that its size needs",
        )
    })?;
    let before = tree.root();
    let mut leaves = BTreeMap::new();
    for (index, leaf) in (range.first..).zip(bytes.chunks_exact(32)) {
        let mut hash = [0; 32];
        hash.copy_from_slice(leaf);
        tree.push(Hash(hash));
        leaves.insert(index, Hash(hash));
    }
    if tree.root() != range.root {
        return Err((
            "range-root",
            "leaves",
            "frontier and leaves do not fold to the checkpoint's root",
        ));
    }
    Ok((leaves, before))
}

/// Reads a checkpoint note. Who signed it is looked at elsewhere.
pub(super) fn checkpoint_of(
    bytes: &[u8],
    origin: &str,
) -> Result<(SignedNote, Checkpoint), (&'static str, &'static str)> {
    let form = ("checkpoint-form", "not a signed note with a checkpoint");
    let note = SignedNote::parse(bytes).map_err(|_| form)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|_| form)?;
    if checkpoint.origin != origin {
        return Err((
            "checkpoint-origin",
            "the checkpoint is of another origin than packet.json says",
        ));
    }
    Ok((note, checkpoint))
}
