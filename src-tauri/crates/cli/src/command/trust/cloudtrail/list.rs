//! `muniment trust cloudtrail list`.

use clap::Args;
use workbench::{Error, Workbench};

use super::trails;
use crate::answer::Answer;
use crate::command::Inside;

/// List pinned trails with their keys, and what the digests here prove.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.cloudtrail().await?, trails))
    }
}
