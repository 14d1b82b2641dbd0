//! Parts of the check that need no report; whole packets are tested where they
//! are written, in the packet crate.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::container::parse;
use super::report::Findings;
use super::*;
use crate::note::SigningKey;

fn small() -> Vec<u8> {
    let files: BTreeMap<String, Vec<u8>> = [
        ("bagit.txt", b"x".to_vec()),
        ("data/a", vec![]),
        ("data/b.bin", (0..=255).collect()),
    ]
    .into_iter()
    .map(|(name, data)| (name.to_owned(), data))
    .collect();
    let mut zip = Vec::new();
    let size = write_container(&files, &mut zip).unwrap();
    assert_eq!(size, zip.len() as u64);
    zip
}

fn reasons(zip: &[u8]) -> Vec<&'static str> {
    let mut findings = Findings::default();
    parse(zip, &mut findings);
    findings
        .line(LineName::Integrity, Status::Ok, "")
        .findings
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn every_bit_of_a_container_matters() {
    let mut zip = small();
    assert!(reasons(&zip).is_empty());
    for at in 0..zip.len() {
        for bit in 0..8 {
            zip[at] ^= 1 << bit;
            assert!(!reasons(&zip).is_empty(), "byte {at} bit {bit}");
            zip[at] ^= 1 << bit;
        }
    }
    for len in 0..zip.len() {
        assert!(!reasons(&zip[..len]).is_empty(), "cut at {len}");
    }
}

#[test]
fn others_read_the_container() {
    let mut archive = zip::ZipArchive::new(Cursor::new(small())).unwrap();
    assert_eq!(archive.len(), 3);
    let mut file = archive.by_name("data/b.bin").unwrap();
    let mut data = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut data).unwrap();
    assert_eq!(data, (0..=255).collect::<Vec<u8>>());
}

#[test]
fn any_bytes_are_reported_without_panic() {
    for zip in [
        &b""[..],
        b"PK",
        &[0xff; 22],
        b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0",
        b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert!(!verify_bytes(zip, &PacketTrust::default()).passed());
    }
}

#[test]
fn public_keys_have_one_spelling() {
    let key = SigningKey::from_seed("k", &[3; 32]).unwrap();
    let pem = public_key_pem(key.verifier_key());
    assert_eq!(
        raw_public_key(pem.as_bytes()),
        key.verifier_key().public_key().try_into().ok()
    );
    assert_eq!(raw_public_key(pem.replace('\n', "\r\n").as_bytes()), None);
}

#[test]
fn trust_files_name_the_bad_key() {
    let key = SigningKey::from_seed("k", &[3; 32]).unwrap();
    let trust = PacketTrust {
        signers: vec![key.verifier_key().clone()],
        sources: vec![SourceKeys {
            origin: "o".into(),
            keys: vec![key.verifier_key().clone()],
        }],
    };
    let text = trust.to_json().unwrap();
    assert_eq!(PacketTrust::parse(text.as_bytes()).unwrap(), trust);
    let bad = text.replacen("k+", "k+0", 1);
    let error = PacketTrust::parse(bad.as_bytes()).unwrap_err();
    assert!(
        matches!(&error, PacketTrustError::Key { place, number: 1, .. } if place == "signers"),
        "{error}"
    );
    assert!(matches!(
        PacketTrust::parse(b"{\"format\":\"x\"}"),
        Err(PacketTrustError::Format)
    ));
}
