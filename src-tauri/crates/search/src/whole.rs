//! Values that are one word although they have marks inside: UUIDs and times.
//!
//! A UUID in five words costs five postings, and as text its random digits cost the dictionary of terms more than
//! everything else of a record. So it is one word of 19 bytes, seven bits in each. A time in UTC is one word, as it is
//! written; for ranges there is `time:`.
//!
//! Almost every one of them is a term of its own, which is what a dictionary is slowest at. A value that is nothing but
//! a UUID or a time is therefore no word: it stands once, below its path, and whoever types it is answered from there
//! ([`anywhere`]), by its whole or its first group, which people quote. Inside a longer text both are words.

/// Begins the word of a UUID. No other word does: control characters are no letters.
pub(crate) const UUID: char = '\u{2}';
/// Characters of a UUID.
const TEXT: usize = 36;
/// Groups of seven bits in 128.
const PACKED: usize = 19;

fn nibble(byte: u8) -> Option<u128> {
    match byte {
        b'0'..=b'9' => Some(u128::from(byte - b'0')),
        b'a'..=b'f' => Some(u128::from(byte - b'a' + 10)),
        b'A'..=b'F' => Some(u128::from(byte - b'A' + 10)),
        _ => None,
    }
}

/// The bits of a text that begins like a UUID, and how many they are; `None` when it cannot begin one.
fn bits(text: &[u8]) -> Option<(u128, u32)> {
    let (mut value, mut count) = (0, 0);
    for (at, byte) in text.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
        } else {
            value = value << 4 | nibble(*byte)?;
            count += 4;
        }
    }
    Some((value, count))
}

/// Seven bits a byte, the highest first, so that words sort as the UUIDs do.
fn pack(value: u128) -> String {
    let mut word = String::with_capacity(1 + PACKED);
    word.push(UUID);
    for group in (0..PACKED).rev() {
        word.push(char::from((value >> (7 * group)) as u8 & 0x7f));
    }
    word
}

/// The word of a UUID in either case.
pub(crate) fn uuid(text: &str) -> Option<String> {
    (text.len() == TEXT)
        .then(|| bits(text.as_bytes()))
        .flatten()
        .map(|(value, _)| pack(value))
}

/// The first and the last word of all UUIDs that begin so; `None` when none does.
pub(crate) fn uuids_from(start: &str) -> Option<(String, String)> {
    if start.is_empty() || start.len() > TEXT {
        return None;
    }
    let (value, count) = bits(start.as_bytes())?;
    let rest = 128 - count;
    let low = value.checked_shl(rest).unwrap_or(0);
    let high = low | 1_u128.checked_shl(rest).unwrap_or(0).wrapping_sub(1);
    Some((pack(low), pack(high)))
}

/// The UUID that a word stands for.
pub(crate) fn uuid_text(word: &str) -> Option<String> {
    let packed = word.strip_prefix(UUID)?.as_bytes();
    if packed.len() != PACKED {
        return None;
    }
    let value = packed
        .iter()
        .fold(0_u128, |value, byte| value << 7 | u128::from(byte & 0x7f));
    let hex = format!("{value:032x}");
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Some(groups.join("-"))
}

/// How many bytes a UUID takes that stands at the start of `text` and ends there or at a mark.
pub(crate) fn uuid_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let here = bytes.get(..TEXT)?;
    // Most texts are told apart by one byte.
    let ends = here[8] == b'-' && bits(here).is_some() && ends(text, TEXT);
    ends.then_some(TEXT)
}

/// The same for a time `YYYY-MM-DDThh:mm:ss[.fraction]Z`.
pub(crate) fn time_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let shape = b"0000-00-00T00:00:00";
    let head = bytes.get(..shape.len())?;
    if head[4] != b'-' || head[10] != b'T' {
        return None;
    }
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        mark => byte == mark,
    };
    if !head.iter().zip(shape).all(fits) {
        return None;
    }
    let rest = &bytes[shape.len()..];
    let fraction = match rest {
        [b'.', digits @ ..] => match digits.iter().take_while(|b| b.is_ascii_digit()).count() {
            0 => return None,
            count => 1 + count,
        },
        _ => 0,
    };
    let length = shape.len() + fraction + 1;
    (rest.get(fraction) == Some(&b'Z') && ends(text, length)).then_some(length)
}

/// Whether a value is nothing but a UUID or a time, and so stands below its path only.
pub(crate) fn is_whole(value: &str) -> bool {
    uuid(value).is_some() || time_at(value) == Some(value.len())
}

/// For a word of a query (or with `prefix`, its beginning) that could be a value which [`is_whole`], or the first group
/// of such a UUID: the regular expression of its terms below any path.
pub(crate) fn anywhere(word: &str, prefix: bool) -> Option<String> {
    let mut any: Vec<String> = Vec::new();
    if word.starts_with(UUID) {
        any.push(literal(word));
    } else if word.contains(':') {
        // Of all words only times have one.
        any.push(literal(word) + if prefix { "[^\\x00]*" } else { "" });
    } else {
        if prefix || word.len() == FIRST_GROUP {
            any.extend(uuids_from(word).map(|(low, high)| between(&low, &high)));
        }
        if prefix && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            any.push(format!(
                "{word}[0-9]{{{}}}-[0-9]{{2}}-[0-9]{{2}}t[0-9:.]*z",
                4 - word.len()
            ));
        }
    }
    (!any.is_empty()).then(|| format!("[^\\x00]+\\x00(?:{})", any.join("|")))
}

/// Characters of the first group of a UUID.
pub(crate) const FIRST_GROUP: usize = 8;

/// A text as a regular expression of itself.
fn literal(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => c.to_string(),
            _ => format!("\\x{{{:x}}}", u32::from(c)),
        })
        .collect()
}

/// The words of UUIDs from one to another of which the second differs from the first by higher bits at its end only.
fn between(low: &str, high: &str) -> String {
    let same = low.bytes().zip(high.bytes()).take_while(|(a, b)| a == b);
    let same = same.count();
    let mut pattern = literal(&low[..same]);
    let ends = low.bytes().zip(high.bytes()).nth(same);
    pattern.extend(ends.map(|(a, b)| format!("[\\x{{{a:x}}}-\\x{{{b:x}}}][\\x00-\\x7f]*")));
    pattern
}

fn ends(text: &str, at: usize) -> bool {
    let next = text.get(at..).and_then(|rest| rest.chars().next());
    next.is_none_or(|c| !c.is_alphanumeric() && c != '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_one_word_in_the_order_of_its_text() {
        let texts = [
            "00000000-0000-0000-0000-000000000000",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0f8fad5b-d9cb-469f-a165-70867728950f",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ];
        let words: Vec<String> = texts.iter().filter_map(|t| uuid(t)).collect();
        assert!(words.is_sorted() && words.len() == 4);
        for (word, text) in words.iter().zip(texts) {
            assert_eq!(uuid_text(word).as_deref(), Some(text));
            assert_eq!(uuid(&text.to_uppercase()).as_ref(), Some(word));
            for cut in 1..=text.len() {
                let (low, high) = uuids_from(&text[..cut]).expect("it begins one");
                assert!(low <= *word && *word <= high, "{}", &text[..cut]);
                let others = words
                    .iter()
                    .zip(texts)
                    .filter(|(w, _)| low <= **w && **w <= high);
                for (_, other) in others {
                    assert!(other.starts_with(&text[..cut]));
                }
            }
        }
        assert_eq!(uuid("0f8fad5b-d9cb-469f-a165+70867728950e"), None);
        assert_eq!(uuids_from("0f8fad5bd"), None);
        assert_eq!(uuids_from("g"), None);
    }

    #[test]
    fn a_value_that_is_no_word_is_found_below_any_path() {
        use tantivy::query::RegexQuery;
        let field = tantivy::schema::Field::from_field_id(0);
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let word = super::uuid(uuid).expect("a UUID");
        for (asked, prefix) in [
            (word.as_str(), false),
            ("0f8fad5b", false),
            ("0f8fad5b", true),
            ("0", true),
            ("2026", true),
            ("2026-11-21t04:00:00.5z", false),
            ("2026-11-21t04:00:00.5z", true),
        ] {
            let pattern = anywhere(asked, prefix).expect("it may be one");
            assert!(
                RegexQuery::from_pattern(&pattern, field).is_ok(),
                "{pattern:?}"
            );
        }
        assert_eq!(anywhere("passkey", false), None);
        assert_eq!(anywhere("passkey", true), None);
        assert_eq!(anywhere("0f8f", false), None, "no whole group");
        assert!(is_whole(uuid) && is_whole("2026-11-21T04:00:00Z"));
        assert!(!is_whole("since 2026-11-21T04:00:00Z") && !is_whole(""));
    }

    #[test]
    fn marks_end_what_is_whole() {
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(uuid_at(&format!("{uuid}/x")), Some(36));
        assert_eq!(uuid_at(&format!("{uuid}0")), None);
        assert_eq!(uuid_at(&format!("{uuid}-0")), None);
        assert_eq!(time_at("2026-11-21T04:00:00Z"), Some(20));
        assert_eq!(time_at("2026-11-21T04:00:00.037Z, later"), Some(24));
        assert_eq!(time_at("2026-11-21T04:00:00.Z"), None);
        assert_eq!(time_at("2026-11-21T04:00:00+01:00"), None);
        assert_eq!(time_at("2026-11-21"), None);
    }
}
