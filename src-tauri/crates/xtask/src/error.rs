//! Why a command stopped.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Why a command stopped, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) enum Error {
    /// Something on this machine is missing and could not be installed: what, and how to install it. Exit code 2.
    Missing(String),
    /// A program ran and reported failure, or a file could not be read or written. Exit code 1.
    Failed(String),
}

impl Error {
    /// A file operation that failed.
    pub(crate) fn file(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::Failed(format!("cannot {what} {}: {error}", path.display()))
    }

    /// 2 where the machine lacks something, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Missing(_) => ExitCode::from(2),
            Self::Failed(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}

/// A result whose error is shown to the person at the terminal.
pub(crate) type Result<T> = std::result::Result<T, Error>;
