//! `muniment keygen`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::seal::KeyView;
use workbench::{Environment, Error};

use super::Run;
use crate::answer::Answer;
use crate::session::Session;

/// Make a signing key for an origin and print its verifier key (vkey).
///
/// The key is Ed25519. With --ml-dsa the file holds an ML-DSA-44 key too, which cosigns
/// every checkpoint; its vkey is printed on a second line, and both are to be pinned.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// Make an ML-DSA-44 key as well.
    #[arg(long)]
    ml_dsa: bool,
    /// Name of the log, such as `enigm.example/command`.
    #[arg(long)]
    origin: String,
    /// File to write the key to; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Run for Keygen {
    async fn run(&self, _session: &Session) -> Result<Answer, Error> {
        let environment = Environment::of_this_machine();
        let key = workbench::seal::keygen(&self.origin, &self.output, self.ml_dsa, &environment)?;
        Ok(Answer::new(key, text))
    }
}

fn text(out: &mut dyn Write, view: &KeyView) -> io::Result<()> {
    writeln!(out, "{}", view.vkey)?;
    if let Some(half) = &view.ml_dsa_44 {
        writeln!(out, "{}", half.vkey)?;
    }
    Ok(())
}
