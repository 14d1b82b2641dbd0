//! `ledger`: the custody ledger's entries.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, signed, time, unsigned};
use crate::VaultError;
use crate::ledger::LedgerRow;

const T: &str = "ledger";
const COLUMNS: &str = "epoch, idx, leaf, previous, line, kind, at_us, actor, incident, signature";

pub(crate) fn insert(conn: &Connection, row: &LedgerRow) -> Result<(), VaultError> {
    conn.prepare_cached(
        "INSERT INTO ledger (epoch, idx, leaf, previous, line, kind, at_us, actor, incident, signature)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        signed(T, row.epoch)?,
        signed(T, row.index)?,
        row.leaf.0,
        row.previous.0,
        row.line,
        row.kind,
        row.at.timestamp_micros(),
        row.actor,
        row.incident,
        row.signature
    ])?;
    Ok(())
}

/// Hands every row, oldest first, to `each`, until it says stop.
pub(crate) fn scan<E: From<VaultError>>(
    conn: &Connection,
    each: impl FnMut(&LedgerRow) -> Result<(), E>,
) -> Result<(), E> {
    // Of a row that nobody of ours wrote, `each` is told too.
    scan_where(conn, [i64::MIN; 2], each)
}

/// The same, from this (epoch, index) on.
pub(crate) fn scan_from<E: From<VaultError>>(
    conn: &Connection,
    (epoch, index): (u64, u64),
    each: impl FnMut(&LedgerRow) -> Result<(), E>,
) -> Result<(), E> {
    scan_where(conn, [signed(T, epoch)?, signed(T, index)?], each)
}

fn scan_where<E: From<VaultError>>(
    conn: &Connection,
    from: [i64; 2],
    mut each: impl FnMut(&LedgerRow) -> Result<(), E>,
) -> Result<(), E> {
    let db = |e: rusqlite::Error| E::from(VaultError::from(e));
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM ledger WHERE (epoch, idx) >= (?1, ?2) ORDER BY epoch, idx"
        ))
        .map_err(db)?;
    let mut rows = statement.query(from).map_err(db)?;
    while let Some(row) = rows.next().map_err(db)? {
        each(&from_row(row)?)?;
    }
    Ok(())
}

fn from_row(r: &Row<'_>) -> Result<LedgerRow, VaultError> {
    build(
        r.get(0)?,
        r.get(1)?,
        &r.get::<_, Vec<u8>>(2)?,
        &r.get::<_, Vec<u8>>(3)?,
        r.get(4)?,
        r.get(5)?,
        r.get(6)?,
        r.get(7)?,
        r.get(8)?,
        &r.get::<_, Vec<u8>>(9)?,
    )
}

#[allow(
    clippy::too_many_arguments,
    reason = "the columns of one row, in their order"
)]
fn build(
    epoch: i64,
    index: i64,
    leaf: &[u8],
    previous: &[u8],
    line: String,
    kind: String,
    at: i64,
    actor: String,
    incident: Option<String>,
    signature: &[u8],
) -> Result<LedgerRow, VaultError> {
    Ok(LedgerRow {
        epoch: unsigned(T, epoch)?,
        index: unsigned(T, index)?,
        leaf: hash(T, leaf)?,
        previous: hash(T, previous)?,
        line,
        kind,
        at: time(T, at)?,
        actor,
        incident,
        signature: <[u8; 64]>::try_from(signature)
            .map_err(|_| VaultError::corrupt(T, "a signature is not 64 bytes long"))?,
    })
}

/// Which entries to read.
#[derive(Clone, Debug, Default)]
pub struct LedgerFilter {
    /// Only about this incident.
    pub incident: Option<String>,
    /// Only by this member.
    pub actor: Option<String>,
    /// Only kinds that begin so, such as `trust.`.
    pub kind_prefix: Option<String>,
    /// From this time on.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub until: Option<DateTime<Utc>>,
}

/// Newest first, before the given (epoch, index).
pub(crate) async fn page(
    pool: &SqlitePool,
    filter: &LedgerFilter,
    before: Option<(u64, u64)>,
    limit: u32,
) -> Result<Vec<LedgerRow>, VaultError> {
    let (epoch, index) = match before {
        Some((e, i)) => (signed(T, e)?, signed(T, i)?),
        None => (i64::MAX, i64::MAX),
    };
    let rows = sqlx::query(
        "SELECT epoch, idx, leaf, previous, line, kind, at_us, actor, incident, signature FROM ledger
         WHERE (epoch, idx) < (?1, ?2)
           AND (?3 IS NULL OR incident = ?3)
           AND (?4 IS NULL OR actor = ?4)
           AND (?5 IS NULL OR substr(kind, 1, length(?5)) = ?5)
           AND (?6 IS NULL OR at_us >= ?6)
           AND (?7 IS NULL OR at_us < ?7)
         ORDER BY epoch DESC, idx DESC LIMIT ?8",
    )
    .bind(epoch)
    .bind(index)
    .bind(filter.incident.as_deref())
    .bind(filter.actor.as_deref())
    .bind(filter.kind_prefix.as_deref())
    .bind(filter.from.map(|t| t.timestamp_micros()))
    .bind(filter.until.map(|t| t.timestamp_micros()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(from_sqlx).collect()
}

/// Entries of one kind about an incident, oldest first.
pub(crate) async fn about(
    pool: &SqlitePool,
    incident: &str,
    kind: &str,
) -> Result<Vec<LedgerRow>, VaultError> {
    let rows = sqlx::query(
        "SELECT epoch, idx, leaf, previous, line, kind, at_us, actor, incident, signature FROM ledger
         WHERE incident = ? AND kind = ? ORDER BY epoch, idx",
    )
    .bind(incident)
    .bind(kind)
    .fetch_all(pool)
    .await?;
    rows.iter().map(from_sqlx).collect()
}

/// All rows of all epochs, oldest first.
pub(crate) async fn all(pool: &SqlitePool) -> Result<Vec<LedgerRow>, VaultError> {
    let rows = sqlx::query(
        "SELECT epoch, idx, leaf, previous, line, kind, at_us, actor, incident, signature FROM ledger ORDER BY epoch, idx",
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(from_sqlx).collect()
}

fn from_sqlx(r: &sqlx::sqlite::SqliteRow) -> Result<LedgerRow, VaultError> {
    build(
        r.try_get(0)?,
        r.try_get(1)?,
        r.try_get(2)?,
        r.try_get(3)?,
        r.try_get(4)?,
        r.try_get(5)?,
        r.try_get(6)?,
        r.try_get(7)?,
        r.try_get(8)?,
        r.try_get(9)?,
    )
}
