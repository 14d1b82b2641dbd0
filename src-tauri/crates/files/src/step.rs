//! Counts what changes the disk, so that a test can end the process between any two such steps.

/// Says that a step that changes the disk comes next. In a debug build the process ends here when the environment asks for
/// it: `MUNIMENT_END_AT_STEP=n` ends it before its n-th step, as a power cut would, and `MUNIMENT_COUNT_STEPS=path` has every
/// step's name appended to that file. A release build does nothing.
pub fn step(name: &str) {
    #[cfg(debug_assertions)]
    counted::step(name);
    #[cfg(not(debug_assertions))]
    let _ = name;
}

/// Says that a path is looked up, made, listed or removed. In a debug build `MUNIMENT_TELL_PATHS=path` has each appended to
/// that file, so that a test can plant something at every one. A release build does nothing.
pub(crate) fn look(path: impl FnOnce() -> std::path::PathBuf) {
    #[cfg(debug_assertions)]
    counted::look(path);
    #[cfg(not(debug_assertions))]
    let _ = path;
}

#[cfg(debug_assertions)]
mod counted {
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static TAKEN: AtomicU64 = AtomicU64::new(0);
    static ASKED: OnceLock<(Option<u64>, Option<PathBuf>)> = OnceLock::new();

    static TOLD: OnceLock<Option<PathBuf>> = OnceLock::new();

    pub(super) fn look(path: impl FnOnce() -> PathBuf) {
        let told = TOLD.get_or_init(|| std::env::var_os("MUNIMENT_TELL_PATHS").map(PathBuf::from));
        if let Some(list) = told {
            append(list, &path().display().to_string());
        }
    }

    /// What only a test reads is no reason to fail.
    fn append(list: &Path, line: &str) {
        let file = std::fs::File::options()
            .append(true)
            .create(true)
            .open(list);
        let _ = file.and_then(|mut file| writeln!(file, "{line}"));
    }

    pub(super) fn step(name: &str) {
        let (end, list) = ASKED.get_or_init(|| {
            let end = std::env::var("MUNIMENT_END_AT_STEP").ok();
            (
                end.and_then(|n| n.parse().ok()),
                std::env::var_os("MUNIMENT_COUNT_STEPS").map(PathBuf::from),
            )
        });
        if end.is_none() && list.is_none() {
            return;
        }
        let number = TAKEN.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(list) = list {
            append(list, name);
        }
        if *end == Some(number) {
            std::process::abort();
        }
    }
}
