//! How much of what a packet may have. Looked at before anything is parsed, and before anybody's
//! signature is believed, so that what a packet costs follows from its size.

use super::Layout;
use super::container::printable;
use super::model::PacketJson;
use super::report::Findings;
use super::verify::Files;
use crate::note::MAX_NOTE;
use crate::record::MAX_LINE;
use crate::text::{acts_in_lines, visible};

/// Longest `packet.json`, in bytes. The report is set from it, at some hundred bytes of memory for
/// each.
pub const MAX_PACKET_JSON: usize = 512 << 10;
/// Most rows of one section.
pub const MAX_ROWS: usize = 1_000;
/// Most rows of all sections together; four times or claims under a piece of evidence, which are
/// set in one line each, count as one.
pub const MAX_ALL_ROWS: usize = 1_500;
/// Longest text, in bytes.
pub const MAX_TEXT: usize = 16 << 10;
/// Most signatures.
pub const MAX_SIGNERS: usize = 32;
/// Most leaf hashes of all ranges together.
pub const MAX_LEAVES: u64 = 800_000;
/// Longest record and longest custody entry: a line of an export, spelled with one field a line.
pub const MAX_RECORD: usize = 2 * MAX_LINE;
/// Longest file of inclusion proofs.
pub const MAX_INCLUSION: usize = 8 << 20;
/// Longest file of a signature, and of a compact range.
pub const MAX_SMALL: usize = MAX_NOTE;

/// The most bytes that a file of this name may have. What is only compared with what it must be,
/// such as the tables and the report, needs no bound.
fn most(name: &str) -> Option<usize> {
    let file = name.rsplit('/').next().unwrap_or_default();
    if name == Layout::PACKET {
        Some(MAX_PACKET_JSON)
    } else if name.starts_with(Layout::SIGNATURES) {
        Some(MAX_SMALL)
    } else if name == Layout::LEDGER_CHECKPOINT || name.starts_with("data/proofs/") {
        match file {
            "leaves" => None,
            "inclusion.json" => Some(MAX_INCLUSION),
            _ => Some(MAX_SMALL),
        }
    } else if name.starts_with("data/evidence/") {
        Some(MAX_RECORD)
    } else {
        None
    }
}

/// Looks at sizes alone. False where nothing should be parsed.
pub(super) fn check_sizes(files: &Files<'_>, findings: &mut Findings) -> bool {
    let mut within = true;
    let mut fail = |name: &str, message: String| {
        within = false;
        findings.fail("file-too-long", printable(name.as_bytes()), message);
    };
    for (name, bytes) in files {
        if let Some(most) = most(name).filter(|most| bytes.len() > *most) {
            fail(name, format!("a packet has at most {most} bytes here"));
        }
    }
    let ledger = files.get(Layout::LEDGER).copied().unwrap_or_default();
    let mut lines = ledger.split_inclusive(|b| *b == b'\n');
    if lines.any(|line| line.len() > MAX_RECORD) {
        fail(
            Layout::LEDGER,
            format!("a line has at most {MAX_RECORD} bytes"),
        );
    }
    let leaves = files.iter().filter(|(name, _)| name.ends_with("/leaves"));
    let leaves: u64 = leaves.map(|(_, bytes)| bytes.len() as u64 / 32).sum();
    if leaves > MAX_LEAVES {
        fail(
            "data/proofs",
            format!("a packet lists at most {MAX_LEAVES} leaf hashes"),
        );
    }
    let signatures =
        |name: &&String| name.starts_with(Layout::SIGNATURES) && name.ends_with(".dsse.json");
    if files.keys().filter(signatures).count() > MAX_SIGNERS {
        fail(
            Layout::SIGNATURES,
            format!("a packet has at most {MAX_SIGNERS} signatures"),
        );
    }
    within
}

/// The sections with their rows.
fn sections(packet: &PacketJson) -> [(&'static str, usize); 24] {
    let incident = &packet.incident;
    let claims = packet
        .evidence
        .iter()
        .map(|entry| entry.claims.len() + entry.times.len());
    [
        ("offices", packet.offices.len()),
        ("requiredSigners", packet.required_signers.len()),
        ("incident systems", incident.scope.systems.len()),
        ("incident severityHistory", incident.severity_history.len()),
        ("incident times", incident.times.len()),
        ("incident impact", incident.impact.len()),
        ("incident stages", incident.stages.len()),
        ("incident metrics", incident.metrics.len()),
        ("timeline", packet.timeline.len()),
        ("analysis", packet.analysis.len()),
        ("measures", packet.measures.len()),
        ("waivers", packet.waivers.len()),
        ("decisions", packet.decisions.len()),
        ("communications", packet.communications.len()),
        ("clocks", packet.clocks.len()),
        ("lessons", packet.lessons.len()),
        ("actions", packet.actions.len()),
        ("controls", packet.controls.len()),
        ("evidence", packet.evidence.len()),
        ("claims", claims.sum::<usize>() / 4),
        ("proofs", packet.proofs.len()),
        ("custody", packet.custody.entries.len()),
        ("redactions", packet.redactions.len()),
        ("limitations", packet.limitations.len()),
    ]
}

/// All rows of a record.
#[must_use]
pub fn all_rows(packet: &PacketJson) -> usize {
    sections(packet).iter().map(|(_, rows)| rows).sum()
}

/// Looks at the rows of the record, before anything is computed or set from them.
pub(super) fn check_rows(packet: &PacketJson, findings: &mut Findings) -> bool {
    let mut within = true;
    let mut fail = |place: String, most: usize| {
        within = false;
        findings.fail("too-many-rows", place, format!("at most {most} rows"));
    };
    for (section, rows) in sections(packet) {
        // Claims stand under their evidence, and count for the whole only.
        if rows > MAX_ROWS && section != "claims" {
            fail(format!("{} {section}", Layout::PACKET), MAX_ROWS);
        }
    }
    if all_rows(packet) > MAX_ALL_ROWS {
        fail(Layout::PACKET.to_owned(), MAX_ALL_ROWS);
    }
    within
}

/// Whether every text of a JSON document is within [`MAX_TEXT`], looked at without building it.
pub(super) fn texts_within(json: &[u8]) -> bool {
    let mut at = 0;
    while let Some(start) = json[at..].iter().position(|b| *b == b'"') {
        let begin = at + start + 1;
        let mut end = begin;
        loop {
            match json.get(end) {
                Some(b'\\') => end += 2,
                Some(b'"') | None => break,
                Some(_) => end += 1,
            }
        }
        if end.saturating_sub(begin) > MAX_TEXT {
            return false;
        }
        at = end.saturating_add(1);
        if at >= json.len() {
            break;
        }
    }
    true
}

/// The first text in a JSON document that has a character which acts instead of being drawn, and
/// that character. Report, tables and README are made of these texts; line feeds and tabs belong in
/// them, what moves a cursor, turns letters round or cannot be seen does not.
#[must_use]
pub fn acting_text(json: &[u8]) -> Option<(String, char)> {
    let mut open = vec![(String::new(), serde_json::from_slice(json).ok()?)];
    while let Some((place, value)) = open.pop() {
        match value {
            serde_json::Value::String(text) => {
                if let Some(c) = text.chars().find(|c| acts_in_lines(*c)) {
                    return Some((place, c));
                }
            }
            serde_json::Value::Array(items) => {
                let items = items.into_iter().enumerate();
                open.extend(items.map(|(at, item)| (format!("{place}/{at}"), item)));
            }
            serde_json::Value::Object(members) => {
                for (name, member) in members {
                    let place = format!("{place}/{}", visible(&name));
                    if let Some(c) = name.chars().find(|c| acts_in_lines(*c)) {
                        return Some((place, c));
                    }
                    open.push((place, member));
                }
            }
            _ => {}
        }
    }
    None
}

/// The reason why such a text is refused.
#[must_use]
pub fn acting_reason(c: char) -> String {
    format!(
        "a text has the character U+{:04X}, which acts or cannot be seen",
        u32::from(c)
    )
}
