//! The bag's own files (RFC 8493), each a function of the payload.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Layout;
use super::model::PacketJson;
use crate::hash::Hash;

/// `bagit.txt`.
const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// `bagit.txt`.
#[must_use]
pub fn bag_declaration() -> &'static str {
    BAGIT
}

fn lines<'a>(files: impl Iterator<Item = (&'a String, &'a [u8])>) -> String {
    let mut text = String::new();
    for (name, data) in files {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {name}", Hash::sha256(data).to_hex());
    }
    text
}

fn slices(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&String, &[u8])> {
    files.iter().map(|(name, data)| (name, data.as_slice()))
}

/// `manifest-sha256.txt` over every file under `data/`.
#[must_use]
pub fn manifest(files: &BTreeMap<String, Vec<u8>>) -> String {
    lines(slices(files).filter(|(name, _)| name.starts_with(Layout::DATA)))
}

/// `tagmanifest-sha256.txt` over the bag's other tag files.
#[must_use]
pub fn tag_manifest(files: &BTreeMap<String, Vec<u8>>) -> String {
    lines(slices(files).filter(|(name, _)| {
        [Layout::BAGIT, Layout::BAG_INFO, Layout::MANIFEST].contains(&name.as_str())
    }))
}

/// `bag-info.txt` of a packet whose payload has this many bytes and files.
#[must_use]
pub fn bag_info(packet: &PacketJson, payload_bytes: u64, payload_files: u64) -> String {
    format!(
        "Bagging-Date: {}\n\
         Bag-Software-Agent: {} {}\n\
         External-Identifier: {}_v{}\n\
         Payload-Oxum: {payload_bytes}.{payload_files}\n",
        packet.created.0.format("%Y-%m-%d"),
        one_line(&packet.engine.name),
        one_line(&packet.engine.version),
        one_line(&packet.id),
        packet.version,
    )
}

/// A value that cannot start a new line of a tag file.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
