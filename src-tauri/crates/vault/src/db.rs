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

const FILE: &str = "vault.db";
/// How long a statement waits for another connection.
pub(crate) const BUSY: Duration = Duration::from_secs(30);

fn key_text(key: &Secret) -> Zeroizing<String> {
    let hex = Zeroizing::new(HEXLOWER.encode(key.bytes()));
    Zeroizing::new(format!("\"x'{}'\"", hex.as_str()))
}

fn options(dir: &Path, key: &Secret) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(dir.join(FILE))
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

/// Brings the schema up to this program's version.
pub(crate) async fn migrate(dir: &Path, key: &Secret, create: bool) -> Result<(), OpenError> {
    let options = options(dir, key).create_if_missing(create);
    // On a thread of its own: the migrator's future cannot move between threads, and ours must.
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(run_migrations(&options)));
    done.await.map_err(VaultError::from)?
}

async fn run_migrations(options: &SqliteConnectOptions) -> Result<(), OpenError> {
    let mut conn = options.connect().await.map_err(|_| OpenError::Database)?;
    let migrator = sqlx::migrate!("./migrations");
    let outcome = migrator.run(&mut conn).await;
    conn.close().await?;
    outcome.map_err(|e| match e {
        sqlx::migrate::MigrateError::VersionMissing(_) => OpenError::Damaged {
            file: FILE.to_owned(),
            reason: "it was written by a newer version of this program".to_owned(),
        },
        _ => OpenError::Database,
    })
}

/// The one connection that writes.
pub(crate) fn writer(dir: &Path, key: &Secret) -> Result<Connection, OpenError> {
    let flags =
        rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(dir.join(FILE), flags)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(64);
    let setup = format!(
        "PRAGMA key = {}; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = ON;
         PRAGMA cache_size = -32768;",
        key_text(key).as_str()
    );
    let setup = Zeroizing::new(setup);
    conn.execute_batch(&setup)
        .map_err(|_| OpenError::Database)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| {
        r.get::<_, i64>(0)
    })
    .map_err(|_| OpenError::Database)?;
    crate::stated::watch(&conn)?;
    Ok(conn)
}

/// Read-only connections.
pub(crate) async fn readers(dir: &Path, key: &Secret) -> Result<SqlitePool, OpenError> {
    let options = options(dir, key).read_only(true).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(4)
        .connect_with(options)
        .await;
    pool.map_err(|_| OpenError::Database)
}
