//! Content exposures: protected content and secrets that a source wrote into a record although no
//! record may hold them. Finding one says what kind of thing stands in which field, never what.
//!
//! Two things are found. What a source file itself declares as protected (class C5) or secret (C6)
//! and what a record nevertheless has a value for; and what looks like a secret in any other field,
//! hidden and undeclared ones too: private keys, tokens, credentials, passwords in assignments.
//!
//! One pass of an automaton over the raw bytes of a record decides whether anything has to be looked
//! at at all ([`might_hold`]); records that hold nothing cost that pass and no more. Patterns
//! are linear in time, and what they find is believed only when its structure agrees: a private
//! key needs a body, a JWT a header that decodes, a password more than one kind of character.

mod patterns;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::class::Class;
use crate::minimise::{MinimisedField, Shown, SizeBucket};

pub use patterns::{might_hold, words};

/// The most bytes of one value that are looked at; beyond them only its beginning is. A record line
/// is bounded far below it.
const MAX_VALUE_BYTES: usize = 4 << 20;
/// How often a text may be JSON in a string of JSON.
const MAX_NESTING: usize = 2;

/// What kind of thing was exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExposureKind {
    /// A value in a field that its source file declares as protected content (class C5).
    ProtectedContent,
    /// A value in a field that its source file declares as a secret (class C6).
    DeclaredSecret,
    /// A private key: PEM (PKCS #1, PKCS #8, SEC 1, OpenSSH, PGP), PuTTY, age, or a JWK with its
    /// private part.
    PrivateKey,
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// A bearer token in an `Authorization` value (RFC 6750).
    BearerToken,
    /// User and password in an `Authorization` value (RFC 7617) or a URL.
    BasicCredentials,
    /// An AWS secret access key.
    AwsSecretKey,
    /// The session token of temporary AWS credentials.
    SessionToken,
    /// A token in the format of one of the large services.
    ServiceToken,
    /// A password, passphrase or recovery phrase that is named as such.
    Password,
    /// An API key, client secret or token that is named as such.
    NamedSecret,
}

impl ExposureKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::ProtectedContent,
        Self::DeclaredSecret,
        Self::PrivateKey,
        Self::Jwt,
        Self::BearerToken,
        Self::BasicCredentials,
        Self::AwsSecretKey,
        Self::SessionToken,
        Self::ServiceToken,
        Self::Password,
        Self::NamedSecret,
    ];

    /// A stable id.
    pub fn code(self) -> &'static str {
        match self {
            Self::ProtectedContent => "protected-content",
            Self::DeclaredSecret => "declared-secret",
            Self::PrivateKey => "private-key",
            Self::Jwt => "jwt",
            Self::BearerToken => "bearer-token",
            Self::BasicCredentials => "basic-credentials",
            Self::AwsSecretKey => "aws-secret-key",
            Self::SessionToken => "session-token",
            Self::ServiceToken => "service-token",
            Self::Password => "password",
            Self::NamedSecret => "named-secret",
        }
    }

    /// The kind of an id.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::ProtectedContent => "protected content",
            Self::DeclaredSecret => "a secret",
            Self::PrivateKey => "a private key",
            Self::Jwt => "a JSON Web Token",
            Self::BearerToken => "a bearer token",
            Self::BasicCredentials => "a user name with its password",
            Self::AwsSecretKey => "an AWS secret access key",
            Self::SessionToken => "an AWS session token",
            Self::ServiceToken => "a service's access token",
            Self::Password => "a password or recovery phrase",
            Self::NamedSecret => "an API key or token",
        }
    }
}

/// One exposure in a text. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exposure {
    /// What kind of thing it is.
    pub kind: ExposureKind,
}

/// One exposure in a field of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldExposure {
    /// The field's path, as committed: a path that the source file itself spells.
    pub path: String,
    /// What kind of thing stands there.
    pub kind: ExposureKind,
}

/// Looks for secrets in a text: a field's JSON value as written, or any other text. Each kind is
/// told once.
pub fn scan(text: &str) -> Vec<Exposure> {
    if !might_hold(text.as_bytes()) {
        return Vec::new();
    }
    let text = bounded(text);
    let mut found = Vec::new();
    patterns::find(text, &mut found);
    // JSON may stand in a string of JSON, and an escaped key is a key still.
    let mut layer = Cow::Borrowed(text);
    for _ in 0..MAX_NESTING {
        if !layer.contains('\\') {
            break;
        }
        layer = Cow::Owned(unescaped(&layer));
        patterns::find(&layer, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(|kind| Exposure { kind }).collect()
}

/// Finds what a record exposes, and hides what minimisation would have shown of it.
///
/// `line` is the record as it came, for the one pass that decides whether to look any closer;
/// `fields` are its paths and JSON value texts, `minimised` what minimisation made of them, in the
/// same order. A field in which a secret was found is hidden whatever its class allows: protected
/// content has no way into the store or the index.
pub fn withhold<'f>(
    line: &[u8],
    fields: impl Iterator<Item = (&'f str, &'f str)>,
    minimised: &mut [MinimisedField],
) -> Vec<FieldExposure> {
    let closer = might_hold(line);
    let mut found = Vec::new();
    for ((path, value), field) in fields.zip(minimised) {
        let declared = match (field.class, &field.shown) {
            (Class::C5, Shown::Presence { size }) if *size != SizeBucket::Empty => {
                Some(ExposureKind::ProtectedContent)
            }
            (Class::C6, Shown::TypeTag { .. }) if !patterns::is_placeholder(value) => {
                Some(ExposureKind::DeclaredSecret)
            }
            _ => None,
        };
        if let Some(kind) = declared.filter(|_| !patterns::is_placeholder(value)) {
            found.push(FieldExposure {
                path: path.to_owned(),
                kind,
            });
        }
        if !closer || field.class == Class::C0 && value.len() < patterns::MIN_SECRET {
            continue;
        }
        let exposures = scan(value);
        if exposures.is_empty() {
            continue;
        }
        if !matches!(field.class, Class::C5 | Class::C6) {
            field.shown = Shown::Hidden;
        }
        found.extend(exposures.into_iter().map(|one| FieldExposure {
            path: path.to_owned(),
            kind: one.kind,
        }));
    }
    found
}

fn bounded(text: &str) -> &str {
    if text.len() <= MAX_VALUE_BYTES {
        return text;
    }
    let mut end = MAX_VALUE_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text with its JSON escapes undone, whether or not it is well-formed JSON.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else {
            break;
        };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let code = rest
                    .get(..4)
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok())
                    .and_then(char::from_u32);
                match code {
                    Some(c) => {
                        out.push(c);
                        rest = &rest[4..];
                    }
                    None => out.push('u'),
                }
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}
