//! C2SP signed notes with Ed25519 signatures (type 0x01) and, where the text is a checkpoint,
//! timestamped ML-DSA-44 cosignatures (type 0x06).
//!
//! Reading is strict: one spelling of base64, no control characters, no repeated signer. As
//! C2SP asks, a signature by a key that the reader does not know is ignored: nothing may
//! rest on it, and callers list it as unverified. A failing signature of a known key
//! rejects the whole note.

use crate::base64;

mod key;
mod sign;

pub use key::{Algorithm, ML_DSA_44_KEY, ML_DSA_44_SIGNATURE, VerifierKey};
pub use sign::{CosigningKey, LogKeys, SigningKey};

/// Largest note, in bytes.
pub const MAX_NOTE: usize = 64 * 1024;
/// Most signature lines of a note.
pub const MAX_SIGNATURES: usize = 16;
/// Separates the text from the signature lines.
const SPLIT: &str = "\n\n";
/// An em dash and a space: how each signature line starts.
const PREFIX: &str = "\u{2014} ";

/// Why a note or a key was refused. Never quotes the note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More than 64 KiB.
    #[error("the note has {0} bytes; at most 65536 are allowed")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than the line feed.
    #[error("the note has a control character at byte {0}; its lines end with a line feed alone")]
    ControlCharacter(usize),
    /// No blank line followed by signatures, or no final line feed.
    #[error("the note has no empty line followed by signature lines, each with its line feed")]
    NoSignatures,
    /// More than 16 signature lines.
    #[error("the note has more than 16 signature lines")]
    TooManySignatures,
    /// A signature line that is not `— name base64`.
    #[error(
        "signature line {0} is not an em dash (U+2014), a space, a key name, a space, and base64 in its one spelling (A-Z a-z 0-9 + /, padded with =)"
    )]
    SignatureLine(usize),
    /// Two lines of one key.
    #[error("signature line {0} repeats the key of an earlier line")]
    RepeatedKey(usize),
    /// The signature of a known key does not verify.
    #[error("the signature of the known key `{name}` does not verify")]
    BadSignature {
        /// Name of the key.
        name: String,
    },
    /// A text that cannot be signed: no final line feed, or a control character.
    #[error("a note's text ends with a line feed and has no other control character")]
    UnsignableText,
    /// The signature algorithm found no signature.
    #[error("the signature could not be computed; try again")]
    Signing,
    /// Not a verifier key of the form `name+hash+base64`.
    #[error("not a verifier key of the form name+hash+base64 with a matching hash")]
    KeyText,
    /// An algorithm that is not supported.
    #[error(
        "the key has signature type {0:#04x}; only Ed25519 (0x01) and ML-DSA-44 cosignatures (0x06) are supported"
    )]
    KeyType(u8),
    /// A key name that is empty or contains white space or `+`.
    #[error(
        "a key name is not empty and has no white space and no plus sign; for ML-DSA-44 it has at most 255 bytes"
    )]
    KeyName,
    /// A public key that is not the canonical encoding of a point.
    #[error("the public key is not canonically encoded")]
    KeyNotCanonical,
    /// A public key of small order, under which one signature fits many messages.
    #[error("the public key has small order")]
    KeySmallOrder,
}

impl NoteError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "note-too-long",
            Self::NotUtf8 => "note-not-utf8",
            Self::ControlCharacter(_) => "note-control-character",
            Self::NoSignatures => "note-no-signatures",
            Self::TooManySignatures => "note-too-many-signatures",
            Self::SignatureLine(_) => "note-signature-line",
            Self::RepeatedKey(_) => "note-repeated-key",
            Self::BadSignature { .. } => "bad-signature",
            Self::UnsignableText => "note-unsignable-text",
            Self::Signing => "note-signing",
            Self::KeyText => "key-text",
            Self::KeyType(_) => "key-type",
            Self::KeyName => "key-name",
            Self::KeyNotCanonical => "key-not-canonical",
            Self::KeySmallOrder => "key-small-order",
        }
    }
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.chars().any(bad) {
        return Err(NoteError::KeyName);
    }
    Ok(())
}

fn first_control(text: &str) -> Option<usize> {
    text.bytes()
        .position(|b| (b < 0x20 && b != b'\n') || b == 0x7f)
}

/// One signature line of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// Name of the key.
    pub name: String,
    /// Id of the key: selects, does not prove.
    pub id: [u8; 4],
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Whether it is `key`'s signature of this text.
    pub(crate) fn is_by(&self, key: &VerifierKey, text: &str) -> bool {
        key.verifies_note(text, &self.signature)
    }
}

/// A note as parsed, its signatures not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    lines: Vec<SignatureLine>,
}

impl SignedNote {
    /// Splits a note into text and signature lines.
    ///
    /// # Errors
    /// Every [`NoteError`] about form.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong(note.len()));
        }
        let note = str::from_utf8(note).map_err(|_| NoteError::NotUtf8)?;
        if let Some(at) = first_control(note) {
            return Err(NoteError::ControlCharacter(at));
        }
        let at = note.rfind(SPLIT).ok_or(NoteError::NoSignatures)?;
        let text = &note[..=at];
        let signatures = note[at + SPLIT.len()..]
            .strip_suffix('\n')
            .ok_or(NoteError::NoSignatures)?;
        let mut lines: Vec<SignatureLine> = Vec::new();
        for (k, line) in signatures.split('\n').enumerate() {
            let number = k + 1;
            if number > MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let line = signature_line(line).ok_or(NoteError::SignatureLine(number))?;
            if lines.iter().any(|l| l.name == line.name && l.id == line.id) {
                return Err(NoteError::RepeatedKey(number));
            }
            lines.push(line);
        }
        Ok(Self {
            text: text.to_owned(),
            lines,
        })
    }

    /// The signed text, final line feed included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines as they stand.
    pub fn lines(&self) -> &[SignatureLine] {
        &self.lines
    }

    /// The keys among `known` that signed, in the order of the lines. Empty means that no
    /// known key signed.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] when the signature of a known key fails.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<Vec<VerifierKey>, NoteError> {
        let mut signers: Vec<VerifierKey> = Vec::new();
        for line in &self.lines {
            let mut candidates = known
                .iter()
                .filter(|k| k.name() == line.name && k.id() == line.id)
                .peekable();
            if candidates.peek().is_none() {
                continue;
            }
            // Two pinned keys may share the four bytes of the id; one of them must fit.
            let signer = candidates
                .find(|k| k.verifies_note(&self.text, &line.signature))
                .ok_or_else(|| NoteError::BadSignature {
                    name: line.name.clone(),
                })?;
            if !signers.contains(signer) {
                signers.push(signer.clone());
            }
        }
        Ok(signers)
    }

    /// Signature lines that none of `known` claims: nothing rests on them.
    pub fn unknown<'a>(
        &'a self,
        known: &'a [VerifierKey],
    ) -> impl Iterator<Item = &'a SignatureLine> {
        self.lines
            .iter()
            .filter(|l| !known.iter().any(|k| k.name() == l.name && k.id() == l.id))
    }
}

fn signature_line(line: &str) -> Option<SignatureLine> {
    let (name, signature) = line.strip_prefix(PREFIX)?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = base64::decode(signature.as_bytes())?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    if signature.is_empty() {
        return None;
    }
    Some(SignatureLine {
        name: name.to_owned(),
        id: *id,
        signature: signature.to_vec(),
    })
}

#[cfg(test)]
mod tests;
