//! What an import is about to do, remembered before it is done: after a crash the sealed copy of the file it
//! had come to is still there, and the import can be resumed or discarded. None of it is truth: an intake is
//! no evidence of anything, so it has no ledger entry; the import that comes of it has one.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::Value;

use crate::group::{Change, Lasting};
use crate::ledger::may_record;
use crate::seal::SealedFile;
use crate::stated;
use crate::table::{intake, sealed};
use crate::{Inner, Intake, Vault, VaultError};

impl Vault {
    /// Remembers that these files and folders are to be imported; gives the intake's number.
    ///
    /// # Errors
    /// [`VaultError::ReadOnly`], [`VaultError::NotAllowed`] for a member who may not import.
    pub async fn begin_intake(
        &self,
        paths: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<i64, VaultError> {
        let kind = "import.finished";
        let member = &self.inner.member;
        self.inner.may_write()?;
        if may_record(member.role, kind) != Some(true) {
            return Err(VaultError::NotAllowed {
                role: member.role,
                kind: kind.to_owned(),
            });
        }
        let actor = member.id.clone();
        let marks = self.inner.marks()?.clone();
        self.staging(Lasting::AtOnce, move |conn| {
            intake::begin(conn, &marks, &paths, &actor, now)
        })
        .await
    }

    /// Remembers the file that an intake has come to, with its sealed copy, which is kept from now on.
    pub async fn intake_sealed(
        &self,
        id: i64,
        current: Value,
        file: SealedFile,
        lasting: Lasting,
    ) -> Result<(), VaultError> {
        let marks = self.inner.marks()?.clone();
        let sealed = file.id.clone();
        let kept = self
            .staging(lasting, move |conn| {
                sealed::insert(conn, &marks, &file)?;
                intake::set_current(conn, &marks, id, &current, &file.id)
            })
            .await;
        if kept.is_err() {
            // Nothing refers to it, and nothing will.
            self.remove_sealed(Some(sealed), Lasting::AtOnce).await?;
        }
        kept
    }

    /// So many files of an intake came to their end. A sealed copy that nothing refers to is removed.
    pub async fn intake_ended(
        &self,
        id: i64,
        ended: u64,
        lasting: Lasting,
    ) -> Result<(), VaultError> {
        let removed = self
            .staging(lasting, move |conn| {
                let_go(conn, intake::clear_current(conn, id, ended)?)
            })
            .await?;
        self.remove_sealed(removed, lasting).await
    }

    /// The whole intake has ended, or is given up. A sealed copy that nothing refers to is removed.
    pub async fn end_intake(&self, id: i64) -> Result<(), VaultError> {
        let removed = self
            .staging(Lasting::AtOnce, move |conn| {
                let sealed = intake::clear_current(conn, id, 0)?;
                intake::delete(conn, id)?;
                let_go(conn, sealed)
            })
            .await?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.shrink_log()).await?;
        self.remove_sealed(removed, Lasting::AtOnce).await
    }

    /// Imports that were asked for and have not ended, oldest first.
    pub async fn intakes(&self) -> Result<Vec<Intake>, VaultError> {
        intake::all(&self.inner.pool, self.inner.marks.as_ref()).await
    }

    /// What is recorded of a sealed file.
    pub async fn sealed_file(&self, id: &str) -> Result<SealedFile, VaultError> {
        sealed::get(&self.inner.pool, self.inner.marks.as_ref(), id).await
    }

    /// Whether a finished import has this many bytes: only then is a digest worth computing before sealing.
    pub async fn import_of_size(&self, size: u64) -> Result<bool, VaultError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let found: i64 = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM import WHERE size = ? AND state = 'finished')",
        )
        .bind(size)
        .fetch_one(&self.inner.pool)
        .await?;
        Ok(found != 0)
    }

    /// The finished import of these bytes.
    pub async fn import_of(&self, sha256: &Hash) -> Result<Option<i64>, VaultError> {
        Ok(
            sqlx::query_scalar("SELECT id FROM import WHERE sha256 = ? AND state = 'finished'")
                .bind(self.inner.marks()?.mark(sha256).0.to_vec())
                .fetch_optional(&self.inner.pool)
                .await?,
        )
    }

    /// Whether anything is here of each of these digests: an import, an archive of imports, or a file that was held. It is one
    /// look for all of them, and no answer by itself: what is here is then asked for.
    pub async fn known_bytes(&self, digests: &[Hash]) -> Result<Vec<bool>, VaultError> {
        let marks = self.inner.marks()?;
        let asked: Vec<String> = digests.iter().map(|d| marks.mark(d).to_hex()).collect();
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT asked.key FROM json_each(?) AS asked WHERE
               EXISTS (SELECT 1 FROM import WHERE sha256 = unhex(asked.value) AND state = 'finished')
               OR EXISTS (SELECT 1 FROM quarantine WHERE sha256 = unhex(asked.value))
               OR EXISTS (SELECT 1 FROM sealed WHERE sha256 = unhex(asked.value))",
        )
        .bind(serde_json::to_string(&asked).unwrap_or_default())
        .fetch_all(&self.inner.pool)
        .await?;
        let mut known = vec![false; digests.len()];
        for at in found {
            if let Some(known) = usize::try_from(at).ok().and_then(|at| known.get_mut(at)) {
                *known = true;
            }
        }
        Ok(known)
    }

    /// The finished imports of files that lie in this archive, in order.
    pub async fn imports_in(&self, archive: &Hash) -> Result<Vec<i64>, VaultError> {
        let sql = "SELECT import.id FROM import JOIN sealed ON sealed.id = import.original
                   WHERE sealed.sha256 = ? AND import.member IS NOT NULL AND import.state = 'finished'
                   ORDER BY import.id";
        Ok(sqlx::query_scalar(sql)
            .bind(self.inner.marks()?.mark(archive).0.to_vec())
            .fetch_all(&self.inner.pool)
            .await?)
    }

    /// A change to what is only staged, without a ledger entry.
    async fn staging<T: Send + 'static>(
        &self,
        lasting: Lasting,
        f: impl FnOnce(&Connection) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || inner.staging(lasting, f)).await?
    }

    /// Removes a sealed file that nothing refers to, once that is durable.
    async fn remove_sealed(&self, id: Option<String>, lasting: Lasting) -> Result<(), VaultError> {
        let Some(id) = id else { return Ok(()) };
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            if lasting == Lasting::InGroup
                && let Some(group) = &mut inner.writer().group
            {
                group.removed.push(id);
                return Ok(());
            }
            inner.sealer.remove(&id)?;
            Ok(())
        })
        .await?
    }
}

impl Inner {
    fn staging<T>(
        &self,
        lasting: Lasting,
        f: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        self.may_write()?;
        let mut guard = self.writer_for(lasting)?;
        let grouped = guard.group.is_some();
        let tx = Change::begin(&mut guard.conn, grouped)?;
        stated::forget(&tx)?;
        let done = f(&tx)?;
        stated::none_changed(&tx)?;
        tx.commit()?;
        Ok(done)
    }
}

/// Forgets a sealed original unless an import or the quarantine refers to it; gives its id when it is to be removed.
fn let_go(conn: &Connection, sealed: Option<String>) -> Result<Option<String>, VaultError> {
    let Some(id) = sealed else { return Ok(None) };
    if intake::refers(conn, &id)? {
        return Ok(None);
    }
    conn.prepare_cached("DELETE FROM sealed WHERE id = ? RETURNING id")?
        .query_row([&id], |r| r.get(0))
        .optional()
        .map_err(Into::into)
}
