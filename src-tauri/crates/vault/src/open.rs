//! Opening a workspace: the lock, the member's keys, the ledger's replay, the remembered heads, and the removal
//! of what a killed import left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use evidence::CompactRange;
use serde_json::json;

use crate::create::{FORMAT, VaultFile};
use crate::keys::{
    Identity, KeyName, Keyring, MemberFile, PassphraseError, Role, Secret, VaultKeys,
};
use crate::ledger::{Act, RESTORED, ReplayFault, Replayed, Replayer, Signer, Tip};
use crate::marks::Marks;
use crate::seal::Sealer;
use crate::state::{Remembered, state_path};
use crate::table::{import, ledger, sealed};
use crate::{Entropy, Inner, OpenError, Vault, VaultError, Writer, db};

/// How to open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// To work in it.
    #[default]
    Normal,
    /// To look at it although its ledger does not replay or was rolled back: nothing can be changed.
    Inspect,
    /// To continue a workspace that was restored from an older copy, in a new epoch of the ledger whose first
    /// entry names the restored and the highest known head. Only a custodian can.
    Restore,
}

/// What opening needs.
pub struct OpenOptions {
    /// The member; without one, the member whose key file the passphrase opens.
    pub member: Option<String>,
    /// Their passphrase.
    pub passphrase: String,
    /// Folder outside the workspace for the remembered heads.
    pub state_dir: PathBuf,
    /// Randomness for seeds, nonces and keys.
    pub entropy: Entropy,
    /// How to open.
    pub mode: Mode,
    /// Now; used for the ledger entry of a restore.
    pub now: DateTime<Utc>,
}

impl std::fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenOptions")
            .field("member", &self.member)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

struct Unlocked {
    vault: String,
    lock: fs::File,
    member: Signer,
    keys: VaultKeys,
}

impl Vault {
    /// Opens a workspace.
    pub async fn open(dir: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        let OpenOptions {
            member,
            passphrase,
            state_dir,
            entropy,
            mode,
            now,
        } = options;
        let at = dir.to_owned();
        let unlocked =
            tokio::task::spawn_blocking(move || unlock(&at, member.as_deref(), &passphrase));
        let Unlocked {
            vault,
            lock,
            member,
            keys,
        } = unlocked.await.map_err(VaultError::from)??;
        let database = keys
            .newest(KeyName::Database)
            .map(|(_, k)| k.clone())
            .ok_or(OpenError::Database)?;
        if mode != Mode::Inspect {
            db::migrate(dir, &database, false).await?;
        }
        let state_path = state_path(&state_dir, &vault);
        let head_path = dir.join("members").join(format!("{}.head", member.id));
        let memories = [
            ("state file", read_memory(&state_path)?),
            ("member file", read_memory(&head_path)?),
        ];
        let (at, key, id, own) = (
            dir.to_owned(),
            database.clone(),
            vault.clone(),
            member.clone(),
        );
        let (writer, restore) =
            tokio::task::spawn_blocking(move || start(&at, &key, &id, &own, &memories, mode))
                .await
                .map_err(VaultError::from)??;
        let pool = db::readers(dir, &database).await?;
        let inner = Arc::new(Inner {
            sealer: Sealer::new(dir, &vault, &keys),
            marks: Marks::of(&keys),
            id: vault,
            dir: dir.to_owned(),
            state_path,
            head_path,
            member: Arc::new(member),
            keys,
            pool,
            writer: Mutex::new(writer),
            entropy: Mutex::new(entropy),
            importing: AtomicBool::new(false),
            read_only: mode == Mode::Inspect,
            _lock: lock,
        });
        let opened = Self { inner };
        if mode != Mode::Inspect {
            let inner = opened.inner.clone();
            tokio::task::spawn_blocking(move || inner.clean())
                .await
                .map_err(VaultError::from)??;
            if let Some(act) = restore {
                opened.record(act, now).await?;
            } else {
                let head = opened.inner.writer().tip.head();
                opened.inner.remember(&head);
            }
        }
        Ok(opened)
    }

    /// Closes the read connections and waits for them. Dropping the last clone does the same, without waiting.
    pub async fn close(self) {
        self.inner.pool.close().await;
    }
}

/// The members whose key files lie in a workspace, by id, without opening it. A folder that is no workspace
/// has none.
#[must_use]
pub fn key_files(dir: &Path) -> Vec<(String, Role)> {
    let Ok(entries) = fs::read_dir(dir.join("members")) else {
        return Vec::new();
    };
    let mut members: Vec<(String, Role)> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .filter_map(|name| read_json::<MemberFile>(dir, &format!("members/{name}")).ok())
        .map(|file| (file.member.clone(), file.role))
        .collect();
    members.sort();
    members
}

pub(crate) fn read_memory(path: &Path) -> Result<Option<Remembered>, OpenError> {
    Remembered::read(path).map_err(|e| OpenError::Damaged {
        file: path.display().to_string(),
        reason: format!(
            "the remembered head of the ledger cannot be read ({})",
            e.kind()
        ),
    })
}

fn read_json<T: serde::de::DeserializeOwned>(dir: &Path, file: &str) -> Result<T, OpenError> {
    let damaged = |reason: String| OpenError::Damaged {
        file: file.to_owned(),
        reason,
    };
    let bytes = fs::read(dir.join(file))
        .map_err(|e| damaged(format!("it cannot be read ({})", e.kind())))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| damaged(format!("not in its format, at line {}", e.line())))
}

/// Takes the workspace's lock and returns its vault id.
pub(crate) fn lock(dir: &Path) -> Result<(String, fs::File), OpenError> {
    let not_one = |reason| OpenError::NotAWorkspace {
        path: dir.to_owned(),
        reason,
    };
    if !dir.join("vault.json").is_file() {
        return Err(not_one("it has no vault.json"));
    }
    let head: VaultFile = read_json(dir, "vault.json")?;
    if head.format != FORMAT {
        return Err(not_one("its vault.json has another format"));
    }
    let lock = fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(dir.join("vault.lock"))?;
    lock.try_lock().map_err(|e| match e {
        fs::TryLockError::WouldBlock => OpenError::Locked,
        fs::TryLockError::Error(e) => e.into(),
    })?;
    Ok((head.vault, lock))
}

pub(crate) fn read_keyring(dir: &Path) -> Result<Keyring, OpenError> {
    read_json(dir, "keyring.json")
}

fn unlock(dir: &Path, member: Option<&str>, passphrase: &str) -> Result<Unlocked, OpenError> {
    let (vault, lock) = lock(dir)?;
    let keyring = read_keyring(dir)?;
    let (id, identity) = find_member(dir, &vault, member, passphrase)?;
    let (role, keys) = keyring.open(&vault, &id, &identity)?;
    Ok(Unlocked {
        vault,
        lock,
        member: Signer { id, role, identity },
        keys,
    })
}

fn find_member(
    dir: &Path,
    vault: &str,
    member: Option<&str>,
    passphrase: &str,
) -> Result<(String, Identity), OpenError> {
    if let Some(id) = member {
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain || !dir.join("members").join(format!("{id}.json")).is_file() {
            return Err(OpenError::NoSuchMember(id.to_owned()));
        }
        let file: MemberFile = read_json(dir, &format!("members/{id}.json"))?;
        return match file.open(vault, passphrase) {
            Ok(identity) => Ok((file.member, identity)),
            Err(PassphraseError::Wrong { .. }) => Err(OpenError::WrongPassphrase),
            Err(e) => Err(e.into()),
        };
    }
    let mut names: Vec<String> = fs::read_dir(dir.join("members"))?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .filter(|n| n.ends_with(".json"))
        .collect();
    names.sort();
    let mut other = None;
    for name in names {
        let file: MemberFile = read_json(dir, &format!("members/{name}"))?;
        match file.open(vault, passphrase) {
            Ok(identity) => return Ok((file.member, identity)),
            Err(PassphraseError::Wrong { .. }) => {}
            Err(e) => other = Some(e),
        }
    }
    Err(other.map_or(OpenError::WrongPassphrase, OpenError::from))
}

/// Opens the writer, replays the ledger and compares it with what is remembered.
pub(crate) fn start(
    dir: &Path,
    key: &Secret,
    vault: &str,
    member: &Signer,
    memories: &[(&'static str, Option<Remembered>); 2],
    mode: Mode,
) -> Result<(Writer, Option<Act>), OpenError> {
    let conn = db::writer(dir, key)?;
    let interest: Vec<(u64, u64)> = memories
        .iter()
        .filter_map(|(_, m)| m.as_ref().map(|m| (m.epoch, m.size)))
        .collect();
    let replayed = match replay(&conn, vault, &interest) {
        Ok(replayed) => replayed,
        Err(_) if mode == Mode::Inspect => {
            let tip = Tip {
                epoch: 0,
                range: CompactRange::new(),
                at: DateTime::<Utc>::UNIX_EPOCH,
            };
            return Ok((Writer { conn, tip }, None));
        }
        Err(e) => return Err(e),
    };
    let known = replayed
        .members
        .get(&member.id)
        .filter(|m| m.active && m.public == member.identity.public());
    if mode != Mode::Inspect && known.is_none_or(|m| m.role != member.role) {
        return Err(OpenError::Damaged {
            file: "keyring.json".to_owned(),
            reason: format!(
                "the ledger does not know {} with this role and these keys",
                member.id
            ),
        });
    }
    let mut rolled_back: BTreeMap<(u64, u64), (&'static str, Remembered)> = BTreeMap::new();
    for (memory, remembered) in memories {
        if let Some(m) = remembered.as_ref().filter(|m| !continues(&replayed, m)) {
            rolled_back.insert((m.epoch, m.size), (memory, m.clone()));
        }
    }
    let mut tip = replayed.tip;
    let highest = rolled_back.into_values().next_back();
    let restore = match (highest, mode) {
        (None, _) | (_, Mode::Inspect) => None,
        (Some((memory, m)), Mode::Normal) => {
            return Err(OpenError::LedgerRolledBack {
                memory,
                known_epoch: m.epoch,
                known_size: m.size,
                found_epoch: tip.epoch,
                found_size: tip.range.size(),
            });
        }
        (Some((_, m)), Mode::Restore) => {
            if member.role != Role::Custodian {
                return Err(OpenError::RestoreNeedsCustodian);
            }
            let found = tip.head();
            let act = Act::new(
                RESTORED,
                json!({
                    "restored": { "epoch": found.epoch, "size": found.size, "root": found.root.to_string() },
                    "known": { "epoch": m.epoch, "size": m.size, "root": m.root.to_string() },
                }),
            );
            tip = Tip {
                epoch: m.epoch.max(found.epoch) + 1,
                range: CompactRange::new(),
                at: found.at,
            };
            Some(act)
        }
    };
    Ok((Writer { conn, tip }, restore))
}

/// Whether the ledger still holds what was remembered, or a restore accounts for it.
fn continues(replayed: &Replayed, m: &Remembered) -> bool {
    replayed.roots.get(&(m.epoch, m.size)) == Some(&m.root)
        || replayed.restored.contains(&(m.epoch, m.size, m.root))
}

pub(crate) fn replay(
    conn: &rusqlite::Connection,
    vault: &str,
    interest: &[(u64, u64)],
) -> Result<Replayed, OpenError> {
    enum Stop {
        Fault(ReplayFault),
        Vault(VaultError),
    }
    impl From<VaultError> for Stop {
        fn from(e: VaultError) -> Self {
            Self::Vault(e)
        }
    }
    let mut replayer = Replayer::new(vault, interest);
    ledger::scan(conn, |row| {
        replayer.step(row).map(|_| ()).map_err(Stop::Fault)
    })
    .map_err(|stop| match stop {
        Stop::Fault(fault) => OpenError::Ledger(fault),
        // A page that fails its HMAC shows up while reading.
        Stop::Vault(VaultError::Database(_)) => OpenError::Database,
        Stop::Vault(e) => e.into(),
    })?;
    Ok(replayer.finish()?)
}

impl Inner {
    /// Removes what unfinished imports left: their rows, and sealed files that nothing refers to.
    fn clean(&self) -> Result<(), VaultError> {
        let mut guard = self.writer();
        let tx = guard
            .conn
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        import::discard_staged(&tx)?;
        let known = sealed::ids(&tx)?;
        tx.commit()?;
        drop(guard);
        for (id, path) in sealed_files(&self.dir.join("sealed"))? {
            if !known.contains(&id) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// Every file under `sealed/` by its name.
pub(crate) fn sealed_files(dir: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut out = Vec::new();
    for folder in fs::read_dir(dir)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            out.push((String::new(), folder));
            continue;
        }
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            out.push((
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
                path,
            ));
        }
    }
    Ok(out)
}
