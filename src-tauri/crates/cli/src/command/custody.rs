//! `muniment custody`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::CustodyView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Read the custody ledger, newest first.
#[derive(Debug, Args)]
pub(crate) struct Custody {
    /// Only entries whose kind, actor, incident or words contain this.
    #[arg(default_value = "")]
    filter: String,
}

impl Inside for Custody {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let entries = bench.custody(self.filter.clone(), None).await?;
        Ok(Answer::new(entries, text))
    }
}

fn text(out: &mut dyn Write, view: &CustodyView) -> io::Result<()> {
    for entry in &view.entries {
        writeln!(
            out,
            "{:>6}  {}  {:<9} {:<24} {}",
            entry.index, entry.at, entry.actor, entry.kind, entry.summary
        )?;
    }
    writeln!(out, "{} entries, root {}", view.head.size, view.head.root)
}
