//! `sealed`: every sealed file that something refers to.

use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, signed, unsigned};
use crate::VaultError;
use crate::marks::{self, Marks};
use crate::seal::SealedFile;

const T: &str = "sealed";

pub(crate) fn insert(conn: &Connection, marks: &Marks, f: &SealedFile) -> Result<(), VaultError> {
    let (mark, digest) = marks.seal(&f.sha256);
    conn.execute(
        "INSERT INTO sealed (id, kind, size, sha256, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        params![f.id, f.kind, signed(T, f.size)?, mark.0, digest],
    )?;
    Ok(())
}

pub(crate) fn ids(conn: &Connection) -> Result<std::collections::BTreeSet<String>, VaultError> {
    let mut statement = conn.prepare("SELECT id FROM sealed")?;
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
