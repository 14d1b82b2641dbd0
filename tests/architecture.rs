//! The invariants of `src-tauri/ARCHITECTURE.md` that can be read from the
//! dependency graph and the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_path_buf()
}

/// Package name → names of its normal dependencies.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "cargo metadata failed");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let direct = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect();
            (text(&package["name"]), direct)
        })
        .collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// What each crate of ours may depend on, of ours.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("evidence", &[]),
    ("redaction", &[]),
    ("casework", &[]),
    ("files", &[]),
    ("sources", &["evidence", "redaction"]),
    ("sample", &["evidence", "sources"]),
    ("vault", &["casework", "evidence", "files", "redaction"]),
    ("search", &["evidence", "files", "redaction"]),
    ("packet", &["casework", "evidence", "redaction", "sources"]),
    (
        "bench",
        &[
            "casework",
            "evidence",
            "files",
            "redaction",
            "search",
            "sources",
            "vault",
        ],
    ),
    (
        "standing",
        &["bench", "evidence", "files", "search", "sources", "vault"],
    ),
    (
        "follow",
        &[
            "bench",
            "redaction",
            "search",
            "sources",
            "standing",
            "vault",
        ],
    ),
    (
        "incidents",
        &[
            "bench",
            "casework",
            "evidence",
            "follow",
            "redaction",
            "search",
            "standing",
            "vault",
        ],
    ),
    (
        "detect",
        &[
            "bench",
            "casework",
            "evidence",
            "follow",
            "incidents",
            "redaction",
            "search",
            "sources",
            "standing",
            "vault",
        ],
    ),
    (
        "intake",
        &[
            "bench",
            "evidence",
            "files",
            "follow",
            "redaction",
            "sources",
            "standing",
            "vault",
        ],
    ),
    (
        "remake",
        &[
            "bench",
            "detect",
            "evidence",
            "follow",
            "intake",
            "redaction",
            "sources",
            "standing",
            "vault",
        ],
    ),
    (
        "dossier",
        &[
            "bench",
            "casework",
            "evidence",
            "files",
            "incidents",
            "packet",
            "redaction",
            "sources",
            "standing",
            "vault",
        ],
    ),
    (
        "workbench",
        &[
            "bench",
            "casework",
            "detect",
            "dossier",
            "evidence",
            "files",
            "follow",
            "incidents",
            "intake",
            "packet",
            "redaction",
            "remake",
            "sample",
            "search",
            "sources",
            "standing",
            "vault",
        ],
    ),
    ("muniment", &["workbench"]),
    ("muniment-desktop", &["workbench"]),
    ("xtask", &[]),
];

#[test]
fn crates_depend_in_one_direction() {
    let all = dependencies();
    let ours: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    for (name, allowed) in DIRECTIONS {
        let direct = all.get(*name).unwrap_or_else(|| panic!("no crate {name}"));
        for dependency in direct.iter().filter(|d| ours.contains(d.as_str())) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not depend on {dependency}"
            );
        }
    }
    for name in ours {
        assert!(
            name == "muniment-tests" || DIRECTIONS.iter().any(|(known, _)| *known == name),
            "crate {name} has no place in the architecture"
        );
    }
}

#[test]
fn pure_crates_do_no_io_and_wait_for_nothing() {
    let all = dependencies();
    for pure in ["evidence", "redaction", "casework", "sources"] {
        for banned in [
            "tokio", "sqlx", "rusqlite", "tantivy", "tauri", "rand", "reqwest", "vault", "search",
        ] {
            assert!(!all[pure].contains(banned), "{pure} must not use {banned}");
        }
        for file in rust_files(&root().join("src-tauri/crates").join(pure).join("src")) {
            let code = std::fs::read_to_string(&file).expect("readable source");
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            for banned in [
                "Utc::now",
                "SystemTime::now",
                "Instant::now",
                "SystemRandom",
                "thread_rng",
                "std::env::var",
            ] {
                assert!(!code.contains(banned), "{} uses {banned}", file.display());
            }
        }
    }
}

#[test]
fn only_the_desktop_knows_tauri() {
    for (name, direct) in dependencies() {
        let knows = direct.iter().any(|d| d.starts_with("tauri"));
        assert_eq!(
            knows,
            name == "muniment-desktop",
            "{name} and tauri: see invariant 5"
        );
    }
}

#[test]
fn only_the_ipc_folder_imports_tauri_in_the_window() {
    let ui = root().join("ui/src");
    let mut seen = 0;
    for file in files_below(&ui) {
        let is_code = ["ts", "svelte", "js"]
            .iter()
            .any(|e| file.extension().is_some_and(|x| x == *e));
        if !is_code || file.starts_with(ui.join("lib/ipc")) {
            continue;
        }
        seen += 1;
        let code = std::fs::read_to_string(&file).expect("readable source");
        assert!(
            !code.contains("@tauri-apps"),
            "{} imports @tauri-apps; only ui/src/lib/ipc may",
            file.display()
        );
    }
    assert!(seen > 10, "the window's sources were not found");
}

/// Text of strangers is printed through one gate (`cli/src/screen.rs`), and no crate prints beside it.
#[test]
fn nothing_is_printed_beside_the_gate() {
    let crates = root().join("src-tauri");
    let mut seen = 0;
    for file in rust_files(&crates) {
        let inside = file.strip_prefix(&crates).expect("inside");
        let gate = ["crates/cli/src/screen.rs", "crates/workbench/src/seen.rs"];
        let shipped =
            inside.starts_with("src") || inside.components().any(|c| c.as_os_str() == "src");
        let tools = ["crates/xtask", "crates/sample/src/bin"];
        if !shipped
            || gate.iter().any(|gate| inside == Path::new(gate))
            || tools.iter().any(|tool| inside.starts_with(tool))
        {
            continue;
        }
        seen += 1;
        let code = std::fs::read_to_string(&file).expect("readable source");
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        // The window has no answers to print, and hands its log to the same lines.
        let log = code.replace("EventLines(std::io::stderr())", "");
        for banned in [
            "stdout()",
            "stderr()",
            "println!",
            "print!(",
            "rpassword::",
            "dbg!",
        ] {
            assert!(
                !log.contains(banned),
                "{} prints beside the gate: {banned}",
                file.display()
            );
        }
    }
    assert!(seen > 200, "the sources were not found");
}

/// What the window shows crosses one boundary (`ui/src/lib/ipc/seen.ts`).
#[test]
fn nothing_reaches_the_window_beside_the_boundary() {
    let ui = root().join("ui/src");
    let mut seen = 0;
    for file in files_below(&ui) {
        let is_code = ["ts", "svelte"]
            .iter()
            .any(|e| file.extension().is_some_and(|x| x == *e));
        let name = file.strip_prefix(&ui).expect("inside").to_path_buf();
        if !is_code || name == Path::new("lib/ipc/bindings.ts") {
            continue;
        }
        let code = std::fs::read_to_string(&file).expect("readable source");
        for line in code.lines().filter(|line| line.contains("/bindings\"")) {
            seen += 1;
            let types = line.contains("import type") || line.contains("export type");
            let events = name == Path::new("lib/ipc/events.ts");
            assert!(
                types || events || name == Path::new("lib/ipc/commands.ts"),
                "{} takes commands beside the boundary: {line}",
                file.display()
            );
        }
        assert!(
            !code.contains("{@html"),
            "{} draws text as markup",
            file.display()
        );
    }
    assert!(seen >= 4, "the bindings were not found");
}

#[test]
fn the_webview_has_no_file_shell_or_network_permission() {
    for file in files_below(&root().join("src-tauri/capabilities")) {
        let capability: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&file).expect("readable")).expect("JSON");
        for permission in capability["permissions"].as_array().expect("permissions") {
            let permission = text(permission);
            let of = permission.split(':').next().unwrap_or_default();
            assert!(of == "core", "{} grants {permission}", file.display());
        }
    }
}

#[test]
fn unsafe_code_stands_in_one_room() {
    let mut rooms = BTreeSet::new();
    for file in rust_files(&root().join("src-tauri")) {
        let code = std::fs::read_to_string(&file).expect("readable source");
        if code.contains("allow(unsafe_code") {
            rooms.insert(file.strip_prefix(root()).expect("inside").to_path_buf());
        }
    }
    assert!(
        rooms
            .iter()
            .all(|room| room.starts_with("src-tauri/crates/vault"))
            && rooms.len() <= 1,
        "unsafe code in {rooms:?}"
    );
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    files_below(dir)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|e| e == "rs"))
        .collect()
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
            let path = entry.expect("a folder entry").path();
            if path.is_dir() {
                if path
                    .file_name()
                    .is_some_and(|n| n != "target" && n != "node_modules")
                {
                    open.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// `cargo xtask schemas` finds the tests that write a file anew by their names.
#[test]
fn every_test_that_writes_a_file_anew_is_called_generated() {
    let mut found = Vec::new();
    for folder in ["tests", "src-tauri"] {
        for path in rust_files(&root().join(folder)) {
            let code = std::fs::read_to_string(&path).expect("readable source");
            let mut last = "";
            for line in code.lines() {
                if let Some(rest) = line.trim_start().strip_prefix("fn ") {
                    last = rest.split('(').next().unwrap_or_default();
                }
                if line.contains("var_os(\"MUNIMENT_UPDATE\")") {
                    found.push(last.to_owned());
                }
            }
        }
    }
    assert!(found.len() > 6, "{found:?}");
    // The one that tests of schemas share.
    found.retain(|name| !name.contains("generated") && name != "is_current");
    assert_eq!(found, [""; 0]);
}
