//! Records of the native format: an ordered list of (path, value text), one line each.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap, fmt};

use data_encoding::BASE64;

use crate::{
    commitment::{MAX_ENTRY, Seed, commit, encode_entry, salt},
    hash::Hash,
    json::{self, JsonFault},
    merkle::{MAX_SIZE, leaf_hash},
};

mod disclosed;
mod line;

pub use disclosed::{DisclosedField, DisclosedRecord, Salt};
pub use line::{Belongs, PathMemory, RecordLine};

/// Path of field 0. No JSON Pointer, so no path of a record can collide with it.
pub const SCHEMA_PATH: &str = "@schema";
/// Longest line, line feed not counted, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// Why a record or its line was refused. Never quotes it: only positions and counts.
/// Field numbers count from 0; byte positions from 0 within the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// More than 1 MiB.
    #[error("the line has {0} bytes; at most 1048576 are allowed")]
    LineTooLong(usize),
    /// Not UTF-8.
    #[error("the line is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// Not the one spelling: where it departs from it, and what belongs there.
    #[error("the line departs from its one spelling at byte {0}, where {1} belongs")]
    Spelling(usize, Belongs),
    /// Another index than the line's place gives.
    #[error("the line says index {found}, its place says {expected}")]
    Index {
        /// Index that follows from the line's place.
        expected: u64,
        /// Index in the line.
        found: u64,
    },
    /// An index of 2^53 or more.
    #[error("index {0} is not below 2^53")]
    IndexTooLarge(u64),
    /// The seed is not canonical base64 of 32 bytes.
    #[error(
        "the seed is not base64 of 32 bytes in its one spelling: 43 characters of A-Z a-z 0-9 + / and one ="
    )]
    Seed,
    /// More than 512 fields.
    #[error("{0} fields; at most 512 are allowed")]
    TooManyFields(usize),
    /// An entry of more than 65,535 bytes.
    #[error("the paths make an entry of more than 65535 bytes")]
    EntryTooLong,
    /// Field 0 is not `@schema`.
    #[error(r#"field 0 is not ["@schema","{{\"id\":\"…\",\"version\":…}}"]"#)]
    SchemaMissing,
    /// The value of `@schema` is not `{"id":…,"version":…}` in its one spelling.
    #[error(
        r#"the value of field 0, @schema, is not {{"id":"…","version":…}} in its one spelling: no white space, an id of a-z 0-9 with single - . _ / between, a version from 1 to 4294967295"#
    )]
    SchemaValue,
    /// A path that is no JSON Pointer (RFC 6901).
    #[error(
        "the path of field {0} is not a JSON Pointer: empty, or parts that each begin with /, with ~ only in ~0 and ~1"
    )]
    Path(usize),
    /// Two fields have the same path.
    #[error("field {0} repeats the path of another field")]
    RepeatedPath(usize),
    /// What was committed together has a member that the record commits on its own too, so that one
    /// path would have two meanings.
    #[error(
        "field {0} holds members that were committed together, and one of them is a field of its own too"
    )]
    Twice(usize),
    /// A path lies inside the value of another.
    #[error("the path of field {0} lies inside that of another field")]
    NestedPath(usize),
    /// A value text that breaks a rule.
    #[error("the value of field {field}: {fault}")]
    Value {
        /// Number of the field.
        field: usize,
        /// What is wrong with it.
        fault: JsonFault,
    },
    /// A disclosed field that has not exactly one of (value and salt) and commitment.
    #[error("field {0} has not exactly one of value with salt, and commitment")]
    Disclosure(usize),
    /// `@schema` was withheld.
    #[error("field 0, @schema, is withheld; it is always disclosed")]
    SchemaWithheld,
}

impl RecordError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::LineTooLong(_) => "line-too-long",
            Self::NotUtf8(_) => "line-not-utf8",
            Self::Spelling(..) => "line-spelling",
            Self::Index { .. } => "line-index",
            Self::IndexTooLarge(_) => "index-too-large",
            Self::Seed => "seed",
            Self::TooManyFields(_) => "too-many-fields",
            Self::EntryTooLong => "entry-too-long",
            Self::SchemaMissing => "schema-missing",
            Self::SchemaValue => "schema-value",
            Self::Path(_) => "path",
            Self::RepeatedPath(_) => "path-repeated",
            Self::NestedPath(_) => "path-nested",
            Self::Twice(_) => "path-twice",
            Self::Value { fault, .. } => match fault {
                JsonFault::NotOneValue => "value-json",
                JsonFault::DuplicateKey => "value-duplicate-key",
                JsonFault::LoneSurrogate => "value-lone-surrogate",
                JsonFault::TooDeep => "value-too-deep",
            },
            Self::Disclosure(_) => "disclosure",
            Self::SchemaWithheld => "schema-withheld",
        }
    }

    /// Number of the field concerned, where it is one.
    pub fn field(&self) -> Option<usize> {
        match self {
            Self::SchemaMissing | Self::SchemaValue | Self::SchemaWithheld => Some(0),
            Self::Path(f)
            | Self::RepeatedPath(f)
            | Self::NestedPath(f)
            | Self::Twice(f)
            | Self::Disclosure(f) => Some(*f),
            Self::Value { field, .. } => Some(*field),
            _ => None,
        }
    }
}

/// One field: a path and exactly one JSON value as the source wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// JSON Pointer, or `@schema` for field 0. Public.
    pub path: String,
    /// The JSON value's text; the bytes that are committed to.
    pub value: String,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({}, value hidden)", self.path)
    }
}

/// The id and version of the source file that classifies a record: the value of `@schema`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaRef {
    /// Id: lower-case letters and digits, single separators `-`, `.`, `_`, `/` between them;
    /// at most 128 bytes.
    pub id: String,
    /// Version, from 1.
    pub version: u32,
}

fn is_schema_id(id: &str) -> bool {
    let mut after_separator = true;
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => after_separator = false,
            b'-' | b'.' | b'_' | b'/' if !after_separator => after_separator = true,
            _ => return false,
        }
    }
    !after_separator && id.len() <= 128
}

impl SchemaRef {
    /// Reads the value text of `@schema`: `{"id":"enigm-command","version":1}`, in exactly
    /// this spelling.
    ///
    /// # Errors
    /// [`RecordError::SchemaValue`].
    pub fn parse(value: &str) -> Result<Self, RecordError> {
        let (id, version) = Self::split(value).ok_or(RecordError::SchemaValue)?;
        Ok(Self {
            id: id.to_owned(),
            version,
        })
    }

    fn split(value: &str) -> Option<(&str, u32)> {
        let rest = value.strip_prefix(r#"{"id":""#)?.strip_suffix('}')?;
        let (id, version) = rest.split_once(r#"","version":"#)?;
        let plain = matches!(version.as_bytes(), [b'1'..=b'9', rest @ ..]
            if rest.iter().all(u8::is_ascii_digit));
        (plain && is_schema_id(id))
            .then(|| version.parse().ok())
            .flatten()
            .map(|version| (id, version))
    }

    /// The value text.
    pub fn to_value(&self) -> String {
        format!(r#"{{"id":"{}","version":{}}}"#, self.id, self.version)
    }
}

/// A record with its secret: what the source keeps and the vault seals.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Index in the log.
    pub index: u64,
    /// Secret from which the salts follow.
    pub seed: Seed,
    /// Fields in order; field 0 is `@schema`.
    pub fields: Vec<Field>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, {} fields)", self.index, self.fields.len())
    }
}

impl Record {
    /// Checks every rule of the format.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), RecordError> {
        if self.index >= MAX_SIZE {
            return Err(RecordError::IndexTooLarge(self.index));
        }
        let paths: Vec<&str> = self.fields.iter().map(|f| f.path.as_str()).collect();
        check_paths(&paths)?;
        self.schema()?;
        for (field, Field { value, .. }) in self.fields.iter().enumerate() {
            json::check_value(value).map_err(|fault| RecordError::Value { field, fault })?;
        }
        let fields = self.fields.iter();
        check_meaning(fields.map(|f| (f.path.as_str(), Some(f.value.as_str()))))?;
        let length = self.to_line().len();
        if length > MAX_LINE {
            return Err(RecordError::LineTooLong(length));
        }
        Ok(())
    }

    /// The schema that field 0 names.
    ///
    /// # Errors
    /// [`RecordError::SchemaMissing`], [`RecordError::SchemaValue`].
    pub fn schema(&self) -> Result<SchemaRef, RecordError> {
        match self.fields.first() {
            Some(first) if first.path == SCHEMA_PATH => SchemaRef::parse(&first.value),
            _ => Err(RecordError::SchemaMissing),
        }
    }

    /// The record's line in its one spelling, without the line feed.
    pub fn to_line(&self) -> String {
        let mut out = String::with_capacity(1024);
        self.push_line(&mut out);
        out
    }

    /// [`Record::to_line`] appending to a buffer that is used again.
    pub fn push_line(&self, out: &mut String) {
        out.push_str("{\"i\":");
        out.push_str(&self.index.to_string());
        out.push_str(",\"s\":\"");
        BASE64.encode_append(self.seed.as_bytes(), out);
        out.push_str("\",\"f\":[");
        for (k, field) in self.fields.iter().enumerate() {
            out.push_str(if k == 0 { "[" } else { ",[" });
            json::push_string(out, &field.path);
            out.push(',');
            json::push_string(out, &field.value);
            out.push(']');
        }
        out.push_str("]}");
    }

    /// The commitments of all fields, in order.
    pub fn commitments(&self) -> Vec<Hash> {
        let commit = |(k, field): (usize, &Field)| {
            commit(&salt(&self.seed, self.index, k as u32), &field.value)
        };
        self.fields.iter().enumerate().map(commit).collect()
    }

    /// The leaf hash of the record's entry. Meaningful for a record that passes
    /// [`Record::check`]; one whose entry would exceed its bound has the leaf of an empty
    /// entry, which no log contains.
    pub fn leaf(&self) -> Hash {
        let paths = self.fields.iter().map(|f| f.path.as_str());
        let commitments = self.commitments();
        let fields = paths.zip(commitments);
        leaf_hash(&encode_entry(fields).unwrap_or_default())
    }

    /// The record with the fields that `keep(number, path)` selects disclosed and the others
    /// withheld. `@schema` is always disclosed. The seed stays behind.
    pub fn disclose(&self, keep: impl Fn(usize, &str) -> bool) -> DisclosedRecord {
        let fields = self.fields.iter().enumerate().map(|(k, field)| {
            let salt = salt(&self.seed, self.index, k as u32);
            if k == 0 || keep(k, &field.path) {
                DisclosedField {
                    path: field.path.clone(),
                    value: Some(field.value.clone()),
                    salt: Some(Salt(salt)),
                    commitment: None,
                }
            } else {
                DisclosedField {
                    path: field.path.clone(),
                    value: None,
                    salt: None,
                    commitment: Some(commit(&salt, &field.value)),
                }
            }
        });
        DisclosedRecord {
            index: self.index,
            fields: fields.collect(),
        }
    }
}

/// The last part of the path under which members of an object are committed together.
const TOGETHER: &str = "/*";

/// Checks that a path has one meaning: no member of an object that was committed whole under `…/*` is also
/// at a path, or above one, that the record commits by itself. `fields` are (path, value text); a withheld
/// value is `None`, and says nothing of itself. A reader who takes such an object apart would otherwise
/// find a second outcome, type or time beside the first.
///
/// # Errors
/// [`RecordError::Twice`].
pub fn check_meaning<'a, I>(fields: I) -> Result<(), RecordError>
where
    I: IntoIterator<Item = (&'a str, Option<&'a str>)> + Clone,
{
    for (number, (path, value)) in fields.clone().into_iter().enumerate() {
        let Some(stem) = path.strip_suffix(TOGETHER) else {
            continue;
        };
        let Some(value) = value.filter(|value| value.starts_with('{')) else {
            continue;
        };
        let mut own: Vec<Cow<'a, str>> = Vec::new();
        for (other, _) in fields.clone() {
            let below = other.strip_prefix(stem);
            let Some(below) = below.and_then(|below| below.strip_prefix('/')) else {
                continue;
            };
            let name = below.split('/').next().unwrap_or_default();
            if other != path {
                own.push(match name.contains('~') {
                    true => Cow::Owned(name.replace("~1", "/").replace("~0", "~")),
                    false => Cow::Borrowed(name),
                });
            }
        }
        if own.is_empty() {
            continue;
        }
        let members: BTreeMap<String, serde::de::IgnoredAny> =
            serde_json::from_str(value).map_err(|_| RecordError::Twice(number))?;
        if own.iter().any(|name| members.contains_key(name.as_ref())) {
            return Err(RecordError::Twice(number));
        }
    }
    Ok(())
}

/// Whether `path` is a JSON Pointer (RFC 6901).
pub fn is_pointer(path: &str) -> bool {
    if path.is_empty() {
        return true;
    }
    if !path.starts_with('/') {
        return false;
    }
    let bytes = path.as_bytes();
    let tilde_ok = |at: usize| matches!(bytes.get(at + 1), Some(b'0' | b'1'));
    bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'~' || tilde_ok(at))
}

/// Orders paths so that everything inside a path follows it directly: as bytes, but with the
/// separator before every other byte.
fn pointer_order(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'/' { 0 } else { u16::from(byte) + 1 };
    let first_difference = a.bytes().zip(b.bytes()).find(|(x, y)| x != y);
    match first_difference {
        Some((x, y)) => rank(x).cmp(&rank(y)),
        None => a.len().cmp(&b.len()),
    }
}

/// Checks the paths of a record: `@schema` first, then JSON Pointers, unique, none inside
/// another, few and short enough for an entry.
pub(crate) fn check_paths(paths: &[&str]) -> Result<(), RecordError> {
    if paths.len() > crate::commitment::MAX_FIELDS {
        return Err(RecordError::TooManyFields(paths.len()));
    }
    let Some((&SCHEMA_PATH, rest)) = paths.split_first() else {
        return Err(RecordError::SchemaMissing);
    };
    if let Some(k) = rest.iter().position(|p| !is_pointer(p)) {
        return Err(RecordError::Path(k + 1));
    }
    let fixed = crate::commitment::ENTRY_PREFIX.len() + 4;
    let entry: usize = paths.iter().map(|p| 2 + p.len() + 32).sum();
    if fixed + entry > MAX_ENTRY {
        return Err(RecordError::EntryTooLong);
    }
    let mut order: Vec<usize> = (0..rest.len()).collect();
    order.sort_unstable_by(|a, b| pointer_order(rest[*a], rest[*b]).then(a.cmp(b)));
    for pair in order.windows(2) {
        let (outer, inner) = (rest[pair[0]], rest[pair[1]]);
        if let Some(tail) = inner.strip_prefix(outer) {
            if tail.is_empty() {
                return Err(RecordError::RepeatedPath(pair[1] + 1));
            }
            if tail.starts_with('/') {
                return Err(RecordError::NestedPath(pair[1] + 1));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
