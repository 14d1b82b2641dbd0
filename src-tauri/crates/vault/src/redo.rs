//! Source files of the workspace's own, and rows that are made anew from their sealed records because the
//! rules that minimise them have changed. Sealed bytes, leaves, numbers and levels stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use evidence::{Hash, Hasher};
use redaction::exposure::FieldExposure;
use redaction::{Class, MinimisedField, Shown};
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::json;

use crate::stated;
use crate::table::event;
use crate::table::row::RowWriter;
use crate::table::{dictionary, exposure, setting, source_file, subject, to_json};
use crate::{Act, EventKind, EventRow, OwnSource, RowShown, Tx, Vault, VaultError};

/// Setting: ids of source files whose rows wait to be made anew.
const WAITING: &str = "vault/rows-waiting";
/// How often rows were made anew, in `derived`, where it outlives what is forgotten of the rows.
pub(crate) const REDONE: &str = "rows-redone";
/// Marks what this adds to the dictionaries until its transaction ends; no import has this number.
const NO_IMPORT: i64 = 0;

/// A row as it is to be from now on.
#[derive(Clone, Debug)]
pub struct RedoneEvent {
    /// Its number.
    pub seq: i64,
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
    /// Version of the rules that minimised it.
    pub rules: String,
    /// What the row may hold.
    pub minimised: Vec<MinimisedField>,
    /// Content that the record should not hold.
    pub exposures: Vec<FieldExposure>,
}

impl Vault {
    /// The workspace's own source files, by id and version.
    pub async fn own_sources(&self) -> Result<Vec<OwnSource>, VaultError> {
        self.as_stated(
            |inner| async move { source_file::all(&inner.pool, &inner.statements).await },
        )
        .await
    }

    /// Which imports are read as which source file, though their records do not say so.
    pub async fn assigned_sources(&self) -> Result<BTreeMap<i64, String>, VaultError> {
        self.as_stated(|inner| async move {
            source_file::assigned(&inner.pool, &inner.statements).await
        })
        .await
    }

    /// Ids of the source files whose rows wait to be made anew.
    pub async fn rows_waiting(&self) -> Result<BTreeSet<String>, VaultError> {
        waiting(self.setting_text(WAITING).await?)
    }

    /// Writes rows anew. They are derived from sealed records, so no act records it: the act is that of the
    /// source file which made it necessary. An identity that was erased from a row does not come back.
    pub async fn redo_rows(&self, rows: Vec<RedoneEvent>) -> Result<(), VaultError> {
        let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let before = self.rows(&seqs).await?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            inner.may_write()?;
            let mut guard = inner.settled()?;
            let tx = guard
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            stated::forget(&tx)?;
            redo(&tx, &rows, &before)?;
            dictionary::keep(&tx, NO_IMPORT)?;
            stated::none_changed(&tx)?;
            // Beside the other marks of what follows the rows; it decides nothing.
            tx.execute(
                "INSERT INTO derived (name, value) VALUES (?, '1')
                 ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
                [REDONE],
            )?;
            Ok(tx.commit()?)
        })
        .await?
    }

    /// How often rows were made anew, in a word that is compared.
    pub async fn times_redone(&self) -> Result<String, VaultError> {
        Ok(self.derived(REDONE).await?.unwrap_or_default())
    }

    /// What tells this state of the rows up to `seq` from every other: what followed them so far was right about
    /// *these* rows, and is not about those of an older copy, of another one, or of before they were made anew.
    pub async fn position(&self, seq: i64) -> Result<Hash, VaultError> {
        let times = self.derived(REDONE).await?.unwrap_or_default();
        let last = event::leaves(&self.inner.pool, seq, 1).await?;
        let mut position = Hasher::new();
        position.update(b"muniment/position/v1\0");
        position.update(self.inner.id.as_bytes());
        position.update(times.as_bytes());
        position.update(b"\0");
        position.update(&seq.to_be_bytes());
        last.iter().for_each(|leaf| position.update(&leaf.0));
        Ok(position.finish())
    }

    /// No row of these source files waits any more.
    ///
    /// It is an act: whoever could take a mark away would keep rows as older rules made them.
    pub async fn rows_redone(
        &self,
        ids: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Result<(), VaultError> {
        if self.rows_waiting().await?.is_disjoint(ids) {
            return Ok(());
        }
        let ids = ids.clone();
        self.write(now, move |tx| {
            let mut left = tx.waiting()?;
            left.retain(|id| !ids.contains(id));
            setting::put(tx.conn, WAITING, &to_json("setting", &left)?)?;
            let act = Act::new("setting.rows-redone", json!({ "sources": ids }));
            Ok(((), act.into()))
        })
        .await
    }
}

impl Tx<'_> {
    /// Keeps a source file; its rows wait from now on. Record it with `source.added`.
    pub fn add_source(
        &self,
        id: &str,
        version: u32,
        body: &[u8],
        reason: Option<&str>,
    ) -> Result<(), VaultError> {
        let file = OwnSource {
            id: id.to_owned(),
            version,
            digest: Hash::sha256(body),
            body: body.to_vec(),
            reason: reason.map(str::to_owned),
            actor: self.actor().to_owned(),
            at: self.now,
        };
        source_file::insert(self.conn, &file)?;
        self.rows_wait(id)
    }

    /// Says of which source file the records of an import are; its rows wait from now on. Record it with
    /// `source.assigned`.
    pub fn assign_source(&self, import: i64, source: &str) -> Result<(), VaultError> {
        source_file::assign(self.conn, import, source)?;
        self.rows_wait(source)
    }

    fn waiting(&self) -> Result<BTreeSet<String>, VaultError> {
        waiting(setting::get(self.conn, self.statements, WAITING)?)
    }

    pub(crate) fn rows_wait(&self, id: &str) -> Result<(), VaultError> {
        let mut ids = self.waiting()?;
        ids.insert(id.to_owned());
        setting::put(self.conn, WAITING, &to_json("setting", &ids)?)
    }
}

fn waiting(text: Option<String>) -> Result<BTreeSet<String>, VaultError> {
    text.map_or_else(
        || Ok(BTreeSet::new()),
        |text| crate::table::json("setting", &text),
    )
}

/// The rows of one batch: what repeats among them gets a number.
struct Batch<'a> {
    tx: &'a Connection,
    writer: RowWriter,
    paths: HashMap<String, i64>,
    texts: HashMap<String, i64>,
}

/// Longer values hardly repeat.
const MAX_INTERNED: usize = 64;

fn redo(tx: &Connection, rows: &[RedoneEvent], before: &[EventRow]) -> Result<(), VaultError> {
    let mut batch = Batch {
        tx,
        writer: RowWriter::default(),
        paths: HashMap::new(),
        texts: HashMap::new(),
    };
    // Written twice: once to see which shapes repeat.
    let mut shapes: HashMap<Vec<u8>, u32> = HashMap::new();
    for (row, before) in rows.iter().zip(before) {
        batch.fields(row, before)?;
        *shapes.entry(batch.writer.shape().to_owned()).or_default() += 1;
    }
    let mut numbered: HashMap<Vec<u8>, i64> = HashMap::new();
    let mut out = Vec::new();
    for (row, before) in rows.iter().zip(before) {
        batch.fields(row, before)?;
        let shape = batch.writer.shape();
        let number = match numbered.get(shape) {
            Some(number) => Some(*number),
            None if shapes.get(shape).is_some_and(|times| *times > 1) => {
                let number = dictionary::shape_id(tx, shape, NO_IMPORT)?;
                numbered.insert(shape.to_owned(), number);
                Some(number)
            }
            None => None,
        };
        batch.writer.finish(number, &mut out);
        batch.write(row, &out)?;
        exposure::forget(tx, row.seq)?;
        for exposed in &row.exposures {
            exposure::insert(tx, row.seq, exposed)?;
        }
    }
    Ok(())
}

impl Batch<'_> {
    fn text(&mut self, text: &str) -> Result<i64, VaultError> {
        if let Some(id) = self.texts.get(text) {
            return Ok(*id);
        }
        let id = dictionary::text_id(self.tx, text, NO_IMPORT)?;
        self.texts.insert(text.to_owned(), id);
        Ok(id)
    }

    fn path(&mut self, path: &str) -> Result<i64, VaultError> {
        if let Some(id) = self.paths.get(path) {
            return Ok(*id);
        }
        let id = dictionary::path_id(self.tx, path, NO_IMPORT)?;
        self.paths.insert(path.to_owned(), id);
        Ok(id)
    }

    /// Collects the fields of a row in the writer.
    fn fields(&mut self, row: &RedoneEvent, before: &EventRow) -> Result<(), VaultError> {
        let mut writer = std::mem::take(&mut self.writer);
        let base = row.occurred.or(row.recorded);
        writer.start(base.map(|time| time.timestamp_micros()));
        for f in &row.minimised {
            let path = self.path(&f.path)?;
            let number = |domain: &str, mac: &[u8; 32], issued: Option<&str>| match erased(
                before, &f.path,
            ) {
                Some(number) => Ok(number),
                None => subject::intern(self.tx, domain, mac, issued, None),
            };
            match &f.shown {
                Shown::Kept { text } => {
                    if !writer.packed(path, f.class, text) {
                        // Taxonomic values repeat; others hardly do.
                        if f.class == Class::C0 && text.len() <= MAX_INTERNED {
                            writer.text(path, f.class, self.text(text)?);
                        } else {
                            writer.kept(path, f.class, text);
                        }
                    }
                }
                Shown::Handle { domain, mac } => {
                    writer.subject(path, f.class, number(domain, mac, None)?);
                }
                Shown::Issued {
                    domain,
                    mac,
                    handle,
                } => writer.subject(path, f.class, number(domain, mac, Some(handle))?),
                Shown::TypeTag { tag } => writer.tag(path, f.class, self.text(tag)?),
                Shown::Presence { size } => writer.presence(path, f.class, *size),
                Shown::Hidden => writer.hidden(path, f.class),
            }
        }
        self.writer = writer;
        Ok(())
    }

    fn write(&mut self, row: &RedoneEvent, fields: &[u8]) -> Result<(), VaultError> {
        let system = self.text(&row.system)?;
        let action = self.text(&row.action)?;
        let outcome = match &row.outcome {
            Some(outcome) => Some(self.text(outcome)?),
            None => None,
        };
        let rules = self.text(&row.rules)?;
        self.tx
            .prepare_cached(
                "UPDATE event SET occurred_us = ?, recorded_us = ?, system = ?, action = ?, outcome = ?, kind = ?,
                   rules = ?, fields = ? WHERE seq = ?",
            )?
            .execute(params![
                row.occurred.map(|t| t.timestamp_micros()),
                row.recorded.map(|t| t.timestamp_micros()),
                system,
                action,
                outcome,
                i64::from(row.kind == EventKind::Lifecycle),
                rules,
                fields,
                row.seq
            ])?;
        Ok(())
    }
}

/// The subject that a field of the row had, if its identity was erased since.
fn erased(before: &EventRow, path: &str) -> Option<i64> {
    before.fields.iter().find_map(|field| match field.shown {
        RowShown::Handle {
            subject,
            handle: None,
            ..
        } if field.path == path => Some(subject),
        _ => None,
    })
}
