//! Values that are one word although they have marks inside: UUIDs and times.
//!
//! A UUID in five words costs five postings, and as text its random digits cost the dictionary of terms more than
//! everything else of a record. So it is one word of 19 bytes, seven bits in each; its first group is a word as well,
//! because people quote it. A time in UTC is one word, as it is written; for ranges there is `time:`.

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
