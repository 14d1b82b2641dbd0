//! Pinning: a record becomes evidence of an incident. What a packet may later need of it
//! is materialised here, by a member who can open the originals, so that a reviewer, who
//! cannot, can still build the packet.

use casework::{Command, EvidenceRef};
use chrono::{DateTime, Utc};
use evidence::{DisclosedRecord, RecordLine, SchemaRef};
use redaction::Class;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault::{EventRow, RowShown};

use super::show::PinnedRow;
use super::{json, load};
use crate::view::ActedView;
use crate::workspace::vault_error;
use crate::{Code, Error, Workbench};
use bench::about::{FILE_SYSTEM, has_path};
use bench::rows::one_row;
use bench::rows::system_title;
use standing::Workspace;
use standing::row_view;

/// A pinned record as the database keeps it: its commitments, and values and salts only of
/// fields that any audience may see in the open. Seeds and withheld salts stay sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Disclosure {
    pub(crate) seq: u64,
    pub(crate) segment: i64,
    pub(crate) import: i64,
    pub(crate) origin: String,
    /// Source file id and record type.
    pub(crate) system: String,
    pub(crate) action: String,
    pub(crate) title: String,
    /// Handles as shown in the workspace.
    pub(crate) subject: Option<String>,
    pub(crate) actor: Option<String>,
    pub(crate) occurred: Option<DateTime<Utc>>,
    pub(crate) recorded: Option<DateTime<Utc>>,
    pub(crate) imported: DateTime<Utc>,
    pub(crate) note: Option<String>,
    /// Fields of C0 to C2 and H with value and salt, all others as commitments.
    pub(crate) record: DisclosedRecord,
    /// Class of every field, and the subject behind it, in the record's order.
    pub(crate) fields: Vec<PinnedField>,
}

/// What is known of one field of a pinned record without its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PinnedField {
    pub(crate) path: String,
    pub(crate) class: Class,
    /// Subject number and domain, where the value is an identity.
    pub(crate) subject: Option<(i64, String)>,
    /// Type tag or size, where that is all that may be said.
    pub(crate) said: Option<String>,
}

impl Workbench {
    /// Pins records as evidence. A record that is pinned already keeps its id.
    pub async fn pin_records(
        &self,
        incident: String,
        seqs: Vec<u32>,
        note: Option<String>,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
        // A number that does not exist is told before anything is pinned.
        for seq in &seqs {
            one_row(&workspace, i64::from(*seq)).await?;
        }
        let mut recorded = Vec::new();
        for seq in seqs {
            let disclosure = disclose(&workspace, i64::from(seq), note.clone()).await?;
            let standing = workspace.standing();
            let of_segment = standing.of_record(disclosure.segment, disclosure.record.index);
            let reference = EvidenceRef {
                seq: u64::from(seq),
                import: disclosure.import.to_string(),
                assurance: of_segment
                    .map(|s| s.assurance.word())
                    .unwrap_or_default()
                    .into(),
                verdict: of_segment
                    .map(|s| s.verdict.word())
                    .unwrap_or_default()
                    .into(),
                title: disclosure.title.clone(),
                occurred: disclosure.occurred,
                recorded: disclosure.recorded,
                imported: disclosure.imported,
                collected: None,
                period: None,
                valid_until: None,
            };
            let _acting = workspace.acting.lock().await;
            let loaded = load(&workspace, &incident).await?;
            let command = Command::Pin {
                evidence: reference,
            };
            let (events, after) = self
                .decided(&workspace, &loaded, &command, &workspace.me())
                .await?;
            if events.is_empty() {
                recorded.push(format!("record #{seq} is pinned already"));
                continue;
            }
            recorded.extend(events.iter().map(|e| super::show::activity(e).text));
            let (id, version) = (incident.clone(), loaded.version);
            let (events, state): (Vec<Value>, Value) =
                (events.iter().map(json).collect(), json(&after));
            let body = json(&disclosure);
            workspace
                .vault
                .write(self.now(), move |tx| {
                    tx.pin_evidence(&id, Some(i64::from(seq)), &body)?;
                    let acts = tx.append_incident(&id, version, &events, &state, None)?;
                    Ok(((), acts))
                })
                .await
                .map_err(|e| vault_error(&e))?;
        }
        self.acted(&workspace, &incident, recorded).await
    }
}

async fn disclose(
    workspace: &Workspace,
    seq: i64,
    note: Option<String>,
) -> Result<Disclosure, Error> {
    let row = one_row(workspace, seq).await?;
    let standing = workspace.standing();
    let segment = workspace
        .vault
        .segment(row.segment)
        .await
        .map_err(|e| vault_error(&e))?;
    let import = workspace
        .vault
        .import(segment.import)
        .await
        .map_err(|e| vault_error(&e))?;
    let line = workspace
        .vault
        .record_line(seq)
        .await
        .map_err(|e| vault_error(&e))?;
    let record = RecordLine::parse(&line, row.index)
        .map_err(|error| Error::failed(format!("record #{seq}: {error}"), "run fsck"))?
        .to_owned();
    if record.leaf() != row.leaf {
        return Err(Error::failed(
            format!("record #{seq} is not the one that was imported"),
            "run fsck: the sealed file or the row was changed",
        ));
    }
    if !may_leave(
        workspace,
        record.fields.iter().map(|f| f.path.as_str()),
        || record.schema().ok(),
    ) {
        return Err(Error::new(
            Code::Refused,
            format!(
                "record #{seq} has fields under names that no source file declares; it leaves the vault only as a leaf hash"
            ),
            "add a version of its source file that declares them, if their names may be seen; then pin it",
        ));
    }
    let fields: Vec<PinnedField> = row.fields.iter().map(pinned_field).collect();
    let view = row_view(workspace, &standing, &row, None);
    let open = |n: usize, path: &str| is_open(&row, &fields, n, path);
    Ok(Disclosure {
        seq: u64::try_from(seq).unwrap_or_default(),
        segment: row.segment,
        import: segment.import,
        origin: segment.facts.origin,
        system: row.system.clone(),
        action: row.action.clone(),
        title: view.title,
        subject: view.subject,
        actor: view.actor,
        occurred: row.occurred,
        recorded: row.recorded,
        imported: import.finished,
        note,
        record: record.disclose(open),
        fields,
    })
}

/// Whether a record may leave the vault as more than a leaf hash: its entry carries its paths, so each
/// must be one that its source file spells. A record about a file of this workspace's own log has paths
/// of the program's.
pub(crate) fn may_leave<'p>(
    workspace: &Workspace,
    paths: impl IntoIterator<Item = &'p str>,
    schema: impl FnOnce() -> Option<SchemaRef>,
) -> bool {
    schema().is_some_and(|schema| match schema.id == FILE_SYSTEM {
        true => paths.into_iter().all(has_path),
        false => (workspace.known().catalogue).spells_all(&schema.id, paths),
    })
}

/// Whether a field's value may lie in the database: its class is open, and its row shows it.
fn is_open(row: &EventRow, fields: &[PinnedField], n: usize, path: &str) -> bool {
    if path == redaction::SCHEMA_PATH {
        return true;
    }
    // A row may show parts of what the record holds as one field, so places differ.
    let at = row.fields.get(n).filter(|f| f.path == path).map(|_| n);
    let at = at.or_else(|| row.fields.iter().position(|f| f.path == path));
    let shown = at.and_then(|at| row.fields.get(at)).map(|f| &f.shown);
    let class = at
        .and_then(|at| fields.get(at))
        .map_or(Class::Unknown, |f| f.class);
    match class {
        Class::C0 | Class::C1 | Class::C2 => matches!(shown, Some(RowShown::Kept { .. })),
        Class::H => matches!(shown, Some(RowShown::Handle { .. } | RowShown::Kept { .. })),
        _ => false,
    }
}

fn pinned_field(field: &vault::RowField) -> PinnedField {
    let (subject, said) = match &field.shown {
        RowShown::Handle {
            subject, domain, ..
        } => (Some((*subject, domain.clone())), None),
        RowShown::TypeTag { tag } => (None, Some(tag.clone())),
        RowShown::Presence { size } => (None, Some(size.title().to_owned())),
        RowShown::Kept { .. } | RowShown::Hidden => (None, None),
    };
    PinnedField {
        path: field.path.clone(),
        class: field.class,
        subject,
        said,
    }
}

/// The newest disclosure of every record that is pinned to an incident.
pub(crate) async fn disclosures(
    workspace: &Workspace,
    incident: &str,
) -> Result<Vec<Disclosure>, Error> {
    let mut newest: std::collections::BTreeMap<u64, (i64, Disclosure)> =
        std::collections::BTreeMap::new();
    for pinned in workspace
        .vault
        .evidence(incident)
        .await
        .map_err(|e| vault_error(&e))?
    {
        let disclosure: Disclosure = serde_json::from_value(pinned.body).map_err(|error| {
            Error::failed(
                format!(
                    "pinned evidence {} cannot be read (column {})",
                    pinned.id,
                    error.column()
                ),
                "pin the record again",
            )
        })?;
        let kept = newest
            .entry(disclosure.seq)
            .or_insert((pinned.revision, disclosure.clone()));
        if pinned.revision > kept.0 {
            *kept = (pinned.revision, disclosure);
        }
    }
    Ok(newest
        .into_values()
        .map(|(_, disclosure)| disclosure)
        .collect())
}

/// How pinned records are shown in lists and the timeline.
pub(super) async fn rows(workspace: &Workspace, incident: &str) -> Result<Vec<PinnedRow>, Error> {
    Ok(disclosures(workspace, incident)
        .await?
        .into_iter()
        .map(|d| PinnedRow {
            seq: d.seq,
            system: system_title(workspace, &d.system),
            subject: d.subject,
            note: d.note,
        })
        .collect())
}
