//! Whom the reader of a packet trusts, and who must have signed. Always the reader's own file,
//! never anything out of the packet.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::ledger::Role;
use crate::note::VerifierKey;
use crate::trust::{Fingerprint, OriginTrust, PinnedKey, TrustError};

/// Format of the trust file.
pub const PACKET_TRUST_FORMAT: &str = "muniment/packet-trust/2";
/// The format before it, which had signers, and sources without requirements.
const BEFORE: &str = "muniment/packet-trust/1";

/// What the reader got by another way than the packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PacketTrust {
    /// [`PACKET_TRUST_FORMAT`].
    pub format: String,
    /// Keys of those who may sign packets. Where one of them signed, everything that the packet's
    /// ledger part proves leads to a key that the reader knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<PinnedKey>,
    /// Those who may sign, by the fingerprints of their keys, as packets and `packet keys` print them. Beside a file, not in
    /// it.
    #[serde(skip)]
    pub fingerprints: Vec<Hash>,
    /// Workspaces by the first entry of their ledger: any of their members may sign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workspaces: Vec<PinnedWorkspace>,
    /// Who must have signed. Where nothing is required, one trusted signature is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<RequiredSignature>,
    /// Trust in the logs of source systems and of the custody ledger, as in a trust policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<OriginTrust>,
}

/// A workspace, by what its custodian read out when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinnedWorkspace {
    /// The vault's id.
    pub vault: String,
    /// Leaf hash (RFC 6962) of the first entry of its ledger.
    pub genesis: Hash,
}

/// Signatures that must be there: so many by members of a role, or the one of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RequiredSignature {
    /// By members of a role, as the packet's ledger part proves it.
    Role(RequiredRole),
    /// By the holder of this key.
    Person(RequiredPerson),
}

/// So many signatures by members of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredRole {
    /// The role.
    #[schemars(with = "String")]
    pub role: Role,
    /// How many members of it, at least one.
    #[serde(default = "one")]
    pub count: u32,
}

/// The signature of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredPerson {
    /// Fingerprint of their key.
    pub key: Fingerprint,
}

fn one() -> u32 {
    1
}

/// Why a trust file was not read.
#[derive(Debug, thiserror::Error)]
pub enum PacketTrustError {
    /// Not JSON of the expected form.
    #[error("the trust file is not JSON of the form {PACKET_TRUST_FORMAT}: {place} (line {line})")]
    Json {
        /// Path of the first problem, such as `signers[0]`.
        place: String,
        /// Line at which it was noticed.
        line: usize,
    },
    /// Another format.
    #[error("the trust file is not of the format {PACKET_TRUST_FORMAT}")]
    Format,
    /// A key, a workspace or a source that stands twice.
    #[error("`{0}` of the trust file has an entry twice")]
    Twice(&'static str),
    /// A requirement of no signature.
    #[error("requirement {0} of the trust file asks for no signature")]
    NoSignature(usize),
    /// The trust in a source breaks a rule.
    #[error(transparent)]
    Source(#[from] TrustError),
}

impl Default for PacketTrust {
    fn default() -> Self {
        Self {
            format: PACKET_TRUST_FORMAT.to_owned(),
            signers: Vec::new(),
            fingerprints: Vec::new(),
            workspaces: Vec::new(),
            require: Vec::new(),
            sources: Vec::new(),
        }
    }
}

impl PacketTrust {
    /// Reads a trust file, also one of the format before.
    ///
    /// # Errors
    /// With the place of the first problem.
    pub fn parse(bytes: &[u8]) -> Result<Self, PacketTrustError> {
        let json = &mut serde_json::Deserializer::from_slice(bytes);
        let mut trust: Self =
            serde_path_to_error::deserialize(json).map_err(|error| PacketTrustError::Json {
                place: error.path().to_string(),
                line: error.inner().line(),
            })?;
        let newer = !trust.workspaces.is_empty() || !trust.require.is_empty();
        match trust.format.as_str() {
            PACKET_TRUST_FORMAT => {}
            BEFORE if !newer => PACKET_TRUST_FORMAT.clone_into(&mut trust.format),
            _ => return Err(PacketTrustError::Format),
        }
        trust.check()?;
        Ok(trust)
    }

    fn check(&self) -> Result<(), PacketTrustError> {
        let keys: BTreeSet<Fingerprint> = self
            .signers
            .iter()
            .map(|key| Fingerprint::of(&key.0))
            .collect();
        if keys.len() != self.signers.len() {
            return Err(PacketTrustError::Twice("signers"));
        }
        let vaults: BTreeSet<&str> = self.workspaces.iter().map(|w| w.vault.as_str()).collect();
        if vaults.len() != self.workspaces.len() {
            return Err(PacketTrustError::Twice("workspaces"));
        }
        for (number, required) in (1..).zip(&self.require) {
            if matches!(required, RequiredSignature::Role(role) if role.count == 0) {
                return Err(PacketTrustError::NoSignature(number));
            }
        }
        let origins: BTreeSet<&str> = self.sources.iter().map(|s| s.origin.as_str()).collect();
        if origins.len() != self.sources.len() {
            return Err(PacketTrustError::Twice("sources"));
        }
        self.sources.iter().try_for_each(OriginTrust::check)?;
        Ok(())
    }

    /// The trust file's text.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Whether the reader named nobody who may sign.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        self.signers.is_empty() && self.fingerprints.is_empty() && self.workspaces.is_empty()
    }

    /// Trust in an origin, where the reader stated any.
    #[must_use]
    pub fn source(&self, origin: &str) -> Option<&OriginTrust> {
        self.sources.iter().find(|source| source.origin == origin)
    }

    /// Adds keys that count for an origin.
    pub fn pin_source(&mut self, origin: &str, keys: impl IntoIterator<Item = VerifierKey>) {
        let at = self.sources.iter().position(|s| s.origin == origin);
        let at = at.unwrap_or_else(|| {
            self.sources.push(OriginTrust::new(origin));
            self.sources.len() - 1
        });
        let known = &mut self.sources[at].keys;
        for key in keys.into_iter().map(PinnedKey) {
            if !known.contains(&key) {
                known.push(key);
            }
        }
    }

    /// Whether a key with this fingerprint may sign packets.
    pub(super) fn knows_signer(&self, fingerprint: &Hash) -> bool {
        let mut keys = self.signers.iter();
        self.fingerprints.contains(fingerprint)
            || keys.any(|key| key.0.fingerprint() == *fingerprint)
    }

    /// Whether a key of this name, whatever its bytes, may sign packets.
    pub(super) fn knows_name(&self, name: &str) -> bool {
        self.signers.iter().any(|key| key.0.name() == name)
    }
}
