//! Whether the custody ledger still replays, asked before every act whose gate wants it.
//!
//! An opening replays all of it, and what is appended afterwards is appended by this very process. So what was replayed once
//! need not be again, as long as nobody else wrote to the database: SQLite says so of a connection (`PRAGMA data_version`: it
//! changes when another connection commits, <https://sqlite.org/pragma.html#pragma_data_version>), and the connection that
//! writes here is the only one that should. Where another one did, all of the ledger is replayed.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use rusqlite::Connection;

use crate::ledger::{ReplayFault, Replayed, Replayer, Tip};
use crate::table::ledger;
use crate::table::member::Member;
use crate::{Inner, Vault, VaultError};

/// How far the ledger was replayed, and as of which state of the database.
#[derive(Debug)]
pub(crate) struct Followed {
    version: i64,
    tip: Tip,
    members: BTreeMap<String, Member>,
    entries: u64,
}

impl Followed {
    /// As a replay ended that began when `version` was the [`data_version`] of the connection.
    pub(crate) fn at_end_of(replayed: &Replayed, version: i64) -> Self {
        Self {
            version,
            tip: replayed.tip.clone(),
            members: replayed.members.clone(),
            entries: replayed.entries,
        }
    }
}

/// Another number after another connection has changed the database.
pub(crate) fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0))
}

enum Stop {
    Fault(ReplayFault),
    Vault(VaultError),
}

impl From<VaultError> for Stop {
    fn from(e: VaultError) -> Self {
        Self::Vault(e)
    }
}

impl Vault {
    /// Whether every entry of the custody ledger replays, and how many there are. It goes on from where the ledger was
    /// replayed last, as long as nobody but this process wrote to the database; [`fsck`](Vault::fsck) goes through all of it
    /// whatever was.
    ///
    /// # Errors
    /// In the outer result, what kept it from being read; in the inner one, what does not hold.
    pub async fn replay(&self) -> Result<Result<u64, ReplayFault>, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.replay_on()).await?
    }
}

impl Inner {
    fn replay_on(&self) -> Result<Result<u64, ReplayFault>, VaultError> {
        let guard = self.settled()?;
        let version = data_version(&guard.conn)?;
        let mut known = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.take().filter(|known| known.version == version);
        let (from, mut replayer) = match before {
            Some(before) => {
                let next = (before.tip.epoch, before.tip.range.size());
                let ended = Replayed::ended(before.tip, before.members, before.entries);
                (
                    Some(next),
                    Replayer::after(&self.id, &[], ended, BTreeMap::new()),
                )
            }
            None => (None, Replayer::new(&self.id, &[])),
        };
        let step = |row: &_| replayer.step(row).map(drop).map_err(Stop::Fault);
        let scanned = match from {
            Some(from) => ledger::scan_from(&guard.conn, from, step),
            None => ledger::scan(&guard.conn, step),
        };
        drop(guard);
        match scanned {
            Err(Stop::Vault(e)) => return Err(e),
            Err(Stop::Fault(fault)) => return Ok(Err(fault)),
            Ok(()) => {}
        }
        Ok(replayer.finish().map(|replayed| {
            *known = Some(Followed::at_end_of(&replayed, version));
            replayed.entries
        }))
    }
}
