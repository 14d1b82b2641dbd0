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
