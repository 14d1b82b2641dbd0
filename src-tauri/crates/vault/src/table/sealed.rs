//! `sealed`: every sealed file that something refers to.

use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, signed, unsigned};
use crate::VaultError;
use crate::seal::SealedFile;

const T: &str = "sealed";

pub(crate) fn insert(conn: &Connection, f: &SealedFile) -> Result<(), VaultError> {
    conn.execute(
        "INSERT INTO sealed (id, kind, size, sha256) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        params![f.id, f.kind, signed(T, f.size)?, f.sha256.0],
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

pub(crate) async fn all(pool: &SqlitePool) -> Result<Vec<SealedFile>, VaultError> {
    let rows = sqlx::query("SELECT id, kind, size, sha256 FROM sealed ORDER BY id")
        .fetch_all(pool)
        .await?;
    rows.iter().map(from_sqlx).collect()
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<SealedFile, VaultError> {
    Ok(SealedFile {
        id: r.try_get(0)?,
        kind: r.try_get(1)?,
        size: unsigned(T, r.try_get(2)?)?,
        sha256: hash(T, r.try_get(3)?)?,
    })
}
