//! Without a workspace: help, wrong arguments, closed pipes, keys.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};

use super::given::{exports, key, put, terminal};

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let (_dir, terminal) = terminal();
    let output = terminal.run(&["--help"]);
    assert_eq!(code(&output), 0);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for command in [
        "init", "keygen", "seal", "trust", "import", "search", "show", "incident", "packet",
        "verify", "fsck",
    ] {
        assert!(
            text.lines()
                .any(|line| line.trim_start().starts_with(command)),
            "{command} is not in: {text}"
        );
    }
    assert!(text.contains("Exit code 0") && text.contains("MUNIMENT_WORKSPACE"));
    assert_eq!(code(&terminal.run(&["seal", "--help"])), 0);
    assert_eq!(code(&terminal.run(&["--version"])), 0);
}

#[test]
fn wrong_arguments_exit_with_2_and_say_so_on_standard_error() {
    let (_dir, terminal) = terminal();
    for wrong in [
        &[][..],
        &["nonsense"],
        &["import"],
        &["show", "first"],
        &["search", "--limit", "many"],
        &["keygen", "--origin", "log.example/x"],
        &["incident"],
        &["verify"],
        &["fsck", "--fast"],
    ] {
        let output = terminal.run(wrong);
        assert_eq!(code(&output), 2, "{wrong:?}");
        assert!(output.stdout.is_empty(), "{wrong:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("--help"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_command_that_needs_a_workspace_says_how_to_name_one() {
    let (_dir, terminal) = terminal();
    let output = terminal
        .command(&["--json", "search"])
        .env_remove("MUNIMENT_WORKSPACE")
        .output()
        .expect("muniment starts");
    assert_eq!(code(&output), 2);
    let error: serde_json::Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(error["code"], "invalid");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains("--workspace") && hint.contains("MUNIMENT_WORKSPACE"));

    // A folder that is none: nothing is made of it.
    let (code, error) = terminal.refused(&["search"]);
    assert_eq!(code, 2);
    assert!(!error["hint"].as_str().expect("a hint").is_empty());
    assert!(!terminal.workspace.exists());
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    exports(&terminal, &[3]);
    for arguments in [
        &["verify", "1.zip"][..],
        &["--json", "verify", "1.zip"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = terminal
            .command(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("muniment starts");
        // Nobody whose key was given signed the export.
        let expected = if arguments == ["--help"] { 0 } else { 3 };
        assert_eq!(code(&output), expected, "{arguments:?}");
        assert!(
            output.stderr.is_empty(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_key_is_never_overwritten_and_only_its_owner_may_read_it() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    assert!(vkey.starts_with("log.example/enigm-key+"));
    let path = terminal.home.join("key.json");
    let mode = std::fs::metadata(&path)
        .expect("the key")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let before = std::fs::read(&path).expect("the key");
    let (code, error) =
        terminal.refused(&["keygen", "--origin", "log.example/b", "-o", "key.json"]);
    assert_eq!((code, &error["code"]), (2, &"invalid".into()));
    assert_eq!(std::fs::read(&path).expect("the key"), before);

    // Sealing writes the key file anew; its mode stays.
    exports(&terminal, &[2]);
    assert_ne!(std::fs::read(&path).expect("the key"), before);
    let mode = std::fs::metadata(&path)
        .expect("the key")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // What is printed holds no secret.
    let secret: serde_json::Value = serde_json::from_slice(&before).expect("JSON");
    let secret = secret["seed"].as_str().expect("a seed").to_owned();
    for arguments in [
        &[
            "--json",
            "keygen",
            "--origin",
            "log.example/c",
            "-o",
            "key.json",
        ][..],
        &["verify", "1.zip"],
    ] {
        let output = terminal.run(arguments);
        let said = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8_lossy(&said).contains(&secret));
    }

    for origin in ["", "two words", "a+b"] {
        let (code, _) = terminal.refused(&["keygen", "--origin", origin, "-o", "other.json"]);
        assert_eq!(code, 2, "{origin:?}");
        assert!(!terminal.home.join("other.json").exists());
    }
}

#[test]
fn what_is_no_export_is_refused_and_what_is_not_there_could_not_be_done() {
    let (_dir, terminal) = terminal();
    put(&terminal, "text.zip", b"not a ZIP at all");
    let (code, report) = terminal.json(&["verify", "text.zip"]);
    assert_eq!((code, &report["passed"]), (1, &false.into()));
    let (code, error) = terminal.refused(&["verify", "absent.zip"]);
    assert_eq!(code, 2);
    assert!(
        error["message"]
            .as_str()
            .expect("words")
            .contains("absent.zip")
    );
}
