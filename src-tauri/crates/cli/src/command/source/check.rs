//! `muniment source check`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::Error;
use workbench::view::CheckedSourceView;

use super::changes;
use crate::answer::{Answer, Exit};
use crate::command::Run;
use crate::session::{Session, new_bench};

/// Check a source file and say what adding it would do.
///
/// Without a workspace it is compared with the program's own files only.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Source file.
    file: PathBuf,
}

impl Run for Check {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        if !session.names_workspace() {
            return workbench::check_source(&self.file).map(answer);
        }
        let bench = new_bench();
        session.open(&bench).await?;
        let file = self.file.display().to_string();
        let checked = async { bench.check_source(file).await.map(answer) };
        session.within(&bench, checked).await
    }
}

fn answer(view: CheckedSourceView) -> Answer {
    let exit = Exit::of(view.problems.is_empty());
    Answer::new(view, text).exiting(exit)
}

fn text(out: &mut dyn Write, view: &CheckedSourceView) -> io::Result<()> {
    for problem in &view.problems {
        writeln!(out, "✗ {}  {}", problem.place, problem.message)?;
    }
    if !view.problems.is_empty() {
        return Ok(());
    }
    let state = match (view.known, view.previous) {
        (true, _) => "is here already".to_owned(),
        (false, Some(previous)) => format!("would follow version {previous}"),
        (false, None) => "would be added".to_owned(),
    };
    writeln!(
        out,
        "✓ {} {} version {} {state}",
        view.title, view.id, view.version
    )?;
    changes(out, &view.changes)?;
    if view.weakens {
        writeln!(
            out,
            "\n▼ weakens the version before: a custodian has to confirm it with a reason"
        )?;
    }
    Ok(())
}
