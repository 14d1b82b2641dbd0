//! `muniment incident back`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Go back to an earlier stage.
#[derive(Debug, Args)]
pub(crate) struct Back {
    #[command(flatten)]
    id: IncidentId,
    /// Stage.
    stage: String,
    /// Reason.
    #[arg(long)]
    reason: String,
}

impl Inside for Back {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let back = bench.go_back(self.id.get(), self.stage.clone(), self.reason.clone());
        Ok(acted(back.await?))
    }
}
