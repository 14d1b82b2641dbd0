//! `muniment classify apply`.

use clap::Args;
use workbench::{Error, Workbench};

use super::decision::Decision;
use crate::answer::Answer;
use crate::command::Inside;
use crate::command::source::added;

/// Decide about a pattern of paths: the next version of the source file declares them.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    decision: Decision,
    /// Why; recorded in custody.
    #[arg(long)]
    reason: String,
}

impl Inside for Apply {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let request = self.decision.request(bench).await?;
        let classified = bench.classify(request, self.reason.clone(), true);
        Ok(added(classified.await?))
    }
}
