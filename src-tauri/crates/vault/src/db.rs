//! Connections to `vault.db`: SQLCipher with the raw 256-bit database key, WAL, `synchronous=FULL`.
//!
//! The writer is one rusqlite connection: a use case is one synchronous closure in one `BEGIN IMMEDIATE`
//! transaction on a blocking thread, and bulk rows go through its prepared statements. Readers are a read-only
//! sqlx pool. Both link the same SQLite.

use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use files::{Folder, Kind};
use rusqlite::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};
use zeroize::Zeroizing;

use crate::keys::Secret;
use crate::{OpenError, VaultError};

pub(crate) const FILE: &str = "vault.db";
/// How long a statement waits for another connection.
pub(crate) const BUSY: Duration = Duration::from_secs(30);

fn key_text(key: &Secret) -> Zeroizing<String> {
    let hex = Zeroizing::new(HEXLOWER.encode(key.bytes()));
    Zeroizing::new(format!("\"x'{}'\"", hex.as_str()))
}

/// How the database may be opened where the folder cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The folder can be written.
    Write,
    /// It cannot, and nothing waits beside the database: nobody changes it while the workspace's lock is held.
    Read,
    /// It cannot, and changes of a run that was cut off wait in the write-ahead log, which is read with it.
    ReadWithLog,
}

/// How to open the database of a folder that can or cannot be written.
pub(crate) fn access(folder: &Folder, writable: bool) -> Result<Access, OpenError> {
    if writable {
        return Ok(Access::Write);
    }
    let waits = match folder.open_file(format!("{FILE}-wal")) {
        Ok(file) => file.metadata()?.len() > 0,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    if !waits {
        return Ok(Access::Read);
    }
    // SQLite needs the log's index and cannot make one here.
    match folder.kind(format!("{FILE}-shm"))? {
        Some(_) => Ok(Access::ReadWithLog),
        None => Err(OpenError::LogWaits(folder.path().to_owned())),
    }
}

/// Has SQLite zero what it frees, before it is given a key: statements are copied, and one of them holds the key as text. It holds
/// for the whole process and cannot be turned off. Where the system does not lock that much memory, it stays unlocked, and that
/// is not worth a line for each piece.
fn forgetting() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let set = Connection::open_in_memory().and_then(|conn| {
            // The key has OpenSSL made ready too.
            conn.execute_batch(
                "PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = ON; PRAGMA key = 'none';",
            )
        });
        if set.is_err() {
            tracing::warn!("SQLite would not zero the memory that it frees");
        }
        exit::at_once();
    });
}

/// SQLCipher and OpenSSL free what all connections share when a process exits, and do not ask whether a thread still closes
/// one: readers live in threads of sqlx that end by themselves some time after their pool, and one that is late reads freed
/// memory. Seen as a crash of up to one short run in twelve on a loaded machine, after everything was done and printed.
///
/// So a process that has opened a database leaves at exit without the handlers that were registered before this one. They
/// free memory that ends with the process anyway; Rust's own output is flushed before any of them runs.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(
    unsafe_code,
    reason = "no safe function registers what runs at exit and is told the status"
)]
mod exit {
    use std::ffi::{c_int, c_void};

    unsafe extern "C" {
        fn on_exit(handler: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
        fn _exit(status: c_int) -> !;
    }

    extern "C" fn leave(status: c_int, _: *mut c_void) {
        // SAFETY: it may be called at any time and does not return.
        unsafe { _exit(status) }
    }

    /// Registers it, after those of SQLCipher and OpenSSL: the last one registered runs first.
    pub(super) fn at_once() {
        // SAFETY: the handler is a plain function that reads nothing; the argument is not used.
        let refused = unsafe { on_exit(leave, std::ptr::null_mut()) };
        if refused != 0 {
            tracing::warn!("the C library registers no further exit handler");
        }
    }
}

/// Elsewhere the C library does not tell such a handler the status, so that it cannot leave with it.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod exit {
    pub(super) fn at_once() {}
}

fn options(dir: &Path, key: &Secret, access: Access) -> SqliteConnectOptions {
    forgetting();
    SqliteConnectOptions::new()
        .filename(dir.join(FILE))
        .read_only(access != Access::Write)
        .immutable(access == Access::Read)
        .pragma("key", key_text(key).to_string())
        .pragma("temp_store", "MEMORY")
        .busy_timeout(BUSY)
        .statement_cache_capacity(64)
        // sqlx would log the key pragma.
        .disable_statement_logging()
}

/// Refuses a database that is a link, or anything but a file: SQLite would follow it.
pub(crate) fn only_files(folder: &Folder) -> Result<(), OpenError> {
    for end in ["", "-wal", "-shm", "-journal"] {
        let name = format!("{FILE}{end}");
        match folder.kind(&name)? {
            None | Some(Kind::File) => {}
            Some(_) => {
                return Err(OpenError::Damaged {
                    file: name,
                    reason: "it is a link or no file, which is not followed".to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// Makes the empty file of a new database, for its owner alone: what SQLite puts beside it takes its permissions.
pub(crate) fn make(folder: &Folder) -> std::io::Result<()> {
    folder.create(FILE).map(drop)
}

/// Brings the schema up to this program's version; where nothing can be written, sees that it is of this version.
pub(crate) async fn migrate(
    dir: &Path,
    key: &Secret,
    access: Access,
    create: bool,
) -> Result<(), OpenError> {
    let options = options(dir, key, access);
    if access != Access::Write {
        return of_this_version(&options, dir).await;
    }
    let options = options.create_if_missing(create);
    // On a thread of its own: the migrator's future cannot move between threads, and ours must.
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(run_migrations(&options)));
    done.await.map_err(VaultError::from)?
}

async fn of_this_version(options: &SqliteConnectOptions, dir: &Path) -> Result<(), OpenError> {
    let mut conn = options.connect().await.map_err(|_| OpenError::Database)?;
    let newest = sqlx::migrate!("./migrations")
        .iter()
        .map(|m| m.version)
        .max();
    let found: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut conn)
            .await
            .map_err(|_| OpenError::Database)?;
    conn.close().await?;
    match found.cmp(&newest) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(OpenError::OlderAndReadOnly(dir.to_owned())),
        std::cmp::Ordering::Greater => Err(newer()),
    }
}

fn newer() -> OpenError {
    OpenError::Damaged {
        file: FILE.to_owned(),
        reason: "it was written by a newer version of this program".to_owned(),
    }
}

async fn run_migrations(options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let mut conn = options.connect().await.map_err(|_| OpenError::Database)?;
    let migrator = sqlx::migrate!("./migrations");
    let outcome = migrator.run(&mut conn).await;
    conn.close().await?;
    outcome.map_err(|e| match e {
        sqlx::migrate::MigrateError::VersionMissing(_) => newer(),
        _ => OpenError::Database,
    })
}

/// The first of these keys that opens the database.
pub(crate) fn that_opens(dir: &Path, keys: &[Secret], access: Access) -> Result<Secret, OpenError> {
    let opens = |key: &&Secret| connect(dir, key, access).is_ok();
    let found = match keys {
        // Whether it opens shows soon enough.
        [one] => Some(one),
        several => several.iter().find(opens),
    };
    found.cloned().ok_or(OpenError::Database)
}

/// Leaves the database one file, with nothing beside it that waits to be taken in, so that another can take its place.
pub(crate) fn settle(conn: Connection) -> Result<(), OpenError> {
    conn.query_row("PRAGMA journal_mode = DELETE", [], |r| {
        r.get::<_, String>(0)
    })
    .ok()
    .filter(|mode| mode == "delete")
    .ok_or(OpenError::Database)?;
    conn.close().map_err(|_| OpenError::Database)
}

/// Opens a copy of the database that nobody else knows and puts it under another key. It keeps no journal: what comes of a
/// failure is thrown away.
pub(crate) fn rekeyed(path: &Path, old: &Secret, new: &Secret) -> Result<Connection, OpenError> {
    use rusqlite::OpenFlags as Flags;
    let flags = Flags::SQLITE_OPEN_READ_WRITE | Flags::SQLITE_OPEN_NO_MUTEX;
    forgetting();
    let conn = Connection::open_with_flags(path, flags)?;
    let setup = Zeroizing::new(format!(
        "PRAGMA key = {}; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = OFF; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; SELECT count(*) FROM sqlite_schema; PRAGMA rekey = {};",
        key_text(old).as_str(),
        key_text(new).as_str()
    ));
    conn.execute_batch(&setup)
        .map_err(|_| OpenError::Database)?;
    Ok(conn)
}

fn connect(dir: &Path, key: &Secret, access: Access) -> Result<Connection, OpenError> {
    use rusqlite::OpenFlags as Flags;
    forgetting();
    let path = dir.join(FILE);
    let (path, flags) = match access {
        Access::Write => (path, Flags::SQLITE_OPEN_READ_WRITE),
        Access::ReadWithLog => (path, Flags::SQLITE_OPEN_READ_ONLY),
        Access::Read => {
            let path = path.as_os_str().as_encoded_bytes();
            let path = percent_encoding::percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
            let uri = format!("file:{path}?immutable=1");
            (
                uri.into(),
                Flags::SQLITE_OPEN_READ_ONLY | Flags::SQLITE_OPEN_URI,
            )
        }
    };
    let conn = Connection::open_with_flags(path, flags | Flags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(128);
    let setup = format!(
        "PRAGMA key = {}; PRAGMA temp_store = MEMORY;",
        key_text(key).as_str()
    );
    let setup = Zeroizing::new(setup);
    conn.execute_batch(&setup)
        .map_err(|_| OpenError::Database)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| {
        r.get::<_, i64>(0)
    })
    .map_err(|_| OpenError::Database)?;
    Ok(conn)
}

/// The one connection that writes, or reads where nothing can be written.
pub(crate) fn writer(dir: &Path, key: &Secret, access: Access) -> Result<Connection, OpenError> {
    let conn = connect(dir, key, access)?;
    let mode = match access {
        Access::Write => {
            "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = ON;"
        }
        // Not query_only, which would keep temporary triggers from being made.
        Access::Read | Access::ReadWithLog => "",
    };
    conn.execute_batch(&format!("{mode} PRAGMA cache_size = -32768;"))
        .map_err(|_| OpenError::Database)?;
    crate::stated::watch(&conn)?;
    Ok(conn)
}

/// Read-only connections.
pub(crate) async fn readers(
    dir: &Path,
    key: &Secret,
    access: Access,
) -> Result<SqlitePool, OpenError> {
    let options = options(dir, key, access)
        .read_only(true)
        .pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(4)
        .connect_with(options)
        .await;
    pool.map_err(|_| OpenError::Database)
}
