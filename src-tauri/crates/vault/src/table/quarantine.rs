//! `quarantine`: files that failed verification, sealed, with the exact reason.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, time, to_json};
use crate::marks::{self, Marks};
use crate::names;
use crate::seal::SealedFile;
use crate::stated::{QUARANTINE, Statements};
use crate::{ImportMember, VaultError};

const T: &str = "quarantine";

/// A file that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Number.
    pub id: i64,
    /// File name as it came, for a member with the originals key; for others, words that tell it from others.
    pub name: String,
    /// Kind of input.
    pub kind: String,
    /// Sealed file with its bytes.
    pub sealed: String,
    /// SHA-256 of its bytes for a member with the originals key, a mark of it for others.
    pub sha256: Hash,
    /// Reason: code, file, line, index, field, expected and found digests; never content. Its code only, for a member
    /// without the originals key.
    pub reason: Value,
    /// `held`, `admitted` (as unproven) or `released`.
    pub state: String,
    /// When it came.
    pub at: DateTime<Utc>,
    /// The file inside the sealed one, where that is an archive; the digest is this file's.
    pub member: Option<String>,
    /// The import that its admission became.
    pub import: Option<i64>,
}

#[allow(
    clippy::too_many_arguments,
    reason = "the columns of one row, in their order"
)]
pub(crate) fn insert(
    conn: &Connection,
    marks: &Marks,
    name: &str,
    kind: &str,
    file: &SealedFile,
    member: Option<&ImportMember>,
    reason: &Value,
    now: DateTime<Utc>,
) -> Result<i64, VaultError> {
    super::sealed::insert(conn, marks, file)?;
    let (mark, digest) = marks.seal(member.map_or(&file.sha256, |m| &m.sha256));
    super::execute(
        conn,
        "INSERT INTO quarantine (name, kind, sealed, sha256, digest, reason, state, at_us, member)
         VALUES (?, ?, ?, ?, ?, ?, 'held', ?, ?)",
        params![
            marks.names.hide(name),
            kind,
            file.id,
            mark.0,
            digest,
            to_json(T, &names::hide_reason(marks, reason))?,
            now.timestamp_micros(),
            member.map(|m| marks.names.hide(&m.name))
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn set_state(conn: &Connection, id: i64, state: &str) -> Result<(), VaultError> {
    match super::execute(
        conn,
        "UPDATE quarantine SET state = ? WHERE id = ?",
        params![state, id],
    )? {
        0 => Err(VaultError::missing("quarantined file", id)),
        _ => Ok(()),
    }
}

/// Marks a held file as admitted by an import.
pub(crate) fn admit(conn: &Connection, id: i64, import: i64) -> Result<(), VaultError> {
    let set = super::execute(
        conn,
        "UPDATE quarantine SET state = 'admitted', import = ? WHERE id = ? AND state = 'held'",
        params![import, id],
    )?;
    match set {
        0 => Err(VaultError::missing("file held in quarantine", id)),
        _ => Ok(()),
    }
}

const COLUMNS: &str =
    "id, name, kind, sealed, sha256, reason, state, at_us, member, import, digest";

pub(crate) async fn all(
    pool: &SqlitePool,
    statements: &Statements,
    marks: Option<&Marks>,
) -> Result<Vec<Quarantined>, VaultError> {
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM quarantine ORDER BY id",
        QUARANTINE.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&QUARANTINE);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all()?;
    rows.iter().map(|r| from_sqlx(r, marks)).collect()
}

/// The file with these bytes that is held. A file in an archive that cannot be unpacked has no bytes of its own: it is
/// held under the archive's digest and its name.
pub(crate) async fn held(
    pool: &SqlitePool,
    statements: &Statements,
    marks: &Marks,
    sha256: &Hash,
    unreadable: Option<&str>,
) -> Result<Option<Quarantined>, VaultError> {
    // By its name where it has one: as many files of one archive may be held under the archive's bytes.
    let (named, of_archive) = match unreadable {
        Some(_) => ("member = ?2", "sha256 IS"),
        None => ("?2 IS NULL", "member IS NULL OR sha256 IS NOT"),
    };
    let sql = format!(
        "SELECT {COLUMNS}, {} FROM quarantine q
         WHERE sha256 = ?1 AND {named} AND state = 'held'
           AND ({of_archive} (SELECT s.sha256 FROM sealed s WHERE s.id = q.sealed))
         ORDER BY id LIMIT 1",
        QUARANTINE.stated_columns("")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(marks.mark(sha256).0.to_vec())
        .bind(unreadable.map(|name| marks.names.hide(name)))
        .fetch_optional(pool)
        .await?;
    // One that was hidden from this look-up is found when the list is read, and by fsck.
    let Some(row) = row else { return Ok(None) };
    statements.reading(&QUARANTINE).row(&row)?;
    from_sqlx(&row, Some(marks)).map(Some)
}

fn from_sqlx(
    r: &sqlx::sqlite::SqliteRow,
    marks: Option<&Marks>,
) -> Result<Quarantined, VaultError> {
    Ok(Quarantined {
        id: r.try_get(0)?,
        name: names::read(T, marks, r.try_get(1)?)?,
        kind: r.try_get(2)?,
        sealed: r.try_get(3)?,
        sha256: marks::read(T, marks, hash(T, r.try_get(4)?)?, r.try_get(10)?)?,
        reason: names::read_reason(T, marks, json(T, r.try_get(5)?)?)?,
        state: r.try_get(6)?,
        at: time(T, r.try_get(7)?)?,
        member: (r.try_get::<Option<String>, _>(8)?)
            .map(|member| names::read(T, marks, member))
            .transpose()?,
        import: r.try_get(9)?,
    })
}
