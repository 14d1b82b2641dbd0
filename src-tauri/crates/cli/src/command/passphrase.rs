//! `muniment passphrase`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::PassphraseChangedView;
use workbench::{Error, Workbench};

use super::Run;
use crate::answer::Answer;
use crate::passphrase;
use crate::session::{Session, new_bench};

/// Choose another passphrase.
///
/// It is asked for, or taken from MUNIMENT_NEW_PASSPHRASE. Copies of your key file that were made before
/// still open with the one of before.
#[derive(Debug, Args)]
pub(crate) struct Passphrase {}

impl Run for Passphrase {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let bench = new_bench();
        let current = session.open(&bench).await?.passphrase;
        // Not watched: while it is typed, Ctrl-C ends the program.
        let answer = change(&bench, current).await;
        session.end(&bench, answer).await
    }
}

/// Another passphrase for whoever opened the workspace.
async fn change(bench: &Workbench, current: String) -> Result<Answer, Error> {
    let chosen = passphrase::chosen("yours")?;
    let changed = bench.change_passphrase(current, chosen).await?;
    Ok(Answer::new(changed, text))
}

fn text(out: &mut dyn Write, view: &PassphraseChangedView) -> io::Result<()> {
    writeln!(
        out,
        "the passphrase of {} is changed; copies of the key file that were made before still open with the one of before",
        view.member
    )
}
