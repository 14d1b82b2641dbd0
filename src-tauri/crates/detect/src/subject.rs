//! A subject across systems: the state of each of its lives, their history, and what contradicts them.

use std::collections::BTreeMap;

use sources::Lifecycle;
use vault::{EventRow, RowShown};

use crate::follow::Follower;
use crate::judge::LifeRef;
use crate::show;
use bench::text::{count, time};
use bench::view::{LifecycleStepView, LifecycleView, SubjectLifeView, SubjectView};
use bench::{Bench, Error};
use standing::Workspace;

/// Steps of a life that are shown, the newest.
const STEPS: usize = 1_000;

/// A subject by its handle: state and history in each of its lives, and candidates about it.
pub async fn subject(
    bench: &Bench,
    workspace: &Workspace,
    handle: String,
) -> Result<SubjectView, Error> {
    crate::follow::follow(bench, workspace).await?;
    let subject = workspace
        .vault
        .subject_by_handle(handle.trim())
        .await?
        .ok_or_else(|| {
            Error::not_found(
                format_args!("handle {}", handle.trim()),
                "give a handle as a record shows it",
            )
        })?;
    let mut lives = Vec::new();
    let known = workspace.known();
    for (id, name) in workspace.vault.lives_of(subject.number).await? {
        let Some((source, lifecycle)) = named(&known.catalogue, &name) else {
            continue;
        };
        let life = LifeRef {
            id,
            system: &source.id,
            lifecycle,
        };
        lives.push(SubjectLifeView {
            system: source.title.clone(),
            title: lifecycle.title.clone(),
            life: life_view(bench, workspace, &life, subject.number, handle.trim()).await?,
        });
    }
    let query = format!("subject:{}", subject.number);
    Ok(SubjectView {
        handle: subject.handle.unwrap_or_else(|| "erased".into()),
        domain: subject.domain,
        records: follow::count_records(bench, workspace, &query).await?,
        lives,
        detections: show::about(workspace, subject.number).await?,
    })
}

/// The lifecycle of the record's subject, where its source declares one.
pub async fn lifecycle(
    bench: &Bench,
    workspace: &Workspace,
    row: &EventRow,
) -> Result<Option<LifecycleView>, Error> {
    let known = workspace.known();
    let Some(source) = known.catalogue.get(&row.system, None) else {
        return Ok(None);
    };
    // A record may stand in several lives; the one it changes says most.
    let changes = |life: &&Lifecycle| life.transitions.iter().any(|t| t.on == row.action);
    let lives = source.lifecycles().iter();
    let found = (lives.clone().filter(changes))
        .chain(lives.filter(|life| !changes(life)))
        .find_map(|life| {
            let subject = subject_at(row, &life.subject)?;
            life.takes_part(&row.action).then_some((life, subject))
        });
    let Some((lifecycle, (number, handle))) = found else {
        return Ok(None);
    };
    crate::follow::follow(bench, workspace).await?;
    let name = format!("{}/{}", source.id, lifecycle.name);
    let id = workspace
        .vault
        .lives_of(number)
        .await?
        .into_iter()
        .find(|(_, one)| *one == name)
        .map(|(id, _)| id);
    let Some(id) = id else {
        return Ok(None);
    };
    let life = LifeRef {
        id,
        system: &source.id,
        lifecycle,
    };
    life_view(bench, workspace, &life, number, &handle)
        .await
        .map(Some)
}

async fn life_view(
    bench: &Bench,
    workspace: &Workspace,
    life: &LifeRef<'_>,
    subject: i64,
    handle: &str,
) -> Result<LifecycleView, Error> {
    let known = workspace.known();
    let follower = Follower::reader(bench, workspace, &known.catalogue);
    let (facts, walk) = follower.life_of(life, subject).await?;
    let mut steps: BTreeMap<(Option<chrono::DateTime<chrono::Utc>>, i64), LifecycleStepView> =
        BTreeMap::new();
    for step in &walk.steps {
        let fact = &facts[step.fact];
        let why: Vec<&str> = step.broken.iter().map(|one| one.why.as_str()).collect();
        let unsure = step.broken.iter().any(|one| !one.certain);
        let contradiction = match why.as_slice() {
            [] => None,
            why if unsure => Some(format!(
                "{}, unless the clocks differ: not raised",
                why.join("; ")
            )),
            why => Some(why.join("; ")),
        };
        steps.insert(
            (fact.at(), fact.row.seq),
            LifecycleStepView {
                seq: count(fact.row.seq),
                at: fact.at().map(time),
                action: fact.row.action.clone(),
                state: step.to.clone(),
                contradiction,
            },
        );
    }
    // Activity that contradicts is no step of its own; it was found when the vault was followed.
    for group in workspace.vault.candidate_groups(Some(subject)).await? {
        for one in workspace
            .vault
            .candidates_of(&group.rule, &group.scope, 0, STEPS as u32)
            .await?
        {
            let said = show::body(&one);
            let at = one.at_us.and_then(chrono::DateTime::from_timestamp_micros);
            if one.life != Some(life.id) || said.silent_until.is_some() {
                continue;
            }
            steps
                .entry((at, one.seq))
                .and_modify(|step| {
                    if step.contradiction.is_none() {
                        step.contradiction = Some(said.why.clone());
                    }
                })
                .or_insert_with(|| LifecycleStepView {
                    seq: count(one.seq),
                    at: at.map(time),
                    action: said.why.split(' ').next().unwrap_or_default().to_owned(),
                    state: None,
                    contradiction: Some(said.why.clone()),
                });
        }
    }
    let mut steps: Vec<LifecycleStepView> = steps.into_values().collect();
    let old = steps.len().saturating_sub(STEPS);
    steps.drain(..old);
    Ok(LifecycleView {
        subject: handle.to_owned(),
        states: life.lifecycle.states.clone(),
        current: walk.life.state().map(str::to_owned),
        steps,
    })
}

fn named<'w>(
    catalogue: &'w sources::Catalogue,
    name: &str,
) -> Option<(&'w sources::SourceFile, &'w Lifecycle)> {
    let (system, lifecycle) = name.split_once('/')?;
    let source = catalogue.get(system, None)?;
    let life = source
        .lifecycles()
        .iter()
        .find(|life| life.name == lifecycle)?;
    Some((source, life))
}

/// The subject in a field: its number and handle.
fn subject_at(row: &EventRow, path: &str) -> Option<(i64, String)> {
    row.fields
        .iter()
        .find(|f| f.path == path)
        .and_then(|f| match &f.shown {
            RowShown::Handle {
                subject, handle, ..
            } => Some((*subject, handle.clone().unwrap_or_else(|| "erased".into()))),
            _ => None,
        })
}
