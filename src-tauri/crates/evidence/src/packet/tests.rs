//! Parts of the check that need no report; whole packets are tested where they
//! are written, in the packet crate.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::container::parse;
use super::report::Findings;
use super::*;
use crate::note::SigningKey;
use crate::trust::PinnedKey;

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
    let mut trust = PacketTrust {
        signers: vec![PinnedKey(key.verifier_key().clone())],
        workspaces: vec![PinnedWorkspace {
            vault: "w".into(),
            genesis: crate::hash::Hash::sha256(b"genesis"),
        }],
        require: vec![RequiredSignature::Role(RequiredRole {
            role: crate::ledger::Role::Reviewer,
            count: 1,
        })],
        ..PacketTrust::default()
    };
    trust.pin_source("o", [key.verifier_key().clone()]);
    let text = trust.to_json().unwrap();
    assert_eq!(PacketTrust::parse(text.as_bytes()).unwrap(), trust);
    let bad = text.replacen("k+", "k+0", 1);
    let error = PacketTrust::parse(bad.as_bytes()).unwrap_err();
    assert!(
        matches!(&error, PacketTrustError::Json { place, .. } if place == "signers[0]"),
        "{error}"
    );
    assert!(matches!(
        PacketTrust::parse(b"{\"format\":\"x\"}"),
        Err(PacketTrustError::Format)
    ));
}

#[test]
fn trust_files_of_before_are_read_and_say_no_more_than_they_could() {
    let key = SigningKey::from_seed("k", &[3; 32]).unwrap();
    let vkey = key.verifier_key().to_string();
    let before = format!(
        r#"{{"format":"muniment/packet-trust/1","signers":["{vkey}"],"sources":[{{"origin":"o","keys":["{vkey}"]}}]}}"#
    );
    let trust = PacketTrust::parse(before.as_bytes()).unwrap();
    assert_eq!(trust.format, PACKET_TRUST_FORMAT);
    assert_eq!(trust.source("o").unwrap().keys.len(), 1);
    let newer = before.replace(
        r#","sources""#,
        r#","require":[{"role":"reviewer"}],"sources""#,
    );
    assert!(matches!(
        PacketTrust::parse(newer.as_bytes()),
        Err(PacketTrustError::Format)
    ));
}

#[test]
fn a_trust_file_says_nothing_twice_and_asks_for_something() {
    let of = |body: &str| {
        let text = format!(r#"{{"format":"{PACKET_TRUST_FORMAT}",{body}}}"#);
        PacketTrust::parse(text.as_bytes())
    };
    assert!(of(r#""require":[{"role":"custodian","count":2},{"role":"reviewer"}]"#).is_ok());
    assert!(matches!(
        of(r#""require":[{"role":"custodian","count":0}]"#),
        Err(PacketTrustError::NoSignature(1))
    ));
    assert!(matches!(
        of(r#""require":[{"role":"owner"}]"#),
        Err(PacketTrustError::Json { .. })
    ));
    assert!(matches!(
        of(r#""sources":[{"origin":"o","keys":[]},{"origin":"o","keys":[]}]"#),
        Err(PacketTrustError::Twice("sources"))
    ));
}
