//! `muniment detections link`.

use clap::Args;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::incident;

/// Link candidates to an incident that is there.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// Ids.
    #[arg(required = true)]
    id: Vec<String>,
    /// The incident, such as INC-2026-0001.
    #[arg(long)]
    incident: String,
}

impl Inside for Link {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let linked = bench.link_detections(self.id.clone(), self.incident.clone());
        Ok(Answer::new(linked.await?, incident::shown))
    }
}
