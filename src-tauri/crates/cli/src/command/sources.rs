//! `muniment sources`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::SourcesView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// List origins with their continuity, imports and quarantine.
#[derive(Debug, Args)]
pub(crate) struct Sources {}

impl Inside for Sources {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.sources().await?, text))
    }
}

fn text(out: &mut dyn Write, view: &SourcesView) -> io::Result<()> {
    for origin in &view.origins {
        writeln!(
            out,
            "{:<34} {:>9} records  {:<20} {}",
            origin.origin, origin.records, origin.assurance, origin.words
        )?;
        for note in origin.notes.iter().skip(1) {
            writeln!(out, "{:<76} {note}", "")?;
        }
    }
    for file in &view.quarantine {
        writeln!(out, "quarantine: {} {} {}", file.id, file.file, file.reason)?;
    }
    for import in &view.interrupted {
        writeln!(out, "{}", import.words)?;
        writeln!(out, "  try: import --resume, or import --discard")?;
    }
    for field in &view.to_classify {
        writeln!(
            out,
            "to classify: {} {} in {} records",
            field.system, field.path, field.records
        )?;
    }
    Ok(())
}
