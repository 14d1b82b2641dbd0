//! `member`: projection of the ledger's membership entries.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use sqlx::{Row as _, SqlitePool};

use super::{signed, unsigned};
use crate::VaultError;
use crate::keys::{PublicIdentity, Role};

/// A member (or the recovery identity) as the ledger enrolled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Id, derived from the signing key.
    pub id: String,
    /// Role.
    pub role: Role,
    /// Display name, where one was given.
    pub name: Option<String>,
    /// Public keys.
    pub public: PublicIdentity,
    /// Whether it may sign now.
    pub active: bool,
    /// Ledger epoch of the enrolment.
    pub epoch: u64,
    /// Ledger index of the enrolment.
    pub index: u64,
}

pub(crate) fn put(conn: &Connection, m: &Member) -> Result<(), VaultError> {
    let state = if m.active { "active" } else { "removed" };
    conn.execute(
        "INSERT INTO member (id, role, name, kem, sign, state, epoch, idx) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET role = excluded.role, state = excluded.state",
        params![
            m.id,
            m.role.word(),
            m.name,
            m.public.kem,
            m.public.sign,
            state,
            signed("member", m.epoch)?,
            signed("member", m.index)?
        ],
    )?;
    Ok(())
}

pub(crate) async fn all(pool: &SqlitePool) -> Result<BTreeMap<String, Member>, VaultError> {
    let rows =
        sqlx::query("SELECT id, role, name, kem, sign, state, epoch, idx FROM member ORDER BY id")
            .fetch_all(pool)
            .await?;
    let key = |b: Vec<u8>| {
        <[u8; 32]>::try_from(b)
            .map_err(|_| VaultError::corrupt("member", "a key is not 32 bytes long"))
    };
    rows.into_iter()
        .map(|r| {
            let role: String = r.try_get(1)?;
            let m = Member {
                id: r.try_get(0)?,
                role: Role::from_word(&role)
                    .ok_or_else(|| VaultError::corrupt("member", "unknown role"))?,
                name: r.try_get(2)?,
                public: PublicIdentity {
                    kem: key(r.try_get(3)?)?,
                    sign: key(r.try_get(4)?)?,
                },
                active: r.try_get::<String, _>(5)? == "active",
                epoch: unsigned("member", r.try_get(6)?)?,
                index: unsigned("member", r.try_get(7)?)?,
            };
            Ok((m.id.clone(), m))
        })
        .collect()
}
