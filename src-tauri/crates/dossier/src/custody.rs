//! The custody log's part of a packet: entries about this incident and the memberships, of all
//! epochs, each with what a stranger needs and nothing of what people wrote.

use chrono::{DateTime, Utc};
use evidence::Hash;
use evidence::packet::{CustodyRow, SignedEntry, Stamp, attributes, custody_note, is_words};
use packet::{CustodyEntry, CustodyExtract};
use redaction::SCHEMA_PATH;
use vault::{EpochExtract, ExtractEntry, LedgerExtract};

use crate::wording::Wording;
use bench::Error;

/// Fields of an entry that a packet discloses: what it is, whose, who is a member, and which epoch
/// a restore ended. Beside them stand what acts are attributed by, and words that the packet shows
/// as well. Everything else stays a commitment: what was written into a form stands in the packet's
/// sections, after they were checked for leaks.
const SHOWN: [&str; 19] = [
    SCHEMA_PATH,
    "/kind",
    "/at",
    "/actor",
    "/incident",
    "/detail/version",
    "/detail/vault",
    "/detail/custodian/id",
    "/detail/custodian/role",
    "/detail/custodian/sign",
    "/detail/recovery/id",
    "/detail/recovery/role",
    "/detail/recovery/sign",
    "/detail/member/id",
    "/detail/member/role",
    "/detail/member/sign",
    "/detail/restored/epoch",
    "/detail/restored/size",
    "/detail/restored/root",
];

/// The extract as a packet carries it, with the newest epoch, whose head is signed.
pub(crate) fn extract(
    ledger: LedgerExtract,
    wording: &Wording,
) -> Result<(CustodyExtract, EpochExtract), Error> {
    let damaged = || Error::failed("the custody ledger has no readable entry", "run fsck");
    let mut epochs = ledger.epochs;
    let newest = epochs.last().map(|epoch| epoch.epoch);
    let mut entries = Vec::new();
    for epoch in &mut epochs {
        let ended = Some(epoch.epoch).filter(|epoch| Some(*epoch) != newest);
        for entry in std::mem::take(&mut epoch.entries) {
            entries.push(shown(entry, epoch.epoch, ended, wording).ok_or_else(damaged)?);
        }
    }
    let epoch = epochs.pop().ok_or_else(damaged)?;
    let custody = CustodyExtract {
        checkpoint_note: epoch.checkpoint.clone(),
        entries,
    };
    Ok((custody, epoch))
}

fn shown(
    mut entry: ExtractEntry,
    epoch: u64,
    ended: Option<u64>,
    wording: &Wording,
) -> Option<CustodyEntry> {
    let text = |path: &str| entry.record.text(path);
    let act = text("/kind")?;
    let at = DateTime::parse_from_rfc3339(&text("/at")?).ok()?;
    let at: DateTime<Utc> = at.to_utc();
    let note = custody_note(&act, text("/detail/event/event").as_deref(), ended);
    for field in &mut entry.record.fields {
        let path = field.path.as_str();
        if !SHOWN.contains(&path) && !attributes(path) && !is_words(path) {
            field.withhold();
        }
    }
    Some(CustodyEntry {
        row: CustodyRow {
            epoch: Some(epoch),
            index: entry.index,
            at: Stamp(at),
            act,
            role: wording.role(&entry.actor).to_owned(),
            note,
        },
        record: entry.record,
        proof: entry.proof,
        signed: SignedEntry {
            epoch,
            previous: entry.previous_root,
            signature: entry.signature,
            consistency: entry.consistency,
        },
    })
}

/// Whether the extract is of exactly this head.
pub(crate) fn is_of(epoch: &EpochExtract, head: (u64, u64, Hash)) -> bool {
    (epoch.epoch, epoch.size, epoch.root) == head
}
