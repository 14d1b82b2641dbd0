//! The ZIP container in its one accepted form: entries in byte order of their
//! names, stored, with fixed times and attributes, no extra fields, no
//! comments, no gaps. Every header byte follows from names and contents, so
//! the reader rebuilds the file and compares.
//!
//! Stored and not deflated: a deflate stream has many spellings of the same
//! content, this form has one; and the parts that are large (PDF, hashes) are
//! compressed or incompressible already.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use super::report::Findings;
use crate::archive;

/// The largest packet that is read or written, in bytes: it is held in memory as a whole.
pub const MAX_PACKET_BYTES: u64 = 32 << 20;
const MAX_ENTRIES: usize = 20_000;
const MAX_NAME: usize = 240;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const LOCAL_LEN: usize = 30;
const CENTRAL_LEN: usize = 46;
const END_LEN: usize = 22;
/// Version needed: 1.0, plain stored files.
const NEEDED: u16 = 10;
/// Made by: Unix, 2.0, so that the attributes below are read as a mode.
const MADE_BY: u16 = (3 << 8) | 20;
/// 1980-01-01, the first date that DOS time can say.
const DOS_DATE: u16 = 0x0021;
const ATTRIBUTES: u32 = 0o100_644 << 16;
const LINK_TYPE: u32 = 0o120_000;
const TYPE_MASK: u32 = 0o170_000;

fn crc32(data: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(data);
    crc.sum()
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the packet is too large")
}

/// The fields that local and central headers share, from version to sizes.
fn common(crc: u32, size: u32, name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(26);
    for value in [NEEDED, 0, 0, 0, DOS_DATE] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    for value in [crc, size, size] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&0u16.to_le_bytes());
    bytes
}

/// Writes the container. The same files give the same bytes.
///
/// # Errors
/// When writing fails, or the result would pass [`MAX_PACKET_BYTES`].
pub fn write_container(files: &BTreeMap<String, Vec<u8>>, out: &mut impl Write) -> io::Result<u64> {
    let files = files.iter().map(|(name, data)| (&**name, &**data));
    write_entries(files.collect(), out)
}

fn write_entries(files: BTreeMap<&str, &[u8]>, out: &mut impl Write) -> io::Result<u64> {
    let total: u64 = files
        .iter()
        .map(|(name, data)| data.len() as u64 + 2 * name.len() as u64 + 76)
        .sum();
    if total + END_LEN as u64 > MAX_PACKET_BYTES || files.len() > MAX_ENTRIES {
        return Err(too_large());
    }
    let mut central = Vec::new();
    let mut offset: u32 = 0;
    for (name, data) in &files {
        if name.len() > MAX_NAME {
            return Err(too_large());
        }
        let size = u32::try_from(data.len()).map_err(|_| too_large())?;
        let common = common(crc32(data), size, name);
        out.write_all(&LOCAL.to_le_bytes())?;
        out.write_all(&common)?;
        out.write_all(name.as_bytes())?;
        out.write_all(data)?;

        central.extend_from_slice(&CENTRAL.to_le_bytes());
        central.extend_from_slice(&MADE_BY.to_le_bytes());
        central.extend_from_slice(&common);
        // Comment length, disk, internal attributes.
        central.extend_from_slice(&[0; 6]);
        central.extend_from_slice(&ATTRIBUTES.to_le_bytes());
        central.extend_from_slice(&offset.to_le_bytes());
        central.extend_from_slice(name.as_bytes());

        offset += (LOCAL_LEN + name.len()) as u32 + size;
    }
    out.write_all(&central)?;
    out.write_all(&END.to_le_bytes())?;
    out.write_all(&[0; 4])?;
    let count = (files.len() as u16).to_le_bytes();
    out.write_all(&count)?;
    out.write_all(&count)?;
    out.write_all(&(central.len() as u32).to_le_bytes())?;
    out.write_all(&offset.to_le_bytes())?;
    out.write_all(&[0; 2])?;
    Ok(u64::from(offset) + central.len() as u64 + END_LEN as u64)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let end = at.checked_add(2)?;
    Some(u16::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let end = at.checked_add(4)?;
    Some(u32::from_le_bytes(bytes.get(at..end)?.try_into().ok()?))
}

/// A name from a file, made safe to print.
pub(super) fn printable(name: &[u8]) -> String {
    crate::text::bounded(name, MAX_NAME)
}

fn unsafe_name(name: &str) -> bool {
    name.is_empty()
        || name.len() > MAX_NAME
        || !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'))
        || name
            .split('/')
            .any(|part| part.is_empty() || part == "." || part == "..")
}

struct Entry<'a> {
    name: String,
    offset: usize,
    data: &'a [u8],
}

/// Reads a container that is already in memory. Whatever is wrong is added to
/// the findings with its place; what could be read is returned regardless, so
/// that the later checks can say more.
pub(super) fn parse<'a>(zip: &'a [u8], findings: &mut Findings) -> BTreeMap<String, &'a [u8]> {
    let before = findings.failed();
    let mut files = BTreeMap::new();
    let Some(entries) = read_entries(zip, findings) else {
        return files;
    };
    let mut folded = BTreeSet::new();
    let mut previous: Option<&str> = None;
    let mut ordered = true;
    for entry in &entries {
        let name = entry.name.as_str();
        if files.insert(entry.name.clone(), entry.data).is_some() {
            findings.fail(
                "duplicate-entry",
                name,
                "the same name stands twice in the archive",
            );
        } else if !folded.insert(name.to_ascii_lowercase()) {
            findings.fail(
                "case-collision",
                name,
                "the name differs from another only in case",
            );
        }
        ordered &= previous.is_none_or(|previous| previous < name);
        previous = Some(name);
    }
    if findings.failed() && !before {
        return files;
    }
    if !ordered {
        findings.fail(
            "zip-order",
            "archive",
            "the entries are not in the order of their names",
        );
        return files;
    }
    compare_with_canonical(zip, &entries, findings);
    files
}

fn read_entries<'a>(zip: &'a [u8], findings: &mut Findings) -> Option<Vec<Entry<'a>>> {
    let end = find_end(zip, findings)?;
    let count = usize::from(u16_at(zip, end + 10)?);
    let central_len = u32_at(zip, end + 12)? as usize;
    let central = u32_at(zip, end + 16)? as usize;
    if central.checked_add(central_len) != Some(end) || count > MAX_ENTRIES {
        findings.fail(
            "zip-directory",
            format!("archive byte {}", end + 12),
            "the end record does not point at a directory that ends where it begins",
        );
        return None;
    }
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(count);
    let mut at = central;
    for number in 0..count {
        let place = format!("archive directory entry {number}");
        let Some(entry) = read_entry(zip, &mut at, end, &place, findings) else {
            findings.fail(
                "zip-directory",
                place,
                "the directory cannot be read: a header is cut off or damaged",
            );
            return None;
        };
        entries.push(entry);
    }
    if at != end {
        findings.fail(
            "zip-stray-bytes",
            format!("archive byte {at}"),
            "there are bytes after the last directory entry",
        );
        return None;
    }
    check_contiguous(&entries, central, findings);
    Some(entries)
}

fn find_end(zip: &[u8], findings: &mut Findings) -> Option<usize> {
    let last = zip.len().checked_sub(END_LEN);
    if let Some(at) = last
        && u32_at(zip, at) == Some(END)
    {
        return Some(at);
    }
    let signature = END.to_le_bytes();
    let found = zip.windows(4).rposition(|window| window == signature);
    match found.map(|at| (at, u16_at(zip, at + 20))) {
        Some((at, Some(comment))) if at + END_LEN + usize::from(comment) == zip.len() => {
            findings.fail(
                "zip-comment",
                format!("archive byte {}", at + END_LEN),
                "the archive carries a comment",
            );
        }
        Some((at, Some(_))) => findings.fail(
            "zip-stray-bytes",
            format!("archive byte {}", at + END_LEN),
            "there are bytes after the end of the archive",
        ),
        _ => findings.fail(
            "not-a-zip",
            "archive",
            "no end record: this is no ZIP, or it is cut off",
        ),
    }
    None
}

fn read_entry<'a>(
    zip: &'a [u8],
    at: &mut usize,
    end: usize,
    place: &str,
    findings: &mut Findings,
) -> Option<Entry<'a>> {
    let head = zip.get(*at..at.checked_add(CENTRAL_LEN)?)?;
    if u32_at(head, 0)? != CENTRAL {
        return None;
    }
    let flags = u16_at(head, 8)?;
    let method = u16_at(head, 10)?;
    let crc = u32_at(head, 16)?;
    let packed = u32_at(head, 20)? as usize;
    let size = u32_at(head, 24)? as usize;
    let name_len = usize::from(u16_at(head, 28)?);
    let extra_len = usize::from(u16_at(head, 30)?);
    let comment_len = usize::from(u16_at(head, 32)?);
    let attributes = u32_at(head, 38)?;
    let offset = u32_at(head, 42)? as usize;
    let name_at = *at + CENTRAL_LEN;
    let next = name_at
        .checked_add(name_len)?
        .checked_add(extra_len)?
        .checked_add(comment_len)?;
    if next > end {
        return None;
    }
    let raw_name = zip.get(name_at..name_at + name_len)?;
    *at = next;
    let shown = printable(raw_name);
    let name = String::from_utf8(raw_name.to_vec()).unwrap_or_else(|_| shown.clone());
    if unsafe_name(&name) {
        findings.fail(
            "path-escape",
            shown.clone(),
            "the name is absolute, leaves the folder, or has characters a packet never uses",
        );
    }
    if (attributes >> 16) & TYPE_MASK == LINK_TYPE {
        findings.fail("link-entry", shown.clone(), "the entry is a symbolic link");
    } else if attributes != ATTRIBUTES {
        findings.fail(
            "zip-header",
            format!("{shown}, directory header"),
            "the entry's attributes are not those of a plain file",
        );
    }
    if extra_len != 0 || comment_len != 0 {
        findings.fail(
            "zip-comment",
            shown.clone(),
            "the entry carries an extra field or a comment",
        );
    }
    if method != 0 || flags != 0 || packed != size {
        findings.fail(
            "zip-method",
            shown.clone(),
            "the entry is compressed, encrypted or streamed; a packet stores its files",
        );
        return None;
    }
    let local = zip.get(offset..offset.checked_add(LOCAL_LEN)?)?;
    // From "version needed" to "extra length" both headers hold the same fields.
    let same = u32_at(local, 0)? == LOCAL
        && local[4..LOCAL_LEN] == head[6..CENTRAL_LEN - 14]
        && zip.get(offset + LOCAL_LEN..offset + LOCAL_LEN + name_len)? == raw_name;
    if !same {
        findings.fail(
            "zip-headers-disagree",
            format!("{shown}, archive byte {offset}"),
            "the file's own header and the directory say different things",
        );
    }
    let data_at = offset.checked_add(LOCAL_LEN)?.checked_add(name_len)?;
    let data = zip.get(data_at..data_at.checked_add(size)?)?;
    if crc32(data) != crc {
        findings.fail(
            "zip-crc",
            shown,
            format!("{place}: the CRC-32 does not fit the content"),
        );
    }
    Some(Entry { name, offset, data })
}

fn check_contiguous(entries: &[Entry<'_>], central: usize, findings: &mut Findings) {
    let mut by_offset: Vec<&Entry<'_>> = entries.iter().collect();
    by_offset.sort_by_key(|entry| entry.offset);
    let mut expected = 0;
    for entry in by_offset {
        if entry.offset != expected {
            findings.fail(
                "zip-stray-bytes",
                format!(
                    "{}, archive byte {expected}",
                    printable(entry.name.as_bytes())
                ),
                "the files do not follow each other without gap or overlap",
            );
            return;
        }
        expected = entry.offset + LOCAL_LEN + entry.name.len() + entry.data.len();
    }
    if expected != central {
        findings.fail(
            "zip-stray-bytes",
            format!("archive byte {expected}"),
            "there are bytes between the last file and the directory",
        );
    }
}

/// Compares what is written with what is there, and remembers where they part.
struct Comparing<'a> {
    found: &'a [u8],
    at: usize,
    differs: Option<usize>,
}

impl Write for Comparing<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        if self.differs.is_none() {
            let found = self.found.get(self.at..).unwrap_or_default();
            let same = written.iter().zip(found).take_while(|(a, b)| a == b);
            let same = same.count();
            if same < written.len() {
                self.differs = Some(self.at + same);
            }
        }
        self.at += written.len();
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The catch-all: every header byte must be the one the writer would write. What is left is read
/// once more by the door that every other archive goes through: what that refuses is no packet.
fn compare_with_canonical(zip: &[u8], entries: &[Entry<'_>], findings: &mut Findings) {
    let files = entries.iter().map(|entry| (&*entry.name, entry.data));
    let mut comparing = Comparing {
        found: zip,
        at: 0,
        differs: None,
    };
    if write_entries(files.collect(), &mut comparing).is_err() {
        findings.fail("packet-too-large", "archive", "the archive is too large");
        return;
    }
    let short = (comparing.at != zip.len()).then_some(comparing.at);
    if let Some(at) = comparing.differs.or(short) {
        let owner = entries
            .iter()
            .rev()
            .find(|entry| entry.offset <= at)
            .map_or("archive", |entry| entry.name.as_str());
        findings.fail(
            "zip-header",
            format!("{owner}, archive byte {at}"),
            "a header byte differs from the only one a packet may have there",
        );
        return;
    }
    let same = archive::stored_entries(zip, MAX_ENTRIES as u64).is_ok_and(|read| {
        read.len() == entries.len()
            && read.iter().zip(entries).all(|(a, b)| {
                a.name == b.name
                    && a.size == b.data.len() as u64
                    && a.offset == (b.offset + LOCAL_LEN + b.name.len()) as u64
            })
    });
    if !same {
        findings.fail(
            "zip-directory",
            "archive",
            "the archive is not one that every reader reads in the same way",
        );
    }
}

/// Reads a container into its files, for cosigning and leak checks.
///
/// # Errors
/// When reading fails, or the container is not in its one accepted form (the
/// message names the first reason).
pub fn read_container(zip: &mut impl Read) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let bytes = read_bounded(zip)?;
    let mut findings = Findings::default();
    let files = parse(&bytes, &mut findings);
    if let Some(first) = findings.first_failure() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {} ({})", first.place, first.message, first.code),
        ));
    }
    Ok(files
        .into_iter()
        .map(|(name, data)| (name, data.to_vec()))
        .collect())
}

/// Reads at most [`MAX_PACKET_BYTES`].
pub(super) fn read_bounded(zip: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    zip.take(MAX_PACKET_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PACKET_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}
