//! `text`, `path` and `shape`: what rows have in common, as numbers.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::VaultError;

/// The number of `text`, made if new. `import` marks it as added by an unfinished import.
pub(crate) fn text_id(conn: &Connection, text: &str, import: i64) -> Result<i64, VaultError> {
    let found = conn
        .prepare_cached("SELECT id FROM text WHERE text = ?")?
        .query_row([text], |r| r.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO text (text, import) VALUES (?, ?)")?
        .execute(params![text, import])?;
    Ok(conn.last_insert_rowid())
}

/// The number of `path`, as [`text_id`].
pub(crate) fn path_id(conn: &Connection, path: &str, import: i64) -> Result<i64, VaultError> {
    let found = conn
        .prepare_cached("SELECT id FROM path WHERE path = ?")?
        .query_row([path], |r| r.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO path (path, import) VALUES (?, ?)")?
        .execute(params![path, import])?;
    Ok(conn.last_insert_rowid())
}

/// The number of a shape of rows, as [`text_id`].
pub(crate) fn shape_id(conn: &Connection, fields: &[u8], import: i64) -> Result<i64, VaultError> {
    let found = conn
        .prepare_cached("SELECT id FROM shape WHERE fields = ?")?
        .query_row([fields], |r| r.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    conn.prepare_cached("INSERT INTO shape (fields, import) VALUES (?, ?)")?
        .execute(params![fields, import])?;
    Ok(conn.last_insert_rowid())
}

/// What `import` added stays.
pub(crate) fn keep(conn: &Connection, import: i64) -> Result<(), VaultError> {
    for table in ["text", "path", "shape", "subject"] {
        super::execute(
            conn,
            &format!("UPDATE {table} SET import = NULL WHERE import = ?"),
            [import],
        )?;
    }
    Ok(())
}
