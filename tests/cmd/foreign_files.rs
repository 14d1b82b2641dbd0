//! JSON lines from anywhere: unproven, hash-matched, or in quarantine; every field hidden until
//! somebody classifies it.

use super::given::{put, terminal, text};

/// Lines of nobody's schema; each marks its file.
fn lines(mark: &str) -> String {
    (0..7)
        .map(|at| {
            format!(
                "{{\"who\":\"{mark}-person-{at}\",\"when\":\"2026-11-02T03:0{at}:00Z\",\
                 \"nested\":{{\"{mark}-key-{at}\":[1,2,{at}]}}}}\n"
            )
        })
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    evidence::Hash::sha256(bytes).to_hex()
}

#[test]
fn without_a_manifest_unproven_with_one_hash_matched_with_a_wrong_one_held() {
    let (_dir, terminal) = terminal();
    put(&terminal, "loose/loose.ndjson", lines("amber").as_bytes());
    let summed = lines("birch");
    put(&terminal, "summed/a.ndjson", summed.as_bytes());
    put(
        &terminal,
        "summed/SHA256SUMS",
        format!("{}  a.ndjson\n", sha256(summed.as_bytes())).as_bytes(),
    );
    put(&terminal, "wrong/b.ndjson", lines("cedar").as_bytes());
    put(
        &terminal,
        "wrong/SHA256SUMS",
        format!("{}  b.ndjson\n", sha256(b"something else")).as_bytes(),
    );
    terminal.done(&["init"]);

    let (code, report) = terminal.json(&["import", "loose", "summed", "wrong"]);
    assert_eq!((code, &report["total"]), (1, &14.into()));
    let files = report["files"].as_array().expect("files");
    let said: Vec<(String, String, u64)> = (files.iter())
        .map(|file| {
            let records = file["records"].as_u64().expect("records");
            (text(&file["file"]), text(&file["assurance"]), records)
        })
        .collect();
    assert_eq!(
        said,
        [
            ("loose.ndjson".into(), "unproven".into(), 7),
            ("a.ndjson".into(), "hash-matched".into(), 7)
        ]
    );
    let held = &report["quarantine"][0];
    assert_eq!(
        (&held["file"], &held["code"]),
        (&"b.ndjson".into(), &"hash-mismatch".into())
    );
    assert!(text(&held["place"]).contains(&sha256(b"something else")));

    let found = terminal.done(&["search", "--limit", "100", "--facet", "assurance"]);
    assert_eq!(found["total"], 14);
    let values = found["facets"][0]["values"].as_array().expect("values");
    let mut totals: Vec<(String, u64)> = (values.iter())
        .map(|value| {
            (
                text(&value["value"]),
                value["total"].as_u64().expect("a total"),
            )
        })
        .collect();
    totals.sort();
    assert_eq!(totals, [("hash-matched".into(), 7), ("unproven".into(), 7)]);
    let one = |level: &str| {
        let rows = found["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["assurance"] == level);
        row.expect("a row")["seq"].to_string()
    };

    // Nothing of what nobody has classified is shown, neither in the page nor in the record.
    let unproven = terminal.done(&["show", &one("unproven")]);
    let matched = terminal.done(&["show", &one("hash-matched")]);
    for record in [&unproven, &matched] {
        let fields = record["fields"].as_array().expect("fields");
        let of_source = (fields.iter()).filter(|field| field["path"] != "@schema");
        let mut seen = 0;
        for field in of_source {
            assert_eq!(
                (&field["shown"], &field["text"]),
                (&"hidden".into(), &serde_json::Value::Null),
                "{field:#}"
            );
            seen += 1;
        }
        assert!(seen > 0, "{record:#}");
    }
    let page = [&found, &unproven, &matched]
        .map(ToString::to_string)
        .concat();
    for hidden in ["person-", "-key-", "amber", "birch", "cedar"] {
        assert!(!page.contains(hidden), "{hidden} is shown");
    }
    // Neither is it searchable.
    assert_eq!(terminal.done(&["search", "amber"])["total"], 0);
    assert_eq!(unproven["proof"]["assurance"], "unproven");
    assert_eq!(matched["proof"]["assurance"], "hash-matched");

    let sources = terminal.done(&["sources"]);
    assert!(
        !sources["to_classify"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    assert_eq!(sources["quarantine"].as_array().expect("a list").len(), 1);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn a_file_that_cannot_be_read_is_held_with_its_place_and_no_content() {
    let (_dir, terminal) = terminal();
    let good = lines("amber");
    for (name, bad) in [
        ("cut.ndjson", "{\"who\":\"birch-7719"),
        ("twice.ndjson", "{\"who\":1,\"who\":\"birch-7719\"}"),
    ] {
        put(&terminal, name, format!("{good}{bad}\n").as_bytes());
    }
    put(&terminal, "picture.png", b"\x89PNG\r\n birch-7719");
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "cut.ndjson", "twice.ndjson", "picture.png"]);
    assert_eq!((code, &report["total"]), (1, &0.into()));
    let held = report["quarantine"].as_array().expect("quarantine");
    assert_eq!(held.len(), 3);
    for file in &held[..2] {
        let place = format!("{} {}", text(&file["reason"]), text(&file["place"]));
        assert!(place.contains("line 8"), "{file:#}");
    }
    assert!(!report.to_string().contains("7719"), "{report:#}");
    assert_eq!(terminal.done(&["search"])["total"], 0);
}
