//! Rows of the open workspace: which event is at which place, and what is counted of them.

use std::collections::BTreeMap;

use redaction::Class;
use vault::{EventRow, Run};

use crate::Error;
use crate::about::FILE_SYSTEM;
pub use crate::tally::Tally;
use crate::view::UnclassifiedView;
use crate::workspace::Open;

/// Rows read at once while counting unclassified fields.
const BATCH: u32 = 8_192;

/// The event number of a log index, if the segment has its own row for it.
pub fn own_row(runs: &[Run], index: u64) -> Option<i64> {
    let run = runs.get(runs.partition_point(|run| run.last <= index))?;
    let run = (run.first..run.last).contains(&index).then_some(run)?;
    Some(run.first_seq.saturating_add_unsigned(index - run.first))
}

/// The row of an event.
pub async fn one_row(workspace: &Open, seq: i64) -> Result<EventRow, Error> {
    let mut rows = match workspace.vault.rows(&[seq]).await {
        Ok(rows) => rows,
        Err(vault::VaultError::Missing { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    rows.pop().ok_or_else(|| {
        Error::not_found(
            format_args!("record #{seq}"),
            "search lists the numbers of records",
        )
    })
}

/// The title of a system, by the id of its source file.
pub fn system_title(workspace: &Open, id: &str) -> String {
    match workspace.known().catalogue.get(id, None) {
        Some(source) => source.title.clone(),
        None if id == FILE_SYSTEM => "Import".into(),
        None => id.to_owned(),
    }
}

/// How many visible records [`counted`] has not read yet.
pub async fn uncounted(workspace: &Open) -> Result<u64, Error> {
    let newest = workspace.vault.last_visible_seq().await?;
    let counted = workspace.tally.lock().await.last;
    Ok(u64::try_from(newest - counted).unwrap_or_default())
}

/// Fields that no source file classifies, and records per system. Rows are read once, as they
/// come: truth, not index.
pub async fn counted(
    workspace: &Open,
) -> Result<(Vec<UnclassifiedView>, BTreeMap<String, u32>), Error> {
    let mut tally = workspace.tally.lock().await;
    loop {
        let rows = workspace.vault.rows_after(tally.last, BATCH).await?;
        let Some(end) = rows.last().map(|row| row.seq) else {
            break;
        };
        for row in rows.iter().filter(|row| row.system != FILE_SYSTEM) {
            *tally.systems.entry(row.system.clone()).or_default() += 1;
            for field in row.fields.iter().filter(|f| f.class == Class::Unknown) {
                let key = (row.system.clone(), field.path.clone());
                *tally.unclassified.entry(key).or_default() += 1;
            }
        }
        tally.last = end;
    }
    let mut views: Vec<UnclassifiedView> = tally
        .unclassified
        .iter()
        .map(|((system, path), records)| UnclassifiedView {
            system: system.clone(),
            path: path.clone(),
            records: *records,
        })
        .collect();
    views.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.path.cmp(&b.path)));
    Ok((views, tally.systems.clone()))
}
