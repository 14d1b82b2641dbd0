//! The shapes of what `muniment --json` prints: schemas under `schemas/cli/`, and which command
//! prints which.

use std::path::PathBuf;

use serde_json::Value;

/// What standard error says, as one document, when a command could not be done.
pub const ERROR: &str = "error";

/// Each schema with the commands whose document it describes.
pub const SHAPES: &[(&str, &[&str])] = &[
    ("init", &["init", "recover"]),
    ("restore", &["restore"]),
    ("passphrase", &["passphrase"]),
    ("keygen", &["keygen"]),
    ("seal", &["seal"]),
    ("trust", &["trust list"]),
    (
        "trust-change",
        &[
            "trust add",
            "trust set",
            "trust anchor",
            "trust distrust",
            "trust heartbeat",
            "trust confirm",
        ],
    ),
    ("trust-policy", &["trust show"]),
    ("trust-proposals", &["trust proposals"]),
    ("trust-file", &["trust export", "packet keys"]),
    ("trust-cloudtrail", &["trust cloudtrail"]),
    ("verify-cloudtrail", &["verify --keys"]),
    ("import", &["import"]),
    ("quarantine-list", &["quarantine list"]),
    ("quarantine", &["quarantine show"]),
    ("look-up", &["look-up"]),
    ("quarantine-admit", &["quarantine admit"]),
    ("quarantine-export", &["quarantine export"]),
    ("search", &["search"]),
    ("show", &["show"]),
    (
        "incident",
        &[
            "incident open",
            "incident show",
            "detections open",
            "detections link",
        ],
    ),
    ("incident-list", &["incident list"]),
    (
        "incident-act",
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
    ("detection-list", &["detections list", "detections rebuild"]),
    (
        "detection",
        &[
            "detections show",
            "detections dismiss",
            "detections reconsider",
        ],
    ),
    ("subject", &["subject"]),
    ("packet-plan", &["packet plan"]),
    ("packet-write", &["packet write"]),
    ("verify", &["verify", "packet sign"]),
    ("fork-proof", &["fork-proof"]),
    ("fsck", &["fsck"]),
    ("custody", &["custody"]),
    ("sources", &["sources"]),
    ("source-list", &["source list"]),
    ("source-show", &["source show"]),
    ("source-check", &["source check"]),
    (
        "source-add",
        &["source add", "source assign", "classify apply"],
    ),
    ("classify-list", &["classify list"]),
    ("classify-preview", &["classify preview"]),
    ("rebuild", &["rebuild"]),
    (ERROR, &[]),
];

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
        .find(|(_, commands)| commands.iter().any(|c| *c == one || *c == two))
        .map(|(stem, _)| *stem)
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
