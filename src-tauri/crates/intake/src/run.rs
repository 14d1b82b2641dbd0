//! Import: the bytes are sealed first, the sealed copy is verified, its records are
//! staged where nobody sees them, and become visible together with their verdict.

use std::collections::BTreeSet;

use crate::held::{self, quarantine_views};
use crate::imported::{Outcome, content, stopped};
use crate::input::{self, Input};
use crate::shown::import_view;
use crate::turn::{Resumed, Taken, title, turn};
use crate::{agreed, archive, foreign, interrupted, sealed};

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use evidence::Hash;
use vault::{Lasting, SealedFile, VaultError};

use bench::jobs::{Job, lock};
use bench::text::{count, files, grouped};
use bench::view::{ImportReportView, LeftOutView, NotImportedView};
use bench::{Bench, Code, Error};
use standing::Workspace;

/// What came of all files so far.
#[derive(Default)]
struct Done {
    outcomes: Vec<Outcome>,
    left_out: Vec<LeftOutView>,
    /// Imports since verdicts were computed last, and how many there may be.
    fresh: usize,
    due: usize,
    /// What waits to be made durable together: bytes, and since when.
    waiting: u64,
    since: Option<DateTime<Utc>>,
}

/// Bytes of files that are not each waited for, where several are imported.
const SMALL: u64 = 1 << 20;
/// So much of them, and the disk is waited for.
const TOGETHER: u64 = 16 << 20;
/// So long, and what is here is shown.
const PATIENCE: TimeDelta = TimeDelta::seconds(1);

/// Whether a file is made durable with others. Native exports are not: each is read in the light of those before it.
fn lasting(input: &Input, several: bool) -> Lasting {
    let small = !input.is_native() && !input.is_digests() && input.size <= SMALL;
    match several && small {
        true => Lasting::InGroup,
        false => Lasting::AtOnce,
    }
}

/// Imports files and folders and waits for the end.
pub async fn import_now(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    paths: Vec<String>,
) -> Result<ImportReportView, Error> {
    waiting(bench, workspace, paths, None).await
}

pub(crate) async fn waiting(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    paths: Vec<String>,
    resumed: Resumed,
) -> Result<ImportReportView, Error> {
    let job = bench.jobs.begin("import", title(&paths), "records");
    let report = import_all(bench, workspace, &job, paths, resumed).await;
    job.end(&report.as_ref().map(summary).map_err(Clone::clone));
    report
}

/// Imports files and folders, or goes on with what was cut off, and follows what is here then.
pub async fn import_all(
    bench: &Bench,
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
        None => (vault.begin_intake(paths.clone(), bench.now()).await)?,
    };
    let _taken = taken.or_else(|| Taken::take(workspace, intake));
    let mut done = Done::default();
    let result = take_in(bench, workspace, job, intake, &paths, resumed, &mut done).await;
    // Whatever failed because nobody wanted it any more was cancelled.
    let result = result.or_else(|error| job.check().and(Err(error)));
    // What came to its end stays, whatever ended the others.
    let settled = vault.settle().await.map_err(Error::from);
    let result = result.and(settled);
    match &result {
        Err(error) if error.code == Code::Failed => {
            // Its sealed copy stays: it is resumed or discarded by whoever looks next.
        }
        _ => vault.end_intake(intake).await?,
    }
    job.files(|files| files.finish());
    workspace.reconsider().await?;
    bench.vault_changed();
    // What was finished before an error stays; it is followed before the error is told. Who cancelled waits for the end:
    // then whoever asks the index next follows it first.
    if !matches!(&result, Err(error) if error.code == Code::Cancelled) {
        follow::catch_up(bench, workspace).await?;
    }
    result?;
    report(workspace, done).await
}

async fn take_in(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    intake: i64,
    paths: &[String],
    resumed: Option<vault::Intake>,
    done: &mut Done,
) -> Result<(), Error> {
    let listed: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let wanted = Arc::clone(job);
    let stop = move || wanted.is_cancelled();
    let all = tokio::task::spawn_blocking(move || input::collect(&listed, &stop))
        .await
        .map_err(|_| stopped())?;
    job.check()?;
    if all.inputs.is_empty()
        && all.listed.is_empty()
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
        unseal(
            bench,
            workspace,
            job,
            &input,
            &sealed,
            Lasting::AtOnce,
            done,
        )
        .await?;
        continued = Some((input, sealed.sha256));
        ended(workspace, intake, Lasting::AtOnce).await?;
        keep_up(bench, workspace, done).await?;
    }
    let several = all.inputs.len() > 1;
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
            let outcome = agreed::known(bench, workspace, job, &input, import, None).await?;
            done.note(outcome);
            continue;
        }
        let lasting = lasting(&input, several);
        if lasting == Lasting::InGroup {
            done.since.get_or_insert_with(|| bench.now());
            done.waiting += input.size;
        }
        match seal_source(workspace, job, &input, lasting).await? {
            Err(failed) => done.outcomes.push(Outcome::Failed(failed)),
            Ok(sealed) => {
                let current = serde_json::to_value(&input).unwrap_or_default();
                (workspace.vault)
                    .intake_sealed(intake, current, sealed.clone(), lasting)
                    .await?;
                unseal(bench, workspace, job, &input, &sealed, lasting, done).await?;
            }
        }
        ended(workspace, intake, lasting).await?;
        keep_up(bench, workspace, done).await?;
    }
    // Last, because a manifest may list what was only just imported under another name.
    let more = agreed::NotAskedFor::of(bench, workspace, job, all.listed).await?;
    done.outcomes.extend(more.outcomes);
    Ok(())
}

async fn ended(workspace: &Workspace, intake: i64, lasting: Lasting) -> Result<(), Error> {
    let ended = workspace.vault.intake_ended(intake, 1, lasting).await;
    ended.map_err(Error::from)
}

/// Seals the bytes as they come. In the inner result, why the source could not be read.
async fn seal_source(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    lasting: Lasting,
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
    let vault = &workspace.vault;
    match vault.seal_file_lasting(lasting, "original", watched).await {
        Ok(sealed) => Ok(Ok(sealed)),
        Err(error) => {
            job.check()?;
            match lock(&failed).take() {
                Some(why) => Ok(Err(failed_with(why))),
                None => Err(error.into()),
            }
        }
    }
}

/// Imports what was sealed: the file, or each file of an archive.
async fn unseal(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    each: Lasting,
    done: &mut Done,
) -> Result<(), Error> {
    // A manifest speaks of the file as it came, before anything in it is looked at.
    let mut before = crate::held::held_before(workspace, input, &sealed.sha256).await?;
    let held = match (&before, foreign::contradicted(input, sealed)) {
        (held::Before::Stays(id), _) => Some(*id),
        (_, Some(failure)) => {
            Some(crate::held::hold(bench, workspace, input, sealed, &failure).await?)
        }
        _ => None,
    };
    if let Some(id) = held {
        done.note(Outcome::Quarantined(id));
        return Ok(());
    }
    let zip = if input.is_native() && !input.is_folder {
        expand(workspace, job, input, &sealed.id).await?
    } else {
        archive::Zip::Export
    };
    let expanded = match zip {
        archive::Zip::Files(expanded) => *expanded,
        archive::Zip::Refused(failure) => {
            let held = crate::held::hold(bench, workspace, input, sealed, &failure).await?;
            done.note(Outcome::Quarantined(held));
            return Ok(());
        }
        archive::Zip::Export => {
            done.note(import_one(bench, workspace, job, input, sealed, each).await?);
            return Ok(());
        }
    };
    for (part, failure) in expanded.held {
        job.check()?;
        let held = crate::held::hold(bench, workspace, &part, sealed, &failure).await?;
        done.note(Outcome::Quarantined(held));
    }
    done.outcomes
        .extend(expanded.failed.into_iter().map(Outcome::Failed));
    done.left_out.extend(expanded.left_out);
    let more = agreed::NotAskedFor::of(bench, workspace, job, expanded.listed).await?;
    done.outcomes.extend(more.outcomes);
    let mut behind = 0;
    let whole: u64 = expanded.inputs.iter().map(|i| i.size).sum();
    let several = expanded.inputs.len() > 1;
    for part in expanded.inputs {
        job.check()?;
        let lasting = lasting(&part, several);
        if lasting == Lasting::InGroup {
            done.since.get_or_insert_with(|| bench.now());
            done.waiting += part.size;
        }
        let outcome = import_one(bench, workspace, job, &part, sealed, lasting).await?;
        if let (held::Before::Asked(id), Outcome::Imported(import)) = (&before, &outcome) {
            // The archive itself was held: by now a manifest lists it.
            crate::held::release(bench, workspace, *id, *import).await?;
            before = held::Before::Nothing;
        }
        done.note(outcome);
        keep_up(bench, workspace, done).await?;
        behind += part.size;
        let at = u128::from(input.size) * u128::from(behind) / u128::from(whole.max(1));
        job.files(|files| files.read_to(u64::try_from(at).unwrap_or(u64::MAX)));
    }
    Ok(())
}

/// Looks into a sealed ZIP, as long as that is wanted.
pub(crate) async fn expand(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &str,
) -> Result<archive::Zip, Error> {
    let (vault, id, whole) = (workspace.vault.clone(), sealed.to_owned(), input.clone());
    let (runtime, wanted) = (tokio::runtime::Handle::current(), Arc::clone(job));
    let expanded = tokio::task::spawn_blocking(move || {
        archive::expand(&whole, &mut || {
            let open = runtime.block_on(vault.open_sealed("original", &id));
            let reader = open.map_err(std::io::Error::other)?;
            Ok(sealed::Wanted::new(reader, &wanted))
        })
    });
    let expanded = expanded.await.map_err(|_| stopped())?;
    job.check()?;
    expanded.map_err(|error| sealed::unreadable_copy(input, &error))
}

impl Done {
    /// Remembers what came of a file.
    fn note(&mut self, outcome: Outcome) {
        self.fresh += usize::from(matches!(outcome, Outcome::Imported(_)));
        self.outcomes.push(outcome);
    }
}

/// What came to its end is made durable and shown, and verdicts follow: at once for a few, and in steps for thousands.
async fn keep_up(bench: &Bench, workspace: &Workspace, done: &mut Done) -> Result<(), Error> {
    let due = done.fresh > done.due;
    let waited = |since: DateTime<Utc>| bench.now() - since >= PATIENCE;
    if due || done.waiting >= TOGETHER || done.since.is_some_and(waited) {
        (workspace.vault.settle().await)?;
        (done.waiting, done.since) = (0, None);
    }
    if due {
        workspace.reconsider().await?;
        bench.vault_changed();
        done.fresh = 0;
        done.due = (done.due * 2 + 1).min(255);
    }
    Ok(())
}

async fn import_one(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    lasting: Lasting,
) -> Result<Outcome, Error> {
    let (sha256, member) = content(input, sealed);
    let before = crate::held::held_before(workspace, input, &sha256).await?;
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
    let vault = &workspace.vault;
    let session = match vault.begin_import_lasting(lasting, head, bench.now()).await {
        Ok(session) => session,
        Err(VaultError::AlreadyImported { import }) => {
            let archive = Some(sealed.sha256);
            return agreed::known(bench, workspace, job, input, import, archive).await;
        }
        Err(error) => return Err(error.into()),
    };
    let done = if input.is_digests() {
        crate::digests::digests(bench, workspace, job, input, sealed, session).await?
    } else if input.is_native() {
        crate::native::native(bench, workspace, job, input, sealed, session).await?
    } else {
        crate::foreign::foreign(bench, workspace, job, input, sealed, session).await?
    };
    match done {
        Ok(import) => {
            if let held::Before::Asked(id) = before {
                crate::held::release(bench, workspace, id, import).await?;
            }
            Ok(Outcome::Imported(import))
        }
        Err((failure, session)) => {
            // Bytes that nobody wanted to read on to are no fault of the file.
            if job.is_cancelled() {
                session.abandon().await?;
                job.check()?;
                return Err(stopped());
            }
            let id = crate::held::hold(bench, workspace, input, sealed, &failure).await?;
            session.abandon().await?;
            Ok(Outcome::Quarantined(id))
        }
    }
}

/// Resumes every import that was cut off, one after the other, and waits for the end.
pub async fn import_resume_now(
    bench: &Bench,
    workspace: &Arc<Workspace>,
) -> Result<ImportReportView, Error> {
    let mut all = ImportReportView {
        total: 0,
        files: Vec::new(),
        quarantine: Vec::new(),
        failed: Vec::new(),
        left_out: Vec::new(),
    };
    for intake in interrupted::of(workspace).await? {
        // One that somebody else has taken up since is theirs.
        let Ok(found) = interrupted::find(workspace, count(intake.id)).await else {
            continue;
        };
        let (paths, resumed) = (found.0.paths.clone(), Some(found));
        let report = waiting(bench, workspace, paths, resumed).await?;
        all.total = all.total.saturating_add(report.total);
        all.files.extend(report.files);
        all.quarantine.extend(report.quarantine);
        all.failed.extend(report.failed);
        all.left_out.extend(report.left_out);
    }
    Ok(all)
}

/// Gives an import that was cut off up: what it had finished stays, its sealed copy goes. Another import may run
/// meanwhile.
pub async fn import_discard(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: u32,
) -> Result<(), Error> {
    let (intake, _taken) = interrupted::find(workspace, id).await?;
    let _still = workspace.checking.lock().await;
    workspace.vault.end_intake(intake.id).await?;
    bench.vault_changed();
    Ok(())
}

/// The import of these very bytes, looked for before they are sealed once more; they are only read where one
/// has as many.
async fn already(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
) -> Result<Option<i64>, Error> {
    let vault = &workspace.vault;
    let maybe = input.is_folder || input.is_digests() || vault.import_of_size(input.size).await?;
    if !maybe {
        return Ok(None);
    }
    let (read, stop) = (input.clone(), Arc::clone(job));
    let digest = tokio::task::spawn_blocking(move || input::digest(&read, &|| stop.is_cancelled()));
    // What cannot be read is said when it is sealed.
    let digest = digest.await.map_err(|_| stopped())?.ok().flatten();
    match digest {
        Some(digest) => vault.import_of(&digest).await.map_err(Error::from),
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

/// What came of it, in one sentence.
pub fn summary(report: &ImportReportView) -> String {
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
