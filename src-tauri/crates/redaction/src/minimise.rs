//! What the store, the index and the screen may hold of a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::canonical;
use crate::class::{Class, FieldRule};
use crate::handle::{HandleKey, workspace_mac};
use crate::value::{ValueType, string_chars};

/// The path of field 0, which names the source file of a record. It is no JSON Pointer, so nothing
/// in a record can collide with it; it is always shown.
pub const SCHEMA_PATH: &str = "@schema";

/// How much protected content there was, without saying how much exactly.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SizeBucket {
    /// Nothing: `null`, an empty string, an empty object or array.
    Empty,
    /// Up to 256 bytes.
    Small,
    /// Up to 4 KiB.
    Medium,
    /// Up to 64 KiB.
    Large,
    /// More than 64 KiB.
    Huge,
}

impl SizeBucket {
    /// The bucket of a JSON value as written, by its length in bytes.
    pub fn of(value_text: &str) -> Self {
        match value_text.len() {
            _ if is_absent(value_text) || matches!(value_text, "{}" | "[]") => SizeBucket::Empty,
            0..=256 => SizeBucket::Small,
            257..=4_096 => SizeBucket::Medium,
            4_097..=65_536 => SizeBucket::Large,
            _ => SizeBucket::Huge,
        }
    }

    /// The bucket in words.
    pub fn title(self) -> &'static str {
        match self {
            SizeBucket::Empty => "empty",
            SizeBucket::Small => "up to 256 bytes",
            SizeBucket::Medium => "up to 4 KiB",
            SizeBucket::Large => "up to 64 KiB",
            SizeBucket::Huge => "more than 64 KiB",
        }
    }
}

/// What is shown of a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shown", rename_all = "kebab-case")]
pub enum Shown {
    /// The value itself.
    Kept {
        /// The JSON value as the source wrote it.
        text: String,
    },
    /// A handle in place of an identity.
    Handle {
        /// The identity space.
        domain: String,
        /// The full workspace HMAC, from which case and distribution handles are derived.
        #[serde(with = "base64_mac")]
        mac: [u8; 32],
    },
    /// A handle that the platform itself issued: shown as it is, because a responder must name it
    /// to act, and kept as a subject, so that an erasure can drop it.
    Issued {
        /// The handle's domain.
        domain: String,
        /// The workspace HMAC.
        #[serde(with = "base64_mac")]
        mac: [u8; 32],
        /// The handle as issued.
        handle: String,
    },
    /// Only what kind of thing stood here, in a text whose width says nothing of the value.
    TypeTag {
        /// The kind.
        tag: String,
    },
    /// Only that something stood here, and roughly how much.
    Presence {
        /// Its coarse size.
        size: SizeBucket,
    },
    /// Nothing; counted, and offered for classification when no source file knows the field.
    Hidden,
}

/// A kept text may be any harmless value, but a debug print is no place for record content.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::Kept { .. } => f.write_str("Kept"),
            Shown::Handle { domain, .. } => write!(f, "Handle({domain})"),
            Shown::Issued { domain, .. } => write!(f, "Issued({domain})"),
            Shown::TypeTag { tag } => write!(f, "TypeTag({tag})"),
            Shown::Presence { size } => write!(f, "Presence({size:?})"),
            Shown::Hidden => f.write_str("Hidden"),
        }
    }
}

/// One field of a record's minimised view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinimisedField {
    /// The JSON Pointer of the field, or [`SCHEMA_PATH`].
    pub path: String,
    /// The class that its source file gives it, [`Class::Unknown`] when there is none.
    pub class: Class,
    /// What may be shown.
    pub shown: Shown,
}

/// Minimises the fields of one record. Default deny: a field without a rule is
/// [`Class::Unknown`] and hidden.
///
/// `rule` looks a path up in the record's source file; `fields` are pairs of path and JSON value
/// text in the order of the record, which is kept.
pub fn minimise<'a, 'f>(
    rule: &dyn Fn(&str) -> Option<&'a FieldRule>,
    fields: impl Iterator<Item = (&'f str, &'f str)>,
    key: &HandleKey,
) -> Vec<MinimisedField> {
    fields
        .map(|(path, value_text)| {
            if path == SCHEMA_PATH {
                let shown = if is_schema(value_text) {
                    kept(value_text)
                } else {
                    Shown::Hidden
                };
                return MinimisedField {
                    path: path.to_owned(),
                    class: Class::C0,
                    shown,
                };
            }
            match rule(path) {
                Some(rule) => MinimisedField {
                    path: path.to_owned(),
                    class: rule.class,
                    shown: minimise_value(rule, value_text, key),
                },
                None => MinimisedField {
                    path: path.to_owned(),
                    class: Class::Unknown,
                    shown: Shown::Hidden,
                },
            }
        })
        .collect()
}

/// Minimises one value under its rule.
pub fn minimise_value(rule: &FieldRule, value_text: &str, key: &HandleKey) -> Shown {
    match rule.class {
        Class::Unknown => Shown::Hidden,
        // The tag says no more than the class does: a secret's kind or length could narrow it down.
        Class::C6 => Shown::TypeTag {
            tag: "secret".to_owned(),
        },
        Class::C5 => Shown::Presence {
            size: SizeBucket::of(value_text),
        },
        _ if is_absent(value_text) => kept("null"),
        _ if rule.free_text => Shown::Hidden,
        Class::H if rule.value_type.accepts(value_text) => {
            match (&rule.handle_domain, string_chars(value_text)) {
                (Some(domain), Some(handle)) => Shown::Issued {
                    mac: workspace_mac(key, domain, &canonical(domain, value_text)),
                    domain: domain.clone(),
                    handle: handle.into_owned(),
                },
                _ => kept(value_text),
            }
        }
        Class::C0 | Class::C1 | Class::C2 | Class::H => {
            if rule.value_type.accepts(value_text) {
                kept(value_text)
            } else {
                Shown::Hidden
            }
        }
        Class::C3 | Class::C4 => match &rule.handle_domain {
            // An object or array is no identity, and its serialisation would be a bad one.
            Some(domain) if !value_text.starts_with(['{', '[']) => {
                let canonical = canonical(domain, value_text);
                if canonical.is_empty() {
                    return kept("null");
                }
                Shown::Handle {
                    domain: domain.clone(),
                    mac: workspace_mac(key, domain, &canonical),
                }
            }
            _ => Shown::Hidden,
        },
    }
}

fn kept(value_text: &str) -> Shown {
    Shown::Kept {
        text: value_text.to_owned(),
    }
}

/// `null` and the empty string say that nothing stood there.
fn is_absent(value_text: &str) -> bool {
    matches!(value_text, "null" | "\"\"")
}

/// `{"id":"…","version":n}` in exactly this spelling, its id a token.
fn is_schema(value_text: &str) -> bool {
    let Some((id, version)) = value_text
        .strip_prefix("{\"id\":")
        .and_then(|rest| rest.strip_suffix('}'))
        .and_then(|rest| rest.split_once(",\"version\":"))
    else {
        return false;
    };
    string_chars(id).is_some()
        && ValueType::Word.accepts(id)
        && version.len() <= 10
        && version
            .parse::<u32>()
            .is_ok_and(|number| number.to_string() == version)
}

mod base64_mac {
    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(mac: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64.encode(mac))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        BASE64
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            // The library reads padded pieces in a row too; a mac has one spelling.
            .filter(|mac: &[u8; 32]| BASE64.encode(mac) == text)
            .ok_or_else(|| D::Error::custom("a handle's mac is 32 bytes in base64"))
    }
}
