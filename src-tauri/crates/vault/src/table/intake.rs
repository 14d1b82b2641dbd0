//! `intake`: imports that were asked for and have not ended.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{json, signed, time, to_json, unsigned};
use crate::VaultError;
use crate::marks::Marks;
use crate::names;

const T: &str = "intake";

/// An import that was asked for and has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// Number.
    pub id: i64,
    /// Files and folders as they were named; none for a member without the originals key.
    pub paths: Vec<String>,
    /// Files of it that came to an end, well or not.
    pub ended: u64,
    /// The file it had come to, as the caller described it.
    pub current: Option<Value>,
    /// That file's sealed copy.
    pub sealed: Option<String>,
    /// The member who asked.
    pub actor: String,
    /// When.
    pub begun: DateTime<Utc>,
}

pub(crate) fn begin(
    conn: &Connection,
    marks: &Marks,
    paths: &[String],
    actor: &str,
    now: DateTime<Utc>,
) -> Result<i64, VaultError> {
    super::execute(
        conn,
        "INSERT INTO intake (paths, actor, begun_us) VALUES (?, ?, ?)",
        params![
            marks.names.hide(&to_json(T, &paths)?),
            actor,
            now.timestamp_micros()
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

/// Notes the file that is being imported.
pub(crate) fn set_current(
    conn: &Connection,
    marks: &Marks,
    id: i64,
    current: &Value,
    sealed: &str,
) -> Result<(), VaultError> {
    let set = super::execute(
        conn,
        "UPDATE intake SET current = ?, sealed = ? WHERE id = ?",
        params![marks.names.hide(&to_json(T, current)?), sealed, id],
    )?;
    found(set, id)
}

/// The file has come to its end; gives the sealed copy it had.
pub(crate) fn clear_current(
    conn: &Connection,
    id: i64,
    ended: u64,
) -> Result<Option<String>, VaultError> {
    let sql = "SELECT sealed FROM intake WHERE id = ?";
    let sealed: Option<Option<String>> = conn
        .prepare_cached(sql)?
        .query_row([id], |r| r.get(0))
        .optional()?;
    let set = super::execute(
        conn,
        "UPDATE intake SET current = NULL, sealed = NULL, ended = ended + ? WHERE id = ?",
        params![signed(T, ended)?, id],
    )?;
    found(set, id)?;
    Ok(sealed.flatten())
}

pub(crate) fn delete(conn: &Connection, id: i64) -> Result<(), VaultError> {
    found(
        super::execute(conn, "DELETE FROM intake WHERE id = ?", [id])?,
        id,
    )
}

fn found(rows: usize, id: i64) -> Result<(), VaultError> {
    match rows {
        0 => Err(VaultError::missing("interrupted import", id)),
        _ => Ok(()),
    }
}

/// Whether an original is still needed by anything.
pub(crate) fn refers(conn: &Connection, sealed: &str) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM import WHERE original = ?1 AND state = 'finished')
        OR EXISTS (SELECT 1 FROM quarantine WHERE sealed = ?1)
        OR EXISTS (SELECT 1 FROM intake WHERE sealed = ?1)";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([sealed], |r| r.get(0))?)
}

/// All of them. Who may not read names sees that they are there, and no path of them.
pub(crate) async fn all(
    pool: &SqlitePool,
    marks: Option<&Marks>,
) -> Result<Vec<Intake>, VaultError> {
    let readable = |kept: String| -> Result<Option<String>, VaultError> {
        if names::is_sealed(&kept) && marks.is_none() {
            return Ok(None);
        }
        names::read(T, marks, kept).map(Some)
    };

    sqlx::query("SELECT id, paths, ended, current, sealed, actor, begun_us FROM intake ORDER BY id")
        .fetch_all(pool)
        .await?
        .iter()
        .map(|r| {
            let current: Option<String> = r.try_get(3)?;
            let current = current.map(readable).transpose()?.flatten();
            let paths = readable(r.try_get(1)?)?;
            Ok(Intake {
                id: r.try_get(0)?,
                paths: paths.map_or_else(|| Ok(Vec::new()), |text| json(T, &text))?,
                ended: unsigned(T, r.try_get(2)?)?,
                current: current.map(|text| json(T, &text)).transpose()?,
                sealed: r.try_get(4)?,
                actor: r.try_get(5)?,
                begun: time(T, r.try_get(6)?)?,
            })
        })
        .collect()
}
