//! The open workspace: its vault, its index, its source files, and who works in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;
use vault::{Role, Vault};

use crate::known::Known;
use crate::tally::{Found, Tally};

/// An open workspace.
pub struct Open {
    /// Its folder.
    pub dir: PathBuf,
    /// Its vault.
    pub vault: Vault,
    /// The source files at hand: built-in and own. Replaced as a whole when one is added.
    pub known: std::sync::RwLock<Arc<Known>>,
    /// Its index; replaced as a whole when it is made anew.
    pub index: std::sync::RwLock<search::Index>,
    /// Acts on incidents are decided one after the other, each on the state that the last one left.
    pub acting: Mutex<()>,
    /// Imports are done one after the other.
    pub importing: Mutex<()>,
    /// What imports were asked for that somebody is working on, or waits to.
    pub taken: std::sync::Mutex<BTreeSet<i64>>,
    /// While everything is checked, no sealed file comes or goes.
    pub checking: Mutex<()>,
    /// Only one task follows the vault at a time.
    pub following: Mutex<()>,
    /// Only one task derives detection candidates at a time.
    pub detecting: Mutex<()>,
    /// Unclassified fields and records per system, counted as far as the rows were read.
    pub tally: Mutex<Tally>,
    /// What stands in hidden values, by path, as of a state of rows and source files.
    pub hidden: Mutex<Option<Found>>,
    /// Whether it is the sample case.
    pub sample: bool,
    /// Dropped after everything else of it: whoever listens hears that nobody works with it any more.
    gone: tokio::sync::watch::Sender<()>,
}

impl Open {
    /// A workspace in which nothing was done yet.
    pub fn new(
        dir: PathBuf,
        vault: Vault,
        known: Arc<Known>,
        index: search::Index,
        sample: bool,
    ) -> Self {
        Self {
            dir,
            vault,
            known: std::sync::RwLock::new(known),
            hidden: Mutex::new(None),
            index: std::sync::RwLock::new(index),
            acting: Mutex::new(()),
            importing: Mutex::new(()),
            taken: std::sync::Mutex::default(),
            checking: Mutex::new(()),
            following: Mutex::new(()),
            detecting: Mutex::new(()),
            tally: Mutex::new(Tally::default()),
            sample,
            gone: tokio::sync::watch::Sender::new(()),
        }
    }

    /// Ends with the last who works with it; nothing is ever sent.
    #[must_use]
    pub fn gone(&self) -> tokio::sync::watch::Receiver<()> {
        self.gone.subscribe()
    }

    /// The source files, and which imports are read as which.
    pub fn known(&self) -> Arc<Known> {
        Arc::clone(
            &self
                .known
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// The search index as it is open now; a clone of it shares everything.
    pub fn index(&self) -> search::Index {
        self.index
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Whoever has it open, as casework knows them.
    pub fn me(&self) -> casework::Actor {
        casework::Actor {
            member: self.vault.member().0.to_owned(),
            role: case_role(self.vault.member().1),
        }
    }
}

/// A member's role as casework knows it.
pub fn case_role(role: Role) -> casework::Role {
    match role {
        Role::Responder => casework::Role::Responder,
        Role::Reviewer => casework::Role::Reviewer,
        Role::Custodian | Role::Recovery => casework::Role::Custodian,
    }
}
