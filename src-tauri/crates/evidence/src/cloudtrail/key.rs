//! The public keys of a region, as `aws cloudtrail list-public-keys` printed them.

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use md5::{Digest as _, Md5};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use crate::{hash::Hash, json};

/// Largest keys file, in bytes.
const MAX_KEYS_FILE: usize = 4 << 20;
/// Most keys in one file.
const MAX_KEYS: usize = 4_096;
/// Largest PKCS#1 key, in bytes: 8192 bits with room.
const MAX_KEY: usize = 2_048;

/// Why a keys file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysFault {
    /// Not the JSON that the AWS CLI prints.
    #[error("not the JSON that `aws cloudtrail list-public-keys` prints (line {0}, column {1})")]
    Format(usize, usize),
    /// Too large.
    #[error("more than 4 MiB or 4,096 keys")]
    TooLarge,
    /// No key in it.
    #[error("the file lists no key")]
    Empty,
    /// The answer is one page of several.
    #[error("the file is one page of several: it has a NextToken")]
    Page,
    /// A key that is not base64 of PKCS#1 DER, or a time that is none. From 1.
    #[error("key {0} has a value, fingerprint or time that cannot be read")]
    Key(usize),
}

impl KeysFault {
    /// What to try.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Format(..) => {
                "save what `aws cloudtrail list-public-keys` prints, for the trail's region and time, and give that file"
            }
            Self::TooLarge => "ask AWS for a shorter time",
            Self::Empty => {
                "ask again with --start-time and --end-time around the digests: AWS lists only the keys of that time"
            }
            Self::Page => {
                "ask again without --max-items and --no-paginate, so that all keys are in one file"
            }
            Self::Key(_) => "do not use this file: get the keys again from AWS",
        }
    }
}

/// A public key with its validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// MD5 of the PKCS#1 DER, 32 hexadecimal digits: how a digest names the key. A selector, never
    /// a proof of anything.
    pub fingerprint: String,
    /// PKCS#1 DER.
    pub value: Vec<u8>,
    /// Start of its validity.
    pub from: DateTime<Utc>,
    /// End of its validity.
    pub until: DateTime<Utc>,
}

impl PublicKey {
    /// SHA-256 of the PKCS#1 DER: what is pinned.
    pub fn sha256(&self) -> Hash {
        Hash::sha256(&self.value)
    }

    /// Whether the fingerprint is the one of this key and not of another.
    pub fn is_honest(&self) -> bool {
        HEXLOWER.encode(&Md5::digest(&self.value)) == self.fingerprint.to_ascii_lowercase()
    }

    /// Whether `signature` is this key's over `message`: RSA PKCS#1 v1.5 with SHA-256, 2048 bits
    /// or more.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.value)
            .verify(message, signature)
            .is_ok()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    public_key_list: Vec<ListedKey>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedKey {
    value: String,
    fingerprint: String,
    validity_start_time: Moment,
    validity_end_time: Moment,
}

/// The AWS CLI prints times as ISO 8601 (version 2) or as seconds since 1970 (version 1).
#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Seconds(f64),
    Text(String),
}

impl Moment {
    fn read(&self) -> Option<DateTime<Utc>> {
        match self {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole seconds, bounded before"
            )]
            Self::Seconds(seconds) if seconds.abs() < 1e12 => {
                DateTime::from_timestamp_millis((seconds * 1000.0).round() as i64)
            }
            Self::Seconds(_) => None,
            Self::Text(text) => DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc()),
        }
    }
}

/// Reads a keys file. Several keys may share a fingerprint; all are kept.
///
/// # Errors
/// [`KeysFault`].
pub fn read_keys(bytes: &[u8]) -> Result<Vec<PublicKey>, KeysFault> {
    if bytes.len() > MAX_KEYS_FILE {
        return Err(KeysFault::TooLarge);
    }
    let text = str::from_utf8(bytes).map_err(|_| KeysFault::Format(0, 0))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    json::check_value(text.trim_ascii()).map_err(|_| KeysFault::Format(0, 0))?;
    let listed: Listed =
        serde_json::from_str(text).map_err(|e| KeysFault::Format(e.line(), e.column()))?;
    if listed.next_token.is_some_and(|token| !token.is_empty()) {
        return Err(KeysFault::Page);
    }
    match listed.public_key_list.len() {
        0 => return Err(KeysFault::Empty),
        n if n > MAX_KEYS => return Err(KeysFault::TooLarge),
        _ => {}
    }
    let keys = listed.public_key_list.iter().enumerate();
    keys.map(|(number, key)| read_key(key).ok_or(KeysFault::Key(number + 1)))
        .collect()
}

fn read_key(key: &ListedKey) -> Option<PublicKey> {
    public_key(
        &key.value,
        &key.fingerprint,
        key.validity_start_time.read()?,
        key.validity_end_time.read()?,
    )
}

pub(super) fn public_key(
    value: &str,
    fingerprint: &str,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<PublicKey> {
    let value = BASE64.decode(value.as_bytes()).ok()?;
    let named = fingerprint.len() == 32 && fingerprint.bytes().all(|b| b.is_ascii_hexdigit());
    // A DER sequence of two integers; ring reads the rest.
    (named && value.len() <= MAX_KEY && value.first() == Some(&0x30) && from <= until).then(|| {
        PublicKey {
            fingerprint: fingerprint.to_ascii_lowercase(),
            value,
            from,
            until,
        }
    })
}
