//! Copies of folders, so that each run begins alike.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// Bytes that have to be free there: 1 GiB. Containers often have 64 MiB of it.
const ENOUGH: u64 = 1 << 30;

/// A folder for what is neither large nor about durability, in memory where there is room: what waits for a disk
/// elsewhere costs nothing there.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn in_memory() -> TempDir {
    let asked = Command::new("df")
        .args(["--block-size=1", "--output=avail", MEMORY])
        .output();
    let free = asked.ok().and_then(|output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().last()?.trim().parse::<u64>().ok()
    });
    free.filter(|free| *free >= ENOUGH)
        .and_then(|_| tempfile::tempdir_in(MEMORY).ok())
        .unwrap_or_else(|| tempfile::tempdir().expect("a folder"))
}

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
