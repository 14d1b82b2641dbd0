//! Opening a workspace: the lock, the member's keys, the ledger's replay, the remembered heads, and the removal
//! of what a killed import left.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use evidence::{CompactRange, Hash};
use files::Folder;
use serde_json::json;

use crate::create::{FORMAT, VaultFile};
use crate::db::Access;
use crate::keys::{By, Identity, Keyring, PassphraseError, Role, Secret};
use crate::ledger::{
    Act, Checked, LedgerHead, Memo, RESTORED, ReplayFault, Replayed, Replayer, Restoration,
    RowsDigest, Signer, Tip,
};
use crate::marks::Marks;
use crate::replayed::{self, Followed};
use crate::ring::{self, MEMBERS, Next, Standing, Stated};
use crate::seal::Sealer;
use crate::state::{Remembered, StateFile, head_name};
use crate::stated::{self, Statements};
use crate::table::member::Member;
use crate::table::{import, ledger, sealed};
use crate::{Entropy, Inner, OpenError, Vault, VaultError, Writer, db};

/// Locked for as long as a workspace is open.
const LOCK: &str = "vault.lock";
/// `vault.json` takes some 100 bytes.
const MAX_VAULT_FILE: u64 = 64 << 10;
/// Work that all key files together may ask for when no member is named: 32 files of the default cost.
const MAX_TRIED_KIB: u64 = 24 * 1024 * 1024;

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

/// A workspace whose ledger is not the newest that is known: a folder put back from a backup, or an older copy of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Older {
    /// What remembers more: `state file` or `member file`.
    pub memory: &'static str,
    /// Epoch and size of the ledger that it remembers; none where it cannot be read.
    pub known: Option<(u64, u64)>,
    /// Where the ledger stands here.
    pub found: LedgerHead,
}

/// A memory of the ledger's head, read.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// Its name in words.
    pub(crate) name: &'static str,
    pub(crate) head: Result<Option<Remembered>, MemoryFault>,
}

/// Why a memory cannot be read.
#[derive(Clone, Debug)]
pub(crate) struct MemoryFault {
    file: String,
    reason: String,
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

/// A workspace's folder, held for one that writes or among those that only read.
pub(crate) struct Held {
    pub(crate) vault: String,
    pub(crate) lock: Option<fs::File>,
    pub(crate) folder: Folder,
    pub(crate) access: Access,
}

impl Held {
    /// For what makes no sense without writing.
    pub(crate) fn writing(self) -> Result<Self, VaultError> {
        match self.access {
            Access::Write => Ok(self),
            _ => Err(VaultError::CannotWrite(self.folder.path().to_owned())),
        }
    }
}

struct Unlocked {
    held: Held,
    member: Signer,
    rings: Vec<ring::Found>,
    /// The database key, and no other: nothing has said yet that the ring is honest.
    database: Secret,
}

/// What a member's open of an older copy comes to, told apart before anything of it is used.
fn rolled_back(older: &Older, memory: &Memory) -> OpenError {
    match &memory.head {
        Err(fault) => OpenError::HeadUnreadable {
            file: fault.file.clone(),
            reason: fault.reason.clone(),
        },
        Ok(_) => OpenError::LedgerRolledBack {
            memory: older.memory,
            known_epoch: older.known.map_or(0, |(epoch, _)| epoch),
            known_size: older.known.map_or(0, |(_, size)| size),
            found_epoch: older.found.epoch,
            found_size: older.found.size,
        },
    }
}

impl Vault {
    /// Opens a workspace.
    pub async fn open(dir: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        let OpenOptions {
            member,
            passphrase,
            state_dir,
            mut entropy,
            mode,
            now,
        } = options;
        let at = dir.to_owned();
        let unlocked =
            tokio::task::spawn_blocking(move || unlock(&at, member.as_deref(), &passphrase));
        let Unlocked {
            held,
            member,
            rings,
            database,
        } = unlocked.await.map_err(VaultError::from)??;
        let held = match mode {
            Mode::Restore => held.writing()?,
            Mode::Normal | Mode::Inspect => held,
        };
        let Held {
            vault,
            lock,
            folder,
            access,
        } = held;
        let changes = mode != Mode::Inspect && access == Access::Write;
        let state = StateFile::new(&state_dir, &vault);
        let own_head = head_name(&member.id);
        let memories = [
            Memory::read("state file", state.read(), &state.path()),
            Memory::read(
                "member file",
                Remembered::read(&folder.folder(MEMBERS)?, &own_head),
                Path::new(&own_head),
            ),
        ];
        let headless = matches!(memories[1].head, Ok(None));
        if changes {
            let wider = folder.narrow()?.len();
            if wider > 0 {
                tracing::warn!(
                    wider,
                    "files and folders of the workspace were open to others"
                );
            }
        }
        if mode != Mode::Inspect {
            db::migrate(dir, &database, access, false).await?;
        }
        let (at, key, id, own) = (
            dir.to_owned(),
            database.clone(),
            vault.clone(),
            member.clone(),
        );
        // A workspace that is looked at because something is wrong with it is looked at anew.
        let memo = (mode == Mode::Normal)
            .then(|| Memo::of(&state_dir, &id, &own))
            .flatten();
        let started = tokio::task::spawn_blocking(move || {
            start(
                &at,
                (&key, access),
                &id,
                &own,
                &memories,
                memo.as_ref(),
                mode,
            )
        })
        .await
        .map_err(VaultError::from)??;
        let Started {
            writer,
            restore,
            older,
            facts,
        } = started;
        let judged = match &facts {
            Some(facts) => ring::judge(rings.clone(), &facts.files, &facts.members).map(Some),
            None => Ok(None),
        };
        let standing = match (judged, mode) {
            (Ok(standing), _) => standing,
            // To look at it, and to have fsck name it.
            (Err(_), Mode::Inspect) => None,
            (Err(error), _) => return Err(error),
        };
        let mut before = None;
        let mut trusted = None;
        let keys = match standing {
            Some(Standing::Stated(found)) => {
                let (_, keys) = found.ring.open(&vault, &member.id, &member.identity)?;
                if changes && let Some(facts) = &facts {
                    ring::settle(&folder, &found, &facts.files)?;
                }
                trusted = Some(found.ring);
                keys
            }
            Some(Standing::Before(found)) if mode != Mode::Inspect => {
                let (_, keys) = found.ring.open(&vault, &member.id, &member.identity)?;
                if member.role == Role::Custodian {
                    let sealer = Sealer::new(&folder, &vault, &keys)?;
                    ring::opens_what_is_sealed(&sealer, &sealed::kinds(&writer.conn)?)?;
                    before = changes.then_some(found.ring);
                    keys
                } else {
                    keys.only_database()
                }
            }
            // For inspection: nothing is sealed and no handle leaves, so the keys that lie there are as good as any.
            _ => match rings.first() {
                Some(found) => found.ring.open(&vault, &member.id, &member.identity)?.1,
                None => return Err(OpenError::Database),
            },
        };
        let restated = match &before {
            Some(ring) => {
                let by = By {
                    id: &member.id,
                    identity: &member.identity,
                };
                Some(ring::sealed_again(ring, &keys, &by, &mut *entropy)?)
            }
            None => None,
        };
        let expects_head = facts.as_ref().is_some_and(|f| f.expects_head(&member.id));
        let (rows, known, followed) = match facts {
            Some(facts) => (facts.rows, Some(facts.members), Some(facts.followed)),
            None => (stated::StatedRows::default(), None, None),
        };
        let pool = db::readers(dir, &database, access).await?;
        let inner = Arc::new(Inner {
            marks: Marks::of(&keys),
            statements: Statements::new(&keys, rows).ok_or(OpenError::Database)?,
            known: Mutex::new(known),
            followed: Mutex::new(followed),
            sealer: Sealer::new(&folder, &vault, &keys)?,
            id: vault,
            dir: dir.to_owned(),
            folder,
            state,
            ring: Mutex::new(trusted),
            member: Arc::new(member),
            keys,
            pool,
            writer: Mutex::new(writer),
            entropy: Mutex::new(entropy),
            importing: AtomicBool::new(false),
            access,
            inspected: mode == Mode::Inspect,
            older,
            _lock: lock,
            ending: AtomicBool::new(false),
            gone: tokio::sync::watch::Sender::new(()),
        });
        let opened = Self { inner };
        if changes {
            let inner = opened.inner.clone();
            tokio::task::spawn_blocking(move || inner.clean())
                .await
                .map_err(VaultError::from)??;
            if let Some(act) = restore {
                opened.record(act, now).await?;
            }
            if let Some((ring, bytes)) = restated {
                opened.state_ring(ring, bytes, now).await?;
            } else if headless && expects_head {
                // Recorded, because the head that is written now looks like one that was always there.
                let member = &opened.inner.member.id;
                opened
                    .record(
                        Act::new("session.head-missing", json!({ "member": member })),
                        now,
                    )
                    .await?;
            }
            let head = opened.inner.writer().tip.head();
            opened.inner.remember(&head);
        }
        Ok(opened)
    }

    /// States a ring of before in the ledger, with everybody's key file as it lies there.
    async fn state_ring(
        &self,
        ring: Keyring,
        bytes: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<(), OpenError> {
        let inner = self.inner.clone();
        let names = self.members().await?.into_iter();
        let names: Vec<String> = names
            .filter(|m| m.active && m.role != Role::Recovery)
            .map(|m| m.id)
            .collect();
        tokio::task::spawn_blocking(move || {
            let next = inner.write(now, |tx| {
                tx.allowed(ring::STATED)?;
                let members = inner.folder.folder(MEMBERS)?;
                let mut files = Vec::new();
                for name in &names {
                    // One that cannot be read is stated by nobody, and fsck says so.
                    if let Ok((_, bytes)) = ring::read_key_file(&members, &format!("{name}.json")) {
                        files.push((name.as_str(), bytes));
                    }
                    if members.kind(head_name(name))?.is_none() {
                        let head = Remembered::of(&inner.id, &tx.before);
                        head.write(&members, &head_name(name))?;
                    }
                }
                let mut next = Next::new(&inner.folder);
                next.ring(&bytes)?;
                let stated = files.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
                let detail = json!({
                    "ring": ring::ring_detail(&bytes),
                    "keyFiles": ring::key_files_detail(stated),
                });
                Ok((next, Act::new(ring::STATED, detail).into()))
            })?;
            next.take_their_names()?;
            *inner.ring() = Some(ring);
            Ok(())
        })
        .await
        .map_err(VaultError::from)?
    }

    /// Has long reading stop at its next part. What changes anything is not cut off: it ends as it began.
    pub fn end(&self) {
        let ending = &self.inner.ending;
        ending.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Waits until nobody else works with the workspace, and closes it: its keys are not in memory after that. Dropping the
    /// last clone does the same, without waiting.
    pub async fn close(self) {
        let pool = self.inner.pool.clone();
        let mut gone = self.inner.gone.subscribe();
        drop(self);
        // Nothing is ever sent: it ends when the sender is dropped.
        while gone.changed().await.is_ok() {}
        pool.close().await;
    }
}

/// The members whose key files lie in a workspace, by id, without opening it. A folder that is no workspace
/// has none.
#[must_use]
pub fn key_files(dir: &Path) -> Vec<(String, Role)> {
    let Ok(folder) = Folder::open(dir).and_then(|dir| dir.folder(MEMBERS)) else {
        return Vec::new();
    };
    let mut members: Vec<(String, Role)> = folder
        .entries()
        .unwrap_or_default()
        .iter()
        .filter(|entry| entry.name.ends_with(".json"))
        .filter_map(|entry| ring::read_key_file(&folder, &entry.name).ok())
        .map(|(file, _)| (file.member.clone(), file.role))
        .collect();
    members.sort();
    members
}

impl Memory {
    pub(crate) fn read(
        name: &'static str,
        read: io::Result<Option<Remembered>>,
        path: &Path,
    ) -> Self {
        let head = read.map_err(|e| MemoryFault {
            file: path.display().to_string(),
            reason: e.kind().to_string(),
        });
        Self { name, head }
    }

    fn head(&self) -> Option<&Remembered> {
        self.head.as_ref().ok()?.as_ref()
    }
}

/// Takes the workspace's lock: alone, or with others who read where nothing can be written.
pub(crate) fn lock(dir: &Path) -> Result<Held, OpenError> {
    let not_one = |reason| OpenError::NotAWorkspace {
        path: dir.to_owned(),
        reason,
    };
    let damaged = |file: &str, reason: String| OpenError::Damaged {
        file: file.to_owned(),
        reason,
    };
    let folder = Folder::open(dir).map_err(|_| not_one("it has no vault.json"))?;
    let head = match folder.read("vault.json", MAX_VAULT_FILE) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(not_one("it has no vault.json"));
        }
        Err(e) => return Err(damaged("vault.json", format!("it cannot be read ({e})"))),
    };
    let head: VaultFile = serde_json::from_slice(&head).map_err(|e| {
        damaged(
            "vault.json",
            format!("not in its format, at line {}", e.line()),
        )
    })?;
    if head.format != FORMAT {
        return Err(not_one("its vault.json has another format"));
    }
    let busy = |e| match e {
        fs::TryLockError::WouldBlock => OpenError::Locked,
        fs::TryLockError::Error(e) => e.into(),
    };
    let writable = folder.writable(&[LOCK, db::FILE]);
    let lock = if writable {
        let lock = folder.lock_file(LOCK)?;
        lock.try_lock().map_err(busy)?;
        Some(lock)
    } else {
        match folder.open_file(LOCK) {
            Ok(lock) => {
                lock.try_lock_shared().map_err(busy)?;
                Some(lock)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(e.into()),
        }
    };
    db::only_files(&folder)?;
    Ok(Held {
        vault: head.vault,
        lock,
        access: db::access(&folder, writable)?,
        folder,
    })
}

fn unlock(dir: &Path, member: Option<&str>, passphrase: &str) -> Result<Unlocked, OpenError> {
    let held = lock(dir)?;
    let rings = ring::read_rings(&held.folder)?;
    let (id, identity) = find_member(&held.folder, &held.vault, member, passphrase)?;
    let (role, keys) = ring::open_any(&rings, &held.vault, &id, &identity)?;
    Ok(Unlocked {
        database: db::that_opens(dir, &keys, held.access)?,
        held,
        member: Signer { id, role, identity },
        rings,
    })
}

fn find_member(
    folder: &Folder,
    vault: &str,
    member: Option<&str>,
    passphrase: &str,
) -> Result<(String, Identity), OpenError> {
    let members = folder.folder(MEMBERS)?;
    // A passphrase that was changed just before a kill may still be in the file that waits for its name.
    let names: Vec<String> = match member {
        Some(id) => {
            let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let names = [format!("{id}.json"), format!("{id}.next")];
            let mut there = Vec::new();
            for name in names.into_iter().filter(|_| plain) {
                if members.kind(&name)?.is_some() {
                    there.push(name);
                }
            }
            if there.is_empty() {
                return Err(OpenError::NoSuchMember(id.to_owned()));
            }
            there
        }
        None => members
            .entries()?
            .into_iter()
            .map(|e| e.name)
            .filter(|n| n.ends_with(".json") || n.ends_with(".next"))
            .collect(),
    };
    let mut other = None;
    let mut left = MAX_TRIED_KIB;
    for name in names {
        let waits = name.ends_with(".next");
        let file = match ring::read_key_file(&members, &name) {
            Ok((file, _)) => file,
            // Half a file is nobody's.
            Err(_) if waits => continue,
            Err(error) => return Err(error),
        };
        if file.cost().accepted().is_ok() {
            left = left
                .checked_sub(file.cost().work_kib())
                .ok_or(OpenError::TooManyKeyFiles)?;
        }
        match file.open(vault, passphrase) {
            Ok(identity) => return Ok((file.member, identity)),
            Err(PassphraseError::Wrong { .. }) => {}
            Err(e) => other = Some(e),
        }
    }
    Err(other.map_or(OpenError::WrongPassphrase, OpenError::from))
}

/// What a replay says of the files beside the database.
pub(crate) struct Facts {
    pub(crate) files: Stated,
    pub(crate) rows: crate::stated::StatedRows,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) followed: Followed,
}

impl Facts {
    /// Whether a head was written beside this member's key file when it was made.
    fn expects_head(&self, member: &str) -> bool {
        self.files.key_files.contains_key(member)
    }
}

/// An opened database.
pub(crate) struct Started {
    pub(crate) writer: Writer,
    /// To be recorded where a restore was asked for and is one.
    pub(crate) restore: Option<Act>,
    /// In which way it is older, where it was opened to look at it.
    pub(crate) older: Option<Older>,
    /// None where the ledger does not replay, which only an inspection takes.
    pub(crate) facts: Option<Facts>,
}

/// Opens the writer, replays the ledger and compares it with what is remembered.
pub(crate) fn start(
    dir: &Path,
    (key, access): (&Secret, Access),
    vault: &str,
    member: &Signer,
    memories: &[Memory],
    memo: Option<&Memo>,
    mode: Mode,
) -> Result<Started, OpenError> {
    let conn = db::writer(dir, key, access)?;
    // Before it is read: what somebody else writes from now on is noticed.
    let version = replayed::data_version(&conn)?;
    let interest: Vec<(u64, u64)> = memories
        .iter()
        .filter_map(|memory| memory.head().map(|m| (m.epoch, m.size)))
        .collect();
    let replayed = match replay(&conn, vault, &interest, memo) {
        Ok(replayed) => replayed,
        Err(_) if mode == Mode::Inspect => {
            let tip = Tip {
                epoch: 0,
                range: CompactRange::new(),
                at: DateTime::<Utc>::UNIX_EPOCH,
            };
            return Ok(Started {
                writer: Writer {
                    conn,
                    tip,
                    group: None,
                },
                restore: None,
                older: None,
                facts: None,
            });
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
    let followed = Followed::at_end_of(&replayed, version);
    let mut tip = replayed.tip.clone();
    let found = tip.head();
    let disagrees = |memory: &&Memory| match &memory.head {
        Ok(Some(m)) => !continues(&replayed, m),
        Ok(None) => false,
        // Nobody knows what it said.
        Err(_) => true,
    };
    // The highest head that is known, after those of which nothing is.
    let highest = memories
        .iter()
        .filter(disagrees)
        .max_by_key(|memory| memory.head().map(|m| (m.epoch, m.size)));
    let older = highest.map(|memory| Older {
        memory: memory.name,
        known: memory.head().map(|m| (m.epoch, m.size)),
        found,
    });
    let restore = match (highest, mode) {
        (None, _) | (_, Mode::Inspect) => None,
        (Some(memory), Mode::Normal) => {
            let older = older.as_ref();
            return Err(older.map_or(OpenError::Database, |older| rolled_back(older, memory)));
        }
        (Some(_), Mode::Restore) if member.role != Role::Custodian => {
            return Err(OpenError::RestoreNeedsCustodian);
        }
        (Some(memory), Mode::Restore) => {
            let of = |epoch: u64, size: u64, root: &Hash| json!({ "epoch": epoch, "size": size, "root": root.to_string() });
            let known = memory.head();
            let act = Act::new(
                RESTORED,
                json!({
                    "restored": of(found.epoch, found.size, &found.root),
                    // Where no memory can be read, nothing above this one is known.
                    "known": known.map_or_else(
                        || of(found.epoch, found.size, &found.root),
                        |m| of(m.epoch, m.size, &m.root),
                    ),
                }),
            );
            tip = Tip {
                epoch: known.map_or(0, |m| m.epoch).max(found.epoch) + 1,
                range: CompactRange::new(),
                at: found.at,
            };
            Some(act)
        }
    };
    if mode == Mode::Restore && restore.is_none() {
        return Err(OpenError::NothingToRestore);
    }
    Ok(Started {
        writer: Writer {
            conn,
            tip,
            group: None,
        },
        restore,
        older,
        facts: Some(Facts {
            files: replayed.files,
            rows: replayed.rows,
            members: replayed.members,
            followed,
        }),
    })
}

fn continues(replayed: &Replayed, m: &Remembered) -> bool {
    continues_from(&replayed.roots, &replayed.restored, m)
}

/// Whether the ledger still holds what was remembered, or a restore accounts for it.
pub(crate) fn continues_from(
    roots: &BTreeMap<(u64, u64), Hash>,
    restored: &[Restoration],
    m: &Remembered,
) -> bool {
    roots.get(&(m.epoch, m.size)) == Some(&m.root)
        || (restored.iter()).any(|one| one.gave_up((m.epoch, m.size, m.root)))
}

enum Stop {
    Fault(ReplayFault),
    Vault(VaultError),
    /// The rows are not those of which a result was kept.
    Others,
}

impl From<VaultError> for Stop {
    fn from(e: VaultError) -> Self {
        Self::Vault(e)
    }
}

impl Stop {
    fn error(self) -> OpenError {
        match self {
            Self::Fault(fault) => OpenError::Ledger(fault),
            // A page that fails its HMAC shows up while reading.
            Self::Vault(VaultError::Database(_)) => OpenError::Database,
            Self::Vault(e) => e.into(),
            Self::Others => OpenError::Database,
        }
    }
}

/// Replays the ledger: all of it, or what came after the rows of which the result was kept.
fn replay(
    conn: &rusqlite::Connection,
    vault: &str,
    interest: &[(u64, u64)],
    memo: Option<&Memo>,
) -> Result<Replayed, OpenError> {
    let Some(memo) = memo else {
        let mut replayer = Replayer::new(vault, interest);
        let step = |row: &_| replayer.step(row).map(drop).map_err(Stop::Fault);
        ledger::scan(conn, step).map_err(Stop::error)?;
        return Ok(replayer.finish()?);
    };
    let mut known = 0;
    let mut gone_on = None;
    if let Some(checked) = memo.read() {
        known = checked.rows;
        match replay_after(conn, vault, interest, checked) {
            Ok(done) => gone_on = Some(done),
            // What is wrong is found, and said, by a replay of all.
            Err(Stop::Others) => known = 0,
            Err(stop) => return Err(stop.error()),
        }
    }
    let (replayed, digest) = match gone_on {
        Some(done) => done,
        None => {
            let (mut replayer, mut digest) = (Replayer::new(vault, interest), RowsDigest::new());
            let step = |row: &_| {
                digest.add(row);
                replayer.step(row).map(drop).map_err(Stop::Fault)
            };
            ledger::scan(conn, step).map_err(Stop::error)?;
            (replayer.finish()?, digest)
        }
    };
    if Memo::is_due(known, replayed.entries) {
        memo.write(replayed.entries, digest.so_far(), &replayed);
    }
    Ok(replayed)
}

/// Reads the rows of which a result was kept, and replays those after them.
fn replay_after(
    conn: &rusqlite::Connection,
    vault: &str,
    interest: &[(u64, u64)],
    checked: Checked,
) -> Result<(Replayed, RowsDigest), Stop> {
    let (rows, expected) = (checked.rows, checked.digest);
    let mut before = Some(checked.replayed);
    let (mut read, mut digest, mut roots) = (0, RowsDigest::new(), BTreeMap::new());
    let mut replayer = None;
    ledger::scan(conn, |row| {
        digest.add(row);
        if let Some(replayer) = &mut replayer {
            return Replayer::step(replayer, row).map(drop).map_err(Stop::Fault);
        }
        read += 1;
        let at = (row.epoch, row.index);
        if row.index > 0 && interest.contains(&at) {
            roots.insert(at, row.previous);
        }
        if read == rows {
            let same = digest.so_far() == expected;
            let before = before.take().filter(|_| same).ok_or(Stop::Others)?;
            let roots = std::mem::take(&mut roots);
            replayer = Some(Replayer::after(vault, interest, before, roots));
        }
        Ok(())
    })?;
    let replayed = replayer.ok_or(Stop::Others)?.finish();
    Ok((replayed.map_err(Stop::Fault)?, digest))
}

impl Inner {
    /// Whether this is the head of somebody whose enrolment never committed: it is written before the entry.
    fn is_nobodys_head(&self, name: &str) -> bool {
        let id = name.strip_suffix(".head").and_then(|id| id.split_once('-'));
        let is_one = id.is_some_and(|(letter, rest)| {
            let base32 = |b: u8| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b);
            letter.len() == 1 && rest.len() == 5 && rest.bytes().all(base32)
        });
        let known = self.known();
        let Some(known) = known.as_ref().filter(|_| is_one) else {
            return false;
        };
        name.strip_suffix(".head")
            .is_some_and(|id| !known.contains_key(id))
    }

    /// Removes what a killed run left: rows of unfinished imports, sealed files that nothing refers to, and files beside
    /// the database that had not taken their names.
    fn clean(&self) -> Result<(), VaultError> {
        let mut guard = self.writer();
        let tx = guard
            .conn
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        stated::forget(&tx)?;
        import::discard_staged(&tx, &self.statements)?;
        let known = sealed::ids(&tx)?;
        let listed = self.sealer.listed()?.files;
        let mut strays: Vec<String> = listed
            .into_iter()
            .filter(|id| !known.contains(id))
            .collect();
        if !strays.is_empty() {
            // Whoever takes a row away must not have us take the file away that it was of.
            let referred = sealed::referred(&tx)?;
            strays.retain(|id| !referred.contains(id));
            if !self.statements.hold(&tx, &sealed::REFERRING)? {
                tracing::warn!(
                    files = strays.len(),
                    "files that nothing refers to stay: rows that refer to files are not as signed"
                );
                strays.clear();
            }
        }
        stated::none_changed(&tx)?;
        tx.commit()?;
        drop(guard);
        for name in strays {
            self.sealer.discard(&name)?;
        }
        for folder in [self.folder.clone(), self.folder.folder(MEMBERS)?] {
            for entry in folder.entries()? {
                let left =
                    files::is_unfinished_name(&entry.name) && !files::is_noted_name(&entry.name);
                if entry.kind == files::Kind::File && (left || self.is_nobodys_head(&entry.name)) {
                    folder.remove(&entry.name)?;
                }
            }
        }
        Ok(())
    }
}
