//! `muniment quarantine list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::QuarantineListView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List files that failed.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Also those that were admitted or verified since.
    #[arg(long)]
    all: bool,
}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.quarantine(self.all).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &QuarantineListView) -> io::Result<()> {
    for file in &view.files {
        writeln!(
            out,
            "{:>4}  {:<9} {}  {}: {}",
            file.id, file.state, file.at, file.file, file.reason
        )?;
    }
    writeln!(out, "{} in quarantine", view.total)
}
