//! One file per table: its row, how it is written (on the one writer) and how it is read (on the read pool).

pub(crate) mod cloudtrail_trust;
pub(crate) mod dictionary;
pub(crate) mod event;
pub(crate) mod exposure;
pub(crate) mod import;
pub(crate) mod incident;
pub(crate) mod intake;
pub(crate) mod ledger;
pub(crate) mod member;
pub(crate) mod note;
pub(crate) mod packet;
pub(crate) mod pinned;
pub(crate) mod quarantine;
pub(crate) mod retold;
pub(crate) mod row;
pub(crate) mod scope_key;
pub(crate) mod sealed;
pub(crate) mod segment;
pub(crate) mod setting;
pub(crate) mod source_file;
pub(crate) mod subject;
pub(crate) mod trust;

use chrono::{DateTime, Utc};
use evidence::Hash;

use crate::VaultError;

/// Runs a statement that is prepared once for its connection. What it changes in a stated table is noted by triggers, and
/// preparing those costs many times what a row does.
pub(crate) fn execute(
    conn: &rusqlite::Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<usize> {
    conn.prepare_cached(sql)?.execute(params)
}

/// Microseconds to a time.
pub(crate) fn time(table: &'static str, us: i64) -> Result<DateTime<Utc>, VaultError> {
    DateTime::from_timestamp_micros(us)
        .ok_or_else(|| VaultError::corrupt(table, "a time is out of range"))
}

/// 32 stored bytes to a hash.
pub(crate) fn hash(table: &'static str, bytes: &[u8]) -> Result<Hash, VaultError> {
    <[u8; 32]>::try_from(bytes)
        .map(Hash)
        .map_err(|_| VaultError::corrupt(table, "a hash is not 32 bytes long"))
}

/// A stored count or size.
pub(crate) fn unsigned(table: &'static str, value: i64) -> Result<u64, VaultError> {
    u64::try_from(value).map_err(|_| VaultError::corrupt(table, "a count is negative"))
}

/// A count or size to store: SQLite's integers are signed, and everything here is below 2^53.
pub(crate) fn signed(table: &'static str, value: u64) -> Result<i64, VaultError> {
    i64::try_from(value).map_err(|_| VaultError::corrupt(table, "a count is beyond 2^63"))
}

/// Stored JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<T, VaultError> {
    serde_json::from_str(text)
        .map_err(|_| VaultError::corrupt(table, "a JSON column is not in its format"))
}

/// A version of a policy that was just stored, for the ledger entry that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number, from 1.
    pub version: i64,
    /// SHA-256 of the policy as it is stored.
    pub digest: Hash,
}

/// JSON to store.
pub(crate) fn to_json<T: serde::Serialize>(
    table: &'static str,
    value: &T,
) -> Result<String, VaultError> {
    serde_json::to_string(value)
        .map_err(|_| VaultError::corrupt(table, "a value does not serialise"))
}
