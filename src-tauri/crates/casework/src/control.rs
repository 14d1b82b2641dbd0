//! Control frameworks as data under `schemas/controls/`, and which controls the mappings of
//! incidents cover. There is no percentage and no single verdict on a framework.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::incident::{Incident, Mapping, Period, Relation};

/// A framework.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// `muniment/controls/v1`.
    pub format: String,
    /// The id, for example `iso-27001-2022`.
    pub id: String,
    /// The version of this file.
    pub version: u32,
    /// The title.
    pub title: String,
    /// Where it is published.
    pub source: String,
    /// A remark.
    pub note: String,
    /// Its groups: clauses or functions.
    pub groups: Vec<Group>,
    /// Its controls or categories, in order.
    pub controls: Vec<Control>,
}

/// A group of controls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The identifier.
    pub id: String,
    /// The title.
    pub title: String,
}

/// A control, or a category of outcomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The identifier, for example `5.28` or `RS.AN`.
    pub id: String,
    /// Its group.
    pub group: String,
    /// The short title.
    pub title: String,
    /// The kinds of evidence it expects.
    pub evidence: Vec<EvidenceKind>,
    /// How the evidence is assessed.
    pub methods: Vec<Method>,
    /// How many days old the evidence may be; none where no age makes it stale.
    pub freshness_days: Option<u32>,
}

/// A kind of evidence that a control expects.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // Each is named for what it is.
pub enum EvidenceKind {
    Assessment,
    AuditRecord,
    BackupRun,
    Change,
    Communication,
    ContainmentAction,
    CorrectiveAction,
    CustodyLedger,
    Decision,
    Exercise,
    Lesson,
    LifecycleRecord,
    Observation,
    Packet,
    PolicyDocument,
    RecoveryCheck,
    RestoreTest,
    SavedSearch,
    TimelineEntry,
    TrainingRecord,
}

/// An assessment method (NIST SP 800-53A, OSCAL).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Looking at what there is.
    Examine,
    /// Asking people.
    Interview,
    /// Trying it.
    Test,
}

impl Framework {
    /// The control with this identifier.
    pub fn control(&self, id: &str) -> Option<&Control> {
        self.controls.iter().find(|c| c.id == id)
    }
}

const FILES: [&str; 2] = [
    include_str!("../../../../schemas/controls/iso-27001-2022.json"),
    include_str!("../../../../schemas/controls/nist-csf-2.0.json"),
];

static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|f| serde_json::from_str(f).expect("schemas/controls are embedded and read by a test"))
        .collect()
});

/// The frameworks.
pub fn frameworks() -> &'static [Framework] {
    &FRAMEWORKS
}

/// The framework with this id.
pub fn framework(id: &str) -> Option<&'static Framework> {
    FRAMEWORKS.iter().find(|f| f.id == id)
}

/// The lists whose items can be mapped to a control: timeline entries and actions.
pub fn mappable(list: &str) -> bool {
    matches!(
        list,
        "investigation.timeline" | "containment.actions" | "remediation.changes" | "review.actions"
    )
}

/// What the mappings say about a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageState {
    /// Nothing is mapped.
    None,
    /// Only suggestions that nobody accepted.
    Suggested,
    /// Accepted, but only as context.
    Context,
    /// Accepted, but none of it is in the period, fresh, unexpired and of the present revision.
    Outdated,
    /// Some of it, in date, contradicts the control.
    Contradicted,
    /// It supports the control in part.
    Partial,
    /// It supports the control.
    Supported,
}

impl CoverageState {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            CoverageState::None => "no evidence",
            CoverageState::Suggested => "none accepted",
            CoverageState::Context => "context only",
            CoverageState::Outdated => "out of date",
            CoverageState::Contradicted => "contradicted",
            CoverageState::Partial => "partly supported",
            CoverageState::Supported => "supported",
        }
    }
}

/// Why a mapping does not count now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shortfall {
    /// Nobody accepted the suggestion.
    NotAccepted,
    /// What it points to has got a new revision; the claim is to be looked at again.
    Revised,
    /// What it points to was unpinned or withdrawn.
    Gone,
    /// It lies outside the period asked for.
    OutOfPeriod,
    /// Its validity has ended.
    Expired,
    /// It is older than the control's freshness.
    Stale,
}

impl Shortfall {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Shortfall::NotAccepted => "not accepted",
            Shortfall::Revised => "revised since",
            Shortfall::Gone => "no longer in the record",
            Shortfall::OutOfPeriod => "out of period",
            Shortfall::Expired => "expired",
            Shortfall::Stale => "stale",
        }
    }
}

/// A mapping as it counts for a control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mapped {
    /// The incident.
    pub incident: String,
    /// The mapping.
    pub mapping: Mapping,
    /// The date it is judged by: the end of the period covered, else collected, occurred,
    /// recorded or received.
    pub date: Option<DateTime<Utc>>,
    /// Why it does not count now; none where it does.
    pub shortfall: Option<Shortfall>,
}

/// What covers one control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlCoverage {
    /// The control's identifier.
    pub control: String,
    /// Its group.
    pub group: String,
    /// Its short title.
    pub title: String,
    /// What the mappings say.
    pub state: CoverageState,
    /// Mappings that count, by relation: supports, partially, contradicts, context.
    pub supports: u32,
    /// See `supports`.
    pub partially: u32,
    /// See `supports`.
    pub contradicts: u32,
    /// See `supports`.
    pub context: u32,
    /// Suggestions that nobody accepted.
    pub suggested: u32,
    /// Accepted mappings that do not count now.
    pub outdated: u32,
    /// Every mapping that was not withdrawn.
    pub mappings: Vec<Mapped>,
}

/// What the mappings of these incidents cover of a framework: one line for each control, in
/// order. Evidence counts for as long as it is accepted, of the mapped revision, in `period`
/// where one is asked for, unexpired and within the control's freshness.
pub fn coverage(
    framework: &Framework,
    incidents: &[&Incident],
    period: Option<Period>,
    now: DateTime<Utc>,
) -> Vec<ControlCoverage> {
    framework
        .controls
        .iter()
        .map(|control| {
            let mappings: Vec<Mapped> = incidents
                .iter()
                .flat_map(|i| i.mappings.iter().map(move |m| (*i, m)))
                .filter(|(_, m)| {
                    m.withdrawn.is_none() && m.framework == framework.id && m.control == control.id
                })
                .map(|(incident, mapping)| judge(incident, mapping, control, period, now))
                .collect();
            summarise(control, mappings)
        })
        .collect()
}

/// The dates of what a mapping points to: the span it covers and its validity. None where it
/// is gone.
fn dates(incident: &Incident, target: &str) -> Option<(Period, Option<DateTime<Utc>>)> {
    let moment = |at: DateTime<Utc>| Period { from: at, to: at };
    if let Some(piece) = incident.evidence(target) {
        let r = &piece.reference;
        let date = r
            .collected
            .or(r.occurred)
            .or(r.recorded)
            .unwrap_or(r.imported);
        return piece
            .unpinned
            .is_none()
            .then(|| (r.period.unwrap_or_else(|| moment(date)), r.valid_until));
    }
    let (_, item) = incident.item(target)?;
    let date = item
        .time("at")
        .or_else(|| item.time("carried_out_at"))
        .unwrap_or(item.changed_at);
    item.withdrawn.is_none().then(|| (moment(date), None))
}

fn judge(
    incident: &Incident,
    mapping: &Mapping,
    control: &Control,
    period: Option<Period>,
    now: DateTime<Utc>,
) -> Mapped {
    let dates = dates(incident, &mapping.target);
    let outside = |span: Period| period.is_some_and(|p| span.from >= p.to || span.to < p.from);
    let stale = |span: Period| {
        control
            .freshness_days
            .is_some_and(|days| now - span.to > TimeDelta::days(days.into()))
    };
    let shortfall = match dates {
        _ if mapping.accepted_by.is_none() => Some(Shortfall::NotAccepted),
        None => Some(Shortfall::Gone),
        Some(_) if incident.revision(&mapping.target) != mapping.target_revision => {
            Some(Shortfall::Revised)
        }
        Some((span, _)) if outside(span) => Some(Shortfall::OutOfPeriod),
        Some((_, Some(until))) if until <= now => Some(Shortfall::Expired),
        // Within a period asked for, the age at the end of that period is what an audit looks at.
        Some((span, _)) if period.is_none() && stale(span) => Some(Shortfall::Stale),
        Some(_) => None,
    };
    Mapped {
        incident: incident.id.clone(),
        mapping: mapping.clone(),
        date: dates.map(|(span, _)| span.to),
        shortfall,
    }
}

fn summarise(control: &Control, mappings: Vec<Mapped>) -> ControlCoverage {
    let count = |relation: Relation| {
        mappings
            .iter()
            .filter(|m| m.shortfall.is_none() && m.mapping.relation == relation)
            .count() as u32
    };
    let (supports, partially) = (count(Relation::Supports), count(Relation::Partially));
    let (contradicts, context) = (count(Relation::Contradicts), count(Relation::Context));
    let suggested = mappings
        .iter()
        .filter(|m| m.shortfall == Some(Shortfall::NotAccepted))
        .count() as u32;
    let outdated = mappings.iter().filter(|m| m.shortfall.is_some()).count() as u32 - suggested;
    let state = if contradicts > 0 {
        CoverageState::Contradicted
    } else if supports > 0 {
        CoverageState::Supported
    } else if partially > 0 {
        CoverageState::Partial
    } else if outdated > 0 {
        CoverageState::Outdated
    } else if context > 0 {
        CoverageState::Context
    } else if suggested > 0 {
        CoverageState::Suggested
    } else {
        CoverageState::None
    };
    ControlCoverage {
        control: control.id.clone(),
        group: control.group.clone(),
        title: control.title.clone(),
        state,
        supports,
        partially,
        contradicts,
        context,
        suggested,
        outdated,
        mappings,
    }
}
