//! Ending a run of `muniment` before one of the steps with which it changes the disk. A debug build counts them.

use std::path::Path;

use crate::chance::soaking;
use crate::programs::Terminal;

/// What the steps of a run were, which must succeed.
///
/// # Panics
/// If it does not, or counts none.
pub fn steps(terminal: &Terminal, arguments: &[&str]) -> Vec<String> {
    steps_as(terminal, arguments, crate::programs::PASSPHRASE)
}

/// [`steps`] of whoever has this passphrase.
///
/// # Panics
/// As there.
pub fn steps_as(terminal: &Terminal, arguments: &[&str], passphrase: &str) -> Vec<String> {
    let list = terminal.home.join("steps");
    let mut command = terminal.command(arguments);
    let output = command
        .env("MUNIMENT_PASSPHRASE", passphrase)
        .env("MUNIMENT_COUNT_STEPS", &list)
        .output()
        .expect("muniment starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    let text = std::fs::read_to_string(&list).expect("a debug build counts its steps");
    std::fs::remove_file(&list).expect("it is ours");
    text.lines().map(str::to_owned).collect()
}

/// Ends a run before its step of this number; whether it got that far.
///
/// # Panics
/// If `muniment` does not start.
pub fn ended_at(terminal: &Terminal, arguments: &[&str], step: usize) -> bool {
    ended_at_as(terminal, arguments, crate::programs::PASSPHRASE, step)
}

/// [`ended_at`] for whoever has this passphrase.
///
/// # Panics
/// As there.
pub fn ended_at_as(terminal: &Terminal, arguments: &[&str], passphrase: &str, step: usize) -> bool {
    let mut command = terminal.command(arguments);
    let output = command
        .env("MUNIMENT_PASSPHRASE", passphrase)
        .env("MUNIMENT_END_AT_STEP", step.to_string())
        .output()
        .expect("muniment starts");
    !output.status.success()
}

/// Which steps to end a run at: all in a soak, a few that are spread over them and the last ones otherwise.
#[must_use]
pub fn chosen(steps: usize) -> Vec<usize> {
    if soaking() {
        return (1..=steps).collect();
    }
    let mut some: Vec<usize> = (1..=steps).step_by((steps / 2).max(1)).collect();
    some.extend((steps.saturating_sub(8).max(1)..=steps).step_by(2));
    some.sort_unstable();
    some.dedup();
    some
}

/// The steps at which something is recorded, and at which it takes its name; all in a soak.
#[must_use]
pub fn around(steps: &[String]) -> Vec<usize> {
    if soaking() {
        return (1..=steps.len()).collect();
    }
    let last = |name: &str| steps.iter().rposition(|step| step == name);
    let commit = last("commit").map(|at| at + 1);
    let place = last("place").map(|at| at + 1);
    let created = last("create").map(|at| at + 2);
    let mut some: Vec<usize> = [
        created,
        commit,
        commit.map(|at| at + 1),
        place,
        place.map(|at| at + 1),
    ]
    .into_iter()
    .flatten()
    .filter(|at| *at <= steps.len())
    .collect();
    some.sort_unstable();
    some.dedup();
    some
}

/// Names of unfinished files and folders in a folder.
///
/// # Panics
/// If it cannot be listed.
#[must_use]
pub fn left_over(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.contains("unfinished") || name.starts_with("delivering-"))
        .collect()
}
