//! `muniment incident pin`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Pin records as evidence.
#[derive(Debug, Args)]
pub(crate) struct Pin {
    #[command(flatten)]
    id: IncidentId,
    /// Records.
    #[arg(required = true)]
    seq: Vec<u32>,
    /// Why.
    #[arg(long)]
    note: Option<String>,
}

impl Inside for Pin {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let pinned = bench.pin_records(self.id.get(), self.seq.clone(), self.note.clone());
        Ok(acted(pinned.await?))
    }
}
