//! The central directory of a ZIP archive, read so that no two readers can see two archives:
//! every entry once, local headers in agreement, nothing overlapping, no comment at the end.
//! (PKWARE APPNOTE 6.3; a general reader keeps the last of two equal names in silence.)

use std::io::{Read, Seek, SeekFrom};

use super::ArchiveError;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: u64 = 22;
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const END_64: [u8; 4] = *b"PK\x06\x06";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Flag: sizes and CRC follow the data.
const DESCRIPTOR: u16 = 0x0008;
/// Flags that change nothing here: deflate speed, descriptor, UTF-8 names.
const ACCEPTED_FLAGS: u16 = 0x0006 | DESCRIPTOR | 0x0800;
const ZIP64_EXTRA: u16 = 0x0001;
/// A second name for the entry.
const UNICODE_PATH_EXTRA: u16 = 0x7075;

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

    /// Takes 64-bit values from the extra field where the header says so.
    fn widen(&mut self, extra: &[u8], offset: Option<&mut u64>) -> Option<()> {
        let mut fields = Fields(extra);
        let mut wide = None;
        while !fields.0.is_empty() {
            let (id, length) = (fields.u16()?, fields.u16()?);
            let data = fields.take(length.into())?;
            match id {
                UNICODE_PATH_EXTRA => return None,
                ZIP64_EXTRA if wide.replace(data).is_some() => return None,
                _ => {}
            }
        }
        let mut wide = Fields(wide.unwrap_or_default());
        let max = u64::from(u32::MAX);
        for value in [Some(&mut self.size), Some(&mut self.packed), offset] {
            if let Some(value) = value.filter(|v| **v == max) {
                *value = wide.u64()?;
            }
        }
        Some(())
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
    let mut extents: Vec<(u64, u64, usize)> = Vec::new();
    for number in 0..count as usize {
        let central = central(&mut fields, number, limits.folders)?;
        let header = central.header;
        let entry = local(archive, &central, number)?;
        let data_end = entry.offset.checked_add(entry.packed);
        let data_end = data_end.filter(|e| *e <= start);
        let data_end = data_end.ok_or(ArchiveError::Header(number))?;
        extents.push((header, data_end, number));
        if !central.folder {
            entries.push(entry);
        }
    }
    if !fields.0.is_empty() {
        return Err(ArchiveError::NotZip);
    }
    extents.sort_unstable();
    match extents.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(ArchiveError::Overlap(pair[1].2)),
        None => Ok(entries),
    }
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
        return match ends {
            Some(ends) if ends == at => Ok((start, length, count)),
            _ => Err(ArchiveError::NotZip),
        };
    }
    directory_64(archive, at)
}

fn directory_64(
    archive: &mut (impl Read + Seek + ?Sized),
    end: u64,
) -> Result<(u64, u64, u64), ArchiveError> {
    let at = end.checked_sub(20).ok_or(ArchiveError::NotZip)?;
    let bytes = bytes_at(archive, at, 20)?.ok_or(ArchiveError::NotZip)?;
    let mut fields = Fields(&bytes);
    if fields.take(4) != Some(&LOCATOR_64) || fields.u32() != Some(0) {
        return Err(ArchiveError::NotZip);
    }
    let record = fields.u64().ok_or(ArchiveError::NotZip)?;
    if record.checked_add(56) != Some(at) {
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
        let made_by = fields.u16()?;
        fields.u16()?;
        let mut common = Common::read(fields)?;
        let lengths = (fields.u16()?, fields.u16()?, fields.u16()?);
        let disk = fields.u16()?;
        fields.u16()?;
        let attributes = fields.u32()?;
        let mut header = u64::from(fields.u32()?);
        let name = fields.take(lengths.0.into())?;
        common.widen(fields.take(lengths.1.into())?, Some(&mut header))?;
        fields.take(lengths.2.into())?;
        (disk == 0).then_some((common, name, header, made_by, attributes))
    };
    let Some((common, name, header, made_by, attributes)) = parse() else {
        return Err(ArchiveError::Header(number));
    };
    let unix_kind = (attributes >> 16) & 0o170_000;
    let unix = made_by >> 8 == 3;
    let plain = !unix || unix_kind == 0o100_000 || unix_kind == 0;
    let folder = folders
        && name.ends_with(b"/")
        && (common.size, common.packed) == (0, 0)
        && (plain || unix_kind == 0o040_000);
    if !folder && (!plain || attributes & 0x10 != 0 || name.ends_with(b"/")) {
        let name = String::from_utf8_lossy(name);
        return Err(ArchiveError::NotAFile(super::shown(&name)));
    }
    if common.flags & !ACCEPTED_FLAGS != 0 {
        return Err(ArchiveError::Feature(number));
    }
    Ok(Central {
        common,
        name,
        header,
        folder,
    })
}

/// Compares the local header and finds the data behind it.
fn local(
    archive: &mut (impl Read + Seek + ?Sized),
    central: &Central<'_>,
    number: usize,
) -> Result<ZipEntry, ArchiveError> {
    let malformed = || ArchiveError::Header(number);
    let (central, name, header) = (&central.common, central.name, central.header);
    let bytes = bytes_at(archive, header, 30)?.ok_or_else(malformed)?;
    let mut fields = Fields(&bytes);
    if fields.take(4) != Some(&LOCAL) || fields.u16().is_none() {
        return Err(malformed());
    }
    let mut common = Common::read(&mut fields).ok_or_else(malformed)?;
    let name_length = fields.u16().ok_or_else(malformed)?;
    let extra_length = fields.u16().ok_or_else(malformed)?;
    let tail = u64::from(name_length) + u64::from(extra_length);
    let behind = bytes_at(archive, header + 30, tail)?.ok_or_else(malformed)?;
    let (local_name, extra) = behind.split_at(name_length.into());
    common.widen(extra, None).ok_or_else(malformed)?;
    if common.flags & DESCRIPTOR != 0 && (common.crc, common.packed, common.size) == (0, 0, 0) {
        (common.crc, common.packed, common.size) = (central.crc, central.packed, central.size);
    }
    if local_name != name || common != *central {
        return Err(ArchiveError::HeaderMismatch(number));
    }
    let deflated = match common.method {
        0 if common.packed == common.size => false,
        0 => return Err(malformed()),
        8 => true,
        _ => return Err(ArchiveError::Method(number)),
    };
    let name = str::from_utf8(name).map_err(|_| ArchiveError::UnsafeName(number))?;
    Ok(ZipEntry {
        name: name.to_owned(),
        offset: header + 30 + tail,
        packed: common.packed,
        size: common.size,
        crc: common.crc,
        deflated,
    })
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
