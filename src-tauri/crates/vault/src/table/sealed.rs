//! `sealed`: every sealed file that something refers to.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, signed, unsigned};
use crate::VaultError;
use crate::marks::{self, Marks};
use crate::seal::SealedFile;
use crate::stated::{IMPORT, QUARANTINE, SCOPE_KEY, SEGMENT, Table};

const T: &str = "sealed";

pub(crate) fn insert(conn: &Connection, marks: &Marks, f: &SealedFile) -> Result<(), VaultError> {
    let (mark, digest) = marks.seal(&f.sha256);
    super::execute(
        conn,
        "INSERT INTO sealed (id, kind, size, sha256, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        params![f.id, f.kind, signed(T, f.size)?, mark.0, digest],
    )?;
    Ok(())
}

pub(crate) fn ids(conn: &Connection) -> Result<BTreeSet<String>, VaultError> {
    let mut statement = conn.prepare("SELECT id FROM sealed")?;
    let ids = statement
        .query_map([], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Tables whose rows refer to sealed files and are obeyed only as stated.
pub(crate) static REFERRING: [&Table; 4] = [&IMPORT, &SEGMENT, &QUARANTINE, &SCOPE_KEY];

/// Sealed files that rows of [`REFERRING`] name.
pub(crate) fn referred(conn: &Connection) -> Result<BTreeSet<String>, VaultError> {
    let sql = "SELECT original FROM import WHERE original IS NOT NULL UNION SELECT store FROM segment
               UNION SELECT sealed FROM quarantine WHERE sealed IS NOT NULL UNION SELECT sealed FROM scope_key";
    let mut statement = conn.prepare(sql)?;
    let ids = statement
        .query_map([], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids)
}

/// Kind and id of every sealed file.
pub(crate) fn kinds(conn: &Connection) -> Result<Vec<(String, String)>, VaultError> {
    let mut statement = conn.prepare("SELECT kind, id FROM sealed")?;
    let kinds = statement
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(kinds)
}

/// Whether something refers to the file.
pub(crate) fn is_known(conn: &Connection, id: &str) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sealed WHERE id = ?)";
    Ok(conn.prepare_cached(sql)?.query_row([id], |r| r.get(0))?)
}

/// The sealed file of this id.
pub(crate) async fn get(
    pool: &SqlitePool,
    marks: Option<&Marks>,
    id: &str,
) -> Result<SealedFile, VaultError> {
    let row = sqlx::query("SELECT id, kind, size, sha256, digest FROM sealed WHERE id = ?")
        .bind(id)
        .fetch_optional(pool)
        .await?;
    let row = row.ok_or_else(|| VaultError::missing("sealed file", id))?;
    from_sqlx(&row, marks)
}

/// Digests are those of the bytes for a member with the originals key, marks for others.
pub(crate) async fn all(
    pool: &SqlitePool,
    marks: Option<&Marks>,
) -> Result<Vec<SealedFile>, VaultError> {
    let rows = sqlx::query("SELECT id, kind, size, sha256, digest FROM sealed ORDER BY id")
        .fetch_all(pool)
        .await?;
    rows.iter().map(|r| from_sqlx(r, marks)).collect()
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow, marks: Option<&Marks>) -> Result<SealedFile, VaultError> {
    Ok(SealedFile {
        id: r.try_get(0)?,
        kind: r.try_get(1)?,
        size: unsigned(T, r.try_get(2)?)?,
        sha256: marks::read(T, marks, hash(T, r.try_get(3)?)?, r.try_get(4)?)?,
    })
}
