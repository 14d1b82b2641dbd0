use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn place() -> (tempfile::TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("held")).unwrap();
    let folder = Folder::open(&dir.path().join("held")).unwrap();
    (dir, folder)
}

#[test]
fn no_way_in_follows_a_link() {
    let (dir, folder) = place();
    let outside = dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("theirs"), "theirs").unwrap();
    symlink(&outside, folder.path().join("folder")).unwrap();
    symlink(outside.join("theirs"), folder.path().join("file")).unwrap();
    symlink(outside.join("none"), folder.path().join("dangling")).unwrap();

    let said = folder.folder("folder").unwrap_err().to_string();
    assert!(
        said.ends_with("folder is a link, which is not followed"),
        "{said}"
    );
    assert!(folder.make_folder("folder").is_err());
    assert!(folder.open_file("file").is_err());
    assert!(folder.read("file", 100).is_err());
    assert!(folder.lock_file("file").is_err());
    assert!(folder.lock_file("dangling").is_err());
    assert!(folder.create("dangling").is_err());
    assert!(folder.remove("file").is_err());
    assert!(NewFile::within(&folder, "dangling").is_err());
    assert!(write_new(&folder.path().join("dangling"), b"x").is_err());
    // What replaces a link replaces the link.
    replace(&folder, "file", b"ours").unwrap();
    assert_eq!(folder.kind("file").unwrap(), Some(Kind::File));
    assert_eq!(std::fs::read(outside.join("theirs")).unwrap(), b"theirs");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
    for name in ["", ".", "..", "../outside/theirs", "a/b"] {
        assert!(folder.open_file(name).is_err(), "{name}");
    }
}

#[test]
fn a_new_file_replaces_nothing_and_leaves_nothing_behind() {
    let (_dir, folder) = place();
    let path = folder.path().join("out");
    let mut slow = NewFile::beside(&path).unwrap();
    slow.write_all(b"slow").unwrap();
    write_new(&path, b"first").unwrap();
    let refused = slow.place().unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"first");
    assert_eq!(
        folder
            .entries()
            .unwrap()
            .iter()
            .map(|e| e.name.as_str())
            .collect::<Vec<_>>(),
        ["out"]
    );
    assert_eq!(folder.entries().unwrap()[0].mode, 0o600);
}

#[test]
fn narrowing_leaves_the_owner_what_they_had_and_nobody_else_anything() {
    let (dir, folder) = place();
    let deep = folder.make_folder("deep").unwrap();
    replace(&deep, "wide", b"").unwrap();
    let wide = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    wide(&deep.path().join("wide"), 0o444);
    wide(deep.path(), 0o755);
    wide(folder.path(), 0o777);
    std::fs::write(dir.path().join("theirs"), "").unwrap();
    wide(&dir.path().join("theirs"), 0o644);
    symlink(dir.path().join("theirs"), folder.path().join("link")).unwrap();
    assert_eq!(folder.wider().unwrap().len(), 3);
    assert_eq!(folder.narrow().unwrap().len(), 3);
    assert_eq!(folder.wider().unwrap(), Vec::<std::path::PathBuf>::new());
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&deep.path().join("wide")), 0o400);
    assert_eq!(mode(deep.path()), 0o700);
    assert_eq!(mode(&dir.path().join("theirs")), 0o644);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_and_what_is_being_written_is_not() {
    let (_dir, folder) = place();
    let left = format!(".muniment-{}.unfinished", "0".repeat(32));
    let noted = format!(".muniment-{}.noted.unfinished", "0".repeat(32));
    let like = format!(".muniment-{}.unfinished", "g".repeat(32));
    for name in [&left, &noted, &like] {
        std::fs::write(folder.path().join(name), "left").unwrap();
    }
    let outside = folder.path().join("theirs");
    std::fs::write(&outside, "theirs").unwrap();
    let link = format!(".muniment-{}.unfinished", "1".repeat(32));
    symlink(&outside, folder.path().join(&link)).unwrap();
    let written = NewFile::within(&folder, "first").unwrap();
    write_new(&folder.path().join("second"), b"x").unwrap();
    let there: Vec<String> = folder
        .entries()
        .unwrap()
        .into_iter()
        .map(|e| e.name)
        .collect();
    assert!(!there.contains(&left), "{there:?}");
    for stays in [&noted, &like, &link, &"theirs".to_owned()] {
        assert!(there.contains(stays), "{there:?}");
    }
    written.place().unwrap();
    assert_eq!(folder.kind("first").unwrap(), Some(Kind::File));
    assert!(is_unfinished_name(&noted) && is_noted_name(&noted) && !is_noted_name(&left));
}

#[test]
fn a_folder_appears_with_everything_in_it() {
    let (_dir, folder) = place();
    let path = folder.path().join("out");
    let new = NewFolder::beside_noting(&path, |name| {
        assert!(is_noted_name(name));
        Ok(())
    })
    .unwrap();
    new.folder().create("a").unwrap();
    new.sync().unwrap();
    assert!(!path.exists());
    folder.place(new.unfinished_name(), "out").unwrap();
    assert!(path.join("a").exists());
    let refused = NewFolder::beside_noting(&path, |_| Ok(())).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
    std::fs::create_dir(path.join("theirs")).unwrap();
    assert!(folder.remove_filled("out").is_err());
    std::fs::remove_dir(path.join("theirs")).unwrap();
    std::fs::write(path.join("a"), "x").unwrap();
    assert!(folder.remove_filled("out").unwrap());
    assert!(!folder.remove_filled("out").unwrap());
}
