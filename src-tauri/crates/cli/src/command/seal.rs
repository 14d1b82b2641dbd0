//! `muniment seal`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::seal::{Request, SealedView};
use workbench::{Environment, Error};

use super::Run;
use crate::answer::Answer;
use crate::session::Session;

/// Turn JSON lines into the next signed native export of an origin.
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Source file that classifies the fields, such as `enigm-command`.
    #[arg(long, value_name = "ID")]
    source: String,
    /// Name of the log.
    #[arg(long)]
    origin: String,
    /// Key file made by `keygen`; it remembers the last signed head.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The export before this one.
    #[arg(long, value_name = "EXPORT")]
    previous: Option<PathBuf>,
    /// Propose the keys of this key file, which sign from the next export on. The old key
    /// signs no more.
    #[arg(long, value_name = "NEWKEY")]
    rotate_to: Option<PathBuf>,
    /// JSON lines, one record a line; `-` reads standard input. Not needed with --rotate-to.
    #[arg(required_unless_present = "rotate_to")]
    input: Option<PathBuf>,
    /// Export to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Run for Seal {
    async fn run(&self, _session: &Session) -> Result<Answer, Error> {
        let request = Request {
            source: &self.source,
            origin: &self.origin,
            key: &self.key,
            previous: self.previous.as_deref(),
            rotate_to: self.rotate_to.as_deref(),
            input: self.input.as_deref(),
            output: &self.output,
        };
        let sealed = workbench::seal::seal(&request, &Environment::of_this_machine())?;
        Ok(Answer::new(sealed, text))
    }
}

fn text(out: &mut dyn Write, view: &SealedView) -> io::Result<()> {
    writeln!(
        out,
        "{} records of {}, [{}, {}), root {}",
        view.total, view.origin, view.first, view.last, view.root
    )?;
    for key in &view.proposed {
        writeln!(out, "proposes key sha256 {key}")?;
    }
    Ok(())
}
