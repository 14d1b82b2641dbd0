//! Copies of folders, so that each run begins alike.

use std::path::Path;

/// Copies a folder with everything in it.
///
/// # Panics
/// When something cannot be read or written.
pub fn copy(from: &Path, to: &Path) {
    copy_but(from, to, &[]);
}

/// The same without what has one of these names.
///
/// # Panics
/// As [`copy`].
pub fn copy_but(from: &Path, to: &Path, without: &[&str]) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        if without.iter().any(|without| name == *without) {
            continue;
        }
        let target = to.join(name);
        if entry.file_type().expect("a type").is_dir() {
            copy_but(&entry.path(), &target, without);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}
