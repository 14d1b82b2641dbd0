//! `event`: one narrow, minimised row for each record.
//!
//! `fields` is in the format of [`super::row`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use evidence::{Assurance, Hash};
use redaction::{Class, SizeBucket};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use super::row::{self, RawField, RawShown};
use super::{hash, time, unsigned};
use crate::VaultError;

const T: &str = "event";

/// Whether a record is about an act or about a state of something's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An audit record.
    Audit,
    /// A lifecycle record.
    Lifecycle,
}

/// What may be seen of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowShown {
    /// The value text as the source wrote it.
    Kept {
        /// JSON value.
        text: String,
    },
    /// A subject's handle.
    Handle {
        /// Subject number.
        subject: i64,
        /// Domain of the identifier.
        domain: String,
        /// Handle text; `None` once erased.
        handle: Option<String>,
    },
    /// Type of a secret.
    TypeTag {
        /// Such as `"private key"`.
        tag: String,
    },
    /// Something is there, of about this size.
    Presence {
        /// Coarse size.
        size: SizeBucket,
    },
    /// Hidden.
    Hidden,
}

/// A minimised field of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowField {
    /// JSON Pointer of the field.
    pub path: String,
    /// Data class.
    pub class: Class,
    /// What may be seen of it.
    pub shown: RowShown,
}

/// An event as the screen and the index may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Event number.
    pub seq: i64,
    /// Segment whose store holds its record.
    pub segment: i64,
    /// Index in the origin's log.
    pub index: u64,
    /// RFC 6962 leaf hash.
    pub leaf: Hash,
    /// When it occurred.
    pub occurred: Option<DateTime<Utc>>,
    /// When the source recorded it.
    pub recorded: Option<DateTime<Utc>>,
    /// System id.
    pub system: String,
    /// Record type.
    pub action: String,
    /// Outcome.
    pub outcome: Option<String>,
    /// Audit or lifecycle.
    pub kind: EventKind,
    /// What may be claimed of it.
    pub assurance: Assurance,
    /// Version of the rules that minimised it.
    pub rules: String,
    /// Minimised fields in the record's order.
    pub fields: Vec<RowField>,
}

const LEVELS: [Assurance; 4] = [
    Assurance::SourceAnchored,
    Assurance::CustodianAttested,
    Assurance::HashMatched,
    Assurance::Unproven,
];

pub(crate) fn level_code(level: Assurance) -> i64 {
    LEVELS
        .iter()
        .zip(0..)
        .find(|(l, _)| **l == level)
        .map_or(3, |(_, n)| n)
}

struct Raw {
    seq: i64,
    segment: i64,
    index: i64,
    leaf: Vec<u8>,
    occurred: Option<i64>,
    recorded: Option<i64>,
    system: i64,
    action: i64,
    outcome: Option<i64>,
    kind: i64,
    assurance: i64,
    rules: i64,
    fields: Vec<RawField>,
}

const COLUMNS: &str = "seq, segment, log_index, leaf, occurred_us, recorded_us, system, action, outcome, kind, assurance, rules, fields";

/// Visible rows in the order of `seqs`; a number without a visible row is an error.
pub(crate) async fn rows(
    pool: &SqlitePool,
    visible: i64,
    seqs: &[i64],
) -> Result<Vec<EventRow>, VaultError> {
    let mut by_seq = there(pool, visible, seqs).await?;
    let mut out = Vec::with_capacity(seqs.len());
    let mut repeated: BTreeMap<i64, usize> = BTreeMap::new();
    for seq in seqs {
        if let Some(at) = repeated.get(seq) {
            let again: EventRow = EventRow::clone(&out[*at]);
            out.push(again);
            continue;
        }
        repeated.insert(*seq, out.len());
        out.push(
            by_seq
                .remove(seq)
                .ok_or_else(|| VaultError::missing("event", seq))?,
        );
    }
    Ok(out)
}

/// Times of visible rows, each of which must be there.
pub(crate) async fn times(
    pool: &SqlitePool,
    visible: i64,
    seqs: &[i64],
) -> Result<BTreeMap<i64, Option<DateTime<Utc>>>, VaultError> {
    let list = serde_json::to_string(seqs).unwrap_or_default();
    let sql = "SELECT seq, coalesce(occurred_us, recorded_us) FROM event
               WHERE seq <= ? AND seq IN (SELECT value FROM json_each(?))";
    let found: Vec<(i64, Option<i64>)> = sqlx::query_as(sql)
        .bind(visible)
        .bind(list)
        .fetch_all(pool)
        .await?;
    let mut times = BTreeMap::new();
    for (seq, at) in found {
        let at = at.map(|at| super::time("event", at)).transpose()?;
        times.insert(seq, at);
    }
    match seqs.iter().find(|seq| !times.contains_key(*seq)) {
        None => Ok(times),
        Some(seq) => Err(VaultError::missing("event", seq)),
    }
}

/// Those of the rows that are there and visible.
pub(crate) async fn there(
    pool: &SqlitePool,
    visible: i64,
    seqs: &[i64],
) -> Result<BTreeMap<i64, EventRow>, VaultError> {
    let list = serde_json::to_string(seqs).unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM event WHERE seq IN (SELECT value FROM json_each(?1)) AND seq <= ?2"
    );
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(list)
        .bind(visible)
        .fetch_all(pool)
        .await?;
    let rows = resolve(pool, &found).await?;
    Ok(rows.into_iter().map(|row| (row.seq, row)).collect())
}

/// Rows read at once, as they lie in the table.
const AT_ONCE: u32 = 1_024;
/// Fields of rows that are held at once, some hundred bytes each: a record has up to 512.
const MAX_HELD: usize = 1 << 17;

/// Visible rows after `seq`, in the order of their numbers: at most `limit` of them, and fewer where they have very many
/// fields. None are given only where there are none.
pub(crate) async fn rows_after(
    pool: &SqlitePool,
    visible: i64,
    seq: i64,
    limit: u32,
) -> Result<Vec<EventRow>, VaultError> {
    rows_within(pool, visible, seq, limit, MAX_HELD).await
}

/// The same, with a bound of the caller's on the fields of all rows but the last.
pub(crate) async fn rows_within(
    pool: &SqlitePool,
    visible: i64,
    mut seq: i64,
    limit: u32,
    mut fields: usize,
) -> Result<Vec<EventRow>, VaultError> {
    let sql =
        format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3");
    let mut rows: Vec<EventRow> = Vec::new();
    let mut left = limit;
    while left > 0 {
        let found = sqlx::query(AssertSqlSafe(sql.as_str()))
            .bind(seq)
            .bind(visible)
            .bind(left.min(AT_ONCE))
            .fetch_all(pool)
            .await?;
        let asked = found.len();
        let some = resolve_within(pool, &found, &mut fields).await?;
        let (given, last) = (some.len(), some.last().map(|row| row.seq));
        rows.extend(some);
        match last {
            Some(last) if given == asked && asked == left.min(AT_ONCE) as usize => seq = last,
            _ => break,
        }
        left -= left.min(AT_ONCE);
    }
    Ok(rows)
}

/// A row as it lies in the table: numbers for what stands in dictionaries, and the fields packed. It is there to be
/// measured and inspected; [`EventRow`] is what it means.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredRow {
    /// Event number.
    pub seq: i64,
    /// Segment whose store holds its record.
    pub segment: i64,
    /// Index in the origin's log.
    pub log_index: i64,
    /// RFC 6962 leaf hash.
    pub leaf: Vec<u8>,
    /// When it occurred, microseconds since 1970.
    #[sqlx(rename = "occurred_us")]
    pub occurred: Option<i64>,
    /// When the source recorded it, microseconds since 1970.
    #[sqlx(rename = "recorded_us")]
    pub recorded: Option<i64>,
    /// Text number of the system.
    pub system: i64,
    /// Text number of the record type.
    pub action: i64,
    /// Text number of the outcome.
    pub outcome: Option<i64>,
    /// 1 for a lifecycle record, 0 for an audit record.
    pub kind: i64,
    /// Place of the assurance level, best first.
    pub assurance: i64,
    /// Text number of the rules that minimised it.
    pub rules: i64,
    /// The minimised fields in their packed form.
    pub fields: Vec<u8>,
}

/// The fields hold content.
impl std::fmt::Debug for StoredRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredRow")
            .field("seq", &self.seq)
            .finish_non_exhaustive()
    }
}

/// [`rows_after`] as they lie in the table.
pub(crate) async fn stored_rows(
    pool: &SqlitePool,
    visible: i64,
    seq: i64,
    limit: u32,
) -> Result<Vec<StoredRow>, VaultError> {
    let sql =
        format!("SELECT {COLUMNS} FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3");
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(seq)
        .bind(visible)
        .bind(limit)
        .fetch_all(pool)
        .await?)
}

/// Segment and log index of a visible event.
pub(crate) async fn place(
    pool: &SqlitePool,
    visible: i64,
    seq: i64,
) -> Result<(i64, u64), VaultError> {
    let row = sqlx::query("SELECT segment, log_index FROM event WHERE seq = ? AND seq <= ?")
        .bind(seq)
        .bind(visible)
        .fetch_optional(pool)
        .await?
        .ok_or_else(|| VaultError::missing("event", seq))?;
    Ok((row.try_get(0)?, unsigned(T, row.try_get(1)?)?))
}

/// Leaf hashes of the events [from, from + count), in order.
pub(crate) async fn leaves(
    pool: &SqlitePool,
    from: i64,
    count: u64,
) -> Result<Vec<Hash>, VaultError> {
    let until = from.saturating_add_unsigned(count);
    sqlx::query("SELECT leaf FROM event WHERE seq >= ? AND seq < ? ORDER BY seq")
        .bind(from)
        .bind(until)
        .fetch_all(pool)
        .await?
        .iter()
        .map(|r| hash(T, &r.try_get::<Vec<u8>, _>(0)?))
        .collect()
}

/// Dated events of a run: log index and time, recorded or else occurred, in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// The first that has a time.
    pub first: Option<(u64, i64)>,
    /// The last that has one.
    pub last: Option<(u64, i64)>,
    /// Those of the record types that were asked for.
    pub of_types: Vec<(u64, i64)>,
}

pub(crate) async fn moments(
    pool: &SqlitePool,
    run: &super::segment::Run,
    types: &[(String, String)],
) -> Result<Moments, VaultError> {
    let until = run.first_seq.saturating_add_unsigned(run.last - run.first);
    let dated = "SELECT log_index, coalesce(recorded_us, occurred_us) FROM event
                 WHERE seq >= ?1 AND seq < ?2 AND coalesce(recorded_us, occurred_us) IS NOT NULL";
    let list = serde_json::to_string(types).unwrap_or_default();
    let read = async |rest: &str| -> Result<Vec<(u64, i64)>, VaultError> {
        sqlx::query(AssertSqlSafe(format!("{dated} {rest}")))
            .bind(run.first_seq)
            .bind(until)
            .bind(&list)
            .fetch_all(pool)
            .await?
            .iter()
            .map(|r| Ok((unsigned(T, r.try_get(0)?)?, r.try_get(1)?)))
            .collect()
    };
    Ok(Moments {
        first: read("AND ?3 IS NOT NULL ORDER BY seq LIMIT 1").await?.pop(),
        last: read("AND ?3 IS NOT NULL ORDER BY seq DESC LIMIT 1")
            .await?
            .pop(),
        of_types: read(
            "AND (system, action) IN (
               SELECT s.id, a.id FROM json_each(?3) pair
               JOIN text s ON s.text = pair.value ->> 0 JOIN text a ON a.text = pair.value ->> 1)
             ORDER BY seq",
        )
        .await?,
    })
}

async fn resolve(
    pool: &SqlitePool,
    rows: &[sqlx::sqlite::SqliteRow],
) -> Result<Vec<EventRow>, VaultError> {
    let mut unbounded = usize::MAX;
    resolve_within(pool, rows, &mut unbounded).await
}

/// The same of as many rows as fit, by their fields, into what is left of a bound; of one at least while anything is left.
async fn resolve_within(
    pool: &SqlitePool,
    rows: &[sqlx::sqlite::SqliteRow],
    left: &mut usize,
) -> Result<Vec<EventRow>, VaultError> {
    let mut shapes = BTreeSet::new();
    for r in rows {
        shapes.extend(row::shape_of(r.try_get(12)?));
    }
    let shapes = shapes_of(pool, &shapes).await?;
    let mut raws = Vec::new();
    for r in rows {
        if *left == 0 {
            break;
        }
        let one = raw(r, &shapes)?;
        *left = left.saturating_sub(one.fields.len());
        raws.push(one);
    }
    let raw = raws;
    let mut texts = BTreeSet::new();
    let mut paths = BTreeSet::new();
    let mut subjects = BTreeSet::new();
    for r in &raw {
        texts.extend([r.system, r.action, r.rules].into_iter().chain(r.outcome));
        for f in &r.fields {
            paths.insert(f.path);
            match f.shown {
                RawShown::Text(id) | RawShown::Tag(id) => {
                    texts.insert(id);
                }
                RawShown::Subject(n) => {
                    subjects.insert(n);
                }
                _ => {}
            }
        }
    }
    let texts = strings(
        pool,
        "SELECT id, text FROM text WHERE id IN (SELECT value FROM json_each(?))",
        &texts,
    )
    .await?;
    let paths = strings(
        pool,
        "SELECT id, path FROM path WHERE id IN (SELECT value FROM json_each(?))",
        &paths,
    )
    .await?;
    let list = serde_json::to_string(&subjects).unwrap_or_default();
    let sql = "SELECT number, domain, handle FROM subject WHERE number IN (SELECT value FROM json_each(?))";
    let mut handles: BTreeMap<i64, (String, Option<String>)> = BTreeMap::new();
    for r in sqlx::query(sql).bind(list).fetch_all(pool).await? {
        handles.insert(r.try_get(0)?, (r.try_get(1)?, r.try_get(2)?));
    }
    let lost = |what: &str| VaultError::corrupt(T, format!("a {what} number stands for nothing"));
    let text = |id: i64| texts.get(&id).cloned().ok_or_else(|| lost("text"));
    raw.into_iter()
        .map(|r| {
            let fields = r.fields.into_iter().map(|f| {
                let shown = match f.shown {
                    RawShown::Kept(text) => RowShown::Kept { text },
                    RawShown::Text(id) => RowShown::Kept { text: text(id)? },
                    RawShown::Subject(subject) => {
                        let (domain, handle) = handles
                            .get(&subject)
                            .cloned()
                            .ok_or_else(|| lost("subject"))?;
                        RowShown::Handle {
                            subject,
                            domain,
                            handle,
                        }
                    }
                    RawShown::Tag(id) => RowShown::TypeTag { tag: text(id)? },
                    RawShown::Presence(size) => RowShown::Presence { size },
                    RawShown::Hidden => RowShown::Hidden,
                };
                let path = paths.get(&f.path).cloned().ok_or_else(|| lost("path"))?;
                let class = Class::ALL
                    .get(f.class)
                    .copied()
                    .ok_or_else(|| lost("class"))?;
                Ok(RowField { path, class, shown })
            });
            Ok(EventRow {
                seq: r.seq,
                segment: r.segment,
                index: unsigned(T, r.index)?,
                leaf: hash(T, &r.leaf)?,
                occurred: r.occurred.map(|us| time(T, us)).transpose()?,
                recorded: r.recorded.map(|us| time(T, us)).transpose()?,
                system: text(r.system)?,
                action: text(r.action)?,
                outcome: r.outcome.map(text).transpose()?,
                kind: if r.kind == 0 {
                    EventKind::Audit
                } else {
                    EventKind::Lifecycle
                },
                assurance: usize::try_from(r.assurance)
                    .ok()
                    .and_then(|n| LEVELS.get(n).copied())
                    .ok_or_else(|| lost("assurance"))?,
                rules: text(r.rules)?,
                fields: fields.collect::<Result<_, VaultError>>()?,
            })
        })
        .collect()
}

async fn shapes_of(
    pool: &SqlitePool,
    ids: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Vec<u8>>, VaultError> {
    let list = serde_json::to_string(ids).unwrap_or_default();
    let rows =
        sqlx::query("SELECT id, fields FROM shape WHERE id IN (SELECT value FROM json_each(?))")
            .bind(list)
            .fetch_all(pool)
            .await?;
    rows.iter()
        .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
        .collect()
}

async fn strings(
    pool: &SqlitePool,
    sql: &'static str,
    ids: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, String>, VaultError> {
    let list = serde_json::to_string(ids).unwrap_or_default();
    let rows = sqlx::query(sql).bind(list).fetch_all(pool).await?;
    rows.iter()
        .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
        .collect()
}

fn raw(r: &sqlx::sqlite::SqliteRow, shapes: &BTreeMap<i64, Vec<u8>>) -> Result<Raw, VaultError> {
    let fields: &[u8] = r.try_get(12)?;
    let shape = row::shape_of(fields).and_then(|id| shapes.get(&id));
    let (occurred, recorded): (Option<i64>, Option<i64>) = (r.try_get(4)?, r.try_get(5)?);
    Ok(Raw {
        seq: r.try_get(0)?,
        segment: r.try_get(1)?,
        index: r.try_get(2)?,
        leaf: r.try_get(3)?,
        occurred,
        recorded,
        system: r.try_get(6)?,
        action: r.try_get(7)?,
        outcome: r.try_get(8)?,
        kind: r.try_get(9)?,
        assurance: r.try_get(10)?,
        rules: r.try_get(11)?,
        fields: row::decode(fields, shape.map(Vec::as_slice), occurred.or(recorded))
            .ok_or_else(|| VaultError::corrupt(T, "a row's fields are not in their format"))?,
    })
}
