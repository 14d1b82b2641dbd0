//! The seven stage forms and the lists beside them, as data.

mod assessment;
mod beside;
mod containment;
mod detection;
mod investigation;
mod recovery;
mod remediation;
mod review;

pub(crate) use assessment::ASSESSMENT;
pub(crate) use beside::BESIDE;
pub(crate) use containment::CONTAINMENT;
pub(crate) use detection::DETECTION;
pub(crate) use investigation::INVESTIGATION;
pub(crate) use recovery::RECOVERY;
pub(crate) use remediation::REMEDIATION;
pub(crate) use review::REVIEW;

use crate::spec::{FieldSpec, Kind};

const fn f(id: &'static str, label: &'static str, help: &'static str, kind: Kind) -> FieldSpec {
    FieldSpec {
        id,
        label,
        help,
        kind,
        required: false,
        required_for_gate: false,
    }
}

impl FieldSpec {
    const fn required(self) -> FieldSpec {
        FieldSpec {
            required: true,
            ..self
        }
    }
    const fn gate(self) -> FieldSpec {
        FieldSpec {
            required_for_gate: true,
            ..self
        }
    }
}

use Kind::Choice;

/// The letter of each list's item ids. `E` evidence, `M` mappings, `S` searches, `W` waivers,
/// `X` accepted risks and `Z` approvals are taken too.
pub(crate) const PREFIXES: &[(&str, &str)] = &[
    ("detection.pointers", "P"),
    ("assessment.notifications", "N"),
    ("investigation.questions", "Q"),
    ("investigation.hypotheses", "H"),
    ("investigation.timeline", "T"),
    ("investigation.findings", "F"),
    ("investigation.subjects", "J"),
    ("investigation.gaps", "G"),
    ("investigation.doubts", "U"),
    ("containment.actions", "A"),
    ("remediation.causes", "R"),
    ("remediation.changes", "V"),
    ("recovery.checks", "K"),
    ("recovery.restoration", "Y"),
    ("review.lessons", "L"),
    ("review.metrics", "O"),
    ("review.actions", "A"),
    ("decisions", "D"),
    ("communications", "C"),
];

const IMPACT: Kind = Choice(&[
    ("none", "None"),
    ("low", "Low"),
    ("moderate", "Moderate"),
    ("high", "High"),
    ("unknown", "Not known yet"),
]);
const CONFIDENCE: Kind = Choice(&[("low", "Low"), ("moderate", "Moderate"), ("high", "High")]);
const LEVEL: Kind = CONFIDENCE;
const CLOCK_BASIS: Kind = Choice(&[
    (
        "source-signed",
        "Written by the source into a signed record",
    ),
    ("source-clock", "The source's clock, not signed"),
    ("synchronised", "A clock synchronised to a known reference"),
    ("person", "Somebody's statement"),
    ("estimated", "Estimated"),
]);
/// Ids of the steps in `schemas/clocks/`; a test holds both together.
const STEPS: Kind = Choice(&[
    ("gdpr-33.authority", "GDPR 33: supervisory authority"),
    ("gdpr-34.people", "GDPR 34: people concerned"),
    ("nis2-23.early-warning", "NIS2 23: early warning"),
    ("nis2-23.notification", "NIS2 23: incident notification"),
    ("nis2-23.final", "NIS2 23: final report"),
    ("dora-19.initial", "DORA 19: initial notification"),
    ("dora-19.intermediate", "DORA 19: intermediate report"),
    ("dora-19.final", "DORA 19: final report"),
    (
        "cra-14-vulnerability.early-warning",
        "CRA 14: exploited vulnerability, early warning",
    ),
    (
        "cra-14-vulnerability.notification",
        "CRA 14: exploited vulnerability, notification",
    ),
    (
        "cra-14-vulnerability.final",
        "CRA 14: exploited vulnerability, final report",
    ),
    (
        "cra-14-incident.early-warning",
        "CRA 14: severe incident, early warning",
    ),
    (
        "cra-14-incident.notification",
        "CRA 14: severe incident, notification",
    ),
    (
        "cra-14-incident.final",
        "CRA 14: severe incident, final report",
    ),
]);
/// Ids of the regimes in `schemas/clocks/`.
const REGIMES: Kind = Choice(&[
    ("gdpr-33", "GDPR 33: notify the supervisory authority"),
    ("gdpr-34", "GDPR 34: tell the people concerned"),
    ("nis2-23", "NIS2 23: significant incident"),
    (
        "dora-19",
        "DORA 19 and RTS 2025/301: major ICT-related incident",
    ),
    (
        "cra-14-vulnerability",
        "CRA 14: actively exploited vulnerability",
    ),
    ("cra-14-incident", "CRA 14: severe incident"),
]);
