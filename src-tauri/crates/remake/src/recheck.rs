//! What is shown, compared with what is sealed: every row is made anew from its sealed record, and everything derived
//! from the rows once more from them. A difference is a finding of `fsck`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evidence::Assurance;
use tokio::sync::mpsc;
use vault::{Check, MadeRow, VaultError};

use crate::rebuild::Remaking;
use bench::about::{ABOUT_FILE, FILE_SYSTEM};
use bench::jobs::Job;
use bench::rows::own_row;
use bench::text::grouped;
use bench::{Bench, Code, Error};
use standing::Workspace;

/// Rows compared at once.
const BATCH: usize = 2_000;
/// Bytes of the records that they are made of, after which so many are enough too: a record may have a mebibyte.
const BATCH_BYTES: usize = 4 << 20;
/// Batches on their way between making and comparing.
const IN_FLIGHT: usize = 2;
/// Rows that a finding names; of more it says how many there are.
const NAMED: usize = 8;

/// Compares all rows with their sealed records. A member who cannot open these makes no such check.
pub async fn rows(workspace: &Arc<Workspace>) -> Result<Option<Check>, Error> {
    let Ok(handles) = workspace.vault.handle_key() else {
        return Ok(None);
    };
    let recommit = workspace.vault.recommit_head().await;
    let recommit = recommit?.origin;
    let segments = workspace.vault.segments(None).await;
    let (mut compared, mut wrong, mut more) = (0_u64, Vec::new(), 0_u64);
    for segment in segments? {
        let remaking = Remaking {
            known: workspace.known(),
            import: segment.import,
            recommitted: segment.facts.origin == recommit,
            handles: handles.clone(),
        };
        let (batches, mut made) = mpsc::channel::<Vec<MadeRow>>(IN_FLIGHT);
        let (id, runs) = (segment.id, segment.runs.clone());
        let last = runs.iter().map(|run| run.last).max().unwrap_or_default();
        let mut claimed = segment.facts.verdict["assurance"].clone();
        // A manifest that came later raised it; its record says what it was when it came.
        if segment.facts.verdict["later"] == true {
            claimed = Assurance::Unproven.word().into();
        }
        let (mut batch, mut bytes_in) = (Vec::with_capacity(BATCH), 0);
        let mut lies = BTreeMap::new();
        let reading = workspace.vault.for_each_line(id, move |index, bytes| {
            if let Some(seq) = own_row(&runs, index)
                && let Some(row) = remaking.row(seq, index, bytes, |_, _| true)?
            {
                bytes_in += bytes.len();
                batch.push(MadeRow {
                    segment: id,
                    index,
                    row,
                });
            }
            if batch.len() >= BATCH || bytes_in >= BATCH_BYTES || index + 1 == last {
                bytes_in = 0;
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                let sent = batches.blocking_send(full);
                sent.map_err(|_| VaultError::ImportOrder("it was stopped".into()))?;
            }
            Ok(())
        });
        let comparing = async {
            while let Some(batch) = made.recv().await {
                compared += batch.len() as u64;
                for made in &batch {
                    // What a foreign file was claimed to be stands in the record about it.
                    let claim = made.row.minimised.iter().find(|f| f.path == "/assurance");
                    if let (ABOUT_FILE, FILE_SYSTEM, Some(claim)) =
                        (made.row.action.as_str(), made.row.system.as_str(), claim)
                        && !says(claim, &claimed)
                    {
                        lies.insert(made.row.seq, "what its file was claimed to be");
                    }
                }
                let found = workspace.vault.compare_rows(&batch).await?;
                lies.extend(found.into_iter().map(|d| (d.seq, d.what)));
            }
            Ok::<(), VaultError>(())
        };
        let (read, done) = tokio::join!(reading, comparing);
        done?;
        if let Err(error) = read {
            lies.insert(-1, "its records cannot be read");
            tracing::debug!(%error, "a segment was not compared");
        }
        for (seq, what) in lies {
            if wrong.len() < NAMED {
                wrong.push(match seq {
                    -1 => format!("segment {id}: {what}"),
                    seq => format!("record {seq}: {what}"),
                });
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        wrong.push(format!("and {} more", grouped(more)));
    }
    let ok = wrong.is_empty();
    Ok(Some(Check {
        name: "shown rows".to_owned(),
        ok,
        detail: match ok {
            true => format!("{} rows are as their records make them", grouped(compared)),
            false => format!("not as the sealed record makes it: {}", wrong.join("; ")),
        },
    }))
}

/// Compares the index with what the rows make of it; what said something else is made anew.
pub async fn index(bench: &Bench, workspace: &Workspace, job: &Job) -> Result<Check, Error> {
    let compared = follow::compare_index(bench, workspace, job).await;
    let (differing, events) = match compared {
        Err(error) => return not_made("search index", error),
        Ok(compared) => compared,
    };
    let ranges: Vec<String> = (differing.iter().take(NAMED))
        .map(|range| {
            format!(
                "{} to {}",
                grouped(*range.start().max(&1)),
                grouped(*range.end())
            )
        })
        .collect();
    Ok(Check {
        name: "search index".to_owned(),
        ok: differing.is_empty(),
        detail: match differing.is_empty() {
            true => format!(
                "{} records are found by what their rows show",
                grouped(events)
            ),
            false => format!(
                "records numbered {} were not found by what their rows show{}{}",
                ranges.join(", "),
                if differing.len() > NAMED {
                    " and others"
                } else {
                    ""
                },
                anew(workspace),
            ),
        },
    })
}

/// Compares lives and detection candidates with what the rows make of them; what was otherwise is made anew.
pub async fn derived(bench: &Bench, workspace: &Workspace) -> Result<Option<Check>, Error> {
    if workspace.vault.read_only() {
        return Ok(None);
    }
    let state = || async {
        let state = workspace.vault.derived_state().await;
        state.map_err(Error::from)
    };
    let both = async {
        detect::follow(bench, workspace).await?;
        let before = state().await?;
        detect::forget(workspace).await?;
        detect::follow(bench, workspace).await?;
        Ok((before, state().await?))
    };
    let (before, after) = match both.await {
        Err(error) => return not_made("lives and detections", error).map(Some),
        Ok(both) => both,
    };
    let mut wrong = Vec::new();
    if before.steps != after.steps {
        wrong.push("which records took part in the lives of subjects".to_owned());
    }
    if before.states != after.states {
        wrong.push("the states of subjects".to_owned());
    }
    let ids: BTreeSet<&String> = before
        .candidates
        .keys()
        .chain(after.candidates.keys())
        .collect();
    let otherwise = ids
        .into_iter()
        .filter(|id| before.candidates.get(*id) != after.candidates.get(*id));
    let otherwise = otherwise.count() as u64;
    if otherwise > 0 {
        wrong.push(format!("{} detection candidates", grouped(otherwise)));
    }
    let ok = wrong.is_empty();
    Ok(Some(Check {
        name: "lives and detections".to_owned(),
        ok,
        detail: match ok {
            true => format!(
                "{} candidates are as their records make them",
                grouped(after.candidates.len() as u64)
            ),
            false => format!(
                "not as the records make it: {}{}",
                wrong.join(", "),
                anew(workspace)
            ),
        },
    }))
}

/// A comparison that a damaged row ended: that is a finding, and keeps nobody from reading the others.
fn not_made(name: &str, error: Error) -> Result<Check, Error> {
    match error.code {
        Code::Cancelled => Err(error),
        _ => Ok(Check {
            name: name.to_owned(),
            ok: false,
            detail: format!("not compared: {}", error.message),
        }),
    }
}

fn anew(workspace: &Workspace) -> &'static str {
    match workspace.vault.read_only() {
        true => "; it is made anew once the workspace can be written",
        false => "; it was made anew",
    }
}

fn says(claim: &redaction::MinimisedField, claimed: &serde_json::Value) -> bool {
    match &claim.shown {
        redaction::Shown::Kept { text } => {
            serde_json::from_str::<serde_json::Value>(text).is_ok_and(|text| text == *claimed)
        }
        _ => false,
    }
}
