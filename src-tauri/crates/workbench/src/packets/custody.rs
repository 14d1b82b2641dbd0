//! The custody log's part of a packet: the newest epoch, entries about this incident and the
//! memberships, each with what a stranger needs and nothing of what people wrote.

use chrono::{DateTime, Utc};
use evidence::packet::{CustodyRow, Stamp, custody_note};
use evidence::{DisclosedField, Hash, commit};
use packet::{CustodyEntry, CustodyExtract};
use redaction::SCHEMA_PATH;
use vault::{EpochExtract, LedgerExtract};

use super::wording::Wording;
use crate::Error;

/// Fields of an entry that a packet discloses. Everything else stays a commitment: what was
/// written into a form stands in the packet's sections, after they were checked for leaks.
const SHOWN: [&str; 9] = [
    SCHEMA_PATH,
    "/kind",
    "/at",
    "/actor",
    "/incident",
    "/detail/version",
    "/detail/event/event",
    "/detail/role",
    "/detail/sign",
];

/// The extract as a packet carries it, with the size of the log it is of.
pub(super) fn extract(
    ledger: LedgerExtract,
    wording: &Wording,
) -> Result<(CustodyExtract, EpochExtract), Error> {
    let damaged = || Error::failed("the custody ledger has no readable entry", "run fsck");
    let mut epochs = ledger.epochs;
    let mut epoch = epochs.pop().ok_or_else(damaged)?;
    let entries = std::mem::take(&mut epoch.entries)
        .into_iter()
        .map(|mut entry| {
            let text = |path: &str| text(&entry.record.fields, path);
            let act = text("/kind").ok_or_else(damaged)?;
            let at: DateTime<Utc> = text("/at")
                .and_then(|at| DateTime::parse_from_rfc3339(&at).ok())
                .ok_or_else(damaged)?
                .to_utc();
            let note = custody_note(&act, text("/detail/event/event").as_deref());
            for field in &mut entry.record.fields {
                if !SHOWN.contains(&field.path.as_str()) {
                    withhold(field);
                }
            }
            Ok(CustodyEntry {
                row: CustodyRow {
                    index: entry.index,
                    at: Stamp(at),
                    act,
                    role: wording.role(&entry.actor).to_owned(),
                    note,
                },
                record: entry.record,
                proof: entry.proof,
            })
        })
        .collect::<Result<_, Error>>()?;
    let custody = CustodyExtract {
        checkpoint_note: epoch.checkpoint.clone(),
        entries,
    };
    Ok((custody, epoch))
}

fn text(fields: &[DisclosedField], path: &str) -> Option<String> {
    let value = fields.iter().find(|f| f.path == path)?.value.as_deref()?;
    serde_json::from_str(value).ok()
}

/// Turns a disclosed field into its commitment.
pub(super) fn withhold(field: &mut DisclosedField) {
    if let (Some(value), Some(salt)) = (field.value.take(), field.salt.take()) {
        field.commitment = Some(commit(&salt.0, &value));
    }
}

/// Name of the custody log's key, and of its origin without the epoch.
pub(super) fn ledger_name(vault: &str) -> String {
    format!("{vault}/ledger")
}

/// Whether the extract is of exactly this head.
pub(super) fn is_of(epoch: &EpochExtract, head: (u64, u64, Hash)) -> bool {
    (epoch.epoch, epoch.size, epoch.root) == head
}
