//! What the check reads out of the report: the attached `packet.json` and the
//! keywords of the document.

use lopdf::{Dictionary, Document, Object};

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

/// What stands in a report's PDF besides its pages.
pub(super) struct ReportFacts {
    pub(super) attached: Vec<u8>,
    pub(super) keywords: String,
    pub(super) attachments: usize,
}

fn resolve<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Object> {
    document.dereference(object).ok().map(|(_, object)| object)
}

fn text(object: &Object) -> Option<String> {
    let bytes = object.as_str().ok()?;
    match bytes.strip_prefix(&[0xfe, 0xff]) {
        Some(utf16) => {
            let units: Vec<u16> = utf16
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16(&units).ok()
        }
        None => Some(bytes.iter().map(|b| char::from(*b)).collect()),
    }
}

fn attachment(document: &Document, spec: &Dictionary) -> Option<Vec<u8>> {
    let files = resolve(document, spec.get(b"EF").ok()?)?.as_dict().ok()?;
    let stream = files.get(b"F").or_else(|_| files.get(b"UF")).ok()?;
    let stream = resolve(document, stream)?.as_stream().ok()?;
    stream
        .decompressed_content()
        .ok()
        .or_else(|| Some(stream.content.clone()))
}

/// Reads the report. `None` when it is no PDF or has no attachment.
pub(super) fn read_report(pdf: &[u8]) -> Option<ReportFacts> {
    let document = Document::load_mem(pdf).ok()?;
    let mut attached = Vec::new();
    let mut attachments = 0;
    for object in document.objects.values() {
        let Ok(dict) = object.as_dict() else { continue };
        if dict.get_type().is_ok_and(|kind| kind == b"Filespec") || dict.has(b"EF") {
            attachments += 1;
            let name = dict.get(b"UF").or_else(|_| dict.get(b"F")).ok();
            if name
                .and_then(text)
                .is_some_and(|name| name == "packet.json")
            {
                attached = attachment(&document, dict)?;
            }
        }
    }
    let info = document
        .trailer
        .get(b"Info")
        .ok()
        .and_then(|object| resolve(&document, object))
        .and_then(|object| object.as_dict().ok());
    let keywords = info
        .and_then(|info| info.get(b"Keywords").ok())
        .and_then(text)
        .unwrap_or_default();
    (attachments > 0).then_some(ReportFacts {
        attached,
        keywords,
        attachments,
    })
}

/// The `packet.json` attached to a report.
#[must_use]
pub fn attached_packet_json(pdf: &[u8]) -> Option<Vec<u8>> {
    read_report(pdf).map(|facts| facts.attached)
}
