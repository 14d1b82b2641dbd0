//! What one field of a form is.

use serde::Serialize;

/// Longest [`Kind::Text`], in characters.
pub const TEXT_MAX: usize = 400;
/// Longest [`Kind::LongText`], in characters.
pub const LONG_TEXT_MAX: usize = 20_000;
/// Longest [`Kind::Member`], in characters.
pub const MEMBER_MAX: usize = 80;
/// Most ids in one [`Kind::EvidenceRefs`] or [`Kind::Refs`].
pub const REFS_MAX: usize = 1_000;

/// One field of a form.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FieldSpec {
    /// Stable id: `stage.field` at the top of a form, a bare word within a list's items.
    pub id: &'static str,
    /// The label shown.
    pub label: &'static str,
    /// One sentence of help.
    pub help: &'static str,
    /// The type of the value.
    pub kind: Kind,
    /// For a field of a list's items: an item without it is refused.
    pub required: bool,
    /// Whether a gate of the stage looks at this field.
    pub required_for_gate: bool,
}

/// The type of a field's value, and its JSON spelling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "kebab-case")]
pub enum Kind {
    /// One line; a JSON string of at most [`TEXT_MAX`] characters.
    Text,
    /// Several lines; a JSON string of at most [`LONG_TEXT_MAX`] characters.
    LongText,
    /// RFC 3339 with an offset; a JSON string, kept as written so that the original zone stays.
    Time,
    /// One of these (value, label) pairs; a JSON string holding the value.
    Choice(&'static [(&'static str, &'static str)]),
    /// A member's handle, or an office for somebody without an account; a JSON string.
    Member,
    /// Evidence ids; a JSON array of strings such as `"E3"`.
    EvidenceRefs,
    /// Ids of items of the list named here; a JSON array of strings such as `"Q1"`.
    Refs(&'static str),
    /// Yes or no; a JSON boolean.
    Flag,
    /// A list of items with these fields, filled with `Add`, `Edit` and `Withdraw`.
    List(&'static [FieldSpec]),
}

impl Kind {
    /// The word for messages.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Text => "one line of text",
            Kind::LongText => "text",
            Kind::Time => "a time in RFC 3339 with an offset, such as 2026-11-01T07:20:00Z",
            Kind::Choice(_) => "one of its choices",
            Kind::Member => "a member's handle or an office",
            Kind::EvidenceRefs => "a list of evidence ids such as E1",
            Kind::Refs(_) => "a list of item ids",
            Kind::Flag => "true or false",
            Kind::List(_) => "a list, filled item by item",
        }
    }
}
