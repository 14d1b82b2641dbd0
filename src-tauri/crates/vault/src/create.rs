//! Making a workspace.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use evidence::{CompactRange, Seed};
use files::Folder;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::db::Access;
use crate::keys::{
    By, Identity, KdfCost, KeyName, Keyring, MemberFile, PassphraseError, RecoveryKey, Role,
    VaultKeys,
};
use crate::ledger::{
    Act, CREATED, ENROLLED, LedgerHead, SecondMember, Signer, Tip, member_detail, time_text,
};
use crate::ring::{self, MEMBERS, Next, RING};
use crate::state::{Remembered, head_name};
use crate::table::{ledger, member};
use crate::{OpenError, Vault, VaultError, db};

pub(crate) const FORMAT: &str = "muniment/vault/v1";

/// `vault.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VaultFile {
    pub(crate) format: String,
    pub(crate) vault: String,
    pub(crate) created: String,
}

impl VaultFile {
    pub(crate) fn new(vault: &str, created: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            vault: vault.to_owned(),
            created: created.to_owned(),
        }
    }

    /// The one spelling of the file: the ledger's first entry says all that is in it.
    pub(crate) fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Somebody to enrol.
#[derive(Clone)]
pub struct NewMember {
    /// Role.
    pub role: Role,
    /// Display name, which goes into the ledger as a field of its own and can be withheld.
    pub name: Option<String>,
    /// Passphrase of the key file.
    pub passphrase: String,
}

impl std::fmt::Debug for NewMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMember")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// What a new workspace begins with.
#[derive(Clone, Debug)]
pub struct NewVault {
    /// Display name of the first custodian.
    pub custodian: Option<String>,
    /// Their passphrase.
    pub passphrase: String,
    /// A second member, so that approvals by two are possible from the start.
    pub second: Option<NewMember>,
    /// Cost of the passphrases.
    pub cost: KdfCost,
}

/// A workspace that was made.
#[derive(Debug)]
pub struct Created {
    /// Vault id.
    pub vault: String,
    /// To be printed now: it is not kept.
    pub recovery_key: RecoveryKey,
    /// Members' ids: the first custodian, then the second member.
    pub members: Vec<String>,
}

impl Vault {
    /// Makes a workspace in an empty or new folder. It is not open afterwards.
    pub async fn create(
        dir: &Path,
        new: &NewVault,
        entropy: &mut (dyn CryptoRng + Send),
        now: DateTime<Utc>,
    ) -> Result<Created, OpenError> {
        let folder = Folder::make(dir)?;
        if !folder.entries()?.is_empty() {
            return Err(OpenError::NotEmpty(dir.to_owned()));
        }
        // One that was there may be open to others.
        folder.narrow()?;
        if new
            .second
            .as_ref()
            .is_some_and(|s| s.role == Role::Recovery)
        {
            return Err(VaultError::UnknownAct("member.enrolled as recovery".to_owned()).into());
        }
        let mut seed = [0; 10];
        entropy.fill_bytes(&mut seed);
        let vault = format!("vault-{}", BASE32_NOPAD.encode(&seed).to_ascii_lowercase());
        let keys = VaultKeys::draw(entropy);
        let recovery_key = RecoveryKey::draw(entropy);
        let mut keyring = Keyring::new(&vault);
        let recovery = recovery_key.identity().public();

        let first = NewMember {
            role: Role::Custodian,
            name: new.custodian.clone(),
            passphrase: new.passphrase.clone(),
        };
        let mut enrolled = Vec::new();
        for m in std::iter::once(&first).chain(&new.second) {
            let identity = Identity::draw(entropy);
            let file =
                MemberFile::seal(&vault, m.role, &identity, &m.passphrase, new.cost, entropy)?;
            let bytes = ring::key_file_bytes(&file)?;
            enrolled.push((m, identity, file, bytes));
        }
        if let Some((_, identity, file, _)) = enrolled.first() {
            let by = By {
                id: &file.member,
                identity,
            };
            keyring.admit(Role::Recovery, recovery, &keys, &by, entropy)?;
            for (m, _, file, _) in &enrolled {
                keyring.admit(m.role, file.public(), &keys, &by, entropy)?;
            }
        }

        let members_folder = folder.make_folder(MEMBERS)?;
        folder.make_folder("sealed")?;
        for (_, _, file, bytes) in &enrolled {
            files::replace(&members_folder, format!("{}.json", file.member), bytes)?;
        }
        let ring_bytes = keyring.to_bytes()?;
        files::replace(&folder, RING, &ring_bytes)?;
        let Some((_, database)) = keys.newest(KeyName::Database) else {
            return Err(OpenError::Database);
        };
        db::make(&folder)?;
        db::migrate(dir, database, Access::Write, true).await?;

        let mut acts = Vec::new();
        for (n, (m, _, file, bytes)) in enrolled.iter().enumerate() {
            let detail = member_detail(m.role, &file.public(), m.name.as_deref());
            let key_files = ring::key_files_detail([(file.member.as_str(), bytes.as_slice())]);
            let ring = ring::ring_detail(&ring_bytes);
            acts.push(if n == 0 {
                let recovery_detail = member_detail(Role::Recovery, &recovery, None);
                let detail = json!({
                    "vault": vault, "created": time_text(now), "custodian": detail, "recovery": recovery_detail,
                    "ring": ring, "keyFiles": key_files,
                    // From here on a row that no entry states is not obeyed.
                    crate::stated::STATES: [],
                });
                Act::new(CREATED, detail)
            } else {
                let detail = json!({ "member": detail, "ring": ring, "keyFiles": key_files });
                Act::new(ENROLLED, detail)
            });
        }
        let signer = enrolled.first().map(|(m, identity, file, _)| Signer {
            id: file.member.clone(),
            role: m.role,
            identity: identity.clone(),
        });
        let members: Vec<String> = enrolled
            .iter()
            .map(|(_, _, file, _)| file.member.clone())
            .collect();
        let mut seeds = Vec::new();
        for _ in &acts {
            let mut seed = [0; 32];
            entropy.fill_bytes(&mut seed);
            seeds.push(Seed::new(seed));
        }
        if let Some(signer) = signer {
            let mut conn = db::writer(dir, database, Access::Write)?;
            let head = genesis(&mut conn, &vault, &signer, &acts, seeds, now)?;
            // From the start, so that one that is missing was taken away.
            for member in &members {
                Remembered::of(&vault, &head).write(&members_folder, &head_name(member))?;
            }
        }
        // Last, so that a half-made folder is not taken for a workspace.
        let file = VaultFile::new(&vault, &time_text(now));
        files::replace(&folder, "vault.json", &file.to_bytes()?)?;
        Ok(Created {
            vault,
            recovery_key,
            members,
        })
    }

    /// Enrols a member: a key file of their own, the vault keys of their role, and the ledger entry that makes
    /// them one. Only a custodian can.
    pub async fn enrol_member(
        &self,
        new: NewMember,
        cost: KdfCost,
        now: DateTime<Utc>,
    ) -> Result<String, VaultError> {
        let inner = self.inner.clone();
        let (file, public) = tokio::task::spawn_blocking(move || {
            let identity = inner.entropy(|e| Identity::draw(e));
            let file = inner.entropy(|e| {
                MemberFile::seal(&inner.id, new.role, &identity, &new.passphrase, cost, e)
            })?;
            let detail = member_detail(new.role, &file.public(), new.name.as_deref());
            Ok::<_, VaultError>((file, detail))
        })
        .await??;
        let inner = self.inner.clone();
        let id = file.member.clone();
        // All of it on one thread, so that nobody can give up between the entry and the files' names.
        tokio::task::spawn_blocking(move || {
            let (id, ring, next) = inner.write(now, |tx| {
                if file.role == Role::Recovery {
                    return Err(VaultError::NotAllowed {
                        role: inner.member.role,
                        kind: ENROLLED.to_owned(),
                    });
                }
                tx.allowed(ENROLLED)?;
                // The ring as it was checked when the workspace was opened: what lies there now, nobody vouches for.
                let mut keyring = inner.ring().clone().ok_or(VaultError::RingUnstated {
                    key: KeyName::Database,
                })?;
                let by = By {
                    id: &inner.member.id,
                    identity: &inner.member.identity,
                };
                inner
                    .entropy(|e| keyring.admit(file.role, file.public(), &inner.keys, &by, e))
                    .map_err(|e| VaultError::corrupt(RING, e))?;
                let (ring_bytes, key_file) = (keyring.to_bytes()?, ring::key_file_bytes(&file)?);
                let mut next = Next::new(&inner.folder);
                next.key_file(&id, &key_file)?;
                next.ring(&ring_bytes)?;
                let members = inner.folder.folder(MEMBERS)?;
                Remembered::of(&inner.id, &tx.before).write(&members, &head_name(&id))?;
                let detail = json!({
                    "member": public,
                    "ring": ring::ring_detail(&ring_bytes),
                    "keyFiles": ring::key_files_detail([(id.as_str(), key_file.as_slice())]),
                });
                Ok(((id, keyring, next), Act::new(ENROLLED, detail).into()))
            })?;
            next.take_their_names()?;
            *inner.ring() = Some(ring);
            Ok(id)
        })
        .await?
    }

    /// Wraps the open member's keys under another passphrase. Nothing else changes: earlier copies of the key
    /// file still open with the old one.
    pub async fn change_passphrase(
        &self,
        passphrase: String,
        cost: KdfCost,
        now: DateTime<Utc>,
    ) -> Result<(), VaultError> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let next = inner.write(now, |_| {
                let m = &inner.member;
                let file = inner.entropy(|e| {
                    MemberFile::seal(&inner.id, m.role, &m.identity, &passphrase, cost, e)
                })?;
                let bytes = ring::key_file_bytes(&file)?;
                let mut next = Next::new(&inner.folder);
                next.key_file(&m.id, &bytes)?;
                let key_files = ring::key_files_detail([(m.id.as_str(), bytes.as_slice())]);
                let detail = json!({ "member": m.id, "keyFiles": key_files });
                Ok((next, Act::new(ring::PASSPHRASE, detail).into()))
            })?;
            Ok(next.take_their_names()?)
        })
        .await?
    }

    /// A second member proves at this workstation that they are there: the result signs their acts.
    pub async fn unlock_second(
        &self,
        member: &str,
        passphrase: String,
    ) -> Result<SecondMember, VaultError> {
        let known = self
            .members()
            .await?
            .into_iter()
            .find(|m| m.id == member && m.active);
        let known = known.ok_or_else(|| VaultError::NoSuchMember(member.to_owned()))?;
        let inner = self.inner.clone();
        let identity = tokio::task::spawn_blocking(move || {
            let members = inner.folder.folder(MEMBERS)?;
            let (file, _) = ring::read_key_file(&members, &format!("{}.json", known.id))
                .map_err(|_| VaultError::Passphrase(PassphraseError::NotOurs("format")))?;
            let identity = file.open(&inner.id, &passphrase)?;
            if identity.public() != known.public {
                return Err(PassphraseError::NotOurs("keys").into());
            }
            Ok::<_, VaultError>(Signer {
                id: known.id,
                role: known.role,
                identity,
            })
        })
        .await??;
        Ok(SecondMember(Arc::new(identity)))
    }
}

fn genesis(
    conn: &mut rusqlite::Connection,
    vault: &str,
    signer: &Signer,
    acts: &[Act],
    seeds: Vec<Seed>,
    now: DateTime<Utc>,
) -> Result<LedgerHead, VaultError> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut tip = Tip {
        epoch: 0,
        range: CompactRange::new(),
        at: now,
    };
    for (act, seed) in acts.iter().zip(seeds) {
        let row = tip.append(vault, act, signer, seed, now)?;
        ledger::insert(&tx, &row)?;
    }
    let mut replayer = crate::ledger::Replayer::new(vault, &[]);
    ledger::scan(&tx, |row| {
        replayer
            .step(row)
            .map(|_| ())
            .map_err(|e| VaultError::Evidence(e.to_string()))
    })?;
    let replayed = replayer
        .finish()
        .map_err(|e| VaultError::Evidence(e.to_string()))?;
    for m in replayed.members.values() {
        member::put(&tx, m)?;
    }
    tx.commit()?;
    Ok(tip.head())
}
