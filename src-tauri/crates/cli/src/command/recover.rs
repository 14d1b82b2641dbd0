//! `muniment recover`.

use std::io::{self, Write};

use clap::Args;
use workbench::Error;
use workbench::view::CreatedView;

use super::Run;
use crate::answer::Answer;
use crate::passphrase;
use crate::session::{Session, new_bench};

/// Open a workspace with its printed recovery key: enrols a custodian, and prints another recovery key.
///
/// The key is asked for, or taken from MUNIMENT_RECOVERY_KEY; the passphrase of the new custodian from
/// MUNIMENT_NEW_PASSPHRASE. Its use is recorded, rotates the keys of the workspace, and the key that was used
/// opens nothing any more. The one printed then is printed once.
#[derive(Debug, Args)]
pub(crate) struct Recover {}

impl Run for Recover {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let bench = new_bench();
        let dir = session.dir()?;
        let key = passphrase::recovery_key()?;
        let chosen = passphrase::chosen("the new custodian")?;
        let recovered = bench.recover_workspace(dir, key, chosen).await;
        let answer = recovered.map(|view| Answer::new(view, text));
        session.end(&bench, answer).await
    }
}

fn text(out: &mut dyn Write, view: &CreatedView) -> io::Result<()> {
    writeln!(out, "workspace {}", view.workspace.dir)?;
    let me = &view.workspace.me;
    writeln!(
        out,
        "{:<10} {}, enrolled with the recovery key, which opens nothing any more",
        me.id, me.role
    )?;
    writeln!(
        out,
        "\nThe recovery key from now on, to be printed and locked away; it is not kept:\n\n  {}",
        view.recovery_key
    )?;
    if view.workspace.older.is_some() {
        writeln!(
            out,
            "\nThe workspace is an older copy: `muniment restore` takes it into use"
        )?;
    }
    Ok(())
}
