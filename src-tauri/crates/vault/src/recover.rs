//! The way back when no custodian can open the workspace any more.
//!
//! Whoever used the paper may have shown it to somebody, so its use rotates the ring: a further generation of the database and
//! originals keys, sealed to every member and to another recovery identity, in whose place the one that was used is none any
//! more. The handles key stays: handles must stay the same for the life of the vault. What was sealed before stays readable
//! to whoever has the paper and an older copy of the ring.
//!
//! The database goes under its new key as a copy that takes its place: that rename is the commit. Before it, the old
//! database states the old ring; after it, the new one states the ring that waits beside it for its name.

use std::path::Path;

use chrono::{DateTime, Utc};
use evidence::Seed;
use rand_core::CryptoRng;
use rusqlite::TransactionBehavior;
use serde_json::json;

use crate::create::NewMember;
use crate::keys::{By, Identity, KdfCost, KeyName, MemberFile, RecoveryKey, Role, VaultKeys};
use crate::ledger::{Act, RECOVERED, Signer, enrolled_members, member_detail};
use crate::open::{Held, Memory, Started, lock, start};
use crate::ring::{self, MEMBERS, Next, Standing};
use crate::seal::Sealer;
use crate::state::{Remembered, StateFile, head_name};
use crate::table::{ledger, member, sealed};
use crate::{Mode, OpenError, Vault, VaultError, db};

/// What using a recovery key led to.
#[derive(Debug)]
pub struct Recovered {
    /// Id of the custodian who was enrolled.
    pub member: String,
    /// The recovery key from now on, to be printed: it is not kept.
    pub recovery_key: RecoveryKey,
    /// Whether the ledger is older than what this machine remembers: a custodian still has to take it into use.
    pub older: bool,
}

impl Vault {
    /// Enrols a new custodian with the printed recovery key, and puts another one in its place. The ledger entry is signed by
    /// the recovery identity, so that its use shows for ever. The workspace is not open afterwards.
    pub async fn recover(
        dir: &Path,
        recovery: &RecoveryKey,
        new: &NewMember,
        cost: KdfCost,
        state_dir: &Path,
        entropy: &mut (dyn CryptoRng + Send),
        now: DateTime<Utc>,
    ) -> Result<Recovered, OpenError> {
        if new.role != Role::Custodian {
            return Err(VaultError::NotAllowed {
                role: Role::Recovery,
                kind: RECOVERED.to_owned(),
            }
            .into());
        }
        let Held {
            vault,
            lock: _lock,
            folder,
            access,
        } = lock(dir)?.writing()?;
        let rings = ring::read_rings(&folder)?;
        let identity = recovery.identity();
        let id = identity.public().id(Role::Recovery);
        let (role, opening) = ring::open_any(&rings, &vault, &id, &identity).map_err(|error| {
            if ring::lists(&rings, &id) {
                error.into()
            } else {
                OpenError::WrongRecoveryKey
            }
        })?;
        let signer = Signer { id, role, identity };
        let database = db::that_opens(dir, &opening, access)?;
        db::migrate(dir, &database, access, false).await?;

        let state = StateFile::new(state_dir, &vault);
        let memory = Memory::read("state file", state.read(), &state.path());
        let begin = |memories: &[Memory]| {
            let key = (&database, access);
            start(dir, key, &vault, &signer, memories, None, Mode::Normal)
        };
        // An older copy is not refused: it may be all that is left. Nothing is remembered of it, so that the next open says
        // what is older, and a custodian takes it into use.
        let (started, older) = match begin(&[memory]) {
            Err(OpenError::LedgerRolledBack { .. } | OpenError::HeadUnreadable { .. }) => {
                (begin(&[])?, true)
            }
            other => (other?, false),
        };
        let Started {
            mut writer, facts, ..
        } = started;
        let facts = facts.ok_or(OpenError::Database)?;
        let (before_ring, keys) = match ring::judge(rings, &facts.files, &facts.members)? {
            Standing::Stated(found) => {
                let (_, keys) = found.ring.open(&vault, &signer.id, &signer.identity)?;
                ring::settle(&folder, &found, &facts.files)?;
                (found.ring, keys)
            }
            Standing::Before(found) => {
                let (_, keys) = found.ring.open(&vault, &signer.id, &signer.identity)?;
                let sealer = Sealer::new(&folder, &vault, &keys)?;
                ring::opens_what_is_sealed(&sealer, &sealed::kinds(&writer.conn)?)?;
                (found.ring, keys)
            }
        };
        let fresh = Identity::draw(entropy);
        let file = MemberFile::seal(
            &vault,
            Role::Custodian,
            &fresh,
            &new.passphrase,
            cost,
            entropy,
        )?;
        let enrolled = file.member.clone();
        let recovery_key = RecoveryKey::draw(entropy);
        let next_recovery = recovery_key.identity().public();
        let keys = keys.rotated(&[KeyName::Database, KeyName::Originals], entropy);
        let by = By {
            id: &enrolled,
            identity: &fresh,
        };
        let mut keyring = before_ring
            .without(&signer.id)
            .sealed_again(&keys, &by, entropy)?;
        keyring.admit(Role::Custodian, file.public(), &keys, &by, entropy)?;
        keyring.admit(Role::Recovery, next_recovery, &keys, &by, entropy)?;
        let (ring_bytes, key_file) = (keyring.to_bytes()?, ring::key_file_bytes(&file)?);
        let detail = json!({
            "member": member_detail(Role::Custodian, &file.public(), new.name.as_deref()),
            "recovery": member_detail(Role::Recovery, &next_recovery, None),
            "ring": ring::ring_detail(&ring_bytes),
            "keyFiles": ring::key_files_detail([(enrolled.as_str(), key_file.as_slice())]),
        });
        let act = Act::new(RECOVERED, detail);
        let mut seed = [0; 32];
        entropy.fill_bytes(&mut seed);

        let before = Remembered::of(&vault, &writer.tip.head());
        let row = writer
            .tip
            .append(&vault, &act, &signer, Seed::new(seed), now)?;
        let mut changed = enrolled_members(&vault, &row).ok_or(VaultError::Act {
            kind: RECOVERED.to_owned(),
            reason: "it does not name a member".to_owned(),
        })?;
        let used = facts.members.get(&signer.id).cloned();
        changed.extend(used.map(|used| crate::Member {
            active: false,
            ..used
        }));
        db::settle(writer.conn)?;
        let mut copy = files::NewFile::in_place_of(&folder, db::FILE)?;
        std::io::copy(&mut folder.open_file(db::FILE)?, &mut copy)?;
        let at = dir.join(copy.unfinished_name());
        let mut conn = db::rekeyed(&at, &database, newest_database(&keys)?)?;
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for m in &changed {
            member::put(&tx, m)?;
        }
        ledger::insert(&tx, &row)?;
        tx.commit()?;
        conn.close().map_err(|_| OpenError::Database)?;

        let members = folder.make_folder(MEMBERS)?;
        before.write(&members, &head_name(&enrolled))?;
        let mut next = Next::new(&folder);
        next.key_file(&enrolled, &key_file)?;
        next.ring(&ring_bytes)?;
        files::step("commit");
        copy.replace()?;
        next.take_their_names()?;
        if !older {
            state.write(&Remembered::of(&vault, &writer.tip.head()))?;
        }
        Ok(Recovered {
            member: enrolled,
            recovery_key,
            older,
        })
    }
}

fn newest_database(keys: &VaultKeys) -> Result<&crate::keys::Secret, OpenError> {
    let newest = keys.newest(KeyName::Database);
    newest.map(|(_, key)| key).ok_or(OpenError::Database)
}
