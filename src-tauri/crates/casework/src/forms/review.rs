//! The Review form.

use super::f;
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Text, Time};

pub(crate) const REVIEW: &[FieldSpec] = &[
    f(
        "review.root_causes",
        "Root causes",
        "Whether they were found and are gone.",
        LongText,
    ),
    f(
        "review.detection_effectiveness",
        "Detection effectiveness",
        "How soon it was seen, and what would have seen it sooner.",
        LongText,
    ),
    f(
        "review.response_effectiveness",
        "Response effectiveness",
        "What went well and what did not.",
        LongText,
    ),
    f(
        "review.remediation_quality",
        "Remediation quality",
        "Whether the changes hold.",
        LongText,
    ),
    f(
        "review.communication_quality",
        "Communication quality",
        "Whether the right people knew in time.",
        LongText,
    ),
    f(
        "review.preventive_improvements",
        "Preventive improvements",
        "What keeps it from coming back.",
        LongText,
    ),
    f(
        "review.metrics",
        "Metrics",
        "Figures, each with what it was computed from.",
        List(&[
            f("metric", "Metric", "What is measured.", Text).required(),
            f("value", "Value", "With its unit.", Text).required(),
            f("inputs", "Inputs", "From which times or counts.", LongText).required(),
        ]),
    ),
    f(
        "review.lessons",
        "Lessons",
        "What was learned.",
        List(&[
            f("lesson", "Lesson", "One thing learned.", LongText).required(),
            f(
                "dimension",
                "Dimension",
                "Which of the six it belongs to.",
                Choice(&[
                    ("root-causes", "Root causes"),
                    ("detection", "Detection effectiveness"),
                    ("response", "Response effectiveness"),
                    ("remediation", "Remediation quality"),
                    ("communication", "Communication quality"),
                    ("prevention", "Preventive improvements"),
                ]),
            )
            .required(),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    ),
    f(
        "review.actions",
        "Corrective actions",
        "Each with an owner, a due date and a later check that it worked.",
        List(&[
            f("action", "Action", "What is to be done.", Text).required(),
            f("owner", "Owner", "Who sees to it.", Member).gate(),
            f("due", "Due", "By when.", Time).gate(),
            f(
                "effectiveness_check",
                "Effectiveness check",
                "How and when it is shown to have worked.",
                LongText,
            )
            .gate(),
            f(
                "state",
                "State",
                "Where it stands.",
                Choice(&[
                    ("open", "Open"),
                    ("done", "Done"),
                    ("effective", "Done and found effective"),
                    ("not-effective", "Done and found not effective"),
                ]),
            ),
            f(
                "result",
                "Result",
                "What the effectiveness check found.",
                LongText,
            ),
        ]),
    )
    .gate(),
    f(
        "review.retention",
        "Retention",
        "How long the incident's evidence is kept.",
        Choice(&[
            ("category", "As its categories say"),
            ("until", "Until the date below"),
            ("hold", "While a hold stands"),
        ]),
    )
    .gate(),
    f(
        "review.retention_until",
        "Kept until",
        "The date, where one is set.",
        Time,
    )
    .gate(),
    f(
        "review.retention_basis",
        "Basis of the retention",
        "The rule or authority it follows.",
        LongText,
    )
    .gate(),
    f(
        "review.reviewer",
        "Reviewer",
        "A member who neither owns, leads nor wrote the incident.",
        Member,
    )
    .gate(),
];
