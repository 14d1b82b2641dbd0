//! `muniment fork-proof`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use workbench::view::ForkProofView;
use workbench::{Error, Workbench};

use super::Inside;
use crate::answer::Answer;

/// Write the proof that an origin's keeper signed two histories.
///
/// Whoever has the origin's key can check the file with `muniment verify`; it shows no record.
#[derive(Debug, Args)]
pub(crate) struct ForkProof {
    /// Name of the log, as `sources` lists it.
    origin: String,
    /// Size of the fork, where there are several; the first unless given.
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// File to write; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Inside for ForkProof {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let path = self.output.as_ref().map(|path| path.display().to_string());
        let proof = bench
            .fork_proof(self.origin.clone(), self.size, path)
            .await?;
        Ok(match proof.path.is_empty() {
            true => Answer::file(proof, file),
            false => Answer::new(proof, text),
        })
    }
}

fn file(view: &ForkProofView) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(&view.proof)? + "\n")
}

fn text(out: &mut dyn Write, view: &ForkProofView) -> io::Result<()> {
    writeln!(
        out,
        "{} forked at size {}: two roots were signed, {}",
        view.origin,
        view.size,
        view.roots.join(" and ")
    )?;
    for key in &view.keys {
        writeln!(out, "both by {key}")?;
    }
    writeln!(out, "proof → {}", view.path)?;
    writeln!(out, "sha256 {}", view.sha256)
}
