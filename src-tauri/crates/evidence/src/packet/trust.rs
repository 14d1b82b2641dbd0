//! Whom the reader of a packet trusts. Always the reader's own file, never
//! anything out of the packet.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::note::VerifierKey;

/// Format of the trust file.
const FORMAT: &str = "muniment/packet-trust/1";

/// Keys that the reader got by another way than the packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PacketTrust {
    /// Keys of those who may sign packets. Empty: nobody was named, so signers
    /// are *unknown*.
    pub signers: Vec<VerifierKey>,
    /// Keys of source systems and of the custody log.
    pub sources: Vec<SourceKeys>,
}

/// Keys of one origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceKeys {
    /// Origin of the log.
    pub origin: String,
    /// Its keys.
    pub keys: Vec<VerifierKey>,
}

/// Why a trust file was not read.
#[derive(Debug, thiserror::Error)]
pub enum PacketTrustError {
    /// Not JSON of the expected form.
    #[error("the trust file is not JSON of the form muniment/packet-trust/1 (line {line})")]
    Json {
        /// Line of the first problem.
        line: usize,
    },
    /// Another format.
    #[error("the trust file is not of the format muniment/packet-trust/1")]
    Format,
    /// A key that cannot be used.
    #[error("key {number} of the trust file ({place}) cannot be used: {reason}")]
    Key {
        /// `signers` or the origin.
        place: String,
        /// Number of the key there, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustFile {
    format: String,
    #[serde(default)]
    signers: Vec<String>,
    #[serde(default)]
    sources: Vec<SourceFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceFile {
    origin: String,
    keys: Vec<String>,
}

fn keys(place: &str, texts: &[String]) -> Result<Vec<VerifierKey>, PacketTrustError> {
    texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            text.parse().map_err(|reason| PacketTrustError::Key {
                place: place.to_owned(),
                number: number + 1,
                reason: format!("{reason}"),
            })
        })
        .collect()
}

impl PacketTrust {
    /// Reads a trust file: `{format, signers: [vkey], sources: [{origin, keys: [vkey]}]}`.
    ///
    /// # Errors
    /// With the place of the first problem.
    pub fn parse(bytes: &[u8]) -> Result<Self, PacketTrustError> {
        let file: TrustFile = serde_json::from_slice(bytes)
            .map_err(|error| PacketTrustError::Json { line: error.line() })?;
        if file.format != FORMAT {
            return Err(PacketTrustError::Format);
        }
        let signers = keys("signers", &file.signers)?;
        let sources = file
            .sources
            .iter()
            .map(|source| {
                Ok(SourceKeys {
                    origin: source.origin.clone(),
                    keys: keys(&source.origin, &source.keys)?,
                })
            })
            .collect::<Result<_, PacketTrustError>>()?;
        Ok(Self { signers, sources })
    }

    /// The trust file's text.
    ///
    /// # Errors
    /// Only if serialisation itself fails, which plain data does not.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let file = TrustFile {
            format: FORMAT.to_owned(),
            signers: self.signers.iter().map(ToString::to_string).collect(),
            sources: self
                .sources
                .iter()
                .map(|source| SourceFile {
                    origin: source.origin.clone(),
                    keys: source.keys.iter().map(ToString::to_string).collect(),
                })
                .collect(),
        };
        serde_json::to_string_pretty(&file)
    }

    /// Keys given for an origin, from all its entries.
    pub(super) fn source_keys(&self, origin: &str) -> Vec<VerifierKey> {
        self.sources
            .iter()
            .filter(|source| source.origin == origin)
            .flat_map(|source| source.keys.iter().cloned())
            .collect()
    }

    /// Whether a key with this fingerprint may sign packets.
    pub(super) fn knows_signer(&self, fingerprint: &Hash) -> bool {
        self.signers
            .iter()
            .any(|key| key.fingerprint() == *fingerprint)
    }

    /// Whether a key of this name, whatever its bytes, may sign packets.
    pub(super) fn knows_name(&self, name: &str) -> bool {
        self.signers.iter().any(|key| key.name() == name)
    }
}
