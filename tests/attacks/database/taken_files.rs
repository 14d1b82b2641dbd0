//! **What it does**: a reviewer deletes the rows that say which sealed files there are, and with them those that refer to the
//! files.
//! **What it wants**: that the next open takes the originals for leftovers of a killed run, and removes them.
//! **What stops it**: a file that a stated row refers to is never removed, and none is while such a row is missing or changed.
//! Seen before: the next open removed the originals of every import.

use std::path::PathBuf;

use super::reviewer::{database, kept, put_back, workspace};
use crate::workspace::place::{below, findings};

#[test]
fn an_original_whose_rows_are_gone_stays() {
    let (_dir, terminal) = workspace();
    let files = || -> Vec<PathBuf> {
        let all = below(&terminal.workspace.join("sealed"));
        all.into_iter().filter(|path| path.is_file()).collect()
    };
    let (honest, there) = (kept(&terminal), files());
    assert!(there.len() > 2, "{there:?}");
    for sql in [
        "DELETE FROM sealed",
        "DELETE FROM sealed; DELETE FROM quarantine",
        "DELETE FROM sealed; DELETE FROM segment; DELETE FROM import",
        "DELETE FROM sealed; UPDATE quarantine SET sealed = 'another'",
    ] {
        put_back(&terminal, &honest);
        let db = database(&terminal);
        db.execute_batch("PRAGMA foreign_keys = OFF").expect("off");
        db.execute_batch(sql).expect(sql);
        drop(db);
        // An open, whatever it says.
        let _ = terminal.run(&["search"]);
        assert_eq!(files(), there, "{sql}");
        let found = findings(&terminal);
        assert!(!found.is_empty(), "{sql}");
        assert_eq!(files(), there, "{sql}");
    }
    put_back(&terminal, &honest);
    assert_eq!(findings(&terminal), Vec::<String>::new());
}
