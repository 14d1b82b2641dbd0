//! **What it does**: a reviewer deletes rows that decide something: the newest version of a policy, a refusal, an import, a
//! quarantined file, evidence, an event of an incident.
//! **What it wants**: that an older policy is in force again, that something was never held, pinned or decided.
//! **What stops it**: what an entry states must be there; a read of the table that misses a row is refused.
//! Seen before: the older version was in force.

use super::reviewer::{database, kept, put_back, refused_and_named, workspace};

#[test]
fn a_row_that_is_missing_is_missed() {
    let (_dir, terminal) = workspace();
    let honest = kept(&terminal);
    let id = chrono::Utc::now().format("INC-%Y-0001").to_string();
    let show = ["incident", "show", id.as_str()];
    let ways: [(&str, &[&str], &str); 5] = [
        ("DELETE FROM trust", &["trust", "list"], "trust policy"),
        (
            "DELETE FROM quarantine",
            &["quarantine", "list"],
            "quarantined file 1",
        ),
        (
            "DELETE FROM setting WHERE name = 'visible_seq'",
            &["search"],
            "visible_seq",
        ),
        ("DELETE FROM evidence", &show, "evidence of"),
        (
            "DELETE FROM incident_event WHERE version = 2",
            &show,
            "event 2 of",
        ),
    ];
    for (sql, command, row) in ways {
        put_back(&terminal, &honest);
        let db = database(&terminal);
        db.execute_batch("PRAGMA foreign_keys = OFF").expect("off");
        assert!(db.execute(sql, []).expect(sql) > 0, "{sql} removes nothing");
        drop(db);
        refused_and_named(&terminal, command, row);
    }
}
