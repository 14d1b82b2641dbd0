//! What the report says in its properties. The report itself is read by nobody: it is a function of
//! `packet.json`, so it is rendered again and compared, and a PDF of strangers is never parsed.

use super::model::PacketJson;
use crate::hash::Hash;

/// Keywords that the report carries in its document information: identity,
/// digest of `packet.json`, and the counts of its lists.
#[must_use]
pub fn report_keywords(packet: &PacketJson, packet_digest: &Hash) -> Vec<String> {
    vec![
        format!("packet={}", packet.id),
        format!("version={}", packet.version),
        format!("sha256={}", packet_digest.to_hex()),
        format!("evidence={}", packet.evidence.len()),
        format!("timeline={}", packet.timeline.len()),
        format!("actions={}", packet.actions.len()),
        format!("controls={}", packet.controls.len()),
        format!("limitations={}", packet.limitations.len()),
    ]
}
