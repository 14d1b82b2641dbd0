//! Continuity and trust: gaps are named, heal in any order, and keys pinned late decide at once.

use muniment_tests::programs::Terminal;
use serde_json::{Value, json};

use super::given::{ORIGIN, exports, key, lines, put, seal, terminal, text};

/// What `sources` says of the log that the tests seal.
fn origin(terminal: &Terminal) -> Value {
    let sources = terminal.done(&["sources"]);
    let found = (sources["origins"].as_array().expect("origins").iter())
        .find(|origin| origin["origin"] == ORIGIN)
        .unwrap_or_else(|| panic!("{ORIGIN} is not in {sources:#}"));
    found.clone()
}

fn stretches(origin: &Value) -> Vec<(String, u64, u64)> {
    (origin["band"].as_array().expect("a band").iter())
        .map(|part| {
            let number = |name: &str| part[name].as_u64().expect("an index");
            (text(&part["state"]), number("first"), number("last"))
        })
        .collect()
}

fn covered(first: u64, last: u64) -> (String, u64, u64) {
    ("covered".into(), first, last)
}

/// A facet of everything as (value, total).
fn facet(terminal: &Terminal, field: &str) -> (u64, Vec<(String, u64)>) {
    let found = terminal.done(&["search", "--limit", "1", "--facet", field]);
    let values = found["facets"][0]["values"].as_array().expect("values");
    let values = values
        .iter()
        .map(|value| {
            (
                text(&value["value"]),
                value["total"].as_u64().expect("a total"),
            )
        })
        .collect();
    (found["total"].as_u64().expect("a total"), values)
}

#[test]
fn a_gap_is_named_and_heals_whatever_the_order() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[20, 15, 10]);
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);

    // First and third: what is between them is missing, and said by its indices.
    let report = terminal.done(&["import", "1.zip", "3.zip"]);
    assert_eq!(report["total"], 30);
    let verdicts: Vec<String> = (report["files"].as_array().expect("files").iter())
        .map(|file| text(&file["verdict"]))
        .collect();
    assert_eq!(verdicts, ["extends", "gap"]);
    let with_gap = origin(&terminal);
    assert_eq!(with_gap["verdict"], "gap");
    assert_eq!(with_gap["words"], "gap 20 to 34");
    assert_eq!(
        stretches(&with_gap),
        [covered(0, 20), ("gap".into(), 20, 35), covered(35, 45)]
    );
    assert_eq!(terminal.done(&["search", "verdict:gap"])["total"], 10);

    // The same bytes again are recognised.
    let again = terminal.done(&["import", "3.zip"]);
    assert_eq!(again["total"], 0);
    assert_eq!(again["files"][0]["outcome"], "already imported");

    // The second fills it; the third is judged anew without being read again.
    let report = terminal.done(&["import", "2.zip"]);
    assert_eq!(report["total"], 15);
    let healed = origin(&terminal);
    assert_eq!(healed["verdict"], "extends");
    assert_eq!(
        stretches(&healed),
        [covered(0, 20), covered(20, 35), covered(35, 45)]
    );
    assert_eq!(
        (&healed["records"], &healed["anchored"]),
        (&json!(45), &json!(true))
    );
    assert_eq!(
        facet(&terminal, "verdict"),
        (45, vec![("extends".into(), 45)])
    );
    assert_eq!(terminal.done(&["fsck"])["ok"], true);

    // Any other order ends in the same.
    let other = Terminal {
        home: terminal.home.clone(),
        workspace: terminal.home.join("other"),
    };
    other.done(&["init"]);
    other.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    let report = other.done(&["import", "3.zip", "2.zip", "1.zip"]);
    assert_eq!(report["total"], 45);
    assert_eq!(origin(&other), healed);
}

#[test]
fn a_key_pinned_after_the_import_decides_it_without_reading_it_again() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    exports(&terminal, &[12]);
    terminal.done(&["init"]);
    assert_eq!(terminal.done(&["trust", "list"])["total"], 0);

    let report = terminal.done(&["import", "1.zip"]);
    assert_eq!(report["total"], 12);
    assert_eq!(report["files"][0]["verdict"], "pending");
    assert_eq!(report["files"][0]["assurance"], "unproven");
    assert_eq!(origin(&terminal)["verdict"], "pending");
    assert_eq!(
        facet(&terminal, "assurance"),
        (12, vec![("unproven".into(), 12)])
    );

    // A key of the same name that did not sign it changes nothing.
    let other = terminal.done(&["keygen", "--origin", ORIGIN, "-o", "other.json"]);
    terminal.done(&[
        "trust",
        "add",
        &text(&other["vkey"]),
        "--schema",
        "enigm-key",
    ]);
    assert_eq!(
        facet(&terminal, "assurance"),
        (12, vec![("unproven".into(), 12)])
    );

    let pinned = terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    assert_eq!(pinned["origins"], serde_json::json!([ORIGIN]));
    let trust = terminal.done(&["trust", "list"]);
    assert_eq!(trust["total"], 2);
    let pinned = (trust["keys"].as_array().expect("keys").iter())
        .find(|pinned| pinned["vkey"] == vkey.as_str())
        .expect("the key is listed");
    assert_eq!(pinned["origin"], ORIGIN);
    assert_eq!(text(&pinned["fingerprint"]).len(), 64, "the full SHA-256");

    assert_eq!(
        facet(&terminal, "assurance"),
        (12, vec![("source-anchored".into(), 12)])
    );
    let decided = origin(&terminal);
    assert_eq!(decided["verdict"], "extends");
    assert_eq!(decided["assurance"], "source-anchored");
    let found = terminal.done(&["search", "assurance:source-anchored", "--limit", "1"]);
    assert_eq!(found["total"], 12);
    let seq = found["rows"][0]["seq"].to_string();
    let record = terminal.done(&["show", &seq]);
    assert_eq!(record["proof"]["assurance"], "source-anchored");
    assert!(text(&record["proof"]["signers"][0]).contains(ORIGIN));

    // Pinned twice, or no key at all.
    for wrong in [
        vkey.as_str(),
        "log.example/enigm-key+00000000+AAAA",
        "nonsense",
    ] {
        let (code, error) = terminal.refused(&["trust", "add", wrong]);
        assert_eq!((code, &error["code"]), (2, &"invalid".into()), "{wrong}");
    }
    assert_eq!(terminal.done(&["trust", "list"])["total"], 2);
}

#[test]
fn a_log_that_was_signed_twice_is_a_fork_and_neither_branch_is_believed() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    // Whoever keeps a copy of the key file can sign a second log; only its readers can tell.
    let copy = std::fs::read(terminal.home.join("key.json")).expect("the key");
    put(&terminal, "a.ndjson", lines(0, 5).as_bytes());
    terminal.done(&seal("a.ndjson", "a.zip"));
    put(&terminal, "key.json", &copy);
    put(&terminal, "b.ndjson", lines(100, 107).as_bytes());
    terminal.done(&seal("b.ndjson", "b.zip"));
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);

    assert_eq!(
        terminal.done(&["import", "a.zip"])["files"][0]["verdict"],
        "extends"
    );
    let report = terminal.done(&["import", "b.zip"]);
    assert_eq!(report["files"][0]["verdict"], "fork");
    let forked = origin(&terminal);
    assert_eq!(forked["verdict"], "fork");
    let (total, verdicts) = facet(&terminal, "verdict");
    assert_eq!(
        verdicts,
        [("fork".to_owned(), total)],
        "the first is disputed too"
    );
    let imports = &terminal.done(&["sources"])["imports"]["rows"];
    for import in imports.as_array().expect("imports") {
        assert_eq!(import["verdict"], "fork", "{import:#}");
    }
}
