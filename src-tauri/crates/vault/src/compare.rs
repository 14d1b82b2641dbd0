//! Rows compared with what their sealed records say: a row is derived, so whoever changes one changes what people see
//! and nothing that is signed.

use std::collections::{BTreeMap, BTreeSet};

use redaction::{MinimisedField, Shown, handle_text};
use sqlx::Row as _;

use crate::table::{event, setting};
use crate::{EventRow, RedoneEvent, RowField, RowShown, Vault, VaultError};

/// A row as its sealed record makes it.
#[derive(Clone, Debug)]
pub struct MadeRow {
    /// Segment that holds the record.
    pub segment: i64,
    /// Index in the origin's log.
    pub index: u64,
    /// The row.
    pub row: RedoneEvent,
}

/// What of a row is not as its record makes it; never what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDifference {
    /// Its number.
    pub seq: i64,
    /// Which part.
    pub what: &'static str,
}

/// What is known of a subject: its MAC and its handle.
type Identity = (Option<Vec<u8>>, Option<String>);

impl Vault {
    /// Compares the stored rows with these, which were made anew from sealed records.
    pub async fn compare_rows(&self, made: &[MadeRow]) -> Result<Vec<RowDifference>, VaultError> {
        let pool = &self.inner.pool;
        let visible = setting::visible_unchecked(pool).await?;
        let seqs: Vec<i64> = made.iter().map(|made| made.row.seq).collect();
        let stored = match event::there(pool, visible, &seqs).await {
            Ok(stored) => stored,
            // One that cannot be read hides none of the others.
            Err(_) => {
                let mut stored = BTreeMap::new();
                for seq in &seqs {
                    if let Ok(one) = event::there(pool, visible, &[*seq]).await {
                        stored.extend(one);
                    }
                }
                stored
            }
        };
        let subjects = self.identities(stored.values()).await?;
        let exposures = self.exposures_of(&seqs).await?;
        let mut differences = Vec::new();
        for made in made {
            let seq = made.row.seq;
            let what = match stored.get(&seq) {
                None => Some("it is missing or cannot be read"),
                Some(stored) => differs(made, stored, &subjects).or_else(|| {
                    let found = exposures.get(&seq).cloned().unwrap_or_default();
                    let said = made.row.exposures.iter();
                    let said = said.map(|e| (e.path.clone(), e.kind.code().to_owned()));
                    (found != said.collect()).then_some("its exposures")
                }),
            };
            differences.extend(what.map(|what| RowDifference { seq, what }));
        }
        Ok(differences)
    }

    async fn identities(
        &self,
        rows: impl Iterator<Item = &EventRow>,
    ) -> Result<BTreeMap<i64, Identity>, VaultError> {
        let numbers: BTreeSet<i64> = rows
            .flat_map(|row| &row.fields)
            .filter_map(|field| match field.shown {
                RowShown::Handle { subject, .. } => Some(subject),
                _ => None,
            })
            .collect();
        let sql = "SELECT number, mac, handle FROM subject WHERE number IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(sql)
            .bind(serde_json::to_string(&numbers).unwrap_or_default())
            .fetch_all(&self.inner.pool)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?))))
            .collect()
    }

    async fn exposures_of(
        &self,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, BTreeSet<(String, String)>>, VaultError> {
        let sql =
            "SELECT seq, path, kind FROM exposure WHERE seq IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(sql)
            .bind(serde_json::to_string(seqs).unwrap_or_default())
            .fetch_all(&self.inner.pool)
            .await?;
        let mut found: BTreeMap<i64, BTreeSet<(String, String)>> = BTreeMap::new();
        for row in &rows {
            let exposure = (row.try_get(1)?, row.try_get(2)?);
            found.entry(row.try_get(0)?).or_default().insert(exposure);
        }
        Ok(found)
    }
}

fn differs(
    made: &MadeRow,
    stored: &EventRow,
    subjects: &BTreeMap<i64, Identity>,
) -> Option<&'static str> {
    let row = &made.row;
    let parts = [
        (
            (made.segment, made.index) == (stored.segment, stored.index),
            "which record it is of",
        ),
        (row.rules == stored.rules, "the rules that made it"),
        (
            (row.occurred, row.recorded) == (stored.occurred, stored.recorded),
            "its times",
        ),
        (row.system == stored.system, "its system"),
        (
            row.action == stored.action && row.kind == stored.kind,
            "its record type",
        ),
        (row.outcome == stored.outcome, "its outcome"),
        (
            row.minimised.len() == stored.fields.len()
                && (row.minimised.iter().zip(&stored.fields))
                    .all(|(made, stored)| same_place(made, stored)),
            "which fields it shows, or in which class",
        ),
        (
            (row.minimised.iter().zip(&stored.fields))
                .all(|(made, stored)| same_shown(&made.shown, &stored.shown, subjects)),
            "what it shows of a field",
        ),
    ];
    parts
        .into_iter()
        .find(|(same, _)| !same)
        .map(|(_, what)| what)
}

fn same_place(made: &MinimisedField, stored: &RowField) -> bool {
    made.path == stored.path && made.class == stored.class
}

fn same_shown(made: &Shown, stored: &RowShown, subjects: &BTreeMap<i64, Identity>) -> bool {
    match (made, stored) {
        (Shown::Kept { text }, RowShown::Kept { text: stored }) => text == stored,
        (Shown::TypeTag { tag }, RowShown::TypeTag { tag: stored }) => tag == stored,
        (Shown::Presence { size }, RowShown::Presence { size: stored }) => size == stored,
        (Shown::Hidden, RowShown::Hidden) => true,
        (
            Shown::Handle { domain, mac },
            RowShown::Handle {
                subject,
                domain: stored,
                ..
            },
        ) => domain == stored && is_subject(subjects.get(subject), mac, &handle_text(domain, mac)),
        (
            Shown::Issued {
                domain,
                mac,
                handle,
            },
            RowShown::Handle {
                subject,
                domain: stored,
                ..
            },
        ) => domain == stored && is_subject(subjects.get(subject), mac, handle),
        _ => false,
    }
}

/// Whether this is the subject of that MAC. None is erased as yet: who empties one hides somebody.
fn is_subject(identity: Option<&Identity>, mac: &[u8; 32], handle: &str) -> bool {
    match identity {
        Some((Some(stored), Some(shown))) => stored.as_slice() == mac && shown == handle,
        _ => false,
    }
}
