//! The borrowed, single-pass parser of a record line: the hot path of every import and
//! verification. Accepts exactly one spelling, so that no byte is without meaning.

use std::fmt;

use super::{
    Field, MAX_LINE, Record, RecordError, SCHEMA_PATH, SchemaRef, check_meaning, check_paths,
};
use crate::{
    base64,
    commitment::{MAX_FIELDS, Salts, Seed, commit_bytes, encode_entry_into, salt},
    hash::Hash,
    json,
    merkle::MAX_SIZE,
};

/// What belongs at a place of a line where something else stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// These characters.
    Word(&'static str),
    /// The index.
    Number,
    /// The rest of a string.
    String,
    /// The line feed.
    End,
}

impl fmt::Display for Belongs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Number => f.write_str("a number without sign, leading zero and fraction"),
            Self::String => f.write_str(
                r#"a string with the escapes \" \\ \b \t \n \f \r, \u00xx in lower case for other characters below U+0020, and no others"#,
            ),
            Self::End => f.write_str("the line feed (no carriage return, no white space)"),
        }
    }
}

/// Lists of paths that were already found good. Consecutive records mostly share theirs, and
/// comparing with a known list is much cheaper than proving it unique and prefix-free again.
#[derive(Default)]
pub struct PathMemory {
    lists: Vec<Vec<Box<str>>>,
}

impl fmt::Debug for PathMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathMemory({} lists)", self.lists.len())
    }
}

impl PathMemory {
    /// Most lists remembered; about one for each record type of a source.
    const MOST: usize = 64;

    fn check(&mut self, line: &RecordLine<'_>) -> Result<(), RecordError> {
        let same = |list: &Vec<Box<str>>| {
            list.len() == line.spans.len()
                && list
                    .iter()
                    .zip(&line.spans)
                    .all(|(known, (path, _))| known.as_bytes() == line.bytes(*path))
        };
        if let Some(k) = self.lists.iter().position(same) {
            if k > 0 {
                self.lists.swap(k, k - 1);
            }
            return Ok(());
        }
        let paths: Vec<&str> = line.paths().collect();
        check_paths(&paths)?;
        if self.lists.len() == Self::MOST {
            self.lists.pop();
        }
        self.lists.push(paths.into_iter().map(Box::from).collect());
        Ok(())
    }
}

/// A stretch of the line, or of the unescaped text where the line has escapes.
#[derive(Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
    unescaped: bool,
}

/// One line of `records.ndjson`, parsed and checked against every rule of the format, its
/// fields still where they were read.
pub struct RecordLine<'a> {
    index: u64,
    seed: Seed,
    line: &'a str,
    unescaped: String,
    spans: Vec<(Span, Span)>,
}

impl fmt::Debug for RecordLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordLine({}, {} fields)", self.index, self.spans.len())
    }
}

impl<'a> RecordLine<'a> {
    /// Parses one line, without its line feed, that must carry `expected_index`.
    ///
    /// # Errors
    /// The first rule broken, see [`RecordError`].
    pub fn parse(line: &'a [u8], expected_index: u64) -> Result<Self, RecordError> {
        Self::parse_with(line, expected_index, &mut PathMemory::default())
    }

    /// [`RecordLine::parse`] for many lines: remembers path lists that were found good.
    ///
    /// # Errors
    /// As for [`RecordLine::parse`].
    pub fn parse_with(
        line: &'a [u8],
        expected_index: u64,
        memory: &mut PathMemory,
    ) -> Result<Self, RecordError> {
        if line.len() > MAX_LINE {
            return Err(RecordError::LineTooLong(line.len()));
        }
        let line = str::from_utf8(line).map_err(|e| RecordError::NotUtf8(e.valid_up_to()))?;
        let mut cursor = Cursor {
            line,
            bytes: line.as_bytes(),
            at: 0,
        };
        cursor.take("{\"i\":")?;
        let index = cursor.number()?;
        cursor.take(",\"s\":\"")?;
        let seed = cursor.seed()?;
        cursor.take("\",\"f\":[")?;
        let mut parsed = Self {
            index,
            seed,
            line,
            unescaped: String::new(),
            spans: Vec::with_capacity(32),
        };
        loop {
            cursor.take("[")?;
            let path = cursor.string(&mut parsed.unescaped)?;
            cursor.take(",")?;
            let (value, checked) = match cursor.quoted(&mut parsed.unescaped) {
                Some(value) => (value, true),
                None => (cursor.string(&mut parsed.unescaped)?, false),
            };
            cursor.take("]")?;
            let field = parsed.spans.len();
            if field == MAX_FIELDS {
                return Err(RecordError::TooManyFields(field + 1));
            }
            if field > 0 {
                if !checked {
                    json::check_value(parsed.text(value))
                        .map_err(|fault| RecordError::Value { field, fault })?;
                }
            } else if parsed.text(path) != SCHEMA_PATH {
                return Err(RecordError::SchemaMissing);
            } else if SchemaRef::split(parsed.text(value)).is_none() {
                return Err(RecordError::SchemaValue);
            }
            parsed.spans.push((path, value));
            if cursor.bytes.get(cursor.at) != Some(&b',') {
                break;
            }
            cursor.at += 1;
        }
        cursor.take("]}")?;
        if cursor.at != line.len() {
            return cursor.spelling(Belongs::End);
        }
        if index != expected_index {
            return Err(RecordError::Index {
                expected: expected_index,
                found: index,
            });
        }
        memory.check(&parsed)?;
        Ok(parsed)
    }

    fn bytes(&self, span: Span) -> &[u8] {
        let whole = if span.unescaped {
            self.unescaped.as_bytes()
        } else {
            self.line.as_bytes()
        };
        &whole[span.from as usize..span.to as usize]
    }

    fn text(&self, span: Span) -> &str {
        let whole = if span.unescaped {
            &self.unescaped
        } else {
            self.line
        };
        &whole[span.from as usize..span.to as usize]
    }

    fn paths(&self) -> impl ExactSizeIterator<Item = &str> {
        self.spans.iter().map(|(path, _)| self.text(*path))
    }

    /// The line as it was read, without its line feed: its one spelling.
    pub fn as_written(&self) -> &'a str {
        self.line
    }

    /// Index in the log.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The record's secret.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Never: a record has at least field 0.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Path and value text of every field, in order; field 0 is `@schema`.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.spans
            .iter()
            .map(|(path, value)| (self.text(*path), self.text(*value)))
    }

    /// Checks that each path has one meaning, see [`check_meaning`]. Not part of reading a line: what is
    /// sealed stays readable whatever rule came later.
    ///
    /// # Errors
    /// [`RecordError::Twice`].
    pub fn check_meaning(&self) -> Result<(), RecordError> {
        let together = |(path, _): &(Span, Span)| self.bytes(*path).ends_with(b"/*");
        match self.spans.iter().any(together) {
            true => check_meaning(
                self.spans
                    .iter()
                    .map(|(p, v)| (self.text(*p), Some(self.text(*v)))),
            ),
            false => Ok(()),
        }
    }

    /// Schema id and version that field 0 names.
    pub fn schema(&self) -> (&str, u32) {
        // `parse_with` refused everything that does not split.
        let value = self
            .spans
            .first()
            .map_or("", |(_, value)| self.text(*value));
        SchemaRef::split(value).unwrap_or(("", 0))
    }

    /// Commitment of field `number`, which must be below [`RecordLine::len`].
    pub fn commitment(&self, number: usize) -> Option<Hash> {
        let (_, value) = self.spans.get(number)?;
        let salt = salt(&self.seed, self.index, number as u32);
        Some(commit_bytes(&salt, self.bytes(*value)))
    }

    /// The leaf hash of the record's entry.
    pub fn leaf(&self) -> Hash {
        self.leaf_with(&mut Vec::with_capacity(4096))
    }

    /// [`RecordLine::leaf`] with a scratch buffer that is used again.
    pub fn leaf_with(&self, scratch: &mut Vec<u8>) -> Hash {
        scratch.clear();
        scratch.push(0);
        let mut salts = Salts::new(&self.seed, self.index);
        let fields = self.spans.iter().enumerate().map(|(k, (path, value))| {
            let salt = salts.salt(k as u32);
            (self.bytes(*path), commit_bytes(&salt, self.bytes(*value)))
        });
        // The bounds were checked with the paths; an entry beyond them cannot get here.
        if encode_entry_into(scratch, fields).is_err() {
            scratch.clear();
        }
        Hash::sha256(scratch)
    }

    /// The record with texts of its own.
    pub fn to_owned(&self) -> Record {
        let own = |(path, value): (&str, &str)| Field {
            path: path.to_owned(),
            value: value.to_owned(),
        };
        Record {
            index: self.index,
            seed: self.seed.clone(),
            fields: self.fields().map(own).collect(),
        }
    }
}

struct Cursor<'a> {
    line: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn spelling<T>(&self, belongs: Belongs) -> Result<T, RecordError> {
        Err(RecordError::Spelling(self.at, belongs))
    }

    /// `word` is ASCII.
    fn take(&mut self, word: &'static str) -> Result<(), RecordError> {
        let found = &self.bytes[self.at..];
        if found.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        let both = found.iter().zip(word.as_bytes());
        let same = both.take_while(|(a, b)| a == b).count();
        let belongs = Belongs::Word(&word[same..]);
        Err(RecordError::Spelling(self.at + same, belongs))
    }

    /// A decimal number below 2^53 without leading zeros.
    fn number(&mut self) -> Result<u64, RecordError> {
        let from = self.at;
        let mut value: u64 = 0;
        while let Some(digit) = self.bytes.get(self.at).filter(|b| b.is_ascii_digit()) {
            if self.at > from && value == 0 {
                return self.spelling(Belongs::Number);
            }
            value = value * 10 + u64::from(digit - b'0');
            if value >= MAX_SIZE {
                return Err(RecordError::IndexTooLarge(value));
            }
            self.at += 1;
        }
        if self.at == from {
            return self.spelling(Belongs::Number);
        }
        Ok(value)
    }

    fn seed(&mut self) -> Result<Seed, RecordError> {
        let text = self.bytes.get(self.at..self.at + 44);
        let text = text.ok_or(RecordError::Seed)?;
        let seed = base64::decode_32(text).ok_or(RecordError::Seed)?;
        self.at += 44;
        Ok(Seed::new(seed))
    }

    /// A string with the fewest escapes.
    fn string(&mut self, unescaped: &mut String) -> Result<Span, RecordError> {
        self.take("\"")?;
        let from = self.at;
        self.plain();
        if self.bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(Span {
                from: from as u32,
                to: (self.at - 1) as u32,
                unescaped: false,
            });
        }
        if unescaped.capacity() == 0 {
            // One allocation for all strings of the line.
            unescaped.reserve(self.line.len() - from);
        }
        let start = unescaped.len();
        unescaped.push_str(&self.line[from..self.at]);
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => unescaped.push(self.escape()?),
                _ => return self.spelling(Belongs::String),
            }
            let from = self.at;
            self.plain();
            unescaped.push_str(&self.line[from..self.at]);
        }
        self.at += 1;
        Ok(Span {
            from: start as u32,
            to: unescaped.len() as u32,
            unescaped: true,
        })
    }

    fn plain(&mut self) {
        self.at += json::plain(&self.bytes[self.at..]);
    }

    /// A string that holds a JSON string without escapes, as most value texts are:
    /// `"\"text\""`. Such a value needs no further check. `None`, and nothing is read, where
    /// something else stands.
    fn quoted(&mut self, unescaped: &mut String) -> Option<Span> {
        let from = self.at + 3;
        let inside = self.bytes.get(self.at..)?.strip_prefix(b"\"\\\"")?;
        let length = json::plain(inside);
        if !inside[length..].starts_with(b"\\\"\"") {
            return None;
        }
        self.at = from + length + 3;
        if unescaped.capacity() == 0 {
            // One allocation for all strings of the line.
            unescaped.reserve(self.line.len() - from);
        }
        let start = unescaped.len() as u32;
        unescaped.push('"');
        unescaped.push_str(&self.line[from..from + length]);
        unescaped.push('"');
        Some(Span {
            from: start,
            to: unescaped.len() as u32,
            unescaped: true,
        })
    }

    fn escape(&mut self) -> Result<char, RecordError> {
        let (value, length) = match self.bytes.get(self.at + 1) {
            Some(b'"') => ('"', 2),
            Some(b'\\') => ('\\', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b't') => ('\t', 2),
            Some(b'n') => ('\n', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'r') => ('\r', 2),
            Some(b'u') => (self.unicode_escape()?, 6),
            _ => return self.spelling(Belongs::String),
        };
        self.at += length;
        Ok(value)
    }

    /// `\u00xx` of a control character that has no short escape.
    fn unicode_escape(&self) -> Result<char, RecordError> {
        let digit = |byte: &u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        match self.bytes.get(self.at + 2..self.at + 6) {
            Some([b'0', b'0', high @ (b'0' | b'1'), low]) => {
                let value = digit(low).map(|low| (high - b'0') << 4 | low);
                match value {
                    Some(8 | 9 | 10 | 12 | 13) | None => self.spelling(Belongs::String),
                    Some(value) => Ok(char::from(value)),
                }
            }
            _ => self.spelling(Belongs::String),
        }
    }
}
