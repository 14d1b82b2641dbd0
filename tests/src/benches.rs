//! A workbench in the test's own process, for what needs many openings: its clock and its draws are the same in every run.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use rand_core::SeedableRng as _;
use workbench::{Environment, Workbench};

/// Passphrase of the custodian.
pub const PASS: &str = "correct horse battery staple";

/// Passphrase of the reviewer.
pub const REVIEWER_PASS: &str = "correct horse battery staple two";

/// A workbench whose state and data lie in `home`. Key files that it makes cost as little as is allowed.
///
/// # Panics
/// Never: the times it makes are ones.
#[must_use]
pub fn workbench(home: &Path) -> Workbench {
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicU64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state"),
        home.join("data"),
    );
    environment.argon2_kib = 65_536;
    Workbench::new(environment)
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
