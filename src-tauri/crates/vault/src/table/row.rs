//! The minimised fields of an event in few bytes.
//!
//! ```text
//! fields = varint(shape id) || values            a shape that is listed in the table `shape`
//!        | 0 || varint(bytes) || shape || values a shape that hardly repeats
//! shape  = for each field: varint(path id) || class << 3 | what is shown
//! values = for each field that is
//!          kept      varint(x << 3 | form) || …
//!          subject   varint(subject number)
//!          tag       varint(text id)
//!          presence  one byte: the place in BUCKETS
//!          hidden    nothing
//! ```
//! A kept value is the JSON text as the source wrote it, in one of these forms:
//!
//! | form | x | then |
//! |---|---|---|
//! | 0 | text id | |
//! | 1 | bytes | the value text |
//! | 2 | bytes | the inside of a string |
//! | 3 | 0 | 16 bytes of a string that is a UUID in lower case |
//! | 4 | 0, 1, 2 (seconds, milli-, microseconds) | zigzag varint of a string that is an RFC 3339 time in UTC, less the row's own |
//! | 5 | an integer without sign | |
//!
//! A form is only used where reading it back gives the very same text.

use chrono::{DateTime, NaiveDate};
use redaction::{Class, SizeBucket};

const BUCKETS: [SizeBucket; 5] = [
    SizeBucket::Empty,
    SizeBucket::Small,
    SizeBucket::Medium,
    SizeBucket::Large,
    SizeBucket::Huge,
];
/// Microseconds of a unit of time, and digits behind the point.
const UNITS: [(i64, usize); 3] = [(1_000_000, 0), (1_000, 3), (1, 6)];
/// Larger integers keep their text: three bits of the number are the form.
const MAX_INTEGER: u64 = 1 << 60;

/// What is stored of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Kept,
    Subject,
    Tag,
    Presence,
    Hidden,
}

const KINDS: [Kind; 5] = [
    Kind::Kept,
    Kind::Subject,
    Kind::Tag,
    Kind::Presence,
    Kind::Hidden,
];

/// A field as stored, numbers not yet looked up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawField {
    pub(crate) path: i64,
    /// Place in [`Class::ALL`].
    pub(crate) class: usize,
    pub(crate) shown: RawShown,
}

/// What is shown of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RawShown {
    Kept(String),
    Text(i64),
    Subject(i64),
    Tag(i64),
    Presence(SizeBucket),
    Hidden,
}

pub(crate) fn class_code(class: Class) -> u8 {
    Class::ALL
        .iter()
        .zip(0..)
        .find(|(c, _)| **c == class)
        .map_or(8, |(_, n)| n)
}

/// Collects the fields of one row; its buffers are used again for the next.
#[derive(Debug, Default)]
pub(crate) struct RowWriter {
    shape: Vec<u8>,
    values: Vec<u8>,
    /// The row's own time, microseconds: times in its values are stored as differences.
    base: i64,
}

impl RowWriter {
    /// Begins a row that happened at `base`.
    pub(crate) fn start(&mut self, base: Option<i64>) {
        self.shape.clear();
        self.values.clear();
        self.base = base.unwrap_or(0);
    }

    fn field(&mut self, path: i64, class: Class, kind: Kind) {
        put(&mut self.shape, path.unsigned_abs());
        let code = KINDS.iter().position(|k| *k == kind).unwrap_or_default();
        self.shape.push(class_code(class) << 3 | code as u8);
    }

    fn form(&mut self, x: u64, form: u64) {
        put(&mut self.values, x << 3 | form);
    }

    /// A kept value that stands in the dictionary.
    pub(crate) fn text(&mut self, path: i64, class: Class, id: i64) {
        self.field(path, class, Kind::Kept);
        self.form(id.unsigned_abs(), 0);
    }

    /// A kept value that needs no dictionary, because it packs into a few bytes; `false` when it does not.
    pub(crate) fn packed(&mut self, path: i64, class: Class, value: &str) -> bool {
        let bytes = value.as_bytes();
        if let Some(number) = integer(bytes) {
            self.field(path, class, Kind::Kept);
            self.form(number, 5);
            return true;
        }
        let Some(inside) = inside(bytes) else {
            return false;
        };
        if let Some(uuid) = uuid(inside) {
            self.field(path, class, Kind::Kept);
            self.form(0, 3);
            self.values.extend_from_slice(&uuid);
            return true;
        }
        let Some((unit, at)) = time(inside) else {
            return false;
        };
        self.field(path, class, Kind::Kept);
        self.form(unit as u64, 4);
        // Wraps, and reading wraps back: any base gives the same text.
        let past = at.wrapping_sub(self.base.div_euclid(UNITS[unit].0));
        put(&mut self.values, (past << 1 ^ past >> 63) as u64);
        true
    }

    /// A kept value as it is.
    pub(crate) fn kept(&mut self, path: i64, class: Class, value: &str) {
        self.field(path, class, Kind::Kept);
        let (text, form) = match inside(value.as_bytes()) {
            Some(inside) => (inside, 2),
            None => (value.as_bytes(), 1),
        };
        self.form(text.len() as u64, form);
        self.values.extend_from_slice(text);
    }

    pub(crate) fn subject(&mut self, path: i64, class: Class, number: i64) {
        self.field(path, class, Kind::Subject);
        put(&mut self.values, number.unsigned_abs());
    }

    pub(crate) fn tag(&mut self, path: i64, class: Class, id: i64) {
        self.field(path, class, Kind::Tag);
        put(&mut self.values, id.unsigned_abs());
    }

    pub(crate) fn presence(&mut self, path: i64, class: Class, size: SizeBucket) {
        self.field(path, class, Kind::Presence);
        let code = BUCKETS.iter().position(|b| *b == size).unwrap_or_default();
        self.values.push(code as u8);
    }

    pub(crate) fn hidden(&mut self, path: i64, class: Class) {
        self.field(path, class, Kind::Hidden);
    }

    /// The shape of the row, to be found in its dictionary.
    pub(crate) fn shape(&self) -> &[u8] {
        &self.shape
    }

    /// The row; its shape stays in it when it has no number.
    pub(crate) fn finish(&self, shape: Option<i64>, out: &mut Vec<u8>) {
        out.clear();
        match shape {
            Some(id) => put(out, id.unsigned_abs()),
            None => {
                out.push(0);
                put(out, self.shape.len() as u64);
                out.extend_from_slice(&self.shape);
            }
        }
        out.extend_from_slice(&self.values);
    }
}

/// The number of the shape that a row names, if it does.
pub(crate) fn shape_of(fields: &[u8]) -> Option<i64> {
    let id = Input(fields).varint()?;
    i64::try_from(id).ok().filter(|id| *id > 0)
}

/// Reads a row back. `shape` is the one it names; `base` the row's own time.
pub(crate) fn decode(
    fields: &[u8],
    shape: Option<&[u8]>,
    base: Option<i64>,
) -> Option<Vec<RawField>> {
    let mut input = Input(fields);
    let mut shape = match (input.varint()?, shape) {
        (0, _) => {
            let length = usize::try_from(input.varint()?).ok()?;
            Input(input.take(length)?)
        }
        (_, Some(shape)) => Input(shape),
        (_, None) => return None,
    };
    let mut out = Vec::with_capacity(shape.0.len() / 2);
    while !shape.0.is_empty() {
        let path = shape.id()?;
        let code = shape.byte()?;
        let kind = *KINDS.get(usize::from(code & 7))?;
        let shown = match kind {
            Kind::Kept => input.kept(base.unwrap_or(0))?,
            Kind::Subject => RawShown::Subject(input.id()?),
            Kind::Tag => RawShown::Tag(input.id()?),
            Kind::Presence => RawShown::Presence(*BUCKETS.get(usize::from(input.byte()?))?),
            Kind::Hidden => RawShown::Hidden,
        };
        out.push(RawField {
            path,
            class: usize::from(code >> 3),
            shown,
        });
    }
    input.0.is_empty().then_some(out)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn id(&mut self) -> Option<i64> {
        i64::try_from(self.varint()?).ok()
    }

    fn kept(&mut self, base: i64) -> Option<RawShown> {
        let head = self.varint()?;
        let x = head >> 3;
        Some(RawShown::Kept(match head & 7 {
            0 => return Some(RawShown::Text(i64::try_from(x).ok()?)),
            1 => str::from_utf8(self.take(usize::try_from(x).ok()?)?)
                .ok()?
                .to_owned(),
            2 => {
                let inside = str::from_utf8(self.take(usize::try_from(x).ok()?)?).ok()?;
                format!("\"{inside}\"")
            }
            3 => uuid_text(self.take(16)?),
            4 => {
                let (unit, digits) = *UNITS.get(usize::try_from(x).ok()?)?;
                let past = self.varint()?;
                let past = (past >> 1) as i64 ^ -((past & 1) as i64);
                let at = base.div_euclid(unit).wrapping_add(past).checked_mul(unit)?;
                let at = DateTime::from_timestamp_micros(at)?;
                let seconds = at.format("%Y-%m-%dT%H:%M:%S");
                let micros = at.timestamp_subsec_micros();
                match digits {
                    0 => format!("\"{seconds}Z\""),
                    3 => format!("\"{seconds}.{:03}Z\"", micros / 1_000),
                    _ => format!("\"{seconds}.{micros:06}Z\""),
                }
            }
            5 => x.to_string(),
            _ => return None,
        }))
    }
}

/// Unsigned LEB128.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// What stands between the quotes of a string.
fn inside(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'"', inside @ .., b'"'] => Some(inside),
        _ => None,
    }
}

/// A non-negative integer without sign, point or leading zero.
fn integer(value: &[u8]) -> Option<u64> {
    if value == b"0" {
        return Some(0);
    }
    let plain = (1..=18).contains(&value.len()) && value[0] != b'0';
    plain
        .then(|| digits(value))
        .flatten()
        .filter(|n| *n < MAX_INTEGER)
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + u64::from(byte - b'0'))
    })
}

/// The bytes of a UUID in lower case.
fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; 16];
    let mut at = 0;
    for byte in &mut out {
        if matches!(at, 8 | 13 | 18 | 23) {
            if text[at] != b'-' {
                return None;
            }
            at += 1;
        }
        *byte = digit(text[at])? << 4 | digit(text[at + 1])?;
        at += 2;
    }
    Some(out)
}

/// A UUID as a JSON string.
fn uuid_text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(38);
    out.push('"');
    for (n, byte) in bytes.iter().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    out.push('"');
    out
}

/// A time `YYYY-MM-DDThh:mm:ss[.fff|.ffffff]Z` as its unit and how many of them since 1970.
fn time(text: &[u8]) -> Option<(usize, i64)> {
    let unit = match text.len() {
        20 => 0,
        24 => 1,
        27 => 2,
        _ => return None,
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let (micros, places) = UNITS[unit];
    let last = text.len() - 1;
    let shaped = marks.iter().all(|(at, mark)| text[*at] == *mark)
        && text[last] == b'Z'
        && (places == 0 || text[19] == b'.');
    if !shaped {
        return None;
    }
    let number = |from: usize, to: usize| digits(&text[from..to]);
    let small = |from: usize| number(from, from + 2).and_then(|n| u32::try_from(n).ok());
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, small(5)?, small(8)?)?;
    // A leap second has no place of its own and keeps its text.
    let seconds = date
        .and_hms_opt(small(11)?, small(14)?, small(17)?)?
        .and_utc();
    let fraction = match places {
        0 => 0,
        _ => i64::try_from(number(20, last)?).ok()?,
    };
    Some((unit, seconds.timestamp() * (1_000_000 / micros) + fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(value: &str, base: Option<i64>) -> (bool, usize) {
        let mut row = RowWriter::default();
        row.start(base);
        let packed = row.packed(7, Class::C1, value);
        if !packed {
            row.kept(7, Class::C1, value);
        }
        let mut bytes = Vec::new();
        for shape in [None, Some(300)] {
            row.finish(shape, &mut bytes);
            assert_eq!(shape_of(&bytes), shape);
            let fields = decode(&bytes, shape.map(|_| row.shape()), base).expect("it reads back");
            assert_eq!(fields.len(), 1);
            assert_eq!(fields[0].path, 7);
            assert_eq!(fields[0].shown, RawShown::Kept(value.to_owned()), "{value}");
        }
        (packed, bytes.len())
    }

    #[test]
    fn every_spelling_reads_back_as_it_was() {
        let base = Some(1_790_000_000_123_456);
        let packed = [
            "0",
            "7",
            "123456789012345678",
            r#""0f8fad5b-d9cb-469f-a165-70867728950e""#,
            r#""2026-11-21T04:00:00Z""#,
            r#""2026-11-21T04:00:00.000Z""#,
            r#""2026-11-21T04:00:00.037Z""#,
            r#""2026-11-21T04:00:00.000001Z""#,
            r#""0000-01-01T00:00:00Z""#,
            r#""9999-12-31T23:59:59.999999Z""#,
            r#""1969-12-31T23:59:59.999Z""#,
        ];
        let plain = [
            "00",
            "-1",
            "1.50",
            "1e3",
            "1234567890123456789",
            "null",
            "true",
            "\"\"",
            "\"",
            r#""a \" b""#,
            r#""0F8FAD5B-D9CB-469F-A165-70867728950E""#,
            r#""0f8fad5b-d9cb-469f-a165+70867728950e""#,
            r#""2026-11-21T04:00:00+00:00""#,
            r#""2026-11-21t04:00:00z""#,
            r#""2026-11-21T04:00:60Z""#,
            r#""2026-02-30T04:00:00Z""#,
            r#""2026-11-21T04:00:00.12Z""#,
            r#""2026-11-21T04:00:00.1234567Z""#,
            r#""2026-11-21T04:00:+0Z""#,
            r#"{"a":[1]}"#,
            "\"Ünïcode\"",
        ];
        for base in [None, base, Some(-5), Some(i64::MIN), Some(i64::MAX)] {
            for value in packed {
                assert!(kept(value, base).0, "{value} packs");
            }
            for value in plain {
                assert!(!kept(value, base).0, "{value} does not pack");
            }
        }
        // The row's own time costs next to nothing.
        let own = DateTime::from_timestamp_micros(1_790_000_000_123_000).unwrap_or_default();
        let text = format!("\"{}\"", own.format("%Y-%m-%dT%H:%M:%S%.3fZ"));
        assert_eq!(kept(&text, Some(own.timestamp_micros())).1, 2 + 2);
    }

    #[test]
    fn a_row_that_is_cut_or_has_more_than_its_shape_is_refused() {
        let mut row = RowWriter::default();
        row.start(Some(5));
        row.text(1, Class::C0, 300);
        row.subject(2, Class::C3, 12);
        row.tag(3, Class::C6, 4);
        row.presence(4, Class::C5, SizeBucket::Large);
        row.hidden(500, Class::Unknown);
        row.kept(6, Class::C2, "\"site\"");
        let mut bytes = Vec::new();
        row.finish(None, &mut bytes);
        let fields = decode(&bytes, None, Some(5)).expect("it reads back");
        let shown: Vec<_> = fields.iter().map(|f| (f.path, &f.shown)).collect();
        assert_eq!(
            shown,
            [
                (1, &RawShown::Text(300)),
                (2, &RawShown::Subject(12)),
                (3, &RawShown::Tag(4)),
                (4, &RawShown::Presence(SizeBucket::Large)),
                (500, &RawShown::Hidden),
                (6, &RawShown::Kept("\"site\"".to_owned())),
            ]
        );
        assert_eq!(fields[4].class, usize::from(class_code(Class::Unknown)));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut], None, Some(5)), None, "cut at {cut}");
        }
        bytes.push(0);
        assert_eq!(decode(&bytes, None, Some(5)), None);
        assert_eq!(decode(&[1], None, None), None, "its shape is not there");
    }
}
