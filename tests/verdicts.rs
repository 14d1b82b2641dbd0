//! The verdict table as a test table: each row produced from files, in the words of the CLI (text and JSON), in
//! what the window is told, and in what the real window shows.

use std::path::Path;

use evidence::Record;
use muniment_tests::bench::{SECOND, fresh};
use muniment_tests::exports::{Files, Log, put, record};
use muniment_tests::programs::{PASSPHRASE, Terminal};
use muniment_tests::window::{Window, keys};
use serde_json::{Value, json};
use workbench::view::PinKey;
use workbench::{Approval, Code};

/// One row: exports in the order they arrive, and what is said in the end.
struct Row {
    name: &'static str,
    exports: fn(&str) -> Vec<Files>,
    pinned: bool,
    /// Seconds of the heartbeat's cadence.
    cadence: Option<u32>,
    /// Verdict and level of each export, in the order they arrive.
    verdicts: &'static [(&'static str, &'static str)],
    /// The worst that is true of the origin, in one word and in words.
    word: &'static str,
    notes: &'static [&'static str],
    /// Stretches of its band.
    band: &'static [(&'static str, u64, u64)],
}

const PROVEN: &str = "source-anchored";
/// What the logs of the rows hold.
const SYSTEMS: [&str; 2] = ["enigm-command", "enigm-key"];

fn log(origin: &str) -> Log {
    Log::new(origin, 1, 40)
}

/// A log of Enigm Key with a heartbeat every minute until record 6, then none for ten minutes.
fn beating(origin: &str) -> Vec<Files> {
    let minutes = [0, 1, 2, 3, 4, 5, 6, 11, 16, 17];
    let records: Vec<Record> = (0..)
        .zip(minutes)
        .map(|(index, minute)| {
            let mut one = record(index, 0);
            let beats = !(7..8).contains(&index);
            let kind = if beats {
                "heartbeat"
            } else {
                "dependency.checked"
            };
            let field = |path: &str, value: String| evidence::Field {
                path: path.into(),
                value,
            };
            one.fields = vec![
                field("@schema", "{\"id\":\"enigm-key\",\"version\":1}".into()),
                field("/type", format!("\"{kind}\"")),
                field("/time", format!("\"2026-11-21T08:{minute:02}:00Z\"")),
            ];
            one
        })
        .collect();
    vec![Log::of(origin, 1, records).export(0..10, &[])]
}

const ROWS: &[Row] = &[
    Row {
        name: "extends",
        exports: |o| vec![log(o).export(0..4, &[]), log(o).export(4..9, &[])],
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("extends", PROVEN)],
        word: "extends",
        notes: &["extends to size 9, from the first record on"],
        band: &[("covered", 0, 4), ("covered", 4, 9)],
    },
    Row {
        name: "older-copy",
        exports: |o| vec![log(o).export(0..9, &[]), log(o).export(2..5, &[])],
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("older copy", PROVEN)],
        word: "extends",
        notes: &["extends to size 9, from the first record on"],
        band: &[("covered", 0, 9), ("covered", 2, 5)],
    },
    Row {
        name: "overlap",
        exports: |o| vec![log(o).export(0..6, &[]), log(o).export(4..9, &[])],
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("overlap", PROVEN)],
        word: "extends",
        notes: &["extends to size 9, from the first record on"],
        band: &[("covered", 0, 6), ("covered", 4, 9)],
    },
    Row {
        name: "gap",
        exports: |o| vec![log(o).export(0..4, &[]), log(o).export(9..12, &[])],
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("gap", PROVEN)],
        word: "gap",
        notes: &["gap 4 to 8"],
        band: &[("covered", 0, 4), ("gap", 4, 9), ("covered", 9, 12)],
    },
    Row {
        name: "bridged",
        exports: |o| vec![log(o).export(0..4, &[]), log(o).export(9..12, &[4])],
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("gap", PROVEN)],
        word: "gap",
        notes: &["gap 4 to 8, bridged"],
        band: &[("covered", 0, 4), ("bridged", 4, 9), ("covered", 9, 12)],
    },
    Row {
        name: "bridged-later",
        exports: |o| {
            vec![
                log(o).export(0..4, &[]),
                log(o).export(9..12, &[]),
                log(o).export(12..15, &[4]),
            ]
        },
        pinned: true,
        cadence: None,
        verdicts: &[("extends", PROVEN), ("gap", PROVEN), ("extends", PROVEN)],
        word: "gap",
        notes: &["gap 4 to 8, bridged"],
        band: &[
            ("covered", 0, 4),
            ("bridged", 4, 9),
            ("covered", 9, 12),
            ("covered", 12, 15),
        ],
    },
    Row {
        name: "filled",
        exports: |o| {
            vec![
                log(o).export(0..4, &[]),
                log(o).export(9..12, &[]),
                log(o).export(4..9, &[]),
            ]
        },
        pinned: true,
        cadence: None,
        verdicts: &[
            ("extends", PROVEN),
            ("extends", PROVEN),
            ("extends", PROVEN),
        ],
        word: "extends",
        notes: &["extends to size 12, from the first record on"],
        band: &[("covered", 0, 4), ("covered", 4, 9), ("covered", 9, 12)],
    },
    Row {
        name: "fork",
        exports: |o| {
            vec![
                log(o).export(0..10, &[]),
                Log::branching(o, 1, 6, 40).export(4..12, &[]),
            ]
        },
        pinned: true,
        cadence: None,
        verdicts: &[("fork", PROVEN), ("fork", PROVEN)],
        word: "fork",
        notes: &["fork at size 7, common up to 6"],
        band: &[
            ("covered", 0, 6),
            ("covered", 4, 6),
            ("fork", 6, 10),
            ("fork", 6, 12),
        ],
    },
    Row {
        name: "rewritten-before-the-overlap",
        exports: |o| {
            vec![
                log(o).export(0..10, &[]),
                Log::rewritten(o, 1, 3, 40).export(8..12, &[]),
            ]
        },
        pinned: true,
        cadence: None,
        verdicts: &[("fork", PROVEN), ("fork", PROVEN)],
        word: "fork",
        notes: &["fork at size 8, no common size is known"],
        band: &[("fork", 0, 10), ("fork", 8, 12)],
    },
    Row {
        name: "unlinked",
        exports: |o| vec![log(o).export(5..9, &[]), log(o).export(9..12, &[])],
        pinned: true,
        cadence: None,
        verdicts: &[("unlinked", PROVEN), ("extends", PROVEN)],
        word: "unlinked",
        notes: &["history before 5 unknown"],
        band: &[("unknown", 0, 5), ("covered", 5, 9), ("covered", 9, 12)],
    },
    Row {
        name: "pending",
        exports: |o| vec![log(o).export(0..4, &[])],
        pinned: false,
        cadence: None,
        verdicts: &[("pending", "unproven")],
        word: "pending",
        notes: &["pending: no pinned key has signed it"],
        band: &[("pending", 0, 4)],
    },
    Row {
        name: "silent",
        exports: beating,
        pinned: true,
        cadence: Some(60),
        verdicts: &[("extends", PROVEN)],
        word: "silent",
        notes: &["no heartbeat for 10 min, records 6 to 8; one is due every 1 min"],
        band: &[("covered", 0, 10), ("silent", 6, 9)],
    },
];

fn origin_of(row: &Row) -> String {
    format!("log.example/{}", row.name)
}

fn vkey(row: &Row) -> String {
    Log::new(&origin_of(row), 1, 1).verifier().to_string()
}

/// Writes the exports of a row and gives the names of their folders.
fn write(row: &Row, home: &Path) -> Vec<String> {
    let exports = (row.exports)(&origin_of(row));
    (1..)
        .zip(exports)
        .map(|(number, files)| {
            let name = format!("{}-{number}", row.name);
            put(&home.join(&name), &files);
            name
        })
        .collect()
}

/// What is said of a row's origin and imports in a document of `sources`.
fn check(row: &Row, sources: &Value) {
    let name = row.name;
    let origin = (sources["origins"].as_array().expect("origins").iter())
        .find(|o| o["origin"] == origin_of(row))
        .unwrap_or_else(|| panic!("{name} is not in {sources:#}"));
    assert_eq!(origin["verdict"], row.word, "{name}: {origin:#}");
    assert_eq!(origin["words"], row.notes[0], "{name}");
    assert_eq!(origin["notes"], json!(row.notes), "{name}");
    let anchored = !matches!(row.word, "unlinked" | "pending")
        && row.notes[0] != "gap 4 to 8"
        && name != "rewritten-before-the-overlap"
        && row.word != "fork";
    assert_eq!(origin["anchored"], anchored, "{name}");
    let band: Vec<(&str, u64, u64)> = (origin["band"].as_array().expect("a band").iter())
        .map(|part| {
            let number = |key: &str| part[key].as_u64().expect("an index");
            (
                part["state"].as_str().expect("a state"),
                number("first"),
                number("last"),
            )
        })
        .collect();
    assert_eq!(band, row.band, "{name}");
    for (number, (verdict, level)) in (1..).zip(row.verdicts) {
        let file = format!("{name}-{number}");
        let import = (sources["imports"]["rows"]
            .as_array()
            .expect("imports")
            .iter())
        .find(|i| i["file"] == file.as_str())
        .unwrap_or_else(|| panic!("{file} is not listed"));
        assert_eq!(
            (&import["verdict"], &import["assurance"]),
            (&json!(verdict), &json!(level)),
            "{file}"
        );
    }
}

/// A workspace of this terminal that holds every row; gives what importing them reported.
fn hold_all(terminal: &Terminal) -> Value {
    terminal.done(&["init"]);
    let mut folders = Vec::new();
    for row in ROWS {
        if row.pinned {
            let [command, key] = SYSTEMS;
            terminal.done(&[
                "trust",
                "add",
                &vkey(row),
                "--schema",
                command,
                "--schema",
                key,
            ]);
        }
        folders.extend(write(row, &terminal.home));
    }
    let mut import = vec!["import"];
    import.extend(folders.iter().map(String::as_str));
    let report = terminal.done(&import);
    assert_eq!(report["quarantine"], json!([]));
    for row in ROWS {
        if let Some(seconds) = row.cadence {
            let seconds = seconds.to_string();
            terminal.done(&["trust", "heartbeat", &origin_of(row), "--every", &seconds]);
        }
    }
    report
}

#[test]
fn each_row_in_the_words_of_the_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    let report = hold_all(&terminal);
    for row in ROWS {
        // What an import is told when it arrives is already the verdict of the last of its row.
        let (verdict, level) = row.verdicts[row.verdicts.len() - 1];
        let last = format!("{}-{}", row.name, row.verdicts.len());
        let told = (report["files"].as_array().expect("files").iter())
            .find(|file| file["file"] == last.as_str())
            .expect("it was imported");
        assert_eq!(
            (&told["verdict"], &told["assurance"]),
            (&json!(verdict), &json!(level)),
            "{last}"
        );
    }
    let sources = terminal.done(&["sources"]);
    let text = String::from_utf8(terminal.run(&["sources"]).stdout).expect("text");
    for row in ROWS {
        check(row, &sources);
        let line = (text.lines())
            .find(|line| line.split_whitespace().next() == Some(&origin_of(row)))
            .unwrap_or_else(|| panic!("{} has no line in {text}", row.name));
        assert!(line.ends_with(row.notes[0]), "{line}");
    }
    // In text, an import says the same words.
    let again = terminal.run(&["import", "fork-2", "gap-2", "pending-1"]);
    let again = String::from_utf8(again.stdout).expect("text");
    for words in [
        "source-anchored, fork",
        "source-anchored, gap",
        "unproven, pending",
    ] {
        assert!(again.contains(words), "{again}");
    }
    assert_eq!(terminal.done(&["fsck"])["ok"], true);
}

#[tokio::test]
async fn each_row_as_the_window_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let bench = fresh(dir.path()).await;
    for row in ROWS {
        // Arrived before the key was pinned, and in the opposite order: it makes no difference.
        let mut folders = write(row, dir.path());
        folders.reverse();
        let paths = (folders
            .iter()
            .map(|name| dir.path().join(name).display().to_string()))
        .collect();
        let report = bench.import_now(paths).await.expect("imported");
        assert!(report.quarantine.is_empty(), "{:#?}", report.quarantine);
        if row.pinned {
            let pin = PinKey {
                vkey: vkey(row),
                schemas: SYSTEMS.map(str::to_owned).to_vec(),
                ..PinKey::default()
            };
            bench.trust_add(pin).await.expect("pinned");
        }
        if row.cadence.is_some() {
            bench
                .trust_heartbeat(origin_of(row), row.cadence.map(u64::from), None)
                .await
                .expect("stated");
        }
    }
    let sources = bench.sources().await.expect("sources");
    let sources = serde_json::to_value(sources).expect("JSON");
    for row in ROWS {
        check(row, &sources);
    }
    // To hear less often, or no longer, is to require less: it takes two.
    let silent = || String::from("log.example/silent");
    for less in [Some(86_400), None] {
        let refused = bench.trust_heartbeat(silent(), less, None).await;
        assert_eq!(refused.expect_err("refused").code, Code::Refused);
    }
    let custody = bench.custody(String::new(), None).await.expect("custody");
    let approval = Approval {
        member: custody.members[1].id.clone(),
        passphrase: SECOND.into(),
    };
    // A cadence that is taken back takes the silence with it.
    bench
        .trust_heartbeat(silent(), None, Some(approval))
        .await
        .expect("stated");
    let sources = bench.sources().await.expect("sources");
    let heard = sources
        .origins
        .iter()
        .find(|o| o.origin == "log.example/silent");
    assert_eq!(heard.map(|o| o.verdict.as_str()), Some("extends"));
    for wrong in [0, u64::from(u32::MAX)] {
        let refused = bench.trust_heartbeat(silent(), Some(wrong), None).await;
        assert_eq!(refused.expect_err("refused").code, Code::Invalid);
    }
    let nobody = bench.trust_heartbeat("log.example/nobody".into(), Some(60), None);
    assert_eq!(nobody.await.expect_err("unknown").code, Code::NotFound);
    bench.lock().await.expect("locked");
}

fn id(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

/// What the window calls a stretch of a band.
fn called(state: &str) -> &str {
    match state {
        "bridged" => "gap, bridged",
        "unknown" => "history unknown",
        same => same,
    }
}

/// The window on the workspace of a terminal, opened as a person does.
fn opened(terminal: &Terminal) -> Window {
    let window = Window::at_home(&terminal.home);
    if !window.has(&id("open-dir")) {
        window.click(&id("start-open"));
    }
    let workspace = terminal.workspace.display().to_string();
    window.fill(&id("open-dir"), &workspace);
    window.fill(&id("open-passphrase"), PASSPHRASE);
    window.chord(&[keys::ENTER]);
    window.click(&id("nav-sources"));
    window.wait(&id("band"));
    window
}

/// Texts of all elements of a kind, each as a list of the texts of its pieces.
fn texts(window: &Window, each: &str, pieces: &str) -> Vec<Vec<String>> {
    let [each, pieces] = [each, pieces].map(Value::from);
    let found = window.script(&format!(
        "return [...document.querySelectorAll({each})].map(one =>
            [...one.querySelectorAll({pieces})].map(piece => piece.textContent.replace(/\\s+/g, ' ').trim()))"
    ));
    serde_json::from_value(found).expect("lists of texts")
}

#[test]
fn each_row_in_the_real_window() {
    if std::env::var_os("MUNIMENT_NO_WINDOW").is_some() {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    hold_all(&terminal);
    let window = opened(&terminal);
    let of = |row: &Row| format!("li[data-origin=\"{}\"]", origin_of(row));
    for row in ROWS {
        let said = [id("band-words"), id("band-said")].map(|part| texts(&window, &of(row), &part));
        let [words, rest] = said.map(|texts| texts.concat().concat());
        assert!(words.contains(row.notes[0]), "{}: {words}", row.name);
        assert_eq!(rest, row.notes[1..].join(" · "), "{}", row.name);
        let parts = texts(&window, &of(row), "[role=option]").concat();
        assert_eq!(parts.len(), row.band.len(), "{}: {parts:?}", row.name);
        for (part, (state, ..)) in parts.iter().zip(row.band) {
            let begins = format!("{}: ", called(state));
            assert!(part.starts_with(&begins), "{}: {part}", row.name);
        }
        // Only a forked log offers a proof, and only one without a key offers to add it.
        let proof = format!("{} {}", of(row), id("save-fork-proof"));
        assert_eq!(window.has(&proof), row.word == "fork", "{}", row.name);
    }
    window.click(&id("imports-all"));
    let imports = texts(&window, &id("import-row"), "td");
    for row in ROWS {
        for (number, (verdict, level)) in (1..).zip(row.verdicts) {
            let file = format!("{}-{number}", row.name);
            let cells = (imports.iter())
                .find(|cells| cells[0].split(' ').next() == Some(&file))
                .unwrap_or_else(|| panic!("{file} is not listed"));
            assert!(cells[5].ends_with(level), "{file}: {cells:?}");
            assert!(cells[6].ends_with(verdict), "{file}: {cells:?}");
        }
    }

    // A band is walked by keyboard, and says the stretch that it is on.
    let gap = "li[data-origin=\"log.example/gap\"]";
    let band = format!("{gap} {}", id("band"));
    window.script(&format!(
        "document.querySelector({}).focus()",
        Value::from(band)
    ));
    let said = format!("{gap} {}", id("band-said"));
    for words in [
        "records 0 to 3, extends",
        "records 4 to 8 are missing",
        "records 9 to 11, gap",
    ] {
        window.says(&said, words);
        window.chord(&[keys::DOWN]);
    }
    // The same as a table.
    window.click(&id("bands-table"));
    window.wait(&id("band-row"));
    let table = texts(&window, &id("band-row"), "th, td");
    for row in ROWS {
        let lines = (table.iter())
            .filter(|cells| cells[0].split(' ').next_back() == Some(&origin_of(row)))
            .map(|cells| (cells[1].as_str(), cells[2].as_str(), cells[3].as_str()));
        let band = (row.band.iter())
            .map(|(state, first, end)| (called(state), first.to_string(), (end - 1).to_string()));
        let band: Vec<_> = band.collect();
        assert_eq!(lines.clone().count(), band.len(), "{}: {table:?}", row.name);
        for ((state, first, last), wanted) in lines.zip(&band) {
            assert!(state.ends_with(wanted.0), "{}: {state}", row.name);
            assert_eq!((first, last), (&*wanted.1, &*wanted.2), "{}", row.name);
        }
    }
}
