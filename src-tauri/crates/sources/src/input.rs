//! What a file is, and its records one after the other.

use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use evidence::Field;
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::error::{JsonFault, ReadError};
use crate::json::{Faulty, Parser};
use crate::packed::{Packing, inner_name, peek, refusal, unpacked};
use crate::source::SourceFile;

/// The largest file, inflated, that is held as a whole (CloudTrail log files and JSON arrays).
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest line of a JSON lines file, the same as in an export.
pub const MAX_LINE_BYTES: u64 = 1024 * 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InputKind {
    /// A directory or ZIP in the native format (or of CloudTrail files and digests: the reader of
    /// directories tells them apart).
    NativeExport,
    /// A CloudTrail log file, plain or gzip: `{"Records":[…]}`.
    CloudTrailRecords,
    /// One JSON value on each line.
    JsonLines,
    /// A JSON array of records.
    JsonArray,
    /// A checksum file.
    Sha256Sums,
    /// None of these.
    Unknown,
}

impl InputKind {
    /// Guesses from the first bytes and, for checksum files, the name (512 bytes are plenty; of a
    /// compressed file a few thousand, or 256 KiB for zstd, whose blocks are long). The readers check
    /// what they get, so a wrong guess is an error there, not a wrong record.
    pub fn detect(name: &str, first: &[u8], is_dir: bool) -> Self {
        if is_dir || first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
            return InputKind::NativeExport;
        }
        let base = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .to_ascii_lowercase();
        let packing = Packing::detect(first);
        if packing != Packing::Plain {
            let inside = peek(packing, first);
            return match Self::detect(inner_name(&base), &inside, false) {
                // One level is read; and a compressed manifest is nobody's.
                InputKind::NativeExport | InputKind::Sha256Sums => InputKind::Unknown,
                _ if Packing::detect(&inside) != Packing::Plain => InputKind::Unknown,
                kind => kind,
            };
        }
        let text = first.strip_prefix(BOM).unwrap_or(first).trim_ascii_start();
        if base.starts_with("sha256sum") || base.ends_with(".sha256") || is_sum_line(text) {
            return InputKind::Sha256Sums;
        }
        match text.first() {
            Some(b'[') => InputKind::JsonArray,
            Some(b'{') => {
                let inner = text[1..].trim_ascii_start();
                if inner.starts_with(b"\"Records\"") {
                    InputKind::CloudTrailRecords
                } else {
                    InputKind::JsonLines
                }
            }
            _ => InputKind::Unknown,
        }
    }
}

fn is_sum_line(text: &[u8]) -> bool {
    text.len() > 66
        && text[..64].iter().all(u8::is_ascii_hexdigit)
        && text[64] == b' '
        && matches!(text[65], b' ' | b'*')
}

/// Where a record stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line, from 1.
    Line(u64),
    /// An element of the array, from 0.
    Element(u64),
}

/// A record that did not come in the native format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRecord<'a> {
    /// Where it stands.
    pub place: Place,
    /// Its text, exactly as in the file.
    pub text: &'a str,
    /// Its fields under the source file, `@schema` first.
    pub fields: Vec<Field>,
}

type OnRecord<'a> = &'a mut dyn FnMut(ForeignRecord<'_>) -> ControlFlow<()>;

/// Reads the records of a foreign file in their order and hands each to `on_record`, which may
/// stop. Returns how many there were. Without a source file each record is one unclassified field.
///
/// JSON lines stream; the other kinds are held as a whole, at most [`MAX_FILE_BYTES`] inflated.
/// gzip is recognised by its first bytes; only a single member is read. Records handed over before
/// an error have been read well, but the file as a whole has not.
pub fn read_foreign(
    kind: InputKind,
    reader: impl BufRead,
    source: Option<&SourceFile>,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let source = source.unwrap_or_else(|| Catalogue::generic());
    match kind {
        InputKind::JsonLines => read_lines(&mut unpacked(reader)?, source, None, on_record),
        InputKind::CloudTrailRecords | InputKind::JsonArray => {
            let bytes = hold(unpacked(reader)?)?;
            read_whole(kind, &bytes, source, on_record)
        }
        InputKind::NativeExport | InputKind::Sha256Sums | InputKind::Unknown => {
            Err(ReadError::NotForeign)
        }
    }
}

/// What could be had of a file that fails.
#[derive(Debug)]
pub struct Salvage {
    /// Records that could be read.
    pub records: u64,
    /// Lines that could not, of a JSON lines file.
    pub skipped: u64,
    /// What was wrong first, if anything.
    pub fault: Option<ReadError>,
}

/// Reads what can be read of a file that [`read_foreign`] refuses: every line of its own that parses, or
/// the elements of an array up to the first that does not; up to the point where a compressed file is
/// damaged. `on_record` may stop.
///
/// # Errors
/// [`ReadError::Io`], [`ReadError::Stopped`], [`ReadError::NotForeign`]: what says nothing about the file.
pub fn salvage_foreign(
    kind: InputKind,
    reader: impl BufRead,
    source: Option<&SourceFile>,
    on_record: OnRecord<'_>,
) -> Result<Salvage, ReadError> {
    let source = source.unwrap_or_else(|| Catalogue::generic());
    let mut records = 0;
    let mut counted = |record: ForeignRecord<'_>| {
        records += 1;
        on_record(record)
    };
    let mut bad = Bad::default();
    let read = match kind {
        InputKind::JsonLines => unpacked(reader)
            .and_then(|mut lines| read_lines(&mut lines, source, Some(&mut bad), &mut counted)),
        InputKind::CloudTrailRecords | InputKind::JsonArray => unpacked(reader)
            .and_then(hold)
            .and_then(|bytes| read_whole(kind, &bytes, source, &mut counted)),
        InputKind::NativeExport | InputKind::Sha256Sums | InputKind::Unknown => {
            Err(ReadError::NotForeign)
        }
    };
    let last = match read {
        Err(error @ (ReadError::Io(_) | ReadError::Stopped | ReadError::NotForeign)) => {
            return Err(error);
        }
        read => read.err(),
    };
    Ok(Salvage {
        records,
        skipped: bad.lines,
        fault: bad.first.or(last),
    })
}

fn read_whole(
    kind: InputKind,
    bytes: &[u8],
    source: &SourceFile,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let start = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let text = std::str::from_utf8(&bytes[start..]).map_err(|e| ReadError::NotUtf8 {
        at: start + e.valid_up_to(),
        line: None,
    })?;
    if kind == InputKind::JsonArray {
        read_array(text, source, on_record)
    } else {
        read_cloudtrail(text, source, on_record)
    }
}

fn hold(reader: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let mut reader = reader.take(MAX_FILE_BYTES + 1);
    reader.read_to_end(&mut bytes).map_err(refusal)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ReadError::FileTooLarge {
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}

/// Lines that could not be read.
#[derive(Default)]
struct Bad {
    lines: u64,
    first: Option<ReadError>,
}

/// Reads lines; one that cannot be read ends it, unless such lines are only counted.
fn read_lines(
    reader: &mut impl BufRead,
    source: &SourceFile,
    mut bad: Option<&mut Bad>,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let mut bytes = Vec::new();
    let (mut line, mut count) = (0, 0);
    loop {
        bytes.clear();
        line += 1;
        let mut limited = reader.by_ref().take(MAX_LINE_BYTES + 1);
        if limited.read_until(b'\n', &mut bytes).map_err(refusal)? == 0 {
            return Ok(count);
        }
        let read = match line_fields(&mut bytes, line, source) {
            Ok(None) => continue,
            Ok(Some(read)) => read,
            Err(fault) => match &mut bad {
                None => return Err(fault),
                Some(bad) => {
                    if matches!(fault, ReadError::LineTooLong { .. }) {
                        reader.skip_until(b'\n').map_err(refusal)?;
                    }
                    bad.lines += 1;
                    bad.first.get_or_insert(fault);
                    continue;
                }
            },
        };
        let (text, fields) = read;
        count += 1;
        if on_record(ForeignRecord {
            place: Place::Line(line),
            text,
            fields,
        })
        .is_break()
        {
            return Err(ReadError::Stopped);
        }
    }
}

/// Text and fields of one line; none for an empty one.
fn line_fields<'b>(
    bytes: &'b mut Vec<u8>,
    line: u64,
    source: &SourceFile,
) -> Result<Option<(&'b str, Vec<Field>)>, ReadError> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if bytes.len() as u64 > MAX_LINE_BYTES {
        return Err(ReadError::LineTooLong {
            line,
            limit: MAX_LINE_BYTES,
        });
    }
    let start = if line == 1 && bytes.starts_with(BOM) {
        BOM.len()
    } else {
        0
    };
    let text = std::str::from_utf8(&bytes[start..])
        .map_err(|e| ReadError::NotUtf8 {
            at: start + e.valid_up_to(),
            line: Some(line),
        })?
        .trim_matches([' ', '\t', '\r']);
    if text.is_empty() {
        return Ok(None);
    }
    let fields = source
        .commit_at(text)
        .map_err(|(at, fault)| ReadError::Line { line, at, fault })?;
    Ok(Some((text, fields)))
}

/// Why the reading of an array ended early.
enum End {
    Stopped,
    Element(ReadError),
}

/// Hands over the elements of an array of records.
fn elements(
    parser: &mut Parser<'_>,
    source: &SourceFile,
    on_record: OnRecord<'_>,
    end: &mut Option<End>,
) -> Faulty<u64> {
    let mut index = 0;
    // The parser's closures can only fail with a fault of its own; `end` says what it was.
    let broken = |parser: &Parser<'_>| parser.fault(JsonFault::Syntax);
    parser.array(&mut |parser| {
        let text = match parser.value() {
            Ok(text) => text,
            Err((at, fault)) => {
                *end = Some(End::Element(ReadError::Element { index, at, fault }));
                return Err((at, fault));
            }
        };
        let start = parser.position() - text.len();
        let fields = match source.commit_at(text) {
            Ok(fields) => fields,
            Err((at, fault)) => {
                let at = start + at;
                *end = Some(End::Element(ReadError::Element { index, at, fault }));
                return broken(parser);
            }
        };
        let record = ForeignRecord {
            place: Place::Element(index),
            text,
            fields,
        };
        index += 1;
        if on_record(record).is_break() {
            *end = Some(End::Stopped);
            return broken(parser);
        }
        Ok(())
    })?;
    Ok(index)
}

fn finish(result: Faulty<u64>, end: Option<End>) -> Result<u64, ReadError> {
    match (result, end) {
        (_, Some(End::Stopped)) => Err(ReadError::Stopped),
        (_, Some(End::Element(error))) => Err(error),
        (Ok(count), None) => Ok(count),
        (Err((at, fault)), None) => Err(ReadError::File { at, fault }),
    }
}

fn read_array(text: &str, source: &SourceFile, on_record: OnRecord<'_>) -> Result<u64, ReadError> {
    let mut parser = Parser::new(text);
    let mut end = None;
    let result = elements(&mut parser, source, on_record, &mut end)
        .and_then(|count| parser.end().map(|()| count));
    finish(result, end)
}

fn read_cloudtrail(
    text: &str,
    source: &SourceFile,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let mut parser = Parser::new(text);
    let mut end = None;
    let mut count = None;
    let result = parser
        .object(&mut |key, parser| {
            if key.name == "Records" && parser.peek() == Some(b'[') {
                count = Some(elements(parser, source, &mut *on_record, &mut end)?);
                return Ok(());
            }
            parser.value().map(drop)
        })
        .and_then(|()| parser.end().map(|()| 0));
    finish(result, end)?;
    count.ok_or(ReadError::NoRecords)
}
