//! Times as sources write them: text or number, and the instant it stands for.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use regex::Regex;
use thiserror::Error;

use crate::value::string_chars;

/// How a source writes the times of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeForm {
    spelling: Spelling,
    /// The offset of times that state none. Without it such a time is not read: an instant must not be
    /// guessed.
    zone: Option<FixedOffset>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Spelling {
    /// RFC 3339, and what programs make of it: see [`rfc3339`].
    #[default]
    Rfc3339,
    /// A number since 1970-01-01T00:00:00Z, in units of so many to a second.
    Epoch(i64),
    /// RFC 2822 (mail): `Tue, 3 Nov 2026 03:14:15 +0000`.
    Rfc2822,
    /// A pattern of `strftime`, as chrono reads it.
    Pattern(String),
}

/// What is wrong with a declared form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeFormFault {
    /// No such form.
    #[error(
        "not a form of times; use rfc3339, rfc2822, epoch-seconds, epoch-milliseconds, epoch-microseconds, epoch-nanoseconds or pattern"
    )]
    Unknown,
    /// `pattern` without one, or one that says nothing of date or hour.
    #[error("a pattern needs a strftime text with date and time, such as %d/%b/%Y:%H:%M:%S %z")]
    Pattern,
    /// A zone that is no offset.
    #[error("a zone is UTC or an offset such as +01:00")]
    Zone,
}

impl TimeForm {
    /// A form by its name; `pattern` for that of this name only.
    ///
    /// # Errors
    /// [`TimeFormFault`].
    pub fn new(
        name: &str,
        pattern: Option<&str>,
        zone: Option<&str>,
    ) -> Result<Self, TimeFormFault> {
        let spelling = match (name, pattern) {
            ("rfc3339", None) => Spelling::Rfc3339,
            ("rfc2822", None) => Spelling::Rfc2822,
            ("epoch-seconds", None) => Spelling::Epoch(1),
            ("epoch-milliseconds", None) => Spelling::Epoch(1_000),
            ("epoch-microseconds", None) => Spelling::Epoch(1_000_000),
            ("epoch-nanoseconds", None) => Spelling::Epoch(1_000_000_000),
            ("pattern", Some(pattern)) if is_whole(pattern) => {
                Spelling::Pattern(pattern.to_owned())
            }
            ("pattern", _) | (_, Some(_)) => return Err(TimeFormFault::Pattern),
            _ => return Err(TimeFormFault::Unknown),
        };
        let zone = zone
            .map(|zone| match zone {
                "UTC" => Some(FixedOffset::east_opt(0)?),
                zone => zone.parse().ok(),
            })
            .map(|zone| zone.ok_or(TimeFormFault::Zone))
            .transpose()?;
        Ok(Self { spelling, zone })
    }

    /// The text of a JSON value and its instant; `None` where it is not of this form.
    pub fn read<'v>(&self, value_text: &'v str) -> Option<(Cow<'v, str>, DateTime<Utc>)> {
        let text = match string_chars(value_text) {
            Some(text) => text,
            None if value_text.starts_with(|c: char| c.is_ascii_digit()) => {
                Cow::Borrowed(value_text)
            }
            None => return None,
        };
        let time = match &self.spelling {
            Spelling::Rfc3339 if !value_text.starts_with('"') => None,
            Spelling::Rfc3339 => rfc3339(&text, self.zone),
            Spelling::Epoch(units) => epoch(&text, *units),
            Spelling::Rfc2822 => DateTime::parse_from_rfc2822(&text)
                .ok()
                .map(|time| time.to_utc()),
            Spelling::Pattern(pattern) => match DateTime::parse_from_str(&text, pattern) {
                Ok(time) => Some(time.to_utc()),
                Err(_) => NaiveDateTime::parse_from_str(&text, pattern)
                    .ok()
                    .and_then(|time| local(time, self.zone)),
            },
        }?;
        // A number of eight or of fifteen digits is read as some time by one form or the other. What lies
        // outside of the time in which logs are written is none.
        is_likely(&time).then_some((text, time))
    }
}

/// Whether a text is a time with date, time of day and zone in the spelling of RFC 3339 or one of its
/// relatives.
pub fn is_rfc3339(text: &str) -> bool {
    rfc3339(text, None).is_some()
}

/// Whether a value that is no time of its field's form can be shown as the text that it is: a date as people and
/// programs write it, of which the zone or the order of day and month is missing. Nothing else stands in it.
pub fn is_like_time(value_text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}";
        let weekday = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? ";
        let zone = "(?:z|utc|gmt|ces?t|[ecmp][sd]t|bst|jst|[+-][0-9]{2}:?[0-9]{2})";
        let year = "(?:19[7-9]|20[0-9]|21[0-9])[0-9]";
        let clock = format!(
            "[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,:][0-9]{{1,9}})?)?(?: ?[ap]m)?(?: ?{zone})?"
        );
        let dates = [
            format!("{year}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}"),
            format!("[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]{year}"),
            format!("{year}(?:0[1-9]|1[0-2])[0-3][0-9]"),
            format!("[0-9]{{1,2}}[-/. ]{month}[-/. ]{year}"),
            format!("{month} {{1,2}}[0-9]{{1,2}}(?:, {year})?"),
        ]
        .join("|");
        let form = format!("(?i)^(?:{weekday})?(?:{dates})(?:[t :,]{{1,2}}{clock})?(?: {year})?$");
        Regex::new(&form).ok()
    });
    string_chars(value_text).is_some_and(|text| {
        text.len() <= 48 && FORM.as_ref().is_some_and(|form| form.is_match(&text))
    })
}

/// Whether logs were written at a time.
fn is_likely(time: &DateTime<Utc>) -> bool {
    use chrono::Datelike as _;
    (1970..2200).contains(&time.year())
}

/// Whether a pattern names a day and an hour.
fn is_whole(pattern: &str) -> bool {
    use chrono::format::{Item, StrftimeItems};
    let text = "2026-11-03T04:05:06+00:00";
    let known = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let items: Vec<Item<'_>> = StrftimeItems::new(pattern).collect();
    let whole = known.ok().and_then(|time| {
        if items.contains(&Item::Error) {
            return None;
        }
        let written = time.format_with_items(items.iter().cloned()).to_string();
        let naive = NaiveDateTime::parse_from_str(&written, pattern);
        let zoned = DateTime::parse_from_str(&written, pattern);
        naive.is_ok().then_some(()).or(zoned.ok().map(drop))
    });
    whole.is_some()
}

fn local(time: NaiveDateTime, zone: Option<FixedOffset>) -> Option<DateTime<Utc>> {
    let time = zone?.from_local_datetime(&time).single()?;
    Some(time.to_utc())
}

/// A count of units since 1970, with a fraction at most of the seconds.
fn epoch(text: &str, units: i64) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 19
        || fraction.len() > 9
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let per = 1_000_000_000 / units;
    let part: i64 = match fraction {
        "" if !text.ends_with('.') => 0,
        "" => return None,
        digits => format!("{digits:0<9}").parse::<i64>().ok()? / units,
    };
    let nanos = (whole % units) * per + part;
    DateTime::from_timestamp(whole / units, u32::try_from(nanos).ok()?)
}

/// Reads an RFC 3339 time and its relaxed spellings: `t` or a blank for `T`, `z`, a comma for the point, more
/// than nine digits of a second (of which nine are kept), an offset without its colon or minutes, a blank before
/// it. Without an offset the zone counts, if there is one.
fn rfc3339(text: &str, zone: Option<FixedOffset>) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || bytes.len() > 48 || !text.is_ascii() {
        return None;
    }
    if let Some(time) = utc(bytes) {
        return Some(time);
    }
    let number = |from: usize, to: usize| -> Option<u32> {
        let part = &text[from..to];
        part.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| part.parse().ok())
            .flatten()
    };
    let marks = [4, 7, 10, 13, 16].map(|at| bytes[at]);
    if !matches!(marks, [b'-', b'-', b'T' | b't' | b' ', b':', b':']) {
        return None;
    }
    let rest = &text[19..];
    let (fraction, rest) = match rest.strip_prefix(['.', ',']) {
        None => ("", rest),
        Some(rest) => {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            if end == 0 {
                return None;
            }
            rest.split_at(end)
        }
    };
    let nanos: u32 = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction))
        .parse()
        .ok()?;
    let day = NaiveDate::from_ymd_opt(number(0, 4)?.cast_signed(), number(5, 7)?, number(8, 10)?)?;
    // A leap second is told as chrono tells it: the second before, and a second more of it.
    let second = number(17, 19)?;
    let (second, nanos) = match second {
        60 => (59, nanos + 1_000_000_000),
        second => (second, nanos),
    };
    let time = day.and_hms_nano_opt(number(11, 13)?, number(14, 16)?, second, nanos)?;
    match rest.strip_prefix(' ').unwrap_or(rest) {
        "" if rest.is_empty() => local(time, zone),
        "Z" | "z" | "UTC" | "GMT" => Some(time.and_utc()),
        offset => {
            let (sign, digits) = match offset.split_at_checked(1)? {
                ("+", digits) => (1, digits),
                ("-", digits) => (-1, digits),
                _ => return None,
            };
            let (hours, minutes) = match digits.len() {
                2 => (digits, "00"),
                4 => digits.split_at(2),
                5 => digits.split_once(':')?,
                _ => return None,
            };
            let part = |text: &str| -> Option<i32> {
                (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
                    .then(|| text.parse().ok())
                    .flatten()
            };
            let (hours, minutes) = (part(hours)?, part(minutes)?);
            if minutes > 59 {
                return None;
            }
            local(
                time,
                FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)),
            )
        }
    }
}

/// `YYYY-MM-DDThh:mm:ssZ`, with up to nine digits of a second: how nearly all sources write a
/// time. `None` for everything else.
fn utc(text: &[u8]) -> Option<DateTime<Utc>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &TimeForm, value: &str) -> Option<String> {
        let (_, time) = form.read(value)?;
        Some(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn relatives_of_rfc_3339_are_one_instant() {
        let form = TimeForm::default();
        for text in [
            "2026-11-02T03:14:15.5Z",
            "2026-11-02t03:14:15.500z",
            "2026-11-02 03:14:15.5Z",
            "2026-11-02T03:14:15,5+00:00",
            "2026-11-02T04:14:15.500000+0100",
            "2026-11-02T02:14:15.5-01",
            "2026-11-02 03:14:15.5 +0000",
            "2026-11-02 03:14:15.5 UTC",
            "2026-11-02T03:14:15.500000000000Z",
        ] {
            let read = read(&form, &format!("\"{text}\""));
            assert_eq!(read.as_deref(), Some("2026-11-02T03:14:15.500Z"), "{text}");
        }
        for text in [
            "2026-11-02",
            "2026-11-02T03:14:15",
            "2026-13-02T03:14:15Z",
            "2026-11-02T03:14:15.Z",
            "2026-11-02T03:14:15+1",
            "2026-11-02T03:14:15+01:60",
            "2026-11-02T03:14:15 CEST",
            "0026-11-02T03:14:15Z",
            "yesterday",
        ] {
            assert_eq!(read(&form, &format!("\"{text}\"")), None, "{text}");
        }
        assert_eq!(read(&form, "1700000000"), None);
    }

    #[test]
    fn a_zone_counts_only_where_the_time_states_none() {
        let form = TimeForm::new("rfc3339", None, Some("+02:00")).unwrap();
        for (text, utc) in [
            ("2026-11-02T03:14:15", "2026-11-02T01:14:15Z"),
            (
                "2026-11-02 03:14:15.1234567",
                "2026-11-02T01:14:15.123456700Z",
            ),
            ("2026-11-02T03:14:15Z", "2026-11-02T03:14:15Z"),
        ] {
            assert_eq!(read(&form, &format!("\"{text}\"")).as_deref(), Some(utc));
        }
    }

    #[test]
    fn numbers_and_patterns_are_read_as_declared() {
        for (form, value, utc) in [
            ("epoch-seconds", "1700000000", "2023-11-14T22:13:20Z"),
            ("epoch-seconds", "\"1700000000\"", "2023-11-14T22:13:20Z"),
            ("epoch-seconds", "1700000000.25", "2023-11-14T22:13:20.250Z"),
            (
                "epoch-milliseconds",
                "1700000000123",
                "2023-11-14T22:13:20.123Z",
            ),
            (
                "epoch-microseconds",
                "1700000000123456",
                "2023-11-14T22:13:20.123456Z",
            ),
            (
                "epoch-nanoseconds",
                "1700000000123456789",
                "2023-11-14T22:13:20.123456789Z",
            ),
            (
                "rfc2822",
                "\"Tue, 14 Nov 2023 22:13:20 +0000\"",
                "2023-11-14T22:13:20Z",
            ),
        ] {
            let form = TimeForm::new(form, None, None).unwrap();
            assert_eq!(read(&form, value).as_deref(), Some(utc), "{form:?}");
        }
        let seconds = TimeForm::new("epoch-seconds", None, None).unwrap();
        for value in [
            "1700000000123",
            "-1",
            "1.",
            "\"x\"",
            "null",
            "490154203237518",
        ] {
            assert_eq!(read(&seconds, value), None, "{value}");
        }
        let pattern = "%d/%b/%Y:%H:%M:%S %z";
        let form = TimeForm::new("pattern", Some(pattern), None).unwrap();
        let read_as = read(&form, "\"14/Nov/2023:23:13:20 +0100\"");
        assert_eq!(read_as.as_deref(), Some("2023-11-14T22:13:20Z"));
        let form = TimeForm::new("pattern", Some("%d.%m.%Y %H:%M:%S"), Some("+01:00")).unwrap();
        let read_as = read(&form, "\"14.11.2023 23:13:20\"");
        assert_eq!(read_as.as_deref(), Some("2023-11-14T22:13:20Z"));
        for (name, pattern, zone, fault) in [
            ("epoch", None, None, TimeFormFault::Unknown),
            ("pattern", None, None, TimeFormFault::Pattern),
            ("pattern", Some("%Q"), None, TimeFormFault::Pattern),
            ("pattern", Some("%H:%M"), None, TimeFormFault::Pattern),
            ("rfc3339", None, Some("CET"), TimeFormFault::Zone),
        ] {
            assert_eq!(TimeForm::new(name, pattern, zone), Err(fault), "{name}");
        }
    }

    #[test]
    fn what_is_shown_unread_holds_no_name_and_no_identifier() {
        for value in [
            "\"2026-11-02\"",
            "\"2026-11-02T03:14:15\"",
            "\"02.11.2026 3:14 PM\"",
            "\"Mon Nov 2 03:14:15 2026\"",
            "\"2 Nov 2026, 03:14\"",
            "\"20261102\"",
        ] {
            assert!(is_like_time(value), "{value}");
        }
        for value in [
            "\"2026 alice\"",
            "\"490154203237518\"",
            "\"+49 170 1234567\"",
            "\"192.0.2.44\"",
            "\"1990 1234567\"",
            "\"12345678\"",
            "20261102",
            "\"yesterday\"",
            "\"\"",
            "true",
            "\"2026@x\"",
        ] {
            assert!(!is_like_time(value), "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_chrono_reads_is_read_alike(
            text in "(19[7-9]|20[0-9])[0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|z|[+-]0[0-9]:00)",
        ) {
            let theirs = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
            proptest::prop_assert_eq!(rfc3339(&text, None), theirs);
        }
    }
}
