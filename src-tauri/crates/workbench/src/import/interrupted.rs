//! Imports that were cut off: by a crash, a full disk, a window that was closed. The sealed copy of the file
//! they had come to is still here; they are resumed from it, or discarded.

use std::sync::Arc;

use vault::{Intake, SealedFile};

use super::{Input, Taken};
use crate::jobs::lock;
use crate::text::{count, files, time};
use crate::view::{ImportReportView, InterruptedView};
use crate::workspace::vault_error;
use crate::{Error, Workbench};
use standing::Workspace;

impl Workbench {
    /// Imports that were cut off, oldest first.
    pub async fn interrupted(&self) -> Result<Vec<InterruptedView>, Error> {
        let workspace = self.workspace().await?;
        views(&workspace).await
    }

    /// Resumes an import that was cut off, in the background; gives the number of the job.
    pub async fn import_resume(&self, id: u32) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        let found = find(&workspace, id).await?;
        let paths = found.0.paths.clone();
        let job = (self.inner.bench.jobs).begin("import", super::title(&paths), "records");
        Ok(self.in_background(workspace, job, paths, Some(found)))
    }

    /// Resumes every import that was cut off, one after the other, and waits for the end.
    pub async fn import_resume_now(&self) -> Result<ImportReportView, Error> {
        let workspace = self.workspace().await?;
        let mut all = ImportReportView {
            total: 0,
            files: Vec::new(),
            quarantine: Vec::new(),
            failed: Vec::new(),
            left_out: Vec::new(),
        };
        for intake in of(&workspace).await? {
            // One that somebody else has taken up since is theirs.
            let Ok(found) = find(&workspace, count(intake.id)).await else {
                continue;
            };
            let (paths, resumed) = (found.0.paths.clone(), Some(found));
            let report = self.waiting(&workspace, paths, resumed).await?;
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
    pub async fn import_discard(&self, id: u32) -> Result<(), Error> {
        let workspace = self.workspace().await?;
        let (intake, _taken) = find(&workspace, id).await?;
        let _still = workspace.checking.lock().await;
        let ended = workspace.vault.end_intake(intake.id).await;
        ended.map_err(|e| vault_error(&e))?;
        self.vault_changed();
        Ok(())
    }
}

/// Those that nobody is working on.
pub(super) async fn of(workspace: &Workspace) -> Result<Vec<Intake>, Error> {
    let all = workspace.vault.intakes().await;
    let mut all = all.map_err(|e| vault_error(&e))?;
    // While one runs or is about to, its own entry is no interruption.
    let taken = lock(&workspace.taken).clone();
    all.retain(|intake| !taken.contains(&intake.id));
    Ok(all)
}

/// An import that was cut off, taken by whoever asks.
async fn find(workspace: &Arc<Workspace>, id: u32) -> Result<(Intake, Taken), Error> {
    let gone = || {
        Error::not_found(
            format_args!("interrupted import {id}"),
            "it may have been resumed or discarded already",
        )
    };
    // Taken before it is looked at: nobody ends it in between.
    let taken = Taken::take(workspace, i64::from(id)).ok_or_else(gone)?;
    let all = workspace.vault.intakes().await;
    let mut all = all.map_err(|e| vault_error(&e))?.into_iter();
    let found = all.find(|i| i.id == i64::from(id)).ok_or_else(gone)?;
    Ok((found, taken))
}

pub(crate) async fn views(workspace: &Workspace) -> Result<Vec<InterruptedView>, Error> {
    Ok(of(workspace).await?.into_iter().map(view).collect())
}

fn view(intake: Intake) -> InterruptedView {
    let input = intake
        .current
        .and_then(|c| serde_json::from_value::<Input>(c).ok());
    let file = input.map(|input| input.name);
    let mut words = format!(
        "The import of {} was interrupted",
        super::title(&intake.paths)
    );
    match (&file, intake.ended) {
        (Some(file), 0) => words.push_str(&format!(" at {file}, which is sealed here")),
        (Some(file), n) => words.push_str(&format!(
            " after {}, at {file}, which is sealed here",
            files(usize::try_from(n).unwrap_or(usize::MAX))
        )),
        (None, 0) => words.push_str(" before any file was sealed"),
        (None, n) => words.push_str(&format!(
            " after {}",
            files(usize::try_from(n).unwrap_or(usize::MAX))
        )),
    }
    InterruptedView {
        id: count(intake.id),
        words,
        paths: intake.paths,
        ended: count(intake.ended),
        file,
        by: intake.actor,
        at: time(intake.begun),
    }
}

/// The sealed copy that a resumed import begins with.
pub(super) async fn sealed(
    workspace: &Workspace,
    resumed: Option<Intake>,
) -> Result<Option<(Input, SealedFile)>, Error> {
    let Some((id, current)) = resumed.and_then(|i| Some((i.sealed?, i.current?))) else {
        return Ok(None);
    };
    let Ok(input) = serde_json::from_value::<Input>(current) else {
        // Of an older version: it is read from its source again.
        return Ok(None);
    };
    let sealed = workspace.vault.sealed_file(&id).await;
    Ok(Some((input, sealed.map_err(|e| vault_error(&e))?)))
}
