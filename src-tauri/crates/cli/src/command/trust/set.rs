//! `muniment trust set`.

use std::path::PathBuf;

use clap::Args;
use workbench::{Error, Workbench};

use super::{Second, changed};
use crate::answer::Answer;
use crate::command::Inside;

/// Set the policies of a trust file; those of other origins stay as they are.
///
/// What lowers a requirement needs a second member at this workstation: --as, and
/// MUNIMENT_SECOND_PASSPHRASE or their passphrase when asked.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Trust file (muniment/trust/v1), as `trust export` writes it.
    file: PathBuf,
    /// Only show what would change, and what it lowers.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    approval: Second,
}

impl Inside for Set {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let file = bench.trust_load(self.file.display().to_string()).await?;
        if self.dry_run {
            return Ok(changed(bench.trust_preview(file.text).await?));
        }
        let set = bench.trust_set(file.text, self.approval.given()?);
        Ok(changed(set.await?))
    }
}
