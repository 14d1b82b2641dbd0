//! A native export: verified as a stream while its records are staged.

use std::sync::Arc;

use evidence::archive::CHECKPOINT;
use evidence::export::{self, ExportError, ExportFacts, Stop};
use evidence::trust::KEY_SCHEMA;
use evidence::{Assurance, ExportFiles, Hash, Reason, RecordLine, Rejection};
use redaction::{HandleKey, SCHEMA_PATH, Shown};
use serde_json::json;
use sources::{Catalogue, GENERIC_ID, RecordKind, SourceFile};
use tokio::sync::mpsc;
use vault::{EventKind, ImportSession, Imported, NewEvent, SealedFile, SegmentFacts};

use crate::folder;
use crate::held::Failure;
use crate::imported::content;
use crate::imported::finished;
use crate::imported::stopped;
use crate::input::Input;
use crate::input::Part;
use crate::sealed::Followed;
use bench::jobs::Job;
use bench::{Bench, Error};
use follow::Ahead;
use standing::Workspace;
use standing::sizes;
use standing::{Policies, Proposed, is_known_schema, refusal, schemas_json};

/// Records staged in one transaction. Half a dozen batches are held at once, with some 7 KB for each record of 26 fields.
const BATCH: usize = 1_024;
/// Bytes of lines after which a batch is full too, however few records they are.
pub(crate) const BATCH_BYTES: usize = 4 << 20;
/// Batches on their way between verifying and storing.
const IN_FLIGHT: usize = 2;

/// The verifier's finding, or why the file belongs in quarantine (and the session to abandon).
pub(crate) type Done = Result<i64, (Failure, ImportSession)>;

/// What the verifying thread hands to the storing task.
enum Batch {
    New(Vec<NewEvent>),
    /// Lines of records that other segments hold already, from this index on, each with its event.
    Known(u64, Vec<(Vec<u8>, i64)>),
}

pub(crate) async fn native(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    mut session: ImportSession,
) -> Result<Done, Error> {
    let files = open(workspace, job, input, sealed).await?;
    let files = match files {
        Ok(files) => files,
        Err(error) => return Ok(Err((of_archive(error)?, session))),
    };
    let origin = match evidence::export::peek(&files) {
        Ok(checkpoint) => checkpoint.origin,
        Err(rejection) => return Ok(Err((Failure::of(&rejection.report()), session))),
    };
    let policies = Policies::load(&workspace.vault).await?;
    let trust = policies.in_force();
    let keys = trust.keys_for(&origin);
    let segments = workspace.vault.segments(Some(&origin)).await?;
    let interest = sizes(&segments, &trust.anchors_for(&origin), &[]);
    let known = Known::new(workspace, &segments);
    let handles = workspace.vault.handle_key()?;
    let (first_seq, import) = (session.first_seq(), session.id());
    if sealed.size >= follow::WORTH_IT {
        follow::catch_up(bench, workspace).await?;
    }
    let mut ahead = Ahead::begin(workspace, sealed.size, first_seq, origin.clone(), import).await;
    let (batches, mut staged) = mpsc::channel(IN_FLIGHT);
    let (own, counted) = (Arc::clone(workspace), Arc::clone(job));
    let own_origin = origin.clone();
    let verifying = tokio::task::spawn_blocking(move || {
        let mut files = files;
        let known_files = own.known();
        let mut stage = Stage {
            known,
            broken: None,
            new: Vec::with_capacity(BATCH),
            old: (0, Vec::new()),
            bytes: 0,
            batches,
            job: &counted,
        };
        let proposed = std::sync::Mutex::new(Proposed::default());
        let row = |line: &RecordLine<'_>, leaf| {
            bench::jobs::lock(&proposed).look(&own_origin, line);
            let (id, version) = line.schema();
            let source = known_files.catalogue.governing(id, version);
            let source = source.unwrap_or_else(|| Catalogue::generic());
            let fields: Vec<(&str, &str)> = line.fields().collect();
            let (index, level) = (line.index(), Assurance::Unproven);
            let written = line.as_written().as_bytes().to_vec();
            event(source, index, leaf, &fields, written, &handles, level)
        };
        let facts = export::read_export_with(
            &mut files,
            &keys,
            &interest,
            std::thread::available_parallelism().map_or(1, usize::from),
            &row,
            &|checked| checked,
            &mut |checked| stage.take(checked),
        );
        let proposed = std::mem::take(&mut *bench::jobs::lock(&proposed));
        let facts = facts.and_then(|facts| {
            stage
                .flush()
                .map(|()| (facts, proposed))
                .map_err(|Stop| ExportError::Stopped)
        });
        (facts, stage.broken)
    });
    let mut failed = None;
    while let Some(batch) = staged.recv().await {
        let stored = match batch {
            Batch::New(events) => match session.append(events).await {
                Ok(appended) => {
                    if let Some(index) = ahead.take()
                        && index.add(appended).await
                    {
                        ahead = Some(index);
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Batch::Known(first, lines) => session.append_known(first, lines).await,
        };
        if let Err(error) = stored {
            failed = Some(error.into());
            break;
        }
    }
    drop(staged);
    let (verified, broken) = verifying.await.map_err(|_| stopped())?;
    let failed = failed.or_else(|| broken.map(|error| error.into()));
    let done = conclude(
        bench,
        (workspace, &policies),
        job,
        (input, sealed),
        session,
        verified,
        failed,
    )
    .await;
    match (ahead, &done) {
        (Some(index), Ok(Ok(imported))) => {
            index.commit(&workspace.vault, imported.last_seq()).await;
        }
        (Some(index), _) => index.abandon().await,
        (None, _) => {}
    }
    Ok(match done? {
        Ok(imported) => Ok(imported.import),
        Err(back) => Err(back),
    })
}

/// Makes what was staged visible, or takes it back.
async fn conclude(
    bench: &Bench,
    (workspace, policies): (&Workspace, &Policies),
    job: &Job,
    (input, sealed): (&Input, &SealedFile),
    session: ImportSession,
    verified: Result<(ExportFacts, Proposed), ExportError>,
    failed: Option<Error>,
) -> Result<Result<Imported, (Failure, ImportSession)>, Error> {
    if let Some(error) = failed {
        session.abandon().await?;
        return Err(error);
    }
    match verified {
        Ok((facts, proposed)) => {
            let facts = (facts, proposed);
            finish_native(bench, workspace, policies, input, sealed, session, facts).await
        }
        Err(ExportError::Rejected(rejection)) => {
            Ok(Err((Failure::of(&rejection.report()), session)))
        }
        Err(ExportError::Stopped) => {
            session.abandon().await?;
            job.check()?;
            Err(stopped())
        }
        Err(ExportError::Read(error)) => {
            session.abandon().await?;
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
    bench: &Bench,
    workspace: &Workspace,
    policies: &Policies,
    input: &Input,
    sealed: &SealedFile,
    session: ImportSession,
    (facts, proposed): (ExportFacts, Proposed),
) -> Result<Result<Imported, (Failure, ImportSession)>, Error> {
    let signers: Vec<String> = facts.signers.iter().map(ToString::to_string).collect();
    // A log that proposes its next key is still the log of its own system.
    let systems = facts.schemas.iter().map(|(id, _)| id.as_str());
    let systems: Vec<&str> = systems.filter(|id| *id != KEY_SCHEMA).collect();
    let known = workspace.known();
    let is_known = |id: &str| is_known_schema(&known.catalogue, policies, &facts.origin, id);
    let system = match systems.as_slice() {
        [one, ..] if systems.iter().all(|s| s == one) && is_known(one) => Some(*one),
        _ => None,
    };
    let verdict = json!({
        "verdict": if facts.pending.is_some() { "pending" } else { "valid" },
        "system": system,
        "schemas": schemas_json(&workspace.vault, facts.schemas.iter(), &is_known)?,
        "proposals": proposed.into_json(),
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
    if let Some(refusal) = refusal(workspace, policies, &segment, bench.now()).await? {
        let rejection = Rejection::new(Reason::Trust(refusal), CHECKPOINT);
        return Ok(Err((Failure::of(&rejection.report()), session)));
    }
    let acts = finished(workspace, input, &content(input, sealed).0, more)?;
    session
        .finish(segment, verdict, acts, bench.now())
        .await
        .map(Ok)
        .map_err(Error::from)
}

pub(crate) async fn open(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
) -> Result<Result<ExportFiles, evidence::ArchiveError>, Error> {
    let mut readers = Vec::new();
    // A folder's files are read side by side, each through a reader of its own.
    let readers_of = match input.is_folder {
        true => folder::MAX_FILES + 1,
        false => 1,
    };
    for _ in 0..readers_of {
        let reader = workspace.vault.open_sealed("original", &sealed.id).await?;
        readers.push(Followed::new(reader, job));
    }
    let is_folder = input.is_folder;
    let part = input.part.clone();
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
            Some(reader) => Ok(match part {
                Part::Folder { members, .. } => ExportFiles::open_zip_members(reader, members),
                _ => ExportFiles::open_zip(reader),
            }),
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

/// Leaf hashes of records that are here already: the same record gets no second row. They are read some thousands at a
/// time, as far as an export reaches into what is known.
struct Known {
    vault: vault::Vault,
    runtime: tokio::runtime::Handle,
    /// Runs that begin behind the record that was asked for last, the next one at the end.
    ahead: Vec<KnownRun>,
    /// Runs that it lies in: one, or one for each branch of a fork. However many imports brought this log, no more are
    /// looked through for a record.
    here: Vec<KnownRun>,
}

struct KnownRun {
    segment: i64,
    run: vault::Run,
    /// Leaf hashes from this index on.
    from: u64,
    leaves: Vec<Hash>,
}

impl Known {
    const AT_ONCE: u64 = 8_192;

    fn new(workspace: &Workspace, segments: &[vault::Segment]) -> Self {
        let runs = segments.iter().flat_map(|segment| {
            segment.runs.iter().map(|run| KnownRun {
                segment: segment.id,
                run: *run,
                from: run.first,
                leaves: Vec::new(),
            })
        });
        let mut ahead: Vec<KnownRun> = runs.collect();
        ahead.sort_by_key(|known| std::cmp::Reverse(known.run.first));
        Self {
            vault: workspace.vault.clone(),
            runtime: tokio::runtime::Handle::current(),
            ahead,
            here: Vec::new(),
        }
    }

    /// The event that holds this record already. Called in ascending order, on a blocking thread.
    fn event(&mut self, index: u64, leaf: &Hash) -> Result<Option<i64>, vault::VaultError> {
        while let Some(next) = self.ahead.pop_if(|known| known.run.first <= index) {
            self.here.push(next);
        }
        self.here.retain(|known| known.run.last > index);
        for known in &mut self.here {
            let run = known.run;
            if index < known.from || index >= known.from + known.leaves.len() as u64 {
                let to = run.last.min(index + Self::AT_ONCE);
                let read = self.vault.leaves(known.segment, index, to);
                known.leaves = self.runtime.block_on(read)?;
                known.from = index;
            }
            let at = usize::try_from(index - known.from).unwrap_or(usize::MAX);
            if known.leaves.get(at) == Some(leaf) {
                return Ok(Some(
                    run.first_seq.saturating_add_unsigned(index - run.first),
                ));
            }
        }
        Ok(None)
    }
}

/// Turns verified lines into rows, batch by batch.
struct Stage<'a> {
    known: Known,
    /// What kept known records from being read.
    broken: Option<vault::VaultError>,
    new: Vec<NewEvent>,
    old: (u64, Vec<(Vec<u8>, i64)>),
    /// Bytes of the lines that wait in either.
    bytes: usize,
    batches: mpsc::Sender<Batch>,
    job: &'a Job,
}

impl Stage<'_> {
    /// Takes the next records of the log, with the rows that were made of them.
    fn take(&mut self, checked: export::Batch<NewEvent>) -> Result<(), Stop> {
        for event in checked.made {
            let known = self.known.event(event.index, &event.leaf);
            let known = known.map_err(|error| {
                self.broken = Some(error);
                Stop
            })?;
            if let Some(known) = known {
                self.send_new()?;
                if self.old.1.is_empty() {
                    self.old.0 = event.index;
                }
                self.bytes += event.line.len();
                self.old.1.push((event.line, known));
                if self.old.1.len() >= BATCH || self.bytes >= BATCH_BYTES {
                    self.send_old()?;
                }
            } else {
                self.send_old()?;
                self.bytes += event.line.len();
                self.new.push(event);
                if self.new.len() >= BATCH || self.bytes >= BATCH_BYTES {
                    self.send_new()?;
                }
            }
        }
        Ok(())
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
        self.bytes = 0;
        self.batches.blocking_send(batch).map_err(|_| Stop)?;
        self.job.advance(records as u64);
        Ok(())
    }
}

/// A record as its row: the headline, and every field as far as its class lets it be seen.
pub fn event(
    source: &SourceFile,
    index: u64,
    leaf: Hash,
    fields: &[(&str, &str)],
    line: Vec<u8>,
    handles: &HandleKey,
    assurance: Assurance,
) -> NewEvent {
    // What a newer version of the source file declares of a value that was committed whole is shown.
    let parts = (!source.shows_as_committed(fields)).then(|| source.expand(fields));
    let declared: Option<Vec<(&str, &str)>> = parts.as_ref().map(|parts| {
        parts
            .iter()
            .map(|(path, value)| (&**path, &**value))
            .collect()
    });
    let fields = declared.as_deref().unwrap_or(fields);
    let mut minimised =
        redaction::minimise(&|path| source.rule(path), fields.iter().copied(), handles);
    // A schema that nobody declared is a name like any other.
    if source.id == GENERIC_ID
        && let Some(schema) = minimised.first_mut()
        && fields.first() != Some(&(SCHEMA_PATH, source.schema_value()))
    {
        schema.shown = Shown::Hidden;
    }
    // What a record should not hold is hidden before anything is stored, whatever its class allows.
    let exposures = redaction::exposure::withhold(&line, fields.iter().copied(), &mut minimised);
    let exposed = |path: &str| exposures.iter().any(|one| one.path == path);
    let headline = source.headline(fields.iter().copied().filter(|(path, _)| !exposed(path)));
    // Hidden members of one object are one field, however many names its record spelled for them.
    let mut seen = std::collections::HashSet::new();
    if parts.is_some() {
        minimised.retain(|field| field.shown != Shown::Hidden || seen.insert(field.path.clone()));
    }
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
        minimised,
        exposures,
        line,
        identity: None,
    }
}
