//! The tables whose rows decide something: what is shown, trusted or allowed.
//!
//! Not among them: the ledger, which is signed; members, which the replay itself yields; what is derived from sealed
//! records and compared with them by `fsck`; sealed files and intakes, which no decision rests on.

use super::Table;
use crate::keys::Role;

const CUSTODIAN: &[Role] = &[Role::Custodian];
/// Those who hold the originals key.
const HANDLING: &[Role] = &[Role::Custodian, Role::Responder];
const ANYONE: &[Role] = &[Role::Custodian, Role::Responder, Role::Reviewer];

/// A table every row of which counts.
const fn every(
    name: &'static str,
    noun: &'static str,
    key: &'static [&'static str],
    columns: &'static [&'static str],
    by: &'static [Role],
) -> Table {
    Table {
        name,
        noun,
        key,
        columns,
        when: None,
        by,
    }
}

pub(crate) static SETTING: Table = every(
    "setting",
    "setting",
    &["name"],
    &["name", "value"],
    HANDLING,
);
pub(crate) static SOURCE_FILE: Table = every(
    "source_file",
    "source file",
    &["id", "version"],
    &[
        "id", "version", "digest", "body", "reason", "actor", "at_us",
    ],
    CUSTODIAN,
);
pub(crate) static SOURCE_IMPORT: Table = every(
    "source_import",
    "source of import",
    &["import"],
    &["import", "source"],
    CUSTODIAN,
);
pub(crate) static TRUST: Table = every(
    "trust",
    "trust policy",
    &["origin", "version"],
    &["origin", "version", "policy", "at_us"],
    CUSTODIAN,
);
pub(crate) static CLOUDTRAIL_TRUST: Table = every(
    "cloudtrail_trust",
    "policy of trail",
    &["trail", "version"],
    &["trail", "version", "policy", "at_us"],
    CUSTODIAN,
);
pub(crate) static TRUST_REFUSED: Table = every(
    "trust_refused",
    "refused head of",
    &["origin", "size", "root", "version"],
    &["origin", "size", "root", "version", "at_us"],
    HANDLING,
);
pub(crate) static NOTE: Table = every(
    "note",
    "checkpoint of",
    &["origin", "id"],
    &["id", "origin", "size", "root", "note", "signers", "at_us"],
    HANDLING,
);
pub(crate) static QUARANTINE: Table = every(
    "quarantine",
    "quarantined file",
    &["id"],
    &[
        "id", "name", "kind", "sealed", "sha256", "reason", "state", "at_us", "member", "import",
        "digest",
    ],
    HANDLING,
);
pub(crate) static IMPORT: Table = Table {
    name: "import",
    noun: "import",
    key: &["id"],
    columns: &[
        "id",
        "state",
        "name",
        "kind",
        "size",
        "sha256",
        "original",
        "begun_us",
        "finished_us",
        "actor",
        "facts",
        "first_seq",
        "records",
        "member",
        "digest",
    ],
    // One that runs is nothing yet.
    when: Some(("state", "finished")),
    by: HANDLING,
};
pub(crate) static SEGMENT: Table = every(
    "segment",
    "segment",
    &["origin", "id"],
    &[
        "id",
        "import",
        "origin",
        "first",
        "last",
        "frontier",
        "root",
        "roots",
        "checkpoint_note",
        "previous_note",
        "range_json",
        "signers",
        "links",
        "verdict",
        "store",
    ],
    HANDLING,
);
pub(crate) static SEGMENT_RUN: Table = every(
    "segment_run",
    "rows of segment",
    &["segment", "first"],
    &["segment", "first", "last", "first_seq"],
    HANDLING,
);
pub(crate) static SEGMENT_BORROWED: Table = every(
    "segment_borrowed",
    "borrowed rows of segment",
    &["segment", "first"],
    &["segment", "first", "last", "first_seq"],
    HANDLING,
);
pub(crate) static INCIDENT: Table = every(
    "incident",
    "incident",
    &["id"],
    &["id", "version", "state", "opened_us", "changed_us"],
    ANYONE,
);
pub(crate) static EVIDENCE: Table = every(
    "evidence",
    "evidence of",
    &["incident", "id"],
    &[
        "id", "incident", "seq", "revision", "body", "actor", "at_us",
    ],
    HANDLING,
);
pub(crate) static PACKET: Table = every(
    "packet",
    "packet",
    &["id"],
    &[
        "id", "incident", "audience", "name", "size", "sha256", "facts", "actor", "at_us",
    ],
    ANYONE,
);
pub(crate) static SCOPE_KEY: Table = every(
    "scope_key",
    "key of scope",
    &["scope"],
    &["scope", "sealed"],
    HANDLING,
);

pub(crate) static TABLES: [&Table; 16] = [
    &SETTING,
    &SOURCE_FILE,
    &SOURCE_IMPORT,
    &TRUST,
    &CLOUDTRAIL_TRUST,
    &TRUST_REFUSED,
    &NOTE,
    &QUARANTINE,
    &IMPORT,
    &SEGMENT,
    &SEGMENT_RUN,
    &SEGMENT_BORROWED,
    &INCIDENT,
    &EVIDENCE,
    &PACKET,
    &SCOPE_KEY,
];

/// The table of this name.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.name == name)
}
