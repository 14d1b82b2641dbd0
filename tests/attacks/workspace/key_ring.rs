//! **What it does**: whoever can write to the folder, with no key and no passphrase, adds a generation of the originals and
//! handles keys that they drew themselves, sealed to every member (their public keys stand in the ring).
//! **What it wants**: whatever is sealed afterwards opens with their key, and handles that go outside fall to guessing.
//! **What stops it**: the digest of the whole ring stands in an entry that a custodian signed, and only the database key is used
//! before the two were compared.
//! Seen before: the custodian's open took the planted ring without a word.

use std::path::Path;

use data_encoding::BASE64;
use hpke::{Deserializable as _, Kem as _, OpModeS, Serializable as _};
use muniment_tests::programs::{SECOND_PASSPHRASE, Terminal};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use super::place::{findings, read, said, workspace};

type Kem = hpke::kem::X25519HkdfSha256;

/// Adds a second generation of both keys to everybody who holds one, as a ring of this format has them: in base mode, or
/// authenticated by an identity of the attacker's that they list beside the others.
fn planted(ring: &Path) -> Value {
    let mut random = ChaCha20Rng::seed_from_u64(9);
    let mut ring = read(ring);
    let format = ring["format"].as_str().expect("a format").to_owned();
    let vault = ring["vault"].as_str().expect("a vault").to_owned();
    let mut seed = [0; 32];
    random.fill_bytes(&mut seed);
    let own = Kem::derive_keypair(&seed);
    let authenticated = format.ends_with("v2");
    for identity in ring["identities"].as_array_mut().expect("identities") {
        let kem = BASE64
            .decode(identity["kem"].as_str().expect("a key").as_bytes())
            .expect("base64");
        let recipient = <Kem as hpke::Kem>::PublicKey::from_bytes(&kem).expect("a key");
        let id = identity["id"].as_str().expect("an id").to_owned();
        if authenticated {
            identity["by"] = json!("C-ATTCK");
        }
        let keys = identity["keys"].as_array_mut().expect("keys");
        if keys.len() < 3 {
            continue;
        }
        for name in ["originals", "handles"] {
            let mode = if authenticated {
                OpModeS::Auth(own.clone())
            } else {
                OpModeS::Base
            };
            let known = [7; 32];
            let aad = format!("{format}\n{vault}\n{id}\n{name}\n2");
            let (enc, sealed) = hpke::single_shot_seal_with_rng::<
                hpke::aead::AesGcm256,
                hpke::kdf::HkdfSha256,
                Kem,
            >(
                &mode,
                &recipient,
                format.as_bytes(),
                &known,
                aad.as_bytes(),
                &mut random,
            )
            .expect("sealed");
            keys.push(json!({
                "key": name,
                "generation": 2,
                "enc": BASE64.encode(&enc.to_bytes()),
                "sealed": BASE64.encode(&sealed),
            }));
        }
    }
    if authenticated {
        let mut attacker = ring["identities"][0].clone();
        attacker["id"] = json!("C-ATTCK");
        attacker["kem"] = json!(BASE64.encode(&own.1.to_bytes()));
        attacker["keys"] = json!([]);
        ring["identities"]
            .as_array_mut()
            .expect("identities")
            .push(attacker);
    }
    ring
}

fn refused(terminal: &Terminal, what: &str) {
    for (passphrase, whom) in [(None, "custodian"), (Some(SECOND_PASSPHRASE), "responder")] {
        let mut command = terminal.command(&["--json", "search"]);
        if let Some(passphrase) = passphrase {
            command.env("MUNIMENT_PASSPHRASE", passphrase);
        }
        let output = command.output().expect("muniment starts");
        assert_eq!(
            output.status.code(),
            Some(2),
            "{what}: the {whom} opened it"
        );
        let error: Value = serde_json::from_slice(&output.stderr).expect("an error");
        assert!(said(&error).contains("keyring.json"), "{what}: {error}");
    }
}

#[test]
fn keys_that_nobody_signed_are_never_used() {
    let (_dir, terminal) = workspace();
    let ring = terminal.workspace.join("keyring.json");
    let honest = std::fs::read(&ring).expect("the ring");
    // In the old format, which the attacker is free to write; and in the new one, where the sealer is made up too.
    let mut older = read(&ring);
    older["format"] = json!("muniment/keyring/v1");
    for identity in older["identities"].as_array_mut().expect("identities") {
        identity.as_object_mut().expect("an object").remove("by");
    }
    let new = planted(&ring);
    std::fs::write(&ring, older.to_string()).expect("written");
    let old = planted(&ring);
    for (what, ring_now) in [("authenticated", new), ("base mode", old)] {
        std::fs::write(&ring, ring_now.to_string()).expect("written");
        refused(&terminal, what);
        // Beside the honest one it is nothing either.
        std::fs::write(&ring, &honest).expect("written");
        std::fs::write(
            terminal.workspace.join("keyring.next"),
            ring_now.to_string(),
        )
        .expect("written");
        terminal.done(&["search"]);
        assert!(!terminal.workspace.join("keyring.next").exists());
    }
    assert_eq!(findings(&terminal), Vec::<String>::new());
}

#[test]
fn every_bit_of_the_ring_counts() {
    let (_dir, terminal) = workspace();
    let ring = terminal.workspace.join("keyring.json");
    let honest = std::fs::read(&ring).expect("the ring");
    let soak = std::env::var_os("MUNIMENT_SOAK").is_some();
    let step = if soak { 97 } else { honest.len() / 4 };
    for at in (11..honest.len()).step_by(step) {
        let mut changed = honest.clone();
        changed[at] ^= 1;
        std::fs::write(&ring, &changed).expect("written");
        refused(&terminal, &format!("byte {at}"));
    }
    // So does what means nothing.
    let mut spaced = honest.clone();
    spaced.push(b' ');
    std::fs::write(&ring, &spaced).expect("written");
    refused(&terminal, "a space");
    std::fs::write(&ring, &honest).expect("written");
    terminal.done(&["search"]);
}
