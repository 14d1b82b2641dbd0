//! `trust`: the trust policy of each origin, every version of it.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{Stored, json, time, to_json};
use crate::VaultError;

const T: &str = "trust";

/// The policy of one origin as one version stated it.
#[derive(Clone, Debug, PartialEq)]
pub struct OriginTrust {
    /// Origin.
    pub origin: String,
    /// Version, from 1.
    pub version: i64,
    /// Policy, in the format of the trust file.
    pub policy: Value,
    /// When it was set.
    pub at: DateTime<Utc>,
}

pub(crate) fn set(
    conn: &Connection,
    origin: &str,
    policy: &Value,
    now: DateTime<Utc>,
) -> Result<Stored, VaultError> {
    let policy = to_json(T, policy)?;
    let version: i64 = conn.query_row(
        "SELECT coalesce(max(version), 0) + 1 FROM trust WHERE origin = ?",
        [origin],
        |r| r.get(0),
    )?;
    conn.execute(
        "INSERT INTO trust (origin, version, policy, at_us) VALUES (?, ?, ?, ?)",
        params![origin, version, policy, now.timestamp_micros()],
    )?;
    Ok(Stored {
        version,
        digest: Hash::sha256(policy.as_bytes()),
    })
}

/// The newest version of each origin's policy.
pub(crate) async fn newest(pool: &SqlitePool) -> Result<Vec<OriginTrust>, VaultError> {
    sqlx::query(
        "SELECT origin, version, policy, at_us FROM trust t
         WHERE version = (SELECT max(version) FROM trust WHERE origin = t.origin) ORDER BY origin",
    )
    .fetch_all(pool)
    .await?
    .iter()
    .map(from_sqlx)
    .collect()
}

/// All versions of every origin's policy, oldest first.
pub(crate) async fn versions(pool: &SqlitePool) -> Result<Vec<OriginTrust>, VaultError> {
    sqlx::query("SELECT origin, version, policy, at_us FROM trust ORDER BY origin, version")
        .fetch_all(pool)
        .await?
        .iter()
        .map(from_sqlx)
        .collect()
}

/// Remembers that a version of the policy refused the log's head (size, root).
pub(crate) fn refuse(
    conn: &Connection,
    origin: &str,
    size: i64,
    root: &Hash,
    version: i64,
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    conn.execute(
        "INSERT OR IGNORE INTO trust_refused (origin, size, root, version, at_us) VALUES (?, ?, ?, ?, ?)",
        params![origin, size, root.0, version, now.timestamp_micros()],
    )?;
    Ok(())
}

/// Versions of the policy that refused this head.
pub(crate) async fn refused(
    pool: &SqlitePool,
    origin: &str,
    size: i64,
    root: &Hash,
) -> Result<Vec<i64>, VaultError> {
    let rows = sqlx::query(
        "SELECT version FROM trust_refused WHERE origin = ? AND size = ? AND root = ? ORDER BY version",
    )
    .bind(origin)
    .bind(size)
    .bind(root.0.as_slice())
    .fetch_all(pool)
    .await?;
    rows.iter().map(|r| Ok(r.try_get(0)?)).collect()
}

/// All versions of one origin's policy, oldest first.
pub(crate) async fn history(
    pool: &SqlitePool,
    origin: &str,
) -> Result<Vec<OriginTrust>, VaultError> {
    sqlx::query(
        "SELECT origin, version, policy, at_us FROM trust WHERE origin = ? ORDER BY version",
    )
    .bind(origin)
    .fetch_all(pool)
    .await?
    .iter()
    .map(from_sqlx)
    .collect()
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<OriginTrust, VaultError> {
    Ok(OriginTrust {
        origin: r.try_get(0)?,
        version: r.try_get(1)?,
        policy: json(T, r.try_get(2)?)?,
        at: time(T, r.try_get(3)?)?,
    })
}
