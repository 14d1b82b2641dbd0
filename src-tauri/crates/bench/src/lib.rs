//! What every use case stands on: the open workspace, jobs, time and randomness, the one error, and the plain views that
//! shells show.
//!
//! It holds no types of the rooms above it: whoever knows more than a vault, an index and source files passes it in.

pub mod about;
pub mod delivery;
mod environment;
mod error;
pub mod hidden;
pub mod jobs;
pub mod known;
mod progress;
pub mod rows;
mod tally;
pub mod text;
pub mod view;
pub mod workspace;

use std::sync::{Arc, Mutex};

pub use environment::{Entropy, Environment};
pub use error::{Code, Error};
pub use workspace::Open;

use jobs::Jobs;

/// What a use case works with beside the workspace. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Bench {
    /// Time, randomness, folders.
    pub environment: Environment,
    /// Long work that runs or has just ended.
    pub jobs: Arc<Jobs>,
    remarks: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    /// A bench on which nothing runs.
    pub fn new(environment: Environment) -> Self {
        Self {
            jobs: Arc::new(Jobs::new(environment.clone())),
            environment,
            remarks: Arc::default(),
        }
    }

    /// The time now.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.environment.now()
    }

    /// Tells shells that something in the vault changed.
    pub fn vault_changed(&self) {
        self.jobs.announce("vault");
    }

    /// Says something of the workspace without being asked.
    pub fn remark(&self, remark: impl Into<String>) {
        jobs::lock(&self.remarks).push(remark.into());
    }

    /// What was said of the open workspace.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        jobs::lock(&self.remarks).clone()
    }

    /// Forgets what was said: the workspace is not open any more.
    pub fn forget_remarks(&self) {
        jobs::lock(&self.remarks).clear();
    }
}
