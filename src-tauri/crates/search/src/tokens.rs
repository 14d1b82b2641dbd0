//! Words: how kept values are cut for the index and typed words for a query, by one and the same rule.
//!
//! A word is a run of letters and digits in lower case. A run in camel case is found whole and by its humps,
//! which stand at the same place, so that a phrase around it still fits. Han, kana and Hangul have no spaces to
//! cut at: each character is a word, and a typed run of them is a phrase. UUIDs and times are one word each.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::whole;

/// Bytes of a word that count. Longer runs are told apart by their start only.
const MAX_WORD: usize = 512;

fn stands_alone(c: char) -> bool {
    matches!(u32::from(c),
        0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Cuts `text` into words: `(folded word, place)`. With `parts`, humps follow their word at the same place.
fn cut(text: &str, parts: bool, folded: &mut String, words: &mut Vec<(usize, usize, usize)>) {
    folded.clear();
    words.clear();
    let mut place = 0;
    let mut emit = |run: &str, place: usize| {
        let start = folded.len();
        if run.starts_with(whole::UUID) {
            // Packed bits, no letters.
            folded.push_str(run);
        } else if run.is_ascii() {
            folded.extend(run.chars().map(|c| c.to_ascii_lowercase()));
        } else {
            folded.extend(run.chars().flat_map(char::to_lowercase));
        }
        if folded.len() - start > MAX_WORD {
            let end = (start..=start + MAX_WORD)
                .rev()
                .find(|&at| folded.is_char_boundary(at));
            folded.truncate(end.unwrap_or(start));
        }
        words.push((start, folded.len(), place));
    };
    let mut rest = text;
    while let Some(from) = rest.find(char::is_alphanumeric) {
        // A run that goes on from a mark is no start of a UUID.
        let fresh = !rest[..from].ends_with('-');
        rest = &rest[from..];
        if fresh && let Some(end) = whole::uuid_at(rest) {
            if let Some(word) = whole::uuid(&rest[..end]) {
                emit(&word, place);
            }
            if parts {
                emit(&rest[..whole::FIRST_GROUP], place);
            }
            place += 1;
            rest = &rest[end..];
            continue;
        }
        let first = rest.chars().next().unwrap_or_default();
        let end = if stands_alone(first) {
            first.len_utf8()
        } else if let Some(end) = whole::time_at(rest) {
            end
        } else {
            rest.find(|c: char| !c.is_alphanumeric() || stands_alone(c))
                .unwrap_or(rest.len())
        };
        let (run, after) = rest.split_at(end);
        emit(run, place);
        if parts {
            let mut start = 0;
            for hump in hump_starts(run).filter(|_| !run.ends_with('Z') || !run.contains(':')) {
                emit(&run[start..hump], place);
                start = hump;
            }
            if start > 0 {
                emit(&run[start..], place);
            }
        }
        place += 1;
        rest = after;
    }
}

/// Where the second and further humps of a camel-case run start: `ConsoleLogin` → 7, `HTTPServer` → 4.
fn hump_starts(run: &str) -> impl Iterator<Item = usize> + '_ {
    let mut chars = run.char_indices().peekable();
    let mut before = None::<char>;
    std::iter::from_fn(move || {
        while let Some((at, c)) = chars.next() {
            let previous = before.replace(c);
            let next_is_lower = chars.peek().is_some_and(|(_, next)| next.is_lowercase());
            let starts = c.is_uppercase()
                && previous
                    .is_some_and(|p| p.is_lowercase() || (p.is_uppercase() && next_is_lower));
            if starts {
                return Some(at);
            }
        }
        None
    })
}

/// The words of a query, in order.
pub(crate) fn words_of(text: &str) -> Vec<String> {
    let (mut folded, mut words) = (String::new(), Vec::new());
    cut(text, false, &mut folded, &mut words);
    words
        .into_iter()
        .map(|(from, to, _)| folded[from..to].to_owned())
        .collect()
}

/// A whole value, ready to be compared whatever its case.
pub(crate) fn fold(value: &str) -> String {
    value.to_lowercase()
}

/// Cuts kept values for the index.
#[derive(Clone, Default)]
pub(crate) struct WordTokenizer {
    folded: String,
    words: Vec<(usize, usize, usize)>,
    token: Token,
}

pub(crate) struct Words<'a> {
    of: &'a mut WordTokenizer,
    next: usize,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = Words<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words<'a> {
        cut(text, true, &mut self.folded, &mut self.words);
        self.token.reset();
        Words { of: self, next: 0 }
    }
}

impl TokenStream for Words<'_> {
    fn advance(&mut self) -> bool {
        let Some(&(from, to, place)) = self.of.words.get(self.next) else {
            return false;
        };
        self.next += 1;
        self.of.token.text.clear();
        self.of.token.text.push_str(&self.of.folded[from..to]);
        self.of.token.offset_from = from;
        self.of.token.offset_to = to;
        self.of.token.position = place;
        true
    }

    fn token(&self) -> &Token {
        &self.of.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.of.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(text: &str) -> Vec<(String, usize)> {
        let mut tokenizer = WordTokenizer::default();
        let mut stream = tokenizer.token_stream(text);
        let mut out = Vec::new();
        while stream.advance() {
            out.push((stream.token().text.clone(), stream.token().position));
        }
        out
    }

    #[test]
    fn names_are_found_whole_and_by_parts() {
        let words = |text| {
            indexed(text)
                .into_iter()
                .map(|(w, _)| w)
                .collect::<Vec<_>>()
        };
        assert_eq!(words("ConsoleLogin"), ["consolelogin", "console", "login"]);
        assert_eq!(words("HTTPServer2"), ["httpserver2", "http", "server2"]);
        assert_eq!(words("s3.amazonaws.com"), ["s3", "amazonaws", "com"]);
        assert_eq!(words("key.revoked"), ["key", "revoked"]);
        assert_eq!(words("日本 Ärger"), ["日", "本", "ärger"]);
        assert_eq!(
            indexed("a ConsoleLogin b").last(),
            Some(&("b".to_owned(), 2))
        );
    }

    #[test]
    fn uuids_and_times_are_one_word_and_one_place() {
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let word = whole::uuid(uuid).expect("a UUID");
        let found = indexed(&format!("id {uuid} at 2026-11-21T04:00:00.5Z end"));
        let expected = [
            ("id", 0),
            (word.as_str(), 1),
            ("0f8fad5b", 1),
            ("at", 2),
            ("2026-11-21t04:00:00.5z", 3),
            ("end", 4),
        ];
        assert_eq!(found, expected.map(|(w, at)| (w.to_owned(), at)));
        assert_eq!(words_of(&uuid.to_uppercase()), [word]);
        assert_eq!(words_of("0f8fad5b"), ["0f8fad5b"]);
        // Part of something longer: its groups are words.
        assert_eq!(words_of(&format!("{uuid}-7")).len(), 6);
    }

    #[test]
    fn a_query_is_cut_at_the_same_places() {
        assert_eq!(
            words_of("ConsoleLogin s3.amazonaws.com"),
            ["consolelogin", "s3", "amazonaws", "com"]
        );
        assert_eq!(words_of("--"), Vec::<String>::new());
        assert_eq!(words_of(&"x".repeat(2000))[0].len(), MAX_WORD);
    }
}
