//! The open workspace with what may be claimed in it: what every room above is handed.

use std::sync::{Arc, PoisonError};

use bench::known::Known;
use bench::{Error, Open};
use tokio::sync::Mutex;

use crate::Standing;
use crate::groups::{self, ForeignGroups, Groups};

/// The open workspace, and what may be claimed of its segments now.
pub struct Workspace {
    /// Verdicts and levels as they stand now; recomputed when anything they rest on changes.
    standing: std::sync::RwLock<Arc<Standing>>,
    /// The source files by which they were computed; held while they are computed anew.
    by: Mutex<Arc<Known>>,
    /// Foreign files, counted as far as they stood.
    groups: Mutex<Groups>,
    // Last, so that it is dropped after everything that is known of it.
    open: Open,
}

impl std::ops::Deref for Workspace {
    type Target = Open;

    fn deref(&self) -> &Open {
        &self.open
    }
}

impl Workspace {
    /// An open workspace that stands so, by the source files it has.
    pub fn new(open: Open, standing: Arc<Standing>) -> Self {
        Self {
            standing: std::sync::RwLock::new(standing),
            by: Mutex::new(open.known()),
            groups: Mutex::default(),
            open,
        }
    }

    /// How everything stands now.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Foreign files by the system of their records and their level.
    pub async fn foreign_groups(&self) -> Result<ForeignGroups, Error> {
        let standing = self.standing();
        let mut counted = self.groups.lock().await;
        groups::follow(&mut counted, &self.vault, &standing).await
    }

    /// Brings verdicts and levels up to what is remembered: by what came, where that is all, else afresh.
    pub async fn reconsider(&self) -> Result<(), Error> {
        let mut by = self.by.lock().await;
        let before = self.standing();
        let known = self.known();
        if Arc::ptr_eq(&by, &known)
            && let Some(growth) = before.growth(&self.vault).await?
        {
            // Nothing of before is copied, unless somebody is reading it.
            drop(before);
            let mut standing = self
                .standing
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut standing).grow(growth);
            return Ok(());
        }
        let fresh = Standing::compute(&self.vault, &known.catalogue, Some(&before)).await?;
        let fresh = Arc::new(fresh);
        *self
            .standing
            .write()
            .unwrap_or_else(PoisonError::into_inner) = fresh;
        *by = known;
        Ok(())
    }
}
