//! Imports. The original is sealed first; rows are staged in transactions of their own, invisible until
//! [`ImportSession::finish`] commits the verdict together with its acts. Whatever a killed import left is
//! removed at the next open.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use evidence::{Assurance, CompactRange, Hash, SigningKey};
use redaction::MinimisedField;
use redaction::exposure::FieldExposure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::group::{Change, Lasting};
use crate::keys::KeyName;
use crate::ledger::{Acts, may_record};
use crate::seal::SealedFile;
use crate::stated;
use crate::store::StoreWriter;
use crate::table::retold::EventIdentity;
use crate::table::segment::SegmentFacts;
use crate::table::{import, sealed, segment, setting};
use crate::{EventKind, Inner, Vault, VaultError};

mod staged;

use staged::Staged;

const RECOMMIT: &str = "vault/recommit";

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
    /// The file inside the original, where that is an archive.
    pub member: Option<ImportMember>,
    /// The quarantined file that this import admits: both become visible in one commit.
    pub admits: Option<i64>,
}

/// A file inside a sealed archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportMember {
    /// Its name in the archive.
    pub name: String,
    /// Its bytes, unpacked from the archive.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: Hash,
}

impl ImportHead {
    /// Size and digest of the bytes that are imported.
    fn content(&self) -> (u64, &Hash) {
        match &self.member {
            Some(member) => (member.size, &member.sha256),
            None => (self.original.size, &self.original.sha256),
        }
    }
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
    /// Content that the record should not hold: kind and field, never what.
    pub exposures: Vec<FieldExposure>,
    /// Canonical record line, without its newline; it is sealed.
    pub line: Vec<u8>,
    /// What identifies the event in every file that tells it, where its source says so.
    pub identity: Option<EventIdentity>,
}

/// A batch that is staged: its records got consecutive event numbers, but for those of events that have their rows.
#[derive(Debug)]
pub struct Appended {
    first_seq: i64,
    events: Vec<NewEvent>,
    /// Subject numbers of all records in a row, and where those of each record end.
    subjects: (Vec<i64>, Vec<usize>),
}

impl Appended {
    /// Each record with its event number and the numbers of the subjects it names.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &NewEvent, &[i64])> {
        let (numbers, ends) = &self.subjects;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let named = starts.zip(ends).map(|(from, to)| &numbers[from..*to]);
        (self.first_seq..)
            .zip(&self.events)
            .zip(named)
            .map(|((seq, event), named)| (seq, event, named))
    }
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

impl Imported {
    /// Number of its last event; the one before its first when there are none.
    #[must_use]
    pub fn last_seq(&self) -> i64 {
        self.first_seq.saturating_add_unsigned(self.records) - 1
    }
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
    pub(crate) fn shrink_log(&self) {
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
    pub(crate) fn seal(
        &self,
        kind: &str,
        lasting: Lasting,
        mut from: impl Read,
    ) -> Result<SealedFile, VaultError> {
        self.may_write()?;
        let writer = self.entropy(|e| self.sealer.create(kind, e));
        let mut writer = writer.ok_or_else(|| self.need(KeyName::Originals))??;
        io::copy(&mut from, &mut writer)?;
        Ok(match lasting {
            Lasting::AtOnce => writer.finish()?,
            Lasting::InGroup => writer.finish_for_now()?,
        })
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
        self.seal_file_lasting(Lasting::AtOnce, kind, from).await
    }

    /// The same, durable when it is asked to be.
    pub async fn seal_file_lasting(
        &self,
        lasting: Lasting,
        kind: &str,
        from: impl Read + Send + 'static,
    ) -> Result<SealedFile, VaultError> {
        let (inner, kind) = (self.inner.clone(), kind.to_owned());
        tokio::task::spawn_blocking(move || inner.seal(&kind, lasting, from)).await?
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
        self.begin_import_lasting(Lasting::AtOnce, head, now).await
    }

    /// The same; what becomes of it is durable when it is asked to be. In a group it is not seen before [`Vault::settle`], or
    /// before anybody changes anything by itself.
    ///
    /// # Errors
    /// As [`Vault::begin_import`].
    pub async fn begin_import_lasting(
        &self,
        lasting: Lasting,
        head: ImportHead,
        now: DateTime<Utc>,
    ) -> Result<ImportSession, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || ImportSession::begin(inner, lasting, head, now)).await?
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
    staged: Option<Box<Staged>>,
}

impl std::fmt::Debug for ImportSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportSession")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl ImportSession {
    fn begin(
        inner: Arc<Inner>,
        lasting: Lasting,
        head: ImportHead,
        now: DateTime<Utc>,
    ) -> Result<Self, VaultError> {
        let kind = "import.finished";
        inner.may_write()?;
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
        let mut guard = inner.writer_for(lasting)?;
        let grouped = guard.group.is_some();
        let tx = Change::begin(&mut guard.conn, grouped)?;
        let (size, sha256) = head.content();
        let marked = inner.marks()?.seal(sha256);
        if let Some(import) = import::known(&tx, &marked.0)? {
            return Err(VaultError::AlreadyImported { import });
        }
        // An earlier session of this process may have been dropped half way.
        stated::forget(&tx)?;
        import::discard_staged(&tx, &inner.statements)?;
        let first_seq = setting::visible(&tx, &inner.statements)? + 1;
        let original = &head.original.id;
        let actor = &inner.member.id;
        let names = &inner.marks()?.names;
        let id = import::begin(
            &tx,
            &names.hide(&head.name),
            &head.kind,
            size,
            marked,
            original,
            actor,
            first_seq,
            now,
        )?;
        if let Some(member) = &head.member {
            import::set_member(&tx, id, &names.hide(&member.name))?;
        }
        let segment = segment::next_id(&tx)?;
        let recommit = RecommitState::parse(setting::get(&tx, &inner.statements, RECOMMIT)?)?;
        stated::none_changed(&tx)?;
        tx.commit()?;
        drop(guard);
        let store = inner.entropy(|e| inner.sealer.create("segment", e));
        let store = StoreWriter::new(store.ok_or_else(|| inner.need(KeyName::Originals))??)?;
        let recommit = head
            .recommit
            .then(|| recommit.range().map(|range| (recommit, range)))
            .transpose()?;
        let staged = Staged::new(id, segment, first_seq, lasting, store, recommit);
        Ok(Self {
            slot,
            id,
            head,
            staged: Some(Box::new(staged)),
        })
    }

    /// Import number.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The number that the first event gets.
    #[must_use]
    pub fn first_seq(&self) -> i64 {
        self.staged.as_ref().map_or(0, |s| s.first_seq())
    }

    /// The log index of the next record. For a recommit import it is known from the start.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.staged.as_ref().map_or(0, |s| s.next_index())
    }

    /// Stages records with their rows, in the order of their indices, and gives them back with their numbers.
    /// Some thousands at a time are best: each call is one transaction.
    pub async fn append(&mut self, batch: Vec<NewEvent>) -> Result<Appended, VaultError> {
        self.blocking(move |inner, staged| staged.append(inner, batch))
            .await
    }

    /// Stages lines of records that are known already and have their rows in another segment: each with
    /// the number of the event whose leaf is the same.
    pub async fn append_known(
        &mut self,
        first: u64,
        lines: Vec<(Vec<u8>, i64)>,
    ) -> Result<(), VaultError> {
        self.blocking(move |_, staged| staged.known(first, &lines))
            .await
    }

    async fn blocking<T: Send + 'static>(
        &mut self,
        f: impl FnOnce(&Inner, &mut Staged) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let broken =
            || VaultError::ImportOrder("it failed before and can only be abandoned".to_owned());
        let mut staged = self.staged.take().ok_or_else(broken)?;
        let inner = self.slot.0.clone();
        let done =
            tokio::task::spawn_blocking(move || f(&inner, &mut staged).map(|done| (staged, done)));
        let (staged, done) = done.await??;
        self.staged = Some(staged);
        Ok(done)
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
            let mut guard = inner.settled()?;
            let tx = Change::begin(&mut guard.conn, false)?;
            stated::forget(&tx)?;
            import::discard_staged(&tx, &inner.statements)?;
            let kept = sealed::is_known(&tx, &self.head.original.id)?;
            stated::none_changed(&tx)?;
            tx.commit()?;
            if !kept {
                inner.sealer.remove(&self.head.original.id)?;
            }
            Ok(())
        })
        .await?
    }
}
