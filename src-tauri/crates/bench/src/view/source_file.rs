//! Source files of the program and of the workspace's own, and what they leave unclassified.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// All source files at hand.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceFilesView {
    /// The newest version of each.
    pub files: Vec<SourceFileView>,
    /// Ids of those whose rows wait to be made anew.
    pub waiting: Vec<String>,
}

/// One source file, its newest version.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceFileView {
    /// Id that `@schema` names.
    pub id: String,
    /// Version.
    pub version: u32,
    /// System.
    pub title: String,
    /// What its records are about.
    pub summary: String,
    /// SHA-256 of the file, hex; a trust policy can pin it.
    pub digest: String,
    /// Whether the workspace added it; else it came with the program.
    pub own: bool,
    /// Declared fields.
    pub fields: u32,
    /// Record types.
    pub record_types: u32,
    /// Lifecycles.
    pub lifecycles: u32,
    /// Every version, newest first.
    pub versions: Vec<SourceVersionView>,
}

/// One version of a source file.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceVersionView {
    /// Version.
    pub version: u32,
    /// SHA-256, hex.
    pub digest: String,
    /// Whether the workspace added it.
    pub own: bool,
    /// When it was added.
    pub at: Option<String>,
    /// Member who added it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A source file in full.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceDetailView {
    /// The file.
    pub file: SourceFileView,
    /// Its fields.
    pub fields: Vec<SourceFieldView>,
    /// Its record types.
    pub record_types: Vec<RecordTypeView>,
    /// Its lifecycles.
    pub lifecycles: Vec<SourceLifecycleView>,
    /// What this version changed of the one before.
    pub changes: Vec<ChangeView>,
    /// The file itself.
    pub text: String,
}

/// A declared field.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceFieldView {
    /// JSON Pointer; `-` stands for any element of an array.
    pub path: String,
    /// Heading.
    pub title: String,
    /// Class code.
    pub class: String,
    /// Class in words.
    pub class_title: String,
    /// Purposes for which it may be used.
    pub purposes: Vec<String>,
    /// Identity space of its handle.
    pub domain: Option<String>,
    /// Whether people typed it, so that it is hidden.
    pub free_text: bool,
    /// Declared type.
    pub value_type: String,
}

/// A declared record type.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RecordTypeView {
    /// Value of the action field.
    pub name: String,
    /// What happened, for people.
    pub title: String,
    /// `audit` or `lifecycle`.
    pub kind: String,
    /// OCSF class, where one fits.
    pub ocsf: Option<String>,
}

/// A declared lifecycle.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceLifecycleView {
    /// Title.
    pub title: String,
    /// Field that names its subject.
    pub subject: String,
    /// States in their usual order.
    pub states: Vec<String>,
    /// What contradicts it besides the order of its states.
    pub contradictions: Vec<String>,
}

/// A difference to the version before.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ChangeView {
    /// Field, record type or lifecycle.
    pub place: String,
    /// The difference in words.
    pub words: String,
    /// Whether it shows or allows more than before.
    pub weakens: bool,
}

/// What is wrong with a source file.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SourceProblemView {
    /// JSON Pointer in the file, or a line.
    pub place: String,
    /// What.
    pub message: String,
}

/// What adding a source file would do.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct CheckedSourceView {
    /// Whether it can be added.
    pub usable: bool,
    /// Its id, if it can be read.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its system.
    pub title: String,
    /// Its digest.
    pub digest: String,
    /// The version before, if there is one.
    pub previous: Option<u32>,
    /// Whether the same file is here already.
    pub known: bool,
    /// What is wrong with it.
    pub problems: Vec<SourceProblemView>,
    /// What it changes of the newest version here.
    pub changes: Vec<ChangeView>,
    /// Whether a custodian has to confirm changes with a reason.
    pub weakens: bool,
}

/// A source file that was added.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct AddedSourceView {
    /// The file.
    pub file: SourceFileView,
    /// What it changed.
    pub changes: Vec<ChangeView>,
    /// Paths that are an object in some records and a plain value in others: their plain values stay
    /// hidden.
    pub mixed: Vec<String>,
    /// Records whose rows were made anew; none while a job still does it.
    pub redone: Option<u32>,
}

/// Rows that were made anew.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RebuiltView {
    /// Records whose rows were made anew.
    pub records: u32,
}

/// What no source file classifies, by path.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ToClassifyView {
    /// One for each source file with hidden values.
    pub systems: Vec<HiddenSystemView>,
    /// Purposes that source files use, with their titles.
    pub purposes: Vec<PurposeView>,
    /// Identity spaces.
    pub domains: Vec<String>,
    /// Classes, with their titles.
    pub classes: Vec<ClassView>,
}

/// A purpose.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PurposeView {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
}

/// A data class.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ClassView {
    /// Code.
    pub code: String,
    /// Title.
    pub title: String,
    /// Whether it needs an identity space.
    pub needs_domain: bool,
}

/// Hidden values of one system.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct HiddenSystemView {
    /// Source file id.
    pub id: String,
    /// System.
    pub title: String,
    /// Version of the source file.
    pub version: u32,
    /// Records with hidden values.
    pub records: u32,
    /// Imports that nobody has given a source file; only of records that name none.
    pub imports: Vec<u32>,
    /// Whether there are more paths than are listed.
    pub more: bool,
    /// The paths.
    pub paths: Vec<HiddenPathView>,
}

/// A path inside hidden values.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct HiddenPathView {
    /// JSON Pointer; `-` stands for any element of an array.
    pub path: String,
    /// Records that have it.
    pub records: u32,
    /// Narrowest type that its values fit.
    pub fits: String,
}

/// What somebody wants to decide about a pattern of paths.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ClassifyRequest {
    /// Source file id.
    pub system: String,
    /// Pattern, such as `/requestParameters/**`.
    pub pattern: String,
    /// Class code.
    pub class: String,
    /// Purposes.
    pub purposes: Vec<String>,
    /// Identity space of handles; for C3, C4 and H.
    pub domain: Option<String>,
    /// Whether people typed the values.
    pub free_text: bool,
}

/// What classifying a pattern would do. Never values.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ClassifyPreview {
    /// Paths that it takes.
    pub paths: Vec<ClassifiedPathView>,
    /// Records that have at least one of them.
    pub records: u32,
    /// Values that do not fit the type of their path and stay hidden.
    pub misfits: u32,
    /// Paths that are an object in some records: their plain values stay hidden.
    pub mixed: Vec<String>,
    /// The version that the source file would get.
    pub version: u32,
}

/// A path with the type that it would get.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct ClassifiedPathView {
    /// JSON Pointer.
    pub path: String,
    /// Records that have it.
    pub records: u32,
    /// Type.
    pub value_type: String,
    /// Values that do not fit it.
    pub misfits: u32,
}
