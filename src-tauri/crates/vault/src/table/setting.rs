//! `setting`: named JSON values of the workspace.

use rusqlite::{Connection, OptionalExtension as _};
use sqlx::{Row as _, SqlitePool};

use crate::VaultError;
use crate::stated::{KeyPart, SETTING, Statements};

/// The last event number that is visible; the events of a running import have larger ones.
pub(crate) const VISIBLE: &str = "visible_seq";

pub(crate) fn put(conn: &Connection, name: &str, value: &str) -> Result<(), VaultError> {
    super::execute(
        conn,
        "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [name, value],
    )?;
    Ok(())
}

/// Reads a setting in a transaction. One that the transaction itself changed was compared when it was.
pub(crate) fn get(
    conn: &Connection,
    statements: &Statements,
    name: &str,
) -> Result<Option<String>, VaultError> {
    let sql = format!(
        "SELECT value, {} FROM setting WHERE name = ?",
        SETTING.stated_columns("")
    );
    if statements.is_changed(conn, &SETTING, &[KeyPart::Text(name)])? {
        let sql = "SELECT value FROM setting WHERE name = ?";
        let mut statement = conn.prepare_cached(sql)?;
        return Ok(statement.query_row([name], |row| row.get(0)).optional()?);
    }
    let mut reading = statements.reading(&SETTING);
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    let value = match rows.next()? {
        Some(row) => {
            reading.own_row(row)?;
            Some(row.get(0)?)
        }
        None => None,
    };
    reading.all_beginning(&[KeyPart::Text(name)])?;
    Ok(value)
}

pub(crate) async fn read(
    pool: &SqlitePool,
    statements: &Statements,
    name: &str,
) -> Result<Option<String>, VaultError> {
    let sql = format!(
        "SELECT value, {} FROM setting WHERE name = ?",
        SETTING.stated_columns("")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(name)
        .fetch_optional(pool)
        .await?;
    let mut reading = statements.reading(&SETTING);
    let value = match row {
        Some(row) => {
            reading.row(&row)?;
            Some(row.try_get(0)?)
        }
        None => None,
    };
    reading.all_beginning(&[KeyPart::Text(name)])?;
    Ok(value)
}

pub(crate) fn visible(conn: &Connection, statements: &Statements) -> Result<i64, VaultError> {
    number(get(conn, statements, VISIBLE)?)
}

pub(crate) async fn visible_now(
    pool: &SqlitePool,
    statements: &Statements,
) -> Result<i64, VaultError> {
    number(read(pool, statements, VISIBLE).await?)
}

/// What the row says, for `fsck`.
pub(crate) async fn visible_unchecked(pool: &SqlitePool) -> Result<i64, VaultError> {
    let sql = "SELECT value FROM setting WHERE name = ?";
    number(
        sqlx::query_scalar(sql)
            .bind(VISIBLE)
            .fetch_optional(pool)
            .await?,
    )
}

fn number(text: Option<String>) -> Result<i64, VaultError> {
    text.map_or(Ok(0), |t| {
        t.parse()
            .map_err(|_| VaultError::corrupt("setting", "visible_seq is not a number"))
    })
}
