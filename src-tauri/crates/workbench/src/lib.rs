//! The use cases of Muniment, one method each, and the plain views that shells show.
//!
//! Everything the window and the CLI can do is a method of [`Workbench`]; both are
//! thin. This is where the pure crates, the vault, the index and the packet writer
//! meet. Two things need no workspace and are functions: [`verify`] and [`seal`].

mod ahead;
mod bands;
mod case;
mod classify;
mod cloudtrail;
mod custody;
mod delivery;
mod detect;
mod environment;
mod error;
mod explore;
mod follow;
mod forks;
mod identity;
mod import;
mod jobs;
mod packets;
mod passphrase;
mod progress;
mod rebuild;
mod recheck;
mod record;
mod recovery;
mod sample_case;
pub mod seal;
pub mod seen;
mod source_files;
mod sources_place;
mod standing;
mod text;
mod trust;
mod verification;
pub mod view;
mod workspace;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::RwLock;

pub use cloudtrail::{TrailRequest, report_view as trail_report_view, verify_trail};
pub use environment::{Entropy, Environment};
pub use error::{Code, Error};
pub use jobs::Changes;
pub use source_files::check_source;
pub use trust::Approval;
pub use verification::verify;

use jobs::Jobs;
use workspace::Workspace;

/// The workbench: at most one open workspace, its jobs, and everything that can be done.
///
/// Cheap to clone; all clones are one workbench.
#[derive(Clone)]
pub struct Workbench {
    inner: Arc<Inner>,
}

struct Inner {
    environment: Environment,
    jobs: Jobs,
    open: RwLock<Option<Arc<Workspace>>>,
    /// Held while a workspace is opened or locked: one waits for the end of the other.
    turning: tokio::sync::Mutex<()>,
    reports: Mutex<BTreeMap<u32, view::ImportReportView>>,
    purpose: Mutex<Option<String>>,
    remarks: Mutex<Vec<String>>,
}

impl Workbench {
    /// A workbench with nothing open.
    pub fn new(environment: Environment) -> Self {
        Self {
            inner: Arc::new(Inner {
                jobs: Jobs::new(environment.clone()),
                environment,
                open: RwLock::new(None),
                turning: tokio::sync::Mutex::new(()),
                reports: Mutex::default(),
                purpose: Mutex::default(),
                remarks: Mutex::default(),
            }),
        }
    }

    /// What changes, for shells that show it.
    pub fn changes(&self) -> Changes {
        self.inner.jobs.changes()
    }

    /// Long work that runs or has just ended, newest first.
    pub fn jobs(&self) -> Vec<view::JobView> {
        self.inner.jobs.views()
    }

    /// Asks everything that runs to stop; it leaves nothing half done.
    pub fn cancel_jobs(&self) {
        self.inner.jobs.cancel_all();
    }

    /// What the open workspace said of itself without being asked: what was mended, ended or cannot be done in it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        jobs::lock(&self.inner.remarks).clone()
    }

    fn remark(&self, remark: impl Into<String>) {
        jobs::lock(&self.inner.remarks).push(remark.into());
    }

    async fn workspace(&self) -> Result<Arc<Workspace>, Error> {
        self.inner
            .open
            .read()
            .await
            .clone()
            .ok_or_else(Error::locked)
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.inner.environment.now()
    }

    fn vault_changed(&self) {
        self.inner.jobs.announce("vault");
    }
}
