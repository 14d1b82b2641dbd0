//! The lists beside all stages: decisions and communications.

use super::{STEPS, f};
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, List, LongText, Member, Text, Time};

pub(crate) const BESIDE: &[FieldSpec] = &[
    f(
        "decisions",
        "Decisions",
        "Who decided what; somebody without an account by their office, attested by the member who records it.",
        List(&[
            f("decision", "Decision", "What was decided.", LongText).required(),
            f("decider", "Decided by", "The member or office.", Member).required(),
            f("rationale", "Why", "What it rests on.", LongText),
            f("decided_at", "Decided", "When.", Time),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    ),
    f(
        "communications",
        "Communications",
        "Messages per audience: drafted, checked, approved, sent.",
        List(&[
            f(
                "audience",
                "Audience",
                "Whom it is for.",
                Choice(&[
                    ("internal", "Internal"),
                    ("affected-users", "Affected users"),
                    ("customers", "Customers"),
                    ("partners", "Partners"),
                    ("authorities", "Authorities"),
                    ("public", "Public"),
                ]),
            )
            .required(),
            f("subject", "Subject", "One line.", Text).required(),
            f("text", "Text", "The message.", LongText),
            f(
                "transparency",
                "Transparency",
                "What the audience needs to know, and gets told.",
                LongText,
            ),
            f(
                "accuracy",
                "Accuracy",
                "What is certain, what is not, and how the text says so.",
                LongText,
            ),
            f(
                "operational_security",
                "Operational security",
                "What is left out so as not to help an attacker.",
                LongText,
            ),
            f(
                "trigger",
                "Trigger",
                "Why it is sent: a duty, a contract, a need.",
                Text,
            ),
            f("clock", "Clock", "The notification step it serves.", STEPS),
            f("deadline", "Deadline", "By when it must be out.", Time),
            f("evidence", "Evidence", "What it rests on.", EvidenceRefs),
        ]),
    ),
];
