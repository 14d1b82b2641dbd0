//! Signing: Ed25519 over a note's text, ML-DSA-44 over the checkpoint that the text is.

use std::fmt;

use data_encoding::BASE64;
use fips204::{
    ml_dsa_44,
    traits::{KeyGen as _, SerDes as _, Signer as _},
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::{MAX_NOTE, NoteError, PREFIX, VerifierKey, first_control, key::cosigned_message};
use crate::checkpoint::Checkpoint;

/// An Ed25519 signing key with its name. Keeps only the seed, wiped when dropped.
pub struct SigningKey {
    seed: Zeroizing<[u8; 32]>,
    public: VerifierKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, secret hidden)", self.public)
    }
}

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032 private key).
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::KeyText)?;
        let key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| NoteError::KeyText)?;
        Ok(Self {
            seed: Zeroizing::new(*seed),
            public: VerifierKey::new(name, key)?,
        })
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        self.public.name()
    }

    /// The public half.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.public
    }

    /// Signature (64 bytes, deterministic) of `message`.
    pub fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        // The seed made a key pair in `from_seed`, so it does again.
        if let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(self.seed.as_ref()) {
            out.copy_from_slice(pair.sign(message).as_ref());
        }
        out
    }

    /// A signed note of `text`, with this key's signature line.
    ///
    /// # Errors
    /// [`NoteError::UnsignableText`] unless the text ends with a line feed and has no other
    /// control character; [`NoteError::TooLong`].
    pub fn sign_note(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || first_control(text).is_some() {
            return Err(NoteError::UnsignableText);
        }
        let mut signature = self.public.id().to_vec();
        signature.extend_from_slice(&self.sign_bytes(text.as_bytes()));
        let note = format!(
            "{text}\n{PREFIX}{} {}\n",
            self.public.name(),
            BASE64.encode(&signature)
        );
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong(note.len()));
        }
        Ok(note)
    }
}

/// An ML-DSA-44 key that cosigns checkpoints, with its name. Keeps only the seed (FIPS 204's
/// xi), wiped when dropped.
pub struct CosigningKey {
    seed: Zeroizing<[u8; 32]>,
    public: VerifierKey,
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({:?}, secret hidden)", self.public)
    }
}

impl CosigningKey {
    /// The key that FIPS 204's `ML-DSA.KeyGen_internal` makes of a 32-byte seed.
    ///
    /// # Errors
    /// [`NoteError::KeyName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let (public, _) = ml_dsa_44::KG::keygen_from_seed(seed);
        Ok(Self {
            seed: Zeroizing::new(*seed),
            public: VerifierKey::ml_dsa_44(name, &public.into_bytes())?,
        })
    }

    /// The public half.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.public
    }

    /// Signature of exactly `message` with an empty context: the deterministic variant, so the
    /// same message gives the same bytes.
    ///
    /// # Errors
    /// [`NoteError::Signing`] when the bounded rejection loop of FIPS 204 finds none, which
    /// happens with a probability below 2^-256.
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, NoteError> {
        let (_, secret) = ml_dsa_44::KG::keygen_from_seed(&self.seed);
        let signature = secret.try_sign_with_seed(&[0; 32], message, &[]);
        signature.map(Vec::from).map_err(|_| NoteError::Signing)
    }

    /// The note with a cosignature line of this key added. `timestamp` is in seconds since the
    /// Epoch; it is this signer's own word, nobody else attests it.
    ///
    /// # Errors
    /// [`NoteError::UnsignableText`] when the note's text is no checkpoint, its origin is longer
    /// than 255 bytes, or the timestamp is above 2^63 - 1; [`NoteError::TooLong`].
    pub fn cosign_note(&self, note: &str, timestamp: u64) -> Result<String, NoteError> {
        let text = super::SignedNote::parse(note.as_bytes())?.text;
        let checkpoint = Checkpoint::parse(&text).map_err(|_| NoteError::UnsignableText)?;
        let message = cosigned_message(self.public.name(), timestamp, &checkpoint)
            .ok_or(NoteError::UnsignableText)?;
        let mut signature = self.public.id().to_vec();
        signature.extend_from_slice(&timestamp.to_be_bytes());
        signature.extend_from_slice(&self.sign_bytes(&message)?);
        let name = self.public.name();
        let note = format!("{note}{PREFIX}{name} {}\n", BASE64.encode(&signature));
        super::SignedNote::parse(note.as_bytes())?;
        Ok(note)
    }
}

/// Everything a log signs its checkpoints with.
#[derive(Debug)]
pub struct LogKeys {
    /// Signs the note.
    pub log: SigningKey,
    /// Cosigns it, when the log has one.
    pub cosigner: Option<CosigningKey>,
}

impl LogKeys {
    /// The signed note of a checkpoint. `timestamp` (seconds since the Epoch) goes into the
    /// cosignature only.
    ///
    /// # Errors
    /// As [`SigningKey::sign_note`] and [`CosigningKey::cosign_note`].
    pub fn sign(&self, checkpoint: &Checkpoint, timestamp: u64) -> Result<String, NoteError> {
        let note = self.log.sign_note(&checkpoint.to_text())?;
        match &self.cosigner {
            Some(cosigner) => cosigner.cosign_note(&note, timestamp),
            None => Ok(note),
        }
    }

    /// The public halves.
    pub fn verifier_keys(&self) -> Vec<VerifierKey> {
        let log = std::iter::once(self.log.verifier_key());
        log.chain(self.cosigner.iter().map(CosigningKey::verifier_key))
            .cloned()
            .collect()
    }
}
