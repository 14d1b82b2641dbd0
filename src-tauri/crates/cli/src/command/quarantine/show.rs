//! `muniment quarantine show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::QuarantineView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Show why a file failed: file, line, index, field, digests.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Number, as `quarantine list` prints it.
    id: u32,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.quarantined(self.id).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &QuarantineView) -> io::Result<()> {
    writeln!(out, "{}  {} ({})", view.id, view.file, view.state)?;
    writeln!(out, "reason    {} ({})", view.reason, view.code)?;
    let number = |n: Option<u64>| n.map(|n| n.to_string());
    for (name, value) in [
        ("part", view.part.clone()),
        ("line", number(view.line)),
        ("index", number(view.index)),
        ("field", view.field.clone()),
        ("expected", view.expected.clone()),
        ("found", view.found.clone()),
        ("format", Some(view.format.clone())),
        ("came", Some(view.at.clone())),
        ("sha256", Some(view.sha256.clone())),
        ("import", view.import.map(|n| n.to_string())),
        ("try", Some(view.hint.clone()).filter(|h| !h.is_empty())),
    ] {
        if let Some(value) = value {
            writeln!(out, "{name:<9} {value}")?;
        }
    }
    Ok(())
}
