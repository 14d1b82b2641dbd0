//! `muniment source assign`.

use clap::Args;
use workbench::{Error, Workbench};

use super::added;
use crate::answer::Answer;
use crate::command::Inside;

/// Say of which system the records of an import are that name no source file.
#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// Id of the source file.
    id: String,
    /// Import, as `sources` numbers it.
    #[arg(long, value_name = "N", required = true)]
    import: Vec<u32>,
    /// Begin a new source file with this title.
    #[arg(long)]
    title: Option<String>,
}

impl Inside for Assign {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (import, title) = (self.import.clone(), self.title.clone());
        let assigned = bench.assign_source(self.id.clone(), import, title, true);
        Ok(added(assigned.await?))
    }
}
