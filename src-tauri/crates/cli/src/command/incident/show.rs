//! `muniment incident show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::IncidentView;
use workbench::{Error, Workbench};

use super::IncidentId;
use crate::answer::Answer;
use crate::command::Inside;

/// Show an incident: stages, gates, forms, evidence.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    id: IncidentId,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.incident(self.id.get()).await?, text))
    }
}

/// An incident with everything that is known of it.
pub(crate) fn text(out: &mut dyn Write, view: &IncidentView) -> io::Result<()> {
    writeln!(out, "{}  {}", view.row.id, view.row.title)?;
    writeln!(
        out,
        "opened {}  stage {}",
        view.row.opened, view.row.stage_title
    )?;
    for stage in &view.stages {
        writeln!(out, "\n{} ({})", stage.title, stage.state)?;
        for gate in &stage.gates {
            let glyph = match gate.state.as_str() {
                "met" => "✓",
                "waived" => "~",
                _ => "○",
            };
            writeln!(out, "  {glyph} {:<34} {}", gate.id, gate.title)?;
            for missing in &gate.missing {
                writeln!(out, "      {}", missing.what)?;
            }
        }
        for field in &stage.fields {
            if field.kind == "list" {
                writeln!(out, "    {}+  {} items", field.id, field.items.len())?;
                for item in &field.items {
                    writeln!(out, "      {} {}", item.id, item.values)?;
                }
            } else {
                writeln!(out, "    {} = {}", field.id, field.value)?;
            }
        }
    }
    writeln!(out, "\nevidence")?;
    for item in &view.evidence {
        writeln!(
            out,
            "  {:<4} #{:<8} {} · {} · {}",
            item.id, item.seq, item.title, item.assurance, item.verdict
        )?;
    }
    Ok(())
}
