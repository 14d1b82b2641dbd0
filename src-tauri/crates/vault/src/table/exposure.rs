//! `exposure`: content that a record should not hold, by kind and field.

use redaction::exposure::FieldExposure;
use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use crate::VaultError;

/// One exposure of a visible record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposureRow {
    /// The record.
    pub seq: i64,
    /// The field's path.
    pub path: String,
    /// The kind's id.
    pub kind: String,
}

pub(crate) fn insert(
    conn: &Connection,
    seq: i64,
    exposed: &FieldExposure,
) -> Result<(), VaultError> {
    conn.prepare_cached("INSERT OR IGNORE INTO exposure (seq, path, kind) VALUES (?, ?, ?)")?
        .execute(params![seq, exposed.path, exposed.kind.code()])?;
    Ok(())
}

/// What was found in a row that is made anew.
pub(crate) fn forget(conn: &Connection, seq: i64) -> Result<(), VaultError> {
    conn.prepare_cached("DELETE FROM exposure WHERE seq = ?")?
        .execute([seq])?;
    Ok(())
}

/// What unfinished imports found.
pub(crate) fn discard_after(conn: &Connection, visible: i64) -> Result<(), VaultError> {
    super::execute(conn, "DELETE FROM exposure WHERE seq > ?", [visible])?;
    Ok(())
}

/// Those of visible records after `seq`, in order, whole records only: of the last record met all or none.
pub(crate) async fn after(
    pool: &SqlitePool,
    visible: i64,
    seq: i64,
    limit: u32,
) -> Result<Vec<ExposureRow>, VaultError> {
    let rows = sqlx::query(
        "SELECT seq, path, kind FROM exposure
         WHERE seq IN (SELECT DISTINCT seq FROM exposure WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3)
         ORDER BY seq, path, kind",
    )
    .bind(seq)
    .bind(visible)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|r| {
            Ok(ExposureRow {
                seq: r.try_get(0)?,
                path: r.try_get(1)?,
                kind: r.try_get(2)?,
            })
        })
        .collect()
}
