//! What he does: a reviewer, who holds the database key, or a stranger with a packet, takes the digest of a file that
//! has one short record, and tries every value of the one hidden field until the digest agrees.
//!
//! What he wants: the hidden address; 970 tries found it.
//!
//! What stops him: outside the sealed originals a file is named by a mark, an HMAC under a key that only holders of the
//! originals key derive; the same bytes are still recognised.

use evidence::Hash;
use redaction::LeakScanner;
use serde::Serialize;
use workbench::Workbench;
use workbench::view::{OpenIncident, SearchRequest};

use super::{PASS, bench};

fn add(out: &mut Vec<u8>, view: &impl Serialize) {
    out.extend(serde_json::to_vec(view).expect("a view is JSON"));
    out.push(b'\n');
}

async fn seen(bench: &Workbench) -> Vec<u8> {
    let mut out = Vec::new();
    let request = SearchRequest {
        limit: 1_000,
        ..SearchRequest::default()
    };
    add(
        &mut out,
        &bench.search_records(request).await.expect("a query"),
    );
    for seq in 1..60 {
        if let Ok(record) = bench.record(seq).await {
            add(&mut out, &record);
        }
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_of_a_short_file_stays_with_the_originals() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = bench(home.path()).await;
    let mut digests = Vec::new();
    let mut paths = Vec::new();
    for n in 0..20 {
        let line = format!("{{\"at\":\"2026-11-02T03:00:00Z\",\"address\":\"10.9.{n}.77\"}}\n");
        let path = home.path().join(format!("one-{n}.ndjson"));
        std::fs::write(&path, &line).expect("a file");
        digests.push(Hash::sha256(line.as_bytes()));
        paths.push(path.display().to_string());
    }
    // One is contradicted by a manifest, so that it is held with both digests.
    let held = home.path().join("held");
    std::fs::create_dir(&held).expect("a folder");
    let line = "{\"address\":\"10.9.200.77\"}\n";
    std::fs::write(held.join("a.ndjson"), line).expect("a file");
    let other = Hash::sha256(b"{\"address\":\"10.9.201.77\"}\n");
    std::fs::write(
        held.join("SHA256SUMS"),
        format!("{}  a.ndjson\n", other.to_hex()),
    )
    .expect("a file");
    digests.extend([Hash::sha256(line.as_bytes()), other]);
    paths.push(held.display().to_string());
    let report = bench.import_now(paths.clone()).await.expect("imported");
    assert_eq!((report.total, report.quarantine.len()), (20, 1));
    // The same bytes are known, imported and held ones.
    let again = bench.import_now(paths).await.expect("imported");
    assert_eq!((again.total, again.quarantine.len()), (0, 1));
    assert!(
        again
            .files
            .iter()
            .all(|one| one.outcome == "already imported")
    );

    let texts: Vec<String> = digests.iter().map(Hash::to_hex).collect();
    let scanner = LeakScanner::new(&texts).expect("a scanner");
    // Who may open the originals may know their digests.
    assert!(!scanner.scan(&seen(&bench).await).is_empty(), "the control");
    let opened = OpenIncident {
        title: "Digests".into(),
        pin: Vec::new(),
    };
    let incident = bench.open_incident(opened).await.expect("opened").row.id;
    let mut pinned = 0;
    for seq in 1..60 {
        pinned += usize::from(
            bench
                .pin_records(incident.clone(), vec![seq], None)
                .await
                .is_ok(),
        );
    }
    assert!(
        pinned >= 40,
        "records and those about their files: {pinned}"
    );
    for audience in ["outside", "internal-audit"] {
        let plan = bench.packet_plan(incident.clone(), audience.into()).await;
        let plan = plan.unwrap_or_else(|error| panic!("{audience}: no plan: {error}"));
        assert_eq!(plan.blocked, Vec::<String>::new(), "{audience}");
        let path = home.path().join(format!("{audience}.zip"));
        let write = bench.packet_write(
            incident.clone(),
            audience.into(),
            plan.digest,
            path.display().to_string(),
        );
        write.await.expect("written");
        for (name, bytes) in super::unpacked(&path) {
            assert!(
                scanner.scan(&super::inflated(&bytes)).is_empty(),
                "{audience} {name}"
            );
        }
    }

    let start = bench.lock().await.expect("locked");
    let members = &start.recent[0].members;
    let reviewer = members
        .iter()
        .find(|one| one.role == "reviewer")
        .expect("a reviewer")
        .id
        .clone();
    let dir = home.path().join("ws").display().to_string();
    bench
        .open_workspace(dir, Some(reviewer), format!("{PASS} two"))
        .await
        .expect("opened");
    let shown = seen(&bench).await;
    assert!(
        !shown.is_empty() && scanner.scan(&shown).is_empty(),
        "a reviewer knows no digest"
    );
}
