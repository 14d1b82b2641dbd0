//! The whole check: everything `evidence::packet::verify` does, and the pages
//! of the report compared with what the record says.

use std::io::{self, Cursor, Read, Seek};

use evidence::packet::{
    Finding, Layout, LineName, MAX_PACKET_BYTES, PacketJson, PacketReport, PacketTrust, Status,
    Weight, read_container, verify_bytes,
};

use crate::report::render_report;

/// Checks a packet. The report's pages are a function of `packet.json`, so
/// they are rendered again and compared byte for byte; where the packet was
/// written by another version of the engine that is not possible, and the
/// content line says so.
///
/// # Errors
/// Only when reading fails or the input is too large.
pub fn verify(zip: impl Read + Seek, trust: &PacketTrust) -> io::Result<PacketReport> {
    let mut bytes = Vec::new();
    zip.take(MAX_PACKET_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PACKET_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the packet is too large",
        ));
    }
    let mut report = verify_bytes(&bytes, trust);
    // Rendering content that already failed would prove nothing.
    if !report.passed() {
        return Ok(report);
    }
    let files = read_container(&mut Cursor::new(&bytes))?;
    let finding = match (files.get(Layout::PACKET), files.get(Layout::REPORT)) {
        (Some(json), Some(pdf)) => compare(json, pdf),
        _ => None,
    };
    if let Some(finding) = finding {
        let line = &mut report.lines[LineName::Content as usize];
        if finding.weight == Weight::Failure {
            line.status = Status::Failed;
        }
        line.findings.push(finding);
    }
    Ok(report)
}

fn compare(json: &[u8], pdf: &[u8]) -> Option<Finding> {
    let packet: PacketJson = serde_json::from_slice(json).ok()?;
    let finding = |code, message: &str, weight| {
        Some(Finding {
            code,
            place: Layout::REPORT.to_owned(),
            message: message.to_owned(),
            weight,
        })
    };
    if packet.engine.version != crate::ENGINE_VERSION {
        return finding(
            "report-not-rendered-again",
            "written by another version of the engine: the pages' wording was not compared",
            Weight::Notice,
        );
    }
    match render_report(&packet, json) {
        Ok(expected) if expected == pdf => None,
        Ok(_) => finding(
            "report-pages",
            "the pages are not the ones that packet.json gives",
            Weight::Failure,
        ),
        Err(_) => finding(
            "report-pages",
            "packet.json cannot be rendered, so the pages cannot be what it gives",
            Weight::Failure,
        ),
    }
}
