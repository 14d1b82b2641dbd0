//! `muniment look-up`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::{LookUp as Request, LookedUpView};
use workbench::{Code, Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Find the handles of an identity: an address, account, name or number that records hide.
///
/// Recorded in custody with incident and purpose, never with the value; 50 a day.
#[derive(Debug, Args)]
pub(crate) struct LookUp {
    /// The identity as its source writes it; `-` reads it from standard input, which keeps it out of the shell's history.
    #[arg(allow_hyphen_values = true)]
    value: String,
    /// Incident it is looked up for.
    #[arg(long, value_name = "ID")]
    incident: String,
    /// Purpose: one that source files know.
    #[arg(long, default_value = "security-investigation")]
    purpose: String,
}

impl Inside for LookUp {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let request = Request {
            value: typed(&self.value)?,
            incident: self.incident.clone(),
            purpose: self.purpose.clone(),
        };
        Ok(Answer::new(bench.look_up(request).await?, text))
    }
}

/// What was typed as an argument, or on standard input for `-`: one line.
fn typed(argument: &str) -> Result<String, Error> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|e| {
        Error::new(
            Code::Failed,
            format!("could not read standard input: {e}"),
            "pipe one line of text into it",
        )
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn text(out: &mut dyn Write, view: &LookedUpView) -> io::Result<()> {
    for one in &view.handles {
        writeln!(out, "{:>9}  {}  ({})", one.total, one.handle, one.domain)?;
    }
    match &view.query {
        Some(query) => writeln!(out, "search: {query}")?,
        None => writeln!(out, "no record here names it")?,
    }
    writeln!(out, "recorded; {} left today", view.left)
}
