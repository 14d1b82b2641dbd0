//! What these tests start from: a workspace with one import, and what it says.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub(crate) use muniment_tests::folders::copy;
use muniment_tests::programs::Terminal;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "log.example/enigm-key";

/// A workspace with three records.
pub(crate) fn workspace() -> (TempDir, Terminal) {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    sealed_export(&terminal, "1", 3);
    terminal.done(&["init", "--second-role", "responder"]);
    assert_eq!(terminal.done(&["import", "1.zip"])["total"], 3);
    (dir, terminal)
}

/// Seals `records` records to `<name>.zip` with a key of its own; gives the key as it is pinned.
pub(crate) fn sealed_export(terminal: &Terminal, name: &str, records: u32) -> String {
    let lines: String = (0..records)
        .map(|at| {
            format!(
                "{{\"type\":\"heartbeat\",\"id\":\"00000000-0000-4000-8000-{at:012}\",\
                 \"time\":\"2026-11-02T03:{at:02}:00Z\",\"outcome\":\"accepted\",\
                 \"subject\":{{\"key\":\"EK-{at}\"}}}}\n"
            )
        })
        .collect();
    let input = format!("{name}.ndjson");
    std::fs::write(terminal.home.join(&input), lines).expect("written");
    let (key, output) = (format!("{name}.key"), format!("{name}.zip"));
    let made = terminal.done(&["keygen", "--origin", ORIGIN, "-o", &key]);
    terminal.done(&[
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        ORIGIN,
        "--key",
        &key,
        &input,
        "-o",
        &output,
    ]);
    made["vkey"].as_str().expect("a key").to_owned()
}

/// The JSON in a file of the workspace.
pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON")
}

/// Details of the checks of `fsck` that do not hold.
pub(crate) fn findings(terminal: &Terminal) -> Vec<String> {
    let (_, report) = terminal.json(&["fsck"]);
    report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|check| check["ok"] != true)
        .map(|check| format!("{}: {}", check["name"], check["detail"]))
        .collect()
}

/// Everything below a folder, links not followed.
pub(crate) fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut at = 0;
    while let Some(path) = all.get(at).cloned() {
        if path.is_dir() && !path.is_symlink() {
            let entries = std::fs::read_dir(path).expect("a folder");
            all.extend(entries.map(|e| e.expect("an entry").path()));
        }
        at += 1;
    }
    all
}

/// Permission bits.
pub(crate) fn mode(path: &Path) -> u32 {
    let about = std::fs::symlink_metadata(path).expect("it is there");
    about.permissions().mode() & 0o777
}

/// What is said when it cannot be done.
pub(crate) fn said(error: &Value) -> String {
    error["message"].as_str().unwrap_or_default().to_owned()
}
