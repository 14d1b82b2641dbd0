//! What is made durable together.
//!
//! A disk is waited for once, and not for each of a thousand small files. So an import may put what it brings into the *group*
//! that is open: one transaction of the writer that stays open from one file to the next, each change in a savepoint of its own,
//! and sealed files that have their names and are not durable yet. The group ends when anybody changes anything by itself, or is
//! asked to end: first every sealed file is made durable, then the transaction is committed, then the head is remembered.
//!
//! Until then only the writer sees it. Readers, the ledger's head and what rows are held to are those of before; a process that
//! is killed leaves nothing of it but sealed files that nobody refers to, which the next open removes.

use std::ops::Deref;
use std::sync::MutexGuard;

use rusqlite::{Connection, Savepoint, Transaction, TransactionBehavior};

use crate::ledger::Tip;
use crate::{Inner, Vault, VaultError, Writer};

/// When what is changed is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lasting {
    /// When the call returns.
    #[default]
    AtOnce,
    /// With the group that is open, or begun by it: see [`Vault::settle`].
    InGroup,
}

/// A group that is open.
#[derive(Debug)]
pub(crate) struct Group {
    /// Where the ledger stood before it.
    pub(crate) before: Tip,
    /// Sealed files that its transaction refers to: they go with it where it fails.
    pub(crate) sealed: Vec<String>,
    /// Sealed files that nothing refers to once it is committed.
    pub(crate) removed: Vec<String>,
}

/// A transaction, or a part of the group's.
#[derive(Debug)]
pub(crate) enum Change<'c> {
    Own(Transaction<'c>),
    Part(Savepoint<'c>),
}

impl Deref for Change<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Own(tx) => tx,
            Self::Part(part) => part,
        }
    }
}

impl Change<'_> {
    /// Begins one that takes the writer's lock now.
    pub(crate) fn begin(conn: &mut Connection, in_group: bool) -> rusqlite::Result<Change<'_>> {
        match in_group {
            false => conn
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map(Change::Own),
            true => conn.savepoint().map(Change::Part),
        }
    }

    /// Keeps it: durably, or as a part of the group.
    pub(crate) fn commit(self) -> rusqlite::Result<()> {
        match self {
            Self::Own(tx) => tx.commit(),
            Self::Part(part) => part.commit(),
        }
    }
}

impl Vault {
    /// Ends the group that is open, if one is: what was put into it is durable and seen from now on.
    ///
    /// # Errors
    /// When the disk refuses. Nothing of the group is there then.
    pub async fn settle(&self) -> Result<(), VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.settled().map(drop)).await?
    }
}

impl Inner {
    /// The writer for a change that lasts so: nothing that was in a group waits when it is to last at once, and a group is open
    /// when not.
    pub(crate) fn writer_for(
        &self,
        lasting: Lasting,
    ) -> Result<MutexGuard<'_, Writer>, VaultError> {
        match lasting {
            Lasting::AtOnce => self.settled(),
            Lasting::InGroup => {
                let mut guard = self.writer();
                let Writer { conn, tip, group } = &mut *guard;
                if group.is_none() {
                    conn.execute_batch("BEGIN IMMEDIATE")?;
                    *group = Some(Group {
                        before: tip.clone(),
                        sealed: Vec::new(),
                        removed: Vec::new(),
                    });
                }
                Ok(guard)
            }
        }
    }

    /// Sealed files that the open group refers to.
    pub(crate) fn in_group<const N: usize>(&self, sealed: [String; N]) {
        if let Some(group) = &mut self.writer().group {
            group.sealed.extend(sealed);
        }
    }

    /// The writer, with no group open and every sealed file durable.
    pub(crate) fn settled(&self) -> Result<MutexGuard<'_, Writer>, VaultError> {
        let mut guard = self.writer();
        // Before anything refers to them durably.
        let synced = self.sealer.sync().map_err(VaultError::from);
        let Writer { conn, tip, group } = &mut *guard;
        let Some(open) = group.take() else {
            synced?;
            return Ok(guard);
        };
        let committed = synced.and_then(|()| {
            files::step("commit");
            let commit = || conn.execute_batch("COMMIT");
            self.statements.commit_group(commit)
        });
        if let Err(error) = committed {
            *tip = open.before;
            self.statements.forget_group();
            if !conn.is_autocommit() {
                conn.execute_batch("ROLLBACK")?;
            }
            for id in open.sealed {
                // What cannot be removed is by the next open.
                let _ = self.sealer.remove(&id);
            }
            return Err(error);
        }
        self.remember(&tip.head());
        for id in open.removed {
            if let Err(e) = self.sealer.remove(&id) {
                tracing::warn!(error = %e.kind(), "a sealed file that nothing refers to stays until the next open");
            }
        }
        Ok(guard)
    }
}
