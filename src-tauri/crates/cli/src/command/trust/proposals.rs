//! `muniment trust proposals`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::{ProposalView, ProposalsView};
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List the keys that origins propose to sign with.
#[derive(Debug, Args)]
pub(crate) struct Proposals {
    /// Name of the log; all unless given.
    origin: Option<String>,
}

impl Inside for Proposals {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let proposals = bench.trust_proposals(self.origin.clone()).await?;
        Ok(Answer::new(proposals, text))
    }
}

fn text(out: &mut dyn Write, view: &ProposalsView) -> io::Result<()> {
    if view.origins.is_empty() {
        writeln!(out, "no origin proposes a key")?;
    }
    for origin in &view.origins {
        writeln!(out, "{}", origin.origin)?;
        origin.proposals.iter().try_for_each(|p| proposal(out, p))?;
    }
    Ok(())
}

/// One proposed key, and what became of it.
pub(super) fn proposal(out: &mut dyn Write, view: &ProposalView) -> io::Result<()> {
    writeln!(out, "  record {}: {}", view.index, view.state)?;
    if let Some(key) = &view.key {
        writeln!(out, "    {}  sha256 {}", key.algorithm, key.fingerprint)?;
    }
    if let Some(replaces) = &view.replaces {
        writeln!(out, "    replaces sha256 {replaces}")?;
    }
    writeln!(out, "    {}", view.words)
}
