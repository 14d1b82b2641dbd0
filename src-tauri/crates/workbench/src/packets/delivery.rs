//! Handing a packet over: it stands at its place only after custody knows it, whenever the process is killed.
//!
//! It is written under a name that nobody can guess, beside its place; then custody records it; then it takes its name. A
//! note in the workspace (`delivering-….json`) says from before the first byte where that is, so that the next open
//! finds what a kill left: a packet that custody knows takes its name then, and one that it does not know is removed.
//! The note is only believed as far as custody bears it out, and only a file with such a name is ever removed.

use std::io;
use std::path::{Path, PathBuf};

use evidence::Hash;
use files::{Folder, Kind, NewFile};
use serde::{Deserialize, Serialize};
use vault::PacketRow;

use super::exists;
use crate::Error;
use crate::workspace::{Workspace, vault_error};

const PREFIX: &str = "delivering-";
const MAX_NOTE: u64 = 64 << 10;

/// What the note says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// Where the packet is to stand.
    path: PathBuf,
    /// Its name until then.
    unfinished: String,
}

/// A packet on its way.
pub(super) struct Delivery {
    workspace: Folder,
    note: String,
    path: PathBuf,
    pub(super) file: NewFile,
}

impl Delivery {
    pub(super) fn begin(workspace: &Path, path: &Path) -> Result<Self, Error> {
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => Error::io("could not write the packet to", path, &e),
        };
        let workspace = Folder::open(workspace).map_err(failed)?;
        let mut noted = None;
        let file = NewFile::beside_noting(path, |unfinished| {
            let note = Note {
                path: path.to_owned(),
                unfinished: unfinished.to_owned(),
            };
            let name = format!(
                "{PREFIX}{}.json",
                &Hash::sha256(unfinished.as_bytes()).to_hex()[..32]
            );
            files::replace(&workspace, &name, &serde_json::to_vec(&note)?)?;
            noted = Some(name);
            Ok(())
        })
        .map_err(failed)?;
        Ok(Self {
            workspace,
            note: noted.unwrap_or_default(),
            path: path.to_owned(),
            file,
        })
    }

    /// Custody knows it: it takes its name.
    pub(super) fn hand_over(self) -> Result<(), Error> {
        let placed = self.folder().and_then(|folder| {
            let name = self.path.file_name().unwrap_or_default();
            folder.place(self.file.unfinished_name(), name)
        });
        placed.map_err(|e| {
            Error::failed(
                format!(
                    "the packet is in custody, but could not be put at {}: {e}",
                    self.path.display()
                ),
                "make room for it there and open the workspace again: it is put there then",
            )
        })?;
        forget(&self.workspace, &self.note);
        Ok(())
    }

    /// Custody does not know it: nothing is handed over.
    pub(super) fn give_up(self) {
        let removed = self
            .folder()
            .and_then(|folder| folder.remove(self.file.unfinished_name()));
        match removed {
            Ok(_) => forget(&self.workspace, &self.note),
            Err(error) => {
                tracing::warn!(error = %error.kind(), "an unfinished packet could not be removed");
            }
        }
    }

    fn folder(&self) -> io::Result<Folder> {
        Folder::open(self.path.parent().unwrap_or(Path::new("")))
    }
}

fn forget(workspace: &Folder, note: &str) {
    if let Err(error) = workspace.remove(note) {
        tracing::warn!(error = %error.kind(), "the note of a packet's delivery could not be removed");
    }
}

/// Ends what a killed run left; says what it found, if anything.
pub(crate) async fn finish(workspace: &Workspace) -> Result<Option<String>, Error> {
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
    if notes.is_empty() {
        return Ok(None);
    }
    let packets = workspace
        .vault
        .packets(None)
        .await
        .map_err(|e| vault_error(&e))?;
    let mut said = Vec::new();
    for name in notes {
        let note = folder
            .read(&name, MAX_NOTE)
            .and_then(|bytes| Ok(serde_json::from_slice::<Note>(&bytes)?));
        let Ok(note) = note else {
            // Half a note is of before the first byte of the packet.
            forget(&folder, &name);
            continue;
        };
        match ended(&note, &packets) {
            Ok(done) => {
                said.extend(done);
                forget(&folder, &name);
            }
            // The place may be on a disk that is not here now, or taken: it is tried again.
            Err(error) => said.push(format!(
                "a packet of a run that was cut off waits to be put at {}: {error}",
                note.path.display()
            )),
        }
    }
    Ok((!said.is_empty()).then(|| said.join("; ")))
}

fn ended(note: &Note, packets: &[PacketRow]) -> io::Result<Option<String>> {
    let Some(name) = note.path.file_name() else {
        return Ok(None);
    };
    if !files::is_unfinished_name(&note.unfinished) {
        return Ok(None);
    }
    let folder = Folder::open(note.path.parent().unwrap_or(Path::new("")))?;
    if folder.kind(&note.unfinished)?.is_none() {
        return Ok(None);
    }
    let digest = crate::packets::digest(folder.open_file(&note.unfinished)?)?;
    let path = note.path.display().to_string();
    let known = packets.iter().find(|p| {
        p.packet.sha256 == digest && p.packet.facts.get("path").is_some_and(|p| *p == *path)
    });
    match known {
        Some(packet) => {
            folder.place(&note.unfinished, name)?;
            Ok(Some(format!(
                "packet {} was recorded in custody when a run was cut off; it stands at {path} now",
                packet.id
            )))
        }
        None => {
            folder.remove(&note.unfinished)?;
            Ok(Some(format!(
                "a packet for {path} was cut off before custody knew it, and was removed"
            )))
        }
    }
}
