//! Source files: those that came with the program and those that the workspace added. An own file is
//! checked, kept with every version, and never weakens an older one without a custodian's word.

use std::path::Path;
use std::sync::Arc;

use redaction::Class;
use serde_json::json;
use sources::{Change, GENERIC_ID, RecordKind, SourceError, SourceFile};
use vault::Act;

use bench::known::Known;
use bench::view::{
    AddedSourceView, ChangeView, CheckedSourceView, RecordTypeView, SourceDetailView,
    SourceFieldView, SourceFileView, SourceFilesView, SourceLifecycleView, SourceProblemView,
};
use bench::{Bench, Code, Error};
use standing::Workspace;

/// The largest source file that is read.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// Weakened places that the ledger lists one by one.
const LISTED: usize = 500;

/// A source file that was checked against those at hand.
struct Checked {
    view: CheckedSourceView,
    bytes: Vec<u8>,
}

/// The source files at hand, the newest version of each.
pub async fn source_files(workspace: &Arc<Workspace>) -> Result<SourceFilesView, Error> {
    let known = workspace.known();
    let mut files: Vec<SourceFileView> = known
        .catalogue
        .newest()
        .map(|file| known.view(file))
        .collect();
    files.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.title.cmp(&b.title)));
    let waiting = workspace.vault.rows_waiting().await;
    Ok(SourceFilesView {
        files,
        waiting: waiting?.into_iter().collect(),
    })
}

/// One source file in full; without a version, the newest.
pub async fn source_file(
    workspace: &Arc<Workspace>,
    id: String,
    version: Option<u32>,
) -> Result<SourceDetailView, Error> {
    let known = workspace.known();
    let file = known.found(&id, version)?;
    let before = known
        .catalogue
        .all()
        .filter(|one| one.id == file.id && one.version < file.version)
        .max_by_key(|one| one.version);
    let mut fields: Vec<SourceFieldView> = file
        .fields()
        .filter_map(|(path, _)| file.describe(path))
        .map(|field| SourceFieldView {
            path: field.path.clone(),
            title: field.title.clone(),
            class: field.rule.class.code().into(),
            class_title: Class::title(field.rule.class).into(),
            purposes: field.rule.purposes.clone(),
            domain: field.rule.handle_domain.clone(),
            free_text: field.rule.free_text,
            value_type: field.rule.value_type.name().into(),
        })
        .collect();
    fields.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(SourceDetailView {
        fields,
        record_types: (file.record_types().iter())
            .map(|one| RecordTypeView {
                name: one.name.clone(),
                title: one.title.clone(),
                kind: match one.kind {
                    RecordKind::Audit => "audit",
                    RecordKind::Lifecycle => "lifecycle",
                }
                .into(),
                ocsf: (one.ocsf.as_ref()).map(|o| format!("{} {}", o.class_uid, o.class_name)),
            })
            .collect(),
        lifecycles: (file.lifecycles().iter())
            .map(|life| SourceLifecycleView {
                title: life.title.clone(),
                subject: life.subject.clone(),
                states: life.states.clone(),
                contradictions: (life.refuses.iter().filter_map(|one| one.title.clone()))
                    .chain(life.contradictions.iter().map(|one| one.title.clone()))
                    .collect(),
            })
            .collect(),
        changes: before.map_or_else(Vec::new, |old| change_views(&file.changes_since(old))),
        text: String::from_utf8_lossy(file.bytes()).into_owned(),
        file: known.view(file),
    })
}

/// Reads a source file and says what adding it would do. Changes nothing.
pub async fn check_source_here(
    workspace: &Arc<Workspace>,
    path: String,
) -> Result<CheckedSourceView, Error> {
    Ok(check(&workspace.known(), read(Path::new(&path))?).view)
}

/// Adds a source file. What weakens the version before needs `reason`, by which a custodian
/// confirms it. With `wait`, the rows of its records are made anew before this returns; else a job
/// does it.
pub async fn add_source(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    path: String,
    reason: Option<String>,
    wait: bool,
) -> Result<AddedSourceView, Error> {
    let checked = check(&workspace.known(), read(Path::new(&path))?);
    let view = &checked.view;
    if let Some(problem) = view.problems.first() {
        let more = match view.problems.len() {
            1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        return Err(Error::invalid(
            format!("{}: {}{more}", problem.place, problem.message),
            "mend the file; `muniment source check FILE` lists everything that is wrong with it",
        ));
    }
    if view.known {
        return Err(Error::invalid(
            format!("{} version {} is here already", view.id, view.version),
            "nothing to do",
        ));
    }
    let reason = reason
        .map(|reason| reason.trim().to_owned())
        .filter(|reason| !reason.is_empty());
    if view.weakens && reason.is_none() {
        let places: Vec<String> = (view.changes.iter())
            .filter(|change| change.weakens)
            .take(5)
            .map(|change| format!("{} {}", change.place, change.words))
            .collect();
        return Err(Error::new(
            Code::Refused,
            format!(
                "version {} weakens the one before: {}",
                view.version,
                places.join("; ")
            ),
            "a custodian confirms it with a reason (--confirm-weaker --reason …), or the file is changed",
        ));
    }
    let changes = view.changes.clone();
    let weakened: Vec<&ChangeView> = changes.iter().filter(|change| change.weakens).collect();
    let act = Act::new(
        "source.added",
        json!({
            "source": view.id,
            "version": view.version,
            "digest": view.digest,
            "previous": view.previous,
            "changes": changes.len(),
            "weakens": listed(&weakened),
            "reason": reason,
        }),
    );
    let (id, version) = (view.id.clone(), view.version);
    keep(bench, workspace, &id, version, checked.bytes, reason, act).await?;
    added(bench, workspace, &id, version, changes, Vec::new(), wait).await
}

/// Says that the records of some imports, which name no source file, are of this system; with a
/// title, the system is new and its source file declares nothing yet.
pub async fn assign_source(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: String,
    imports: Vec<u32>,
    title: Option<String>,
    wait: bool,
) -> Result<AddedSourceView, Error> {
    let known = workspace.known();
    for import in &imports {
        let segments = workspace.vault.segments(None).await;
        let of_import =
            (segments?.into_iter()).find(|segment| segment.import == i64::from(*import));
        if of_import.is_none() {
            return Err(Error::not_found(
                format_args!("import {import}"),
                "`muniment sources` lists imports",
            ));
        }
    }
    if let Some(title) = title {
        if known.catalogue.get(&id, None).is_some() {
            return Err(Error::invalid(
                format!("there is a source file {id} already"),
                "leave out the title to use it, or choose another id",
            ));
        }
        let body = serde_json::to_vec_pretty(&json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": format!("urn:muniment:source:{id}:1"),
            "title": title,
            "x-source": { "id": id, "version": 1, "title": title, "summary": title, "open": true },
            "type": "object",
            "properties": {},
        }))
        .unwrap_or_default();
        let checked = check(&known, body);
        if let Some(problem) = checked.view.problems.first() {
            return Err(Error::invalid(
                problem.message.clone(),
                "choose an id of lower case letters, digits and dashes",
            ));
        }
        let act = Act::new(
            "source.added",
            json!({ "source": id, "version": 1, "digest": checked.view.digest, "title": title }),
        );
        keep(bench, workspace, &id, 1, checked.bytes, None, act).await?;
    }
    let version = workspace.known().found(&id, None)?.version;
    let act = Act::new(
        "source.assigned",
        json!({ "source": id, "imports": imports }),
    );
    let name = id.clone();
    workspace
        .vault
        .write(bench.now(), move |tx| {
            for import in imports {
                tx.assign_source(i64::from(import), &name)?;
            }
            Ok(((), act.into()))
        })
        .await?;
    learn(workspace).await?;
    added(bench, workspace, &id, version, Vec::new(), Vec::new(), wait).await
}

/// Keeps a checked file, recorded by `act`, and uses it from now on.
pub(crate) async fn keep(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: &str,
    version: u32,
    bytes: Vec<u8>,
    reason: Option<String>,
    act: Act,
) -> Result<(), Error> {
    let id = id.to_owned();
    workspace
        .vault
        .write(bench.now(), move |tx| {
            tx.allowed("source.added")?;
            tx.add_source(&id, version, &bytes, reason.as_deref())?;
            Ok(((), act.into()))
        })
        .await?;
    learn(workspace).await
}

async fn learn(workspace: &Workspace) -> Result<(), Error> {
    let known = Arc::new(Known::of(&workspace.vault).await?);
    *workspace
        .known
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = known;
    *workspace.hidden.lock().await = None;
    Ok(())
}

pub(crate) async fn added(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: &str,
    version: u32,
    changes: Vec<ChangeView>,
    mixed: Vec<String>,
    wait: bool,
) -> Result<AddedSourceView, Error> {
    let redone = if wait {
        Some(crate::rebuild::rebuild_waiting(bench, workspace).await?)
    } else {
        let (bench, workspace) = (bench.clone(), Arc::clone(workspace));
        tokio::spawn(async move {
            // The job says what came of it; what is left waits and is made at the next open.
            let _ = crate::rebuild::rebuild_waiting(&bench, &workspace).await;
        });
        None
    };
    bench.vault_changed();
    let known = workspace.known();
    Ok(AddedSourceView {
        file: known.view(known.found(id, Some(version))?),
        changes,
        mixed,
        redone,
    })
}

fn listed(weakened: &[&ChangeView]) -> Option<String> {
    if weakened.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = (weakened.iter().take(LISTED))
        .map(|change| format!("{}: {}", change.place, change.words))
        .collect();
    if weakened.len() > LISTED {
        lines.push(format!("and {} more", weakened.len() - LISTED));
    }
    Some(lines.join("\n"))
}

fn change_views(changes: &[Change]) -> Vec<ChangeView> {
    (changes.iter())
        .map(|change| ChangeView {
            place: change.place.clone(),
            words: change.words(),
            weakens: change.weakens(),
        })
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |e: std::io::Error| Error::io("could not read", path, &e);
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_BYTES {
        return Err(Error::invalid(
            format!("{} is larger than 4 MiB", path.display()),
            "give a source file: a JSON Schema with classes and purposes",
        ));
    }
    std::fs::read(path).map_err(failed)
}

/// Reads a source file and says how it differs from the program's own version, without a workspace.
///
/// # Errors
/// When the file cannot be read; what is wrong with it is in the answer.
pub fn check_source(path: &Path) -> Result<CheckedSourceView, Error> {
    let known = Known::builtin();
    Ok(check(&known, read(path)?).view)
}

fn check(known: &Known, bytes: Vec<u8>) -> Checked {
    let mut view = CheckedSourceView {
        usable: false,
        id: String::new(),
        version: 0,
        title: String::new(),
        digest: evidence::Hash::sha256(&bytes).to_hex(),
        previous: None,
        known: false,
        problems: Vec::new(),
        changes: Vec::new(),
        weakens: false,
    };
    let file = match SourceFile::check(&bytes) {
        Ok(file) => file,
        Err(faults) => {
            view.problems = faults.iter().map(|fault| problem(fault, &bytes)).collect();
            return Checked { view, bytes };
        }
    };
    view.id.clone_from(&file.id);
    view.version = file.version;
    view.title.clone_from(&file.title);
    let mut refuse = |place: &str, message: String| {
        view.problems.push(SourceProblemView {
            place: place.into(),
            message,
        });
    };
    if file.id == GENERIC_ID || file.id.starts_with("muniment") {
        refuse(
            "/x-source/id",
            format!("the id {} is the program's own; choose another", file.id),
        );
    }
    let newest = known.catalogue.get(&file.id, None);
    match known.catalogue.get(&file.id, Some(file.version)) {
        Some(same) if same.digest == file.digest => view.known = true,
        Some(_) => refuse(
            "/x-source/version",
            format!(
                "version {} of {} is here already with another content; the next version is {}",
                file.version,
                file.id,
                newest.map_or(1, |one| one.version + 1)
            ),
        ),
        None => {
            // An older version decides nothing: the newest one does, also about its records.
            if let Some(newest) = newest.filter(|one| one.version < file.version) {
                view.previous = Some(newest.version);
                view.changes = change_views(&file.changes_since(newest));
            }
        }
    }
    view.weakens = view.changes.iter().any(|change| change.weakens);
    view.usable = view.problems.is_empty() && !view.known;
    Checked { view, bytes }
}

fn problem(fault: &SourceError, bytes: &[u8]) -> SourceProblemView {
    let place = match fault {
        SourceError::Json { at, .. } => {
            let before = bytes.get(..*at).unwrap_or(bytes);
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}")
        }
        fault => fault.place(),
    };
    SourceProblemView {
        place,
        message: fault.to_string(),
    }
}
