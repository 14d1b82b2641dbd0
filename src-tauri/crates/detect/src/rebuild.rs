//! Everything derived, forgotten and found again: exposures in the sealed records, the rest in the rows.

use std::sync::{Arc, Mutex};

use evidence::RecordLine;
use vault::ExposureRow;

use bench::jobs::lock;
use bench::rows::own_row;
use bench::view::DetectionsView;
use bench::{Bench, Error};
use standing::Workspace;

/// Exposures written in one transaction.
const BATCH: usize = 10_000;

/// Forgets exposures, lives and candidates and finds them again. What people decided is in the ledger and
/// stays. Needs the key to the originals.
pub async fn rebuild_detections(
    bench: &Bench,
    workspace: &Workspace,
) -> Result<DetectionsView, Error> {
    let found = exposures(workspace).await?;
    workspace
        .vault
        .derive(move |d| {
            d.clear()?;
            d.clear_exposures()?;
            found
                .chunks(BATCH)
                .try_for_each(|some| d.add_exposures(some))
        })
        .await?;
    crate::show::detections(bench, workspace, false).await
}

/// What stands exposed in the sealed records that have rows.
async fn exposures(workspace: &Workspace) -> Result<Vec<ExposureRow>, Error> {
    let handles = workspace.vault.handle_key()?;
    let found = Arc::new(Mutex::new(Vec::new()));
    for segment in workspace.vault.segments(None).await? {
        let (into, known, handles) = (Arc::clone(&found), workspace.known(), handles.clone());
        let runs = segment.runs.clone();
        workspace
            .vault
            .for_each_line(segment.id, move |index, line| {
                let Some(seq) = own_row(&runs, index) else {
                    return Ok(());
                };
                let Ok(record) = RecordLine::parse(line, index) else {
                    return Ok(());
                };
                let (id, version) = record.schema();
                if id == bench::about::FILE_SYSTEM {
                    return Ok(());
                }
                let source = known
                    .catalogue
                    .governing(id, version)
                    .unwrap_or_else(|| sources::Catalogue::generic());
                // As the row shows it: parts that a newer version declares stand by themselves.
                let committed: Vec<(&str, &str)> = record.fields().collect();
                let parts = source.expand(&committed);
                let fields: Vec<(&str, &str)> = parts
                    .iter()
                    .map(|(path, value)| (&**path, &**value))
                    .collect();
                let mut minimised = redaction::minimise(
                    &|path| source.rule(path),
                    fields.iter().copied(),
                    &handles,
                );
                let exposed =
                    redaction::exposure::withhold(line, fields.iter().copied(), &mut minimised);
                lock(&into).extend(exposed.into_iter().map(|one| ExposureRow {
                    seq,
                    path: one.path,
                    kind: one.kind.code().to_owned(),
                }));
                Ok(())
            })
            .await?;
    }
    let found = std::mem::take(&mut *lock(&found));
    Ok(found)
}
