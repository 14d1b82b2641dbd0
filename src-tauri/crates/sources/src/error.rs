//! What can be wrong with foreign bytes and with source files. No variant holds record content.

use redaction::{Class, TimeFormFault};
use thiserror::Error;

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonFault {
    /// Not JSON.
    #[error("it is not JSON (RFC 8259)")]
    Syntax,
    /// The text ends inside a value.
    #[error("it ends in the middle of a value")]
    Truncated,
    /// More text after the value.
    #[error("there is more text after the value")]
    Trailing,
    /// An object has the same key twice, so readers would disagree about it.
    #[error("an object has the same key twice; a record has to mean one thing")]
    DuplicateKey,
    /// A string escape that is half a surrogate pair.
    #[error("a string holds half a surrogate pair, which is no character")]
    LoneSurrogate,
    /// Too many levels.
    #[error("it is nested more than 64 levels deep")]
    TooDeep,
    /// Not an object.
    #[error("it is not an object, and records of this source are")]
    NotAnObject,
    /// It would not fit into a record line, which holds values escaped.
    #[error("it takes more than 1 MiB as a record")]
    TooLarge,
}

/// Why bytes could not be read as records. Indices and lines start as people count: line 1,
/// element 0 (as in a JSON Pointer).
#[derive(Debug, Error)]
pub enum ReadError {
    /// One record's text.
    #[error("record, byte {at}: {fault}")]
    Record {
        /// Byte offset in the record's text.
        at: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// A line of a JSON lines file.
    #[error("line {line}, byte {at}: {fault}")]
    Line {
        /// Line, from 1.
        line: u64,
        /// Byte offset in the line.
        at: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// An element of an array of records.
    #[error("element {index}, byte {at} of the file: {fault}")]
    Element {
        /// Element, from 0.
        index: u64,
        /// Byte offset in the (inflated) file.
        at: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// The file around its records.
    #[error("byte {at} of the file: {fault}")]
    File {
        /// Byte offset in the (inflated) file.
        at: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// Not UTF-8.
    #[error("{}byte {at}: this is no text in UTF-8 or UTF-16", in_line(*line))]
    NotUtf8 {
        /// Byte offset in the file, or in the line for a JSON lines file.
        at: usize,
        /// Line, from 1, for a JSON lines file.
        line: Option<u64>,
    },
    /// Text that begins as UTF-16 and does not go on as such.
    #[error("byte {at}: this is no UTF-16 any more")]
    NotUtf16 {
        /// Byte offset in the file.
        at: u64,
    },
    /// A value that is held as a whole is too big.
    #[error(
        "one value is longer than {limit} bytes; JSON lines and arrays of any length are read, an object around its records up to that size"
    )]
    FileTooLarge {
        /// The bound in bytes.
        limit: u64,
    },
    /// A line is too long.
    #[error("line {line} is longer than {limit} bytes")]
    LineTooLong {
        /// Line, from 1.
        line: u64,
        /// The bound in bytes.
        limit: u64,
    },
    /// The gzip stream is damaged.
    #[error("the gzip stream is damaged or cut off; copy the file again")]
    Gzip,
    /// A row of a table with another number of values than its header has names.
    #[error("line {line}: a row of {found} values under a header of {expected}")]
    Columns {
        /// Line, from 1.
        line: u64,
        /// Values of the row.
        found: usize,
        /// Names of the header.
        expected: usize,
    },
    /// The header of a table.
    #[error("line {line}: the header names a column twice, or more than 480 columns")]
    Header {
        /// Line, from 1.
        line: u64,
    },
    /// Bytes after the gzip members that are none.
    #[error("there are bytes after the last gzip member that are no gzip")]
    TrailingGzip,
    /// The zstd frame is damaged.
    #[error("the zstd frame is damaged or cut off; copy the file again")]
    Zstd,
    /// Bytes after the zstd frame, or a second one.
    #[error(
        "there are bytes after the first zstd frame; only single-frame files are read, since readers disagree about the others"
    )]
    TrailingZstd,
    /// Unpacks to more than the bounds allow.
    #[error("it unpacks to more than {limit} bytes, which is beyond the bounds on size and ratio")]
    Expands {
        /// Bytes that were allowed when it was refused.
        limit: u64,
    },
    /// An archive or compressed file inside a compressed file.
    #[error("it is compressed inside a compressed file or archive; one level is read")]
    Nested,
    /// A line of a checksum file.
    #[error("line {line}: not \"<64 hexadecimal digits>  <name>\" as sha256sum writes it")]
    Checksum {
        /// Line, from 1.
        line: u64,
    },
    /// A name in a checksum file that leaves its folder.
    #[error(
        "line {line}: the name is absolute or has \"..\" in it; run sha256sum inside the folder"
    )]
    ChecksumName {
        /// Line, from 1.
        line: u64,
    },
    /// A name twice, with two sums.
    #[error("line {line}: this name was listed before with another sum")]
    ChecksumConflict {
        /// Line, from 1.
        line: u64,
    },
    /// More lines in a checksum file than are read.
    #[error("line {line}: a manifest lists at most {limit} files")]
    ManifestTooLong {
        /// The line with which it would be more, from 1.
        line: u64,
        /// Most files.
        limit: u64,
    },
    /// This kind of input has no records to stream.
    #[error(
        "this input is not read record by record; use the export reader or the checksum reader"
    )]
    NotForeign,
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// The bytes could not be read.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
}

impl ReadError {
    /// Stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Record { .. } | Self::Line { .. } | Self::Element { .. } | Self::File { .. } => {
                "unreadable"
            }
            Self::NotUtf8 { .. } => "not-utf8",
            Self::NotUtf16 { .. } => "not-utf16",
            Self::Columns { .. } | Self::Header { .. } => "table",
            Self::FileTooLarge { .. } => "file-too-large",
            Self::LineTooLong { .. } => "line-too-long",
            Self::Gzip => "gzip",
            Self::TrailingGzip => "gzip-trailing",
            Self::Zstd => "zstd",
            Self::TrailingZstd => "zstd-trailing",
            Self::Expands { .. } => "expands",
            Self::Nested => "nested",
            Self::Checksum { .. }
            | Self::ChecksumName { .. }
            | Self::ChecksumConflict { .. }
            | Self::ManifestTooLong { .. } => "manifest",
            Self::NotForeign => "not-foreign",
            Self::Stopped => "stopped",
            Self::Io(_) => "read",
        }
    }

    /// The line that it is about, from 1, where it is about one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Line { line, .. }
            | Self::LineTooLong { line, .. }
            | Self::Columns { line, .. }
            | Self::Header { line }
            | Self::Checksum { line }
            | Self::ChecksumName { line }
            | Self::ChecksumConflict { line }
            | Self::ManifestTooLong { line, .. } => Some(*line),
            Self::NotUtf8 { line, .. } => *line,
            _ => None,
        }
    }

    /// The element of an array that it is about, from 0.
    pub fn element(&self) -> Option<u64> {
        match self {
            Self::Element { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// Whether it is about one record, and others can be read beside it.
    pub(crate) fn is_of_one_record(&self) -> bool {
        match self {
            Self::NotUtf8 { line, .. } => line.is_some(),
            _ => matches!(
                self,
                Self::Record { .. }
                    | Self::Line { .. }
                    | Self::Element { .. }
                    | Self::LineTooLong { .. }
                    | Self::Columns { .. }
            ),
        }
    }

    /// Where it is, in words.
    pub fn place(&self) -> String {
        match (self.line(), self.element()) {
            (Some(line), _) => format!("line {line}"),
            (_, Some(element)) => format!("element {element}"),
            _ => "the file".into(),
        }
    }

    /// What to try.
    pub fn hint(&self) -> &'static str {
        const REST: &str = "a custodian can admit what can be read of it from quarantine; what cannot is counted, with its place";
        match self {
            Self::Io(_) => "check the disk, then read the file again",
            Self::Gzip | Self::TrailingGzip | Self::Zstd | Self::TrailingZstd | Self::Stopped => {
                "copy the file again from where it came"
            }
            Self::Nested | Self::Expands { .. } => {
                "unpack it where you trust it, and import the files inside"
            }
            Self::ManifestTooLong { .. } => {
                "write a manifest for each part of the folder, and import the parts one by one"
            }
            Self::Checksum { .. } | Self::ChecksumName { .. } | Self::ChecksumConflict { .. } => {
                "let sha256sum write the manifest again, inside the folder"
            }
            Self::FileTooLarge { .. } => {
                "let the source write its records as JSON lines, or split them into several files"
            }
            Self::NotUtf8 { .. } | Self::NotUtf16 { .. } => {
                "export it again as UTF-8; a custodian can admit what can be read of it from quarantine"
            }
            Self::Header { .. } => {
                "give each column a name of its own, or export the records as JSON"
            }
            Self::NotForeign => "import it as the export that it is",
            Self::Line { fault, .. }
            | Self::Element { fault, .. }
            | Self::Record { fault, .. }
            | Self::File { fault, .. } => match fault {
                JsonFault::Truncated => {
                    "was it copied while it was being written? Get it again; or a custodian admits what can be read of it from quarantine"
                }
                _ => REST,
            },
            Self::LineTooLong { .. } | Self::Columns { .. } => REST,
        }
    }
}

fn in_line(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}, "))
}

/// What is wrong with one field of a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldFault {
    /// No `x-class`.
    #[error("no x-class; every field needs one")]
    NoClass,
    /// An `x-class` that does not exist.
    #[error("its x-class is not a data class; use C0 to C6, H or unknown")]
    UnknownClass,
    /// No `x-purpose`.
    #[error("no x-purpose; every field needs at least one")]
    NoPurpose,
    /// A purpose that is no id.
    #[error("an x-purpose is not an id of lower case letters and dashes")]
    BadPurpose,
    /// C3, C4 or H without `x-handle-domain`.
    #[error("its class needs an x-handle-domain")]
    NoHandleDomain,
    /// `x-handle-domain` on a class without handles.
    #[error("an x-handle-domain fits C3, C4 and H only")]
    NeedlessHandleDomain,
    /// No or an unknown `x-type`.
    #[error("its x-type is missing or unknown")]
    BadType,
    /// A label where only tokens are trusted.
    #[error(
        "x-type label fits class C2 only; C0 and C1 values are codes, tokens, numbers and times"
    )]
    LabelNotQuasi,
    /// A subtree that is to be shown.
    #[error(
        "a subtree (x-subtree) must be unknown, C5 or C6, and \"unknown\" is for subtrees only"
    )]
    ShownSubtree,
    /// A class on something that has fields of its own.
    #[error("it has both a class and properties; classify the properties")]
    ClassOnContainer,
    /// The name is taken by the collected rest of an object.
    #[error(
        "\"*\" is the name of an object's unclassified rest and \"-\" that of array elements; neither can be declared"
    )]
    ReservedName,
    /// An annotation has the wrong JSON type.
    #[error("an annotation has the wrong type")]
    WrongType,
    /// An `x-time` that is no form of times.
    #[error("its x-time is {0}")]
    Time(TimeFormFault),
}

/// What is wrong with a declared contradiction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContradictionFault {
    /// The name is no id.
    #[error("its name is not an id of lower case letters, digits and dashes")]
    BadName,
    /// Two of the lifecycle have one name.
    #[error("another contradiction of the lifecycle has the same name")]
    NameTwice,
    /// `if` is empty.
    #[error("it has no condition under \"if\"")]
    NoCondition,
    /// A condition is none of the forms.
    #[error(
        "a condition is none of the forms: field with is, is-not or above; absent; later-than (with grace-minutes); since with over-days or over-days-in"
    )]
    NoForm,
    /// Without a record type only time can be judged.
    #[error(
        "without a record type under \"on\" every condition has to be about time: later-than or since"
    )]
    NoRecord,
}

/// Why a source file is not usable.
#[derive(Debug, Error)]
pub enum SourceError {
    /// Not JSON, or a key twice.
    #[error("source file, byte {at}: {fault}")]
    Json {
        /// Byte offset.
        at: usize,
        /// What is wrong.
        fault: JsonFault,
    },
    /// Not UTF-8.
    #[error("source file: not UTF-8")]
    NotUtf8,
    /// The `x-source` block is missing or has another shape.
    #[error("source file, /x-source{place}: {reason}")]
    Block {
        /// JSON Pointer below the block.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A field.
    #[error("source file {id}, field {path}: {fault}")]
    Field {
        /// The source file's id.
        id: String,
        /// The field's JSON Pointer.
        path: String,
        /// What is wrong.
        fault: FieldFault,
    },
    /// The block points at a field that is not declared.
    #[error("source file {id}: {what} names {path}, which is not a declared field")]
    NoSuchField {
        /// The source file's id.
        id: String,
        /// Which entry of the block.
        what: &'static str,
        /// The JSON Pointer it names.
        path: String,
    },
    /// The block uses a field whose class must not stand in a headline.
    #[error(
        "source file {id}: {what} names {path} of class {class}; a headline shows C0 and C1 only"
    )]
    NotForHeadline {
        /// The source file's id.
        id: String,
        /// Which entry of the block.
        what: &'static str,
        /// The JSON Pointer it names.
        path: String,
        /// The field's class.
        class: Class,
    },
    /// A lifecycle names a state or record type that is not declared.
    #[error("source file {id}, lifecycle {lifecycle}: {name} is not a declared {what}")]
    Lifecycle {
        /// The source file's id.
        id: String,
        /// The lifecycle's name.
        lifecycle: String,
        /// `state` or `record type`.
        what: &'static str,
        /// The name that is not declared.
        name: String,
    },
    /// The subject of a lifecycle is shown as a value, so no records of one subject can be found.
    #[error(
        "source file {id}, lifecycle {lifecycle}: its subject {path} needs class C3, C4 or H with an x-handle-domain"
    )]
    SubjectWithoutHandle {
        /// The source file's id.
        id: String,
        /// The lifecycle's name.
        lifecycle: String,
        /// The JSON Pointer of the subject.
        path: String,
    },
    /// A declared contradiction.
    #[error("source file {id}, lifecycle {lifecycle}, contradiction {rule}: {fault}")]
    Contradiction {
        /// The source file's id.
        id: String,
        /// The lifecycle's name.
        lifecycle: String,
        /// The contradiction's name.
        rule: String,
        /// What is wrong.
        fault: ContradictionFault,
    },
    /// More fields than can be declared.
    #[error(
        "source file {id}: more than the 8,192 paths, or the 480 members at the top, that a file may declare"
    )]
    TooManyFields {
        /// The source file's id.
        id: String,
    },
}

impl SourceError {
    /// Where in the source file it is wrong: a JSON Pointer, or empty for the file as a whole.
    pub fn place(&self) -> String {
        let block = |what: &str| format!("/x-source/{what}");
        match self {
            Self::Json { .. } | Self::NotUtf8 | Self::TooManyFields { .. } => String::new(),
            Self::Block { place, .. } => format!("/x-source{place}"),
            Self::Field { path, .. } => path
                .split('/')
                .skip(1)
                .map(|part| match part {
                    crate::source::ELEMENT => "/items".to_owned(),
                    name => format!("/properties/{name}"),
                })
                .collect(),
            Self::NoSuchField { what, .. } | Self::NotForHeadline { what, .. } => block(what),
            Self::Lifecycle { .. }
            | Self::SubjectWithoutHandle { .. }
            | Self::Contradiction { .. } => block("lifecycles"),
        }
    }
}
