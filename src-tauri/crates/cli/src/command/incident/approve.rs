//! `muniment incident approve`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{IncidentId, acted};
use crate::answer::Answer;
use crate::command::Inside;
use crate::passphrase;

/// Approve as a second member at the same workstation.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    id: IncidentId,
    /// What is approved: an item id, or `review`.
    what: String,
    /// The approving member.
    #[arg(long, value_name = "ID")]
    r#as: String,
}

impl Inside for Approve {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (what, member) = (self.what.clone(), self.r#as.clone());
        let passphrase = passphrase::second(&member)?;
        let approved = bench.approve(self.id.get(), what, member, passphrase);
        Ok(acted(approved.await?))
    }
}
