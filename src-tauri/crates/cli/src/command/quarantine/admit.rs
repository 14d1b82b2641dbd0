//! `muniment quarantine admit`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::AdmittedView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;

/// Admit what can be read of a file as unproven. A custodian's act, recorded in custody.
#[derive(Debug, Args)]
pub(crate) struct Admit {
    /// Number, as `quarantine list` prints it.
    id: u32,
    /// Why records that failed verification are wanted here.
    #[arg(long)]
    reason: String,
}

impl Inside for Admit {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let admitted = bench.quarantine_admit(self.id, self.reason.clone());
        Ok(Answer::new(admitted.await?, text))
    }
}

fn text(out: &mut dyn Write, view: &AdmittedView) -> io::Result<()> {
    writeln!(
        out,
        "{}: {}, {} records, {}",
        view.file.file, view.import.outcome, view.total, view.import.assurance
    )?;
    if view.unread > 0 {
        writeln!(
            out,
            "  {} lines, elements or rows could not be read and stay sealed: {}{}",
            view.unread,
            view.places.join(", "),
            if view.places.len() < view.unread as usize {
                ", …"
            } else {
                ""
            }
        )?;
    }
    match &view.fault {
        Some(fault) => writeln!(out, "  first: {fault}"),
        None => Ok(()),
    }
}
