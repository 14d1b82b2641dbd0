//! `muniment trust`.

mod add;
mod anchor;
pub(super) mod cloudtrail;
mod confirm;
mod distrust;
mod export;
mod heartbeat;
mod list;
mod proposals;
mod set;
mod show;

use std::io::{self, Write};

use clap::Args;
use workbench::view::TrustChangeView;
use workbench::{Approval, Error};

use super::commands;
use crate::answer::Answer;
use crate::passphrase;

pub(super) use export::file;

commands! {
    /// Keys and requirements of each origin: what its exports must be signed with.
    Trust {
        Add(add::Add),
        Heartbeat(heartbeat::Heartbeat),
        List(list::List),
        #[command(subcommand)]
        Cloudtrail(cloudtrail::Cloudtrail),
        Show(show::Show),
        Set(set::Set),
        Anchor(anchor::Anchor),
        Distrust(distrust::Distrust),
        Proposals(proposals::Proposals),
        Confirm(confirm::Confirm),
        Export(export::Export),
    }
}

/// A second member at this workstation.
#[derive(Debug, Args)]
struct Second {
    /// Second member, who approves what lowers a requirement.
    #[arg(long, value_name = "ID")]
    r#as: Option<String>,
}

impl Second {
    /// Their approval, where one was named.
    fn given(&self) -> Result<Option<Approval>, Error> {
        let Some(member) = &self.r#as else {
            return Ok(None);
        };
        Ok(Some(Approval {
            member: member.clone(),
            passphrase: passphrase::second(member)?,
        }))
    }
}

/// What changed of the policies, or would.
fn changed(view: TrustChangeView) -> Answer {
    Answer::new(view, text)
}

fn text(out: &mut dyn Write, view: &TrustChangeView) -> io::Result<()> {
    match (view.origins.as_slice(), view.done) {
        ([], _) => writeln!(out, "nothing changes")?,
        (origins, true) => writeln!(out, "changed the policy of {}", origins.join(", "))?,
        (origins, false) => writeln!(out, "would change the policy of {}", origins.join(", "))?,
    }
    for lowered in &view.weakens {
        writeln!(out, "  lowers: {}: {}", lowered.origin, lowered.words)?;
    }
    if view.needs_second && !view.done {
        writeln!(out, "  needs a second member: --as ID")?;
    }
    for effect in &view.effects {
        writeln!(out, "  {effect}")?;
    }
    Ok(())
}
