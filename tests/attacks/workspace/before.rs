//! **What it does**: as in `key_ring`, with a workspace that an earlier version wrote: its ring is of base mode, and no entry states it.
//! **What it wants**: to be the one who is there before the ring is stated.
//! **What stops it**: only a custodian's open states a ring of before, and only one that this program could have made: the members that the
//! ledger knows, one generation of each key, an originals key that opens what is sealed. Until then nobody else is given a
//! key of it. What nobody can check is that its handles key is the one it always was. Seen before: as in `key_ring`.

use std::path::Path;

use muniment_tests::opened;
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};
use serde_json::json;

use super::place::{copy, findings, read, said, sealed_export};

fn older(home: &Path) -> Terminal {
    let terminal = Terminal::new(home);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("before/keyring-v1");
    copy(&committed, &terminal.workspace);
    terminal
}

fn as_responder(terminal: &Terminal, arguments: &[&str]) -> (bool, String) {
    let output = terminal
        .command(arguments)
        .env("MUNIMENT_PASSPHRASE", SECOND_PASSPHRASE)
        .output()
        .expect("muniment starts");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), error)
}

#[test]
fn a_workspace_of_before_opens_and_a_custodian_states_its_ring() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = older(dir.path());
    let ring = terminal.workspace.join("keyring.json");
    assert_eq!(read(&ring)["format"], "muniment/keyring/v1");
    sealed_export(&terminal, "more", 2);

    // Rows can be read; nothing is sealed under keys that nobody has stated.
    assert!(as_responder(&terminal, &["search"]).0);
    let (done, error) = as_responder(&terminal, &["import", "more.zip"]);
    assert!(
        !done && error.contains("no entry of the custody ledger states"),
        "{error}"
    );
    assert_eq!(read(&ring)["format"], "muniment/keyring/v1");

    assert_eq!(terminal.done(&["search"])["total"], 1);
    assert_eq!(read(&ring)["format"], "muniment/keyring/v2");
    let custody = terminal.done(&["custody"]);
    assert!(custody.to_string().contains("ring.stated"), "{custody:#}");
    assert!(as_responder(&terminal, &["import", "more.zip"]).0);
    assert_eq!(terminal.done(&["search"])["total"], 3);
    assert_eq!(findings(&terminal), Vec::<String>::new());
}

#[test]
fn names_of_files_of_before_are_sealed() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = older(dir.path());
    let named = |terminal: &Terminal| {
        let key = opened::key(&terminal.workspace, PASSPHRASE, "database");
        let names = opened::database(&terminal.workspace, &key);
        let mut names = names.prepare("SELECT name FROM import").expect("a table");
        let names = names.query_map([], |row| row.get(0)).expect("rows");
        names.collect::<Result<Vec<String>, _>>().expect("names")
    };
    terminal.done(&["search"]);
    let kept = named(&terminal);
    assert!(!kept.is_empty());
    for name in kept {
        assert!(name.starts_with("sealed-name:"), "{name}");
    }
    // Who may read them still does.
    let imports = terminal.done(&["sources"]).to_string();
    assert!(
        imports.contains(".zip") && !imports.contains("sealed-name"),
        "{imports}"
    );
}

#[test]
fn a_ring_of_before_that_was_changed_is_not_stated() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = older(dir.path());
    let ring = terminal.workspace.join("keyring.json");
    let honest = read(&ring);
    let mut generation = honest.clone();
    let mut second = generation["identities"][0]["keys"][1].clone();
    second["generation"] = json!(2);
    generation["identities"][0]["keys"]
        .as_array_mut()
        .expect("keys")
        .push(second);
    let mut stranger = honest.clone();
    stranger["identities"][0]["id"] = json!("C-ATTCK");
    let mut left = honest.clone();
    left["identities"]
        .as_array_mut()
        .expect("identities")
        .remove(0);
    for changed in [generation, stranger, left] {
        std::fs::write(&ring, changed.to_string()).expect("written");
        let (code, error) = terminal.refused(&["search"]);
        assert_eq!(code, 2);
        assert!(said(&error).contains("keyring.json"), "{error}");
    }
    std::fs::write(&ring, honest.to_string()).expect("written");
    terminal.done(&["search"]);
}
