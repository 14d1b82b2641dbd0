//! Digest files, and the signatures that travel beside them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Serialize};

use super::inflate::{InflateFault, inflate};
use super::place::base;
use crate::{hash::Hash, json};

/// The largest digest file, inflated, in bytes: 16 MiB.
pub const MAX_DIGEST_BYTES: u64 = 16 << 20;
/// Most log files that one digest may list.
const MAX_LOGS: usize = 50_000;
/// Largest signature file, in bytes.
const MAX_SIGNATURE_FILE: usize = 64 << 10;
/// Longest signature, in bytes: 8192 bits.
const MAX_SIGNATURE: usize = 1_024;
/// What a signature's file adds to the name of its digest.
const SIGNATURE_ENDS: [&str; 5] = [
    ".sig",
    ".head-object.json",
    ".metadata.json",
    ".meta.json",
    ".signature",
];

/// Why a digest file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestFault {
    /// Its bytes.
    #[error(transparent)]
    Inflate(#[from] InflateFault),
    /// Not one JSON value without duplicate keys, or followed by something.
    #[error("not exactly one JSON object: {0}")]
    Json(#[from] json::JsonFault),
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A field is absent or of another type.
    #[error("not a digest file: a field is absent or of another type (line {0}, column {1})")]
    Field(usize, usize),
    /// A time, hash or signature that cannot be read, or an hour that ends before it starts.
    #[error("the field {0} cannot be read")]
    Value(&'static str),
    /// Some of the fields about the previous digest are null and some are not.
    #[error("the fields about the previous digest contradict one another")]
    Previous,
    /// More log files than the bound.
    #[error("it lists more than 50,000 log files")]
    TooManyLogs,
}

impl DigestFault {
    /// Stable kebab-case code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Inflate(inner) => inner.code(),
            Self::Json(json::JsonFault::DuplicateKey) => "digest-duplicate-key",
            Self::Json(_) | Self::NotUtf8 => "digest-json",
            Self::Field(..) => "digest-field",
            Self::Value(_) => "digest-value",
            Self::Previous => "digest-previous",
            Self::TooManyLogs => "digest-too-many-logs",
        }
    }
}

/// What a digest says about the one before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Previous {
    /// Bucket.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// `previousDigestHashValue`, lower-case hexadecimal.
    pub hash: String,
    /// `previousDigestHashAlgorithm`.
    pub hash_algorithm: String,
    /// Its signature, hexadecimal as written: part of the signed string.
    pub signature: String,
}

/// A log file that a digest lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListedLog {
    /// Bucket.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// `hashValue`: SHA-256 of the inflated file, lower-case hexadecimal.
    pub hash: String,
    /// `hashAlgorithm`.
    pub hash_algorithm: String,
}

/// The content of a digest file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DigestContent {
    /// Account.
    pub account: String,
    /// Start of the hour.
    pub start: DateTime<Utc>,
    /// End of the hour.
    pub end: DateTime<Utc>,
    /// `digestEndTime` as written: part of the signed string.
    pub end_text: String,
    /// Bucket.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// `digestPublicKeyFingerprint`, lower-case.
    pub fingerprint: String,
    /// `digestSignatureAlgorithm`.
    pub signature_algorithm: String,
    /// The digest before; none in the first of a chain.
    pub previous: Option<Previous>,
    /// Log files delivered in the hour; none is positive evidence of absence.
    pub logs: Vec<ListedLog>,
}

/// A digest file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DigestFacts {
    /// Where the copy lies, relative to the folder or archive that was given.
    pub path: String,
    /// SHA-256 of the inflated bytes, which are exactly the bytes that were parsed.
    pub sha256: Hash,
    /// Its content.
    pub content: DigestContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    aws_account_id: String,
    digest_start_time: String,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<RawLog>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLog {
    s3_bucket: String,
    s3_object: String,
    hash_value: String,
    hash_algorithm: String,
}

impl DigestFacts {
    /// Reads a digest file, packed as CloudTrail delivered it or inflated already.
    ///
    /// # Errors
    /// [`DigestFault`].
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, DigestFault> {
        let bytes = inflate(bytes, MAX_DIGEST_BYTES)?;
        let text = str::from_utf8(&bytes).map_err(|_| DigestFault::NotUtf8)?;
        json::check_value(text.trim_ascii())?;
        let raw: Raw =
            serde_json::from_str(text).map_err(|e| DigestFault::Field(e.line(), e.column()))?;
        Ok(Self {
            path: path.to_owned(),
            sha256: Hash::sha256(&bytes),
            content: content(raw)?,
        })
    }

    /// The string that CloudTrail signed.
    pub fn signed_string(&self) -> String {
        let c = &self.content;
        let previous = c.previous.as_ref().map_or("null", |p| p.signature.as_str());
        format!(
            "{}\n{}/{}\n{}\n{previous}",
            c.end_text,
            c.bucket,
            c.key,
            self.sha256.to_hex()
        )
    }
}

fn time(text: &str, name: &'static str) -> Result<DateTime<Utc>, DigestFault> {
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.to_utc())
        .map_err(|_| DigestFault::Value(name))
}

fn content(raw: Raw) -> Result<DigestContent, DigestFault> {
    let previous = match (
        raw.previous_digest_s3_bucket,
        raw.previous_digest_s3_object,
        raw.previous_digest_hash_value,
        raw.previous_digest_hash_algorithm,
        raw.previous_digest_signature,
    ) {
        (Some(bucket), Some(key), Some(hash), Some(hash_algorithm), Some(signature)) => {
            Some(Previous {
                bucket,
                key,
                hash: hash.to_ascii_lowercase(),
                hash_algorithm,
                signature,
            })
        }
        // The first digest's algorithm may stand there though nothing else does.
        (None, None, None, _, None) => None,
        _ => return Err(DigestFault::Previous),
    };
    if raw.log_files.len() > MAX_LOGS {
        return Err(DigestFault::TooManyLogs);
    }
    let start = time(&raw.digest_start_time, "digestStartTime")?;
    let end = time(&raw.digest_end_time, "digestEndTime")?;
    if end < start {
        return Err(DigestFault::Value("digestEndTime"));
    }
    let logs = raw.log_files.into_iter().map(|log| ListedLog {
        bucket: log.s3_bucket,
        key: log.s3_object,
        hash: log.hash_value.to_ascii_lowercase(),
        hash_algorithm: log.hash_algorithm,
    });
    Ok(DigestContent {
        account: raw.aws_account_id,
        start,
        end,
        end_text: raw.digest_end_time,
        bucket: raw.digest_s3_bucket,
        key: raw.digest_s3_object,
        fingerprint: raw.digest_public_key_fingerprint.to_ascii_lowercase(),
        signature_algorithm: raw.digest_signature_algorithm,
        previous,
        logs: logs.collect(),
    })
}

/// Whether a file's name is a digest's, by CloudTrail's naming.
pub fn is_digest_name(path: &str) -> bool {
    let name = base(path);
    name.contains("_CloudTrail-Digest_")
        && (name.ends_with(".json.gz") || name.ends_with(".json"))
        && !is_signature_name(path)
}

/// Whether a file's name is a log's, by CloudTrail's naming.
pub fn is_log_name(path: &str) -> bool {
    let name = base(path);
    name.contains("_CloudTrail_") && (name.ends_with(".json.gz") || name.ends_with(".json"))
}

/// Whether a file's name says that it holds a digest's signature: the digest's name and `.sig`,
/// `.signature`, `.metadata.json`, `.meta.json` or `.head-object.json`.
pub fn is_signature_name(path: &str) -> bool {
    digest_of(path).is_some_and(|name| name.contains("_CloudTrail-Digest_"))
}

fn digest_of(path: &str) -> Option<&str> {
    let name = base(path);
    SIGNATURE_ENDS.iter().find_map(|end| name.strip_suffix(end))
}

/// Why a signature's file was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "neither a signature in hexadecimal nor object metadata as `aws s3api head-object` prints them"
)]
pub struct SignatureFault;

/// A digest's signature as its object metadata had it (`x-amz-meta-signature`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// Name of the digest file it belongs to, without folders.
    pub of: String,
    /// Hexadecimal, lower-case.
    pub hex: String,
    /// `signature-algorithm`, where the metadata were saved whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
}

#[derive(Deserialize)]
struct HeadObject {
    #[serde(alias = "metadata")]
    #[serde(rename = "Metadata")]
    metadata: BTreeMap<String, String>,
}

impl Signature {
    /// Reads what lies beside a digest: hexadecimal text, or the metadata as JSON.
    ///
    /// # Errors
    /// [`SignatureFault`].
    pub fn read(path: &str, bytes: &[u8]) -> Result<Self, SignatureFault> {
        let of = digest_of(path).ok_or(SignatureFault)?.to_owned();
        if bytes.len() > MAX_SIGNATURE_FILE {
            return Err(SignatureFault);
        }
        let text = str::from_utf8(bytes)
            .map_err(|_| SignatureFault)?
            .trim_ascii();
        let (hex, algorithm) = if text.starts_with('{') {
            json::check_value(text).map_err(|_| SignatureFault)?;
            let metadata = serde_json::from_str::<HeadObject>(text)
                .map(|head| head.metadata)
                .or_else(|_| serde_json::from_str(text))
                .map_err(|_| SignatureFault)?;
            let value = |name: &str| {
                let long = format!("x-amz-meta-{name}");
                metadata.get(name).or_else(|| metadata.get(&long)).cloned()
            };
            (
                value("signature").ok_or(SignatureFault)?,
                value("signature-algorithm"),
            )
        } else {
            (text.to_owned(), None)
        };
        let hex = hex.to_ascii_lowercase();
        signature_bytes(&hex).ok_or(SignatureFault)?;
        Ok(Self { of, hex, algorithm })
    }
}

/// The bytes of a signature in hexadecimal.
pub(super) fn signature_bytes(hex: &str) -> Option<Vec<u8>> {
    let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()?;
    (!bytes.is_empty() && bytes.len() <= MAX_SIGNATURE).then_some(bytes)
}
