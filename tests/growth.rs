//! What is known of a workspace follows what comes, and is never computed whole because something was added. So whatever came,
//! in whatever order, it must say what an opening says that computes everything from nothing.

use std::path::{Path, PathBuf};

use muniment_tests::bench::{PASSPHRASE, fresh, workbench};
use muniment_tests::exports::{Log, put};
use muniment_tests::folders::copy_but;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sample::trail::TrailCase;
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::view::{PinKey, SearchRequest};

const ORIGIN: &str = "log.example/enigm";

fn soaking() -> bool {
    std::env::var_os("MUNIMENT_SOAK").is_some()
}

/// Everything that is said of what is stored.
async fn said(bench: &Workbench) -> Value {
    let sources = bench.sources().await.expect("sources");
    let request = SearchRequest {
        limit: 200,
        facets: ["verdict", "assurance", "system", "origin"]
            .map(String::from)
            .to_vec(),
        ..SearchRequest::default()
    };
    let found = bench.search_records(request).await.expect("a query");
    json!({
        "sources": sources,
        "total": found.total,
        "facets": found.facets,
        "rows": found.rows,
        "trails": bench.cloudtrail().await.expect("trails"),
    })
}

/// The same of a copy of the workspace that is opened for it, so that nothing is known of it.
async fn said_afresh(home: &Path) -> Value {
    let other = tempfile::tempdir().expect("a folder");
    for folder in ["workspace", "state"] {
        // The index follows from the rows, and its files come and go by themselves.
        copy_but(&home.join(folder), &other.path().join(folder), &["index"]);
    }
    let bench = workbench(other.path());
    let dir = other.path().join("workspace").display().to_string();
    let opened = bench.open_workspace(dir, None, PASSPHRASE.into()).await;
    opened.expect("opened");
    let said = said(&bench).await;
    bench.lock().await.expect("locked");
    said
}

/// A JSON lines file of so many records.
fn lines(name: &str, count: u32) -> String {
    (0..count)
        .map(|n| {
            format!(
                "{{\"eventVersion\":\"1.11\",\"eventTime\":\"2026-11-{:02}T10:00:{n:02}Z\",\"eventSource\":\"s3.amazonaws.com\",\
                 \"eventName\":\"GetObject\",\"eventID\":\"{name}-{n}\",\"eventType\":\"AwsApiCall\",\"awsRegion\":\"eu-central-1\"}}\n",
                name.len() + 1
            )
        })
        .collect()
}

/// What may come: folders and files, by name.
fn deliveries(home: &Path) -> Vec<PathBuf> {
    let at = |name: &str| home.join("in").join(name);
    let write = |path: &str, bytes: &[u8]| {
        let path = at(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("written");
    };
    for name in ["a", "bb", "ccc", "dddd", "eeeee", "ffffff"] {
        write(&format!("small/{name}.ndjson"), lines(name, 3).as_bytes());
    }
    write("small/same.ndjson", lines("bb", 3).as_bytes());
    write("small/broken.ndjson", b"{\"a\":1}\n{\"a\":");
    write("small/other.json", b"[{\"door\":1},{\"door\":2}]");
    write("again/a.ndjson", lines("a", 3).as_bytes());
    write("again/z.ndjson", lines("zzzzzzz", 2).as_bytes());
    write("one.ndjson", lines("alone", 4).as_bytes());
    let log = Log::new(ORIGIN, 1, 20);
    put(&at("export-1"), &log.export(0..5, &[]));
    put(&at("export-2"), &log.export(8..12, &[]));
    put(&at("export-3"), &log.export(4..9, &[]));
    let trail = TrailCase::EditedLog.files();
    for (path, bytes) in &trail.files {
        let part = match path.contains("/CloudTrail-Digest/") {
            true => "digests",
            false => "logs",
        };
        write(&format!("{part}/{path}"), bytes);
    }
    let policy = serde_json::to_vec(&trail.policy).expect("JSON");
    write("trail.json", &policy);
    [
        "small",
        "again",
        "one.ndjson",
        "export-1",
        "export-2",
        "export-3",
        "digests",
        "logs",
    ]
    .map(at)
    .to_vec()
}

#[tokio::test]
async fn what_follows_says_what_an_opening_computes_from_nothing() {
    let rounds = if soaking() { 12 } else { 3 };
    let mut random = ChaCha20Rng::seed_from_u64(0x6772_6f77);
    for round in 0..rounds {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path();
        let bench = fresh(home).await;
        let mut steps: Vec<Option<PathBuf>> = deliveries(home).into_iter().map(Some).collect();
        steps.push(None);
        steps.push(None);
        let (mut policies, mut done) = (0, Vec::new());
        while !steps.is_empty() {
            let step = steps.remove(random.next_u64() as usize % steps.len());
            match &step {
                Some(path) => {
                    let report = bench.import_now(vec![path.display().to_string()]).await;
                    report.expect("imported");
                }
                None if policies == 0 => {
                    policies = 1;
                    let key = Log::new(ORIGIN, 1, 1).verifier().to_string();
                    bench
                        .trust_add(PinKey::of(&key, "enigm-command"))
                        .await
                        .expect("pinned");
                }
                None => {
                    let policy = home.join("in/trail.json").display().to_string();
                    bench.set_trail(policy).await.expect("pinned");
                }
            }
            done.push(step);
            let (follows, afresh) = (said(&bench).await, said_afresh(home).await);
            for (part, value) in follows.as_object().expect("an object") {
                assert_eq!(value, &afresh[part], "round {round}, {part} after {done:?}");
            }
        }
        let fsck = bench.fsck().await.expect("fsck");
        assert!(fsck.ok, "{fsck:#?}");
        bench.lock().await.expect("locked");
    }
}
