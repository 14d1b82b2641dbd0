//! **What it does**: a reviewer writes that an event was told before, so that the file that tells it brings no row of it; or
//! that an unproven record is told by a file that a manifest lists.
//! **What it wants**: that a deed is not seen, or counts as proven.
//! **What stops it**: what is known again is bound to its row by a key below the originals key, which a reviewer does not
//! hold; and which records tell what again is stated with their segment.

use muniment_tests::folders::copy;
use muniment_tests::programs::Terminal;
use serde_json::json;

use super::reviewer::{database, kept, put_back};
use crate::workspace::place::findings;

fn event(n: u32, name: &str) -> String {
    json!({
        "awsRegion": "eu-west-1", "eventID": format!("7ad0c5f1-2a8e-4c7d-9a6b-{n:012}"), "eventName": name,
        "eventSource": "cloudtrail.amazonaws.com", "eventTime": "2026-10-02T03:00:00Z", "eventType": "AwsApiCall",
        "eventVersion": "1.08", "recipientAccountId": "111122223333",
    })
    .to_string()
}

fn total(terminal: &Terminal, query: &str) -> u64 {
    (terminal.done(&["search", query])["total"].as_u64()).expect("a total")
}

#[test]
fn nothing_planted_hides_an_event_or_raises_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let file =
        |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    file("one.json", &event(1, "DescribeTrails"));
    file(
        "two.json",
        &format!(
            "{}\n{}",
            event(2, "DeleteTrail"),
            event(1, "DescribeTrails")
        ),
    );
    file("later.json", &event(2, "DeleteTrail"));
    terminal.done(&["init", "--second-role", "reviewer"]);
    terminal.done(&["import", "one.json"]);
    terminal.done(&["import", "two.json"]);
    assert_eq!(total(&terminal, ""), 2);
    let honest = kept(&terminal);

    // The mark of the deed, moved to the row of the harmless event; and every mark, moved to every row.
    for sql in [
        "UPDATE event_identity SET seq = (SELECT min(seq) FROM event_identity)",
        "UPDATE event_identity SET seq = (SELECT max(seq) FROM event_identity)",
        "UPDATE event_identity SET content = (SELECT content FROM event_identity ORDER BY seq LIMIT 1)
         WHERE seq = (SELECT max(seq) FROM event_identity)",
        "UPDATE event_identity SET bound = zeroblob(16)",
        "DELETE FROM event_identity",
    ] {
        let elsewhere = tempfile::tempdir().expect("a folder");
        copy(dir.path(), elsewhere.path());
        let terminal = Terminal::new(elsewhere.path());
        let db = database(&terminal);
        // What a planted row cannot be is ignored by SQLite as well.
        let _ = db.execute_batch(sql);
        drop(db);
        terminal.done(&["import", "later.json"]);
        let deeds = total(&terminal, "DeleteTrail");
        assert!(deeds >= 1, "{sql}: {deeds}");
        let seqs = terminal.done(&["search", "DeleteTrail"]);
        for row in seqs["rows"].as_array().expect("rows") {
            let shown = terminal.done(&["show", &row["seq"].to_string()]);
            assert_eq!(shown["row"]["action"], "DeleteTrail", "{sql}");
        }
    }

    for sql in [
        "UPDATE retold SET seq = (SELECT max(seq) FROM event)",
        "UPDATE retold SET same = 0",
        "UPDATE retold SET leaf = (SELECT leaf FROM event ORDER BY seq LIMIT 1)",
        "UPDATE retold SET log_index = log_index + 1",
        "DELETE FROM retold",
        "INSERT INTO retold SELECT segment, log_index + 7, seq, same, leaf FROM retold",
    ] {
        put_back(&terminal, &honest);
        let db = database(&terminal);
        db.execute_batch(sql).expect(sql);
        drop(db);
        let opened = terminal.run(&["search"]);
        assert!(!opened.status.success(), "{sql}");
        assert!(!findings(&terminal).is_empty(), "{sql}");
    }
    put_back(&terminal, &honest);
    assert_eq!(total(&terminal, ""), 2);
}
