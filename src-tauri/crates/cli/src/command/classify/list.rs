//! `muniment classify list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::ToClassifyView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List paths that no source file classifies, with the number of records. Never values.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.to_classify().await?, text))
    }
}

fn text(out: &mut dyn Write, view: &ToClassifyView) -> io::Result<()> {
    if view.systems.is_empty() {
        return writeln!(out, "every field of every record is classified");
    }
    for system in &view.systems {
        writeln!(
            out,
            "{} {} version {}: {} paths in {} records",
            system.title,
            system.id,
            system.version,
            system.paths.len(),
            system.records
        )?;
        for path in &system.paths {
            writeln!(out, "  {:>8}  {:<9} {}", path.records, path.fits, path.path)?;
        }
    }
    Ok(())
}
