//! The Remediation form.

use super::f;
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Refs, Text, Time};

pub(crate) const REMEDIATION: &[FieldSpec] = &[
    f(
        "remediation.causes",
        "Root causes",
        "What made it possible.",
        List(&[
            f(
                "cause",
                "Root cause",
                "One cause that can be removed.",
                Text,
            )
            .required(),
            f(
                "role",
                "Part it played",
                "Trigger, root cause or contributing factor.",
                Choice(&[
                    ("root", "Root cause"),
                    ("trigger", "Trigger"),
                    ("contributing", "Contributing factor"),
                ]),
            ),
            f(
                "explanation",
                "Explanation",
                "How it led to the incident.",
                LongText,
            ),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    )
    .gate(),
    f(
        "remediation.changes",
        "Changes",
        "What removes each cause; complete once validated and reviewed.",
        List(&[
            f(
                "causes",
                "Root causes",
                "The causes it removes.",
                Refs("remediation.causes"),
            )
            .required()
            .gate(),
            f(
                "kind",
                "Kind",
                "What is changed.",
                Choice(&[
                    ("software", "Software"),
                    ("configuration", "Configuration"),
                    ("access-controls", "Access controls"),
                    ("validation-coverage", "Validation coverage"),
                    ("monitoring", "Monitoring"),
                    ("security-processes", "Security processes"),
                ]),
            )
            .required(),
            f("change", "Change", "What is changed.", LongText).required(),
            f("owner", "Owner", "Who sees to it.", Member).gate(),
            f("due", "Due", "By when.", Time).gate(),
            f(
                "state",
                "State",
                "Where it stands.",
                Choice(&[
                    ("planned", "Planned"),
                    ("made", "Made"),
                    ("validated", "Validated"),
                    ("failed", "Failed validation"),
                ]),
            )
            .gate(),
            f(
                "validation",
                "Validation",
                "How it was shown to work.",
                LongText,
            )
            .gate(),
            f(
                "validation_evidence",
                "Evidence of validation",
                "What shows it.",
                EvidenceRefs,
            ),
        ]),
    )
    .gate(),
    f(
        "remediation.measure_available_at",
        "Measure available",
        "When a corrective or mitigating measure was available to users; starts a clock of CRA 14.",
        Time,
    ),
];
