//! Signing a packet, at once or later by a further signer.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use chrono::{DateTime, Utc};
use evidence::packet::{
    Layout, PacketJson, STATEMENT_FORMAT, Statement, read_container, signature_files,
    write_container,
};
use evidence::{Hash, SigningKey, VerifierKey};

use crate::build::PacketError;

/// Somebody who can sign: a key in memory, or a member's key behind the vault.
pub trait PacketSigner {
    /// The public key, under the name that the statement gives.
    fn key(&self) -> &VerifierKey;
    /// The role the signer signs in.
    fn role(&self) -> &str;
    /// What the signer says, in one sentence.
    fn statement(&self) -> &str;
    /// Ed25519 over the bytes.
    ///
    /// # Errors
    /// When the signer does not or cannot sign.
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignRefused>;
}

/// The signer did not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signer did not sign: {0}")]
pub struct SignRefused(pub String);

/// A signing key in memory, in a role.
#[derive(Debug)]
pub struct KeySigner<'a> {
    /// The key.
    pub key: &'a SigningKey,
    /// The role.
    pub role: &'a str,
    /// What is said.
    pub statement: &'a str,
}

impl PacketSigner for KeySigner<'_> {
    fn key(&self) -> &VerifierKey {
        self.key.verifier_key()
    }
    fn role(&self) -> &str {
        self.role
    }
    fn statement(&self) -> &str {
        self.statement
    }
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignRefused> {
        Ok(self.key.sign_bytes(bytes))
    }
}

/// Adds one signer's four files.
pub(crate) fn add_signature(
    files: &mut BTreeMap<String, Vec<u8>>,
    packet: &PacketJson,
    signer: &dyn PacketSigner,
    now: DateTime<Utc>,
) -> Result<(), PacketError> {
    let tag_manifest = files
        .get(Layout::TAG_MANIFEST)
        .ok_or(PacketError::Incomplete)?;
    let fingerprint = signer.key().fingerprint().to_hex();
    let statement = Statement {
        format: STATEMENT_FORMAT.to_owned(),
        packet: packet.id.clone(),
        version: packet.version,
        tag_manifest: Hash::sha256(tag_manifest).to_hex(),
        role: signer.role().to_owned(),
        statement: signer.statement().to_owned(),
        signer: signer.key().name().to_owned(),
        fingerprint: fingerprint.clone(),
        time: now.into(),
    };
    // The bytes to sign do not depend on the signature: lay out once to get
    // them, and once more with the signature.
    let unsigned = signature_files(&statement, signer.key(), &[0; 64])?;
    let signature = signer.sign(&unsigned.pae)?;
    let signed = signature_files(&statement, signer.key(), &signature)?;
    for (part, bytes) in [
        ("dsse.json", signed.dsse),
        ("pae", signed.pae),
        ("sig", signed.sig),
        ("pub.pem", signed.public_key),
    ] {
        files.insert(format!("{}{fingerprint}.{part}", Layout::SIGNATURES), bytes);
    }
    Ok(())
}

/// Adds a further signature to a written packet, e.g. an approver's. Nothing
/// else changes, so earlier signatures stay valid.
///
/// # Errors
/// When the packet cannot be read or the signer does not sign.
pub fn cosign(
    mut zip: impl Read + Seek,
    signer: &dyn PacketSigner,
    now: DateTime<Utc>,
    out: &mut impl Write,
) -> Result<u64, PacketError> {
    let mut files = read_container(&mut zip)?;
    let packet: PacketJson = files
        .get(Layout::PACKET)
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or_else(|| {
            PacketError::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                "the packet has no readable packet.json",
            ))
        })?;
    add_signature(&mut files, &packet, signer, now)?;
    Ok(write_container(&files, out)?)
}
