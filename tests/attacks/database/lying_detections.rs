//! **What it does**: a reviewer plants a detection candidate, takes one away, or changes what is remembered of a subject's life.
//! **What it wants**: that responders run after what never happened, or do not see what did.
//! **What stops it**: candidates are derived; `fsck` makes lives and candidates anew from the records, says what was otherwise, and
//! leaves the right ones. Seen before: `fsck` was green after every one of these.

use muniment_tests::programs::Terminal;
use serde_json::json;

use super::reviewer::{database, kept, put_back};
use crate::workspace::place::{ORIGIN, findings};

const WAYS: [(&str, &str); 4] = [
    (
        "INSERT INTO detection (id, kind, rule, scope, life, subject, at_us, seq, body)
         SELECT 'planted', kind, rule, scope, life, subject, at_us, seq, body FROM detection LIMIT 1",
        "1 detection candidates",
    ),
    ("DELETE FROM detection", "1 detection candidates"),
    (
        "UPDATE life_now SET state = 'planted'",
        "the states of subjects",
    ),
    (
        "DELETE FROM life_step",
        "which records took part in the lives of subjects",
    ),
];

#[test]
fn what_is_not_as_the_records_make_it_is_named_and_made_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    // A key that was revoked, and was used afterwards.
    let line = |n: u32, kind: &str| {
        json!({
            "type": kind, "id": format!("00000000-0000-4000-8000-{n:012}"),
            "time": format!("2026-11-02T03:{n:02}:00Z"), "outcome": "accepted",
            "subject": {"key": "EK-1"},
        })
    };
    let lines = [
        line(1, "key.activated"),
        line(5, "key.revoked"),
        line(9, "key.activated"),
    ];
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    std::fs::write(dir.path().join("in.ndjson"), lines.join("\n")).expect("written");
    terminal.done(&["keygen", "--origin", ORIGIN, "-o", "k"]);
    terminal.done(&[
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        ORIGIN,
        "--key",
        "k",
        "in.ndjson",
        "-o",
        "in.zip",
    ]);
    terminal.done(&["init", "--second-role", "reviewer"]);
    terminal.done(&["import", "in.zip"]);
    let told = terminal.done(&["detections", "list"]);
    assert_eq!(findings(&terminal), Vec::<String>::new());
    let honest = kept(&terminal);
    for (sql, said) in WAYS {
        put_back(&terminal, &honest);
        let changed = database(&terminal).execute(sql, []).expect(sql);
        assert!(changed > 0, "{sql} changes nothing");
        let found = findings(&terminal);
        assert!(
            found.len() == 1
                && found[0].contains("lives and detections")
                && found[0].contains(said),
            "{sql}: {found:#?}"
        );
        assert_eq!(terminal.done(&["detections", "list"]), told, "{sql}");
        assert_eq!(findings(&terminal), Vec::<String>::new(), "{sql}");
    }
}
