//! `note`: verified checkpoints of origins, also those that came without records.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, signed, time, to_json, unsigned};
use crate::VaultError;
use crate::stated::{KeyPart, NOTE, Statements};

const T: &str = "note";

/// A checkpoint that a pinned key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginNote {
    /// Origin.
    pub origin: String,
    /// Tree size.
    pub size: u64,
    /// Root at that size.
    pub root: Hash,
    /// The signed note.
    pub note: String,
    /// Verifier keys whose signatures verified.
    pub signers: Vec<String>,
    /// When it came in.
    pub at: DateTime<Utc>,
}

pub(crate) fn insert(conn: &Connection, n: &OriginNote) -> Result<(), VaultError> {
    super::execute(
        conn,
        "INSERT INTO note (origin, size, root, note, signers, at_us) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (origin, note) DO UPDATE SET signers = excluded.signers",
        params![
            n.origin,
            signed(T, n.size)?,
            n.root.0,
            n.note,
            to_json(T, &n.signers)?,
            n.at.timestamp_micros()
        ],
    )?;
    Ok(())
}

pub(crate) async fn of(
    pool: &SqlitePool,
    statements: &Statements,
    origin: &str,
) -> Result<Vec<OriginNote>, VaultError> {
    let sql = format!(
        "SELECT origin, size, root, note, signers, at_us, {} FROM note WHERE origin = ? ORDER BY size, id",
        NOTE.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(origin)
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&NOTE);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all_beginning(&[KeyPart::Text(origin)])?;
    rows.iter()
        .map(|r| {
            Ok(OriginNote {
                origin: r.try_get(0)?,
                size: unsigned(T, r.try_get(1)?)?,
                root: hash(T, r.try_get(2)?)?,
                note: r.try_get(3)?,
                signers: json(T, r.try_get(4)?)?,
                at: time(T, r.try_get(5)?)?,
            })
        })
        .collect()
}
