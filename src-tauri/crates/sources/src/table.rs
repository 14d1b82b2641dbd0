//! Tables: CSV (RFC 4180) and its relatives with semicolons, tabs or bars, under a header. Each row is a record of
//! texts under the names of its columns.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use crate::error::ReadError;
use crate::packed::{refusal, refuse};
use crate::sequence::Place;
use crate::text::BOM;

/// The longest row, in bytes.
const MAX_ROW_BYTES: u64 = 1024 * 1024;
/// The most columns.
const MAX_COLUMNS: usize = 480;
const DELIMITERS: [u8; 4] = *b",;\t|";

/// What stands between the values of a table, if the first bytes of a file are one: by its name, or by a header
/// and a row of as many columns.
pub(crate) fn delimiter(name: &str, first: &[u8]) -> Option<u8> {
    let (first, declared) = without_separator_line(first);
    let named = name.ends_with(".csv") || name.ends_with(".tsv");
    let columns = |by: u8| {
        let mut reader = ReaderBuilder::new()
            .delimiter(by)
            .has_headers(false)
            .flexible(true)
            .from_reader(first);
        let mut rows = reader.byte_records().map_while(Result::ok);
        let header = rows.next()?;
        let plain = header.iter().all(is_name);
        let next = rows.next().map(|row| row.len());
        let fits = next.is_none_or(|next| next == header.len());
        (header.len() > 1 && (named || plain && fits && next.is_some())).then_some(header.len())
    };
    let sniffed = || {
        let found = DELIMITERS
            .iter()
            .filter_map(|by| Some((columns(*by)?, *by)));
        found.max_by_key(|(columns, _)| *columns).map(|(_, by)| by)
    };
    declared.or_else(sniffed).or(match named {
        true if name.ends_with(".tsv") => Some(b'\t'),
        true if !first.is_empty() => Some(b','),
        _ => None,
    })
}

/// Spreadsheets state what they write between values on a line of its own: `sep=;`.
fn without_separator_line(first: &[u8]) -> (&[u8], Option<u8>) {
    let Some([by, rest @ ..]) = first.strip_prefix(b"sep=") else {
        return (first, None);
    };
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    match rest.strip_prefix(b"\n") {
        Some(rest) if DELIMITERS.contains(by) => (rest, Some(*by)),
        _ => (first, None),
    }
}

/// Whether a header's text reads like the name of a column.
fn is_name(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    (1..=80).contains(&text.len())
        && text[0].is_ascii_alphabetic()
        && text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b" _-.:/()#@".contains(b))
}

/// Reads the rows of a table as JSON objects. `on_row` gets each, or why it could not be read, and says whether to go
/// on.
pub(crate) fn rows(
    mut reader: impl BufRead,
    on_row: &mut dyn FnMut(Result<(Place, String), ReadError>) -> Result<bool, ReadError>,
) -> Result<(), ReadError> {
    let first = reader.fill_buf().map_err(refusal)?;
    let head = first.strip_prefix(BOM).unwrap_or(first);
    let by = delimiter("table.csv", head).unwrap_or(b',');
    let (rest, stated) = without_separator_line(head);
    let skipped = first.len() - rest.len();
    let lines = u64::from(stated.is_some());
    // The reader counts the line feed of such a line with the row behind it.
    let feed =
        u64::from((rest.split(|b| *b == b'\n').next()).is_some_and(|line| line.ends_with(b"\r")));
    reader.consume(skipped);
    let since = Rc::new(Cell::new(0));
    let limited = Limited {
        inner: reader,
        since: Rc::clone(&since),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(by)
        .has_headers(false)
        .flexible(true)
        .from_reader(limited);
    let mut row = ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    loop {
        since.set(0);
        let line = reader.position().line() + lines;
        match reader.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => return Err(broken(error, line)),
        }
        let line = row.position().map_or(line, |at| at.line() + lines);
        let line = line + if names.is_some() { feed } else { 0 };
        let texts: Option<Vec<&str>> = (row.iter())
            .map(|value| std::str::from_utf8(value).ok())
            .collect();
        let read = match (&names, texts) {
            (_, None) => Err(ReadError::NotUtf8 {
                at: 0,
                line: Some(line),
            }),
            (None, Some(header)) => {
                names = Some(header_of(&header, line)?);
                continue;
            }
            (Some(names), Some(values)) if values.len() != names.len() => Err(ReadError::Columns {
                line,
                found: values.len(),
                expected: names.len(),
            }),
            (Some(names), Some(values)) => {
                let members: Vec<String> = (names.iter().zip(values))
                    .map(|(name, value)| format!("{name}:{}", serde_json::Value::from(value)))
                    .collect();
                Ok((Place::Line(line), format!("{{{}}}", members.join(","))))
            }
        };
        if !on_row(read)? {
            return Ok(());
        }
    }
}

/// The names of the columns, as JSON strings.
fn header_of(header: &[&str], line: u64) -> Result<Vec<String>, ReadError> {
    let names: Vec<String> = (1..)
        .zip(header)
        .map(|(number, name)| match name.trim() {
            "" => format!("column {number}"),
            name => name.to_owned(),
        })
        .collect();
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if names.len() > MAX_COLUMNS || sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(ReadError::Header { line });
    }
    Ok(names
        .into_iter()
        .map(|name| serde_json::Value::from(name).to_string())
        .collect())
}

fn broken(error: csv::Error, line: u64) -> ReadError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => match refusal(error) {
            ReadError::LineTooLong { limit, .. } => ReadError::LineTooLong { line, limit },
            other => other,
        },
        _ => ReadError::Header { line },
    }
}

/// Refuses a row that does not end.
struct Limited<R> {
    inner: R,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.since.set(self.since.get() + n as u64);
        // A row may begin anywhere in what was read at once.
        if self.since.get() > MAX_ROW_BYTES + buffer.len() as u64 {
            return Err(refuse(ReadError::LineTooLong {
                line: 0,
                limit: MAX_ROW_BYTES,
            }));
        }
        Ok(n)
    }
}
