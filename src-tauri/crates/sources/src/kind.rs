//! What a file is, from its name and its first bytes.

use serde::{Deserialize, Serialize};

use crate::packed::{Packing, inner_name, peek};
use crate::sequence::without_prefix;
use crate::text::{BOM, head_as_utf8};
use crate::wrapped::WRAPPERS;

/// What an input is. The kinds of JSON are read alike, whatever the first bytes made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum InputKind {
    /// A directory or ZIP in the native format (or of CloudTrail files and digests: the reader of
    /// directories tells them apart).
    NativeExport,
    /// An object around an array of records: `{"Records":[…]}`.
    #[serde(alias = "CloudTrailRecords")]
    JsonRecords,
    /// One JSON value on each line.
    JsonLines,
    /// A JSON array of records.
    JsonArray,
    /// JSON values of which none ends on its first line.
    Json,
    /// Rows of values under a header: CSV (RFC 4180) or TSV.
    Table,
    /// A checksum file.
    Sha256Sums,
    /// None of these.
    Unknown,
}

impl InputKind {
    /// Guesses from the first bytes and, for checksum files, the name (512 bytes are plenty; of a
    /// compressed file a few thousand, or 256 KiB for zstd, whose blocks are long). The readers check
    /// what they get, so a wrong guess is an error there, not a wrong record.
    pub fn detect(name: &str, first: &[u8], is_dir: bool) -> Self {
        if is_dir || first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06") {
            return InputKind::NativeExport;
        }
        let base = name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(name)
            .to_ascii_lowercase();
        let packing = Packing::detect(first);
        if packing != Packing::Plain {
            let inside = peek(packing, first);
            return match Self::detect(inner_name(&base), &inside, false) {
                // One level is read; and a compressed manifest is nobody's.
                InputKind::NativeExport | InputKind::Sha256Sums => InputKind::Unknown,
                _ if Packing::detect(&inside) != Packing::Plain => InputKind::Unknown,
                kind => kind,
            };
        }
        let decoded = head_as_utf8(first);
        let text = decoded.strip_prefix(BOM).unwrap_or(&decoded);
        if crate::sums::is_manifest(&base, text) {
            return InputKind::Sha256Sums;
        }
        let text = without_prefix(text.trim_ascii_start());
        match text.first() {
            Some(b'[') => InputKind::JsonArray,
            Some(b'{') if is_wrapper(text) => InputKind::JsonRecords,
            Some(b'{') => match text.split_inclusive(|b| *b == b'\n').next() {
                Some(line) if ends_whole(line) => InputKind::JsonLines,
                _ => InputKind::Json,
            },
            _ if crate::table::delimiter(&base, text).is_some() => InputKind::Table,
            _ => InputKind::Unknown,
        }
    }

    /// Whether it is read as JSON values.
    pub fn is_json(self) -> bool {
        matches!(
            self,
            Self::JsonRecords | Self::JsonLines | Self::JsonArray | Self::Json
        )
    }
}

/// Whether the first member is an array under a name that stands around records.
fn is_wrapper(text: &[u8]) -> bool {
    let inner = text[1..].trim_ascii_start();
    WRAPPERS.iter().any(|name| {
        let rest = (inner.strip_prefix(b"\""))
            .and_then(|rest| rest.strip_prefix(name.as_bytes()))
            .and_then(|rest| rest.strip_prefix(b"\""))
            .and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"));
        rest.is_some_and(|rest| rest.trim_ascii_start().starts_with(b"["))
    })
}

/// Whether a line ends where a value does. One that is longer than what is looked at is taken for a line of its own.
fn ends_whole(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let line = line.strip_suffix(b",").unwrap_or(line).trim_ascii_end();
    line.ends_with(b"}") || line.len() > 256
}
