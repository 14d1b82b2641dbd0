//! A message is approved only where nothing in its text is a secret or what the evidence hides; the program looks for itself.

use muniment_tests::programs::{SECOND_PASSPHRASE, Terminal};
use serde_json::{Value, json};

use super::given::{RECORD, key, put, seal, terminal, text};

fn draft(terminal: &Terminal, id: &str, what: &str, message: &str) {
    let item = json!({ "audience": "authorities", "subject": "A key", "text": message });
    terminal.done(&["incident", "set", id, what, &item.to_string()]);
}

fn approved(terminal: &Terminal, id: &str, member: &str) -> (i32, Value) {
    let output = terminal
        .command(&["--json", "incident", "approve", id, "C1", "--as", member])
        .env("MUNIMENT_SECOND_PASSPHRASE", SECOND_PASSPHRASE)
        .output()
        .expect("muniment starts");
    let said = if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    };
    let said = serde_json::from_slice(said).expect("JSON");
    (output.status.code().unwrap_or(-1), said)
}

#[test]
fn a_text_that_says_what_the_evidence_hides_is_not_approved() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    put(&terminal, "1.ndjson", format!("{RECORD}\n").as_bytes());
    terminal.done(&seal("1.ndjson", "1.zip"));
    let created = terminal.done(&["init"]);
    let second = text(&created["workspace"]["members"][1]["id"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);
    let opened = terminal.done(&["incident", "open", "A key", "--pin", "1"]);
    let id = text(&opened["row"]["id"]);
    draft(&terminal, &id, "communications+", "A first draft.");
    for message in [
        "The account M.Lind@example.org was used.",
        "Serial EKS-9X-00417 is lost.",
        "Log in with password=correcthorsebattery9",
    ] {
        draft(&terminal, &id, "communications/C1", message);
        let (code, error) = approved(&terminal, &id, &second);
        assert_eq!((code, &error["code"]), (1, &json!("refused")), "{message}");
        let said = text(&error["message"]);
        assert!(said.contains("C1 has 1 mark"), "{said}");
        assert!(!said.contains("Lind") && !said.contains("417"), "{said}");
    }
    draft(
        &terminal,
        &id,
        "communications/C1",
        "One key of ours, EK-20417, was lost.",
    );
    let (code, said) = approved(&terminal, &id, &second);
    assert_eq!(code, 0, "{said}");
}
