//! Text that others wrote, as it may be shown.
//!
//! A name, a role or a path comes from whoever made the file. A character that acts instead of being drawn (one that moves
//! the cursor, ends a line, turns the order of letters round, or takes no room at all) lets him draw what is not said: a
//! mark of approval over a refusal, or a file name that ends in another way than it seems. So it is written out, as
//! `\u{1b}`.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Characters that draw nothing though their general category does not say so: what Unicode calls default-ignorable,
/// as far as it is no format character. The standard adds none outside these ranges.
const IGNORED: [(char, char); 12] = [
    ('\u{34f}', '\u{34f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{2065}', '\u{2065}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether a character acts or is invisible: controls (line feed and tab too), separators of lines and paragraphs, marks
/// of direction, joiners and other format characters, tags, selectors of variants.
#[must_use]
pub fn acts(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || IGNORED.iter().any(|(from, to)| (*from..=*to).contains(&c))
}

/// Whether a character acts in a text of several lines, where line feed and tab belong.
#[must_use]
pub fn acts_in_lines(c: char) -> bool {
    acts(c) && !matches!(c, '\n' | '\t')
}

/// A text as one line: what acts in it is written out, line feeds and tabs too.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, acts)
}

/// A text of several lines: line feeds and tabs stay, what else acts is written out.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    written_out(text, acts_in_lines)
}

/// A name of at most `most` characters, as one line. What is no text in it is written out byte by byte.
#[must_use]
pub fn bounded(name: &[u8], most: usize) -> String {
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            push(&mut out, format_args!("\\x{byte:02x}"));
        }
    }
    match out.char_indices().nth(most) {
        Some((end, _)) => {
            out.truncate(end);
            out.push('…');
            out
        }
        None => out,
    }
}

fn written_out(text: &str, acts: fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(acts) else {
        return Cow::Borrowed(text);
    };
    let (before, rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(before);
    for c in rest.chars() {
        if acts(c) {
            push(&mut out, format_args!("{}", c.escape_unicode()));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    // A `String` takes whatever it is given.
    let _ = out.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_out_and_nothing_else() {
        for acting in [
            "\u{0}",
            "\u{7}",
            "\u{8}",
            "\r",
            "\n",
            "\t",
            "\u{1b}",
            "\u{7f}",
            "\u{85}",
            "\u{9b}",
            "\u{ad}",
            "\u{34f}",
            "\u{61c}",
            "\u{115f}",
            "\u{180e}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{200f}",
            "\u{2028}",
            "\u{2029}",
            "\u{202a}",
            "\u{202e}",
            "\u{2060}",
            "\u{2066}",
            "\u{2069}",
            "\u{3164}",
            "\u{fe0f}",
            "\u{feff}",
            "\u{fff9}",
            "\u{e0041}",
            "\u{e0100}",
        ] {
            let shown = visible(acting);
            assert!(shown.starts_with("\\u{"), "{acting:?}");
            assert!(!shown.chars().any(acts), "{acting:?}");
        }
        for drawn in [
            "a",
            "é",
            "e\u{301}",
            "漢字",
            "עברית",
            "✓",
            "🙂",
            "\u{a0}",
            "\\",
        ] {
            assert_eq!(visible(drawn), drawn);
        }
        assert_eq!(visible("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(
            visible_lines("a\u{202e}\n\tb\r\n"),
            "a\\u{202e}\n\tb\\u{d}\n"
        );
    }

    #[test]
    fn a_name_is_bounded_and_its_bytes_are_seen() {
        assert_eq!(bounded(b"a\xff\x1bb", 40), "a\\xff\\u{1b}b");
        assert_eq!(bounded("ééééé".as_bytes(), 3), "ééé…");
        assert_eq!(bounded(b"abc", 3), "abc");
    }
}
