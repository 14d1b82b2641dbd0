//! Python environments of their own, below the target directory, for checks by foreign programs and for the tools
//! that the bench measures beside ours.

use std::fs;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;

/// An environment; part of nothing that we ship.
pub(crate) struct Environment {
    /// Folder below `xtask` in the target directory.
    name: &'static str,
    requirements: &'static str,
}

/// Other people's implementations of what ours are checked against.
pub(crate) const FOREIGN: Environment = Environment {
    name: "python",
    requirements: include_str!("../../../../tests/foreign/requirements.txt"),
};

/// Tools that people load records with today.
pub(crate) const PEERS: Environment = Environment {
    name: "peers",
    requirements: include_str!("../../../../tests/peers/requirements.txt"),
};

/// The interpreter of an environment that has its packages.
pub(crate) fn ensure(context: &Context, environment: &Environment) -> Result<PathBuf> {
    let dir = context.target.join("xtask").join(environment.name);
    let interpreter = dir.join("bin/python");
    let done = dir.join("requirements-installed.txt");
    // Both: the environment breaks when the system's own Python is replaced.
    if fs::read_to_string(&done).is_ok_and(|text| text == environment.requirements)
        && process::answer(process::program(&interpreter, &context.root).arg("--version")).is_some()
    {
        return Ok(interpreter);
    }
    process::run(process::program(system_python(), &context.root).args(["-m", "venv", "--clear"]).arg(&dir)).map_err(|error| {
        Error::Missing(format!("{error}\nPython 3 with its `venv` module is needed for foreign programs (on Debian: apt-get install python3 python3-venv)"))
    })?;
    let wanted = dir.join("requirements.txt");
    fs::write(&wanted, environment.requirements)
        .map_err(|error| Error::file("write", &wanted, &error))?;
    process::run(
        process::program(&interpreter, &context.root)
            .args([
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "--no-input",
                "--quiet",
                "--requirement",
            ])
            .arg(&wanted),
    )?;
    fs::rename(&wanted, &done).map_err(|error| Error::file("rename", &wanted, &error))?;
    Ok(interpreter)
}

/// Debian's own interpreter where there is one, because the package `python3-venv` belongs to that one and not to
/// another that stands before it on the search path.
fn system_python() -> &'static str {
    if Path::new("/usr/bin/python3").is_file() {
        "/usr/bin/python3"
    } else {
        "python3"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        for line in [FOREIGN, PEERS].iter().flat_map(|e| e.requirements.lines()) {
            assert!(
                line.split_once("==")
                    .is_some_and(|(name, version)| !name.is_empty() && !version.is_empty()),
                "{line}"
            );
        }
    }
}
