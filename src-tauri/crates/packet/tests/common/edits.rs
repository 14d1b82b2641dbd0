//! Editing a packet and bringing everything that follows from the edit in line with it, as
//! somebody would who holds a key.

use std::collections::BTreeMap;
use std::io::Cursor;

use evidence::SigningKey;
use evidence::packet::*;
use packet::*;

use super::at;

pub type Files = BTreeMap<String, Vec<u8>>;

pub fn pack(files: &Files) -> Vec<u8> {
    let mut out = Vec::new();
    write_container(files, &mut out).unwrap();
    out
}

/// Brings manifests, and with `key` the signature, in line with the content.
pub fn settle(mut files: Files, key: Option<&SigningKey>) -> Files {
    let payload: Vec<u64> = files
        .iter()
        .filter(|(name, _)| name.starts_with("data/"))
        .map(|(_, data)| data.len() as u64)
        .collect();
    if let Ok(packet) = serde_json::from_slice::<PacketJson>(&files[Layout::PACKET]) {
        let info = bag_info(&packet, payload.iter().sum(), payload.len() as u64);
        files.insert(Layout::BAG_INFO.into(), info.into_bytes());
    }
    let text = manifest(&files);
    files.insert(Layout::MANIFEST.into(), text.into_bytes());
    let text = tag_manifest(&files);
    files.insert(Layout::TAG_MANIFEST.into(), text.into_bytes());
    if let Some(key) = key {
        files.retain(|name, _| !name.starts_with(Layout::SIGNATURES));
        let signer = KeySigner {
            key,
            role: "reviewer",
            statement: "x",
        };
        let mut out = Vec::new();
        cosign(
            Cursor::new(pack(&files)),
            &signer,
            at("2026-11-21T09:30:00Z"),
            &mut out,
        )
        .unwrap();
        files = read_container(&mut Cursor::new(out)).unwrap();
    }
    files
}

pub fn codes(zip: &[u8], trust: &PacketTrust) -> Vec<&'static str> {
    let report = verify_whole(zip, trust);
    let codes = report.failure_codes();
    let failed = report.conclusion() == Conclusion::Failed;
    assert_eq!(failed, !codes.is_empty());
    codes
}

pub fn edit_packet(files: &mut Files, edit: impl FnOnce(&mut PacketJson)) {
    let mut packet: PacketJson = serde_json::from_slice(&files[Layout::PACKET]).unwrap();
    edit(&mut packet);
    files.insert(Layout::PACKET.into(), packet.to_bytes().unwrap());
}

pub fn edit_text(files: &mut Files, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    files.insert(name.into(), text.replacen(from, to, 1).into_bytes());
}

/// Replaces every derived file by what the edited packet.json gives, so that
/// only the deeper checks are left to object.
pub fn rederive(files: &mut Files) {
    rederive_texts(files);
    // A report of a template that nobody has stays what it was.
    let packet: PacketJson = serde_json::from_slice(&files[Layout::PACKET]).unwrap();
    if let Ok(pdf) = render_report(&packet, &files[Layout::PACKET]) {
        files.insert(Layout::REPORT.into(), pdf);
    }
}

/// [`rederive`] without the report, which is not looked at where anything else objects.
pub fn rederive_texts(files: &mut Files) {
    let packet: PacketJson = serde_json::from_slice(&files[Layout::PACKET]).unwrap();
    for name in table_names() {
        files.insert(
            Layout::table(name),
            table(&packet, name).unwrap().into_bytes(),
        );
    }
    files.insert(Layout::README.into(), readme_text(&packet).into_bytes());
    files.insert(Layout::VERIFY.into(), verify_text(&packet).into_bytes());
}
