//! The workspace: an encrypted database, sealed originals, the custody ledger, members and keys.
//! It is the only durable truth of Muniment; every change commits together with a signed ledger entry.
//!
//! Whoever holds the database key can write to the file. Tampering is therefore *detected*, by signatures and
//! replay ([`Vault::fsck`]), not prevented. Rolling back the folder and the state file together shows only
//! against packets, backups or timestamps.

mod compare;
mod create;
mod db;
mod derived;
mod error;
mod fsck;
mod group;
mod import;
mod intake;
mod keys;
mod ledger;
mod marks;
mod names;
mod open;
mod read;
mod recover;
mod redo;
mod replayed;
mod ring;
mod seal;
mod state;
mod stated;
mod store;
mod table;
mod tx;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use compare::{MadeRow, RowDifference};
pub use create::{Created, NewMember, NewVault};
pub use derived::{Candidate, CandidateGroup, Derived, DerivedState, LifeStep};
pub use error::{OpenError, VaultError};
pub use fsck::{Check, Fold, FsckReport};
pub use group::Lasting;
pub use import::{Appended, ImportHead, ImportMember, ImportSession, Imported, NewEvent};
pub use keys::{KdfCost, KeyName, PassphraseError, PublicIdentity, RecoveryKey, Role};
pub use ledger::{
    Act, Acts, EpochExtract, ExtractEntry, LedgerEntry, LedgerExtract, LedgerHead, ReplayFault,
    SecondMember, may_record,
};
pub use open::{Mode, Older, OpenOptions, key_files};
pub use read::RecommitHead;
pub use recover::Recovered;
pub use redo::RedoneEvent;
pub use seal::{SealError, SealedFile, SealedReader};
pub use stated::Basis;
pub use table::Stored;
pub use table::event::{EventKind, EventRow, Moments, RowField, RowShown, StoredRow};
pub use table::exposure::ExposureRow;
pub use table::import::Import;
pub use table::incident::IncidentRow;
pub use table::intake::Intake;
pub use table::ledger::LedgerFilter;
pub use table::member::Member;
pub use table::note::OriginNote;
pub use table::packet::{NewPacket, PacketRow};
pub use table::pinned::PinnedEvidence;
pub use table::quarantine::Quarantined;
pub use table::retold::{EventIdentity, Retold};
pub use table::segment::{Run, Segment, SegmentFacts};
pub use table::source_file::OwnSource;
pub use table::subject::Subject;
pub use table::trust::OriginTrust;
pub use tx::Tx;

use rand_core::CryptoRng;
use sqlx::SqlitePool;

use files::Folder;
use keys::{Keyring, VaultKeys};
use ledger::{Signer, Tip};
use seal::Sealer;
use state::StateFile;

/// Randomness handed to the vault, shared by what it does in parallel.
pub type Entropy = Box<dyn CryptoRng + Send>;

/// An open workspace. Cheap to clone; the workspace closes with the last clone.
#[derive(Clone)]
pub struct Vault {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("id", &self.inner.id)
            .field("member", &self.inner.member.id)
            .finish_non_exhaustive()
    }
}

struct Inner {
    id: String,
    dir: PathBuf,
    /// The same folder, held open.
    folder: Folder,
    state: StateFile,
    /// The ring that the ledger states; none where it states none yet.
    ring: Mutex<Option<Keyring>>,
    member: Arc<Signer>,
    keys: VaultKeys,
    marks: Option<marks::Marks>,
    /// Holds rows to what the ledger states of them.
    statements: stated::Statements,
    /// Members as the replayed ledger knows them; none where it does not replay, which only an inspection takes.
    known: Mutex<Option<BTreeMap<String, Member>>>,
    /// How far the ledger was replayed; none where it is to be from its beginning.
    followed: Mutex<Option<replayed::Followed>>,
    sealer: Sealer,
    pool: SqlitePool,
    writer: Mutex<Writer>,
    entropy: Mutex<Entropy>,
    importing: AtomicBool,
    access: db::Access,
    /// Opened to look at it although it may not be sound.
    inspected: bool,
    /// In which way it is older than what is remembered, where it was opened to look at it.
    older: Option<Older>,
    /// Held for as long as the workspace is open; none where nothing can be written and nothing is there to lock.
    _lock: Option<std::fs::File>,
    /// Whether whoever works with it is to come to an end.
    ending: AtomicBool,
    /// Dropped after everything else of it: whoever listens hears that nobody works with it any more.
    gone: tokio::sync::watch::Sender<()>,
}

/// The one connection that writes, and the ledger's end as of its last commit.
struct Writer {
    conn: rusqlite::Connection,
    tip: Tip,
    /// What is made durable together, where something is.
    group: Option<group::Group>,
}

impl Inner {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic inside a transaction rolled it back; the connection and the tip are still good.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> MutexGuard<'_, Option<Keyring>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Option<BTreeMap<String, Member>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entropy<T>(&self, f: impl FnOnce(&mut dyn CryptoRng) -> T) -> T {
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut **entropy)
    }

    fn marks(&self) -> Result<&marks::Marks, VaultError> {
        (self.marks.as_ref()).ok_or_else(|| self.need(KeyName::Originals))
    }

    fn need(&self, key: KeyName) -> VaultError {
        if key.is_for(self.member.role) {
            return VaultError::RingUnstated { key };
        }
        VaultError::NoKey {
            key,
            role: self.member.role,
        }
    }

    fn may_write(&self) -> Result<(), VaultError> {
        match self.access {
            db::Access::Write if self.inspected => Err(VaultError::ReadOnly),
            db::Access::Write => Ok(()),
            _ => Err(VaultError::CannotWrite(self.dir.clone())),
        }
    }

    /// Between two parts of long reading: refuses to go on when the workspace is being closed.
    fn goes_on(&self) -> Result<(), VaultError> {
        match self.ending.load(std::sync::atomic::Ordering::Relaxed) {
            true => Err(VaultError::Closing),
            false => Ok(()),
        }
    }

    fn index_dir(&self) -> PathBuf {
        self.dir.join("index")
    }

    fn dir(&self) -> &Path {
        &self.dir
    }
}

#[cfg(test)]
mod tests;
