//! The use cases of Muniment, one method each, and the plain views that shells show.
//!
//! Everything the window and the CLI can do is a method of [`Workbench`]; both are
//! thin. This is where the pure crates, the vault, the index and the packet writer
//! meet. Two things need no workspace and are functions: [`verify`] and [`seal`].

mod case;
mod custody;
mod detect;
mod explore;
mod export_folder;
mod forks;
mod identity;
mod import;
mod opening;
mod packets;
mod passphrase;
mod record;
mod recovery;
mod sample_case;
pub mod seal;
pub mod seen;
mod sources;
mod sources_place;
mod trust;
mod verification;
mod workspace;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::RwLock;

pub use bench::jobs::Changes;
pub use bench::{Code, Entropy, Environment, Error, view};
pub use export_folder::open_export_folder;
pub use intake::verify_trail;
pub use remake::check_source;
pub use standing::{Approval, TrailRequest, report_view as trail_report_view};
pub use verification::verify;

use bench::{Bench, about, delivery, jobs, text};
use standing::Workspace;

/// The workbench: at most one open workspace, its jobs, and everything that can be done.
///
/// Cheap to clone; all clones are one workbench.
#[derive(Clone)]
pub struct Workbench {
    inner: Arc<Inner>,
}

struct Inner {
    bench: Bench,
    open: RwLock<Option<Arc<Workspace>>>,
    /// Held while a workspace is opened or locked: one waits for the end of the other.
    turning: tokio::sync::Mutex<()>,
    reports: Mutex<BTreeMap<u32, view::ImportReportView>>,
    purpose: Mutex<Option<String>>,
}

impl Workbench {
    /// A workbench with nothing open.
    pub fn new(environment: Environment) -> Self {
        Self {
            inner: Arc::new(Inner {
                bench: Bench::new(environment),
                open: RwLock::new(None),
                turning: tokio::sync::Mutex::new(()),
                reports: Mutex::default(),
                purpose: Mutex::default(),
            }),
        }
    }

    /// What changes, for shells that show it.
    pub fn changes(&self) -> Changes {
        self.inner.bench.jobs.changes()
    }

    /// Long work that runs or has just ended, newest first.
    pub fn jobs(&self) -> Vec<view::JobView> {
        self.inner.bench.jobs.views()
    }

    /// Asks everything that runs to stop; it leaves nothing half done.
    pub fn cancel_jobs(&self) {
        self.inner.bench.jobs.cancel_all();
    }

    /// What the open workspace said of itself without being asked: what was mended, ended or cannot be done in it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        self.inner.bench.remarks()
    }

    fn remark(&self, remark: impl Into<String>) {
        self.inner.bench.remark(remark);
    }

    fn bench(&self) -> &Bench {
        &self.inner.bench
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
        self.inner.bench.now()
    }

    fn vault_changed(&self) {
        self.inner.bench.vault_changed();
    }
}
