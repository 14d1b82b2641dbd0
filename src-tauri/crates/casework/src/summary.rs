//! One line about an incident, for the list of incidents.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::{self, Clock};
use crate::gate::{self, Facts};
use crate::incident::Incident;
use crate::stage::Stage;

/// One line about an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// The id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The version.
    pub version: u32,
    /// The stage.
    pub stage: Stage,
    /// Whether it is closed.
    pub closed: bool,
    /// The severity word, once assessed.
    pub severity: Option<String>,
    /// The lead, or the owner while there is no lead.
    pub lead: Option<String>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// How long it has been open, or was, in seconds.
    pub age_seconds: i64,
    /// Pieces of evidence pinned.
    pub evidence: usize,
    /// Gates that keep it from going on; 0 when closed.
    pub open_gates: usize,
    /// The clock to look at next.
    pub next_clock: Option<Clock>,
}

/// One line about an incident at `now`.
pub fn summary(incident: &Incident, facts: &Facts, now: DateTime<Utc>) -> Summary {
    let open_gates = match incident.closed {
        Some(_) => 0,
        None => gate::blocking(incident, facts).len(),
    };
    Summary {
        id: incident.id.clone(),
        title: incident.title.clone(),
        version: incident.version,
        stage: incident.stage,
        closed: incident.closed.is_some(),
        severity: incident.severity().map(str::to_owned),
        lead: incident.lead().or(incident.owner()).map(str::to_owned),
        opened_at: incident.opened_at,
        age_seconds: incident.age(now).num_seconds(),
        evidence: incident.pinned().count(),
        open_gates,
        next_clock: clock::next_clock(incident, now),
    }
}
