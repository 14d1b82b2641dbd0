//! Imports. The original is sealed first; rows are staged in transactions of their own, invisible until
//! [`ImportSession::finish`] commits the verdict together with its acts. Whatever a killed import left is
//! removed at the next open.

use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use evidence::{Assurance, Checkpoint, CompactRange, Hash, SigningKey};
use redaction::{MinimisedField, Shown};
use rusqlite::{Connection, TransactionBehavior, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::KeyName;
use crate::ledger::{Acts, may_record};
use crate::seal::{SealedFile, unpack};
use crate::store::StoreWriter;
use crate::table::event::level_code;
use crate::table::row::RowWriter;
use crate::table::segment::{Run, SegmentFacts};
use crate::table::{dictionary, import, note, sealed, segment, setting, signed, subject};
use crate::{EventKind, Inner, OriginNote, Vault, VaultError};

const RECOMMIT: &str = "vault/recommit";
/// Longer values are stored in their rows.
const MAX_INTERNED: usize = 256;
/// Bounds what a session remembers of each dictionary.
const MAX_CACHED: usize = 100_000;
/// The same for shapes of rows, which are longer.
const MAX_SHAPES: usize = 10_000;

/// What is imported.
#[derive(Clone, Debug)]
pub struct ImportHead {
    /// File name.
    pub name: String,
    /// Kind of input.
    pub kind: String,
    /// The sealed original.
    pub original: SealedFile,
    /// Whether the records go into this vault's own recommit log (everything but native exports).
    pub recommit: bool,
}

/// A record to stage.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Index in its origin's log.
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
    /// What the row may hold.
    pub minimised: Vec<MinimisedField>,
    /// Canonical record line, without its newline; it is sealed.
    pub line: Vec<u8>,
}

/// What a finished import became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Import number.
    pub import: i64,
    /// Segment number.
    pub segment: i64,
    /// First event number; meaningless when there are no events.
    pub first_seq: i64,
    /// Events added.
    pub records: u64,
}

/// The end of the recommit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecommitState {
    pub(crate) size: u64,
    pub(crate) frontier: Vec<Hash>,
    pub(crate) note: Option<String>,
}

impl RecommitState {
    pub(crate) fn parse(text: Option<String>) -> Result<Self, VaultError> {
        text.map_or_else(
            || {
                Ok(Self {
                    size: 0,
                    frontier: Vec::new(),
                    note: None,
                })
            },
            |t| crate::table::json("setting", &t),
        )
    }
    pub(crate) const SETTING: &str = RECOMMIT;
    fn range(&self) -> Result<CompactRange, VaultError> {
        CompactRange::from_frontier(self.size, self.frontier.clone())
            .map_err(|e| VaultError::corrupt("setting", e))
    }
}

impl Inner {
    pub(crate) fn recommit_origin(&self) -> String {
        format!("{}/recommit", self.id)
    }

    /// The key that signs the recommit log, derived from the first originals key.
    pub(crate) fn recommit_key(&self) -> Result<SigningKey, VaultError> {
        let originals = self
            .keys
            .oldest(KeyName::Originals)
            .ok_or_else(|| self.need(KeyName::Originals))?;
        let seed = originals.derive("muniment/recommit/v1");
        SigningKey::from_seed(&self.recommit_origin(), seed.bytes())
            .map_err(|e| VaultError::Evidence(e.to_string()))
    }

    /// Moves the write-ahead log into the database and empties it, unless somebody reads in it just now: then a
    /// later commit does.
    fn shrink_log(&self) {
        let guard = self.writer();
        let _ = guard.conn.busy_timeout(std::time::Duration::ZERO);
        let done = guard
            .conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| {
                r.get::<_, i64>(0)
            });
        if !matches!(done, Ok(0)) {
            tracing::debug!("the write-ahead log stays until later");
        }
        let _ = guard.conn.busy_timeout(crate::db::BUSY);
    }

    /// Seals a stream.
    pub(crate) fn seal(&self, kind: &str, mut from: impl Read) -> Result<SealedFile, VaultError> {
        if self.read_only {
            return Err(VaultError::ReadOnly);
        }
        let writer = self.entropy(|e| self.sealer.create(kind, e));
        let mut writer = writer.ok_or_else(|| self.need(KeyName::Originals))??;
        io::copy(&mut from, &mut writer)?;
        Ok(writer.finish()?)
    }
}

impl Vault {
    /// Seals the bytes of `from` as a file of `kind`, streaming. Nothing refers to it yet: an import, a
    /// quarantine entry or [`crate::Tx::keep_sealed`] must, or the next open removes it.
    pub async fn seal_file(
        &self,
        kind: &str,
        from: impl Read + Send + 'static,
    ) -> Result<SealedFile, VaultError> {
        let (inner, kind) = (self.inner.clone(), kind.to_owned());
        tokio::task::spawn_blocking(move || inner.seal(&kind, from)).await?
    }

    /// Begins an import; one at a time.
    ///
    /// # Errors
    /// [`VaultError::AlreadyImported`], [`VaultError::ImportRunning`], [`VaultError::NotAllowed`].
    pub async fn begin_import(
        &self,
        head: ImportHead,
        now: DateTime<Utc>,
    ) -> Result<ImportSession, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || ImportSession::begin(inner, head, now)).await?
    }
}

/// Ends the "an import is running" state when dropped.
struct Slot(Arc<Inner>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.importing.store(false, Ordering::Release);
    }
}

/// A running import. Dropping it leaves nothing visible; [`ImportSession::abandon`] also tidies up at once.
pub struct ImportSession {
    slot: Slot,
    id: i64,
    head: ImportHead,
    staged: Option<Staged>,
}

impl std::fmt::Debug for ImportSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportSession")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

struct Staged {
    import: i64,
    segment: i64,
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
    writer: RowWriter,
    row: Vec<u8>,
}

/// Subject numbers by domain and MAC.
type Subjects = HashMap<String, HashMap<[u8; 32], i64>>;

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

impl ImportSession {
    fn begin(inner: Arc<Inner>, head: ImportHead, now: DateTime<Utc>) -> Result<Self, VaultError> {
        let kind = "import.finished";
        if inner.read_only {
            return Err(VaultError::ReadOnly);
        }
        if may_record(inner.member.role, kind) != Some(true) {
            return Err(VaultError::NotAllowed {
                role: inner.member.role,
                kind: kind.to_owned(),
            });
        }
        if inner.importing.swap(true, Ordering::AcqRel) {
            return Err(VaultError::ImportRunning);
        }
        let slot = Slot(inner);
        let inner = &slot.0;
        let mut guard = inner.writer();
        let tx = guard
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(import) = import::known(&tx, &head.original.sha256)? {
            return Err(VaultError::AlreadyImported { import });
        }
        // An earlier session of this process may have been dropped half way.
        import::discard_staged(&tx)?;
        let first_seq = setting::visible(&tx)? + 1;
        let o = &head.original;
        let actor = &inner.member.id;
        let id = import::begin(
            &tx, &head.name, &head.kind, o.size, &o.sha256, &o.id, actor, first_seq, now,
        )?;
        let segment = segment::next_id(&tx)?;
        let recommit = RecommitState::parse(setting::get(&tx, RECOMMIT)?)?;
        tx.commit()?;
        drop(guard);
        let store = inner.entropy(|e| inner.sealer.create("segment", e));
        let store = StoreWriter::new(store.ok_or_else(|| inner.need(KeyName::Originals))??)?;
        let recommit = head
            .recommit
            .then(|| recommit.range().map(|range| (recommit, range)))
            .transpose()?;
        let first_index = recommit.as_ref().map(|(state, _)| state.size);
        let staged = Staged {
            import: id,
            segment,
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
            writer: RowWriter::default(),
            row: Vec::new(),
        };
        Ok(Self {
            slot,
            id,
            head,
            staged: Some(staged),
        })
    }

    /// Import number.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The log index of the next record. For a recommit import it is known from the start.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.staged.as_ref().map_or(0, |s| s.next_index)
    }

    /// Stages records with their rows, in the order of their indices. Some thousands at a time are best: each
    /// call is one transaction.
    pub async fn append(&mut self, batch: Vec<NewEvent>) -> Result<(), VaultError> {
        self.blocking(move |inner, staged| staged.append(inner, &batch))
            .await
    }

    /// Stages lines of records that are known already and have their rows in another segment: each with
    /// the number of the event whose leaf is the same.
    pub async fn append_known(
        &mut self,
        first: u64,
        lines: Vec<(Vec<u8>, i64)>,
    ) -> Result<(), VaultError> {
        self.blocking(move |_, staged| {
            if staged.recommit.is_some() {
                return Err(VaultError::ImportOrder(
                    "a recommit log has no known records".to_owned(),
                ));
            }
            for ((line, seq), index) in lines.iter().zip(first..) {
                staged.line(index, line)?;
                match staged.borrowed.last_mut() {
                    Some(run)
                        if run.last == index
                            && run.first_seq.saturating_add_unsigned(index - run.first) == *seq =>
                    {
                        run.last += 1;
                    }
                    _ => staged.borrowed.push(Run {
                        first: index,
                        last: index + 1,
                        first_seq: *seq,
                    }),
                }
            }
            Ok(())
        })
        .await
    }

    async fn blocking(
        &mut self,
        f: impl FnOnce(&Inner, &mut Staged) -> Result<(), VaultError> + Send + 'static,
    ) -> Result<(), VaultError> {
        let broken =
            || VaultError::ImportOrder("it failed before and can only be abandoned".to_owned());
        let mut staged = self.staged.take().ok_or_else(broken)?;
        let inner = self.slot.0.clone();
        let staged =
            tokio::task::spawn_blocking(move || f(&inner, &mut staged).map(|()| staged)).await??;
        self.staged = Some(staged);
        Ok(())
    }

    /// Makes a native export visible. `facts` is what verification found; `acts` gets the numbers.
    pub async fn finish(
        self,
        facts: SegmentFacts,
        verdict: Value,
        acts: impl FnOnce(Imported) -> Acts + Send + 'static,
        now: DateTime<Utc>,
    ) -> Result<Imported, VaultError> {
        if self.head.recommit {
            return Err(VaultError::ImportOrder(
                "it is a recommit import".to_owned(),
            ));
        }
        self.complete(Some(facts), verdict, acts, now).await
    }

    /// Makes a recommit import visible: the vault signs its log's new checkpoint.
    pub async fn finish_recommit(
        self,
        verdict: Value,
        acts: impl FnOnce(Imported) -> Acts + Send + 'static,
        now: DateTime<Utc>,
    ) -> Result<Imported, VaultError> {
        if !self.head.recommit {
            return Err(VaultError::ImportOrder(
                "it is not a recommit import".to_owned(),
            ));
        }
        self.complete(None, verdict, acts, now).await
    }

    async fn complete(
        mut self,
        facts: Option<SegmentFacts>,
        verdict: Value,
        acts: impl FnOnce(Imported) -> Acts + Send + 'static,
        now: DateTime<Utc>,
    ) -> Result<Imported, VaultError> {
        let broken =
            || VaultError::ImportOrder("it failed before and can only be abandoned".to_owned());
        let staged = self.staged.take().ok_or_else(broken)?;
        tokio::task::spawn_blocking(move || {
            let inner = &self.slot.0;
            staged.finish(inner, &self.head, facts, &verdict, acts, now)
        })
        .await?
    }

    /// Takes back everything that was staged, and the sealed original.
    pub async fn abandon(mut self) -> Result<(), VaultError> {
        self.staged = None;
        tokio::task::spawn_blocking(move || {
            let inner = &self.slot.0;
            let mut guard = inner.writer();
            let tx = guard
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            import::discard_staged(&tx)?;
            let kept = sealed::ids(&tx)?.contains(&self.head.original.id);
            tx.commit()?;
            if !kept {
                std::fs::remove_file(inner.sealer.path(&self.head.original.id))?;
            }
            Ok(())
        })
        .await?
    }
}

impl Staged {
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

    fn append(&mut self, inner: &Inner, batch: &[NewEvent]) -> Result<(), VaultError> {
        let mut guard = inner.writer();
        // The commit in `finish` is durable, and with it every frame of the log before it.
        guard.conn.execute_batch("PRAGMA synchronous = NORMAL")?;
        let done = guard
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(VaultError::from)
            .and_then(|tx| {
                for event in batch {
                    self.event(&tx, event)?;
                }
                Ok(tx.commit()?)
            });
        guard.conn.execute_batch("PRAGMA synchronous = FULL")?;
        done
    }

    fn event(&mut self, tx: &Connection, e: &NewEvent) -> Result<(), VaultError> {
        self.line(e.index, &e.line)?;
        if let Some((_, range)) = &mut self.recommit {
            range.push(e.leaf);
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
        match self.runs.last_mut() {
            Some(run) if run.last == e.index => run.last += 1,
            _ => self.runs.push(Run {
                first: e.index,
                last: e.index + 1,
                first_seq: self.next_seq,
            }),
        }
        self.next_seq += 1;
        Ok(())
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
                    row.subject(path, f.class, self.subject(tx, domain, mac, None)?);
                }
                Shown::Issued {
                    domain,
                    mac,
                    handle,
                } => row.subject(path, f.class, self.subject(tx, domain, mac, Some(handle))?),
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

    fn finish(
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
        let store = self.store.finish().map_err(unpack)?;
        let records = (next_seq - first_seq).unsigned_abs();
        let written = inner.write(now, |tx| {
            sealed::insert(tx.conn, &head.original)?;
            sealed::insert(tx.conn, &store)?;
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
            import::finish(tx.conn, import, verdict, records, now)?;
            setting::put(tx.conn, setting::VISIBLE, &(next_seq - 1).to_string())?;
            let done = Imported {
                import,
                segment,
                first_seq,
                records,
            };
            Ok((done, acts(done)))
        });
        if written.is_ok() {
            inner.shrink_log();
        } else {
            // Nothing refers to it; the rows go with the next import or open.
            let _ = std::fs::remove_file(inner.sealer.path(&store.id));
        }
        written
    }
}
