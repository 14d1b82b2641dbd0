//! `muniment detections open`.

use clap::Args;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::incident;

/// Open an incident from candidates; the proving records are pinned to it.
#[derive(Debug, Args)]
pub(crate) struct Open {
    /// Ids.
    #[arg(required = true)]
    id: Vec<String>,
    /// Title of the incident; that of the first candidate unless given.
    #[arg(long)]
    title: Option<String>,
}

impl Inside for Open {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let opened = bench.open_detections(self.id.clone(), self.title.clone());
        Ok(Answer::new(opened.await?, incident::shown))
    }
}
