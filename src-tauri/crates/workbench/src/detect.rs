//! Detections and the lives of subjects, one method each.

use crate::view::{DetectionView, DetectionsView, IncidentView, SubjectView};
use crate::{Error, Workbench};

impl Workbench {
    /// Opens an incident from candidates: its Detection form says what is known, and the proving records are
    /// pinned as evidence.
    pub async fn open_detections(
        &self,
        ids: Vec<String>,
        title: Option<String>,
    ) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        detect::open_detections(self.bench(), &workspace, ids, title).await
    }

    /// Links candidates to an incident that is there, and pins the proving records to it.
    pub async fn link_detections(
        &self,
        ids: Vec<String>,
        incident: String,
    ) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        detect::link_detections(self.bench(), &workspace, ids, incident).await
    }

    /// Dismisses candidates, with the reason.
    pub async fn dismiss_detections(
        &self,
        ids: Vec<String>,
        reason: String,
    ) -> Result<DetectionView, Error> {
        let workspace = self.workspace().await?;
        detect::dismiss_detections(self.bench(), &workspace, ids, reason).await
    }

    /// Takes a decision back: the candidate is open again, and both stay in the ledger.
    pub async fn reconsider_detection(
        &self,
        id: String,
        reason: String,
    ) -> Result<DetectionView, Error> {
        let workspace = self.workspace().await?;
        detect::reconsider_detection(self.bench(), &workspace, id, reason).await
    }

    /// Forgets exposures, lives and candidates and finds them again. What people decided is in the ledger and
    /// stays. Needs the key to the originals.
    pub async fn rebuild_detections(&self) -> Result<DetectionsView, Error> {
        let workspace = self.workspace().await?;
        detect::rebuild_detections(self.bench(), &workspace).await
    }

    /// Candidates, grouped; with `all`, those too that were decided on.
    pub async fn detections(&self, all: bool) -> Result<DetectionsView, Error> {
        let workspace = self.workspace().await?;
        detect::detections(self.bench(), &workspace, all).await
    }

    /// One candidate with the records that prove it.
    pub async fn detection(&self, id: String) -> Result<DetectionView, Error> {
        let workspace = self.workspace().await?;
        detect::detection(self.bench(), &workspace, id).await
    }

    /// A subject by its handle: state and history in each of its lives, and candidates about it.
    pub async fn subject(&self, handle: String) -> Result<SubjectView, Error> {
        let workspace = self.workspace().await?;
        detect::subject(self.bench(), &workspace, handle).await
    }
}
