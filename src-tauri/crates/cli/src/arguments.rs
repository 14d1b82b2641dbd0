//! The command line.

use clap::Parser;

use crate::command::Command;
use crate::session::Session;

/// Verifies signed audit exports, seals them, walks incidents and writes packets.
///
/// Exit code 0: done. 1: a verification or a gate failed. 2: it could not be done.
/// 3: what was verified is intact, but nobody you trust signed it, or not everything was checked.
/// 130: cancelled with Ctrl-C; nothing is half done.
#[derive(Debug, Parser)]
#[command(name = "muniment", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) session: Session,
    #[command(subcommand)]
    pub(crate) command: Command,
}
