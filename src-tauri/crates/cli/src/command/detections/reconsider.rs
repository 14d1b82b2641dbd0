//! `muniment detections reconsider`.

use clap::Args;
use workbench::{Error, Workbench};

use super::show;
use crate::answer::Answer;
use crate::command::Inside;

/// Take a decision back.
#[derive(Debug, Args)]
pub(crate) struct Reconsider {
    /// Id.
    id: String,
    /// Why; kept in custody.
    #[arg(long)]
    reason: String,
}

impl Inside for Reconsider {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let reconsidered = bench.reconsider_detection(self.id.clone(), self.reason.clone());
        Ok(Answer::new(reconsidered.await?, show::text))
    }
}
