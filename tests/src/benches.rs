//! A workbench in the test's own process, for what needs many openings: its clock and its draws are the same in every run.

use std::path::Path;

use workbench::Workbench;

/// Passphrase of the custodian.
pub const PASS: &str = "correct horse battery staple";

/// Passphrase of the reviewer.
pub const REVIEWER_PASS: &str = "correct horse battery staple two";

/// A workbench whose state and data lie in `home`. Key files that it makes cost as little as is allowed.
#[must_use]
pub fn workbench(home: &Path) -> Workbench {
    crate::bench::kept_at(home.join("state"), home.join("data"))
}

/// A workbench with a workspace `ws` of a custodian and a reviewer, open for the custodian.
///
/// # Panics
/// If it cannot be made.
pub async fn bench(home: &Path) -> Workbench {
    let bench = workbench(home);
    let dir = home.join("ws").display().to_string();
    let created = bench.create_workspace(dir, PASS.into(), "reviewer".into(), REVIEWER_PASS.into());
    created.await.expect("a workspace");
    bench
}
