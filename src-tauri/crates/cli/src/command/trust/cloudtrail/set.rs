//! `muniment trust cloudtrail set`.

use std::path::PathBuf;

use clap::Args;
use workbench::{Error, Workbench};

use super::trails;
use crate::answer::Answer;
use crate::command::Inside;

/// Pin what a document (muniment/cloudtrail-trust/v1) states, with its keys and confirmations.
///
/// It takes the place of what was pinned about that trail. Its shape is
/// schemas/cloudtrail-trust-1.schema.json.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The document.
    file: PathBuf,
}

impl Inside for Set {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let set = bench.set_trail(self.file.display().to_string());
        Ok(Answer::new(set.await?, trails))
    }
}
