//! What can go wrong, exactly. No variant carries record content.

use std::path::PathBuf;

use crate::keys::{KeyName, KeyringError, PassphraseError, Role};
use crate::ledger::ReplayFault;
use crate::seal::SealError;

/// Why a workspace could not be created or opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder holds no `vault.json` of this format.
    #[error("{} is not a Muniment workspace: {reason}", path.display())]
    NotAWorkspace {
        /// The folder.
        path: PathBuf,
        /// What is missing or wrong.
        reason: &'static str,
    },
    /// The folder to create a workspace in is not empty.
    #[error("{} is not empty; a workspace is created in an empty or new folder", .0.display())]
    NotEmpty(PathBuf),
    /// No key file opens with the passphrase.
    #[error("the passphrase opens no key file of this workspace")]
    WrongPassphrase,
    /// A key file could not be used.
    #[error("key file: {0}")]
    KeyFile(#[from] PassphraseError),
    /// There is no key file for the named member.
    #[error("{0} has no key file in this workspace")]
    NoSuchMember(String),
    /// A file of the workspace is not in its format.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file, relative to the workspace.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Trying all key files would take too long: this many were not made by enrolling members.
    #[error("the key files of this workspace ask for more work than opening may take")]
    TooManyKeyFiles,
    /// Another process has the workspace open.
    #[error("the workspace is open in another process; close it there first")]
    Locked,
    /// The database key opens no database here, or a page of it was altered.
    #[error(
        "vault.db does not open with the workspace's database key: it was altered, replaced or is from another copy"
    )]
    Database,
    /// The ledger is shorter than, or differs from, what was remembered.
    #[error(
        "the custody ledger was rolled back or replaced: {memory} remembers epoch {known_epoch} size {known_size}, \
         the workspace holds epoch {found_epoch} size {found_size}; open with a restore to continue in a new epoch"
    )]
    LedgerRolledBack {
        /// Which memory disagrees: `state file` or `member file`.
        memory: &'static str,
        /// Remembered epoch.
        known_epoch: u64,
        /// Remembered size in that epoch.
        known_size: u64,
        /// Epoch found.
        found_epoch: u64,
        /// Size found.
        found_size: u64,
    },
    /// A remembered head cannot be read, so that nobody can say whether the ledger is the newest.
    #[error(
        "{file} is damaged: the remembered head of the ledger cannot be read ({reason}), so whether this is the newest \
         state of the workspace is not known"
    )]
    HeadUnreadable {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A restore was asked for of a workspace that is as it is remembered.
    #[error(
        "the workspace is the newest state of it that is known here: there is nothing to restore"
    )]
    NothingToRestore,
    /// The recovery key opens nothing here.
    #[error("the recovery key is not the one of this workspace now")]
    WrongRecoveryKey,
    /// The folder cannot be written, and reading needs it to be.
    #[error(
        "changes of a run that was cut off wait in vault.db-wal, and {} cannot be written to take them in", .0.display()
    )]
    LogWaits(PathBuf),
    /// The folder cannot be written, and the database is of an older version.
    #[error(
        "vault.db was written by an older version of this program, and {} cannot be written to bring it up to this one",
        .0.display()
    )]
    OlderAndReadOnly(PathBuf),
    /// The ledger does not replay; open with [`crate::Mode::Inspect`] to read it all the same.
    #[error("the custody ledger does not replay: {0}; it can be opened for inspection only")]
    Ledger(#[from] ReplayFault),
    /// Only a custodian may restore.
    #[error("only a custodian may continue a rolled back workspace in a new epoch")]
    RestoreNeedsCustodian,
    /// Everything that can also happen later.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<KeyringError> for OpenError {
    fn from(e: KeyringError) -> Self {
        Self::Damaged {
            file: "keyring.json".to_owned(),
            reason: e.to_string(),
        }
    }
}

impl From<std::io::Error> for OpenError {
    fn from(e: std::io::Error) -> Self {
        Self::Vault(VaultError::Io(e))
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(e: rusqlite::Error) -> Self {
        Self::Vault(e.into())
    }
}

impl From<sqlx::Error> for OpenError {
    fn from(e: sqlx::Error) -> Self {
        Self::Vault(e.into())
    }
}

/// Why a read or a change of an open workspace failed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The member's role does not hold the key this needs.
    #[error("this needs the {} key, which a {} does not hold", key.word(), role.word())]
    NoKey {
        /// The key.
        key: KeyName,
        /// The member's role.
        role: Role,
    },
    /// The key ring is of before rings were stated, and no custodian has stated it yet.
    #[error(
        "this needs the {} key, and no entry of the custody ledger states the key ring it lies in, which is of before \
         rings were stated",
        key.word()
    )]
    RingUnstated {
        /// The key.
        key: KeyName,
    },
    /// The role may not sign such a ledger entry.
    #[error("a {} may not record {kind}", role.word())]
    NotAllowed {
        /// The role.
        role: Role,
        /// The act's kind.
        kind: String,
    },
    /// The act's kind is not one the ledger knows.
    #[error("{0} is not a kind of ledger entry")]
    UnknownAct(String),
    /// The act cannot be written as a record.
    #[error("the ledger entry {kind} does not fit the record format: {reason}")]
    Act {
        /// The act's kind.
        kind: String,
        /// What the record format refused.
        reason: String,
    },
    /// Opened for inspection.
    #[error("the workspace is open for inspection only; nothing can be changed")]
    ReadOnly,
    /// The system does not let us write to the workspace.
    #[error(
        "nothing can be changed in {}: it is on a read-only file system, or this account may not write there", .0.display()
    )]
    CannotWrite(PathBuf),
    /// A passphrase did not open a member's key file.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// No such member.
    #[error("{0} is not a member of this workspace")]
    NoSuchMember(String),
    /// The member already exists.
    #[error("{0} is already a member")]
    MemberExists(String),
    /// This version of a source file is here already.
    #[error("source file {id} version {version} is here already; a change needs a new version")]
    SourceVersion {
        /// The source file's id.
        id: String,
        /// The version.
        version: u32,
    },
    /// These bytes are in the workspace already.
    #[error("already imported as #{import}")]
    AlreadyImported {
        /// The import that holds them.
        import: i64,
    },
    /// Another import is running.
    #[error("another import is running; wait for it or cancel it")]
    ImportRunning,
    /// Records were handed over out of order or against what was stated.
    #[error("import: {0}")]
    ImportOrder(String),
    /// No event, segment, import, incident or subject of this number.
    #[error("there is no {what} {id}")]
    Missing {
        /// What was looked for.
        what: &'static str,
        /// Its number or id.
        id: String,
    },
    /// The incident moved on since it was read.
    #[error("incident {incident} is at version {found}, not {expected}; read it again")]
    Conflict {
        /// The incident.
        incident: String,
        /// Version the change was made for.
        expected: i64,
        /// Version in the workspace.
        found: i64,
    },
    /// A stored value is not in its format.
    #[error("{table}: a stored value is damaged ({reason}); run fsck")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A row that decides something is not as the last signed entry stated it.
    #[error(
        "{table}: {row} {}: it is not obeyed",
        if *missing { "was stated by a signed entry of the custody ledger and is missing" }
        else { "is not as a signed entry of the custody ledger states it" }
    )]
    NotStated {
        /// The table.
        table: &'static str,
        /// The row, by its key; never content.
        row: String,
        /// Whether it is not there.
        missing: bool,
    },
    /// A sealed file.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The evidence code refused something.
    #[error("evidence: {0}")]
    Evidence(String),
    /// The database, in its own words (never values).
    #[error("database: {0}")]
    Database(String),
    /// The operating system.
    #[error("file: {0}")]
    Io(#[from] std::io::Error),
    /// It is being closed.
    #[error("the workspace is being locked, and what ran was ended")]
    Closing,
    /// A worker ended without a result.
    #[error("a background task ended early")]
    Task,
}

impl OpenError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotAWorkspace { .. } => {
                "choose the folder that holds vault.json, or create a workspace"
            }
            Self::NotEmpty(_) => "choose an empty folder, or one that does not exist yet",
            Self::WrongPassphrase => "type it again, or name the member whose passphrase it is",
            Self::TooManyKeyFiles => "name the member whose passphrase it is",
            Self::NoSuchMember(_) => "choose one of the members whose key files lie in members/",
            Self::Locked => "close the window or command that has it open",
            Self::LedgerRolledBack { .. } | Self::HeadUnreadable { .. } => {
                "find the newer copy; if there is none, a custodian takes this one into use with a restore"
            }
            Self::NothingToRestore => "open it as usual",
            Self::WrongRecoveryKey => {
                "each use of a recovery key puts another in its place: take the one that was printed last for this workspace"
            }
            Self::Ledger(_) => "compare with a backup and with packets that were handed out",
            Self::LogWaits(_) | Self::OlderAndReadOnly(_) => {
                "open it once where it can be written, or open a copy of the folder"
            }
            Self::RestoreNeedsCustodian => "ask a custodian to open it",
            Self::KeyFile(_) | Self::Damaged { .. } | Self::Database => {
                "restore the file from a backup of the workspace"
            }
            Self::Vault(error) => error.hint(),
        }
    }
}

impl VaultError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKey { .. } | Self::NotAllowed { .. } => "ask a member whose role may do this",
            Self::RingUnstated { .. } => {
                "a custodian opens the workspace once: that states the ring"
            }
            Self::ReadOnly => {
                "what is open to look at only takes no change; an older copy is taken into use by a custodian, with restore"
            }
            Self::Closing => "open it again, and start over what you wanted",
            Self::CannotWrite(_) => {
                "mount it for writing or use the account that owns it, or work on a copy of the folder"
            }
            Self::Passphrase(_) => "type the passphrase again",
            Self::NoSuchMember(_) | Self::MemberExists(_) => "list the members to see their ids",
            Self::SourceVersion { .. } => "give the file the next version",
            Self::AlreadyImported { .. } => "nothing to do: the records are here",
            Self::ImportRunning => "wait for the running import, or cancel it",
            Self::Missing { .. } => "check the number or id",
            Self::Conflict { .. } => "look at the incident again, then repeat what you wanted",
            Self::Corrupt { .. } | Self::Sealed(_) | Self::Evidence(_) => {
                "run fsck: it says what is damaged and where"
            }
            Self::NotStated { .. } => {
                "somebody wrote to the database without signing for it: run fsck to see every such row, then restore vault.db from a backup"
            }
            Self::Database(_) | Self::Io(_) => {
                "check that the disk has room and the folder can be written"
            }
            Self::UnknownAct(_) | Self::Act { .. } | Self::ImportOrder(_) | Self::Task => {
                "try again; report it if it stays"
            }
        }
    }
    pub(crate) fn corrupt(table: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            table,
            reason: reason.to_string(),
        }
    }
    pub(crate) fn missing(what: &'static str, id: impl std::fmt::Display) -> Self {
        Self::Missing {
            what,
            id: id.to_string(),
        }
    }
}

impl From<rusqlite::Error> for VaultError {
    fn from(e: rusqlite::Error) -> Self {
        // Only the code: SQLite's messages may quote SQL, and SQL may hold values.
        let text = match &e {
            rusqlite::Error::SqliteFailure(f, _) => f.to_string(),
            rusqlite::Error::QueryReturnedNoRows => "no row where one was expected".to_owned(),
            rusqlite::Error::InvalidColumnType(i, name, _) => {
                format!("column {i} ({name}) has another type")
            }
            _ => "unexpected answer".to_owned(),
        };
        Self::Database(text)
    }
}

impl From<sqlx::Error> for VaultError {
    fn from(e: sqlx::Error) -> Self {
        let text = match &e {
            sqlx::Error::Database(d) => d
                .code()
                .map_or_else(|| "error".to_owned(), |c| format!("code {c}")),
            sqlx::Error::RowNotFound => "no row where one was expected".to_owned(),
            sqlx::Error::ColumnDecode { index, .. } => format!("column {index} has another type"),
            sqlx::Error::PoolTimedOut => "too many readers".to_owned(),
            _ => "unexpected answer".to_owned(),
        };
        Self::Database(text)
    }
}

impl From<tokio::task::JoinError> for VaultError {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Task
    }
}
