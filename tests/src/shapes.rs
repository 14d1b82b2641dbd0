//! The shapes of what `muniment --json` prints: schemas under `schemas/cli/`, and which command
//! prints which.

use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use workbench::{seal, view};

/// What standard error says, as one document, when a command could not be done.
pub const ERROR: &str = "error";

/// A document of the command line: its name, the schema of what is printed, and the commands that print it.
pub type Shape = (&'static str, fn() -> Schema, &'static [&'static str]);

/// Each schema with the type that is printed and the commands whose document it describes.
pub const SHAPES: &[Shape] = &[
    ("init", printed::<view::CreatedView>, &["init", "recover"]),
    ("restore", printed::<view::RestoreView>, &["restore"]),
    (
        "passphrase",
        printed::<view::PassphraseChangedView>,
        &["passphrase"],
    ),
    ("keygen", printed::<seal::KeyView>, &["keygen"]),
    ("seal", printed::<seal::SealedView>, &["seal"]),
    ("trust", printed::<view::TrustView>, &["trust list"]),
    (
        "trust-change",
        printed::<view::TrustChangeView>,
        &[
            "trust add",
            "trust set",
            "trust anchor",
            "trust distrust",
            "trust heartbeat",
            "trust confirm",
        ],
    ),
    ("trust-policy", printed::<view::PolicyView>, &["trust show"]),
    (
        "trust-proposals",
        printed::<view::ProposalsView>,
        &["trust proposals"],
    ),
    (
        "trust-file",
        printed::<view::TrustFileView>,
        &["trust export", "packet keys"],
    ),
    (
        "trust-cloudtrail",
        printed::<view::TrailsView>,
        &["trust cloudtrail"],
    ),
    (
        "verify-cloudtrail",
        printed::<view::TrailReport>,
        &["verify --keys"],
    ),
    ("import", printed::<view::ImportReportView>, &["import"]),
    (
        "quarantine-list",
        printed::<view::QuarantineListView>,
        &["quarantine list"],
    ),
    (
        "quarantine",
        printed::<view::QuarantineView>,
        &["quarantine show"],
    ),
    ("look-up", printed::<view::LookedUpView>, &["look-up"]),
    (
        "quarantine-admit",
        printed::<view::AdmittedView>,
        &["quarantine admit"],
    ),
    (
        "quarantine-export",
        printed::<view::QuarantineExportView>,
        &["quarantine export"],
    ),
    ("search", printed::<view::SearchView>, &["search"]),
    ("show", printed::<view::RecordView>, &["show"]),
    (
        "incident",
        printed::<view::IncidentView>,
        &[
            "incident open",
            "incident show",
            "detections open",
            "detections link",
        ],
    ),
    (
        "incident-list",
        printed::<view::IncidentsView>,
        &["incident list"],
    ),
    (
        "incident-act",
        printed::<view::ActedView>,
        &[
            "incident set",
            "incident pin",
            "incident save-search",
            "incident map",
            "incident advance",
            "incident waive",
            "incident back",
            "incident approve",
        ],
    ),
    (
        "detection-list",
        printed::<view::DetectionsView>,
        &["detections list", "detections rebuild"],
    ),
    (
        "detection",
        printed::<view::DetectionView>,
        &[
            "detections show",
            "detections dismiss",
            "detections reconsider",
        ],
    ),
    ("subject", printed::<view::SubjectView>, &["subject"]),
    (
        "packet-plan",
        printed::<view::PacketPlanView>,
        &["packet plan"],
    ),
    (
        "packet-write",
        printed::<view::PacketRowView>,
        &["packet write"],
    ),
    (
        "verify",
        printed::<view::VerifyView>,
        &["verify", "packet sign"],
    ),
    (
        "fork-proof",
        printed::<view::ForkProofView>,
        &["fork-proof"],
    ),
    ("fsck", printed::<view::FsckView>, &["fsck"]),
    ("custody", printed::<view::CustodyView>, &["custody"]),
    ("sources", printed::<view::SourcesView>, &["sources"]),
    ("imports", printed::<view::ImportPage>, &["imports"]),
    (
        "source-list",
        printed::<view::SourceFilesView>,
        &["source list"],
    ),
    (
        "source-show",
        printed::<view::SourceDetailView>,
        &["source show"],
    ),
    (
        "source-check",
        printed::<view::CheckedSourceView>,
        &["source check"],
    ),
    (
        "source-add",
        printed::<view::AddedSourceView>,
        &["source add", "source assign", "classify apply"],
    ),
    (
        "classify-list",
        printed::<view::ToClassifyView>,
        &["classify list"],
    ),
    (
        "classify-preview",
        printed::<view::ClassifyPreview>,
        &["classify preview"],
    ),
    ("rebuild", printed::<view::RebuiltView>, &["rebuild"]),
    (ERROR, printed::<workbench::Error>, &[]),
];

/// The schema of what is printed: every field that is always there is required.
pub fn printed<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// File of a schema.
pub fn file(stem: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../schemas/cli")
        .join(format!("{stem}.schema.json"))
}

/// The schema of the document that a command line prints.
///
/// # Panics
/// If no schema says which command it is.
pub fn of(arguments: &[&str]) -> &'static str {
    let one = arguments.first().copied().unwrap_or_default();
    if one == "verify" && arguments.contains(&"--keys") {
        return "verify-cloudtrail";
    }
    let two = format!("{one} {}", arguments.get(1).copied().unwrap_or_default());
    SHAPES
        .iter()
        .find(|(_, _, commands)| commands.iter().any(|c| *c == one || *c == two))
        .map(|(stem, _, _)| *stem)
        .unwrap_or_else(|| panic!("no schema under schemas/cli/ is for muniment {arguments:?}"))
}

/// Checks a document against a schema.
///
/// # Panics
/// If the schema cannot be read or the document is not of its shape.
pub fn check(stem: &str, document: &Value) {
    let text = std::fs::read_to_string(file(stem))
        .unwrap_or_else(|e| panic!("schemas/cli/{stem}.schema.json cannot be read: {e}"));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema that compiles");
    let wrong: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(
        wrong.is_empty(),
        "not of the shape schemas/cli/{stem}.schema.json: {}",
        wrong.join("; ")
    );
}
