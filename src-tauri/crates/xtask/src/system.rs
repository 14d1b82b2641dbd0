//! System packages: which ones a command needs, which are missing, and installing them.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;

/// What a command needs system packages for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiling and linking the window and the store.
    Build,
    /// Opening the real window without a screen and driving it.
    WindowTests,
    /// Other programs that check what ours wrote, and one that ends it between two system calls.
    ForeignChecks,
}

/// A Debian package, and how to see that another system has the same thing.
#[derive(Debug, PartialEq, Eq)]
struct Package {
    name: &'static str,
    probe: Probe,
}

/// How to see on a system without dpkg that something is there.
#[derive(Debug, PartialEq, Eq)]
enum Probe {
    Program(&'static str),
    PkgConfig(&'static str),
    Header(&'static str),
    PythonModule(&'static str),
}

const fn package(name: &'static str, probe: Probe) -> Package {
    Package { name, probe }
}

const BUILD: &[Package] = &[
    package("build-essential", Probe::Program("c++")),
    package("pkg-config", Probe::Program("pkg-config")),
    package("libwebkit2gtk-4.1-dev", Probe::PkgConfig("webkit2gtk-4.1")),
    package("librsvg2-dev", Probe::PkgConfig("librsvg-2.0")),
    package("libxdo-dev", Probe::Header("xdo.h")),
    package("libssl-dev", Probe::PkgConfig("openssl")),
];

const WINDOW_TESTS: &[Package] = &[
    package("xvfb", Probe::Program("xvfb-run")),
    package("xauth", Probe::Program("xauth")),
    package("dbus-x11", Probe::Program("dbus-run-session")),
    package("webkit2gtk-driver", Probe::Program("WebKitWebDriver")),
];

const FOREIGN_CHECKS: &[Package] = &[
    package("python3", Probe::Program("python3")),
    package("python3-venv", Probe::PythonModule("ensurepip")),
    package("openssl", Probe::Program("openssl")),
    package("poppler-utils", Probe::Program("pdftotext")),
    package("unzip", Probe::Program("unzip")),
    package("p7zip-full", Probe::Program("7z")),
    package("strace", Probe::Program("strace")),
];

impl Need {
    const fn packages(self) -> &'static [Package] {
        match self {
            Self::Build => BUILD,
            Self::WindowTests => WINDOW_TESTS,
            Self::ForeignChecks => FOREIGN_CHECKS,
        }
    }
}

/// Makes sure that the packages for these needs are there, and installs what is missing where it can.
///
/// # Errors
/// [`Error::Missing`] names exactly what to install where it could not be done from here.
pub(crate) fn ensure(context: &Context, needs: &[Need]) -> Result<()> {
    let wanted: Vec<&Package> = needs.iter().flat_map(|need| need.packages()).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    if process::find("dpkg-query").is_none() || process::find("apt-get").is_none() {
        let absent: Vec<&Package> = wanted
            .into_iter()
            .filter(|package| !package.probe.finds())
            .collect();
        return if absent.is_empty() {
            Ok(())
        } else {
            Err(Error::Missing(for_another_system(&absent)))
        };
    }
    let names: Vec<&str> = wanted.iter().map(|package| package.name).collect();
    let absent = missing(&names, &installed(&names)?);
    if absent.is_empty() {
        return Ok(());
    }
    println!("Missing system packages: {}", absent.join(" "));
    let prefix = permission(context, &absent)?;
    // An outdated list is the usual reason why an installation fails, a failed update is not yet one.
    if let Err(error) = process::run(&mut apt_get(&prefix, &["update"])) {
        println!("{error}; going on with the package lists that are there");
    }
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&absent);
    process::run(&mut apt_get(&prefix, &install))
        .map_err(|error| Error::Missing(format!("{error}\n{}", by_hand(&absent))))?;
    let still = missing(&names, &installed(&names)?);
    if still.is_empty() {
        Ok(())
    } else {
        Err(Error::Missing(by_hand(&still)))
    }
}

/// What dpkg says about these packages: lines of name and status. Its exit code is 1 when it does not know one of them.
fn installed(names: &[&str]) -> Result<String> {
    let output = Command::new("dpkg-query")
        .args(["--show", "--showformat=${Package} ${db:Status-Status}\\n"])
        .args(names)
        .stderr(Stdio::null())
        .output()
        .map_err(|error| Error::Failed(format!("cannot start dpkg-query: {error}")))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Those of `names` that dpkg's answer does not list as installed, each once, in the order wanted.
fn missing<'a>(names: &[&'a str], answer: &str) -> Vec<&'a str> {
    let mut absent: Vec<&str> = Vec::new();
    for name in names {
        let there = answer
            .lines()
            .any(|line| line.split_once(' ') == Some((name, "installed")));
        if !there && !absent.contains(name) {
            absent.push(name);
        }
    }
    absent
}

/// The words before `apt-get` that let it install: none for root, else sudo, after the one question.
fn permission(context: &Context, absent: &[&str]) -> Result<Vec<&'static str>> {
    let root = process::answer(Command::new("id").arg("-u")).as_deref() == Some("0");
    let terminal = std::io::stdin().is_terminal();
    let prefix = prefix(root, process::find("sudo").is_some(), terminal)
        .ok_or_else(|| Error::Missing(by_hand(absent)))?;
    if root || context.yes {
        return Ok(prefix);
    }
    if !terminal {
        return Err(Error::Missing(by_hand(absent)));
    }
    print!("Install them with apt-get now? [Y/n] ");
    let mut line = String::new();
    let read = std::io::stdout()
        .flush()
        .and_then(|()| std::io::stdin().read_line(&mut line));
    if read.is_ok_and(|bytes| bytes > 0) && agrees(&line) {
        Ok(prefix)
    } else {
        Err(Error::Missing(by_hand(absent)))
    }
}

/// How to become root, or nothing where that is not possible. Without a terminal sudo must not ask for a password.
fn prefix(root: bool, sudo: bool, terminal: bool) -> Option<Vec<&'static str>> {
    match (root, sudo, terminal) {
        (true, _, _) => Some(vec![]),
        (false, true, true) => Some(vec!["sudo"]),
        (false, true, false) => Some(vec!["sudo", "--non-interactive"]),
        (false, false, _) => None,
    }
}

/// Whether the answer to a question whose default is yes means yes.
fn agrees(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "" | "y" | "yes")
}

/// apt-get that never asks and waits for another one that is running.
fn apt_get(prefix: &[&str], args: &[&str]) -> Command {
    let mut words = prefix.to_vec();
    words.extend([
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        "DPkg::Lock::Timeout=300",
    ]);
    words.extend(args);
    let mut command = process::program(words[0], Path::new("/"));
    command.args(&words[1..]).stdin(Stdio::inherit());
    command
}

fn by_hand(absent: &[&str]) -> String {
    format!(
        "please install the missing system packages as root, then try again:\n\n    apt-get update && apt-get install {}\n",
        absent.join(" ")
    )
}

fn for_another_system(absent: &[&Package]) -> String {
    let mut text = "this system has no apt-get; please install the following with its own package manager, then try again:\n".to_owned();
    for package in absent {
        let what = match package.probe {
            Probe::Program(name) => format!("the program `{name}`"),
            Probe::PkgConfig(name) => {
                format!("the development files of `{name}` (found through pkg-config)")
            }
            Probe::Header(name) => format!("the C header `{name}` and its library"),
            Probe::PythonModule(name) => format!("the Python module `{name}`"),
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n    {what}; on Debian it is in {}", package.name);
    }
    text
}

impl Probe {
    fn finds(&self) -> bool {
        match self {
            Self::Program(name) => process::find(name).is_some(),
            Self::PkgConfig(name) => {
                process::answer(Command::new("pkg-config").args(["--exists", name])).is_some()
            }
            Self::Header(name) => ["/usr/include", "/usr/local/include"]
                .iter()
                .any(|dir| Path::new(dir).join(name).is_file()),
            Self::PythonModule(name) => {
                process::answer(Command::new("python3").args(["-c", &format!("import {name}")]))
                    .is_some()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_dpkg_calls_installed_counts() {
        let answer = "xvfb installed\nxauth config-files\npkg-config installed\n";
        assert_eq!(
            missing(&["xvfb", "xauth", "pkg-config", "dbus-x11"], answer),
            ["xauth", "dbus-x11"]
        );
    }

    #[test]
    fn a_name_is_not_found_inside_another_and_is_named_once() {
        assert_eq!(
            missing(&["python3", "python3"], "python3-venv installed\n"),
            ["python3"]
        );
        assert_eq!(missing(&["python3"], "python3 installed\n"), [""; 0]);
    }

    #[test]
    fn everything_is_missing_where_dpkg_knows_nothing() {
        let names: Vec<&str> = BUILD.iter().map(|package| package.name).collect();
        assert_eq!(missing(&names, ""), names);
    }

    #[test]
    fn root_needs_no_sudo_and_without_both_nothing_is_tried() {
        assert_eq!(prefix(true, false, false), Some(vec![]));
        assert_eq!(prefix(false, true, true), Some(vec!["sudo"]));
        assert_eq!(
            prefix(false, true, false),
            Some(vec!["sudo", "--non-interactive"])
        );
        assert_eq!(prefix(false, false, true), None);
    }

    #[test]
    fn enter_agrees_and_anything_else_than_yes_does_not() {
        for yes in ["\n", "y\n", "Yes\n"] {
            assert!(agrees(yes), "{yes:?}");
        }
        for no in ["n\n", "no\n", "what?\n"] {
            assert!(!agrees(no), "{no:?}");
        }
    }

    #[test]
    fn apt_get_is_asked_once_for_all_and_asks_nothing_itself() {
        let command = apt_get(&["sudo"], &["install", "--yes", "xvfb", "xauth"]);
        assert_eq!(
            process::shown(&command),
            "sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install --yes xvfb xauth"
        );
    }

    #[test]
    fn another_system_is_told_what_each_thing_is() {
        let text = for_another_system(&[&BUILD[2], &WINDOW_TESTS[0]]);
        assert!(
            text.contains("`webkit2gtk-4.1`") && text.contains("libwebkit2gtk-4.1-dev"),
            "{text}"
        );
        assert!(
            text.contains("`xvfb-run`") && text.contains("in xvfb"),
            "{text}"
        );
    }
}
