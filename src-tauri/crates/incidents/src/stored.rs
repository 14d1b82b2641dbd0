//! An incident as it is stored, and what is measured of it.

use std::collections::BTreeMap;

use casework::{EvidenceFact, Facts, GapFact, Incident, PacketFacts};
use serde_json::Value;

use crate::pin;
use bench::Error;
use standing::Workspace;

/// An incident as stored, with the version of its state.
pub struct Loaded {
    /// Its state.
    pub incident: Incident,
    /// Version of the state.
    pub version: i64,
    /// When it was changed last.
    pub changed: chrono::DateTime<chrono::Utc>,
}

/// What an incident's ledger entries lead to.
pub fn fold(_: &str, events: &[Value]) -> Option<Value> {
    let events: Vec<casework::Event> = events
        .iter()
        .map(|event| serde_json::from_value(event.clone()))
        .collect::<Result<_, _>>()
        .ok()?;
    serde_json::to_value(Incident::replay(&events)?).ok()
}

/// Reads an incident, and compares its state with its signed events.
pub async fn load(workspace: &Workspace, id: &str) -> Result<Loaded, Error> {
    let row = workspace
        .vault
        .incident(id)
        .await
        .map_err(|error| match error {
            vault::VaultError::Missing { .. } => Error::not_found(
                format_args!("incident {id}"),
                "list the incidents to see their ids",
            ),
            error => error.into(),
        })?;
    // The state is only a short way to what the signed events lead to; anybody may state one.
    let events = workspace.vault.incident_events(id).await?;
    // An act may have committed since the row was read: its events come after those that the row is of.
    let of_row = usize::try_from(row.version).ok();
    let folded = of_row.and_then(|version| fold(id, events.get(..version)?));
    if folded.as_ref() != Some(&row.state) {
        return Err(Error::from(vault::VaultError::NotStated {
            table: "incident",
            row: format!("the state of {id}"),
            missing: false,
        }));
    }
    Ok(Loaded {
        version: row.version,
        changed: row.changed,
        incident: parse(row.state)?,
    })
}

pub(crate) fn parse(state: Value) -> Result<Incident, Error> {
    serde_json::from_value(state).map_err(|error| {
        Error::failed(
            format!(
                "an incident's stored state cannot be read (column {})",
                error.column()
            ),
            "run fsck: it rebuilds the state from the ledger and names the difference",
        )
    })
}

/// As the vault keeps it.
pub fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

pub(crate) fn fields(item: Value) -> Result<BTreeMap<String, Value>, Error> {
    match item {
        Value::Object(map) => Ok(map.into_iter().collect()),
        _ => Err(Error::invalid(
            "an item is an object of its fields",
            "write it like {\"text\":\"…\"}",
        )),
    }
}

/// What gates may believe: measured now, never taken from a form.
pub async fn facts(workspace: &Workspace, incident: &Incident) -> Result<Facts, Error> {
    let standing = workspace.standing();
    let mut verdicts = BTreeMap::new();
    let mut origins = std::collections::BTreeSet::new();
    for disclosure in pin::disclosures(workspace, &incident.id).await? {
        let index = disclosure.record.index;
        let Some(of_segment) = standing.of_disclosed(disclosure.segment, index) else {
            continue;
        };
        origins.insert(of_segment.origin.clone());
        verdicts.insert(
            disclosure.seq,
            EvidenceFact {
                assurance: of_segment.assurance.word().to_owned(),
                verdict: of_segment.verdict.word().to_owned(),
                verified: of_segment.is_verified(),
            },
        );
    }
    Ok(Facts {
        custody_intact: Some(workspace.vault.replay().await?.is_ok()),
        verdicts,
        packet: incident
            .packets
            .iter()
            .rev()
            .find(|p| p.version == incident.version)
            .map(|p| PacketFacts {
                verified: p.verified,
                leak_clean: p.leak_clean,
                at: p.at,
            }),
        open_marks: BTreeMap::new(),
        gaps: standing
            .gaps()
            .filter(|gap| origins.contains(&gap.origin))
            .map(|gap| GapFact {
                id: gap.id(),
                title: gap.title(),
            })
            .collect(),
    })
}
