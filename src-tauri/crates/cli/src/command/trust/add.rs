//! `muniment trust add`.

use clap::Args;
use workbench::view::PinKey;
use workbench::{Error, Workbench};

use super::{Second, changed};
use crate::answer::Answer;
use crate::command::Inside;

/// Pin a key, and say as which systems its origin may speak. What waited for it is decided again.
///
/// An origin that may speak as some systems only needs a second member to speak as another one
/// too: --as, and MUNIMENT_SECOND_PASSPHRASE or their passphrase when asked.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Verifier key as `keygen` printed it.
    vkey: String,
    /// Source file of its records, `ID` or `ID/VERSION` as `source list` prints it; may be given
    /// again. Needed for the first key of an origin: records of any other system are refused.
    #[arg(long, value_name = "ID[/VERSION]")]
    schema: Vec<String>,
    /// Origin it signs for; its own name unless given.
    #[arg(long)]
    origin: Option<String>,
    /// Size from which on it is required (ML-DSA) or suffices too (Ed25519); smaller sizes
    /// keep their requirement.
    #[arg(long, value_name = "SIZE")]
    from: Option<u64>,
    #[command(flatten)]
    approval: Second,
}

impl Inside for Add {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let pin = PinKey {
            vkey: self.vkey.clone(),
            origin: self.origin.clone(),
            from: self.from,
            schemas: self.schema.clone(),
        };
        let pinned = bench.trust_pin(pin, self.approval.given()?);
        Ok(changed(pinned.await?))
    }
}
