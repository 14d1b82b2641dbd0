//! `quarantine`: files that failed verification, sealed, with the exact reason.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, time, to_json};
use crate::VaultError;
use crate::seal::SealedFile;

const T: &str = "quarantine";

/// A file that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Number.
    pub id: i64,
    /// File name as it came.
    pub name: String,
    /// Kind of input.
    pub kind: String,
    /// Sealed file with its bytes.
    pub sealed: String,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// Reason: code, file, line, index, field path, expected and found digests; never content.
    pub reason: Value,
    /// `held`, `admitted` (as unproven) or `released`.
    pub state: String,
    /// When it came.
    pub at: DateTime<Utc>,
}

pub(crate) fn insert(
    conn: &Connection,
    name: &str,
    kind: &str,
    file: &SealedFile,
    reason: &Value,
    now: DateTime<Utc>,
) -> Result<i64, VaultError> {
    super::sealed::insert(conn, file)?;
    conn.execute(
        "INSERT INTO quarantine (name, kind, sealed, sha256, reason, state, at_us) VALUES (?, ?, ?, ?, ?, 'held', ?)",
        params![name, kind, file.id, file.sha256.0, to_json(T, reason)?, now.timestamp_micros()],
    )?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn set_state(conn: &Connection, id: i64, state: &str) -> Result<(), VaultError> {
    match conn.execute(
        "UPDATE quarantine SET state = ? WHERE id = ?",
        params![state, id],
    )? {
        0 => Err(VaultError::missing("quarantined file", id)),
        _ => Ok(()),
    }
}

pub(crate) async fn all(pool: &SqlitePool) -> Result<Vec<Quarantined>, VaultError> {
    sqlx::query(
        "SELECT id, name, kind, sealed, sha256, reason, state, at_us FROM quarantine ORDER BY id",
    )
    .fetch_all(pool)
    .await?
    .iter()
    .map(|r| {
        Ok(Quarantined {
            id: r.try_get(0)?,
            name: r.try_get(1)?,
            kind: r.try_get(2)?,
            sealed: r.try_get(3)?,
            sha256: hash(T, r.try_get(4)?)?,
            reason: json(T, r.try_get(5)?)?,
            state: r.try_get(6)?,
            at: time(T, r.try_get(7)?)?,
        })
    })
    .collect()
}
