//! `muniment subject`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::SubjectView;
use workbench::{Error, Workbench};

use super::Inside;
use super::detections::groups;
use crate::answer::Answer;

/// Show a subject: its state and history in every system, and what contradicts them.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// Handle, as a record shows it.
    handle: String,
}

impl Inside for Subject {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.subject(self.handle.clone()).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &SubjectView) -> io::Result<()> {
    writeln!(
        out,
        "{} ({}), named by {} records",
        view.handle, view.domain, view.records
    )?;
    for life in &view.lives {
        writeln!(
            out,
            "\n{} · {}: {}",
            life.system,
            life.title,
            life.life.current.as_deref().unwrap_or("state not known")
        )?;
        for step in &life.life.steps {
            writeln!(
                out,
                "  {}  #{:<7} {:<28} {}",
                step.at.as_deref().unwrap_or("–"),
                step.seq,
                step.action,
                step.state.as_deref().unwrap_or("")
            )?;
            if let Some(why) = &step.contradiction {
                writeln!(out, "      ! {why}")?;
            }
        }
    }
    if !view.detections.is_empty() {
        writeln!(out)?;
    }
    groups(out, &view.detections)
}
