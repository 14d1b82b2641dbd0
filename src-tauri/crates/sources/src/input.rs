//! What a file is, and its records one after the other.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use evidence::Field;
use flate2::bufread::GzDecoder;

use crate::catalogue::Catalogue;
use crate::error::{JsonFault, ReadError};
use crate::json::{Faulty, Parser};
use crate::source::SourceFile;

/// The largest file, inflated, that is held as a whole (CloudTrail log files and JSON arrays).
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest line of a JSON lines file, the same as in an export.
pub const MAX_LINE_BYTES: u64 = 1024 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Guesses from a name and the first bytes (512 are plenty; fewer when the file is shorter).
    /// The readers check what they get, so a wrong guess is an error there, not a wrong record.
    pub fn detect(name: &str, first: &[u8], is_dir: bool) -> Self {
        if is_dir || first.starts_with(b"PK\x03\x04") {
            return InputKind::NativeExport;
        }
        let base = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .to_ascii_lowercase();
        if first.starts_with(&GZIP_MAGIC) {
            let lines = [".ndjson.gz", ".jsonl.gz", ".log.gz"];
            return match base {
                _ if lines.iter().any(|end| base.ends_with(end)) => InputKind::JsonLines,
                _ if base.ends_with(".json.gz") => InputKind::CloudTrailRecords,
                _ => InputKind::Unknown,
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
    mut reader: impl BufRead,
    source: Option<&SourceFile>,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let source = source.unwrap_or_else(|| Catalogue::generic());
    let gzip = reader.fill_buf()?.starts_with(&GZIP_MAGIC);
    match kind {
        InputKind::JsonLines if gzip => {
            let mut lines = BufReader::new(GzDecoder::new(reader));
            let count = read_lines(&mut lines, source, on_record).map_err(gzip_error)?;
            no_more(lines.into_inner().into_inner())?;
            Ok(count)
        }
        InputKind::JsonLines => read_lines(&mut reader, source, on_record),
        InputKind::CloudTrailRecords | InputKind::JsonArray => {
            let bytes = if gzip {
                inflate(reader)?
            } else {
                hold(reader)?
            };
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
        InputKind::NativeExport | InputKind::Sha256Sums | InputKind::Unknown => {
            Err(ReadError::NotForeign)
        }
    }
}

fn hold(reader: impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    reader.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(ReadError::FileTooLarge {
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}

fn inflate(reader: impl BufRead) -> Result<Vec<u8>, ReadError> {
    let mut decoder = GzDecoder::new(reader);
    let bytes = hold(&mut decoder).map_err(gzip_error)?;
    no_more(decoder.into_inner())?;
    Ok(bytes)
}

/// flate2 reports a damaged stream as an I/O error of these kinds.
fn gzip_error(error: ReadError) -> ReadError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error {
        ReadError::Io(e) if matches!(e.kind(), InvalidData | InvalidInput | UnexpectedEof) => {
            ReadError::Gzip
        }
        error => error,
    }
}

fn no_more(mut reader: impl BufRead) -> Result<(), ReadError> {
    if reader.fill_buf()?.is_empty() {
        Ok(())
    } else {
        Err(ReadError::TrailingGzip)
    }
}

fn read_lines(
    reader: &mut impl BufRead,
    source: &SourceFile,
    on_record: OnRecord<'_>,
) -> Result<u64, ReadError> {
    let mut bytes = Vec::new();
    let (mut line, mut count) = (0, 0);
    loop {
        bytes.clear();
        line += 1;
        if reader
            .by_ref()
            .take(MAX_LINE_BYTES + 1)
            .read_until(b'\n', &mut bytes)?
            == 0
        {
            return Ok(count);
        }
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
            continue;
        }
        let fields = source
            .commit_at(text)
            .map_err(|(at, fault)| ReadError::Line { line, at, fault })?;
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
