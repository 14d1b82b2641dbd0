//! `muniment trust confirm`.

use clap::Args;
use workbench::{Error, Workbench};

use super::changed;
use crate::answer::Answer;
use crate::command::Inside;

/// Confirm a proposed key, after comparing its full fingerprint by another way.
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// Name of the log.
    origin: String,
    /// Full fingerprint, hex, as the operator of the origin told it.
    key: String,
}

impl Inside for Confirm {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let confirmed = bench.trust_confirm(self.origin.clone(), self.key.clone());
        Ok(changed(confirmed.await?))
    }
}
