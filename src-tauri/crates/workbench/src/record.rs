//! One record in full: fields as this member may see them, and how it is proven.

use redaction::Class;
use vault::{EventRow, RowShown};

use crate::text::{count, time};
use crate::view::{FieldView, ProofView, RecordView, RetoldView};
use crate::{Error, Workbench};
use bench::rows::{one_row, own_row};
use standing::row_view;
use standing::{Standing, Workspace};

impl Workbench {
    /// A record with its minimised fields, its proof and the lifecycle of its subject.
    pub async fn record(&self, seq: u32) -> Result<RecordView, Error> {
        let workspace = self.workspace().await?;
        let row = one_row(&workspace, i64::from(seq)).await?;
        let standing = workspace.standing();
        let (holder, index) = standing.best_place(row.seq, row.segment, row.index);
        let segment = workspace.vault.segment(holder).await?;
        let import = workspace.vault.import(segment.import).await?;
        let of_segment = standing
            .of_record(row.segment, row.index)
            .ok_or_else(|| Error::failed("the record's segment is not known", "run fsck"))?;
        let pinned = workspace
            .vault
            .incidents()
            .await?
            .into_iter()
            .filter(|incident| {
                incident.state["evidence"].as_array().is_some_and(|pieces| {
                    pieces
                        .iter()
                        .any(|p| p["seq"].as_i64() == Some(row.seq) && p["unpinned"].is_null())
                })
            })
            .map(|incident| incident.id)
            .collect::<Vec<_>>();
        let mut signers: Vec<String> = of_segment
            .signers
            .iter()
            .map(|key| {
                format!(
                    "{} · {} · {}",
                    key.name(),
                    key.algorithm().word(),
                    &key.fingerprint().to_hex()[..16]
                )
            })
            .collect();
        if of_segment.recommitted {
            signers.push(format!("{} · this workspace", of_segment.origin));
        }
        let leaf = standing
            .retold(holder)
            .iter()
            .find(|one| holder != row.segment && one.index == index)
            .map_or(row.leaf, |one| one.leaf);
        Ok(RecordView {
            row: row_view(&workspace, &standing, &row, Some(&pinned)),
            recorded: row.recorded.map(time),
            imported: time(import.finished),
            occurred_text: occurred_text(&workspace, &row),
            fields: row
                .fields
                .iter()
                .map(|f| field_view(&workspace, &row.system, f))
                .collect(),
            proof: ProofView {
                assurance: of_segment.assurance.word().into(),
                verdict: of_segment.verdict.word().into(),
                origin: of_segment.origin.clone(),
                index,
                first: of_segment.first,
                last: of_segment.last,
                leaf: leaf.to_string(),
                root: of_segment.root.to_string(),
                signers,
                claim: of_segment.claim(),
            },
            lifecycle: detect::lifecycle(self.bench(), &workspace, &row).await?,
            detections: workspace
                .vault
                .proven_by(&[row.seq])
                .await?
                .into_iter()
                .map(|(_, id)| id)
                .collect(),
            file: import.name,
            import: count(import.id),
            retold: retold(&workspace, &standing, &row, (holder, index)).await?,
        })
    }
}

/// Other records of a row's event than the one that proves it.
async fn retold(
    workspace: &Workspace,
    standing: &Standing,
    row: &EventRow,
    best: (i64, u64),
) -> Result<Vec<RetoldView>, Error> {
    // What tells it again, the row's own record where another proves it better, and what the row itself disputes.
    let mut places: Vec<(i64, u64, Option<i64>)> = vec![(row.segment, row.index, None)];
    for one in standing.retold_of(row.seq) {
        let own = match one.same {
            true => None,
            false => {
                let segment = workspace.vault.segment(one.segment).await;
                own_row(&segment?.runs, one.index)
            }
        };
        places.push((one.segment, one.index, own));
    }
    places.retain(|(segment, index, _)| (*segment, *index) != best);
    let disputes: Vec<i64> = (standing.retold(row.segment).iter())
        .filter(|one| !one.same && one.index == row.index)
        .map(|one| one.seq)
        .collect();
    for other in workspace.vault.rows(&disputes).await? {
        places.push((other.segment, other.index, Some(other.seq)));
    }
    let mut views = Vec::new();
    for (segment, index, otherwise) in places {
        let stands = match otherwise {
            Some(_) => standing.of_record(segment, index),
            None => standing.segment(segment),
        };
        let Some(stands) = stands else { continue };
        let import = workspace.vault.import(stands.import).await?;
        views.push(RetoldView {
            file: import.name,
            import: count(import.id),
            assurance: stands.assurance.word().into(),
            verdict: stands.verdict.word().into(),
            otherwise: otherwise.map(count),
        });
    }
    Ok(views)
}

/// The occurred time as the source wrote it, where it is shown at all; or that it could not be read.
fn occurred_text(workspace: &Workspace, row: &EventRow) -> Option<String> {
    let known = workspace.known();
    let source = known.catalogue.get(&row.system, None)?;
    let kept = row.fields.iter().filter_map(|f| match &f.shown {
        RowShown::Kept { text } => Some((f.path.as_str(), text.as_str())),
        _ => None,
    });
    if let Some(moment) = source.headline(kept).occurred {
        return Some(moment.original);
    }
    // Said, so that nobody takes a record for one without a time.
    let field = row
        .fields
        .iter()
        .find(|f| Some(f.path.as_str()) == source.time_field())?;
    Some(match &field.shown {
        RowShown::Kept { text } if !matches!(text.as_str(), "null" | "\"\"") => {
            format!("{UNREAD}: {}", bench::text::plain(text).unwrap_or_default())
        }
        RowShown::Kept { .. } => return None,
        _ => UNREAD.into(),
    })
}

/// A time that is not of the form that its source file states.
const UNREAD: &str = "time not read";

fn field_view(workspace: &Workspace, system: &str, field: &vault::RowField) -> FieldView {
    let (shown, text) = match &field.shown {
        RowShown::Kept { text } => (
            "kept",
            Some(bench::text::plain(text).unwrap_or_else(|| "–".into())),
        ),
        RowShown::Handle { handle, .. } => (
            "handle",
            Some(handle.clone().unwrap_or_else(|| "erased".into())),
        ),
        RowShown::TypeTag { tag } => ("type-tag", Some(tag.clone())),
        RowShown::Presence { size } => ("presence", Some(size.title().to_owned())),
        RowShown::Hidden => ("hidden", None),
    };
    FieldView {
        title: workspace
            .known()
            .catalogue
            .get(system, None)
            .and_then(|s| s.describe(&field.path))
            .map_or_else(|| field.path.clone(), |d| d.title.clone()),
        path: field.path.clone(),
        class: field.class.code().into(),
        class_title: Class::title(field.class).into(),
        shown: shown.into(),
        text,
    }
}
