//! The seven stage forms and the lists beside them, as data.

use crate::form::{FieldSpec, Kind};

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

use Kind::{Choice, EvidenceRefs, Flag, List, LongText, Member, Refs, Text, Time};

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
