//! `cloudtrail_trust`: the pinned policy of each CloudTrail trail, every version of it.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{Stored, json, to_json};
use crate::VaultError;

const T: &str = "cloudtrail_trust";

pub(crate) fn set(
    conn: &Connection,
    trail: &str,
    policy: &Value,
    now: DateTime<Utc>,
) -> Result<Stored, VaultError> {
    let policy = to_json(T, policy)?;
    let version: i64 = conn.query_row(
        "SELECT coalesce(max(version), 0) + 1 FROM cloudtrail_trust WHERE trail = ?",
        [trail],
        |r| r.get(0),
    )?;
    conn.execute(
        "INSERT INTO cloudtrail_trust (trail, version, policy, at_us) VALUES (?, ?, ?, ?)",
        params![trail, version, policy, now.timestamp_micros()],
    )?;
    Ok(Stored {
        version,
        digest: Hash::sha256(policy.as_bytes()),
    })
}

/// The newest version of each trail's policy, by the trail's name.
pub(crate) async fn newest(pool: &SqlitePool) -> Result<Vec<Value>, VaultError> {
    sqlx::query(
        "SELECT policy FROM cloudtrail_trust t
         WHERE version = (SELECT max(version) FROM cloudtrail_trust WHERE trail = t.trail)
         ORDER BY trail",
    )
    .fetch_all(pool)
    .await?
    .iter()
    .map(|row| json(T, row.try_get(0)?))
    .collect()
}
