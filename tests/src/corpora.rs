//! Foreign data beside the repository, read from there and never copied into it.

use std::path::{Path, PathBuf};

/// A folder of the corpora, or none where they are not present.
///
/// # Panics
/// With `CI=true`, where their absence is a failure.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/corpora")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "corpus {name} is not present, and in CI it must be"
    );
    #[allow(clippy::print_stderr, reason = "the test says what it could not check")]
    {
        eprintln!("corpus {name}: not present");
    }
    None
}
