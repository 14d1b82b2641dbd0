//! `keyring.json`: the vault keys, sealed to each member by role with HPKE (RFC 9180, base mode,
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM).

use std::collections::BTreeMap;

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _, aead::AesGcm256,
    kdf::HkdfSha256,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Identity, Kem, PublicIdentity, Role, Secret, b64};

const FORMAT: &str = "muniment/keyring/v1";

/// The three vault keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyName {
    /// Opens `vault.db` and derives the index key.
    Database,
    /// Opens sealed files.
    Originals,
    /// Computes handles from identities.
    Handles,
}

impl KeyName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Database, Self::Originals, Self::Handles];

    /// The word in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Originals => "originals",
            Self::Handles => "handles",
        }
    }
}

/// The vault keys a member could open, by name and generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct VaultKeys(BTreeMap<(KeyName, u32), Secret>);

impl VaultKeys {
    pub(crate) fn draw(entropy: &mut dyn CryptoRng) -> Self {
        Self(
            KeyName::ALL
                .iter()
                .map(|n| ((*n, 1), Secret::draw(entropy)))
                .collect(),
        )
    }
    /// The newest generation of a key.
    pub(crate) fn newest(&self, name: KeyName) -> Option<(u32, &Secret)> {
        self.0
            .range((name, 0)..=(name, u32::MAX))
            .next_back()
            .map(|((_, g), k)| (*g, k))
    }
    /// The oldest generation of a key: what must stay the same for the life of the vault is derived from it.
    pub(crate) fn oldest(&self, name: KeyName) -> Option<&Secret> {
        self.0
            .range((name, 0)..=(name, u32::MAX))
            .next()
            .map(|(_, k)| k)
    }
    pub(crate) fn generation(&self, name: KeyName, generation: u32) -> Option<&Secret> {
        self.0.get(&(name, generation))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedKey {
    key: KeyName,
    generation: u32,
    #[serde(with = "b64")]
    enc: [u8; 32],
    #[serde(with = "b64")]
    sealed: Vec<u8>,
}

/// One identity of the keyring and the keys sealed to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SealedIdentity {
    pub(crate) id: String,
    pub(crate) role: Role,
    #[serde(with = "b64")]
    kem: [u8; 32],
    #[serde(with = "b64")]
    sign: [u8; 32],
    keys: Vec<SealedKey>,
}

/// The keyring file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keyring {
    format: String,
    vault: String,
    pub(crate) identities: Vec<SealedIdentity>,
}

/// Why a keyring entry could not be opened or made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum KeyringError {
    #[error("keyring.json is not the keyring of this workspace")]
    NotOurs,
    #[error("keyring.json does not list {0}")]
    Unlisted(String),
    #[error(
        "keyring.json: the {key} key sealed to {member} does not open; the file was altered or belongs to another copy"
    )]
    Altered { member: String, key: &'static str },
    #[error("keyring.json: the public key of {0} is not an X25519 key")]
    PublicKey(String),
}

impl Keyring {
    pub(crate) fn new(vault: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            vault: vault.to_owned(),
            identities: Vec::new(),
        }
    }

    /// Seals to `public` every key its role holds.
    pub(crate) fn admit(
        &mut self,
        role: Role,
        public: PublicIdentity,
        keys: &VaultKeys,
        mut entropy: &mut dyn CryptoRng,
    ) -> Result<String, KeyringError> {
        let id = public.id(role);
        let unfit = || KeyringError::PublicKey(id.clone());
        let recipient =
            <Kem as hpke::Kem>::PublicKey::from_bytes(&public.kem).map_err(|_| unfit())?;
        let mut sealed_keys = Vec::new();
        for ((name, generation), secret) in keys.0.iter().filter(|((name, _), _)| role.holds(*name))
        {
            let (enc, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, Kem>(
                &OpModeS::Base,
                &recipient,
                FORMAT.as_bytes(),
                secret.bytes(),
                &self.aad(&id, *name, *generation),
                &mut entropy,
            )
            .map_err(|_| unfit())?;
            let mut enc_bytes = [0; 32];
            enc_bytes.copy_from_slice(&enc.to_bytes());
            sealed_keys.push(SealedKey {
                key: *name,
                generation: *generation,
                enc: enc_bytes,
                sealed,
            });
        }
        self.identities.retain(|i| i.id != id);
        self.identities.push(SealedIdentity {
            id: id.clone(),
            role,
            kem: public.kem,
            sign: public.sign,
            keys: sealed_keys,
        });
        Ok(id)
    }

    /// The keys sealed to `id`.
    pub(crate) fn open(
        &self,
        vault: &str,
        id: &str,
        identity: &Identity,
    ) -> Result<(Role, VaultKeys), KeyringError> {
        if self.format != FORMAT || self.vault != vault {
            return Err(KeyringError::NotOurs);
        }
        let entry = self
            .identities
            .iter()
            .find(|i| i.id == id)
            .ok_or_else(|| KeyringError::Unlisted(id.to_owned()))?;
        let (private, _) = Kem::derive_keypair(identity.kem.bytes());
        let mut keys = BTreeMap::new();
        for sealed in &entry.keys {
            let altered = || KeyringError::Altered {
                member: id.to_owned(),
                key: sealed.key.word(),
            };
            let enc =
                <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed.enc).map_err(|_| altered())?;
            let plain = hpke::single_shot_open::<AesGcm256, HkdfSha256, Kem>(
                &OpModeR::Base,
                &private,
                &enc,
                FORMAT.as_bytes(),
                &sealed.sealed,
                &self.aad(id, sealed.key, sealed.generation),
            )
            .map(Zeroizing::new)
            .map_err(|_| altered())?;
            let secret = <[u8; 32]>::try_from(plain.as_slice())
                .map(Secret::new)
                .map_err(|_| altered())?;
            keys.insert((sealed.key, sealed.generation), secret);
        }
        // A keyring from which a sealed key was cut out must not pass for a role with fewer keys.
        for name in KeyName::ALL {
            if entry.role.holds(name) && !keys.keys().any(|(n, _)| *n == name) {
                return Err(KeyringError::Altered {
                    member: id.to_owned(),
                    key: name.word(),
                });
            }
        }
        Ok((entry.role, VaultKeys(keys)))
    }

    fn aad(&self, id: &str, key: KeyName, generation: u32) -> Vec<u8> {
        format!(
            "{FORMAT}\n{}\n{id}\n{}\n{generation}",
            self.vault,
            key.word()
        )
        .into_bytes()
    }
}
