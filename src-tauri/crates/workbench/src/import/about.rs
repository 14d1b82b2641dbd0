//! Records about files: what a foreign file was, or a digest, as part of this workspace's own log. They
//! are proof material and no events: they are not indexed.

use evidence::{Assurance, Field, Record, Seed};
use redaction::{Class, MinimisedField, Shown};
use vault::{EventKind, NewEvent};

/// System of the records that say what a file was.
pub(crate) const FILE_SYSTEM: &str = "muniment-import";

/// A text as a field's value.
pub(super) fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// The record with these fields. Names stay hidden: they often carry an account number or a person's
/// name.
pub(super) fn about_file(
    index: u64,
    seed: Seed,
    assurance: Assurance,
    fields: Vec<(&'static str, String)>,
) -> NewEvent {
    let schema = format!("{{\"id\":\"{FILE_SYSTEM}\",\"version\":1}}");
    let fields =
        || std::iter::once(("@schema", &schema)).chain(fields.iter().map(|(p, v)| (*p, v)));
    let minimised = fields()
        .map(|(path, value)| MinimisedField {
            path: path.into(),
            class: match path {
                "/file/name" | "/manifest/name" => Class::C3,
                _ => Class::C1,
            },
            shown: match path {
                "/file/name" | "/manifest/name" => Shown::Hidden,
                _ => Shown::Kept {
                    text: value.clone(),
                },
            },
        })
        .collect();
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
        action: "file.imported".into(),
        outcome: None,
        kind: EventKind::Audit,
        assurance,
        rules: format!("{FILE_SYSTEM}/1"),
        minimised,
        exposures: Vec::new(),
        line: record.to_line().into_bytes(),
    }
}
