//! The index follows the vault: it remembers how far it came and catches up.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use rand_core::Rng as _;
use redaction::{Class, MinimisedField, Shown};
use search::{Actor, Doc, Index, SearchError, Stale};
use sources::Catalogue;
use tokio::sync::MutexGuard;
use vault::{EventKind, EventRow, NewEvent, RowShown, Vault};

use bench::jobs::Job;
use bench::{Bench, Error};
use standing::Standing;
use standing::Workspace;

/// Rows read at once while following.
const BATCH: u32 = 4_096;

/// Opens the index, or starts an empty one where it is missing, damaged, of another version, under another key or of
/// another state of the rows: following rebuilds it, and nothing is lost. What was found is said.
///
/// Where the workspace cannot be written, its index is used as it is; one that lags behind or cannot be used is left, and
/// another is kept in the state folder.
pub async fn open_index(bench: &Bench, vault: &Vault) -> Result<Index, Error> {
    if vault.read_only() {
        let newest = vault.last_visible_seq().await?;
        let key = vault.index_key()?;
        let there = Index::open_or_create(&vault.index_dir(), &key, bench.environment.entropy());
        if let Ok(index) = there
            && i64::try_from(index.last_seq()).is_ok_and(|last| last == newest)
            && index.of() == position(vault, newest).await?
        {
            return Ok(index);
        }
    }
    let dir = index_dir(bench, vault);
    let newest = vault.last_visible_seq().await?;
    let missing = newest > 0 && !vault.read_only() && std::fs::symlink_metadata(&dir).is_err();
    let key = vault.index_key()?;
    let index = match Index::open_or_create(&dir, &key, bench.environment.entropy()) {
        Err(SearchError::Stale(why)) => {
            say_made_anew(bench, why);
            return empty_index(bench, vault);
        }
        other => other.map_err(|e| search_error(&e))?,
    };
    if missing {
        bench.remark(
            "the search index was not there and was made anew from the workspace; nothing is lost",
        );
    }
    let last = i64::try_from(index.last_seq()).unwrap_or(i64::MAX);
    if last > 0 && (last > newest || index.of() != position(vault, last).await?) {
        bench.remark(
            "the search index was of another state of the workspace and was made anew from it; nothing is lost",
        );
        return empty_index(bench, vault);
    }
    Ok(index)
}

/// An index of another version is no surprise; whatever else makes it unusable is told.
fn say_made_anew(bench: &Bench, why: Stale) {
    tracing::info!(%why, "the search index is made anew");
    if why != Stale::OtherVersion {
        bench.remark(format!(
            "the search index could not be used ({why}) and was made anew from the workspace; nothing is lost"
        ));
    }
}

/// Where the index is kept that this session can write.
fn index_dir(bench: &Bench, vault: &Vault) -> PathBuf {
    if vault.read_only() {
        let state = &bench.environment.state_dir;
        return state.join(format!("{}.index", vault.id()));
    }
    vault.index_dir()
}

/// Takes away what lies there of an index, and begins an empty one.
fn empty_index(bench: &Bench, vault: &Vault) -> Result<Index, Error> {
    let dir = index_dir(bench, vault);
    let key = vault.index_key()?;
    search::reset(&dir).map_err(|e| Error::io("could not delete the index in", &dir, &e))?;
    Index::open_or_create(&dir, &key, bench.environment.entropy()).map_err(|e| search_error(&e))
}

/// What the index is told of the vault's state when it has followed it so far.
pub(crate) async fn position(vault: &Vault, last: i64) -> Result<String, Error> {
    let position = vault.position(last).await?;
    Ok(position.to_hex())
}

fn search_error(error: &SearchError) -> Error {
    Error::failed(
        error.to_string(),
        "delete the index folder: it is rebuilt from the workspace and nothing is lost",
    )
}

/// Asks the index. One that shows only now that it is damaged is made anew first.
pub async fn with_index<T>(
    bench: &Bench,
    workspace: &Workspace,
    ask: impl Fn(&Index) -> Result<T, SearchError>,
) -> Result<T, Error> {
    let index = workspace.index();
    let answer = match ask(&index) {
        Err(SearchError::Stale(why)) => {
            heal(bench, workspace, &index, why).await?;
            ask(&workspace.index())
        }
        other => other,
    };
    answer.map_err(|error| match error {
        SearchError::NoValues { .. } => Error::invalid(
            error.to_string(),
            "count system, action, outcome, assurance, verdict, origin, kind, subject or import",
        ),
        error => search_error(&error),
    })
}

/// Makes the index anew, if nobody has since it was asked.
async fn heal(
    bench: &Bench,
    workspace: &Workspace,
    asked: &Index,
    why: Stale,
) -> Result<(), Error> {
    let alone = workspace.following.lock().await;
    if workspace.index().is(asked) {
        say_made_anew(bench, why);
        start_anew(bench, workspace, &alone)?;
    }
    follow(bench, workspace, &alone).await
}

/// Starts an empty index in the place of the one that is open; following it is the caller's.
pub fn start_anew(
    bench: &Bench,
    workspace: &Workspace,
    _alone: &MutexGuard<'_, ()>,
) -> Result<(), Error> {
    let fresh = empty_index(bench, &workspace.vault)?;
    *workspace
        .index
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
    Ok(())
}

/// Follows the vault to its last visible record. Does nothing when there is nothing new.
pub async fn catch_up(bench: &Bench, workspace: &Workspace) -> Result<(), Error> {
    let alone = workspace.following.lock().await;
    follow(bench, workspace, &alone).await
}

async fn follow(
    bench: &Bench,
    workspace: &Workspace,
    alone: &MutexGuard<'_, ()>,
) -> Result<(), Error> {
    let newest = workspace.vault.last_visible_seq().await?;
    let behind = |index: &Index| i64::try_from(index.last_seq()).unwrap_or(i64::MAX) < newest;
    if !behind(&workspace.index()) {
        return Ok(());
    }
    let job = bench.jobs.begin("index", "search index".into(), "records");
    let mut result = follow_to(workspace, &workspace.index(), newest, &job).await;
    if let Err(Stopped::Index(SearchError::Stale(why))) = result {
        say_made_anew(bench, why);
        result = match start_anew(bench, workspace, alone) {
            Ok(()) => follow_to(workspace, &workspace.index(), newest, &job).await,
            Err(error) => Err(Stopped::Otherwise(error)),
        };
    }
    let result = result.map_err(|stopped| match stopped {
        Stopped::Index(error) => search_error(&error),
        Stopped::Otherwise(error) => error,
    });
    job.end(
        &(result.as_ref())
            .map(|()| "every record is searchable".to_owned())
            .map_err(Clone::clone),
    );
    result
}

/// Compares the index with one that is made of the rows now, and puts that one's like in its place where they differ. Gives
/// the ranges of event numbers of which it said something else, and how many events it is of.
pub async fn compare_index(
    bench: &Bench,
    workspace: &Workspace,
    job: &Job,
) -> Result<(Vec<RangeInclusive<u64>>, u64), Error> {
    catch_up(bench, workspace).await?;
    let alone = workspace.following.lock().await;
    let newest = workspace.vault.last_visible_seq().await?;
    let state = &bench.environment.state_dir;
    let dir = state.join(format!("{}.compared", workspace.vault.id()));
    let begun = || -> Result<(Index, [u8; 16]), Error> {
        let io =
            |e: std::io::Error| Error::io("could not make room to compare the index in", &dir, &e);
        // What a killed run left. Nobody reads this one: its key is drawn for it alone.
        search::reset(&dir).map_err(io)?;
        let (mut key, mut of_contents) = ([0; 32], [0; 16]);
        let mut entropy = bench.environment.entropy();
        entropy.fill_bytes(&mut key);
        entropy.fill_bytes(&mut of_contents);
        let index = Index::open_or_create(&dir, &key, bench.environment.entropy());
        Ok((index.map_err(|e| search_error(&e))?, of_contents))
    };
    let compared = async {
        let (made, key) = begun()?;
        let filled = follow_to(workspace, &made, newest, job).await;
        filled.map_err(|stopped| match stopped {
            Stopped::Index(error) => search_error(&error),
            Stopped::Otherwise(error) => error,
        })?;
        let index = workspace.index();
        let differing = tokio::task::spawn_blocking(move || {
            let made_says = made.contents(&key).map_err(|e| search_error(&e))?;
            // One that cannot be read says nothing that is right.
            let says = index.contents(&key).unwrap_or_default();
            Ok::<_, Error>((made_says.differing(&says), made.len()))
        });
        differing
            .await
            .map_err(|_| Error::failed("comparing the index stopped", "try again"))?
    };
    let compared = compared.await;
    let _ = search::reset(&dir).and_then(|()| match std::fs::remove_dir(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    });
    let compared = compared?;
    if !compared.0.is_empty() && !workspace.vault.read_only() {
        start_anew(bench, workspace, &alone)?;
        follow(bench, workspace, &alone).await?;
    }
    Ok(compared)
}

/// Why following ended before its end.
enum Stopped {
    Index(SearchError),
    Otherwise(Error),
}

impl From<SearchError> for Stopped {
    fn from(error: SearchError) -> Self {
        Self::Index(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Otherwise(error)
    }
}

async fn follow_to(
    workspace: &Workspace,
    index: &Index,
    newest: i64,
    job: &Job,
) -> Result<(), Stopped> {
    let mut last = i64::try_from(index.last_seq()).unwrap_or(i64::MAX);
    job.expect(u64::try_from(newest - last).unwrap_or_default());
    let (standing, known) = (workspace.standing(), workspace.known());
    let mut writer = index.writer()?;
    while last < newest {
        job.check()?;
        let rows = workspace.vault.rows_after(last, BATCH).await;
        let rows = rows.map_err(Error::from)?;
        let Some(end) = rows.last().map(|row| row.seq) else {
            break;
        };
        // What a foreign file was is proof material, not an event that anybody searches for.
        for row in rows
            .iter()
            .filter(|row| row.system != bench::about::FILE_SYSTEM)
        {
            writer.add(&doc(row, &standing, &known.catalogue))?;
        }
        last = end;
        job.advance(rows.len() as u64);
    }
    let of = position(&workspace.vault, last).await?;
    tokio::task::spawn_blocking(move || {
        writer.commit(u64::try_from(last).unwrap_or_default(), &of)
    })
    .await
    .map_err(|_| Error::failed("following the vault stopped", "open the workspace again"))??;
    Ok(())
}

/// What the index may know of a row: exactly what the row shows.
fn doc(row: &EventRow, standing: &Standing, catalogue: &Catalogue) -> Doc {
    let mut subjects = Vec::new();
    let mut values = Vec::new();
    let source = catalogue.get(&row.system, None);
    let paths = row.fields.iter().map(|field| match &field.shown {
        RowShown::Handle { .. } => field.path.as_str(),
        RowShown::Kept { text } if bench::text::borrowed(text).is_some() => field.path.as_str(),
        _ => "",
    });
    let actor = source.and_then(|source| source.actor(paths));
    let actor = actor.and_then(|at| match &row.fields[at].shown {
        RowShown::Handle { subject, .. } => u64::try_from(*subject).ok().map(Actor::Subject),
        RowShown::Kept { text } => bench::text::plain(text).map(Actor::Name),
        _ => None,
    });
    for field in &row.fields {
        match &field.shown {
            RowShown::Handle { subject, .. } => {
                subjects.extend(u64::try_from(*subject).ok());
            }
            RowShown::Kept { text } if field.class != Class::Unknown => {
                if let Some(plain) = bench::text::plain(text) {
                    values.push((field.path.clone(), plain));
                }
            }
            _ => {}
        }
    }
    subjects.sort_unstable();
    subjects.dedup();
    Doc {
        seq: u64::try_from(row.seq).unwrap_or_default(),
        occurred: row.occurred.or(row.recorded).map(|t| t.timestamp_micros()),
        system: row.system.clone(),
        action: row.action.clone(),
        outcome: row.outcome.clone().unwrap_or_default(),
        origin: standing
            .segment(row.segment)
            .map(|s| s.origin.clone())
            .unwrap_or_default(),
        kind: kind_of(row.kind).into(),
        import: standing
            .segment(row.segment)
            .and_then(|s| u64::try_from(s.import).ok())
            .unwrap_or_default(),
        subjects,
        actor,
        values,
    }
}

/// The same of a record that is being staged: what [`doc`] gives once its row can be read.
pub(crate) fn doc_of(
    out: &mut Doc,
    seq: i64,
    event: &NewEvent,
    subjects: &[i64],
    origin: &str,
    import: u64,
    catalogue: &Catalogue,
) {
    out.seq = u64::try_from(seq).unwrap_or_default();
    out.occurred = event
        .occurred
        .or(event.recorded)
        .map(|t| t.timestamp_micros());
    out.system.clone_from(&event.system);
    out.action.clone_from(&event.action);
    out.outcome.clear();
    out.outcome
        .push_str(event.outcome.as_deref().unwrap_or_default());
    origin.clone_into(&mut out.origin);
    kind_of(event.kind).clone_into(&mut out.kind);
    out.import = import;
    let source = catalogue.get(&event.system, None);
    let paths = event.minimised.iter().map(|field| match &field.shown {
        Shown::Handle { .. } | Shown::Issued { .. } => field.path.as_str(),
        Shown::Kept { text } if bench::text::borrowed(text).is_some() => field.path.as_str(),
        _ => "",
    });
    let actor = source.and_then(|source| source.actor(paths));
    out.actor = actor.and_then(|at| match &event.minimised[at].shown {
        // Subjects come in the order of the fields that name them.
        Shown::Handle { .. } | Shown::Issued { .. } => {
            let named = |field: &&MinimisedField| {
                matches!(field.shown, Shown::Handle { .. } | Shown::Issued { .. })
            };
            let before = event.minimised[..at].iter().filter(named).count();
            let number = subjects.get(before)?;
            u64::try_from(*number).ok().map(Actor::Subject)
        }
        Shown::Kept { text } => bench::text::plain(text).map(Actor::Name),
        _ => None,
    });
    out.subjects.clear();
    out.subjects
        .extend(subjects.iter().filter_map(|n| u64::try_from(*n).ok()));
    out.subjects.sort_unstable();
    out.subjects.dedup();
    // The buffers of the record before are used again: most records look alike.
    let mut values = 0;
    for field in &event.minimised {
        if let Shown::Kept { text } = &field.shown
            && field.class != Class::Unknown
            && let Some(plain) = bench::text::borrowed(text)
        {
            match out.values.get_mut(values) {
                Some((path, value)) => {
                    field.path.clone_into(path);
                    plain.as_ref().clone_into(value);
                }
                None => out.values.push((field.path.clone(), plain.into_owned())),
            }
            values += 1;
        }
    }
    out.values.truncate(values);
}

fn kind_of(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Audit => "audit",
        EventKind::Lifecycle => "lifecycle",
    }
}
