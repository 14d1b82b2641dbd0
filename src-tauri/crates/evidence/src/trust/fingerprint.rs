//! A SHA-256 as people compare it: 64 lower-case hex digits.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{hash::Hash, note::VerifierKey};

/// The full SHA-256 of a key (type byte and key) or of a source file, written in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub Hash);

impl Fingerprint {
    /// The fingerprint of a key.
    pub fn of(key: &VerifierKey) -> Self {
        Self(key.fingerprint())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The text is not 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hex digits (SHA-256); a shorter one can be forged to look alike")]
pub struct FingerprintText;

impl FromStr for Fingerprint {
    type Err = FingerprintText;

    /// Spaces between the digits, as fingerprints are often printed, and capitals are accepted.
    fn from_str(text: &str) -> Result<Self, FingerprintText> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .map_err(|_| FingerprintText)?;
        let hash = bytes.try_into().map_err(|_| FingerprintText)?;
        Ok(Self(Hash(hash)))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fingerprint".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "SHA-256 in hex",
            "pattern": "^[0-9a-f]{64}$"
        })
    }
}
