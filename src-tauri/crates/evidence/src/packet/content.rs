//! The content line: whatever says the same thing twice says it equally, and
//! every disclosed field folds to its leaf and to the source's checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::Layout;
use super::container::printable;
use super::model::{CustodyHead, CustodyRow, EvidenceEntry, PacketJson, ProofMode, ProofRange};
use super::pdf::{read_report, report_keywords};
use super::proofs::{DisclosedEntry, InclusionFile, LedgerLine, RangeFile, schema_name};
use super::report::Findings;
use super::sections::EvidencePin;
use super::tables::{table, table_names};
use super::texts::{readme_text, verify_text};
use super::trust::PacketTrust;
use super::verify::Files;
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::merkle::{CompactRange, verify_inclusion};
use crate::note::SignedNote;
use crate::record::{DisclosedRecord, SCHEMA_PATH};

/// The most leaf hashes that a range may list in full.
pub const MAX_LISTED_LEAVES: u64 = 200_000;

pub(super) fn check(
    files: &Files<'_>,
    packet: &PacketJson,
    trust: &PacketTrust,
    content: &mut Findings,
    signers: &mut Findings,
) {
    check_register(packet, content);
    check_pins(packet, content);
    check_texts(files, packet, content);
    check_report(files, packet, content);
    let proved = check_proofs(files, packet, trust, content, signers);
    let withheld = check_records(files, packet, &proved, content);
    check_redactions(packet, &withheld, content);
    check_custody(files, &packet.custody, trust, content, signers);
}

fn safe_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && !id.starts_with('.')
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn check_register(packet: &PacketJson, findings: &mut Findings) {
    if packet.limitations.is_empty() {
        findings.fail(
            "no-limitations",
            Layout::PACKET,
            "packet.json states no limitation of the evidence; there always is one",
        );
    }
    let mut ids = BTreeSet::new();
    for entry in &packet.evidence {
        if !ids.insert(&entry.id) || !safe_id(&entry.id) {
            findings.fail(
                "evidence-id",
                format!(
                    "{} evidence {}",
                    Layout::PACKET,
                    printable(entry.id.as_bytes())
                ),
                "an evidence id stands twice or cannot be a folder name",
            );
        }
        if entry.file != Layout::evidence(&entry.id) {
            findings.fail(
                "evidence-file",
                format!(
                    "{} evidence {}",
                    Layout::PACKET,
                    printable(entry.id.as_bytes())
                ),
                "the path of the record is not the one of its id",
            );
        }
    }
    let mut timeline = BTreeSet::new();
    for row in &packet.timeline {
        if !timeline.insert(&row.id) {
            findings.fail(
                "timeline-id",
                format!(
                    "{} timeline {}",
                    Layout::PACKET,
                    printable(row.id.as_bytes())
                ),
                "a timeline id stands twice",
            );
        }
    }
}

/// Every conclusion, measure, timeline row and control pins a revision that is
/// in the register.
fn check_pins(packet: &PacketJson, findings: &mut Findings) {
    let revisions: BTreeSet<(&str, u32)> = packet
        .evidence
        .iter()
        .map(|entry| (entry.id.as_str(), entry.revision))
        .collect();
    let mut pinned = |section: &str, id: &str, pins: &[EvidencePin]| {
        for pin in pins {
            if !revisions.contains(&(pin.id.as_str(), pin.revision)) {
                findings.fail(
                    "pin-unknown",
                    format!("{} {section} {}", Layout::PACKET, printable(id.as_bytes())),
                    "it relies on an evidence revision that is not in the register",
                );
            }
        }
    };
    for row in &packet.timeline {
        pinned("timeline", &row.id, &row.evidence);
    }
    for row in &packet.analysis {
        pinned("analysis", &row.id, &row.evidence);
    }
    for row in &packet.measures {
        pinned("measures", &row.id, &row.evidence);
    }
    for row in &packet.controls {
        pinned("controls", &row.control, &row.evidence);
    }
}

fn check_texts(files: &Files<'_>, packet: &PacketJson, findings: &mut Findings) {
    let mut same = |path: &str, code: &'static str, expected: &str| {
        let Some(found) = files.get(path) else { return };
        if *found == expected.as_bytes() {
            return;
        }
        let line = expected
            .as_bytes()
            .split(|b| *b == b'\n')
            .zip(found.split(|b| *b == b'\n'))
            .position(|(a, b)| a != b)
            .map_or(0, |line| line + 1);
        findings.fail(
            code,
            format!("{path} line {line}"),
            "the file does not say what packet.json says",
        );
    };
    for name in table_names() {
        if let Some(expected) = table(packet, name) {
            same(&Layout::table(name), "table-differs", &expected);
        }
    }
    same(Layout::README, "readme-differs", &readme_text(packet));
    same(Layout::VERIFY, "verify-text-differs", &verify_text(packet));
}

fn check_report(files: &Files<'_>, packet: &PacketJson, findings: &mut Findings) {
    let (Some(pdf), Some(json)) = (files.get(Layout::REPORT), files.get(Layout::PACKET)) else {
        return;
    };
    let Some(facts) = read_report(pdf) else {
        findings.fail(
            "report-unreadable",
            Layout::REPORT,
            "the report is no PDF, or nothing is attached to it",
        );
        return;
    };
    if facts.attachments != 1 || facts.attached != *json {
        findings.fail(
            "report-attachment",
            Layout::REPORT,
            "the packet.json attached to the report is not the packet's own",
        );
    }
    let expected = report_keywords(packet, &Hash::sha256(json));
    let mut found: Vec<&str> = facts
        .keywords
        .split([',', ';'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    found.sort_unstable();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    if found != expected {
        findings.fail(
            "report-keywords",
            Layout::REPORT,
            "identity, digest or counts in the report's properties differ from packet.json",
        );
    }
}

/// A range whose proof material folded to its checkpoint.
struct Proved<'a> {
    range: &'a ProofRange,
    leaves: BTreeMap<u64, Hash>,
    inclusion: Option<InclusionFile>,
}

type ProvedRanges<'a> = BTreeMap<(&'a str, u64, u64), Proved<'a>>;

fn check_proofs<'a>(
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

/// Withheld fields by path.
type Withheld = BTreeMap<String, u64>;

fn check_records(
    files: &Files<'_>,
    packet: &PacketJson,
    proved: &ProvedRanges<'_>,
    findings: &mut Findings,
) -> Withheld {
    let mut withheld = Withheld::new();
    for entry in &packet.evidence {
        let Some(bytes) = files.get(&entry.file) else {
            continue;
        };
        if let Err((code, message)) = check_record(bytes, entry, proved, &mut withheld) {
            findings.fail(code, printable(entry.file.as_bytes()), message);
        }
    }
    withheld
}

/// Whether an object anywhere in the value has a member of a seed's name.
fn has_seed(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == "seed" || name == "s" || has_seed(value)),
        serde_json::Value::Array(items) => items.iter().any(has_seed),
        _ => false,
    }
}

fn check_record(
    bytes: &[u8],
    entry: &EvidenceEntry,
    proved: &ProvedRanges<'_>,
    withheld: &mut Withheld,
) -> Result<(), (&'static str, &'static str)> {
    let form = (
        "record-form",
        "the record is not a disclosed record in its one accepted spelling",
    );
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| form)?;
    if has_seed(&value) {
        return Err((
            "seed-included",
            "the file carries a record seed, which opens every withheld field",
        ));
    }
    let file: DisclosedEntry = serde_json::from_slice(bytes).map_err(|_| form)?;
    if file.to_bytes().ok().as_deref() != Some(bytes) || file.format != DisclosedEntry::FORMAT {
        return Err(form);
    }
    if (
        file.id.as_str(),
        file.origin.as_str(),
        file.index,
        file.record.index,
    ) != (&entry.id, &entry.origin, entry.index, entry.index)
    {
        return Err((
            "record-identity",
            "id, origin or index of the record differ from packet.json",
        ));
    }
    let leaf = file.record.leaf().map_err(|_| form)?;
    check_fields(&file.record, entry, withheld)?;
    if leaf != entry.leaf {
        return Err((
            "record-leaf",
            "the record's fields and commitments do not fold to the leaf in packet.json",
        ));
    }
    let key = (entry.origin.as_str(), entry.first, entry.last);
    let range = proved.get(&key).ok_or((
        "record-unproved",
        "there is no valid proof material for the record's range",
    ))?;
    let included = match &range.inclusion {
        None => range.leaves.get(&entry.index) == Some(&leaf),
        Some(file) => file
            .proofs
            .iter()
            .find(|proof| proof.index == entry.index)
            .is_some_and(|proof| {
                entry.index >= entry.first
                    && verify_inclusion(
                        proof.index,
                        file.size,
                        &leaf,
                        &proof.path,
                        &range.range.root,
                    )
                    .is_ok()
            }),
    };
    if included {
        Ok(())
    } else {
        Err((
            "record-not-in-range",
            "the record is not the one at its index under the source's checkpoint",
        ))
    }
}

fn check_fields(
    record: &DisclosedRecord,
    entry: &EvidenceEntry,
    withheld: &mut Withheld,
) -> Result<(), (&'static str, &'static str)> {
    let mut shown = BTreeMap::new();
    let mut hidden = BTreeSet::new();
    for field in &record.fields {
        match &field.value {
            Some(value) => {
                shown.insert(field.path.as_str(), value.as_str());
            }
            None => {
                hidden.insert(field.path.as_str());
                *withheld.entry(field.path.clone()).or_default() += 1;
            }
        }
    }
    if shown.len() as u64 != u64::from(entry.disclosed)
        || hidden.len() as u64 != u64::from(entry.withheld)
    {
        return Err((
            "record-counts",
            "the numbers of shown and withheld fields differ from packet.json",
        ));
    }
    let schema = shown.get(SCHEMA_PATH).copied().and_then(schema_name);
    if schema.as_deref() != Some(&entry.schema) {
        return Err((
            "record-schema",
            "the record's @schema differs from packet.json",
        ));
    }
    for claim in &entry.claims {
        if !hidden.contains(claim.path.as_str()) {
            return Err((
                "claim-path",
                "packet.json claims something of a field that the record does not withhold",
            ));
        }
    }
    for time in &entry.times {
        let Some(path) = &time.path else { continue };
        let found = shown.get(path.as_str()).copied();
        let text: Option<String> = found.and_then(|text| match serde_json::from_str(text) {
            Ok(serde_json::Value::String(text)) => Some(text),
            Ok(serde_json::Value::Number(_)) => Some(text.to_owned()),
            _ => None,
        });
        let stated = chrono::DateTime::parse_from_rfc3339(&time.original)
            .ok()
            .map(|at| at.to_utc());
        let same_instant = match (stated, time.utc) {
            (Some(stated), Some(utc)) => stated == utc.0,
            _ => true,
        };
        if text.as_deref() != Some(&time.original) || !same_instant {
            return Err((
                "record-time",
                "a time in packet.json is not the one in the record",
            ));
        }
    }
    Ok(())
}

fn check_redactions(packet: &PacketJson, withheld: &Withheld, findings: &mut Findings) {
    let mut logged = Withheld::new();
    for row in &packet.redactions {
        let count = logged.entry(row.path.clone()).or_default();
        *count = count.saturating_add(row.count);
    }
    for path in logged
        .keys()
        .chain(withheld.keys())
        .collect::<BTreeSet<_>>()
    {
        if logged.get(path) != withheld.get(path) {
            findings.fail(
                "redaction-count",
                format!(
                    "{} redactions {}",
                    Layout::PACKET,
                    printable(path.as_bytes())
                ),
                "the redaction log counts other withheld fields than the records have",
            );
        }
    }
}

fn check_custody(
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
