//! What users rely on, through the public API; the database is only reached behind it to damage it.

mod checked;
mod groups;
mod imports;
mod replayed;
mod sealing;
mod stores;
mod workspace;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use evidence::{Assurance, Field, Hash, Record};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use redaction::{Class, MinimisedField, Shown, SizeBucket};
use serde_json::json;

use crate::*;

pub(super) const COST: KdfCost = KdfCost {
    memory_kib: 64 * 1024,
    iterations: 1,
    lanes: 1,
};
pub(super) const PASS: &str = "correct horse b\u{e4}ttery";
pub(super) const SECOND: &str = "second passphrase";

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 123_456_000).unwrap() + Duration::zero()
}

pub(super) struct Place {
    _tmp: tempfile::TempDir,
    pub(super) dir: PathBuf,
    pub(super) state: PathBuf,
    pub(super) created: Created,
}

pub(super) async fn place(second: Role) -> Place {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path().join("case");
    let new = NewVault {
        custodian: Some("First Custodian".to_owned()),
        passphrase: PASS.to_owned(),
        second: Some(NewMember {
            role: second,
            name: None,
            passphrase: SECOND.to_owned(),
        }),
        cost: COST,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let created = Vault::create(&dir, &new, &mut rng, now()).await.unwrap();
    Place {
        state: tmp.path().join("state"),
        _tmp: tmp,
        dir,
        created,
    }
}

pub(super) fn options(state: &Path, passphrase: &str, mode: Mode) -> OpenOptions {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEED: AtomicU64 = AtomicU64::new(100);
    OpenOptions {
        member: None,
        passphrase: passphrase.to_owned(),
        state_dir: state.to_owned(),
        entropy: Box::new(ChaCha20Rng::seed_from_u64(
            SEED.fetch_add(1, Ordering::Relaxed),
        )),
        mode,
        now: now(),
    }
}

impl Place {
    pub(super) async fn open(&self) -> Vault {
        self.try_open(PASS, Mode::Normal).await.unwrap()
    }
    pub(super) async fn try_open(&self, passphrase: &str, mode: Mode) -> Result<Vault, OpenError> {
        Vault::open(&self.dir, options(&self.state, passphrase, mode)).await
    }
}

pub(super) fn act(n: u32) -> Act {
    Act::new(
        "note.added",
        json!({ "number": n, "list": [1, { "a/b": "c" }], "nested": { "a/b~c": { "x": null }, "empty": {} } }),
    )
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Where a sealed file lies.
pub(super) fn sealed_path(vault: &Vault, id: &str) -> PathBuf {
    vault.inner.dir.join("sealed").join(&id[..2]).join(id)
}

/// Flips one bit of a file.
pub(super) fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

pub(super) fn record(index: u64, seed: evidence::Seed) -> Record {
    let field = |path: &str, value: String| Field {
        path: path.to_owned(),
        value,
    };
    Record {
        index,
        seed,
        fields: vec![
            field("@schema", r#"{"id":"enigm-app","version":1}"#.to_owned()),
            field("/event", "\"session.opened\"".to_owned()),
            field("/account", format!("\"user-{index}\"")),
            field("/note", "\"free text that stays sealed\"".to_owned()),
            field("/count", format!("{index}.50")),
        ],
    }
}

pub(super) fn event(record: &Record) -> NewEvent {
    let field = |path: &str, class, shown| MinimisedField {
        path: path.to_owned(),
        class,
        shown,
    };
    let index = record.index;
    let mac: [u8; 32] = Hash::sha256(&(index % 5).to_be_bytes()).0;
    NewEvent {
        index,
        leaf: record.leaf(),
        occurred: Some(now() + Duration::seconds(index as i64)),
        recorded: None,
        system: "enigm-app".to_owned(),
        action: "session.opened".to_owned(),
        outcome: index.is_multiple_of(2).then(|| "ok".to_owned()),
        kind: if index.is_multiple_of(2) {
            EventKind::Audit
        } else {
            EventKind::Lifecycle
        },
        assurance: Assurance::HashMatched,
        rules: "enigm-app/1".to_owned(),
        minimised: vec![
            field(
                "/event",
                Class::C0,
                Shown::Kept {
                    text: "\"session.opened\"".to_owned(),
                },
            ),
            field(
                "/account",
                Class::C3,
                Shown::Handle {
                    domain: "account".to_owned(),
                    mac,
                },
            ),
            field("/note", Class::Unknown, Shown::Hidden),
            field(
                "/count",
                Class::C1,
                Shown::Kept {
                    text: format!("{index}.50"),
                },
            ),
            field(
                "/key",
                Class::C6,
                Shown::TypeTag {
                    tag: "private key".to_owned(),
                },
            ),
            field(
                "/body",
                Class::C5,
                Shown::Presence {
                    size: SizeBucket::Medium,
                },
            ),
        ],
        exposures: Vec::new(),
        line: record.to_line().into_bytes(),
        identity: None,
    }
}

pub(super) async fn begin(
    vault: &Vault,
    bytes: &'static [u8],
    recommit: bool,
) -> Result<ImportSession, VaultError> {
    let original = vault.seal_file("original", bytes).await?;
    let head = ImportHead {
        name: "day.ndjson".to_owned(),
        kind: "json-lines".to_owned(),
        original,
        recommit,
        member: None,
        admits: None,
    };
    vault.begin_import(head, now()).await
}

pub(super) fn finished(done: Imported) -> Acts {
    Act::new(
        "import.finished",
        json!({ "import": done.import, "records": done.records }),
    )
    .into()
}

/// Imports `count` records into the recommit log.
pub(super) async fn import(vault: &Vault, bytes: &'static [u8], count: u64) -> Imported {
    let mut session = begin(vault, bytes, true).await.unwrap();
    let first = session.next_index();
    let batch = (first..first + count)
        .map(|i| event(&record(i, vault.draw_seed())))
        .collect();
    session.append(batch).await.unwrap();
    session
        .finish_recommit(json!({ "word": "unproven" }), finished, now())
        .await
        .unwrap()
}

pub(super) async fn clean(vault: &Vault) {
    let report = vault.fsck(|_, _| {}, None).await.unwrap();
    assert!(report.ok(), "{:?}", report.findings().collect::<Vec<_>>());
}
