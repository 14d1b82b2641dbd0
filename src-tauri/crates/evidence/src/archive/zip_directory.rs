//! The central directory of a ZIP archive, read so that no two readers can see two archives:
//! every entry once, local headers and data descriptors in agreement, entries one behind the other
//! from the first byte to the directory, no comment anywhere, one end record, no extra field that
//! gives an entry another name, size or kind.
//! (PKWARE APPNOTE 6.3; a general reader keeps the last of two equal names in silence, takes what
//! stands before the archive for a stub, or follows whichever end record it meets first.)

use std::collections::BTreeSet;

use std::io::{Read, Seek, SeekFrom};

use super::{ArchiveError, MAX_MEMBER_NAME};

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: u64 = 22;
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_64_LEN: u64 = 20;
const END_64: [u8; 4] = *b"PK\x06\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Flag: sizes and CRC follow the data.
const DESCRIPTOR: u16 = 0x0008;
/// Flags that change nothing here: deflate speed, descriptor, UTF-8 names.
const ACCEPTED_FLAGS: u16 = 0x0006 | DESCRIPTOR | 0x0800;
const ZIP64_EXTRA: u16 = 0x0001;
/// Extra fields that say times and owners, which nobody here reads: extended timestamp, Unix of
/// Info-ZIP in its two forms, NTFS. All others could give an entry another name, a link's target,
/// an encryption, and are refused.
const HARMLESS_EXTRAS: [u16; 4] = [0x5455, 0x5855, 0x7875, 0x000a];
/// Longest of them, in bytes.
const MAX_EXTRA: u16 = 36;
/// Longest extra field of all: one of ZIP64 with three values, and each of the others once.
const MAX_EXTRAS: u16 = 4 + 3 * 8 + 4 * (4 + MAX_EXTRA);
/// Flag: the name is UTF-8. Without it a name beyond ASCII has as many readings as readers.
const UTF_8: u16 = 0x0800;
/// DOS attributes: a folder, the label of a volume.
const DOS_FOLDER: u32 = 0x10;
const DOS_LABEL: u32 = 0x08;
const DATA_DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipEntry {
    /// Name as stored.
    pub name: String,
    /// Where its data start, in bytes from the start of the archive.
    pub offset: u64,
    /// Bytes as stored.
    pub packed: u64,
    /// Bytes unpacked.
    pub size: u64,
    /// CRC-32 of the unpacked bytes.
    pub crc: u32,
    /// Deflated rather than stored.
    pub deflated: bool,
}

/// A cut of a header, read field by field.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(n)?;
        self.0 = tail;
        Some(head)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }
}

/// What central and local header both say.
#[derive(PartialEq, Eq)]
struct Common {
    flags: u16,
    method: u16,
    time: u16,
    date: u16,
    crc: u32,
    packed: u64,
    size: u64,
}

impl Common {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            flags: fields.u16()?,
            method: fields.u16()?,
            time: fields.u16()?,
            date: fields.u16()?,
            crc: fields.u32()?,
            packed: fields.u32()?.into(),
            size: fields.u32()?.into(),
        })
    }

    /// Takes 64-bit values from the extra field where the header says so, and only there: a value
    /// that stands in both would be two. Gives whether there is such a field.
    fn widen(&mut self, extra: &[u8], offset: Option<&mut u64>) -> Option<bool> {
        let mut fields = Fields(extra);
        let mut wide = None;
        let mut seen = BTreeSet::new();
        while !fields.0.is_empty() {
            let (id, length) = (fields.u16()?, fields.u16()?);
            let data = fields.take(length.into())?;
            let known = id == ZIP64_EXTRA || (HARMLESS_EXTRAS.contains(&id) && length <= MAX_EXTRA);
            if !known || !seen.insert(id) {
                return None;
            }
            if id == ZIP64_EXTRA {
                wide = Some(data);
            }
        }
        let mut rest = Fields(wide.unwrap_or_default());
        let max = u64::from(u32::MAX);
        for value in [Some(&mut self.size), Some(&mut self.packed), offset] {
            if let Some(value) = value.filter(|v| **v == max) {
                *value = rest.u64()?;
            }
        }
        rest.0.is_empty().then_some(wide.is_some())
    }
}

/// What a directory may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most entries; more than an export's files are [`ArchiveError::TooManyMembers`].
    pub(super) entries: u64,
    /// Longest central directory, in bytes.
    pub(super) directory: u64,
    /// Whether empty entries that name a folder are allowed; they are checked and left out.
    pub(super) folders: bool,
}

/// Reads every entry, in the order of the central directory.
pub(super) fn read(
    archive: &mut (impl Read + Seek + ?Sized),
    limits: Limits,
) -> Result<Vec<ZipEntry>, ArchiveError> {
    let end = archive.seek(SeekFrom::End(0))?;
    let (start, length, count) = directory(archive, end)?;
    if count > limits.entries {
        return Err(match limits.folders {
            true => ArchiveError::TooManyMembers(count),
            false => ArchiveError::TooManyEntries(count),
        });
    }
    if length > limits.directory {
        return Err(ArchiveError::NotZip);
    }
    let bytes = bytes_at(archive, start, length)?.ok_or(ArchiveError::NotZip)?;
    let mut fields = Fields(&bytes);
    let mut entries = Vec::new();
    let mut folders = Vec::new();
    let mut extents: Vec<Extent> = Vec::new();
    for number in 0..count as usize {
        let central = central(&mut fields, number, limits.folders)?;
        let (entry, wide) = local(archive, &central, number)?;
        let end = entry.offset.checked_add(entry.packed);
        let end = end.filter(|e| *e <= start);
        extents.push(Extent {
            header: central.header,
            end: end.ok_or(ArchiveError::Header(number))?,
            number,
            described: (central.common.flags & DESCRIPTOR != 0).then_some((
                central.common.crc,
                central.common.packed,
                central.common.size,
            )),
            wide,
        });
        if central.folder {
            folders.push((number, entry.name));
        } else {
            entries.push(entry);
        }
    }
    if !fields.0.is_empty() {
        return Err(ArchiveError::NotZip);
    }
    one_behind_the_other(archive, extents, start)?;
    folders_are_no_files(&folders, &entries)?;
    Ok(entries)
}

/// Where an entry lies in the archive.
struct Extent {
    header: u64,
    /// Behind its data.
    end: u64,
    number: usize,
    /// CRC, packed and plain size that a data descriptor has to repeat.
    described: Option<(u32, u64, u64)>,
    /// Whether the local header has 64-bit sizes, and so has the descriptor.
    wide: bool,
}

/// Nothing stands before the first entry, between two, or behind the last, but the data descriptor
/// of one that announces it, with the values that the directory has.
fn one_behind_the_other(
    archive: &mut (impl Read + Seek + ?Sized),
    mut extents: Vec<Extent>,
    directory: u64,
) -> Result<(), ArchiveError> {
    extents.sort_unstable_by_key(|extent| (extent.header, extent.end));
    let mut behind = 0;
    for at in 0..extents.len() {
        let extent = &extents[at];
        if extent.header < behind {
            return Err(ArchiveError::Overlap(extent.number));
        }
        if extent.header > behind {
            return Err(ArchiveError::Stray(behind));
        }
        let next = extents.get(at + 1).map_or(directory, |next| next.header);
        if next < extent.end {
            let number = extents
                .get(at + 1)
                .map_or(extent.number, |next| next.number);
            return Err(ArchiveError::Overlap(number));
        }
        behind = extent.end;
        if let Some(described) = extent.described {
            descriptor(archive, extent, next, described)?;
            behind = next;
        }
    }
    if behind == directory {
        Ok(())
    } else {
        Err(ArchiveError::Stray(behind))
    }
}

/// Reads the data descriptor that fills the place between an entry's data and what is next.
fn descriptor(
    archive: &mut (impl Read + Seek + ?Sized),
    extent: &Extent,
    next: u64,
    described: (u32, u64, u64),
) -> Result<(), ArchiveError> {
    let mismatch = || ArchiveError::HeaderMismatch(extent.number);
    let length = next - extent.end;
    if length > 24 {
        return Err(ArchiveError::Stray(extent.end));
    }
    let bytes = bytes_at(archive, extent.end, length)?.ok_or_else(mismatch)?;
    // With the signature that APPNOTE recommends and all writers write, or without.
    let bytes = bytes.strip_prefix(&DATA_DESCRIPTOR).unwrap_or(&bytes);
    let mut fields = Fields(bytes);
    let mut parse = || {
        let crc = fields.u32()?;
        let sizes = match extent.wide {
            true => (fields.u64()?, fields.u64()?),
            false => (fields.u32()?.into(), fields.u32()?.into()),
        };
        fields.0.is_empty().then_some((crc, sizes.0, sizes.1))
    };
    match parse() {
        Some(found) if found == described => Ok(()),
        _ => Err(mismatch()),
    }
}

/// A folder's name is as safe as a file's, stands once, and no file has it too.
fn folders_are_no_files(
    folders: &[(usize, String)],
    entries: &[ZipEntry],
) -> Result<(), ArchiveError> {
    let mut seen = BTreeSet::new();
    for (number, name) in folders {
        let name = name.strip_suffix('/').unwrap_or(name);
        if super::is_unsafe(name) {
            return Err(ArchiveError::UnsafeName(*number));
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(ArchiveError::DuplicateName(super::shown(name)));
        }
    }
    // In the order of their parts a folder stands right before everything in it. A name of thousands of parts is then
    // looked at whole, and not once for each folder that it names.
    let mut all: Vec<(String, Option<&ZipEntry>)> = seen.into_iter().map(|n| (n, None)).collect();
    let files = entries.iter();
    all.extend(files.map(|entry| (entry.name.to_lowercase(), Some(entry))));
    all.sort_by(|(a, _), (b, _)| a.split('/').cmp(b.split('/')));
    for pair in all.windows(2) {
        let [(name, entry), (next, following)] = pair else {
            continue;
        };
        // Two files of one name have a refusal of their own.
        let both = match (entry, following) {
            (None, Some(file)) if name == next => Some(file),
            (Some(file), None) if name == next => Some(file),
            (Some(file), _) => {
                let within = next.strip_prefix(name.as_str());
                within
                    .is_some_and(|rest| rest.starts_with('/'))
                    .then_some(file)
            }
            _ => None,
        };
        if let Some(entry) = both {
            return Err(ArchiveError::DuplicateName(super::shown(&entry.name)));
        }
    }
    Ok(())
}

/// Start, length and entry count of the central directory.
fn directory(
    archive: &mut (impl Read + Seek + ?Sized),
    end: u64,
) -> Result<(u64, u64, u64), ArchiveError> {
    let at = end.checked_sub(END_LEN).ok_or(ArchiveError::NotZip)?;
    let bytes = bytes_at(archive, at, END_LEN)?.ok_or(ArchiveError::NotZip)?;
    let parse = || {
        let mut fields = Fields(&bytes);
        let signed = fields.take(4)? == END;
        let disks = (fields.u16()?, fields.u16()?);
        let counts = (fields.u16()?, fields.u16()?);
        let (length, start, comment) = (fields.u32()?, fields.u32()?, fields.u16()?);
        let whole = signed && disks == (0, 0) && counts.0 == counts.1 && comment == 0;
        whole.then_some((u64::from(start), u64::from(length), u64::from(counts.0)))
    };
    let (start, length, count) = parse().ok_or(ArchiveError::NotZip)?;
    let wide = u64::from(u32::MAX);
    if start != wide && length != wide && count != u64::from(u16::MAX) {
        let ends = start.checked_add(length);
        // Readers look for a locator at its place, whether or not one is needed.
        let locator = match at.checked_sub(LOCATOR_64_LEN) {
            Some(before) => bytes_at(archive, before, 4)?,
            None => None,
        };
        return match ends {
            Some(ends) if ends == at && locator.is_none_or(|l| l != LOCATOR_64) => {
                Ok((start, length, count))
            }
            _ => Err(ArchiveError::NotZip),
        };
    }
    let found = directory_64(archive, at)?;
    let same = |narrow: u64, full: u64, max: u64| narrow == max || narrow == full;
    if same(start, found.0, wide)
        && same(length, found.1, wide)
        && same(count, found.2, u16::MAX.into())
    {
        Ok(found)
    } else {
        Err(ArchiveError::NotZip)
    }
}

fn directory_64(
    archive: &mut (impl Read + Seek + ?Sized),
    end: u64,
) -> Result<(u64, u64, u64), ArchiveError> {
    let at = end.checked_sub(LOCATOR_64_LEN);
    let at = at.ok_or(ArchiveError::NotZip)?;
    let bytes = bytes_at(archive, at, LOCATOR_64_LEN)?.ok_or(ArchiveError::NotZip)?;
    let mut fields = Fields(&bytes);
    if fields.take(4) != Some(&LOCATOR_64) || fields.u32() != Some(0) {
        return Err(ArchiveError::NotZip);
    }
    let record = fields.u64().ok_or(ArchiveError::NotZip)?;
    if fields.u32() != Some(1) || record.checked_add(56) != Some(at) {
        return Err(ArchiveError::NotZip);
    }
    let bytes = bytes_at(archive, record, 56)?.ok_or(ArchiveError::NotZip)?;
    let parse = || {
        let mut fields = Fields(&bytes);
        let signed = fields.take(4)? == END_64;
        let size = fields.u64()?;
        fields.take(4)?;
        let disks = (fields.u32()?, fields.u32()?);
        let counts = (fields.u64()?, fields.u64()?);
        let (length, start) = (fields.u64()?, fields.u64()?);
        let adjacent = start.checked_add(length) == Some(record);
        let whole = signed && size == 44 && disks == (0, 0) && counts.0 == counts.1;
        (whole && adjacent).then_some((start, length, counts.0))
    };
    parse().ok_or(ArchiveError::NotZip)
}

/// One central header.
struct Central<'a> {
    common: Common,
    name: &'a [u8],
    /// The name as text.
    text: String,
    /// Where the local header is.
    header: u64,
    /// An empty entry that only names a folder.
    folder: bool,
}

/// Reads one central header.
fn central<'a>(
    fields: &mut Fields<'a>,
    number: usize,
    folders: bool,
) -> Result<Central<'a>, ArchiveError> {
    let mut parse = || {
        if fields.take(4)? != CENTRAL {
            return None;
        }
        fields.take(4)?;
        let mut common = Common::read(fields)?;
        let lengths = (fields.u16()?, fields.u16()?, fields.u16()?);
        let disk = fields.u16()?;
        fields.u16()?;
        let attributes = fields.u32()?;
        let mut header = u64::from(fields.u32()?);
        let name = fields.take(lengths.0.into())?;
        common.widen(fields.take(lengths.1.into())?, Some(&mut header))?;
        // No comment: readers that scan for an end record find one in there.
        (disk == 0 && lengths.2 == 0).then_some((common, name, header, attributes))
    };
    let Some((common, name, header, attributes)) = parse() else {
        return Err(ArchiveError::Header(number));
    };
    // Of whatever system made it: some readers look at the system, some do not.
    let unix_kind = (attributes >> 16) & 0o170_000;
    let plain = unix_kind == 0o100_000 || unix_kind == 0;
    let text = match folders {
        true => foreign_name(name, common.flags & UTF_8 != 0),
        false => own_name(name, common.flags & UTF_8 != 0),
    };
    if folders && name.len() > MAX_MEMBER_NAME {
        return Err(ArchiveError::LongName(number));
    }
    let text = text.ok_or(ArchiveError::UnsafeName(number))?;
    let folder = folders
        && text.ends_with('/')
        && (common.size, common.packed, common.crc) == (0, 0, 0)
        && attributes & DOS_LABEL == 0
        && (plain || unix_kind == 0o040_000);
    let marked = attributes & (DOS_FOLDER | DOS_LABEL) != 0;
    if !folder && (!plain || marked || text.ends_with('/')) {
        return Err(ArchiveError::NotAFile(super::shown(&text)));
    }
    if common.flags & !ACCEPTED_FLAGS != 0 {
        return Err(ArchiveError::Feature(number));
    }
    Ok(Central {
        common,
        name,
        text,
        header,
        folder,
    })
}

/// The name of an entry of an export: one spelling, ASCII or UTF-8 that says so.
fn own_name(name: &[u8], utf8: bool) -> Option<String> {
    let text = str::from_utf8(name).ok()?;
    (utf8 || text.is_ascii()).then(|| text.to_owned())
}

/// The name of an entry that some other program wrote: in UTF-8 where it says so, else in the code page 437 of APPNOTE,
/// D.1. Bytes that would be UTF-8 and do not say so have as many readings as readers, and are refused. Compress-Archive of Windows PowerShell writes backslashes between folders, against
/// APPNOTE, 4.4.17.
fn foreign_name(name: &[u8], utf8: bool) -> Option<String> {
    let text = match str::from_utf8(name) {
        Ok(text) if utf8 || text.is_ascii() => text.to_owned(),
        Ok(_) => return None,
        Err(_) if utf8 => return None,
        Err(_) => name
            .iter()
            .map(|byte| code_page_437(*byte))
            .collect::<Option<_>>()?,
    };
    Some(text.replace('\\', "/"))
}

/// A byte of code page 437 that is no control character.
fn code_page_437(byte: u8) -> Option<char> {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte {
        0x20..=0x7e => Some(byte.into()),
        0x80.. => UPPER.chars().nth(usize::from(byte - 0x80)),
        _ => None,
    }
}

/// Compares the local header and finds the data behind it; also whether its sizes are of 64 bits.
fn local(
    archive: &mut (impl Read + Seek + ?Sized),
    central: &Central<'_>,
    number: usize,
) -> Result<(ZipEntry, bool), ArchiveError> {
    let malformed = || ArchiveError::Header(number);
    let Central {
        common: central,
        name,
        text,
        header,
        ..
    } = central;
    let header = *header;
    let bytes = bytes_at(archive, header, 30)?.ok_or_else(malformed)?;
    let mut fields = Fields(&bytes);
    if fields.take(4) != Some(&LOCAL) || fields.u16().is_none() {
        return Err(malformed());
    }
    let mut common = Common::read(&mut fields).ok_or_else(malformed)?;
    let name_length = fields.u16().ok_or_else(malformed)?;
    let extra_length = fields.u16().ok_or_else(malformed)?;
    // However many entries name this header, no more of it is read than it may have.
    if extra_length > MAX_EXTRAS {
        return Err(malformed());
    }
    if usize::from(name_length) != name.len() {
        return Err(ArchiveError::HeaderMismatch(number));
    }
    let tail = u64::from(name_length) + u64::from(extra_length);
    let behind = bytes_at(archive, header + 30, tail)?.ok_or_else(malformed)?;
    let (local_name, extra) = behind.split_at(name_length.into());
    let wide = common.widen(extra, None).ok_or_else(malformed)?;
    if common.flags & DESCRIPTOR != 0 && (common.crc, common.packed, common.size) == (0, 0, 0) {
        (common.crc, common.packed, common.size) = (central.crc, central.packed, central.size);
    }
    if local_name != *name || common != *central {
        return Err(ArchiveError::HeaderMismatch(number));
    }
    let deflated = match common.method {
        0 if common.packed == common.size => false,
        0 => return Err(malformed()),
        8 => true,
        _ => return Err(ArchiveError::Method(number)),
    };
    let entry = ZipEntry {
        name: text.clone(),
        offset: header + 30 + tail,
        packed: common.packed,
        size: common.size,
        crc: common.crc,
        deflated,
    };
    Ok((entry, wide))
}

/// `length` bytes at `at`, `None` where the archive ends before.
fn bytes_at(
    archive: &mut (impl Read + Seek + ?Sized),
    at: u64,
    length: u64,
) -> Result<Option<Vec<u8>>, ArchiveError> {
    archive.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    archive.take(length).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == length).then_some(bytes))
}
