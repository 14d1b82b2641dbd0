//! A search that finds nothing shows absence only where everything that was asked for could be seen in every source that it
//! covers, and says where not.

use muniment_tests::programs::Terminal;
use serde_json::Value;

use super::given::{key, put, seal, terminal, text};

const RECORD: &str = r#"{"type":"key.provisioned","id":"257b4c99-710a-59eb-8c83-8025556a7aef","time":"2026-11-02T08:47:00Z","outcome":"accepted","subject":{"key":"EK-20417","account":"m.lind@example.org","serial":"EKS-9X-00417"},"key":{"model":"EK2","firmware":"2.4.1","counter":0}}"#;

fn uncovered(terminal: &Terminal, query: &str) -> Vec<(String, String)> {
    let found = terminal.done(&["search", query]);
    assert_eq!(found["total"], 0, "{query}");
    let all = found["uncovered"].as_array().expect("a list");
    all.iter()
        .map(|one| (text(&one["system"]), text(&one["why"])))
        .collect()
}

#[test]
fn nothing_found_is_absence_only_where_all_could_be_seen() {
    let (dir, terminal) = terminal();
    let vkey = key(&terminal);
    put(&terminal, "1.ndjson", format!("{RECORD}\n").as_bytes());
    terminal.done(&seal("1.ndjson", "1.zip"));
    terminal.done(&["init"]);
    let none = uncovered(&terminal, "action:key.revoked");
    assert!(
        none[0].1.contains("no record"),
        "an empty workspace shows nothing: {none:?}"
    );
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    terminal.done(&["import", "1.zip"]);

    // Record types, outcomes, handles and shown fields are seen in all of its records.
    for query in [
        "action:key.revoked",
        "outcome:refused",
        "subject:no-such-handle",
        "/key/firmware:9.9.9",
        "time:[2020-01-01 .. 2020-01-02]",
        "action:key.revoked OR outcome:refused",
    ] {
        assert_eq!(uncovered(&terminal, query), [], "{query}");
    }
    // Words and hidden fields are not.
    for (query, why) in [
        ("zebra", "not shown in words"),
        (
            "action:key.provisioned -zebra outcome:refused",
            "not shown in words",
        ),
        (
            "/subject/account:zebra",
            "it does not show /subject/account",
        ),
        ("/no/such:zebra", "it does not show /no/such"),
    ] {
        let found = uncovered(&terminal, query);
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        assert!(found[0].1.contains(why), "{query}: {found:?}");
    }
    let opened = terminal.done(&["incident", "open", "A key", "--pin", "1"]);
    let id = text(&opened["row"]["id"]);
    let save = |query: &str| {
        terminal.done(&[
            "incident",
            "save-search",
            &id,
            query,
            "--purpose",
            "security-investigation",
        ]);
    };
    save("action:key.revoked");
    save("zebra");

    // A source that nobody reads may hold it, unless the search leaves it out.
    put(&terminal, "2.ndjson", b"{\"hum\":\"zebra\"}\n");
    terminal.done(&["import", "2.ndjson"]);
    let found = uncovered(&terminal, "action:key.revoked");
    assert!(
        found.len() == 1 && found[0].1.contains("no source file"),
        "{found:?}"
    );
    assert_eq!(
        uncovered(&terminal, "system:enigm-key action:key.revoked"),
        []
    );
    save("action:key.revoked");

    let plan = terminal.done(&["packet", "plan", &id, "--audience", "internal-audit"]);
    let digest = text(&plan["digest"]);
    let mut write = vec!["packet", "write", &id, "--audience", "internal-audit"];
    write.extend(["--approve", &digest, "-o", "out.zip"]);
    terminal.done(&write);
    let bytes = std::fs::read(dir.path().join("out.zip")).expect("the packet");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a ZIP");
    let packet = zip.by_name("data/packet.json").expect("the record");
    let packet: Value = serde_json::from_reader(packet).expect("JSON");
    let said = packet.to_string();
    assert_eq!(
        said.matches("could be seen in all systems").count(),
        1,
        "{packet:#}"
    );
    assert_eq!(said.matches("It shows no absence").count(), 2);
    assert!(
        said.contains("1 of them could see every condition"),
        "{packet:#}"
    );
}
