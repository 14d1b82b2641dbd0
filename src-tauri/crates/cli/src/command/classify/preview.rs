//! `muniment classify preview`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::ClassifyPreview;
use workbench::{Error, Workbench};

use super::decision::Decision;
use crate::answer::Answer;
use crate::command::Inside;

/// Say which paths and how many records a decision would touch. Changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    decision: Decision,
}

impl Inside for Preview {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let request = self.decision.request(bench).await?;
        Ok(Answer::new(bench.classify_preview(request).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &ClassifyPreview) -> io::Result<()> {
    for path in &view.paths {
        write!(
            out,
            "  {:>8}  {:<9} {}",
            path.records, path.value_type, path.path
        )?;
        match path.misfits {
            0 => writeln!(out)?,
            n => writeln!(out, "  ({n} values do not fit and stay hidden)")?,
        }
    }
    for path in &view.mixed {
        writeln!(
            out,
            "  {path} is an object in some records; its plain values stay hidden"
        )?;
    }
    writeln!(
        out,
        "{} paths in {} records, as version {}",
        view.paths.len(),
        view.records,
        view.version
    )
}
