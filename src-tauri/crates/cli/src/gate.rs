//! What every byte passes on its way out: a character that acts is written out.

use std::fmt::Write as _;
use std::io::{self, Write};

use workbench::seen::acts;

/// How a character that acts is spelled.
#[derive(Clone, Copy)]
pub(crate) enum Spelling {
    /// `\u{1b}`; only line feeds pass.
    Text,
    /// `\u001b`, which JSON reads as the character. Line feeds and tabs pass: in JSON they stand between tokens only.
    Json,
}

impl Spelling {
    fn passes(self, c: char) -> bool {
        match self {
            Self::Text => c == '\n' || !acts(c),
            Self::Json => matches!(c, '\n' | '\t') || !acts(c),
        }
    }

    fn spell(self, c: char, out: &mut String) {
        // A `String` takes whatever it is given.
        let _ = match self {
            Self::Text => write!(out, "{}", c.escape_unicode()),
            Self::Json => (c.encode_utf16(&mut [0; 2]).iter())
                .try_for_each(|unit| write!(out, "\\u{unit:04x}")),
        };
    }
}

/// Writes on what was given to it, and what acts in it as it is spelled.
pub(crate) struct Gate<W: Write> {
    out: W,
    spelling: Spelling,
    /// The beginning of a character whose end was not written yet.
    half: Vec<u8>,
}

impl<W: Write> Gate<W> {
    /// A gate before `out`.
    pub(crate) fn new(out: W, spelling: Spelling) -> Self {
        Self {
            out,
            spelling,
            half: Vec::new(),
        }
    }
}

impl<W: Write> Write for Gate<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.half);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut chunks = all.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for c in chunk.valid().chars() {
                if self.spelling.passes(c) {
                    text.push(c);
                } else {
                    self.spelling.spell(c, &mut text);
                }
            }
            let cut = chunks.peek().is_none()
                && std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
            if cut {
                self.half = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.out.write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(spelling: Spelling, parts: &[&[u8]]) -> String {
        let mut gate = Gate::new(Vec::new(), spelling);
        for part in parts {
            gate.write_all(part).expect("written");
        }
        String::from_utf8(gate.out).expect("text")
    }

    #[test]
    fn what_acts_is_spelled_even_when_it_comes_in_pieces() {
        let rlo = "\u{202e}".as_bytes();
        let cut = [b"a\n\r".as_slice(), &rlo[..1], &rlo[1..2], &rlo[2..], b"b"];
        assert_eq!(through(Spelling::Text, &cut), "a\n\\u{d}\\u{202e}b");
        assert_eq!(through(Spelling::Text, &[b"\xff\x1b"]), "\u{fffd}\\u{1b}");
    }

    #[test]
    fn json_reads_back_as_what_it_was() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\u{e0041}✓";
        let json = serde_json::to_string_pretty(&[text]).expect("JSON");
        let written = through(Spelling::Json, &[json.as_bytes()]);
        assert!(!written.replace('\n', "").contains(acts), "{written}");
        let back: Vec<String> = serde_json::from_str(&written).expect("JSON");
        assert_eq!(back, [text]);
    }
}
