//! `muniment detections`.

mod dismiss;
mod link;
mod list;
mod open;
mod rebuild;
mod reconsider;
mod show;

use clap::Args;
use workbench::Error;

use super::{Run, commands};
use crate::answer::Answer;
use crate::session::Session;

pub(super) use list::groups;

/// List what the records themselves show to be wrong, and decide on it.
///
/// Lifecycle contradictions, contradictions across systems, content exposures. A candidate
/// is never more than that: a member opens an incident from it, links it or dismisses it.
#[derive(Debug, Args)]
pub(crate) struct Detections {
    /// Without one: list those that wait for a decision.
    #[command(subcommand)]
    command: Option<Detection>,
}

commands! {
    /// What is done with candidates.
    Detection {
        List(list::List),
        Show(show::Show),
        Open(open::Open),
        Link(link::Link),
        Dismiss(dismiss::Dismiss),
        Reconsider(reconsider::Reconsider),
        Rebuild(rebuild::Rebuild),
    }
}

impl Run for Detections {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        match &self.command {
            Some(command) => command.run(session).await,
            None => list::List::default().run(session).await,
        }
    }
}
