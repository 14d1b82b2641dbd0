//! The Recovery form.

use super::f;
use crate::spec::FieldSpec;
use crate::spec::Kind;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Text, Time};

const CONTROL_STATE: Kind = Choice(&[
    ("approved", "Done and approved"),
    ("not-required", "Not required here"),
    ("bypassed", "Bypassed"),
]);

pub(crate) const RECOVERY: &[FieldSpec] = &[
    f(
        "recovery.acceptable_state",
        "Acceptable security state",
        "What must hold before normal operation.",
        LongText,
    ),
    f(
        "recovery.checks",
        "Checks",
        "What was checked, with evidence.",
        List(&[
            f("check", "Check", "What must hold.", Text).required(),
            f(
                "result",
                "Result",
                "How it came out.",
                Choice(&[
                    ("pending", "Pending"),
                    ("passed", "Passed"),
                    ("failed", "Failed"),
                ]),
            )
            .gate(),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs).gate(),
            f("checked_at", "Checked", "When.", Time),
            f("checked_by", "Checked by", "The member or office.", Member),
        ]),
    )
    .gate(),
    f(
        "recovery.restoration",
        "Staged restoration",
        "What returns to operation, in which order.",
        List(&[
            f("step", "Step", "What is restored.", Text).required(),
            f(
                "state",
                "State",
                "Where it stands.",
                Choice(&[
                    ("planned", "Planned"),
                    ("restored", "Restored"),
                    ("held-back", "Held back"),
                ]),
            ),
            f("at", "At", "When it was restored.", Time),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    ),
    f(
        "recovery.monitoring",
        "Extra monitoring",
        "What is watched more closely than usual.",
        LongText,
    ),
    f(
        "recovery.monitoring_from",
        "Monitoring from",
        "Start of the window.",
        Time,
    ),
    f(
        "recovery.monitoring_to",
        "Monitoring to",
        "End of the window.",
        Time,
    ),
    f(
        "recovery.validation_control",
        "Required validation",
        "Whether it was done.",
        CONTROL_STATE,
    )
    .gate(),
    f(
        "recovery.validation_basis",
        "Basis of that",
        "Who approved it, or why it is not required.",
        LongText,
    )
    .gate(),
    f(
        "recovery.release_control",
        "Release control",
        "Whether the release went through it.",
        CONTROL_STATE,
    )
    .gate(),
    f(
        "recovery.release_basis",
        "Basis of that",
        "Who approved the release, or why none is required.",
        LongText,
    )
    .gate(),
    f(
        "recovery.access_control",
        "Access control",
        "Whether access was restored through it.",
        CONTROL_STATE,
    )
    .gate(),
    f(
        "recovery.access_basis",
        "Basis of that",
        "Who approved access, or why none is required.",
        LongText,
    )
    .gate(),
    f(
        "recovery.confirmed_by",
        "Normal operation confirmed by",
        "The owner of the service: a member or an office.",
        Member,
    )
    .gate(),
    f("recovery.confirmed_at", "Confirmed", "When.", Time).gate(),
    f(
        "recovery.confirmation",
        "Confirmation",
        "What the owner confirmed.",
        LongText,
    ),
];
