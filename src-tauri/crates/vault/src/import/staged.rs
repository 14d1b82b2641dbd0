//! What an import stages: rows with their dictionaries, and the record store.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use chrono::{DateTime, Utc};
use evidence::{Checkpoint, CompactRange};
use redaction::{MinimisedField, Shown};
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{Appended, ImportHead, Imported, NewEvent, RECOMMIT, RecommitState};
use crate::group::{Change, Lasting};
use crate::ledger::Acts;
use crate::seal::unpack;
use crate::store::StoreWriter;
use crate::table::event::level_code;
use crate::table::retold::{self, RETOLD, Retold, Sum, Told};
use crate::table::row::RowWriter;
use crate::table::segment::{Run, SegmentFacts};
use crate::table::{
    dictionary, exposure, import, note, quarantine, sealed, segment, setting, signed, subject,
};
use crate::{EventKind, Inner, OriginNote, VaultError};

/// Longer values are stored in their rows.
const MAX_INTERNED: usize = 256;
/// Bounds what a session remembers of each dictionary.
const MAX_CACHED: usize = 100_000;
/// The same for shapes of rows, which are longer.
const MAX_SHAPES: usize = 10_000;

/// A running import: what it needs to number and store its records.
pub(super) struct Staged {
    import: i64,
    segment: i64,
    lasting: Lasting,
    store: StoreWriter,
    recommit: Option<(RecommitState, CompactRange)>,
    texts: HashMap<String, i64>,
    paths: HashMap<String, Path>,
    shapes: HashMap<Vec<u8>, i64>,
    shape_habit: Habit,
    subjects: Subjects,
    first_seq: i64,
    next_seq: i64,
    first_index: Option<u64>,
    next_index: u64,
    runs: Vec<Run>,
    borrowed: Vec<Run>,
    retold: Sum,
    writer: RowWriter,
    row: Vec<u8>,
    /// Subjects of the batch, and where those of each record end.
    named: (Vec<i64>, Vec<usize>),
}

/// Subject numbers by domain and MAC.
type Subjects = HashMap<String, HashMap<[u8; 32], i64, BuildHasherDefault<OfMac>>>;

/// The hash of a MAC is its beginning: it is as good as random to everybody who does not hold the key.
#[derive(Default)]
struct OfMac(u64);

impl Hasher for OfMac {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*start);
        }
    }

    /// The length that goes before an array.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A path's number, and whether its values repeat.
struct Path {
    id: i64,
    habit: Habit,
}

/// Whether something is worth a dictionary: how often it came, and how often it was new.
#[derive(Clone, Copy, Default)]
struct Habit {
    seen: u64,
    new: u64,
}

impl Habit {
    /// At first everything may repeat; later what did in most cases.
    fn repeats(self) -> bool {
        self.new < 256 || self.new * 8 <= self.seen
    }
}

impl Staged {
    pub(super) fn new(
        import: i64,
        segment: i64,
        first_seq: i64,
        lasting: Lasting,
        store: StoreWriter,
        recommit: Option<(RecommitState, CompactRange)>,
    ) -> Self {
        let first_index = recommit.as_ref().map(|(state, _)| state.size);
        Self {
            import,
            segment,
            lasting,
            store,
            recommit,
            texts: HashMap::new(),
            paths: HashMap::new(),
            shapes: HashMap::new(),
            shape_habit: Habit::default(),
            subjects: HashMap::new(),
            first_seq,
            next_seq: first_seq,
            first_index,
            next_index: first_index.unwrap_or(0),
            runs: Vec::new(),
            borrowed: Vec::new(),
            retold: Sum::default(),
            writer: RowWriter::default(),
            row: Vec::new(),
            named: (Vec::new(), Vec::new()),
        }
    }

    pub(super) fn first_seq(&self) -> i64 {
        self.first_seq
    }

    pub(super) fn next_index(&self) -> u64 {
        self.next_index
    }

    /// Lines from `first` on, each with the event that has the same leaf.
    pub(super) fn known(&mut self, first: u64, lines: &[(Vec<u8>, i64)]) -> Result<(), VaultError> {
        if self.recommit.is_some() {
            return Err(VaultError::ImportOrder(
                "a recommit log has no known records".to_owned(),
            ));
        }
        for ((line, seq), index) in lines.iter().zip(first..) {
            self.line(index, line)?;
            match self.borrowed.last_mut() {
                Some(run)
                    if run.last == index
                        && run.first_seq.saturating_add_unsigned(index - run.first) == *seq =>
                {
                    run.last += 1;
                }
                _ => self.borrowed.push(Run {
                    first: index,
                    last: index + 1,
                    first_seq: *seq,
                }),
            }
        }
        Ok(())
    }

    fn line(&mut self, index: u64, line: &[u8]) -> Result<(), VaultError> {
        if self.first_index.is_none() {
            self.first_index = Some(index);
            self.next_index = index;
        }
        if index != self.next_index {
            let text = format!("record {index} came where {} was due", self.next_index);
            return Err(VaultError::ImportOrder(text));
        }
        if line.is_empty() || line.contains(&b'\n') {
            return Err(VaultError::ImportOrder(format!(
                "record {index} is not one line"
            )));
        }
        self.store.push(line).map_err(unpack)?;
        self.next_index += 1;
        Ok(())
    }

    /// Stages a batch in one transaction.
    pub(super) fn append(
        &mut self,
        inner: &Inner,
        mut batch: Vec<NewEvent>,
    ) -> Result<Appended, VaultError> {
        let first_seq = self.next_seq;
        let mut guard = inner.writer_for(self.lasting)?;
        let grouped = guard.group.is_some();
        let conn = &mut guard.conn;
        if !grouped {
            // The commit in `finish` is durable, and with it every frame of the log before it.
            conn.execute_batch("PRAGMA synchronous = NORMAL")?;
        }
        let done = Change::begin(conn, grouped)
            .map_err(VaultError::from)
            .and_then(|tx| {
                let mut rows = Vec::with_capacity(batch.len());
                for event in &batch {
                    rows.push(self.event(inner, &tx, event)?);
                }
                tx.commit()?;
                Ok(rows)
            });
        if !grouped {
            conn.execute_batch("PRAGMA synchronous = FULL")?;
        }
        let mut has_row = done?.into_iter();
        batch.retain(|_| has_row.next().unwrap_or_default());
        drop(guard);
        Ok(Appended {
            first_seq,
            events: batch,
            subjects: std::mem::take(&mut self.named),
        })
    }

    /// Stages a record; whether it has a row of its own.
    fn event(&mut self, inner: &Inner, tx: &Connection, e: &NewEvent) -> Result<bool, VaultError> {
        self.line(e.index, &e.line)?;
        if let Some((_, range)) = &mut self.recommit {
            range.push(e.leaf);
            if let Some(identity) = &e.identity {
                let marks = inner.marks()?;
                let told = retold::told(tx, marks, identity)?;
                if let Told::Same(seq) | Told::Otherwise(seq) = told {
                    let again = Retold {
                        segment: self.segment,
                        index: e.index,
                        seq,
                        same: matches!(told, Told::Same(_)),
                        leaf: e.leaf,
                    };
                    retold::insert(tx, &again)?;
                    self.retold.add(&again);
                    if again.same {
                        return Ok(false);
                    }
                }
                retold::identify(tx, marks, identity, self.next_seq, &e.leaf)?;
            }
        }
        let system = self.text(tx, &e.system)?;
        let action = self.text(tx, &e.action)?;
        let outcome = e.outcome.as_deref().map(|o| self.text(tx, o)).transpose()?;
        let rules = self.text(tx, &e.rules)?;
        let occurred = e.occurred.map(|t| t.timestamp_micros());
        let recorded = e.recorded.map(|t| t.timestamp_micros());
        self.fields(tx, &e.minimised, occurred.or(recorded))?;
        let kind = i64::from(e.kind == EventKind::Lifecycle);
        tx.prepare_cached(
            "INSERT INTO event (seq, segment, log_index, leaf, occurred_us, recorded_us, system, action, outcome,
               kind, assurance, rules, fields)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            self.next_seq,
            self.segment,
            signed("event", e.index)?,
            e.leaf.0,
            occurred,
            recorded,
            system,
            action,
            outcome,
            kind,
            level_code(e.assurance),
            rules,
            self.row
        ])?;
        for exposed in &e.exposures {
            exposure::insert(tx, self.next_seq, exposed)?;
        }
        match self.runs.last_mut() {
            Some(run) if run.last == e.index => run.last += 1,
            _ => self.runs.push(Run {
                first: e.index,
                last: e.index + 1,
                first_seq: self.next_seq,
            }),
        }
        self.next_seq += 1;
        self.named.1.push(self.named.0.len());
        Ok(true)
    }

    /// Encodes the fields into `self.row`.
    fn fields(
        &mut self,
        tx: &Connection,
        fields: &[MinimisedField],
        base: Option<i64>,
    ) -> Result<(), VaultError> {
        let mut row = std::mem::take(&mut self.writer);
        row.start(base);
        for f in fields {
            let path = self.path(tx, &f.path)?;
            match &f.shown {
                Shown::Kept { text } => {
                    if !row.packed(path, f.class, text) {
                        match self.repeated(tx, &f.path, text)? {
                            Some(id) => row.text(path, f.class, id),
                            None => row.kept(path, f.class, text),
                        }
                    }
                }
                Shown::Handle { domain, mac } => {
                    let number = self.subject(tx, domain, mac, None)?;
                    self.named.0.push(number);
                    row.subject(path, f.class, number);
                }
                Shown::Issued {
                    domain,
                    mac,
                    handle,
                } => {
                    let number = self.subject(tx, domain, mac, Some(handle))?;
                    self.named.0.push(number);
                    row.subject(path, f.class, number);
                }
                Shown::TypeTag { tag } => row.tag(path, f.class, self.text(tx, tag)?),
                Shown::Presence { size } => row.presence(path, f.class, *size),
                Shown::Hidden => row.hidden(path, f.class),
            }
        }
        let shape = self.shape(tx, row.shape())?;
        row.finish(shape, &mut self.row);
        self.writer = row;
        Ok(())
    }

    /// The number of a row's shape; `None` when shapes hardly repeat.
    fn shape(&mut self, tx: &Connection, shape: &[u8]) -> Result<Option<i64>, VaultError> {
        self.shape_habit.seen += 1;
        if let Some(id) = self.shapes.get(shape) {
            return Ok(Some(*id));
        }
        if !self.shape_habit.repeats() || self.shapes.len() >= MAX_SHAPES {
            return Ok(None);
        }
        self.shape_habit.new += 1;
        let id = dictionary::shape_id(tx, shape, self.import)?;
        self.shapes.insert(shape.to_owned(), id);
        Ok(Some(id))
    }

    /// The number of a value of a path whose values repeat.
    fn repeated(
        &mut self,
        tx: &Connection,
        path: &str,
        text: &str,
    ) -> Result<Option<i64>, VaultError> {
        let habit = match self.paths.get_mut(path) {
            Some(path) => &mut path.habit,
            None => return Ok(None),
        };
        habit.seen += 1;
        if let Some(id) = self.texts.get(text) {
            return Ok(Some(*id));
        }
        if text.len() > MAX_INTERNED || self.texts.len() >= MAX_CACHED || !habit.repeats() {
            return Ok(None);
        }
        habit.new += 1;
        self.text(tx, text).map(Some)
    }

    fn text(&mut self, tx: &Connection, text: &str) -> Result<i64, VaultError> {
        if let Some(id) = self.texts.get(text) {
            return Ok(*id);
        }
        let id = dictionary::text_id(tx, text, self.import)?;
        if self.texts.len() < MAX_CACHED {
            self.texts.insert(text.to_owned(), id);
        }
        Ok(id)
    }

    fn path(&mut self, tx: &Connection, path: &str) -> Result<i64, VaultError> {
        if let Some(known) = self.paths.get(path) {
            return Ok(known.id);
        }
        let id = dictionary::path_id(tx, path, self.import)?;
        if self.paths.len() < MAX_CACHED {
            let habit = Habit::default();
            self.paths.insert(path.to_owned(), Path { id, habit });
        }
        Ok(id)
    }

    fn subject(
        &mut self,
        tx: &Connection,
        domain: &str,
        mac: &[u8; 32],
        issued: Option<&str>,
    ) -> Result<i64, VaultError> {
        if let Some(number) = self.subjects.get(domain).and_then(|of| of.get(mac)) {
            return Ok(*number);
        }
        let number = subject::intern(tx, domain, mac, issued, Some(self.import))?;
        if self.subjects.values().map(HashMap::len).sum::<usize>() >= MAX_CACHED {
            self.subjects.clear();
        }
        let of = self.subjects.entry(domain.to_owned()).or_default();
        of.insert(*mac, number);
        Ok(number)
    }

    /// Makes the import visible with its acts, durably.
    pub(super) fn finish(
        self,
        inner: &Inner,
        head: &ImportHead,
        facts: Option<SegmentFacts>,
        verdict: &Value,
        acts: impl FnOnce(Imported) -> Acts,
        now: DateTime<Utc>,
    ) -> Result<Imported, VaultError> {
        let first = self
            .first_index
            .or(facts.as_ref().map(|f| f.first))
            .unwrap_or(0);
        let last = if self.first_index.is_some() {
            self.next_index
        } else {
            first
        };
        let mut verdict = verdict.clone();
        if let Some(stated) = self.retold.stated() {
            verdict[RETOLD] = stated;
        }
        let mut advanced = None;
        let facts = match (facts, self.recommit) {
            (Some(facts), _) => facts,
            (None, Some((state, range))) => {
                let checkpoint = Checkpoint {
                    origin: inner.recommit_origin(),
                    size: range.size(),
                    root: range.root(),
                };
                let key = inner.recommit_key()?;
                let note = key
                    .sign_note(&checkpoint.to_text())
                    .map_err(|e| VaultError::Evidence(e.to_string()))?;
                advanced = Some(RecommitState {
                    size: range.size(),
                    frontier: range.frontier().to_vec(),
                    note: Some(note.clone()),
                });
                SegmentFacts {
                    origin: checkpoint.origin,
                    first,
                    last,
                    frontier: state.frontier,
                    root: checkpoint.root,
                    roots: std::collections::BTreeMap::new(),
                    checkpoint_note: Some(note),
                    previous_note: state.note,
                    range_json: None,
                    signers: vec![key.verifier_key().to_string()],
                    links: Value::Array(Vec::new()),
                    verdict: verdict.clone(),
                }
            }
            (None, None) => {
                return Err(VaultError::ImportOrder(
                    "its segment has no facts".to_owned(),
                ));
            }
        };
        if (facts.first, facts.last) != (first, last) {
            let text = format!(
                "records {first} to {last} were staged, {} to {} stated",
                facts.first, facts.last
            );
            return Err(VaultError::ImportOrder(text));
        }
        let (import, runs, first_seq, next_seq) =
            (self.import, self.runs, self.first_seq, self.next_seq);
        let borrowed = self.borrowed;
        let lasting = self.lasting;
        let store = self.store.finish(lasting).map_err(unpack)?;
        let records = (next_seq - first_seq).unsigned_abs();
        let written = inner.write_lasting(lasting, now, |tx| {
            sealed::insert(tx.conn, inner.marks()?, &head.original)?;
            sealed::insert(tx.conn, inner.marks()?, &store)?;
            let segment = segment::insert(tx.conn, import, &facts, &store.id)?;
            if segment != self.segment {
                return Err(VaultError::ImportOrder(
                    "its segment number was taken".to_owned(),
                ));
            }
            for run in &runs {
                segment::insert_run(tx.conn, segment, run)?;
            }
            for run in &borrowed {
                segment::insert_borrowed(tx.conn, segment, run)?;
            }
            if let (Some(text), false) = (&facts.checkpoint_note, facts.signers.is_empty()) {
                let verified = OriginNote {
                    origin: facts.origin.clone(),
                    size: facts.last,
                    root: facts.root,
                    note: text.clone(),
                    signers: facts.signers.clone(),
                    at: now,
                };
                note::insert(tx.conn, &verified)?;
            }
            if let Some(state) = &advanced {
                setting::put(tx.conn, RECOMMIT, &crate::table::to_json("setting", state)?)?;
            }
            dictionary::keep(tx.conn, import)?;
            import::finish(tx.conn, import, &verdict, records, now)?;
            if let Some(held) = head.admits {
                quarantine::admit(tx.conn, held, import)?;
            }
            setting::put(tx.conn, setting::VISIBLE, &(next_seq - 1).to_string())?;
            let done = Imported {
                import,
                segment,
                first_seq,
                records,
            };
            Ok((done, acts(done)))
        });
        match (&written, lasting) {
            (Ok(_), Lasting::AtOnce) => inner.shrink_log(),
            (Ok(_), Lasting::InGroup) => inner.in_group([head.original.id.clone(), store.id]),
            // Nothing refers to it; the rows go with the next import or open.
            (Err(_), _) => drop(inner.sealer.remove(&store.id)),
        }
        written
    }
}
