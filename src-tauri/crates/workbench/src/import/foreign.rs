//! Foreign files: what people really have. Their records are written into this
//! workspace's own log as they are imported, so that everything here has the same leaf,
//! the same proofs and the same redaction. That raises no level: it adds "sealed here
//! since".

use std::io::{BufReader, Read as _};
use std::ops::ControlFlow;
use std::sync::Arc;

use evidence::cloudtrail::{LogFacts, LogVerdict};
use evidence::{Assurance, Field, Record, Seed};
use redaction::{Class, MinimisedField, Shown};
use serde_json::json;
use sources::{Catalogue, InputKind, ReadError};
use tokio::sync::mpsc;
use vault::{EventKind, ImportSession, NewEvent, SealedFile};

use super::native::{Done, event};
use super::{Failure, Input, finished, stopped};
use crate::cloudtrail::FACTS;
use crate::jobs::Job;
use crate::workspace::{Workspace, vault_error};
use crate::{Error, Workbench};

const BATCH: usize = 2_000;
const IN_FLIGHT: usize = 4;

/// System of the record that says what a foreign file was; it is no event and is not indexed.
pub(crate) const FILE_SYSTEM: &str = "muniment-import";

impl Workbench {
    pub(super) async fn foreign(
        &self,
        workspace: &Arc<Workspace>,
        job: &Arc<Job>,
        input: &Input,
        sealed: &SealedFile,
        mut session: ImportSession,
    ) -> Result<Done, Error> {
        let assurance = match &input.manifest {
            Some((digest, manifest)) if *digest != sealed.sha256 => {
                let failure = Failure {
                    code: "hash-mismatch".into(),
                    reason: format!("the file is not the one that {manifest} lists"),
                    place: format!(
                        "expected {}, found {}",
                        digest.to_hex(),
                        sealed.sha256.to_hex()
                    ),
                    hint:
                        "get the file again from where it came, or the manifest that belongs to it"
                            .into(),
                };
                return Ok(Err((failure, session)));
            }
            Some(_) => Assurance::HashMatched,
            None => Assurance::Unproven,
        };
        if matches!(input.kind, InputKind::Unknown | InputKind::Sha256Sums) {
            let failure = Failure {
                code: "unknown-format".into(),
                reason: "the file is none of the formats that can be read".into(),
                place: String::new(),
                hint: "give a native export, a CloudTrail Records file, JSON lines or a JSON array"
                    .into(),
            };
            return Ok(Err((failure, session)));
        }
        let log = match self.log_facts(workspace, input, sealed).await? {
            Ok(log) => log,
            Err(failure) => return Ok(Err((failure, session))),
        };
        let reader = workspace
            .vault
            .open_sealed("original", &sealed.id)
            .await
            .map_err(|e| vault_error(&e))?;
        let handles = workspace.vault.handle_key().map_err(|e| vault_error(&e))?;
        let first = session.next_index();
        let vault = workspace.vault.clone();
        session
            .append(vec![file_record(
                first,
                vault.draw_seed(),
                input,
                sealed,
                assurance,
            )])
            .await
            .map_err(|e| vault_error(&e))?;
        let (batches, mut staged) = mpsc::channel::<Vec<NewEvent>>(IN_FLIGHT);
        let (own, counted, kind) = (Arc::clone(workspace), Arc::clone(job), input.kind);
        let reading = tokio::task::spawn_blocking(move || -> Result<(u64, String), ReadError> {
            let mut reader = BufReader::with_capacity(1 << 16, reader);
            let known = own.known();
            let source = source_of(&known.catalogue, kind, &mut reader)?;
            let mut next = first + 1;
            let mut batch = Vec::with_capacity(BATCH);
            let send = |batch: &mut Vec<NewEvent>| -> ControlFlow<()> {
                let events = std::mem::replace(batch, Vec::with_capacity(BATCH));
                let records = events.len() as u64;
                if counted.is_cancelled() || batches.blocking_send(events).is_err() {
                    return ControlFlow::Break(());
                }
                counted.advance(records);
                ControlFlow::Continue(())
            };
            let read = sources::read_foreign(kind, reader, Some(source), &mut |found| {
                let record = Record {
                    index: next,
                    seed: vault.draw_seed(),
                    fields: found.fields,
                };
                let leaf = record.leaf();
                let fields: Vec<(&str, &str)> = record
                    .fields
                    .iter()
                    .map(|f| (f.path.as_str(), f.value.as_str()))
                    .collect();
                let line = record.to_line().into_bytes();
                batch.push(event(
                    source, next, leaf, &fields, line, &handles, assurance,
                ));
                next += 1;
                if batch.len() >= BATCH {
                    send(&mut batch)
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            if !batch.is_empty() {
                let _ = send(&mut batch);
            }
            Ok((read, source.id.clone()))
        });
        let mut failed = None;
        while let Some(batch) = staged.recv().await {
            if let Err(error) = session.append(batch).await {
                failed = Some(vault_error(&error));
                break;
            }
        }
        drop(staged);
        let read = reading.await.map_err(|_| stopped())?;
        if failed.is_some() || job.is_cancelled() {
            session.abandon().await.map_err(|e| vault_error(&e))?;
            job.check()?;
            return Err(failed.unwrap_or_else(stopped));
        }
        let (records, system) = match read {
            Ok(read) => read,
            Err(ReadError::Io(error)) => {
                session.abandon().await.map_err(|e| vault_error(&e))?;
                return Err(Error::failed(
                    format!(
                        "the sealed copy of {} could not be read: {error}",
                        input.name
                    ),
                    "check the disk, then import it again",
                ));
            }
            Err(error) => {
                let failure = Failure {
                    code: "unreadable".into(),
                    reason: error.to_string(),
                    place: String::new(),
                    hint: error.hint().to_owned(),
                };
                return Ok(Err((failure, session)));
            }
        };
        let manifest = input.manifest.as_ref().map(|(_, name)| name.clone());
        let mut verdict = json!({ "assurance": assurance.word(), "system": system });
        if let Some(log) = log {
            verdict[FACTS] = json!({ "logs": [log] });
        }
        let more =
            json!({ "assurance": assurance.word(), "events": records, "manifest": manifest });
        let done = session
            .finish_recommit(verdict, finished(input, sealed, more), self.now())
            .await
            .map_err(|e| vault_error(&e))?;
        Ok(Ok(done.import))
    }
}

impl Workbench {
    /// What a CloudTrail log file is to its trail's digests: the hash of its inflated bytes. A file to
    /// which a signed digest gives another hash belongs in quarantine.
    async fn log_facts(
        &self,
        workspace: &Workspace,
        input: &Input,
        sealed: &SealedFile,
    ) -> Result<Result<Option<LogFacts>, Failure>, Error> {
        if input.kind != InputKind::CloudTrailRecords {
            return Ok(Ok(None));
        }
        let path = input.trail.as_ref().and_then(|part| part.log());
        let path = path.unwrap_or(&input.name).to_owned();
        let reader = workspace
            .vault
            .open_sealed("original", &sealed.id)
            .await
            .map_err(|e| vault_error(&e))?;
        let read = tokio::task::spawn_blocking(move || {
            let mut bytes = Vec::new();
            let mut reader = reader.take(evidence::cloudtrail::MAX_LOG_BYTES + 1);
            reader.read_to_end(&mut bytes)?;
            Ok(LogFacts::read(&path, &bytes))
        });
        let read: std::io::Result<_> = read.await.map_err(|_| stopped())?;
        let read = read.map_err(|error| {
            Error::failed(
                format!(
                    "the sealed copy of {} could not be read: {error}",
                    input.name
                ),
                "check the disk, then import it again",
            )
        })?;
        let log = match read {
            Ok(log) => log,
            Err(fault) => {
                return Ok(Err(Failure {
                    code: fault.code().into(),
                    reason: fault.to_string(),
                    place: String::new(),
                    hint: LogVerdict::Unreadable.hint().into(),
                }));
            }
        };
        let standing = workspace.standing();
        if let Some((hash, digest)) = standing.trails.contradicts(&log.path, &log.sha256) {
            return Ok(Err(Failure {
                code: "cloudtrail-log-changed".into(),
                reason: LogVerdict::Changed.message().into(),
                place: format!("{digest}: expected {hash}, found {}", log.sha256.to_hex()),
                hint: LogVerdict::Changed.hint().into(),
            }));
        }
        Ok(Ok(Some(log)))
    }
}

/// The source file that maps the fields: CloudTrail for its own files and for lines and arrays that
/// begin like its events; otherwise every field stays hidden until somebody classifies it.
fn source_of<'c>(
    catalogue: &'c Catalogue,
    kind: InputKind,
    reader: &mut impl std::io::BufRead,
) -> Result<&'c sources::SourceFile, ReadError> {
    if kind == InputKind::CloudTrailRecords {
        let cloudtrail = catalogue.get("aws-cloudtrail", None);
        return Ok(cloudtrail.unwrap_or_else(|| Catalogue::generic()));
    }
    let first = reader.fill_buf()?;
    let has = |name: &str| {
        let name = format!("\"{name}\"");
        first.windows(name.len()).any(|w| w == name.as_bytes())
    };
    let recognised = catalogue.newest().find(|source| source.recognises(&has));
    Ok(recognised.unwrap_or_else(|| Catalogue::generic()))
}

/// What the file was, as the first record of its part of the log.
fn file_record(
    index: u64,
    seed: Seed,
    input: &Input,
    sealed: &SealedFile,
    assurance: Assurance,
) -> NewEvent {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let mut fields = vec![
        (
            "@schema",
            format!("{{\"id\":\"{FILE_SYSTEM}\",\"version\":1}}"),
        ),
        ("/file/name", text(&input.name)),
        ("/file/format", text(input.format())),
        ("/file/size", sealed.size.to_string()),
        ("/file/sha256", text(&sealed.sha256.to_hex())),
        ("/assurance", text(assurance.word())),
    ];
    if let Some((digest, manifest)) = &input.manifest {
        fields.push(("/manifest/name", text(manifest)));
        fields.push(("/manifest/sha256", text(&digest.to_hex())));
    }
    let minimised = fields
        .iter()
        .map(|(path, value)| {
            // A file name often carries an account number or a person's name.
            let (class, shown) = match *path {
                "/file/name" | "/manifest/name" => (Class::C3, Shown::Hidden),
                _ => (
                    Class::C1,
                    Shown::Kept {
                        text: value.clone(),
                    },
                ),
            };
            MinimisedField {
                path: (*path).into(),
                class,
                shown,
            }
        })
        .collect();
    let record = Record {
        index,
        seed,
        fields: fields
            .into_iter()
            .map(|(path, value)| Field {
                path: path.into(),
                value,
            })
            .collect(),
    };
    NewEvent {
        index,
        leaf: record.leaf(),
        occurred: None,
        recorded: None,
        system: FILE_SYSTEM.into(),
        action: "file.imported".into(),
        outcome: None,
        kind: EventKind::Audit,
        assurance,
        rules: format!("{FILE_SYSTEM}/1"),
        minimised,
        exposures: Vec::new(),
        line: record.to_line().into_bytes(),
    }
}
