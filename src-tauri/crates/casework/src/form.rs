//! What a form is, how a value is typed and checked. The forms themselves are data in
//! [`crate::forms`], so that the window and the command line render all of them alike.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::forms;
pub use crate::spec::{FieldSpec, Kind, LONG_TEXT_MAX, MEMBER_MAX, REFS_MAX, TEXT_MAX};
use crate::stage::Stage;

/// The form of a stage, in the order it is shown.
pub fn form(stage: Stage) -> &'static [FieldSpec] {
    match stage {
        Stage::Detection => forms::DETECTION,
        Stage::Assessment => forms::ASSESSMENT,
        Stage::Investigation => forms::INVESTIGATION,
        Stage::Containment => forms::CONTAINMENT,
        Stage::Remediation => forms::REMEDIATION,
        Stage::Recovery => forms::RECOVERY,
        Stage::Review => forms::REVIEW,
    }
}

/// The lists that run beside all stages: decisions and communications.
pub fn beside() -> &'static [FieldSpec] {
    forms::BESIDE
}

/// The top-level field with this id, of any stage or beside them.
pub fn field(id: &str) -> Option<&'static FieldSpec> {
    match Stage::of_field(id) {
        Some(stage) => form(stage),
        None => beside(),
    }
    .iter()
    .find(|f| f.id == id)
}

/// The item fields of a list; none where `id` is no list.
pub fn item_fields(id: &str) -> Option<&'static [FieldSpec]> {
    match field(id)?.kind {
        Kind::List(fields) => Some(fields),
        _ => None,
    }
}

/// The ids of all lists.
pub fn lists() -> impl Iterator<Item = &'static str> {
    Stage::ALL
        .into_iter()
        .flat_map(form)
        .chain(beside())
        .filter(|f| matches!(f.kind, Kind::List(_)))
        .map(|f| f.id)
}

/// The letter that the ids of a list's items start with.
pub fn prefix(list: &str) -> Option<&'static str> {
    forms::PREFIXES
        .iter()
        .find(|(id, _)| *id == list)
        .map(|(_, p)| *p)
}

/// The label of a choice's value, for showing it.
pub fn choice_label(spec: &FieldSpec, value: &str) -> Option<&'static str> {
    match spec.kind {
        Kind::Choice(options) => options.iter().find(|(v, _)| *v == value).map(|(_, l)| *l),
        _ => None,
    }
}

/// Why a value does not fit its field. Carries no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The value has another type.
    Type,
    /// Empty, or only white space.
    Empty,
    /// More characters or ids than this.
    TooLong(usize),
    /// A control character, or a line break in a one-line text.
    Control,
    /// Not one of the choices.
    Choice,
}

/// Checks a text that is needed: at most `max` characters, with line breaks where `lines`.
pub(crate) fn check_text(text: &str, max: usize, lines: bool) -> Result<(), Misfit> {
    if text.trim().is_empty() {
        return Err(Misfit::Empty);
    }
    if text.chars().count() > max {
        return Err(Misfit::TooLong(max));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\t')))
    {
        return Err(Misfit::Control);
    }
    Ok(())
}

fn text(value: &Value, max: usize, lines: bool) -> Result<(), Misfit> {
    check_text(value.as_str().ok_or(Misfit::Type)?, max, lines)
}

/// The instant a [`Kind::Time`] value names.
pub fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?)
        .ok()
        .map(|t| t.with_timezone(&Utc))
}

/// The ids in a [`Kind::EvidenceRefs`] or [`Kind::Refs`] value.
pub fn ids(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Checks the type and bounds of a value; whether the ids it names exist is checked by
/// [`crate::decide()`].
pub fn check(spec: &FieldSpec, value: &Value) -> Result<(), Misfit> {
    match spec.kind {
        Kind::Text => text(value, TEXT_MAX, false),
        Kind::LongText => text(value, LONG_TEXT_MAX, true),
        Kind::Member => text(value, MEMBER_MAX, false),
        Kind::Time => instant(value).map(drop).ok_or(Misfit::Type),
        Kind::Flag => value.as_bool().map(drop).ok_or(Misfit::Type),
        Kind::Choice(options) => {
            let given = value.as_str().ok_or(Misfit::Type)?;
            options
                .iter()
                .any(|(v, _)| *v == given)
                .then_some(())
                .ok_or(Misfit::Choice)
        }
        Kind::EvidenceRefs | Kind::Refs(_) => {
            let list = value.as_array().ok_or(Misfit::Type)?;
            if list.len() > REFS_MAX {
                return Err(Misfit::TooLong(REFS_MAX));
            }
            list.iter()
                .all(Value::is_string)
                .then_some(())
                .ok_or(Misfit::Type)
        }
        Kind::List(_) => Err(Misfit::Type),
    }
}
