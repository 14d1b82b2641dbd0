//! `muniment source list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::SourceFilesView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List source files: those of the program and the workspace's own.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.source_files().await?, text))
    }
}

fn text(out: &mut dyn Write, view: &SourceFilesView) -> io::Result<()> {
    for file in &view.files {
        let whose = if file.own { "own" } else { "built-in" };
        writeln!(
            out,
            "{:<24} {:>3}  {whose:<9} {:>4} fields {:>3} record types  {}",
            file.id, file.version, file.fields, file.record_types, file.title
        )?;
    }
    for id in &view.waiting {
        writeln!(out, "! rows of {id} wait to be made anew: muniment rebuild")?;
    }
    Ok(())
}
