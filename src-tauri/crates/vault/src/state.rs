//! What is remembered of the ledger's head besides the database: in a state file outside the workspace, and in
//! a small file beside the member's key file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use evidence::Hash;
use serde::{Deserialize, Serialize};

use crate::ledger::LedgerHead;

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
    pub(crate) fn read(path: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// The state file of a vault in the state folder.
pub(crate) fn state_path(state_dir: &Path, vault: &str) -> PathBuf {
    state_dir.join(format!("{vault}.json"))
}

/// Replaces `path` with `value` as JSON: temporary name, fsync, rename.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let tmp = path.with_extension("tmp");
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    let mut file = std::fs::File::create(&tmp)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&tmp, path)?;
    crate::seal::sync_dir(parent)
}
