//! `muniment fsck`.

use std::io::{self, Write};

use clap::Args;
use workbench::view::FsckView;
use workbench::{Code, Error};

use super::Run;
use crate::answer::{Answer, Exit};
use crate::session::{FIRST_CUSTODIAN, Session, new_bench};

/// Check everything sealed, stored and recorded.
#[derive(Debug, Args)]
pub(crate) struct Fsck {}

impl Run for Fsck {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let bench = new_bench();
        let opening = session.opening(FIRST_CUSTODIAN)?;
        match opening.open(&bench).await {
            // What keeps it from being opened is what is to be named.
            Err(error) if error.code == Code::NotStated => {
                let checked = bench.fsck_unopened(opening.dir, opening.member, opening.passphrase);
                return checked.await.map(answer);
            }
            opened => opened?,
        }
        let checked = async { bench.fsck().await.map(answer) };
        session.within(&bench, checked).await
    }
}

fn answer(view: FsckView) -> Answer {
    let exit = Exit::of(view.ok);
    Answer::new(view, text).exiting(exit)
}

fn text(out: &mut dyn Write, view: &FsckView) -> io::Result<()> {
    for check in &view.checks {
        let glyph = if check.ok { "✓" } else { "✗" };
        writeln!(out, "{glyph} {:<24} {}", check.name, check.detail)?;
    }
    Ok(())
}
