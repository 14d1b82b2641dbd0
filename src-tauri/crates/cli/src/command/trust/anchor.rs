//! `muniment trust anchor`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{Second, changed};
use crate::answer::Answer;
use crate::command::Inside;

/// Pin a (size, root), from which on the history of an origin is known.
#[derive(Debug, Args)]
pub(crate) struct Anchor {
    /// Name of the log.
    origin: String,
    /// Size.
    size: u64,
    /// Root, base64: the third line of a checkpoint.
    root: String,
    #[command(flatten)]
    approval: Second,
}

impl Inside for Anchor {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (origin, root) = (self.origin.clone(), self.root.clone());
        let anchored = bench.trust_anchor(origin, self.size, root, self.approval.given()?);
        Ok(changed(anchored.await?))
    }
}
