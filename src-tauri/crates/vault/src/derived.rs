//! What is derived from the visible rows and kept beside them: steps of lifecycles and detection candidates.
//! It is no truth: it can be emptied and made again, so writing it needs no act. What a person decides of a
//! candidate is an act like any other.

use std::collections::BTreeMap;

use evidence::{Hash, Hasher};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use sqlx::{Row as _, SqlitePool};

use crate::redo::REDONE;
use crate::{Vault, VaultError};

/// A record that takes part in a subject's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LifeStep {
    /// The lifecycle's number, see [`Derived::life`].
    pub life: i64,
    /// The subject's number.
    pub subject: i64,
    /// The record.
    pub seq: i64,
}

/// Something that a person should judge, with the records that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Stable id.
    pub id: String,
    /// Kind: what found it.
    pub kind: String,
    /// The rule that it breaks.
    pub rule: String,
    /// What groups candidates of one rule.
    pub scope: String,
    /// The lifecycle from which it was derived, if it was.
    pub life: Option<i64>,
    /// Subject's number.
    pub subject: Option<i64>,
    /// When, in microseconds since 1970 UTC.
    pub at_us: Option<i64>,
    /// The record that breaks the rule.
    pub seq: i64,
    /// Every record that proves it, that one too.
    pub proof: Vec<i64>,
    /// What else is known of it, as JSON; no content.
    pub body: String,
}

/// What is derived at a moment, to be compared with what it is once it was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DerivedState {
    /// Digest over every record that takes part in a life.
    pub steps: Hash,
    /// Digest over the state of every subject.
    pub states: Hash,
    /// Digest of each candidate with its proof, by its id.
    pub candidates: BTreeMap<String, Hash>,
}

/// Candidates of one rule and scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateGroup {
    /// Kind.
    pub kind: String,
    /// Rule.
    pub rule: String,
    /// Scope.
    pub scope: String,
    /// How many.
    pub total: u64,
    /// The newest time, in microseconds.
    pub newest_us: Option<i64>,
}

/// An open transaction over the derived tables only.
pub struct Derived<'a>(&'a Connection);

impl std::fmt::Debug for Derived<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Derived")
    }
}

impl Vault {
    /// Changes derived tables in one transaction on a blocking thread.
    pub async fn derive<T, F>(&self, f: F) -> Result<T, VaultError>
    where
        T: Send + 'static,
        F: FnOnce(&Derived<'_>) -> Result<T, VaultError> + Send + 'static,
    {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            inner.may_write()?;
            let mut guard = inner.settled()?;
            let tx = guard
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            crate::stated::forget(&tx)?;
            let value = f(&Derived(&tx))?;
            crate::stated::none_changed(&tx)?;
            tx.commit()?;
            Ok(value)
        })
        .await?
    }

    /// A remark about how far something was derived.
    pub async fn derived(&self, name: &str) -> Result<Option<String>, VaultError> {
        Ok(
            sqlx::query_scalar("SELECT value FROM derived WHERE name = ?")
                .bind(name)
                .fetch_optional(self.pool())
                .await?,
        )
    }

    /// What is derived, by digests. Lives are named and not numbered in them, because their numbers follow the order in
    /// which they were made.
    pub async fn derived_state(&self) -> Result<DerivedState, VaultError> {
        let steps = "SELECT name||' '||subject||' '||seq FROM life_step JOIN life ON life.id = life
                     ORDER BY name, subject, seq";
        let states = "SELECT name||' '||subject||' '||watch||' '||state FROM life_now JOIN life ON life.id = life
                      ORDER BY name, subject";
        // Each column on its own line, and none of them holds a line feed but the last one.
        let candidates = "SELECT id, concat_ws(char(10), kind, rule, scope, ifnull((SELECT name FROM life WHERE life.id = life), ''),
                                               ifnull(subject, ''), ifnull(at_us, ''), seq,
                                               (SELECT group_concat(seq ORDER BY seq) FROM detection_proof WHERE detection = detection.id),
                                               body)
                          FROM detection ORDER BY id";
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let guard = inner.settled()?;
            let mut found = DerivedState {
                steps: digest_of(&guard.conn, steps)?,
                states: digest_of(&guard.conn, states)?,
                candidates: BTreeMap::new(),
            };
            let mut statement = guard.conn.prepare(candidates)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let said: String = row.get(1)?;
                (found.candidates).insert(row.get(0)?, Hash::sha256(said.as_bytes()));
            }
            Ok(found)
        })
        .await?
    }

    /// The records of these subjects in a life, in the order of subject and number.
    pub async fn life_steps(
        &self,
        life: i64,
        subjects: &[i64],
    ) -> Result<Vec<LifeStep>, VaultError> {
        let list = serde_json::to_string(subjects).unwrap_or_default();
        let sql = "SELECT life, subject, seq FROM life_step
                   WHERE life = ? AND subject IN (SELECT value FROM json_each(?)) ORDER BY subject, seq";
        let rows = sqlx::query(sql)
            .bind(life)
            .bind(list)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(step).collect()
    }

    /// The lives that a subject has: their numbers and names.
    pub async fn lives_of(&self, subject: i64) -> Result<Vec<(i64, String)>, VaultError> {
        let sql = "SELECT id, name FROM life
                   WHERE EXISTS (SELECT 1 FROM life_step WHERE life = life.id AND subject = ?) ORDER BY name";
        let rows = sqlx::query(sql)
            .bind(subject)
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
            .collect()
    }

    /// Subjects of a life that have to be watched for any of these reasons, by number.
    pub async fn watched(&self, life: i64, reasons: i64) -> Result<Vec<i64>, VaultError> {
        let sql =
            "SELECT subject FROM life_now WHERE life = ? AND (watch & ?) <> 0 ORDER BY subject";
        Ok(sqlx::query_scalar(sql)
            .bind(life)
            .bind(reasons)
            .fetch_all(self.pool())
            .await?)
    }

    /// Groups of candidates, newest first.
    pub async fn candidate_groups(
        &self,
        subject: Option<i64>,
    ) -> Result<Vec<CandidateGroup>, VaultError> {
        let sql = "SELECT kind, rule, scope, count(*), max(at_us) FROM detection
                   WHERE ?1 IS NULL OR subject = ?1
                   GROUP BY rule, scope ORDER BY max(at_us) DESC, rule, scope";
        let rows = sqlx::query(sql)
            .bind(subject)
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|r| {
                Ok(CandidateGroup {
                    kind: r.try_get(0)?,
                    rule: r.try_get(1)?,
                    scope: r.try_get(2)?,
                    total: crate::table::unsigned("detection", r.try_get(3)?)?,
                    newest_us: r.try_get(4)?,
                })
            })
            .collect()
    }

    /// Candidates of a group, newest first, after so many of them.
    pub async fn candidates_of(
        &self,
        rule: &str,
        scope: &str,
        after: u32,
        limit: u32,
    ) -> Result<Vec<Candidate>, VaultError> {
        let sql = format!(
            "{SELECT} WHERE rule = ? AND scope = ? ORDER BY at_us DESC, id LIMIT ? OFFSET ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(rule)
            .bind(scope)
            .bind(limit)
            .bind(after)
            .fetch_all(self.pool())
            .await?;
        with_proof(self.pool(), rows).await
    }

    /// Candidates by their ids, those that are there.
    pub async fn candidates(&self, ids: &[String]) -> Result<Vec<Candidate>, VaultError> {
        let sql = format!("{SELECT} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(serde_json::to_string(ids).unwrap_or_default())
            .fetch_all(self.pool())
            .await?;
        with_proof(self.pool(), rows).await
    }

    /// Candidates that these records prove: record and candidate.
    pub async fn proven_by(&self, seqs: &[i64]) -> Result<Vec<(i64, String)>, VaultError> {
        let sql = "SELECT seq, detection FROM detection_proof
                   WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq, detection";
        let rows = sqlx::query(sql)
            .bind(serde_json::to_string(seqs).unwrap_or_default())
            .fetch_all(self.pool())
            .await?;
        rows.iter()
            .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
            .collect()
    }

    fn pool(&self) -> &SqlitePool {
        &self.inner.pool
    }
}

/// Digest over the lines that a query gives.
fn digest_of(conn: &Connection, sql: &str) -> Result<Hash, VaultError> {
    let mut hasher = Hasher::new();
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        hasher.update(row.get::<_, String>(0)?.as_bytes());
        hasher.update(b"\n");
    }
    Ok(hasher.finish())
}

const SELECT: &str = "SELECT id, kind, rule, scope, life, subject, at_us, seq, body FROM detection";

fn step(r: &sqlx::sqlite::SqliteRow) -> Result<LifeStep, VaultError> {
    Ok(LifeStep {
        life: r.try_get(0)?,
        subject: r.try_get(1)?,
        seq: r.try_get(2)?,
    })
}

async fn with_proof(
    pool: &SqlitePool,
    rows: Vec<sqlx::sqlite::SqliteRow>,
) -> Result<Vec<Candidate>, VaultError> {
    let mut found = Vec::with_capacity(rows.len());
    for r in &rows {
        let id: String = r.try_get(0)?;
        let proof =
            sqlx::query_scalar("SELECT seq FROM detection_proof WHERE detection = ? ORDER BY seq")
                .bind(&id)
                .fetch_all(pool)
                .await?;
        found.push(Candidate {
            id,
            kind: r.try_get(1)?,
            rule: r.try_get(2)?,
            scope: r.try_get(3)?,
            life: r.try_get(4)?,
            subject: r.try_get(5)?,
            at_us: r.try_get(6)?,
            seq: r.try_get(7)?,
            body: r.try_get(8)?,
            proof,
        });
    }
    Ok(found)
}

impl Derived<'_> {
    /// Forgets everything that is derived from rows. Exposures stay: they come from the records.
    pub fn clear(&self) -> Result<(), VaultError> {
        self.0.execute_batch(
            "DELETE FROM life_step; DELETE FROM life_now; DELETE FROM life; DELETE FROM detection_proof;
             DELETE FROM detection;",
        )?;
        self.0
            .execute("DELETE FROM derived WHERE name <> ?", [REDONE])?;
        Ok(())
    }

    /// Forgets the exposures too, to be found again in the sealed records.
    pub fn clear_exposures(&self) -> Result<(), VaultError> {
        self.0.execute("DELETE FROM exposure", [])?;
        Ok(())
    }

    /// Adds exposures of records.
    pub fn add_exposures(&self, rows: &[crate::ExposureRow]) -> Result<(), VaultError> {
        let mut add = self
            .0
            .prepare_cached("INSERT OR IGNORE INTO exposure (seq, path, kind) VALUES (?, ?, ?)")?;
        for row in rows {
            add.execute(params![row.seq, row.path, row.kind])?;
        }
        Ok(())
    }

    /// Remarks how far something was derived.
    pub fn remark(&self, name: &str, value: &str) -> Result<(), VaultError> {
        self.0.execute(
            "INSERT INTO derived (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )?;
        Ok(())
    }

    /// The number of a lifecycle, by `system/name`, made if new.
    pub fn life(&self, name: &str) -> Result<i64, VaultError> {
        let found = self
            .0
            .prepare_cached("SELECT id FROM life WHERE name = ?")?
            .query_row([name], |r| r.get(0))
            .optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
        self.0
            .execute("INSERT INTO life (name) VALUES (?)", [name])?;
        Ok(self.0.last_insert_rowid())
    }

    /// Adds records that take part in lives; those that are there already stay.
    pub fn add_steps(&self, steps: &[LifeStep]) -> Result<(), VaultError> {
        let mut add = self.0.prepare_cached(
            "INSERT OR IGNORE INTO life_step (life, subject, seq) VALUES (?, ?, ?)",
        )?;
        for one in steps {
            add.execute(params![one.life, one.subject, one.seq])?;
        }
        Ok(())
    }

    /// Replaces what is known of a subject's life: its state, why it has to be watched, and its candidates.
    pub fn replace_life(
        &self,
        life: i64,
        subject: i64,
        now: Option<(&str, i64)>,
        candidates: &[Candidate],
    ) -> Result<(), VaultError> {
        self.0
            .prepare_cached("DELETE FROM life_now WHERE life = ? AND subject = ?")?
            .execute(params![life, subject])?;
        if let Some((state, watch)) = now {
            self.0
                .prepare_cached(
                    "INSERT INTO life_now (life, subject, state, watch) VALUES (?, ?, ?, ?)",
                )?
                .execute(params![life, subject, state, watch])?;
        }
        self.0
            .prepare_cached(
                "DELETE FROM detection_proof WHERE detection IN (SELECT id FROM detection WHERE subject = ? AND life = ?)",
            )?
            .execute(params![subject, life])?;
        self.0
            .prepare_cached("DELETE FROM detection WHERE subject = ? AND life = ?")?
            .execute(params![subject, life])?;
        self.add_candidates(candidates)
    }

    /// Adds candidates; one with the same id is replaced.
    pub fn add_candidates(&self, candidates: &[Candidate]) -> Result<(), VaultError> {
        for one in candidates {
            self.0
                .prepare_cached(
                    "INSERT OR REPLACE INTO detection (id, kind, rule, scope, life, subject, at_us, seq, body)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    one.id, one.kind, one.rule, one.scope, one.life, one.subject, one.at_us, one.seq, one.body
                ])?;
            let mut proof = self.0.prepare_cached(
                "INSERT OR IGNORE INTO detection_proof (seq, detection) VALUES (?, ?)",
            )?;
            for seq in &one.proof {
                proof.execute(params![seq, one.id])?;
            }
        }
        Ok(())
    }
}
