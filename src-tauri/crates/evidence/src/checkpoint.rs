//! C2SP tlog-checkpoint: origin, size and root of a log, the text of a signed note.

use crate::{
    hash::Hash,
    merkle::{MAX_SIZE, empty_root},
};

/// Size and root of the log with this origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log; one line, not empty.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Why a text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Fewer than three lines, or no final line feed.
    #[error("a checkpoint has three lines (origin, size, root), each with a line feed")]
    Lines,
    /// More than three lines.
    #[error(
        "the checkpoint has extension lines; this format has three lines, origin, size and root"
    )]
    Extension,
    /// The origin is empty or has control characters.
    #[error(
        "line 1 of the checkpoint, the origin, is not 1 to 1024 bytes without control characters"
    )]
    Origin,
    /// The size is not a decimal number without leading zeros below 2^53.
    #[error("line 2 of the checkpoint, the size, is not a plain decimal number below 2^53")]
    Size,
    /// The root is not base64 of 32 bytes, or not the empty root for size 0.
    #[error(
        "line 3 of the checkpoint, the root, is not base64 of 32 bytes in its one spelling (43 characters of A-Z a-z 0-9 + / and one =), or wrong for size 0"
    )]
    Root,
}

impl CheckpointError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lines => "checkpoint-lines",
            Self::Extension => "checkpoint-extension",
            Self::Origin => "checkpoint-origin",
            Self::Size => "checkpoint-size",
            Self::Root => "checkpoint-root",
        }
    }
}

/// Whether `origin` may name a log: not empty, no control characters.
pub(crate) fn is_origin(origin: &str) -> bool {
    !origin.is_empty() && origin.len() <= 1024 && !origin.chars().any(char::is_control)
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// [`CheckpointError`], one for each line.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        if lines.next().is_some() {
            return Err(CheckpointError::Extension);
        }
        if !is_origin(origin) {
            return Err(CheckpointError::Origin);
        }
        let plain =
            size == "0" || (!size.starts_with('0') && size.bytes().all(|b| b.is_ascii_digit()));
        let size = match size.parse() {
            Ok(size) if plain && size < MAX_SIZE => size,
            _ => return Err(CheckpointError::Size),
        };
        let root = root.parse().map_err(|_| CheckpointError::Root)?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::Root);
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
        })
    }

    /// The text that is signed.
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let made = Checkpoint {
            origin: "log.example/command".into(),
            size: 12,
            root: Hash::sha256(b"x"),
        };
        assert_eq!(Checkpoint::parse(&made.to_text()), Ok(made));
    }

    #[test]
    fn each_line_has_its_error() {
        let root = Hash::sha256(b"x");
        for (text, error) in [
            (format!("o\n1\n{root}"), CheckpointError::Lines),
            ("o\n1\n".into(), CheckpointError::Lines),
            (format!("o\n1\n{root}\nmore\n"), CheckpointError::Extension),
            (format!("\n1\n{root}\n"), CheckpointError::Origin),
            (format!("o\n01\n{root}\n"), CheckpointError::Size),
            (format!("o\n+1\n{root}\n"), CheckpointError::Size),
            (format!("o\n\n{root}\n"), CheckpointError::Size),
            (
                format!("o\n9007199254740992\n{root}\n"),
                CheckpointError::Size,
            ),
            ("o\n1\nAAAA\n".into(), CheckpointError::Root),
            (format!("o\n0\n{root}\n"), CheckpointError::Root),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text}");
        }
    }
}
