//! The content line: whatever says the same thing twice says it equally, and
//! every disclosed field folds to its leaf, which [`super::logs`] leads to the source's
//! checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::container::printable;
use super::custody::{self, Proven};
use super::logs::{ProvedRanges, check_proofs};
use super::model::{EvidenceEntry, PacketJson};
use super::proofs::{DisclosedEntry, schema_name};
use super::report::{Findings, Outcome};
use super::sections::EvidencePin;
use super::tables::{table, table_names};
use super::texts::{readme_text, verify_text};
use super::trust::PacketTrust;
use super::verify::Files;
use super::{Layout, PACKET_FORMAT, attributions, facts};
use crate::merkle::verify_inclusion;
use crate::record::{DisclosedRecord, SCHEMA_PATH, check_meaning};

/// What the content line hands on to those after it.
pub(super) struct Shown<'a> {
    pub(super) proved: ProvedRanges<'a>,
    /// Who the ledger part proves to be a member; `None` where it proves nobody.
    pub(super) members: Option<Proven>,
}

pub(super) fn check<'a>(
    files: &Files<'_>,
    packet: &'a PacketJson,
    trust: &PacketTrust,
    content: &mut Findings,
) -> Shown<'a> {
    content.run("register", |findings| {
        check_register(packet, findings);
        check_pins(packet, findings);
    });
    content.run("texts", |findings| check_texts(files, packet, findings));
    let proved = content.run("proofs", |findings| check_proofs(files, packet, findings));
    content.run("records", |findings| {
        let withheld = check_records(files, packet, &proved, findings);
        check_redactions(packet, &withheld, findings);
    });
    let entries = content.run("custody", |findings| {
        let entries = custody::check(files, packet, findings)?;
        facts::custody(packet, &entries, findings);
        Some(entries)
    });
    let members = match &entries {
        Some(entries) if packet.format == PACKET_FORMAT => content.run("members", |findings| {
            let members = custody::members(files, packet, entries, findings)?;
            attributions::check(packet, entries, &members, findings);
            Some(members)
        }),
        // The format before carries no signature of the members who recorded what it shows.
        _ => {
            content.ran("members", Outcome::NotRun);
            None
        }
    };
    content.run("facts", |findings| {
        facts::check(files, packet, trust, findings)
    });
    Shown { proved, members }
}

/// Names of the checks that [`check`] runs.
pub(super) const CHECKS: [&str; 7] = [
    "register", "texts", "proofs", "records", "custody", "members", "facts",
];

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
pub(super) fn has_seed(value: &serde_json::Value) -> bool {
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
    let fields = file.record.fields.iter();
    check_meaning(fields.map(|f| (f.path.as_str(), f.value.as_deref())))
        .map_err(|_| ("path-twice", "a path of the record has two meanings"))?;
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
        let path = time.path.as_deref();
        let found = path.and_then(|path| shown.get(path)).copied();
        let text: Option<String> = found.and_then(|text| match serde_json::from_str(text) {
            Ok(serde_json::Value::String(text)) => Some(text),
            Ok(serde_json::Value::Number(_)) => Some(text.to_owned()),
            _ => None,
        });
        let stated = chrono::DateTime::parse_from_rfc3339(&time.original)
            .ok()
            .map(|at| at.to_utc());
        // What is no time of RFC 3339 gives no instant that could be compared.
        let same_instant = time.utc.map(|utc| utc.0) == stated;
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
