//! The commands, each in a file of its own: its arguments, what it does, and how its answer reads.
//!
//! A new one is a module, and its line in the list below, or in that of its group. What several of a group share stands in
//! the group's `mod.rs`; what several groups share, with the command that it belongs to.

mod classify;
mod custody;
mod detections;
mod fork_proof;
mod fsck;
mod import;
mod imports;
mod incident;
mod init;
mod keygen;
mod look_up;
mod packet;
mod passphrase;
mod quarantine;
mod rebuild;
mod recover;
mod restore;
mod seal;
mod search;
mod show;
mod source;
mod sources;
mod subject;
mod trust;
mod verify;

use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::session::{Session, new_bench};

/// What was asked for, read from the command line.
pub(crate) trait Run {
    /// Does it.
    async fn run(&self, session: &Session) -> Result<Answer, Error>;
}

/// What is asked of an open workspace, as nearly everything is.
trait Inside {
    /// Does it, while the terminal shows how far it is.
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error>;
}

impl<C: Inside> Run for C {
    async fn run(&self, session: &Session) -> Result<Answer, Error> {
        let bench = new_bench();
        session.open(&bench).await?;
        session.within(&bench, self.inside(&bench)).await
    }
}

/// Commands of which one is chosen, in the order in which help lists them.
///
/// What help says of a command stands above its own type. Modules are declared beside the list and not by it: `cargo fmt`
/// finds no module in a macro.
macro_rules! commands {
    ($(#[$meta:meta])* $group:ident { $($(#[$attribute:meta])* $name:ident($command:ty),)+ }) => {
        $(#[$meta])*
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum $group {
            $($(#[$attribute])* $name($command),)+
        }

        impl $crate::command::Run for $group {
            async fn run(
                &self,
                session: &$crate::session::Session,
            ) -> Result<$crate::answer::Answer, workbench::Error> {
                match self {
                    $(Self::$name(command) => command.run(session).await,)+
                }
            }
        }
    };
}
use commands;

commands! {
    /// The commands of the program.
    Command {
        Init(init::Init),
        Recover(recover::Recover),
        Passphrase(passphrase::Passphrase),
        Restore(restore::Restore),
        Keygen(keygen::Keygen),
        Seal(seal::Seal),
        #[command(subcommand)]
        Trust(trust::Trust),
        Import(import::Import),
        #[command(subcommand)]
        Quarantine(quarantine::Quarantine),
        Search(search::Search),
        LookUp(look_up::LookUp),
        Show(show::Show),
        #[command(subcommand)]
        Incident(incident::Incident),
        #[command(subcommand)]
        Packet(packet::Packet),
        Verify(verify::Verify),
        ForkProof(fork_proof::ForkProof),
        Detections(detections::Detections),
        Subject(subject::Subject),
        Fsck(fsck::Fsck),
        Custody(custody::Custody),
        Sources(sources::Sources),
        Imports(imports::Imports),
        #[command(subcommand)]
        Source(source::Source),
        #[command(subcommand)]
        Classify(classify::Classify),
        Rebuild(rebuild::Rebuild),
    }
}
