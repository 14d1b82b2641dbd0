//! Running other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// A program run in `dir`, without what `cargo run` added to this program's environment.
///
/// Cargo describes the crate it runs in `CARGO_PKG_*` and alike. A build script that watches these variables (ring's
/// does) would otherwise run again, with everything that depends on it, whenever cargo is started from here and not
/// from a shell.
pub(crate) fn program(name: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(added_by_cargo_run) {
            command.env_remove(name);
        }
    }
    command
}

/// The same cargo that started this program.
pub(crate) fn cargo(dir: &Path) -> Command {
    program(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        dir,
    )
}

/// Whether `cargo run` sets this variable for the program it runs.
fn added_by_cargo_run(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || matches!(
            name,
            "CARGO"
                | "CARGO_MANIFEST_DIR"
                | "CARGO_MANIFEST_PATH"
                | "CARGO_BIN_NAME"
                | "CARGO_CRATE_NAME"
                | "CARGO_PRIMARY_PACKAGE"
                | "OUT_DIR"
        )
}

/// Runs it with this program's own terminal; its failure is ours.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command
        .status()
        .map_err(|error| Error::Failed(format!("cannot start `{shown}`: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Failed(format!(
            "`{shown}` failed ({status}); its output is above"
        )))
    }
}

/// Runs it and returns what it wrote to standard output; what it writes to standard error goes to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Error::Failed(format!("cannot start `{shown}`: {error}")))?;
    if !output.status.success() {
        return Err(Error::Failed(format!(
            "`{shown}` failed ({})",
            output.status
        )));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Error::Failed(format!("`{shown}` wrote something that is not UTF-8")))
}

/// What it writes to standard output, or nothing where it is absent or fails. For asking, not for doing.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    // The full path of cargo says nothing and makes the line hard to read.
    let program = if program.ends_with("cargo") {
        "cargo".to_owned()
    } else {
        program.display().to_string()
    };
    let mut words = vec![program];
    words.extend(command.get_args().map(|arg| {
        let arg = arg.to_string_lossy();
        if arg.is_empty() || arg.contains([' ', '"', '\'', '(', ')', '$', '&']) {
            format!("'{}'", arg.replace('\'', r"'\''"))
        } else {
            arg.into_owned()
        }
    }));
    words.join(" ")
}

/// The full path of a program on the search path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cargo_run_added_is_removed() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO"] {
            assert!(added_by_cargo_run(name), "{name}");
        }
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
            "CARGO_TERM_COLOR",
            "CARGO_INCREMENTAL",
            "CARGO_BUILD_JOBS",
            "RUSTUP_TOOLCHAIN",
            "PATH",
        ] {
            assert!(!added_by_cargo_run(name), "{name}");
        }
    }

    #[test]
    fn a_command_is_shown_so_that_it_can_be_typed() {
        let mut command = Command::new("/usr/lib/rust/bin/cargo");
        command.args(["test", "a b", "it's", ""]);
        assert_eq!(shown(&command), r"cargo test 'a b' 'it'\''s' ''");
    }
}
