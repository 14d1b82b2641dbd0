//! Times in a query: partial, and in UTC unless they say otherwise.

use chrono::{DateTime, Days, FixedOffset, Months, NaiveDate, TimeDelta};

use super::QueryError;
use super::lex::{Value, error};
use super::parse::Kind;

const HINT: &str = "Write 2026, 2026-10, 2026-10-28, 2026-10-28T14:05 or 2026-10-28T14:05:09.25Z; a range as [2026-10-28 .. 2026-11-04], with an end left out if it is open; none for events without a time.";

/// Text of the `time:` range that covers `[from, to)`, both in microseconds UTC. `None` is an open end.
pub fn time_filter(from: Option<i64>, to: Option<i64>) -> String {
    let show = |at: Option<i64>| {
        at.and_then(DateTime::from_timestamp_micros)
            .map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
            .unwrap_or_default()
    };
    // The last microsecond that is still in, because a typed end includes all of what it names.
    format!(
        "[{} .. {}]",
        show(from),
        show(to.map(|to| to.saturating_sub(1)))
    )
}

pub(super) fn condition(value: Value, at: usize) -> Result<Kind, QueryError> {
    match value {
        Value::Range {
            from,
            to,
            from_at,
            to_at,
        } => {
            let start = if from.is_empty() {
                None
            } else {
                Some(period(&from, from_at)?.0)
            };
            let end = if to.is_empty() {
                None
            } else {
                Some(period(&to, to_at)?.1)
            };
            if let (Some(start), Some(end)) = (start, end)
                && start >= end
            {
                return Err(error(
                    from_at,
                    "the range ends before it starts",
                    "Swap its ends.",
                ));
            }
            Ok(Kind::Time {
                from: start,
                to: end,
            })
        }
        Value::Plain { text, prefix: true } if text.is_empty() => Ok(Kind::Time {
            from: None,
            to: None,
        }),
        Value::Plain { prefix: true, .. } => Err(error(
            at,
            "a time cannot be searched by its beginning",
            HINT,
        )),
        Value::Plain { text, .. } | Value::Quoted(text) => {
            if text == "none" {
                return Ok(Kind::Undated);
            }
            let (from, to) = period(&text, at)?;
            Ok(Kind::Time {
                from: Some(from),
                to: Some(to),
            })
        }
    }
}

/// First microsecond of what the text names and the first after it.
fn period(text: &str, at: usize) -> Result<(i64, i64), QueryError> {
    parse(text).ok_or_else(|| error(at, "this is not a time", HINT))
}

fn parse(text: &str) -> Option<(i64, i64)> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time.trim())),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = digits(parts.next()?, 4)? as i32;
    let month = parts
        .next()
        .map(|m| digits(m, 2))
        .map_or(Some(None), |m| m.map(Some))?;
    let day = parts
        .next()
        .map(|d| digits(d, 2))
        .map_or(Some(None), |d| d.map(Some))?;
    let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?;
    let midnight = |date: NaiveDate| Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros());
    let Some(time) = time else {
        let after = match (month, day) {
            (_, Some(_)) => first.checked_add_days(Days::new(1))?,
            (Some(_), None) => first.checked_add_months(Months::new(1))?,
            (None, None) => first.checked_add_months(Months::new(12))?,
        };
        return Some((midnight(first)?, midnight(after)?));
    };
    day?;
    let (time, offset) = split_zone(time)?;
    let (time, fraction) = match time.split_once(['.', ',']) {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let mut parts = time.splitn(3, ':');
    let hour = digits(parts.next()?, 2)?;
    let minute = parts
        .next()
        .map(|m| digits(m, 2))
        .map_or(Some(None), |m| m.map(Some))?;
    let second = parts
        .next()
        .map(|s| digits(s, 2))
        .map_or(Some(None), |s| s.map(Some))?;
    let (micros, unit) = match (minute, second, fraction) {
        (_, Some(_), Some(fraction)) => {
            if fraction.is_empty()
                || fraction.len() > 9
                || !fraction.bytes().all(|b| b.is_ascii_digit())
            {
                return None;
            }
            let shown = fraction.len().min(6);
            let scale = 10_i64.pow(6 - shown as u32);
            (fraction[..shown].parse::<i64>().ok()? * scale, scale)
        }
        (_, _, Some(_)) => return None,
        (_, Some(_), None) => (0, 1_000_000),
        (Some(_), None, None) => (0, 60_000_000),
        (None, None, None) => (0, 3_600_000_000),
    };
    // A leap second is the second after :59, as most clocks write it.
    let (second, leap) = match second.unwrap_or(0) {
        60 => (59, TimeDelta::seconds(1)),
        second => (second, TimeDelta::zero()),
    };
    let local = first
        .and_hms_opt(hour, minute.unwrap_or(0), second)?
        .checked_add_signed(leap)?;
    let utc = local.checked_sub_offset(offset)?;
    let from = utc.and_utc().timestamp_micros().checked_add(micros)?;
    Some((from, from.checked_add(unit)?))
}

fn split_zone(time: &str) -> Option<(&str, FixedOffset)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, FixedOffset::east_opt(0)?));
    }
    let Some(sign) = time.find(['+', '-']) else {
        return Some((time, FixedOffset::east_opt(0)?));
    };
    let (time, zone) = time.split_at(sign);
    let (hours, minutes) = match zone[1..].split_once(':') {
        Some((h, m)) => (digits(h, 2)?, digits(m, 2)?),
        None if zone.len() == 5 && zone.is_ascii() => {
            (digits(&zone[1..3], 2)?, digits(&zone[3..], 2)?)
        }
        None => (digits(&zone[1..], 2)?, 0),
    };
    if minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some((
        time,
        FixedOffset::east_opt(if zone.starts_with('-') {
            -seconds
        } else {
            seconds
        })?,
    ))
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}
