//! A template's number stands for the bytes that come out for a record: whoever changes template,
//! typesetter or fonts gives the outcome a new number and keeps the old one, or packets that were
//! written before are no longer compared.

use evidence::Hash;
use evidence::packet::PacketJson;
use packet::{RenderError, render_report};

#[test]
fn every_template_gives_what_it_gave() {
    let json = include_bytes!("templates/1.json");
    let record: PacketJson = serde_json::from_slice(json).unwrap();
    assert_eq!(record.engine.template(), 1, "absent, as it was before");
    let pdf = render_report(&record, json).unwrap();
    assert_eq!(
        Hash::sha256(&pdf).to_hex(),
        include_str!("templates/1.sha256").trim()
    );
}

#[test]
fn a_number_that_is_not_known_gives_nothing() {
    let json = include_bytes!("templates/1.json");
    let mut record: PacketJson = serde_json::from_slice(json).unwrap();
    record.engine.template = Some(u32::MAX);
    let json = record.to_bytes().unwrap();
    assert_eq!(
        render_report(&record, &json),
        Err(RenderError::UnknownTemplate(u32::MAX))
    );
}
