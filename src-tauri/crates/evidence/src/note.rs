//! C2SP signed notes with Ed25519 signatures (type 0x01).
//!
//! Reading is strict: one spelling of base64, no control characters, no repeated signer. As
//! C2SP asks, a signature by a key that the reader does not know is ignored: nothing may
//! rest on it, and callers list it as unverified. A failing signature of a known key
//! rejects the whole note.

use std::{fmt, str::FromStr};

use data_encoding::BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::base64;
use crate::hash::{Hash, Hasher};

/// Largest note, in bytes.
pub const MAX_NOTE: usize = 64 * 1024;
/// Most signature lines of a note.
pub const MAX_SIGNATURES: usize = 16;
/// C2SP signature type of Ed25519.
const ED25519_TYPE: u8 = 0x01;
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
    #[error("the note has a control character at byte {0}")]
    ControlCharacter(usize),
    /// No blank line followed by signatures, or no final line feed.
    #[error("the note has no blank line followed by signature lines")]
    NoSignatures,
    /// More than 16 signature lines.
    #[error("the note has more than 16 signature lines")]
    TooManySignatures,
    /// A signature line that is not `— name base64`.
    #[error("signature line {0} is not an em dash, a key name and canonical base64")]
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
    /// Not a verifier key of the form `name+hash+base64`.
    #[error("not a verifier key of the form name+hash+base64 with a matching hash")]
    KeyText,
    /// An algorithm that is not supported.
    #[error("the key has signature type {0:#04x}; only Ed25519 (0x01) is supported")]
    KeyType(u8),
    /// A key name that is empty or contains white space or `+`.
    #[error("a key name is not empty and has no white space and no plus sign")]
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

fn key_id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(b"\n");
    hasher.update(&[ED25519_TYPE]);
    hasher.update(key);
    let [a, b, c, d, ..] = hasher.finish().0;
    [a, b, c, d]
}

/// y coordinates (little endian, sign bit clear) of the points whose order divides 8:
/// 0, 1, p - 1 and the two of order 8.
const SMALL_ORDER: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

fn check_public_key(key: &[u8; 32]) -> Result<(), NoteError> {
    let mut y = *key;
    y[31] &= 0x7f;
    // p = 2^255 - 19, so y is not reduced exactly when its bytes are ed..ff ff..ff 7f.
    if y[0] >= 0xed && y[1..31].iter().all(|b| *b == 0xff) && y[31] == 0x7f {
        return Err(NoteError::KeyNotCanonical);
    }
    let hex = data_encoding::HEXLOWER.encode(&y);
    if SMALL_ORDER.contains(&hex.as_str()) {
        return Err(NoteError::KeySmallOrder);
    }
    Ok(())
}

/// A public key with its name, written as a C2SP vkey `name+hash+base64(type || key)`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerifierKey {
    name: String,
    key: [u8; 32],
}

impl VerifierKey {
    /// A key from its name and the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`NoteError::KeyName`], [`NoteError::KeyNotCanonical`], [`NoteError::KeySmallOrder`].
    pub fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        check_public_key(&key)?;
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The key's name; for a log's own key usually its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that select the key in a note. Not an identity: use the fingerprint.
    pub fn id(&self) -> [u8; 4] {
        key_id(&self.name, &self.key)
    }

    /// SHA-256 of the type byte and the key: what is compared out of band and pinned.
    pub fn fingerprint(&self) -> Hash {
        let mut typed = [ED25519_TYPE; 33];
        typed[1..].copy_from_slice(&self.key);
        Hash::sha256(&typed)
    }

    /// The 32 bytes of the public key.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Whether `signature` (64 bytes) of `message` verifies.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = [ED25519_TYPE; 33];
        typed[1..].copy_from_slice(&self.key);
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64.encode(&typed))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        // The base64 alphabet has a plus sign too, so cut from the left.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::KeyText);
        };
        let typed = base64::decode(key.as_bytes()).ok_or(NoteError::KeyText)?;
        let (&kind, key) = typed.split_first().ok_or(NoteError::KeyText)?;
        if kind != ED25519_TYPE {
            return Err(NoteError::KeyType(kind));
        }
        let key = key.try_into().map_err(|_| NoteError::KeyText)?;
        let found = Self::new(name, key)?;
        if format!("{:08x}", u32::from_be_bytes(found.id())) != id {
            return Err(NoteError::KeyText);
        }
        Ok(found)
    }
}

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
                .filter(|k| k.name == line.name && k.id() == line.id)
                .peekable();
            if candidates.peek().is_none() {
                continue;
            }
            // Two pinned keys may share the four bytes of the id; one of them must fit.
            let signer = candidates
                .find(|k| k.verifies(self.text.as_bytes(), &line.signature))
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
            .filter(|l| !known.iter().any(|k| k.name == l.name && k.id() == l.id))
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
mod tests {
    use super::*;

    fn key(name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, &[seed; 32]).unwrap()
    }

    #[test]
    fn signs_and_verifies() {
        let key = key("log.example/a", 1);
        let note = key.sign_note("first\nsecond\n").unwrap();
        let parsed = SignedNote::parse(note.as_bytes()).unwrap();
        assert_eq!(parsed.text(), "first\nsecond\n");
        let known = [key.verifier_key().clone()];
        assert_eq!(parsed.verify(&known).unwrap(), known);
        let vkey = key.verifier_key().to_string();
        assert_eq!(vkey.parse::<VerifierKey>().as_ref(), Ok(key.verifier_key()));
        assert!(!format!("{key:?}").contains("0101"));
    }

    #[test]
    fn a_note_by_strangers_has_no_signers_and_a_forged_one_is_rejected() {
        let (mine, other) = (key("log", 1), key("log", 2));
        let known = [mine.verifier_key().clone()];
        let note = other.sign_note("text\n").unwrap();
        let parsed = SignedNote::parse(note.as_bytes()).unwrap();
        assert_eq!(parsed.verify(&known), Ok(vec![]));
        assert_eq!(parsed.unknown(&known).count(), 1);
        let forged = mine
            .sign_note("text\n")
            .unwrap()
            .replacen("text", "next", 1);
        let parsed = SignedNote::parse(forged.as_bytes()).unwrap();
        let bad = NoteError::BadSignature { name: "log".into() };
        assert_eq!(parsed.verify(&known), Err(bad));
    }

    #[test]
    fn no_byte_of_a_note_by_one_key_is_without_meaning() {
        let key = key("log", 3);
        let known = [key.verifier_key().clone()];
        let note = key.sign_note("origin\n12\nroot\n").unwrap().into_bytes();
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut changed = note.clone();
                changed[at] ^= 1 << bit;
                let verified = SignedNote::parse(&changed).and_then(|n| n.verify(&known));
                assert!(
                    verified.is_err() || verified == Ok(vec![]),
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn each_bad_form_has_its_error() {
        let good = key("log", 1).sign_note("a\n").unwrap();
        let line = good.lines().last().unwrap().to_owned();
        let parse = |note: String| SignedNote::parse(note.as_bytes()).unwrap_err();
        assert_eq!(
            parse("x".repeat(MAX_NOTE + 1)),
            NoteError::TooLong(MAX_NOTE + 1)
        );
        assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotUtf8));
        assert_eq!(
            parse(good.replace("a\n", "a\r\n")),
            NoteError::ControlCharacter(1)
        );
        assert_eq!(parse("a\nb\n".into()), NoteError::NoSignatures);
        assert_eq!(parse(good.trim_end().into()), NoteError::NoSignatures);
        assert_eq!(parse(format!("{good}{line}\n")), NoteError::RepeatedKey(2));
        assert_eq!(parse(format!("{good}- x y\n")), NoteError::SignatureLine(2));
        assert_eq!(
            parse(good.replace(" log ", " l+g ")),
            NoteError::SignatureLine(1)
        );
        let many = (0..17u8).map(|i| key(&format!("k{i}"), i).sign_note("a\n").unwrap());
        let many: String = many
            .map(|n| n.lines().last().unwrap().to_owned() + "\n")
            .collect();
        assert_eq!(parse(format!("a\n\n{many}")), NoteError::TooManySignatures);
        for text in ["a", "a\tb\n"] {
            assert_eq!(
                key("log", 1).sign_note(text),
                Err(NoteError::UnsignableText)
            );
        }
    }

    #[test]
    fn weak_and_misspelled_keys_are_refused() {
        let mut y = [0xff; 32];
        for (low, high) in [(0xed, 0x7f), (0xee, 0xff), (0xff, 0x7f)] {
            y[0] = low;
            y[31] = high;
            assert_eq!(VerifierKey::new("k", y), Err(NoteError::KeyNotCanonical));
        }
        for hex in SMALL_ORDER {
            let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
            let mut key: [u8; 32] = bytes.try_into().unwrap();
            assert_eq!(VerifierKey::new("k", key), Err(NoteError::KeySmallOrder));
            key[31] |= 0x80;
            assert_eq!(VerifierKey::new("k", key), Err(NoteError::KeySmallOrder));
        }
        for name in ["", "a b", "a+b", "a\n"] {
            assert_eq!(VerifierKey::new(name, [5; 32]), Err(NoteError::KeyName));
        }
        let vkey = key("log", 1).verifier_key().to_string();
        assert_eq!(
            "log+00000000+AQ==".parse::<VerifierKey>(),
            Err(NoteError::KeyText)
        );
        assert_eq!(
            "log+00000000+BgAA".parse::<VerifierKey>(),
            Err(NoteError::KeyType(6))
        );
        let renamed = vkey.replacen("log", "lag", 1);
        assert_eq!(renamed.parse::<VerifierKey>(), Err(NoteError::KeyText));
    }
}
