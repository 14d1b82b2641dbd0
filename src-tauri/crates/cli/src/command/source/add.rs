//! `muniment source add`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::view::AddedSourceView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Add a source file, or a new version of one.
///
/// A version that lowers a field's class, widens its purposes, drops its handle domain or its
/// free-text mark needs a custodian's reason.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Source file.
    file: PathBuf,
    /// Confirm what weakens the version before; needs --reason.
    #[arg(long, requires = "reason")]
    confirm_weaker: bool,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

impl Inside for Add {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let path = self.file.display().to_string();
        let checked = bench.check_source(path.clone()).await?;
        let reason = self
            .reason
            .clone()
            .filter(|_| self.confirm_weaker || !checked.weakens);
        Ok(added(bench.add_source(path, reason, true).await?))
    }
}

/// A version that is here from now on.
pub(crate) fn added(view: AddedSourceView) -> Answer {
    Answer::new(view, text)
}

fn text(out: &mut dyn Write, view: &AddedSourceView) -> io::Result<()> {
    let file = &view.file;
    writeln!(
        out,
        "{} {} version {}: {} fields",
        file.title, file.id, file.version, file.fields
    )?;
    for path in &view.mixed {
        writeln!(
            out,
            "  {path} is an object in some records; its plain values stay hidden"
        )?;
    }
    if let Some(rows) = view.redone {
        writeln!(out, "{rows} records are shown under it")?;
    }
    Ok(())
}
