//! Every system: its sample export imports, each of its records is found by type and title, and each
//! lifecycle is shown. Source files of the workspace's own, and fields that get a class later.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use muniment_tests::corpora;
use rand_core::SeedableRng as _;
use sources::{Catalogue, SourceFile};
use workbench::view::{ClassifyRequest, FieldView, PinKey, SearchRequest, SearchView};
use workbench::{Code, Environment, Workbench};

const PASS: &str = "correct horse battery staple";

async fn bench(home: &Path) -> Workbench {
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicU64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state"),
        home.join("data"),
    );
    environment.argon2_kib = 65_536;
    let bench = Workbench::new(environment);
    bench
        .create_workspace(
            home.join("ws").display().to_string(),
            PASS.into(),
            "responder".into(),
            format!("{PASS} two"),
        )
        .await
        .expect("a workspace");
    bench
}

async fn search(bench: &Workbench, query: &str) -> SearchView {
    let request = SearchRequest {
        query: query.into(),
        limit: 1_000,
        ..SearchRequest::default()
    };
    bench.search_records(request).await.expect("a query")
}

async fn import(bench: &Workbench, path: &Path) -> u32 {
    let report = bench.import_now(vec![path.display().to_string()]).await;
    let report = report.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(report.quarantine.is_empty(), "{:?}", report.quarantine);
    report.total
}

fn field<'v>(fields: &'v [FieldView], path: &str) -> &'v FieldView {
    (fields.iter().find(|field| field.path == path)).unwrap_or_else(|| panic!("no field {path}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_system_imports_is_found_and_shows_its_lifecycle() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let exports = sample::write_systems(&home.path().join("exports")).expect("sample exports");
    let again = sample::write_systems(&home.path().join("again")).expect("sample exports");
    for (one, two) in exports.iter().zip(&again) {
        let bytes = |path| std::fs::read(path).expect("an export");
        assert_eq!(bytes(&one.path), bytes(&two.path), "{}", one.system);
    }
    let catalogue = Catalogue::builtin();
    let systems: BTreeSet<&str> = exports.iter().map(|one| one.system.as_str()).collect();
    let known: BTreeSet<&str> = catalogue.all().map(|one| one.id.as_str()).collect();
    assert_eq!(systems, known, "each source file has a sample export");
    for export in &exports {
        if let Some(vkey) = &export.vkey {
            let pin = PinKey::of(vkey, &export.system);
            bench.trust_add(pin).await.expect("a key");
        }
        let total = import(&bench, &export.path).await;
        assert_eq!(u64::from(total), export.records, "{}", export.system);
        let source = catalogue.get(&export.system, None).expect("a source file");
        check_system(&bench, source).await;
    }
    // Whatever else people have is there, honestly labelled and hidden.
    let other = search(&bench, "system:unclassified").await;
    assert_eq!(other.rows.len(), 2);
    assert!(other.rows.iter().all(|row| row.assurance == "hash-matched"));
    let shown = bench.record(other.rows[0].seq).await.expect("a record");
    let whole = field(&shown.fields, "");
    assert_eq!(
        (whole.class.as_str(), whole.shown.as_str()),
        ("unknown", "hidden")
    );
}

async fn check_system(bench: &Workbench, source: &SourceFile) {
    for one in source.record_types() {
        let examples = source.examples();
        let there = examples
            .filter(|example| {
                let named = |member: &str| example[member].as_str() == Some(&one.name);
                named("type") || named("eventName")
            })
            .count();
        let query = format!("system:{} action:\"{}\"", source.id, one.name);
        let found = search(bench, &query).await;
        assert_eq!(found.rows.len(), there, "{query}");
        for row in &found.rows {
            // Ours here ends well, or says that it did not.
            let ended = ["", "Failed: ", "Refused: ", "Pending: "];
            assert!(
                ended
                    .iter()
                    .any(|how| row.title == format!("{how}{}", one.title)),
                "{query}: {}",
                row.title
            );
            let badly = ["failed", "failure", "refused", "pending"];
            let well = !badly.iter().any(|how| row.outcome.as_deref() == Some(how));
            assert_eq!(row.title == one.title, well, "{query}");
            assert!(!row.title.is_empty() && row.title != one.name, "{query}");
            assert!(row.occurred.is_some(), "{query}");
            let level = if source.id == "aws-cloudtrail" {
                "unproven"
            } else {
                "source-anchored"
            };
            assert_eq!(row.assurance, level, "{query}");
        }
    }
    for life in source.lifecycles() {
        let mut reached = BTreeSet::new();
        for change in &life.transitions {
            let query = format!("system:{} action:\"{}\"", source.id, change.on);
            for row in search(bench, &query).await.rows {
                let record = bench.record(row.seq).await.expect("a record");
                let view = (record.lifecycle).unwrap_or_else(|| panic!("{query}: no lifecycle"));
                assert_eq!(view.states, life.states, "{query}");
                assert!(view.current.is_some(), "{query}");
                assert!(
                    !view.subject.is_empty() && view.subject != "erased",
                    "{query}"
                );
                reached.extend(view.steps.iter().filter_map(|step| step.state.clone()));
                for step in &view.steps {
                    assert_eq!(step.contradiction, None, "{query}");
                }
                // The subject is found by its handle.
                let by_handle = search(bench, &format!("subject:\"{}\"", view.subject)).await;
                assert!(by_handle.total > 0, "{}", view.subject);
            }
        }
        let all: BTreeSet<String> = life.states.iter().cloned().collect();
        assert_eq!(reached, all, "{} {}", source.id, life.name);
    }
}

const OWN: &str = r#"{
  "x-source": {"id":"badge-reader","version":1,"title":"Badge reader","summary":"Doors","recognise":["door","badge"],
    "time":{"occurred":"/at"},"action":"/event","actor":["/badge"],"subjects":["/door"],
    "record_types":[{"type":"door.opened","title":"Door opened","kind":"audit","ocsf":null}]},
  "type":"object",
  "properties": {
    "at": {"x-class":"C1","x-type":"timestamp","x-purpose":["security-investigation"]},
    "event": {"x-class":"C0","x-type":"code","enum":["door.opened"],"x-purpose":["security-investigation"]},
    "badge": {"x-class":"C3","x-type":"text","x-purpose":["security-investigation"],"x-handle-domain":"account"},
    "door": {"x-class":"C3","x-type":"text","x-purpose":["security-investigation"],"x-handle-domain":"host"}
  }
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_own_source_file_is_checked_versioned_and_never_weakens_silently() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    // Everything that is wrong is told at once, each with its place in the file.
    let broken = OWN
        .replace(r#""badge": {"x-class":"C3""#, r#""badge": {"x-class":"c3""#)
        .replace(r#","x-handle-domain":"host""#, "");
    let checked = bench
        .check_source(file("broken.json", &broken))
        .await
        .expect("a report");
    let places: BTreeSet<&str> = checked
        .problems
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    assert_eq!(places, ["/properties/badge", "/properties/door"].into());
    let typo = OWN.replace(r#""action""#, r#""acton""#);
    let checked = bench
        .check_source(file("typo.json", &typo))
        .await
        .expect("a report");
    assert!(
        checked.problems[0].place.starts_with("/x-source"),
        "{checked:?}"
    );
    let error = bench
        .add_source(file("typo.json", &typo), None, true)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::Invalid);

    bench
        .add_source(file("v1.json", OWN), None, true)
        .await
        .expect("added");
    let lines = home.path().join("doors.ndjson");
    std::fs::write(
        &lines,
        "{\"at\":\"2026-11-02T03:00:00Z\",\"event\":\"door.opened\",\"badge\":\"m.lind\",\"door\":\"north-2\"}\n",
    )
    .expect("a file");
    // Its records are recognised by their members: no code for a new system.
    assert_eq!(import(&bench, &lines).await, 1);
    let found = search(&bench, "system:badge-reader").await;
    let seq = found.rows[0].seq;
    assert_eq!(found.rows[0].title, "Door opened");
    let record = bench.record(seq).await.expect("a record");
    assert_eq!(field(&record.fields, "/door").shown, "handle");
    let before = (record.proof.leaf.clone(), record.proof.root.clone());

    // A version that lowers a class is refused field by field, until somebody gives a reason.
    let weaker = OWN.replace(r#""version":1"#, r#""version":2"#).replace(
        r#""door": {"x-class":"C3","x-type":"text","x-purpose":["security-investigation"],"x-handle-domain":"host"}"#,
        r#""door": {"x-class":"C2","x-type":"token","x-words":["north"],"x-purpose":["security-investigation","compliance-review"]}"#,
    );
    let path = file("v2.json", &weaker);
    let checked = bench.check_source(path.clone()).await.expect("a report");
    assert!(checked.weakens && checked.usable);
    let words: Vec<&str> = (checked.changes.iter().filter(|one| one.weakens))
        .map(|one| one.words.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "class lowered from C3 (identity) to C2 (quasi-identity)",
            "may also be used for compliance-review",
            "handle domain none instead of host",
        ]
    );
    let error = bench
        .add_source(path.clone(), None, true)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::Refused);
    assert!(error.message.contains("/door"), "{error}");
    let reason = Some("door names are on the floor plan".to_owned());
    let added = bench.add_source(path, reason, true).await.expect("added");
    assert_eq!(added.redone, Some(1));
    let record = bench.record(seq).await.expect("a record");
    let door = field(&record.fields, "/door");
    assert_eq!(
        (door.class.as_str(), door.text.as_deref()),
        ("C2", Some("north-2"))
    );
    assert_eq!(
        before,
        (record.proof.leaf, record.proof.root),
        "sealed bytes stay"
    );
    assert_eq!(search(&bench, "\"north-2\"").await.rows.len(), 1);
    let custody = bench
        .custody("source.added".into(), None)
        .await
        .expect("the ledger");
    assert_eq!(custody.entries.len(), 2);

    // The same number with another content is refused, and so is an id of the program.
    let other = OWN.replace("Doors", "Doors and gates");
    let error = bench
        .add_source(file("v1b.json", &other), None, true)
        .await
        .unwrap_err();
    assert!(error.message.contains("another content"), "{error}");

    // It outlives the session, and another member may look but not add.
    let responder = {
        let start = bench.lock().await.expect("locked");
        let all = &start.recent[0].members;
        let found = all.iter().find(|one| one.role == "responder");
        found.expect("a responder").id.clone()
    };
    let dir = home.path().join("ws").display().to_string();
    bench
        .open_workspace(dir, Some(responder), format!("{PASS} two"))
        .await
        .expect("opened");
    assert_eq!(search(&bench, "\"north-2\"").await.rows.len(), 1);
    let third = weaker.replace(r#""version":2"#, r#""version":3"#);
    let error = bench
        .add_source(file("v3.json", &third), None, true)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::Refused, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subtree_or_a_pattern_is_classified_in_one_act() {
    let Some(corpus) = corpora::folder("invictus") else {
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let total = import(&bench, &corpus.join("CloudTrail")).await;
    assert_eq!(total, 2_900);
    let view = bench.to_classify().await.expect("hidden paths");
    let aws = view
        .systems
        .iter()
        .find(|one| one.id == "aws-cloudtrail")
        .expect("CloudTrail");
    // Counted by another program: paths of records that the source file does not classify, without
    // those that are null or empty everywhere.
    assert!(aws.paths.len() > 700, "{}", aws.paths.len());
    let request = |pattern: &str, class: &str, domain: Option<&str>| ClassifyRequest {
        system: "aws-cloudtrail".into(),
        pattern: pattern.into(),
        class: class.into(),
        purposes: vec!["security-investigation".into()],
        domain: domain.map(str::to_owned),
        free_text: false,
    };
    let (bucket, times) = common_bucket(&corpus.join("CloudTrail"));
    let query = format!("/requestParameters/bucketName:\"{bucket}\"");
    let before = search(&bench, &query).await.total;
    let preview = bench
        .classify_preview(request("/requestParameters/**", "C3", Some("name")))
        .await
        .expect("a preview");
    assert!(preview.paths.len() > 300, "{}", preview.paths.len());
    assert!(
        preview
            .paths
            .iter()
            .all(|one| one.path.starts_with("/requestParameters/"))
    );
    assert_eq!(before, 0);
    let one = bench
        .classify_preview(request("/requestParameters/bucketName", "C2", None))
        .await
        .expect("a preview");
    assert_eq!(one.paths.len(), 1);
    assert_eq!(one.records, one.paths[0].records);
    let added = bench
        .classify(
            request("/requestParameters/bucketName", "C2", None),
            "bucket names are known to the team".into(),
            true,
        )
        .await
        .expect("classified");
    assert_eq!((added.file.version, added.redone), (3, Some(2_900)));
    let found = search(&bench, &query).await;
    assert_eq!(found.total, times, "shown and searchable");
    let record = bench.record(found.rows[0].seq).await.expect("a record");
    assert_eq!(
        field(&record.fields, "/requestParameters/bucketName").shown,
        "kept"
    );
    // What else the request holds stays together and hidden.
    let rest = (record.fields.iter()).filter(|one| one.path.starts_with("/requestParameters/"));
    assert!(
        rest.clone()
            .all(|one| one.path.ends_with("bucketName") || one.shown == "hidden")
    );

    // The rest in one act; a path has one class, so what is classified is left alone.
    let all = bench
        .classify(
            request("/**", "C3", Some("name")),
            "by handle only, until somebody looks closer".into(),
            true,
        )
        .await
        .expect("classified");
    assert_eq!(all.file.version, 4);
    let left = bench.to_classify().await.expect("hidden paths");
    let aws = left.systems.iter().find(|one| one.id == "aws-cloudtrail");
    let mixed = all.mixed.len();
    assert!(aws.is_none_or(|one| one.paths.len() <= mixed), "{mixed}");
    let custody = bench
        .custody("source.classified".into(), None)
        .await
        .expect("the ledger");
    assert_eq!(custody.entries.len(), 2);
}

/// The bucket that most requests of the corpus name, and how many do.
fn common_bucket(folder: &Path) -> (String, u32) {
    let mut times: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        let file: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        for record in file["Records"].as_array().into_iter().flatten() {
            if let Some(name) = record["requestParameters"]["bucketName"].as_str() {
                *times.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    let most = times.into_iter().max_by_key(|(_, times)| *times);
    most.expect("a request that names a bucket")
}
