//! What a person decides of a candidate. Each is an act in the ledger; the candidate itself is derived and
//! never changed.

use casework::{Command, Incident};
use chrono::DateTime;
use serde_json::{Value, json};
use vault::Act;

use crate::show::{body, decided, one};
use bench::rows::system_title;
use bench::text::{count, time};
use bench::view::{DetectionView, IncidentView};
use bench::{Bench, Code, Error};
use incidents::json as as_json;
use standing::Workspace;

/// Opens an incident from candidates: its Detection form says what is known, and the proving records are
/// pinned as evidence.
pub async fn open_detections(
    bench: &Bench,
    workspace: &Workspace,
    ids: Vec<String>,
    title: Option<String>,
) -> Result<IncidentView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let found = undecided(workspace, &ids).await?;
    let Some(first) = found.first() else {
        return Err(Error::invalid(
            "no detection was named",
            "name at least one candidate",
        ));
    };
    let said = body(first);
    let title = title
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| said.title.clone());
    let now = bench.now();
    let actor = workspace.me();
    let year = chrono::Datelike::year(&now);
    let refused =
        |refusal: casework::Refusal| Error::new(Code::Refused, refusal.to_string(), refusal.hint());
    casework::open("INC-0000-0000", &title, &actor, now).map_err(refused)?;
    let standing = workspace.standing();
    let rows = workspace
        .vault
        .rows(&found.iter().map(|one| one.seq).collect::<Vec<_>>())
        .await?;
    let signed = rows.iter().all(|row| {
        standing
            .of_record(row.segment, row.index)
            .is_some_and(|segment| segment.is_verified() && !segment.recommitted)
    });
    let earliest = found.iter().filter_map(|one| one.at_us).min();
    let mut commands = vec![set("detection.origin", "security-monitoring")];
    if let Some(at) = earliest.and_then(DateTime::from_timestamp_micros) {
        commands.push(set("detection.occurred_at", &time(at)));
        let basis = if signed {
            "source-signed"
        } else {
            "source-clock"
        };
        commands.push(set("detection.occurred_basis", basis));
    }
    commands.push(set("detection.noticed_at", &time(now)));
    commands.push(set("detection.noticed_basis", "synchronised"));
    let mut hypothesis: Vec<String> = found
        .iter()
        .map(|one| {
            let said = body(one);
            format!("{}: {}.", said.title, said.why)
        })
        .collect();
    hypothesis.dedup();
    hypothesis.truncate(20);
    commands.push(set("detection.hypothesis", &hypothesis.join("\n")));
    let mut systems: Vec<String> = found
        .iter()
        .map(|one| system_title(workspace, &body(one).system))
        .chain(rows.iter().map(|row| system_title(workspace, &row.system)))
        .collect();
    systems.sort();
    systems.dedup();
    for system in systems {
        let item = [
            ("where", format!("{system}, around the time it occurred")),
            ("why", said.why.clone()),
            ("state", "wanted".to_owned()),
        ];
        commands.push(Command::Add {
            list: "detection.pointers".into(),
            item: item
                .map(|(name, text)| (name.to_owned(), Value::String(text)))
                .into(),
        });
    }
    let decisions: Vec<Value> = found.iter().map(detail).collect();
    let id = workspace
        .vault
        .write(now, move |tx| {
            let refused =
                |refusal: casework::Refusal| vault::VaultError::Evidence(refusal.to_string());
            let id = tx.next_incident_id(year)?;
            let opened = casework::open(&id, &title, &actor, now).map_err(refused)?;
            let mut state = Incident::open(&opened).ok_or(vault::VaultError::Task)?;
            let mut events = vec![as_json(&opened)];
            for command in &commands {
                let facts = casework::Facts::default();
                for event in
                    casework::decide(&state, command, &facts, &actor, now).map_err(refused)?
                {
                    state.apply(&event);
                    events.push(as_json(&event));
                }
            }
            let mut acts = tx.append_incident(&id, 0, &events, &as_json(&state), None)?;
            for decision in decisions {
                acts = acts.and(Act::new("detection.opened", decision).about(&id));
            }
            Ok((id, acts))
        })
        .await?;
    pin_proof(bench, workspace, &id, &found).await?;
    bench.vault_changed();
    incidents::incident(bench, workspace, id).await
}

/// Links candidates to an incident that is there, and pins the proving records to it.
pub async fn link_detections(
    bench: &Bench,
    workspace: &Workspace,
    ids: Vec<String>,
    incident: String,
) -> Result<IncidentView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let found = undecided(workspace, &ids).await?;
    incidents::incident(bench, workspace, incident.clone()).await?;
    // Pinning first: it is what an incident that is closed refuses.
    pin_proof(bench, workspace, &incident, &found).await?;
    let acts: Vec<Act> = found
        .iter()
        .map(|one| Act::new("detection.linked", detail(one)).about(&incident))
        .collect();
    record(bench, workspace, acts).await?;
    incidents::incident(bench, workspace, incident).await
}

/// Dismisses candidates, with the reason.
pub async fn dismiss_detections(
    bench: &Bench,
    workspace: &Workspace,
    ids: Vec<String>,
    reason: String,
) -> Result<DetectionView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::invalid(
            "a dismissal needs a reason",
            "say why this is no incident: a test, a known fault, an error of the source",
        ));
    }
    let found = undecided(workspace, &ids).await?;
    let acts: Vec<Act> = found
        .iter()
        .map(|one| {
            let mut detail = detail(one);
            detail["reason"] = Value::String(reason.clone());
            Act::new("detection.dismissed", detail)
        })
        .collect();
    record(bench, workspace, acts).await?;
    crate::show::detection(bench, workspace, ids.into_iter().next().unwrap_or_default()).await
}

/// Takes a decision back: the candidate is open again, and both stay in the ledger.
pub async fn reconsider_detection(
    bench: &Bench,
    workspace: &Workspace,
    id: String,
    reason: String,
) -> Result<DetectionView, Error> {
    let found = one(workspace, &id).await?;
    let reason = reason.trim().to_owned();
    let decided = decided(workspace).await?;
    let open = decided
        .get(&id)
        .and_then(|all| all.first())
        .is_none_or(|newest| newest.decision == "reconsidered");
    if open || reason.is_empty() {
        return Err(Error::invalid(
            if open {
                "nobody has decided on this detection"
            } else {
                "taking a decision back needs a reason"
            },
            "only a decision can be taken back, with a reason",
        ));
    }
    let mut detail = detail(&found);
    detail["reason"] = Value::String(reason);
    record(
        bench,
        workspace,
        vec![Act::new("detection.reconsidered", detail)],
    )
    .await?;
    crate::show::detection(bench, workspace, id).await
}

async fn pin_proof(
    bench: &Bench,
    workspace: &Workspace,
    incident: &str,
    found: &[vault::Candidate],
) -> Result<(), Error> {
    let mut seqs: Vec<i64> = found.iter().flat_map(|one| one.proof.clone()).collect();
    seqs.sort_unstable();
    seqs.dedup();
    let note = found
        .iter()
        .map(|one| one.id.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let note = match found.len() {
        0..=4 => format!("Proves {note}"),
        n => format!("Proves {n} detections"),
    };
    let seqs = seqs.into_iter().map(count).collect();
    incidents::pin_records(bench, workspace, incident.to_owned(), seqs, Some(note)).await?;
    Ok(())
}

fn set(field: &str, value: &str) -> Command {
    Command::Set {
        field: field.into(),
        value: Value::String(value.into()),
    }
}

/// What the ledger keeps of a candidate: enough to know what was decided on after it is derived anew.
fn detail(one: &vault::Candidate) -> Value {
    let said = body(one);
    json!({
        "candidate": one.id,
        "kind": one.kind,
        "rule": one.rule,
        "title": said.title,
        "records": one.proof,
    })
}

/// The candidates of these ids; refuses one that is decided on.
async fn undecided(workspace: &Workspace, ids: &[String]) -> Result<Vec<vault::Candidate>, Error> {
    let decided = decided(workspace).await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let candidate = one(workspace, id).await?;
        if let Some(newest) = decided.get(id).and_then(|all| all.first())
            && newest.decision != "reconsidered"
        {
            return Err(Error::new(
                Code::Refused,
                format!("detection {id} is {} already", newest.decision),
                "reconsider it first, with a reason",
            ));
        }
        found.push(candidate);
    }
    Ok(found)
}

async fn record(bench: &Bench, workspace: &Workspace, acts: Vec<Act>) -> Result<(), Error> {
    let mut acts = acts.into_iter();
    let Some(first) = acts.next() else {
        return Err(Error::invalid(
            "no detection was named",
            "name at least one candidate",
        ));
    };
    let all = acts.fold(vault::Acts::from(first), vault::Acts::and);
    workspace.vault.record(all, bench.now()).await?;
    bench.vault_changed();
    Ok(())
}
