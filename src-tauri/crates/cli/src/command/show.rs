//! `muniment show`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::RecordView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Show one record: fields as this member may see them, and its proof.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Number of the record.
    seq: u32,
}

impl Inside for Show {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        Ok(Answer::new(bench.record(self.seq).await?, text))
    }
}

fn text(out: &mut dyn Write, view: &RecordView) -> io::Result<()> {
    writeln!(out, "#{}  {}", view.row.seq, view.row.title)?;
    writeln!(out, "{}  {}", view.row.system, view.row.action)?;
    writeln!(
        out,
        "occurred {}  recorded {}  imported {}",
        view.row.occurred.as_deref().unwrap_or("–"),
        view.recorded.as_deref().unwrap_or("–"),
        view.imported
    )?;
    writeln!(out)?;
    for field in &view.fields {
        writeln!(
            out,
            "{:<8} {:<34} {}",
            field.class,
            field.path,
            field.text.as_deref().unwrap_or("withheld")
        )?;
    }
    let proof = &view.proof;
    writeln!(out, "\n{} · {}", proof.assurance, proof.verdict)?;
    writeln!(
        out,
        "{} leaf {} of [{}, {})",
        proof.origin, proof.index, proof.first, proof.last
    )?;
    writeln!(out, "leaf {}\nroot {}", proof.leaf, proof.root)?;
    for other in &view.retold {
        match other.otherwise {
            Some(seq) => writeln!(
                out,
                "told otherwise in #{seq}, {} ({})",
                other.file, other.assurance
            )?,
            None => writeln!(out, "also told in {} ({})", other.file, other.assurance)?,
        }
    }
    for signer in &proof.signers {
        writeln!(out, "signed by {signer}")?;
    }
    writeln!(out, "{}", proof.claim)
}
