//! The local trust policy (`muniment/trust/v1`): per origin the pinned keys, which of them
//! must have signed for which sizes, the schemas it may use, and a pinned (size, root).
//! Nothing of it is ever taken from an export.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    checkpoint::is_origin, hash::Hash, merkle::MAX_SIZE, note::VerifierKey, record::SchemaRef,
};

/// Value of `format`.
pub const TRUST_FORMAT: &str = "muniment/trust/v1";

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
    /// Nothing is pinned for the origin.
    #[error("no key is pinned for `{0}`")]
    UnknownOrigin(String),
    /// No requirement covers the size.
    #[error("no requirement of `{origin}` covers size {size}")]
    NotCovered {
        /// Name of the log.
        origin: String,
        /// Size of the checkpoint.
        size: u64,
    },
    /// Required keys did not sign.
    #[error("the keys required of `{origin}` for size {size} did not sign")]
    NotSatisfied {
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
    Any(Vec<Hash>),
    /// All of these, by full fingerprint.
    All(Vec<Hash>),
}

/// The requirement for checkpoints of sizes in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A schema that an origin may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedSchema {
    /// Schema id.
    pub id: String,
    /// Schema version.
    pub version: u32,
    /// SHA-256 of the source file; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Hash>,
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
    /// Who must have signed, by size, in order and without overlap. When empty, any pinned
    /// key suffices for every size.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirement: Vec<Requirement>,
    /// Schemas that the origin may use; every one in the catalogue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<AllowedSchema>>,
    /// A pinned (size, root).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Seconds within which the origin writes a heartbeat record.
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

    /// Whether `signers`, who verifiably signed a checkpoint of this size, are those required.
    ///
    /// # Errors
    /// [`TrustError::UnknownOrigin`], [`TrustError::NotCovered`],
    /// [`TrustError::NotSatisfied`].
    pub fn satisfied(
        &self,
        origin: &str,
        size: u64,
        signers: &[VerifierKey],
    ) -> Result<(), TrustError> {
        let unknown = || TrustError::UnknownOrigin(origin.to_owned());
        let entry = self.origin(origin).ok_or_else(unknown)?;
        let signed: BTreeSet<Hash> = signers
            .iter()
            .filter(|s| entry.keys.iter().any(|k| k.0 == **s))
            .map(VerifierKey::fingerprint)
            .collect();
        let satisfied = if entry.requirement.is_empty() {
            !signed.is_empty()
        } else {
            let covers = |r: &&Requirement| r.from <= size && r.to.is_none_or(|to| size < to);
            let rule = entry.requirement.iter().find(covers);
            let rule = rule.ok_or_else(|| TrustError::NotCovered {
                origin: origin.to_owned(),
                size,
            })?;
            match &rule.signers {
                Signers::Any(keys) => keys.iter().any(|k| signed.contains(k)),
                Signers::All(keys) => keys.iter().all(|k| signed.contains(k)),
            }
        };
        if satisfied {
            return Ok(());
        }
        Err(TrustError::NotSatisfied {
            origin: origin.to_owned(),
            size,
        })
    }

    /// Whether an origin may use a schema with the source file of this digest.
    ///
    /// # Errors
    /// [`TrustError::UnknownOrigin`], [`TrustError::Schema`].
    pub fn allows_schema(
        &self,
        origin: &str,
        schema: &SchemaRef,
        digest: &Hash,
    ) -> Result<(), TrustError> {
        let unknown = || TrustError::UnknownOrigin(origin.to_owned());
        let entry = self.origin(origin).ok_or_else(unknown)?;
        let Some(allowed) = &entry.schemas else {
            return Ok(());
        };
        let fits = |a: &AllowedSchema| {
            a.id == schema.id
                && a.version == schema.version
                && a.digest.is_none_or(|d| d == *digest)
        };
        if allowed.iter().any(fits) {
            return Ok(());
        }
        Err(TrustError::Schema {
            origin: origin.to_owned(),
            id: schema.id.clone(),
            version: schema.version,
        })
    }
}

impl OriginTrust {
    fn check(&self) -> Result<(), TrustError> {
        let origin = || self.origin.clone();
        let fingerprints: Vec<Hash> = self.keys.iter().map(|k| k.0.fingerprint()).collect();
        let unique: BTreeSet<&Hash> = fingerprints.iter().collect();
        if unique.len() != fingerprints.len() {
            return Err(TrustError::RepeatedKey(origin()));
        }
        let mut next = 0;
        let mut open = false;
        for (number, rule) in self.requirement.iter().enumerate() {
            let (Signers::Any(keys) | Signers::All(keys)) = &rule.signers;
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
        let schema_fits = |s: &AllowedSchema| {
            let (id, version) = (s.id.clone(), s.version);
            SchemaRef::parse(&SchemaRef { id, version }.to_value()).is_ok()
        };
        let schemas_fit = self.schemas.iter().flatten().all(schema_fits);
        let anchor_fits = self.anchor.is_none_or(|a| a.size > 0 && a.size < MAX_SIZE);
        if !schemas_fit || !anchor_fits || self.heartbeat == Some(0) {
            return Err(TrustError::Detail(origin()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
