//! An export that lies in a folder, opened without following a link in it.

use std::path::Path;

use evidence::ArchiveError;
use evidence::archive::ExportFiles;
use files::{Folder, Kind};

/// The files of an export folder, with all checks of an export's container.
///
/// # Errors
/// [`ArchiveError`], also where the folder cannot be read.
pub fn open_export_folder(path: &Path) -> Result<ExportFiles, ArchiveError> {
    let folder = Folder::open(path)?;
    let entries = folder.entries()?.into_iter();
    let entries = entries.map(|entry| (entry.name, entry.kind == Kind::File));
    ExportFiles::open_folder(entries, &mut |name| Ok(Box::new(folder.open_file(name)?)))
}
