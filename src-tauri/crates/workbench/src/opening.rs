//! What comes of opening a workspace: what is said when it does not, or when it is older than what is known of it.

use vault::{OpenError, Role, Vault, VaultError};

use crate::view::OlderView;
use crate::{Code, Error};

/// In which way an open workspace is older than what is known of it.
pub(crate) fn older(vault: &Vault) -> Option<OlderView> {
    let older = vault.older()?;
    let found = &older.found;
    let here = format!(
        "this folder ends with entry {} of epoch {}, of {}",
        found.size,
        found.epoch,
        found.at.format("%Y-%m-%d %H:%M UTC")
    );
    let words = match older.known {
        Some((epoch, size)) => {
            let memory = match older.memory {
                "state file" => "this machine remembers",
                _ => "the file beside your key remembers",
            };
            format!(
                "The workspace is older than what is known of it: {memory} {size} entries of epoch {epoch} of its custody \
                 ledger, and {here}. It is open to look at, and nothing can be changed"
            )
        }
        None => format!(
            "Whether this is the newest state of the workspace is not known: the {} that remembers it cannot be read, and \
             {here}. It is open to look at, and nothing can be changed",
            match older.memory {
                "state file" => "file of this machine",
                _ => "file beside your key",
            }
        ),
    };
    Some(OlderView {
        words,
        may_restore: vault.member().1 == Role::Custodian,
    })
}

/// Whether opening it to look at it is what is left.
pub(crate) fn to_look_at(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::LedgerRolledBack { .. } | OpenError::HeadUnreadable { .. }
    )
}

pub(crate) fn open_error(error: &OpenError) -> Error {
    let code = match error {
        OpenError::WrongPassphrase => Code::WrongPassphrase,
        OpenError::Vault(VaultError::NotStated { .. }) => Code::NotStated,
        _ => Code::Failed,
    };
    Error::new(code, error.to_string(), error.hint())
}

/// What checking a passphrase of somebody who is here comes to.
pub(crate) fn passphrase_error(error: &VaultError) -> Error {
    match error {
        VaultError::Passphrase(
            vault::PassphraseError::Wrong { .. } | vault::PassphraseError::Empty,
        ) => Error::new(
            Code::WrongPassphrase,
            "the passphrase in force is another one",
            "type the one that you opened the workspace with",
        ),
        other => other.into(),
    }
}
