//! Signatures over a packet: a DSSE envelope over the digest of the tag
//! manifest, kept beside the bytes that were signed so that openssl can check
//! it without this program.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::model::Stamp;
use crate::base64;
use crate::dsse::{Envelope, Signature, pae};
use crate::note::{NoteError, VerifierKey};

/// DSSE payload type of a packet signature.
pub const PAYLOAD_TYPE: &str = "application/vnd.muniment.packet-signature+json";
/// The value of `format` in a statement.
pub const STATEMENT_FORMAT: &str = "muniment/packet-signature/1";

/// DER of an Ed25519 SubjectPublicKeyInfo up to the 32 bytes of the key (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// What a signer states. The payload of the envelope, as compact JSON in
/// exactly this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// `muniment/packet-signature/1`.
    pub format: String,
    /// The packet's id.
    pub packet: String,
    /// The packet's version.
    pub version: u32,
    /// Hex SHA-256 of `tagmanifest-sha256.txt`.
    pub tag_manifest: String,
    /// The role the signer signs in.
    pub role: String,
    /// What the signer says, in one sentence.
    pub statement: String,
    /// The key's name.
    pub signer: String,
    /// Hex SHA-256 over (signature type, public key).
    pub fingerprint: String,
    /// When, by the signer's own clock.
    pub time: Stamp,
}

impl Statement {
    /// The exact payload bytes.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// The four files of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureFiles {
    /// `signatures/<fingerprint>.dsse.json`
    pub dsse: Vec<u8>,
    /// `signatures/<fingerprint>.pae`: the bytes signed.
    pub pae: Vec<u8>,
    /// `signatures/<fingerprint>.sig`: the 64 bytes of the signature.
    pub sig: Vec<u8>,
    /// `signatures/<fingerprint>.pub.pem`
    pub public_key: Vec<u8>,
}

/// Lays out one signature. `signature` is over `pae` of the statement.
///
/// # Errors
/// Only if serialisation itself fails, which plain data does not.
pub fn signature_files(
    statement: &Statement,
    key: &VerifierKey,
    signature: &[u8; 64],
) -> Result<SignatureFiles, serde_json::Error> {
    let payload = statement.to_bytes()?;
    let envelope = Envelope {
        payload: BASE64.encode(&payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signature {
            keyid: key.fingerprint().to_string(),
            sig: BASE64.encode(signature),
        }],
    };
    let mut dsse = serde_json::to_vec_pretty(&envelope)?;
    dsse.push(b'\n');
    Ok(SignatureFiles {
        dsse,
        pae: pae(PAYLOAD_TYPE, &payload),
        sig: signature.to_vec(),
        public_key: public_key_pem(key).into_bytes(),
    })
}

/// The SubjectPublicKeyInfo PEM of a key, as openssl reads it.
#[must_use]
pub fn public_key_pem(key: &VerifierKey) -> String {
    let mut der = SPKI_PREFIX.to_vec();
    der.extend_from_slice(key.public_key());
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        BASE64.encode(&der)
    )
}

/// The 32 bytes of the key in a PEM of exactly the form of [`public_key_pem`].
#[must_use]
pub fn raw_public_key(pem: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(pem).ok()?;
    let body = text
        .strip_prefix("-----BEGIN PUBLIC KEY-----\n")?
        .strip_suffix("\n-----END PUBLIC KEY-----\n")?;
    let der = base64::decode(body.as_bytes())?;
    der.strip_prefix(SPKI_PREFIX.as_slice())?.try_into().ok()
}

/// The key of a PEM file under the name its statement gives.
///
/// # Errors
/// When the key or the name is not one a signer may use.
pub fn verifier_key(name: &str, raw: [u8; 32]) -> Result<VerifierKey, NoteError> {
    VerifierKey::new(name, raw)
}
