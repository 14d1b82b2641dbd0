//! `scope_key`: which sealed file holds the key of a handle scope (a case, a distribution).

use rusqlite::{Connection, OptionalExtension as _};

use crate::VaultError;

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
    scope: &str,
) -> Result<Option<String>, VaultError> {
    Ok(
        sqlx::query_scalar("SELECT sealed FROM scope_key WHERE scope = ?")
            .bind(scope)
            .fetch_optional(pool)
            .await?,
    )
}
