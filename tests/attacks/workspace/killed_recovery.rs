//! What he does: nothing; the power goes while somebody uses the recovery key, or while an older copy is taken into use.
//!
//! What is at stake: a database under one key and a ring that holds the other, a workspace that neither the paper nor a passphrase
//! opens, a second history.
//!
//! What holds: at whichever step it ends, it happened whole or not at all, and `fsck` finds nothing.

use std::path::Path;
use std::process::Output;

use muniment_tests::killed::{chosen, left_over};
use muniment_tests::programs::{PASSPHRASE, Terminal};
use serde_json::Value;

use super::place::copy;

const THIRD: &str = "anchor violet nineteen harbour";

fn run(terminal: &Terminal, arguments: &[&str], paper: &str, step: Option<(&str, &str)>) -> Output {
    let mut command = terminal.command(arguments);
    command
        .env("MUNIMENT_RECOVERY_KEY", paper)
        .env("MUNIMENT_NEW_PASSPHRASE", THIRD);
    if let Some((variable, value)) = step {
        command.env(variable, value);
    }
    command.output().expect("muniment starts")
}

/// Runs a command to its end to count its steps, then ends it at some of them, each in a copy of the same beginning.
fn at_each_step(
    begin: &Path,
    arguments: &[&str],
    paper: &str,
    check: impl Fn(&Terminal, usize, &[String]),
) {
    let folder = tempfile::tempdir().expect("a folder");
    let counted = folder.path().join("counted");
    copy(begin, &counted);
    let terminal = Terminal::new(&counted);
    let list = counted.join("steps");
    let text = list.display().to_string();
    let output = run(
        &terminal,
        arguments,
        paper,
        Some(("MUNIMENT_COUNT_STEPS", &text)),
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let steps = std::fs::read_to_string(&list).expect("a debug build counts its steps");
    let steps: Vec<String> = steps.lines().map(str::to_owned).collect();
    let commits = steps.iter().enumerate().filter(|(_, s)| *s == "commit");
    let mut some = chosen(steps.len());
    some.extend(commits.flat_map(|(at, _)| at + 1..at + 8));
    some.retain(|at| *at <= steps.len());
    some.sort_unstable();
    some.dedup();
    for step in some {
        let home = folder.path().join(format!("at{step}"));
        copy(begin, &home);
        let terminal = Terminal::new(&home);
        let number = step.to_string();
        let ended = run(
            &terminal,
            arguments,
            paper,
            Some(("MUNIMENT_END_AT_STEP", &number)),
        );
        assert!(!ended.status.success(), "step {step}");
        check(&terminal, step, &steps);
        std::fs::remove_dir_all(&home).expect("ours");
    }
}

fn sound(terminal: &Terminal, passphrase: &str, step: usize, name: &str) {
    let output = (terminal.command(&["--json", "fsck"]))
        .env("MUNIMENT_PASSPHRASE", passphrase)
        .output()
        .expect("muniment starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(report["ok"], true, "step {step} ({name}): {said}{report:#}");
    assert_eq!(left_over(&terminal.workspace), Vec::<String>::new());
}

fn begun(home: &Path) -> (Terminal, String) {
    let terminal = Terminal::new(home);
    let created = terminal.done(&["init"]);
    std::fs::write(
        home.join("a.ndjson"),
        b"{\"a\":1,\"when\":\"2026-11-02T03:00:00Z\"}\n",
    )
    .expect("a file");
    terminal.done(&["import", "a.ndjson"]);
    let paper = created["recovery_key"].as_str().expect("a key").to_owned();
    (terminal, paper)
}

#[test]
fn a_recovery_that_is_cut_off_happened_whole_or_not_at_all() {
    let home = tempfile::tempdir().expect("a folder");
    let (_, paper) = begun(home.path());
    at_each_step(
        home.path(),
        &["recover"],
        &paper,
        |terminal, step, steps| {
            let name = &steps[step - 1];
            let again = run(terminal, &["recover"], &paper, None);
            let said = String::from_utf8_lossy(&again.stderr);
            // Either way the passphrase that was chosen opens it now, and everybody else's as before.
            assert!(
                again.status.success()
                    || said.contains("printed last")
                    || said.contains("does not open"),
                "step {step} ({name}): {said}"
            );
            sound(terminal, THIRD, step, name);
            sound(terminal, PASSPHRASE, step, name);
        },
    );
}

#[test]
fn a_restore_that_is_cut_off_happened_whole_or_not_at_all() {
    let home = tempfile::tempdir().expect("a folder");
    let (terminal, paper) = begun(home.path());
    let backup = home.path().join("backup");
    copy(&terminal.workspace, &backup);
    terminal.done(&["incident", "open", "Later"]);
    std::fs::remove_dir_all(&terminal.workspace).expect("ours");
    std::fs::rename(&backup, &terminal.workspace).expect("ours");
    at_each_step(
        home.path(),
        &["restore"],
        &paper,
        |terminal, step, steps| {
            let name = &steps[step - 1];
            let again = run(terminal, &["restore"], &paper, None);
            let said = String::from_utf8_lossy(&again.stderr);
            assert!(
                again.status.success() || said.contains("nothing to restore"),
                "step {step} ({name}): {said}"
            );
            sound(terminal, PASSPHRASE, step, name);
            let custody = terminal.done(&["custody", "ledger.restored"]);
            assert_eq!(custody["total"], 1, "step {step} ({name})");
        },
    );
}
