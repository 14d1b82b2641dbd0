//! What stands in a JSON value: its texts, and its numbers where they are long enough to name somebody.

use serde_json::Value;

use crate::string_text;

/// Shorter numbers stand everywhere, as counts, sizes and times.
const NUMBER_DIGITS: usize = 8;

/// Texts and long numbers of a JSON value as the source wrote it, in their order. Of what is no JSON, nothing.
#[must_use]
pub fn leaves(value_text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(text) = string_text(value_text) {
        out.push(text);
    } else if value_text.starts_with(['{', '[']) {
        if let Ok(value) = serde_json::from_str::<Value>(value_text) {
            inner(&value, &mut out);
        }
    } else if value_text.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS {
        out.push(value_text.to_owned());
    }
    out
}

fn inner(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Number(number) => {
            let text = number.to_string();
            if text.len() >= NUMBER_DIGITS {
                out.push(text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| inner(item, out)),
        Value::Object(map) => map.values().for_each(|item| inner(item, out)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_texts_of_a_value_are_found() {
        let found = leaves(r#"{"a":["one",{"b":"two"}],"c":123456789,"d":12,"e":true}"#);
        assert_eq!(found, ["one", "two", "123456789"]);
        assert_eq!(leaves("\"caf\\u00e9\""), ["café"]);
        assert_eq!(leaves("12345678"), ["12345678"]);
        assert_eq!(leaves("true"), [""; 0]);
    }
}
