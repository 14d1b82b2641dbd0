//! Manifests that come after the files they list, or are mended later.

use muniment_tests::programs::Terminal;
use serde_json::{Value, json};

use super::given::{by_name, gzip, loose, put, sha256, terminal, text, zipped};

fn matched(terminal: &Terminal) -> u64 {
    let found = terminal.done(&["search", "assurance:hash-matched"]);
    found["total"].as_u64().expect("a total")
}

fn agreements(terminal: &Terminal) -> usize {
    let custody = terminal.done(&["custody", "import.agreed"]);
    custody["entries"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_manifest_that_comes_later_raises_what_it_lists() {
    let (_dir, terminal) = terminal();
    let (amber, birch) = (loose("amber", 3), loose("birch", 2));
    put(&terminal, "in/amber.ndjson", &amber);
    put(&terminal, "in/birch.ndjson", &birch);
    terminal.done(&["init"]);
    terminal.done(&["import", "in"]);
    assert_eq!(matched(&terminal), 0);
    // It lies elsewhere and calls the file otherwise: what counts are the bytes.
    let sums = format!("{}  exports/a.ndjson\n", sha256(&amber));
    put(&terminal, "came/later/SHA256SUMS", sums.as_bytes());
    let report = terminal.done(&["import", "came/later/SHA256SUMS"]);
    let a = by_name(&report, "files", "a.ndjson");
    assert_eq!(
        (&a["assurance"], &a["known_as"]),
        (&json!("hash-matched"), &json!("amber.ndjson")),
        "{report:#}"
    );
    assert!(text(&a["agreed"]).contains("SHA256SUMS"), "{a:#}");
    assert_eq!((matched(&terminal), agreements(&terminal)), (3, 1));
    // The same again says nothing new.
    terminal.done(&["import", "came/later/SHA256SUMS"]);
    assert_eq!(agreements(&terminal), 1);
    // Beside the file, with the folder named again.
    let sums = format!("{}  birch.ndjson\n", sha256(&birch));
    put(&terminal, "in/SHA256SUMS", sums.as_bytes());
    terminal.done(&["import", "in"]);
    assert_eq!((matched(&terminal), agreements(&terminal)), (5, 2));
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_later_manifest_may_list_what_a_file_unpacks_to_or_the_archive_it_came_in() {
    let (_dir, terminal) = terminal();
    let (amber, birch, cedar) = (loose("amber", 3), loose("birch", 2), loose("cedar", 4));
    let packed = zipped(&[("b.ndjson", &birch), ("c.ndjson", &cedar)]);
    put(&terminal, "in/a.ndjson.gz", &gzip(&amber));
    put(&terminal, "in/all.zip", &packed);
    terminal.done(&["init"]);
    terminal.done(&["import", "in"]);
    let sums = format!("{}  a.ndjson\n", sha256(&amber));
    put(&terminal, "in/SHA256SUMS", sums.as_bytes());
    terminal.done(&["import", "in"]);
    assert_eq!(matched(&terminal), 3);
    let sums = format!("{}  all.zip\n", sha256(&packed));
    put(&terminal, "all.zip.sha256", sums.as_bytes());
    terminal.done(&["import", "all.zip.sha256"]);
    assert_eq!((matched(&terminal), agreements(&terminal)), (9, 3));
}

#[test]
fn a_manifest_raises_nothing_but_what_it_lists() {
    let (_dir, terminal) = terminal();
    let (amber, birch) = (loose("amber", 3), loose("birch", 2));
    put(&terminal, "in/amber.ndjson", &amber);
    terminal.done(&["init"]);
    terminal.done(&["import", "in"]);
    let listing = |name: &str, bytes: &[u8], file: &str| {
        let sums = format!("{}  {file}\n", sha256(bytes));
        put(&terminal, name, sums.as_bytes());
        let (code, report) = terminal.json(&["import", name]);
        assert_eq!(code, 2, "{report:#}");
        let failed: &Value = &report["failed"][0];
        (text(&failed["reason"]), text(&failed["hint"]))
    };
    // Other bytes under the same name, elsewhere; beside the file; bytes that nobody has.
    let (reason, _) = listing("one/SHA256SUMS", &birch, "amber.ndjson");
    assert!(reason.contains("it is not there"), "{reason}");
    let (reason, hint) = listing("in/SHA256SUMS", &birch, "amber.ndjson");
    assert!(
        reason.contains("was not imported") && hint.contains("import it"),
        "{reason}"
    );
    let (code, report) = terminal.json(&["import", "in"]);
    assert_eq!(code, 2);
    assert!(
        text(&report["failed"][0]["reason"]).contains("another digest"),
        "{report:#}"
    );
    assert_eq!((matched(&terminal), agreements(&terminal)), (0, 0));
    // Mended, it raises; what was held for the wrong one is taken with the right one.
    put(&terminal, "in/birch.ndjson", &birch);
    let (_, report) = terminal.json(&["import", "in/birch.ndjson"]);
    assert_eq!(
        report["files"].as_array().map(Vec::len),
        Some(1),
        "it lists no birch"
    );
    let wrong = format!("{}  cedar.ndjson\n", sha256(&amber));
    put(&terminal, "held/SHA256SUMS", wrong.as_bytes());
    put(&terminal, "held/cedar.ndjson", &loose("cedar", 4));
    let (code, report) = terminal.json(&["import", "held"]);
    assert_eq!(
        (code, &report["quarantine"][0]["code"]),
        (1, &json!("hash-mismatch"))
    );
    let right = format!("{}  cedar.ndjson\n", sha256(&loose("cedar", 4)));
    put(&terminal, "held/SHA256SUMS", right.as_bytes());
    let (code, report) = terminal.json(&["import", "held/SHA256SUMS"]);
    assert_eq!(code, 2);
    assert!(
        text(&report["failed"][0]["reason"]).contains("quarantine"),
        "{report:#}"
    );
    assert_eq!(terminal.done(&["import", "held"])["total"], 4);
    assert_eq!(matched(&terminal), 4);
}

#[test]
fn what_a_custodian_admitted_stays_what_it_is() {
    let (_dir, terminal) = terminal();
    let cut = [loose("amber", 3).as_slice(), b"{\"cut"].concat();
    put(&terminal, "amber.ndjson", &cut);
    terminal.done(&["init"]);
    let (_, report) = terminal.json(&["import", "amber.ndjson"]);
    let id = report["quarantine"][0]["id"].to_string();
    terminal.done(&[
        "quarantine",
        "admit",
        &id,
        "--reason",
        "there is no other copy",
    ]);
    let sums = format!("{}  amber.ndjson\n", sha256(&cut));
    put(&terminal, "later/SHA256SUMS", sums.as_bytes());
    terminal.json(&["import", "later/SHA256SUMS"]);
    assert_eq!((matched(&terminal), agreements(&terminal)), (0, 0));
}
