//! Notification clocks: versioned data under `schemas/clocks/`, computed from times that the
//! incident records. Not legal advice.

use std::sync::LazyLock;

use chrono::{DateTime, Months, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::incident::Incident;

/// A file of clocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFile {
    /// `muniment/clocks/v1`.
    pub format: String,
    /// The law's short id.
    pub id: String,
    /// The version of this file; grows with every change.
    pub version: u32,
    /// The law's title.
    pub title: String,
    /// Where the rules are published.
    pub source: String,
    /// The day on which the file was written. It does not say that somebody has compared it with the
    /// published text since.
    pub written: String,
    /// That this is not legal advice.
    pub notice: String,
    /// The duties.
    pub regimes: Vec<Regime>,
}

/// A notification duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// The id used by `assessment.notifications`.
    pub id: String,
    /// The title.
    pub title: String,
    /// When the duty applies, in words.
    pub applies_when: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One notification of a duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The id used by a communication's `clock`.
    pub id: String,
    /// The title.
    pub title: String,
    /// To whom.
    pub recipient: String,
    /// The provision.
    pub reference: String,
    /// The limits; the earliest that has started is the deadline. Empty where the law says
    /// "without undue delay" and nothing more.
    pub due: Vec<Limit>,
    /// What starts it where there is no limit: a field id.
    #[serde(default)]
    pub starts: Option<String>,
    /// A remark.
    #[serde(default)]
    pub note: Option<String>,
}

/// A limit: a duration after a recorded time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// A time field of the incident (`assessment.aware_at`), or the id of a step, whose sending
    /// starts this one.
    pub after: String,
    /// Hours, if the law counts in hours.
    #[serde(default)]
    pub hours: Option<u32>,
    /// Days.
    #[serde(default)]
    pub days: Option<u32>,
    /// Calendar months.
    #[serde(default)]
    pub months: Option<u32>,
    /// A time field: where it is recorded later than this limit's end, the limit no longer
    /// counts (DORA: classified as major only after the 24 hours from awareness).
    #[serde(default)]
    pub dropped_if_after: Option<String>,
}

impl Limit {
    fn end(&self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        start
            .checked_add_months(Months::new(self.months.unwrap_or(0)))?
            .checked_add_signed(TimeDelta::days(self.days.unwrap_or(0).into()))?
            .checked_add_signed(TimeDelta::hours(self.hours.unwrap_or(0).into()))
    }
}

/// Where a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    /// What starts it is not recorded.
    NotStarted,
    /// It runs.
    Running,
    /// The notification was sent in time, or there is no limit to miss.
    Met,
    /// The notification was sent after the deadline.
    MetLate,
    /// The deadline has passed and nothing was sent.
    Overdue,
}

impl ClockState {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            ClockState::NotStarted => "not started",
            ClockState::Running => "running",
            ClockState::Met => "met",
            ClockState::MetLate => "met late",
            ClockState::Overdue => "overdue",
        }
    }
}

/// A clock of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// The step's id.
    pub id: String,
    /// The duty's id.
    pub regime: String,
    /// The title.
    pub title: String,
    /// To whom.
    pub recipient: String,
    /// The provision.
    pub reference: String,
    /// The version of the file.
    pub version: u32,
    /// The deadline; none where it has not started, or the law sets no limit.
    pub due: Option<DateTime<Utc>>,
    /// The field or step that starts it; where it has started, the one that sets the deadline.
    pub started_by: String,
    /// When it started.
    pub started_at: Option<DateTime<Utc>>,
    /// When the notification was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// The communication that was sent.
    pub communication: Option<String>,
    /// Where it stands.
    pub state: ClockState,
    /// A remark from the file.
    pub note: Option<String>,
    /// That this is not legal advice.
    pub notice: String,
}

const FILES: [&str; 4] = [
    include_str!("../../../../schemas/clocks/gdpr.json"),
    include_str!("../../../../schemas/clocks/nis2.json"),
    include_str!("../../../../schemas/clocks/dora.json"),
    include_str!("../../../../schemas/clocks/cra.json"),
];

static CLOCKS: LazyLock<Vec<ClockFile>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|f| serde_json::from_str(f).expect("schemas/clocks are embedded and read by a test"))
        .collect()
});

/// The clock files.
pub fn files() -> &'static [ClockFile] {
    &CLOCKS
}

/// The step with this id, and its duty and file.
pub fn step(id: &str) -> Option<(&'static ClockFile, &'static Regime, &'static Step)> {
    CLOCKS.iter().find_map(|file| {
        file.regimes
            .iter()
            .find_map(|regime| Some((file, regime, regime.steps.iter().find(|s| s.id == id)?)))
    })
}

/// The first communication sent for a step: its id and when.
fn sent<'a>(incident: &'a Incident, step: &str) -> Option<(&'a str, DateTime<Utc>)> {
    incident
        .items("communications")
        .iter()
        .filter(|c| c.text("clock") == Some(step))
        .filter_map(|c| Some((c.id.as_str(), c.sent.as_ref()?.sent_at)))
        .min_by_key(|(_, at)| *at)
}

fn started(incident: &Incident, after: &str) -> Option<DateTime<Utc>> {
    incident
        .time(after)
        .or_else(|| Some(sent(incident, after)?.1))
}

fn clock(
    file: &ClockFile,
    regime: &Regime,
    step: &Step,
    incident: &Incident,
    now: DateTime<Utc>,
) -> Clock {
    let deadline = step
        .due
        .iter()
        .filter_map(|limit| {
            let start = started(incident, &limit.after)?;
            let end = limit.end(start)?;
            let later = limit
                .dropped_if_after
                .as_deref()
                .and_then(|f| incident.time(f));
            let dropped = later.is_some_and(|l| l > end);
            (!dropped).then_some((end, start, limit.after.as_str()))
        })
        .min();
    let first = step
        .due
        .first()
        .map(|l| l.after.as_str())
        .or(step.starts.as_deref());
    let (due, started_at, started_by) = match deadline {
        Some((due, start, by)) => (Some(due), Some(start), by),
        None => {
            let start = step.starts.as_deref().and_then(|s| started(incident, s));
            (None, start, first.unwrap_or_default())
        }
    };
    let sent = sent(incident, &step.id);
    let state = match (sent, due, started_at) {
        (Some((_, at)), Some(due), _) if at > due => ClockState::MetLate,
        (Some(_), _, _) => ClockState::Met,
        (None, Some(due), _) if now > due => ClockState::Overdue,
        (None, _, Some(_)) => ClockState::Running,
        (None, _, None) => ClockState::NotStarted,
    };
    Clock {
        id: step.id.clone(),
        regime: regime.id.clone(),
        title: format!("{}: {}", regime.title, step.title),
        recipient: step.recipient.clone(),
        reference: step.reference.clone(),
        version: file.version,
        due,
        started_by: started_by.to_owned(),
        started_at,
        sent_at: sent.map(|(_, at)| at),
        communication: sent.map(|(id, _)| id.to_owned()),
        state,
        note: step.note.clone(),
        notice: file.notice.clone(),
    }
}

/// The clocks of an incident: every step of each duty that was judged to apply, in the order
/// of the files.
pub fn clocks(incident: &Incident, now: DateTime<Utc>) -> Vec<Clock> {
    let applies = |regime: &Regime| {
        incident
            .standing("assessment.notifications")
            .filter(|n| n.text("regime") == Some(regime.id.as_str()))
            .last()
            .is_some_and(|n| n.text("applies") == Some("applies"))
    };
    CLOCKS
        .iter()
        .flat_map(|file| file.regimes.iter().map(move |regime| (file, regime)))
        .filter(|(_, regime)| applies(regime))
        .flat_map(|(file, regime)| regime.steps.iter().map(move |step| (file, regime, step)))
        .map(|(file, regime, step)| clock(file, regime, step, incident, now))
        .collect()
}

/// The clock to look at next: the earliest deadline that is not met, overdue ones first.
pub fn next_clock(incident: &Incident, now: DateTime<Utc>) -> Option<Clock> {
    clocks(incident, now)
        .into_iter()
        .filter(|c| matches!(c.state, ClockState::Running | ClockState::Overdue) && c.due.is_some())
        .min_by_key(|c| c.due)
}
