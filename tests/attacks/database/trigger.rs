//! **What it does**: a reviewer leaves a trigger in the database that writes a row whenever somebody with another role does
//! something; and rewrites a row just before the custodian changes it.
//! **What it wants**: that the custodian's own act states what the reviewer wrote.
//! **What stops it**: triggers that stand in the database do not run in our connection, and a row that an act changes must
//! have been as stated before. Seen before: the trigger wrote a source file with the custodian's next act.

use super::reviewer::{database, workspace};

#[test]
fn nobody_signs_for_what_somebody_else_writes() {
    let (_dir, terminal) = workspace();
    database(&terminal)
        .execute_batch(
            "CREATE TRIGGER planted AFTER INSERT ON ledger BEGIN
               INSERT INTO setting (name, value) VALUES ('planted', '1') ON CONFLICT DO NOTHING;
             END",
        )
        .expect("planted");
    // An act like any other.
    terminal.done(&["incident", "open", "Another"]);
    let rows: i64 = database(&terminal)
        .query_row(
            "SELECT count(*) FROM setting WHERE name = 'planted'",
            [],
            |row| row.get(0),
        )
        .expect("a count");
    assert_eq!(rows, 0, "the trigger did not run");
    let findings = crate::workspace::place::findings(&terminal);
    assert!(
        findings.iter().any(|f| f.contains("trigger")),
        "{findings:#?}"
    );

    database(&terminal)
        .execute_batch("DROP TRIGGER planted")
        .expect("removed");
    database(&terminal)
        .execute(
            "UPDATE setting SET value = '0' WHERE name = 'visible_seq'",
            [],
        )
        .expect("rewritten");
    let (_, error) = terminal.refused(&["import", "1.zip"]);
    assert_eq!(error["code"], "not-stated", "{error}");
}
