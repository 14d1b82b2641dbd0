//! Records about files: what a foreign file was, or a digest, as part of this workspace's own log. They
//! are proof material and no events: they are not indexed.

use evidence::{Assurance, Field, Record, Seed};
use redaction::{Class, MinimisedField, Shown};
use vault::{EventKind, NewEvent};

/// System of the records that say what a file was.
pub const FILE_SYSTEM: &str = "muniment-import";

/// Their record type.
pub const ABOUT_FILE: &str = "file.imported";

/// A text as a field's value.
pub fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// How a CloudTrail digest names the key that signed it: what somebody else wrote, whatever that is.
const KEY: &str = "/key/md5";

/// Fields that say nothing of a file's content or name.
const OPEN: [&str; 9] = [
    "/file/format",
    "/assurance",
    "/manifest/of",
    "/admitted/rejection",
    "/admitted/quarantine",
    "/digest/start",
    "/digest/end",
    "/digest/logs",
    KEY,
];
/// Fields that stay hidden: names often carry an account number or a person's name, and a digest or the
/// exact size of a file of few records lets a reader guess what is hidden in them.
const SEALED: [&str; 8] = [
    "/file/name",
    "/file/size",
    "/file/sha256",
    "/archive/sha256",
    "/manifest/name",
    "/manifest/sha256",
    "/signature/sha256",
    "/digest/sha256",
];

/// Whether records about files have this path. A record of somebody else's log that calls itself one does
/// not pass by that with paths of its own.
pub fn has_path(path: &str) -> bool {
    path == redaction::SCHEMA_PATH
        || path == "/fault"
        || OPEN.contains(&path)
        || SEALED.contains(&path)
}

/// Whether a field's value is what is open of such a record. The key's name is one in its form only: MD5 as 32 lower-case
/// hexadecimal digits.
fn is_open(path: &str, value: &str) -> bool {
    let digit = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let md5 = || value.len() == 34 && value.as_bytes()[1..33].iter().all(digit);
    path == redaction::SCHEMA_PATH || OPEN.contains(&path) && (path != KEY || md5())
}

/// What a row may hold of such a record.
pub fn minimised<'f>(fields: impl Iterator<Item = (&'f str, &'f str)>) -> Vec<MinimisedField> {
    fields
        .filter(|(path, _)| has_path(path))
        .map(|(path, value)| {
            let (class, shown) = match is_open(path, value) {
                true => (Class::C1, Shown::Kept { text: value.into() }),
                false => (Class::C3, Shown::Hidden),
            };
            MinimisedField {
                path: path.into(),
                class,
                shown,
            }
        })
        .collect()
}

/// The record with these fields. What is not known to be harmless stays hidden.
pub fn about_file(
    index: u64,
    seed: Seed,
    assurance: Assurance,
    fields: Vec<(&'static str, String)>,
) -> NewEvent {
    let schema = format!("{{\"id\":\"{FILE_SYSTEM}\",\"version\":1}}");
    let fields =
        || std::iter::once(("@schema", &schema)).chain(fields.iter().map(|(p, v)| (*p, v)));
    let minimised = minimised(fields().map(|(path, value)| (path, value.as_str())));
    debug_assert!(fields().all(|(path, _)| has_path(path)));
    let record = Record {
        index,
        seed,
        fields: fields()
            .map(|(path, value)| Field {
                path: path.into(),
                value: value.clone(),
            })
            .collect(),
    };
    NewEvent {
        index,
        leaf: record.leaf(),
        occurred: None,
        recorded: None,
        system: FILE_SYSTEM.into(),
        action: ABOUT_FILE.into(),
        outcome: None,
        kind: EventKind::Audit,
        assurance,
        rules: format!("{FILE_SYSTEM}/1"),
        minimised,
        exposures: Vec::new(),
        line: record.to_line().into_bytes(),
        identity: None,
    }
}
