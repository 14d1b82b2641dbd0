//! `members/<id>.json`: one member's private keys, wrapped by a passphrase.

use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::CryptoRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{Identity, PublicIdentity, Role, Secret, b64};

const FORMAT: &str = "muniment/member/v1";
const MIN_KIB: u32 = 64 * 1024;
const MAX_KIB: u32 = 4 * 1024 * 1024;
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 16;
/// Memory times passes: what one try of a passphrase takes. 8 GiB are some seconds; the default takes three quarters of
/// a GiB. Whoever can write to the folder can plant a file, and its cost must not hold up an open.
const MAX_WORK_KIB: u64 = 8 * 1024 * 1024;

/// The cost of turning a passphrase into a key (Argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KdfCost {
    /// Memory in KiB: 64 MiB to 4 GiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
}

impl KdfCost {
    /// KiB that are passed over in one try.
    pub(crate) fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.iterations)
    }
    /// Whether a file may ask for it; decided before anything of it is run.
    pub(crate) fn accepted(self) -> Result<(), PassphraseError> {
        let memory_kib = self.memory_kib;
        if !(MIN_KIB..=MAX_KIB).contains(&memory_kib) {
            return Err(PassphraseError::Cost { memory_kib });
        }
        if !(1..=MAX_PASSES).contains(&self.iterations) || !(1..=MAX_LANES).contains(&self.lanes) {
            return Err(PassphraseError::Parameters);
        }
        if self.work_kib() > MAX_WORK_KIB {
            return Err(PassphraseError::Work {
                memory_kib,
                iterations: self.iterations,
            });
        }
        Ok(())
    }
}

impl Default for KdfCost {
    /// 256 MiB, three passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 256 * 1024,
            iterations: 3,
            lanes: 1,
        }
    }
}

/// Why a passphrase could not open or protect a key file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PassphraseError {
    /// The passphrase does not open the key file, or the key file was altered.
    #[error("the passphrase does not open the key file of {member}")]
    Wrong {
        /// The member whose file it is.
        member: String,
    },
    /// The file asks for a cost outside 64 MiB to 4 GiB.
    #[error("the key file asks for {memory_kib} KiB of memory; accepted are 65536 to 4194304")]
    Cost {
        /// What it asks for, in KiB.
        memory_kib: u32,
    },
    /// Memory times passes would hold up an open.
    #[error(
        "the key file asks for {iterations} passes over {memory_kib} KiB; accepted are 8 GiB in all"
    )]
    Work {
        /// Memory it asks for, in KiB.
        memory_kib: u32,
        /// Passes over it.
        iterations: u32,
    },
    /// Iterations or lanes outside what Argon2id knows or we accept.
    #[error("the key file states Argon2id parameters that are not accepted")]
    Parameters,
    /// An empty passphrase.
    #[error("the passphrase is empty")]
    Empty,
    /// The file is not a key file of this vault and member.
    #[error("the key file is not one of this workspace: {0}")]
    NotOurs(&'static str),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kdf {
    algorithm: String,
    #[serde(flatten)]
    cost: KdfCost,
    #[serde(with = "b64")]
    salt: [u8; 16],
}

/// A member's key file as it lies on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberFile {
    format: String,
    vault: String,
    pub(crate) member: String,
    pub(crate) role: Role,
    kdf: Kdf,
    #[serde(with = "b64")]
    kem: [u8; 32],
    #[serde(with = "b64")]
    sign: [u8; 32],
    #[serde(with = "b64")]
    nonce: [u8; 12],
    /// X25519 seed and Ed25519 seed, AES-256-GCM.
    #[serde(with = "b64")]
    sealed: Vec<u8>,
}

fn new_salt(entropy: &mut dyn CryptoRng) -> [u8; 16] {
    let mut salt = [0; 16];
    entropy.fill_bytes(&mut salt);
    salt
}

impl MemberFile {
    /// Wraps `identity` under `passphrase`.
    pub(crate) fn seal(
        vault: &str,
        role: Role,
        identity: &Identity,
        passphrase: &str,
        cost: KdfCost,
        entropy: &mut dyn CryptoRng,
    ) -> Result<Self, PassphraseError> {
        let public = identity.public();
        let mut nonce = [0; 12];
        let salt = new_salt(entropy);
        entropy.fill_bytes(&mut nonce);
        let mut file = Self {
            format: FORMAT.to_owned(),
            vault: vault.to_owned(),
            member: public.id(role),
            role,
            kdf: Kdf {
                algorithm: "argon2id".to_owned(),
                cost,
                salt,
            },
            kem: public.kem,
            sign: public.sign,
            nonce,
            sealed: Vec::new(),
        };
        let key = file.key(passphrase)?;
        let mut bytes = Vec::with_capacity(80);
        bytes.extend_from_slice(identity.kem.bytes());
        bytes.extend_from_slice(identity.sign.bytes());
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(file.aad()),
            &mut bytes,
        )
        .map_err(|_| PassphraseError::Parameters)?;
        file.sealed = bytes;
        Ok(file)
    }

    /// The private keys, if the passphrase is right and nothing in the file was altered.
    pub(crate) fn open(&self, vault: &str, passphrase: &str) -> Result<Identity, PassphraseError> {
        if self.format != FORMAT {
            return Err(PassphraseError::NotOurs("format"));
        }
        if self.vault != vault {
            return Err(PassphraseError::NotOurs("vault"));
        }
        let key = self.key(passphrase)?;
        let mut bytes = Zeroizing::new(self.sealed.clone());
        let wrong = || PassphraseError::Wrong {
            member: self.member.clone(),
        };
        let plain = key
            .open_in_place(
                Nonce::assume_unique_for_key(self.nonce),
                Aad::from(self.aad()),
                &mut bytes,
            )
            .map_err(|_| wrong())?;
        let (kem, sign) = plain.split_at_checked(32).ok_or_else(wrong)?;
        let seed = |b: &[u8]| {
            <[u8; 32]>::try_from(b)
                .map(Secret::new)
                .map_err(|_| wrong())
        };
        let identity = Identity {
            kem: seed(kem)?,
            sign: seed(sign)?,
        };
        if identity.public() != self.public() || self.public().id(self.role) != self.member {
            return Err(PassphraseError::NotOurs("keys"));
        }
        Ok(identity)
    }

    /// What one try of a passphrase takes.
    pub(crate) fn cost(&self) -> KdfCost {
        self.kdf.cost
    }

    /// Whether it says it is a key file of this vault's member with these keys; their secret halves only the passphrase
    /// shows.
    pub(crate) fn is_of(&self, vault: &str, id: &str, role: Role, public: &PublicIdentity) -> bool {
        self.format == FORMAT
            && self.vault == vault
            && self.member == id
            && self.role == role
            && self.public() == *public
            && self.kdf.cost.accepted().is_ok()
    }

    pub(crate) fn public(&self) -> PublicIdentity {
        PublicIdentity {
            kem: self.kem,
            sign: self.sign,
        }
    }

    /// Everything in the file that the passphrase must vouch for.
    fn aad(&self) -> Vec<u8> {
        let Kdf {
            algorithm,
            cost,
            salt,
        } = &self.kdf;
        let mut out = Vec::new();
        let parts: [&[u8]; 10] = [
            FORMAT.as_bytes(),
            self.vault.as_bytes(),
            self.member.as_bytes(),
            self.role.word().as_bytes(),
            algorithm.as_bytes(),
            &cost.memory_kib.to_be_bytes(),
            &cost.iterations.to_be_bytes(),
            &cost.lanes.to_be_bytes(),
            salt,
            &self.sign,
        ];
        for part in parts.iter().chain([&self.kem.as_slice()]) {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    fn key(&self, passphrase: &str) -> Result<LessSafeKey, PassphraseError> {
        let KdfCost {
            memory_kib,
            iterations,
            lanes,
        } = self.kdf.cost;
        self.kdf.cost.accepted()?;
        if self.kdf.algorithm != "argon2id" {
            return Err(PassphraseError::Parameters);
        }
        if passphrase.is_empty() {
            return Err(PassphraseError::Empty);
        }
        let normal: Zeroizing<String> = Zeroizing::new(passphrase.nfc().collect());
        let params = Params::new(memory_kib, iterations, lanes, Some(32))
            .map_err(|_| PassphraseError::Parameters)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(normal.as_bytes(), &self.kdf.salt, &mut *key)
            .map_err(|_| PassphraseError::Parameters)?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| PassphraseError::Parameters)?;
        Ok(LessSafeKey::new(key))
    }
}
