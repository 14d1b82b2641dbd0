//! Rows are derived: when a newer source file says otherwise of their fields, they are made anew from
//! the sealed records, and the index with them. Sealed bytes, leaves and numbers stay as they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use evidence::{Assurance, RecordLine};
use redaction::HandleKey;
use sources::GENERIC_ID;
use tokio::sync::mpsc;
use vault::{NewEvent, RedoneEvent, VaultError};

use bench::about::{ABOUT_FILE, FILE_SYSTEM, minimised};
use bench::jobs::Job;
use bench::known::Known;
use bench::rows::own_row;
use bench::text::{count, grouped};
use bench::view::RebuiltView;
use bench::{Bench, Code, Error};
use follow::{catch_up, start_anew};
use intake::event;
use standing::Workspace;

/// Rows written in one transaction.
const BATCH: usize = 2_000;
/// Bytes of the records that they are made of, after which so many are enough too: a record may have a mebibyte.
const BATCH_BYTES: usize = 4 << 20;
/// Batches on their way between reading and writing.
const IN_FLIGHT: usize = 2;

/// What makes the rows of a segment from its sealed records, as the source files at hand have it.
pub(crate) struct Remaking {
    pub(crate) known: Arc<Known>,
    pub(crate) import: i64,
    /// Whether the records stand in this workspace's own log.
    pub(crate) recommitted: bool,
    pub(crate) handles: HandleKey,
}

impl Remaking {
    /// The row of a record, if `wanted` by the id of its source file and of its schema.
    pub(crate) fn row(
        &self,
        seq: i64,
        index: u64,
        bytes: &[u8],
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Result<Option<RedoneEvent>, VaultError> {
        let line =
            RecordLine::parse(bytes, index).map_err(|e| VaultError::Evidence(e.to_string()))?;
        let (id, version) = line.schema();
        let source = self.known.of_record(self.import, id, version);
        if !wanted(&source.id, id) {
            return Ok(None);
        }
        let fields: Vec<(&str, &str)> = line.fields().collect();
        let made = event(
            source,
            index,
            evidence::Hash([0; 32]),
            &fields,
            bytes.to_vec(),
            &self.handles,
            Assurance::Unproven,
        );
        // A record of this workspace's own log about a file has rules of its own.
        let made = match self.recommitted && id == FILE_SYSTEM {
            true => NewEvent {
                occurred: None,
                recorded: None,
                outcome: None,
                kind: vault::EventKind::Audit,
                system: FILE_SYSTEM.into(),
                action: ABOUT_FILE.into(),
                rules: format!("{FILE_SYSTEM}/1"),
                minimised: minimised(fields.iter().copied()),
                exposures: Vec::new(),
                ..made
            },
            false => made,
        };
        Ok(Some(RedoneEvent {
            seq,
            occurred: made.occurred,
            recorded: made.recorded,
            system: made.system,
            action: made.action,
            outcome: made.outcome,
            kind: made.kind,
            rules: made.rules,
            minimised: made.minimised,
            exposures: made.exposures,
        }))
    }
}

/// Makes every row anew whose source file has changed since, and waits for the end.
pub async fn rebuild(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    everything: bool,
) -> Result<RebuiltView, Error> {
    if everything {
        let known = workspace.known();
        let mut ids: BTreeSet<String> = (known.catalogue.all())
            .map(|file| file.id.clone())
            .collect();
        ids.extend([GENERIC_ID, FILE_SYSTEM].map(str::to_owned));
        let records = redo(bench, workspace, &ids).await?;
        return Ok(RebuiltView { records });
    }
    let records = rebuild_waiting(bench, workspace).await?;
    Ok(RebuiltView { records })
}

/// Makes the rows anew that wait for it; how many there were.
pub async fn rebuild_waiting(bench: &Bench, workspace: &Arc<Workspace>) -> Result<u32, Error> {
    let ids = workspace.vault.rows_waiting().await?;
    if ids.is_empty() {
        return Ok(0);
    }
    redo(bench, workspace, &ids).await
}

async fn redo(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    ids: &BTreeSet<String>,
) -> Result<u32, Error> {
    let job = bench
        .jobs
        .begin("rebuild", "rows under new rules".into(), "records");
    let result = redo_rows(bench, workspace, ids, &job).await;
    job.end(
        &(result.as_ref())
            .map(|rows| {
                format!(
                    "{} records are shown under the new rules",
                    grouped(u64::from(*rows))
                )
            })
            .map_err(Clone::clone),
    );
    result
}

async fn redo_rows(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    ids: &BTreeSet<String>,
    job: &Arc<Job>,
) -> Result<u32, Error> {
    // An import that began under the older rules ends first; its rows are then made anew like the others.
    let importing = workspace.importing.lock().await;
    // The index follows rows by their number, so it cannot follow while they change.
    let alone = workspace.following.lock().await;
    let handles = workspace.vault.handle_key()?;
    let segments = workspace.vault.segments(None).await?;
    job.expect(
        (segments.iter().flat_map(|segment| &segment.runs))
            .map(|run| run.last - run.first)
            .sum(),
    );
    let recommit = workspace.vault.recommit_head().await;
    let recommit = recommit?.origin;
    let mut rows = 0_u32;
    for segment in segments {
        let remaking = Remaking {
            known: workspace.known(),
            import: segment.import,
            recommitted: segment.facts.origin == recommit,
            handles: handles.clone(),
        };
        let (ids, job_too) = (ids.clone(), Arc::clone(job));
        let (batches, mut redone) = mpsc::channel::<Vec<RedoneEvent>>(IN_FLIGHT);
        let runs = segment.runs.clone();
        let last = runs.iter().map(|run| run.last).max().unwrap_or_default();
        let (mut batch, mut bytes_in) = (Vec::with_capacity(BATCH), 0);
        let reading = workspace
            .vault
            .for_each_line(segment.id, move |index, bytes| {
                if job_too.is_cancelled() {
                    return Err(VaultError::ImportOrder("it was cancelled".into()));
                }
                if let Some(seq) = own_row(&runs, index) {
                    job_too.advance(1);
                    let wanted =
                        |source: &str, schema: &str| ids.contains(source) || ids.contains(schema);
                    let row = remaking.row(seq, index, bytes, wanted)?;
                    bytes_in += row.as_ref().map_or(0, |_| bytes.len());
                    batch.extend(row);
                }
                if batch.len() >= BATCH || bytes_in >= BATCH_BYTES || index + 1 == last {
                    bytes_in = 0;
                    let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                    batches
                        .blocking_send(full)
                        .map_err(|_| VaultError::ImportOrder("it was stopped".into()))?;
                }
                Ok(())
            });
        let writing = async {
            let mut written = 0_u32;
            while let Some(batch) = redone.recv().await {
                written += count(batch.len());
                if !batch.is_empty() {
                    workspace.vault.redo_rows(batch).await?;
                }
            }
            Ok::<u32, VaultError>(written)
        };
        let (read, written) = tokio::join!(reading, writing);
        job.check().map_err(|_| {
            Error::new(
                Code::Cancelled,
                "making rows anew was cancelled",
                "rows that are not done yet are made when the workspace is opened next",
            )
        })?;
        rows += written?;
        read?;
    }
    *workspace.tally.lock().await = bench::rows::Tally::default();
    *workspace.hidden.lock().await = None;
    start_anew(bench, workspace, &alone)?;
    drop(alone);
    catch_up(bench, workspace).await?;
    detect::forget(workspace).await?;
    workspace.vault.rows_redone(ids, bench.now()).await?;
    drop(importing);
    bench.vault_changed();
    Ok(rows)
}
