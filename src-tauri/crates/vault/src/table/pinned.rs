//! `evidence`: pinned disclosures. They hold what a reviewer needs of a sealed original, materialised by
//! somebody who could open it.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{json, time, to_json};
use crate::VaultError;
use crate::stated::{EVIDENCE, KeyPart, Statements};

const T: &str = "evidence";

/// One revision of a pinned piece of evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct PinnedEvidence {
    /// Number.
    pub id: i64,
    /// Incident.
    pub incident: String,
    /// Event it discloses, if it is one.
    pub seq: Option<i64>,
    /// Revision, from 1, per incident and event.
    pub revision: i64,
    /// Disclosure with its proof, and its dates.
    pub body: Value,
    /// Who pinned it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

pub(crate) fn insert(
    conn: &Connection,
    incident: &str,
    seq: Option<i64>,
    body: &Value,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(i64, i64), VaultError> {
    let revision: i64 = match seq {
        None => 1,
        Some(seq) => conn.query_row(
            "SELECT coalesce(max(revision), 0) + 1 FROM evidence WHERE incident = ? AND seq = ?",
            params![incident, seq],
            |r| r.get(0),
        )?,
    };
    conn.execute(
        "INSERT INTO evidence (incident, seq, revision, body, actor, at_us) VALUES (?, ?, ?, ?, ?, ?)",
        params![incident, seq, revision, to_json(T, body)?, actor, now.timestamp_micros()],
    )?;
    Ok((conn.last_insert_rowid(), revision))
}

pub(crate) async fn of(
    pool: &SqlitePool,
    statements: &Statements,
    incident: &str,
) -> Result<Vec<PinnedEvidence>, VaultError> {
    let sql = format!(
        "SELECT id, incident, seq, revision, body, actor, at_us, {} FROM evidence WHERE incident = ? ORDER BY id",
        EVIDENCE.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(incident)
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&EVIDENCE);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all_beginning(&[KeyPart::Text(incident)])?;
    rows.iter()
        .map(|r| {
            Ok(PinnedEvidence {
                id: r.try_get(0)?,
                incident: r.try_get(1)?,
                seq: r.try_get(2)?,
                revision: r.try_get(3)?,
                body: json(T, r.try_get(4)?)?,
                actor: r.try_get(5)?,
                at: time(T, r.try_get(6)?)?,
            })
        })
        .collect()
}
