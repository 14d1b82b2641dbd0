//! Values as the views spell them.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use redaction::string_text;
use serde_json::Value;

/// RFC 3339 in UTC with milliseconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Microseconds since 1970 as RFC 3339.
pub fn micros(at: i64) -> Option<String> {
    DateTime::from_timestamp_micros(at).map(time)
}

/// A count as the views carry it: more than 4,294,967,295 are shown as that.
pub fn count<N: TryInto<u32>>(n: N) -> u32 {
    n.try_into().unwrap_or(u32::MAX)
}

/// The tag of an internally tagged event.
pub fn when<T: serde::Serialize>(event: &T) -> String {
    serde_json::to_value(event)
        .ok()
        .and_then(|value| value.get("event")?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Whole numbers with thousands separators, as people read them.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length of time in its two largest units: `45 s`, `2 h 14 min`, `3 d`.
pub fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{} {unit}", grouped(rest / size)));
            rest %= size;
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        "0 s".into()
    } else {
        parts.join(" ")
    }
}

/// `1 file`, `1,024 files`.
pub fn files(n: usize) -> String {
    let n = n as u64;
    format!("{} {}", grouped(n), if n == 1 { "file" } else { "files" })
}

/// A kept value as plain text; `null` and empty values are not indexed.
pub fn plain(value_text: &str) -> Option<String> {
    borrowed(value_text).map(Cow::into_owned)
}

/// The same, borrowed where the text is its own plain text.
pub fn borrowed(value_text: &str) -> Option<Cow<'_, str>> {
    match value_text {
        "null" | "\"\"" => None,
        text if text.starts_with('"') => match text.strip_prefix('"')?.strip_suffix('"')? {
            plain if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => string_text(text).map(Cow::Owned),
        },
        text => Some(Cow::Borrowed(text)),
    }
}

/// The stored word of a value that serialises as one.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Where a rejection points: file, line, index, field.
pub fn place(rejection: &evidence::RejectionReport) -> String {
    let mut place = rejection.file.clone().unwrap_or_default();
    if let Some(line) = rejection.line {
        place.push_str(&format!(" line {line}"));
    }
    if let Some(index) = rejection.index {
        place.push_str(&format!(", record {index}"));
    }
    if let Some(field) = rejection.field {
        place.push_str(&format!(", field {field}"));
    }
    place.trim_start_matches([',', ' ']).to_owned()
}
