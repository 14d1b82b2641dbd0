//! **What it does**: a workspace that an earlier version wrote states none of its rows; whoever writes to it before a
//! custodian opens it writes what is adopted.
//! **What it wants**: a planted row to become a stated one.
//! **What stops it**: what the ledger said something of already (policies, source files, incidents) is compared before
//! anything is adopted; the rest is adopted with a word to the custodian, once. From then on it is as in the other files.

use std::path::Path;

use muniment_tests::programs::Terminal;

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
