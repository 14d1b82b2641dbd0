//! `source_file` and `source_import`: the workspace's own source files, and which imports are read as which.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, OptionalExtension as _, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, time};
use crate::VaultError;
use crate::stated::{SOURCE_FILE, SOURCE_IMPORT, Statements};

const T: &str = "source_file";

/// One version of a source file of the workspace's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSource {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of the file.
    pub digest: Hash,
    /// The file.
    pub body: Vec<u8>,
    /// Why it was added, where somebody said so.
    pub reason: Option<String>,
    /// Member who added it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

pub(crate) fn insert(conn: &Connection, file: &OwnSource) -> Result<(), VaultError> {
    let there: Option<i64> = conn
        .query_row(
            "SELECT version FROM source_file WHERE id = ? AND version = ?",
            params![file.id, file.version],
            |r| r.get(0),
        )
        .optional()?;
    if there.is_some() {
        return Err(VaultError::SourceVersion {
            id: file.id.clone(),
            version: file.version,
        });
    }
    conn.execute(
        "INSERT INTO source_file (id, version, digest, body, reason, actor, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        params![
            file.id,
            file.version,
            file.digest.0,
            file.body,
            file.reason,
            file.actor,
            file.at.timestamp_micros()
        ],
    )?;
    Ok(())
}

pub(crate) async fn all(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<Vec<OwnSource>, VaultError> {
    let sql = format!(
        "SELECT id, version, digest, body, reason, actor, at_us, {} FROM source_file ORDER BY id, version",
        SOURCE_FILE.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&SOURCE_FILE);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all()?;
    rows.iter()
        .map(|r| {
            Ok(OwnSource {
                id: r.try_get(0)?,
                version: u32::try_from(r.try_get::<i64, _>(1)?)
                    .map_err(|_| VaultError::corrupt(T, "a version is out of range"))?,
                digest: hash(T, &r.try_get::<Vec<u8>, _>(2)?)?,
                body: r.try_get(3)?,
                reason: r.try_get(4)?,
                actor: r.try_get(5)?,
                at: time(T, r.try_get(6)?)?,
            })
        })
        .collect()
}

pub(crate) fn assign(conn: &Connection, import: i64, source: &str) -> Result<(), VaultError> {
    conn.execute(
        "INSERT INTO source_import (import, source) VALUES (?, ?)
         ON CONFLICT (import) DO UPDATE SET source = excluded.source",
        params![import, source],
    )?;
    Ok(())
}

pub(crate) async fn assigned(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<BTreeMap<i64, String>, VaultError> {
    let sql = format!(
        "SELECT import, source, {} FROM source_import",
        SOURCE_IMPORT.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&SOURCE_IMPORT);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all()?;
    rows.iter()
        .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
        .collect()
}
