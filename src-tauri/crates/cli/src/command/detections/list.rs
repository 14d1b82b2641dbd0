//! `muniment detections list`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::{DetectionGroupView, DetectionsView};
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// List candidates that wait for a decision.
#[derive(Debug, Default, Args)]
pub(crate) struct List {
    /// Those too that were decided on.
    #[arg(long)]
    all: bool,
}

impl Inside for List {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.detections(self.all).await?, text))
    }
}

pub(super) fn text(out: &mut dyn Write, view: &DetectionsView) -> io::Result<()> {
    if view.groups.is_empty() {
        writeln!(out, "no detections wait for a decision")?;
    }
    groups(out, &view.groups)?;
    if view.more > 0 {
        writeln!(out, "… and {} more groups", view.more)?;
    }
    writeln!(out, "{} open of {}", view.open, view.total)
}

/// Candidates by what they contradict, with the reason of each.
pub(crate) fn groups(out: &mut dyn Write, groups: &[DetectionGroupView]) -> io::Result<()> {
    for group in groups {
        let about = group.subject.as_deref().or(group.field.as_deref());
        writeln!(
            out,
            "{} · {} · {} ({} open of {})",
            group.title,
            group.system,
            about.unwrap_or("–"),
            group.open,
            group.total
        )?;
        for row in &group.rows {
            let state = match &row.incident {
                Some(incident) => format!("{} {incident}", row.state),
                None => row.state.clone(),
            };
            writeln!(
                out,
                "  {}  {}  #{:<7} {:<10} {} · {}",
                row.id,
                row.at.as_deref().unwrap_or("–"),
                row.seq,
                state,
                row.assurance,
                row.verdict
            )?;
            writeln!(out, "      {}", row.why)?;
        }
        if group.more > 0 {
            writeln!(
                out,
                "  and {} more, listed as these are decided",
                group.more
            )?;
        }
    }
    Ok(())
}
