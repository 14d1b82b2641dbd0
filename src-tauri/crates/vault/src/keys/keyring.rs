//! `keyring.json`: the vault keys, sealed to each member by role with HPKE (RFC 9180, authenticated mode,
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM).
//!
//! Nothing in the file says that it is honest: whoever can write it could add a generation of a key that they know. So the
//! digest of its bytes stands in the ledger, in an entry that a custodian or the recovery key signed, and no key but the
//! database's (which opens the ledger) is used before the two were compared ([`crate::ring`]). Rings of before
//! (`v1`, base mode, stated by nothing) are read so that a custodian can state them.

use std::collections::BTreeMap;

use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _, aead::AesGcm256,
    kdf::HkdfSha256,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Identity, Kem, PublicIdentity, Role, Secret, b64};
use crate::table::member::Member;

const FORMAT: &str = "muniment/keyring/v2";
/// Sealed in base mode, and stated by no entry.
const BEFORE: &str = "muniment/keyring/v1";

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

    /// Whether the keyring seals this key to members of a role.
    #[must_use]
    pub fn is_for(self, role: Role) -> bool {
        self == Self::Database || role != Role::Reviewer
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
    /// The same keys, and a further generation of those that are named.
    pub(crate) fn rotated(&self, names: &[KeyName], entropy: &mut dyn CryptoRng) -> Self {
        let mut rotated = self.clone();
        for name in names {
            let generation = self
                .newest(*name)
                .map_or(1, |(generation, _)| generation + 1);
            rotated.0.insert((*name, generation), Secret::draw(entropy));
        }
        rotated
    }
    /// Every generation of a key, the newest first.
    pub(crate) fn generations(&self, name: KeyName) -> impl Iterator<Item = &Secret> {
        let all = self.0.range((name, 0)..=(name, u32::MAX));
        all.rev().map(|(_, key)| key)
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
    /// Only the key that opens the database: all that may be used before the ledger was heard.
    pub(crate) fn only_database(&self) -> Self {
        let database = self.0.iter().filter(|((n, _), _)| *n == KeyName::Database);
        Self(database.map(|(k, v)| (*k, v.clone())).collect())
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
    /// Who sealed the keys: an identity of this ring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    keys: Vec<SealedKey>,
}

impl SealedIdentity {
    pub(crate) fn public(&self) -> PublicIdentity {
        PublicIdentity {
            kem: self.kem,
            sign: self.sign,
        }
    }
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
    #[error("keyring.json names {0}, whom the ledger does not know with this role and these keys")]
    Stranger(String),
    #[error("keyring.json lists nothing for {0}, who is a member")]
    Left(String),
    #[error(
        "keyring.json holds a key of a generation that no version of this program made; somebody put it there"
    )]
    Planted,
}

/// Who seals to others.
pub(crate) struct By<'a> {
    pub(crate) id: &'a str,
    pub(crate) identity: &'a Identity,
}

impl Keyring {
    pub(crate) fn new(vault: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            vault: vault.to_owned(),
            identities: Vec::new(),
        }
    }

    /// The ring in a file of the workspace.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes)
            .map_err(|e| format!("not in its format, at line {}", e.line()))
    }

    /// The bytes of the file, whose digest the ledger states.
    pub(crate) fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Whether it is of before rings were sealed in authenticated mode.
    pub(crate) fn is_before(&self) -> bool {
        self.format == BEFORE
    }

    /// Seals to `public` every key its role holds.
    pub(crate) fn admit(
        &mut self,
        role: Role,
        public: PublicIdentity,
        keys: &VaultKeys,
        by: &By<'_>,
        mut entropy: &mut dyn CryptoRng,
    ) -> Result<String, KeyringError> {
        let id = public.id(role);
        let unfit = || KeyringError::PublicKey(id.clone());
        let recipient =
            <Kem as hpke::Kem>::PublicKey::from_bytes(&public.kem).map_err(|_| unfit())?;
        let mode = OpModeS::Auth(Kem::derive_keypair(by.identity.kem.bytes()));
        let mut sealed_keys = Vec::new();
        for ((name, generation), secret) in keys.0.iter().filter(|((name, _), _)| name.is_for(role))
        {
            let (enc, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, Kem>(
                &mode,
                &recipient,
                self.format.as_bytes(),
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
            by: Some(by.id.to_owned()),
            keys: sealed_keys,
        });
        Ok(id)
    }

    /// The ring without an identity.
    pub(crate) fn without(&self, id: &str) -> Self {
        let mut ring = self.clone();
        ring.identities.retain(|i| i.id != id);
        ring
    }

    /// The same keys sealed to the same identities, all of them by `by`.
    pub(crate) fn sealed_again(
        &self,
        keys: &VaultKeys,
        by: &By<'_>,
        entropy: &mut dyn CryptoRng,
    ) -> Result<Self, KeyringError> {
        let mut fresh = Self::new(&self.vault);
        for i in &self.identities {
            fresh.admit(i.role, i.public(), keys, by, entropy)?;
        }
        Ok(fresh)
    }

    /// Holds the ring to the members that the ledger knows: everybody in it is one, nobody is left out, and whoever
    /// sealed may seal.
    pub(crate) fn agrees(&self, members: &BTreeMap<String, Member>) -> Result<(), KeyringError> {
        let known = |id: &str| members.get(id).filter(|m| m.active);
        for i in &self.identities {
            let stranger = |id: &str| KeyringError::Stranger(id.to_owned());
            known(&i.id)
                .filter(|m| m.role == i.role && m.public == i.public())
                .ok_or_else(|| stranger(&i.id))?;
            if let Some(by) = &i.by {
                known(by)
                    .filter(|m| matches!(m.role, Role::Custodian | Role::Recovery))
                    .ok_or_else(|| stranger(by))?;
            }
        }
        let listed = |id: &str| self.identities.iter().filter(|i| i.id == id).count() == 1;
        match members.values().find(|m| m.active && !listed(&m.id)) {
            Some(m) => Err(KeyringError::Left(m.id.clone())),
            None => Ok(()),
        }
    }

    /// What can be said of a ring that no entry states: rings of before hold one generation of each key, because nothing
    /// ever made a second.
    pub(crate) fn as_made_before(&self) -> Result<(), KeyringError> {
        let one = |i: &SealedIdentity| {
            let names: std::collections::BTreeSet<_> = i.keys.iter().map(|k| k.key).collect();
            i.keys.iter().all(|k| k.generation == 1) && names.len() == i.keys.len()
        };
        if self.identities.iter().all(one) {
            Ok(())
        } else {
            Err(KeyringError::Planted)
        }
    }

    /// The keys sealed to `id`.
    pub(crate) fn open(
        &self,
        vault: &str,
        id: &str,
        identity: &Identity,
    ) -> Result<(Role, VaultKeys), KeyringError> {
        if (self.format != FORMAT && !self.is_before()) || self.vault != vault {
            return Err(KeyringError::NotOurs);
        }
        let listed = |id: &str| {
            let entry = self.identities.iter().find(|i| i.id == id);
            entry.ok_or_else(|| KeyringError::Unlisted(id.to_owned()))
        };
        let entry = listed(id)?;
        let mode = match (&entry.by, self.is_before()) {
            (None, true) => OpModeR::Base,
            (Some(by), false) => {
                let sealer = listed(by)?;
                let key = <Kem as hpke::Kem>::PublicKey::from_bytes(&sealer.kem)
                    .map_err(|_| KeyringError::PublicKey(by.clone()))?;
                OpModeR::Auth(key)
            }
            _ => return Err(KeyringError::NotOurs),
        };
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
                &mode,
                &private,
                &enc,
                self.format.as_bytes(),
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
            if name.is_for(entry.role) && !keys.keys().any(|(n, _)| *n == name) {
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
            "{}\n{}\n{id}\n{}\n{generation}",
            self.format,
            self.vault,
            key.word()
        )
        .into_bytes()
    }
}
