//! `muniment packet sign`.

use std::path::PathBuf;

use clap::Args;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::verify;

/// Sign a packet of this workspace beside its preparer: written anew, recorded in custody.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Packet to sign.
    packet: PathBuf,
    /// Packet to write; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

impl Inside for Sign {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let packet = self.packet.display().to_string();
        let output = self.output.display().to_string();
        Ok(verify::answer(bench.packet_sign(packet, output).await?))
    }
}
