//! **What it does**: removes, cuts, alters and exchanges files of the search index, and puts an index of before back.
//! **What it wants**: a workspace that does not open, answers that leave something out, or that show a row as it was before it was
//! minimised again.
//! **What stops it**: every chunk authenticates, under the file's name; a commit names the state of the vault that it followed. Whatever does
//! not fit is taken away and made anew from the rows, when the workspace is opened or when a question meets it, and that is said.
//! Before, a chunk that was altered in the middle of a file made questions fail until somebody deleted the folder by hand, a link or
//! folder in a file's place kept the workspace from opening, and an index of before was believed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use muniment_tests::programs::Terminal;
use serde_json::Value;

use super::place::{copy, findings, sealed_export, workspace};

const SAID: &str = "made anew";

const QUESTIONS: [&[&str]; 3] = [
    &[
        "search",
        "heartbeat",
        "--facet",
        "action",
        "--histogram",
        "9",
    ],
    &[
        "search", "accepted", "--facet", "subject", "--facet", "origin",
    ],
    &[
        "search",
        "-kind:lifecycle",
        "--limit",
        "3",
        "--facet",
        "import",
    ],
];

fn answers(terminal: &Terminal) -> Vec<Value> {
    QUESTIONS
        .iter()
        .map(|question| terminal.done(question))
        .collect()
}

/// What a question says on standard error.
fn said(terminal: &Terminal, question: &str) -> String {
    let output = terminal.run(&["search", question]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn files(index: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(index).expect("the index");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// Does something to a file of the index.
fn harm(path: &Path, way: usize, theirs: &Path) {
    let mut bytes = std::fs::read(path).expect("a file");
    std::fs::remove_file(path).expect("removed");
    match way {
        0 => {}
        1 => symlink(theirs, path).expect("a link"),
        2 => std::fs::create_dir(path).expect("a folder"),
        3 => {
            bytes.truncate(bytes.len() / 2);
            std::fs::write(path, bytes).expect("written");
        }
        _ => {
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            std::fs::write(path, bytes).expect("written");
        }
    }
}

#[test]
fn whatever_is_missing_or_damaged_is_made_anew_and_said() {
    let (dir, terminal) = workspace();
    let theirs = dir.path().join("theirs");
    std::fs::write(&theirs, "dear").expect("written");
    let before = answers(&terminal);
    let index = terminal.workspace.join("index");
    let all = std::env::var_os("MUNIMENT_SOAK").is_some();
    let count = files(&index).len();
    assert!(count > 5, "the index lies in {}", index.display());
    for at in 0..count {
        for way in (0..5).filter(|way| all || (at + way) % 3 == 0) {
            // Names of segments are drawn anew each time.
            let Some(path) = files(&index).get(at).cloned() else {
                continue;
            };
            harm(&path, way, &theirs);
            let what = format!("{} in way {way}", path.display());
            assert_eq!(terminal.done(QUESTIONS[0]), before[0], "{what}");
            assert_eq!(std::fs::read(&theirs).expect("it stays"), b"dear", "{what}");
        }
    }
    assert_eq!(findings(&terminal), Vec::<String>::new());

    std::fs::remove_dir_all(&index).expect("removed");
    assert!(said(&terminal, "").contains(SAID), "the folder is gone");
    std::fs::remove_dir_all(&index).expect("removed");
    symlink(dir.path(), &index).expect("a link");
    assert!(said(&terminal, "").contains(SAID), "a link in its place");
    assert_eq!(answers(&terminal), before);
    std::fs::remove_file(index.join("meta.json")).expect("removed");
    assert!(said(&terminal, "").contains(SAID), "no commit");
    assert!(!said(&terminal, "").contains(SAID), "it is said once");
}

#[test]
fn damage_that_only_a_question_meets_is_mended_then() {
    /// Bytes of a sealed chunk; the last one is read at opening, so the damage is in the first of several.
    const CHUNK: u64 = 64 * 1024 + 16;
    let (_dir, terminal) = workspace();
    let lines: String = (0..9_000_u64)
        .map(|at| {
            format!(
                "{{\"type\":\"heartbeat\",\"id\":\"{:08x}-0000-4000-8000-{at:012}\",\
                 \"time\":\"2026-11-{:02}T{:02}:{:02}:00Z\",\"outcome\":\"accepted\",\
                 \"subject\":{{\"key\":\"EK-{at}\"}}}}\n",
                at.wrapping_mul(2_654_435_761) as u32,
                at / 1_440 + 1,
                at / 60 % 24,
                at % 60,
            )
        })
        .collect();
    std::fs::write(terminal.home.join("many.ndjson"), lines).expect("written");
    let seal = "seal --source enigm-key --origin log.example/enigm-key --key 1.key many.ndjson -o many.zip";
    let seal: Vec<&str> = seal.split(' ').chain(["--previous", "1.zip"]).collect();
    terminal.done(&seal);
    assert_eq!(terminal.done(&["import", "many.zip"])["total"], 9_000);
    let before = answers(&terminal);
    let index = terminal.workspace.join("index");
    let mut met = 0;
    let long = |path: &PathBuf| path.metadata().expect("a file").len() > 2 * CHUNK;
    for at in 0..files(&index).iter().filter(|path| long(path)).count() {
        let Some(path) = files(&index).into_iter().filter(long).nth(at) else {
            continue;
        };
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes[2_000] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(answers(&terminal), before, "{}", path.display());
        met += usize::from(!path.exists());
    }
    assert!(met > 0, "a question met damage that opening had not");
    assert_eq!(findings(&terminal), Vec::<String>::new());
}

#[test]
fn an_index_of_before_is_not_believed() {
    let (dir, terminal) = workspace();
    let before = answers(&terminal);
    let (index, kept) = (terminal.workspace.join("index"), dir.path().join("kept"));
    copy(&index, &kept);
    // Rows are made anew: what was shown of them may be hidden now, and the words of before stand in the old index.
    terminal.done(&["rebuild", "--all"]);
    std::fs::remove_dir_all(&index).expect("removed");
    copy(&kept, &index);
    assert!(said(&terminal, "heartbeat").contains(SAID));
    assert_eq!(answers(&terminal), before);

    // One that lags behind is followed further, and one that is ahead is of another copy.
    let behind = dir.path().join("behind");
    copy(&index, &behind);
    sealed_export(&terminal, "more", 5);
    terminal.done(&["import", "more.zip"]);
    let grown = answers(&terminal);
    std::fs::remove_dir_all(&index).expect("removed");
    copy(&behind, &index);
    assert_eq!(answers(&terminal), grown);
}
