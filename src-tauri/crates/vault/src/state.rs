//! What is remembered of the ledger's head besides the database: in a state file outside the workspace, and in
//! a small file beside the member's key file.

use std::io;
use std::path::{Path, PathBuf};

use evidence::Hash;
use files::Folder;
use serde::{Deserialize, Serialize};

use crate::ledger::LedgerHead;

/// A head takes some 200 bytes.
const MAX_HEAD: u64 = 64 << 10;

/// A remembered head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) vault: String,
    pub(crate) epoch: u64,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

impl Remembered {
    pub(crate) fn of(vault: &str, head: &LedgerHead) -> Self {
        Self {
            vault: vault.to_owned(),
            epoch: head.epoch,
            size: head.size,
            root: head.root,
        }
    }

    /// `None` where nothing is remembered yet.
    pub(crate) fn read(folder: &Folder, name: &str) -> io::Result<Option<Self>> {
        match folder.read(name, MAX_HEAD) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Replaces what is remembered in a file.
    pub(crate) fn write(&self, folder: &Folder, name: &str) -> io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        files::replace(folder, name, &bytes)
    }
}

/// The state file of a vault, outside of it.
#[derive(Clone, Debug)]
pub(crate) struct StateFile {
    folder: PathBuf,
    name: String,
}

impl StateFile {
    pub(crate) fn new(folder: &Path, vault: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            name: format!("{vault}.json"),
        }
    }
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }
    pub(crate) fn read(&self) -> io::Result<Option<Remembered>> {
        match Folder::open(&self.folder) {
            Ok(folder) => Remembered::read(&folder, &self.name),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
    pub(crate) fn write(&self, remembered: &Remembered) -> io::Result<()> {
        remembered.write(&Folder::make(&self.folder)?, &self.name)
    }
}

/// The file beside a member's key file.
pub(crate) fn head_name(member: &str) -> String {
    format!("{member}.head")
}
