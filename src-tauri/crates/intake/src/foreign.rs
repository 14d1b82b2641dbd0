//! Foreign files: what people really have. Their records are written into this
//! workspace's own log as they are imported, so that everything here has the same leaf,
//! the same proofs and the same redaction. That raises no level: it adds "sealed here
//! since".

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use evidence::cloudtrail::{LogFacts, LogVerdict};
use evidence::{Assurance, Field, Hash, Record, Seed};
use serde_json::json;
use sources::{Catalogue, InputKind, Known, ReadError, SourceFile};
use tokio::sync::mpsc;
use vault::{EventIdentity, ImportSession, NewEvent, SealedFile};

use crate::held::{Failure, HASH_MISMATCH};
use crate::imported::content;
use crate::imported::finished;
use crate::imported::stopped;
use crate::input::Input;
use crate::input::{Listed, ListedBytes, Part};
use crate::native::{BATCH_BYTES, Done, event};
use crate::sealed as copy;
use bench::about::{about_file, text};
use bench::jobs::Job;
use bench::{Bench, Error};
use standing::FACTS;
use standing::Workspace;

const BATCH: usize = 2_000;
const IN_FLIGHT: usize = 2;

/// A file that was rejected, and is admitted in spite of that.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) quarantine: i64,
    pub(crate) code: String,
    pub(crate) reason: String,
}

/// What may be claimed of a file's records, and why.
pub(crate) struct Claim {
    pub(crate) assurance: Assurance,
    /// The manifest that agreed.
    pub(crate) agreed: Option<Listed>,
    pub(crate) admission: Option<Admission>,
}

/// What was taken from a file.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) records: u64,
    /// How many records each source file mapped.
    pub(crate) systems: BTreeMap<String, u64>,
    /// Lines, elements or rows that could not be read, of an admitted file.
    pub(crate) unread: u64,
    /// Where the first of them stand.
    pub(crate) places: Vec<String>,
    /// What was wrong first.
    pub(crate) fault: Option<Failure>,
    /// What a person should know of how the file was read.
    pub(crate) remark: Option<&'static str>,
    /// Whether it has the form of a log file of CloudTrail.
    pub(crate) is_log: bool,
}

/// A file of one object that holds no single array of objects.
const ONE_OBJECT: &str = "the file is one JSON object and was taken as one record";

impl Taken {
    /// What the reading of a foreign file found.
    pub(crate) fn of(read: sources::Read, systems: BTreeMap<String, u64>) -> Self {
        let is_trail = systems.keys().all(|system| system == CLOUDTRAIL);
        Self {
            records: read.records,
            systems,
            unread: read.unread,
            places: read.places,
            fault: read.fault.map(|fault| Failure::of_reading(&fault)),
            remark: read.one_object.then_some(ONE_OBJECT),
            is_log: read.under_records && is_trail,
        }
    }

    /// The source file that mapped all of them.
    pub(crate) fn system(&self) -> Option<&str> {
        let mut all = self.systems.keys();
        all.next()
            .filter(|_| all.next().is_none())
            .map(String::as_str)
    }
}

const CLOUDTRAIL: &str = "aws-cloudtrail";

/// Takes each record's fields under their source file.
pub(crate) type Take<'t> = &'t mut dyn FnMut(&SourceFile, Vec<Field>) -> ControlFlow<()>;
/// Reads a file and hands over its records.
pub(crate) type Reading = Box<dyn FnOnce(&Catalogue, Take<'_>) -> Result<Taken, ReadError> + Send>;

/// How re-committing ended, without an import.
pub(crate) enum Ended {
    /// The file is at fault.
    File(ReadError, ImportSession),
    /// It is a log file of CloudTrail of which nothing can be said to its digests.
    Log(Box<Failure>, ImportSession),
    /// Nothing in it could be taken.
    Nothing(Box<Taken>, ImportSession),
}

pub(crate) async fn foreign(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    session: ImportSession,
) -> Result<Done, Error> {
    let open = || copy::bytes(workspace, job, input, sealed);
    let (odd, kind) = (look(open().await?).await?, input.kind);
    // An array of nothing readable is said by its reader, with the place.
    let unknown = !kind.is_json() && kind != InputKind::Table;
    if let Some(failure) = odd.or_else(|| unknown.then(Failure::unknown)) {
        return Ok(Err((failure, session)));
    }
    let assurance = match &input.manifest {
        None => Assurance::Unproven,
        Some(listed) => {
            let found = match listed.of {
                ListedBytes::File => Ok(content(input, sealed).0),
                ListedBytes::Archive => Ok(sealed.sha256),
                ListedBytes::Inside => inside(open().await?).await?,
            };
            let failure = match found {
                Ok(found) if found == listed.digest => None,
                Ok(found) => Some(mismatch(listed, found)),
                Err(ReadError::Io(error)) => return Err(copy::unreadable_copy(input, &error)),
                Err(error) => Some(Failure::of_reading(&error)),
            };
            if let Some(failure) = failure {
                return Ok(Err((failure, session)));
            }
            Assurance::HashMatched
        }
    };
    let reader = open().await?;
    let reading = move |catalogue: &Catalogue, take: Take<'_>| {
        let reader = BufReader::with_capacity(1 << 16, reader);
        let mut systems = BTreeMap::new();
        let known = Known::Each(catalogue);
        let read = sources::read_foreign(kind, reader, known, &mut |source, found| {
            count_of(&mut systems, source);
            take(source, found.fields)
        })?;
        Ok(Taken::of(read, systems))
    };
    let claim = Claim {
        assurance,
        agreed: input.manifest.clone(),
        admission: None,
    };
    let done = recommit(
        bench,
        workspace,
        job,
        input,
        sealed,
        session,
        claim,
        Box::new(reading),
    )
    .await?;
    Ok(match done {
        Ok((import, _)) => Ok(import),
        Err(Ended::File(error, session)) => Err((Failure::of_reading(&error), session)),
        Err(Ended::Log(failure, session)) => Err((*failure, session)),
        Err(Ended::Nothing(_, session)) => Err((Failure::empty(), session)),
    })
}

/// Writes what `reading` hands over into this workspace's own log: first the record that says what the
/// file was, then its records.
#[allow(clippy::too_many_arguments, reason = "what an import is made of")]
pub(crate) async fn recommit(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
    mut session: ImportSession,
    claim: Claim,
    reading: Reading,
) -> Result<Result<(i64, Taken), Ended>, Error> {
    let handles = workspace.vault.handle_key()?;
    let first = session.next_index();
    let vault = workspace.vault.clone();
    let about = file_record(first, vault.draw_seed(), input, sealed, &claim);
    session.append(vec![about]).await?;
    let (batches, mut staged) = mpsc::channel::<Vec<NewEvent>>(IN_FLIGHT);
    let (own, counted, assurance) = (Arc::clone(workspace), Arc::clone(job), claim.assurance);
    let read = tokio::task::spawn_blocking(move || -> Result<Taken, ReadError> {
        let mut next = first + 1;
        let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), 0);
        let send = |batch: &mut Vec<NewEvent>| -> ControlFlow<()> {
            let events = std::mem::replace(batch, Vec::with_capacity(BATCH));
            let records = events.len() as u64;
            if counted.is_cancelled() || batches.blocking_send(events).is_err() {
                return ControlFlow::Break(());
            }
            counted.advance(records);
            ControlFlow::Continue(())
        };
        let known = own.known();
        let taken = reading(&known.catalogue, &mut |source, fields| {
            let record = Record {
                index: next,
                seed: vault.draw_seed(),
                fields,
            };
            let leaf = record.leaf();
            let fields: Vec<(&str, &str)> = record
                .fields
                .iter()
                .map(|f| (f.path.as_str(), f.value.as_str()))
                .collect();
            let line = record.to_line().into_bytes();
            bytes += line.len();
            let identity = source.identity(fields.iter().copied());
            batch.push(NewEvent {
                identity: identity.map(|of| EventIdentity {
                    system: source.id.clone(),
                    id: of.id,
                    content: of.content,
                }),
                ..event(source, next, leaf, &fields, line, &handles, assurance)
            });
            next += 1;
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                bytes = 0;
                send(&mut batch)
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if !batch.is_empty() {
            let _ = send(&mut batch);
        }
        Ok(taken)
    });
    let mut failed = None;
    while let Some(batch) = staged.recv().await {
        if let Err(error) = session.append(batch).await {
            failed = Some(error.into());
            break;
        }
    }
    drop(staged);
    let read = read.await.map_err(|_| stopped())?;
    if failed.is_some() || job.is_cancelled() {
        session.abandon().await?;
        job.check()?;
        return Err(failed.unwrap_or_else(stopped));
    }
    let taken = match read {
        Ok(taken) if taken.records == 0 && claim.admission.is_some() => {
            return Ok(Err(Ended::Nothing(Box::new(taken), session)));
        }
        Ok(taken) => taken,
        Err(ReadError::Io(error)) => {
            session.abandon().await?;
            return Err(copy::unreadable_copy(input, &error));
        }
        Err(error) => return Ok(Err(Ended::File(error, session))),
    };
    // What an admitted file is to a trail is what made it fail, or was not looked at.
    let log = match claim.admission.is_none() && (taken.is_log || input.trail.is_some()) {
        false => None,
        true => match log_facts(workspace, job, input, sealed).await? {
            Ok(log) => Some(log),
            Err(failure) => return Ok(Err(Ended::Log(Box::new(failure), session))),
        },
    };
    let hide = |name: String| workspace.vault.hide_name(&name).map_err(Error::from);
    let agreed = claim.agreed.as_ref().map(Listed::words);
    let agreed = agreed.map(|words| hide(words.to_string())).transpose()?;
    let manifest = claim.agreed.as_ref().map(|a| a.manifest.clone());
    let manifest = manifest.map(|name| hide(name.to_string())).transpose()?;
    let file = hide(input.name.clone())?;
    let admitted = claim
        .admission
        .as_ref()
        .map(|a| json!({ "quarantine": a.quarantine, "code": a.code, "unread": taken.unread, "places": taken.places }));
    let mut verdict = json!({
        "assurance": assurance.word(),
        "system": taken.system(),
        "systems": taken.systems,
        "remark": taken.remark,
        "agreed": agreed,
        "admitted": admitted,
    });
    if let Some(log) = log {
        verdict[FACTS] = json!({ "logs": [log] });
    }
    let more = json!({
        "assurance": assurance.word(),
        "events": taken.records,
        "manifest": manifest,
        "agreed": agreed,
    });
    let acts = finished(workspace, input, &content(input, sealed).0, more)?;
    let admission = claim.admission.map(|a| {
        json!({
            "quarantine": a.quarantine,
            "file": file,
            "code": a.code,
            "reason": a.reason,
            "records": taken.records,
            "unread": taken.unread,
        })
    });
    let acts = move |imported: vault::Imported| match admission {
        Some(act) => acts(imported).and(vault::Act::new("quarantine.admitted", act)),
        None => acts(imported),
    };
    let done = session.finish_recommit(verdict, acts, bench.now()).await?;
    Ok(Ok((done.import, taken)))
}

/// What a CloudTrail log file is to its trail's digests: the hash of its inflated bytes. Whether they
/// list it, or contradict it, is worked out from all that is here (`cloudtrail::Trails`) and never decides
/// about the import: digests, logs and keys come in any order.
async fn log_facts(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
) -> Result<Result<LogFacts, Failure>, Error> {
    let path = input.trail.as_ref().and_then(|part| part.log());
    let path = path.unwrap_or(&input.name).to_owned();
    let reader = copy::bytes(workspace, job, input, sealed).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let mut reader = reader.take(evidence::cloudtrail::MAX_LOG_BYTES + 1);
        reader.read_to_end(&mut bytes)?;
        Ok(LogFacts::read(&path, &bytes))
    });
    let read: std::io::Result<_> = read.await.map_err(|_| stopped())?;
    let read = read.map_err(|error| copy::unreadable_copy(input, &error))?;
    Ok(read.map_err(|fault| {
        let hint = LogVerdict::Unreadable.hint();
        Failure::new(fault.code(), fault.to_string(), hint)
    }))
}

impl Failure {
    fn unknown() -> Self {
        Self::new(
            "unknown-format",
            "the file is none of the formats that can be read",
            "give a native export, records as JSON (lines, arrays, objects around them), or a table with a header (CSV, TSV); each may be compressed with gzip or zstd, or lie in a ZIP",
        )
    }

    fn empty() -> Self {
        Self::new(
            "empty",
            "no record could be read",
            "get the file again from where it came",
        )
    }
}

/// What is wrong with a file of which a manifest lists other bytes.
pub(crate) fn contradicted(input: &Input, sealed: &SealedFile) -> Option<Failure> {
    let listed = input.manifest.as_ref()?;
    let whole = listed.of == ListedBytes::File && matches!(input.part, Part::Whole);
    (whole && sealed.sha256 != listed.digest).then(|| mismatch(listed, sealed.sha256))
}

fn mismatch(listed: &Listed, found: Hash) -> Failure {
    let of = match listed.of {
        ListedBytes::File => "the file is not the one that",
        ListedBytes::Inside => "what the compressed file unpacks to is not what",
        ListedBytes::Archive => "the archive is not the one that",
    };
    Failure::new(
        HASH_MISMATCH,
        format!("{of} {} lists", listed.manifest),
        "get the file again from where it came, or the manifest that belongs to it",
    )
    .digests(listed.digest, found)
}

/// Whether the first bytes are of a format that is recognised and not read.
async fn look(reader: Box<dyn Read + Send>) -> Result<Option<Failure>, Error> {
    let looked = tokio::task::spawn_blocking(move || {
        let mut first = Vec::new();
        // A file that cannot be unpacked has its own refusal, with its reason, when it is read.
        let read = sources::unpacked(BufReader::new(reader))
            .ok()
            .map(|mut plain| plain.by_ref().take(1 << 10).read_to_end(&mut first));
        matches!(read, Some(Ok(_)))
            .then(|| sources::odd(&first))
            .flatten()
    });
    let odd = looked.await.map_err(|_| stopped())?;
    Ok(odd.map(|odd| Failure::new(odd.code, odd.what, odd.hint)))
}

/// SHA-256 of what a compressed file unpacks to.
pub(crate) async fn inside(reader: Box<dyn Read + Send>) -> Result<Result<Hash, ReadError>, Error> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = crate::hashing::Hashing::default();
        let mut plain = sources::unpacked(BufReader::new(reader))?;
        std::io::copy(&mut plain, &mut hasher).map_err(sources::refusal)?;
        Ok(hasher.finish())
    });
    hashed.await.map_err(|_| stopped())
}

/// Counts a record of a source file.
pub(crate) fn count_of(systems: &mut BTreeMap<String, u64>, source: &SourceFile) {
    match systems.get_mut(&source.id) {
        Some(count) => *count += 1,
        None => {
            systems.insert(source.id.clone(), 1);
        }
    }
}

/// What the file was, as the first record of its part of the log.
fn file_record(
    index: u64,
    seed: Seed,
    input: &Input,
    sealed: &SealedFile,
    claim: &Claim,
) -> NewEvent {
    let assurance = claim.assurance;
    let (sha256, member) = content(input, sealed);
    let mut fields = vec![
        ("/file/name", text(&input.name)),
        ("/file/format", text(input.format())),
        (
            "/file/size",
            member.as_ref().map_or(sealed.size, |m| m.size).to_string(),
        ),
        ("/file/sha256", text(&sha256.to_hex())),
        ("/assurance", text(assurance.word())),
    ];
    if !matches!(input.part, Part::Whole) {
        fields.push(("/archive/sha256", text(&sealed.sha256.to_hex())));
    }
    if let Some(listed) = &claim.agreed {
        let of = match listed.of {
            ListedBytes::File => "file",
            ListedBytes::Inside => "unpacked",
            ListedBytes::Archive => "archive",
        };
        fields.push(("/manifest/name", text(&listed.manifest)));
        fields.push(("/manifest/of", text(of)));
        fields.push(("/manifest/sha256", text(&listed.digest.to_hex())));
    }
    if let Some(admission) = &claim.admission {
        fields.push(("/admitted/rejection", text(&admission.code)));
        fields.push(("/admitted/quarantine", admission.quarantine.to_string()));
    }
    about_file(index, seed, assurance, fields)
}
