//! `muniment trust export`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::view::TrustFileView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Write the policies as a trust file, to a new file or standard output.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Name of the log; all unless given.
    origin: Option<String>,
    /// File to write; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Inside for Export {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let origin = self.origin.clone();
        let written = match &self.output {
            Some(path) => bench.trust_save(path.display().to_string(), origin).await?,
            None => bench.trust_file(origin).await?,
        };
        Ok(file(written))
    }
}

/// A trust file: where it was written, else the file itself.
pub(crate) fn file(view: TrustFileView) -> Answer {
    match view.path {
        Some(_) => Answer::new(view, text),
        None => Answer::file(view, |view| Ok(view.text.clone())),
    }
}

fn text(out: &mut dyn Write, view: &TrustFileView) -> io::Result<()> {
    let path = view.path.as_deref().unwrap_or_default();
    writeln!(out, "{} origins → {path}", view.total)
}
