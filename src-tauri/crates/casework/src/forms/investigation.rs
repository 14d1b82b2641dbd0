//! The Investigation form.

use super::{CONFIDENCE, LEVEL, f};
use crate::spec::FieldSpec;
use crate::spec::Kind::{Choice, EvidenceRefs, Flag, List, LongText, Member, Refs, Text, Time};

pub(crate) const INVESTIGATION: &[FieldSpec] = &[
    f(
        "investigation.questions",
        "Questions",
        "What has to be found out; each ends in a conclusion.",
        List(&[
            f(
                "question",
                "Question",
                "One thing that can be answered.",
                Text,
            )
            .required(),
            f(
                "state",
                "State",
                "Where it stands.",
                Choice(&[
                    ("open", "Open"),
                    ("concluded", "Concluded"),
                    ("nothing-found", "Nothing found"),
                    ("dropped", "Dropped"),
                ]),
            ),
            f(
                "searches",
                "Searches",
                "The saved searches it rests on, those with zero hits too.",
                Refs("searches"),
            ),
            f(
                "evidence",
                "Evidence",
                "The evidence it rests on.",
                EvidenceRefs,
            ),
            f(
                "conclusion",
                "Conclusion",
                "The answer, and what limits it.",
                LongText,
            ),
            f(
                "confidence",
                "Confidence",
                "How sure the answer is.",
                CONFIDENCE,
            ),
            f("due", "Due", "When the answer is needed.", Time),
            f("assignee", "With", "Who works on it.", Member),
        ]),
    ),
    f(
        "investigation.hypotheses",
        "Hypotheses",
        "Explanations, with what speaks for and against each.",
        List(&[
            f("statement", "Hypothesis", "One explanation.", Text).required(),
            f("for", "For", "Evidence that speaks for it.", EvidenceRefs),
            f(
                "against",
                "Against",
                "Evidence that speaks against it.",
                EvidenceRefs,
            ),
            f(
                "state",
                "State",
                "Where it stands.",
                Choice(&[
                    ("open", "Open"),
                    ("supported", "Supported"),
                    ("rejected", "Rejected"),
                ]),
            ),
            f("reasoning", "Reasoning", "Why it stands there.", LongText),
        ]),
    ),
    f(
        "investigation.timeline",
        "Timeline",
        "What happened, what is inferred, what was decided.",
        List(&[
            f("at", "Time", "When it happened, with its zone.", Time).required(),
            f(
                "kind",
                "Kind",
                "Facts cite evidence; inferences say from what.",
                Choice(&[
                    ("fact", "Fact"),
                    ("inference", "Inference"),
                    ("decision", "Decision"),
                ]),
            )
            .required(),
            f(
                "text",
                "What",
                "One event, with handles in place of names.",
                LongText,
            )
            .required(),
            f(
                "evidence",
                "Evidence",
                "The evidence that shows it.",
                EvidenceRefs,
            ),
            f("actor", "Actor", "The handle of whoever acted.", Text),
            f(
                "lane",
                "Lane",
                "The system or subject it is drawn under.",
                Text,
            ),
            f("learned_at", "Learned", "When the team learned it.", Time),
        ]),
    ),
    f(
        "investigation.findings",
        "Findings",
        "What the investigation established.",
        List(&[
            f("statement", "Finding", "What is established.", LongText).required(),
            f(
                "material",
                "Material",
                "Whether a decision rests on it.",
                Flag,
            )
            .required(),
            f(
                "evidence",
                "Evidence",
                "A material finding cites verified evidence.",
                EvidenceRefs,
            )
            .gate(),
            f("confidence", "Confidence", "How sure it is.", CONFIDENCE),
            f(
                "limits",
                "Limits",
                "What the evidence does not show.",
                LongText,
            ),
        ]),
    )
    .gate(),
    f(
        "investigation.subjects",
        "Affected subjects",
        "People, devices and services concerned, by handle.",
        List(&[
            f(
                "handle",
                "Handle",
                "The privacy-preserving handle; never a name or identifier.",
                Text,
            )
            .required(),
            f(
                "kind",
                "Kind",
                "What it is.",
                Choice(&[
                    ("account", "Account"),
                    ("device", "Device"),
                    ("key", "Key"),
                    ("sim", "eSIM"),
                    ("server", "Server"),
                    ("service", "Service"),
                    ("administrator", "Administrator"),
                    ("other", "Other"),
                ]),
            ),
            f(
                "affected",
                "Affected",
                "Whether it is.",
                Choice(&[
                    ("confirmed", "Confirmed"),
                    ("possible", "Possible"),
                    ("cleared", "Cleared"),
                ]),
            )
            .required(),
            f("how", "How", "In what way.", LongText),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    ),
    f(
        "investigation.gaps",
        "Gaps judged",
        "Missing intervals, expired data, sources that cannot export: what each means here.",
        List(&[
            f(
                "gap",
                "Gap",
                "The id of the gap in the sources, or a short name for one found otherwise.",
                Text,
            )
            .required(),
            f(
                "effect",
                "Effect",
                "Whether a conclusion could turn on it.",
                Choice(&[
                    ("not-material", "No conclusion turns on it"),
                    ("limits", "It limits a conclusion"),
                    ("material", "A conclusion may turn on it"),
                ]),
            )
            .required()
            .gate(),
            f(
                "judgement",
                "Judgement",
                "Why, and what stands in for the missing records.",
                LongText,
            )
            .required(),
            f("evidence", "Evidence", "What shows it.", EvidenceRefs),
        ]),
    )
    .gate(),
    f(
        "investigation.scope_statement",
        "Scope statement",
        "What is in scope, what is not, and from when to when.",
        LongText,
    )
    .gate(),
    f(
        "investigation.doubts",
        "Doubts",
        "What may be wrong with the conclusions.",
        List(&[
            f("doubt", "Doubt", "What is not certain.", Text).required(),
            f(
                "impact",
                "Impact",
                "How much would change if it went the other way.",
                LEVEL,
            )
            .required(),
            f(
                "state",
                "State",
                "Whether it was resolved; a risk is accepted by its own command.",
                Choice(&[("open", "Open"), ("resolved", "Resolved")]),
            )
            .gate(),
            f("resolution", "Resolution", "What settled it.", LongText).gate(),
            f("evidence", "Evidence", "What settled it.", EvidenceRefs),
        ]),
    )
    .gate(),
];
