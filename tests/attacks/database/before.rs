//! **What it does**: a workspace that an earlier version wrote states none of its rows; whoever writes to it before a
//! custodian opens it writes what is adopted.
//! **What it wants**: a planted row to become a stated one.
//! **What stops it**: what the ledger said something of already (policies, source files, incidents) is compared before
//! anything is adopted; the rest is adopted with a word to the custodian, once. From then on it is as in the other files.

use std::path::Path;

use muniment_tests::opened;
use muniment_tests::programs::{PASSPHRASE, Terminal};

use crate::workspace::place::{copy, findings};

fn older(home: &Path) -> Terminal {
    let terminal = Terminal::new(home);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("before/keyring-v1");
    copy(&committed, &terminal.workspace);
    terminal
}

#[test]
fn a_custodian_adopts_the_rows_of_before_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = older(dir.path());
    assert_eq!(terminal.done(&["search"])["total"], 1);
    let adopted = |terminal: &Terminal| {
        let custody = terminal.done(&["custody"]);
        let entries = custody["entries"].as_array().expect("entries").clone();
        (entries.iter())
            .filter(|e| e["kind"] == "ledger.adopted")
            .count()
    };
    assert_eq!(adopted(&terminal), 1);
    assert_eq!(findings(&terminal), Vec::<String>::new());
    assert_eq!(adopted(&terminal), 1);
}

/// What is written into a workspace of before, and the row that its open names.
const PLANTED: [(&str, &str); 4] = [
    (
        "INSERT INTO incident (id, version, state, opened_us, changed_us)
         VALUES ('INC-2026-0001', 1, '{}', 1, 1);
         INSERT INTO incident_event (incident, version, epoch, idx, event)
         VALUES ('INC-2026-0001', 1, 1, 1, '{\"type\":\"closed\"}');",
        "incident INC-2026-0001",
    ),
    (
        "INSERT INTO incident (id, version, state, opened_us, changed_us)
         VALUES ('INC-2026-0002', 0, '{}', 1, 1);",
        "incident INC-2026-0002",
    ),
    (
        "INSERT INTO incident_event (incident, version, epoch, idx, event)
         VALUES ('INC-2026-0003', 1, 1, 1, '{}');",
        "incident INC-2026-0003",
    ),
    (
        "UPDATE member SET role = 'custodian' WHERE id = 'R-IYSKR';",
        "member R-IYSKR",
    ),
];

#[test]
fn what_the_ledger_says_otherwise_is_not_adopted() {
    for (written, named) in PLANTED {
        let dir = tempfile::tempdir().expect("a folder");
        let terminal = older(dir.path());
        let key = opened::key(&terminal.workspace, PASSPHRASE, "database");
        opened::database(&terminal.workspace, &key)
            .execute_batch(written)
            .expect("written");
        let (code, error) = terminal.refused(&["search"]);
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(named), "{code} {message}");
    }
}
