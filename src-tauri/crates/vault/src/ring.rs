//! The key ring and the key files, held to the ledger.
//!
//! An entry that changes the ring or a key file states the digests of their new bytes. The files are written beside the
//! old ones (`keyring.next`, `members/<id>.next`) before the entry commits and take their names after it, so that
//! whenever the process is killed, one of the two is the file that the ledger states: [`settle`] finds it at the next
//! open.
//!
//! A workspace of before has a ring that no entry states. Nobody can prove that it is honest; what is checked is that it
//! is one that this program could have made (the members that the ledger knows, one generation of each key, and the
//! originals key opens what is sealed), and what is *assumed* then is that its handles key is the one it always was.
//! A custodian's next open states it and seals it again in authenticated mode; until then nobody else is given a
//! key of it but the database's.

use std::collections::BTreeMap;
use std::io;

use evidence::Hash;
use files::Folder;
use serde_json::{Value, json};

use crate::keys::{
    By, Identity, KeyName, Keyring, KeyringError, MemberFile, Role, Secret, VaultKeys,
};
use crate::ledger::{CREATED, ENROLLED, LedgerEntry, RECOVERED};
use crate::table::member::Member;
use crate::{OpenError, VaultError};

/// The ring, and the name it has until its entry has committed.
pub(crate) const RING: &str = "keyring.json";
pub(crate) const RING_NEXT: &str = "keyring.next";
pub(crate) const MEMBERS: &str = "members";
/// A custodian states a ring of before.
pub(crate) const STATED: &str = "ring.stated";
pub(crate) const PASSPHRASE: &str = "session.passphrase-changed";

/// No file of keys is longer: what is longer was not written by this program.
const MAX_RING: u64 = 16 << 20;
const MAX_KEY_FILE: u64 = 64 << 10;

/// What the ledger's entries state of the files beside it, gathered while it is replayed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stated {
    /// Digest of the ring.
    pub(crate) ring: Option<Hash>,
    /// Digests of members' key files.
    pub(crate) key_files: BTreeMap<String, Hash>,
    /// When the vault says it was created.
    pub(crate) created: Option<String>,
}

impl Stated {
    /// Takes an entry whose signature and role were checked.
    pub(crate) fn step(&mut self, entry: &LedgerEntry) {
        let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let own = match entry.kind.as_str() {
            CREATED => {
                self.created = text(&entry.detail, "created");
                false
            }
            ENROLLED | RECOVERED | STATED => false,
            // Anybody signs this, of their own file only.
            PASSPHRASE => true,
            _ => return,
        };
        let hash = |value: &Value, name: &str| Hash::from_hex(&text(value, name)?).ok();
        if !own && let Some(ring) = hash(&entry.detail, "ring") {
            self.ring = Some(ring);
        }
        let files = entry.detail.get("keyFiles").and_then(Value::as_array);
        for file in files.into_iter().flatten() {
            if let (Some(member), Some(digest)) = (text(file, "member"), hash(file, "sha256"))
                && (!own || member == entry.actor)
            {
                self.key_files.insert(member, digest);
            }
        }
    }
}

/// How entries name key files.
pub(crate) fn key_files_detail<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Value {
    files
        .into_iter()
        .map(|(member, bytes)| json!({ "member": member, "sha256": Hash::sha256(bytes).to_hex() }))
        .collect()
}

/// How entries name the ring.
pub(crate) fn ring_detail(bytes: &[u8]) -> Value {
    Hash::sha256(bytes).to_hex().into()
}

/// A ring as it lies in the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    name: &'static str,
    pub(crate) digest: Hash,
    pub(crate) ring: Keyring,
}

/// The ring, and the one that waits for its name where a process was killed.
pub(crate) fn read_rings(folder: &Folder) -> Result<Vec<Found>, OpenError> {
    let damaged = |reason: String| OpenError::Damaged {
        file: RING.to_owned(),
        reason,
    };
    let mut found = Vec::new();
    for name in [RING, RING_NEXT] {
        let bytes = match folder.read(name, MAX_RING) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(damaged(format!("it cannot be read ({e})"))),
        };
        match Keyring::read(&bytes) {
            Ok(ring) => found.push(Found {
                name,
                digest: Hash::sha256(&bytes),
                ring,
            }),
            // Half a file under the other name is nobody's ring.
            Err(_) if name == RING_NEXT => {}
            Err(reason) => return Err(damaged(reason)),
        }
    }
    if found.is_empty() {
        return Err(damaged("it cannot be read (it is not there)".to_owned()));
    }
    Ok(found)
}

/// The database keys that rings seal to this identity: good for opening the database and for nothing else, because nothing
/// has said yet that a ring is honest. There is more than one after a rotation, and which of them opens the database says
/// how far one that was killed had come.
pub(crate) fn open_any(
    rings: &[Found],
    vault: &str,
    id: &str,
    identity: &Identity,
) -> Result<(Role, Vec<Secret>), KeyringError> {
    let mut first = None;
    let mut opened: Option<(Role, Vec<Secret>)> = None;
    for found in rings {
        match found.ring.open(vault, id, identity) {
            Ok((role, keys)) => {
                let (_, all) = opened.get_or_insert_with(|| (role, Vec::new()));
                all.extend(keys.generations(KeyName::Database).cloned());
            }
            Err(error) => first = first.or(Some(error)),
        }
    }
    opened.ok_or(first.unwrap_or(KeyringError::NotOurs))
}

/// Whether some ring lists this identity.
pub(crate) fn lists(rings: &[Found], id: &str) -> bool {
    let mut all = rings.iter().flat_map(|found| &found.ring.identities);
    all.any(|i| i.id == id)
}

/// Which ring is the one to use.
pub(crate) enum Standing {
    /// The ledger states it.
    Stated(Found),
    /// It is of before, and as this program could have made it.
    Before(Found),
}

/// Finds the ring that the ledger states, or the one of before where it states none.
pub(crate) fn judge(
    rings: Vec<Found>,
    stated: &Stated,
    members: &BTreeMap<String, Member>,
) -> Result<Standing, OpenError> {
    let damaged = |reason: String| OpenError::Damaged {
        file: RING.to_owned(),
        reason,
    };
    let Some(digest) = stated.ring else {
        let before = rings
            .into_iter()
            .find(|f| f.name == RING && f.ring.is_before())
            .ok_or_else(|| damaged("no entry of the ledger states it".to_owned()))?;
        before.ring.agrees(members)?;
        before.ring.as_made_before()?;
        return Ok(Standing::Before(before));
    };
    let found = rings
        .into_iter()
        .find(|f| f.digest == digest)
        .ok_or_else(|| {
            damaged(
                "it is not the ring that a custodian signed: somebody changed or replaced it"
                    .to_owned(),
            )
        })?;
    if found.ring.is_before() {
        return Err(damaged("it is stated, but of before rings were".to_owned()));
    }
    found.ring.agrees(members)?;
    Ok(Standing::Stated(found))
}

/// Gives the files that the ledger states their names, and removes what was written for an entry that never
/// committed.
pub(crate) fn settle(folder: &Folder, ring: &Found, stated: &Stated) -> io::Result<()> {
    if ring.name == RING_NEXT {
        folder.rename(RING_NEXT, RING)?;
    } else {
        folder.remove(RING_NEXT)?;
    }
    let members = folder.folder(MEMBERS)?;
    for entry in members.entries()? {
        let Some(member) = entry.name.strip_suffix(".next") else {
            continue;
        };
        let is = members
            .read(&entry.name, MAX_KEY_FILE)
            .map(|bytes| Hash::sha256(&bytes));
        if is.is_ok_and(|is| stated.key_files.get(member) == Some(&is)) {
            members.rename(&entry.name, format!("{member}.json"))?;
        } else if entry.kind == files::Kind::File {
            members.remove(&entry.name)?;
        }
    }
    Ok(())
}

/// Files that were written for an entry, until it has committed. If it does not, they are removed at the next open.
#[derive(Debug)]
pub(crate) struct Next {
    folder: Folder,
    files: Vec<(Folder, String, String)>,
}

impl Next {
    pub(crate) fn new(folder: &Folder) -> Self {
        Self {
            folder: folder.clone(),
            files: Vec::new(),
        }
    }

    pub(crate) fn ring(&mut self, bytes: &[u8]) -> io::Result<()> {
        let at = self.folder.clone();
        self.write(at, RING_NEXT.to_owned(), RING.to_owned(), bytes)
    }

    pub(crate) fn key_file(&mut self, member: &str, bytes: &[u8]) -> io::Result<()> {
        let at = self.folder.make_folder(MEMBERS)?;
        self.write(
            at,
            format!("{member}.next"),
            format!("{member}.json"),
            bytes,
        )
    }

    fn write(&mut self, at: Folder, next: String, name: String, bytes: &[u8]) -> io::Result<()> {
        files::replace(&at, &next, bytes)?;
        self.files.push((at, next, name));
        Ok(())
    }

    /// The entry has committed.
    pub(crate) fn take_their_names(self) -> io::Result<()> {
        self.files
            .iter()
            .try_for_each(|(at, next, name)| at.rename(next, name))
    }
}

/// Whether the originals key of a ring of before opens what lies sealed here: one that somebody exchanged does not.
pub(crate) fn opens_what_is_sealed(
    sealer: &crate::seal::Sealer,
    sealed: &[(String, String)],
) -> Result<(), OpenError> {
    for (kind, id) in sealed {
        // A file that is missing or damaged says nothing about the ring; fsck names it.
        let opened = sealer.open(kind, id).map(|r| r.map_err(VaultError::from));
        if let Some(Err(VaultError::Sealed(error @ crate::SealError::Key { .. }))) = opened {
            return Err(OpenError::Damaged {
                file: RING.to_owned(),
                reason: format!("no entry of the ledger states it, and {error}"),
            });
        }
    }
    Ok(())
}

/// A ring of before, sealed again by somebody whom the ledger knows.
pub(crate) fn sealed_again(
    before: &Keyring,
    keys: &VaultKeys,
    by: &By<'_>,
    entropy: &mut dyn rand_core::CryptoRng,
) -> Result<(Keyring, Vec<u8>), OpenError> {
    let ring = before.sealed_again(keys, by, entropy)?;
    let bytes = ring.to_bytes()?;
    Ok((ring, bytes))
}

/// A key file's bytes, in its one spelling.
pub(crate) fn key_file_bytes(file: &MemberFile) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A member's key file as it lies there.
pub(crate) fn read_key_file(
    members: &Folder,
    name: &str,
) -> Result<(MemberFile, Vec<u8>), OpenError> {
    let damaged = |reason: String| OpenError::Damaged {
        file: format!("{MEMBERS}/{name}"),
        reason,
    };
    let bytes = members
        .read(name, MAX_KEY_FILE)
        .map_err(|e| damaged(format!("it cannot be read ({e})")))?;
    let file = serde_json::from_slice(&bytes)
        .map_err(|e| damaged(format!("not in its format, at line {}", e.line())))?;
    Ok((file, bytes))
}
