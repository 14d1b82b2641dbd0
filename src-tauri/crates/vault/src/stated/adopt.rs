//! Workspaces that were written before rows were stated.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde_json::json;

use super::{ADOPTED, AT_ONCE, State, Statements, TABLES, Table, state_in};
use crate::fsck::Fold;
use crate::ledger::{Act, Acts};
use crate::{Role, Vault, VaultError};

impl Vault {
    /// States every row that decides something, where the workspace is of before that: gives how many there were, and
    /// `None` where nothing was to be done. Only a custodian's open does it. What was written into the database before is
    /// adopted as it stands, except what the ledger said something else of already. `fold` is what makes an incident's state
    /// of its events.
    ///
    /// To be called after everything that rewrites rows of before.
    ///
    /// # Errors
    /// [`VaultError::NotStated`] for a policy, a source file, a member or an incident that is not the one that was signed.
    pub async fn adopt_rows(
        &self,
        fold: Fold<'_>,
        now: DateTime<Utc>,
    ) -> Result<Option<u64>, VaultError> {
        let inner = &self.inner;
        if self.read_only() || inner.statements.begun() || inner.member.role != Role::Custodian {
            return Ok(None);
        }
        self.versions_as_signed(fold).await?;
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let states = inner.write(now, |tx| {
                let states = states_of_all(tx.conn, &inner.statements)?;
                let acts = acts(&states);
                Ok((states, acts))
            })?;
            let rows = states.len() as u64;
            inner.statements.adopt(states);
            Ok(Some(rows))
        })
        .await?
    }
}

fn acts(states: &[State]) -> Acts {
    let parts = states.len().div_ceil(AT_ONCE).max(1);
    let act = |part: usize| {
        let from = (part - 1) * AT_ONCE;
        let to = states.len().min(from + AT_ONCE);
        let detail =
            json!({ "part": part, "parts": parts, "rows": to - from, "whole": part == parts });
        let mut act = Act::new(ADOPTED, detail);
        state_in(&mut act, &states[from..to]);
        act
    };
    (2..=parts).fold(act(1).into(), |acts: Acts, part| acts.and(act(part)))
}

/// The state of every row as it stands.
pub(crate) fn states_of_all(
    conn: &Connection,
    statements: &Statements,
) -> Result<Vec<State>, VaultError> {
    let mut states = Vec::new();
    for table in TABLES {
        each_row(conn, table, |key, content| {
            states.push(State {
                table: table.name,
                digest: Some(statements.digest(table, &content)),
                key,
            });
        })?;
    }
    Ok(states)
}

/// Key and content of every row of a table that counts.
pub(crate) fn each_row(
    conn: &Connection,
    table: &Table,
    mut each: impl FnMut(String, String),
) -> Result<(), VaultError> {
    let sql = format!(
        "SELECT {}, {} FROM {} WHERE {}",
        table.key_of(""),
        table.content_of(""),
        table.name,
        table.when_of("")
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?);
    }
    Ok(())
}
