//! `incident` and `incident_event`: projections of the ledger's incident entries.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{json, signed, time, to_json};
use crate::VaultError;
use crate::stated::{INCIDENT, KeyPart, Statements};

const T: &str = "incident";

/// An incident as its events left it.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentRow {
    /// Id such as `INC-2026-0001`.
    pub id: String,
    /// How many events it has.
    pub version: i64,
    /// State after the last one.
    pub state: Value,
    /// Time of the first event.
    pub opened: DateTime<Utc>,
    /// Time of the last event.
    pub changed: DateTime<Utc>,
}

/// The id of the next incident of `year`.
pub(crate) fn next_id(conn: &Connection, year: i32) -> Result<String, VaultError> {
    let prefix = format!("INC-{year:04}-");
    let last: Option<i64> = conn.query_row(
        "SELECT max(CAST(substr(id, 10) AS INTEGER)) FROM incident WHERE substr(id, 1, 9) = ?",
        [&prefix],
        |r| r.get(0),
    )?;
    Ok(format!("{prefix}{:04}", last.unwrap_or(0) + 1))
}

pub(crate) fn version(conn: &Connection, id: &str) -> Result<i64, VaultError> {
    let sql = "SELECT version FROM incident WHERE id = ?";
    Ok(conn
        .query_row(sql, [id], |r| r.get(0))
        .optional()?
        .unwrap_or(0))
}

pub(crate) fn put(
    conn: &Connection,
    id: &str,
    version: i64,
    state: &Value,
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    let us = now.timestamp_micros();
    super::execute(
        conn,
        "INSERT INTO incident (id, version, state, opened_us, changed_us) VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state, changed_us = excluded.changed_us",
        params![id, version, to_json(T, state)?, us],
    )?;
    Ok(())
}

pub(crate) fn insert_event(
    conn: &Connection,
    id: &str,
    version: i64,
    epoch: u64,
    index: u64,
    event: &Value,
) -> Result<(), VaultError> {
    super::execute(
        conn,
        "INSERT INTO incident_event (incident, version, epoch, idx, event) VALUES (?, ?, ?, ?, ?)",
        params![
            id,
            version,
            signed(T, epoch)?,
            signed(T, index)?,
            to_json(T, event)?
        ],
    )?;
    Ok(())
}

fn select() -> String {
    format!(
        "SELECT id, version, state, opened_us, changed_us, {} FROM incident",
        INCIDENT.stated_columns("")
    )
}

pub(crate) async fn all(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<Vec<IncidentRow>, VaultError> {
    let sql = format!("{} ORDER BY id", select());
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&INCIDENT);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all()?;
    rows.iter().map(from_sqlx).collect()
}

pub(crate) async fn get(
    pool: &SqlitePool,
    statements: &Statements,
    id: &str,
) -> Result<IncidentRow, VaultError> {
    let sql = format!("{} WHERE id = ?", select());
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .fetch_optional(pool)
        .await?;
    let mut reading = statements.reading(&INCIDENT);
    row.iter().try_for_each(|row| reading.row(row))?;
    reading.all_beginning(&[KeyPart::Text(id)])?;
    from_sqlx(&row.ok_or_else(|| VaultError::missing("incident", id))?)
}

/// Every incident as its row has it, for `fsck`.
pub(crate) async fn unchecked(pool: &SqlitePool) -> Result<Vec<IncidentRow>, VaultError> {
    sqlx::query("SELECT id, version, state, opened_us, changed_us FROM incident ORDER BY id")
        .fetch_all(pool)
        .await?
        .iter()
        .map(from_sqlx)
        .collect()
}

/// The events of an incident in their order, as their rows have them.
pub(crate) async fn events(pool: &SqlitePool, id: &str) -> Result<Vec<Value>, VaultError> {
    sqlx::query("SELECT event FROM incident_event WHERE incident = ? ORDER BY version")
        .bind(id)
        .fetch_all(pool)
        .await?
        .iter()
        .map(|r| json(T, r.try_get(0)?))
        .collect()
}

/// Every incident of which there is an event.
pub(crate) async fn ids_of_events(pool: &SqlitePool) -> Result<Vec<String>, VaultError> {
    let sql = "SELECT DISTINCT incident FROM incident_event ORDER BY incident";
    Ok(sqlx::query_scalar(sql).fetch_all(pool).await?)
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<IncidentRow, VaultError> {
    Ok(IncidentRow {
        id: r.try_get(0)?,
        version: r.try_get(1)?,
        state: json(T, r.try_get(2)?)?,
        opened: time(T, r.try_get(3)?)?,
        changed: time(T, r.try_get(4)?)?,
    })
}
