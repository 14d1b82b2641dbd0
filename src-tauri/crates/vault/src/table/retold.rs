//! `retold` and `event_identity`: events that several files tell. A record that tells again what a row here says has no
//! row of its own, so that the event is counted once; one that says otherwise under the same id has its own row, and both
//! are found.

use evidence::{Hash, Hasher};
use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{hash, signed, unsigned};
use crate::VaultError;
use crate::marks::Marks;

const T: &str = "retold";
/// Member of a segment's verdict.
pub(crate) const RETOLD: &str = "retold";

/// What identifies an event in every file that tells it, and all that a record says of it.
#[derive(Clone, PartialEq, Eq)]
pub struct EventIdentity {
    /// The system whose id it is.
    pub system: String,
    /// The event's id, as the record has it.
    pub id: String,
    /// Digest of what the record says, the same however it is spelled.
    pub content: Hash,
}

/// An id is content.
impl std::fmt::Debug for EventIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventIdentity")
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}

/// A record of an event that another file has told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retold {
    /// Segment that holds the record.
    pub segment: i64,
    /// Its index in the log.
    pub index: u64,
    /// The event's row, or the one that says otherwise.
    pub seq: i64,
    /// Whether it says the same as that row; then it has no row of its own.
    pub same: bool,
    /// RFC 6962 leaf hash of the record.
    pub leaf: Hash,
}

/// What is known of an event already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: no row has its id.
    New,
    /// This row says the same.
    Same(i64),
    /// This row has its id and says something else.
    Otherwise(i64),
}

/// How many records of a segment were told before, and what all of them are: stated with the segment's verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sum {
    /// Records that say the same.
    same: u64,
    /// Records that say otherwise.
    otherwise: u64,
    digest: Option<Hasher>,
}

impl Sum {
    pub(crate) fn add(&mut self, one: &Retold) {
        match one.same {
            true => self.same += 1,
            false => self.otherwise += 1,
        }
        let digest = self.digest.get_or_insert_with(|| {
            let mut digest = Hasher::new();
            digest.update(b"muniment/retold/v1\0");
            digest
        });
        digest.update(&one.index.to_be_bytes());
        digest.update(&one.seq.to_be_bytes());
        digest.update(&[u8::from(one.same)]);
        digest.update(&one.leaf.0);
    }

    /// As the verdict has it; nothing where there are none.
    pub(crate) fn stated(self) -> Option<serde_json::Value> {
        let digest = self.digest?.finish().to_hex();
        Some(
            serde_json::json!({ "same": self.same, "otherwise": self.otherwise, "digest": digest }),
        )
    }
}

/// Whether a verdict states any.
pub(crate) fn is_stated(verdict: &serde_json::Value) -> bool {
    verdict[RETOLD].is_object()
}

const KNOWN: &str = "SELECT content, event_identity.seq, bound, leaf
    FROM event_identity JOIN event ON event.seq = event_identity.seq WHERE mark = ?";
/// How many rows that say otherwise are looked at: one that holds is enough, however many a file brings of one id.
const LOOKED_AT: u32 = 16;

/// Looks an event up. What nobody with the originals key has bound to its row is not believed.
pub(crate) fn told(
    conn: &Connection,
    marks: &Marks,
    identity: &EventIdentity,
) -> Result<Told, VaultError> {
    let (mark, content) = marks.event(identity);
    let bound = |row: &rusqlite::Row<'_>| -> Result<Option<i64>, VaultError> {
        let leaf = hash("event", &row.get::<_, Vec<u8>>(3)?)?;
        let bound = marks.bound(&mark, &row.get(0)?, &leaf);
        Ok((row.get::<_, [u8; 16]>(2)? == bound).then_some(row.get(1)?))
    };
    let mut same = conn.prepare_cached(&format!("{KNOWN} AND content = ?"))?;
    let mut rows = same.query(params![mark, content])?;
    if let Some(row) = rows.next()?
        && let Some(seq) = bound(row)?
    {
        return Ok(Told::Same(seq));
    }
    let mut others = conn.prepare_cached(&format!("{KNOWN} AND content <> ? LIMIT {LOOKED_AT}"))?;
    let mut rows = others.query(params![mark, content])?;
    while let Some(row) = rows.next()? {
        if let Some(seq) = bound(row)? {
            return Ok(Told::Otherwise(seq));
        }
    }
    Ok(Told::New)
}

/// Remembers by what an event's row is known again.
pub(crate) fn identify(
    conn: &Connection,
    marks: &Marks,
    identity: &EventIdentity,
    seq: i64,
    leaf: &Hash,
) -> Result<(), VaultError> {
    let (mark, content) = marks.event(identity);
    // One that is there already was not believed.
    conn.prepare_cached(
        "INSERT OR REPLACE INTO event_identity (mark, content, seq, bound) VALUES (?, ?, ?, ?)",
    )?
    .execute(params![
        mark,
        content,
        seq,
        marks.bound(&mark, &content, leaf)
    ])?;
    Ok(())
}

pub(crate) fn insert(conn: &Connection, one: &Retold) -> Result<(), VaultError> {
    conn.prepare_cached(
        "INSERT INTO retold (segment, log_index, seq, same, leaf) VALUES (?, ?, ?, ?, ?)",
    )?
    .execute(params![
        one.segment,
        signed(T, one.index)?,
        one.seq,
        one.same,
        one.leaf.0
    ])?;
    Ok(())
}

/// What an import left that did not finish. Its identities are taken away only where it left anything, because they have
/// no order in which the last ones could be found.
pub(crate) fn discard_after(conn: &Connection, visible: i64) -> Result<(), VaultError> {
    super::execute(
        conn,
        "DELETE FROM retold WHERE segment > (SELECT coalesce(max(id), 0) FROM segment)",
        [],
    )?;
    let mut staged = conn.prepare_cached("SELECT 1 FROM event WHERE seq > ? LIMIT 1")?;
    if staged.exists([visible])? {
        super::execute(conn, "DELETE FROM event_identity WHERE seq > ?", [visible])?;
    }
    Ok(())
}

/// Those of a segment, in order, as its verdict states them.
pub(crate) async fn of_segment(
    pool: &SqlitePool,
    segment: &super::segment::Segment,
) -> Result<Vec<Retold>, VaultError> {
    let sql = "SELECT segment, log_index, seq, same, leaf FROM retold WHERE segment = ? ORDER BY log_index";
    let found = sqlx::query(sql).bind(segment.id).fetch_all(pool).await?;
    let found = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut sum = Sum::default();
    found.iter().for_each(|one| sum.add(one));
    let stated = &segment.facts.verdict[RETOLD];
    if sum.stated().unwrap_or_default() != *stated {
        return Err(VaultError::NotStated {
            table: T,
            row: format!("events told again in segment {}", segment.id),
            missing: found.is_empty(),
        });
    }
    Ok(found)
}

fn read(row: &sqlx::sqlite::SqliteRow) -> Result<Retold, VaultError> {
    Ok(Retold {
        segment: row.try_get(0)?,
        index: unsigned(T, row.try_get(1)?)?,
        seq: row.try_get(2)?,
        same: row.try_get::<i64, _>(3)? != 0,
        leaf: hash(T, &row.try_get::<Vec<u8>, _>(4)?)?,
    })
}
