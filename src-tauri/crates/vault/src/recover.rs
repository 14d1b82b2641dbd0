//! The way back when no custodian can open the workspace any more.

use std::path::Path;

use chrono::{DateTime, Utc};
use evidence::Seed;
use rand_core::CryptoRng;
use rusqlite::TransactionBehavior;
use serde_json::json;

use crate::create::NewMember;
use crate::keys::{By, Identity, KdfCost, KeyName, MemberFile, RecoveryKey, Role};
use crate::ledger::{Act, RECOVERED, Signer, enrolled_member, member_detail};
use crate::open::{Held, Started, lock, read_memory, start};
use crate::ring::{self, MEMBERS, Next, Standing};
use crate::seal::Sealer;
use crate::state::{Remembered, StateFile, head_name};
use crate::table::{ledger, member, sealed};
use crate::{Mode, OpenError, Vault, VaultError, db};

impl Vault {
    /// Enrols a new custodian with the printed recovery key. The ledger entry is signed by the recovery
    /// identity, so that its use shows for ever. Vault keys are not changed by it: whoever has the paper can
    /// still use it. The workspace is not open afterwards.
    pub async fn recover(
        dir: &Path,
        recovery: &RecoveryKey,
        new: &NewMember,
        cost: KdfCost,
        state_dir: &Path,
        entropy: &mut (dyn CryptoRng + Send),
        now: DateTime<Utc>,
    ) -> Result<String, OpenError> {
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
        let (role, opening) = ring::open_any(&rings, &vault, &id, &identity)?;
        let signer = Signer { id, role, identity };
        let database = opening
            .newest(KeyName::Database)
            .map(|(_, k)| k.clone())
            .ok_or(OpenError::Database)?;
        db::migrate(dir, &database, access, false).await?;

        let state = StateFile::new(state_dir, &vault);
        let memories = [
            ("state file", read_memory(state.read(), &state.path())?),
            ("member file", None),
        ];
        let Started {
            mut writer, facts, ..
        } = start(
            dir,
            (&database, access),
            &vault,
            &signer,
            &memories,
            Mode::Normal,
        )?;
        let facts = facts.ok_or(OpenError::Database)?;
        let by = By {
            id: &signer.id,
            identity: &signer.identity,
        };
        let (mut keyring, keys) = match ring::judge(rings, &facts.files, &facts.members)? {
            Standing::Stated(found) => {
                let (_, keys) = found.ring.open(&vault, &signer.id, &signer.identity)?;
                ring::settle(&folder, &found, &facts.files)?;
                (found.ring, keys)
            }
            Standing::Before(found) => {
                let (_, keys) = found.ring.open(&vault, &signer.id, &signer.identity)?;
                let sealer = Sealer::new(&folder, &vault, &keys)?;
                ring::opens_what_is_sealed(&sealer, &sealed::kinds(&writer.conn)?)?;
                let (ring, _) = ring::sealed_again(&found.ring, &keys, &by, entropy)?;
                (ring, keys)
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
        let enrolled = keyring
            .admit(Role::Custodian, file.public(), &keys, &by, entropy)
            .map_err(OpenError::from)?;
        let (ring_bytes, key_file) = (keyring.to_bytes()?, ring::key_file_bytes(&file)?);
        let detail = json!({
            "member": member_detail(Role::Custodian, &file.public(), new.name.as_deref()),
            "ring": ring::ring_detail(&ring_bytes),
            "keyFiles": ring::key_files_detail([(enrolled.as_str(), key_file.as_slice())]),
        });
        let act = Act::new(RECOVERED, detail);
        let mut seed = [0; 32];
        entropy.fill_bytes(&mut seed);

        let before = Remembered::of(&vault, &writer.tip.head());
        let tx = writer
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let row = writer
            .tip
            .append(&vault, &act, &signer, Seed::new(seed), now)?;
        let m = enrolled_member(&vault, &row).ok_or(VaultError::Act {
            kind: RECOVERED.to_owned(),
            reason: "it does not name a member".to_owned(),
        })?;
        member::put(&tx, &m)?;
        ledger::insert(&tx, &row)?;
        let members = folder.make_folder(MEMBERS)?;
        before.write(&members, &head_name(&enrolled))?;
        let mut next = Next::new(&folder);
        next.key_file(&enrolled, &key_file)?;
        next.ring(&ring_bytes)?;
        files::step("commit");
        tx.commit()?;
        next.take_their_names()?;
        state.write(&Remembered::of(&vault, &writer.tip.head()))?;
        Ok(enrolled)
    }
}
