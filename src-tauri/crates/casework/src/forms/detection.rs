//! The Detection form.

use super::{CLOCK_BASIS, f};
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Text, Time};

pub(crate) const DETECTION: &[FieldSpec] = &[
    f(
        "detection.origin",
        "Origin",
        "Where the first sign came from.",
        Choice(&[
            ("security-monitoring", "Security monitoring"),
            ("threat-intelligence", "Threat intelligence"),
            ("operational-observation", "Operational observation"),
            ("vulnerability-disclosure", "Vulnerability disclosure"),
            ("internal-report", "Internal report"),
        ]),
    ),
    f(
        "detection.reporter_role",
        "Reporter's role",
        "The role of whoever reported it; never a name.",
        Text,
    ),
    f(
        "detection.owner",
        "Owner",
        "The member who answers for this incident.",
        Member,
    )
    .gate(),
    f(
        "detection.occurred_at",
        "Occurred",
        "When it began, as far as is known.",
        Time,
    ),
    f(
        "detection.occurred_basis",
        "Basis of the time it occurred",
        "What that time rests on.",
        CLOCK_BASIS,
    )
    .gate(),
    f(
        "detection.noticed_at",
        "Noticed",
        "When somebody or something first noticed it.",
        Time,
    )
    .gate(),
    f(
        "detection.noticed_basis",
        "Basis of the time it was noticed",
        "What that time rests on.",
        CLOCK_BASIS,
    )
    .gate(),
    f(
        "detection.reported_at",
        "Reported",
        "When it reached the response team.",
        Time,
    ),
    f(
        "detection.reported_basis",
        "Basis of the time it was reported",
        "What that time rests on.",
        CLOCK_BASIS,
    )
    .gate(),
    f(
        "detection.clock_basis",
        "Clock basis",
        "Which clocks were compared, their offsets, and which one the incident is told in.",
        LongText,
    )
    .gate(),
    f(
        "detection.hypothesis",
        "First hypothesis",
        "What this looks like now, before anything is confirmed.",
        LongText,
    ),
    f(
        "detection.pointers",
        "Pointers to records",
        "Where more records may be found: systems, origins, periods.",
        List(&[
            f(
                "where",
                "Where",
                "The system or origin, and the period.",
                Text,
            )
            .required(),
            f("why", "Why", "What it may show.", Text),
            f(
                "state",
                "State",
                "Whether it was fetched.",
                Choice(&[
                    ("wanted", "Wanted"),
                    ("requested", "Requested"),
                    ("imported", "Imported"),
                    ("unavailable", "Not available"),
                ]),
            ),
            f(
                "evidence",
                "Evidence",
                "What was pinned from it.",
                EvidenceRefs,
            ),
        ]),
    ),
];
