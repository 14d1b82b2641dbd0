//! A record before it has a place in its log.

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeDelta, Utc};

use crate::chance::Chance;
use crate::json::Json;

/// A record of a platform system as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// When it occurred; records are recorded in this order.
    pub(crate) at: DateTime<Utc>,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) json: Json,
    /// The title of the story's beat that it is, if it is one.
    pub(crate) beat: Option<&'static str>,
}

/// Writes the drafts of one system.
pub(crate) struct Pen {
    chance: Chance,
    zone: Option<FixedOffset>,
    pub(crate) drafts: Vec<Draft>,
}

impl Pen {
    /// `zone`: hours east of UTC in which the system writes its times; none for UTC as `Z`.
    pub(crate) fn new(label: &str, zone: Option<i32>) -> Self {
        Self {
            chance: Chance::new(&format!("pen of {label}")),
            zone: zone.and_then(|hours| FixedOffset::east_opt(hours * 3600)),
            drafts: Vec::new(),
        }
    }

    pub(crate) fn time(&self, time: DateTime<Utc>) -> String {
        match self.zone {
            Some(zone) => time
                .with_timezone(&zone)
                .to_rfc3339_opts(SecondsFormat::Secs, false),
            None => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }

    /// Adds a record with the members that all have, and gives it for more.
    pub(crate) fn record(&mut self, kind: &str, at: DateTime<Utc>) -> &mut Draft {
        let id = self.chance.uuid();
        let recorded = at + TimeDelta::seconds(self.chance.below(5) as i64);
        let json = Json::object()
            .with("/type", kind)
            .with("/id", &id)
            .with("/time", self.time(at))
            .with("/recorded", self.time(recorded))
            .with("/outcome", "accepted");
        self.drafts.push(Draft {
            at,
            kind: kind.to_owned(),
            id,
            json,
            beat: None,
        });
        let last = self.drafts.len() - 1;
        &mut self.drafts[last]
    }

    /// A heartbeat every six hours.
    pub(crate) fn heartbeats(&mut self, (from, to): (DateTime<Utc>, DateTime<Utc>)) {
        let mut at = from;
        while at < to {
            self.record("heartbeat", at);
            at += TimeDelta::seconds(crate::HEARTBEAT_SECONDS as i64);
        }
    }

    /// The drafts in the order in which their log records them.
    pub(crate) fn finish(mut self) -> Vec<Draft> {
        // Stable: what was written first stands first within a second.
        self.drafts.sort_by_key(|draft| draft.at);
        self.drafts
    }
}

impl Draft {
    pub(crate) fn set(&mut self, path: &str, value: impl Into<Json>) -> &mut Self {
        self.json.set(path, value);
        self
    }

    pub(crate) fn beat(&mut self, title: &'static str) -> &mut Self {
        self.beat = Some(title);
        self
    }
}
