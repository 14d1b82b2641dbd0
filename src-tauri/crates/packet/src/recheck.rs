//! The whole check: everything `evidence::packet::verify` does, and what it takes a typesetter and
//! source files for.

use std::io::{self, Read, Seek};

use evidence::packet::{
    Answer, Beside, BesideAnswers, Checked, Finding, Layout, MAX_PACKET_BYTES, PacketReport,
    PacketTrust, Weight, verify_bytes_with,
};

use evidence::SchemaRef;
use sources::Catalogue;

use crate::catalogue;
use crate::policy;
use crate::reading;
use crate::report::{RenderError, render_report};

/// Checks a packet. The report's pages are a function of `packet.json`, so they are rendered again
/// and compared byte for byte, from the template that the packet names; where that is one of
/// another version of the program, the content line is *not checked*.
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
    Ok(verify_whole(&bytes, trust))
}

/// [`verify`] for a packet in memory.
#[must_use]
pub fn verify_whole(zip: &[u8], trust: &PacketTrust) -> PacketReport {
    let catalogue = Catalogue::builtin();
    let source_file = |schema: &SchemaRef| {
        let source = catalogue.get(&schema.id, Some(schema.version));
        source.map(|source| source.digest)
    };
    let checks = |checked: &Checked<'_>| {
        let mut findings = reading::check(checked);
        findings.extend(policy::check(checked.packet));
        findings.extend(catalogue::check(checked));
        // Setting pages is the dearest check, and proves nothing of a record that lies.
        let pages = match findings.as_slice() {
            [] => pages(checked),
            _ => Answer::NotRun,
        };
        BesideAnswers {
            reading: Answer::Ran(findings),
            pages,
        }
    };
    verify_bytes_with(
        zip,
        trust,
        Beside {
            source_file: &source_file,
            checks: &checks,
        },
    )
}

fn pages(checked: &Checked<'_>) -> Answer {
    let finding = |code, message: String, weight| Finding {
        code,
        place: Layout::REPORT.to_owned(),
        message,
        weight,
    };
    let (Some(json), Some(pdf)) = (
        checked.files.get(Layout::PACKET),
        checked.files.get(Layout::REPORT),
    ) else {
        return Answer::NotRun;
    };
    match render_report(checked.packet, json) {
        Ok(expected) if expected == *pdf => Answer::Ran(Vec::new()),
        Ok(_) => Answer::Ran(vec![finding(
            "report-pages",
            "the report is not the one that packet.json gives".to_owned(),
            Weight::Failure,
        )]),
        Err(error @ RenderError::UnknownTemplate(_)) => Answer::CouldNot(finding(
            "report-template-unknown",
            format!("what the report says was not compared: {error}"),
            Weight::Notice,
        )),
        Err(error @ RenderError::Template(_)) => Answer::Ran(vec![finding(
            "report-pages",
            format!("the report cannot be the one that packet.json gives: {error}"),
            Weight::Failure,
        )]),
    }
}
