//! `muniment init`.

use std::io::{self, Write};

use clap::Args;
use workbench::Error;
use workbench::view::CreatedView;

use super::Run;
use crate::answer::Answer;
use crate::passphrase;
use crate::session::{FIRST_CUSTODIAN, Session, new_bench};

/// Create a workspace with its first custodian and a second member.
///
/// Passphrases are asked for, or taken from MUNIMENT_PASSPHRASE and
/// MUNIMENT_SECOND_PASSPHRASE. The recovery key is printed once.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Role of the second member.
    #[arg(long, default_value = "reviewer", value_parser = ["reviewer", "responder", "custodian"])]
    second_role: String,
}

impl Run for Init {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let role = &self.second_role;
        let first = passphrase::own(FIRST_CUSTODIAN)?;
        let second = passphrase::second(&format!("the second member ({role})"))?;
        let bench = new_bench();
        let created = bench.create_workspace(session.dir()?, first, role.clone(), second);
        Ok(Answer::new(created.await?, text))
    }
}

fn text(out: &mut dyn Write, view: &CreatedView) -> io::Result<()> {
    writeln!(out, "workspace {}", view.workspace.dir)?;
    for member in &view.workspace.members {
        writeln!(out, "{:<10} {}", member.id, member.role)?;
    }
    writeln!(
        out,
        "\nrecovery key, shown once; print it and lock it away:"
    )?;
    writeln!(out, "{}", view.recovery_key)
}
