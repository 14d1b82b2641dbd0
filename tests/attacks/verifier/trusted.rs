//! Does: hands over an export or a packet that is intact, and that nobody on the reader's list signed:
//! without a list, with another list, with the signature altered or stripped, or with what the
//! reader asks for of a source not met.
//! Wants: exit code 0 and `passed`.
//! Stops it: one decision on trust for exports and packets; what is intact but signed by nobody who
//! is trusted is exit code 3, and what the reader's trust refuses is exit code 1.

use evidence::packet::{Conclusion, LineName, PacketTrust, Status};
use evidence::trust::{
    AllowedSchema, Anchor, Distrust, Fingerprint, OriginTrust, PinnedKey, Requirement, Signers,
};
use evidence::{CosigningKey, SigningKey};

use super::given::{ORIGIN, files, pack, source_key, trust};

#[test]
fn nobody_on_the_list_signed() {
    let zip = pack(&files());
    let other = SigningKey::from_seed("auditor", &[55; 32]).expect("a key");
    let mut named = trust();
    named.signers = vec![PinnedKey(other.verifier_key().clone())];
    for trust in [PacketTrust::default(), named] {
        let report = packet::verify_whole(&zip, &trust);
        assert_eq!(report.conclusion(), Conclusion::NotTrusted);
        assert!(!report.passed() && !report.trusted);
        assert_eq!(report.line(LineName::Signers).status, Status::NotTrusted);
        assert!(report.failure_codes().is_empty());
    }
}

/// The reader's trust with another trust in the source.
fn asking(edit: impl FnOnce(&mut OriginTrust)) -> PacketTrust {
    let mut trust = trust();
    let source = trust.sources.iter_mut().find(|s| s.origin == ORIGIN);
    edit(source.expect("the source"));
    trust
}

fn source() -> Fingerprint {
    Fingerprint::of(source_key().verifier_key())
}

#[test]
fn what_is_asked_of_a_source_holds_in_packets_too() {
    let zip = pack(&files());
    let found = |trust: &PacketTrust| packet::verify_whole(&zip, trust).failure_codes();
    let ml_dsa = CosigningKey::from_seed(ORIGIN, &[5; 32]).expect("a key");
    // Both of its keys must sign, and the checkpoint lost its ML-DSA line.
    let both = asking(|source| source.keys.push(PinnedKey(ml_dsa.verifier_key().clone())));
    assert_eq!(found(&both), ["source-requirement"]);
    let distrusted = asking(|origin| {
        origin.distrust.push(Distrust {
            key: source(),
            from: 0,
            compromised: None,
        });
    });
    assert_eq!(found(&distrusted), ["source-distrusted"]);
    let not_covered = asking(|origin| {
        origin.requirement.push(Requirement {
            from: 41,
            to: None,
            signers: Signers::Any(vec![source()]),
        });
    });
    assert_eq!(found(&not_covered), ["source-not-covered"]);
    let covered = asking(|origin| {
        origin.requirement.push(Requirement {
            from: 40,
            to: Some(41),
            signers: Signers::Any(vec![source()]),
        });
    });
    assert_eq!(found(&covered), Vec::<&str>::new());
    let schema = |id: &str| {
        let allowed = AllowedSchema {
            id: id.into(),
            version: Some(1),
            digest: None,
        };
        asking(|origin| origin.schemas = Some(vec![allowed]))
    };
    assert_eq!(found(&schema("enigm-os")), ["source-schema"]);
    assert_eq!(found(&schema("enigm-command")), Vec::<&str>::new());
    let anchored = asking(|origin| {
        origin.anchor = Some(Anchor {
            size: 40,
            root: evidence::Hash::sha256(b"another history"),
        });
    });
    assert_eq!(found(&anchored), ["source-anchor"]);
    // A key that is pinned for another log says nothing of this one.
    let mut elsewhere = trust();
    elsewhere.sources[0].origin = "another.example/log".into();
    let report = packet::verify_whole(&zip, &elsewhere);
    let notes = &report.line(LineName::Signers).findings;
    assert!(notes.iter().any(|f| f.code == "source-key-not-pinned"));
}
