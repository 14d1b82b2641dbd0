//! The leak scan: does any of these values stand in these bytes, in whatever encoding?
//!
//! What is compressed or encrypted has to be opened first by whoever calls this; the scan itself
//! knows encodings of text only.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER};

/// Values of fewer characters are skipped and counted: they would be found everywhere.
pub const MIN_VALUE_CHARS: usize = 6;

/// The spelling in which a value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// UTF-8, in any case.
    Raw,
    /// UTF-16, little or big endian.
    Utf16,
    /// Base64, standard or URL alphabet, in any of three alignments.
    Base64,
    /// Base32, in any of five alignments.
    Base32,
    /// Hexadecimal digits.
    Hex,
    /// Percent escapes, of all bytes or of the reserved ones.
    Percent,
    /// JSON string escapes.
    Json,
}

impl Encoding {
    /// The spelling in words.
    pub fn title(self) -> &'static str {
        match self {
            Encoding::Raw => "plain text",
            Encoding::Utf16 => "UTF-16",
            Encoding::Base64 => "base64",
            Encoding::Base32 => "base32",
            Encoding::Hex => "hexadecimal",
            Encoding::Percent => "percent escapes",
            Encoding::Json => "JSON escapes",
        }
    }
}

/// One place where a value stands. It names the value by its number, never by its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// Which of the given values.
    pub value: usize,
    /// In which spelling.
    pub encoding: Encoding,
    /// Byte offset in the scanned bytes.
    pub at: usize,
}

/// Searches for a fixed set of values; build once, scan many files.
pub struct LeakScanner {
    /// Patterns that match in any (ASCII) case.
    folded: Patterns,
    /// Patterns in which case carries bits: base64.
    exact: Patterns,
    searched: usize,
    skipped: usize,
}

struct Patterns {
    automaton: AhoCorasick,
    meaning: Vec<(usize, Encoding)>,
}

impl LeakScanner {
    /// A scanner for these values. Fails only when there are more of them than an automaton can
    /// hold (billions of bytes).
    pub fn new<V: AsRef<str>>(values: &[V]) -> Result<Self, BuildError> {
        let mut folded = Collected::default();
        let mut exact = Collected::default();
        let mut skipped = 0;
        for (number, value) in values.iter().enumerate() {
            let value = value.as_ref();
            if value.chars().count() < MIN_VALUE_CHARS {
                skipped += 1;
                continue;
            }
            // Case folding of the automaton is ASCII only; other letters come as two spellings.
            let mut spellings = vec![value.to_owned()];
            for other in [value.to_lowercase(), value.to_uppercase()] {
                if !spellings.contains(&other) {
                    spellings.push(other);
                }
            }
            for spelling in &spellings {
                for (encoding, pattern) in folded_patterns(spelling) {
                    folded.add(number, encoding, pattern);
                }
                for pattern in base64_patterns(spelling.as_bytes()) {
                    exact.add(number, Encoding::Base64, pattern);
                }
            }
        }
        Ok(Self {
            folded: folded.build(true)?,
            exact: exact.build(false)?,
            searched: values.len() - skipped,
            skipped,
        })
    }

    /// How many values are searched for.
    pub fn searched(&self) -> usize {
        self.searched
    }

    /// How many values were too short to search for.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Every place in `haystack` where a value stands, by offset.
    pub fn scan(&self, haystack: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for patterns in [&self.folded, &self.exact] {
            hits.extend(
                patterns
                    .automaton
                    .find_overlapping_iter(haystack)
                    .map(|found| {
                        let (value, encoding) = patterns.meaning[found.pattern().as_usize()];
                        Hit {
                            value,
                            encoding,
                            at: found.start(),
                        }
                    }),
            );
        }
        hits.sort_unstable_by_key(|hit| (hit.at, hit.value, hit.encoding));
        hits.dedup();
        hits
    }
}

/// Looks for `values` in `haystack` once. Values that are too short are not searched for: use
/// [`LeakScanner`] to learn how many those were.
pub fn scan_for(values: &[&str], haystack: &[u8]) -> Vec<Hit> {
    // More patterns than an automaton can address do not come from the memory of one machine; a
    // scan that cannot be made must not look clean.
    match LeakScanner::new(values) {
        Ok(scanner) => scanner.scan(haystack),
        Err(_) => (0..values.len())
            .map(|value| Hit {
                value,
                encoding: Encoding::Raw,
                at: 0,
            })
            .collect(),
    }
}

#[derive(Default)]
struct Collected {
    seen: HashMap<(usize, Vec<u8>), ()>,
    patterns: Vec<Vec<u8>>,
    meaning: Vec<(usize, Encoding)>,
}

impl Collected {
    fn add(&mut self, value: usize, encoding: Encoding, pattern: Vec<u8>) {
        if self
            .seen
            .insert((value, pattern.to_ascii_lowercase()), ())
            .is_none()
            || encoding == Encoding::Base64
        {
            self.patterns.push(pattern);
            self.meaning.push((value, encoding));
        }
    }

    fn build(self, any_case: bool) -> Result<Patterns, BuildError> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(any_case)
            .build(&self.patterns)?;
        Ok(Patterns {
            automaton,
            meaning: self.meaning,
        })
    }
}

fn folded_patterns(value: &str) -> Vec<(Encoding, Vec<u8>)> {
    let bytes = value.as_bytes();
    let little: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut out = vec![
        (Encoding::Raw, bytes.to_vec()),
        (Encoding::Utf16, little),
        (Encoding::Utf16, big),
        (Encoding::Hex, HEXLOWER.encode(bytes).into_bytes()),
        (Encoding::Percent, percent(bytes, |_| true, false)),
        (Encoding::Percent, percent(bytes, is_reserved, false)),
        (Encoding::Percent, percent(bytes, is_reserved, true)),
        (
            Encoding::Percent,
            percent(bytes, |b| is_reserved(b) && b != b'/', false),
        ),
        (Encoding::Json, json(value, |_| true)),
        (Encoding::Json, json(value, |c| !c.is_ascii())),
        (Encoding::Json, json(value, |_| false)),
        (
            Encoding::Json,
            String::from_utf8_lossy(&json(value, |_| false))
                .replace('/', "\\/")
                .into_bytes(),
        ),
    ];
    out.extend((0..5).map(|shift| (Encoding::Base32, aligned(bytes, shift, 5, &BASE32_NOPAD))));
    out
}

fn base64_patterns(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::with_capacity(6);
    for alphabet in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
        for shift in 0..3 {
            let pattern = aligned(bytes, shift, 6, alphabet);
            if !out.contains(&pattern) {
                out.push(pattern);
            }
        }
    }
    out
}

/// The characters that `bytes` alone decide when they stand `shift` bytes into an encoded text of
/// `bits` bits a character.
fn aligned(bytes: &[u8], shift: usize, bits: usize, alphabet: &data_encoding::Encoding) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let encoded = alphabet.encode(&padded).into_bytes();
    let first = (shift * 8).div_ceil(bits);
    let last = padded.len() * 8 / bits;
    encoded[first..last].to_vec()
}

fn is_reserved(b: u8) -> bool {
    !(b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

fn percent(bytes: &[u8], escaped: impl Fn(u8) -> bool, form: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 3);
    for &b in bytes {
        if form && b == b' ' {
            out.push(b'+');
        } else if escaped(b) {
            out.push(b'%');
            out.extend_from_slice(HEXLOWER.encode(&[b]).as_bytes());
        } else {
            out.push(b);
        }
    }
    out
}

fn json(value: &str, escaped: impl Fn(char) -> bool) -> Vec<u8> {
    let mut out = String::with_capacity(value.len() * 2);
    for c in value.chars() {
        if escaped(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
            continue;
        }
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Canary \u{e4}/42\"x";

    fn found(haystack: &[u8]) -> Vec<Encoding> {
        scan_for(&["no such value", SECRET], haystack)
            .into_iter()
            .map(|hit| {
                assert_eq!(hit.value, 1);
                hit.encoding
            })
            .collect()
    }

    #[test]
    fn every_spelling_is_found_behind_any_prefix() {
        for prefix in 0..6 {
            let mut plain = vec![b'z'; prefix];
            plain.extend_from_slice(SECRET.as_bytes());
            plain.extend_from_slice(b"yy");
            assert_eq!(found(&plain), [Encoding::Raw], "raw {prefix}");
            for (text, encoding) in [
                (BASE64_NOPAD.encode(&plain), Encoding::Base64),
                (BASE64URL_NOPAD.encode(&plain), Encoding::Base64),
                (BASE32_NOPAD.encode(&plain), Encoding::Base32),
                (BASE32_NOPAD.encode(&plain).to_lowercase(), Encoding::Base32),
                (data_encoding::HEXUPPER.encode(&plain), Encoding::Hex),
            ] {
                assert!(
                    found(text.as_bytes()).contains(&encoding),
                    "{encoding:?} {prefix}"
                );
            }
        }
        let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(&wide), [Encoding::Utf16]);
        assert_eq!(found(b"q=Canary%20%C3%A4%2F42%22x"), [Encoding::Percent]);
        assert_eq!(found(b"q=Canary+%C3%A4%2F42%22x"), [Encoding::Percent]);
        assert_eq!(
            found("{\"a\":\"Canary \u{e4}/42\\\"x\"}".as_bytes()),
            [Encoding::Json]
        );
        assert_eq!(found(b"Canary \\u00e4/42\\\"x"), [Encoding::Json]);
        assert_eq!(found("cANARY \u{c4}/42\"X".as_bytes()), [Encoding::Raw]);
    }

    #[test]
    fn other_bytes_and_short_values_give_no_hit() {
        assert_eq!(found(b"Canary and nothing else, 42"), []);
        let scanner = LeakScanner::new(&["alice", "10.1.2.3", ""]).unwrap();
        assert_eq!((scanner.searched(), scanner.skipped()), (1, 2));
        assert_eq!(scanner.scan(b"alice").len(), 0);
        assert_eq!(
            scanner
                .scan(b"at 10.1.2.3 and 10.1.2.3")
                .iter()
                .map(|hit| hit.at)
                .collect::<Vec<_>>(),
            [3, 16]
        );
    }
}
