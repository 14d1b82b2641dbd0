//! The workspace itself: made once, opened with the right passphrase, by the member one is.

use muniment_tests::programs::SECOND_PASSPHRASE;

use serde_json::Value;

use super::given::{exports, key, terminal, text};

#[test]
fn only_the_right_passphrase_opens_it_and_only_whoever_may_acts() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    exports(&terminal, &[4]);
    let created = terminal.done(&["init"]);
    assert!(text(&created["recovery_key"]).len() > 40);
    let members = created["workspace"]["members"].as_array().expect("members");
    let roles: Vec<String> = members.iter().map(|m| text(&m["role"])).collect();
    assert_eq!(roles, ["custodian", "reviewer"]);
    let reviewer = text(&members[1]["id"]);
    // The ledger says in words who was enrolled as what.
    let custody = terminal.done(&["custody", "member."]);
    let said = text(&custody["entries"][0]["summary"]);
    assert_eq!(said, format!("enrolled {reviewer} as reviewer"));

    // A workspace is made once.
    let (code, error) = terminal.refused(&["init"]);
    assert_eq!(code, 2);
    assert!(text(&error["hint"]).contains("empty folder"), "{error}");

    let output = terminal
        .command(&["--json", "search"])
        .env("MUNIMENT_PASSPHRASE", "not the one")
        .output()
        .expect("muniment starts");
    assert_eq!(output.status.code(), Some(2));
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(error["code"], "wrong-passphrase");
    assert!(!text(&error["hint"]).is_empty());
    assert!(!error.to_string().contains("not the one"));
    // For people: what, and what to try.
    let output = terminal
        .command(&["search", "--member", &reviewer])
        .output()
        .expect("muniment starts");
    assert_eq!(
        output.status.code(),
        Some(2),
        "the custodian's is not the reviewer's"
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("\n  try: "));

    // A reviewer reads and does not import.
    let as_reviewer = |arguments: &[&str]| {
        terminal
            .command(&[&["--json", "--member", reviewer.as_str()], arguments].concat())
            .env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE)
            .output()
            .expect("muniment starts")
    };
    let output = as_reviewer(&["import", "1.zip"]);
    assert_eq!(output.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(error["code"], "refused");
    let output = as_reviewer(&["search"]);
    assert_eq!(output.status.code(), Some(0));
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["total"], 0);

    // What is asked for and is not there; what is not well formed, and where.
    let (code, error) = terminal.refused(&["show", "7"]);
    assert_eq!((code, &error["code"]), (2, &"not-found".into()));
    let (code, error) = terminal.refused(&["search", "action:\"unfinished"]);
    assert_eq!((code, &error["code"]), (2, &"invalid".into()));
    assert!(text(&error["message"]).contains("column"));
    let (code, _) = terminal.refused(&["import", "absent.zip"]);
    assert_eq!(code, 2);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn an_incident_is_walked_by_commands_and_its_gates_refuse() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[4]);
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);

    let opened = terminal.done(&["incident", "open", "A key that went missing", "--pin", "1"]);
    let id = text(&opened["row"]["id"]);
    assert_eq!(opened["evidence"][0]["assurance"], "source-anchored");
    let list = terminal.done(&["incident", "list"]);
    assert_eq!(
        (&list["total"], &list["incidents"][0]["id"]),
        (&1.into(), &id.as_str().into())
    );

    // The first gate asks for what is missing, and names it.
    let (code, error) = terminal.refused(&["incident", "advance", &id]);
    assert_eq!((code, &error["code"]), (1, &"refused".into()));
    let shown = terminal.done(&["incident", "show", &id]);
    assert_eq!(shown["row"]["stage"], "detection");
    let open: Vec<&Value> = (shown["stages"][0]["gates"]
        .as_array()
        .expect("gates")
        .iter())
    .filter(|gate| gate["state"] == "open")
    .collect();
    assert!(!open.is_empty());
    for gate in open {
        assert!(
            text(&error["message"]).contains(&text(&gate["id"])),
            "{error}"
        );
        assert!(!text(&gate["missing"][0]["what"]).is_empty());
    }

    let pinned = terminal.done(&["incident", "pin", &id, "2", "3", "--note", "the day before"]);
    let evidence = pinned["incident"]["evidence"].as_array().expect("evidence");
    assert_eq!(evidence.len(), 3, "{pinned:#}");
    let (code, _) = terminal.refused(&["incident", "pin", &id, "99"]);
    assert_ne!(code, 0);
    let (code, error) = terminal.refused(&["incident", "show", "INC-1999-0001"]);
    assert_eq!((code, &error["code"]), (2, &"not-found".into()));
    let (code, _) = terminal.refused(&["incident", "set", &id, "detection.nonsense", "x"]);
    assert_ne!(code, 0);
}
