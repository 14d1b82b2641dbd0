//! The files of an export, from a ZIP, a folder or any set of readers, behind one hardened
//! door: known names only, no links, no two spellings of a name, agreeing headers, bounded
//! sizes and ratios, one zstd frame and nothing after it.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read, Seek, SeekFrom},
};

mod bounded;
mod container;
mod zip_directory;

pub use bounded::OneFrame;
use bounded::{Bounded, Checked, OneStream};
pub use container::{Container, MAX_MEMBER_NAME, MAX_MEMBERS, read_member};
pub use zip_directory::ZipEntry;

/// The log's signed note at the end of the range.
pub const CHECKPOINT: &str = "checkpoint";
/// The signed note at the start of the range.
pub const PREVIOUS_CHECKPOINT: &str = "previous-checkpoint";
/// Origin, range and compact range.
pub const RANGE: &str = "range.json";
/// The records, plain.
pub const RECORDS: &str = "records.ndjson";
/// The records as one zstd frame.
pub const RECORDS_ZST: &str = "records.ndjson.zst";
/// Consistency proofs to other sizes.
pub const CONSISTENCY: &str = "consistency.json";

/// Every name that an export may contain.
const NAMES: [&str; 6] = [
    CHECKPOINT,
    PREVIOUS_CHECKPOINT,
    RANGE,
    RECORDS,
    RECORDS_ZST,
    CONSISTENCY,
];

/// What the ZIP of an export may have.
const EXPORT_LIMITS: zip_directory::Limits = zip_directory::Limits {
    entries: NAMES.len() as u64 - 1,
    // Names, extra fields and comments together stay far below this for so few entries.
    directory: 1 << 20,
    folders: false,
};

/// Largest file other than the records, in bytes. A note is bounded more tightly itself.
pub const MAX_SMALL_FILE: u64 = 1 << 20;

/// Bounds on what is unpacked. Records carry a random seed each, so honest ones never
/// compress anywhere near the ratio.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most unpacked bytes of all files together.
    pub unpacked: u64,
    /// Most unpacked bytes for each packed byte, beyond a first MiB.
    pub ratio: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            unpacked: 1 << 40,
            ratio: 200,
        }
    }
}

impl Bounds {
    /// Unpacked bytes allowed for so many packed ones.
    pub fn allowed(&self, packed: u64) -> u64 {
        (1u64 << 20)
            .saturating_add(packed.saturating_mul(self.ratio))
            .min(self.unpacked)
    }
}

/// Why an archive or folder was refused. Names in it are escaped and cut.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Reading failed; says nothing about the export.
    #[error("the export could not be read")]
    Read(#[from] io::Error),
    /// No end of central directory at the very end, or one of several disks.
    #[error("not a ZIP archive that ends with its central directory and has no comment")]
    NotZip,
    /// A header that is cut off, misplaced or malformed.
    #[error(
        "header of ZIP entry {0} is malformed, out of place, or has a comment or an extra field other than ZIP64, times and owners"
    )]
    Header(usize),
    /// Local and central header disagree.
    #[error("local and central header of ZIP entry {0} disagree")]
    HeaderMismatch(usize),
    /// Encryption, patching, or another unsupported feature.
    #[error("ZIP entry {0} is encrypted or uses another feature that is not accepted")]
    Feature(usize),
    /// Neither stored nor deflated.
    #[error("ZIP entry {0} has a compression method other than stored and deflate")]
    Method(usize),
    /// Two entries share bytes.
    #[error("ZIP entry {0} overlaps another")]
    Overlap(usize),
    /// More entries than an export can have.
    #[error("{0} entries; an export has at most 5 files")]
    TooManyEntries(u64),
    /// More entries than a ZIP of ordinary files may have.
    #[error("{0} entries; a ZIP of files may have at most {MAX_MEMBERS}")]
    TooManyMembers(u64),
    /// Absolute, with `..`, a backslash, a drive, or not UTF-8.
    #[error("entry {0} has an absolute, climbing or otherwise unsafe name")]
    UnsafeName(usize),
    /// Longer than any system unpacks.
    #[error("entry {0} has a name of more than {MAX_MEMBER_NAME} bytes")]
    LongName(usize),
    /// Bytes that belong to no entry, such as what stands before the first one.
    #[error("byte {0} of the archive belongs to no entry; pack its files again")]
    Stray(u64),
    /// Two entries have one name.
    #[error("two entries have the name {0}")]
    DuplicateName(String),
    /// A name that differs from a known one, or from another entry's, only in case.
    #[error("the name {0} differs from that of another file only in case; names have one spelling")]
    CaseCollision(String),
    /// A link or something else that is not a plain file.
    #[error("{0} is a link, a folder or otherwise not a plain file")]
    NotAFile(String),
    /// A file that an export does not have.
    #[error(
        "{0} is not a file of an export, which are checkpoint, previous-checkpoint, range.json, records.ndjson or records.ndjson.zst, and consistency.json, in no folder"
    )]
    Unexpected(String),
    /// A file that an export must have is absent.
    #[error("the export has no file {0}")]
    Missing(&'static str),
    /// Plain and compressed records at once.
    #[error("the export has records.ndjson and records.ndjson.zst; one is allowed")]
    TwoRecordFiles,
    /// A small file beyond its bound.
    #[error("{name} has more than {bound} bytes")]
    TooLong {
        /// Name of the file.
        name: &'static str,
        /// Most bytes allowed.
        bound: u64,
    },
    /// Beyond the bound on unpacked size or on the ratio.
    #[error("{0} unpacks to more than the bounds on size or ratio allow")]
    Expands(String),
    /// CRC or size of an entry does not hold, or a stream is corrupt.
    #[error("{0} does not match its checksum or size, or is corrupt")]
    Corrupt(String),
    /// Something follows the zstd frame, or it is no such frame.
    #[error(
        "records.ndjson.zst is not exactly one zstd frame, without a skippable one and with nothing behind it"
    )]
    NotOneFrame,
}

impl ArchiveError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::NotZip => "zip",
            Self::Header(_) => "zip-header",
            Self::HeaderMismatch(_) => "zip-header-mismatch",
            Self::Feature(_) => "zip-feature",
            Self::Method(_) => "zip-method",
            Self::Overlap(_) => "zip-overlap",
            Self::Stray(_) => "zip-stray-bytes",
            Self::TooManyEntries(_) | Self::TooManyMembers(_) => "too-many-entries",
            Self::UnsafeName(_) => "unsafe-name",
            Self::LongName(_) => "name-too-long",
            Self::DuplicateName(_) => "duplicate-name",
            Self::CaseCollision(_) => "case-collision",
            Self::NotAFile(_) => "not-a-file",
            Self::Unexpected(_) => "unexpected-file",
            Self::Missing(_) => "missing-file",
            Self::TwoRecordFiles => "two-record-files",
            Self::TooLong { .. } => "file-too-long",
            Self::Expands(_) => "expands",
            Self::Corrupt(_) => "corrupt",
            Self::NotOneFrame => "not-one-frame",
        }
    }

    /// As an I/O error, so that a refusal can travel through `Read`.
    fn into_io(self) -> io::Error {
        match self {
            Self::Read(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        }
    }

    /// The refusal that travelled through `Read`, or the reading error itself.
    pub fn from_io(error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(Self::Read)
    }
}

/// Bytes that can be read from any place: a file, a sealed original, a slice in memory.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// The entries of an archive in memory that holds files only, for those who read its bytes
/// themselves.
pub(crate) fn stored_entries(zip: &[u8], most: u64) -> Result<Vec<ZipEntry>, ArchiveError> {
    let limits = zip_directory::Limits {
        entries: most,
        directory: zip.len() as u64,
        folders: false,
    };
    zip_directory::read(&mut io::Cursor::new(zip), limits)
}

fn shown(name: &str) -> String {
    name.chars().take(60).flat_map(char::escape_debug).collect()
}

/// Whether a name leaves its folder, or would mean something else elsewhere.
fn is_unsafe(name: &str) -> bool {
    let climbs = name.split('/').any(|part| matches!(part, "" | "." | ".."));
    let odd = |c: char| c.is_control() || c == '\\' || c == ':';
    name.is_empty() || name.starts_with('/') || climbs || name.chars().any(odd)
}

/// The name among [`NAMES`], or the refusal.
fn known_name(name: &str, number: usize) -> Result<&'static str, ArchiveError> {
    if is_unsafe(name) {
        return Err(ArchiveError::UnsafeName(number));
    }
    if let Some(known) = NAMES.iter().find(|k| **k == name) {
        return Ok(known);
    }
    if NAMES.iter().any(|k| k.eq_ignore_ascii_case(name)) {
        return Err(ArchiveError::CaseCollision(shown(name)));
    }
    Err(ArchiveError::Unexpected(shown(name)))
}

/// Where the bytes of one file are.
struct Place {
    name: &'static str,
    source: usize,
    /// Offset and packed length, for an entry of a ZIP; the whole reader otherwise.
    entry: Option<ZipEntry>,
}

/// The files of one export, opened and checked by name and size, records not read yet.
pub struct ExportFiles {
    sources: Vec<Box<dyn ReadSeek>>,
    small: BTreeMap<&'static str, Vec<u8>>,
    records: Place,
    bounds: Bounds,
}

impl fmt::Debug for ExportFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.small.keys().chain(std::iter::once(&self.records.name));
        f.debug_set().entries(names).finish()
    }
}

impl ExportFiles {
    /// Opens the files of a folder, which must hold an export's files and nothing else. `entries` are all of its names, each
    /// with whether it is a plain file itself and no link to one; `open` gives such a file.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open_folder(
        entries: impl IntoIterator<Item = (String, bool)>,
        open: &mut dyn FnMut(&str) -> io::Result<Box<dyn ReadSeek>>,
    ) -> Result<Self, ArchiveError> {
        let mut files: Vec<(String, Box<dyn ReadSeek>)> = Vec::new();
        for (number, (name, is_file)) in entries.into_iter().enumerate() {
            if number >= NAMES.len() {
                return Err(ArchiveError::TooManyEntries(number as u64 + 1));
            }
            known_name(&name, number)?;
            if !is_file {
                return Err(ArchiveError::NotAFile(shown(&name)));
            }
            let file = open(&name)?;
            files.push((name, file));
        }
        Self::open_files(files)
    }

    /// Opens a ZIP archive.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open_zip(archive: impl Read + Seek + Send + 'static) -> Result<Self, ArchiveError> {
        Self::open_zip_within(archive, Bounds::default())
    }

    /// [`ExportFiles::open_zip`] with bounds of the caller's.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open_zip_within(
        archive: impl Read + Seek + Send + 'static,
        bounds: Bounds,
    ) -> Result<Self, ArchiveError> {
        let mut archive: Box<dyn ReadSeek> = Box::new(archive);
        let entries = zip_directory::read(&mut archive, EXPORT_LIMITS)?;
        Self::open_entries(archive, entries, bounds)
    }

    /// Opens the export that lies in a folder of a ZIP archive; see [`Container::exports`]. `members` are those of
    /// [`Container::members`] that lie in the folder, so that an archive of many exports is looked through once.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open_zip_members(
        archive: impl Read + Seek + Send + 'static,
        members: Vec<ZipEntry>,
    ) -> Result<Self, ArchiveError> {
        let inside = members.into_iter().map(|mut entry| {
            entry.name = match entry.name.rsplit_once('/') {
                Some((_, name)) => name.to_owned(),
                None => entry.name,
            };
            entry
        });
        Self::open_entries(Box::new(archive), inside.collect(), Bounds::default())
    }

    fn open_entries(
        archive: Box<dyn ReadSeek>,
        entries: Vec<ZipEntry>,
        bounds: Bounds,
    ) -> Result<Self, ArchiveError> {
        let mut places = Vec::new();
        let mut total: u64 = 0;
        for (number, entry) in entries.into_iter().enumerate() {
            let name = known_name(&entry.name, number)?;
            total = total.saturating_add(entry.size);
            if entry.size > bounds.allowed(entry.packed) || total > bounds.unpacked {
                return Err(ArchiveError::Expands(name.to_owned()));
            }
            places.push(Place {
                name,
                source: 0,
                entry: Some(entry),
            });
        }
        Self::open(vec![archive], places, bounds)
    }

    /// Opens named readers, such as sealed copies of a folder's files.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open_files(
        files: impl IntoIterator<Item = (String, Box<dyn ReadSeek>)>,
    ) -> Result<Self, ArchiveError> {
        let (mut sources, mut places) = (Vec::new(), Vec::new());
        for (number, (name, source)) in files.into_iter().enumerate() {
            places.push(Place {
                name: known_name(&name, number)?,
                source: number,
                entry: None,
            });
            sources.push(source);
        }
        Self::open(sources, places, Bounds::default())
    }

    fn open(
        mut sources: Vec<Box<dyn ReadSeek>>,
        places: Vec<Place>,
        bounds: Bounds,
    ) -> Result<Self, ArchiveError> {
        let mut small = BTreeMap::new();
        let mut records: Option<Place> = None;
        for place in places {
            let name = place.name;
            if name == RECORDS || name == RECORDS_ZST {
                match records.replace(place) {
                    None => {}
                    Some(other) if other.name == name => {
                        return Err(ArchiveError::DuplicateName(name.to_owned()));
                    }
                    Some(_) => return Err(ArchiveError::TwoRecordFiles),
                }
                continue;
            }
            let mut bytes = Vec::new();
            let mut reader = stored(&mut sources, &place)?.take(MAX_SMALL_FILE + 1);
            reader
                .read_to_end(&mut bytes)
                .map_err(ArchiveError::from_io)?;
            if bytes.len() as u64 > MAX_SMALL_FILE {
                return Err(ArchiveError::TooLong {
                    name,
                    bound: MAX_SMALL_FILE,
                });
            }
            if small.insert(name, bytes).is_some() {
                return Err(ArchiveError::DuplicateName(name.to_owned()));
            }
        }
        for name in [CHECKPOINT, RANGE] {
            if !small.contains_key(name) {
                return Err(ArchiveError::Missing(name));
            }
        }
        let records = records.ok_or(ArchiveError::Missing(RECORDS))?;
        Ok(Self {
            sources,
            small,
            records,
            bounds,
        })
    }

    /// The bytes of a small file, `None` where the export has none of that name.
    pub fn small(&self, name: &str) -> Option<&[u8]> {
        self.small.get(name).map(Vec::as_slice)
    }

    /// Name of the file that holds the records.
    pub fn records_name(&self) -> &'static str {
        self.records.name
    }

    /// The records as unpacked text, from the start. Refusals come as I/O errors with an
    /// [`ArchiveError`] inside.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn records(&mut self) -> Result<Box<dyn Read + Send + '_>, ArchiveError> {
        let packed = match &self.records.entry {
            Some(entry) => entry.size,
            None => {
                let source = &mut self.sources[self.records.source];
                source.seek(SeekFrom::End(0))?
            }
        };
        let reader = stored(&mut self.sources, &self.records)?;
        if self.records.name == RECORDS {
            return Ok(Box::new(reader));
        }
        let allowed = self.bounds.allowed(packed);
        let unpacked = OneFrame::new(reader)?;
        Ok(Box::new(Bounded::new(unpacked, allowed, RECORDS_ZST)))
    }
}

/// The bytes of a file as the archive holds it.
fn stored<'a>(
    sources: &'a mut [Box<dyn ReadSeek>],
    place: &Place,
) -> Result<Box<dyn Read + Send + 'a>, ArchiveError> {
    let source = sources
        .get_mut(place.source)
        .ok_or(ArchiveError::Missing(place.name))?;
    let Some(entry) = &place.entry else {
        source.seek(SeekFrom::Start(0))?;
        return Ok(Box::new(source));
    };
    source.seek(SeekFrom::Start(entry.offset))?;
    let packed = source.take(entry.packed);
    let plain: Box<dyn Read + Send + 'a> = if entry.deflated {
        Box::new(OneStream::new(packed, place.name))
    } else {
        Box::new(packed)
    };
    Ok(Box::new(Checked::new(plain, entry, place.name)))
}

#[cfg(test)]
mod tests;
