//! A custodian admits a quarantined file as unproven: what can be read of it is written into this
//! workspace's own log, marked for ever as admitted. Nothing of it touches what is remembered of the origin
//! that it claims to come from, and what cannot be read stays sealed only, and is counted.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use evidence::record::MAX_LINE;
use evidence::{Assurance, Field, RecordLine};
use sources::{Catalogue, InputKind, Known, MAX_PLACES, Packing, ReadError};
use vault::{ImportHead, Quarantined, SealedFile, VaultError, may_record};

use crate::archive::Zip;
use crate::foreign::{Admission, Claim, Ended, Reading, Take, Taken, count_of};
use crate::held::{Failure, failure, find, view};
use crate::imported::content;
use crate::imported::stopped;
use crate::input::Input;
use crate::input::{Part, head_length};
use crate::native;
use crate::sealed as copy;
use crate::shown::import_view;
use bench::jobs::Job;
use bench::text::count;
use bench::view::AdmittedView;
use bench::{Bench, Code, Error};
use standing::Workspace;

/// Admits a quarantined file as unproven. A custodian's act, recorded with its reason.
pub async fn quarantine_admit(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    id: u32,
    reason: String,
) -> Result<AdmittedView, Error> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Error::invalid(
            "no reason was given",
            "say why records that failed verification are wanted here; it is recorded in custody",
        ));
    }
    let role = workspace.vault.member().1;
    if may_record(role, "quarantine.admitted") != Some(true) {
        return Err(Error::new(
            Code::Refused,
            format!("a {} may not admit what failed verification", role.word()),
            "ask a custodian to admit it",
        ));
    }
    let held = find(workspace, id).await?;
    match (held.state.as_str(), held.import) {
        ("held", _) => {}
        (_, Some(import)) => {
            return Err(Error::invalid(
                format!("{} was admitted already, as import {import}", held.name),
                "look for its records with that import's number",
            ));
        }
        _ => {
            return Err(Error::invalid(
                format!("{} was verified after all", held.name),
                "its records are here already",
            ));
        }
    }
    let title = held.name.clone();
    let job = bench.jobs.begin("import", title, "records");
    let done = admit(bench, workspace, &job, held, reason).await;
    let done = done.or_else(|error| job.check().and(Err(error)));
    bench.vault_changed();
    job.end(&done.as_ref().map(said).map_err(Clone::clone));
    done
}

async fn admit(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    held: Quarantined,
    reason: String,
) -> Result<AdmittedView, Error> {
    let _turn = crate::turn::turn(workspace, job).await?;
    let sealed = workspace.vault.sealed_file(&held.sealed).await?;
    let input = input(workspace, job, &held, &sealed).await?;
    job.files(|files| {
        files.expect(1, input.size);
        files.begin(&input.name, input.size);
    });
    let (_, member) = content(&input, &sealed);
    let head = ImportHead {
        name: held.name.clone(),
        kind: held.kind.clone(),
        original: sealed.clone(),
        recommit: true,
        member,
        admits: Some(held.id),
    };
    let session = match workspace.vault.begin_import(head, bench.now()).await {
        Ok(session) => session,
        Err(VaultError::AlreadyImported { import }) => {
            return Err(Error::invalid(
                format!(
                    "the bytes of {} are here already, as import {import}",
                    held.name
                ),
                "look for its records with that import's number",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let reading = reading(workspace, job, &input, &sealed).await?;
    let claim = Claim {
        assurance: Assurance::Unproven,
        agreed: None,
        admission: Some(Admission {
            quarantine: held.id,
            code: failure(&held).code,
            reason,
        }),
    };
    let done = crate::foreign::recommit(
        bench, workspace, job, &input, &sealed, session, claim, reading,
    )
    .await?;
    let (import, taken) = match done {
        Ok(done) => done,
        Err(Ended::File(error, session)) => {
            session.abandon().await?;
            return Err(nothing(&held, &Failure::of_reading(&error)));
        }
        Err(Ended::Log(failure, session)) => {
            session.abandon().await?;
            return Err(nothing(&held, &failure));
        }
        Err(Ended::Nothing(taken, session)) => {
            session.abandon().await?;
            let why = taken.fault.unwrap_or_else(|| failure(&held));
            return Err(nothing(&held, &why));
        }
    };
    workspace.reconsider().await?;
    follow::catch_up(bench, workspace).await?;
    let id = count(held.id);
    Ok(AdmittedView {
        total: count(taken.records),
        unread: count(taken.unread),
        places: taken.places,
        fault: taken.fault.map(|f| f.reason),
        import: import_view(workspace, import, "imported").await?,
        file: view(workspace, find(workspace, id).await?),
    })
}

fn said(view: &AdmittedView) -> String {
    format!(
        "{} admitted as unproven: {} records",
        view.file.file, view.total
    )
}

fn nothing(held: &Quarantined, why: &Failure) -> Error {
    Error::invalid(
        format!("no record of {} can be read: {}", held.name, why.reason),
        "it stays in quarantine; export it and show it to its source",
    )
}

/// The quarantined file as something to read.
async fn input(
    workspace: &Workspace,
    job: &Arc<Job>,
    held: &Quarantined,
    sealed: &SealedFile,
) -> Result<Input, Error> {
    let mut whole = Input {
        name: held.name.clone(),
        path: Default::default(),
        kind: InputKind::NativeExport,
        packing: Packing::Plain,
        is_folder: false,
        manifest: None,
        trail: None,
        size: sealed.size,
        part: Part::Whole,
    };
    if let Some(member) = &held.member {
        let found = match crate::run::expand(workspace, job, &whole, &held.sealed).await? {
            Zip::Files(expanded) => expanded.inputs,
            Zip::Export | Zip::Refused(_) => Vec::new(),
        };
        let found = found.into_iter().find(|i| match &i.part {
            Part::Member { entry, .. } => entry.name == *member,
            Part::Folder { name, .. } => name == member,
            Part::Whole | Part::Unreadable { .. } => false,
        });
        return found
            .map(|found| Input {
                name: held.name.clone(),
                manifest: None,
                ..found
            })
            .ok_or_else(|| nothing(held, &failure(held)));
    }
    let reader = copy::open(workspace, &held.sealed).await?;
    let mut reader = copy::Wanted::new(reader, job);
    let name = held.name.clone();
    let is_folder = held.kind == crate::input::NATIVE;
    let head = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
        let framed = is_folder && crate::folder::is_framed(&mut reader)?;
        let mut first = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut first)?;
        let length = head_length(&first);
        reader.take(length).read_to_end(&mut first)?;
        Ok((
            framed,
            InputKind::detect(&name, &first, framed),
            Packing::detect(&first),
        ))
    });
    let head = head.await.map_err(|_| stopped())?;
    let (framed, kind, packing) = head.map_err(|e| copy::unreadable_copy(&whole, &e))?;
    (whole.is_folder, whole.kind, whole.packing) = (framed, kind, packing);
    Ok(whole)
}

async fn reading(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
) -> Result<Reading, Error> {
    if !input.is_native() {
        let (reader, kind) = (
            copy::bytes(workspace, job, input, sealed).await?,
            input.kind,
        );
        return Ok(Box::new(move |catalogue, take| {
            let reader = BufReader::with_capacity(1 << 16, reader);
            let mut systems = BTreeMap::new();
            let known = Known::Each(catalogue);
            let found = sources::salvage_foreign(kind, reader, known, &mut |source, record| {
                count_of(&mut systems, source);
                take(source, record.fields)
            })?;
            Ok(Taken::of(found, systems))
        }));
    }
    let files = native::open(workspace, job, input, sealed).await?;
    Ok(Box::new(move |catalogue, take| {
        let mut files = match files {
            Ok(files) => files,
            Err(error) => return Ok(none(Failure::of_archive(&error))),
        };
        match files.records() {
            Ok(records) => lines(records, catalogue, take),
            Err(error) => Ok(none(Failure::of_archive(&error))),
        }
    }))
}

fn none(fault: Failure) -> Taken {
    Taken {
        fault: Some(fault),
        ..Taken::default()
    }
}

/// Every record line of an export that has the format's form, whatever it says its index is.
fn lines(records: impl Read, catalogue: &Catalogue, take: Take<'_>) -> Result<Taken, ReadError> {
    let mut records_in = BufReader::with_capacity(1 << 18, records);
    let mut taken = Taken::default();
    let (mut line, mut number) = (Vec::new(), 0u64);
    loop {
        line.clear();
        number += 1;
        let mut limited = records_in.by_ref().take(MAX_LINE as u64 + 1);
        match limited.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(taken),
            Ok(_) => {}
            // A damaged stream ends here; a sealed copy that cannot be read does not.
            Err(error) => match evidence::ArchiveError::from_io(error) {
                evidence::ArchiveError::Read(error) => return Err(ReadError::Io(error)),
                error => {
                    taken.fault.get_or_insert(Failure::of_archive(&error));
                    return Ok(taken);
                }
            },
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() > MAX_LINE {
            records_in.skip_until(b'\n').map_err(ReadError::Io)?;
        }
        let index = index_of(&line);
        // It gets another index here, which may be written with more digits.
        let fits = line.len() + DIGITS <= MAX_LINE;
        let record = match RecordLine::parse(&line, index) {
            Ok(record) if fits => record,
            Ok(_) => {
                taken.unread(number);
                continue;
            }
            Err(error) => {
                taken.unread(number);
                taken.fault.get_or_insert_with(|| Failure {
                    line: Some(number),
                    place: format!("line {number}"),
                    ..Failure::new(error.code(), format!("line {number}: {error}"), "")
                });
                continue;
            }
        };
        let (id, version) = record.schema();
        let source = (catalogue.get(id, Some(version))).unwrap_or_else(|| Catalogue::generic());
        let fields = record.fields().map(|(path, value)| Field {
            path: path.into(),
            value: value.into(),
        });
        *taken.systems.entry(id.to_owned()).or_default() += 1;
        taken.records += 1;
        if let ControlFlow::Break(()) = take(source, fields.collect()) {
            return Err(ReadError::Stopped);
        }
    }
}

impl Taken {
    /// A line that could not be read.
    fn unread(&mut self, line: u64) {
        self.unread += 1;
        if self.places.len() < MAX_PLACES {
            self.places.push(format!("line {line}"));
        }
    }
}

/// Most digits of an index.
const DIGITS: usize = 20;

/// The index that a line states; that of no record where it states none.
fn index_of(line: &[u8]) -> u64 {
    let digits = line.strip_prefix(b"{\"i\":").unwrap_or_default();
    let end = digits
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end])
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(u64::MAX)
}
