//! `muniment incident advance`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Leave the current stage through its gate.
#[derive(Debug, Args)]
pub(crate) struct Advance {
    #[command(flatten)]
    id: IncidentId,
}

impl Inside for Advance {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(acted(bench.advance(self.id.get()).await?))
    }
}
