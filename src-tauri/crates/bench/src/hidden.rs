//! What stands in hidden values, by path. Only counts, types and the shapes of paths leave the sealed records, never
//! values or names that may be data.

use std::collections::BTreeMap;
use std::sync::Arc;

use evidence::RecordLine;
use redaction::{Class, SCHEMA_PATH};
use sources::{GENERIC_ID, Pattern, REST, SourceFile, scalars};
use vault::VaultError;

use crate::about::FILE_SYSTEM;
use crate::rows::own_row;
use crate::tally::Found;
pub use crate::tally::{Seen, System};
use crate::workspace::Open;
use crate::{Bench, Error};

/// Distinct paths of one system that are kept apart; a map whose keys are data has more.
pub const MAX_PATHS: usize = 20_000;

/// The hidden paths, read once for each state of the workspace.
pub async fn hidden(
    bench: &Bench,
    workspace: &Open,
) -> Result<Arc<BTreeMap<String, System>>, Error> {
    let newest = workspace.vault.last_visible_seq().await?;
    let mut kept = workspace.hidden.lock().await;
    if let Some(found) = kept.as_ref().filter(|found| found.newest == newest) {
        return Ok(Arc::clone(&found.systems));
    }
    let systems = Arc::new(scan(bench, workspace, None).await?);
    *kept = Some(Found {
        newest,
        systems: Arc::clone(&systems),
    });
    Ok(systems)
}

/// Reads the sealed records and counts what stands in their hidden values. With `only`, of one
/// system and of paths that the pattern takes.
pub async fn scan(
    bench: &Bench,
    workspace: &Open,
    only: Option<(String, Pattern)>,
) -> Result<BTreeMap<String, System>, Error> {
    let job = bench
        .jobs
        .begin("classify", "unclassified fields".into(), "records");
    let result = scan_all(workspace, only, &job).await;
    job.end(
        &(result.as_ref())
            .map(|_| "unclassified fields are counted".to_owned())
            .map_err(Clone::clone),
    );
    result
}

async fn scan_all(
    workspace: &Open,
    only: Option<(String, Pattern)>,
    job: &Arc<crate::jobs::Job>,
) -> Result<BTreeMap<String, System>, Error> {
    let segments = workspace.vault.segments(None).await?;
    job.expect(
        (segments.iter().flat_map(|segment| &segment.runs))
            .map(|run| run.last - run.first)
            .sum(),
    );
    let systems = Arc::new(std::sync::Mutex::new(BTreeMap::<String, System>::new()));
    let mut number = 0_u64;
    for segment in segments {
        let known = workspace.known();
        let (own, job_too, only) = (Arc::clone(&systems), Arc::clone(job), only.clone());
        let (runs, import, first) = (segment.runs.clone(), segment.import, number);
        number += segment.facts.last - segment.facts.first;
        let base = segment.facts.first;
        let read = workspace
            .vault
            .for_each_line(segment.id, move |index, bytes| {
                if job_too.is_cancelled() {
                    return Err(VaultError::ImportOrder("it was cancelled".into()));
                }
                if own_row(&runs, index).is_none() {
                    return Ok(());
                }
                job_too.advance(1);
                let line = RecordLine::parse(bytes, index)
                    .map_err(|e| VaultError::Evidence(e.to_string()))?;
                let (id, version) = line.schema();
                if id == FILE_SYSTEM {
                    return Ok(());
                }
                let source = known.of_record(import, id, version);
                let wanted = (only.as_ref()).is_none_or(|(system, _)| *system == source.id);
                if wanted {
                    let pattern = only.as_ref().map(|(_, pattern)| pattern);
                    let mut systems = crate::jobs::lock(&own);
                    let system = systems.entry(source.id.clone()).or_default();
                    let record = first + (index - base) + 1;
                    if source.id == GENERIC_ID {
                        system.imports.insert(import);
                    }
                    tally(source, &line, record, pattern, system);
                }
                Ok(())
            });
        let read = read.await;
        job.check()?;
        read?;
    }
    let mut systems = std::mem::take(&mut *crate::jobs::lock(&systems));
    systems.retain(|_, system| !system.paths.is_empty());
    Ok(systems)
}

/// Counts the hidden paths of one record, whose number is `record`.
fn tally(
    source: &SourceFile,
    line: &RecordLine<'_>,
    record: u64,
    pattern: Option<&Pattern>,
    system: &mut System,
) {
    let committed: Vec<(&str, &str)> = line.fields().collect();
    let (mut any, mut touched) = (false, false);
    for (path, value) in source.expand(&committed) {
        let hidden = source
            .rule(&path)
            .is_none_or(|rule| rule.class == Class::Unknown);
        if *path == *SCHEMA_PATH || !hidden || matches!(&*value, "{}" | "[]" | "null" | "\"\"") {
            continue;
        }
        any = true;
        let declared = source.declared_path(&path);
        let stem = (declared.strip_suffix(REST))
            .and_then(|stem| stem.strip_suffix('/'))
            .unwrap_or(&declared);
        scalars(stem, &value, &mut |path, value| {
            if pattern.is_some_and(|pattern| !pattern.takes(path)) {
                return;
            }
            touched = true;
            if !system.paths.contains_key(path) {
                if system.paths.len() >= MAX_PATHS {
                    system.more = true;
                    return;
                }
                system.paths.insert(path.to_owned(), Seen::default());
            }
            if let Some(seen) = system.paths.get_mut(path) {
                if seen.last != record {
                    seen.last = record;
                    seen.records += 1;
                }
                seen.fit.add(value);
            }
        });
    }
    system.records += u32::from(any);
    system.touched += u32::from(touched);
}
