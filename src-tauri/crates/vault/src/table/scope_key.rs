//! `scope_key`: which sealed file holds the key of a handle scope (a case, a distribution).

use rusqlite::{Connection, OptionalExtension as _};

use sqlx::Row as _;

use crate::VaultError;
use crate::stated::{KeyPart, SCOPE_KEY, Statements};

pub(crate) fn get(conn: &Connection, scope: &str) -> Result<Option<String>, VaultError> {
    Ok(conn
        .query_row(
            "SELECT sealed FROM scope_key WHERE scope = ?",
            [scope],
            |r| r.get(0),
        )
        .optional()?)
}

pub(crate) fn insert(conn: &Connection, scope: &str, sealed: &str) -> Result<(), VaultError> {
    conn.execute(
        "INSERT INTO scope_key (scope, sealed) VALUES (?, ?)",
        [scope, sealed],
    )?;
    Ok(())
}

pub(crate) async fn read(
    pool: &sqlx::SqlitePool,
    statements: &Statements,
    scope: &str,
) -> Result<Option<String>, VaultError> {
    let sql = format!(
        "SELECT sealed, {} FROM scope_key WHERE scope = ?",
        SCOPE_KEY.stated_columns("")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(scope)
        .fetch_optional(pool)
        .await?;
    let mut reading = statements.reading(&SCOPE_KEY);
    row.iter().try_for_each(|row| reading.row(row))?;
    reading.all_beginning(&[KeyPart::Text(scope)])?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
