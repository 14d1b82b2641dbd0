//! `muniment rebuild`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::RebuiltView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Make rows and index anew from the sealed records.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Also rows that no change of a source file asks for.
    #[arg(long)]
    all: bool,
}

impl Inside for Rebuild {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.rebuild(self.all).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &RebuiltView) -> io::Result<()> {
    writeln!(out, "{} records are shown anew", view.records)
}
