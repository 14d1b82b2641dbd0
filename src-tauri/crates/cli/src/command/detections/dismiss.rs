//! `muniment detections dismiss`.

use clap::Args;
use workbench::{Error, Workbench};

use super::show;
use crate::answer::Answer;
use crate::command::Inside;

/// Dismiss candidates.
#[derive(Debug, Args)]
pub(crate) struct Dismiss {
    /// Ids.
    #[arg(required = true)]
    id: Vec<String>,
    /// Why this is no incident; kept in custody.
    #[arg(long)]
    reason: String,
}

impl Inside for Dismiss {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let dismissed = bench.dismiss_detections(self.id.clone(), self.reason.clone());
        Ok(Answer::new(dismissed.await?, show::text))
    }
}
