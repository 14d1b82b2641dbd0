//! Imports that were cut off: by a crash, a full disk, a window that was closed. The sealed copy of the file
//! they had come to is still here; they are resumed from it, or discarded.

use vault::{Intake, SealedFile};

use super::Input;
use crate::jobs::lock;
use crate::text::{count, files, time};
use crate::view::{ImportReportView, InterruptedView};
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

impl Workbench {
    /// Imports that were cut off, oldest first.
    pub async fn interrupted(&self) -> Result<Vec<InterruptedView>, Error> {
        let workspace = self.workspace().await?;
        views(&workspace).await
    }

    /// Resumes an import that was cut off, in the background; gives the number of the job.
    pub async fn import_resume(&self, id: u32) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        let intake = find(&workspace, id).await?;
        let paths = intake.paths.clone();
        let job = (self.inner.jobs).begin("import", super::title(&paths), "records");
        Ok(self.in_background(workspace, job, paths, Some(intake)))
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
            let paths = intake.paths.clone();
            let report = self.waiting(&workspace, paths, Some(intake)).await?;
            all.total = all.total.saturating_add(report.total);
            all.files.extend(report.files);
            all.quarantine.extend(report.quarantine);
            all.failed.extend(report.failed);
            all.left_out.extend(report.left_out);
        }
        Ok(all)
    }

    /// Gives an import that was cut off up: what it had finished stays, its sealed copy goes.
    pub async fn import_discard(&self, id: u32) -> Result<(), Error> {
        let workspace = self.workspace().await?;
        let intake = find(&workspace, id).await?;
        let ended = workspace.vault.end_intake(intake.id).await;
        ended.map_err(|e| vault_error(&e))?;
        self.vault_changed();
        Ok(())
    }
}

/// Those that nobody is working on.
async fn of(workspace: &Workspace) -> Result<Vec<Intake>, Error> {
    let all = workspace.vault.intakes().await;
    let mut all = all.map_err(|e| vault_error(&e))?;
    // While one runs, its own entry is no interruption.
    let running = *lock(&workspace.at_intake);
    all.retain(|intake| Some(intake.id) != running);
    Ok(all)
}

async fn find(workspace: &Workspace, id: u32) -> Result<Intake, Error> {
    let found = of(workspace).await?;
    let found = found.into_iter().find(|i| i.id == i64::from(id));
    found.ok_or_else(|| {
        Error::not_found(
            format_args!("interrupted import {id}"),
            "it may have been resumed or discarded already",
        )
    })
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
