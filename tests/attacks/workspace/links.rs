//! **What it does**: plants symbolic links wherever the program creates, lists, replaces or removes a file: below `sealed/`, in `members/`, in the
//! index, for the database, and at the names that outputs had while they were written; and at every path that a run of each command
//! looks up, as the program itself tells (all of them with `MUNIMENT_SOAK=1`, some otherwise).
//! **What it wants**: that the owner's program deletes, overwrites or discloses files outside the workspace.
//! **What stops it**: names are looked up in folders that are held open, and no link is followed; what is new never replaces anything; what a killed
//! run left is removed only if this program wrote it. Seen before: the next open deleted every file in the folder that `sealed/zz` led
//! to, and `seal -o out.zip` overwrote what `out.unfinished` led to.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use muniment_tests::chance::{Chance, soaking};
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};

use super::place::{copy, findings, sealed_export, workspace};

/// A folder of somebody's, and whether it is as it was.
struct Theirs(PathBuf);

impl Theirs {
    fn new(home: &Path) -> Self {
        let theirs = home.join("theirs");
        std::fs::create_dir_all(theirs.join("deep")).expect("a folder");
        std::fs::write(theirs.join("letter"), "dear").expect("written");
        std::fs::write(theirs.join("ab".repeat(16)), "named like ours").expect("written");
        Self(theirs)
    }

    fn untouched(&self, after: &str) {
        let read = |name: &str| std::fs::read(self.0.join(name)).ok();
        assert_eq!(read("letter").as_deref(), Some(&b"dear"[..]), "{after}");
        let ours = read(&"ab".repeat(16));
        assert_eq!(ours.as_deref(), Some(&b"named like ours"[..]), "{after}");
        let count = std::fs::read_dir(&self.0).expect("there").count();
        assert_eq!(count, 3, "{after}");
        let deep = std::fs::read_dir(self.0.join("deep"))
            .expect("there")
            .count();
        assert_eq!(deep, 0, "{after}");
    }
}

#[test]
fn opening_removes_nothing_that_a_link_leads_to() {
    let (dir, terminal) = workspace();
    let theirs = Theirs::new(dir.path());
    let sealed = terminal.workspace.join("sealed");
    symlink(&theirs.0, sealed.join("zz")).expect("a link");
    std::fs::create_dir_all(sealed.join("ab")).expect("a folder");
    symlink(
        theirs.0.join("letter"),
        sealed.join("ab").join("ab".repeat(16)),
    )
    .expect("a link");
    symlink(theirs.0.join("letter"), sealed.join("loose")).expect("a link");
    symlink(
        theirs.0.join("letter"),
        terminal.workspace.join("keyring.next"),
    )
    .expect("a link");
    let (code, _) = terminal.refused(&["search"]);
    assert_eq!(code, 2);
    theirs.untouched("a link for the next ring");
    std::fs::remove_file(terminal.workspace.join("keyring.next")).expect("removed");
    terminal.done(&["search"]);
    theirs.untouched("an open");
    let found = findings(&terminal);
    assert!(
        found.len() == 1 && found[0].contains("none of ours"),
        "{found:?}"
    );
    sealed_export(&terminal, "more", 200);
    terminal.done(&["import", "more.zip"]);
    theirs.untouched("an import");
}

/// It does not open; where only the remembered head is a link, it opens to look at, says why, and takes no change.
fn not_followed(terminal: &Terminal, place: &Path) {
    let mut asked: &[&str] = &["search"];
    if place.extension().is_some_and(|end| end == "head") {
        let output = terminal.run(&["search"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("nothing can be changed"), "{said}");
        asked = &["incident", "open", "A change"];
    }
    let (code, error) = terminal.refused(asked);
    assert_eq!(code, 2, "{}: {error}", place.display());
}

#[test]
fn a_link_in_the_place_of_a_file_or_folder_is_not_followed() {
    let (dir, terminal) = workspace();
    let theirs = Theirs::new(dir.path());
    let members = terminal.workspace.join("members");
    let own: Vec<String> = std::fs::read_dir(&members)
        .expect("members")
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.starts_with("C-"))
        .collect();
    let mut places: Vec<PathBuf> = [
        "sealed",
        "members",
        "vault.json",
        "vault.db",
        "vault.lock",
        "keyring.json",
    ]
    .map(PathBuf::from)
    .to_vec();
    places.extend(own.iter().map(|name| Path::new("members").join(name)));
    for place in places {
        let path = terminal.workspace.join(&place);
        let aside = dir.path().join("aside");
        std::fs::rename(&path, &aside).expect("moved");
        // To what it was, which would go on working; it is refused, because it may lead anywhere tomorrow.
        symlink(&aside, &path).expect("a link");
        not_followed(&terminal, &place);
        std::fs::remove_file(&path).expect("removed");
        symlink(theirs.0.join("letter"), &path).expect("a link");
        not_followed(&terminal, &place);
        theirs.untouched(&place.display().to_string());
        std::fs::remove_file(&path).expect("removed");
        std::fs::rename(&aside, &path).expect("moved back");
    }
    terminal.done(&["search"]);
    for name in &own {
        // The names that replacements had.
        let beside = Path::new(name).with_extension("tmp");
        let _ = std::fs::remove_file(members.join(&beside));
        symlink(theirs.0.join("letter"), members.join(&beside)).expect("a link");
        symlink(
            theirs.0.join("deep/new"),
            members.join(Path::new(name).with_extension("other")),
        )
        .unwrap_or_default();
    }
    terminal.done(&["search"]);
    theirs.untouched("names beside the key files");
}

#[test]
fn no_output_overwrites_what_a_link_leads_to() {
    let (dir, terminal) = workspace();
    let theirs = Theirs::new(dir.path());
    let letter = theirs.0.join("letter");
    let new = theirs.0.join("deep/new");
    for (name, to) in [
        ("out.unfinished", &letter),
        ("out.zip.unfinished", &letter),
        ("second.new", &letter),
    ] {
        symlink(to, dir.path().join(name)).expect("a link");
    }
    terminal.done(&[
        "keygen",
        "--origin",
        "log.example/other",
        "-o",
        "second.key",
    ]);
    terminal.done(&[
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        "log.example/other",
        "--key",
        "second.key",
        "1.ndjson",
        "-o",
        "out.zip",
    ]);
    theirs.untouched("seal");
    // A link that leads nowhere is something, too.
    for name in ["to.key", "to.zip", "to.json"] {
        symlink(&new, dir.path().join(name)).expect("a link");
    }
    let outputs: [&[&str]; 3] = [
        &["keygen", "--origin", "log.example/third", "-o", "to.key"],
        &[
            "seal",
            "--source",
            "enigm-key",
            "--origin",
            "log.example/other",
            "--key",
            "second.key",
            "--previous",
            "out.zip",
            "1.ndjson",
            "-o",
            "to.zip",
        ],
        &["trust", "export", "-o", "to.json"],
    ];
    for output in outputs {
        let run = terminal.run(output);
        assert!(!run.status.success(), "{output:?}");
        theirs.untouched(output[0]);
    }
}

/// What somebody does with a workspace, each in a copy of its own.
fn commands(incident: &str, digest: &str) -> Vec<Vec<String>> {
    let all = [
        "search".to_owned(),
        "fsck".to_owned(),
        "import more.zip".to_owned(),
        format!("packet write {incident} --approve {digest} -o out.zip"),
        "packet sign one.zip -o two.zip".to_owned(),
        "quarantine export 1 -o held".to_owned(),
        "trust export -o trust.json".to_owned(),
        "seal --source enigm-key --origin log.example/enigm-key --key 1.key --previous 1.zip 1.ndjson -o sealed.zip".to_owned(),
        "incident open Again --pin 1".to_owned(),
    ];
    all.iter()
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect()
}

/// Every path below `home` that a command looks up, makes, lists or removes, as the program itself tells; and the database's
/// own, which SQLite opens. Names that nobody can guess are left out.
fn paths_as(home: &Path, arguments: &[&str], passphrase: &str) -> Vec<PathBuf> {
    let list = home.parent().expect("a folder").join("told");
    let mut command = Terminal::new(home).command(arguments);
    command
        .env("MUNIMENT_TELL_PATHS", &list)
        .env("MUNIMENT_PASSPHRASE", passphrase);
    let output = command.output().expect("muniment starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    let told = std::fs::read_to_string(&list).expect("a debug build tells its paths");
    std::fs::remove_file(&list).expect("it is ours");
    let mut paths: Vec<PathBuf> = told
        .lines()
        .filter_map(|line| Path::new(line).strip_prefix(home).ok())
        .map(Path::to_owned)
        .chain(
            [
                "vault.db",
                "vault.db-wal",
                "vault.db-shm",
                "vault.db-journal",
            ]
            .map(|name| Path::new("case").join(name)),
        )
        // Made by nobody before, and drawn anew in every run.
        .filter(|path| {
            !path.to_string_lossy().contains("unfinished")
                && !path.to_string_lossy().contains("delivering-")
        })
        .filter(|path| {
            !path.as_os_str().is_empty() && path != Path::new("case") && path != Path::new("state")
        })
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

#[test]
#[allow(
    clippy::print_stdout,
    reason = "what became of the cases is what a soak is read for"
)]
fn a_link_at_any_path_that_is_looked_up_leads_nowhere() {
    let (dir, made) = workspace();
    // The same place for every run, so that what one looks up is what the next one finds there.
    let (kept, home) = (dir.path().join("kept"), dir.path().join("home"));
    sealed_export(&made, "more", 5);
    std::fs::write(made.home.join("bad.ndjson"), "{\"broken\n").expect("written");
    made.run(&["import", "bad.ndjson"]);
    made.done(&["incident", "open", "A heartbeat", "--pin", "1"]);
    let list = made.done(&["incident", "list"]);
    let incident = list["incidents"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let plan = |terminal: &Terminal| {
        let plan = terminal.done(&["packet", "plan", &incident]);
        plan["digest"].as_str().expect("a digest").to_owned()
    };
    let first = plan(&made);
    made.done(&[
        "packet",
        "write",
        &incident,
        "--approve",
        &first,
        "-o",
        "one.zip",
    ]);
    let digest = plan(&made);
    for name in ["case", "state"] {
        copy(&made.home.join(name), &kept.join(name));
    }
    for name in ["one.zip", "more.zip", "1.zip", "1.key", "1.ndjson"] {
        std::fs::copy(made.home.join(name), kept.join(name)).expect("copied");
    }
    let mut planted = 0;
    let mut chance = Chance::new(0x6c69_6e6b);
    for command in commands(&incident, &digest) {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        // A second member signs what the first one wrote.
        let pass = if arguments.get(1) == Some(&"sign") {
            SECOND_PASSPHRASE
        } else {
            PASSPHRASE
        };
        let fresh = || {
            let _ = std::fs::remove_dir_all(&home);
            copy(&kept, &home);
        };
        fresh();
        let all = paths_as(&home, &arguments, pass);
        assert!(all.len() > 3, "{arguments:?} looks up {all:?}");
        let cases: Vec<(&PathBuf, usize)> = all
            .iter()
            .flat_map(|path| (0..3).map(move |way| (path, way)))
            .collect();
        let some: Vec<(&PathBuf, usize)> = match soaking() {
            true => cases,
            // A few of each command; which ones, is drawn once and for all.
            false => (0..2).map(|_| *chance.one(&cases)).collect(),
        };
        for (path, way) in some {
            fresh();
            let theirs = Theirs::new(dir.path());
            let to = match way {
                0 => theirs.0.join("letter"),
                1 => theirs.0.clone(),
                _ => theirs.0.join("deep/new"),
            };
            let at = home.join(path);
            if at.is_dir() {
                std::fs::remove_dir_all(&at).expect("removed");
            } else {
                let _ = std::fs::remove_file(&at);
            }
            // A folder on the way may be one that only the command makes.
            if !at.parent().is_some_and(Path::is_dir) {
                continue;
            }
            symlink(&to, &at).expect("a link");
            let run = Terminal::new(&home)
                .command(&arguments)
                .env("MUNIMENT_PASSPHRASE", pass)
                .output()
                .expect("muniment starts");
            let said = format!(
                "{arguments:?} with a link at {} to {}",
                path.display(),
                to.display()
            );
            let error = String::from_utf8_lossy(&run.stderr);
            assert!(
                matches!(run.status.code(), Some(0..=5)) && !error.contains("panicked"),
                "{said}: {error}"
            );
            theirs.untouched(&said);
            planted += 1;
        }
    }
    assert!(planted >= 12, "{planted}");
    println!("{planted} links were planted");
}
