//! **What it does**: a reviewer, who holds the database key and none that opens a record, writes a version of a source file
//! under which hidden fields are shown, and marks its rows as waiting to be made anew.
//! **What it wants**: that the custodian's next command, whichever it is, opens the sealed records and writes what stands in
//! them into rows that the reviewer reads.
//! **What stops it**: source files, waiting marks and which imports are read as which are obeyed only as a signed entry
//! states them; the custodian's open is refused before a row is made, and `fsck` opens what does not open to say why.
//! Seen before: the next `search` of the custodian showed every identity, and `fsck` was green after the file was removed.

use muniment_tests::programs::{SECOND_PASSPHRASE, Terminal};
use rusqlite::params;
use serde_json::{Value, json};

use super::reviewer::{database, refused_and_named, workspace};
use crate::workspace::place::findings;

const WAITING: &str = "vault/rows-waiting";

/// `enigm-key`, with the holder's account shown as it is.
fn weaker() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../schemas/sources/enigm-key.json"
    );
    let mut file: Value =
        serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    file["x-source"]["version"] = json!(99);
    let account = &mut file["properties"]["subject"]["properties"]["account"];
    assert!(account.is_object(), "the declared field");
    account["x-class"] = json!("C0");
    account["x-type"] = json!("word");
    let account = account.as_object_mut().expect("an object");
    account.remove("x-handle-domain");
    serde_json::to_vec(&file).expect("JSON")
}

fn plant(terminal: &Terminal) {
    let body = weaker();
    let digest = evidence::Hash::sha256(&body);
    let db = database(terminal);
    db.execute(
        "INSERT INTO source_file (id, version, digest, body, reason, actor, at_us)
         VALUES ('enigm-key', 99, ?, ?, NULL, 'C-AAAAA', 1)",
        params![digest.0, body],
    )
    .expect("planted");
    mark(terminal);
}

fn mark(terminal: &Terminal) {
    database(terminal)
        .execute(
            "INSERT INTO setting (name, value) VALUES (?1, '[\"enigm-key\"]')
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [WAITING],
        )
        .expect("marked");
}

/// What the reviewer finds of the names that stand in the records.
fn seen(terminal: &Terminal) -> bool {
    let output = terminal
        .command(&["--json", "search"])
        .env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE)
        .output()
        .expect("muniment starts");
    let rows: i64 = database(terminal)
        .query_row(
            "SELECT count(*) FROM event WHERE instr(CAST(fields AS BLOB), CAST('ACC-4711' AS BLOB)) > 0",
            [],
            |row| row.get(0),
        )
        .expect("rows");
    let texts: i64 = database(terminal)
        .query_row(
            "SELECT count(*) FROM text WHERE text LIKE 'ACC-%'",
            [],
            |row| row.get(0),
        )
        .expect("texts");
    rows + texts > 0 || String::from_utf8_lossy(&output.stdout).contains("ACC-4711")
}

/// A record that names an account.
fn with_account(terminal: &Terminal) {
    let line = r#"{"type":"key.provisioned","id":"00000000-0000-4000-8000-000000000099","time":"2026-11-02T04:00:00Z","outcome":"accepted","subject":{"key":"EK-9","account":"ACC-4711"}}"#;
    std::fs::write(terminal.home.join("account.ndjson"), format!("{line}\n")).expect("written");
    let origin = "log.example/accounts";
    terminal.done(&["keygen", "--origin", origin, "-o", "account.key"]);
    let seal = [
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        origin,
        "--key",
        "account.key",
    ];
    terminal.done(&[&seal[..], &["account.ndjson", "-o", "account.zip"]].concat());
    assert_eq!(terminal.done(&["import", "account.zip"])["total"], 1);
}

#[test]
fn a_source_file_that_nobody_signed_shows_nothing() {
    let (_dir, terminal) = workspace();
    with_account(&terminal);
    assert!(!seen(&terminal), "hidden at first");
    plant(&terminal);
    refused_and_named(&terminal, &["search"], "source file enigm-key 99");
    assert!(!seen(&terminal), "no row was made by it");
    // Taken away again, it leaves the mark, which nobody signed either.
    database(&terminal)
        .execute("DELETE FROM source_file WHERE version = 99", [])
        .expect("removed");
    let (_, error) = terminal.refused(&["search"]);
    assert!(
        error["message"]
            .as_str()
            .unwrap_or_default()
            .contains(WAITING),
        "{error}"
    );
    database(&terminal)
        .execute("DELETE FROM setting WHERE name = ?", [WAITING])
        .expect("removed");
    terminal.done(&["search"]);
    assert_eq!(findings(&terminal), Vec::<String>::new());
}

#[test]
fn rows_wait_only_because_somebody_signed_for_it() {
    let (_dir, terminal) = workspace();
    mark(&terminal);
    refused_and_named(&terminal, &["search"], WAITING);
}

#[test]
fn an_import_is_read_as_what_a_custodian_said() {
    let (_dir, terminal) = workspace();
    database(&terminal)
        .execute(
            "INSERT INTO source_import (import, source) VALUES (1, 'cloudtrail')",
            [],
        )
        .expect("planted");
    refused_and_named(&terminal, &["search"], "source of import 1");
}
