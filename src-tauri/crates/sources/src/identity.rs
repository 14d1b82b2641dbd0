//! By what an event is known again in another file: its id, and all that a record says of it. Two programs that write the
//! same event order its members differently and space it as they like; one keeps an object as a string, another leaves
//! it whole. So what is compared is every value with its place, in one order and one spelling.

use std::collections::BTreeMap;

use evidence::{Hash, Hasher};
use redaction::SCHEMA_PATH;
use serde_json::value::RawValue;

use crate::source::{REST, SourceFile};

/// What identifies an event, and what a record says of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The id as the record has it: text without quotes, or a number.
    pub id: String,
    /// SHA-256 over every value with its place.
    pub content: Hash,
}

/// An id is content.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

impl SourceFile {
    /// The identity of the event that a record with these fields (path, JSON text) tells; nothing where the source file
    /// names no member for it, or the record has nothing there.
    pub fn identity<'f>(
        &self,
        fields: impl Iterator<Item = (&'f str, &'f str)>,
    ) -> Option<Identity> {
        let at = self.event_id()?;
        let mut said = Vec::new();
        for (path, value) in fields.filter(|(path, _)| *path != SCHEMA_PATH) {
            // What is committed together stands where its members stand.
            let place = path.strip_suffix(REST).and_then(|p| p.strip_suffix('/'));
            leaves(place.unwrap_or(path).to_owned(), value, &mut said);
        }
        let (_, id) = said.iter().find(|(path, _)| path == at)?;
        let id = match id.as_bytes().first()? {
            b'"' => redaction::string_text(id).filter(|text| !text.trim().is_empty())?,
            b'-' | b'0'..=b'9' => id.clone(),
            _ => return None,
        };
        said.sort_unstable();
        let mut content = Hasher::new();
        content.update(b"muniment/event-content/v1\0");
        for (path, value) in &said {
            for part in [path, value] {
                content.update(&(part.len() as u64).to_be_bytes());
                content.update(part.as_bytes());
            }
        }
        Some(Identity {
            id,
            content: content.finish(),
        })
    }
}

/// Every value of a JSON text that holds no others, with its JSON Pointer. Texts are spelled one way; numbers stay as
/// they are written, because no type holds all of them.
fn leaves(path: String, text: &str, into: &mut Vec<(String, String)>) {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'{') => {
            let members: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(text);
            if let Ok(members) = members {
                if members.is_empty() {
                    into.push((path, "{}".to_owned()));
                    return;
                }
                for (name, value) in members {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    leaves(format!("{path}/{name}"), value.get(), into);
                }
                return;
            }
        }
        Some(b'[') => {
            let items: Result<Vec<&RawValue>, _> = serde_json::from_str(text);
            if let Ok(items) = items {
                if items.is_empty() {
                    into.push((path, "[]".to_owned()));
                    return;
                }
                for (n, value) in items.into_iter().enumerate() {
                    leaves(format!("{path}/{n}"), value.get(), into);
                }
                return;
            }
        }
        Some(b'"') => {
            if let Ok(plain) = serde_json::from_str::<String>(text) {
                into.push((path, serde_json::Value::from(plain).to_string()));
                return;
            }
        }
        _ => {}
    }
    into.push((path, text.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    fn of(fields: &[(&str, &str)]) -> Option<Identity> {
        let catalogue = Catalogue::builtin();
        let trail = catalogue.get("aws-cloudtrail", None).expect("built in");
        trail.identity(fields.iter().copied())
    }

    const PLAIN: [(&str, &str); 4] = [
        ("@schema", r#"{"id":"aws-cloudtrail","version":2}"#),
        ("/eventID", r#""3fcfb182""#),
        ("/eventName", r#""StopLogging""#),
        (
            "/requestParameters",
            r#"{"name":"t/1","on":[1,2.50],"none":{}}"#,
        ),
    ];

    #[test]
    fn order_spacing_escapes_and_the_way_it_was_split_are_no_content() {
        let other = [
            (
                "/requestParameters/*",
                r#"{ "none": { }, "on" : [1, 2.50], "name": "t\u002f1" }"#,
            ),
            ("/eventName", r#""Stop\u004cogging""#),
            ("/eventID", r#" "3fcfb182""#),
            ("@schema", r#"{"id":"aws-cloudtrail","version":1}"#),
        ];
        assert_eq!(of(&PLAIN), of(&other));
        assert!(of(&PLAIN).is_some());
    }

    #[test]
    fn every_value_and_its_place_is_content() {
        let whole = of(&PLAIN).expect("an id");
        for (changed, text) in [
            (2, r#""StartLogging""#),
            (3, r#"{"name":"t/1","on":[1,2.5],"none":{}}"#),
            (3, r#"{"name":"t/1","on":[2.50,1],"none":{}}"#),
            (3, r#"{"name":"t/1","on":[1,2.50]}"#),
            (3, r#"{"name":"t/1","on":[1,2.50],"none":[]}"#),
            (3, r#"{"name":"t/1","on":[1,"2.50"],"none":{}}"#),
            (3, "null"),
        ] {
            let mut fields = PLAIN;
            fields[changed].1 = text;
            let other = of(&fields).expect("an id");
            assert_eq!(other.id, whole.id);
            assert_ne!(other.content, whole.content, "{text}");
        }
    }

    #[test]
    fn without_an_id_nothing_is_known_again() {
        for id in ["null", r#""""#, r#"" ""#, "{}", "[1]", "true"] {
            let mut fields = PLAIN;
            fields[1].1 = id;
            assert_eq!(of(&fields), None, "{id}");
        }
        assert_eq!(of(&PLAIN[2..]), None);
        let catalogue = Catalogue::builtin();
        let other = catalogue.get("enigm-app", None).expect("built in");
        assert_eq!(other.identity(PLAIN.iter().copied()), None);
    }
}
