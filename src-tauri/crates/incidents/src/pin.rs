//! Pinning: a record becomes evidence of an incident. What a packet may later need of it
//! is materialised here, by a member who can open the originals, so that a reviewer, who
//! cannot, can still build the packet.

use chrono::{DateTime, Utc};
use evidence::{DisclosedRecord, RecordLine, SchemaRef};
use redaction::Class;
use serde::{Deserialize, Serialize};
use vault::{EventRow, RowShown};

use crate::show::PinnedRow;
use bench::about::{FILE_SYSTEM, has_path};
use bench::rows::one_row;
use bench::rows::system_title;
use bench::{Code, Error};
use standing::Workspace;
use standing::row_view;

/// A pinned record as the database keeps it: its commitments, and values and salts only of
/// fields that any audience may see in the open. Seeds and withheld salts stay sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disclosure {
    /// Number of its event.
    pub seq: u64,
    /// Segment that the record was taken from: the one that holds it best.
    pub segment: i64,
    /// Import that brought it.
    pub import: i64,
    /// Whose log it is of.
    pub origin: String,
    /// Source file id and record type.
    pub system: String,
    /// Record type.
    pub action: String,
    /// What it is, in words.
    pub title: String,
    /// Handles as shown in the workspace.
    pub subject: Option<String>,
    /// Who did it, as shown.
    pub actor: Option<String>,
    /// When it occurred, as its source says.
    pub occurred: Option<DateTime<Utc>>,
    /// When its source recorded it.
    pub recorded: Option<DateTime<Utc>>,
    /// When it was imported.
    pub imported: DateTime<Utc>,
    /// Why it was pinned.
    pub note: Option<String>,
    /// Fields of C0 to C2 and H with value and salt, all others as commitments.
    pub record: DisclosedRecord,
    /// Class of every field, and the subject behind it, in the record's order.
    pub fields: Vec<PinnedField>,
}

/// What is known of one field of a pinned record without its value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinnedField {
    /// Path of the field.
    pub path: String,
    /// Its class.
    pub class: Class,
    /// Subject number and domain, where the value is an identity.
    pub subject: Option<(i64, String)>,
    /// Type tag or size, where that is all that may be said.
    pub said: Option<String>,
}

pub(crate) async fn disclose(
    workspace: &Workspace,
    seq: i64,
    note: Option<String>,
) -> Result<Disclosure, Error> {
    let row = one_row(workspace, seq).await?;
    let standing = workspace.standing();
    // Of several files that tell the event, the one that proves it best.
    let (holder, index) = standing.best_place(seq, row.segment, row.index);
    let own = (holder, index) == (row.segment, row.index);
    let segment = workspace.vault.segment(holder).await?;
    let import = workspace.vault.import(segment.import).await?;
    let places = [(row.segment, row.index), (holder, index)];
    let lines = workspace.vault.lines_at(&places).await?;
    let read = |line: &[u8], index: u64| {
        RecordLine::parse(line, index)
            .map(|line| line.to_owned())
            .map_err(|error| Error::failed(format!("record #{seq}: {error}"), "run fsck"))
    };
    let of_row = read(&lines[0], row.index)?;
    let record = read(&lines[1], index)?;
    let tells_the_same = || {
        let known = workspace.known();
        let source = known.catalogue.get(&row.system, None);
        let told = |record: &evidence::Record| {
            let fields = record.fields.iter();
            source.and_then(|s| s.identity(fields.map(|f| (f.path.as_str(), f.value.as_str()))))
        };
        told(&record).is_some_and(|told_so| told(&of_row) == Some(told_so))
    };
    if of_row.leaf() != row.leaf || !(own || tells_the_same()) {
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
        segment: holder,
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
pub fn may_leave<'p>(
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
pub async fn disclosures(workspace: &Workspace, incident: &str) -> Result<Vec<Disclosure>, Error> {
    let mut newest: std::collections::BTreeMap<u64, (i64, Disclosure)> =
        std::collections::BTreeMap::new();
    for pinned in workspace.vault.evidence(incident).await? {
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
pub(crate) async fn rows(workspace: &Workspace, incident: &str) -> Result<Vec<PinnedRow>, Error> {
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
