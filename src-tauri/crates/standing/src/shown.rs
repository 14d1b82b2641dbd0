//! A row as it is shown, with what may be claimed of its record.

use vault::{EventRow, RowShown};

use crate::Workspace;
use crate::standing::Standing;
use bench::rows::system_title;
use bench::text::{count, time};
use bench::view::RowView;

/// A row of a list.
pub fn row_view(
    workspace: &Workspace,
    standing: &Standing,
    row: &EventRow,
    pinned: Option<&Vec<String>>,
) -> RowView {
    let known = workspace.known();
    let source = known.catalogue.get(&row.system, None);
    let plain: Vec<(&str, &str)> = row
        .fields
        .iter()
        .filter_map(|f| match &f.shown {
            RowShown::Kept { text } => Some((f.path.as_str(), text.as_str())),
            // Present, but only by handle: the headline needs to know that it is there.
            RowShown::Handle { .. } => Some((f.path.as_str(), "\"…\"")),
            _ => None,
        })
        .collect();
    let headline = source.map(|s| s.headline(plain.iter().copied()));
    let shown = |path: &String| {
        row.fields
            .iter()
            .find(|f| f.path == *path)
            .and_then(|f| match &f.shown {
                RowShown::Handle { handle, .. } => handle.clone(),
                RowShown::Kept { text } => bench::text::plain(text),
                _ => None,
            })
    };
    let of_segment = standing.of_record(row.segment, row.index);
    RowView {
        seq: count(row.seq),
        occurred: row.occurred.map(time),
        system: system_title(workspace, &row.system),
        system_id: row.system.clone(),
        action: row.action.clone(),
        title: source.map_or_else(
            || row.action.clone(),
            |s| s.title_of(&row.action, row.outcome.as_deref()),
        ),
        kind: match row.kind {
            vault::EventKind::Audit => "audit",
            vault::EventKind::Lifecycle => "lifecycle",
        }
        .into(),
        subject: headline
            .as_ref()
            .and_then(|h| h.subjects.iter().find_map(shown)),
        actor: headline
            .as_ref()
            .and_then(|h| h.actor.as_ref())
            .and_then(shown),
        outcome: row.outcome.clone(),
        assurance: of_segment
            .map_or(row.assurance, |s| s.assurance)
            .word()
            .into(),
        verdict: of_segment
            .map(|s| s.verdict.word())
            .unwrap_or_default()
            .into(),
        pinned: pinned.cloned().unwrap_or_default(),
    }
}
