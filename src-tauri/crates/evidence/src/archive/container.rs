//! A ZIP of ordinary files, such as logs with their manifest or several export folders, behind the same
//! door as an export's: every entry once, headers in agreement, nothing overlapping, bounded sizes and ratios.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read, Seek, SeekFrom};

use super::zip_directory::{self, Limits};
use super::{
    ArchiveError, Bounds, CHECKPOINT, Checked, OneStream, RANGE, ReadSeek, ZipEntry, is_unsafe,
    shown,
};

/// Most files in a ZIP.
pub const MAX_MEMBERS: u64 = 100_000;
/// Longest name of a file in a ZIP, in bytes: the longest path that systems take (`PATH_MAX` of Linux).
pub const MAX_MEMBER_NAME: usize = 4_096;
/// Longest central directory, in bytes.
const MAX_DIRECTORY: u64 = 64 << 20;

/// A ZIP of ordinary files, opened and checked by names and sizes; nothing is unpacked yet.
pub struct Container {
    archive: Box<dyn ReadSeek>,
    members: Vec<ZipEntry>,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container")
            .field("members", &self.members.len())
            .finish()
    }
}

impl Container {
    /// Opens a ZIP archive. Entries that are folders are looked at and left out.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(
        archive: impl Read + Seek + Send + 'static,
        bounds: Bounds,
    ) -> Result<Self, ArchiveError> {
        let mut archive: Box<dyn ReadSeek> = Box::new(archive);
        let limits = Limits {
            entries: MAX_MEMBERS,
            directory: MAX_DIRECTORY,
            folders: true,
        };
        let members = zip_directory::read(&mut archive, limits)?;
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let mut total: u64 = 0;
        for (number, member) in members.iter().enumerate() {
            if is_unsafe(&member.name) {
                return Err(ArchiveError::UnsafeName(number));
            }
            match seen.insert(member.name.to_lowercase(), &member.name) {
                None => {}
                Some(same) if same == member.name => {
                    return Err(ArchiveError::DuplicateName(shown(&member.name)));
                }
                Some(_) => return Err(ArchiveError::CaseCollision(shown(&member.name))),
            }
            total = total.saturating_add(member.size);
            if member.size > bounds.allowed(member.packed) || total > bounds.unpacked {
                return Err(ArchiveError::Expands(shown(&member.name)));
            }
        }
        Ok(Self { archive, members })
    }

    /// Its files in the order of the central directory.
    pub fn members(&self) -> &[ZipEntry] {
        &self.members
    }

    /// Folders in it that hold an export: `""` for the archive itself, else the folder's name without
    /// a slash at its end.
    pub fn exports(&self) -> Vec<String> {
        let ends = |name: &'static str| {
            let found = self.members.iter();
            let found = found.filter_map(move |m| m.name.strip_suffix(name));
            found.filter(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        let ranged: HashSet<&str> = ends(RANGE).collect();
        ends(CHECKPOINT)
            .filter(|folder| ranged.contains(folder))
            .map(|folder| folder.trim_end_matches('/').to_owned())
            .collect()
    }

    /// The bytes of one file, by its name; see [`read_member`].
    ///
    /// # Errors
    /// [`ArchiveError::Unexpected`] where the archive has no file of that name.
    pub fn into_member(mut self, name: &str) -> Result<Box<dyn Read + Send>, ArchiveError> {
        let member = self.members.iter().find(|m| m.name == name);
        let member = member.cloned();
        let member = member.ok_or_else(|| ArchiveError::Unexpected(shown(name)))?;
        self.archive.seek(SeekFrom::Start(member.offset))?;
        Ok(unpack(self.archive, member))
    }

    /// The bytes of one file that is expected to be small, such as a manifest.
    ///
    /// # Errors
    /// [`ArchiveError`], also for a file larger than `bound` bytes.
    pub fn small(&mut self, at: usize, bound: u64) -> Result<Vec<u8>, ArchiveError> {
        self.read(at, bound, bound)
    }

    /// The first bytes of one file, fewer where it is shorter.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn head(&mut self, at: usize, length: u64) -> Result<Vec<u8>, ArchiveError> {
        self.read(at, u64::MAX, length)
    }

    /// The bytes of one file, checked while they are read as those of [`read_member`] are.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn member(&mut self, at: usize) -> Result<impl Read + Send + '_, ArchiveError> {
        let member = self.members.get(at).cloned();
        let member = member.ok_or_else(|| ArchiveError::Unexpected(format!("file {at}")))?;
        self.archive.seek(SeekFrom::Start(member.offset))?;
        Ok(unpack(&mut self.archive, member))
    }

    fn read(&mut self, at: usize, bound: u64, length: u64) -> Result<Vec<u8>, ArchiveError> {
        if let Some(member) = self.members.get(at)
            && member.size > bound
        {
            return Err(ArchiveError::Expands(shown(&member.name)));
        }
        let mut bytes = Vec::new();
        (self.member(at)?.take(length))
            .read_to_end(&mut bytes)
            .map_err(ArchiveError::from_io)?;
        Ok(bytes)
    }
}

/// The bytes of an entry that [`Container::members`] listed, from another reader of the same archive; they
/// are checked against size and checksum while they are read, and a refusal comes as an I/O error with an
/// [`ArchiveError`] inside.
///
/// # Errors
/// What keeps the reader from finding its place.
pub fn read_member(
    mut archive: impl Read + Seek + Send + 'static,
    entry: &ZipEntry,
) -> std::io::Result<Box<dyn Read + Send>> {
    archive.seek(SeekFrom::Start(entry.offset))?;
    Ok(unpack(archive, entry.clone()))
}

/// A reader that stands at the data of an entry, as the entry's checked bytes.
fn unpack<'a>(source: impl Read + Send + 'a, entry: ZipEntry) -> Box<dyn Read + Send + 'a> {
    let name = shown(&entry.name);
    let packed = source.take(entry.packed);
    let plain: Box<dyn Read + Send + 'a> = if entry.deflated {
        Box::new(OneStream::new(packed, name.clone()))
    } else {
        Box::new(packed)
    };
    Box::new(Checked::new(plain, &entry, name))
}
