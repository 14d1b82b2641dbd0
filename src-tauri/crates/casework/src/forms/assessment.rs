//! The Assessment form.

use super::{CONFIDENCE, IMPACT, REGIMES, f};
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, List, LongText, Member, Text, Time};

pub(crate) const ASSESSMENT: &[FieldSpec] = &[
    f(
        "assessment.scope",
        "Scope",
        "Systems, services, regions and periods that may be affected.",
        LongText,
    ),
    f(
        "assessment.impact_service",
        "Impact on the service",
        "How far the service fails to do what it should.",
        IMPACT,
    ),
    f(
        "assessment.impact_confidentiality",
        "Impact on confidentiality",
        "Whether somebody learned what they should not.",
        IMPACT,
    ),
    f(
        "assessment.impact_integrity",
        "Impact on integrity",
        "Whether something was changed that should not be.",
        IMPACT,
    ),
    f(
        "assessment.impact_availability",
        "Impact on availability",
        "Whether something could not be used.",
        IMPACT,
    ),
    f(
        "assessment.impact_people",
        "Impact on people",
        "Whether users or others may come to harm.",
        IMPACT,
    ),
    f(
        "assessment.impact_content",
        "Impact on protected content",
        "Whether messages, calls, keys or credentials were exposed.",
        IMPACT,
    ),
    f(
        "assessment.impact_notes",
        "Impact, in words",
        "What each level above rests on.",
        LongText,
    ),
    f(
        "assessment.confidence",
        "Confidence",
        "How sure the assessment is.",
        CONFIDENCE,
    ),
    f(
        "assessment.required_response",
        "Required response",
        "What has to be done, and how fast.",
        LongText,
    ),
    f(
        "assessment.severity_criteria",
        "Severity criteria",
        "Which criteria and version the severity follows.",
        Text,
    ),
    f(
        "assessment.severity",
        "Severity",
        "By the criteria named above; every change is kept.",
        Choice(&[
            ("low", "Low"),
            ("medium", "Medium"),
            ("high", "High"),
            ("critical", "Critical"),
        ]),
    ),
    f(
        "assessment.false_positive",
        "False-positive check",
        "What was done to rule out an error of the detection.",
        Choice(&[
            ("ruled-out", "Ruled out"),
            ("possible", "Still possible"),
            ("confirmed", "It was a false positive"),
        ]),
    ),
    f(
        "assessment.false_positive_basis",
        "Basis of that check",
        "What was compared, and with what result.",
        LongText,
    ),
    f(
        "assessment.aware_at",
        "Became aware",
        "When the organisation knew with reasonable certainty; starts notification clocks.",
        Time,
    ),
    f(
        "assessment.classified_at",
        "Classified",
        "When the incident was classified as major or significant; starts notification clocks.",
        Time,
    ),
    f(
        "assessment.notifications",
        "Notification triggers",
        "Which notification duties were considered, and whether they apply.",
        List(&[
            f("regime", "Duty", "The law and article.", REGIMES).required(),
            f(
                "applies",
                "Applies",
                "The answer now.",
                Choice(&[
                    ("applies", "Applies"),
                    ("does-not-apply", "Does not apply"),
                    ("undetermined", "Not decided yet"),
                ]),
            )
            .required(),
            f("decider", "Decided by", "The member or office.", Member),
            f("rationale", "Why", "What the answer rests on.", LongText).required(),
        ]),
    ),
    f(
        "assessment.declaration",
        "Declaration",
        "What this is.",
        Choice(&[
            ("incident", "An incident"),
            ("not-an-incident", "Not an incident"),
            ("undetermined", "Undetermined"),
        ]),
    )
    .gate(),
    f(
        "assessment.decider",
        "Declared by",
        "The member or office that decided.",
        Member,
    )
    .gate(),
    f(
        "assessment.rationale",
        "Rationale",
        "Why it was declared so.",
        LongText,
    )
    .gate(),
    f(
        "assessment.posture_hold",
        "Hold",
        "Which hold keeps the evidence from deletion.",
        Choice(&[
            ("security", "Security hold"),
            ("legal", "Legal hold"),
            ("compliance", "Compliance hold"),
            ("none", "No hold beyond the pinned records"),
        ]),
    )
    .gate(),
    f(
        "assessment.custody_depth",
        "Custody depth",
        "How closely handling of the evidence is recorded.",
        Choice(&[
            ("every-view", "Every view, reveal and export"),
            ("reveals", "Reveals and exports"),
            ("exports", "Exports only"),
        ]),
    )
    .gate(),
    f(
        "assessment.posture_reason",
        "Why this posture",
        "What the evidence may be needed for.",
        LongText,
    ),
    f(
        "assessment.lead",
        "Lead",
        "The member who leads the response.",
        Member,
    )
    .gate(),
];
