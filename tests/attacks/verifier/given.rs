//! A packet that verifies, and what a writer with the signing key of it can make of it.

use std::io::Cursor;
use std::sync::OnceLock;

use evidence::packet::{Layout, LineName, PacketJson, Status};

pub(crate) use super::packets::edits::*;
pub(crate) use super::packets::*;

/// The files of a packet that verifies.
pub(crate) fn files() -> Files {
    static ZIP: OnceLock<Vec<u8>> = OnceLock::new();
    let zip = ZIP.get_or_init(|| written(&input(9, 40, &[9, 10, 13])));
    evidence::packet::read_container(&mut Cursor::new(zip)).expect("a packet")
}

/// The packet with `packet.json` edited, everything that follows from it written again, and signed
/// by the one who writes packets.
pub(crate) fn rewritten(edit: impl FnOnce(&mut PacketJson)) -> Vec<u8> {
    let mut files = files();
    edit_packet(&mut files, edit);
    rederive(&mut files);
    pack(&settle(files, Some(&reviewer_key())))
}

/// Asserts that this packet is refused for exactly this reason, whose line is the content's, by a
/// reader with a list and by one without; and that it is refused where a stranger signed instead.
pub(crate) fn refused(code: &str, edit: impl Fn(&mut PacketJson)) {
    let mut files = self::files();
    edit_packet(&mut files, &edit);
    rederive_texts(&mut files);
    let forged = pack(&settle(files, Some(&reviewer_key())));
    let report = packet::verify_whole(&forged, &trust());
    let mut codes = report.failure_codes();
    codes.dedup();
    assert_eq!(codes, [code], "by the packet's writer");
    assert_eq!(report.line(LineName::Content).status, Status::Failed);
    assert!(!report.passed());
    let unlisted = packet::verify_whole(&forged, &Default::default());
    assert_eq!(unlisted.failure_codes(), report.failure_codes());

    let stranger = evidence::SigningKey::from_seed("stranger", &[77; 32]).expect("a key");
    let mut files = self::files();
    edit_packet(&mut files, |packet| {
        edit(packet);
        let fingerprint = stranger.verifier_key().fingerprint().to_hex();
        for office in &mut packet.offices {
            let signed = Some(&packet.required_signers[0].fingerprint);
            if office.fingerprint.as_ref() == signed {
                office.fingerprint = Some(fingerprint.clone());
            }
        }
        packet.required_signers[0].fingerprint = fingerprint;
    });
    rederive_texts(&mut files);
    let forged = pack(&settle(files, Some(&stranger)));
    let report = packet::verify_whole(&forged, &Default::default());
    let codes = report.failure_codes();
    let refused = codes.contains(&"signer-not-member") || codes.contains(&code);
    assert!(refused, "by a stranger: {codes:?}");
}

/// The packet's own record.
pub(crate) fn record() -> PacketJson {
    serde_json::from_slice(&files()[Layout::PACKET]).expect("packet.json")
}
