//! Imports, one method each; what runs in the background, and what detection makes of it.

use std::sync::Arc;

use intake::{Resumed, summary, title};
use standing::Workspace;

use crate::jobs::{Job, lock};
use crate::view::{
    AdmittedView, ImportReportView, InterruptedView, QuarantineExportView, QuarantineListView,
    QuarantineView,
};
use crate::{Error, Workbench};

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
            let result = intake::import_all(bench.bench(), &workspace, &job, paths, resumed).await;
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

    /// Resumes an import that was cut off, in the background; gives the number of the job.
    pub async fn import_resume(&self, id: u32) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        let found = intake::take_interrupted(&workspace, id).await?;
        let paths = found.0.paths.clone();
        let job = (self.inner.bench.jobs).begin("import", title(&paths), "records");
        Ok(self.in_background(workspace, job, paths, Some(found)))
    }

    /// Imports files and folders and waits for the end.
    pub async fn import_now(&self, paths: Vec<String>) -> Result<ImportReportView, Error> {
        let workspace = self.workspace().await?;
        intake::import_now(self.bench(), &workspace, paths).await
    }

    /// Imports that were cut off, oldest first.
    pub async fn interrupted(&self) -> Result<Vec<InterruptedView>, Error> {
        let workspace = self.workspace().await?;
        intake::interrupted_views(&workspace).await
    }

    /// Resumes every import that was cut off, one after the other, and waits for the end.
    pub async fn import_resume_now(&self) -> Result<ImportReportView, Error> {
        let workspace = self.workspace().await?;
        intake::import_resume_now(self.bench(), &workspace).await
    }

    /// Gives an import that was cut off up: what it had finished stays, its sealed copy goes. Another import may run
    /// meanwhile.
    pub async fn import_discard(&self, id: u32) -> Result<(), Error> {
        let workspace = self.workspace().await?;
        intake::import_discard(self.bench(), &workspace, id).await
    }

    /// Files in quarantine; with `all`, also those that were admitted or verified since.
    pub async fn quarantine(&self, all: bool) -> Result<QuarantineListView, Error> {
        let workspace = self.workspace().await?;
        intake::quarantine(&workspace, all).await
    }

    /// One file of the quarantine with its exact reason.
    pub async fn quarantined(&self, id: u32) -> Result<QuarantineView, Error> {
        let workspace = self.workspace().await?;
        intake::quarantined(&workspace, id).await
    }

    /// Writes a quarantined file out as it came, for its source to look at. Recorded in custody.
    pub async fn quarantine_export(
        &self,
        id: u32,
        path: String,
    ) -> Result<QuarantineExportView, Error> {
        let workspace = self.workspace().await?;
        intake::quarantine_export(self.bench(), &workspace, id, path).await
    }

    /// Admits a quarantined file as unproven. A custodian's act, recorded with its reason.
    pub async fn quarantine_admit(&self, id: u32, reason: String) -> Result<AdmittedView, Error> {
        let workspace = self.workspace().await?;
        intake::quarantine_admit(self.bench(), &workspace, id, reason).await
    }
}
