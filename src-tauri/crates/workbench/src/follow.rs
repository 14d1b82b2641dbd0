//! The index follows the vault: it remembers how far it came and catches up.

use std::borrow::Cow;

use redaction::{Class, Shown, string_text};
use search::{Doc, Index, SearchError};
use vault::{EventKind, EventRow, NewEvent, RowShown, Vault};

use crate::standing::Standing;
use crate::workspace::{Workspace, vault_error};
use crate::{Environment, Error, Workbench};

/// Rows read at once while following.
const BATCH: u32 = 4_096;

/// Opens the index, or starts an empty one where it is missing, damaged, of another version or
/// under another key: following rebuilds it, and nothing is lost.
pub(crate) fn open_index(vault: &Vault, environment: &Environment) -> Result<Index, Error> {
    let dir = vault.index_dir();
    let key = vault.index_key().map_err(|e| vault_error(&e))?;
    match Index::open_or_create(&dir, &key, environment.entropy()) {
        Err(SearchError::Stale(why)) => {
            tracing::info!(%why, "the search index is rebuilt");
            search::reset(&dir)
                .map_err(|e| Error::io("could not delete the index in", &dir, &e))?;
            Index::open_or_create(&dir, &key, environment.entropy()).map_err(|e| search_error(&e))
        }
        other => other.map_err(|e| search_error(&e)),
    }
}

pub(crate) fn search_error(error: &SearchError) -> Error {
    Error::failed(
        error.to_string(),
        "delete the index folder: it is rebuilt from the workspace and nothing is lost",
    )
}

/// Follows the vault to its last visible record. Does nothing when there is nothing new.
pub(crate) async fn catch_up(bench: &Workbench, workspace: &Workspace) -> Result<(), Error> {
    let _alone = workspace.following.lock().await;
    let mut last = {
        let index = workspace
            .index
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        i64::try_from(index.last_seq()).unwrap_or(i64::MAX)
    };
    let newest = workspace
        .vault
        .last_visible_seq()
        .await
        .map_err(|e| vault_error(&e))?;
    if last > newest {
        // The workspace is an older copy than its index: start over.
        let fresh = {
            search::reset(&workspace.vault.index_dir()).map_err(|e| {
                Error::io(
                    "could not delete the index in",
                    &workspace.vault.index_dir(),
                    &e,
                )
            })?;
            open_index(&workspace.vault, &bench.inner.environment)?
        };
        *workspace
            .index
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        last = 0;
    }
    if last >= newest {
        return Ok(());
    }
    let job = bench
        .inner
        .jobs
        .begin("index", "search index".into(), "records");
    job.expect(u64::try_from(newest - last).unwrap_or_default());
    let standing = workspace.standing();
    let result = async {
        let mut writer = {
            let index = workspace
                .index
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            index.writer().map_err(|e| search_error(&e))?
        };
        while last < newest {
            job.check()?;
            let rows = workspace
                .vault
                .rows_after(last, BATCH)
                .await
                .map_err(|e| vault_error(&e))?;
            let Some(end) = rows.last().map(|row| row.seq) else {
                break;
            };
            // What a foreign file was is proof material, not an event that anybody searches for.
            for row in rows
                .iter()
                .filter(|row| row.system != crate::import::FILE_SYSTEM)
            {
                writer
                    .add(&doc(row, &standing))
                    .map_err(|e| search_error(&e))?;
            }
            last = end;
            job.advance(rows.len() as u64);
        }
        tokio::task::spawn_blocking(move || writer.commit(u64::try_from(last).unwrap_or_default()))
            .await
            .map_err(|_| Error::failed("following the vault stopped", "open the workspace again"))?
            .map_err(|e| search_error(&e))?;
        Ok("every record is searchable".to_owned())
    }
    .await;
    job.end(&result);
    result.map(drop)
}

/// What the index may know of a row: exactly what the row shows.
fn doc(row: &EventRow, standing: &Standing) -> Doc {
    let mut subjects = Vec::new();
    let mut values = Vec::new();
    for field in &row.fields {
        match &field.shown {
            RowShown::Handle { subject, .. } => {
                subjects.extend(u64::try_from(*subject).ok());
            }
            RowShown::Kept { text } if field.class != Class::Unknown => {
                if let Some(plain) = plain(text) {
                    values.push((field.path.clone(), plain));
                }
            }
            _ => {}
        }
    }
    subjects.sort_unstable();
    subjects.dedup();
    Doc {
        seq: u64::try_from(row.seq).unwrap_or_default(),
        occurred: row.occurred.or(row.recorded).map(|t| t.timestamp_micros()),
        system: row.system.clone(),
        action: row.action.clone(),
        outcome: row.outcome.clone().unwrap_or_default(),
        origin: standing
            .segment(row.segment)
            .map(|s| s.origin.clone())
            .unwrap_or_default(),
        kind: kind_of(row.kind).into(),
        import: standing
            .segment(row.segment)
            .and_then(|s| u64::try_from(s.import).ok())
            .unwrap_or_default(),
        subjects,
        values,
    }
}

/// The same of a record that is being staged: what [`doc`] gives once its row can be read.
pub(crate) fn doc_of(
    out: &mut Doc,
    seq: i64,
    event: &NewEvent,
    subjects: &[i64],
    origin: &str,
    import: u64,
) {
    out.seq = u64::try_from(seq).unwrap_or_default();
    out.occurred = event
        .occurred
        .or(event.recorded)
        .map(|t| t.timestamp_micros());
    out.system.clone_from(&event.system);
    out.action.clone_from(&event.action);
    out.outcome.clear();
    out.outcome
        .push_str(event.outcome.as_deref().unwrap_or_default());
    origin.clone_into(&mut out.origin);
    kind_of(event.kind).clone_into(&mut out.kind);
    out.import = import;
    out.subjects.clear();
    out.subjects
        .extend(subjects.iter().filter_map(|n| u64::try_from(*n).ok()));
    out.subjects.sort_unstable();
    out.subjects.dedup();
    // The buffers of the record before are used again: most records look alike.
    let mut values = 0;
    for field in &event.minimised {
        if let Shown::Kept { text } = &field.shown
            && field.class != Class::Unknown
            && let Some(plain) = borrowed(text)
        {
            match out.values.get_mut(values) {
                Some((path, value)) => {
                    field.path.clone_into(path);
                    plain.as_ref().clone_into(value);
                }
                None => out.values.push((field.path.clone(), plain.into_owned())),
            }
            values += 1;
        }
    }
    out.values.truncate(values);
}

fn kind_of(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Audit => "audit",
        EventKind::Lifecycle => "lifecycle",
    }
}

/// A kept value as plain text; `null` and empty values are not indexed.
pub(crate) fn plain(value_text: &str) -> Option<String> {
    borrowed(value_text).map(Cow::into_owned)
}

fn borrowed(value_text: &str) -> Option<Cow<'_, str>> {
    match value_text {
        "null" | "\"\"" => None,
        text if text.starts_with('"') => match text.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => string_text(text).map(Cow::Owned),
        },
        text => Some(Cow::Borrowed(text)),
    }
}
