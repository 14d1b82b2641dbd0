//! `subject`: the one place of handles. Rows, notes and index terms name a subject by its number.

use rusqlite::{Connection, OptionalExtension as _, params};
use sqlx::{Row as _, SqlitePool};

use crate::VaultError;

const T: &str = "subject";

/// A person, device or account, known by a handle only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Number.
    pub number: i64,
    /// Domain of the identifier, such as `account`.
    pub domain: String,
    /// Workspace MAC of the canonical identifier; `None` after an erasure.
    pub mac: Option<[u8; 32]>,
    /// Handle as shown; `None` after an erasure.
    pub handle: Option<String>,
}

/// The number of a subject, made if new. Its handle is computed, unless the platform `issued` one. `import` is the running import, or `None` to keep it at once.
pub(crate) fn intern(
    conn: &Connection,
    domain: &str,
    mac: &[u8; 32],
    issued: Option<&str>,
    import: Option<i64>,
) -> Result<i64, VaultError> {
    let found: Option<(i64, Option<i64>)> = conn
        .prepare_cached("SELECT number, import FROM subject WHERE domain = ? AND mac = ?")?
        .query_row(params![domain, mac], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    if let Some((number, staged)) = found {
        if import.is_none() && staged.is_some() {
            // Something that stays refers to it now, whatever becomes of the import that first met it.
            super::execute(
                conn,
                "UPDATE subject SET import = NULL WHERE number = ?",
                [number],
            )?;
        }
        return Ok(number);
    }
    conn.prepare_cached("INSERT INTO subject (domain, mac, handle, import) VALUES (?, ?, ?, ?)")?
        .execute(params![
            domain,
            mac,
            issued.map_or_else(|| redaction::handle_text(domain, mac), str::to_owned),
            import
        ])?;
    Ok(conn.last_insert_rowid())
}

pub(crate) async fn by_number(pool: &SqlitePool, number: i64) -> Result<Subject, VaultError> {
    let row = sqlx::query("SELECT number, domain, mac, handle FROM subject WHERE number = ?")
        .bind(number)
        .fetch_optional(pool)
        .await?;
    from_sqlx(&row.ok_or_else(|| VaultError::missing("subject", number))?)
}

pub(crate) async fn by_handle(
    pool: &SqlitePool,
    handle: &str,
) -> Result<Option<Subject>, VaultError> {
    let row = sqlx::query("SELECT number, domain, mac, handle FROM subject WHERE handle = ?")
        .bind(handle)
        .fetch_optional(pool)
        .await?;
    row.as_ref().map(from_sqlx).transpose()
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<Subject, VaultError> {
    let mac: Option<Vec<u8>> = r.try_get(2)?;
    let mac = mac.map(|m| {
        <[u8; 32]>::try_from(m).map_err(|_| VaultError::corrupt(T, "a MAC is not 32 bytes long"))
    });
    Ok(Subject {
        number: r.try_get(0)?,
        domain: r.try_get(1)?,
        mac: mac.transpose()?,
        handle: r.try_get(3)?,
    })
}
