//! Import: the bytes are sealed first, the sealed copy is verified, its records are
//! staged where nobody sees them, and become visible together with their verdict.

mod admit;
mod archive;
mod folder;
mod foreign;
mod held;
mod input;
mod interrupted;
mod native;
mod sealed;
pub(crate) mod trail;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evidence::Hash;
use serde_json::{Value, json};
use vault::{Act, ImportMember, SealedFile, VaultError};

use crate::jobs::{Job, lock};
use crate::text::{count, files, grouped, time};
use crate::view::{ImportReportView, ImportView, LeftOutView, NotImportedView};
use crate::workspace::vault_error;
use crate::{Code, Error, Workbench};
use standing::TrailStanding;
use standing::Workspace;

pub(crate) use held::{Failure, place, quarantine_views};
pub(crate) use input::Input;
use input::Part;
pub(crate) use interrupted::views as interrupted_views;
pub(crate) use native::event;

/// What came of one file.
enum Outcome {
    /// It is here, as this import.
    Imported(i64),
    /// Bytes of this name were here already, as this import.
    Known(i64, String),
    /// It failed and is sealed in quarantine.
    Quarantined(i64),
    /// It could not be read from where it came.
    Failed(NotImportedView),
}

/// What came of all files so far.
#[derive(Default)]
struct Done {
    outcomes: Vec<Outcome>,
    left_out: Vec<LeftOutView>,
    /// Imports since verdicts were computed last, and how many there may be.
    fresh: usize,
    due: usize,
}

impl Workbench {
    /// Imports files and folders in the background; gives the number of the job.
    pub async fn import_paths(&self, paths: Vec<String>) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        if paths.is_empty() {
            return Err(Error::invalid(
                "nothing to import was named",
                "give a file or a folder",
            ));
        }
        let job = self
            .inner
            .bench
            .jobs
            .begin("import", title(&paths), "records");
        Ok(self.in_background(workspace, job, paths, None))
    }

    fn in_background(
        &self,
        workspace: Arc<Workspace>,
        job: Arc<Job>,
        paths: Vec<String>,
        resumed: Resumed,
    ) -> u32 {
        let (bench, id) = (self.clone(), job.id());
        tokio::spawn(async move {
            let result = bench.import_all(&workspace, &job, paths, resumed).await;
            let said = result.as_ref().map(summary).map_err(Clone::clone);
            if let Ok(report) = result {
                lock(&bench.inner.reports).insert(id, report);
            }
            bench.vault_changed();
            job.end(&said);
            // Searchable first; what the new records contradict is found behind it.
            match detect::follow(bench.bench(), &workspace).await {
                Ok(()) => bench.vault_changed(),
                Err(error) => tracing::warn!(%error, "detection did not follow the import"),
            }
        });
        id
    }

    /// What an import job did, once it has ended.
    pub async fn import_report(&self, job: u32) -> Result<Option<ImportReportView>, Error> {
        Ok(lock(&self.inner.reports).get(&job).cloned())
    }

    /// Asks a job to stop; it leaves nothing half done.
    pub async fn cancel_job(&self, id: u32) -> Result<(), Error> {
        self.inner.bench.jobs.cancel(id)
    }

    /// Imports files and folders and waits for the end.
    pub async fn import_now(&self, paths: Vec<String>) -> Result<ImportReportView, Error> {
        let workspace = self.workspace().await?;
        self.waiting(&workspace, paths, None).await
    }

    async fn waiting(
        &self,
        workspace: &Arc<Workspace>,
        paths: Vec<String>,
        resumed: Resumed,
    ) -> Result<ImportReportView, Error> {
        let job = self
            .inner
            .bench
            .jobs
            .begin("import", title(&paths), "records");
        let report = self.import_all(workspace, &job, paths, resumed).await;
        job.end(&report.as_ref().map(summary).map_err(Clone::clone));
        report
    }

    async fn import_all(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        paths: Vec<String>,
        resumed: Resumed,
    ) -> Result<ImportReportView, Error> {
        let _turn = turn(workspace, job).await?;
        let vault = &workspace.vault;
        // The same again, after a crash, goes on with what there is, unless somebody is about to.
        let (resumed, taken) = match resumed {
            Some((intake, taken)) => (Some(intake), Some(taken)),
            None => {
                let known = interrupted::of(workspace).await?;
                let same = known.into_iter().find(|i| i.paths == paths);
                let taken = same.as_ref().and_then(|i| Taken::take(workspace, i.id));
                (same.filter(|_| taken.is_some()), taken)
            }
        };
        let intake = match &resumed {
            Some(intake) => intake.id,
            None => (vault.begin_intake(paths.clone(), self.now()).await)
                .map_err(|e| vault_error(&e))?,
        };
        let _taken = taken.or_else(|| Taken::take(workspace, intake));
        let mut done = Done::default();
        let result = self
            .intake(workspace, job, intake, &paths, resumed, &mut done)
            .await;
        match &result {
            Err(error) if error.code == Code::Failed => {
                // Its sealed copy stays: it is resumed or discarded by whoever looks next.
            }
            _ => vault
                .end_intake(intake)
                .await
                .map_err(|e| vault_error(&e))?,
        }
        job.files(|files| files.finish());
        workspace.reconsider().await?;
        self.vault_changed();
        // What was finished before an error stays; it is followed before the error is told.
        follow::catch_up(self.bench(), workspace).await?;
        result?;
        report(workspace, done).await
    }

    async fn intake(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        intake: i64,
        paths: &[String],
        resumed: Option<vault::Intake>,
        done: &mut Done,
    ) -> Result<(), Error> {
        let listed: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let all = tokio::task::spawn_blocking(move || input::collect(&listed))
            .await
            .map_err(|_| stopped())?;
        if all.inputs.is_empty()
            && resumed.is_none()
            && let Some(error) = input::nothing(&all.failed)
        {
            return Err(error);
        }
        done.outcomes
            .extend(all.failed.into_iter().map(Outcome::Failed));
        done.left_out = all.left_out;
        let mut continued = None;
        let sealed = interrupted::sealed(workspace, resumed).await?;
        job.files(|files| {
            let bytes = all.inputs.iter().map(|i| i.size).sum();
            files.expect(all.inputs.len(), bytes);
        });
        if let Some((input, sealed)) = sealed {
            job.files(|files| files.begin(&input.name, input.size));
            self.unseal(workspace, job, &input, &sealed, done).await?;
            continued = Some((input, sealed.sha256));
            self.ended(workspace, intake).await?;
        }
        for input in all.inputs {
            job.check()?;
            if let Some((before, sha256)) = &continued
                && (&before.path, &before.name) == (&input.path, &input.name)
                && is_still(job, &input, *sha256).await?
            {
                continue;
            }
            job.files(|files| files.begin(&input.name, input.size));
            if let Some(import) = already(workspace, job, &input).await? {
                done.outcomes.push(Outcome::Known(import, input.name));
                continue;
            }
            match self.seal(workspace, job, &input).await? {
                Err(failed) => done.outcomes.push(Outcome::Failed(failed)),
                Ok(sealed) => {
                    let current = serde_json::to_value(&input).unwrap_or_default();
                    (workspace.vault)
                        .intake_sealed(intake, current, sealed.clone())
                        .await
                        .map_err(|e| vault_error(&e))?;
                    self.unseal(workspace, job, &input, &sealed, done).await?;
                }
            }
            self.ended(workspace, intake).await?;
        }
        Ok(())
    }

    async fn ended(&self, workspace: &Workspace, intake: i64) -> Result<(), Error> {
        let ended = workspace.vault.intake_ended(intake, 1).await;
        ended.map_err(|e| vault_error(&e))
    }

    /// Seals the bytes as they come. In the inner result, why the source could not be read.
    async fn seal(
        &self,
        workspace: &Workspace,
        job: &Arc<Job>,
        input: &Input,
    ) -> Result<Result<SealedFile, NotImportedView>, Error> {
        let failed_with = |(reason, hint): (String, &str)| NotImportedView {
            file: input.path.display().to_string(),
            reason,
            hint: hint.into(),
        };
        let inner = match input.open() {
            Ok(inner) => inner,
            Err(error) => return Ok(Err(failed_with(input::unreadable(&error)))),
        };
        let failed = Arc::new(Mutex::new(None));
        let watched = sealed::Watched {
            inner,
            job: Arc::clone(job),
            failed: Arc::clone(&failed),
        };
        match workspace.vault.seal_file("original", watched).await {
            Ok(sealed) => Ok(Ok(sealed)),
            Err(error) => {
                job.check()?;
                match lock(&failed).take() {
                    Some(why) => Ok(Err(failed_with(why))),
                    None => Err(vault_error(&error)),
                }
            }
        }
    }

    /// Imports what was sealed: the file, or each file of an archive.
    async fn unseal(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        input: &Input,
        sealed: &SealedFile,
        done: &mut Done,
    ) -> Result<(), Error> {
        // A manifest speaks of the file as it came, before anything in it is looked at.
        let mut before = self.held_before(workspace, input, &sealed.sha256).await?;
        let held = match (&before, foreign::contradicted(input, sealed)) {
            (held::Before::Stays(id), _) => Some(*id),
            (_, Some(failure)) => Some(self.hold(workspace, input, sealed, &failure).await?),
            _ => None,
        };
        if let Some(id) = held {
            return self.note(workspace, done, Outcome::Quarantined(id)).await;
        }
        let expanded = if input.is_native() && !input.is_folder {
            let (vault, id, whole) = (workspace.vault.clone(), sealed.id.clone(), input.clone());
            let runtime = tokio::runtime::Handle::current();
            let expanded = tokio::task::spawn_blocking(move || {
                archive::expand(&whole, &mut || {
                    let open = runtime.block_on(vault.open_sealed("original", &id));
                    open.map_err(std::io::Error::other)
                })
            });
            let expanded = expanded.await.map_err(|_| stopped())?;
            expanded.map_err(|error| sealed::unreadable_copy(input, &error))?
        } else {
            None
        };
        let Some(expanded) = expanded else {
            let outcome = self.import_one(workspace, job, input, sealed).await?;
            self.note(workspace, done, outcome).await?;
            return Ok(());
        };
        for (part, failure) in expanded.held {
            let held = self.hold(workspace, &part, sealed, &failure).await?;
            self.note(workspace, done, Outcome::Quarantined(held))
                .await?;
        }
        done.outcomes
            .extend(expanded.failed.into_iter().map(Outcome::Failed));
        done.left_out.extend(expanded.left_out);
        let mut behind = 0;
        let whole: u64 = expanded.inputs.iter().map(|i| i.size).sum();
        for part in expanded.inputs {
            job.check()?;
            let outcome = self.import_one(workspace, job, &part, sealed).await?;
            if let (held::Before::Asked(id), Outcome::Imported(import)) = (&before, &outcome) {
                // The archive itself was held: by now a manifest lists it.
                self.release(workspace, *id, *import).await?;
                before = held::Before::Nothing;
            }
            self.note(workspace, done, outcome).await?;
            behind += part.size;
            let at = u128::from(input.size) * u128::from(behind) / u128::from(whole.max(1));
            job.files(|files| files.read_to(u64::try_from(at).unwrap_or(u64::MAX)));
        }
        Ok(())
    }

    /// Remembers what came of a file; verdicts follow at once for a few, and in steps for thousands.
    async fn note(
        &self,
        workspace: &Workspace,
        done: &mut Done,
        outcome: Outcome,
    ) -> Result<(), Error> {
        done.fresh += usize::from(matches!(outcome, Outcome::Imported(_)));
        done.outcomes.push(outcome);
        if done.fresh > done.due {
            workspace.reconsider().await?;
            self.vault_changed();
            done.fresh = 0;
            done.due = (done.due * 2 + 1).min(255);
        }
        Ok(())
    }

    async fn import_one(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        input: &Input,
        sealed: &SealedFile,
    ) -> Result<Outcome, Error> {
        let (sha256, member) = content(input, sealed);
        let before = self.held_before(workspace, input, &sha256).await?;
        if let held::Before::Stays(id) = before {
            return Ok(Outcome::Quarantined(id));
        }
        let head = vault::ImportHead {
            name: input.name.clone(),
            kind: input.format().into(),
            original: sealed.clone(),
            recommit: !input.is_native(),
            member,
            admits: None,
        };
        let session = match workspace.vault.begin_import(head, self.now()).await {
            Ok(session) => session,
            Err(VaultError::AlreadyImported { import }) => {
                return Ok(Outcome::Known(import, input.name.clone()));
            }
            Err(error) => return Err(vault_error(&error)),
        };
        let done = if input.is_digests() {
            self.digests(workspace, job, input, sealed, session).await?
        } else if input.is_native() {
            self.native(workspace, job, input, sealed, session).await?
        } else {
            self.foreign(workspace, job, input, sealed, session).await?
        };
        match done {
            Ok(import) => {
                if let held::Before::Asked(id) = before {
                    self.release(workspace, id, import).await?;
                }
                Ok(Outcome::Imported(import))
            }
            Err((failure, session)) => {
                let id = self.hold(workspace, input, sealed, &failure).await?;
                session.abandon().await.map_err(|e| vault_error(&e))?;
                Ok(Outcome::Quarantined(id))
            }
        }
    }
}

/// An import that was asked for, held by the one who works on it or waits to: nobody else resumes or discards it.
pub(crate) struct Taken {
    workspace: Arc<Workspace>,
    intake: i64,
}

impl Taken {
    /// None where somebody else has it.
    fn take(workspace: &Arc<Workspace>, intake: i64) -> Option<Self> {
        lock(&workspace.taken).insert(intake).then(|| Self {
            workspace: Arc::clone(workspace),
            intake,
        })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        lock(&self.workspace.taken).remove(&self.intake);
    }
}

/// What an import goes on with.
type Resumed = Option<(vault::Intake, Taken)>;

/// Imports are done one after the other; this waits for those before it.
async fn turn<'w>(
    workspace: &'w Workspace,
    job: &Job,
) -> Result<tokio::sync::MutexGuard<'w, ()>, Error> {
    job.files(|files| files.set_step("waiting"));
    loop {
        job.check()?;
        let turn = workspace.importing.lock();
        if let Ok(turn) = tokio::time::timeout(Duration::from_millis(200), turn).await {
            return Ok(turn);
        }
    }
}

/// The import of these very bytes, looked for before they are sealed once more; they are only read where one
/// has as many.
async fn already(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
) -> Result<Option<i64>, Error> {
    let vault = &workspace.vault;
    let maybe = input.is_folder
        || input.is_digests()
        || vault
            .import_of_size(input.size)
            .await
            .map_err(|e| vault_error(&e))?;
    if !maybe {
        return Ok(None);
    }
    let (read, stop) = (input.clone(), Arc::clone(job));
    let digest = tokio::task::spawn_blocking(move || input::digest(&read, &|| stop.is_cancelled()));
    // What cannot be read is said when it is sealed.
    let digest = digest.await.map_err(|_| stopped())?.ok().flatten();
    match digest {
        Some(digest) => vault.import_of(&digest).await.map_err(|e| vault_error(&e)),
        None => Ok(None),
    }
}

/// Whether a file that was resumed from its sealed copy has the same bytes as then; one that cannot be read any more
/// says nothing else.
async fn is_still(job: &Arc<Job>, input: &Input, sha256: Hash) -> Result<bool, Error> {
    let (read, stop) = (input.clone(), Arc::clone(job));
    let digest = tokio::task::spawn_blocking(move || input::digest(&read, &|| stop.is_cancelled()));
    let digest = digest.await.map_err(|_| stopped())?.ok().flatten();
    Ok(digest.is_none_or(|digest| digest == sha256))
}

/// Digest of the bytes that are imported, and which part of the original they are.
fn content(input: &Input, sealed: &SealedFile) -> (Hash, Option<ImportMember>) {
    let (name, sha256) = match &input.part {
        Part::Whole => return (sealed.sha256, None),
        Part::Member { entry, sha256 } => (&entry.name, sha256),
        Part::Folder { name, sha256 } => (name, sha256),
        Part::Unreadable { name } => (name, &sealed.sha256),
    };
    let member = ImportMember {
        name: name.clone(),
        size: input.size,
        sha256: *sha256,
    };
    (*sha256, Some(member))
}

/// What came of everything, as it stands now.
async fn report(workspace: &Workspace, done: Done) -> Result<ImportReportView, Error> {
    let mut report = ImportReportView {
        total: 0,
        files: Vec::new(),
        quarantine: Vec::new(),
        failed: Vec::new(),
        left_out: done.left_out,
    };
    let mut held = BTreeSet::new();
    for outcome in done.outcomes {
        match outcome {
            Outcome::Imported(id) => {
                let view = import_view(workspace, id, "imported").await?;
                report.total = report.total.saturating_add(view.records);
                report.files.push(view);
            }
            Outcome::Known(id, name) => {
                let mut view = import_view(workspace, id, "already imported").await?;
                let first = std::mem::replace(&mut view.file, name);
                view.known_as = (first != view.file).then_some(first);
                report.files.push(view);
            }
            Outcome::Quarantined(id) => {
                held.insert(count(id));
            }
            Outcome::Failed(failed) => report.failed.push(failed),
        }
    }
    if !held.is_empty() {
        let all = quarantine_views(workspace).await?;
        report.quarantine = all.into_iter().filter(|q| held.contains(&q.id)).collect();
    }
    Ok(report)
}

fn title(paths: &[String]) -> String {
    match paths {
        [] => "import".into(),
        [one] => file_name(one),
        [first, more @ ..] => format!("{} and {} more", file_name(first), more.len()),
    }
}

fn file_name(path: &str) -> String {
    std::path::Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned())
}

fn summary(report: &ImportReportView) -> String {
    let mut said = format!(
        "{} records from {}",
        grouped(report.total.into()),
        files(report.files.len())
    );
    if !report.quarantine.is_empty() {
        said.push_str(&format!(", {} in quarantine", report.quarantine.len()));
    }
    if !report.failed.is_empty() {
        said.push_str(&format!(", {} not read", report.failed.len()));
    }
    let unproven = evidence::Assurance::Unproven.word();
    let of_trail = (report.files.iter()).filter(|f| f.trail.is_some() && f.assurance == unproven);
    match of_trail.count() {
        0 => {}
        n => said.push_str(&format!(", {n} not proven by CloudTrail's digests")),
    }
    said
}

pub(crate) fn stopped() -> Error {
    Error::new(
        Code::Failed,
        "a worker stopped",
        "start it again; nothing half done was kept",
    )
}

/// An import as it stands now.
pub(crate) async fn import_view(
    workspace: &Workspace,
    id: i64,
    outcome: &str,
) -> Result<ImportView, Error> {
    let import = workspace
        .vault
        .import(id)
        .await
        .map_err(|e| vault_error(&e))?;
    Ok(view_of(workspace, &import, outcome))
}

pub(crate) fn view_of(workspace: &Workspace, import: &vault::Import, outcome: &str) -> ImportView {
    let standing = workspace.standing();
    let segment = standing.of_import(import.id);
    let origin = match segment {
        Some(s) if s.recommitted && s.systems.len() > 1 => s.systems.join(", "),
        Some(s) if s.recommitted => s.system.clone().unwrap_or_else(|| "unclassified".into()),
        Some(s) => s.origin.clone(),
        None => String::new(),
    };
    // The first record of a foreign file says what the file was; it is no event.
    let own = segment.map_or(0, |s| s.about_files);
    ImportView {
        id: count(import.id),
        file: import.name.clone(),
        known_as: None,
        format: import.kind.clone(),
        remark: import.facts["remark"].as_str().map(str::to_owned),
        at: time(import.finished),
        by: import.actor.clone(),
        records: count(import.records.saturating_sub(own)),
        origin,
        assurance: segment
            .map(|s| s.assurance.word())
            .unwrap_or_default()
            .into(),
        verdict: segment.map(|s| s.verdict.word()).unwrap_or_default().into(),
        agreed: (import.facts["agreed"].as_str()).map(|words| workspace.vault.name(words)),
        outcome: match segment {
            Some(s) if outcome == "imported" && s.verdict == evidence::Verdict::Admitted => {
                "admitted".into()
            }
            _ => outcome.into(),
        },
        sha256: digest_text(workspace, &import.sha256),
        trail: segment.and_then(|s| s.trail).map(TrailStanding::words),
    }
}

/// A file's digest, for who may know it; nothing for others.
pub(crate) fn digest_text(workspace: &Workspace, sha256: &Hash) -> String {
    match workspace.vault.knows_digests() {
        true => sha256.to_hex(),
        false => String::new(),
    }
}

/// What every import records in custody.
///
/// It names the file by its mark and its sealed name: an entry is readable to every member, and in packets.
pub(crate) fn finished(
    workspace: &Workspace,
    input: &Input,
    sha256: &Hash,
    more: Value,
) -> Result<impl FnOnce(vault::Imported) -> vault::Acts + Send + 'static, Error> {
    let (file, format) = (input.name.clone(), input.format());
    let mark = workspace.vault.mark(sha256).map_err(|e| vault_error(&e))?;
    let mark = mark.to_hex();
    let file = (workspace.vault.hide_name(&file)).map_err(|e| vault_error(&e))?;
    Ok(move |imported: vault::Imported| {
        let mut detail = json!({
            "import": imported.import,
            "file": file,
            "format": format,
            "mark": mark,
            "records": imported.records,
        });
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        Act::new("import.finished", detail).into()
    })
}
