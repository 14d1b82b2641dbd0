//! Packets, one method each.

#[cfg(test)]
mod tests;

use crate::view::{PacketPlanView, PacketRowView, PacketsView, TrustFileView, VerifyView};
use crate::{Error, Workbench};

impl Workbench {
    /// What a packet for an audience would hold: what leaves, what is withheld and why, open
    /// gates, limitations and the leak check. Nothing is written; only a handle key that the
    /// audience needs for the first time is made, which custody records.
    ///
    /// # Errors
    /// A reviewer cannot plan: the leak check needs the sealed originals.
    pub async fn packet_plan(
        &self,
        incident: String,
        audience: String,
    ) -> Result<PacketPlanView, Error> {
        let workspace = self.workspace().await?;
        dossier::packet_plan(self.bench(), &workspace, incident, audience).await
    }

    /// Writes the packet whose plan has this digest to a new file, signed by the open member.
    /// The file is handed over only if it verifies with this workspace's own keys and none of
    /// the withheld values is found in it; both results are recorded.
    ///
    /// # Errors
    /// When the plan has changed, something forbids writing, the file exists, or the result
    /// does not verify. Nothing is handed over and nothing recorded then.
    pub async fn packet_write(
        &self,
        incident: String,
        audience: String,
        digest: String,
        path: String,
    ) -> Result<PacketRowView, Error> {
        let workspace = self.workspace().await?;
        dossier::packet_write(self.bench(), &workspace, incident, audience, digest, path).await
    }

    /// All packets that were written, newest first.
    pub async fn packets(&self) -> Result<PacketsView, Error> {
        let workspace = self.workspace().await?;
        dossier::packets(&workspace).await
    }

    /// The trust file for readers of this workspace's packets: the workspace by the first entry of
    /// its ledger, its members' keys, and the policies of its sources. It is only as good as the way
    /// by which a reader gets it, which is another one than the packet's.
    ///
    /// # Errors
    /// When the workspace cannot be read.
    pub async fn packet_keys(&self) -> Result<TrustFileView, Error> {
        let workspace = self.workspace().await?;
        dossier::packet_keys(&workspace).await
    }

    /// Writes [`packet_keys`](Self::packet_keys) to a new file.
    ///
    /// # Errors
    /// As there, and when the file exists or cannot be written.
    pub async fn packet_keys_save(&self, path: String) -> Result<TrustFileView, Error> {
        let workspace = self.workspace().await?;
        dossier::packet_keys_save(&workspace, path).await
    }

    /// Writes a packet of this workspace anew with the open member's signature beside the others,
    /// after it was verified. It is recorded before it stands at its place. Nothing else in it changes, so every earlier
    /// signature stays valid.
    ///
    /// # Errors
    /// When the packet does not hold, is of another workspace, or is signed by this member already;
    /// when the file exists or cannot be written.
    pub async fn packet_sign(&self, packet: String, path: String) -> Result<VerifyView, Error> {
        let workspace = self.workspace().await?;
        dossier::packet_sign(self.bench(), &workspace, packet, path).await
    }
}
