//! What is said of a file that is imported: which bytes it is, and what custody records of it.

use evidence::Hash;
use serde_json::{Value, json};
use vault::{Act, ImportMember, SealedFile};

use crate::input::{Input, Part};
use bench::view::NotImportedView;
use bench::{Code, Error};
use standing::Workspace;

/// What came of one file.
pub(crate) enum Outcome {
    /// It is here, as this import.
    Imported(i64),
    /// Bytes of this name were here already, as this import.
    Known(i64, String),
    /// It failed and is sealed in quarantine.
    Quarantined(i64),
    /// It could not be read from where it came, or is not what is listed.
    Failed(NotImportedView),
}

/// Digest of the bytes that are imported, and which part of the original they are.
pub(crate) fn content(input: &Input, sealed: &SealedFile) -> (Hash, Option<ImportMember>) {
    let (name, sha256) = match &input.part {
        Part::Whole => return (sealed.sha256, None),
        Part::Member { entry, sha256 } => (&entry.name, sha256),
        Part::Folder { name, sha256, .. } => (name, sha256),
        Part::Unreadable { name } => (name, &sealed.sha256),
    };
    let member = ImportMember {
        name: name.clone(),
        size: input.size,
        sha256: *sha256,
    };
    (*sha256, Some(member))
}

/// A worker thread ended before its work.
pub fn stopped() -> Error {
    Error::new(
        Code::Failed,
        "a worker stopped",
        "start it again; nothing half done was kept",
    )
}

/// What every import records in custody.
///
/// It names the file by its mark and its sealed name: an entry is readable to every member, and in packets.
pub(crate) fn finished(
    workspace: &Workspace,
    input: &Input,
    sha256: &Hash,
    more: Value,
) -> Result<impl FnOnce(vault::Imported) -> vault::Acts + Send + 'static, Error> {
    let (file, format) = (input.name.clone(), input.format());
    let mark = workspace.vault.mark(sha256)?;
    let mark = mark.to_hex();
    let file = (workspace.vault.hide_name(&file))?;
    Ok(move |imported: vault::Imported| {
        let mut detail = json!({
            "import": imported.import,
            "file": file,
            "format": format,
            "mark": mark,
            "records": imported.records,
        });
        if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
            detail.extend(more);
        }
        Act::new("import.finished", detail).into()
    })
}
