//! Origins, trust, imports, quarantine, fields to classify; verification reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// The Sources place.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourcesView {
    /// Origins that sent something or are trusted.
    pub origins: Vec<OriginView>,
    /// The newest imports, newest first: those before them are asked for in pages.
    pub imports: ImportPage,
    /// Files that failed.
    pub quarantine: Vec<QuarantineView>,
    /// Imports that were cut off and can be resumed.
    pub interrupted: Vec<InterruptedView>,
    /// Fields that no source file classifies.
    pub to_classify: Vec<UnclassifiedView>,
    /// Systems whose exports can be read.
    pub systems: Vec<SystemView>,
    /// Records from which the bands start, and to which they run.
    pub from: Option<String>,
    /// End of the bands.
    pub to: Option<String>,
}

/// Some of the imports.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ImportPage {
    /// Newest first.
    pub rows: Vec<ImportView>,
    /// How many there are in all.
    pub total: u32,
}

/// A system whose exports Muniment reads.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SystemView {
    /// Source file id.
    pub id: String,
    /// Version of the source file.
    pub version: u32,
    /// Title.
    pub title: String,
    /// Fields classified.
    pub fields: u32,
    /// Record types.
    pub record_types: u32,
    /// Records of it here.
    pub records: u32,
}

/// A log of records, with its continuity.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OriginView {
    /// Origin name.
    pub origin: String,
    /// Title of the system, or the origin again.
    pub title: String,
    /// Ids of the source files that its records here are of.
    pub systems: Vec<String>,
    /// The worst that is true of the whole: `fork`, `gap`, `pending`, `silent`, `unlinked`, `extends`, `none`.
    pub verdict: String,
    /// The verdict in words with numbers: `gap 41,020 to 41,977`.
    pub words: String,
    /// All that is true of its continuity, in words, the worst first.
    pub notes: Vec<String>,
    /// Sizes at which two histories are known to differ; each has a fork proof.
    #[specta(type = Vec<u32>)]
    pub forks: Vec<u64>,
    /// Seconds within which the origin writes a heartbeat, if the trust policy states it.
    #[specta(type = Option<u32>)]
    pub heartbeat: Option<u64>,
    /// Whether the segments connect to size 0 or to a pinned head.
    pub anchored: bool,
    /// Records here.
    pub records: u32,
    /// Size of the newest verified checkpoint.
    #[specta(type = u32)]
    pub size: u64,
    /// Covered, missing, disputed, pending, silent and unknown stretches in order of index.
    pub band: Vec<BandView>,
    /// Pinned keys.
    pub keys: Vec<KeyView>,
    /// Assurance of its records, in words.
    pub assurance: String,
    /// Time of the newest record.
    pub newest: Option<String>,
}

/// One stretch of an origin's log.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct BandView {
    /// `covered`, `gap`, `bridged`, `fork`, `pending`, `silent`, `unknown`.
    pub state: String,
    /// First index.
    #[specta(type = u32)]
    pub first: u64,
    /// One past the last index.
    #[specta(type = u32)]
    pub last: u64,
    /// Time of the first record (for a gap: of the record before it; for silence: of the heartbeat before it).
    pub from: Option<String>,
    /// Time of the last record (for a gap: of the record after it).
    pub to: Option<String>,
    /// The same in words.
    pub words: String,
}

/// A pinned key.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct KeyView {
    /// Origin it may sign for.
    pub origin: String,
    /// Key name.
    pub name: String,
    /// Algorithm.
    pub algorithm: String,
    /// Full SHA-256 fingerprint, hex.
    pub fingerprint: String,
    /// The vkey itself.
    pub vkey: String,
}

/// One import.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ImportView {
    /// Number.
    pub id: u32,
    /// File name (no path).
    pub file: String,
    /// Name under which the same bytes were imported first, where they came again under another.
    pub known_as: Option<String>,
    /// `native export`, `JSON records`, `JSON lines`, …
    pub format: String,
    /// What a person should know of how it was read.
    pub remark: Option<String>,
    /// When.
    pub at: String,
    /// Member who imported it.
    pub by: String,
    /// Records.
    pub records: u32,
    /// Origin.
    pub origin: String,
    /// Assurance in words.
    pub assurance: String,
    /// What a manifest agreed with, in words, where one did.
    pub agreed: Option<String>,
    /// Verdict in words, recomputed from everything known now.
    pub verdict: String,
    /// `imported`, `already imported`, or `admitted` from quarantine.
    pub outcome: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// What CloudTrail's digests say about it, in words; nothing where they do not.
    pub trail: Option<String>,
}

/// A file that failed: sealed, listed, never mixed with verified records.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct QuarantineView {
    /// Number.
    pub id: u32,
    /// File name.
    pub file: String,
    /// When.
    pub at: String,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// Where: file inside, line, index, field path.
    pub place: String,
    /// What to try.
    pub hint: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Kind of file.
    pub format: String,
    /// `held`, `admitted` (as unproven) or `released` (verified after all).
    pub state: String,
    /// File within the export that fails.
    pub part: Option<String>,
    /// Line of it, from 1.
    #[specta(type = Option<u32>)]
    pub line: Option<u64>,
    /// Index of the record in its log, or of the element in its array.
    #[specta(type = Option<u32>)]
    pub index: Option<u64>,
    /// Path of the field.
    pub field: Option<String>,
    /// Digest that was expected, hex.
    pub expected: Option<String>,
    /// Digest that was found, hex.
    pub found: Option<String>,
    /// The import that its admission became.
    pub import: Option<u32>,
}

/// Files in quarantine.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct QuarantineListView {
    /// Files listed.
    pub total: u32,
    /// The files, oldest first.
    pub files: Vec<QuarantineView>,
}

/// A quarantined file that was written out as it came.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct QuarantineExportView {
    /// Number in quarantine.
    pub id: u32,
    /// Where it was written.
    pub path: String,
    /// Bytes.
    #[specta(type = u32)]
    pub size: u64,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
}

/// A file that was admitted from quarantine.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct AdmittedView {
    /// Records that are here now, as unproven.
    pub total: u32,
    /// Lines, elements or rows that could not be read; they stay sealed only.
    pub unread: u32,
    /// Where the first of them stand.
    pub places: Vec<String>,
    /// What was wrong with the first of them.
    pub fault: Option<String>,
    /// The import that it became.
    pub import: ImportView,
    /// The file in quarantine.
    pub file: QuarantineView,
}

/// An import that was cut off.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct InterruptedView {
    /// Number.
    pub id: u32,
    /// Files and folders as they were named.
    pub paths: Vec<String>,
    /// Files that had come to their end.
    pub ended: u32,
    /// The file it had come to; its sealed copy is here.
    pub file: Option<String>,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: String,
    /// The same in one sentence.
    pub words: String,
}

/// Something that was named and is not imported: it could not be read, or is nothing to import.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct NotImportedView {
    /// File or folder as it was named or found.
    pub file: String,
    /// Why.
    pub reason: String,
    /// What to try.
    pub hint: String,
}

/// A file that is no evidence and was left out.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LeftOutView {
    /// File as it was found.
    pub file: String,
    /// What it is.
    pub what: String,
}

/// Fields hidden until somebody classifies them.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct UnclassifiedView {
    /// Source file id.
    pub system: String,
    /// JSON Pointer.
    pub path: String,
    /// Records that carry it.
    pub records: u32,
}

/// What an import of several paths did.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ImportReportView {
    /// Records that became searchable.
    pub total: u32,
    /// One per file.
    pub files: Vec<ImportView>,
    /// Files that failed.
    pub quarantine: Vec<QuarantineView>,
    /// What could not be read, or is nothing to import.
    pub failed: Vec<NotImportedView>,
    /// Files that systems write into folders for themselves.
    pub left_out: Vec<LeftOutView>,
}

/// Pinned keys of all origins.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct TrustView {
    /// Number of keys.
    pub total: u32,
    /// The keys.
    pub keys: Vec<KeyView>,
}

/// What `verify` says of an export, a packet or a fork proof.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct VerifyView {
    /// `export`, `packet` or `fork proof`.
    pub kind: String,
    /// File name.
    pub file: String,
    /// Whether everything was checked and holds, and somebody who is trusted signed.
    pub passed: bool,
    /// Whether somebody signed whom the given trust names, as it asks.
    pub trusted: bool,
    /// `passed`, `failed`, `not-trusted` (intact, but nobody trusted signed) or `not-checked`
    /// (intact and signed by somebody trusted, but not everything could be checked).
    pub outcome: String,
    /// The outcome in one sentence.
    pub words: String,
    /// Separate lines, never one tick.
    pub lines: Vec<VerifyLineView>,
    /// Every check there is for such a file, and what became of it.
    pub checks: Vec<VerifyCheckView>,
}

/// One check of a verification.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct VerifyCheckView {
    /// The line it belongs to.
    pub line: String,
    /// Its name.
    pub check: String,
    /// `held`, `failed` or `not-run`. A check that did not run is no check that passed.
    pub outcome: String,
}

/// One line of a verification.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct VerifyLineView {
    /// Name of the check.
    pub name: String,
    /// `ok`, `failed`, `not attested`, `not trusted`, `pending`.
    pub status: String,
    /// What was checked or what is wrong, in one sentence.
    pub detail: String,
    /// Each failure with code and place.
    pub findings: Vec<FindingView>,
}

/// One failure of a verification.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FindingView {
    /// Stable code.
    pub code: String,
    /// Where.
    pub place: String,
    /// What.
    pub message: String,
}
