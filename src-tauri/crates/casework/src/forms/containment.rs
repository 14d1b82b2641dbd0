//! The Containment form.

use super::{CONFIDENCE, f};
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Text, Time};

pub(crate) const CONTAINMENT: &[FieldSpec] = &[
    f(
        "containment.actions",
        "Containment actions",
        "What is done to stop the spread.",
        List(&[
            f("action", "Action", "What is done.", Text).required(),
            f("target", "Target", "To what, by handle or system.", Text).required(),
            f(
                "state",
                "State",
                "Where it stands; carried out needs an authoriser.",
                Choice(&[
                    ("drafted", "Drafted"),
                    ("authorised", "Authorised"),
                    ("carried-out", "Carried out"),
                    ("ended", "Ended"),
                    ("rolled-back", "Rolled back"),
                ]),
            ),
            f("risk", "Risk", "What it may break.", LongText),
            f(
                "confidence",
                "Confidence",
                "How sure it is that it helps.",
                CONFIDENCE,
            ),
            f(
                "operational_impact",
                "Operational impact",
                "What stops working meanwhile.",
                LongText,
            ),
            f(
                "user_protection",
                "User protection",
                "How users are kept from harm by it.",
                LongText,
            ),
            f(
                "authoriser",
                "Authorised by",
                "The member or office.",
                Member,
            ),
            f(
                "term",
                "Term",
                "Temporary measures have an end date.",
                Choice(&[("temporary", "Temporary"), ("permanent", "Permanent")]),
            )
            .gate(),
            f("ends_at", "Ends", "When a temporary measure ends.", Time).gate(),
            f("rollback", "Rollback", "How it is undone.", LongText),
            f(
                "volatile",
                "Volatile evidence",
                "What would be lost by it.",
                Choice(&[
                    ("preserved-first", "Preserved before the action"),
                    ("nothing-volatile", "Nothing volatile is touched"),
                    ("not-preserved", "Not preserved"),
                ]),
            )
            .gate(),
            f(
                "volatile_evidence",
                "What was preserved",
                "The evidence preserved first.",
                EvidenceRefs,
            )
            .gate(),
            f("carried_out_at", "Carried out", "When it was done.", Time),
            f(
                "ended_at",
                "Ended",
                "When it was ended or rolled back.",
                Time,
            ),
        ]),
    )
    .gate(),
    f(
        "containment.spread_statement",
        "Spread stopped",
        "What shows that it no longer spreads.",
        LongText,
    )
    .gate(),
    f(
        "containment.spread_evidence",
        "Evidence that the spread stopped",
        "Verified evidence from after the measures.",
        EvidenceRefs,
    )
    .gate(),
];
