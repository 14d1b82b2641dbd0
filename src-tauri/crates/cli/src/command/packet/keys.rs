//! `muniment packet keys`.

use std::path::PathBuf;

use clap::Args;
use workbench::{Error, Workbench};

use crate::answer::Answer;
use crate::command::Inside;
use crate::command::trust;

/// Write the trust file for readers: members' keys, the workspace, its sources' policies.
///
/// Give it to them by another way than the packet. They may add under `require` which roles and
/// which persons must have signed; see schemas/packet-trust-2.schema.json.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// File to write; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Inside for Keys {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let file = match &self.output {
            Some(path) => bench.packet_keys_save(path.display().to_string()).await?,
            None => bench.packet_keys().await?,
        };
        Ok(trust::file(file))
    }
}
