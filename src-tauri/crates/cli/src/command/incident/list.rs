//! `muniment incident list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::IncidentsView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List incidents.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.incidents().await?, text))
    }
}

fn text(out: &mut dyn Write, view: &IncidentsView) -> io::Result<()> {
    for row in &view.incidents {
        writeln!(
            out,
            "{}  {:<14} {:<8} {}",
            row.id,
            row.stage_title,
            row.severity.as_deref().unwrap_or("–"),
            row.title
        )?;
    }
    writeln!(out, "{} incidents", view.total)
}
