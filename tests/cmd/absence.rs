//! A search that finds nothing shows absence only where everything that was asked for could be seen in every source that it
//! covers, and says where not.

use muniment_tests::programs::Terminal;

use super::given::{RECORD, key, packet, put, seal, terminal, text};

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
    let (_dir, terminal) = terminal();
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

    let packet = packet(&terminal, &id, "internal-audit", "out.zip");
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
