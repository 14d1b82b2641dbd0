//! **What it does**: hands over a workspace on a medium that cannot be written, or takes the right to write from its owner.
//! **What it wants**: evidence that nobody can read, or a change that is made beside it and seems done.
//! **What stops it**: everything that reads works from there as it does elsewhere, an index that is missing or lags behind is kept outside the
//! workspace, and what would change something says where it cannot, before it does anything. Before, nothing opened.
//!
//! The folder is made read-only in two ways, each wherever this machine has it: a bind mount in namespaces of our own, and
//! permissions where the account is not root. A machine that has neither fails the test.

#![allow(clippy::print_stderr)] // says where a way could not be tried

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use muniment_tests::programs::Terminal;

use super::place::{below, workspace};

/// Runs `muniment` while its workspace cannot be written.
type Run = fn(&Terminal, &[&str]) -> Output;

const MOUNT: &str = r#"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#;

fn in_namespaces(terminal: &Terminal, program: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNT])
        .arg(&terminal.workspace)
        .args(program)
        .current_dir(&terminal.home);
    command
}

fn mounted(terminal: &Terminal, arguments: &[&str]) -> Output {
    let made = terminal.command(arguments);
    let mut command = in_namespaces(terminal, &[]);
    command.arg(made.get_program()).args(made.get_args());
    for (name, value) in made.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.output().expect("unshare starts")
}

fn forbidden(terminal: &Terminal, arguments: &[&str]) -> Output {
    let set = |bits: fn(&Path) -> u32| {
        // What lies in a folder before the folder, which could not be entered otherwise.
        for path in below(&terminal.workspace).iter().rev() {
            let mode = std::fs::Permissions::from_mode(bits(path));
            std::fs::set_permissions(path, mode).expect("it is ours");
        }
    };
    set(|path| if path.is_dir() { 0o500 } else { 0o400 });
    let output = terminal.run(arguments);
    set(|path| if path.is_dir() { 0o700 } else { 0o600 });
    output
}

/// The ways that this machine has.
fn ways(terminal: &Terminal) -> Vec<Run> {
    let probe = terminal.workspace.join("probe");
    let touch = || {
        Command::new("touch")
            .arg(&probe)
            .status()
            .is_ok_and(|s| s.success())
    };
    let mut ways: Vec<Run> = Vec::new();
    let works = |program: &str| {
        let tried = in_namespaces(terminal, &[program, "probe"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    if works("true") {
        ways.push(mounted);
    } else {
        eprintln!("no read-only mount here: unshare(1) may not make namespaces");
    }
    let all = |bits| {
        let mode = std::fs::Permissions::from_mode(bits);
        std::fs::set_permissions(&terminal.workspace, mode).expect("it is ours");
    };
    all(0o500);
    if touch() {
        eprintln!("permissions keep nothing from being written here: this account is root");
    } else {
        ways.push(forbidden);
    }
    all(0o700);
    let _ = std::fs::remove_file(&probe);
    assert!(
        !ways.is_empty(),
        "this machine makes no folder read-only; allow user namespaces (kernel.unprivileged_userns_clone, \
         kernel.apparmor_restrict_unprivileged_userns) or run the tests as an account that is not root"
    );
    ways
}

#[test]
fn what_reads_works_and_what_writes_says_where_it_cannot() {
    let (dir, terminal) = workspace();
    std::fs::write(dir.path().join("broken.zip"), b"PK\x03\x04 no export").expect("written");
    assert!(!terminal.run(&["import", "broken.zip"]).status.success());
    terminal.done(&["incident", "open", "A heartbeat", "--pin", "1"]);
    let list = terminal.done(&["incident", "list"]);
    let incident = list["incidents"][0]["id"].as_str().expect("an id");
    let plan = terminal.done(&["packet", "plan", incident]);
    let digest = plan["digest"].as_str().expect("a digest");
    let reading: &[&[&str]] = &[
        &["search", "--facet", "action", "--histogram", "9"],
        &["search", "accepted", "--limit", "2"],
        &["show", "1"],
        &["incident", "list"],
        &["incident", "show", incident],
        &["packet", "plan", incident],
        &["detections"],
        &["subject", "EK-1"],
        &["custody"],
        &["sources"],
        &["source", "list"],
        &["classify", "list"],
        &["quarantine", "list"],
        &["quarantine", "show", "1"],
        &["trust", "list"],
        &["trust", "proposals"],
        &["fsck"],
    ];
    let answers = |run: Run| -> Vec<(Option<i32>, String)> {
        let answer = |arguments: &&[&str]| {
            let output = run(&terminal, &[&["--json"], *arguments].concat());
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            // Lives are compared by making them anew, which is a change; everything else that is checked is checked here too.
            if *arguments == ["fsck"] {
                let mut report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let checks = report["checks"].as_array_mut().expect("checks");
                checks.retain(|check| check["name"] != "lives and detections");
                text = report.to_string();
            }
            (output.status.code(), text)
        };
        reading.iter().map(answer).collect()
    };
    let expected = answers(|terminal, arguments| terminal.run(arguments));
    let before: Vec<_> = below(&terminal.workspace);
    for run in ways(&terminal) {
        for (asked, (is, was)) in reading.iter().zip(answers(run).iter().zip(&expected)) {
            assert_eq!(is, was, "{asked:?}");
        }
        let writing: &[&[&str]] = &[
            &["import", "1.zip"],
            &["incident", "open", "Another"],
            &["incident", "pin", incident, "2"],
            &[
                "packet",
                "write",
                incident,
                "--approve",
                digest,
                "-o",
                "out.zip",
            ],
            &["packet", "plan", incident, "--audience", "internal-audit"],
            &["quarantine", "admit", "1", "--reason", "to see"],
            &["quarantine", "export", "1", "-o", "out.bin"],
            &["rebuild", "--all"],
            &["detections", "rebuild"],
        ];
        for arguments in writing {
            let output = run(&terminal, arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
            let place = terminal.workspace.display().to_string();
            assert!(
                said.contains("nothing can be changed in")
                    && said.contains(&place)
                    && said.contains("try:"),
                "{arguments:?}: {said}"
            );
        }
        for output in ["out.zip", "out.bin"] {
            assert!(!dir.path().join(output).exists(), "{output}");
        }
        assert_eq!(below(&terminal.workspace), before, "nothing was left there");

        // An index that cannot be used is left where it is, and another one is kept elsewhere.
        let (index, aside) = (terminal.workspace.join("index"), dir.path().join("aside"));
        std::fs::rename(&index, &aside).expect("moved");
        for _ in 0..2 {
            let output = run(
                &terminal,
                &["--json", "search", "--facet", "action", "--histogram", "9"],
            );
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(text, expected[0].1, "without its index");
        }
        assert!(!index.exists());
        std::fs::rename(&aside, &index).expect("moved back");
    }
    terminal.done(&["incident", "open", "It can be written again"]);
}

#[test]
fn what_a_run_that_was_cut_off_left_is_read_too() {
    let (dir, terminal) = workspace();
    let steps = muniment_tests::killed::steps(&terminal, &["incident", "open", "Seen"]);
    let commit = steps
        .iter()
        .rposition(|step| step == "commit")
        .expect("a commit");
    // Just after the commit: it stands in the write-ahead log alone.
    let ended =
        muniment_tests::killed::ended_at(&terminal, &["incident", "open", "Unseen"], commit + 2);
    assert!(ended, "it was to end");
    let log = terminal.workspace.join("vault.db-wal");
    assert!(
        log.metadata().is_ok_and(|log| log.len() > 0),
        "the log stays"
    );
    for run in ways(&terminal) {
        let output = run(&terminal, &["--json", "incident", "list"]);
        let error = String::from_utf8_lossy(&output.stderr);
        let list = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{error}");
        assert!(list.contains("Seen") && list.contains("Unseen"), "{list}");
        // A copy without the log's index cannot be read as it is, and an older state is not shown for it.
        let shared = terminal.workspace.join("vault.db-shm");
        std::fs::rename(&shared, dir.path().join("aside")).expect("moved");
        let output = run(&terminal, &["incident", "list"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains("vault.db-wal"), "{error}");
        std::fs::rename(dir.path().join("aside"), &shared).expect("moved back");
    }
    let list = terminal.done(&["incident", "list"]).to_string();
    assert!(list.contains("Unseen"), "{list}");
}
