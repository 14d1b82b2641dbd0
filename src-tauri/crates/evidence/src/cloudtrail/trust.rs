//! What a custodian pinned about a trail (`muniment/cloudtrail-trust/v1`). AWS's regional keys
//! sign every customer's digests, so a signature alone says only that *some* trail wrote this.

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::key::{PublicKey, public_key};

/// Value of `format`.
pub const TRAIL_TRUST_FORMAT: &str = "muniment/cloudtrail-trust/v1";
/// RFC 3339, as the schema states it.
const MOMENT: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrailTrustFault {
    /// Not JSON of the format.
    #[error("not a valid {TRAIL_TRUST_FORMAT} (line {0}, column {1})")]
    Format(usize, usize),
    /// An account that is not 12 digits.
    #[error("the account is not 12 digits")]
    Account,
    /// A name that is empty or has characters that no such name has.
    #[error("the {0} is empty or holds a character that it cannot have")]
    Name(&'static str),
    /// A key whose value cannot be read.
    #[error("key {0} cannot be read")]
    Key(usize),
    /// A key whose SHA-256 is not the one stated.
    #[error("key {0} is not the one whose SHA-256 is stated")]
    KeyHash(usize),
    /// An interval that ends before it starts.
    #[error("the requested interval ends before it starts")]
    Interval,
}

impl TrailTrustFault {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(..) => "cloudtrail-trust-format",
            Self::Account => "cloudtrail-trust-account",
            Self::Name(_) => "cloudtrail-trust-name",
            Self::Key(_) => "cloudtrail-trust-key",
            Self::KeyHash(_) => "cloudtrail-trust-key-hash",
            Self::Interval => "cloudtrail-trust-interval",
        }
    }

    /// What to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Format(..) => "see schemas/cloudtrail-trust-1.schema.json",
            Self::Account => "give the account's number as AWS shows it, without spaces or dashes",
            Self::Name("prefix") => {
                "give what stands before AWSLogs/ in the bucket, without a slash at either end"
            }
            Self::Name("list of regions") => {
                "name at least one region as AWS names it, such as eu-central-1"
            }
            Self::Name(_) => {
                "write it as AWS names it: letters, digits, dots, hyphens and underscores; no address, no ARN"
            }
            Self::Key(_) | Self::KeyHash(_) => {
                "do not use this file: get the keys again from AWS and compare their SHA-256"
            }
            Self::Interval => "give the earlier time first",
        }
    }
}

/// That somebody compared a key's SHA-256 with what AWS gives, on another way than this file came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Who compared.
    pub by: String,
    /// When.
    #[schemars(with = "String", regex(pattern = MOMENT))]
    pub at: DateTime<Utc>,
    /// How: with what it was compared, and on which way that came.
    pub how: String,
}

/// A key that may sign the trail's digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedKey {
    /// MD5 of the key, 32 hexadecimal digits: how digests name it.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{32}$"))]
    pub fingerprint: String,
    /// SHA-256 of the PKCS#1 DER, 64 hexadecimal digits: what identifies it.
    #[schemars(regex(pattern = r"^[0-9A-Fa-f]{64}$"))]
    pub sha256: String,
    /// PKCS#1 DER in base64.
    #[schemars(regex(pattern = r"^[0-9A-Za-z+/]+={0,2}$"))]
    pub value: String,
    /// Start of its validity.
    #[schemars(with = "String", regex(pattern = MOMENT))]
    pub valid_from: DateTime<Utc>,
    /// End of its validity.
    #[schemars(with = "String", regex(pattern = MOMENT))]
    pub valid_until: DateTime<Utc>,
    /// Who confirmed it out of band; absent while nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmation>,
}

impl PinnedKey {
    /// A key of a keys file, as yet unconfirmed.
    pub fn of(key: &PublicKey) -> Self {
        Self {
            fingerprint: key.fingerprint.clone(),
            sha256: key.sha256().to_hex(),
            value: BASE64.encode(&key.value),
            valid_from: key.from,
            valid_until: key.until,
            confirmed: None,
        }
    }

    pub(super) fn key(&self) -> Option<PublicKey> {
        public_key(
            &self.value,
            &self.fingerprint,
            self.valid_from,
            self.valid_until,
        )
    }
}

/// What somebody asked to see whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// From here on; from the chain's own start unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = MOMENT))]
    pub since: Option<DateTime<Utc>>,
    /// Up to here; up to the newest digest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = MOMENT))]
    pub until: Option<DateTime<Utc>>,
}

/// Where copies of a bucket's prefix lie now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Bucket into which CloudTrail wrote.
    pub bucket: String,
    /// Beginning of the object keys there, such as `logs/AWSLogs/111122223333/`; may be empty.
    #[serde(default)]
    pub prefix: String,
    /// The folder that holds the copies now, relative to what is imported; may be empty.
    pub at: String,
    /// The copies lie side by side in that folder, without the folders of their keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flat: bool,
}

/// The pinned policy of one trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrailTrust {
    /// `muniment/cloudtrail-trust/v1`.
    #[schemars(regex(pattern = r"^muniment/cloudtrail-trust/v1$"))]
    pub format: String,
    /// Account whose events the trail records, 12 digits.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub account: String,
    /// Name of the trail.
    pub trail: String,
    /// Region in which the trail was made.
    pub home_region: String,
    /// Regions whose digests are expected.
    #[schemars(length(min = 1))]
    pub regions: Vec<String>,
    /// Bucket into which CloudTrail writes.
    pub bucket: String,
    /// Prefix before `AWSLogs/` in that bucket, without slashes at its ends; mostly empty.
    #[serde(default)]
    pub prefix: String,
    /// Organisation id, for an organisation's trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Keys that may sign.
    pub keys: Vec<PinnedKey>,
    /// The interval that is to be whole.
    #[serde(default)]
    pub interval: Interval,
    /// Where moved copies came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
}

impl TrailTrust {
    /// Reads and checks a policy.
    ///
    /// # Errors
    /// [`TrailTrustFault`].
    pub fn read(text: &str) -> Result<Self, TrailTrustFault> {
        let trust: Self = serde_json::from_str(text)
            .map_err(|e| TrailTrustFault::Format(e.line(), e.column()))?;
        trust.check()?;
        Ok(trust)
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`TrailTrustFault`].
    pub fn check(&self) -> Result<(), TrailTrustFault> {
        if self.format != TRAIL_TRUST_FORMAT {
            return Err(TrailTrustFault::Format(1, 1));
        }
        if self.account.len() != 12 || !self.account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(TrailTrustFault::Account);
        }
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 128
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        for (name, text) in [
            ("trail", &self.trail),
            ("home region", &self.home_region),
            ("bucket", &self.bucket),
        ] {
            if !plain(text) {
                return Err(TrailTrustFault::Name(name));
            }
        }
        if self.regions.is_empty() || !self.regions.iter().all(|r| plain(r)) {
            return Err(TrailTrustFault::Name("list of regions"));
        }
        if self.organisation.as_ref().is_some_and(|o| !plain(o)) {
            return Err(TrailTrustFault::Name("organisation"));
        }
        let prefix = &self.prefix;
        if prefix.len() > 512 || prefix.starts_with('/') || prefix.ends_with('/') {
            return Err(TrailTrustFault::Name("prefix"));
        }
        for (number, pinned) in self.keys.iter().enumerate() {
            let key = pinned.key().ok_or(TrailTrustFault::Key(number + 1))?;
            if !key.sha256().to_hex().eq_ignore_ascii_case(&pinned.sha256) {
                return Err(TrailTrustFault::KeyHash(number + 1));
            }
        }
        match (self.interval.since, self.interval.until) {
            (Some(since), Some(until)) if until < since => Err(TrailTrustFault::Interval),
            _ => Ok(()),
        }
    }

    /// The trail's name in full, in the form of its ARN without the partition's variants.
    pub fn name(&self) -> String {
        super::place::trail_name(&self.home_region, &self.account, &self.trail)
    }
}
