//! The window's own project in `ui/`: Node, npm, and its built form in `ui/dist`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;

/// The oldest versions that the window's build tools accept: major, minor.
const NODE: (u32, u32) = (20, 19);
const NPM: (u32, u32) = (10, 0);

/// Checks that Node and npm are there and new enough.
pub(crate) fn check_tools() -> Result<()> {
    for (program, least) in [("node", NODE), ("npm", NPM)] {
        let found = process::answer(Command::new(program).arg("--version"));
        if found
            .as_deref()
            .and_then(version)
            .is_some_and(|version| version >= least)
        {
            continue;
        }
        let found = found.map_or_else(
            || "is not on the search path".to_owned(),
            |version| format!("is {version}"),
        );
        return Err(Error::Missing(format!(
            "{program} {}.{} or newer is needed; {program} {found}. Please install Node.js 20, which brings npm (https://nodejs.org)",
            least.0, least.1
        )));
    }
    Ok(())
}

/// The first two numbers of a version such as `v20.19.4` or `10.8.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .trim()
        .trim_start_matches('v')
        .split('.')
        .map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Installs the packages that `package-lock.json` names, unless that has been done.
pub(crate) fn ensure_installed(context: &Context) -> Result<()> {
    let ui = context.ui();
    // npm writes this file last.
    let done = modified(&ui.join("node_modules/.package-lock.json"));
    let wanted = [
        modified(&ui.join("package-lock.json")),
        modified(&ui.join("package.json")),
    ];
    if !is_stale(done, wanted.into_iter().flatten()) {
        return Ok(());
    }
    process::run(npm(context).args(["ci", "--no-audit", "--no-fund"]))
}

/// Runs a script of `ui/package.json`.
pub(crate) fn script(context: &Context, name: &str) -> Result<()> {
    ensure_installed(context)?;
    process::run(npm(context).args(["run", name]))
}

/// Builds `ui/dist`, which is compiled into the window, unless it is newer than everything it is made from.
pub(crate) fn ensure_built(context: &Context) -> Result<()> {
    let ui = context.ui();
    let built = modified(&ui.join("dist/index.html"));
    let mut sources = Vec::new();
    collect_files(&ui, &mut sources).map_err(|error| Error::file("list", &ui, &error))?;
    if is_stale(built, sources.iter().filter_map(|file| modified(file))) {
        script(context, "build")
    } else {
        Ok(())
    }
}

fn npm(context: &Context) -> Command {
    process::program("npm", &context.ui())
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|facts| facts.modified()).ok()
}

/// A product is stale when it is absent or older than one of its sources.
fn is_stale(product: Option<SystemTime>, mut sources: impl Iterator<Item = SystemTime>) -> bool {
    product.is_none_or(|product| sources.any(|source| source > product))
}

/// All files below `dir` that a build of the window can read: not what npm or the build itself put there.
fn collect_files(dir: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            let name = entry.file_name();
            if name != "node_modules"
                && name != "dist"
                && !name.as_encoded_bytes().starts_with(b".")
            {
                collect_files(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v20.19.4\n"), Some((20, 19)));
        assert!(version("9.8.1") < version("10.0.0"));
        assert_eq!(version("unknown"), None);
    }

    #[test]
    fn a_product_is_stale_when_absent_or_older() {
        let early = SystemTime::UNIX_EPOCH;
        let late = early + Duration::from_secs(1);
        assert!(is_stale(None, [].into_iter()));
        assert!(is_stale(Some(early), [early, late].into_iter()));
        assert!(!is_stale(Some(late), [early, late].into_iter()));
    }
}
