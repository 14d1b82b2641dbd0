//! What secrets look like, and what tells them from what only looks so.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};
use regex::{Captures, Regex};

use super::ExposureKind;

/// Shorter values hold none of the secrets that are looked for.
pub(super) const MIN_SECRET: usize = 8;

/// One of these stands in every text in which a pattern of that kind could match, in any case. A
/// record line escapes quotation marks, so none may need one at its end.
const SIGNS: [(&str, Kinds); 37] = [
    ("private key", Kinds::KEY),
    ("private-lines", Kinds::KEY),
    ("age-secret-key-1", Kinds::KEY),
    ("ls0tls1crudjti", Kinds::KEY),
    ("\"kty", Kinds::KEY),
    ("eyj", Kinds::JWT),
    ("bearer ", Kinds::HEADER),
    ("basic ", Kinds::HEADER),
    ("secretaccesskey", Kinds::AWS),
    ("secret_access", Kinds::AWS),
    ("secretaccess_", Kinds::AWS),
    ("sessiontoken", Kinds::AWS),
    ("session_token", Kinds::AWS),
    ("password", Kinds::PASSWORD),
    ("passwd", Kinds::PASSWORD),
    ("passwort", Kinds::PASSWORD),
    ("passphrase", Kinds::PASSWORD),
    ("pwd", Kinds::PASSWORD),
    ("recoveryphrase", Kinds::PASSWORD),
    ("recovery_phrase", Kinds::PASSWORD),
    ("recovery phrase", Kinds::PASSWORD),
    ("recovery code", Kinds::PASSWORD),
    ("seedphrase", Kinds::PASSWORD),
    ("seed_phrase", Kinds::PASSWORD),
    ("seed phrase", Kinds::PASSWORD),
    ("clientsecret", Kinds::NAMED),
    ("client_secret", Kinds::NAMED),
    ("apikey", Kinds::NAMED),
    ("api_key", Kinds::NAMED),
    ("api-key", Kinds::NAMED),
    ("access_token", Kinds::NAMED),
    ("accesstoken", Kinds::NAMED),
    ("refresh_token", Kinds::NAMED),
    ("refreshtoken", Kinds::NAMED),
    ("auth_token", Kinds::NAMED),
    ("authtoken", Kinds::NAMED),
    // A letter may be written as an escape, and then no other sign need be there.
    ("\\u00", Kinds::ANY),
];

/// Prefixes of services' tokens; their case matters, so they have an automaton of their own.
const PREFIXES: [&str; 12] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "sk_live_",
    "rk_live_",
    "AIza",
    "npm_",
];

/// What stands before the authority of a URL.
const AUTHORITY: [&str; 1] = ["://"];

/// Which patterns a text has to be looked at with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kinds(u16);

impl Kinds {
    const NONE: Self = Self(0);
    const KEY: Self = Self(1);
    const JWT: Self = Self(1 << 1);
    const HEADER: Self = Self(1 << 2);
    const URL: Self = Self(1 << 3);
    const AWS: Self = Self(1 << 4);
    const PASSWORD: Self = Self(1 << 5);
    const NAMED: Self = Self(1 << 6);
    const SERVICE: Self = Self(1 << 7);
    const ANY: Self = Self(u16::MAX);

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

struct Filters {
    /// Signs and prefixes in any case: one pass is enough for a record that holds none.
    either: Option<AhoCorasick>,
    signs: Option<AhoCorasick>,
    prefixes: Option<AhoCorasick>,
    authority: Option<AhoCorasick>,
}

static FILTERS: LazyLock<Filters> = LazyLock::new(|| Filters {
    either: AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(SIGNS.map(|(sign, _)| sign).into_iter().chain(PREFIXES))
        .ok(),
    signs: AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(SIGNS.map(|(sign, _)| sign))
        .ok(),
    prefixes: AhoCorasick::new(PREFIXES).ok(),
    authority: AhoCorasick::new(AUTHORITY).ok(),
});

/// All the words of which a record that holds a secret has one, in some case.
pub fn words() -> impl Iterator<Item = &'static str> {
    let signs = SIGNS.iter().map(|(sign, _)| *sign);
    signs.chain(PREFIXES).chain(AUTHORITY)
}

/// Whether the bytes of a record could hold any secret that is looked for, without allocation and
/// in one pass for those that do not. `false` is certain.
pub fn might_hold(line: &[u8]) -> bool {
    // An automaton that could not be built must not let anything pass.
    let meets = |filter: &Option<AhoCorasick>| filter.as_ref().is_none_or(|f| f.is_match(line));
    let holds = meets(&FILTERS.either) && (meets(&FILTERS.signs) || meets(&FILTERS.prefixes));
    holds || names_a_user(line)
}

/// Whether a URL has `user:password@` before its host: both in the first bytes of its authority.
fn names_a_user(line: &[u8]) -> bool {
    const LONGEST: usize = 200;
    let Some(authority) = &FILTERS.authority else {
        return true;
    };
    authority.find_iter(line).any(|found| {
        let rest = &line[found.end()..line.len().min(found.end() + LONGEST)];
        let end = rest
            .iter()
            .position(|b| matches!(b, b'/' | b'"' | b' ' | b'\\'))
            .unwrap_or(rest.len());
        rest[..end].contains(&b'@')
    })
}

/// The patterns whose signs stand in the text.
fn signs(text: &str) -> Kinds {
    let (Some(signs), Some(prefixes)) = (&FILTERS.signs, &FILTERS.prefixes) else {
        return Kinds::ANY;
    };
    let mut all = Kinds::NONE;
    if prefixes.is_match(text) {
        all = all.and(Kinds::SERVICE);
    }
    if names_a_user(text.as_bytes()) {
        all = all.and(Kinds::URL);
    }
    signs
        .find_overlapping_iter(text)
        .fold(all, |all, found| all.and(SIGNS[found.pattern()].1))
}

/// Reports whether a match is what it looks like.
type Check = fn(&Captures<'_>) -> bool;

struct Pattern {
    signs: Kinds,
    kind: ExposureKind,
    regex: Regex,
    check: Check,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let table: [(Kinds, ExposureKind, &str, Check); 15] = [
        // A body of two lines or more; headers such as `Proc-Type` may stand before it.
        (
            Kinds::KEY,
            ExposureKind::PrivateKey,
            r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----((?:[\s\x20-\x7e]){64,})",
            |found| key_body(text(found, 1)),
        ),
        (
            Kinds::KEY,
            ExposureKind::PrivateKey,
            r"Private-Lines: \d+\s+([A-Za-z0-9+/=\s]{40,})",
            |found| key_body(text(found, 1)),
        ),
        (
            Kinds::KEY,
            ExposureKind::PrivateKey,
            r"(?i)age-secret-key-1[02-9ac-hj-np-z]{58}",
            |_| true,
        ),
        (
            Kinds::KEY,
            ExposureKind::PrivateKey,
            r"(LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,})",
            |found| encoded_key(text(found, 1)),
        ),
        // `{"kty":"…","d":"…"}` in either order; `k` is the key of a symmetric one.
        (
            Kinds::KEY,
            ExposureKind::PrivateKey,
            r#"\{[^{}]*"kty"\s*:\s*"(?:RSA|EC|OKP|oct|AKP)"[^{}]*\}"#,
            |found| private_jwk(text(found, 0)),
        ),
        (
            Kinds::JWT,
            ExposureKind::Jwt,
            r"\b(eyJ[A-Za-z0-9_-]{8,})\.(?:[A-Za-z0-9_-]*\.)?[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
            |found| jose_header(text(found, 1)),
        ),
        (
            Kinds::HEADER,
            ExposureKind::BearerToken,
            r"(?i)\bbearer\s+([A-Za-z0-9._~+/-]{20,}=*)",
            |found| random(text(found, 1), 3.0),
        ),
        (
            Kinds::HEADER,
            ExposureKind::BasicCredentials,
            r"(?i)\bbasic\s+([A-Za-z0-9+/]{8,}={0,2})",
            |found| user_and_password(text(found, 1)),
        ),
        (
            Kinds::URL,
            ExposureKind::BasicCredentials,
            r#"\b[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s/:@"'<>]{1,64}:([^\s/:@"'<>]{4,128})@[A-Za-z0-9\[]"#,
            |found| !is_placeholder(text(found, 1)),
        ),
        (
            Kinds::AWS,
            ExposureKind::AwsSecretKey,
            r#"(?i)secret_?access_?key["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
            |found| random(text(found, 1), 3.8),
        ),
        (
            Kinds::AWS,
            ExposureKind::SessionToken,
            r#"(?i)session_?token["']?\s*[:=]\s*["']?([A-Za-z0-9/+=]{100,})"#,
            |found| random(text(found, 1), 4.0),
        ),
        (
            Kinds::SERVICE,
            ExposureKind::ServiceToken,
            r"\b(?:gh[pos]_([A-Za-z0-9]{36})|github_pat_([A-Za-z0-9_]{60,})|glpat-([A-Za-z0-9_-]{20,})|xox[abp]-([A-Za-z0-9-]{20,})|[sr]k_live_([A-Za-z0-9]{20,})|AIza([A-Za-z0-9_-]{35})|npm_([A-Za-z0-9]{36}))(?:[^A-Za-z0-9_-]|$)",
            |found| {
                let body = found.iter().skip(1).flatten().next();
                body.is_some_and(|body| random(body.as_str(), 3.2))
            },
        ),
        // A member or assignment whose name ends with the word: `passwordPolicy` is none.
        (
            Kinds::PASSWORD,
            ExposureKind::Password,
            r#"(?i)(?:password|passwd|passphrase|passwort|pwd|recovery_?phrase|seed_?phrase)["']?\s*(?::|=|:=)\s*(?:"([^"]{6,256})"|'([^']{6,256})'|([^\s"',;&{}\[\]]{8,256}))"#,
            |found| {
                let value = found.iter().skip(1).flatten().next();
                value.is_some_and(|value| password(value.as_str()))
            },
        ),
        // The same in a sentence.
        (
            Kinds::PASSWORD,
            ExposureKind::Password,
            r#"(?i)\b(?:password|passphrase|recovery phrase|seed phrase|recovery code)(?:\s+(?:is|was|are))?\s*:?\s+["'“]?([^\s"'”,;]{8,128})"#,
            |found| spoken(text(found, 1)),
        ),
        (
            Kinds::NAMED,
            ExposureKind::NamedSecret,
            r#"(?i)(?:client_?secret|api[_-]?key|access_?token|refresh_?token|auth_?token|bearer_?token|private_?token)["']?\s*[:=]\s*["']?([A-Za-z0-9._~+/-]{16,}=*)"#,
            |found| random(text(found, 1), 3.3),
        ),
    ];
    table
        .into_iter()
        .filter_map(|(signs, kind, pattern, check)| {
            Some(Pattern {
                signs,
                kind,
                regex: Regex::new(pattern).ok()?,
                check,
            })
        })
        .collect()
});

/// Adds every kind that stands in `text` as it is.
pub(super) fn find(text: &str, found: &mut Vec<ExposureKind>) {
    let signs = signs(text);
    for pattern in PATTERNS.iter().filter(|one| one.signs.meets(signs)) {
        if found.contains(&pattern.kind) {
            continue;
        }
        if pattern
            .regex
            .captures_iter(text)
            .any(|captures| (pattern.check)(&captures))
        {
            found.push(pattern.kind);
        }
    }
}

#[cfg(test)]
pub(super) fn patterns_built() -> usize {
    PATTERNS.len()
}

fn text<'t>(found: &Captures<'t>, group: usize) -> &'t str {
    found.get(group).map_or("", |one| one.as_str())
}

/// Whether a value only says that something was taken out, or what would stand there.
pub(super) fn is_placeholder(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'', ' ']);
    if bare.is_empty()
        || matches!(
            bare,
            "null" | "true" | "false" | "{}" | "[]" | "none" | "None"
        )
    {
        return true;
    }
    let lower = bare.to_ascii_lowercase();
    let wrapped = [
        ("<", ">"),
        ("${", "}"),
        ("{{", "}}"),
        ("[", "]"),
        ("%", "%"),
        ("***", ""),
    ]
    .iter()
    .any(|(open, close)| lower.starts_with(open) && lower.ends_with(close));
    let said = [
        "hidden_due_to",
        "redacted",
        "masked",
        "removed",
        "withheld",
        "omitted",
        "suppressed",
        "changeme",
        "example",
        "placeholder",
        "your-",
        "your_",
        "xxxx",
        "sensitive",
        "not shown",
    ]
    .iter()
    .any(|word| lower.contains(word));
    let mut kinds = bare.chars();
    let first = kinds.next();
    wrapped || said || kinds.all(|c| Some(c) == first)
}

/// Base64 of some length that is not one character over and over.
fn key_body(after: &str) -> bool {
    let mut letters = String::new();
    for line in after.lines().map(str::trim) {
        if line.starts_with("-----") {
            break;
        }
        let body = !line.is_empty()
            && line
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
        if body {
            letters.push_str(line);
        }
    }
    // A key on one line with spaces for line ends.
    if letters.len() < 40 {
        let until = after.find("-----").unwrap_or(after.len());
        letters = after[..until]
            .split_whitespace()
            .filter(|word| word.len() >= 16)
            .filter(|word| {
                word.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
            })
            .collect();
    }
    letters.len() >= 40 && entropy(&letters) >= 3.5
}

fn encoded_key(base64: &str) -> bool {
    let whole = &base64[..base64.len() / 4 * 4];
    BASE64
        .decode(whole.as_bytes())
        .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("PRIVATE KEY"))
}

fn private_jwk(object: &str) -> bool {
    let member = |name: &str| {
        let at = object.find(&format!("\"{name}\""))?;
        let rest = object[at + name.len() + 2..]
            .trim_start()
            .strip_prefix(':')?;
        let rest = rest.trim_start().strip_prefix('"')?;
        rest.split('"').next()
    };
    let long = |value: Option<&str>| {
        value.is_some_and(|v| {
            v.len() >= 22
                && v.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
    };
    match member("kty") {
        Some("oct") => long(member("k")),
        Some("AKP") => long(member("priv")),
        Some(_) => long(member("d")),
        None => false,
    }
}

fn jose_header(part: &str) -> bool {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_some_and(|header| header.get("alg").is_some_and(serde_json::Value::is_string))
}

fn user_and_password(base64: &str) -> bool {
    let decoded = BASE64_NOPAD.decode(base64.trim_end_matches('=').as_bytes());
    let Some(text) = decoded.ok().and_then(|b| String::from_utf8(b).ok()) else {
        return false;
    };
    let printable = text.chars().all(|c| !c.is_control());
    text.split_once(':')
        .is_some_and(|(user, password)| printable && !user.is_empty() && !is_placeholder(password))
}

/// A value that looks drawn at random: letters and digits, enough bits a character, no address and
/// no identifier of another kind.
fn random(value: &str, bits: f64) -> bool {
    let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    letters && digits && !is_placeholder(value) && !is_identifier(value) && entropy(value) >= bits
}

fn password(value: &str) -> bool {
    if is_placeholder(value) || is_identifier(value) {
        return false;
    }
    // A number, a time, a flag or a word of a status is what such a member says as often.
    let date = value.len() >= 10
        && value
            .bytes()
            .all(|b| b.is_ascii_digit() || b"-:.TZ+ ,".contains(&b));
    if date {
        return false;
    }
    let has = |test: fn(char) -> bool| usize::from(value.chars().any(test));
    let kinds = has(char::is_lowercase)
        + has(char::is_uppercase)
        + has(|c| c.is_ascii_digit())
        + has(|c| !c.is_alphanumeric() && !matches!(c, '_' | ' '));
    // `PASSWORD_RESET`, `LastUsed`: words of a program.
    let word = value
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '_' | '-' | ' '));
    let phrase = value.split([' ', '-']).filter(|w| w.len() > 2).count() >= 6;
    phrase || (!word && kinds >= 2 && entropy(value) >= 2.5)
}

/// A password in a sentence: nobody writes a digit into an ordinary word.
fn spoken(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ')', '!', '?']);
    let digit = value.chars().any(|c| c.is_ascii_digit());
    let letter = value.chars().any(char::is_alphabetic);
    digit && letter && password(value)
}

/// ARNs, UUIDs, addresses of the web, templates and paths are names of things.
fn is_identifier(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let uuid = value.len() == 36
        && value.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    uuid || ["arn:", "http:", "https:", "urn:", "vault:", "ssm:", "/"]
        .iter()
        .any(|start| lower.starts_with(start))
}

/// Shannon entropy in bits a character: H = −Σ p·log2 p over the value's bytes.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let all = value.len().max(1) as f64;
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| {
            let share = f64::from(*n) / all;
            -share * share.log2()
        })
        .sum()
}
