//! What is true of one member of a record: conditions of source files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Parser;

/// What has to be true of a member. Everything that is stated has to hold; an empty mark asks only that the member
/// is there. `null` and an empty text count as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// Its JSON type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// It is one of these, as a text or as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    is: Vec<String>,
    /// It is a text that begins with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begins: Vec<String>,
    /// It is a text that ends with one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ends: Vec<String>,
    /// `false`: the record does not have it.
    #[serde(default = "there", skip_serializing_if = "is_there")]
    present: bool,
}

fn there() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_there(present: &bool) -> bool {
    *present
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    String,
    Number,
    Boolean,
    Object,
    Array,
}

impl Mark {
    /// Whether it holds of a member's value, as written; `None` for a member that is not there.
    pub(crate) fn holds(&self, value: Option<&str>) -> bool {
        let value = value.filter(|value| !matches!(*value, "null" | "\"\""));
        let Some(value) = value else {
            return !self.present;
        };
        let kind = match value.as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Boolean,
            _ => Kind::Number,
        };
        if !self.present || self.kind.is_some_and(|wanted| wanted != kind) {
            return false;
        }
        if self.is.is_empty() && self.begins.is_empty() && self.ends.is_empty() {
            return true;
        }
        let text = redaction::string_chars(value).unwrap_or(value.into());
        let one = |of: &[String], fits: &dyn Fn(&str) -> bool| {
            of.is_empty() || of.iter().any(|one| fits(one))
        };
        one(&self.is, &|one| text == one)
            && one(&self.begins, &|one| text.starts_with(one))
            && one(&self.ends, &|one| text.ends_with(one))
    }
}

/// The members at the top of a record, each with its value as written.
pub(crate) struct Members<'t>(Vec<(String, &'t str)>);

impl<'t> Members<'t> {
    /// Those of an object that was checked before; `None` of any other value.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        let mut parser = Parser::new(text);
        if parser.peek() != Some(b'{') {
            return None;
        }
        let mut members = Vec::new();
        let read = parser.object(&mut |key, parser| {
            members.push((key.name.into_owned(), parser.value()?));
            Ok(())
        });
        read.ok().map(|()| Self(members))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'t str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The value at a JSON Pointer, as written.
    pub(crate) fn at(&self, pointer: &str) -> Option<&'t str> {
        let mut names = pointer.split('/').skip(1).map(unescaped);
        let first = names.next()?;
        let (_, mut value) = self.iter().find(|(name, _)| *name == first)?;
        for name in names {
            value = Members::of(value)?.own(&name)?;
        }
        Some(value)
    }

    fn own(self, name: &str) -> Option<&'t str> {
        self.0
            .into_iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }
}

fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(json: &str) -> Mark {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_mark_holds_of_what_it_states_and_of_nothing_else() {
        let members = Members::of(
            r#"{"a":"1.08","b":{"c~":{"d":[1]}},"e":null,"f":"","g":7,"h":true,"\u0069":"x"}"#,
        )
        .unwrap();
        for (pointer, of, holds) in [
            ("/a", r#"{}"#, true),
            ("/a", r#"{"begins":["2.","1."]}"#, true),
            ("/a", r#"{"begins":["1."],"ends":["9"]}"#, false),
            ("/a", r#"{"type":"number"}"#, false),
            ("/b", r#"{"type":"object"}"#, true),
            ("/b/c~0/d", r#"{"type":"array"}"#, true),
            ("/b/x", r#"{}"#, false),
            ("/b/x", r#"{"present":false}"#, true),
            ("/a", r#"{"present":false}"#, false),
            ("/e", r#"{"present":false}"#, true),
            ("/f", r#"{}"#, false),
            ("/g", r#"{"is":["7"]}"#, true),
            ("/h", r#"{"is":["true"],"type":"boolean"}"#, true),
            ("/i", r#"{"is":["x"]}"#, true),
        ] {
            assert_eq!(mark(of).holds(members.at(pointer)), holds, "{pointer} {of}");
        }
        assert!(serde_json::from_str::<Mark>(r#"{"matches":"x"}"#).is_err());
    }
}
