//! The limits of the evidence that a packet itself shows, so that none of them can be left out.

use std::collections::BTreeSet;

use super::model::{Limitation, PacketJson, ProofMode};
use crate::continuity::Assurance;

fn limitation(code: &str, text: String, basis: String) -> Limitation {
    Limitation {
        code: code.to_owned(),
        text,
        basis,
    }
}

/// The limits that follow from the packet itself: the last ones of those it states.
#[must_use]
pub fn derived_limitations(packet: &PacketJson) -> Vec<Limitation> {
    let mut out = Vec::new();
    for level in [
        Assurance::CustodianAttested,
        Assurance::HashMatched,
        Assurance::Unproven,
    ] {
        let ids: Vec<&str> = packet
            .evidence
            .iter()
            .filter(|entry| entry.assurance == level)
            .map(|entry| entry.id.as_str())
            .collect();
        if !ids.is_empty() {
            out.push(limitation(
                "not-source-anchored",
                format!(
                    "{} of {} pieces of evidence are {}: their fields do not check against a \
                     signature of the source.",
                    ids.len(),
                    packet.evidence.len(),
                    level.word()
                ),
                ids.join(", "),
            ));
        }
    }
    let expired: Vec<&str> = packet
        .evidence
        .iter()
        .filter(|entry| {
            entry
                .valid_until
                .is_some_and(|until| until < packet.created)
        })
        .map(|entry| entry.id.as_str())
        .collect();
    if !expired.is_empty() {
        out.push(limitation(
            "expired-evidence",
            format!(
                "{} pieces of evidence were no longer valid when the packet was made.",
                expired.len()
            ),
            expired.join(", "),
        ));
    }
    // The counts are whatever somebody wrote.
    let counts = packet.redactions.iter().map(|row| row.count);
    let hidden = counts.fold(0, u64::saturating_add);
    if hidden > 0 {
        let classes: BTreeSet<&str> = packet
            .redactions
            .iter()
            .map(|row| row.class.as_str())
            .collect();
        out.push(limitation(
            "redactions",
            format!(
                "{hidden} fields are withheld from this audience. Handles, tags and times that \
                 stand for them are the redactor's claims; a record shared with another packet \
                 can be linked to it through its leaf hash."
            ),
            format!(
                "redaction log: {} paths, classes {}",
                packet.redactions.len(),
                classes.into_iter().collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    for range in &packet.proofs {
        let code = match range.mode {
            ProofMode::Leaves => "range-only",
            ProofMode::Inclusion => "completeness-not-proven",
        };
        out.push(limitation(
            code,
            format!("{}: {}.", range.origin, range.completeness),
            format!(
                "records {} to {}",
                range.first,
                range.last.saturating_sub(1)
            ),
        ));
    }
    out.push(limitation(
        "no-trusted-time",
        "The time of making and signing is the signers' own statement; no time-stamping authority \
         attests it."
            .to_owned(),
        "no RFC 3161 token in the packet".to_owned(),
    ));
    out.push(limitation(
        "self-asserted-signers",
        "Offices of signers are stated by this workspace. Compare the key fingerprints with their \
         owners by another way than this packet."
            .to_owned(),
        format!("{} required signers", packet.required_signers.len()),
    ));
    out.push(limitation(
        "not-legal-advice",
        "This packet is neither legal advice nor a certification.".to_owned(),
        "by design".to_owned(),
    ));
    out
}
