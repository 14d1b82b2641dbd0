//! Each command: one or two calls of the workbench.

use serde_json::Value;
use workbench::view::{LookUp, SearchRequest};
use workbench::{Environment, Error, Workbench, seal};

use crate::arguments::{Arguments, Command, Detections, Incident, Packet, Quarantine};
use crate::passphrase;
use crate::print::Answer;
use crate::progress;

/// Does what the command line asks.
pub(crate) async fn run(arguments: &Arguments) -> Result<Answer, Error> {
    let environment = Environment::of_this_machine();
    match &arguments.command {
        Command::Keygen {
            ml_dsa,
            origin,
            output,
        } => {
            return seal::keygen(origin, output, *ml_dsa, &environment).map(Answer::Key);
        }
        Command::Seal {
            source,
            origin,
            key,
            previous,
            rotate_to,
            input,
            output,
        } => {
            return seal::seal(
                &seal::Request {
                    source,
                    origin,
                    key,
                    previous: previous.as_deref(),
                    rotate_to: rotate_to.as_deref(),
                    input: input.as_deref(),
                    output,
                },
                &environment,
            )
            .map(Answer::Sealed);
        }
        Command::Verify { path, trust, trail } => {
            if let Some(request) = trail.request() {
                return workbench::verify_trail(path, &request, environment.now())
                    .map(|report| Answer::TrailVerified(Box::new(report)));
            }
            return workbench::verify(path, trust.as_deref()).map(Answer::Verified);
        }
        Command::Source(crate::source::Source::Check { file }) if arguments.workspace.is_none() => {
            return workbench::check_source(file).map(Answer::SourceChecked);
        }
        Command::Init { second_role } => {
            let bench = Workbench::new(environment);
            let first = passphrase::own("the first custodian")?;
            let second = passphrase::second(&format!("the second member ({second_role})"))?;
            return bench
                .create_workspace(workspace(arguments)?, first, second_role.clone(), second)
                .await
                .map(Answer::Created);
        }
        Command::Recover => {
            let bench = Workbench::new(environment);
            let dir = workspace(arguments)?;
            let key = passphrase::recovery_key()?;
            let chosen = passphrase::chosen("the new custodian")?;
            let recovered = bench.recover_workspace(dir, key, chosen).await;
            return ended(&bench, arguments, recovered.map(Answer::Recovered)).await;
        }
        Command::Restore { dry_run } => {
            let bench = Workbench::new(environment);
            let dir = workspace(arguments)?;
            let who = arguments.member.as_deref().unwrap_or("a custodian");
            let (member, passphrase) = (arguments.member.clone(), passphrase::own(who)?);
            let restored = match dry_run {
                true => bench.restore_preview(dir, member, passphrase).await,
                false => bench.restore_workspace(dir, member, passphrase).await,
            };
            bench.lock().await?;
            return restored.map(Answer::Restored);
        }
        _ => {}
    }
    let bench = Workbench::new(environment);
    let who = arguments.member.as_deref().unwrap_or("the first custodian");
    let dir = workspace(arguments)?;
    let (member, passphrase) = (arguments.member.clone(), passphrase::own(who)?);
    let opened = bench.open_workspace(dir.clone(), member.clone(), passphrase.clone());
    match (opened.await, &arguments.command) {
        // What keeps it from being opened is what fsck is to name.
        (Err(error), Command::Fsck) if error.code == workbench::Code::NotStated => {
            let checked = bench.fsck_unopened(dir, member, passphrase).await?;
            return Ok(Answer::Checked(checked));
        }
        (opened, _) => opened?,
    };
    let answer = match &arguments.command {
        Command::Passphrase => change(&bench, passphrase).await,
        command => progress::watched(&bench, inside(&bench, command)).await,
    };
    ended(&bench, arguments, answer).await
}

/// Another passphrase for whoever opened the workspace.
async fn change(bench: &Workbench, current: String) -> Result<Answer, Error> {
    let chosen = passphrase::chosen("yours")?;
    let changed = bench.change_passphrase(current, chosen).await;
    changed.map(Answer::PassphraseChanged)
}

/// Says what the workspace said of itself, and locks it.
async fn ended(
    bench: &Workbench,
    arguments: &Arguments,
    answer: Result<Answer, Error>,
) -> Result<Answer, Error> {
    // An error of --json stands alone on standard error.
    if answer.is_ok() || !arguments.json {
        bench
            .remarks()
            .iter()
            .for_each(|remark| crate::screen::remark(remark));
    }
    bench.lock().await?;
    answer
}

fn workspace(arguments: &Arguments) -> Result<String, Error> {
    arguments
        .workspace
        .as_ref()
        .map(|dir| dir.display().to_string())
        .ok_or_else(|| {
            Error::new(
                workbench::Code::Invalid,
                "no workspace was named",
                "give --workspace DIR or set MUNIMENT_WORKSPACE",
            )
        })
}

async fn inside(bench: &Workbench, command: &Command) -> Result<Answer, Error> {
    Ok(match command {
        Command::Trust(command) => return crate::trust::run(bench, command).await,
        Command::Import { resume: true, .. } => Answer::Imported(bench.import_resume_now().await?),
        Command::Import { discard: true, .. } => {
            for interrupted in bench.interrupted().await? {
                bench.import_discard(interrupted.id).await?;
            }
            Answer::Imported(bench.import_resume_now().await?)
        }
        Command::Import { paths, .. } => {
            // Named absolutely, so that it can be resumed from anywhere.
            let absolute = |p: &std::path::PathBuf| std::path::absolute(p).unwrap_or(p.clone());
            let paths = paths.iter().map(|p| absolute(p).display().to_string());
            Answer::Imported(bench.import_now(paths.collect()).await?)
        }
        Command::Quarantine(Quarantine::List { all }) => {
            Answer::Quarantine(bench.quarantine(*all).await?)
        }
        Command::Quarantine(Quarantine::Show { id }) => {
            Answer::Quarantined(Box::new(bench.quarantined(*id).await?))
        }
        Command::Quarantine(Quarantine::Admit { id, reason }) => {
            Answer::Admitted(Box::new(bench.quarantine_admit(*id, reason.clone()).await?))
        }
        Command::Quarantine(Quarantine::Export { id, output }) => Answer::Exported(
            bench
                .quarantine_export(*id, output.display().to_string())
                .await?,
        ),
        Command::Search {
            query,
            limit,
            facet,
            histogram,
            after,
        } => Answer::Found(
            bench
                .search_records(SearchRequest {
                    query: query.clone(),
                    after: after.clone(),
                    limit: *limit,
                    facets: facet.clone(),
                    histogram: *histogram,
                })
                .await?,
        ),
        Command::LookUp {
            value,
            incident,
            purpose,
        } => Answer::LookedUp(
            bench
                .look_up(LookUp {
                    value: typed(value)?,
                    incident: incident.clone(),
                    purpose: purpose.clone(),
                })
                .await?,
        ),
        Command::Show { seq } => Answer::Record(Box::new(bench.record(*seq).await?)),
        Command::Incident(command) => return incident(bench, command).await,
        Command::Packet(Packet::Plan { id, audience }) => Answer::Planned(
            bench
                .packet_plan(id.incident.clone(), audience.clone())
                .await?,
        ),
        Command::Packet(Packet::Write {
            id,
            audience,
            approve,
            output,
        }) => Answer::Written(
            bench
                .packet_write(
                    id.incident.clone(),
                    audience.clone(),
                    approve.clone(),
                    output.display().to_string(),
                )
                .await?,
        ),
        Command::Packet(Packet::Sign { packet, output }) => {
            let (packet, output) = (packet.display().to_string(), output.display().to_string());
            Answer::Verified(bench.packet_sign(packet, output).await?)
        }
        Command::Packet(Packet::Keys { output }) => Answer::TrustFile(match output {
            Some(path) => bench.packet_keys_save(path.display().to_string()).await?,
            None => bench.packet_keys().await?,
        }),
        Command::ForkProof {
            origin,
            size,
            output,
        } => {
            let path = output.as_ref().map(|path| path.display().to_string());
            Answer::Forked(bench.fork_proof(origin.clone(), *size, path).await?)
        }
        Command::Detections { command } => {
            return detections(bench, command.as_ref()).await;
        }
        Command::Subject { handle } => {
            Answer::Subject(Box::new(bench.subject(handle.clone()).await?))
        }
        Command::Fsck => Answer::Checked(bench.fsck().await?),
        Command::Custody { filter } => Answer::Custody(bench.custody(filter.clone(), None).await?),
        Command::Sources => Answer::Sources(bench.sources().await?),
        Command::Source(command) => crate::source::source(bench, command).await?,
        Command::Classify(command) => crate::source::classify(bench, command).await?,
        Command::Rebuild { all } => Answer::Rebuilt(bench.rebuild(*all).await?),
        Command::Init { .. }
        | Command::Recover
        | Command::Restore { .. }
        | Command::Passphrase
        | Command::Keygen { .. }
        | Command::Seal { .. }
        | Command::Verify { .. } => unreachable!("answered before"),
    })
}

async fn detections(bench: &Workbench, command: Option<&Detections>) -> Result<Answer, Error> {
    Ok(match command {
        None => Answer::Detections(bench.detections(false).await?),
        Some(Detections::List { all }) => Answer::Detections(bench.detections(*all).await?),
        Some(Detections::Show { id }) => {
            Answer::Detection(Box::new(bench.detection(id.clone()).await?))
        }
        Some(Detections::Open { id, title }) => Answer::Incident(Box::new(
            bench.open_detections(id.clone(), title.clone()).await?,
        )),
        Some(Detections::Link { id, incident }) => Answer::Incident(Box::new(
            bench.link_detections(id.clone(), incident.clone()).await?,
        )),
        Some(Detections::Dismiss { id, reason }) => Answer::Detection(Box::new(
            bench.dismiss_detections(id.clone(), reason.clone()).await?,
        )),
        Some(Detections::Reconsider { id, reason }) => Answer::Detection(Box::new(
            bench
                .reconsider_detection(id.clone(), reason.clone())
                .await?,
        )),
        Some(Detections::Rebuild) => Answer::Detections(bench.rebuild_detections().await?),
    })
}

async fn incident(bench: &Workbench, command: &Incident) -> Result<Answer, Error> {
    let acted = match command {
        Incident::Open { title, pin } => {
            let open = workbench::view::OpenIncident {
                title: title.clone(),
                pin: pin.clone(),
            };
            return Ok(Answer::Incident(Box::new(bench.open_incident(open).await?)));
        }
        Incident::List => return Ok(Answer::Incidents(bench.incidents().await?)),
        Incident::Show(id) => {
            return Ok(Answer::Incident(Box::new(
                bench.incident(id.incident.clone()).await?,
            )));
        }
        Incident::Set { id, field, value } => {
            let id = id.incident.clone();
            // Text needs no quotes on a command line; whatever parses as JSON is JSON.
            let value =
                serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.clone()));
            if let Some(list) = field.strip_suffix('+') {
                bench.add_item(id, list.into(), value).await?
            } else if let Some((list, item)) = field.split_once('/') {
                bench.edit_item(id, list.into(), item.into(), value).await?
            } else {
                bench.set_field(id, field.clone(), value).await?
            }
        }
        Incident::Pin { id, seq, note } => {
            bench
                .pin_records(id.incident.clone(), seq.clone(), note.clone())
                .await?
        }
        Incident::SaveSearch { id, query, purpose } => {
            bench
                .save_search(id.incident.clone(), query.clone(), purpose.clone(), None)
                .await?
        }
        Incident::Map {
            id,
            item,
            control,
            framework,
            relation,
            claim,
        } => {
            bench
                .map_control(
                    id.incident.clone(),
                    item.clone(),
                    framework.clone(),
                    control.clone(),
                    relation.clone(),
                    claim.clone(),
                )
                .await?
        }
        Incident::Advance(id) => bench.advance(id.incident.clone()).await?,
        Incident::Waive { id, gate, reason } => {
            bench
                .waive(id.incident.clone(), gate.clone(), reason.clone())
                .await?
        }
        Incident::Back { id, stage, reason } => {
            bench
                .go_back(id.incident.clone(), stage.clone(), reason.clone())
                .await?
        }
        Incident::Approve { id, what, r#as } => {
            let passphrase = passphrase::second(r#as)?;
            bench
                .approve(id.incident.clone(), what.clone(), r#as.clone(), passphrase)
                .await?
        }
    };
    Ok(Answer::Acted(Box::new(acted)))
}

/// What was typed as an argument, or on standard input for `-`: one line.
fn typed(argument: &str) -> Result<String, Error> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|e| {
        Error::new(
            workbench::Code::Failed,
            format!("could not read standard input: {e}"),
            "pipe one line of text into it",
        )
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
