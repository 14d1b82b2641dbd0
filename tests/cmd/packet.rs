//! A packet's way: planned, written, signed by a second member, and checked by a reader who says who must have signed.

use muniment_tests::programs::SECOND_PASSPHRASE;
use serde_json::{Value, json};

use super::given::{exports, key, put, terminal, text};

#[test]
fn a_reviewer_signs_beside_the_preparer_and_a_reader_asks_for_both() {
    let (dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[4]);
    let created = terminal.done(&["init"]);
    let reviewer = text(&created["workspace"]["members"][1]["id"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);
    let opened = terminal.done(&["incident", "open", "A look", "--pin", "1"]);
    let id = text(&opened["row"]["id"]);
    let plan = terminal.done(&["packet", "plan", &id, "--audience", "internal-audit"]);
    let digest = text(&plan["digest"]);
    let mut write = vec!["packet", "write", &id, "--audience", "internal-audit"];
    write.extend(["--approve", &digest, "-o", "one.zip"]);
    terminal.done(&write);

    // What a reader gets by another way than the packet, with what they themselves ask for.
    terminal.done(&["packet", "keys", "-o", "keys.json"]);
    let keys = std::fs::read(dir.path().join("keys.json")).expect("the keys");
    let mut asking: Value = serde_json::from_slice(&keys).expect("JSON");
    asking["require"] = json!([{ "role": "custodian" }, { "role": "reviewer" }]);
    put(&terminal, "asking.json", asking.to_string().as_bytes());
    let verified = terminal.done(&["verify", "one.zip", "--trust", "keys.json"]);
    assert_eq!(
        (&verified["outcome"], &verified["trusted"]),
        (&json!("passed"), &json!(true))
    );
    // The fingerprint that the preparer reads out is enough for who signed, in any spelling; another one is not.
    let unknown = terminal.json(&["verify", "one.zip"]);
    assert_eq!(
        (unknown.0, &unknown.1["outcome"]),
        (3, &json!("not-trusted"))
    );
    let custody = terminal.done(&["custody"]);
    let members = custody["members"].as_array().expect("members");
    let preparer = members.iter().find(|one| one["role"] == "custodian");
    let fingerprint = text(&preparer.expect("the custodian")["fingerprint"]);
    let grouped: Vec<&str> = (0..8).map(|n| &fingerprint[n * 8..][..8]).collect();
    for spelt in [
        fingerprint.clone(),
        format!("SHA256 {}", grouped.join(" ").to_uppercase()),
    ] {
        let verified = terminal.done(&["verify", "one.zip", "--trust", &spelt]);
        assert_eq!(verified["trusted"], json!(true), "{spelt}");
    }
    put(
        &terminal,
        "lines.txt",
        format!("# who signs\n{fingerprint}\n{vkey}\n").as_bytes(),
    );
    let verified = terminal.done(&["verify", "one.zip", "--trust", "lines.txt"]);
    assert_eq!(verified["outcome"], json!("passed"));
    let other = "ab".repeat(32);
    let (code, report) = terminal.json(&["verify", "one.zip", "--trust", &other]);
    assert_eq!((code, &report["trusted"]), (3, &json!(false)), "{report}");
    // An export carries no keys.
    let (code, error) = terminal.refused(&["verify", "1.zip", "--trust", &fingerprint]);
    assert_eq!(code, 2, "{error}");

    let (code, report) = terminal.json(&["verify", "one.zip", "--trust", "asking.json"]);
    assert_eq!((code, &report["outcome"]), (1, &json!("failed")));
    assert!(report.to_string().contains("signature-required"));

    // Nobody signs twice, or a packet that was changed, or over a file that is there.
    assert_eq!(
        terminal
            .refused(&["packet", "sign", "one.zip", "-o", "x.zip"])
            .0,
        1
    );
    let as_reviewer = |arguments: &[&str]| {
        terminal
            .command(&[&["--json", "--member", reviewer.as_str()], arguments].concat())
            .env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE)
            .output()
            .expect("muniment starts")
    };
    let mut changed = std::fs::read(dir.path().join("one.zip")).expect("the packet");
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    put(&terminal, "changed.zip", &changed);
    for wrong in [["changed.zip", "x.zip"], ["one.zip", "keys.json"]] {
        let output = as_reviewer(&["packet", "sign", wrong[0], "-o", wrong[1]]);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
    }
    assert!(!dir.path().join("x.zip").exists());
    let output = as_reviewer(&["packet", "sign", "one.zip", "-o", "both.zip"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let verified = terminal.done(&["verify", "both.zip", "--trust", "asking.json"]);
    assert_eq!(verified["outcome"], "passed");
    let custody = terminal.done(&["custody", "packet.signed"]);
    assert_eq!(
        (&custody["total"], &custody["entries"][0]["actor"]),
        (&json!(1), &json!(reviewer))
    );
}
