//! DSSE (Dead Simple Signing Envelope, protocol v1): what packets sign.

use data_encoding::BASE64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base64;
use crate::note::{SigningKey, VerifierKey};

/// Pre-authentication encoding: the bytes that are signed.
/// `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in decimal.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let (type_length, length) = (payload_type.len(), payload.len());
    let mut out = format!("DSSEv1 {type_length} {payload_type} {length} ").into_bytes();
    out.extend_from_slice(payload);
    out
}

/// A payload with its signatures, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Envelope {
    /// Media type of the payload.
    pub payload_type: String,
    /// The payload in canonical base64.
    pub payload: String,
    /// At least one signature.
    pub signatures: Vec<Signature>,
}

/// One signature of an [`Envelope`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Fingerprint of the key in base64: selects a key, proves nothing.
    pub keyid: String,
    /// Ed25519 signature of the pre-authentication encoding in canonical base64.
    pub sig: String,
}

/// Why an envelope was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DsseError {
    /// The payload is not canonical base64.
    #[error("the envelope's payload is not canonical base64")]
    Payload,
    /// The payload is of another type than expected.
    #[error("the envelope's payload has another type than expected")]
    PayloadType,
    /// A signature that is not canonical base64 of 64 bytes, or a repeated key.
    #[error("signature {0} of the envelope is malformed or repeats a key")]
    Signature(usize),
    /// The signature of a known key fails.
    #[error("signature {0} of the envelope is by a known key and does not verify")]
    BadSignature(usize),
}

impl Envelope {
    /// Signs a payload with one key.
    pub fn sign(payload_type: &str, payload: &[u8], key: &SigningKey) -> Self {
        let mut envelope = Self {
            payload_type: payload_type.to_owned(),
            payload: BASE64.encode(payload),
            signatures: Vec::new(),
        };
        envelope.add(payload, key);
        envelope
    }

    /// Adds the signature of a further key over the same `payload`.
    pub fn add(&mut self, payload: &[u8], key: &SigningKey) {
        let signature = key.sign_bytes(&pae(&self.payload_type, payload));
        self.signatures.push(Signature {
            keyid: key.verifier_key().fingerprint().to_string(),
            sig: BASE64.encode(&signature),
        });
    }

    /// The payload, and those of `known` who signed it, in the order of the signatures;
    /// none when no known key signed.
    ///
    /// # Errors
    /// [`DsseError`]; a failing signature of a known key refuses the whole envelope.
    pub fn open(
        &self,
        payload_type: &str,
        known: &[VerifierKey],
    ) -> Result<(Vec<u8>, Vec<VerifierKey>), DsseError> {
        if self.payload_type != payload_type {
            return Err(DsseError::PayloadType);
        }
        let payload = base64::decode(self.payload.as_bytes()).ok_or(DsseError::Payload)?;
        let message = pae(payload_type, &payload);
        let mut signers = Vec::new();
        for (k, signature) in self.signatures.iter().enumerate() {
            let bytes = base64::decode(signature.sig.as_bytes()).filter(|b| b.len() == 64);
            let bytes = bytes.ok_or(DsseError::Signature(k))?;
            let earlier = &self.signatures[..k];
            if earlier.iter().any(|s| s.keyid == signature.keyid) {
                return Err(DsseError::Signature(k));
            }
            let key = known
                .iter()
                .find(|key| key.fingerprint().to_string() == signature.keyid);
            if let Some(key) = key {
                if !key.verifies(&message, &bytes) {
                    return Err(DsseError::BadSignature(k));
                }
                signers.push(key.clone());
            }
        }
        Ok((payload, signers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_protocol_says() {
        // The example of the DSSE protocol description.
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        let text = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(encoded, text.as_bytes());
    }

    #[test]
    fn opens_what_it_signed_and_nothing_else() {
        let key = SigningKey::from_seed("signer", &[1; 32]).unwrap();
        let other = SigningKey::from_seed("other", &[2; 32]).unwrap();
        let mut envelope = Envelope::sign("text/plain", b"hello", &key);
        envelope.add(b"hello", &other);
        let known = [key.verifier_key().clone()];
        let opened = envelope.open("text/plain", &known);
        assert_eq!(opened, Ok((b"hello".to_vec(), known.to_vec())));
        assert_eq!(
            envelope.open("text/html", &known),
            Err(DsseError::PayloadType)
        );
        let mut changed = envelope.clone();
        changed.payload = BASE64.encode(b"hullo");
        assert_eq!(
            changed.open("text/plain", &known),
            Err(DsseError::BadSignature(0))
        );
        changed = envelope.clone();
        changed.signatures[1].keyid = changed.signatures[0].keyid.clone();
        assert_eq!(
            changed.open("text/plain", &known),
            Err(DsseError::Signature(1))
        );
        changed = envelope.clone();
        changed.signatures[1].sig = "AAAA".into();
        assert_eq!(
            changed.open("text/plain", &known),
            Err(DsseError::Signature(1))
        );
        changed = envelope;
        changed.payload.pop();
        assert_eq!(changed.open("text/plain", &known), Err(DsseError::Payload));
    }
}
