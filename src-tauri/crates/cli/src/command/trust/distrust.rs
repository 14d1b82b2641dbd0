//! `muniment trust distrust`.

use clap::Args;
use workbench::{Error, Workbench};

use super::{Second, changed};
use crate::answer::Answer;
use crate::command::Inside;

/// Distrust a key of an origin from a size on.
#[derive(Debug, Args)]
pub(crate) struct Distrust {
    /// Name of the log.
    origin: String,
    /// Full fingerprint, hex.
    key: String,
    /// First size that it must not sign any more.
    #[arg(long, value_name = "SIZE")]
    from: u64,
    /// When it was compromised (RFC 3339): smaller sizes that were here before still count.
    #[arg(long, value_name = "TIME")]
    compromised: Option<chrono::DateTime<chrono::Utc>>,
    #[command(flatten)]
    approval: Second,
}

impl Inside for Distrust {
    async fn inside(&self, bench: &Workbench) -> Result<Answer, Error> {
        let distrusted = bench.trust_distrust(
            self.origin.clone(),
            self.key.clone(),
            self.from,
            self.compromised,
            self.approval.given()?,
        );
        Ok(changed(distrusted.await?))
    }
}
