//! `muniment restore`.

use std::io::{self, Write};

use clap::Args;
use workbench::Error;
use workbench::view::RestoreView;

use super::Run;
use crate::answer::Answer;
use crate::session::{Opening, Session, new_bench};

/// Take a folder into use that was put back from a backup, or an older copy of it. A custodian's act.
///
/// Until then it opens to look at only, and says what is older. The ledger goes on in a new epoch, whose
/// first entry names the head that is here and the highest one that is known.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// Only show what is older.
    #[arg(long)]
    dry_run: bool,
}

impl Run for Restore {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let bench = new_bench();
        let Opening {
            dir,
            member,
            passphrase,
        } = session.opening("a custodian")?;
        let restored = match self.dry_run {
            true => bench.restore_preview(dir, member, passphrase).await,
            false => bench.restore_workspace(dir, member, passphrase).await,
        };
        bench.lock().await?;
        Ok(Answer::new(restored?, text))
    }
}

fn text(out: &mut dyn Write, view: &RestoreView) -> io::Result<()> {
    writeln!(out, "{}", view.older.words)?;
    match (view.restored, view.older.may_restore) {
        (true, _) => writeln!(out, "taken into use: the ledger goes on in a new epoch"),
        (false, true) => writeln!(
            out,
            "`muniment restore` takes it into use in a new epoch of the ledger"
        ),
        (false, false) => writeln!(out, "a custodian can take it into use"),
    }
}
