//! The demonstration keys that stand for AWS's regional ones.

use chrono::{DateTime, Utc};
use data_encoding::{BASE64, HEXLOWER};
use evidence::Hash;
use md5::{Digest as _, Md5};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};

const TRAIL: &str = include_str!("demonstration-key-trail.pem");
const STRANGER: &str = include_str!("demonstration-key-stranger.pem");

/// Signs digests as CloudTrail does. The keys are public and trusted nowhere.
#[derive(Debug)]
pub struct TrailSigner {
    key: KeyPair,
    name: &'static str,
}

impl TrailSigner {
    /// The key that stands for a region's.
    ///
    /// # Panics
    /// Never: the key is part of the program.
    pub fn demonstration() -> Self {
        Self::of(TRAIL, "demonstration")
    }

    /// Another key, for what a forger would do.
    ///
    /// # Panics
    /// Never: the key is part of the program.
    pub fn stranger() -> Self {
        Self::of(STRANGER, "stranger")
    }

    #[expect(
        clippy::expect_used,
        reason = "the keys are part of the program and tested"
    )]
    fn of(pem: &str, name: &'static str) -> Self {
        let inside = pem
            .split_once("-----BEGIN PRIVATE KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END"))
            .map_or("", |(inside, _)| inside);
        let text: String = inside.split_whitespace().collect();
        let der = BASE64.decode(text.as_bytes()).expect("base64");
        Self {
            key: KeyPair::from_pkcs8(&der).expect("an RSA key"),
            name,
        }
    }

    /// Which of the two it is.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Public key, PKCS#1 DER.
    pub fn public(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// MD5 of the public key: how digests name it.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&Md5::digest(self.public()))
    }

    /// SHA-256 of the public key: what is pinned.
    pub fn sha256(&self) -> Hash {
        Hash::sha256(self.public())
    }

    /// RSA PKCS#1 v1.5 with SHA-256. The randomness only blinds; the signature is always the same.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        // Fails only where the system has no randomness; the empty signature then verifies nowhere.
        match self.key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        ) {
            Ok(()) => signature,
            Err(_) => Vec::new(),
        }
    }

    /// The answer of `aws cloudtrail list-public-keys`, in version 2's spelling of times.
    pub fn list_public_keys(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
        keys_file(&[(self.public(), &self.fingerprint(), from, until)])
    }
}

/// PKCS#1 DER, fingerprint, start and end of validity.
pub(super) type KeyLine<'a> = (&'a [u8], &'a str, DateTime<Utc>, DateTime<Utc>);

/// A keys file of (PKCS#1 DER, fingerprint, start and end of validity).
pub(super) fn keys_file(keys: &[KeyLine<'_>]) -> String {
    let list: Vec<_> = keys
        .iter()
        .map(|(value, fingerprint, from, until)| {
            serde_json::json!({
                "Value": BASE64.encode(value),
                "ValidityStartTime": from.to_rfc3339(),
                "ValidityEndTime": until.to_rfc3339(),
                "Fingerprint": fingerprint,
            })
        })
        .collect();
    let answer = serde_json::json!({ "PublicKeyList": list });
    serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n"
}
