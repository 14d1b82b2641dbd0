//! `packet`: packets that were written.

use chrono::{DateTime, Utc};
use evidence::Hash;
use rusqlite::{Connection, params};
use serde_json::Value;
use sqlx::{Row as _, SqlitePool};

use super::{hash, json, signed, time, to_json, unsigned};
use crate::VaultError;
use crate::stated::{PACKET, Statements};

const T: &str = "packet";

/// A packet to remember.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPacket {
    /// Incident.
    pub incident: String,
    /// Audience of the policy it was redacted for.
    pub audience: String,
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// Policy, counts, limitations.
    pub facts: Value,
}

/// A packet that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketRow {
    /// Number.
    pub id: i64,
    /// What was written.
    pub packet: NewPacket,
    /// Who wrote it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

pub(crate) fn insert(
    conn: &Connection,
    p: &NewPacket,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<i64, VaultError> {
    conn.execute(
        "INSERT INTO packet (incident, audience, name, size, sha256, facts, actor, at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            p.incident,
            p.audience,
            p.name,
            signed(T, p.size)?,
            p.sha256.0,
            to_json(T, &p.facts)?,
            actor,
            now.timestamp_micros()
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

pub(crate) async fn all(
    pool: &SqlitePool,
    statements: &Statements,
    incident: Option<&str>,
) -> Result<Vec<PacketRow>, VaultError> {
    let sql = format!(
        "SELECT id, incident, audience, name, size, sha256, facts, actor, at_us, {} FROM packet ORDER BY id",
        PACKET.stated_columns("")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(pool)
        .await?;
    let mut reading = statements.reading(&PACKET);
    rows.iter().try_for_each(|row| reading.row(row))?;
    reading.all()?;
    let all = rows
        .iter()
        .map(|r| {
            let packet = NewPacket {
                incident: r.try_get(1)?,
                audience: r.try_get(2)?,
                name: r.try_get(3)?,
                size: unsigned(T, r.try_get(4)?)?,
                sha256: hash(T, r.try_get(5)?)?,
                facts: json(T, r.try_get(6)?)?,
            };
            Ok(PacketRow {
                id: r.try_get(0)?,
                packet,
                actor: r.try_get(7)?,
                at: time(T, r.try_get(8)?)?,
            })
        })
        .filter(|row: &Result<PacketRow, VaultError>| {
            (row.as_ref().ok().zip(incident))
                .is_none_or(|(row, incident)| row.packet.incident == incident)
        });
    all.collect()
}
