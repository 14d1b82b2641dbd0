//! Incidents: every act is decided by `casework`, appended by the vault, and shown again.

use casework::{Actor, Command, Event, Incident};
use serde_json::Value;

use crate::pin::disclose;
use crate::stored::{Loaded, facts, fields, json, load, parse};
use crate::{marks, packets, pin, show};
use bench::rows::one_row;
use casework::EvidenceRef;
use vault::SecondMember;

use bench::text::count;
use bench::view::{ActedView, IncidentRowView, IncidentView, IncidentsView, OpenIncident};
use bench::workspace::case_role;
use bench::{Bench, Code, Error};
use standing::Workspace;

/// One event of an incident in words.
pub fn activity_text(event: &Event) -> String {
    show::activity(event).text
}

/// All incidents, most recently changed first.
pub async fn incidents(bench: &Bench, workspace: &Workspace) -> Result<IncidentsView, Error> {
    let mut rows: Vec<IncidentRowView> = Vec::new();
    for row in workspace.vault.incidents().await? {
        let incident = parse(row.state)?;
        let facts = facts(workspace, &incident).await?;
        rows.push(show::row(&incident, &facts, row.changed, bench.now()));
    }
    rows.sort_by(|a, b| b.changed.cmp(&a.changed));
    Ok(IncidentsView {
        total: count(rows.len()),
        incidents: rows,
    })
}

/// One incident in full.
pub async fn incident(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
) -> Result<IncidentView, Error> {
    let loaded = load(workspace, &incident).await?;
    show(bench, workspace, &loaded).await
}

async fn show(
    bench: &Bench,
    workspace: &Workspace,
    loaded: &Loaded,
) -> Result<IncidentView, Error> {
    let facts = facts(workspace, &loaded.incident).await?;
    let pinned = pin::rows(workspace, &loaded.incident.id).await?;
    let events = workspace.vault.incident_events(&loaded.incident.id).await?;
    let activity = events
        .into_iter()
        .rev()
        .filter_map(|event| serde_json::from_value::<Event>(event).ok())
        .map(|event| show::activity(&event))
        .collect();
    let packets = packets::of_incident(workspace, Some(&loaded.incident.id)).await?;
    Ok(show::incident(
        &loaded.incident,
        show::Surroundings {
            facts: &facts,
            pinned: &pinned,
            activity,
            packets,
            changed: loaded.changed,
            now: bench.now(),
        },
    ))
}

/// Opens an incident, and pins records to it at once.
pub async fn open_incident(
    bench: &Bench,
    workspace: &Workspace,
    open: OpenIncident,
) -> Result<IncidentView, Error> {
    let now = bench.now();
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
        .await?;
    if !open.pin.is_empty() {
        pin_records(bench, workspace, id.clone(), open.pin, None).await?;
    }
    bench.vault_changed();
    incident(bench, workspace, id).await
}

/// Fills a field of a stage's form; `null` clears it.
pub async fn set_field(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    field: String,
    value: Value,
) -> Result<ActedView, Error> {
    decide(bench, workspace, &incident, Command::Set { field, value }).await
}

/// Adds an item to a list of a stage's form.
pub async fn add_item(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    list: String,
    item: Value,
) -> Result<ActedView, Error> {
    let item = fields(item)?;
    decide(bench, workspace, &incident, Command::Add { list, item }).await
}

/// Changes fields of an item.
pub async fn edit_item(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    list: String,
    item_id: String,
    item: Value,
) -> Result<ActedView, Error> {
    let item = fields(item)?;
    let id = item_id;
    decide(
        bench,
        workspace,
        &incident,
        Command::Edit { list, id, item },
    )
    .await
}

/// Withdraws an item; it stays in the record, marked.
pub async fn withdraw_item(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    list: String,
    item_id: String,
    reason: String,
) -> Result<ActedView, Error> {
    let id = item_id;
    decide(
        bench,
        workspace,
        &incident,
        Command::Withdraw { list, id, reason },
    )
    .await
}

/// Saves a search with the number of records it finds now; 0 is evidence of absence where every condition could be seen in
/// every system that it covers, and else it says where not.
///
/// # Errors
/// [`Code::Refused`] where nothing is found and a word stands for what records hide: that is no absence.
pub async fn save_search(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    query: String,
    purpose: String,
    note: Option<String>,
) -> Result<ActedView, Error> {
    let total = u64::from(follow::count_records(bench, workspace, &query).await?);
    let resolved = follow::resolved(workspace, &query).await?;
    let words = resolved.words();
    let hidden = words.iter().any(|word| redaction::may_be_identity(word));
    if total == 0 && hidden {
        return Err(Error::new(
            Code::Refused,
            "nothing was found, and that says nothing: a word of the search stands for what records hide",
            "look the identity up, and save the search for its handle",
        ));
    }
    let unseen = match total {
        0 => {
            let unseen = follow::unseen(workspace, &resolved, None).await?;
            Some(unseen.iter().map(follow::Unseen::words).collect())
        }
        _ => None,
    };
    decide(
        bench,
        workspace,
        &incident,
        Command::SaveSearch {
            query,
            total,
            unseen,
            purpose,
            note,
        },
    )
    .await
}

/// Maps evidence, a timeline entry or an action to a control.
pub async fn map_control(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    item: String,
    (framework, control): (String, String),
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
    decide(bench, workspace, &incident, command).await
}

/// Leaves the current stage through its gate; after Review it closes the record.
pub async fn advance(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
) -> Result<ActedView, Error> {
    let loaded = load(workspace, &incident).await?;
    let command = match loaded.incident.next_stage() {
        Some(_) => Command::Advance {
            from: loaded.incident.stage,
        },
        None => Command::Close { note: None },
    };
    decide(bench, workspace, &incident, command).await
}

/// Waives a gate that cannot be met; the reason is printed in the packet.
pub async fn waive(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    gate: String,
    reason: String,
) -> Result<ActedView, Error> {
    decide(bench, workspace, &incident, Command::Waive { gate, reason }).await
}

/// Goes back to an earlier stage.
pub async fn go_back(
    bench: &Bench,
    workspace: &Workspace,
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
    decide(bench, workspace, &incident, Command::GoBack { to, reason }).await
}

/// Reopens a closed record as a new version.
pub async fn reopen(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    reason: String,
) -> Result<ActedView, Error> {
    decide(bench, workspace, &incident, Command::Reopen { reason }).await
}

/// Any other act of casework, as its JSON form says it.
pub async fn act(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    command: Value,
) -> Result<ActedView, Error> {
    let command: Command = serde_json::from_value(command).map_err(|error| {
        Error::invalid(
            format!("the act is not well formed at column {}", error.column()),
            "an act is an object such as {\"command\":\"close\"}; records are pinned, searches saved and packets \
             recorded by the commands that measure them",
        )
    })?;
    decide(bench, workspace, &incident, command).await
}

/// Approves as a second member, who gives their passphrase at this workstation.
pub async fn approve(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    what: String,
    member: String,
    passphrase: String,
) -> Result<ActedView, Error> {
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
            _ => error.into(),
        })?;
    let command = Command::Approve { what, note: None };
    decide_as(bench, workspace, &incident, command, Some(&second)).await
}

pub(crate) async fn decide(
    bench: &Bench,
    workspace: &Workspace,
    incident: &str,
    command: Command,
) -> Result<ActedView, Error> {
    decide_as(bench, workspace, incident, command, None).await
}

async fn decide_as(
    bench: &Bench,
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
    let (events, after) = decided(bench, workspace, &loaded, &command, &actor).await?;
    let recorded: Vec<String> = events.iter().map(|e| show::activity(e).text).collect();
    if !events.is_empty() {
        let id = incident.to_owned();
        let second = second.cloned();
        let (events, state): (Vec<Value>, Value) =
            (events.iter().map(json).collect(), json(&after));
        let version = loaded.version;
        workspace
            .vault
            .write(bench.now(), move |tx| {
                let acts = tx.append_incident(&id, version, &events, &state, second.as_ref())?;
                Ok(((), acts))
            })
            .await?;
    }
    drop(acting);
    acted(bench, workspace, incident, recorded).await
}

/// What `casework` decides, and the state it leads to.
pub async fn decided(
    bench: &Bench,
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
    let events = casework::decide(&loaded.incident, command, &facts, actor, bench.now())
        .map_err(|refusal| Error::new(Code::Refused, refusal.to_string(), refusal.hint()))?;
    let mut after = loaded.incident.clone();
    for event in &events {
        after.apply(event);
    }
    Ok((events, after))
}

pub(crate) async fn acted(
    bench: &Bench,
    workspace: &Workspace,
    incident: &str,
    recorded: Vec<String>,
) -> Result<ActedView, Error> {
    bench.vault_changed();
    let loaded = load(workspace, incident).await?;
    Ok(ActedView {
        incident: show(bench, workspace, &loaded).await?,
        recorded,
    })
}

/// Pins records as evidence. A record that is pinned already keeps its id.
pub async fn pin_records(
    bench: &Bench,
    workspace: &Workspace,
    incident: String,
    seqs: Vec<u32>,
    note: Option<String>,
) -> Result<ActedView, Error> {
    let note = note.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    // A number that does not exist is told before anything is pinned.
    for seq in &seqs {
        one_row(workspace, i64::from(*seq)).await?;
    }
    let mut recorded = Vec::new();
    for seq in seqs {
        let disclosure = disclose(workspace, i64::from(seq), note.clone()).await?;
        let standing = workspace.standing();
        let of_segment = standing.of_disclosed(disclosure.segment, disclosure.record.index);
        let reference = EvidenceRef {
            seq: u64::from(seq),
            import: disclosure.import.to_string(),
            assurance: of_segment
                .map(|s| s.assurance.word())
                .unwrap_or_default()
                .into(),
            verdict: of_segment
                .map(|s| s.verdict.word())
                .unwrap_or_default()
                .into(),
            title: disclosure.title.clone(),
            occurred: disclosure.occurred,
            recorded: disclosure.recorded,
            imported: disclosure.imported,
            collected: None,
            period: None,
            valid_until: None,
        };
        let _acting = workspace.acting.lock().await;
        let loaded = load(workspace, &incident).await?;
        let command = Command::Pin {
            evidence: reference,
        };
        let (events, after) = decided(bench, workspace, &loaded, &command, &workspace.me()).await?;
        if events.is_empty() {
            recorded.push(format!("record #{seq} is pinned already"));
            continue;
        }
        recorded.extend(events.iter().map(|e| show::activity(e).text));
        let (id, version) = (incident.clone(), loaded.version);
        let (events, state): (Vec<Value>, Value) =
            (events.iter().map(json).collect(), json(&after));
        let body = json(&disclosure);
        workspace
            .vault
            .write(bench.now(), move |tx| {
                tx.pin_evidence(&id, Some(i64::from(seq)), &body)?;
                let acts = tx.append_incident(&id, version, &events, &state, None)?;
                Ok(((), acts))
            })
            .await?;
    }
    acted(bench, workspace, &incident, recorded).await
}
