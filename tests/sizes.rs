//! Archives, manifests and folders that are large in one way and small in every other: a hundred thousand names, a million
//! lines, thousands of damaged parts. Each is done in steps that follow its size, or refused for what is too much of it;
//! each can be cancelled, and leaves nothing half there.
//!
//! Some hundreds of each; as many as hurt with `MUNIMENT_SOAK=1`.

#[path = "cmd/given.rs"]
#[allow(dead_code, reason = "shared with the other tests of the command line")]
mod given;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use given::{by_name, gzip, loose, put, sha256, terminal, text, zipped};
use muniment_tests::bench::{PASSPHRASE, SECOND};
use rand_core::SeedableRng as _;
use serde_json::Value;
use workbench::{Environment, Workbench};

fn soaking() -> bool {
    std::env::var_os("MUNIMENT_SOAK").is_some()
}

/// So many, or as many as hurt.
fn size(few: usize, many: usize) -> usize {
    if soaking() { many } else { few }
}

fn list<'r>(report: &'r Value, name: &str) -> &'r Vec<Value> {
    report[name].as_array().expect("a list")
}

/// `sha256sum` over files of these names, each with one record of its name.
fn manifest(names: impl IntoIterator<Item = String>) -> String {
    names
        .into_iter()
        .map(|name| format!("{}  {name}\n", sha256(&loose(&name, 1))))
        .collect()
}

#[test]
fn what_a_manifest_lists_and_nobody_has_is_named_as_far_as_anybody_reads() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let count = size(3_000, 100_000);
    let name = |n: usize| format!("f{n:06}.ndjson");
    for n in 0..10 {
        put(&terminal, &format!("in/{}", name(n)), &loose(&name(n), 1));
    }
    // Two of them came before, and are raised by the line that lists them, wherever it stands.
    let before = count - 7;
    put(&terminal, "before.ndjson", &loose(&name(before), 1));
    terminal.done(&["import", "before.ndjson"]);
    let sums = manifest((0..count).map(name));
    put(&terminal, "in/SHA256SUMS", sums.as_bytes());
    let (code, report) = terminal.json(&["import", "in"]);
    assert_eq!(code, 2);
    let files = list(&report, "files");
    assert_eq!(files.len(), 11, "{report:#}");
    assert!(files.iter().all(|file| file["assurance"] == "hash-matched"));
    let failed = list(&report, "failed");
    assert_eq!(failed.len(), 1_001);
    assert!(text(&failed[0]["file"]).ends_with(&name(10)));
    let last = &failed[1_000];
    assert_eq!(last["file"], "SHA256SUMS");
    let more = (count - 10 - 1 - 1_000).to_string();
    let said = text(&last["reason"]).replace([',', '\u{202f}', '\u{2009}', ' '], "");
    assert!(said.contains(&more), "{last:#}, {more}");
}

#[test]
fn a_manifest_that_is_longer_than_is_read_is_named_and_proves_nothing() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    put(&terminal, "in/a.ndjson", &loose("a", 2));
    let sums = format!("{}  a.ndjson\n", sha256(&loose("a", 2)));
    let path = put(&terminal, "in/SHA256SUMS", sums.as_bytes());
    // Cut off where it is too long, it would still have a line that speaks of the file.
    let long = std::fs::OpenOptions::new().append(true).open(path);
    long.and_then(|file| file.set_len((64 << 20) + 1))
        .expect("a long file");
    for named in ["in", "in/a.ndjson"] {
        let (code, report) = terminal.json(&["import", named]);
        assert_eq!(code, 2, "{report:#}");
        let failed = by_name(&report, "failed", "SHA256SUMS");
        assert!(text(&failed["reason"]).contains("64 MiB"), "{failed:#}");
        assert!(text(&failed["hint"]).contains("split"), "{failed:#}");
        let file = by_name(&report, "files", "a.ndjson");
        assert_eq!(file["assurance"], "unproven");
    }
}

#[test]
fn a_manifest_beside_files_that_are_named_one_by_one_is_read_once() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let names: Vec<String> = (0..size(40, 2_000))
        .map(|n| format!("in/f{n}.ndjson"))
        .collect();
    for name in &names {
        put(&terminal, name, &loose(name, 1));
    }
    put(
        &terminal,
        "in/SHA256SUMS",
        b"this is no line of a manifest\n",
    );
    let mut import = vec!["import"];
    import.extend(names.iter().map(String::as_str));
    let (code, report) = terminal.json(&import);
    assert_eq!(code, 2);
    // What is wrong with it is said once too.
    assert_eq!(list(&report, "failed").len(), 1, "{report:#}");
    assert_eq!(report["total"], names.len());
}

#[test]
fn of_an_archive_of_damaged_files_some_are_held_and_all_are_counted() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let names: Vec<String> = (0..size(259, 20_000))
        .map(|n| format!("f{n:05}.x"))
        .collect();
    let content = b"the same in every file of it, and long enough to be packed";
    let files: Vec<(&str, &[u8])> = (names.iter().map(|n| (n.as_str(), &content[..])))
        .chain([("good.ndjson", &b"{\"a\":1}\n"[..])])
        .collect();
    let mut archive = zipped(&files);
    // A byte of the packed text of each, which stands behind its name in its local header.
    let mut from = 0;
    for name in &names {
        let mut windows = archive[from..].windows(name.len());
        let at = windows.position(|w| w == name.as_bytes());
        from += at.expect("its header") + name.len();
        archive[from + 12] ^= 0x10;
    }
    put(&terminal, "a.zip", &archive);
    let more = (names.len() - 256).to_string();
    for _ in 0..2 {
        let (code, report) = terminal.json(&["import", "a.zip"]);
        assert_eq!(code, 2);
        assert_eq!(list(&report, "quarantine").len(), 256);
        let counted = by_name(&report, "failed", "a.zip");
        assert!(
            text(&counted["reason"]).starts_with(&format!("{more} more")),
            "{counted:#}"
        );
        assert_eq!(by_name(&report, "files", "good.ndjson")["records"], 1);
    }
    let held = terminal.done(&["quarantine", "list"]);
    assert_eq!(held["total"], 256);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

/// The headers of a ZIP whose entries all have this name and these bytes.
fn of_one_name(name: &str, bytes: &[u8], count: u16) -> Vec<u8> {
    let one = zipped(&[(name, bytes)]);
    let central = one
        .windows(4)
        .position(|w| w == b"PK\x01\x02")
        .expect("a directory");
    let end = one.len() - 22;
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for _ in 0..count {
        let at = u32::try_from(out.len()).expect("small");
        out.extend_from_slice(&one[..central]);
        let mut header = one[central..end].to_vec();
        header[42..46].copy_from_slice(&at.to_le_bytes());
        directory.extend(header);
    }
    let start = u32::try_from(out.len()).expect("small");
    let length = u32::try_from(directory.len()).expect("small");
    out.extend(directory);
    let mut tail = one[end..].to_vec();
    tail[8..10].copy_from_slice(&count.to_le_bytes());
    tail[10..12].copy_from_slice(&count.to_le_bytes());
    tail[12..16].copy_from_slice(&length.to_le_bytes());
    tail[16..20].copy_from_slice(&start.to_le_bytes());
    out.extend(tail);
    out
}

#[test]
fn an_archive_that_is_no_export_is_refused_for_what_is_wrong_with_it() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let count = u16::try_from(size(500, 60_000)).expect("below 65,535");
    put(&terminal, "same.zip", &of_one_name("a.json", b"{}", count));
    let long = format!("{}.json", "n".repeat(4_100));
    let names: Vec<String> = (0..9).map(|n| format!("{n}{long}")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b"{}"[..])).collect();
    put(&terminal, "long.zip", &zipped(&files));
    let (code, report) = terminal.json(&["import", "same.zip", "long.zip"]);
    assert_eq!((code, &report["total"]), (1, &0.into()), "{report:#}");
    let same = by_name(&report, "quarantine", "same.zip");
    assert_eq!(same["code"], "duplicate-name", "{same:#}");
    assert!(text(&same["reason"]).contains("a.json"), "{same:#}");
    let long = by_name(&report, "quarantine", "long.zip");
    assert_eq!(long["code"], "name-too-long", "{long:#}");
    assert!(text(&long["reason"]).contains("4096"), "{long:#}");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn folders_that_lie_in_one_another_a_thousand_deep_are_walked() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    // As deep as the longest path that Linux takes.
    let mut folder = terminal.home.join("in");
    while folder.as_os_str().len() < 3_900 {
        folder.push("d");
    }
    std::fs::create_dir_all(&folder).expect("folders");
    std::fs::write(folder.join("a.ndjson"), loose("a", 2)).expect("written");
    std::fs::write(terminal.home.join("in/b.ndjson"), loose("b", 1)).expect("written");
    let report = terminal.done(&["import", "in"]);
    assert_eq!(report["total"], 3, "{report:#}");
}

#[test]
fn members_of_one_gzip_file_and_values_of_one_line_are_as_many_as_they_are() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    let members = size(2_000, 100_000);
    let many: Vec<u8> = (0..members)
        .flat_map(|n| gzip(format!("{{\"n\":{n}}}\n").as_bytes()))
        .collect();
    put(&terminal, "many.json.gz", &many);
    // One line, without a break to read it by.
    let values = size(150_000, 2_000_000);
    let line: Vec<String> = (0..values).map(|n| format!("{{\"m\":{n}}}")).collect();
    put(
        &terminal,
        "line.json",
        format!("[{}]", line.join(",")).as_bytes(),
    );
    let report = terminal.done(&["import", "many.json.gz", "line.json"]);
    assert_eq!(report["total"], members + values);
}

/// What a test's workbench asks for the time: at the look of this number its jobs are cancelled.
struct Clock {
    looks: AtomicU64,
    at: AtomicU64,
    bench: OnceLock<Workbench>,
}

impl Clock {
    /// Progress is told by the clock, so that every telling is a moment at which somebody may cancel.
    fn look(self: &Arc<Self>) {
        if self.looks.fetch_add(1, Ordering::Relaxed) == self.at.load(Ordering::Relaxed) {
            let own = Arc::clone(self);
            // The list of jobs may be held by who looks.
            std::thread::spawn(move || {
                if let Some(bench) = own.bench.get() {
                    bench.cancel_jobs();
                }
            });
        }
    }
}

fn workbench(home: &Path) -> (Workbench, Arc<Clock>) {
    let clock = Arc::new(Clock {
        looks: AtomicU64::new(0),
        at: AtomicU64::new(u64::MAX),
        bench: OnceLock::new(),
    });
    let (own, seconds, seed) = (
        Arc::clone(&clock),
        AtomicI64::new(1_795_132_800),
        AtomicU64::new(1),
    );
    let mut environment = Environment::new(
        move || {
            own.look();
            let now = seconds.fetch_add(1, Ordering::Relaxed);
            DateTime::from_timestamp(now, 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state/muniment"),
        home.join("data/muniment"),
    );
    environment.argon2_kib = 65_536;
    let bench = Workbench::new(environment);
    assert!(clock.bench.set(bench.clone()).is_ok());
    (bench, clock)
}

/// Everything there is, in a folder: an archive with its manifest, exports' shapes, a gzip file of many members, large records,
/// files beside a manifest that lists many more.
fn everything(home: &Path) -> PathBuf {
    let folder = home.join("in");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("written");
    };
    let name = |n: usize| format!("f{n:04}.ndjson");
    let sums = manifest((0..1_500).map(name));
    let files: Vec<(String, Vec<u8>)> = (0..30).map(|n| (name(n), loose(&name(n), 1))).collect();
    let mut archived: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    archived.push(("SHA256SUMS", sums.as_bytes()));
    write("a/archive.zip", &zipped(&archived));
    for (name, bytes) in files.iter().take(6) {
        write(&format!("b/{name}"), bytes);
    }
    write("b/SHA256SUMS", sums.as_bytes());
    let many: Vec<u8> = (0..300)
        .flat_map(|n| gzip(format!("{{\"n\":{n}}}\n").as_bytes()))
        .collect();
    write("c/many.json.gz", &many);
    let large = format!("{{\"text\":\"{}\"}}\n", "ab ".repeat(100_000));
    write("c/large.ndjson", large.repeat(8).as_bytes());
    write("d/broken.ndjson", b"{\"a\":1}\n{\"a\":");
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_an_import_is_cancelled_nothing_is_half_there_and_it_can_be_done_again() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = everything(home.path()).display().to_string();
    let (bench, clock) = workbench(home.path());
    let dir = home.path().join("workspace").display().to_string();
    bench
        .create_workspace(dir, PASSPHRASE.into(), "reviewer".into(), SECOND.into())
        .await
        .expect("a workspace");
    // The first looks are before there is anything to cancel.
    let (mut cancelled, mut at, mut known) = (0, 4, 0);
    loop {
        let before = clock.looks.load(Ordering::Relaxed);
        clock.at.store(before + at, Ordering::Relaxed);
        let done = bench.import_now(vec![folder.clone()]).await;
        clock.at.store(u64::MAX, Ordering::Relaxed);
        // A cancelled one is no failure, and nobody is asked to resume it.
        let sources = bench.sources().await.expect("sources");
        assert!(sources.interrupted.is_empty(), "at {at}");
        let quarantined = bench.quarantine(true).await.expect("a list");
        assert!(
            (quarantined.files.iter()).all(|held| held.file.ends_with("broken.ndjson")),
            "what nobody wanted to read on is no fault of a file: {quarantined:?}"
        );
        match done {
            Ok(_) => break,
            Err(error) => {
                assert_eq!(error.code, workbench::Code::Cancelled, "at {at}: {error:?}");
                cancelled += 1;
            }
        }
        // What had ended stays, whole.
        let kept = sources.imports.rows.len();
        assert!(kept >= known, "{kept} after {known}");
        known = kept;
        at = at * 5 / 4 + 3;
    }
    assert!(cancelled > 5, "cancelled {cancelled} times");
    let report = bench.import_now(vec![folder]).await.expect("imported");
    assert_eq!(report.quarantine.len(), 1);
    let report = bench.fsck().await.expect("checked");
    assert!(report.ok, "{report:?}");
}
