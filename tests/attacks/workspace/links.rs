//! **What it does**: plants symbolic links wherever the program creates, lists, replaces or removes a file: below `sealed/`, in `members/`, in the
//! index, for the database, and at the names that outputs had while they were written.
//! **What it wants**: that the owner's program deletes, overwrites or discloses files outside the workspace.
//! **What stops it**: names are looked up in folders that are held open, and no link is followed; what is new never replaces anything; what a killed
//! run left is removed only if this program wrote it. Seen before: the next open deleted every file in the folder that `sealed/zz` led
//! to, and `seal -o out.zip` overwrote what `out.unfinished` led to.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::place::{findings, sealed_export, workspace};

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
        let (code, error) = terminal.refused(&["search"]);
        assert_eq!(code, 2, "{}: {error}", place.display());
        std::fs::remove_file(&path).expect("removed");
        symlink(theirs.0.join("letter"), &path).expect("a link");
        let (code, error) = terminal.refused(&["search"]);
        assert_eq!(code, 2, "{}: {error}", place.display());
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
