//! The packets of an incident that were written.

use bench::Error;
use bench::text::{count, time};
use bench::view::PacketRowView;
use standing::Workspace;
use vault::PacketRow;

/// Packets of an incident, or all; newest first.
pub async fn of_incident(
    workspace: &Workspace,
    incident: Option<&str>,
) -> Result<Vec<PacketRowView>, Error> {
    let rows = workspace.vault.packets(incident).await?;
    Ok(rows.into_iter().rev().map(packet_row).collect())
}

/// A written packet; what its facts do not say, because an older version wrote them, is empty.
pub fn packet_row(row: PacketRow) -> PacketRowView {
    let facts = &row.packet.facts;
    let text = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
    PacketRowView {
        packet: text("id"),
        version: count(facts["version"].as_u64().unwrap_or_default()),
        path: text("path"),
        lines: serde_json::from_value(facts["lines"].clone()).unwrap_or_default(),
        incident: row.packet.incident,
        audience: row.packet.audience,
        at: time(row.at),
        by: row.actor,
        digest: row.packet.sha256.to_hex(),
        size: row.packet.size,
    }
}
