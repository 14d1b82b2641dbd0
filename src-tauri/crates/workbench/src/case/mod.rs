//! Incidents: every act is decided by `casework`, appended by the vault, and shown again.

mod controls;
mod marks;
mod pin;
mod show;

use std::collections::BTreeMap;

use casework::{Actor, Command, Event, EvidenceFact, Facts, GapFact, Incident, PacketFacts};
use serde_json::Value;
use vault::SecondMember;

use crate::text::count;
use crate::view::{ActedView, IncidentRowView, IncidentView, IncidentsView, OpenIncident};
use crate::workspace::{Workspace, case_role, vault_error};
use crate::{Code, Error, Workbench};

pub(crate) use pin::{Disclosure, disclosures, may_leave};
pub(crate) use show::word;

/// One event of an incident in words.
pub(crate) fn activity_text(event: &Event) -> String {
    show::activity(event).text
}

/// An incident as stored, with the version of its state.
pub(crate) struct Loaded {
    pub(crate) incident: Incident,
    pub(crate) version: i64,
    pub(crate) changed: chrono::DateTime<chrono::Utc>,
}

impl Workbench {
    /// All incidents, most recently changed first.
    pub async fn incidents(&self) -> Result<IncidentsView, Error> {
        let workspace = self.workspace().await?;
        let mut rows: Vec<IncidentRowView> = Vec::new();
        for row in workspace
            .vault
            .incidents()
            .await
            .map_err(|e| vault_error(&e))?
        {
            let incident = parse(row.state)?;
            let facts = facts(&workspace, &incident).await?;
            rows.push(show::row(&incident, &facts, row.changed, self.now()));
        }
        rows.sort_by(|a, b| b.changed.cmp(&a.changed));
        Ok(IncidentsView {
            total: count(rows.len()),
            incidents: rows,
        })
    }

    /// One incident in full.
    pub async fn incident(&self, incident: String) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        let loaded = load(&workspace, &incident).await?;
        self.show(&workspace, &loaded).await
    }

    async fn show(&self, workspace: &Workspace, loaded: &Loaded) -> Result<IncidentView, Error> {
        let facts = facts(workspace, &loaded.incident).await?;
        let pinned = pin::rows(workspace, &loaded.incident.id).await?;
        let events = workspace
            .vault
            .incident_events(&loaded.incident.id)
            .await
            .map_err(|e| vault_error(&e))?;
        let activity = events
            .into_iter()
            .rev()
            .filter_map(|event| serde_json::from_value::<Event>(event).ok())
            .map(|event| show::activity(&event))
            .collect();
        let packets = crate::packets::of_incident(workspace, Some(&loaded.incident.id)).await?;
        Ok(show::incident(
            &loaded.incident,
            show::Surroundings {
                facts: &facts,
                pinned: &pinned,
                activity,
                packets,
                changed: loaded.changed,
                now: self.now(),
            },
        ))
    }

    /// Opens an incident, and pins records to it at once.
    pub async fn open_incident(&self, open: OpenIncident) -> Result<IncidentView, Error> {
        let workspace = self.workspace().await?;
        let now = self.now();
        let actor = workspace.me();
        let year = chrono::Datelike::year(&now);
        // Asked once before, so that a refusal is casework's own and not the vault's.
        casework::open("INC-0000-0000", &open.title, &actor, now)
            .map_err(|refusal| Error::new(Code::Refused, refusal.to_string(), refusal.hint()))?;
        let id = workspace
            .vault
            .write(now, move |tx| {
                let id = tx.next_incident_id(year)?;
                let event = casework::open(&id, &open.title, &actor, now)
                    .map_err(|refusal| vault::VaultError::Evidence(refusal.to_string()))?;
                let state = Incident::open(&event).ok_or(vault::VaultError::Task)?;
                let acts = tx.append_incident(&id, 0, &[json(&event)], &json(&state), None)?;
                Ok((id, acts))
            })
            .await
            .map_err(|e| vault_error(&e))?;
        if !open.pin.is_empty() {
            self.pin_records(id.clone(), open.pin, None).await?;
        }
        self.vault_changed();
        self.incident(id).await
    }

    /// Fills a field of a stage's form; `null` clears it.
    pub async fn set_field(
        &self,
        incident: String,
        field: String,
        value: Value,
    ) -> Result<ActedView, Error> {
        self.decide(&incident, Command::Set { field, value }).await
    }

    /// Adds an item to a list of a stage's form.
    pub async fn add_item(
        &self,
        incident: String,
        list: String,
        item: Value,
    ) -> Result<ActedView, Error> {
        let item = fields(item)?;
        self.decide(&incident, Command::Add { list, item }).await
    }

    /// Changes fields of an item.
    pub async fn edit_item(
        &self,
        incident: String,
        list: String,
        item_id: String,
        item: Value,
    ) -> Result<ActedView, Error> {
        let item = fields(item)?;
        let id = item_id;
        self.decide(&incident, Command::Edit { list, id, item })
            .await
    }

    /// Withdraws an item; it stays in the record, marked.
    pub async fn withdraw_item(
        &self,
        incident: String,
        list: String,
        item_id: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        let id = item_id;
        self.decide(&incident, Command::Withdraw { list, id, reason })
            .await
    }

    /// Saves a search with the number of records it finds now; 0 is evidence of absence.
    ///
    /// # Errors
    /// [`Code::Refused`] where nothing is found and a word stands for what records hide: that is no absence.
    pub async fn save_search(
        &self,
        incident: String,
        query: String,
        purpose: String,
        note: Option<String>,
    ) -> Result<ActedView, Error> {
        let total = u64::from(self.count_records(&query).await?);
        let words = search::Query::parse(&query).map(|parsed| parsed.words());
        let hidden =
            words.is_ok_and(|words| words.iter().any(|word| redaction::may_be_identity(word)));
        if total == 0 && hidden {
            return Err(Error::new(
                Code::Refused,
                "nothing was found, and that says nothing: a word of the search stands for what records hide",
                "look the identity up, and save the search for its handle",
            ));
        }
        self.decide(
            &incident,
            Command::SaveSearch {
                query,
                total,
                purpose,
                note,
            },
        )
        .await
    }

    /// Maps evidence, a timeline entry or an action to a control.
    pub async fn map_control(
        &self,
        incident: String,
        item: String,
        framework: String,
        control: String,
        relation: String,
        claim: String,
    ) -> Result<ActedView, Error> {
        let relation = serde_json::from_value(Value::String(relation)).map_err(|_| {
            Error::invalid(
                "the relation is not known",
                "choose supports, partially, contradicts or context",
            )
        })?;
        let command = Command::MapControl {
            target: item,
            framework,
            control,
            relation,
            claim,
            suggested_by: None,
        };
        self.decide(&incident, command).await
    }

    /// Leaves the current stage through its gate; after Review it closes the record.
    pub async fn advance(&self, incident: String) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        let loaded = load(&workspace, &incident).await?;
        let command = match loaded.incident.next_stage() {
            Some(_) => Command::Advance {
                from: loaded.incident.stage,
            },
            None => Command::Close { note: None },
        };
        self.decide(&incident, command).await
    }

    /// Waives a gate that cannot be met; the reason is printed in the packet.
    pub async fn waive(
        &self,
        incident: String,
        gate: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        self.decide(&incident, Command::Waive { gate, reason })
            .await
    }

    /// Goes back to an earlier stage.
    pub async fn go_back(
        &self,
        incident: String,
        stage: String,
        reason: String,
    ) -> Result<ActedView, Error> {
        let to = casework::Stage::from_word(&stage).ok_or_else(|| {
            Error::not_found(
                format_args!("stage {stage}"),
                "stages run from detection to review",
            )
        })?;
        self.decide(&incident, Command::GoBack { to, reason }).await
    }

    /// Reopens a closed record as a new version.
    pub async fn reopen(&self, incident: String, reason: String) -> Result<ActedView, Error> {
        self.decide(&incident, Command::Reopen { reason }).await
    }

    /// Any other act of casework, as its JSON form says it.
    pub async fn act(&self, incident: String, command: Value) -> Result<ActedView, Error> {
        let command: Command = serde_json::from_value(command).map_err(|error| {
            Error::invalid(
                format!("the act is not well formed at column {}", error.column()),
                "an act is an object such as {\"command\":\"close\"}; records are pinned, searches saved and packets \
                 recorded by the commands that measure them",
            )
        })?;
        self.decide(&incident, command).await
    }

    /// Approves as a second member, who gives their passphrase at this workstation.
    pub async fn approve(
        &self,
        incident: String,
        what: String,
        member: String,
        passphrase: String,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        let second = workspace
            .vault
            .unlock_second(&member, passphrase)
            .await
            .map_err(|error| match &error {
                vault::VaultError::Passphrase(_) => Error::new(
                    Code::WrongPassphrase,
                    "the passphrase does not open the second member's key file",
                    "ask them to type it again",
                ),
                _ => vault_error(&error),
            })?;
        let command = Command::Approve { what, note: None };
        self.decide_as(&workspace, &incident, command, Some(&second))
            .await
    }

    pub(crate) async fn decide(
        &self,
        incident: &str,
        command: Command,
    ) -> Result<ActedView, Error> {
        let workspace = self.workspace().await?;
        self.decide_as(&workspace, incident, command, None).await
    }

    async fn decide_as(
        &self,
        workspace: &Workspace,
        incident: &str,
        command: Command,
        second: Option<&SecondMember>,
    ) -> Result<ActedView, Error> {
        let actor = match second {
            Some(second) => Actor {
                member: second.id().to_owned(),
                role: case_role(second.role()),
            },
            None => workspace.me(),
        };
        let acting = workspace.acting.lock().await;
        let loaded = load(workspace, incident).await?;
        let (events, after) = self.decided(workspace, &loaded, &command, &actor).await?;
        let recorded: Vec<String> = events.iter().map(|e| show::activity(e).text).collect();
        if !events.is_empty() {
            let id = incident.to_owned();
            let second = second.cloned();
            let (events, state): (Vec<Value>, Value) =
                (events.iter().map(json).collect(), json(&after));
            let version = loaded.version;
            workspace
                .vault
                .write(self.now(), move |tx| {
                    let acts =
                        tx.append_incident(&id, version, &events, &state, second.as_ref())?;
                    Ok(((), acts))
                })
                .await
                .map_err(|e| vault_error(&e))?;
        }
        drop(acting);
        self.acted(workspace, incident, recorded).await
    }

    /// What `casework` decides, and the state it leads to.
    pub(crate) async fn decided(
        &self,
        workspace: &Workspace,
        loaded: &Loaded,
        command: &Command,
        actor: &Actor,
    ) -> Result<(Vec<Event>, Incident), Error> {
        let mut facts = facts(workspace, &loaded.incident).await?;
        if let Some(id) = marks::approved(&loaded.incident, command)
            && let Some(open) = marks::open_in(workspace, &loaded.incident, id).await?
        {
            facts.open_marks.insert(id.to_owned(), open);
        }
        let events = casework::decide(&loaded.incident, command, &facts, actor, self.now())
            .map_err(|refusal| Error::new(Code::Refused, refusal.to_string(), refusal.hint()))?;
        let mut after = loaded.incident.clone();
        for event in &events {
            after.apply(event);
        }
        Ok((events, after))
    }

    pub(crate) async fn acted(
        &self,
        workspace: &Workspace,
        incident: &str,
        recorded: Vec<String>,
    ) -> Result<ActedView, Error> {
        self.vault_changed();
        let loaded = load(workspace, incident).await?;
        Ok(ActedView {
            incident: self.show(workspace, &loaded).await?,
            recorded,
        })
    }
}

pub(crate) async fn load(workspace: &Workspace, id: &str) -> Result<Loaded, Error> {
    let row = workspace
        .vault
        .incident(id)
        .await
        .map_err(|error| match error {
            vault::VaultError::Missing { .. } => Error::not_found(
                format_args!("incident {id}"),
                "list the incidents to see their ids",
            ),
            error => vault_error(&error),
        })?;
    // The state is only a short way to what the signed events lead to; anybody may state one.
    let events = workspace.vault.incident_events(id).await;
    let events = events.map_err(|e| vault_error(&e))?;
    if crate::custody::fold(id, &events).as_ref() != Some(&row.state) {
        return Err(vault_error(&vault::VaultError::NotStated {
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

fn parse(state: Value) -> Result<Incident, Error> {
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

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn fields(item: Value) -> Result<BTreeMap<String, Value>, Error> {
    match item {
        Value::Object(map) => Ok(map.into_iter().collect()),
        _ => Err(Error::invalid(
            "an item is an object of its fields",
            "write it like {\"text\":\"…\"}",
        )),
    }
}

/// What gates may believe: measured now, never taken from a form.
pub(crate) async fn facts(workspace: &Workspace, incident: &Incident) -> Result<Facts, Error> {
    let standing = workspace.standing();
    let mut verdicts = BTreeMap::new();
    let mut origins = std::collections::BTreeSet::new();
    for disclosure in pin::disclosures(workspace, &incident.id).await? {
        let index = disclosure.record.index;
        let Some(of_segment) = standing.of_record(disclosure.segment, index) else {
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
        custody_intact: Some(workspace.custody_intact().await?),
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
