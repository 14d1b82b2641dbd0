//! Why an export is refused: what, where, and what to try; never content.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    archive::ArchiveError, checkpoint::CheckpointError, hash::Hash, merkle::MerkleError,
    note::NoteError, record::RecordError, trust::TrustError,
};

/// The rule that an export breaks.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// The archive or folder itself.
    #[error(transparent)]
    Archive(ArchiveError),
    /// A signed note: its form, or a failing signature of a known key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The trust policy refuses it.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Not the one spelling of `range.json`; where it departs from it.
    #[error(
        r#"range.json departs at byte {0} from its one spelling, {{"format":"muniment/export/v1","origin":"…","first":…,"last":…,"frontier":["…",…]}}: these members in this order, no white space, no escapes but \" and \\, plain numbers, base64 hashes, and one line feed at the end"#
    )]
    RangeText(usize),
    /// The range is empty, reversed or too large.
    #[error("range.json says the range [{first}, {last}), which is empty or not below 2^53")]
    Range {
        /// First index.
        first: u64,
        /// One past the last index.
        last: u64,
    },
    /// The frontier does not belong to `first`.
    #[error(
        "the frontier in range.json does not belong to its first index, which needs one hash for each 1 bit: {0}"
    )]
    Frontier(MerkleError),
    /// Files of different origins.
    #[error("the file names another origin than the checkpoint")]
    Origin,
    /// The checkpoint's size is not the end of the range.
    #[error("the checkpoint is for size {checkpoint}, the range ends at {last}")]
    Size {
        /// Size in the checkpoint.
        checkpoint: u64,
        /// One past the last index of the range.
        last: u64,
    },
    /// `previous-checkpoint` is absent though `first` is not 0.
    #[error("previous-checkpoint is absent, but the range does not start at 0")]
    PreviousMissing,
    /// `previous-checkpoint` is present though `first` is 0.
    #[error("previous-checkpoint is present, but the range starts at 0")]
    PreviousUnexpected,
    /// The previous checkpoint's size is not `first`.
    #[error("the previous checkpoint is for size {previous}, the range starts at {first}")]
    PreviousSize {
        /// Size in the previous checkpoint.
        previous: u64,
        /// First index of the range.
        first: u64,
    },
    /// The frontier leads to another root than the previous checkpoint's.
    #[error("the frontier does not lead to the root of the previous checkpoint")]
    PreviousRoot,
    /// The records end early.
    #[error("the records end after {found} of {expected} lines")]
    TooFewRecords {
        /// Lines that the range needs.
        expected: u64,
        /// Lines found.
        found: u64,
    },
    /// Something follows the last record.
    #[error(
        "something follows the last record of the range; the file ends with the line feed of that record"
    )]
    TooManyRecords,
    /// The last line does not end with a line feed.
    #[error("the last line does not end with a line feed, as each line does")]
    FinalLineFeed,
    /// The records lead to another root.
    #[error("the records do not lead to the root of the checkpoint")]
    Root,
    /// Not the one spelling of `consistency.json`; where it departs from it.
    #[error(
        r#"consistency.json departs at byte {0} from its one spelling, {{"format":"muniment/consistency/v1","proofs":[{{"from":…,"to":…,"from_root":"…","to_root":"…","proof":["…",…]}},…]}}: 1 to 64 proofs, these members in this order, no white space, plain numbers, base64 hashes, and one line feed at the end"#
    )]
    ConsistencyText(usize),
    /// A proof between sizes that do not fit the range.
    #[error(
        "consistency proof {0} is not from a size of 1 to first to a greater one of first to last, or is out of order (by from, then to, each pair once)"
    )]
    ConsistencySizes(usize),
    /// A proof that fails, or that is about another log.
    #[error("consistency proof {0} does not lead to the roots of this export")]
    ConsistencyProof(usize),
}

impl Reason {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Archive(inner) => inner.code(),
            Self::Note(inner) => inner.code(),
            Self::Checkpoint(inner) => inner.code(),
            Self::Record(inner) => inner.code(),
            Self::Trust(inner) => inner.code(),
            Self::RangeText(_) => "range-spelling",
            Self::Range { .. } => "range",
            Self::Frontier(_) => "frontier",
            Self::Origin => "origin",
            Self::Size { .. } => "size",
            Self::PreviousMissing => "previous-missing",
            Self::PreviousUnexpected => "previous-unexpected",
            Self::PreviousSize { .. } => "previous-size",
            Self::PreviousRoot => "previous-root",
            Self::TooFewRecords { .. } => "too-few-records",
            Self::TooManyRecords => "too-many-records",
            Self::FinalLineFeed => "final-line-feed",
            Self::Root => "root",
            Self::ConsistencyText(_) => "consistency-spelling",
            Self::ConsistencySizes(_) => "consistency-sizes",
            Self::ConsistencyProof(_) => "consistency-proof",
        }
    }

    /// What to try.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Archive(ArchiveError::Missing(_) | ArchiveError::Unexpected(_)) => {
                "give the whole export as its source wrote it: a folder or ZIP with exactly its files"
            }
            Self::Archive(_) => {
                "fetch the export again from its source; do not unpack and pack it with another tool"
            }
            Self::Note(NoteError::BadSignature { .. }) => {
                "the text was changed after signing, or the wrong key is pinned: compare the key's fingerprint with the source's, and fetch the export again"
            }
            Self::Trust(inner) => inner.hint(),
            Self::Note(_) | Self::Checkpoint(_) => {
                "fetch the checkpoint again as the log published it, byte for byte"
            }
            Self::Record(_)
            | Self::RangeText(_)
            | Self::Range { .. }
            | Self::ConsistencyText(_) => {
                "the exporter does not follow muniment/export/v1 (schemas/formats/native-export.md), or the file was changed: fetch it again, then ask the source"
            }
            Self::Origin | Self::Size { .. } | Self::PreviousSize { .. } => {
                "files of different exports seem to be mixed: give those of one export only"
            }
            Self::PreviousMissing | Self::PreviousUnexpected => {
                "give the whole export as its source wrote it"
            }
            Self::TooFewRecords { .. } | Self::TooManyRecords | Self::FinalLineFeed => {
                "the records were cut or extended: fetch the export again"
            }
            Self::Frontier(_)
            | Self::PreviousRoot
            | Self::Root
            | Self::ConsistencySizes(_)
            | Self::ConsistencyProof(_) => {
                "something was changed after signing, or the log was rewritten: keep this file, fetch the export again and compare"
            }
        }
    }
}

/// A refusal with its place.
#[derive(Debug)]
pub struct Rejection {
    /// The rule broken.
    pub reason: Reason,
    /// Name of the file within the export.
    pub file: Option<String>,
    /// Line of that file, from 1.
    pub line: Option<u64>,
    /// Index of the record in the log.
    pub index: Option<u64>,
    /// Number of the field in the record, `@schema` being 0: its path could be as telling as its value.
    pub field: Option<u64>,
    /// Digest that was expected.
    pub expected: Option<Hash>,
    /// Digest that was found.
    pub found: Option<Hash>,
}

impl Rejection {
    /// A refusal that concerns a file.
    pub fn new(reason: impl Into<Reason>, file: &str) -> Box<Self> {
        Box::new(Self {
            reason: reason.into(),
            file: Some(file.to_owned()),
            line: None,
            index: None,
            field: None,
            expected: None,
            found: None,
        })
    }

    /// Adds the two digests that differ.
    pub fn digests(mut self: Box<Self>, expected: Hash, found: Hash) -> Box<Self> {
        self.expected = Some(expected);
        self.found = Some(found);
        self
    }

    /// Stable kebab-case code of the reason.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The refusal as plain data.
    pub fn report(&self) -> RejectionReport {
        RejectionReport {
            code: self.code().to_owned(),
            message: self.reason.to_string(),
            hint: self.reason.hint().to_owned(),
            file: self.file.clone(),
            line: self.line,
            index: self.index,
            field: self.field,
            expected: self.expected,
            found: self.found,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            if let Some(line) = self.line {
                write!(f, " line {line}")?;
            }
            if let Some(index) = self.index {
                write!(f, " (record {index})")?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.reason)
    }
}

impl std::error::Error for Rejection {}

/// A [`Rejection`] as it is stored, shown and printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectionReport {
    /// Stable kebab-case code.
    pub code: String,
    /// One sentence: what is wrong.
    pub message: String,
    /// What to try.
    pub hint: String,
    /// Name of the file within the export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Index of the record in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Number of the field in the record, `@schema` being 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<u64>,
    /// Digest that was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Hash>,
    /// Digest that was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Hash>,
}
