//! Import: the bytes are sealed first, the sealed copy is verified, its records are
//! staged where nobody sees them, and become visible together with their verdict.

mod folder;
mod foreign;
mod input;
mod native;
pub(crate) mod trail;

use std::path::PathBuf;
use std::sync::Arc;

use evidence::RejectionReport;
use serde_json::{Value, json};
use vault::{Act, SealedFile, VaultError};

use crate::jobs::{Job, lock};
use crate::text::{count, files, grouped, time};
use crate::view::{ImportReportView, ImportView, QuarantineView};
use crate::workspace::{Workspace, vault_error};
use crate::{Code, Error, Workbench};

pub(crate) use input::Input;
pub(crate) use native::event;

/// What came of one file.
pub(crate) enum Outcome {
    /// It is here, as this import.
    Imported(i64),
    /// Its bytes were here already, as this import.
    Known(i64),
    /// It failed and is sealed in quarantine.
    Quarantined(i64),
}

/// Why a file went to quarantine, as the vault keeps it. Never content.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) place: String,
    #[serde(default)]
    pub(crate) hint: String,
}

impl Failure {
    pub(crate) fn of(rejection: &RejectionReport) -> Self {
        Self {
            code: rejection.code.clone(),
            reason: rejection.message.clone(),
            place: place(rejection),
            hint: rejection.hint.clone(),
        }
    }
}

/// Where a rejection points: file, line, index, field.
pub(crate) fn place(rejection: &RejectionReport) -> String {
    let mut place = rejection.file.clone().unwrap_or_default();
    if let Some(line) = rejection.line {
        place.push_str(&format!(" line {line}"));
    }
    if let Some(index) = rejection.index {
        place.push_str(&format!(", record {index}"));
    }
    if let Some(path) = &rejection.path {
        place.push_str(&format!(", field {path}"));
    }
    place.trim_start_matches([',', ' ']).to_owned()
}

impl Workbench {
    /// Imports files and folders in the background; gives the number of the job.
    pub async fn import_paths(&self, paths: Vec<String>) -> Result<u32, Error> {
        let workspace = self.workspace().await?;
        let title = match paths.as_slice() {
            [] => {
                return Err(Error::invalid(
                    "nothing to import was named",
                    "give a file or a folder",
                ));
            }
            [one] => file_name(one),
            more => format!("{} and {} more", file_name(&more[0]), more.len() - 1),
        };
        let job = self.inner.jobs.begin("import", title, "records");
        let (bench, id) = (self.clone(), job.id());
        tokio::spawn(async move {
            let result = bench.import_all(&workspace, &job, paths).await;
            let said = result.as_ref().map(summary).map_err(Clone::clone);
            if let Ok(report) = result {
                lock(&bench.inner.reports).insert(id, report);
            }
            bench.vault_changed();
            job.end(&said);
            // Searchable first; what the new records contradict is found behind it.
            match crate::detect::follow(&bench, &workspace).await {
                Ok(()) => bench.vault_changed(),
                Err(error) => tracing::warn!(%error, "detection did not follow the import"),
            }
        });
        Ok(id)
    }

    /// What an import job did, once it has ended.
    pub async fn import_report(&self, job: u32) -> Result<Option<ImportReportView>, Error> {
        Ok(lock(&self.inner.reports).get(&job).cloned())
    }

    /// Asks a job to stop; it leaves nothing half done.
    pub async fn cancel_job(&self, id: u32) -> Result<(), Error> {
        self.inner.jobs.cancel(id)
    }

    /// Imports files and folders and waits for the end.
    pub async fn import_now(&self, paths: Vec<String>) -> Result<ImportReportView, Error> {
        let workspace = self.workspace().await?;
        let job = self.inner.jobs.begin("import", "import".into(), "records");
        let report = self.import_all(&workspace, &job, paths).await;
        job.end(&report.as_ref().map(summary).map_err(Clone::clone));
        report
    }

    async fn import_all(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        paths: Vec<String>,
    ) -> Result<ImportReportView, Error> {
        let paths: Vec<PathBuf> = paths.into_iter().map(PathBuf::from).collect();
        let inputs = tokio::task::spawn_blocking(move || input::collect(&paths))
            .await
            .map_err(|_| stopped())??;
        job.expect(inputs.iter().map(|i| i.expected).sum());
        let mut report = ImportReportView {
            total: 0,
            files: Vec::new(),
            quarantine: Vec::new(),
        };
        let mut cut_short = None;
        // Log files of a trail are many and small: what is said of them is worked out once.
        let mut of_trail = Vec::new();
        for input in inputs {
            let many = input.is_trail_log();
            let done = match job.check() {
                Ok(()) => self.import_one(workspace, job, input).await,
                Err(cancelled) => Err(cancelled),
            };
            match done {
                Ok(Outcome::Imported(id)) if many => of_trail.push((id, "imported")),
                Ok(Outcome::Known(id)) if many => of_trail.push((id, "already imported")),
                Ok(Outcome::Imported(id)) => {
                    workspace.reconsider().await?;
                    let view = import_view(workspace, id, "imported").await?;
                    report.total = report.total.saturating_add(view.records);
                    report.files.push(view);
                    self.vault_changed();
                }
                Ok(Outcome::Known(id)) => {
                    report
                        .files
                        .push(import_view(workspace, id, "already imported").await?);
                }
                Ok(Outcome::Quarantined(id)) => {
                    let all = quarantine_views(workspace).await?;
                    let id = count(id);
                    report
                        .quarantine
                        .extend(all.into_iter().filter(|q| q.id == id));
                }
                // What was finished before stays; it is followed before the error is told.
                Err(error) => {
                    cut_short = Some(error);
                    break;
                }
            }
        }
        if !of_trail.is_empty() {
            workspace.reconsider().await?;
        }
        for (id, outcome) in of_trail {
            let view = import_view(workspace, id, outcome).await?;
            if outcome == "imported" {
                report.total = report.total.saturating_add(view.records);
            }
            report.files.push(view);
        }
        crate::follow::catch_up(self, workspace).await?;
        match cut_short {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }

    async fn import_one(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        input: Input,
    ) -> Result<Outcome, Error> {
        let sealed = self.seal_original(workspace, &input).await?;
        let head = vault::ImportHead {
            name: input.name.clone(),
            kind: input.format().into(),
            original: sealed.clone(),
            recommit: !input.is_native(),
        };
        let session = match workspace.vault.begin_import(head, self.now()).await {
            Ok(session) => session,
            Err(VaultError::AlreadyImported { import }) => {
                return Ok(Outcome::Known(import));
            }
            Err(error) => return Err(vault_error(&error)),
        };
        let done = if input.is_digests() {
            self.digests(workspace, &input, &sealed, session).await?
        } else if input.is_native() {
            self.native(workspace, job, &input, &sealed, session)
                .await?
        } else {
            self.foreign(workspace, job, &input, &sealed, session)
                .await?
        };
        match done {
            Ok(import) => Ok(Outcome::Imported(import)),
            Err((failure, session)) => {
                let id = self
                    .quarantine(workspace, &input, &sealed, &failure)
                    .await?;
                session.abandon().await.map_err(|e| vault_error(&e))?;
                Ok(Outcome::Quarantined(id))
            }
        }
    }

    async fn seal_original(
        &self,
        workspace: &Workspace,
        input: &Input,
    ) -> Result<SealedFile, Error> {
        let reader = input.open()?;
        workspace
            .vault
            .seal_file("original", reader)
            .await
            .map_err(|e| vault_error(&e))
    }

    async fn quarantine(
        &self,
        workspace: &Workspace,
        input: &Input,
        sealed: &SealedFile,
        failure: &Failure,
    ) -> Result<i64, Error> {
        let known = workspace
            .vault
            .quarantined()
            .await
            .map_err(|e| vault_error(&e))?;
        if let Some(same) = known
            .iter()
            .find(|q| q.sha256 == sealed.sha256 && q.state == "held")
        {
            return Ok(same.id);
        }
        let reason = serde_json::to_value(failure).unwrap_or_default();
        let (name, kind, sealed) = (
            input.name.clone(),
            input.format().to_owned(),
            sealed.clone(),
        );
        let act = json!({
            "file": name,
            "sha256": sealed.sha256.to_hex(),
            "code": failure.code,
            "place": failure.place,
        });
        workspace
            .vault
            .write(self.now(), move |tx| {
                let id = tx.quarantine(&name, &kind, &sealed, &reason)?;
                Ok((id, Act::new("quarantine.held", act).into()))
            })
            .await
            .map_err(|e| vault_error(&e))
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
        Some(s) if s.recommitted => s.system.clone().unwrap_or_else(|| "unclassified".into()),
        Some(s) => s.origin.clone(),
        None => String::new(),
    };
    // The first record of a foreign file says what the file was; it is no event.
    let own = segment.map_or(0, |s| s.about_files);
    ImportView {
        id: count(import.id),
        file: import.name.clone(),
        format: import.kind.clone(),
        at: time(import.finished),
        by: import.actor.clone(),
        records: count(import.records.saturating_sub(own)),
        origin,
        assurance: segment
            .map(|s| s.assurance.word())
            .unwrap_or_default()
            .into(),
        verdict: segment.map(|s| s.verdict.word()).unwrap_or_default().into(),
        outcome: outcome.into(),
        sha256: import.sha256.to_hex(),
    }
}

pub(crate) async fn quarantine_views(workspace: &Workspace) -> Result<Vec<QuarantineView>, Error> {
    let held = workspace
        .vault
        .quarantined()
        .await
        .map_err(|e| vault_error(&e))?;
    Ok(held
        .into_iter()
        .filter(|q| q.state == "held")
        .map(|q| {
            let failure: Failure = serde_json::from_value(q.reason).unwrap_or_else(|_| Failure {
                code: "unknown".into(),
                reason: "the reason cannot be read".into(),
                place: String::new(),
                hint: "run fsck".into(),
            });
            QuarantineView {
                id: count(q.id),
                file: q.name,
                at: time(q.at),
                code: failure.code,
                reason: failure.reason,
                place: failure.place,
                hint: failure.hint,
                sha256: q.sha256.to_hex(),
            }
        })
        .collect())
}

/// What every import records in custody.
pub(crate) fn finished(
    input: &Input,
    sealed: &SealedFile,
    more: Value,
) -> impl FnOnce(vault::Imported) -> vault::Acts + Send + 'static {
    let (file, format) = (input.name.clone(), input.format());
    let sha256 = sealed.sha256.to_hex();
    move |imported| {
        let mut detail = json!({
            "import": imported.import,
            "file": file,
            "format": format,
            "sha256": sha256,
            "records": imported.records,
        });
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        Act::new("import.finished", detail).into()
    }
}

pub(crate) use foreign::FILE_SYSTEM;
