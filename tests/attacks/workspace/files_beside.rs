//! **What it does**: changes another member's key file, `vault.json` or a remembered head, or takes one away.
//! **What it wants**: to lock somebody out unseen, or to have an older ledger taken for the newest.
//! **What stops it**: entries state the digests of key files, the first entry says all of `vault.json`, heads exist from a member's first
//! day; `fsck` names each, and a member whose own head was taken away finds that in custody. Seen before: `fsck` was content with
//! every one of them.

use super::place::{findings, workspace};

#[test]
fn damage_to_any_file_beside_the_database_is_named() {
    let (_dir, terminal) = workspace();
    assert_eq!(findings(&terminal), Vec::<String>::new());
    let custody = terminal.done(&["custody"]).to_string();
    assert!(!custody.contains("head-missing"), "{custody}");
    let members = terminal.workspace.join("members");
    let of = |end: &str, begin: &str| {
        let entries = std::fs::read_dir(&members).expect("members");
        let names = entries.map(|e| e.expect("an entry").path());
        let fits = |p: &std::path::PathBuf| {
            let name = p
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            name.starts_with(begin) && name.ends_with(end)
        };
        names.into_iter().find(fits).expect("it is there")
    };
    let theirs = of(".json", "R-");
    let head = of(".head", "R-");
    for (path, named) in [
        (&theirs, "key files"),
        (&head, "remembered heads"),
        (&terminal.workspace.join("vault.json"), "vault.json"),
    ] {
        let honest = std::fs::read(path).expect("read");
        // A bit of a value; what means nothing; nothing at all. A workspace without vault.json is none.
        let mut bit = honest.clone();
        let digit = bit.iter().rposition(u8::is_ascii_digit).expect("a digit");
        bit[digit] ^= 1;
        let mut space = honest.clone();
        space.push(b' ');
        let mut changes = vec![Some(bit)];
        if named != "remembered heads" {
            changes.push(Some(space));
        }
        if named != "vault.json" {
            changes.push(None);
        }
        for change in changes {
            match &change {
                Some(bytes) => std::fs::write(path, bytes).expect("written"),
                None => std::fs::remove_file(path).expect("removed"),
            }
            let found = findings(&terminal);
            assert!(
                found.len() == 1 && found[0].contains(named),
                "{} changed to {:?}: {found:?}",
                path.display(),
                change.map(|c| String::from_utf8_lossy(&c).into_owned())
            );
        }
        std::fs::write(path, &honest).expect("written");
    }
    // A key file that belongs to nobody.
    std::fs::copy(&theirs, members.join("R-ZZZZZ.json")).expect("copied");
    assert_eq!(findings(&terminal).len(), 1);
    std::fs::remove_file(members.join("R-ZZZZZ.json")).expect("removed");

    std::fs::remove_file(of(".head", "C-")).expect("removed");
    let custody = terminal.done(&["custody"]).to_string();
    assert!(custody.contains("head-missing"), "{custody}");
    assert_eq!(findings(&terminal), Vec::<String>::new());
}
