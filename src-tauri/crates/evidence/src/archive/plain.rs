//! A ZIP of files that are no export, under the same strict reading of its directory.

use std::collections::HashSet;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};

use super::bounded::Checked;
use super::{ArchiveError, Bounds, ReadSeek, ZipEntry, shown, zip_directory};

/// Most entries of such an archive.
const MAX_ENTRIES: u64 = 500_000;

/// The files of a ZIP by name.
pub struct ZipFiles {
    archive: Box<dyn ReadSeek>,
    entries: Vec<ZipEntry>,
    bounds: Bounds,
}

impl std::fmt::Debug for ZipFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ZipFiles({} entries)", self.entries.len())
    }
}

impl ZipFiles {
    /// Opens an archive and checks its directory: names that are relative and unique, headers in
    /// agreement, nothing overlapping.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(archive: impl ReadSeek + 'static) -> Result<Self, ArchiveError> {
        let mut archive: Box<dyn ReadSeek> = Box::new(archive);
        let mut entries = zip_directory::read(&mut archive, MAX_ENTRIES)?;
        // A folder's own entry holds nothing.
        entries.retain(|entry| !(entry.name.ends_with('/') && entry.size == 0));
        let mut names = HashSet::new();
        for (number, entry) in entries.iter().enumerate() {
            let name = entry.name.as_str();
            let climbs = name.split('/').any(|part| part == ".." || part == ".");
            let odd = |c: char| c.is_control() || c == '\\' || c == ':';
            if name.is_empty() || name.starts_with('/') || climbs || name.chars().any(odd) {
                return Err(ArchiveError::UnsafeName(number));
            }
            if !names.insert(name) {
                return Err(ArchiveError::DuplicateName(shown(name)));
            }
        }
        Ok(Self {
            archive,
            entries,
            bounds: Bounds::default(),
        })
    }

    /// Its files, in the order of the directory.
    pub fn entries(&self) -> &[ZipEntry] {
        &self.entries
    }

    /// The bytes of one file, at most `limit` of them.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn read(&mut self, number: usize, limit: u64) -> Result<Vec<u8>, ArchiveError> {
        let entry = self
            .entries
            .get(number)
            .ok_or(ArchiveError::Missing("of that number"))?;
        if entry.size > limit || entry.size > self.bounds.allowed(entry.packed) {
            return Err(ArchiveError::Expands(shown(&entry.name)));
        }
        self.archive.seek(SeekFrom::Start(entry.offset))?;
        let packed = (&mut self.archive).take(entry.packed);
        let mut bytes = Vec::new();
        let read = if entry.deflated {
            let inflated = flate2::read::DeflateDecoder::new(BufReader::new(packed));
            Checked::new(inflated, entry, "a file of the archive").read_to_end(&mut bytes)
        } else {
            Checked::new(packed, entry, "a file of the archive").read_to_end(&mut bytes)
        };
        read.map_err(ArchiveError::from_io)?;
        Ok(bytes)
    }
}
