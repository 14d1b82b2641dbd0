//! **What it does**: a reviewer rewrites, or adds, a row of each table that decides something.
//! **What it wants**: a key of their own trusted, another role, a file out of quarantine, an export that counts as signed, an
//! incident past its gate, other evidence.
//! **What stops it**: each row is obeyed only at the digest that the last signed entry states, compared in the very read
//! that uses it. Seen before: every one of these was obeyed, and `fsck` named the policies only.

use super::reviewer::{database, kept, put_back, refused_and_named, workspace};

/// What is written, a command that reads it, and how the row is named.
const WAYS: [(&str, &[&str], &str); 15] = [
    (
        "UPDATE trust SET policy = replace(policy, 'log.example', 'log.EXAMPLE')",
        &["trust", "list"],
        "trust policy log.example/enigm-key 1",
    ),
    (
        "INSERT INTO trust SELECT 'log.example/planted', version, policy, at_us FROM trust",
        &["trust", "list"],
        "trust policy log.example/planted 1",
    ),
    (
        "INSERT INTO cloudtrail_trust (trail, version, policy, at_us)
         VALUES ('planted', 1, '{}', 1)",
        &["sources"],
        "policy of trail planted 1",
    ),
    (
        "INSERT INTO setting (name, value) VALUES ('idle-minutes', '240')",
        &["fsck-only"],
        "setting idle-minutes",
    ),
    (
        "UPDATE setting SET value = '2' WHERE name = 'visible_seq'",
        &["search"],
        "setting visible_seq",
    ),
    (
        "UPDATE member SET role = 'custodian' WHERE role = 'reviewer'",
        &["custody"],
        "member",
    ),
    (
        "UPDATE quarantine SET state = 'released'",
        &["quarantine", "list"],
        "quarantined file 1",
    ),
    (
        "UPDATE quarantine SET name = 'PLANTED'",
        &["quarantine", "show", "1"],
        "quarantined file 1",
    ),
    (
        "UPDATE import SET records = records - 1 WHERE id = 1",
        &["sources"],
        "import 1",
    ),
    (
        "UPDATE segment SET signers = '[\"PLANTED\"]'",
        &["search"],
        "segment",
    ),
    (
        "UPDATE segment_run SET first_seq = first_seq + 1",
        &["search"],
        "rows of segment",
    ),
    (
        "UPDATE note SET signers = '[\"PLANTED\"]'",
        &["fsck-only"],
        "checkpoint of log.example/enigm-key",
    ),
    (
        "UPDATE incident SET state = replace(state, 'detection', 'assessment')",
        &["incident", "show", "INC-2026-0001"],
        "incident INC-2026-0001",
    ),
    (
        "UPDATE incident_event SET event = replace(event, 'missing', 'PLANTED')",
        &["incident", "show", "INC-2026-0001"],
        "event 1 of INC-2026-0001",
    ),
    (
        "UPDATE evidence SET body = replace(body, 'heartbeat', 'PLANTED')",
        &["incident", "show", "INC-2026-0001"],
        "evidence of INC-2026-0001",
    ),
];

#[test]
fn a_rewritten_row_is_refused_when_it_is_used() {
    let (_dir, terminal) = workspace();
    let honest = kept(&terminal);
    let year = chrono::Utc::now().format("INC-%Y-0001").to_string();
    for (sql, command, row) in WAYS {
        put_back(&terminal, &honest);
        let changed = database(&terminal).execute(sql, []).expect(sql);
        assert!(changed > 0, "{sql} changes nothing");
        let this_year = |text: &str| text.replace("INC-2026-0001", &year);
        let command: Vec<String> = command.iter().map(|word| this_year(word)).collect();
        let mut command: Vec<&str> = command.iter().map(String::as_str).collect();
        if command == ["fsck-only"] {
            // The window reads it; the command line names it.
            let findings = crate::workspace::place::findings(&terminal);
            assert!(
                findings.iter().any(|f| f.contains(row)),
                "{sql}: {findings:#?}"
            );
            continue;
        }
        command.truncate(8);
        refused_and_named(&terminal, &command, &this_year(row));
    }
    put_back(&terminal, &honest);
    terminal.done(&["search"]);
    assert_eq!(
        crate::workspace::place::findings(&terminal),
        Vec::<String>::new()
    );
}
