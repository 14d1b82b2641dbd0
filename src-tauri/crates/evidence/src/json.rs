//! Checks that a text is exactly one JSON value (RFC 8259), without building it: no white
//! space around it, no duplicate keys, no lone surrogates, nested at most 64 deep. Numbers
//! are checked for form and otherwise stay text.

use std::{borrow::Cow, collections::HashSet};

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// What is wrong with a value text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not exactly one JSON value.
    #[error(
        "not exactly one JSON value (RFC 8259, a string with its quotes) without white space around it"
    )]
    NotOneValue,
    /// A key occurs twice in one object.
    #[error("an object has the same key twice")]
    DuplicateKey,
    /// A `\u` escape that is half of a surrogate pair.
    #[error("a string has a lone surrogate escape")]
    LoneSurrogate,
    /// Deeper than 64 levels.
    #[error("arrays and objects are nested deeper than 64 levels")]
    TooDeep,
}

/// Checks one value text.
///
/// # Errors
/// The first [`JsonFault`] met.
pub fn check_value(text: &str) -> Result<(), JsonFault> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
    };
    reader.value(0)?;
    if reader.at == text.len() {
        Ok(())
    } else {
        Err(JsonFault::NotOneValue)
    }
}

/// Number of bytes before the first quote, backslash or control character (below 0x20).
/// Looks at eight bytes at once: `x - 1` borrows into the top bit of every zero byte of `x`,
/// and of none below the first.
pub(crate) fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    let (eights, _) = bytes.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & TOPS != 0 {
            return number * 8 + (found & TOPS).trailing_zeros() as usize / 8;
        }
    }
    let special = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    let from = eights.len() * 8;
    let rest = &bytes[from..];
    from + rest.iter().position(special).unwrap_or(rest.len())
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// Keys of one object. Linear for the few keys that objects have, hashed for many, so that a
/// hostile object cannot cost quadratic time.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Keys<'a> {
    /// Whether the key is new.
    fn insert(&mut self, key: Cow<'a, str>) -> bool {
        if self.many.is_empty() {
            if self.few.contains(&key) {
                return false;
            }
            self.few.push(key);
            if self.few.len() > 16 {
                self.many = self.few.drain(..).collect();
            }
            return true;
        }
        self.many.insert(key)
    }
}

impl<'a> Reader<'a> {
    fn peek(&self) -> u8 {
        // NUL never starts anything in JSON, so it can stand for the end.
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &[u8]) -> Result<(), JsonFault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(JsonFault::NotOneValue)
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonFault> {
        match self.peek() {
            b'"' => self.string().map(|_| ()),
            b'{' | b'[' if depth == MAX_DEPTH => Err(JsonFault::TooDeep),
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b't' => self.take(b"true"),
            b'f' => self.take(b"false"),
            b'n' => self.take(b"null"),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonFault> {
        let mut keys = Keys::default();
        self.at += 1;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            let from = self.at + 1;
            let escaped = self.string()?;
            let raw = &self.text[from..self.at - 1];
            let key = if escaped {
                Cow::Owned(unescape(raw))
            } else {
                Cow::Borrowed(raw)
            };
            if !keys.insert(key) {
                return Err(JsonFault::DuplicateKey);
            }
            self.space();
            self.take(b":")?;
            self.space();
            self.value(depth)?;
            self.space();
            if self.peek() == b'}' {
                self.at += 1;
                return Ok(());
            }
            self.take(b",")?;
            self.space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonFault> {
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth)?;
            self.space();
            if self.peek() == b']' {
                self.at += 1;
                return Ok(());
            }
            self.take(b",")?;
            self.space();
        }
    }

    /// Reads a string; tells whether it has escapes.
    fn string(&mut self) -> Result<bool, JsonFault> {
        self.take(b"\"")?;
        let mut escaped = false;
        loop {
            self.at += plain(&self.bytes[self.at..]);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(escaped);
                }
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                _ => return Err(JsonFault::NotOneValue),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonFault> {
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => {
                self.at += 1;
                match self.hex4()? {
                    0xdc00..=0xdfff => Err(JsonFault::LoneSurrogate),
                    0xd800..=0xdbff => {
                        if !self.bytes[self.at..].starts_with(b"\\u") {
                            return Err(JsonFault::LoneSurrogate);
                        }
                        self.at += 2;
                        match self.hex4()? {
                            0xdc00..=0xdfff => Ok(()),
                            _ => Err(JsonFault::LoneSurrogate),
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => Err(JsonFault::NotOneValue),
        }
    }

    fn hex4(&mut self) -> Result<u32, JsonFault> {
        let digits = self.bytes.get(self.at..self.at + 4);
        let digits = digits.ok_or(JsonFault::NotOneValue)?;
        self.at += 4;
        digits.iter().try_fold(0, |value, digit| {
            let digit = char::from(*digit).to_digit(16);
            Ok(value << 4 | digit.ok_or(JsonFault::NotOneValue)?)
        })
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        match self.peek() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return Err(JsonFault::NotOneValue),
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonFault> {
        let from = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > from {
            Ok(())
        } else {
            Err(JsonFault::NotOneValue)
        }
    }
}

/// The characters of a string's inside, whose escapes were already checked.
fn unescape(raw: &str) -> String {
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned())
}

/// Appends `text` as a JSON string with the fewest escapes: quote, backslash, and control
/// characters below U+0020 (short form where JSON has one, else `\u00xx` in lower case).
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..0x20 => "\\u00",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(short);
        if short.len() > 2 {
            out.push_str(&data_encoding::HEXLOWER.encode(&[byte]));
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_bytes_end_where_they_end(
            bytes in prop::collection::vec(
                prop_oneof![4 => 0x20..=0xff_u8, 1 => 0..=0x24_u8, 1 => 0x5b..=0x5d_u8], 0..40,
            ),
        ) {
            let slow = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\');
            prop_assert_eq!(plain(&bytes), slow.unwrap_or(bytes.len()));
        }
    }

    #[test]
    fn accepts_exactly_one_value() {
        for good in [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.50e+3",
            "12345678901234567890",
            r#""""#,
            r#""\u00e9\ud83d\ude00\/""#,
            "[]",
            "{}",
            r#"{ "a" : [1, 2] , "b":{"a":1}}"#,
            "\"é\"",
        ] {
            assert_eq!(check_value(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            " 1",
            "1 ",
            "1 2",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "tru",
            "NaN",
            "[1,]",
            "{,}",
            "[1",
            "{\"a\"}",
            "{a:1}",
            "\"",
            "\"\n\"",
            r#""\x""#,
            r#""\u12""#,
            "'a'",
            "\u{feff}1",
            "\0",
        ] {
            assert_eq!(check_value(bad), Err(JsonFault::NotOneValue), "{bad:?}");
        }
    }

    #[test]
    fn names_the_fault() {
        let duplicates = [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#];
        for text in duplicates {
            assert_eq!(check_value(text), Err(JsonFault::DuplicateKey), "{text}");
        }
        for text in [
            r#""\ud800""#,
            r#""\udc00""#,
            r#""\ud800\u0041""#,
            r#""\ud800x""#,
        ] {
            assert_eq!(check_value(text), Err(JsonFault::LoneSurrogate), "{text}");
        }
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(check_value(&nested(64)), Ok(()));
        assert_eq!(check_value(&nested(65)), Err(JsonFault::TooDeep));
        assert_eq!(check_value(&"[".repeat(1 << 20)), Err(JsonFault::TooDeep));
    }

    #[test]
    fn many_keys_are_compared_too() {
        let mut keys: Vec<String> = (0..50_000).map(|i| format!("\"k{i}\":0")).collect();
        assert_eq!(check_value(&format!("{{{}}}", keys.join(","))), Ok(()));
        keys.push("\"k7\":1".into());
        let text = format!("{{{}}}", keys.join(","));
        assert_eq!(check_value(&text), Err(JsonFault::DuplicateKey));
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:,"a0-9.eE+\\u tn-]{0,24}"#) {
            let ours = check_value(&text);
            // serde_json neither sees duplicates, nor does it mind white space around.
            let theirs = serde_json::from_str::<Box<serde_json::value::RawValue>>(&text);
            if ours.is_ok() {
                prop_assert!(theirs.is_ok());
            } else if ours == Err(JsonFault::NotOneValue) {
                prop_assert!(theirs.is_err() || text.trim() != text);
            }
        }

        #[test]
        fn strings_are_spelled_as_serde_json_does(text in any::<String>(), low in "[\0-\x1f]{0,4}") {
            let text = text + &low;
            let mut out = String::new();
            push_string(&mut out, &text);
            prop_assert_eq!(&out, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(check_value(&out), Ok(()));
        }
    }
}
