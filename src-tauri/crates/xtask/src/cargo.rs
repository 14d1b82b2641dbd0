//! Building the workspace's binaries with cargo.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;

/// The window's binary.
pub(crate) const DESKTOP: &str = "muniment-desktop";
/// The command line tool's binary.
pub(crate) const CLI: &str = "muniment";

/// `cargo SUBCOMMAND` in the repository. In CI the lock file must already be right.
pub(crate) fn cargo(context: &Context, subcommand: &[&str]) -> Command {
    let mut command = process::cargo(&context.root);
    command.args(subcommand);
    if context.ci {
        command.arg("--locked");
    }
    command
}

/// A line that cargo writes with `--message-format=json`; only what is read here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    executable: Option<PathBuf>,
    target: Option<Target>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
struct Profile {
    /// Built as a test harness, under the same target name as the program itself.
    test: bool,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds these binaries in one go and returns the path of each, in the order asked for.
///
/// `--workspace`, although only these are built: the features of shared dependencies are then the same in every command,
/// and no command compiles again what another has compiled.
pub(crate) fn build(
    context: &Context,
    binaries: &[&str],
    release: bool,
    extra: &[&str],
) -> Result<Vec<PathBuf>> {
    let mut command = cargo(
        context,
        &[
            "build",
            "--workspace",
            "--message-format=json-render-diagnostics",
        ],
    );
    if release {
        command.arg("--release");
    }
    command.args(extra);
    for binary in binaries {
        command.args(["--bin", binary]);
    }
    read_binaries(&mut command, binaries)
}

/// Runs a cargo that reports in JSON what it builds, and picks these binaries.
pub(crate) fn read_binaries(command: &mut Command, binaries: &[&str]) -> Result<Vec<PathBuf>> {
    let shown = process::shown(command);
    println!("$ {shown}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Error::Failed(format!("cannot start `{shown}`: {error}")))?;
    let mut found: Vec<Option<PathBuf>> = vec![None; binaries.len()];
    if let Some(stdout) = child.stdout.take() {
        for line in std::io::BufReader::new(stdout).lines() {
            let line = line.map_err(|error| {
                Error::Failed(format!("cannot read what `{shown}` writes: {error}"))
            })?;
            if let Some((name, path)) = built_binary(&line)
                && let Some(at) = binaries.iter().position(|binary| *binary == name)
            {
                found[at] = Some(path);
            }
        }
    }
    let status = child
        .wait()
        .map_err(|error| Error::Failed(format!("cannot wait for `{shown}`: {error}")))?;
    if !status.success() {
        return Err(Error::Failed(format!(
            "`{shown}` failed ({status}); its output is above"
        )));
    }
    found
        .into_iter()
        .zip(binaries)
        .map(|(path, binary)| {
            path.ok_or_else(|| {
                Error::Failed(format!(
                    "cargo named no binary `{binary}` among what it built"
                ))
            })
        })
        .collect()
}

/// Name and path of the binary that a line of cargo's messages reports as built.
fn built_binary(line: &str) -> Option<(String, PathBuf)> {
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason != "compiler-artifact" {
        return None;
    }
    let target = message.target?;
    // Test executables have a path too, those of programs even the program's name.
    if message.profile.test || !target.kind.iter().any(|kind| kind == "bin") {
        return None;
    }
    Some((target.name, message.executable?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_read_from_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///r#muniment@0.1.0","target":{"kind":["bin"],"name":"muniment"},"executable":"/t/debug/muniment","fresh":true}"#;
        assert_eq!(
            built_binary(line),
            Some(("muniment".to_owned(), PathBuf::from("/t/debug/muniment")))
        );
    }

    #[test]
    fn libraries_other_messages_and_programs_own_lines_are_passed_over() {
        for line in [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"muniment"},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"muniment"},"executable":"/t/debug/deps/muniment-1"}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"muniment"},"profile":{"test":true},"executable":"/t/debug/deps/muniment-1"}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "not json",
        ] {
            assert_eq!(built_binary(line), None, "{line}");
        }
    }
}
