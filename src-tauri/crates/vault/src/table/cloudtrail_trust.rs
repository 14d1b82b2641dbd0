//! `cloudtrail_trust`: the pinned policy of each CloudTrail trail, every version of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{Stored, json, to_json};
use crate::VaultError;
use crate::stated::{CLOUDTRAIL_TRUST, Statements};

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
pub(crate) async fn newest(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<Vec<Value>, VaultError> {
    let sql = format!(
        "SELECT trail, policy, {} FROM cloudtrail_trust ORDER BY trail, version",
        CLOUDTRAIL_TRUST.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&CLOUDTRAIL_TRUST);
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for row in &rows {
        reading.row(row)?;
        newest.insert(row.try_get(0)?, json(T, row.try_get(1)?)?);
    }
    // Every version is read, so that none can be taken away from the end.
    reading.all()?;
    Ok(newest.into_values().collect())
}
