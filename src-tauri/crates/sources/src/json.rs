//! A strict JSON reader that hands out values as they were written.
//!
//! `serde_json` alone would not do: it forgets the bytes of a value (or, with `RawValue`, does not
//! look inside), and takes the last of two equal keys. Here each value is checked to its leaves
//! and stays a slice of the text.

use std::borrow::Cow;

use crate::error::JsonFault;

/// The deepest nesting; the same as in an export.
const MAX_DEPTH: usize = 64;

/// A fault and the byte at which it was noticed.
pub(crate) type Faulty<T> = Result<T, (usize, JsonFault)>;

pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// An object's key: as written, with its quotes, and as it reads.
pub(crate) struct Key<'a> {
    pub(crate) written: &'a str,
    pub(crate) name: Cow<'a, str>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Faulty<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault(JsonFault::Trailing),
        }
    }

    /// Checks one value of any kind and returns it as written.
    pub(crate) fn value(&mut self) -> Faulty<&'a str> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'{') => self.object(&mut |_, parser| parser.value().map(drop))?,
            Some(b'[') => self.array(&mut |parser| parser.value().map(drop))?,
            Some(b'"') => {
                self.string()?;
            }
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return self.fault(JsonFault::Syntax),
            None => return self.fault(JsonFault::Truncated),
        }
        Ok(&self.text[start..self.at])
    }

    /// Reads an object; `member` has to read each member's value.
    pub(crate) fn object(
        &mut self,
        member: &mut dyn FnMut(Key<'a>, &mut Self) -> Faulty<()>,
    ) -> Faulty<()> {
        self.open(b'{')?;
        let mut names: Vec<Cow<'a, str>> = Vec::new();
        if self.peek() != Some(b'}') {
            loop {
                if self.peek() != Some(b'"') {
                    return self.unexpected();
                }
                let written = self.string()?;
                let name = self.unescape(written)?;
                self.expect(b':')?;
                names.push(name.clone());
                member(Key { written, name }, self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break,
                    _ => return self.unexpected(),
                }
            }
        }
        if has_duplicate(&mut names) {
            return self.fault(JsonFault::DuplicateKey);
        }
        self.close();
        Ok(())
    }

    /// Reads an array; `element` has to read each element.
    pub(crate) fn array(&mut self, element: &mut dyn FnMut(&mut Self) -> Faulty<()>) -> Faulty<()> {
        self.open(b'[')?;
        if self.peek() != Some(b']') {
            loop {
                element(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break,
                    _ => return self.unexpected(),
                }
            }
        }
        self.close();
        Ok(())
    }

    fn open(&mut self, bracket: u8) -> Faulty<()> {
        self.expect(bracket)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fault(JsonFault::TooDeep);
        }
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn expect(&mut self, byte: u8) -> Faulty<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.unexpected()
        }
    }

    fn word(&mut self, word: &str) -> Faulty<()> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            self.fault(JsonFault::Syntax)
        }
    }

    fn number(&mut self) -> Faulty<()> {
        let bytes = self.text.as_bytes();
        if bytes[self.at] == b'-' {
            self.at += 1;
        }
        match bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.unexpected(),
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Faulty<()> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while matches!(bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            self.unexpected()
        } else {
            Ok(())
        }
    }

    /// Checks a string and returns it as written, with its quotes.
    fn string(&mut self) -> Faulty<&'a str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                None => return self.fault(JsonFault::Truncated),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at]);
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return self.fault(JsonFault::Syntax),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Faulty<()> {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => {
                    let low = self.text.as_bytes()[self.at..].starts_with(b"\\u");
                    if !low || !matches!(self.unit()?, 0xdc00..=0xdfff) {
                        return self.fault(JsonFault::LoneSurrogate);
                    }
                }
                0xdc00..=0xdfff => return self.fault(JsonFault::LoneSurrogate),
                _ => {}
            },
            Some(_) => return self.fault(JsonFault::Syntax),
            None => return self.fault(JsonFault::Truncated),
        }
        Ok(())
    }

    /// Reads `\uXXXX`.
    fn unit(&mut self) -> Faulty<u32> {
        let Some(hex) = self.text.as_bytes().get(self.at + 2..self.at + 6) else {
            return self.fault(JsonFault::Truncated);
        };
        let mut unit = 0;
        for &digit in hex {
            match (digit as char).to_digit(16) {
                Some(value) => unit = unit * 16 + value,
                None => return self.fault(JsonFault::Syntax),
            }
        }
        self.at += 6;
        Ok(unit)
    }

    fn unescape(&self, written: &'a str) -> Faulty<Cow<'a, str>> {
        let inner = &written[1..written.len() - 1];
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(inner));
        }
        // `string` has checked it, so this cannot fail.
        serde_json::from_str(written)
            .map(Cow::Owned)
            .or_else(|_| self.fault(JsonFault::Syntax))
    }

    fn unexpected<T>(&mut self) -> Faulty<T> {
        if self.peek().is_none() {
            self.fault(JsonFault::Truncated)
        } else {
            self.fault(JsonFault::Syntax)
        }
    }

    pub(crate) fn fault<T>(&self, fault: JsonFault) -> Faulty<T> {
        Err((self.at, fault))
    }
}

fn has_duplicate(names: &mut [Cow<'_, str>]) -> bool {
    if names.len() <= 16 {
        return names
            .iter()
            .enumerate()
            .any(|(at, name)| names[..at].contains(name));
    }
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) -> Result<&str, JsonFault> {
        let mut parser = Parser::new(text);
        let value = parser.value().map_err(|(_, fault)| fault)?;
        parser.end().map_err(|(_, fault)| fault)?;
        Ok(value)
    }

    #[test]
    fn each_fault_has_its_name() {
        let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
        let many: Vec<String> = (0..20).map(|key| format!("\"k{}\":1", key % 19)).collect();
        let many = format!("{{{}}}", many.join(","));
        for (text, fault) in [
            ("", JsonFault::Truncated),
            ("{\"a\":", JsonFault::Truncated),
            ("{\"a\":1", JsonFault::Truncated),
            ("\"a", JsonFault::Truncated),
            ("{a:1}", JsonFault::Syntax),
            ("[1,]", JsonFault::Syntax),
            ("01", JsonFault::Trailing),
            ("1.", JsonFault::Truncated),
            ("nul", JsonFault::Syntax),
            ("\"\t\"", JsonFault::Syntax),
            ("\"\\x\"", JsonFault::Syntax),
            ("{} {}", JsonFault::Trailing),
            ("{\"a\":1,\"a\":2}", JsonFault::DuplicateKey),
            ("{\"a\":1,\"\\u0061\":2}", JsonFault::DuplicateKey),
            ("[{\"b\":[{\"a\":1,\"a\":2}]}]", JsonFault::DuplicateKey),
            (&many, JsonFault::DuplicateKey),
            ("\"\\ud800\"", JsonFault::LoneSurrogate),
            ("\"\\ud800\\u0041\"", JsonFault::LoneSurrogate),
            ("\"\\udc00\"", JsonFault::LoneSurrogate),
            (&deep, JsonFault::TooDeep),
        ] {
            assert_eq!(check(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn values_stay_as_written() {
        for text in [
            "1.50e+3",
            "12345678901234567890123",
            "\"\\u0041\\ud83d\\ude00\\/\"",
            "{ \"a\" : [ 1 , { } ] }",
            "-0",
        ] {
            assert_eq!(check(&format!(" {text}\n")), Ok(text));
        }
    }

    proptest! {
        /// Whatever serde_json writes is taken, and whatever it refuses is refused (but for
        /// numbers beyond a double, which are JSON all the same).
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}:,\" a1e.+\\\\u0-]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            match check(&text) {
                Ok(_) => prop_assert!(
                    theirs.as_ref().err().is_none_or(|e| e.to_string().contains("out of range"))
                ),
                Err(JsonFault::DuplicateKey | JsonFault::TooDeep) => {}
                Err(_) => prop_assert!(theirs.is_err()),
            }
        }
    }
}
