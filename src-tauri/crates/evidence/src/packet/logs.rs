//! What has to lead to a signed root: the ranges of the sources' logs that the records rest on,
//! and the extract of the custody ledger.

use std::collections::BTreeMap;

use super::Layout;
use super::container::printable;
use super::content::has_seed;
use super::model::{CustodyHead, CustodyRow, PacketJson, ProofMode, ProofRange};
use super::proofs::{InclusionFile, LedgerLine, RangeFile};
use super::report::Findings;
use super::trust::PacketTrust;
use super::verify::Files;
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::merkle::{CompactRange, verify_inclusion};
use crate::note::SignedNote;

/// The most leaf hashes that a range may list in full.
pub const MAX_LISTED_LEAVES: u64 = 200_000;

/// A range whose proof material folded to its checkpoint.
pub(super) struct Proved<'a> {
    pub(super) range: &'a ProofRange,
    pub(super) leaves: BTreeMap<u64, Hash>,
    pub(super) inclusion: Option<InclusionFile>,
}

/// What was proved, by origin, first and last.
pub(super) type ProvedRanges<'a> = BTreeMap<(&'a str, u64, u64), Proved<'a>>;

pub(super) fn check_proofs<'a>(
    files: &Files<'_>,
    packet: &'a PacketJson,
    trust: &PacketTrust,
    content: &mut Findings,
    signers: &mut Findings,
) -> ProvedRanges<'a> {
    let mut proved = ProvedRanges::new();
    for range in &packet.proofs {
        let folder = Layout::proofs(&range.origin, range.first, range.last);
        match check_range(files, packet, range, &folder, trust, signers) {
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
    trust: &PacketTrust,
    signers: &mut Findings,
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
    let checkpoint = check_note(
        checkpoint,
        &range.origin,
        &format!("{folder}checkpoint"),
        trust,
        signers,
    )
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
            let leaves = fold_leaves(range, compact.frontier, file("leaves")?)?;
            Ok(Proved {
                range,
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
) -> Result<BTreeMap<u64, Hash>, Refused> {
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
    Ok(leaves)
}

/// Reads a checkpoint note and checks its signature as far as the reader gave
/// keys for the origin.
fn check_note(
    bytes: &[u8],
    origin: &str,
    place: &str,
    trust: &PacketTrust,
    signers: &mut Findings,
) -> Result<Checkpoint, (&'static str, &'static str)> {
    let form = ("checkpoint-form", "not a signed note with a checkpoint");
    let note = SignedNote::parse(bytes).map_err(|_| form)?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|_| form)?;
    if checkpoint.origin != origin {
        return Err((
            "checkpoint-origin",
            "the checkpoint is of another origin than packet.json says",
        ));
    }
    let keys = trust.source_keys(origin);
    match note.verify(&keys) {
        Err(_) => {
            return Err((
                "source-signature",
                "the signature of a source key you pinned does not verify",
            ));
        }
        Ok(verified) if verified.is_empty() && !keys.is_empty() => {
            return Err((
                "source-foreign-key",
                "none of the keys you pinned for the origin signed the checkpoint",
            ));
        }
        Ok(_) => {}
    }
    if keys.is_empty() {
        let ids: Vec<String> = note
            .lines()
            .iter()
            .map(|line| {
                format!(
                    "{} {}",
                    printable(line.name.as_bytes()),
                    data_encoding::HEXLOWER.encode(&line.id)
                )
            })
            .collect();
        signers.note(
            "source-key-not-pinned",
            place,
            format!(
                "source key not pinned by you: the checkpoint is signed by {}",
                ids.join(", ")
            ),
        );
    }
    Ok(checkpoint)
}

pub(super) fn check_custody(
    files: &Files<'_>,
    head: &CustodyHead,
    trust: &PacketTrust,
    content: &mut Findings,
    signers: &mut Findings,
) {
    let (Some(note), Some(ledger)) = (
        files.get(Layout::LEDGER_CHECKPOINT),
        files.get(Layout::LEDGER),
    ) else {
        return;
    };
    let place = Layout::LEDGER_CHECKPOINT;
    let checkpoint = match check_note(note, &head.origin, place, trust, signers) {
        Ok(checkpoint) => checkpoint,
        Err((code, message)) => {
            content.fail(code, place, message);
            return;
        }
    };
    if checkpoint.size != head.size || checkpoint.root != head.root {
        content.fail(
            "custody-head",
            place,
            "the custody log's signed head is not the one in packet.json",
        );
        return;
    }
    let mut lines = ledger.split_inclusive(|b| *b == b'\n');
    for row in &head.entries {
        let Some(line) = lines.next() else {
            content.fail(
                "ledger-truncated",
                format!("{} entry {}", Layout::LEDGER, row.index),
                "an entry that packet.json lists is not in the extract",
            );
            return;
        };
        if let Err((code, message)) = check_ledger_line(line, row, head) {
            content.fail(
                code,
                format!("{} entry {}", Layout::LEDGER, row.index),
                message,
            );
        }
    }
    if lines.next().is_some() {
        content.fail(
            "ledger-extra",
            Layout::LEDGER,
            "the extract has entries that packet.json does not list",
        );
    }
}

fn check_ledger_line(
    line: &[u8],
    row: &CustodyRow,
    head: &CustodyHead,
) -> Result<(), (&'static str, &'static str)> {
    let form = (
        "ledger-form",
        "the line is not a custody entry in its one accepted spelling",
    );
    let value: serde_json::Value = serde_json::from_slice(line).map_err(|_| form)?;
    if has_seed(&value) {
        return Err((
            "seed-included",
            "the line carries a record seed, which opens every withheld field",
        ));
    }
    let entry: LedgerLine = serde_json::from_slice(line).map_err(|_| form)?;
    if entry.to_bytes().ok().as_deref() != Some(line) {
        return Err(form);
    }
    if entry.index != row.index || entry.record.index != row.index {
        return Err((
            "ledger-index",
            "the entry has another index than packet.json lists",
        ));
    }
    let leaf = entry.record.leaf().map_err(|_| form)?;
    verify_inclusion(row.index, head.size, &leaf, &entry.path, &head.root).map_err(|_| {
        (
            "ledger-proof",
            "the entry does not fold to the custody log's signed head",
        )
    })?;
    let shown = |path: &str| {
        entry
            .record
            .fields
            .iter()
            .find(|field| field.path == path)
            .and_then(|field| field.value.as_deref())
            .and_then(|text| serde_json::from_str::<String>(text).ok())
    };
    // Every custody entry states its kind and its time, and a packet shows both.
    let at = shown("/at").and_then(|text| chrono::DateTime::parse_from_rfc3339(&text).ok());
    if at.map(|at| at.to_utc()) != Some(row.at.0) || shown("/kind").as_deref() != Some(&row.act) {
        return Err((
            "custody-row",
            "kind or time of the entry differ between packet.json and the custody log",
        ));
    }
    Ok(())
}
