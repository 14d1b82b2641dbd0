//! **What it does**: reads, as another user of the machine, what a wide umask let everybody read.
//! **What it wants**: key files to try passphrases on, packets and quarantined originals.
//! **What stops it**: files are made 0600 and folders 0700 whatever the umask is; what is wider in a workspace is narrowed when it is opened. Seen
//! before: under umask 000 the whole workspace was 0666 and 0777.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::place::{below, mode, sealed_export, workspace};

/// Runs `muniment` under umask 000.
fn wide_open(terminal: &muniment_tests::programs::Terminal, arguments: &[&str]) {
    let made = terminal.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 000 && exec \"$0\" \"$@\""])
        .arg(made.get_program())
        .args(made.get_args())
        .current_dir(&terminal.home);
    for (name, value) in made.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let output = shell.output().expect("sh starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
}

fn closed(path: &Path) {
    for path in below(path) {
        assert_eq!(
            mode(&path) & 0o077,
            0,
            "{} is open to others",
            path.display()
        );
    }
}

#[test]
fn nobody_else_reads_what_was_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = muniment_tests::programs::Terminal::new(dir.path());
    sealed_export(&terminal, "in", 3);
    std::fs::write(dir.path().join("broken.zip"), b"PK\x03\x04 no export").expect("written");
    for arguments in [
        &["init"][..],
        &["import", "in.zip"],
        &["keygen", "--origin", "log.example/new", "-o", "new.key"],
        &[
            "seal",
            "--source",
            "enigm-key",
            "--origin",
            "log.example/new",
            "--key",
            "new.key",
            "in.ndjson",
            "-o",
            "out.zip",
        ],
    ] {
        wide_open(&terminal, arguments);
    }
    // It fails verification and is kept all the same.
    let made = terminal.run(&["import", "broken.zip"]);
    assert!(!made.status.success());
    wide_open(&terminal, &["quarantine", "export", "1", "-o", "held"]);
    closed(&terminal.workspace);
    closed(&dir.path().join("state"));
    for output in ["new.key", "new.key.lock", "out.zip", "held"] {
        closed(&dir.path().join(output));
    }
}

#[test]
fn what_was_open_to_others_is_narrowed() {
    let (_dir, terminal) = workspace();
    for path in below(&terminal.workspace) {
        let wide = mode(&path) | 0o077;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(wide)).expect("set");
    }
    terminal.done(&["search"]);
    closed(&terminal.workspace);
}
