//! Trust and trails, one method each.

use chrono::{DateTime, Utc};
use standing::{Approval, TrailRequest};

use crate::view::{
    PinKey, PolicyView, ProposalsView, TrailsView, TrustChangeView, TrustFileView, TrustView,
};
use crate::{Error, Workbench};

impl Workbench {
    /// Pinned keys of all origins.
    pub async fn trust(&self) -> Result<TrustView, Error> {
        let workspace = self.workspace().await?;
        standing::trust(&workspace).await
    }

    /// Pins a key for an origin, and says as which systems it may speak. What waited for it is decided again at once.
    pub async fn trust_add(&self, pin: PinKey) -> Result<TrustView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_add(self.bench(), &workspace, pin).await
    }

    /// As [`Workbench::trust_add`], and says what changed. An origin that may speak as some systems only needs a second
    /// member's approval to speak as another one too.
    pub async fn trust_pin(
        &self,
        pin: PinKey,
        approval: Option<Approval>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_pin(self.bench(), &workspace, pin, approval).await
    }

    /// What a trust file would change: nothing is changed yet.
    pub async fn trust_preview(&self, file: String) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_preview(self.bench(), &workspace, file).await
    }

    /// Sets the policies that a trust file states; those of other origins stay as they are. What
    /// it lowers needs a second member.
    pub async fn trust_set(
        &self,
        file: String,
        approval: Option<Approval>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_set(self.bench(), &workspace, file, approval).await
    }

    /// As [`Workbench::trust_set`], with the second member's id and passphrase side by side.
    pub async fn trust_change(
        &self,
        file: String,
        member: Option<String>,
        passphrase: Option<String>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_change(self.bench(), &workspace, file, member, passphrase).await
    }

    /// Reads a trust file and checks its form.
    pub async fn trust_load(&self, path: String) -> Result<TrustFileView, Error> {
        standing::trust_load(path).await
    }

    /// Writes the policies in force to a new file; of one origin, or of all.
    pub async fn trust_save(
        &self,
        path: String,
        origin: Option<String>,
    ) -> Result<TrustFileView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_save(&workspace, path, origin).await
    }

    /// Pins a (size, root) of an origin.
    pub async fn trust_anchor(
        &self,
        origin: String,
        size: u64,
        root: String,
        approval: Option<Approval>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_anchor(self.bench(), &workspace, origin, size, root, approval).await
    }

    /// States within how many seconds an origin writes a heartbeat record, or that it writes none. A longer
    /// cadence, or none any more, lowers what is required.
    pub async fn trust_heartbeat(
        &self,
        origin: String,
        seconds: Option<u64>,
        approval: Option<Approval>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_heartbeat(self.bench(), &workspace, origin, seconds, approval).await
    }

    /// Distrusts a key of an origin from a size on; `compromised` when that is known.
    pub async fn trust_distrust(
        &self,
        origin: String,
        key: String,
        from: u64,
        compromised: Option<DateTime<Utc>>,
        approval: Option<Approval>,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_distrust(
            self.bench(),
            &workspace,
            origin,
            key,
            from,
            compromised,
            approval,
        )
        .await
    }

    /// Confirms the proposal of a key, whose full fingerprint was compared by another way.
    pub async fn trust_confirm(
        &self,
        origin: String,
        key: String,
    ) -> Result<TrustChangeView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_confirm(self.bench(), &workspace, origin, key).await
    }

    /// The trust policy of an origin as it stands, with proposals and what it holds back.
    pub async fn trust_policy(&self, origin: String) -> Result<PolicyView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_policy(&workspace, origin).await
    }

    /// Keys that origins proposed; of one origin, or of all.
    pub async fn trust_proposals(&self, origin: Option<String>) -> Result<ProposalsView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_proposals(&workspace, origin).await
    }

    /// The policies in force as a trust file; of one origin, or of all.
    pub async fn trust_file(&self, origin: Option<String>) -> Result<TrustFileView, Error> {
        let workspace = self.workspace().await?;
        standing::trust_file(&workspace, origin).await
    }

    /// Pinned trails, and what the digests that are here prove.
    pub async fn cloudtrail(&self) -> Result<TrailsView, Error> {
        let workspace = self.workspace().await?;
        standing::cloudtrail(&workspace).await
    }

    /// Pins a trail, or changes what is pinned about it: keys pinned and confirmed before stay.
    /// Everything that was imported is decided again at once.
    pub async fn pin_trail(&self, request: TrailRequest) -> Result<TrailsView, Error> {
        let workspace = self.workspace().await?;
        standing::pin_trail(self.bench(), &workspace, request).await
    }

    /// Pins what a document (`muniment/cloudtrail-trust/v1`) states, with its keys and whoever
    /// confirmed them, in the place of what was pinned about that trail.
    pub async fn set_trail(&self, file: String) -> Result<TrailsView, Error> {
        let workspace = self.workspace().await?;
        standing::set_trail(self.bench(), &workspace, file).await
    }
}
