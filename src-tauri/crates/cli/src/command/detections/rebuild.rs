//! `muniment detections rebuild`.

use clap::Args;
use workbench::{Error, Workbench};

use super::list;
use crate::answer::Answer;
use crate::command::Inside;

/// Forget everything derived and find it again in the sealed records.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {}

impl Inside for Rebuild {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.rebuild_detections().await?, list::text))
    }
}
