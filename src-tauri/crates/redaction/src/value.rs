//! Declared value types: what a harmless value must parse as before anybody trusts it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, SubsecRound, Timelike, Utc};
use thiserror::Error;

use crate::time::{TimeForm, is_like_time};

/// The longest token, in characters.
const MAX_TOKEN: usize = 64;
/// The longest label (a user agent, for example), in characters.
const MAX_LABEL: usize = 256;
/// Digits in a row that make a word suspect: phone, IMEI, ICCID, card and account numbers have as many.
const SUSPECT_DIGITS: usize = 10;
/// What has fewer characters is not taken for a secret by its form.
const SECRET_LENGTH: usize = 20;
/// Letters in a row of a code that need not be a listed word: `EK` of `EK2`.
const MAX_CODE_LETTERS: usize = 2;
/// As [`SUSPECT_DIGITS`] in a label, where the numbers of a kernel's version stand in a row.
const SUSPECT_DIGITS_OF_LABEL: usize = 12;
/// What an integer may be whose source file states no `minimum` and `maximum`: six digits identify nobody.
const PLAIN_INTEGER: Bounds = Bounds {
    min: -999_999,
    max: 999_999,
};
/// The most digits that a number may have, those of its fraction too.
const MAX_NUMBER_DIGITS: usize = 9;
/// The most digits of a number's fraction.
const MAX_FRACTION: usize = 6;

/// The least and the greatest value of an integer field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
}

/// The words that a source file lists for a field (`x-words`), so that no other word is shown in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary(Vec<String>);

impl Vocabulary {
    /// These words; capitals make no difference.
    pub fn new(words: Vec<String>) -> Self {
        let mut words: Vec<String> = (words.into_iter())
            .map(|word| word.to_ascii_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    /// Whether every word of `other` is one of these.
    pub fn contains(&self, other: &Self) -> bool {
        other
            .0
            .iter()
            .all(|word| self.0.binary_search(word).is_ok())
    }

    fn has(&self, word: &str) -> bool {
        let folded = || word.bytes().map(|b| b.to_ascii_lowercase());
        let found = |one: &String| one.bytes().cmp(folded());
        self.0.binary_search_by(found).is_ok()
    }

    /// Whether letters are one listed word, or several with nothing between: `northeast`.
    fn spells(&self, letters: &str) -> bool {
        if self.has(letters) {
            return true;
        }
        // reached[at]: the letters up to there are listed words.
        let mut reached = [false; MAX_TOKEN + 1];
        if letters.len() > MAX_TOKEN || self.0.is_empty() {
            return false;
        }
        reached[0] = true;
        for end in 1..=letters.len() {
            reached[end] = (0..end).any(|at| reached[at] && self.has(&letters[at..end]));
        }
        reached[letters.len()]
    }
}

/// The type that a source file declares for a field's values (`x-type`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// One of a fixed list of codes.
    Code(Vec<String>),
    /// At most 64 characters of `[A-Za-z0-9._:/-]` that are made of numbers, codes and these words, and do
    /// not look like an identifier of a person or a device. A word that nobody listed may be a name.
    Token(Vocabulary),
    /// A token of any words: for a field of which somebody knows that no name stands in it.
    Word,
    /// A word of letters, digits and dots that begins with a capital, and in which one of these stands
    /// between capitals: `Create` of `CreateUser`.
    Among(Vocabulary),
    /// A token that ends with one of these texts, with one word before it: `iam` of
    /// `iam.amazonaws.com`.
    Suffixed(Vec<String>),
    /// A UUID (RFC 9562).
    Uuid,
    /// An id that a machine drew: a UUID, or 16 to 64 hexadecimal digits or capitals and digits, both kinds
    /// among them. Not as many hexadecimal digits as a digest has: whoever guesses what it is of finds it.
    Id,
    /// A JSON array of tokens of these words.
    TokenList(Vocabulary),
    /// At most 256 printable ASCII characters, spaces too, none of its words suspect.
    Label,
    /// A label that begins with one of these product names, which are what may be told of it to an
    /// audience that may know the kind only, and that has no other words than these and those of
    /// browsers.
    Product(Vec<String>, Vocabulary),
    /// A JSON number without fraction or exponent, or the same as a string, of at most six digits.
    Integer,
    /// An integer between these.
    Bounded(Bounds),
    /// A JSON number of at most nine digits, six of them behind the point.
    Number,
    /// `true` or `false`, also as a string.
    Boolean,
    /// An RFC 3339 date and time, with zone, also in a relaxed spelling.
    Timestamp,
    /// A time in a form that its source file states.
    Timed(TimeForm),
    /// One to four dotted numbers with an optional pre-release or build part of the usual words and
    /// numbers: `1.08`, `14.2.0-rc.1`.
    Version,
    /// Text of any kind: never trusted.
    Text,
    /// A whole JSON object or array: never trusted.
    Subtree,
}

/// The text is not a value type of this engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a value type; use code (with an enum), token (with x-words), word, uuid, id, token-list, label, integer, number, boolean, timestamp, version, text or subtree"
)]
pub struct UnknownValueType;

impl ValueType {
    /// Reads a type's name; `codes` are the declared values of a `code`.
    pub fn from_name(name: &str, codes: Vec<String>) -> Result<Self, UnknownValueType> {
        Ok(match name {
            "code" if !codes.is_empty() => ValueType::Code(codes),
            "token" => ValueType::Token(Vocabulary::default()),
            "word" => ValueType::Word,
            "uuid" => ValueType::Uuid,
            "id" => ValueType::Id,
            "token-list" => ValueType::TokenList(Vocabulary::default()),
            "label" => ValueType::Label,
            "integer" => ValueType::Integer,
            "number" => ValueType::Number,
            "boolean" => ValueType::Boolean,
            "timestamp" => ValueType::Timestamp,
            "version" => ValueType::Version,
            "text" => ValueType::Text,
            "subtree" => ValueType::Subtree,
            _ => return Err(UnknownValueType),
        })
    }

    /// The type's name as source files spell it.
    pub fn name(&self) -> &'static str {
        match self {
            ValueType::Code(_) => "code",
            ValueType::Token(_) | ValueType::Suffixed(_) => "token",
            ValueType::Word | ValueType::Among(_) => "word",
            ValueType::Uuid => "uuid",
            ValueType::Id => "id",
            ValueType::TokenList(_) => "token-list",
            ValueType::Label | ValueType::Product(..) => "label",
            ValueType::Integer | ValueType::Bounded(_) => "integer",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Timestamp | ValueType::Timed(_) => "timestamp",
            ValueType::Version => "version",
            ValueType::Text => "text",
            ValueType::Subtree => "subtree",
        }
    }

    /// Whether `value_text` (one JSON value as written) is a value of this type, and so may be
    /// shown where the field's class allows it.
    pub fn accepts(&self, value_text: &str) -> bool {
        match self {
            ValueType::Code(codes) => {
                string_chars(value_text).is_some_and(|text| codes.iter().any(|code| *code == text))
            }
            ValueType::Token(words) => {
                string_chars(value_text).is_some_and(|text| is_listed_token(&text, words))
            }
            ValueType::Word => {
                string_chars(value_text).is_some_and(|text| is_token(&text) && !is_host(&text))
            }
            ValueType::Among(words) => {
                string_chars(value_text).is_some_and(|text| is_among(&text, words))
            }
            ValueType::Suffixed(ends) => string_chars(value_text).is_some_and(|text| {
                let word = ends.iter().find_map(|end| text.strip_suffix(end.as_str()));
                is_token(&text) && word.is_some_and(|word| !word.is_empty() && !word.contains('.'))
            }),
            ValueType::Uuid => string_chars(value_text).is_some_and(|text| is_drawn_uuid(&text)),
            ValueType::Id => string_chars(value_text).is_some_and(|text| is_id(&text)),
            ValueType::TokenList(words) => serde_json::from_str::<Vec<String>>(value_text)
                .is_ok_and(|tokens| tokens.iter().all(|token| is_listed_token(token, words))),
            ValueType::Label => string_chars(value_text).is_some_and(|text| is_label(&text)),
            ValueType::Product(names, words) => string_chars(value_text).is_some_and(|text| {
                is_label(&text)
                    && names.iter().any(|name| name == product(&text))
                    && is_spelled(&text, &|letters| {
                        words.spells(letters) || browser_words().spells(letters)
                    })
            }),
            ValueType::Integer => is_integer(value_text, PLAIN_INTEGER),
            ValueType::Bounded(bounds) => is_integer(value_text, *bounds),
            ValueType::Number => is_number(value_text),
            ValueType::Boolean => {
                matches!(value_text, "true" | "false" | "\"true\"" | "\"false\"")
            }
            ValueType::Timestamp | ValueType::Timed(_) => {
                self.instant(value_text).is_some() || is_like_time(value_text)
            }
            ValueType::Version => string_chars(value_text).is_some_and(|text| is_version(&text)),
            ValueType::Text | ValueType::Subtree => false,
        }
    }
}

impl ValueType {
    /// The text and the instant of a value, where this is a type of times and the value one of them.
    pub fn instant<'v>(&self, value_text: &'v str) -> Option<(Cow<'v, str>, DateTime<Utc>)> {
        match self {
            ValueType::Timestamp => TimeForm::default().read(value_text),
            ValueType::Timed(form) => form.read(value_text),
            _ => None,
        }
    }
}

/// The characters of a JSON string, or `None` when the value is not a string.
pub fn string_text(value_text: &str) -> Option<String> {
    string_chars(value_text).map(Cow::into_owned)
}

/// [`string_text`], borrowed where the string has no escapes.
pub fn string_chars(value_text: &str) -> Option<Cow<'_, str>> {
    let inner = value_text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(value_text).ok().map(Cow::Owned)
}

/// The text and the instant of a value that [`ValueType::Timestamp`] accepts, `None` of any other.
pub fn timestamp(value_text: &str) -> Option<(Cow<'_, str>, DateTime<Utc>)> {
    TimeForm::default().read(value_text)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_TOKEN
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._:/-".contains(&b))
        && !looks_like_identifier(text)
}

/// A token of numbers, codes and listed words.
fn is_listed_token(text: &str, words: &Vocabulary) -> bool {
    is_token(text)
        && !is_host(text)
        && (is_uuid(text) || is_spelled(text, &|letters| words.spells(letters)))
}

/// Whether every part of a text, between what is neither letter nor digit, is a number, a code or made of
/// known words. A code has digits, and no more than two letters in a row that are no word; hexadecimal
/// digits count as digits. So no name gets through: it has more letters in a row.
fn is_spelled(text: &str, known: &dyn Fn(&str) -> bool) -> bool {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(|part| !part.is_empty()).all(|part| {
        let figures = part.bytes().any(|b| b.is_ascii_digit());
        let hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        // Six letters of hexadecimal digits alone: a handle such as `dh-fadeda` is drawn now and then.
        if part.bytes().all(hex) && (figures || part.len() >= 6) {
            return true;
        }
        let runs = part.split(|c: char| c.is_ascii_digit());
        (runs.filter(|letters| !letters.is_empty()))
            .all(|letters| figures && letters.len() <= MAX_CODE_LETTERS || known(letters))
    })
}

/// A word as APIs name calls and errors: one listed word stands in it.
fn is_among(text: &str, words: &Vocabulary) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
    if !is_token(text) || !text.bytes().all(plain) || !text.as_bytes()[0].is_ascii_uppercase() {
        return false;
    }
    let bytes = text.as_bytes();
    // A word begins at a capital that a small letter follows, or that follows no capital.
    let begins = |at: usize| {
        at == 0
            || bytes[at].is_ascii_uppercase()
                && (!bytes[at - 1].is_ascii_uppercase()
                    || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase))
    };
    let mut from = 0;
    (1..=bytes.len()).any(|at| {
        let ends = at == bytes.len() || begins(at) || !bytes[at].is_ascii_alphabetic();
        let found = ends && words.has(&text[from..at]);
        if ends {
            from = at;
        }
        found
    })
}

/// Words in the user agents of browsers.
fn browser_words() -> &'static Vocabulary {
    static WORDS: LazyLock<Vocabulary> = LazyLock::new(|| {
        let words = BROWSER_WORDS.iter().map(|word| (*word).to_owned());
        Vocabulary::new(words.collect())
    });
    &WORDS
}

fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_LABEL
        && text
            .bytes()
            .all(|b| (0x20..0x7f).contains(&b) && b != b'@' && b != b'%' && b != b'\\')
        && text
            .split([
                ' ', '(', ')', '[', ']', ';', ',', '"', '\'', '=', '<', '>', '|',
            ])
            .all(|word| !holds_identity(word, SUSPECT_DIGITS_OF_LABEL))
        && !holds_spaced_number(text)
}

/// Whether ten digits stand in a text in one piece, or in groups as phone numbers are written. Points group
/// the numbers of versions, so they end a group here.
fn holds_spaced_number(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        match byte {
            b'0'..=b'9' => run += 1,
            b' ' | b'-' | b'(' | b')' if run > 0 => {}
            _ => run = 0,
        }
        run >= SUSPECT_DIGITS
    })
}

/// The product that a user agent names first.
fn product(text: &str) -> &str {
    let text = text.trim_start_matches('[');
    text.split(['/', ' ', '_', '(', ','])
        .next()
        .unwrap_or_default()
}

/// A number as JSON writes it, or the same digits as a string.
fn is_integer(value_text: &str, bounds: Bounds) -> bool {
    let text = string_chars(value_text).unwrap_or(Cow::Borrowed(value_text));
    let figures = text.strip_prefix('-').unwrap_or(&text);
    // One spelling each: leading zeros would carry what the bounds keep out. Ten digits may be a phone number,
    // whatever the source file allows.
    let spelled = digits(figures)
        && (figures.len() == 1 || !figures.starts_with('0'))
        && figures.len() < SUSPECT_DIGITS;
    let value = text.parse::<i64>().ok().filter(|_| spelled);
    value.is_some_and(|value| (bounds.min..=bounds.max).contains(&value))
}

fn is_number(value_text: &str) -> bool {
    let text = value_text.strip_prefix('-').unwrap_or(value_text);
    let (figures, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = figures.split_once('.').unwrap_or((figures, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    digits(whole)
        && digits(fraction)
        && digits(exponent)
        && exponent.len() <= 2
        && fraction.len() <= MAX_FRACTION
        && whole.len() + fraction.len() <= MAX_NUMBER_DIGITS
        && value_text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Words that stand in the user agents of browsers, whoever their user is.
const BROWSER_WORDS: [&str; 42] = [
    "amd",
    "android",
    "apple",
    "arm",
    "build",
    "chrome",
    "cros",
    "desktop",
    "edg",
    "fedora",
    "firefox",
    "gecko",
    "intel",
    "ios",
    "ipad",
    "iphone",
    "khtml",
    "like",
    "linux",
    "mac",
    "macintosh",
    "macos",
    "mobile",
    "mozilla",
    "nt",
    "opr",
    "os",
    "phone",
    "pixel",
    "rv",
    "safari",
    "samsung",
    "sm",
    "tablet",
    "u",
    "ubuntu",
    "version",
    "webkit",
    "win",
    "windows",
    "wow",
    "x",
];

/// Words that stand in versions behind the numbers.
const VERSION_WORDS: [&str; 16] = [
    "a", "alpha", "b", "beta", "build", "canary", "dev", "final", "lts", "m", "pre", "preview",
    "rc", "release", "snapshot", "stable",
];

fn is_version(text: &str) -> bool {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (dotted, rest) = text.split_at(end);
    let parts: Vec<&str> = dotted.split('.').collect();
    let plain = |part: &str| (1..=6).contains(&part.len()) && digits(part);
    // Four parts such as 10.2.3.4 are an address before they are a version.
    let known = |word: &str| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = word.len() - letters.len() <= 4;
        let usual = || (VERSION_WORDS.iter()).any(|one| letters.eq_ignore_ascii_case(one));
        number && (letters.is_empty() || usual())
    };
    text.len() <= 32
        && parts.len() <= 3
        && parts.iter().all(|part| plain(part))
        && dotted.bytes().filter(u8::is_ascii_digit).count() < SUSPECT_DIGITS
        && (rest.is_empty() || rest[1..].split(['-', '+', '.']).all(known))
        && rest.split(['-', '+', '.']).count() <= 4
        && !looks_like_identifier(text)
}

/// Whether a text, or a word in it, has the shape of something that identifies a person or a device, so
/// that a field declared harmless cannot carry it: the trust in C0, C1, C2 and H values ends here.
fn looks_like_identifier(word: &str) -> bool {
    holds_identity(word, SUSPECT_DIGITS)
}

/// Whether what somebody typed has the form of an identity that records hide: an address, an account with its domain,
/// an ARN, a place in a store, a long number.
pub fn may_be_identity(text: &str) -> bool {
    let text = text.trim();
    looks_like_identifier(text)
        || text.contains(['@', '\\'])
        || text.contains("://")
        || text.parse::<std::net::IpAddr>().is_ok()
}

/// [`looks_like_identifier`], where so many digits in a row are suspect.
fn holds_identity(word: &str, suspect: usize) -> bool {
    let bytes = word.as_bytes();
    // Nothing of fewer than six characters identifies by its form.
    if bytes.len() < 6 {
        return word.contains("::");
    }
    let has = |what: &[u8]| {
        let mut windows = bytes.windows(what.len());
        windows
            .any(|part| part[0].eq_ignore_ascii_case(&what[0]) && part.eq_ignore_ascii_case(what))
    };
    if has(b"arn:") || has(b"/home/") || has(b"/users/") || has(b"s-1-") {
        return true;
    }
    if word.contains("AKIA") || word.contains("ASIA") || word.contains("eyJ") {
        return true;
    }
    let figures = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    figures >= 4 && holds_address(word)
        || figures >= 9
            && word
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|part| is_iban(part) || is_digest(part))
        || bytes.len() >= SECRET_LENGTH
            && word
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(is_drawn_secret)
        || holds_ipv6(word)
        || holds_mac(bytes)
        || figures >= suspect && longest_digit_run(word) >= suspect && !is_uuid(word)
        || figures >= 9 && holds_grouped_nine(bytes)
}

/// Whether capitals, small letters and digits follow each other as they do where a machine drew them: a key or token.
/// Words in capitals and a number, as APIs name calls (`GetFunction20150331v2`), change less often.
fn is_drawn_secret(part: &str) -> bool {
    let kind = |b: &u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let bytes = part.as_bytes();
    let has = |what: fn(&u8) -> bool| bytes.iter().any(what);
    let changes = (bytes.windows(2))
        .filter(|two| kind(&two[0]) != kind(&two[1]))
        .count();
    bytes.len() >= SECRET_LENGTH
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && changes * 5 >= (bytes.len() - 1) * 2
}

/// Whether four numbers below 256 in a row, between dots or dashes, stand anywhere: an IPv4 address, with a
/// port, a prefix or a name around it. The version of a browser that tells only its first number
/// (`114.0.0.0`) is none.
fn holds_address(word: &str) -> bool {
    let mut runs: Vec<&str> = word
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .collect();
    runs.extend(word.split(|c: char| !(c.is_ascii_digit() || c == '-')));
    runs.iter().any(|run| {
        let parts: Vec<&str> = run
            .split(['.', '-'])
            .filter(|part| !part.is_empty())
            .collect();
        parts.windows(4).any(|four| {
            let numbers = four
                .iter()
                .all(|part| part.len() <= 3 && part.parse::<u8>().is_ok());
            numbers && four[1..] != ["0", "0", "0"]
        })
    })
}

/// Whether an IPv6 address stands anywhere, also in brackets, with a port, a zone or a prefix.
fn holds_ipv6(word: &str) -> bool {
    if word.bytes().filter(|b| *b == b':').count() < 2 {
        return false;
    }
    let mut runs = word.split(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.'));
    runs.any(|run| {
        let parts: Vec<&str> = run.split(':').collect();
        // Eight groups, or fewer around a double colon; what follows may be a port.
        is_address(run)
            || run.contains("::")
            || parts.len() >= 8 && parts.iter().all(|part| part.len() <= 5)
    })
}

/// Whether a hardware address stands anywhere: six pairs of hexadecimal digits between colons or dashes,
/// three fours between dots, or twelve digits of their own.
fn holds_mac(bytes: &[u8]) -> bool {
    let edge = |at: usize| bytes.get(at).is_none_or(|b| !b.is_ascii_hexdigit());
    let before = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    let after = |at: usize| bytes.get(at).is_none_or(|b| !b.is_ascii_alphanumeric());
    let hex = |from: usize, to: usize| {
        (bytes.get(from..to)).is_some_and(|part| part.iter().all(u8::is_ascii_hexdigit))
    };
    let ends_uuid = |at: usize| {
        let start = at
            .checked_sub(24)
            .and_then(|start| bytes.get(start..at + 12));
        start.is_some_and(|part| std::str::from_utf8(part).is_ok_and(is_uuid))
    };
    let grouped = |at: usize, width: usize, groups: usize, marks: &[u8]| {
        let mark = bytes.get(at + width).copied().filter(|b| marks.contains(b));
        mark.is_some_and(|mark| {
            (0..groups).all(|group| {
                let from = at + group * (width + 1);
                hex(from, from + width)
                    && (group + 1 == groups || bytes.get(from + width) == Some(&mark))
            })
        })
    };
    (0..bytes.len().saturating_sub(11)).any(|at| {
        let start = at == 0 || !bytes[at - 1].is_ascii_hexdigit();
        start
            && (grouped(at, 2, 6, b":-") && edge(at + 17)
                || grouped(at, 4, 3, b".") && edge(at + 14)
                || before(at) && hex(at, at + 12) && after(at + 12) && !ends_uuid(at))
    })
}

/// Nine digits as three, two and four, as a social security number is written.
fn holds_grouped_nine(bytes: &[u8]) -> bool {
    let edge = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_none_or(|b| !b.is_ascii_digit())
    };
    bytes.windows(11).enumerate().any(|(at, part)| {
        let digit = |n: usize| part[n].is_ascii_digit();
        let marks = part[3] == part[6] && matches!(part[3], b'-' | b'.' | b'/');
        marks
            && [0, 1, 2, 4, 5, 7, 8, 9, 10].into_iter().all(digit)
            && edge(at.checked_sub(1))
            && edge(Some(at + 11))
    })
}

/// Whether a token is the name of a host: three labels or more, the last of letters.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let label = |one: &&str| {
        !one.is_empty()
            && one
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    labels.len() >= 3
        && labels.iter().all(label)
        && labels
            .last()
            .is_some_and(|last| last.len() >= 2 && last.bytes().all(|b| b.is_ascii_lowercase()))
}

/// A UUID that states its version and variant, and whose digits are no number with a check digit: one of
/// digits only could be any device's.
fn is_drawn_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    is_uuid(text)
        && matches!(bytes[14], b'1'..=b'8')
        && matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
        && !holds_checked_number(text)
}

/// Whether a word has as many hexadecimal digits as SHA-1, SHA-224, SHA-256, SHA-384 or SHA-512 gives: of a short
/// value, a digest is the value to whoever tries them all.
fn is_digest(text: &str) -> bool {
    matches!(text.len(), 40 | 56 | 64 | 96 | 128) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let letters = bytes.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let mixed = letters >= 4 && bytes.len() - letters >= 4;
    // A word with a number behind it changes once; what is drawn changes all the time.
    let changes = (bytes.windows(2))
        .filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit())
        .count();
    is_drawn_uuid(text)
        || (16..=64).contains(&bytes.len())
            && mixed
            && changes >= 3
            && !is_digest(text)
            && (bytes
                .iter()
                .all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
                || bytes
                    .iter()
                    .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()))
            && !is_iban(text)
            && !holds_checked_number(text)
}

/// An international bank account number: letters of a country, two check digits, and all of it modulo 97 is 1.
fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().chain(&bytes[..4]).fold(0, |rest, b| {
            let value = u32::from(if b.is_ascii_digit() {
                b - b'0'
            } else {
                b.to_ascii_uppercase() - b'A' + 10
            });
            (rest * if value < 10 { 10 } else { 100 } + value) % 97
        }) == 1
}

/// Whether 14 to 19 digits, dashes ignored, end with their check digit (Luhn) and all else is padding: a
/// drawn id has a number with a check digit now and then, but never little beside it. Of long padding no
/// check digit is asked: twelve characters and more that repeat three were not drawn.
fn holds_checked_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let distinct = |texts: [&str; 2]| {
        let mut seen = [false; 128];
        let bytes = texts.into_iter().flat_map(str::bytes).filter(u8::is_ascii);
        bytes.for_each(|b| seen[usize::from(b.to_ascii_lowercase())] = true);
        seen.into_iter().filter(|there| *there).count()
    };
    (9..=19).any(|length| {
        (0..(plain.len() + 1).saturating_sub(length)).any(|at| {
            let (before, rest) = plain.split_at(at);
            let (window, after) = rest.split_at(length);
            digits(window)
                && distinct([before, after]) <= 3
                && distinct([window, ""]) >= 5
                && !(length < 14 && window.starts_with('0'))
                && (plain.len() - length >= 12 || length >= 14 && luhn(window))
        })
    })
}

fn luhn(figures: &str) -> bool {
    let sum: u32 = (figures.bytes().rev().enumerate())
        .map(|(at, b)| {
            let digit = u32::from(b - b'0') * (1 + (at % 2) as u32);
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a word is an IPv4 or IPv6 address. Few words have only the characters of one.
fn is_address(word: &str) -> bool {
    let possible = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    word.bytes().all(possible) && word.parse::<IpAddr>().is_ok()
}

fn longest_digit_run(word: &str) -> usize {
    let (mut run, mut longest) = (0, 0);
    for byte in word.bytes() {
        match byte {
            b'0'..=b'9' => run += 1,
            // Grouping does not make a number shorter.
            b'-' | b'.' | b':' if run > 0 => {}
            _ => run = 0,
        }
        longest = longest.max(run);
    }
    longest
}

fn is_uuid(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A coarser form of a value for an audience that may know its kind but not the value: a day for a
/// time, the product name of a user agent, the major number of a version, the same power of ten
/// for a number. `None`: no coarser form is known, so the value has to be withheld.
pub fn generalise(value_type: &ValueType, value_text: &str) -> Option<String> {
    if !value_type.accepts(value_text) {
        return None;
    }
    match value_type {
        ValueType::Timestamp | ValueType::Timed(_) => {
            let (_, time) = value_type.instant(value_text)?;
            Some(time.format("%Y-%m-%d").to_string())
        }
        // Only a product that the source file itself names: whoever writes a user agent chooses its
        // words.
        ValueType::Product(..) => Some(product(&string_text(value_text)?).to_owned()),
        ValueType::Version => {
            let text = string_text(value_text)?;
            Some(format!("{}.x", text.split(['.', '-', '+']).next()?))
        }
        ValueType::Integer | ValueType::Bounded(_) | ValueType::Number => {
            bucket(value_type, value_text)
        }
        ValueType::Code(_) | ValueType::Boolean => {
            string_text(value_text).or_else(|| Some(value_text.to_owned()))
        }
        ValueType::Token(_)
        | ValueType::Word
        | ValueType::Among(_)
        | ValueType::Suffixed(_)
        | ValueType::Uuid
        | ValueType::Id
        | ValueType::TokenList(_)
        | ValueType::Label
        | ValueType::Text
        | ValueType::Subtree => None,
    }
}

/// The interval that a value lies in: the hour of a time, the power of ten of a number. `None` for
/// other types, which have no intervals.
pub fn bucket(value_type: &ValueType, value_text: &str) -> Option<String> {
    if !value_type.accepts(value_text) {
        return None;
    }
    match value_type {
        ValueType::Timestamp | ValueType::Timed(_) => {
            let (_, time) = value_type.instant(value_text)?;
            let hour = time.trunc_subsecs(0).with_minute(0)?.with_second(0)?;
            Some(hour.to_rfc3339_opts(SecondsFormat::Secs, true))
        }
        ValueType::Integer | ValueType::Bounded(_) | ValueType::Number => {
            let text = string_text(value_text).unwrap_or_else(|| value_text.to_owned());
            let number: f64 = text.parse().ok()?;
            let sign = if number < 0.0 { "-" } else { "" };
            let size = number.abs();
            let mut out = String::new();
            if size < 1.0 {
                write!(out, "{sign}0 to 1").ok()?;
            } else {
                let power = size.log10().floor();
                write!(out, "{sign}10^{power} to 10^{}", power + 1.0).ok()?;
            }
            Some(out)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_is_seen_in_any_word(
            before in "([A-Za-z]{0,6}[-_/:@]?|ip-|https?://)", four in any::<[u8; 4]>(), after in "(:[0-9]{2,5}|/[0-9]{1,2}|[-_/][a-z]{0,8})?",
        ) {
            prop_assume!(four[1..] != [0, 0, 0]);
            for mark in [".", "-"] {
                let word = format!("{before}{}{after}", four.map(|n| n.to_string()).join(mark));
                prop_assume!(word.len() >= 6);
                prop_assert!(looks_like_identifier(&word), "{}", word);
            }
        }

        #[test]
        fn a_number_of_ten_digits_is_seen_however_it_is_grouped(
            before in "[a-z-]{0,6}", figures in "[0-9]([-.:]?[0-9]){9,14}", after in "[a-z]{0,6}",
        ) {
            let word = format!("{before}{figures}{after}");
            prop_assert!(looks_like_identifier(&word), "{}", word);
            for kind in [ValueType::Word, ValueType::Version, ValueType::Id, ValueType::Integer, ValueType::Number] {
                prop_assert!(!kind.accepts(&format!("\"{word}\"")), "{} {}", kind.name(), word);
                prop_assert!(!kind.accepts(&word), "{} {}", kind.name(), word);
            }
        }
    }

    fn accepts(kind: &ValueType, values: &[&str]) {
        for value in values {
            assert!(kind.accepts(value), "{} refuses {value}", kind.name());
        }
    }

    fn refuses(kind: &ValueType, values: &[&str]) {
        for value in values {
            assert!(!kind.accepts(value), "{} accepts {value}", kind.name());
        }
    }

    #[test]
    fn a_token_is_short_plain_and_no_identifier() {
        accepts(
            &ValueType::Word,
            &[
                "\"us-east-1\"",
                "\"TLS_AES_128_GCM_SHA256\"",
                "\"01234567-0123-0123-0123-012345678901\"",
                "\"key.revoked\"",
                "\"GetFunction20150331v2\"",
                "\"UpdateFunctionConfiguration20150331v2\"",
            ],
        );
        refuses(
            &ValueType::Word,
            &[
                "\"\"",
                "1",
                "\"alice@example.org\"",
                "\"alice smith\"",
                "\"10.0.0.1\"",
                "\"2001:db8::1\"",
                "\"aa:bb:cc:dd:ee:ff\"",
                "\"490154203237518\"",
                "\"49-015420-323751-8\"",
                "\"arn:aws:iam::1:user/x\"",
                "\"/home/alice/x\"",
                "\"AKIAIOSFODNN7EXAMPLE\"",
                "\"caf\u{e9}\"",
                "{\"a\":1}",
                "\"10.77.88.97:443\"",
                "\"ip-10-77-88-97\"",
                "\"[2001:db8::1]:443\"",
                "\"fe80::1\"",
                "\"aabb.ccdd.eeff\"",
                "\"nic-aabbccddeeff\"",
                "\"laptop-7.corp.example\"",
                "\"078-05-1120\"",
                "\"x_490154203237518\"",
                "\"key-AKIAIOSFODNN7EXAMPLE\"",
                "\"ghp_q7Kx2mZ9pL4wN8vB3tR6yD1sF5hJ0gC2aEuW\"",
                "\"wJalrXUtnFEMI4K7MDENG2bPxRfiCYEXAMPLE9kQ\"",
            ],
        );
        let aws = ValueType::Suffixed(vec![".amazonaws.com".into()]);
        accepts(
            &aws,
            &[
                "\"iam.amazonaws.com\"",
                "\"resource-explorer-2.amazonaws.com\"",
            ],
        );
        refuses(
            &aws,
            &[
                "\"alice.s3.amazonaws.com\"",
                "\".amazonaws.com\"",
                "\"iam.example.org\"",
                "\"490154203237518.amazonaws.com\"",
            ],
        );
    }

    #[test]
    fn a_word_that_nobody_listed_may_be_a_name() {
        let words = ["EK", "dh", "north", "east", "pol", "keys"].map(str::to_owned);
        let listed = ValueType::Token(Vocabulary::new(words.to_vec()));
        accepts(
            &listed,
            &[
                "\"EK2\"",
                "\"EK-20417\"",
                "\"ek-20417\"",
                "\"dh-77aa31\"",
                "\"dh-fadeda\"",
                "\"northeast-2\"",
                "\"pol-keys-2\"",
                "\"2026-09\"",
                "\"T1078.004\"",
                "\"01234567-abcd-0123-0123-012345678901\"",
            ],
        );
        refuses(
            &listed,
            &[
                "\"mira\"",
                "\"mira.vornfeld\"",
                "\"Mira-Vornfeld-2\"",
                "\"mira2\"",
                "\"kim-2\"",
                "\"bo\"",
                "\"EK-mira\"",
                "\"northmira\"",
                "\"10.77.88.97\"",
                "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
                "\"GB29NWBK60161331926819\"",
            ],
        );
        let bare = ValueType::Token(Vocabulary::default());
        accepts(&bare, &["\"EK2\"", "\"2026-09\""]);
        refuses(&bare, &["\"north\"", "\"kim\"", "\"r-001\""]);
        let list = ValueType::TokenList(Vocabulary::new(vec!["boot".into(), "chain".into()]));
        accepts(&list, &["[\"boot-chain\"]", "[]"]);
        refuses(&list, &["[\"boot-chain\",\"mira\"]"]);
    }

    #[test]
    fn a_call_or_an_error_is_named_with_a_known_word() {
        let words = ["Create", "Login", "Denied", "NotFound", "Not"].map(str::to_owned);
        let call = ValueType::Among(Vocabulary::new(words.to_vec()));
        accepts(
            &call,
            &[
                "\"CreateUser\"",
                "\"ConsoleLogin\"",
                "\"Client.InvalidVPC.NotFound\"",
                "\"AccessDenied\"",
                "\"CreateDBInstance20150331v2\"",
            ],
        );
        refuses(
            &call,
            &[
                "\"mira\"",
                "\"MiraVornfeld\"",
                "\"Created\"",
                "\"createUser\"",
                "\"Create-User\"",
                "\"Create:10.1.2.3\"",
                "\"Create490154203237518\"",
            ],
        );
    }

    #[test]
    fn an_id_is_one_that_a_machine_drew() {
        accepts(
            &ValueType::Uuid,
            &["\"0d82eead-d8fe-539b-92b3-067b05b96bac\""],
        );
        accepts(
            &ValueType::Id,
            &[
                "\"0D82EEAD-d8fe-539b-92b3-067b05b96bac\"",
                "\"0AB1C2D3E4F5G6H7\"",
                "\"9f86d081884c7d659a2feaa0c55ad015\"",
                "\"2T6TAP5P6J5P84Y2\"",
            ],
        );
        for kind in [ValueType::Uuid, ValueType::Id] {
            refuses(
                &kind,
                &[
                    "\"alice\"",
                    "\"alice.smith\"",
                    "\"ALEXANDRASMITHSON\"",
                    "\"4901542032375180\"",
                    "\"10.77.88.97:443\"",
                    "\"49015420-3237-5180-9000-000000000000\"",
                    "\"0d82eead-d8fe-039b-92b3-067b05b96bac\"",
                    "\"00000000-0000-4000-8000-467012345678\"",
                    "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
                    "\"GB29NWBK60161331926819\"",
                    "\"MIRAVORNFELD2026\"",
                    "7",
                ],
            );
        }
    }

    #[test]
    fn a_label_may_have_spaces_but_no_identifier_among_its_words() {
        accepts(
            &ValueType::Label,
            &[
                "\"Mozilla/5.0 (X11; Linux x86_64) Chrome/114.0.0.0 Safari/537.36\"",
                "\"[APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io)]\"",
                "\"AWS Internal\"",
            ],
        );
        refuses(
            &ValueType::Label,
            &[
                "\"client 10.1.2.3\"",
                "\"agent alice@example.org\"",
                "\"agent imei=490154203237518\"",
                "\"line\\nbreak\"",
            ],
        );
        assert!(!ValueType::Label.accepts(&format!("\"{}\"", "a ".repeat(200))));
        let words = Vocabulary::new(vec!["aws".into(), "cli".into(), "python".into()]);
        let known = ValueType::Product(vec!["aws-cli".into(), "Mozilla".into()], words);
        accepts(
            &known,
            &[
                "\"aws-cli/2.15.0 Python/3.11.6\"",
                "\"[Mozilla/5.0 (X11)]\"",
            ],
        );
        refuses(
            &known,
            &[
                "\"alice.smith/1.0\"",
                "\"Mozilla-alice/5.0\"",
                "\"Mozilla/5.0 10.1.2.3:443\"",
                "\"aws-cli/2.15.0 Python/3.11.6 mira.vornfeld\"",
                "\"Mozilla/5.0 (mira; X11)\"",
                "\"Mozilla/5.0 46 701 234 567\"",
            ],
        );
    }

    #[test]
    fn numbers_times_and_versions_are_what_they_say() {
        accepts(&ValueType::Integer, &["0", "-5", "999999", "\"42\""]);
        refuses(
            &ValueType::Integer,
            &[
                "1.5",
                "1e3",
                "\"490154203237518\"",
                "490154203237518",
                "1000000",
                "\"0042\"",
                "\"x\"",
                "true",
            ],
        );
        let share = ValueType::Bounded(Bounds { min: 0, max: 100 });
        accepts(&share, &["0", "100", "\"7\""]);
        refuses(&share, &["-1", "101", "490154203237518", "00", "\"\""]);
        let many = ValueType::Bounded(Bounds {
            min: 0,
            max: 99_999_999_999,
        });
        accepts(&many, &["999999999"]);
        refuses(&many, &["46701234567", "\"4670123456\""]);
        accepts(&ValueType::Number, &["0.93", "1e3", "-1"]);
        refuses(
            &ValueType::Number,
            &[
                "\"0.93\"",
                "1e999",
                "inf",
                "NaN",
                "490154203237518",
                "0.490154203",
                "490154.203237",
            ],
        );
        accepts(&ValueType::Boolean, &["true", "\"false\""]);
        refuses(&ValueType::Boolean, &["1", "\"yes\""]);
        accepts(
            &ValueType::Timestamp,
            &[
                "\"2026-11-02T03:14:15Z\"",
                "\"2026-11-02T03:14:15.123456+01:00\"",
            ],
        );
        refuses(
            &ValueType::Timestamp,
            &[
                "\"2026 alice\"",
                "\"490154203237518\"",
                "\"yesterday\"",
                "1700000000",
            ],
        );
        accepts(
            &ValueType::Version,
            &["\"1.08\"", "\"14.2.0-rc.1\"", "\"7\""],
        );
        refuses(
            &ValueType::Version,
            &[
                "\"10.2.3.4\"",
                "\"490154203237518\"",
                "\"v one\"",
                "\"1-10.77.88.97\"",
                "\"1.0-alice\"",
                "\"490154.203237.518\"",
            ],
        );
    }

    #[test]
    fn an_escaped_string_is_read_before_it_is_judged() {
        assert!(ValueType::Word.accepts("\"us\\u002deast-1\""));
        assert!(!ValueType::Word.accepts("\"10\\u002e0.0.1\""));
    }

    #[test]
    fn coarser_forms_say_less() {
        let time = "\"2026-11-02T03:14:15.5+01:00\"";
        assert_eq!(
            generalise(&ValueType::Timestamp, time).unwrap(),
            "2026-11-02"
        );
        assert_eq!(
            bucket(&ValueType::Timestamp, time).unwrap(),
            "2026-11-02T02:00:00Z"
        );
        let agent = "\"aws-cli/1.22.34 Python/3.10.6 Linux/5.15\"";
        let words = ["aws", "cli", "python"].map(str::to_owned).to_vec();
        let known = ValueType::Product(vec!["aws-cli".into()], Vocabulary::new(words));
        assert_eq!(generalise(&known, agent).unwrap(), "aws-cli");
        // Whoever writes a user agent chooses its words.
        assert_eq!(generalise(&ValueType::Label, agent), None);
        assert_eq!(generalise(&known, "\"alice-smith/1.0\""), None);
        assert_eq!(
            generalise(&ValueType::Version, "\"14.2.0\"").unwrap(),
            "14.x"
        );
        assert_eq!(bucket(&ValueType::Integer, "4711").unwrap(), "10^3 to 10^4");
        assert_eq!(generalise(&ValueType::Word, "\"berlin\""), None);
        assert_eq!(generalise(&ValueType::Text, "\"anything\""), None);
    }
}
