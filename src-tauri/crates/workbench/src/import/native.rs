//! A native export: verified as a stream while its records are staged.

use std::sync::Arc;

use evidence::export::{ExportError, ExportFacts, Stop, read_export};
use evidence::{Assurance, ExportFiles, Hash, RecordLine};
use redaction::HandleKey;
use serde_json::json;
use sources::{Catalogue, RecordKind, SourceFile};
use tokio::sync::mpsc;
use vault::{EventKind, ImportSession, NewEvent, SealedFile, SegmentFacts};

use super::{Failure, Input, finished, folder, stopped};
use crate::jobs::Job;
use crate::standing::{sizes, trust};
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

/// Records staged in one transaction.
const BATCH: usize = 2_000;
/// Batches on their way between verifying and storing.
const IN_FLIGHT: usize = 4;

/// The verifier's finding, or why the file belongs in quarantine (and the session to abandon).
pub(super) type Done = Result<i64, (Failure, ImportSession)>;

/// What the verifying thread hands to the storing task.
enum Batch {
    New(Vec<NewEvent>),
    /// Lines of records that other segments hold already, from this index on, each with its event.
    Known(u64, Vec<(Vec<u8>, i64)>),
}

impl Workbench {
    pub(super) async fn native(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        input: &Input,
        sealed: &SealedFile,
        mut session: ImportSession,
    ) -> Result<Done, Error> {
        let files = open(workspace, input, sealed).await?;
        let files = match files {
            Ok(files) => files,
            Err(error) => return Ok(Err((of_archive(error)?, session))),
        };
        let origin = match evidence::export::peek(&files) {
            Ok(checkpoint) => checkpoint.origin,
            Err(rejection) => return Ok(Err((Failure::of(&rejection.report()), session))),
        };
        let trust = trust(&workspace.vault).await?;
        let keys = trust.keys_for(&origin);
        let segments = workspace
            .vault
            .segments(Some(&origin))
            .await
            .map_err(|e| vault_error(&e))?;
        let interest = sizes(&segments, &trust.anchors_for(&origin), &[]);
        let known = Known::of(workspace, &segments).await?;
        let handles = workspace.vault.handle_key().map_err(|e| vault_error(&e))?;
        let (batches, mut staged) = mpsc::channel(IN_FLIGHT);
        let (own, counted) = (Arc::clone(workspace), Arc::clone(job));
        let verifying = tokio::task::spawn_blocking(move || {
            let mut files = files;
            let mut stage = Stage {
                catalogue: &own.catalogue,
                handles: &handles,
                known: &known,
                new: Vec::with_capacity(BATCH),
                old: (0, Vec::new()),
                batches,
                job: &counted,
            };
            let facts = read_export(&mut files, &keys, &interest, &mut |line, leaf| {
                stage.push(line, leaf)
            });
            facts.and_then(|facts| {
                stage
                    .flush()
                    .map(|()| facts)
                    .map_err(|Stop| ExportError::Stopped)
            })
        });
        let mut failed = None;
        while let Some(batch) = staged.recv().await {
            let stored = match batch {
                Batch::New(events) => session.append(events).await,
                Batch::Known(first, lines) => session.append_known(first, lines).await,
            };
            if let Err(error) = stored {
                failed = Some(vault_error(&error));
                break;
            }
        }
        drop(staged);
        let verified = verifying.await.map_err(|_| stopped())?;
        if let Some(error) = failed {
            session.abandon().await.map_err(|e| vault_error(&e))?;
            return Err(error);
        }
        match verified {
            Ok(facts) => self
                .finish_native(input, sealed, session, facts)
                .await
                .map(Ok),
            Err(ExportError::Rejected(rejection)) => {
                Ok(Err((Failure::of(&rejection.report()), session)))
            }
            Err(ExportError::Stopped) => {
                session.abandon().await.map_err(|e| vault_error(&e))?;
                job.check()?;
                Err(stopped())
            }
            Err(ExportError::Read(error)) => {
                session.abandon().await.map_err(|e| vault_error(&e))?;
                Err(Error::failed(
                    format!(
                        "the sealed copy of {} could not be read: {error}",
                        input.name
                    ),
                    "check the disk, then import it again",
                ))
            }
        }
    }

    async fn finish_native(
        &self,
        input: &Input,
        sealed: &SealedFile,
        session: ImportSession,
        facts: ExportFacts,
    ) -> Result<i64, Error> {
        let signers: Vec<String> = facts.signers.iter().map(ToString::to_string).collect();
        let systems: Vec<&str> = facts.schemas.iter().map(|(id, _)| id.as_str()).collect();
        let system = match systems.as_slice() {
            [one, ..] if systems.iter().all(|s| s == one) => Some(*one),
            _ => None,
        };
        let verdict = json!({
            "verdict": if facts.pending.is_some() { "pending" } else { "valid" },
            "system": system,
        });
        let more = json!({
            "origin": facts.origin,
            "first": facts.first,
            "last": facts.last,
            "root": facts.root,
            "signers": signers,
        });
        let segment = SegmentFacts {
            origin: facts.origin,
            first: facts.first,
            last: facts.last,
            frontier: facts.frontier,
            root: facts.root,
            roots: facts.roots,
            checkpoint_note: Some(facts.checkpoint_note),
            previous_note: facts.previous_note,
            range_json: Some(facts.range_json),
            signers,
            links: serde_json::to_value(&facts.bridges).unwrap_or_default(),
            verdict: verdict.clone(),
        };
        let done = session
            .finish(segment, verdict, finished(input, sealed, more), self.now())
            .await
            .map_err(|e| vault_error(&e))?;
        Ok(done.import)
    }
}

async fn open(
    workspace: &Workspace,
    input: &Input,
    sealed: &SealedFile,
) -> Result<Result<ExportFiles, evidence::ArchiveError>, Error> {
    let mut readers = Vec::new();
    // A folder's files are read side by side, each through a reader of its own.
    for _ in 0..if input.is_folder { 7 } else { 1 } {
        let reader = workspace
            .vault
            .open_sealed("original", &sealed.id)
            .await
            .map_err(|e| vault_error(&e))?;
        readers.push(reader);
    }
    let is_folder = input.is_folder;
    tokio::task::spawn_blocking(move || {
        if is_folder {
            let mut readers = readers.into_iter();
            let mut next = || {
                readers
                    .next()
                    .ok_or_else(|| std::io::Error::other("too many files for an export"))
            };
            return folder::export(&mut next).map_err(|e| {
                Error::failed(
                    format!("the sealed folder could not be read: {e}"),
                    "import it again",
                )
            });
        }
        match readers.pop() {
            Some(reader) => Ok(ExportFiles::open_zip(reader)),
            None => Err(stopped()),
        }
    })
    .await
    .map_err(|_| stopped())?
}

fn of_archive(error: evidence::ArchiveError) -> Result<Failure, Error> {
    match ExportError::of_archive(error, None) {
        ExportError::Rejected(rejection) => Ok(Failure::of(&rejection.report())),
        error => Err(Error::failed(
            error.to_string(),
            "check the disk, then import it again",
        )),
    }
}

/// Leaf hashes of records that are here already: the same record gets no second row.
struct Known(Vec<(vault::Run, Vec<Hash>)>);

impl Known {
    async fn of(workspace: &Workspace, segments: &[vault::Segment]) -> Result<Self, Error> {
        let mut known = Vec::new();
        for segment in segments {
            for run in &segment.runs {
                let leaves = workspace
                    .vault
                    .leaves(segment.id, run.first, run.last)
                    .await
                    .map_err(|e| vault_error(&e))?;
                known.push((*run, leaves));
            }
        }
        Ok(Self(known))
    }

    /// The event that holds this record already.
    fn event(&self, index: u64, leaf: &Hash) -> Option<i64> {
        self.0.iter().find_map(|(run, leaves)| {
            let at = index.checked_sub(run.first)?;
            let known = leaves.get(usize::try_from(at).ok()?)?;
            (known == leaf).then(|| run.first_seq.saturating_add_unsigned(at))
        })
    }
}

/// Turns verified lines into rows, batch by batch.
struct Stage<'a> {
    catalogue: &'a Catalogue,
    handles: &'a HandleKey,
    known: &'a Known,
    new: Vec<NewEvent>,
    old: (u64, Vec<(Vec<u8>, i64)>),
    batches: mpsc::Sender<Batch>,
    job: &'a Job,
}

impl Stage<'_> {
    fn push(&mut self, line: &RecordLine<'_>, leaf: Hash) -> Result<(), Stop> {
        let bytes = line.as_written().as_bytes().to_vec();
        if let Some(event) = self.known.event(line.index(), &leaf) {
            self.send_new()?;
            if self.old.1.is_empty() {
                self.old.0 = line.index();
            }
            self.old.1.push((bytes, event));
            return if self.old.1.len() >= BATCH {
                self.send_old()
            } else {
                Ok(())
            };
        }
        self.send_old()?;
        let (id, version) = line.schema();
        let source = self
            .catalogue
            .get(id, Some(version))
            .unwrap_or_else(|| Catalogue::generic());
        let fields: Vec<(&str, &str)> = line.fields().collect();
        self.new.push(event(
            source,
            line.index(),
            leaf,
            &fields,
            bytes,
            self.handles,
            Assurance::Unproven,
        ));
        if self.new.len() >= BATCH {
            self.send_new()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        self.send_new()?;
        self.send_old()
    }

    fn send_new(&mut self) -> Result<(), Stop> {
        if self.new.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.new, Vec::with_capacity(BATCH));
        self.send(batch.len(), Batch::New(batch))
    }

    fn send_old(&mut self) -> Result<(), Stop> {
        if self.old.1.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.old.1);
        self.send(lines.len(), Batch::Known(self.old.0, lines))
    }

    fn send(&mut self, records: usize, batch: Batch) -> Result<(), Stop> {
        if self.job.is_cancelled() {
            return Err(Stop);
        }
        self.batches.blocking_send(batch).map_err(|_| Stop)?;
        self.job.advance(records as u64);
        Ok(())
    }
}

/// A record as its row: the headline, and every field as far as its class lets it be seen.
pub(super) fn event(
    source: &SourceFile,
    index: u64,
    leaf: Hash,
    fields: &[(&str, &str)],
    line: Vec<u8>,
    handles: &HandleKey,
    assurance: Assurance,
) -> NewEvent {
    let headline = source.headline(fields.iter().copied());
    NewEvent {
        index,
        leaf,
        occurred: headline.occurred.map(|m| m.utc),
        recorded: headline.recorded.map(|m| m.utc),
        system: headline.system,
        action: headline.action,
        outcome: headline.outcome,
        kind: match headline.kind {
            RecordKind::Audit => EventKind::Audit,
            RecordKind::Lifecycle => EventKind::Lifecycle,
        },
        assurance,
        rules: format!("{}/{}", source.id, source.version),
        minimised: redaction::minimise(&|path| source.rule(path), fields.iter().copied(), handles),
        line,
    }
}
