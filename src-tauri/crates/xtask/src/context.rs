//! What every command knows: where the repository and the target directory are, and whether it may install things.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::process;

/// What every command knows.
#[derive(Debug)]
pub(crate) struct Context {
    /// The repository's top folder.
    pub(crate) root: PathBuf,
    /// Where cargo writes; follows `CARGO_TARGET_DIR` and cargo's configuration.
    pub(crate) target: PathBuf,
    /// Version of the workspace.
    pub(crate) version: String,
    /// Run by a CI system: never asks, and the lock file is law.
    pub(crate) ci: bool,
    /// May install system packages without asking.
    pub(crate) yes: bool,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<PackageFacts>,
}

#[derive(Deserialize)]
struct PackageFacts {
    name: String,
    version: String,
}

impl Context {
    /// Asks cargo where things are.
    pub(crate) fn new(yes: bool) -> Result<Self> {
        let text = process::output(process::cargo(Path::new(env!("CARGO_MANIFEST_DIR"))).args([
            "metadata",
            "--no-deps",
            "--format-version=1",
        ]))?;
        let metadata: Metadata = serde_json::from_str(&text).map_err(|error| {
            Error::Failed(format!(
                "`cargo metadata` answered something else than metadata: {error}"
            ))
        })?;
        let version = metadata
            .packages
            .iter()
            .find(|package| package.name == "muniment-desktop")
            .map(|package| package.version.clone())
            .ok_or_else(|| {
                Error::Failed("the workspace has no package `muniment-desktop`".to_owned())
            })?;
        let ci = is_set(std::env::var("CI").ok().as_deref());
        Ok(Self {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            version,
            ci,
            yes: yes || ci,
        })
    }

    /// The window's sources.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }
}

/// An environment variable counts as set unless it is empty, `0` or `false`.
fn is_set(value: Option<&str>) -> bool {
    !matches!(value, None | Some("" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_a_word_not_a_mere_presence() {
        assert!(is_set(Some("true")));
        assert!(is_set(Some("1")));
        for unset in [None, Some(""), Some("0"), Some("false")] {
            assert!(!is_set(unset), "{unset:?}");
        }
    }
}
