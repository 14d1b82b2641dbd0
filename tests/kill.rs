//! What is derived can be thrown away, and what is cut off leaves nothing half done.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use muniment_tests::folders::copy;
use muniment_tests::programs::Terminal;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde_json::Value;

const ORIGIN: &str = "log.example/enigm-key";

fn soaking() -> bool {
    std::env::var_os("MUNIMENT_SOAK").is_some()
}

/// Makes a workspace that trusts a key, and an export of so many records signed by it.
fn prepared(home: &Path, records: u64) -> (Terminal, PathBuf) {
    let terminal = Terminal::new(home);
    let kinds = [
        "key.activated",
        "emergency.armed",
        "dependency.checked",
        "heartbeat",
    ];
    let lines: String = (0..records)
        .map(|at| {
            format!(
                "{{\"type\":\"{}\",\"id\":\"00000000-0000-4000-8000-{at:012}\",\
                 \"time\":\"2026-11-{:02}T{:02}:{:02}:{:02}Z\",\"outcome\":\"accepted\",\
                 \"subject\":{{\"key\":\"EK-{}\"}}}}\n",
                kinds[at as usize % 4],
                at / 86_400 % 28 + 1,
                at / 3_600 % 24,
                at / 60 % 60,
                at % 60,
                at % 97
            )
        })
        .collect();
    std::fs::write(home.join("in.ndjson"), lines).expect("written");
    let key = terminal.done(&["keygen", "--origin", ORIGIN, "-o", "key.json"]);
    terminal.done(&[
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        ORIGIN,
        "--key",
        "key.json",
        "in.ndjson",
        "-o",
        "export.zip",
    ]);
    terminal.done(&["init"]);
    terminal.done(&[
        "trust",
        "add",
        key["vkey"].as_str().expect("a vkey"),
        "--schema",
        "enigm-key",
    ]);
    let export = home.join("export.zip");
    (terminal, export)
}

/// What the workspace answers to several questions.
fn answers(terminal: &Terminal) -> Vec<Value> {
    [
        &[
            "search",
            "--limit",
            "50",
            "--facet",
            "action",
            "--facet",
            "subject",
            "--histogram",
            "40",
        ][..],
        &[
            "search",
            "action:emergency.armed",
            "--facet",
            "assurance",
            "--facet",
            "verdict",
        ],
        &[
            "search",
            "heartbeat time:[2026-11-01T00:10 .. 2026-11-01T00:20]",
            "--histogram",
            "7",
        ],
        &[
            "search",
            "-kind:lifecycle",
            "--limit",
            "3",
            "--facet",
            "kind",
            "--facet",
            "origin",
        ],
    ]
    .iter()
    .map(|question| terminal.done(question))
    .collect()
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn deleting_the_index_changes_no_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    let (terminal, _) = prepared(dir.path(), 3_000);
    assert_eq!(terminal.done(&["import", "export.zip"])["total"], 3_000);
    let before = answers(&terminal);
    assert_eq!(before[0]["total"], 3_000);
    for answer in &before[1..] {
        let total = answer["total"].as_u64().expect("a total");
        assert!(
            0 < total && total < 3_000,
            "each question finds something: {total}"
        );
    }

    let index = terminal.workspace.join("index");
    assert!(files(&index) > 0, "the index lies in {}", index.display());
    std::fs::remove_dir_all(&index).expect("it can be deleted");
    assert_eq!(answers(&terminal), before);
    assert!(files(&index) > 0, "it is made again");

    // Half of it gone, or another's bytes in it, is no different.
    let mut damaged = 0;
    for entry in std::fs::read_dir(&index).expect("the index") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let mut bytes = std::fs::read(&path).expect("a file");
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0xff;
                damaged += 1;
            }
            std::fs::write(&path, bytes).expect("written");
        }
    }
    assert!(damaged > 0);
    assert_eq!(answers(&terminal), before);
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[test]
fn an_import_that_is_killed_leaves_a_sound_workspace_and_finishes_when_repeated() {
    const RECORDS: u64 = 20_000;
    let dir = tempfile::tempdir().expect("a folder");
    let fresh = dir.path().join("fresh");
    std::fs::create_dir(&fresh).expect("a folder");
    prepared(&fresh, RECORDS);

    // How long it takes when nobody interferes.
    let whole = dir.path().join("whole");
    copy(&fresh, &whole);
    let terminal = Terminal::new(&whole);
    let begun = Instant::now();
    assert_eq!(terminal.done(&["import", "export.zip"])["total"], RECORDS);
    let takes = begun.elapsed();
    let expected = terminal.done(&["search", "--limit", "3", "--facet", "action"]);
    assert_eq!(expected["total"], RECORDS);

    let mut random = ChaCha20Rng::seed_from_u64(0x6b69_6c6c);
    let rounds: u64 = if soaking() { 20 } else { 5 };
    let (mut killed, mut cut) = (0, 0);
    for round in 0..rounds {
        let home = dir.path().join(format!("round-{round}"));
        copy(&fresh, &home);
        let terminal = Terminal::new(&home);
        let mut import = terminal
            .command(&["--json", "import", "export.zip"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("muniment starts");
        // A random moment of each part of the import in turn.
        let part = takes.as_micros() as u64 / rounds;
        let delay = part * round + random.next_u64() % part;
        std::thread::sleep(Duration::from_micros(delay));
        if import.try_wait().expect("it can be asked").is_none() {
            killed += 1;
        }
        // SIGKILL of this child, by its id; nothing where it has ended already.
        let _ = import.kill();
        import.wait().expect("it ended");

        let report = terminal.done(&["fsck"]);
        assert_eq!(
            report["ok"], true,
            "round {round}, after {delay} µs: {report:#}"
        );
        let before = terminal.done(&["search", "--limit", "1"])["total"].clone();
        assert!(
            before == 0 || before == RECORDS,
            "round {round}: all of it is visible or nothing is, not {before}"
        );
        cut += u64::from(before == 0);

        let again = terminal.done(&["import", "export.zip"]);
        let outcome = if before == 0 {
            "imported"
        } else {
            "already imported"
        };
        assert_eq!(again["files"][0]["outcome"], outcome, "round {round}");
        assert_eq!(again["files"][0]["records"], RECORDS);
        let found = terminal.done(&["search", "--limit", "3", "--facet", "action"]);
        assert_eq!(found["total"], expected["total"], "round {round}");
        assert_eq!(found["facets"], expected["facets"], "round {round}");
        if soaking() || cut == 1 {
            assert_eq!(terminal.done(&["fsck"])["ok"], true, "round {round}");
        }
        std::fs::remove_dir_all(&home).expect("removed");
    }
    assert!(
        killed >= rounds - 2,
        "{killed} of {rounds} were killed while they ran"
    );
    assert!(cut >= 1, "at least one was cut off before its verdict");
}
