//! **What it does**: a reviewer changes what is derived from sealed records: an outcome is flipped, the handles of two keys
//! are exchanged, a record's time is moved, an exposure is forgotten, a row is made to stand for another record.
//! **What it wants**: that people see, search and decide by it. Rows are many and no entry states each of them.
//! **What stops it**: `fsck` makes every row anew from its sealed record and names each that is otherwise.
//! Seen before: `fsck` was green after every one of these.

use super::reviewer::{database, kept, put_back, workspace};
use crate::workspace::place::findings;

const WAYS: [(&str, &str); 7] = [
    (
        "UPDATE event SET outcome = (SELECT outcome FROM event WHERE outcome IS NOT NULL LIMIT 1) + 1000000
         WHERE seq = (SELECT max(seq) FROM event)",
        "missing or cannot be read",
    ),
    (
        "UPDATE event SET outcome = action WHERE seq = (SELECT min(seq) FROM event WHERE outcome IS NOT NULL)",
        "its outcome",
    ),
    (
        "UPDATE event SET occurred_us = occurred_us + 1 WHERE occurred_us IS NOT NULL",
        "its times",
    ),
    (
        "UPDATE subject SET handle = (SELECT handle FROM subject AS other WHERE other.number <> subject.number
           AND other.domain = subject.domain LIMIT 1)",
        "what it shows of a field",
    ),
    (
        "UPDATE subject SET mac = NULL, handle = NULL, erased_us = 1",
        "what it shows of a field",
    ),
    (
        "UPDATE event SET fields = (SELECT fields FROM event AS other WHERE other.seq <> event.seq
           AND other.action = event.action LIMIT 1)",
        "what it shows of a field",
    ),
    (
        "INSERT INTO exposure (seq, path, kind) SELECT max(seq), '/planted', 'password' FROM event",
        "its exposures",
    ),
];

#[test]
fn a_row_that_is_not_as_its_record_makes_it_is_named() {
    let (_dir, terminal) = workspace();
    assert_eq!(findings(&terminal), Vec::<String>::new());
    let honest = kept(&terminal);
    for (sql, said) in WAYS {
        put_back(&terminal, &honest);
        let changed = database(&terminal).execute(sql, []).expect(sql);
        assert!(changed > 0, "{sql} changes nothing");
        let findings = findings(&terminal);
        let named = |f: &String| f.contains("shown rows") && f.contains(said);
        assert!(findings.iter().any(named), "{sql}: {findings:#?}");
    }
}
