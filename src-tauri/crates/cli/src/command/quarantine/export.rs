//! `muniment quarantine export`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::view::QuarantineExportView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Write a file out as it came, for its source to look at. Recorded in custody.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Number, as `quarantine list` prints it.
    id: u32,
    /// File to write, or folder for an export that came as one; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Inside for Export {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let output = self.output.display().to_string();
        let exported = bench.quarantine_export(self.id, output).await?;
        Ok(Answer::new(exported, text))
    }
}

fn text(out: &mut dyn Write, view: &QuarantineExportView) -> io::Result<()> {
    writeln!(out, "{} bytes → {}", view.size, view.path)?;
    writeln!(out, "sha256 {}", view.sha256)
}
