//! `muniment incident waive`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;

/// Waive a gate that cannot be met.
#[derive(Debug, Args)]
pub(crate) struct Waive {
    #[command(flatten)]
    id: IncidentId,
    /// Gate, such as containment.volatile-preserved.
    gate: String,
    /// Reason, printed in the packet.
    #[arg(long)]
    reason: String,
}

impl Inside for Waive {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let waived = bench.waive(self.id.get(), self.gate.clone(), self.reason.clone());
        Ok(acted(waived.await?))
    }
}
