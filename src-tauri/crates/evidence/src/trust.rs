//! The local trust policy (`muniment/trust/v1`): per origin the pinned keys, which of them
//! must have signed for which sizes, keys that are distrusted from a size on, the schemas it may
//! use, and a pinned (size, root). Nothing of it is ever taken from an export.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    checkpoint::is_origin,
    hash::Hash,
    merkle::MAX_SIZE,
    note::{Algorithm, VerifierKey},
    record::{RecordError, SchemaRef},
};

mod decide;
mod fingerprint;
mod rotation;
mod weakens;

pub use decide::{Attribution, Candidate, Decision, Version, decide, decide_over_time};
pub use fingerprint::{Fingerprint, FingerprintText};
pub use rotation::{
    KEY_FORMAT, KEY_SCHEMA, KeyProposal, NewKey, ProposalError, VoidProposal, possession_message,
    proposal_fields,
};
pub use weakens::{Sizes, Weakening, weakens};

/// Value of `format`.
pub const TRUST_FORMAT: &str = "muniment/trust/v1";
/// Longest cadence of heartbeats, in seconds: 366 days.
pub const LONGEST_CADENCE: u64 = 366 * 86_400;

/// Why a trust policy was refused, or why signers do not satisfy it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not JSON of the format. The position is (line, column), from 1.
    #[error("the trust policy is not valid {TRUST_FORMAT} (line {0}, column {1})")]
    Format(usize, usize),
    /// An origin that is empty or listed twice.
    #[error("origin {0} of the trust policy is not plain text or is listed twice")]
    Origin(usize),
    /// A key listed twice.
    #[error("a key of `{0}` is listed twice")]
    RepeatedKey(String),
    /// A requirement that names no key, a key that is not pinned, or a bad range of sizes.
    #[error(
        "requirement {number} of `{origin}` names no pinned key, or its sizes are empty or overlap"
    )]
    Requirement {
        /// Name of the log.
        origin: String,
        /// Number of the requirement, from 0.
        number: usize,
    },
    /// A schema or anchor that is malformed.
    #[error("a schema, anchor or heartbeat of `{0}` is malformed")]
    Detail(String),
    /// Distrust that names one key twice or a size that no log has.
    #[error("a distrusted key of `{0}` is listed twice, or its size is not below 2^53")]
    Distrust(String),
    /// Nothing is pinned for the origin, or none of its pinned keys signed.
    #[error("no key that is pinned for `{origin}` signed the checkpoint of size {size}")]
    Unsigned {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// No requirement covers the size.
    #[error("no requirement of `{origin}` covers size {size}")]
    NotCovered {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// The signature of a pinned key does not verify.
    #[error("the signature of a key pinned for `{origin}` does not verify at size {size}")]
    BadSignature {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// Required keys did not sign.
    #[error("`{origin}` must be signed by {} at size {size}; missing: {}",
        if *.all { "all required keys" } else { "one of the required keys" }, words(.missing))]
    NotSatisfied {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
        /// Whether all of the keys must sign, or one of them.
        all: bool,
        /// Required keys that did not sign.
        missing: Vec<Fingerprint>,
    },
    /// Only a distrusted key signed: it counts no longer, or not for what came so late.
    #[error(
        "the checkpoint of `{origin}` at size {size} rests on a distrusted key; it counts once an undistrusted key signs a tree that begins with it"
    )]
    Distrusted {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// A schema that the origin may not use, in this version or with this source file.
    #[error("`{origin}` may not use schema {id} version {version}, or not with this source file")]
    Schema {
        /// Name of the log.
        origin: String,
        /// Schema id.
        id: String,
        /// Schema version.
        version: u32,
    },
    /// An earlier version of the policy refused it, and lowering a requirement admits nothing.
    #[error("version {version} of the trust policy refused it: {because}")]
    RefusedBefore {
        /// Version of the policy.
        version: i64,
        /// Why.
        because: Box<TrustError>,
    },
}

impl TrustError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(..)
            | Self::Origin(_)
            | Self::RepeatedKey(_)
            | Self::Requirement { .. }
            | Self::Detail(_)
            | Self::Distrust(_) => "trust-policy",
            Self::Unsigned { .. } => "unsigned",
            Self::NotCovered { .. } => "not-covered",
            Self::BadSignature { .. } => "bad-signature",
            Self::NotSatisfied { .. } => "requirement",
            Self::Distrusted { .. } => "distrusted",
            Self::Schema { .. } => "schema-not-allowed",
            Self::RefusedBefore { .. } => "refused-before",
        }
    }

    /// What to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Format(..)
            | Self::Origin(_)
            | Self::RepeatedKey(_)
            | Self::Requirement { .. }
            | Self::Detail(_)
            | Self::Distrust(_) => "see schemas/formats/trust-file.md",
            Self::Unsigned { .. } => "pin the key that the source published",
            Self::NotCovered { .. } => "add a requirement for these sizes to the trust policy",
            Self::BadSignature { .. } => "get the export again from the source",
            Self::NotSatisfied { .. } | Self::RefusedBefore { .. } => {
                "ask the source for the export with all its signatures"
            }
            Self::Distrusted { .. } => "ask the source for a later export that its new key signed",
            Self::Schema { .. } => "compare the source file with the one the custodian approved",
        }
    }
}

fn words(keys: &[Fingerprint]) -> String {
    let each: Vec<String> = keys.iter().map(ToString::to_string).collect();
    each.join(", ")
}

/// A pinned key: written as its vkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedKey(pub VerifierKey);

impl Serialize for PinnedKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PinnedKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl JsonSchema for PinnedKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "VerifierKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "C2SP verifier key: name+hash+base64",
            "pattern": "^[^+\\s]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]+=*$"
        })
    }
}

/// Which keys must have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signers {
    /// At least one of these, by full fingerprint.
    Any(Vec<Fingerprint>),
    /// All of these, by full fingerprint.
    All(Vec<Fingerprint>),
}

impl Signers {
    /// The keys named.
    pub fn keys(&self) -> &[Fingerprint] {
        let (Self::Any(keys) | Self::All(keys)) = self;
        keys
    }

    fn satisfied_by(&self, signed: &BTreeSet<Fingerprint>) -> bool {
        match self {
            Self::Any(keys) => keys.iter().any(|k| signed.contains(k)),
            Self::All(keys) => !keys.is_empty() && keys.iter().all(|k| signed.contains(k)),
        }
    }
}

/// The requirement for checkpoints of sizes in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Requirement {
    /// First size.
    pub from: u64,
    /// One past the last size; open when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Who must have signed.
    #[serde(flatten)]
    pub signers: Signers,
}

/// [`Requirement`] as it is read. A flattened enum takes the first of `any` and `all` and drops
/// whatever else stands there, and a condition that is dropped is one that is not kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRequirement {
    from: u64,
    #[serde(default)]
    to: Option<u64>,
    any: Option<Vec<Fingerprint>>,
    all: Option<Vec<Fingerprint>>,
}

impl<'de> Deserialize<'de> for Requirement {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let written = WrittenRequirement::deserialize(from)?;
        let signers = match (written.any, written.all) {
            (Some(keys), None) => Signers::Any(keys),
            (None, Some(keys)) => Signers::All(keys),
            _ => return Err(de::Error::custom("exactly one of `any` and `all`")),
        };
        Ok(Self {
            from: written.from,
            to: written.to,
            signers,
        })
    }
}

/// A key that is distrusted. Its signatures count only for what is a prefix of a tree that
/// other keys signed, and for smaller sizes also for what was stored before the compromise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distrust {
    /// The key, by full fingerprint.
    pub key: Fingerprint,
    /// Sizes from which on it never counts by itself.
    pub from: u64,
    /// When it was compromised: checkpoints of smaller sizes that were stored here before count
    /// as before. Absent when nobody knows; then none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub compromised: Option<DateTime<Utc>>,
}

/// A schema that an origin may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedSchema {
    /// Schema id.
    pub id: String,
    /// Schema version; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of the source file; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Fingerprint>,
}

/// Read from `ID` or `ID/VERSION`, as a person names it.
impl FromStr for AllowedSchema {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let (id, version) = match text.split_once('/') {
            Some((id, version)) => {
                let version = version.parse().map_err(|_| RecordError::SchemaValue)?;
                (id, Some(version))
            }
            None => (text, None),
        };
        let allowed = Self {
            id: id.to_owned(),
            version,
            digest: None,
        };
        allowed
            .is_well_formed()
            .then_some(allowed)
            .ok_or(RecordError::SchemaValue)
    }
}

impl fmt::Display for AllowedSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Some(version) => write!(f, "{} version {version}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

impl AllowedSchema {
    fn is_well_formed(&self) -> bool {
        let named = SchemaRef {
            id: self.id.clone(),
            version: self.version.unwrap_or(1),
        };
        SchemaRef::parse(&named.to_value()).is_ok()
    }

    /// Whether it allows a schema with the source file of this digest.
    fn allows(&self, schema: &SchemaRef, digest: Option<&Hash>) -> bool {
        self.id == schema.id
            && self.version.is_none_or(|version| version == schema.version)
            && self.digest.is_none_or(|d| Some(&d.0) == digest)
    }

    /// Whether it allows everything that another does.
    fn covers(&self, other: &Self) -> bool {
        self.id == other.id
            && (self.version.is_none() || self.version == other.version)
            && (self.digest.is_none() || self.digest == other.digest)
    }
}

/// A (size, root) that a custodian pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Size.
    pub size: u64,
    /// Root at that size.
    pub root: Hash,
}

/// Trust in one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginTrust {
    /// Name of the log.
    pub origin: String,
    /// Pinned keys.
    pub keys: Vec<PinnedKey>,
    /// Who must have signed, by size, in order and without overlap. When empty: all pinned keys
    /// if an ML-DSA key is among them, else any of them, for every size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirement: Vec<Requirement>,
    /// Keys that are distrusted, pinned or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distrust: Vec<Distrust>,
    /// Schemas that the origin may use; every one in the catalogue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<AllowedSchema>>,
    /// A pinned (size, root).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Seconds within which the origin writes a heartbeat record, 1 to [`LONGEST_CADENCE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<u64>,
}

/// The trust policy of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// [`TRUST_FORMAT`].
    pub format: String,
    /// One entry for each origin.
    pub origins: Vec<OriginTrust>,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            format: TRUST_FORMAT.to_owned(),
            origins: Vec::new(),
        }
    }
}

impl Trust {
    /// Reads a policy and checks it.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn parse(json: &[u8]) -> Result<Self, TrustError> {
        let trust: Self =
            serde_json::from_slice(json).map_err(|e| TrustError::Format(e.line(), e.column()))?;
        trust.check()?;
        Ok(trust)
    }

    /// The policy as JSON, with a final line feed.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Checks every rule: call after changing a policy by hand.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn check(&self) -> Result<(), TrustError> {
        if self.format != TRUST_FORMAT {
            return Err(TrustError::Format(1, 1));
        }
        for (k, entry) in self.origins.iter().enumerate() {
            let repeated = self.origins[..k].iter().any(|o| o.origin == entry.origin);
            if repeated || !is_origin(&entry.origin) {
                return Err(TrustError::Origin(k));
            }
            entry.check()?;
        }
        Ok(())
    }

    /// Puts the policy of an origin in, in the place of the one that was there.
    pub fn put(&mut self, entry: OriginTrust) {
        match self.origins.iter_mut().find(|o| o.origin == entry.origin) {
            Some(there) => *there = entry,
            None => self.origins.push(entry),
        }
    }

    /// What is pinned for an origin.
    pub fn origin(&self, origin: &str) -> Option<&OriginTrust> {
        self.origins.iter().find(|o| o.origin == origin)
    }

    /// The keys pinned for an origin; none for an unknown one.
    pub fn keys_for(&self, origin: &str) -> Vec<VerifierKey> {
        let keys = self.origin(origin).map(|o| o.keys.as_slice());
        keys.unwrap_or_default()
            .iter()
            .map(|k| k.0.clone())
            .collect()
    }

    /// The pinned (size, root) of an origin, as continuity wants it.
    pub fn anchors_for(&self, origin: &str) -> Vec<(u64, Hash)> {
        let anchor = self.origin(origin).and_then(|o| o.anchor);
        anchor.map(|a| (a.size, a.root)).into_iter().collect()
    }
}

impl OriginTrust {
    /// Trust in an origin of which nothing is pinned yet.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            keys: Vec::new(),
            requirement: Vec::new(),
            distrust: Vec::new(),
            schemas: None,
            anchor: None,
            heartbeat: None,
        }
    }

    /// The pinned key with this fingerprint.
    pub fn key(&self, fingerprint: &Fingerprint) -> Option<&VerifierKey> {
        let mut keys = self.keys.iter().map(|k| &k.0);
        keys.find(|k| Fingerprint::of(k) == *fingerprint)
    }

    /// Who must sign a checkpoint of this size; `None` where no requirement covers it or no key
    /// is pinned.
    pub fn required_at(&self, size: u64) -> Option<Signers> {
        if self.requirement.is_empty() {
            return self.default_signers();
        }
        let covers = |r: &&Requirement| r.from <= size && r.to.is_none_or(|to| size < to);
        let rule = self.requirement.iter().find(covers);
        rule.map(|rule| rule.signers.clone())
    }

    /// The requirement of a policy that states none.
    pub fn default_signers(&self) -> Option<Signers> {
        let all: Vec<Fingerprint> = self.keys.iter().map(|k| Fingerprint::of(&k.0)).collect();
        let ml_dsa = |k: &PinnedKey| k.0.algorithm() == Algorithm::MlDsa44;
        match all.is_empty() {
            true => None,
            false if self.keys.iter().any(ml_dsa) => Some(Signers::All(all)),
            false => Some(Signers::Any(all)),
        }
    }

    /// The requirement with every range written out, also that of a policy that states none.
    pub fn requirement_in_full(&self) -> Vec<Requirement> {
        if !self.requirement.is_empty() {
            return self.requirement.clone();
        }
        let rule = self.default_signers().map(|signers| Requirement {
            from: 0,
            to: None,
            signers,
        });
        rule.into_iter().collect()
    }

    /// Whether the origin may use a schema with the source file of this digest (`None`: no such
    /// source file is known here).
    ///
    /// # Errors
    /// [`TrustError::Schema`].
    pub fn allows_schema(
        &self,
        schema: &SchemaRef,
        digest: Option<&Hash>,
    ) -> Result<(), TrustError> {
        let Some(allowed) = &self.schemas else {
            return Ok(());
        };
        // How an origin proposes its next key is no source's own schema.
        if allowed.iter().any(|a| a.allows(schema, digest)) || schema.id == KEY_SCHEMA {
            return Ok(());
        }
        Err(TrustError::Schema {
            origin: self.origin.clone(),
            id: schema.id.clone(),
            version: schema.version,
        })
    }

    /// Checks every rule of this origin.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn check(&self) -> Result<(), TrustError> {
        let origin = || self.origin.clone();
        let fingerprints: Vec<Fingerprint> =
            self.keys.iter().map(|k| Fingerprint::of(&k.0)).collect();
        let unique: BTreeSet<&Fingerprint> = fingerprints.iter().collect();
        if unique.len() != fingerprints.len() {
            return Err(TrustError::RepeatedKey(origin()));
        }
        let mut next = 0;
        let mut open = false;
        for (number, rule) in self.requirement.iter().enumerate() {
            let keys = rule.signers.keys();
            let named = !keys.is_empty() && keys.iter().all(|k| unique.contains(k));
            let ordered = !open && rule.from >= next && rule.to.is_none_or(|to| to > rule.from);
            if !named || !ordered {
                return Err(TrustError::Requirement {
                    origin: origin(),
                    number,
                });
            }
            open = rule.to.is_none();
            next = rule.to.unwrap_or(MAX_SIZE);
        }
        let distrusted: BTreeSet<&Fingerprint> = self.distrust.iter().map(|d| &d.key).collect();
        let too_large = self.distrust.iter().any(|d| d.from >= MAX_SIZE);
        if distrusted.len() != self.distrust.len() || too_large {
            return Err(TrustError::Distrust(origin()));
        }
        let mut schemas = self.schemas.iter().flatten();
        let schemas_fit = schemas.all(AllowedSchema::is_well_formed);
        let anchor_fits = self.anchor.is_none_or(|a| a.size > 0 && a.size < MAX_SIZE);
        let cadence_fits = self
            .heartbeat
            .is_none_or(|s| (1..=LONGEST_CADENCE).contains(&s));
        if !schemas_fit || !anchor_fits || !cadence_fits {
            return Err(TrustError::Detail(origin()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
