//! The way back when no custodian can open the workspace any more.

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use evidence::Seed;
use rand_core::CryptoRng;
use rusqlite::TransactionBehavior;
use serde_json::json;

use crate::create::NewMember;
use crate::keys::{Identity, KdfCost, KeyName, MemberFile, RecoveryKey, Role};
use crate::ledger::{Act, RECOVERED, Signer, enrolled_member, member_detail};
use crate::open::{lock, read_keyring, read_memory, start};
use crate::state::{Remembered, state_path, write_json};
use crate::table::{ledger, member};
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
        let (vault, _lock) = lock(dir)?;
        let mut keyring = read_keyring(dir)?;
        let identity = recovery.identity();
        let id = identity.public().id(Role::Recovery);
        let (role, keys) = keyring.open(&vault, &id, &identity)?;
        let signer = Signer { id, role, identity };
        let database = keys
            .newest(KeyName::Database)
            .map(|(_, k)| k.clone())
            .ok_or(OpenError::Database)?;
        db::migrate(dir, &database, false).await?;

        let state = state_path(state_dir, &vault);
        let memories = [("state file", read_memory(&state)?), ("member file", None)];
        let (mut writer, _) = start(dir, &database, &vault, &signer, &memories, Mode::Normal)?;
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
            .admit(Role::Custodian, file.public(), &keys, entropy)
            .map_err(OpenError::from)?;
        let detail = member_detail(Role::Custodian, &file.public(), new.name.as_deref());
        let act = Act::new(RECOVERED, json!({ "member": detail }));
        let mut seed = [0; 32];
        entropy.fill_bytes(&mut seed);

        let tx = writer
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let row = writer
            .tip
            .append(&vault, &act, &signer, Seed::new(seed), now)?;
        let m = enrolled_member(&row).ok_or(VaultError::Act {
            kind: RECOVERED.to_owned(),
            reason: "it does not name a member".to_owned(),
        })?;
        member::put(&tx, &m)?;
        ledger::insert(&tx, &row)?;
        // Before the commit: a key file without an entry can sign nothing.
        fs::create_dir_all(dir.join("members"))?;
        write_json(&dir.join("members").join(format!("{enrolled}.json")), &file)?;
        write_json(&dir.join("keyring.json"), &keyring)?;
        tx.commit()?;
        write_json(&state, &Remembered::of(&vault, &writer.tip.head()))?;
        Ok(enrolled)
    }
}
