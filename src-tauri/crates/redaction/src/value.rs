//! Declared value types: what a harmless value must parse as before anybody trusts it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Timelike, Utc};
use thiserror::Error;

/// The longest token, in characters.
const MAX_TOKEN: usize = 64;
/// The longest label (a user agent, for example), in characters.
const MAX_LABEL: usize = 256;
/// Digits in a row that make a token suspect: IMEI, ICCID, card and account numbers have more.
const SUSPECT_DIGITS: usize = 12;

/// The type that a source file declares for a field's values (`x-type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One of a fixed list of codes.
    Code(Vec<String>),
    /// At most 64 characters of `[A-Za-z0-9._:/-]` that do not look like an identifier of a person
    /// or a device.
    Token,
    /// A JSON array of tokens.
    TokenList,
    /// At most 256 printable ASCII characters, spaces too, none of its words suspect.
    Label,
    /// A JSON number without fraction or exponent, or a string of at most 11 digits.
    Integer,
    /// A JSON number.
    Number,
    /// `true` or `false`, also as a string.
    Boolean,
    /// An RFC 3339 date and time, with zone.
    Timestamp,
    /// Dotted numbers with an optional pre-release or build part: `1.08`, `14.2.0-rc.1`.
    Version,
    /// Text of any kind: never trusted.
    Text,
    /// A whole JSON object or array: never trusted.
    Subtree,
}

/// The text is not a value type of this engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a value type; use code (with an enum), token, token-list, label, integer, number, boolean, timestamp, version, text or subtree"
)]
pub struct UnknownValueType;

impl ValueType {
    /// Reads a type's name; `codes` are the declared values of a `code`.
    pub fn from_name(name: &str, codes: Vec<String>) -> Result<Self, UnknownValueType> {
        Ok(match name {
            "code" if !codes.is_empty() => ValueType::Code(codes),
            "token" => ValueType::Token,
            "token-list" => ValueType::TokenList,
            "label" => ValueType::Label,
            "integer" => ValueType::Integer,
            "number" => ValueType::Number,
            "boolean" => ValueType::Boolean,
            "timestamp" => ValueType::Timestamp,
            "version" => ValueType::Version,
            "text" => ValueType::Text,
            "subtree" => ValueType::Subtree,
            _ => return Err(UnknownValueType),
        })
    }

    /// The type's name as source files spell it.
    pub fn name(&self) -> &'static str {
        match self {
            ValueType::Code(_) => "code",
            ValueType::Token => "token",
            ValueType::TokenList => "token-list",
            ValueType::Label => "label",
            ValueType::Integer => "integer",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Timestamp => "timestamp",
            ValueType::Version => "version",
            ValueType::Text => "text",
            ValueType::Subtree => "subtree",
        }
    }

    /// Whether `value_text` (one JSON value as written) is a value of this type, and so may be
    /// shown where the field's class allows it.
    pub fn accepts(&self, value_text: &str) -> bool {
        match self {
            ValueType::Code(codes) => {
                string_chars(value_text).is_some_and(|text| codes.iter().any(|code| *code == text))
            }
            ValueType::Token => string_chars(value_text).is_some_and(|text| is_token(&text)),
            ValueType::TokenList => serde_json::from_str::<Vec<String>>(value_text)
                .is_ok_and(|tokens| tokens.iter().all(|token| is_token(token))),
            ValueType::Label => string_chars(value_text).is_some_and(|text| is_label(&text)),
            ValueType::Integer => match string_chars(value_text) {
                Some(text) => !text.is_empty() && text.len() < SUSPECT_DIGITS && digits(&text),
                None => value_text.parse::<i64>().is_ok() && !value_text.starts_with('+'),
            },
            ValueType::Number => {
                value_text.len() <= 32
                    && value_text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
                    && value_text.parse::<f64>().is_ok_and(f64::is_finite)
            }
            ValueType::Boolean => {
                matches!(value_text, "true" | "false" | "\"true\"" | "\"false\"")
            }
            ValueType::Timestamp => timestamp(value_text).is_some(),
            ValueType::Version => string_chars(value_text).is_some_and(|text| is_version(&text)),
            ValueType::Text | ValueType::Subtree => false,
        }
    }
}

/// The characters of a JSON string, or `None` when the value is not a string.
pub fn string_text(value_text: &str) -> Option<String> {
    string_chars(value_text).map(Cow::into_owned)
}

/// [`string_text`], borrowed where the string has no escapes.
pub fn string_chars(value_text: &str) -> Option<Cow<'_, str>> {
    let inner = value_text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(value_text).ok().map(Cow::Owned)
}

/// The text and the instant of a value that [`ValueType::Timestamp`] accepts, `None` of any other.
pub fn timestamp(value_text: &str) -> Option<(Cow<'_, str>, DateTime<Utc>)> {
    let text = string_chars(value_text)?;
    let time = parse_time(&text)?;
    Some((text, time))
}

/// Reads an RFC 3339 time; stricter than chrono alone, which also takes a space or a lower case `t`.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || bytes.len() > 35 || bytes[10] != b'T' {
        return None;
    }
    if let Some(time) = parse_utc(bytes) {
        return Some(time);
    }
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}

/// `YYYY-MM-DDThh:mm:ssZ`, with up to nine digits of a second: how nearly all sources write a
/// time. `None` for everything else, leap seconds too, about which chrono decides.
fn parse_utc(text: &[u8]) -> Option<DateTime<Utc>> {
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u32, |value, digit| {
            digit
                .is_ascii_digit()
                .then(|| value * 10 + u32::from(digit - b'0'))
        })
    };
    let (day_time, rest) = text.split_at_checked(19)?;
    let marks = [4, 7, 10, 13, 16].map(|at| day_time[at]);
    if marks != *b"--T::" {
        return None;
    }
    let nanos = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            number(digits)? * 10_u32.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    let part = |from: usize, to: usize| number(&day_time[from..to]);
    let day = NaiveDate::from_ymd_opt(part(0, 4)?.cast_signed(), part(5, 7)?, part(8, 10)?)?;
    let second = part(17, 19).filter(|second| *second < 60)?;
    let time = day.and_hms_nano_opt(part(11, 13)?, part(14, 16)?, second, nanos)?;
    Some(time.and_utc())
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TOKEN
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:/-".contains(&b))
        && !looks_like_identifier(text)
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LABEL
        && text
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'@' && b != b'%' && b != b'\\')
        && text
            .split([
                ' ', '(', ')', '[', ']', ';', ',', '"', '\'', '=', '<', '>', '|',
            ])
            .all(|word| !looks_like_identifier(word))
}

fn is_version(text: &str) -> bool {
    let dotted = text.split(['-', '+']).next().unwrap_or_default();
    text.len() <= 32
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
        && !dotted.is_empty()
        && dotted.split('.').all(|part| !part.is_empty() && part.len() <= 8 && digits(part))
        // Four parts such as 10.2.3.4 are an address before they are a version.
        && dotted.split('.').count() != 4
        && !looks_like_identifier(text)
}

/// Whether a word has the shape of something that identifies a person or a device, so that a field
/// declared harmless cannot carry it: the trust in C0, C1, C2 and H values ends here.
fn looks_like_identifier(word: &str) -> bool {
    if is_address(word) || is_mac(word) {
        return true;
    }
    let bytes = word.as_bytes();
    let begins = |what: &[u8]| {
        (bytes.get(..what.len())).is_some_and(|start| start.eq_ignore_ascii_case(what))
    };
    let has = |what: &[u8]| {
        let mut windows = bytes.windows(what.len());
        windows.any(|part| part[0] == what[0] && part.eq_ignore_ascii_case(what))
    };
    if begins(b"arn:") || has(b"/home/") || has(b"/users/") {
        return true;
    }
    if word.starts_with("S-1-") || is_cloud_key(word) || word.starts_with("eyJ") {
        return true;
    }
    longest_digit_run(word) >= SUSPECT_DIGITS && !is_uuid(word)
}

/// Whether a word is an IPv4 or IPv6 address. Few words have only the characters of one.
fn is_address(word: &str) -> bool {
    let possible = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    word.bytes().all(possible) && word.parse::<IpAddr>().is_ok()
}

fn longest_digit_run(word: &str) -> usize {
    let (mut run, mut longest) = (0, 0);
    for byte in word.bytes() {
        match byte {
            b'0'..=b'9' => run += 1,
            // Grouping does not make a number shorter.
            b'-' | b'.' | b':' if run > 0 => {}
            _ => run = 0,
        }
        longest = longest.max(run);
    }
    longest
}

fn is_mac(word: &str) -> bool {
    if word.len() != 17 {
        return false;
    }
    let separator = match word.as_bytes().get(2) {
        Some(&b) if b == b':' || b == b'-' => b as char,
        _ => return false,
    };
    let parts: Vec<&str> = word.split(separator).collect();
    parts.len() == 6
        && parts
            .iter()
            .all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_cloud_key(word: &str) -> bool {
    word.len() >= 20 && (word.starts_with("AKIA") || word.starts_with("ASIA"))
}

fn is_uuid(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A coarser form of a value for an audience that may know its kind but not the value: a day for a
/// time, the product name of a user agent, the major number of a version, the same power of ten
/// for a number. `None`: no coarser form is known, so the value has to be withheld.
pub fn generalise(value_type: &ValueType, value_text: &str) -> Option<String> {
    if !value_type.accepts(value_text) {
        return None;
    }
    match value_type {
        ValueType::Timestamp => {
            let time = parse_time(&string_text(value_text)?)?;
            Some(time.format("%Y-%m-%d").to_string())
        }
        ValueType::Label => {
            let text = string_text(value_text)?;
            let product = text
                .trim_start_matches('[')
                .split(['/', ' ', '_', '('])
                .next()?;
            let plain = product
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || b == b'-');
            (plain && (2..=20).contains(&product.len())).then(|| product.to_owned())
        }
        ValueType::Version => {
            let text = string_text(value_text)?;
            Some(format!("{}.x", text.split(['.', '-', '+']).next()?))
        }
        ValueType::Integer | ValueType::Number => bucket(value_type, value_text),
        ValueType::Code(_) | ValueType::Boolean => {
            string_text(value_text).or_else(|| Some(value_text.to_owned()))
        }
        ValueType::Token | ValueType::TokenList | ValueType::Text | ValueType::Subtree => None,
    }
}

/// The interval that a value lies in: the hour of a time, the power of ten of a number. `None` for
/// other types, which have no intervals.
pub fn bucket(value_type: &ValueType, value_text: &str) -> Option<String> {
    if !value_type.accepts(value_text) {
        return None;
    }
    match value_type {
        ValueType::Timestamp => {
            let time = parse_time(&string_text(value_text)?)?;
            let hour = time.trunc_subsecs(0).with_minute(0)?.with_second(0)?;
            Some(hour.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        ValueType::Integer | ValueType::Number => {
            let text = string_text(value_text).unwrap_or_else(|| value_text.to_owned());
            let number: f64 = text.parse().ok()?;
            let sign = if number < 0.0 { "-" } else { "" };
            let size = number.abs();
            let mut out = String::new();
            if size < 1.0 {
                write!(out, "{sign}0 to 1").ok()?;
            } else {
                let power = size.log10().floor();
                write!(out, "{sign}10^{power} to 10^{}", power + 1.0).ok()?;
            }
            Some(out)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `looks_like_identifier` was before it stopped allocating.
    fn slow_identifier(word: &str) -> bool {
        if word.parse::<IpAddr>().is_ok() || is_mac(word) {
            return true;
        }
        let lower = word.to_ascii_lowercase();
        if lower.starts_with("arn:") || lower.contains("/home/") || lower.contains("/users/") {
            return true;
        }
        if word.starts_with("S-1-") || is_cloud_key(word) || word.starts_with("eyJ") {
            return true;
        }
        !is_uuid(word) && longest_digit_run(word) >= SUSPECT_DIGITS
    }

    proptest! {
        #[test]
        fn an_identifier_is_seen_without_copying(
            word in "([0-9a-fA-F.:%-]{0,40}|(ARN|arn:|/Home/|/users/|[a-z/]{0,9}){0,4}|\\PC{0,30})",
        ) {
            prop_assert_eq!(looks_like_identifier(&word), slow_identifier(&word));
        }

        #[test]
        fn a_time_is_what_chrono_reads(
            text in "[0-9]{3}[0-9-]-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|z|[+-]0[0-9]:00)",
        ) {
            let slow = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
            let slow = slow.filter(|_| text.as_bytes()[10] == b'T' && text.len() <= 35);
            prop_assert_eq!(parse_time(&text), slow);
        }
    }

    fn accepts(kind: &ValueType, values: &[&str]) {
        for value in values {
            assert!(kind.accepts(value), "{} refuses {value}", kind.name());
        }
    }

    fn refuses(kind: &ValueType, values: &[&str]) {
        for value in values {
            assert!(!kind.accepts(value), "{} accepts {value}", kind.name());
        }
    }

    #[test]
    fn a_token_is_short_plain_and_no_identifier() {
        accepts(
            &ValueType::Token,
            &[
                "\"iam.amazonaws.com\"",
                "\"us-east-1\"",
                "\"TLS_AES_128_GCM_SHA256\"",
                "\"01234567-0123-0123-0123-012345678901\"",
                "\"key.revoked\"",
            ],
        );
        refuses(
            &ValueType::Token,
            &[
                "\"\"",
                "1",
                "\"alice@example.org\"",
                "\"alice smith\"",
                "\"10.0.0.1\"",
                "\"2001:db8::1\"",
                "\"aa:bb:cc:dd:ee:ff\"",
                "\"490154203237518\"",
                "\"49-015420-323751-8\"",
                "\"arn:aws:iam::1:user/x\"",
                "\"/home/alice/x\"",
                "\"AKIAIOSFODNN7EXAMPLE\"",
                "\"caf\u{e9}\"",
                "{\"a\":1}",
            ],
        );
    }

    #[test]
    fn a_label_may_have_spaces_but_no_identifier_among_its_words() {
        accepts(
            &ValueType::Label,
            &[
                "\"Mozilla/5.0 (X11; Linux x86_64) Chrome/114.0.0.0 Safari/537.36\"",
                "\"[APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io)]\"",
                "\"AWS Internal\"",
            ],
        );
        refuses(
            &ValueType::Label,
            &[
                "\"client 10.1.2.3\"",
                "\"agent alice@example.org\"",
                "\"agent imei=490154203237518\"",
                "\"line\\nbreak\"",
            ],
        );
        assert!(!ValueType::Label.accepts(&format!("\"{}\"", "a ".repeat(200))));
    }

    #[test]
    fn numbers_times_and_versions_are_what_they_say() {
        accepts(
            &ValueType::Integer,
            &["0", "-5", "9007199254740993", "\"42\""],
        );
        refuses(
            &ValueType::Integer,
            &["1.5", "1e3", "\"490154203237518\"", "\"x\"", "true"],
        );
        accepts(&ValueType::Number, &["0.93", "1e3", "-1"]);
        refuses(&ValueType::Number, &["\"0.93\"", "1e999", "inf", "NaN"]);
        accepts(&ValueType::Boolean, &["true", "\"false\""]);
        refuses(&ValueType::Boolean, &["1", "\"yes\""]);
        accepts(
            &ValueType::Timestamp,
            &[
                "\"2026-11-02T03:14:15Z\"",
                "\"2026-11-02T03:14:15.123456+01:00\"",
            ],
        );
        refuses(
            &ValueType::Timestamp,
            &[
                "\"2026-11-02 03:14:15Z\"",
                "\"2026-11-02\"",
                "\"yesterday\"",
                "1700000000",
            ],
        );
        accepts(
            &ValueType::Version,
            &["\"1.08\"", "\"14.2.0-rc.1\"", "\"7\""],
        );
        refuses(
            &ValueType::Version,
            &["\"10.2.3.4\"", "\"490154203237518\"", "\"v one\""],
        );
    }

    #[test]
    fn an_escaped_string_is_read_before_it_is_judged() {
        assert!(ValueType::Token.accepts("\"us\\u002deast-1\""));
        assert!(!ValueType::Token.accepts("\"10\\u002e0.0.1\""));
    }

    #[test]
    fn coarser_forms_say_less() {
        let time = "\"2026-11-02T03:14:15.5+01:00\"";
        assert_eq!(
            generalise(&ValueType::Timestamp, time).unwrap(),
            "2026-11-02"
        );
        assert_eq!(
            bucket(&ValueType::Timestamp, time).unwrap(),
            "2026-11-02T02:00:00Z"
        );
        let agent = "\"aws-cli/1.22.34 Python/3.10.6 Linux/5.15\"";
        assert_eq!(generalise(&ValueType::Label, agent).unwrap(), "aws-cli");
        assert_eq!(
            generalise(&ValueType::Version, "\"14.2.0\"").unwrap(),
            "14.x"
        );
        assert_eq!(bucket(&ValueType::Integer, "4711").unwrap(), "10^3 to 10^4");
        assert_eq!(generalise(&ValueType::Token, "\"berlin\""), None);
        assert_eq!(generalise(&ValueType::Text, "\"anything\""), None);
    }
}
