//! 2,900 real CloudTrail events of an attack simulation, imported through the command line.

use std::collections::BTreeMap;
use std::path::Path;

use muniment_tests::corpora;
use muniment_tests::programs::Terminal;
use serde_json::Value;

use super::given::{packet, put, terminal, text};

/// Events per event name, and all of them, as the raw files hold them.
fn raw(folder: &Path) -> (BTreeMap<String, u64>, u64) {
    let mut names = BTreeMap::new();
    let mut all = 0;
    for entry in std::fs::read_dir(folder.join("CloudTrail")).expect("the corpus") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let file: Value = serde_json::from_slice(&bytes).expect("JSON");
        for event in file["Records"].as_array().expect("records") {
            *names.entry(text(&event["eventName"])).or_insert(0) += 1;
            all += 1;
        }
    }
    (names, all)
}

fn totals(facet: &Value) -> BTreeMap<String, u64> {
    (facet["values"].as_array().expect("values").iter())
        .map(|value| {
            (
                text(&value["value"]),
                value["total"].as_u64().expect("a total"),
            )
        })
        .collect()
}

/// What every import of the corpus has to answer.
fn check(terminal: &Terminal, names: &BTreeMap<String, u64>, level: &str) {
    let found = terminal.done(&[
        "search",
        "--limit",
        "5",
        "--facet",
        "system",
        "--facet",
        "assurance",
        "--facet",
        "action",
        "--histogram",
        "48",
    ]);
    assert_eq!(found["total"], 2_900);
    let facet = |number: usize| totals(&found["facets"][number]);
    assert_eq!(facet(0), BTreeMap::from([("aws-cloudtrail".into(), 2_900)]));
    assert_eq!(facet(1), BTreeMap::from([(level.to_owned(), 2_900)]));
    // The most frequent event names, each with its number; what is not listed is counted.
    let actions = facet(2);
    assert!(actions.len() >= 10);
    for (name, total) in &actions {
        assert_eq!(Some(total), names.get(name), "{name}");
    }
    let other = found["facets"][2]["other"].as_u64().expect("other");
    assert_eq!(actions.values().sum::<u64>() + other, 2_900);

    let histogram = &found["histogram"];
    let counts: Vec<u64> = (histogram["counts"].as_array().expect("counts").iter())
        .map(|count| count.as_u64().expect("a number"))
        .collect();
    let undated = histogram["undated"].as_u64().expect("undated");
    assert_eq!((counts.iter().sum::<u64>() + undated, undated), (2_900, 0));
    assert_eq!(histogram["total"], 2_900);
    assert!(counts.len() <= 48 && counts.iter().filter(|n| **n > 0).count() > 5);
}

#[test]
fn the_whole_corpus_is_imported_and_every_event_is_found() {
    let Some(folder) = corpora::folder("invictus") else {
        return;
    };
    let (names, all) = raw(&folder);
    assert_eq!(all, 2_900, "the corpus itself");
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let path = folder.join("CloudTrail");
    let report = terminal.done(&["import", path.to_str().expect("a path")]);
    assert_eq!(report["total"], 2_900);
    assert_eq!(report["files"].as_array().expect("files").len(), 55);
    check(&terminal, &names, "unproven");

    // Frequent, rare and in between; by field, and one of them as a plain word.
    for name in [
        "Decrypt",
        "GetSecretValue",
        "DescribeVpcAttribute",
        "LeaveOrganization",
    ] {
        let total = terminal.done(&["search", &format!("action:{name}")])["total"].clone();
        assert_eq!(total.as_u64(), names.get(name).copied(), "{name}");
    }
    let word = terminal.done(&["search", "GetSecretValue", "--limit", "1"]);
    assert!(word["total"].as_u64() >= names.get("GetSecretValue").copied());
    assert_eq!(terminal.done(&["search", "action:NoSuchEvent"])["total"], 0);

    // Page by page, newest first: every record once.
    let mut seen = std::collections::BTreeSet::new();
    let (mut after, mut last) = (None::<String>, None::<String>);
    loop {
        let mut arguments = vec!["search", "--limit", "1000"];
        arguments.extend(after.as_deref().into_iter().flat_map(|a| ["--after", a]));
        let page = terminal.done(&arguments);
        assert_eq!(page["total"], 2_900, "the total is of the whole result");
        for row in page["rows"].as_array().expect("rows") {
            assert!(
                seen.insert(row["seq"].as_u64().expect("a number")),
                "twice: {row}"
            );
            let at = row["occurred"].as_str().map(str::to_owned);
            assert!(last.is_none() || at <= last, "newest first: {row}");
            last = at;
        }
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 2_900);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn beside_a_manifest_of_its_hashes_the_corpus_is_hash_matched() {
    let Some(folder) = corpora::folder("invictus") else {
        return;
    };
    let (names, _) = raw(&folder);
    let (_dir, terminal) = terminal();
    let mut sums = String::new();
    for entry in std::fs::read_dir(folder.join("CloudTrail")).expect("the corpus") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a plain name");
        let bytes = std::fs::read(entry.path()).expect("a file");
        sums.push_str(&format!(
            "{}  {name}\n",
            evidence::Hash::sha256(&bytes).to_hex()
        ));
        put(&terminal, &format!("copy/{name}"), &bytes);
    }
    put(&terminal, "copy/SHA256SUMS", sums.as_bytes());
    terminal.done(&["init"]);
    let report = terminal.done(&["import", "copy"]);
    assert_eq!(report["total"], 2_900);
    check(&terminal, &names, "hash-matched");
    assert_eq!(
        terminal.done(&["search", "assurance:hash-matched"])["total"],
        2_900
    );

    // One by one they are recognised, and nothing doubles.
    let again = terminal.done(&["import", "copy"]);
    assert_eq!(again["total"], 0);
    let outcomes = again["files"].as_array().expect("files");
    assert!(
        outcomes
            .iter()
            .all(|file| file["outcome"] == "already imported")
    );
    assert_eq!(terminal.done(&["search"])["total"], 2_900);
}

#[test]
fn fifty_events_of_it_become_a_packet_for_each_audience() {
    let Some(folder) = corpora::folder("invictus") else {
        return;
    };
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let path = folder.join("CloudTrail");
    terminal.done(&["import", path.to_str().expect("a path")]);
    // As they come, from all of it: sign-ins, secrets, policies, what was denied.
    let mut arguments = vec!["incident", "open", "An account taken over"];
    let numbers: Vec<String> = (0..50_u32).map(|at| (60 + at * 57).to_string()).collect();
    arguments.extend(numbers.iter().flat_map(|number| ["--pin", number]));
    let opened = terminal.done(&arguments);
    let id = text(&opened["row"]["id"]);
    terminal.done(&["packet", "keys", "-o", "keys.json"]);
    for audience in ["internal-audit", "outside"] {
        let file = format!("{audience}.zip");
        let packet = packet(&terminal, &id, audience, &file);
        let verified = terminal.done(&["verify", &file, "--trust", "keys.json"]);
        assert_eq!(verified["outcome"], "passed", "{verified:#}");
        assert_eq!(packet["evidence"].as_array().map(Vec::len), Some(50));
    }
}
