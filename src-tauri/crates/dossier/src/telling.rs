//! What the sections of a packet are told from.

use casework::form::{choice_label, item_fields};
use casework::{Facts, Incident, Item};
use chrono::{DateTime, Utc};
use packet::EvidenceItem;

use crate::wording::Wording;

/// What the sections are made from.
pub(crate) struct Telling<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) facts: &'a Facts,
    pub(crate) wording: &'a Wording,
    pub(crate) evidence: &'a [EvidenceItem],
    /// Handle of the acting subject of each piece of evidence, in the same order.
    pub(crate) actors: &'a [Option<String>],
    pub(crate) now: DateTime<Utc>,
}

/// The label of a choice in a list's item; empty when unset.
pub(crate) fn label(list: &str, name: &str, item: &Item) -> String {
    let spec = item_fields(list).and_then(|fields| fields.iter().find(|f| f.id == name));
    match (spec, item.text(name)) {
        (Some(spec), Some(value)) => choice_label(spec, value).unwrap_or(value).to_owned(),
        _ => String::new(),
    }
}

/// The text, or this where it is empty.
pub(crate) fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}
