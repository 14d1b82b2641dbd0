//! Files that contradict what is said of them, that are too big, or that hide others: nothing of them is believed,
//! nothing is lost, and the workspace stays usable.

use sample::trail::TrailCase;
use serde_json::Value;

use super::given::{by_name, exports, key, loose, put, sha256, terminal, text, zipped};

fn held(report: &Value) -> usize {
    report["quarantine"].as_array().map_or(0, Vec::len)
}

#[test]
fn an_archive_that_its_manifest_contradicts_is_held_whole() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    // Whoever altered the archive altered the manifest inside it too.
    let altered = loose("altered", 3);
    let inner = format!("{}  a.ndjson\n", sha256(&altered));
    let archive = zipped(&[("a.ndjson", &altered), ("SHA256SUMS", inner.as_bytes())]);
    put(&terminal, "in/logs.zip", &archive);
    let outer = format!("{}  logs.zip\n", sha256(b"the archive as it was"));
    put(&terminal, "in/SHA256SUMS", outer.as_bytes());
    for named in ["in", "in/logs.zip"] {
        let (code, report) = terminal.json(&["import", named]);
        assert_eq!((code, &report["total"]), (1, &0.into()), "{report:#}");
        let file = by_name(&report, "quarantine", "logs.zip");
        assert_eq!(file["code"], "hash-mismatch", "{file:#}");
        assert_eq!(file["found"], sha256(&archive));
    }
    assert_eq!(terminal.done(&["quarantine", "list"])["total"], 1);
    // The manifest was wrong, and the one that comes after it is right.
    let right = format!("{}  logs.zip\n", sha256(&archive));
    put(&terminal, "in/SHA256SUMS", right.as_bytes());
    let report = terminal.done(&["import", "in"]);
    assert_eq!(report["total"], 3, "{report:#}");
    assert_eq!(terminal.done(&["quarantine", "list"])["total"], 0);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn each_damaged_file_of_an_archive_is_held_and_an_absent_one_is_named() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let sums = format!("{}  gone.ndjson\n", sha256(b"gone"));
    let mut archive = zipped(&[
        ("one.ndjson", &loose("one", 3)),
        ("two.ndjson", &loose("two", 3)),
        ("three.ndjson", &loose("three", 3)),
        ("SHA256SUMS", sums.as_bytes()),
    ]);
    // A byte of the packed text of the first two.
    for name in ["one.ndjson", "two.ndjson"] {
        let at = archive
            .windows(name.len())
            .position(|w| w == name.as_bytes());
        archive[at.expect("its header") + name.len() + 12] ^= 0x10;
    }
    put(&terminal, "logs.zip", &archive);
    for _ in 0..2 {
        let (_, report) = terminal.json(&["import", "logs.zip"]);
        assert_eq!(held(&report), 2, "{report:#}");
        for name in ["logs.zip/one.ndjson", "logs.zip/two.ndjson"] {
            by_name(&report, "quarantine", name);
        }
        let gone = by_name(&report, "failed", "logs.zip/gone.ndjson");
        assert!(text(&gone["reason"]).contains("lists it"), "{gone:#}");
        assert_eq!(by_name(&report, "files", "three.ndjson")["records"], 3);
    }
    assert_eq!(terminal.done(&["quarantine", "list"])["total"], 2);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_record_that_fits_no_line_is_refused_and_the_workspace_stays_usable() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    // Shorter than a line as it comes, and longer once its quotes are escaped.
    let quotes = "\\\"".repeat(400_000);
    put(
        &terminal,
        "a.json",
        format!("[{{\"ok\":1}},{{\"a\":\"{quotes}\"}}]").as_bytes(),
    );
    put(
        &terminal,
        "b.ndjson",
        format!("{{\"a\":\"{quotes}\"}}\n").as_bytes(),
    );
    let (code, report) = terminal.json(&["import", "a.json", "b.ndjson"]);
    assert_eq!((code, &report["total"]), (1, &0.into()), "{report:#}");
    let reason = |name: &str| text(&by_name(&report, "quarantine", name)["reason"]);
    assert!(reason("a.json").contains("element 1"), "{report:#}");
    assert!(reason("b.ndjson").contains("line 1"), "{report:#}");
    // A custodian takes what can be read.
    let id = by_name(&report, "quarantine", "a.json")["id"].to_string();
    let admitted = terminal.done(&["quarantine", "admit", &id, "--reason", "the rest is of use"]);
    assert_eq!(admitted["total"], 1, "{admitted:#}");
    terminal.done(&["classify", "list"]);
    terminal.done(&["rebuild", "--all"]);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn an_export_folder_with_other_files_is_held_and_stops_nothing() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    let export = exports(&terminal, &[5]).remove(0);
    let bytes = std::fs::read(export).expect("an export");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a ZIP");
    zip.extract(terminal.home.join("in/day-1"))
        .expect("unpacked");
    for other in ["README", "SHA256SUMS", "notes.txt", "list.csv", "more.md"] {
        put(&terminal, &format!("in/day-1/{other}"), other.as_bytes());
    }
    put(&terminal, "in/later.ndjson", &loose("later", 4));
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "in"]);
    assert_eq!((code, &report["total"]), (1, &4.into()), "{report:#}");
    assert_eq!(held(&report), 1, "{report:#}");
    by_name(&report, "quarantine", "day-1");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_zip_of_a_trail_is_known_in_a_folder_and_names_what_it_leaves_out() {
    let (_dir, terminal) = terminal();
    let files = TrailCase::Good.files();
    let mut all: Vec<(&str, &[u8])> = (files.files.iter())
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    let other = loose("other", 2);
    all.push(("other.ndjson", &other));
    put(&terminal, "in/trail.zip", &zipped(&all));
    terminal.done(&["init"]);
    let (_, report) = terminal.json(&["import", "in"]);
    let left = by_name(&report, "failed", "other.ndjson");
    assert!(text(&left["hint"]).contains("unpack"), "{left:#}");
    assert_eq!(held(&report), 0, "{report:#}");
    let view = terminal.done(&["trust", "cloudtrail", "list"]);
    assert_ne!(view["verdict"], "", "its digests were read: {view:#}");
}

#[test]
fn a_digest_that_is_named_alone_is_no_event() {
    let (_dir, terminal) = terminal();
    let files = TrailCase::Good.files();
    let (path, digest) = (files.files.iter())
        .find(|(path, _)| evidence::cloudtrail::is_digest_name(path))
        .expect("a digest");
    let name = path.rsplit('/').next().expect("a name");
    put(&terminal, name, digest);
    terminal.done(&["init"]);
    let report = terminal.done(&["import", name]);
    let file = by_name(&report, "files", name);
    assert_eq!(file["format"], "CloudTrail digests", "{file:#}");
    assert_eq!(file["records"], 0);
}
