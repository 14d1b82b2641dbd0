//! A workspace's database opened by somebody who has only read how it is kept: keys, pages, terms of the index.
//!
//! None of it is the program's own code, so that a test sees what lies in the files and not what the program shows.

use std::path::Path;

use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt as _, KeyInit as _};
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64;
use hpke::{Deserializable as _, Kem as _, OpModeR};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::Value;

type Kem = hpke::kem::X25519HkdfSha256;

/// SQLCipher's page, and what it keeps at the end of each: initialisation vector and HMAC.
const PAGE: usize = 4096;
const RESERVED: usize = 80;

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&bytes).expect("JSON")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("base64");
    BASE64.decode(text.as_bytes()).expect("base64")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The newest key of this name (`database`, `originals`, `handles`) that the passphrase opens.
///
/// # Panics
/// If nobody's key file opens with it, or they hold no such key.
#[must_use]
pub fn key(workspace: &Path, passphrase: &str, name: &str) -> [u8; 32] {
    let members = std::fs::read_dir(workspace.join("members")).expect("members");
    let (file, seed) = members
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .map(|path| json(&path))
        .find_map(|file| seed(&file, passphrase).map(|seed| (file, seed)))
        .expect("a member with this passphrase");
    let ring = json(&workspace.join("keyring.json"));
    let identities = ring["identities"].as_array().expect("identities");
    let listed = |id: &str| {
        identities
            .iter()
            .find(|one| one["id"] == *id)
            .expect("listed")
    };
    let mine = listed(text(&file["member"]));
    // Rings of before do not say who sealed.
    let mode = match mine["by"].as_str() {
        None => OpModeR::Base,
        Some(by) => {
            let kem = bytes(&listed(by)["kem"]);
            OpModeR::Auth(<Kem as hpke::Kem>::PublicKey::from_bytes(&kem).expect("a key"))
        }
    };
    let (private, _) = Kem::derive_keypair(&seed);
    let sealed = (mine["keys"].as_array().expect("keys").iter())
        .filter(|key| key["key"] == name)
        .max_by_key(|key| key["generation"].as_u64())
        .unwrap_or_else(|| panic!("no {name} key for this member"));
    let format = text(&ring["format"]);
    let aad = format!(
        "{format}\n{}\n{}\n{name}\n{}",
        text(&ring["vault"]),
        text(&mine["id"]),
        sealed["generation"]
    );
    let plain = hpke::single_shot_open::<hpke::aead::AesGcm256, hpke::kdf::HkdfSha256, Kem>(
        &mode,
        &private,
        &<Kem as hpke::Kem>::EncappedKey::from_bytes(&bytes(&sealed["enc"])).expect("a key"),
        format.as_bytes(),
        &bytes(&sealed["sealed"]),
        aad.as_bytes(),
    );
    plain.expect("opened").try_into().expect("32 bytes")
}

/// The seed of a member's X25519 key, if the passphrase opens the file.
fn seed(file: &Value, passphrase: &str) -> Option<Vec<u8>> {
    let kdf = &file["kdf"];
    let number =
        |name: &str| u32::try_from(kdf[name].as_u64().expect("a number")).expect("32 bits");
    let (memory, passes, lanes) = (number("memory_kib"), number("iterations"), number("lanes"));
    let salt = bytes(&kdf["salt"]);
    let mut key = [0; 32];
    let parameters = Params::new(memory, passes, lanes, Some(32)).expect("parameters");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(passphrase.as_bytes(), &salt, &mut key)
        .expect("hashed");
    let mut aad = Vec::new();
    for part in [
        text(&file["format"]).as_bytes(),
        text(&file["vault"]).as_bytes(),
        text(&file["member"]).as_bytes(),
        text(&file["role"]).as_bytes(),
        text(&kdf["algorithm"]).as_bytes(),
        &memory.to_be_bytes(),
        &passes.to_be_bytes(),
        &lanes.to_be_bytes(),
        &salt,
        &bytes(&file["sign"]),
        &bytes(&file["kem"]),
    ] {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part);
    }
    let nonce = bytes(&file["nonce"]).try_into().expect("12 bytes");
    let mut sealed = bytes(&file["sealed"]);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("a key"));
    let nonce = Nonce::assume_unique_for_key(nonce);
    let plain = key.open_in_place(nonce, Aad::from(aad), &mut sealed).ok()?;
    Some(plain[..32].to_vec())
}

/// The database, as whoever holds its key opens it with any SQLCipher.
///
/// # Panics
/// If the key does not open it.
#[must_use]
pub fn database(workspace: &Path, key: &[u8; 32]) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(workspace.join("vault.db")).expect("the database");
    let key = data_encoding::HEXLOWER.encode(key);
    (database.execute_batch(&format!("PRAGMA key = \"x'{key}'\"")))
        .and_then(|()| database.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())))
        .expect("opened");
    database
}

/// The key of the search index, which follows from the database's.
///
/// # Panics
/// Never: 32 bytes are what HKDF gives at once.
#[must_use]
pub fn index_key(database: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, &[])
        .extract(database)
        .expand(&[b"muniment/index/v1"], ring::hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .expect("32 bytes");
    out
}

/// Every page of the database and every frame of its write-ahead log, decrypted: free pages and what was written over too.
///
/// # Panics
/// If the files are not there.
#[must_use]
pub fn pages(workspace: &Path, key: &[u8; 32]) -> Vec<u8> {
    let cipher = Aes256::new(&Array::from(*key));
    let mut out = Vec::new();
    let database = std::fs::read(workspace.join("vault.db")).expect("the database");
    for (number, page) in database.chunks_exact(PAGE).enumerate() {
        decrypt(&cipher, page, number == 0, &mut out);
    }
    let log = std::fs::read(workspace.join("vault.db-wal")).unwrap_or_default();
    for frame in log.get(32..).unwrap_or_default().chunks_exact(24 + PAGE) {
        decrypt(&cipher, &frame[24..], frame[..4] == [0, 0, 0, 1], &mut out);
    }
    out
}

fn decrypt(cipher: &Aes256, page: &[u8], first: bool, out: &mut Vec<u8>) {
    let end = PAGE - RESERVED;
    let mut before: [u8; 16] = page[end..end + 16].try_into().expect("16 bytes");
    // The first page begins with the salt.
    let begin = if first { 16 } else { 0 };
    for block in page[begin..end].chunks_exact(16) {
        let sealed: [u8; 16] = block.try_into().expect("16 bytes");
        let mut plain = Array::from(sealed);
        cipher.decrypt_block(&mut plain);
        out.extend(plain.iter().zip(before).map(|(one, other)| one ^ other));
        before = sealed;
    }
}

/// Every term of the search index and every file of it, opened.
///
/// # Panics
/// If the index does not open with the key.
#[must_use]
pub fn index(folder: &Path, key: &[u8; 32]) -> Vec<u8> {
    let random = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    let sealed = search::SealedDirectory::open(folder, key, Box::new(random), 16 << 20);
    let sealed = sealed.expect("the index folder");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the index folder") {
        let name = entry.expect("an entry").file_name();
        // Locks and what is not a file of the index do not open.
        if let Ok(file) = tantivy::Directory::open_read(&sealed, Path::new(&name)) {
            out.extend_from_slice(&file.read_bytes().expect("readable"));
        }
    }
    let index = tantivy::Index::open(sealed).expect("the index");
    let reader = index.reader().expect("a reader");
    for segment in reader.searcher().segment_readers() {
        for (field, entry) in index.schema().fields() {
            if !entry.is_indexed() {
                continue;
            }
            let inverted = segment.inverted_index(field).expect("terms");
            let mut terms = inverted.terms().stream().expect("terms");
            while terms.advance() {
                out.extend_from_slice(terms.key());
                out.push(b'\n');
            }
        }
    }
    out
}
