//! The one error that leaves the workbench.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;
use vault::VaultError;

/// Why a caller would act differently on one error than on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// No workspace is open: show the start screen.
    Locked,
    /// The passphrase does not open the member's key file: ask again.
    WrongPassphrase,
    /// A gate, a role or a rule of the case refuses: show what is missing.
    Refused,
    /// What was asked for does not exist.
    NotFound,
    /// The input is not well formed: show where.
    Invalid,
    /// A job was cancelled.
    Cancelled,
    /// A row that decides something is not as it was signed: check the workspace without opening it.
    NotStated,
    /// It could not be done: disk, damaged file, anything else.
    Failed,
}

/// What could not be done, where, and what to try. Never record content.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize, Type, JsonSchema)]
#[error("{message}")]
pub struct Error {
    /// What a caller branches on.
    pub code: Code,
    /// What could not be done, and where.
    pub message: String,
    /// What to try.
    pub hint: String,
}

impl Error {
    /// An error with code, message and hint.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// No workspace is open.
    pub fn locked() -> Self {
        Self::new(
            Code::Locked,
            "no workspace is open",
            "open a workspace, or create one",
        )
    }

    /// What was asked for does not exist.
    pub fn not_found(what: impl std::fmt::Display, hint: impl Into<String>) -> Self {
        Self::new(Code::NotFound, format!("{what} does not exist"), hint)
    }

    /// The input is not well formed.
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Code::Invalid, message, hint)
    }

    /// It could not be done.
    pub fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Code::Failed, message, hint)
    }

    /// A file or folder could not be read or written.
    pub fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(
            Code::Failed,
            format!("{what} {}: {error}", path.display()),
            "check that the file exists, that you may read it, and that the disk has room",
        )
    }
}

/// What could not be done in the vault, as it leaves the workbench.
impl From<&VaultError> for Error {
    fn from(error: &VaultError) -> Self {
        let code = match error {
            VaultError::NotAllowed { .. } | VaultError::NoKey { .. } => Code::Refused,
            VaultError::Missing { .. } => Code::NotFound,
            VaultError::NotStated { .. } => Code::NotStated,
            _ => Code::Failed,
        };
        Self::new(code, error.to_string(), error.hint())
    }
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        Self::from(&error)
    }
}
