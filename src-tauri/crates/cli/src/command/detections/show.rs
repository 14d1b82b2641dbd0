//! `muniment detections show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::DetectionView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Show a candidate with the records that prove it.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id, such as det-k3v5…
    id: String,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.detection(self.id.clone()).await?, text))
    }
}

pub(super) fn text(out: &mut dyn Write, view: &DetectionView) -> io::Result<()> {
    writeln!(out, "{}  {}", view.row.id, view.title)?;
    writeln!(out, "{} · rule {}", view.system, view.rule)?;
    if let Some(subject) = &view.subject {
        writeln!(out, "subject {subject}")?;
    }
    if let Some(field) = &view.field {
        writeln!(out, "field {field}")?;
    }
    writeln!(out, "{}", view.row.why)?;
    writeln!(out, "{}", view.explanation)?;
    writeln!(out, "\nproven by")?;
    for record in &view.proof {
        writeln!(
            out,
            "  #{:<7} {}  {}  {}",
            record.row.seq,
            record.row.occurred.as_deref().unwrap_or("–"),
            record.row.title,
            record.role
        )?;
        writeln!(out, "           {}", record.claim)?;
    }
    for caution in &view.cautions {
        writeln!(out, "! {caution}")?;
    }
    for decision in &view.decisions {
        writeln!(
            out,
            "{} {} by {}{}{}",
            decision.at,
            decision.decision,
            decision.actor,
            decision
                .incident
                .as_ref()
                .map(|id| format!(" {id}"))
                .unwrap_or_default(),
            decision
                .reason
                .as_ref()
                .map(|why| format!(": {why}"))
                .unwrap_or_default()
        )?;
    }
    Ok(())
}
