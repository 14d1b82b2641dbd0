//! Intake: compressed files and archives, many files at once, files that fail and what becomes of them,
//! imports that are cut off. By the command line, as a stranger would.

#[path = "cmd/given.rs"]
#[allow(dead_code, reason = "shared with the other tests of the command line")]
mod given;

use std::io::Cursor;
use std::process::Stdio;

use given::{
    by_name, exports, gzip, key, lines, loose, put, replace, sha256, terminal, text, with_records,
    zipped,
};
use muniment_tests::programs::Terminal;
use serde_json::Value;

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("memory")
}

fn each<'r>(report: &'r Value, list: &str, field: &str) -> Vec<&'r str> {
    let all = report[list].as_array().expect("a list");
    all.iter()
        .map(|one| one[field].as_str().unwrap_or(""))
        .collect()
}

fn total(terminal: &Terminal) -> u64 {
    terminal.done(&["search", "--limit", "1"])["total"]
        .as_u64()
        .expect("a total")
}

#[test]
fn compressed_files_are_known_by_content_and_a_manifest_may_list_either_bytes() {
    let (_dir, terminal) = terminal();
    let (a, b, c) = (
        loose("amber", 3),
        loose("birch", 4),
        b"[{\"c\":1},{\"c\":2}]",
    );
    let (packed_a, packed_b) = (gzip(&a), zstd(&b));
    put(&terminal, "in/a.ndjson.gz", &packed_a);
    put(&terminal, "in/b.ndjson.zst", &packed_b);
    put(&terminal, "in/nameless", &gzip(c));
    put(&terminal, "in/wrong.ndjson.gz", &gzip(&loose("cedar", 2)));
    let sums = format!(
        "{}  a.ndjson.gz\n{}  b.ndjson\n{}  wrong.ndjson\n",
        sha256(&packed_a),
        sha256(&b),
        sha256(b"other")
    );
    put(&terminal, "in/SHA256SUMS", sums.as_bytes());
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "in"]);
    assert_eq!((code, &report["total"]), (1, &9.into()), "{report:#}");
    let a = by_name(&report, "files", "a.ndjson.gz");
    assert_eq!(
        (&a["assurance"], &a["format"]),
        (&"hash-matched".into(), &"JSON lines, gzip".into())
    );
    assert!(text(&a["agreed"]).contains("as it came"));
    let b = by_name(&report, "files", "b.ndjson.zst");
    assert_eq!(b["assurance"], "hash-matched");
    assert!(text(&b["agreed"]).contains("unpacks to"), "{b:#}");
    assert_eq!(
        by_name(&report, "files", "nameless")["assurance"],
        "unproven"
    );
    let wrong = by_name(&report, "quarantine", "wrong.ndjson.gz");
    assert_eq!(wrong["code"], "hash-mismatch");
    assert_eq!(wrong["expected"], sha256(b"other"));
    assert_eq!(wrong["found"], sha256(&loose("cedar", 2)));
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn an_archive_is_sealed_as_it_came_and_imported_file_by_file() {
    let (_dir, terminal) = terminal();
    key(&terminal);
    let export = exports(&terminal, &[5]).remove(0);
    let mut inner =
        zip::ZipArchive::new(Cursor::new(std::fs::read(&export).expect("read"))).expect("a ZIP");
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for at in 0..inner.len() {
        let mut file = inner.by_index(at).expect("a file");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).expect("read");
        files.push((format!("day-1/{}", file.name().expect("a name")), bytes));
    }
    // The same export as a folder, for later.
    for (name, bytes) in &files {
        put(&terminal, name, bytes);
    }
    let good = loose("amber", 3);
    files.push(("logs/a.ndjson".into(), good.clone()));
    files.push(("logs/a-again.ndjson".into(), good.clone()));
    files.push((
        "logs/b.json.gz".into(),
        gzip(b"{\"Records\":[{\"a\":1},{\"a\":2}]}"),
    ));
    files.push(("logs/bad.ndjson".into(), b"{\"a\":1}\n{\"a\":".to_vec()));
    files.push(("logs/nested.zip".into(), zipped(&[("x", b"y")])));
    files.push((
        "logs/SHA256SUMS".into(),
        format!("{}  a.ndjson\n", sha256(&good)).into_bytes(),
    ));
    let borrowed: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(n, b)| (n.as_str(), b.as_slice()))
        .collect();
    let archive = put(&terminal, "all.zip", &zipped(&borrowed));
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "all.zip"]);
    assert_eq!((code, &report["total"]), (1, &10.into()), "{report:#}");
    assert_eq!(
        by_name(&report, "files", "all.zip/logs/a.ndjson")["assurance"],
        "hash-matched"
    );
    assert_eq!(
        by_name(&report, "files", "a-again.ndjson")["outcome"],
        "already imported"
    );
    assert_eq!(by_name(&report, "files", "b.json.gz")["records"], 2);
    assert_eq!(
        by_name(&report, "files", "all.zip/day-1")["verdict"],
        "pending"
    );
    let bad = by_name(&report, "quarantine", "bad.ndjson");
    assert_eq!(
        (&bad["line"], &bad["code"]),
        (&2.into(), &"unreadable".into())
    );
    let nested = by_name(&report, "quarantine", "nested.zip");
    assert_eq!(nested["code"], "nested", "{nested:#}");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);

    // The same again, under another name; and its parts, loose: all of it is recognised.
    std::fs::rename(archive, terminal.home.join("renamed.zip")).expect("renamed");
    put(&terminal, "loose.ndjson", &good);
    let (_, again) = terminal.json(&["import", "renamed.zip", "loose.ndjson", "day-1"]);
    assert_eq!(again["total"], 0);
    let outcomes = each(&again, "files", "outcome");
    assert_eq!(outcomes, ["already imported"; 6], "{again:#}");
    let loose = by_name(&again, "files", "loose.ndjson");
    assert_eq!(loose["known_as"], "all.zip/logs/a.ndjson", "{again:#}");
    assert_eq!(again["quarantine"].as_array().expect("a list").len(), 2);
    assert_eq!(terminal.done(&["quarantine", "list"])["total"], 2);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[cfg(unix)]
#[test]
fn one_bad_file_stops_no_other_and_what_is_no_file_is_named() {
    let (_dir, terminal) = terminal();
    for at in 0..60 {
        put(
            &terminal,
            &format!("many/{}/f{at}.ndjson", at % 7),
            &loose(&format!("m{at}"), 2),
        );
    }
    put(&terminal, "many/empty.ndjson", b"");
    put(
        &terminal,
        "many/page.json",
        b"<!doctype html><title>Sign in</title>",
    );
    put(&terminal, "many/sums/SHA256SUMS", b"this is no manifest\n");
    put(&terminal, "many/sums/s.ndjson", &loose("s", 1));
    std::os::unix::fs::symlink("/etc/hostname", terminal.home.join("many/link")).expect("a link");
    let pipe = terminal.home.join("many/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    let has_pipe = made.is_ok_and(|status| status.success());
    terminal.done(&["init"]);
    let (code, report) = terminal.json(&["import", "many", "no-such-file"]);
    assert_eq!((code, &report["total"]), (2, &121.into()), "{report:#}");
    let codes: Vec<&str> = each(&report, "quarantine", "code");
    assert_eq!(codes, ["empty", "markup"]);
    let reason = |name: &str| text(&by_name(&report, "failed", name)["reason"]);
    assert!(reason("/link").contains("link"));
    assert!(reason("/SHA256SUMS").contains("line 1"));
    assert!(reason("no-such-file").contains("does not exist"));
    if has_pipe {
        assert!(reason("/pipe").contains("pipe"));
    }
    // Nothing but what cannot be read: an error like any other.
    let (code, error) = terminal.refused(&["import", "no-such-file"]);
    assert_eq!(code, 2);
    assert!(text(&error["message"]).contains("does not exist"));
    assert!(interrupted(&terminal).is_empty());
}

#[test]
fn a_custodian_admits_a_held_file_as_unproven_and_it_never_looks_verified() {
    let (_dir, terminal) = terminal();
    let vkey = key(&terminal);
    let export = exports(&terminal, &[9]).remove(0);
    let value = with_records(&export, |text| replace(text, "EK-4", "EK-5"));
    put(&terminal, "value.zip", &value);
    let broken = with_records(&export, |text| {
        replace(text, "\"f\":[[\"@schema\"", "\"f\":[[\"@schemb\"")
    });
    put(&terminal, "broken.zip", &broken);
    put(&terminal, "picture.png", b"\x89PNG\r\n\x1a\n");
    terminal.done(&["init"]);
    terminal.done(&["trust", "add", &vkey, "--schema", "enigm-key"]);
    let (_, report) = terminal.json(&["import", "value.zip", "broken.zip", "picture.png"]);
    assert_eq!(report["quarantine"].as_array().expect("a list").len(), 3);
    let before = terminal.done(&["sources"])["origins"].clone();

    let shown = terminal.done(&["quarantine", "show", "1"]);
    assert_eq!(
        (&shown["code"], &shown["state"]),
        (&"root".into(), &"held".into())
    );
    assert!(
        shown["expected"].is_string() && shown["found"].is_string(),
        "{shown:#}"
    );
    let (code, _) = terminal.refused(&["quarantine", "admit", "1", "--reason", " "]);
    assert_eq!(code, 2);
    let (code, none) = terminal.refused(&["quarantine", "admit", "3", "--reason", "try"]);
    assert_eq!(code, 2);
    assert!(text(&none["message"]).contains("no record"), "{none:#}");

    let admitted = terminal.done(&["quarantine", "admit", "1", "--reason", "the only copy left"]);
    assert_eq!(
        (&admitted["total"], &admitted["unread"]),
        (&9.into(), &0.into())
    );
    assert_eq!(admitted["import"]["outcome"], "admitted");
    let partly = terminal.done(&["quarantine", "admit", "2", "--reason", "all but one"]);
    assert_eq!(
        (&partly["total"], &partly["unread"]),
        (&8.into(), &1.into())
    );
    assert_eq!(total(&terminal), 17);
    let found = terminal.done(&["search", "verdict:admitted", "--facet", "assurance"]);
    assert_eq!(found["total"], 17);
    assert_eq!(
        terminal.done(&["search", "assurance:source-anchored"])["total"],
        0
    );
    let seq = found["rows"][0]["seq"].to_string();
    let record = terminal.done(&["show", &seq]);
    assert_eq!(record["proof"]["assurance"], "unproven");
    assert!(text(&record["proof"]["claim"]).contains("failed verification"));
    // The memory of the origin that it claims to come from is untouched.
    let origins = terminal.done(&["sources"])["origins"].clone();
    let own = |all: &Value| {
        let all = all.as_array().expect("a list");
        all.iter().find(|o| o["origin"] == given::ORIGIN).cloned()
    };
    assert_eq!(own(&origins), own(&before));
    let custody = terminal.done(&["custody", "quarantine.admitted"]);
    assert_eq!(custody["total"], 2);
    assert!(text(&custody["entries"][1]["summary"]).contains("the only copy left"));

    // Once is enough; and the same file again is recognised.
    let (_, twice) = terminal.refused(&["quarantine", "admit", "1", "--reason", "again"]);
    assert!(text(&twice["message"]).contains("admitted already"));
    let (code, again) = terminal.json(&["import", "value.zip", "picture.png", "1.zip"]);
    assert_eq!(code, 1);
    assert_eq!(
        each(&again, "files", "outcome"),
        ["already imported", "imported"]
    );
    assert_eq!(by_name(&again, "files", "1.zip")["verdict"], "extends");
    assert_eq!(terminal.done(&["quarantine", "list"])["total"], 1);
    assert_eq!(terminal.done(&["quarantine", "list", "--all"])["total"], 3);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);

    // What is held can be shown to its source, exactly as it came.
    let written = terminal.done(&["quarantine", "export", "3", "-o", "back.png"]);
    let bytes = std::fs::read(terminal.home.join("back.png")).expect("written");
    assert_eq!(bytes, b"\x89PNG\r\n\x1a\n");
    assert_eq!(written["sha256"], sha256(&bytes));
    terminal.refused(&["quarantine", "export", "3", "-o", "back.png"]);
}

#[test]
fn what_was_rejected_stays_rejected_until_a_manifest_lists_these_very_bytes() {
    let (_dir, terminal) = terminal();
    let bytes = loose("amber", 3);
    put(&terminal, "in/a.ndjson", &bytes);
    put(
        &terminal,
        "in/SHA256SUMS",
        format!("{}  a.ndjson\n", sha256(b"x")).as_bytes(),
    );
    terminal.done(&["init"]);
    let (code, _) = terminal.json(&["import", "in"]);
    assert_eq!(code, 1);
    // Without its manifest it would be unproven; it was rejected, and stays so.
    put(&terminal, "elsewhere/a.ndjson", &bytes);
    let (code, moved) = terminal.json(&["import", "elsewhere"]);
    assert_eq!((code, &moved["total"]), (1, &0.into()), "{moved:#}");
    put(
        &terminal,
        "in/SHA256SUMS",
        format!("{}  a.ndjson\n", sha256(&bytes)).as_bytes(),
    );
    let mended = terminal.done(&["import", "in"]);
    assert_eq!(mended["files"][0]["assurance"], "hash-matched");
    let all = terminal.done(&["quarantine", "list", "--all"]);
    assert_eq!(all["files"][0]["state"], "released");
}

/// Big files that are sealed whole.
fn sealed(terminal: &Terminal) -> usize {
    let folders = std::fs::read_dir(terminal.workspace.join("sealed")).expect("the workspace");
    let files = folders.filter_map(|folder| std::fs::read_dir(folder.ok()?.path()).ok());
    files
        .flatten()
        .filter_map(Result::ok)
        .filter(|file| file.path().extension().is_none())
        .filter(|file| file.metadata().is_ok_and(|m| m.len() > 16 << 10))
        .count()
}

/// Starts an import and waits until it has sealed a big file, and has written to the database since: it is
/// reading that file.
fn reading(terminal: &Terminal, paths: &[&str]) -> std::process::Child {
    let before = sealed(terminal);
    let mut import = terminal
        .command(&["import"])
        .args(paths)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("muniment starts");
    let mut wait = |until: &dyn Fn() -> bool| {
        while !until() {
            let ended = import.try_wait().expect("it can be asked");
            assert_eq!(ended, None, "it ended before it had sealed a big file");
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    };
    let log = || {
        let file = std::fs::metadata(terminal.workspace.join("vault.db-wal"));
        file.map(|m| m.len()).ok()
    };
    wait(&|| sealed(terminal) > before);
    let then = log();
    wait(&|| log() > then);
    import
}

#[test]
fn a_killed_import_is_resumed_from_its_sealed_copy_or_discarded() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    put(&terminal, "set/1.ndjson", &loose("small", 5));
    put(&terminal, "set/2.ndjson", &loose("big", 60_000));
    let mut import = reading(&terminal, &["set"]);
    import.kill().expect("it runs");
    import.wait().expect("it ended");
    let sources = terminal.done(&["sources"]);
    let [cut] = sources["interrupted"]
        .as_array()
        .expect("a list")
        .as_slice()
    else {
        panic!("{sources:#}")
    };
    assert!(text(&cut["words"]).contains("was interrupted"), "{cut:#}");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
    // The source is unplugged: the sealed copy is enough for the file it had come to.
    std::fs::rename(terminal.home.join("set"), terminal.home.join("gone")).expect("renamed");
    let (code, report) = terminal.json(&["import", "--resume"]);
    assert_eq!(code, 2, "{report:#}");
    assert_eq!(by_name(&report, "files", "2.ndjson")["records"], 60_000);
    assert!(text(&report["failed"][0]["reason"]).contains("does not exist"));
    std::fs::rename(terminal.home.join("gone"), terminal.home.join("set")).expect("renamed");
    // Cut off once more, and this time not wanted.
    put(&terminal, "set/3.ndjson", &loose("more", 60_000));
    let mut import = reading(&terminal, &["set"]);
    import.kill().expect("it runs");
    import.wait().expect("it ended");
    terminal.done(&["import", "--discard"]);
    assert!(interrupted(&terminal).is_empty());
    assert_eq!(total(&terminal), 60_005);
    let again = terminal.done(&["import", "set"]);
    assert_eq!(again["total"], 60_000, "{again:#}");
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
    // Cut off, and the source has written the file anew since: both are evidence.
    put(&terminal, "set/4.ndjson", &loose("before", 60_000));
    let mut import = reading(&terminal, &["set"]);
    import.kill().expect("it runs");
    import.wait().expect("it ended");
    put(&terminal, "set/4.ndjson", &loose("after", 7));
    let both = terminal.done(&["import", "set"]);
    assert_eq!(both["total"], 60_007, "{both:#}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_cleanly_with_130_and_progress_stays_off_pipes() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    put(&terminal, "a.ndjson", &loose("a", 4));
    put(&terminal, "b.ndjson", &loose("b", 400_000));
    let import = reading(&terminal, &["a.ndjson", "b.ndjson"]);
    let sent = std::process::Command::new("kill")
        .args(["-INT", &import.id().to_string()])
        .status()
        .expect("kill");
    assert!(sent.success());
    let output = import.wait_with_output().expect("it ended");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("cancelled") && !said.contains('\r'),
        "{said:?}"
    );
    assert!(interrupted(&terminal).is_empty());
    // The file that was whole stays.
    assert_eq!(total(&terminal), 4);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

fn interrupted(terminal: &Terminal) -> Vec<Value> {
    let sources = terminal.done(&["sources"]);
    sources["interrupted"].as_array().expect("a list").clone()
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_leaves_nothing_half_done_and_the_import_can_be_resumed() {
    let (_dir, terminal) = terminal();
    terminal.done(&["init"]);
    put(&terminal, "a.ndjson", lines(0, 20_000).as_bytes());
    // No file may grow beyond some megabytes: a full disk, as far as the program can tell.
    let program = muniment_tests::programs::muniment();
    let mut limited = std::process::Command::new("sh");
    limited
        .arg("-c")
        .arg("trap '' XFSZ; ulimit -f 3000; exec \"$0\" --json import a.ndjson");
    limited.arg(program);
    let template = terminal.command(&[]);
    limited.current_dir(&terminal.home).envs(
        template
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = limited.output().expect("sh starts");
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(total(&terminal), 0);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
    let done = terminal.done(&["import", "a.ndjson"]);
    assert_eq!(done["total"], 20_000);
    assert!(interrupted(&terminal).is_empty());
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}
