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

/// Circles of modules that stay, by crate, and why.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "detect",
        &["follow", "lives"],
        "one follower in two files: what it follows, and how it judges a life",
    ),
    (
        "evidence",
        &["commitment", "record"],
        "a record is its commitments, and each of them is of a record's field",
    ),
    (
        "files",
        &["folder", "new_file"],
        "a folder knows which names in it are of files that are being written, and these are written in folders",
    ),
    (
        "packet",
        &["build", "derive", "policy", "sign"],
        "the input of a packet, its derivation and its errors are spelled in the modules that use them first",
    ),
    (
        "redaction",
        &["time", "value"],
        "a time is one reading of a value",
    ),
    (
        "sources",
        &["block", "error", "json", "mark", "source"],
        "the one error names places in a source file, and each of its parts is read with it",
    ),
    (
        "vault",
        &[
            "create", "db", "error", "fsck", "group", "import", "keys", "ledger", "marks", "names",
            "open", "replayed", "ring", "seal", "state", "stated", "store", "table",
        ],
        "the one error names each part; a transaction writes rows, seals files and appends the entry that states them",
    ),
    (
        "muniment-desktop",
        &["chosen", "commands"],
        "a command says which of its arguments are paths",
    ),
];

/// Modules of a crate stand one above the other. What `lib.rs` itself holds is everybody's, and makes no circle.
#[test]
fn modules_form_no_circle_that_is_not_named() {
    let crates = root().join("src-tauri/crates");
    let mut found = BTreeMap::new();
    for (name, _) in DIRECTIONS {
        let source = match *name {
            "muniment" => crates.join("cli/src"),
            "muniment-desktop" => root().join("src-tauri/src"),
            name => crates.join(name).join("src"),
        };
        let name = if *name == "muniment" { "cli" } else { name };
        for circle in circles(&source) {
            found.insert((name.to_owned(), circle), ());
        }
    }
    let named: BTreeSet<(String, Vec<String>)> = CIRCLES
        .iter()
        .map(|(name, modules, _)| {
            let modules = modules.iter().map(|module| (*module).to_owned());
            ((*name).to_owned(), modules.collect())
        })
        .collect();
    let found: BTreeSet<(String, Vec<String>)> = found.into_keys().collect();
    let new: Vec<_> = found.difference(&named).collect();
    assert!(new.is_empty(), "modules in a circle: {new:?}");
    let gone: Vec<_> = named.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "these circles are no more; take them off the list: {gone:?}"
    );
}

/// The groups of a crate's modules of which each leads to each.
fn circles(source: &Path) -> BTreeSet<Vec<String>> {
    let files: Vec<(Vec<String>, String)> = rust_files(source)
        .into_iter()
        .filter_map(|file| {
            let inside = file
                .strip_prefix(source)
                .expect("inside")
                .with_extension("");
            let mut parts: Vec<String> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            if parts.last().is_some_and(|last| last == "mod") {
                parts.pop();
            }
            let code = std::fs::read_to_string(&file).expect("readable source");
            let code = code.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (parts.first()? != "bin").then(|| (parts, code.join("\n")))
        })
        .collect();
    let is_root = |parts: &[String]| parts.len() == 1 && (parts[0] == "lib" || parts[0] == "main");
    let modules: BTreeSet<&str> = files
        .iter()
        .filter(|(parts, _)| !is_root(parts))
        .map(|(parts, _)| parts[0].as_str())
        .collect();
    // What the root names, by the module that it is of.
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for (_, code) in files.iter().filter(|(parts, _)| is_root(parts)) {
        for statement in code.split(';') {
            let Some((_, tree)) = statement.rsplit_once("use ") else {
                continue;
            };
            let tree = tree.trim_start_matches("crate::");
            let mut words = words(tree);
            if let Some(module) = words.next().filter(|word| modules.contains(word)) {
                renamed.extend(words.map(|word| (word.to_owned(), module.to_owned())));
            }
        }
    }
    let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (parts, code) in files.iter().filter(|(parts, _)| !is_root(parts)) {
        let mut named = after(code, "crate::");
        if parts.len() == 1 {
            named.extend(after(&code.replace("super::super::", ""), "super::"));
        }
        let me = parts[0].as_str();
        for name in named {
            let to = modules
                .get(name.as_str())
                .copied()
                .or_else(|| renamed.get(&name).map(String::as_str));
            if let Some(to) = to.and_then(|to| modules.get(to)).filter(|to| **to != me) {
                leads.entry(me).or_default().insert(to);
            }
        }
    }
    let reached = |from: &str| {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = leads.get(from).into_iter().flatten().copied().collect();
        while let Some(next) = open.pop() {
            if seen.insert(next) {
                open.extend(leads.get(next).into_iter().flatten().copied());
            }
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = modules
        .iter()
        .map(|module| (*module, reached(module)))
        .collect();
    modules
        .iter()
        .map(|module| {
            let mutual = modules.iter().filter(|other| {
                reach[*module].contains(**other) && reach[**other].contains(*module)
            });
            mutual.map(|other| (*other).to_owned()).collect::<Vec<_>>()
        })
        .filter(|circle| circle.len() > 1)
        .collect()
}

/// The words of a piece of code.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// What stands first behind each `prefix`: one name, or those of a group.
fn after(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        if !rest.starts_with('{') {
            found.extend(words(rest).next().map(str::to_owned));
            continue;
        }
        let (mut depth, mut first) = (0, true);
        let mut name = String::new();
        for c in rest.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => first = true,
                c if depth == 1 && first && (c.is_alphanumeric() || c == '_') => {
                    name.push(c);
                    continue;
                }
                _ => {}
            }
            if !name.is_empty() {
                found.push(std::mem::take(&mut name));
                first = c == ',';
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
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
            let is_test = file
                .components()
                .any(|part| part.as_os_str().to_string_lossy().trim_end_matches(".rs") == "tests");
            if is_test {
                continue;
            }
            for banned in [
                "std::fs",
                "TcpStream",
                "std::process",
                "fs::File",
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
