//! `setting`: named JSON values of the workspace.

use rusqlite::{Connection, OptionalExtension as _};
use sqlx::SqlitePool;

use crate::VaultError;

/// The last event number that is visible; the events of a running import have larger ones.
pub(crate) const VISIBLE: &str = "visible_seq";

pub(crate) fn put(conn: &Connection, name: &str, value: &str) -> Result<(), VaultError> {
    conn.execute(
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}

pub(crate) fn get(conn: &Connection, name: &str) -> Result<Option<String>, VaultError> {
    Ok(conn
        .query_row("SELECT value FROM setting WHERE name = ?", [name], |r| {
            r.get(0)
        })
        .optional()?)
}

pub(crate) async fn read(pool: &SqlitePool, name: &str) -> Result<Option<String>, VaultError> {
    Ok(
        sqlx::query_scalar("SELECT value FROM setting WHERE name = ?")
            .bind(name)
            .fetch_optional(pool)
            .await?,
    )
}

pub(crate) fn visible(conn: &Connection) -> Result<i64, VaultError> {
    number(get(conn, VISIBLE)?)
}

pub(crate) async fn visible_now(pool: &SqlitePool) -> Result<i64, VaultError> {
    number(read(pool, VISIBLE).await?)
}

fn number(text: Option<String>) -> Result<i64, VaultError> {
    text.map_or(Ok(0), |t| {
        t.parse()
            .map_err(|_| VaultError::corrupt("setting", "visible_seq is not a number"))
    })
}
