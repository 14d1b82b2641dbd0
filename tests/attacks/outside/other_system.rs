//! What he does: he holds the key of one log, which a custodian pinned for the system that writes it, and seals records in it
//! that name the schema of another system.
//!
//! What he wants: that a door's log says, with a signature that counts, what only the key service knows.
//!
//! What stops him: a key is pinned for the schemas that are named with it; an export that speaks as another system is
//! refused, at import and by `verify`, and whoever lets the origin speak as one more needs a second member. Seen before: the
//! key alone was enough, and the records came out as `source-anchored` records of the other system.

use evidence::{Field, Hash, Record, Seed};
use muniment_tests::exports::{Log, put};
use muniment_tests::programs::Terminal;
use serde_json::json;

const ORIGIN: &str = "doors.example/log";

/// A record of this schema, as the log would write it.
fn record(index: u64, schema: &str, version: u32) -> Record {
    let field = |path: &str, value: String| Field {
        path: path.into(),
        value,
    };
    Record {
        index,
        seed: Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        fields: vec![
            field(
                "@schema",
                format!("{{\"id\":\"{schema}\",\"version\":{version}}}"),
            ),
            field("/type", "\"key.activated\"".into()),
            field("/time", format!("\"2026-11-02T08:0{index}:00Z\"")),
            field("/outcome", "\"accepted\"".into()),
        ],
    }
}

fn log(schemas: &[(&str, u32)]) -> Log {
    let records = (0..)
        .zip(schemas)
        .map(|(n, (id, version))| record(n, id, *version));
    Log::of(ORIGIN, 5, records.collect())
}

#[test]
fn a_pinned_origin_speaks_as_no_other_system() {
    let home = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(home.path());
    let own = log(&[("enigm-os", 1), ("enigm-os", 1), ("enigm-key", 1)]);
    let vkey = own.verifier().to_string();
    put(&home.path().join("own"), &own.export(0..2, &[]));
    put(&home.path().join("other"), &own.export(2..3, &[2]));
    terminal.done(&["init"]);

    // A key for nothing in particular is no longer to be had, nor one for a system that nobody knows.
    let (code, error) = terminal.refused(&["trust", "add", &vkey]);
    assert_eq!((code, &error["code"]), (2, &json!("invalid")), "{error}");
    assert!(
        error["hint"]
            .as_str()
            .is_some_and(|h| h.contains("enigm-os")),
        "{error}"
    );
    for schema in ["enigm-oz", "enigm-os/99", "enigm-os/x", ""] {
        let (code, _) = terminal.refused(&["trust", "add", &vkey, "--schema", schema]);
        assert_eq!(code, 2, "{schema:?}");
    }
    assert_eq!(terminal.done(&["trust", "list"])["total"], 0);

    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-os"]);
    let custody = terminal.done(&["custody"]).to_string();
    assert!(custody.contains("may speak as enigm-os"), "{custody}");
    let (code, report) = terminal.json(&["import", "own", "other"]);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(report["total"], 2, "{report:#}");
    assert_eq!(
        report["quarantine"][0]["code"], "schema-not-allowed",
        "{report:#}"
    );
    assert_eq!(terminal.done(&["search", "system:enigm-key"])["total"], 0);
    let policy = terminal.done(&["trust", "show", ORIGIN]);
    assert_eq!(policy["schemas"][0]["id"], "enigm-os");
    assert_eq!(policy["schemas"][0]["version"], json!(null));

    // What a reader gets to verify with says the same.
    terminal.done(&["trust", "export", "-o", "trust.json"]);
    let (code, view) = terminal.json(&["verify", "other", "--trust", "trust.json"]);
    assert_eq!((code, &view["passed"]), (1, &json!(false)), "{view:#}");
    assert!(view.to_string().contains("schema-not-allowed"), "{view:#}");
    assert_eq!(
        terminal.json(&["verify", "own", "--trust", "trust.json"]).0,
        0
    );

    // One more system is a lowering: not for one member alone, whatever key comes with it.
    let second = Log::of(ORIGIN, 6, Vec::new()).verifier().to_string();
    let more = ["trust", "add", &second, "--schema", "enigm-key"];
    let (code, error) = terminal.refused(&more);
    assert_eq!((code, &error["code"]), (1, &json!("refused")), "{error}");
    assert_eq!(terminal.done(&["trust", "list"])["total"], 1);
    // Another key for the same systems needs no word about them.
    terminal.done(&["trust", "add", &second]);
    assert_eq!(
        terminal.done(&["trust", "show", ORIGIN])["schemas"],
        policy["schemas"]
    );
}

#[test]
fn a_version_that_is_named_is_the_only_one() {
    let home = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(home.path());
    let old = log(&[("enigm-os", 1)]);
    put(&home.path().join("old"), &old.export(0..1, &[]));
    put(
        &home.path().join("new"),
        &log(&[("enigm-os", 7)]).export(0..1, &[]),
    );
    let vkey = old.verifier().to_string();
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-os/1"]);
    let (code, report) = terminal.json(&["import", "new"]);
    assert_eq!(code, 1, "{report:#}");
    assert_eq!(
        report["quarantine"][0]["code"], "schema-not-allowed",
        "{report:#}"
    );
    assert_eq!(terminal.done(&["import", "old"])["total"], 1);
}
