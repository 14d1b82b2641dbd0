//! `import`: each file that came in.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, signed, time, to_json, unsigned};
use crate::VaultError;
use crate::marks::{self, Marks};
use crate::names;
use crate::stated::{IMPORT, Statements};

const T: &str = "import";

/// A finished import.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Number.
    pub id: i64,
    /// File name as it came, for a member with the originals key; for others, words that tell it from others.
    pub name: String,
    /// Kind of input.
    pub kind: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes for a member with the originals key, [`mark`](Self::mark) for others.
    pub sha256: Hash,
    /// By what these bytes are recognised: the same for every member.
    pub mark: Hash,
    /// Sealed file that holds the original bytes.
    pub original: String,
    /// When it began.
    pub begun: DateTime<Utc>,
    /// When it became visible.
    pub finished: DateTime<Utc>,
    /// The member who imported it.
    pub actor: String,
    /// Facts of the verdict.
    pub facts: Value,
    /// Number of its first event.
    pub first_seq: i64,
    /// How many events it added.
    pub records: u64,
    /// The file inside the original, where that is an archive; size and digest are this file's.
    pub member: Option<String>,
}

#[allow(
    clippy::too_many_arguments,
    reason = "the columns of one row, in their order"
)]
pub(crate) fn begin(
    conn: &Connection,
    name: &str,
    kind: &str,
    size: u64,
    (mark, digest): (Hash, [u8; 32]),
    original: &str,
    actor: &str,
    first_seq: i64,
    now: DateTime<Utc>,
) -> Result<i64, VaultError> {
    super::execute(
        conn,
        "INSERT INTO import (state, name, kind, size, sha256, digest, original, begun_us, actor, first_seq)
         VALUES ('staged', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            name,
            kind,
            signed(T, size)?,
            mark.0,
            digest,
            original,
            now.timestamp_micros(),
            actor,
            first_seq
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

/// Names the file inside the original, where that is an archive.
pub(crate) fn set_member(conn: &Connection, id: i64, member: &str) -> Result<(), VaultError> {
    super::execute(
        conn,
        "UPDATE import SET member = ? WHERE id = ?",
        params![member, id],
    )?;
    Ok(())
}

pub(crate) fn finish(
    conn: &Connection,
    id: i64,
    facts: &Value,
    records: u64,
    now: DateTime<Utc>,
) -> Result<(), VaultError> {
    super::execute(
        conn,
        "UPDATE import SET state = 'finished', facts = ?, records = ?, finished_us = ? WHERE id = ?",
        params![
            to_json(T, facts)?,
            signed(T, records)?,
            now.timestamp_micros(),
            id
        ],
    )?;
    Ok(())
}

/// The finished import that holds the bytes of this mark.
pub(crate) fn known(conn: &Connection, mark: &Hash) -> Result<Option<i64>, VaultError> {
    let sql = "SELECT id FROM import WHERE sha256 = ? AND state = 'finished'";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row([mark.0], |r| r.get(0)).optional()?)
}

/// Takes back everything that unfinished imports staged.
pub(crate) fn discard_staged(conn: &Connection, statements: &Statements) -> Result<(), VaultError> {
    // Compared, because what lies behind it is removed.
    let visible = super::setting::visible(conn, statements)?;
    super::retold::discard_after(conn, visible)?;
    super::execute(conn, "DELETE FROM event WHERE seq > ?", [visible])?;
    super::exposure::discard_after(conn, visible)?;
    for table in ["text", "path", "shape", "subject"] {
        super::execute(
            conn,
            &format!("DELETE FROM {table} WHERE import IS NOT NULL"),
            [],
        )?;
    }
    super::execute(conn, "DELETE FROM import WHERE state = 'staged'", [])?;
    Ok(())
}

fn select() -> String {
    // What a row says is all that is read of it, in this order.
    format!(
        "SELECT {} FROM import WHERE state = 'finished'",
        IMPORT.stated_columns("")
    )
}

pub(crate) async fn after(
    pool: &SqlitePool,
    statements: &Statements,
    marks: Option<&Marks>,
    id: i64,
    limit: u32,
) -> Result<Vec<Import>, VaultError> {
    let sql = format!("{} AND id > ? ORDER BY id LIMIT ?", select());
    let mut reading = statements.reading(&IMPORT);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .bind(limit)
        .map(|row: SqliteRow| {
            reading.row(&row)?;
            from_sqlx(&row, marks)
        })
        .fetch_all(pool)
        .await?;
    let imports = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    if id == 0 && (imports.len() as u64) < u64::from(limit) {
        reading.all()?;
    }
    Ok(imports)
}

/// The newest of those before number `before`, newest first.
pub(crate) async fn newest(
    pool: &SqlitePool,
    statements: &Statements,
    marks: Option<&Marks>,
    before: i64,
    limit: u32,
) -> Result<Vec<Import>, VaultError> {
    let sql = format!("{} AND id < ? ORDER BY id DESC LIMIT ?", select());
    let mut reading = statements.reading(&IMPORT);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(before)
        .bind(limit)
        .map(|row: SqliteRow| {
            reading.row(&row)?;
            from_sqlx(&row, marks)
        })
        .fetch_all(pool)
        .await?;
    rows.into_iter().collect()
}

pub(crate) async fn get(
    pool: &SqlitePool,
    statements: &Statements,
    marks: Option<&Marks>,
    id: i64,
) -> Result<Import, VaultError> {
    let found = after(pool, statements, marks, id - 1, 1)
        .await?
        .into_iter()
        .find(|i| i.id == id);
    found.ok_or_else(|| VaultError::missing("import", id))
}

fn from_sqlx(r: &SqliteRow, marks: Option<&Marks>) -> Result<Import, VaultError> {
    let mark = hash(T, r.try_get(5)?)?;
    Ok(Import {
        id: r.try_get(0)?,
        name: names::read(T, marks, r.try_get(2)?)?,
        kind: r.try_get(3)?,
        size: unsigned(T, r.try_get(4)?)?,
        sha256: marks::read(T, marks, mark, r.try_get(14)?)?,
        mark,
        original: r.try_get(6)?,
        begun: time(T, r.try_get(7)?)?,
        finished: time(T, r.try_get(8)?)?,
        actor: r.try_get(9)?,
        facts: json(T, r.try_get(10)?)?,
        first_seq: r.try_get(11)?,
        records: unsigned(T, r.try_get(12)?)?,
        member: (r.try_get::<Option<String>, _>(13)?)
            .map(|member| names::read(T, marks, member))
            .transpose()?,
    })
}
