//! Names of files, which people gave: an address or a serial in one is an identity like any other.
//!
//! The database and the ledger hold them sealed under a key derived from the originals key; who has the database key
//! only sees that two names are the same. The nonce is an HMAC of the name, so that equal names have equal spellings and
//! can be asked for, and the length is padded, so that it says little.

use data_encoding::BASE64URL_NOPAD;
use evidence::Hash;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::VaultError;
use crate::keys::{KeyName, VaultKeys};
use crate::marks::Marks;

/// What a sealed name begins with.
const SEALED: &str = "sealed-name:";
/// Names are sealed as multiples of so many bytes.
const STEP: usize = 32;
/// Columns that hold names: table, column.
const COLUMNS: [(&str, &str); 6] = [
    ("import", "name"),
    ("import", "member"),
    ("quarantine", "name"),
    ("quarantine", "member"),
    ("intake", "paths"),
    ("intake", "current"),
];

/// Columns of JSON in which `agreed` names a manifest: table, column.
const AGREED: [(&str, &str); 2] = [("import", "facts"), ("segment", "verdict")];

/// The keys of names; only for members who hold the originals key.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    nonce: hmac::Key,
    seal: LessSafeKey,
}

impl Names {
    /// Derived from the oldest originals key, so that a name is spelled the same for the life of the vault.
    pub(crate) fn of(keys: &VaultKeys) -> Option<Self> {
        let originals = keys.oldest(KeyName::Originals)?;
        let nonce = originals.derive("muniment/file-name/nonce/v1");
        let seal = originals.derive("muniment/file-name/seal/v1");
        Some(Self {
            nonce: hmac::Key::new(hmac::HMAC_SHA256, nonce.bytes()),
            seal: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, seal.bytes()).ok()?),
        })
    }

    /// The name as it is kept.
    pub(crate) fn hide(&self, name: &str) -> String {
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&hmac::sign(&self.nonce, name.as_bytes()).as_ref()[..NONCE_LEN]);
        let mut bytes = name.as_bytes().to_vec();
        // A name holds no NUL that would be taken for the end: one byte says where it is.
        bytes.push(1);
        bytes.resize(bytes.len().next_multiple_of(STEP), 0);
        let sealed = (self.seal).seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut bytes,
        );
        debug_assert!(sealed.is_ok(), "a name is shorter than what AES-GCM seals");
        format!(
            "{SEALED}{}",
            BASE64URL_NOPAD.encode(&[&nonce[..], &bytes].concat())
        )
    }

    fn open(&self, sealed: &str) -> Option<String> {
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let padded = self
            .seal
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        let end = padded.iter().rposition(|byte| *byte != 0)?;
        String::from_utf8(padded[..end].to_vec()).ok()
    }
}

/// Whether this is a name as it is kept.
pub(crate) fn is_sealed(kept: &str) -> bool {
    kept.starts_with(SEALED)
}

/// A name as it is kept, where it may be read; for others, words by which it is told from other names.
pub(crate) fn read(
    table: &'static str,
    marks: Option<&Marks>,
    kept: String,
) -> Result<String, VaultError> {
    let Some(sealed) = kept.strip_prefix(SEALED) else {
        return Ok(kept);
    };
    match marks {
        Some(marks) => (marks.names.open(sealed)).ok_or_else(|| {
            VaultError::corrupt(table, "a file's name was changed where it is kept")
        }),
        None => Ok(unread(sealed)),
    }
}

/// The same for text in which sealed names stand, such as the detail of an entry: what is damaged is said to be.
pub(crate) fn shown(marks: Option<&Marks>, kept: &str) -> String {
    match kept.strip_prefix(SEALED) {
        None => kept.to_owned(),
        Some(sealed) => marks
            .map_or_else(|| Some(unread(sealed)), |marks| marks.names.open(sealed))
            .unwrap_or_else(|| "a file whose name was changed where it is kept".to_owned()),
    }
}

fn unread(sealed: &str) -> String {
    let digest = Hash::sha256(sealed.as_bytes()).to_hex();
    format!("file {}", &digest[..8])
}

/// A reason of quarantine as it is kept: only its code stays in sight.
pub(crate) fn hide_reason(marks: &Marks, reason: &Value) -> Value {
    json!({ "code": reason["code"], "sealed": marks.names.hide(&reason.to_string()) })
}

/// A reason of quarantine as it was given; for those who may not read it, its code.
pub(crate) fn read_reason(
    table: &'static str,
    marks: Option<&Marks>,
    kept: Value,
) -> Result<Value, VaultError> {
    let Some(sealed) = kept["sealed"].as_str() else {
        return Ok(kept);
    };
    if marks.is_none() {
        let reason = "the reason is kept with the originals";
        return Ok(json!({ "code": kept["code"], "reason": reason }));
    }
    serde_json::from_str(&read(table, marks, sealed.to_owned())?)
        .map_err(|_| VaultError::corrupt(table, "a reason is no JSON"))
}

/// Selects rows of before that hold names in the open. Each is spelled as the index is that holds these rows.
pub(crate) fn questions() -> Vec<String> {
    let names = COLUMNS.map(|(table, column)| {
        format!("SELECT 1 FROM {table} WHERE {column} NOT LIKE '{SEALED}%'")
    });
    let agreed = AGREED.map(|(table, column)| {
        format!(
            "SELECT 1 FROM {table} WHERE {column} LIKE '%\"agreed\":\"%' AND {column} NOT LIKE '%\"agreed\":\"{SEALED}%'"
        )
    });
    let reason = "SELECT 1 FROM quarantine WHERE reason NOT LIKE '%\"sealed\":%'".to_owned();
    names.into_iter().chain(agreed).chain([reason]).collect()
}

/// Whether rows of before hold names in the open.
pub(crate) fn waiting(conn: &Connection) -> Result<bool, VaultError> {
    for question in questions() {
        let sql = format!("SELECT EXISTS ({question})");
        if conn.query_row(&sql, [], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Seals the names that rows of before hold in the open; how many there were.
pub(crate) fn seal_rows(conn: &Connection, marks: &Marks) -> Result<u64, VaultError> {
    let mut rows = 0;
    for (table, column) in COLUMNS {
        let sql = format!("SELECT id, {column} FROM {table} WHERE {column} NOT LIKE '{SEALED}%'");
        let open: Vec<(i64, String)> = (conn.prepare(&sql)?)
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, name) in open {
            let sql = format!("UPDATE {table} SET {column} = ? WHERE id = ?");
            conn.execute(&sql, params![marks.names.hide(&name), id])?;
            rows += 1;
        }
    }
    for (table, column) in AGREED {
        let sql = format!(
            "SELECT id, {column} ->> '$.agreed' FROM {table} WHERE {column} ->> '$.agreed' NOT LIKE '{SEALED}%'"
        );
        let open: Vec<(i64, String)> = (conn.prepare(&sql)?)
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (id, words) in open {
            let sql = format!(
                "UPDATE {table} SET {column} = json_set({column}, '$.agreed', ?) WHERE id = ?"
            );
            conn.execute(&sql, params![marks.names.hide(&words), id])?;
            rows += 1;
        }
    }
    let sql = "SELECT id, reason FROM quarantine WHERE reason NOT LIKE '%\"sealed\":%'";
    let open: Vec<(i64, String)> = (conn.prepare(sql)?)
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (id, reason) in open {
        let reason = serde_json::from_str(&reason)
            .map_err(|_| VaultError::corrupt("quarantine", "a reason is no JSON"))?;
        conn.execute(
            "UPDATE quarantine SET reason = ? WHERE id = ?",
            params![hide_reason(marks, &reason).to_string(), id],
        )?;
        rows += 1;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_to_those_who_may_read_it() {
        let mut entropy = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
        let keys = VaultKeys::draw(&mut entropy);
        let marks = Marks::of(&keys).expect("the originals key");
        for name in [
            "",
            "m.lind@example.test.zip",
            "\0",
            "a\0\u{1}",
            &"n".repeat(300),
        ] {
            let kept = marks.names.hide(name);
            assert_eq!(kept, marks.names.hide(name), "the same is spelled the same");
            assert_eq!(
                read("import", Some(&marks), kept.clone()).expect("opened"),
                name
            );
            let seen = read("import", None, kept.clone()).expect("a word");
            assert!(seen.starts_with("file ") && (name.is_empty() || !seen.contains(name)));
            let mut changed = kept.into_bytes();
            changed[30] ^= 1;
            let changed = String::from_utf8(changed).expect("text");
            assert!(read("import", Some(&marks), changed).is_err());
        }
        assert_eq!(
            read("import", None, "of before".into()).expect("read"),
            "of before"
        );
        let reason = json!({ "code": "root", "reason": "x", "part": "m.lind" });
        let kept = hide_reason(&marks, &reason);
        assert!(!kept.to_string().contains("lind"));
        assert_eq!(
            read_reason("q", Some(&marks), kept.clone()).expect("read"),
            reason
        );
        assert_eq!(read_reason("q", None, kept).expect("read")["code"], "root");
    }
}
