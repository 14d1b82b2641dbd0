//! The cadence at which an origin promises a heartbeat: what makes its silence measurable.

use evidence::trust::OriginTrust;
use serde_json::json;
use vault::Act;

use crate::view::TrustView;
use crate::workspace::vault_error;
use crate::{Error, Workbench};

/// Longest cadence: 366 days.
const LONGEST: u64 = 366 * 86_400;

impl Workbench {
    /// States within how many seconds an origin writes a heartbeat record, or that it writes none. Silent
    /// intervals are computed anew at once.
    ///
    /// # Errors
    /// For a cadence of nothing or of more than 366 days; [`crate::Code::Refused`] for who is no custodian.
    pub async fn trust_heartbeat(
        &self,
        origin: String,
        seconds: Option<u32>,
    ) -> Result<TrustView, Error> {
        let workspace = self.workspace().await?;
        let seconds = seconds.map(u64::from);
        if seconds.is_some_and(|s| s == 0 || s > LONGEST) {
            return Err(Error::invalid(
                "a cadence is between 1 second and 366 days",
                "give the seconds within which the source writes a heartbeat, or none",
            ));
        }
        let origin = origin.trim().to_owned();
        let trust = crate::trust::in_force(&workspace.vault).await?;
        let known = workspace.standing().origin(&origin).is_some();
        let mut policy = match trust.origin(&origin) {
            Some(policy) => policy.clone(),
            None if known => OriginTrust::new(&origin),
            None => {
                return Err(Error::not_found(
                    format_args!("origin {origin}"),
                    "`sources` lists the origins that are known",
                ));
            }
        };
        if policy.heartbeat == seconds {
            return self.trust().await;
        }
        policy.heartbeat = seconds;
        let detail = json!({ "origin": origin, "seconds": seconds });
        let policy = serde_json::to_value(&policy).unwrap_or_default();
        workspace
            .vault
            .write(self.now(), move |tx| {
                tx.set_trust(&origin, &policy)?;
                Ok(((), Act::new("trust.heartbeat", detail).into()))
            })
            .await
            .map_err(|e| vault_error(&e))?;
        workspace.reconsider().await?;
        self.vault_changed();
        self.trust().await
    }
}
