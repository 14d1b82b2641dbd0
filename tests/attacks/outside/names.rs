//! What he does: whoever writes records, or seals an export of them, puts an identity where no value is expected: in
//! the name of a member, in a committed path, in a map key, in a number, a token, a version, a correlation id, in the
//! schema that a record names, in members beside those of a proof's own schema.
//!
//! What he wants: that it stands in rows, index, lists, terminal and packets as a name, a counter or a version, where no
//! class hides it.
//!
//! What stops him: a path that no source file spells is gathered, with its names, into the hidden rest of its nearest
//! declared ancestor, and such a record leaves only as a leaf hash; what a wildcard classified is committed whole; a
//! value is shown only in the declared form and bounds, and in no form of an identity.

use std::path::Path;

use evidence::archive::RECORDS;
use evidence::{Field, Hash, Record, Seed};
use muniment_tests::exports::{Log, put};
use redaction::LeakScanner;
use serde::Serialize;
use serde_json::{Value, json};
use workbench::view::{ClassifyRequest, OpenIncident, SearchRequest};
use workbench::{Code, Workbench};

use super::bench;

/// IMEIs with their check digit, as many as there are places.
pub(super) fn imei(number: u64) -> String {
    let body = format!("35{:012}", 700_000_000 + number * 7_919);
    let sum: u32 = (body.bytes().rev().enumerate())
        .map(|(at, b)| {
            let digit = u32::from(b - b'0') * (2 - (at % 2) as u32);
            digit / 10 + digit % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// 20 of each class, unlike each other and unlike any word of the program.
pub(super) fn canaries(place: u64) -> Vec<[String; 4]> {
    (0..20)
        .map(|n| {
            let number = place * 100 + n;
            [
                format!("qx{number}.vornfeld@kanariya.example"),
                imei(number),
                format!("10.{}.{}.{}", 17 + place, 101 + n, 33 + n),
                format!(
                    "zq{}kanariya{}",
                    ["a", "b", "c", "d"][n as usize % 4],
                    number
                ),
            ]
        })
        .collect()
}

pub(super) fn token(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn record(index: u64, fields: Vec<(String, String)>) -> Record {
    let mut all = vec![(
        "@schema".to_owned(),
        "{\"id\":\"enigm-key\",\"version\":1}".to_owned(),
    )];
    all.extend(fields);
    Record {
        index,
        seed: Seed::new(Hash::sha256(&index.to_be_bytes()).0),
        fields: (all.into_iter())
            .map(|(path, value)| Field { path, value })
            .collect(),
    }
}

pub(crate) fn base(n: u64) -> Vec<(String, String)> {
    [
        ("/type", "\"dependency.checked\"".to_owned()),
        ("/time", format!("\"2026-11-02T08:{:02}:00Z\"", n % 60)),
        ("/outcome", "\"accepted\"".to_owned()),
        ("/subject/key", format!("\"EK-{n}\"")),
    ]
    .map(|(path, value)| (path.to_owned(), value))
    .to_vec()
}

/// Everything a member sees of the records, as JSON.
async fn seen(bench: &Workbench) -> Vec<u8> {
    let mut out = Vec::new();
    let request = SearchRequest {
        limit: 1_000,
        facets: ["action", "subject", "outcome"].map(str::to_owned).to_vec(),
        ..SearchRequest::default()
    };
    let found = bench.search_records(request).await.expect("a query");
    add(&mut out, &found);
    for row in &found.rows {
        add(&mut out, &bench.record(row.seq).await.expect("a record"));
    }
    add(&mut out, &bench.to_classify().await.expect("hidden paths"));
    add(&mut out, &bench.sources().await.expect("sources"));
    add(
        &mut out,
        &bench
            .custody(String::new(), None)
            .await
            .expect("the ledger"),
    );
    add(
        &mut out,
        &bench.quarantine(true).await.expect("the quarantine"),
    );
    out
}

fn add(out: &mut Vec<u8>, view: &impl Serialize) {
    out.extend(serde_json::to_vec(view).expect("a view is JSON"));
    out.push(b'\n');
}

fn none_in(scanner: &LeakScanner, values: &[String], bytes: &[u8], place: &str) {
    let mut control = bytes.to_vec();
    control.extend_from_slice(values[values.len() / 2].to_uppercase().as_bytes());
    assert!(
        !scanner.scan(&control).is_empty(),
        "{place}: the scanner finds its control"
    );
    let hits: Vec<&String> = scanner
        .scan(bytes)
        .iter()
        .map(|hit| &values[hit.value])
        .collect();
    assert!(
        hits.is_empty(),
        "{place}: {} hits, such as {:?}",
        hits.len(),
        hits.first()
    );
}

async fn total(bench: &Workbench) -> u32 {
    let request = SearchRequest {
        limit: 1,
        ..SearchRequest::default()
    };
    bench.search_records(request).await.expect("a query").total
}

pub(super) async fn import(bench: &Workbench, path: &Path) {
    let report = bench
        .import_now(vec![path.display().to_string()])
        .await
        .expect("imported");
    assert!(report.quarantine.is_empty(), "{:?}", report.quarantine);
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_in_names_numbers_and_tokens_stay_inside() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let mut values: Vec<String> = Vec::new();
    let mut records: Vec<Record> = Vec::new();
    let mut index = 0;
    let mut push = |fields: Vec<(String, String)>, records: &mut Vec<Record>| {
        let mut all = base(index);
        all.extend(fields);
        records.push(record(index, all));
        index += 1;
    };
    // Names: a committed path of its own, below a declared object, below an undeclared one, in a map.
    for (place, stem) in ["", "/subject", "/extra", "/key"].into_iter().enumerate() {
        for canary in canaries(place as u64).into_iter().flatten() {
            push(
                vec![(format!("{stem}/{}", token(&canary)), "true".into())],
                &mut records,
            );
            values.push(canary);
        }
    }
    for canary in canaries(4).into_iter().flatten() {
        push(
            vec![("/*".into(), json!({ &canary: {"state": "x"} }).to_string())],
            &mut records,
        );
        values.push(canary);
    }
    // Values of the open classes.
    for [mail, number, address, name] in canaries(5) {
        for (path, value) in [
            ("/key/counter", number.clone()),
            ("/dependency/latency-ms", format!("\"{number}\"")),
            ("/emergency/contacts-notified", number.clone()),
            ("/correlation", json!(name).to_string()),
            ("/correlation", json!(format!("{address}:443")).to_string()),
            ("/key/firmware", json!(format!("1-{address}")).to_string()),
            ("/key/firmware", json!(format!("1.0-{name}")).to_string()),
            ("/key/model", json!(format!("{address}:8443")).to_string()),
            ("/key/model", json!(mail).to_string()),
            ("/source/region", json!(format!("r-{number}")).to_string()),
            ("/subject/device", json!(format!("x{number}")).to_string()),
            ("/id", json!(name).to_string()),
        ] {
            push(vec![(path.to_owned(), value)], &mut records);
        }
        values.extend([mail, number, address, name]);
    }
    // A proof's own schema, with members beside it, and a schema that is a name.
    for [mail, number, address, name] in canaries(6) {
        let schema = "{\"id\":\"muniment-key\",\"version\":1}";
        let mut one = record(index, base(index));
        one.fields[0].value = schema.into();
        for (path, value) in [
            ("/format", "\"muniment/key/v1\"".to_owned()),
            ("/key", json!(format!("{name}+00000000+AQ==")).to_string()),
            ("/proof", json!(mail).to_string()),
            ("/replaces", json!(number).to_string()),
        ] {
            one.fields.push(Field {
                path: path.into(),
                value,
            });
        }
        one.fields.push(Field {
            path: format!("/{}", token(&address)),
            value: json!(name).to_string(),
        });
        records.push(one);
        index += 1;
        values.extend([mail, number, address, name]);
    }
    let last = index;
    let log = Log::of("stranger.example/log", 9, records);
    put(&home.path().join("export"), &log.export(0..last, &[]));
    import(&bench, &home.path().join("export")).await;
    assert_eq!(u64::from(total(&bench).await), last);

    let scanner = LeakScanner::new(&values).expect("a scanner");
    assert_eq!(scanner.skipped(), 0);
    none_in(
        &scanner,
        &values,
        &seen(&bench).await,
        "what a custodian sees",
    );

    // Into a packet: a record with names of its own is not even pinned.
    let request = |query: &str| SearchRequest {
        query: query.into(),
        limit: 1_000,
        ..SearchRequest::default()
    };
    let rows = bench
        .search_records(request(""))
        .await
        .expect("a query")
        .rows;
    let opened = OpenIncident {
        title: "Names".into(),
        pin: Vec::new(),
    };
    let incident = bench.open_incident(opened).await.expect("opened").row.id;
    let (mut pinned, mut refused) = (0, 0);
    for row in rows.iter().step_by(5) {
        match bench
            .pin_records(incident.clone(), vec![row.seq], None)
            .await
        {
            Ok(_) => pinned += 1,
            Err(error) => {
                assert_eq!(error.code, Code::Refused, "{error}");
                refused += 1;
            }
        }
    }
    assert!(
        pinned >= 40 && refused >= 60,
        "{pinned} pinned, {refused} refused"
    );
    for audience in ["outside", "internal-audit"] {
        let plan = bench.packet_plan(incident.clone(), audience.into()).await;
        let plan = plan.unwrap_or_else(|error| panic!("{audience}: no plan: {error}"));
        assert_eq!(plan.blocked, Vec::<String>::new(), "{audience}");
        let path = home.path().join(format!("{audience}.zip"));
        let written = bench.packet_write(
            incident.clone(),
            audience.into(),
            plan.digest.clone(),
            path.display().to_string(),
        );
        written.await.expect("written");
        let mut all = Vec::new();
        for (name, bytes) in super::unpacked(&path) {
            all.extend_from_slice(name.as_bytes());
            all.extend(super::inflated(&bytes));
        }
        none_in(&scanner, &values, &all, audience);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_declares_no_name() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let values: Vec<String> = canaries(7)
        .into_iter()
        .chain(canaries(8))
        .flatten()
        .collect();
    let (before, after) = values.split_at(values.len() / 2);
    let event = |n: usize, name: &str| {
        let request = json!({ name: {"state": "enabled"}, "list": [{ name: 1 }] });
        json!({
            "eventVersion": "1.08", "eventTime": format!("2026-11-02T08:{:02}:00Z", n % 60),
            "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "us-east-1",
            "eventID": format!("0d82eead-d8fe-439b-92b3-0000000{:05}", n), "eventType": "AwsApiCall",
            "userIdentity": {"type": "IAMUser"}, "requestParameters": request,
        })
    };
    let file = |name: &str, from: usize, names: &[String]| {
        let lines: Vec<Value> = (names.iter().enumerate())
            .map(|(n, name)| event(from + n, name))
            .collect();
        let path = home.path().join(name);
        std::fs::write(&path, json!({ "Records": lines }).to_string()).expect("a file");
        path
    };
    import(&bench, &file("before.json", 0, before)).await;
    let scanner = LeakScanner::new(&values).expect("a scanner");
    none_in(
        &scanner,
        &values,
        &seen(&bench).await,
        "before classification",
    );
    let request = |pattern: &str| ClassifyRequest {
        system: "aws-cloudtrail".into(),
        pattern: pattern.into(),
        class: "C1".into(),
        purposes: vec!["security-investigation".into()],
        domain: None,
        free_text: false,
    };
    for pattern in ["/requestParameters/list/**", "/requestParameters/*/state"] {
        let preview = bench
            .classify_preview(request(pattern))
            .await
            .expect("a preview");
        none_in(
            &scanner,
            &values,
            &serde_json::to_vec(&preview).expect("JSON"),
            "a preview",
        );
        let added = bench
            .classify(request(pattern), "states are no secret".into(), true)
            .await;
        none_in(
            &scanner,
            &values,
            &serde_json::to_vec(&added.expect("classified")).expect("JSON"),
            "what was added",
        );
    }
    import(&bench, &file("after.json", 500, after)).await;
    none_in(
        &scanner,
        &values,
        &seen(&bench).await,
        "after classification",
    );
    let found = SearchRequest {
        query: "enabled".into(),
        limit: 1_000,
        ..SearchRequest::default()
    };
    let found = bench.search_records(found).await.expect("a query");
    assert_eq!(
        found.total as usize,
        values.len(),
        "what was classified is shown and found"
    );

    let opened = OpenIncident {
        title: "Names".into(),
        pin: Vec::new(),
    };
    let incident = bench.open_incident(opened).await.expect("opened").row.id;
    let seqs = found.rows.iter().map(|row| row.seq).collect();
    bench
        .pin_records(incident.clone(), seqs, None)
        .await
        .expect("pinned");
    let plan = bench
        .packet_plan(incident.clone(), "outside".into())
        .await
        .expect("a plan");
    assert_eq!(plan.blocked, Vec::<String>::new());
    let path = home.path().join("outside.zip");
    let written = bench.packet_write(
        incident,
        "outside".into(),
        plan.digest,
        path.display().to_string(),
    );
    written.await.expect("written");
    let mut all = Vec::new();
    for (name, bytes) in super::unpacked(&path) {
        all.extend_from_slice(name.as_bytes());
        all.extend(super::inflated(&bytes));
    }
    none_in(&scanner, &values, &all, "the packet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_names_no_path() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let values: Vec<String> = canaries(9).into_iter().flatten().collect();
    for (n, name) in values.iter().enumerate().step_by(8) {
        let twice = vec![
            (format!("/{}", token(name)), "1".to_owned()),
            (format!("/{}+", token(name)), "2".to_owned()),
        ];
        let log = Log::of("stranger.example/log", 9, vec![record(0, twice)]);
        let folder = home.path().join(format!("bad-{n}"));
        // No exporter of ours writes such a line.
        let mut files = log.export(0..1, &[]);
        let text = String::from_utf8(files[RECORDS].clone()).expect("text");
        files.insert(
            RECORDS.into(),
            text.replace("+\",\"2\"", "\",\"2\"").into_bytes(),
        );
        put(&folder, &files);
        let report = bench
            .import_now(vec![folder.display().to_string()])
            .await
            .expect("a report");
        assert_eq!(report.quarantine.len(), 1);
    }
    let scanner = LeakScanner::new(&values).expect("a scanner");
    none_in(&scanner, &values, &seen(&bench).await, "the quarantine");
}
