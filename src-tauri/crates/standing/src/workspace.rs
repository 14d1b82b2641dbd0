//! The open workspace with what may be claimed in it: what every room above is handed.

use std::sync::Arc;

use bench::{Error, Open};

use crate::Standing;

/// The open workspace, and what may be claimed of its segments now.
pub struct Workspace {
    /// Verdicts and levels as they stand now; recomputed when anything they rest on changes.
    standing: std::sync::RwLock<Arc<Standing>>,
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
    /// An open workspace that stands so.
    pub fn new(open: Open, standing: Arc<Standing>) -> Self {
        Self {
            standing: std::sync::RwLock::new(standing),
            open,
        }
    }

    /// How everything stands now.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(
            &self
                .standing
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    /// Recomputes verdicts and levels from what is remembered.
    pub async fn reconsider(&self) -> Result<(), Error> {
        let before = self.standing();
        let known = self.known();
        let fresh = Standing::compute(&self.vault, &known.catalogue, Some(&before)).await?;
        let fresh = Arc::new(fresh);
        *self
            .standing
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        Ok(())
    }
}
