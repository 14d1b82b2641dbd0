//! A file that fails is kept, listed with its reason, and never mixed with the others.

use super::given::{exports, key, put, replace, terminal, text, with_records};

#[test]
fn a_tampered_export_is_held_with_its_reason_and_nothing_of_it_is_found() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    let export = exports(&terminal, &[9]).remove(0);
    let value = with_records(&export, |text| replace(text, "EK-4", "EK-5"));
    put(&terminal, "value.zip", &value);
    let index = with_records(&export, |text| replace(text, "{\"i\":3,", "{\"i\":7,"));
    put(&terminal, "index.zip", &index);
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);

    let (code, report) = terminal.json(&["import", "value.zip", "index.zip"]);
    assert_eq!((code, &report["total"]), (1, &0.into()));
    assert_eq!(report["files"].as_array().expect("files").len(), 0);
    let held = report["quarantine"].as_array().expect("quarantine");
    assert_eq!(held.len(), 2);
    assert_eq!(held[0]["code"], "root");
    assert!(text(&held[1]["place"]).starts_with("records.ndjson line 4"));
    for file in held {
        for said in ["reason", "hint"] {
            assert!(!text(&file[said]).is_empty(), "{file:#}");
        }
        assert!(!file.to_string().contains("EK-"), "no content: {file:#}");
    }

    // Nothing of it is found, also not by what would be kept of it.
    assert_eq!(terminal.done(&["search"])["total"], 0);
    let sources = terminal.done(&["sources"]);
    assert_eq!(sources["quarantine"], report["quarantine"]);
    let custody = terminal.done(&["custody", "quarantine"]);
    assert_eq!(custody["total"], 2);

    // The same again is the same again, not two more; and the good one beside it comes in.
    let (code, again) = terminal.json(&["import", "value.zip", "1.zip"]);
    assert_eq!((code, &again["total"]), (1, &9.into()));
    assert_eq!(again["quarantine"].as_array().expect("quarantine").len(), 1);
    assert_eq!(again["files"][0]["verdict"], "extends");
    assert_eq!(terminal.done(&["search"])["total"], 9);
    let sources = terminal.done(&["sources"]);
    assert_eq!(
        sources["quarantine"].as_array().expect("quarantine").len(),
        2
    );
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}
