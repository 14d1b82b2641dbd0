//! Handing something over that custody records: a packet, a signature beside others, a fork proof, a quarantined file. It
//! stands at its place only after custody knows it, whenever the process is killed.
//!
//! It is written under a name that nobody can guess, beside its place; then custody records it; then it takes its name. A
//! note in the workspace (`delivering-….json`) says from before the first byte where that is, so that the next open
//! finds what a kill left: what custody knows takes its name then, and what it does not know is removed. The note is only
//! believed as far as custody bears it out, and only a file or folder with such a name is ever removed.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use evidence::Hash;
use files::{Folder, Kind, NewFile, NewFolder};
use serde::{Deserialize, Serialize};
use vault::LedgerFilter;

use crate::workspace::Open;
use crate::{Code, Error};

const PREFIX: &str = "delivering-";
const MAX_NOTE: u64 = 64 << 10;
/// Entries of the ledger that are read at once.
const PAGE: u32 = 256;

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A packet that was written.
    Packet,
    /// A packet with one more signature.
    SignedPacket,
    /// A fork proof.
    ForkProof,
    /// What was in quarantine.
    Quarantined,
}

impl Thing {
    /// The kind of the entry that records it, and the member of the entry's detail that says which bytes it was.
    fn recorded(self) -> (&'static str, &'static str) {
        match self {
            Self::Packet => ("packet.written", "sha256"),
            Self::SignedPacket => ("packet.signed", "sha256"),
            Self::ForkProof => ("fork-proof.written", "sha256"),
            Self::Quarantined => ("quarantine.exported", "mark"),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Packet => "the packet",
            Self::SignedPacket => "the signed packet",
            Self::ForkProof => "the fork proof",
            Self::Quarantined => "the quarantined file",
        }
    }
}

/// What the note says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    what: Thing,
    /// Where it is to stand.
    path: PathBuf,
    /// Its name until then.
    unfinished: String,
    /// Epoch and size of the ledger when it was begun: what records it comes after.
    after: (u64, u64),
    /// What the entry says of it, where that is not found from its bytes: a folder has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_as: Option<String>,
}

/// Something on its way. Dropped before custody knows it, it is taken back.
pub struct Delivery {
    workspace: Folder,
    note: String,
    what: Thing,
    path: PathBuf,
    unfinished: String,
    /// Custody knows it: it stays, whatever happens now.
    known: bool,
}

/// The workspace that something is handed over from, and how long its ledger was then.
#[derive(Clone, Debug)]
pub struct Handing {
    dir: PathBuf,
    after: (u64, u64),
}

impl Handing {
    /// From this workspace, whose ledger is as long as it is now.
    pub fn here(workspace: &Open) -> Self {
        let head = workspace.vault.ledger_head();
        Self {
            dir: workspace.dir.clone(),
            after: (head.epoch, head.size),
        }
    }
}

impl Delivery {
    /// Begins a file.
    pub fn file(from: &Handing, what: Thing, path: &Path) -> Result<(Self, NewFile), Error> {
        Self::begin(from, what, path, None, |path, note| {
            NewFile::beside_noting(path, note)
        })
    }

    /// Begins a folder, which the entry is going to state as `known_as`.
    pub fn folder(
        from: &Handing,
        what: Thing,
        path: &Path,
        known_as: String,
    ) -> Result<(Self, NewFolder), Error> {
        Self::begin(from, what, path, Some(known_as), |path, note| {
            NewFolder::beside_noting(path, note)
        })
    }

    fn begin<T>(
        from: &Handing,
        what: Thing,
        path: &Path,
        known_as: Option<String>,
        begin: impl FnOnce(&Path, &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<T>,
    ) -> Result<(Self, T), Error> {
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => Error::io(&format!("could not write {} to", what.words()), path, &e),
        };
        let path = &std::path::absolute(path).map_err(failed)?;
        let workspace = Folder::open(&from.dir).map_err(failed)?;
        let mut delivery = None;
        let begun = begin(path, &mut |unfinished| {
            let note = Note {
                what,
                path: path.clone(),
                unfinished: unfinished.to_owned(),
                after: from.after,
                known_as: known_as.clone(),
            };
            let name = format!(
                "{PREFIX}{}.json",
                &Hash::sha256(unfinished.as_bytes()).to_hex()[..32]
            );
            files::replace(&workspace, &name, &serde_json::to_vec(&note)?)?;
            delivery = Some(Self {
                workspace: workspace.clone(),
                note: name,
                what,
                path: path.clone(),
                unfinished: unfinished.to_owned(),
                known: false,
            });
            Ok(())
        });
        let begun = begun.map_err(failed)?;
        let delivery = delivery.ok_or_else(|| Error::failed("nothing was noted", "try again"))?;
        Ok((delivery, begun))
    }

    /// Custody knows it: it takes its name.
    pub fn hand_over(mut self) -> Result<(), Error> {
        self.known = true;
        let placed = parent(&self.path).and_then(|folder| {
            let name = self.path.file_name().unwrap_or_default();
            folder.place(&self.unfinished, name)
        });
        placed.map_err(|e| {
            Error::failed(
                format!(
                    "{} is in custody, but could not be put at {}: {e}",
                    self.what.words(),
                    self.path.display()
                ),
                "make room for it there and open the workspace again: it is put there then",
            )
        })?;
        forget(&self.workspace, &self.note);
        Ok(())
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.known {
            return;
        }
        match parent(&self.path).and_then(|folder| remove(&folder, &self.unfinished)) {
            Ok(()) => forget(&self.workspace, &self.note),
            Err(error) => {
                tracing::warn!(error = %error.kind(), "what was begun could not be removed");
            }
        }
    }
}

/// Says that something is at a place already.
pub fn exists(path: &Path) -> Error {
    Error::new(
        Code::Refused,
        format!("{} exists already", path.display()),
        "choose another name: what is written never replaces a file",
    )
}

fn parent(path: &Path) -> io::Result<Folder> {
    Folder::open(path.parent().unwrap_or(Path::new("")))
}

fn remove(folder: &Folder, unfinished: &str) -> io::Result<()> {
    match folder.kind(unfinished)? {
        Some(Kind::Folder) => folder.remove_filled(unfinished)?,
        _ => folder.remove(unfinished)?,
    };
    Ok(())
}

fn forget(workspace: &Folder, note: &str) {
    if let Err(error) = workspace.remove(note) {
        tracing::warn!(error = %error.kind(), "the note of a delivery could not be removed");
    }
}

/// Ends what a killed run left; says what it found, if anything.
pub async fn finish(workspace: &Open) -> Result<Option<String>, Error> {
    if workspace.vault.read_only() {
        return Ok(None);
    }
    let io = |e: io::Error| Error::io("could not read the workspace", &workspace.dir, &e);
    let folder = Folder::open(&workspace.dir).map_err(io)?;
    let notes: Vec<String> = folder
        .entries()
        .map_err(io)?
        .into_iter()
        .filter(|e| e.kind == Kind::File && e.name.starts_with(PREFIX))
        .map(|e| e.name)
        .collect();
    let mut said = Vec::new();
    for name in notes {
        let note = folder
            .read(&name, MAX_NOTE)
            .and_then(|bytes| Ok(serde_json::from_slice::<Note>(&bytes)?));
        let Ok(note) = note else {
            // Half a note is of before the first byte of what it is about.
            forget(&folder, &name);
            continue;
        };
        match ended(workspace, &note).await {
            Ok(done) => {
                said.extend(done);
                forget(&folder, &name);
            }
            // The place may be on a disk that is not here now, or taken: it is tried again.
            Err(error) => said.push(format!(
                "{} of a run that was cut off waits to be put at {}: {}",
                note.what.words(),
                note.path.display(),
                error.message
            )),
        }
    }
    Ok((!said.is_empty()).then(|| said.join("; ")))
}

async fn ended(workspace: &Open, note: &Note) -> Result<Option<String>, Error> {
    let (Some(name), true) = (
        note.path.file_name(),
        files::is_unfinished_name(&note.unfinished),
    ) else {
        return Ok(None);
    };
    let io = |e: io::Error| Error::io("could not look at", &note.path, &e);
    let folder = parent(&note.path).map_err(io)?;
    let path = note.path.display();
    let known_as = match (folder.kind(&note.unfinished).map_err(io)?, &note.known_as) {
        (None, _) => return Ok(None),
        (Some(Kind::Folder), Some(known_as)) => known_as.clone(),
        (Some(_), _) => {
            let digest = digest(&folder, &note.unfinished).map_err(io)?;
            match note.what {
                Thing::Quarantined => {
                    let mark = workspace.vault.mark(&digest)?;
                    mark.to_hex()
                }
                _ => digest.to_hex(),
            }
        }
    };
    let what = note.what.words();
    if is_known(workspace, note, &known_as).await? {
        folder.place(&note.unfinished, name).map_err(io)?;
        return Ok(Some(format!(
            "{what} for {path} was recorded in custody when a run was cut off; it stands there now"
        )));
    }
    remove(&folder, &note.unfinished).map_err(io)?;
    Ok(Some(format!(
        "{what} for {path} was cut off before custody knew it, and was removed"
    )))
}

/// Whether an entry since then records these bytes.
async fn is_known(workspace: &Open, note: &Note, known_as: &str) -> Result<bool, Error> {
    let (kind, member) = note.what.recorded();
    let filter = LedgerFilter {
        kind_prefix: Some(kind.to_owned()),
        ..LedgerFilter::default()
    };
    let mut before = None;
    loop {
        let entries = workspace.vault.ledger(&filter, before, PAGE).await?;
        for entry in &entries {
            if (entry.epoch, entry.index) < note.after {
                return Ok(false);
            }
            if entry.kind == kind && entry.detail[member].as_str() == Some(known_as) {
                return Ok(true);
            }
        }
        match entries.last() {
            Some(last) => before = Some((last.epoch, last.index)),
            None => return Ok(false),
        }
    }
}

/// SHA-256 of a file.
fn digest(folder: &Folder, name: &str) -> io::Result<Hash> {
    let mut file = folder.open_file(name)?;
    let (mut hasher, mut buffer) = (evidence::Hasher::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&buffer[..n]),
        }
    }
}
