//! The ways back: the printed recovery key, another passphrase, a folder that was put back from a backup.

use std::path::PathBuf;

use vault::{KdfCost, NewMember, OpenError, RecoveryKey, Role, Vault};

use crate::opening::{open_error, passphrase_error};
use crate::passphrase::judged;
use crate::view::{CreatedView, PassphraseChangedView, RestoreView};
use crate::{Error, Workbench};

impl Workbench {
    /// Opens a workspace with its printed recovery key: enrols a custodian with this passphrase, and hands out the recovery
    /// key that is printed from now on, because the one that was used opens nothing any more.
    ///
    /// # Errors
    /// When the passphrase is too easily guessed, or the key is not the one of this workspace.
    pub async fn recover_workspace(
        &self,
        dir: String,
        recovery_key: String,
        passphrase: String,
    ) -> Result<CreatedView, Error> {
        judged("the new custodian", &passphrase, &[])?;
        let recovery = RecoveryKey::parse(&recovery_key).ok_or_else(|| {
            Error::invalid(
                "this is not a recovery key as one was printed: a letter is missing, or one was read as another",
                "type all eight groups of seven letters; spaces, dashes and case do not matter, and the digits are 2 to 7 only",
            )
        })?;
        self.lock().await?;
        let environment = &self.inner.bench.environment;
        let at = std::path::absolute(&dir).unwrap_or_else(|_| PathBuf::from(&dir));
        let new = NewMember {
            role: Role::Custodian,
            name: None,
            passphrase: passphrase.clone(),
        };
        let mut entropy = environment.entropy();
        let recovered = Vault::recover(
            &at,
            &recovery,
            &new,
            self.cost(),
            &environment.state_dir,
            &mut *entropy,
            environment.now(),
        );
        let recovered = recovered.await.map_err(|error| open_error(&error))?;
        let workspace = self
            .open_workspace(dir, Some(recovered.member), passphrase)
            .await?;
        Ok(CreatedView {
            workspace,
            recovery_key: recovered.recovery_key.to_text().to_string(),
        })
    }

    /// Puts the open member's keys under another passphrase. Copies of the key file that were made before still open with
    /// the one of before.
    ///
    /// # Errors
    /// When the passphrase in force is not that, or the new one is too easily guessed.
    pub async fn change_passphrase(
        &self,
        current: String,
        passphrase: String,
    ) -> Result<PassphraseChangedView, Error> {
        let workspace = self.workspace().await?;
        workspace.vault.may_write()?;
        let me = workspace.vault.member().0.to_owned();
        // Whoever sits at a window that somebody left open does not know it.
        let known = workspace.vault.unlock_second(&me, current.clone()).await;
        known.map_err(|e| passphrase_error(&e))?;
        if current == passphrase {
            return Err(Error::invalid(
                "the new passphrase is the one of before",
                "choose another one",
            ));
        }
        judged(&me, &passphrase, &[])?;
        (workspace.vault)
            .change_passphrase(passphrase, self.cost(), self.now())
            .await?;
        self.vault_changed();
        Ok(PassphraseChangedView { member: me })
    }

    /// What taking a folder into use that was put back from a backup comes to; nothing is changed, and it is open to look
    /// at.
    ///
    /// # Errors
    /// When it is the newest state that is known.
    pub async fn restore_preview(
        &self,
        dir: String,
        member: Option<String>,
        passphrase: String,
    ) -> Result<RestoreView, Error> {
        let workspace = self.open_workspace(dir, member, passphrase).await?;
        match workspace.older.clone() {
            Some(older) => Ok(RestoreView {
                workspace,
                older,
                restored: false,
            }),
            None => {
                self.lock().await?;
                Err(open_error(&OpenError::NothingToRestore))
            }
        }
    }

    /// Takes a folder into use that was put back from a backup, or an older copy of it: in a new epoch of the ledger, whose
    /// first entry names the head that is here and the highest one that is known. Only a custodian can.
    ///
    /// # Errors
    /// When it is the newest state that is known.
    pub async fn restore_workspace(
        &self,
        dir: String,
        member: Option<String>,
        passphrase: String,
    ) -> Result<RestoreView, Error> {
        self.still_known(&dir, &passphrase).await?;
        let before = self
            .restore_preview(dir.clone(), member.clone(), passphrase.clone())
            .await?;
        self.lock().await?;
        let mode = vault::Mode::Restore;
        let restored = self.open_vault(&dir, member.clone(), passphrase.clone(), mode);
        let restored = restored.await.map_err(|error| open_error(&error))?;
        restored.close().await;
        let workspace = self.open_workspace(dir, member, passphrase).await?;
        Ok(RestoreView {
            workspace,
            restored: true,
            ..before
        })
    }

    /// Where this folder is open to look at: refuses what would fail anyway, before it is closed for it.
    async fn still_known(&self, dir: &str, passphrase: &str) -> Result<(), Error> {
        let at = std::path::absolute(dir).unwrap_or_else(|_| PathBuf::from(dir));
        let Some(workspace) = self.workspace().await.ok().filter(|open| open.dir == at) else {
            return Ok(());
        };
        let (me, role) = workspace.vault.member();
        let known = workspace.vault.unlock_second(me, passphrase.to_owned());
        known.await.map_err(|e| passphrase_error(&e))?;
        match role {
            Role::Custodian => Ok(()),
            _ => Err(open_error(&OpenError::RestoreNeedsCustodian)),
        }
    }

    pub(crate) fn cost(&self) -> KdfCost {
        KdfCost {
            memory_kib: self.inner.bench.environment.argon2_kib,
            ..KdfCost::default()
        }
    }
}
