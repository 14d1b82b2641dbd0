//! `muniment packet write`.

use std::io;
use std::path::PathBuf;

use clap::Args;
use workbench::view::PacketRowView;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::incident::IncidentId;
use crate::command::verify::lines;

/// Write a packet whose plan was approved.
#[derive(Debug, Args)]
pub(crate) struct Write {
    #[command(flatten)]
    id: IncidentId,
    /// internal-audit or outside.
    #[arg(long, default_value = "outside")]
    audience: String,
    /// Digest of the plan that is approved, as `packet plan` printed it.
    #[arg(long, value_name = "DIGEST")]
    approve: String,
    /// Packet to write.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Inside for Write {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let (audience, approved) = (self.audience.clone(), self.approve.clone());
        let output = self.output.display().to_string();
        let written = bench.packet_write(self.id.get(), audience, approved, output);
        Ok(Answer::new(written.await?, text))
    }
}

fn text(out: &mut dyn io::Write, view: &PacketRowView) -> io::Result<()> {
    writeln!(
        out,
        "{} version {} → {}",
        view.packet, view.version, view.path
    )?;
    writeln!(out, "sha256 {}  {} bytes", view.digest, view.size)?;
    lines(out, &view.lines)
}
