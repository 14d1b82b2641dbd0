//! A workbench in the test's own process, for what needs many openings: its clock and its draws are the same in every run.

use std::path::Path;

use chrono::DateTime;
use rand_core::SeedableRng as _;
use vault::{KdfCost, NewMember, NewVault, Role, Vault};
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

/// The least that a passphrase may cost.
pub const CHEAPEST: KdfCost = KdfCost {
    memory_kib: 65_536,
    iterations: 1,
    lanes: 1,
};

/// Makes a workspace of a custodian and a reviewer whose passphrases cost as little as is allowed, for what opens it many times; the
/// ids of the two.
///
/// # Panics
/// If it cannot be made.
pub async fn cheap(dir: &Path, passphrase: &str, of_reviewer: &str) -> [String; 2] {
    let new = NewVault {
        custodian: None,
        passphrase: passphrase.to_owned(),
        second: Some(NewMember {
            role: Role::Reviewer,
            name: None,
            passphrase: of_reviewer.to_owned(),
        }),
        cost: CHEAPEST,
    };
    let mut draws = rand_chacha::ChaCha20Rng::seed_from_u64(0);
    // Before whatever a workbench of these tests does.
    let at = DateTime::from_timestamp(1_767_225_600, 0).expect("a time");
    let made = Vault::create(dir, &new, &mut draws, at).await;
    let members = made.expect("a workspace").members;
    members.try_into().expect("two members")
}

/// A workbench with a workspace `ws` of a custodian and a reviewer, open for the custodian.
///
/// # Panics
/// If it cannot be made.
pub async fn bench(home: &Path) -> Workbench {
    let bench = workbench(home);
    let dir = home.join("ws");
    let [custodian, _] = cheap(&dir, PASS, REVIEWER_PASS).await;
    let dir = dir.display().to_string();
    let opened = bench.open_workspace(dir, Some(custodian), PASS.into());
    opened.await.expect("open");
    bench
}
