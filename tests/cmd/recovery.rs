//! The ways back: the printed recovery key, another passphrase, a folder from a backup; and packets after each of them.

use std::process::{Command, Output};

use muniment_tests::folders::copy;
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};
use serde_json::{Value, json};

use super::given::{exports, key, terminal, text};

const THIRD: &str = "anchor violet nineteen harbour";

/// A workspace with one incident, and its recovery key.
fn case(terminal: &Terminal) -> (String, String) {
    let vkey = key(terminal);
    exports(terminal, &[4, 2]);
    let created = terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);
    let opened = terminal.done(&["incident", "open", "A look", "--pin", "1"]);
    (text(&opened["row"]["id"]), text(&created["recovery_key"]))
}

/// Writes a packet with `who`, and has it verified by the keys that they hand out.
fn packet_passes(terminal: &Terminal, passphrase: &str, incident: &str, name: &str) {
    let run = |arguments: &[&str]| -> Value {
        let output = (terminal.command(&[&["--json"], arguments].concat()))
            .env("MUNIMENT_PASSPHRASE", passphrase)
            .output()
            .expect("muniment starts");
        document(&output)
    };
    let plan = run(&["packet", "plan", incident, "--audience", "internal-audit"]);
    let (digest, keys) = (text(&plan["digest"]), format!("{name}.json"));
    let mut write = vec!["packet", "write", incident, "--audience", "internal-audit"];
    write.extend(["--approve", &digest, "-o", name]);
    run(&write);
    run(&["packet", "keys", "-o", &keys]);
    let verified = terminal.done(&["verify", name, "--trust", &keys]);
    assert_eq!(
        (&verified["outcome"], &verified["trusted"]),
        (&json!("passed"), &json!(true)),
        "{name}: {verified:#}"
    );
}

fn document(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn recover(terminal: &Terminal, paper: &str, chosen: &str) -> Command {
    let mut command = terminal.command(&["--json", "recover"]);
    command
        .env_remove("MUNIMENT_PASSPHRASE")
        .env("MUNIMENT_RECOVERY_KEY", paper)
        .env("MUNIMENT_NEW_PASSPHRASE", chosen);
    command
}

fn refused(command: &mut Command) -> (Option<i32>, Value) {
    let output = command.output().expect("muniment starts");
    let error = serde_json::from_slice(&output.stderr);
    (output.status.code(), error.expect("an error"))
}

#[test]
fn the_printed_recovery_key_opens_the_workspace_once_and_packets_go_on() {
    let (_dir, terminal) = terminal();
    let (incident, paper) = case(&terminal);
    packet_passes(&terminal, PASSPHRASE, &incident, "before.zip");

    // Nothing is done with a weak passphrase, another workspace's paper or one misread.
    let other = "AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA-AAAAAAA";
    for (key, chosen, code) in [
        (paper.as_str(), "x", "invalid"),
        (other, THIRD, "invalid"),
        (&paper[1..], THIRD, "invalid"),
    ] {
        let (exit, error) = refused(&mut recover(&terminal, key, chosen));
        assert_eq!((exit, &error["code"]), (Some(2), &code.into()), "{error}");
    }
    let before = terminal.done(&["custody"]);
    // Written with spaces and in small letters, as people do.
    let spelled = paper.to_lowercase().replace('-', " ");
    let output = recover(&terminal, &spelled, THIRD).output();
    let recovered = document(&output.expect("muniment starts"));
    let next = text(&recovered["recovery_key"]);
    assert_ne!(next, paper);
    let me = text(&recovered["workspace"]["me"]["id"]);
    assert_eq!(recovered["workspace"]["me"]["role"], "custodian");
    let custody = terminal.done(&["custody"]);
    assert_eq!(
        custody["total"].as_u64(),
        before["total"].as_u64().map(|n| n + 1)
    );
    let said = text(&custody["entries"][0]["summary"]);
    assert!(
        said.contains(&me) && said.contains("recovery key"),
        "{said}"
    );
    assert_eq!(terminal.done(&["fsck"])["ok"], true);

    // The new custodian works with what was sealed before, and everybody with what is sealed from here on.
    packet_passes(&terminal, THIRD, &incident, "recovered.zip");
    terminal.done(&["import", "2.zip"]);
    let found = terminal
        .command(&["--json", "show", "5"])
        .env("MUNIMENT_PASSPHRASE", THIRD)
        .output();
    document(&found.expect("muniment starts"));
    packet_passes(&terminal, PASSPHRASE, &incident, "after.zip");
    let (exit, error) = refused(&mut recover(&terminal, &paper, THIRD));
    assert_eq!(exit, Some(2));
    assert!(text(&error["hint"]).contains("printed last"), "{error}");
    let output = recover(&terminal, &next, "purple engine sixteen meadow").output();
    document(&output.expect("muniment starts"));
    packet_passes(&terminal, PASSPHRASE, &incident, "twice.zip");
}

#[test]
fn a_weak_passphrase_is_refused_wherever_one_is_chosen_and_a_good_one_replaces_the_old() {
    let (_dir, terminal) = terminal();
    for (first, second) in [
        ("x", SECOND_PASSPHRASE),
        (PASSPHRASE, "x"),
        (PASSPHRASE, PASSPHRASE),
        ("passwordpassword", SECOND_PASSPHRASE),
    ] {
        let mut init = terminal.command(&["--json", "init"]);
        init.env("MUNIMENT_PASSPHRASE", first)
            .env("MUNIMENT_SECOND_PASSPHRASE", second);
        let (exit, error) = refused(&mut init);
        assert_eq!((exit, &error["code"]), (Some(2), &"invalid".into()));
        assert!(!terminal.workspace.exists());
    }
    terminal.done(&["init"]);
    let change = |current: &str, chosen: &str| {
        let mut command = terminal.command(&["--json", "passphrase"]);
        command
            .env("MUNIMENT_PASSPHRASE", current)
            .env("MUNIMENT_NEW_PASSPHRASE", chosen);
        command
    };
    for weak in ["x", PASSPHRASE, "passwordpassword"] {
        let (exit, error) = refused(&mut change(PASSPHRASE, weak));
        assert_eq!((exit, &error["code"]), (Some(2), &"invalid".into()));
        assert!(weak.len() == 1 || !error.to_string().contains(weak));
    }
    let output = change(PASSPHRASE, THIRD).output().expect("muniment starts");
    document(&output);
    assert_eq!(terminal.refused(&["sources"]).1["code"], "wrong-passphrase");
    let output = (terminal.command(&["--json", "fsck"]))
        .env("MUNIMENT_PASSPHRASE", THIRD)
        .output();
    assert_eq!(document(&output.expect("muniment starts"))["ok"], true);
}

#[test]
fn a_folder_from_a_backup_is_looked_at_then_taken_into_use_in_a_new_epoch() {
    let (dir, terminal) = terminal();
    let (incident, _) = case(&terminal);
    let (_, nothing) = terminal.refused(&["restore"]);
    assert!(text(&nothing["message"]).contains("newest"), "{nothing}");
    let backup = dir.path().join("backup");
    copy(&terminal.workspace, &backup);
    terminal.done(&["import", "2.zip"]);
    let lost = terminal.done(&["custody"]);
    std::fs::remove_dir_all(&terminal.workspace).expect("ours");
    copy(&backup, &terminal.workspace);

    // It opens to look at, says what is older, and takes no change.
    let output = terminal.run(&["search"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("older than what is known"), "{said}");
    assert_eq!(terminal.done(&["search"])["total"], 4);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
    let (_, error) = terminal.refused(&["import", "2.zip"]);
    assert!(text(&error["hint"]).contains("restore"), "{error}");
    let shown = terminal.done(&["restore", "--dry-run"]);
    assert_eq!(
        (&shown["restored"], &shown["older"]["may_restore"]),
        (&json!(false), &json!(true))
    );
    let mut reviewer = terminal.command(&["--json", "restore"]);
    let (exit, _) = refused(reviewer.env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE));
    assert_eq!(exit, Some(2), "a reviewer may not");

    let restored = terminal.done(&["restore"]);
    assert_eq!(
        (&restored["restored"], &restored["workspace"]["older"]),
        (&json!(true), &Value::Null)
    );
    let custody = terminal.done(&["custody"]);
    assert!(custody["total"].as_u64() <= lost["total"].as_u64());
    assert_eq!(custody["entries"][0]["kind"], "ledger.restored");
    let said = text(&custody["entries"][0]["summary"]);
    let head = format!("epoch 0, entry {}", lost["total"]);
    assert!(said.contains(&head), "{said} names {head}");
    terminal.done(&["import", "2.zip"]);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
    packet_passes(&terminal, PASSPHRASE, &incident, "restored.zip");
    // And the reviewer, whose key file remembers less, goes on.
    let output = (terminal.command(&["--json", "search"]))
        .env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE)
        .output();
    assert_eq!(document(&output.expect("muniment starts"))["total"], 6);
}
