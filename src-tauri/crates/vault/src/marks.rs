//! Marks of files: what the database and the ledger hold in the place of a file's digest.
//!
//! A mark is an HMAC of the digest under a key derived from the originals key. The same bytes have the same
//! mark, so a file that comes a second time is recognised; who holds the database key only cannot try
//! contents against it. The digest itself is kept beside its mark, masked by another HMAC of the mark: the
//! mark serves as its nonce and as its check, since one mark belongs to one digest.

use evidence::Hash;
use ring::hmac;
use rusqlite::{Connection, params};

use crate::VaultError;
use crate::keys::{KeyName, VaultKeys};
use crate::names::Names;
use crate::table::retold::EventIdentity;

/// Tables that name files by their digest.
const TABLES: [&str; 3] = ["sealed", "import", "quarantine"];

/// The keys of marks; only for members who hold the originals key.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    mark: hmac::Key,
    mask: hmac::Key,
    event: hmac::Key,
    /// The keys of names, which the same members hold.
    pub(crate) names: Names,
}

impl Marks {
    /// Derived from the oldest originals key, so that a mark stays the same for the life of the vault.
    pub(crate) fn of(keys: &VaultKeys) -> Option<Self> {
        let originals = keys.oldest(KeyName::Originals)?;
        let key = |label| hmac::Key::new(hmac::HMAC_SHA256, originals.derive(label).bytes());
        Some(Self {
            mark: key("muniment/file-digest/mark/v1"),
            mask: key("muniment/file-digest/mask/v1"),
            event: key("muniment/event-identity/v1"),
            names: Names::of(keys)?,
        })
    }

    /// The mark of a digest.
    pub(crate) fn mark(&self, digest: &Hash) -> Hash {
        hash(&self.mark, &digest.0)
    }

    /// The mark of a digest, and the digest sealed under it.
    pub(crate) fn seal(&self, digest: &Hash) -> (Hash, [u8; 32]) {
        let mark = self.mark(digest);
        (mark, self.masked(&mark, &digest.0))
    }

    /// By what an event is known again: the mark of its id, and that of what is said of it.
    pub(crate) fn event(&self, identity: &EventIdentity) -> ([u8; 16], [u8; 16]) {
        let id = [
            b"id\0",
            identity.system.as_bytes(),
            b"\0",
            identity.id.as_bytes(),
        ];
        let content = [b"content\0".as_slice(), &identity.content.0];
        (short(&self.event, &id), short(&self.event, &content))
    }

    /// Binds both to the row that they are of.
    pub(crate) fn bound(&self, mark: &[u8; 16], content: &[u8; 16], leaf: &Hash) -> [u8; 16] {
        short(&self.event, &[b"row\0", mark, content, &leaf.0])
    }

    fn masked(&self, mark: &Hash, bytes: &[u8; 32]) -> [u8; 32] {
        let mask = hash(&self.mask, &mark.0);
        std::array::from_fn(|at| bytes[at] ^ mask.0[at])
    }

    pub(crate) fn open(&self, mark: &Hash, sealed: &[u8; 32]) -> Option<Hash> {
        let digest = Hash(self.masked(mark, sealed));
        (self.mark(&digest) == *mark).then_some(digest)
    }
}

fn hash(key: &hmac::Key, bytes: &[u8]) -> Hash {
    let mut out = Hash([0; 32]);
    out.0.copy_from_slice(hmac::sign(key, bytes).as_ref());
    out
}

/// 128 bits of an HMAC over these parts in a row.
fn short(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = hmac::Context::with_key(key);
    parts.iter().for_each(|part| mac.update(part));
    let mut out = [0; 16];
    out.copy_from_slice(&mac.sign().as_ref()[..16]);
    out
}

/// What a row says of a file's digest: the digest for those who may know it, the mark for others.
pub(crate) fn read(
    table: &'static str,
    marks: Option<&Marks>,
    mark: Hash,
    sealed: Option<Vec<u8>>,
) -> Result<Hash, VaultError> {
    let (Some(sealed), Some(marks)) = (sealed, marks) else {
        return Ok(mark);
    };
    (sealed.as_slice().try_into().ok())
        .and_then(|sealed| marks.open(&mark, sealed))
        .ok_or_else(|| VaultError::corrupt(table, "a file's digest does not belong to its mark"))
}

/// Whether rows of before marks are there.
pub(crate) fn waiting(conn: &Connection) -> Result<bool, VaultError> {
    for table in TABLES {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE digest IS NULL)");
        if conn.query_row(&sql, [], |row| row.get(0))? {
            return Ok(true);
        }
    }
    crate::names::waiting(conn)
}

/// Puts marks in the place of the digests that rows of before hold in the open; how many there were.
pub(crate) fn seal_rows(conn: &Connection, marks: &Marks) -> Result<u64, VaultError> {
    let mut rows = 0;
    for table in TABLES {
        let mut statement = conn.prepare(&format!(
            "SELECT id, sha256 FROM {table} WHERE digest IS NULL"
        ))?;
        // A number or a text: `sealed` is a table without row numbers.
        let open: Vec<(rusqlite::types::Value, Vec<u8>)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (row, digest) in open {
            let digest = crate::table::hash("sealed", &digest)?;
            let (mark, sealed) = marks.seal(&digest);
            conn.execute(
                &format!("UPDATE {table} SET sha256 = ?, digest = ? WHERE id = ?"),
                params![mark.0, sealed, row],
            )?;
            rows += 1;
        }
    }
    Ok(rows + crate::names::seal_rows(conn, marks)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_recognises_and_its_digest_comes_back() {
        let mut entropy = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
        let keys = VaultKeys::draw(&mut entropy);
        let marks = Marks::of(&keys).expect("the originals key");
        let others = Marks::of(&VaultKeys::draw(&mut entropy)).expect("the originals key");
        let digest = Hash::sha256(b"one short record");
        let (mark, sealed) = marks.seal(&digest);
        assert_eq!(marks.mark(&digest), mark);
        assert_ne!(mark, digest);
        assert_ne!(others.mark(&digest), mark, "no two vaults share marks");
        let read = |marks, sealed: [u8; 32]| read("import", marks, mark, Some(sealed.to_vec()));
        assert_eq!(read(Some(&marks), sealed).expect("opened"), digest);
        assert_eq!(read(None, sealed).expect("the mark"), mark);
        let mut changed = sealed;
        changed[0] ^= 1;
        assert!(read(Some(&marks), changed).is_err());
    }
}
