//! The packet: what it consists of, and the check a stranger runs on one.
//!
//! A packet is one ZIP holding a BagIt 1.0 bag (RFC 8493): a record for
//! machines (`packet.json`), a report for people (`review.pdf`), tables,
//! redacted records with proofs up to their source's checkpoint, an extract of
//! the custody log, and detached signatures over the bag's tag manifest.
//!
//! Everything that can be derived from `packet.json` *is* derived, by the code
//! in this module, when a packet is written and again when it is checked: the
//! tables, the texts, the bag's own files, and the container's headers. So the
//! check compares bytes instead of guessing, and no byte of a packet is
//! without a meaning that somebody verified.

mod attributions;
mod bag;
mod bounds;
mod container;
mod content;
mod custody;
mod facts;
mod limits;
mod logs;
mod model;
mod pdf;
mod proofs;
mod report;
mod sections;
mod signers;
mod sources;
mod statement;
mod tables;
mod texts;
mod trust;
mod verify;

pub use attributions::{
    Act, NOT_SIGNED_OFF, TIME_FIELDS, attribute, attributed_words, attributes, check_text,
    is_words, marked_member, measure_text, shows_same_words,
};
pub use bag::{bag_declaration, bag_info, manifest, tag_manifest};
pub use bounds::{
    MAX_ALL_ROWS, MAX_INCLUSION, MAX_LEAVES, MAX_PACKET_JSON, MAX_RECORD, MAX_ROWS, MAX_SIGNERS,
    MAX_SMALL, MAX_TEXT, acting_reason, acting_text, all_rows,
};
pub use container::{MAX_PACKET_BYTES, read_container, write_container};
pub use custody::member_mark;
pub use facts::{custody_note, evidence_shows};
pub use limits::derived_limitations;
pub use logs::MAX_LISTED_LEAVES;
pub use model::*;
pub use pdf::report_keywords;
pub use proofs::{
    DisclosedEntry, InclusionEntry, InclusionFile, LedgerLine, RangeFile, SignedEntry,
    origin_folder, schema_name,
};
pub use report::{
    Check, Conclusion, Finding, Line, LineName, Outcome, PacketIdentity, PacketReport, Status,
    Weight,
};
pub use sections::*;
pub use statement::{
    PAYLOAD_TYPE, STATEMENT_FORMAT, SignatureFiles, Statement, public_key_pem, raw_public_key,
    signature_files, verifier_key,
};
pub use tables::{csv_cell, table, table_names};
pub use texts::{readme_text, verify_text};
pub use trust::{
    PACKET_TRUST_FORMAT, PacketTrust, PacketTrustError, PinnedWorkspace, RequiredPerson,
    RequiredRole, RequiredSignature,
};
pub use verify::{Answer, Beside, BesideAnswers, Checked, verify, verify_bytes, verify_bytes_with};

/// The value of `format` in `packet.json`.
pub const PACKET_FORMAT: &str = "muniment/packet/2";
/// The format before it, whose custody entries did not carry their members' signatures: who is a
/// member, and who did what, is *not checked* in one.
pub const PACKET_FORMAT_BEFORE: &str = "muniment/packet/1";

/// The names of a packet's files. Nothing outside of these may be in one.
#[derive(Debug, Clone, Copy)]
pub struct Layout;

impl Layout {
    /// The bag declaration.
    pub const BAGIT: &'static str = "bagit.txt";
    /// The bag's metadata.
    pub const BAG_INFO: &'static str = "bag-info.txt";
    /// SHA-256 of every file under `data/`.
    pub const MANIFEST: &'static str = "manifest-sha256.txt";
    /// SHA-256 of the three files above; this is what signers sign.
    pub const TAG_MANIFEST: &'static str = "tagmanifest-sha256.txt";
    /// Folder of the signatures, outside the tag manifest so that several can sign.
    pub const SIGNATURES: &'static str = "signatures/";
    /// Folder of the payload.
    pub const DATA: &'static str = "data/";
    /// What this is.
    pub const README: &'static str = "data/README.txt";
    /// How to check it with openssl and sha256sum alone.
    pub const VERIFY: &'static str = "data/VERIFY.txt";
    /// The whole record.
    pub const PACKET: &'static str = "data/packet.json";
    /// The report.
    pub const REPORT: &'static str = "data/report/review.pdf";
    /// The extract of the custody log.
    pub const LEDGER: &'static str = "data/custody/ledger.ndjson";
    /// The signed head the extract is proved against.
    pub const LEDGER_CHECKPOINT: &'static str = "data/custody/checkpoint";

    /// The path of one table.
    #[must_use]
    pub fn table(name: &str) -> String {
        format!("data/tables/{name}.csv")
    }

    /// The path of one piece of evidence.
    #[must_use]
    pub fn evidence(id: &str) -> String {
        format!("data/evidence/{id}/record.json")
    }

    /// The folder of one range's proof material, with a final slash.
    #[must_use]
    pub fn proofs(origin: &str, first: u64, last: u64) -> String {
        format!("data/proofs/{}/{first}-{last}/", origin_folder(origin))
    }
}

#[cfg(test)]
mod tests;
