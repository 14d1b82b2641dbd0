//! `muniment trust heartbeat`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{Second, changed};
use crate::answer::Answer;
use crate::command::Inside;

/// State the cadence at which an origin writes heartbeats, so that silence shows.
#[derive(Debug, Args)]
pub(crate) struct Heartbeat {
    /// Name of the log.
    origin: String,
    /// Seconds within which a heartbeat comes; none unless given.
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
    #[command(flatten)]
    approval: Second,
}

impl Inside for Heartbeat {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let approval = self.approval.given()?;
        let stated = bench.trust_heartbeat(self.origin.clone(), self.every, approval);
        Ok(changed(stated.await?))
    }
}
