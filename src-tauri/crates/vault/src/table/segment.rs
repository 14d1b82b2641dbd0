//! `segment`, `segment_run` and `segment_borrowed`: contiguous ranges of origins' logs, and where their event rows are.

use std::collections::BTreeMap;

use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, signed, to_json, unsigned};
use crate::VaultError;
use crate::stated::{KeyPart, SEGMENT, SEGMENT_BORROWED, SEGMENT_RUN, Statements, Table};

const T: &str = "segment";

/// What is known of a segment when its verdict stands.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentFacts {
    /// Origin of the log.
    pub origin: String,
    /// First index.
    pub first: u64,
    /// Index after the last record.
    pub last: u64,
    /// Compact range of [0, first).
    pub frontier: Vec<Hash>,
    /// Root at `last`.
    pub root: Hash,
    /// Roots computed at other sizes of interest.
    pub roots: BTreeMap<u64, Hash>,
    /// Signed checkpoint at `last`.
    pub checkpoint_note: Option<String>,
    /// Signed checkpoint at `first`.
    pub previous_note: Option<String>,
    /// `range.json` as it came.
    pub range_json: Option<String>,
    /// Verifier keys whose signatures on the checkpoint verified.
    pub signers: Vec<String>,
    /// Consistency links that came along.
    pub links: Value,
    /// Verdict at import, in the words of the evidence crate.
    pub verdict: Value,
}

/// Event rows of a part of a segment: log indices [first, last) are the events from `first_seq` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First log index.
    pub first: u64,
    /// Log index after the last.
    pub last: u64,
    /// Event number of `first`.
    pub first_seq: i64,
}

/// A segment in the workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Number.
    pub id: i64,
    /// Import that brought it.
    pub import: i64,
    /// What is known of it.
    pub facts: SegmentFacts,
    /// Sealed record store with the lines of [first, last).
    pub store: String,
    /// Where its event rows are. Records that were known before have none here.
    pub runs: Vec<Run>,
    /// Where the event rows of records that were known before are: rows of other segments, with the
    /// same leaves. Together with `runs`, and in this workspace's own log with what it tells again, they are all of
    /// [first, last).
    pub borrowed: Vec<Run>,
}

impl Segment {
    /// Event rows with the leaves of its records, its own and borrowed ones, in the order of the log. What it tells again
    /// (`Vault::retold`) has none.
    #[must_use]
    pub fn stretches(&self) -> Vec<Run> {
        let mut all: Vec<Run> = self.runs.iter().chain(&self.borrowed).copied().collect();
        all.sort_unstable_by_key(|run| run.first);
        all
    }
}

pub(crate) fn insert(
    conn: &Connection,
    import: i64,
    f: &SegmentFacts,
    store: &str,
) -> Result<i64, VaultError> {
    super::execute(
        conn,
        "INSERT INTO segment (import, origin, first, last, frontier, root, roots, checkpoint_note, previous_note,
           range_json, signers, links, verdict, store)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            import,
            f.origin,
            signed(T, f.first)?,
            signed(T, f.last)?,
            to_json(T, &f.frontier)?,
            f.root.0,
            to_json(T, &f.roots)?,
            f.checkpoint_note,
            f.previous_note,
            f.range_json,
            to_json(T, &f.signers)?,
            to_json(T, &f.links)?,
            to_json(T, &f.verdict)?,
            store
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

pub(crate) fn insert_run(conn: &Connection, segment: i64, run: &Run) -> Result<(), VaultError> {
    insert_into(conn, "segment_run", segment, run)
}

/// A stretch whose rows another segment has.
pub(crate) fn insert_borrowed(
    conn: &Connection,
    segment: i64,
    run: &Run,
) -> Result<(), VaultError> {
    insert_into(conn, "segment_borrowed", segment, run)
}

fn insert_into(
    conn: &Connection,
    table: &'static str,
    segment: i64,
    run: &Run,
) -> Result<(), VaultError> {
    super::execute(
        conn,
        &format!("INSERT INTO {table} (segment, first, last, first_seq) VALUES (?, ?, ?, ?)"),
        params![
            segment,
            signed(T, run.first)?,
            signed(T, run.last)?,
            run.first_seq
        ],
    )?;
    Ok(())
}

/// The number the next segment gets. Segments are only inserted by the one running import.
pub(crate) fn next_id(conn: &Connection) -> Result<i64, VaultError> {
    let sql = "SELECT coalesce(max(id), 0) + 1 FROM segment";
    Ok(conn.prepare_cached(sql)?.query_row([], |r| r.get(0))?)
}

/// Records the new verdict of a segment.
pub(crate) fn set_verdict(
    conn: &Connection,
    id: i64,
    verdict: &Value,
    signers: &[String],
) -> Result<(), VaultError> {
    let n = super::execute(
        conn,
        "UPDATE segment SET verdict = ?, signers = ? WHERE id = ?",
        params![to_json(T, verdict)?, to_json(T, &signers)?, id],
    )?;
    if n == 0 {
        Err(VaultError::missing("segment", id))
    } else {
        Ok(())
    }
}

/// All segments, or those of one origin, in the order of their first index.
pub(crate) async fn all(
    pool: &SqlitePool,
    statements: &Statements,
    origin: Option<&str>,
) -> Result<Vec<Segment>, VaultError> {
    read(pool, Some(statements), origin, None).await
}

/// Those with numbers after one, by number; `held` is how many there are up to it.
pub(crate) async fn after(
    pool: &SqlitePool,
    statements: &Statements,
    id: i64,
    held: usize,
) -> Result<Vec<Segment>, VaultError> {
    let sql = format!("{} WHERE id > ? ORDER BY id", select());
    let mut reading = statements.reading(&SEGMENT);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(id)
        .map(|row: SqliteRow| {
            reading.row(&row)?;
            from_sqlx(&row)
        })
        .fetch_all(pool)
        .await?;
    let segments = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    statements.as_many(&SEGMENT, held + segments.len())?;
    with_runs(pool, Some(statements), segments).await
}

/// All segments as their rows have them, for `fsck`.
pub(crate) async fn unchecked(pool: &SqlitePool) -> Result<Vec<Segment>, VaultError> {
    read(pool, None, None, None).await
}

pub(crate) async fn get(
    pool: &SqlitePool,
    statements: &Statements,
    id: i64,
) -> Result<Segment, VaultError> {
    read(pool, Some(statements), None, Some(id))
        .await?
        .pop()
        .ok_or_else(|| VaultError::missing("segment", id))
}

async fn read(
    pool: &SqlitePool,
    statements: Option<&Statements>,
    origin: Option<&str>,
    id: Option<i64>,
) -> Result<Vec<Segment>, VaultError> {
    let sql = format!(
        "{} WHERE (?1 IS NULL OR origin = ?1) AND (?2 IS NULL OR id = ?2) ORDER BY origin, first, id",
        select()
    );
    let mut reading = statements.map(|statements| statements.reading(&SEGMENT));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(origin)
        .bind(id)
        .map(|row: SqliteRow| {
            if let Some(reading) = &mut reading {
                reading.row(&row)?;
            }
            from_sqlx(&row)
        })
        .fetch_all(pool)
        .await?;
    let segments = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
    if let Some(reading) = reading {
        match (origin, id) {
            (None, None) => reading.all()?,
            (Some(origin), _) => reading.all_beginning(&[KeyPart::Text(origin)])?,
            // Its key begins with its origin, and the row says of which one it is.
            (None, Some(_)) => {}
        }
    }
    with_runs(pool, statements, segments).await
}

fn select() -> String {
    // What a row says is all that is read of it, in this order.
    format!("SELECT {} FROM segment", SEGMENT.stated_columns(""))
}

/// A segment without its stretches.
fn from_sqlx(r: &SqliteRow) -> Result<Segment, VaultError> {
    let facts = SegmentFacts {
        origin: r.try_get(2)?,
        first: unsigned(T, r.try_get(3)?)?,
        last: unsigned(T, r.try_get(4)?)?,
        frontier: json(T, r.try_get(5)?)?,
        root: hash(T, r.try_get(6)?)?,
        roots: json(T, r.try_get(7)?)?,
        checkpoint_note: r.try_get(8)?,
        previous_note: r.try_get(9)?,
        range_json: r.try_get(10)?,
        signers: json(T, r.try_get(11)?)?,
        links: json(T, r.try_get(12)?)?,
        verdict: json(T, r.try_get(13)?)?,
    };
    Ok(Segment {
        id: r.try_get(0)?,
        import: r.try_get(1)?,
        facts,
        store: r.try_get(14)?,
        runs: Vec::new(),
        borrowed: Vec::new(),
    })
}

/// Segments with their stretches.
///
/// Rows are read one by one and not kept: SQLCipher locks the memory of every value, and a hundred thousand of them are more
/// pieces than a process may have.
async fn with_runs(
    pool: &SqlitePool,
    statements: Option<&Statements>,
    mut segments: Vec<Segment>,
) -> Result<Vec<Segment>, VaultError> {
    let ids: Vec<i64> = segments.iter().map(|segment| segment.id).collect();
    let mut runs = runs_of(pool, statements, &SEGMENT_RUN, &ids).await?;
    let mut borrowed = runs_of(pool, statements, &SEGMENT_BORROWED, &ids).await?;
    for segment in &mut segments {
        segment.runs = runs.remove(&segment.id).unwrap_or_default();
        segment.borrowed = borrowed.remove(&segment.id).unwrap_or_default();
    }
    Ok(segments)
}

/// The stretches of these segments.
async fn runs_of(
    pool: &SqlitePool,
    statements: Option<&Statements>,
    table: &'static Table,
    segments: &[i64],
) -> Result<BTreeMap<i64, Vec<Run>>, VaultError> {
    let sql = format!(
        "SELECT {} FROM {}
         WHERE segment IN (SELECT value FROM json_each(?)) ORDER BY segment, first",
        table.stated_columns(""),
        table.name
    );
    let mut reading = statements.map(|statements| statements.reading(table));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(serde_json::to_string(segments).unwrap_or_default())
        .map(|row: SqliteRow| {
            if let Some(reading) = &mut reading {
                reading.row(&row)?;
            }
            let run = Run {
                first: unsigned(T, row.try_get(1)?)?,
                last: unsigned(T, row.try_get(2)?)?,
                first_seq: row.try_get(3)?,
            };
            Ok((row.try_get(0)?, run))
        })
        .fetch_all(pool)
        .await?;
    let rows = rows
        .into_iter()
        .collect::<Result<Vec<(i64, Run)>, VaultError>>()?;
    if let Some(reading) = reading {
        for segment in segments {
            reading.has_all_beginning(&[KeyPart::Number(*segment)])?;
        }
    }
    let mut runs: BTreeMap<i64, Vec<Run>> = BTreeMap::new();
    for (segment, run) in rows {
        runs.entry(segment).or_default().push(run);
    }
    Ok(runs)
}
