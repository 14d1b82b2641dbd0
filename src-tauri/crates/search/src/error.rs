//! What can go wrong between the folder, the index and the caller.

use std::io;

/// Why an index folder cannot be used and has to be deleted and rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// The folder was written by another version of the index schema.
    #[error("it was written by another version of the index")]
    OtherVersion,
    /// The folder was written under another index key.
    #[error("it was written under another key")]
    OtherKey,
    /// A file is missing, truncated or altered.
    #[error("a file of it is missing, cut short or altered")]
    Damaged,
}

/// An error of the index. None of them quotes what a record or a query says.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The folder cannot be used as it is. Nothing is lost: delete it with [`crate::reset`] and follow
    /// the vault again from the start.
    #[error("the search index has to be rebuilt: {0}")]
    Stale(Stale),
    /// A second writer was asked for while one is open, here or in another process.
    #[error("the search index is being written already")]
    Busy,
    /// A document did not come in ascending order of its number.
    #[error("event {seq} came after event {last}: the index follows the vault in ascending order")]
    NotAscending {
        /// The number that was refused.
        seq: u64,
        /// The highest number the index has seen.
        last: u64,
    },
    /// A facet or a completion was asked for a field that has none.
    #[error("the field {field:?} has no list of values")]
    NoValues {
        /// The field's name, as the caller gave it.
        field: String,
    },
    /// The query names a handle, level or verdict that was not resolved to numbers yet.
    #[error("the query names handles, levels or verdicts that are not resolved yet")]
    Unresolved,
    /// The folder could not be read or written.
    #[error("the search index's folder could not be used: {0}")]
    Io(#[from] io::Error),
    /// The engine refused the work. The message is the engine's kind of error, without content.
    #[error("the search engine stopped: {0}")]
    Engine(&'static str),
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        use tantivy::TantivyError as E;
        use tantivy::directory::error::{LockError, OpenReadError, OpenWriteError};
        match error {
            E::LockFailure(LockError::LockBusy, _) => Self::Busy,
            E::LockFailure(LockError::IoError(io), _) => Self::from_engine_io(&io),
            E::IoError(io) => Self::from_engine_io(&io),
            E::OpenReadError(OpenReadError::IoError { io_error, .. }) => {
                Self::from_engine_io(&io_error)
            }
            E::OpenReadError(OpenReadError::IncompatibleIndex(_)) | E::IncompatibleIndex(_) => {
                Self::Stale(Stale::OtherVersion)
            }
            E::OpenReadError(OpenReadError::FileDoesNotExist(_)) | E::DataCorruption(_) => {
                Self::Stale(Stale::Damaged)
            }
            E::OpenWriteError(OpenWriteError::IoError { io_error, .. }) => {
                Self::from_engine_io(&io_error)
            }
            E::OpenWriteError(_) | E::OpenDirectoryError(_) => {
                Self::Engine("a file could not be opened")
            }
            E::SchemaError(_) => Self::Stale(Stale::OtherVersion),
            E::ErrorInThread(_) | E::Poisoned => Self::Engine("a worker thread failed"),
            E::InvalidArgument(_) => Self::Engine("an argument was refused"),
            E::SystemError(_) => Self::Engine("the system refused a resource"),
            _ => Self::Engine("an internal step failed"),
        }
    }
}

impl SearchError {
    /// Damage travels through the engine as an `io::Error` of the kinds a reader meets when bytes are not
    /// what they were; everything else is the disk's own trouble.
    pub(crate) fn from_engine_io(error: &io::Error) -> Self {
        if let Some(stale) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Stale>())
        {
            return Self::Stale(*stale);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
                Self::Stale(Stale::Damaged)
            }
            kind => Self::Io(io::Error::new(
                kind,
                format!("reading or writing the index folder failed ({kind})"),
            )),
        }
    }
}
