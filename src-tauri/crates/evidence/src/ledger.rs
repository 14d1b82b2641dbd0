//! The rules of a custody ledger that do not need the vault behind it: who is a member in which
//! role, which role may record what, and what an entry's signature is over. The vault writes and
//! replays its ledger by them, and the check of a packet holds the part that a packet carries to
//! the same ones.

mod membership;
mod role;

pub use membership::{EnrolledMember, Membership, membership};
pub use role::{Role, may_record};

use crate::hash::Hash;

/// Value text of the `@schema` of every entry.
pub const SCHEMA: &str = r#"{"id":"muniment-ledger","version":1}"#;
/// Kind of the first entry of the first epoch.
pub const CREATED: &str = "vault.created";
/// Kind of the entry that enrols a member.
pub const ENROLLED: &str = "member.enrolled";
/// Kind of the entry by which the recovery key enrols a new custodian.
pub const RECOVERED: &str = "member.recovered";
/// Kind of the first entry of every later epoch.
pub const RESTORED: &str = "ledger.restored";
/// Kind of the entries that carry an incident's events.
pub const INCIDENT_EVENT: &str = "incident.event";

/// What the Ed25519 signature of an entry is over: the vault, the entry's place in its log, the
/// root of the log before it, and its leaf hash.
#[must_use]
pub fn entry_message(vault: &str, epoch: u64, index: u64, previous: &Hash, leaf: &Hash) -> Vec<u8> {
    let mut out = b"muniment/ledger-entry/v1\n".to_vec();
    out.extend_from_slice(&(vault.len() as u64).to_be_bytes());
    out.extend_from_slice(vault.as_bytes());
    out.extend_from_slice(&epoch.to_be_bytes());
    out.extend_from_slice(&index.to_be_bytes());
    out.extend_from_slice(&previous.0);
    out.extend_from_slice(&leaf.0);
    out
}

/// Origin of the log of an epoch: `<vault id>/ledger/<epoch>`.
#[must_use]
pub fn ledger_origin(vault: &str, epoch: u64) -> String {
    format!("{}/{epoch}", ledger_key_name(vault))
}

/// Name under which members sign heads of the ledger: `<vault id>/ledger`.
#[must_use]
pub fn ledger_key_name(vault: &str) -> String {
    format!("{vault}/ledger")
}

/// The vault and the epoch of a ledger's origin; see [`ledger_origin`].
#[must_use]
pub fn vault_and_epoch(origin: &str) -> Option<(&str, u64)> {
    let (name, epoch) = origin.rsplit_once('/')?;
    let vault = name.strip_suffix("/ledger")?;
    let number: u64 = epoch.parse().ok()?;
    (!vault.is_empty() && number.to_string() == epoch).then_some((vault, number))
}
