//! What a reviewer can do without this program: unlock their own key file, take the database key from the ring, and write
//! to the database. And the workspace in which they do it.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{BASE64, HEXLOWER};
use hpke::{Deserializable as _, Kem as _, OpModeR};
use muniment_tests::programs::{SECOND_PASSPHRASE, Terminal};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::workspace::place::{read, sealed_export};

type Kem = hpke::kem::X25519HkdfSha256;

/// A workspace of a custodian and a reviewer with three records, a pinned key, an incident with evidence, and a file in
/// quarantine.
pub(super) fn workspace() -> (TempDir, Terminal) {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let vkey = sealed_export(&terminal, "1", 3);
    let held = dir.path().join("held");
    std::fs::create_dir(&held).expect("a folder");
    std::fs::write(held.join("a.ndjson"), "{\"a\":1}\n").expect("written");
    let manifest = format!("{}  a.ndjson\n", "0".repeat(64));
    std::fs::write(held.join("SHA256SUMS"), manifest).expect("written");
    terminal.done(&["init", "--second-role", "reviewer"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    assert_eq!(terminal.done(&["import", "1.zip"])["total"], 3);
    let (_, report) = terminal.json(&["import", "held"]);
    assert_eq!(report["quarantine"].as_array().map(Vec::len), Some(1));
    terminal.done(&["incident", "open", "A key that went missing", "--pin", "1"]);
    (dir, terminal)
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    let text = value[name].as_str().expect("text");
    BASE64.decode(text.as_bytes()).expect("base64")
}

/// The private half of the reviewer's key agreement, and their id.
fn unlocked(workspace: &Path) -> (String, <Kem as hpke::Kem>::PrivateKey) {
    let files = std::fs::read_dir(workspace.join("members")).expect("members");
    let file = files
        .map(|file| file.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| read(&path))
        .find(|file| file["role"] == "reviewer")
        .expect("a reviewer");
    let text = |name: &str| file[name].as_str().expect("text").to_owned();
    let kdf = &file["kdf"];
    let number = |name: &str| u32::try_from(kdf[name].as_u64().expect("a number")).expect("small");
    let cost = [number("memory_kib"), number("iterations"), number("lanes")];
    let params = Params::new(cost[0], cost[1], cost[2], Some(32)).expect("parameters");
    let mut key = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(SECOND_PASSPHRASE.as_bytes(), &bytes(kdf, "salt"), &mut key)
        .expect("a key");
    let (format, vault, id, role) = (text("format"), text("vault"), text("member"), text("role"));
    let costs = cost.map(u32::to_be_bytes);
    let mut aad = Vec::new();
    for part in [
        format.as_bytes(),
        vault.as_bytes(),
        id.as_bytes(),
        role.as_bytes(),
        b"argon2id",
        &costs[0],
        &costs[1],
        &costs[2],
        &bytes(kdf, "salt"),
        &bytes(&file, "sign"),
        &bytes(&file, "kem"),
    ] {
        aad.extend((part.len() as u64).to_be_bytes());
        aad.extend(part);
    }
    let nonce = bytes(&file, "nonce").try_into().expect("a nonce");
    let mut sealed = bytes(&file, "sealed");
    let plain = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("a key"))
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut sealed,
        )
        .expect("opened");
    let (private, _) = Kem::derive_keypair(&plain[..32]);
    (id, private)
}

/// The database, open for writing, as the reviewer opens it.
pub(super) fn database(terminal: &Terminal) -> Connection {
    let workspace: &PathBuf = &terminal.workspace;
    let (id, private) = unlocked(workspace);
    let ring = read(&workspace.join("keyring.json"));
    let listed = |id: &str| {
        let all = ring["identities"].as_array().expect("identities");
        (all.iter().find(|one| one["id"] == id)).expect("listed")
    };
    let own = listed(&id);
    let sealer = listed(own["by"].as_str().expect("a sealer"));
    let sealer = <Kem as hpke::Kem>::PublicKey::from_bytes(&bytes(sealer, "kem")).expect("a key");
    let sealed = &own["keys"][0];
    assert_eq!(sealed["key"], "database");
    let format = ring["format"].as_str().expect("a format");
    let vault = ring["vault"].as_str().expect("a vault");
    let aad = format!(
        "{format}\n{vault}\n{id}\ndatabase\n{}",
        sealed["generation"]
    );
    let enc = <Kem as hpke::Kem>::EncappedKey::from_bytes(&bytes(sealed, "enc")).expect("a key");
    let key = hpke::single_shot_open::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, Kem>(
        &OpModeR::Auth(sealer),
        &private,
        &enc,
        format.as_bytes(),
        &bytes(sealed, "sealed"),
        aad.as_bytes(),
    )
    .expect("the database key");
    let conn = Connection::open(workspace.join("vault.db")).expect("a database");
    let hex = HEXLOWER.encode(&key);
    conn.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";"))
        .expect("the key");
    conn
}

/// Keeps the database as it is, to write to it anew.
pub(super) fn kept(terminal: &Terminal) -> Vec<(PathBuf, Vec<u8>)> {
    ["vault.db", "vault.db-wal"]
        .iter()
        .map(|name| terminal.workspace.join(name))
        .filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?)))
        .collect()
}

/// Puts it back.
pub(super) fn put_back(terminal: &Terminal, kept: &[(PathBuf, Vec<u8>)]) {
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(terminal.workspace.join(format!("vault.db{end}")));
    }
    for (path, bytes) in kept {
        std::fs::write(path, bytes).expect("written");
    }
}

/// A command of the custodian's is refused because of a row, and `fsck` names the row; neither quotes what stands in it.
pub(super) fn refused_and_named(terminal: &Terminal, command: &[&str], row: &str) {
    let (code, error) = terminal.refused(command);
    assert_eq!(code, 2, "{command:?} {error}");
    assert_eq!(error["code"], "not-stated", "{command:?}: {error}");
    let said = error["message"].as_str().unwrap_or_default();
    assert!(said.contains(row), "{command:?} says: {said}");
    let findings = crate::workspace::place::findings(terminal);
    let named = (findings.iter()).any(|f| f.contains("signed rows") && f.contains(row));
    let members = (findings.iter()).any(|f| f.contains("member") || f.contains("incidents"));
    assert!(named || members, "fsck on {row}: {findings:#?}");
    assert!(
        !said.contains("PLANTED") && findings.iter().all(|f| !f.contains("PLANTED")),
        "{said} {findings:#?}"
    );
}
