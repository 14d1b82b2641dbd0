//! `trust`: the trust policy of each origin, every version of it.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{Stored, hash, json, time, to_json};
use crate::VaultError;
use crate::stated::{KeyPart, Statements, TRUST, TRUST_REFUSED};

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
pub(crate) async fn newest(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<Vec<OriginTrust>, VaultError> {
    let mut newest: Vec<OriginTrust> = Vec::new();
    for policy in versions(pool, statements).await? {
        // Every version is read, so that none can be taken away from the end.
        newest.retain(|older| older.origin != policy.origin);
        newest.push(policy);
    }
    Ok(newest)
}

/// All versions of every origin's policy, oldest first.
pub(crate) async fn versions(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<Vec<OriginTrust>, VaultError> {
    read(pool, statements, None).await
}

async fn read(
    pool: &SqlitePool,
    statements: &Statements,
    origin: Option<&str>,
) -> Result<Vec<OriginTrust>, VaultError> {
    let sql = format!(
        "SELECT origin, version, policy, at_us, {} FROM trust WHERE ?1 IS NULL OR origin = ?1 ORDER BY origin, version",
        TRUST.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(origin)
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&TRUST);
    rows.iter().try_for_each(|row| reading.row(row))?;
    match origin {
        None => reading.all()?,
        Some(origin) => reading.all_beginning(&[KeyPart::Text(origin)])?,
    }
    rows.iter().map(from_sqlx).collect()
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
    statements: &Statements,
    origin: &str,
    size: i64,
    root: &Hash,
) -> Result<Vec<i64>, VaultError> {
    let sql = format!(
        "SELECT version, root, {} FROM trust_refused WHERE origin = ? AND size = ? ORDER BY version",
        TRUST_REFUSED.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(origin)
        .bind(size)
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&TRUST_REFUSED);
    let mut refused = Vec::new();
    for row in &rows {
        reading.row(row)?;
        if hash(T, row.try_get(1)?)? == *root {
            refused.push(row.try_get(0)?);
        }
    }
    reading.all_beginning(&[KeyPart::Text(origin), KeyPart::Number(size)])?;
    Ok(refused)
}

/// All versions of one origin's policy, oldest first.
pub(crate) async fn history(
    pool: &SqlitePool,
    statements: &Statements,
    origin: &str,
) -> Result<Vec<OriginTrust>, VaultError> {
    read(pool, statements, Some(origin)).await
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<OriginTrust, VaultError> {
    Ok(OriginTrust {
        origin: r.try_get(0)?,
        version: r.try_get(1)?,
        policy: json(T, r.try_get(2)?)?,
        at: time(T, r.try_get(3)?)?,
    })
}
