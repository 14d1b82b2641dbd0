//! Who works on which import: they are done one after the other, and nobody takes up what somebody else has.

use std::sync::Arc;
use std::time::Duration;

use bench::Error;
use bench::jobs::{Job, lock};
use standing::Workspace;

/// An import that was asked for, held by the one who works on it or waits to: nobody else resumes or discards it.
pub struct Taken {
    workspace: Arc<Workspace>,
    intake: i64,
}

impl Taken {
    /// None where somebody else has it.
    pub(crate) fn take(workspace: &Arc<Workspace>, intake: i64) -> Option<Self> {
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
pub type Resumed = Option<(vault::Intake, Taken)>;

/// Imports are done one after the other; this waits for those before it.
pub(crate) async fn turn<'w>(
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

/// What an import of these is called.
pub fn title(paths: &[String]) -> String {
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
