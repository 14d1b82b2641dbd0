//! Rotation: a record `muniment/key/v1` in which an origin *proposes* its next key. It carries
//! a proof that whoever proposes holds the new key; a custodian confirms it by another way.

use data_encoding::BASE64;

use super::{Fingerprint, OriginTrust, PinnedKey, Requirement, Signers};
use crate::{
    base64,
    note::{Algorithm, CosigningKey, NoteError, SigningKey, VerifierKey},
    record::Field,
};

/// Value of `/format` in such a record.
pub const KEY_FORMAT: &str = "muniment/key/v1";
/// Id of its schema.
pub const KEY_SCHEMA: &str = "muniment-key";
/// Most bytes of a vkey text: ML-DSA-44 with a long name.
const MAX_VKEY: usize = 4096;

/// A proposed key, as a record states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProposal {
    /// Name of the log.
    pub origin: String,
    /// Index of the record.
    pub index: u64,
    /// The new key.
    pub key: VerifierKey,
    /// The pinned key that it takes the place of; none when it is to sign as well.
    pub replaces: Option<Fingerprint>,
}

/// Why a record is no proposal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// A field is missing or malformed.
    #[error("the record has no valid {0}")]
    Field(&'static str),
    /// The new key cannot be used.
    #[error("the proposed key cannot be used: {0}")]
    Key(NoteError),
    /// The proof does not verify under the new key.
    #[error("the proof of possession does not verify under the proposed key")]
    Proof,
}

/// Why a proposal cannot be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoidProposal {
    /// The key is pinned already.
    #[error("the key is pinned already")]
    Pinned,
    /// The key to be replaced signs nothing at this size.
    #[error("the key that it would replace is not required at size {0}")]
    NotInForce(u64),
    /// It would weaken the requirement.
    #[error("it would weaken the requirement: {0}")]
    Weaker(&'static str),
    /// A key that vouches for it is distrusted from this size on.
    #[error("it stands at or above size {0}, from which a key of the log is distrusted")]
    Distrusted(u64),
    /// It stands above a fork.
    #[error("it stands after the fork at size {0}")]
    Forked(u64),
    /// The records in which it stands do not count.
    #[error("the export in which it stands does not count: {0}")]
    Uncounted(String),
}

/// What the new key signs to prove that whoever proposes it holds it: format, NUL, origin,
/// index, the replaced key's fingerprint (zeros when none), the vkey; lengths before texts. The
/// NUL keeps it apart from the text of every note.
pub fn possession_message(
    origin: &str,
    index: u64,
    replaces: Option<&Fingerprint>,
    key: &VerifierKey,
) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend_from_slice(KEY_FORMAT.as_bytes());
    message.extend_from_slice(b"\n\0");
    let mut text = |text: &str| {
        message.extend_from_slice(&(text.len() as u64).to_be_bytes());
        message.extend_from_slice(text.as_bytes());
    };
    text(origin);
    text(&key.to_string());
    message.extend_from_slice(&index.to_be_bytes());
    message.extend_from_slice(&replaces.map_or([0; 32], |f| f.0.0));
    message
}

/// A key of either algorithm, to prove its possession with.
#[derive(Clone, Copy, Debug)]
pub enum NewKey<'a> {
    /// Ed25519.
    Log(&'a SigningKey),
    /// ML-DSA-44.
    Cosigner(&'a CosigningKey),
}

/// The members `format`, `key`, `replaces` and `proof` of a proposal at an index, as (name,
/// text).
///
/// # Errors
/// [`NoteError::Signing`].
pub fn proposal_fields(
    origin: &str,
    index: u64,
    replaces: Option<&Fingerprint>,
    new: NewKey<'_>,
) -> Result<Vec<(&'static str, String)>, NoteError> {
    let key = match new {
        NewKey::Log(key) => key.verifier_key(),
        NewKey::Cosigner(key) => key.verifier_key(),
    };
    let message = possession_message(origin, index, replaces, key);
    let proof = match new {
        NewKey::Log(key) => key.sign_bytes(&message).to_vec(),
        NewKey::Cosigner(key) => key.sign_bytes(&message)?,
    };
    let mut fields = vec![("format", KEY_FORMAT.to_owned()), ("key", key.to_string())];
    fields.extend(replaces.map(|f| ("replaces", f.to_string())));
    fields.push(("proof", BASE64.encode(&proof)));
    Ok(fields)
}

impl KeyProposal {
    /// Reads a record's fields, as (path, value text), and verifies the proof.
    ///
    /// # Errors
    /// [`ProposalError`].
    pub fn read<'a>(
        origin: &str,
        index: u64,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ProposalError> {
        let (mut format, mut key, mut replaces, mut proof) = (None, None, None, None);
        for (path, value) in fields {
            let slot = match path {
                "/format" => &mut format,
                "/key" => &mut key,
                "/replaces" => &mut replaces,
                "/proof" => &mut proof,
                _ => continue,
            };
            *slot = Some(serde_json::from_str::<String>(value).unwrap_or_default());
        }
        if format.as_deref() != Some(KEY_FORMAT) {
            return Err(ProposalError::Field("format"));
        }
        let key = key.filter(|k| k.len() <= MAX_VKEY);
        let key = key.ok_or(ProposalError::Field("key"))?;
        let key: VerifierKey = key.parse().map_err(ProposalError::Key)?;
        let replaces = replaces
            .map(|text| text.parse::<Fingerprint>())
            .transpose()
            .map_err(|_| ProposalError::Field("replaces"))?;
        let proof = proof.and_then(|p| base64::decode(p.as_bytes()));
        let proof = proof.ok_or(ProposalError::Field("proof"))?;
        let message = possession_message(origin, index, replaces.as_ref(), &key);
        if !key.verifies(&message, &proof) {
            return Err(ProposalError::Proof);
        }
        Ok(Self {
            origin: origin.to_owned(),
            index,
            key,
            replaces,
        })
    }

    /// The record's fields, `@schema` not among them: what [`KeyProposal::read`] reads.
    pub fn fields(record: &[Field]) -> impl Iterator<Item = (&str, &str)> {
        record.iter().map(|f| (f.path.as_str(), f.value.as_str()))
    }
}

impl OriginTrust {
    /// The policy once a custodian confirmed a proposal: for checkpoints of sizes from `from` on,
    /// the new key takes the place of the one it replaces, or must sign as well. Never lowers
    /// the requirement.
    ///
    /// # Errors
    /// [`VoidProposal`].
    pub fn rotated(&self, proposal: &KeyProposal, from: u64) -> Result<Self, VoidProposal> {
        let new = Fingerprint::of(&proposal.key);
        if self.key(&new).is_some() {
            return Err(VoidProposal::Pinned);
        }
        let vouching = |k: &Fingerprint| proposal.replaces.is_none_or(|replaced| replaced == *k);
        let distrusted = self.distrust.iter();
        let distrusted = distrusted.filter(|d| vouching(&d.key) || d.key == new);
        if let Some(at) = distrusted
            .map(|d| d.from)
            .filter(|at| *at <= proposal.index)
            .min()
        {
            return Err(VoidProposal::Distrusted(at));
        }
        if self.distrust.iter().any(|d| d.key == new) {
            return Err(VoidProposal::Weaker("the proposed key is distrusted"));
        }
        let quantum_safe = |k: &VerifierKey| k.algorithm() == Algorithm::MlDsa44;
        if let Some(replaced) = &proposal.replaces {
            let there = self.key(replaced);
            let there = there.ok_or(VoidProposal::NotInForce(from))?;
            if quantum_safe(there) && !quantum_safe(&proposal.key) {
                return Err(VoidProposal::Weaker("an ML-DSA key is replaced by Ed25519"));
            }
        }
        let mut requirement = Vec::new();
        let mut in_force = false;
        for rule in self.requirement_in_full() {
            if rule.from < from {
                let to = Some(rule.to.map_or(from, |to| to.min(from)));
                requirement.push(Requirement { to, ..rule.clone() });
            }
            if rule.to.is_none_or(|to| to > from) {
                let signers = replaced(&rule.signers, proposal, new)?;
                in_force |= signers != rule.signers;
                requirement.push(Requirement {
                    from: rule.from.max(from),
                    to: rule.to,
                    signers,
                });
            }
        }
        if !in_force {
            return Err(VoidProposal::NotInForce(from));
        }
        let mut policy = self.clone();
        policy.keys.push(PinnedKey(proposal.key.clone()));
        policy.requirement = requirement;
        Ok(policy)
    }
}

/// A range's signers with the new key.
fn replaced(
    signers: &Signers,
    proposal: &KeyProposal,
    new: Fingerprint,
) -> Result<Signers, VoidProposal> {
    let Some(old) = proposal.replaces else {
        return match signers {
            Signers::All(keys) => {
                let keys = keys.iter().copied().chain([new]);
                Ok(Signers::All(keys.collect()))
            }
            // Pinning an ML-DSA key makes all of them required.
            Signers::Any(keys) if proposal.key.algorithm() == Algorithm::MlDsa44 => {
                let keys = keys.iter().copied().chain([new]);
                Ok(Signers::All(keys.collect()))
            }
            Signers::Any(_) => Err(VoidProposal::Weaker(
                "one more key would suffice where any of them does",
            )),
        };
    };
    let renamed = |keys: &[Fingerprint]| -> Vec<Fingerprint> {
        let rename = |k: &Fingerprint| if *k == old { new } else { *k };
        keys.iter().map(rename).collect()
    };
    Ok(match signers {
        Signers::Any(keys) => Signers::Any(renamed(keys)),
        Signers::All(keys) => Signers::All(renamed(keys)),
    })
}
