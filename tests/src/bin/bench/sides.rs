//! Our side, each part in a process of its own, so that its memory is only its own: this program again, with a
//! part to do, which it answers with one line of JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use search::{Index, Page, Query};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vault::{Mode, OpenOptions, StoredRow, Vault};
use workbench::view::{PinKey, SearchRequest};
use workbench::{Environment, Workbench};

use crate::Result;
use crate::growth;
use crate::machine::{Cost, Fed, Latency, forget_peak, peak, size};
use crate::records::{ACCOUNT, Source};
use crate::rows::Rows;
use crate::stock::{Ask, Building};

pub(crate) const PASSPHRASE: &str = "a passphrase of the bench";
const ROWS: usize = 100;
const BARS: u32 = 60;
/// So many other questions, and an answer is made anew.
const FORGOTTEN: usize = 64;
const FACETS: [&str; 4] = ["system", "action", "outcome", "subject"];

/// What a process of our own does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Creates a workspace and imports these exports, one after the other.
    Import {
        verifier: String,
        exports: Vec<PathBuf>,
    },
    /// Searches the workspace, which holds this many records.
    Search { records: u64, runs: usize },
    /// Creates a workspace that holds so much.
    Stock { entries: u64, imports: u64 },
    /// Works with the workspace and with one that holds little, in turns.
    Grown {
        little: PathBuf,
        turns: u64,
        imports: bool,
    },
    /// Creates a workspace and imports a folder into it.
    Folder { path: PathBuf },
}

/// What an import came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Imported {
    pub(crate) records: u32,
    pub(crate) cost: Cost,
    /// Most resident memory while it ran, bytes.
    pub(crate) peak: u64,
    /// Bytes of the workspace afterwards.
    pub(crate) sealed: u64,
    pub(crate) rows: u64,
    pub(crate) index: u64,
}

/// Latencies of one question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) matches: u64,
    pub(crate) ours: Latency,
    pub(crate) stock: Latency,
    /// Whether both gave the same records in the same order.
    pub(crate) same: bool,
}

/// What searching came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Searched {
    pub(crate) newest: Vec<Asked>,
    pub(crate) screens: Vec<Asked>,
    /// The first rows alone, as the window asks for them.
    pub(crate) first: Vec<(String, Latency)>,
}

/// Starts this program for a part and reads its answer.
pub(crate) fn run<T: DeserializeOwned>(place: &Path, part: &Part) -> Result<T> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--place")
        .arg(place)
        .args(["--part", &serde_json::to_string(part)?])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("a part of the measurement failed ({})", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Does a part in this process; gives its answer.
pub(crate) fn act(place: &Path, part: Part) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        Ok(match part {
            Part::Import { verifier, exports } => {
                serde_json::to_string(&import(place, verifier, exports).await?)?
            }
            Part::Search { records, runs } => {
                serde_json::to_string(&search(place, records, runs).await?)?
            }
            Part::Stock { entries, imports } => {
                serde_json::to_string(&growth::stock(place, entries, imports).await?)?
            }
            Part::Grown {
                little,
                turns,
                imports,
            } => serde_json::to_string(&growth::grown(place, &little, turns, imports).await?)?,
            Part::Folder { path } => serde_json::to_string(&growth::folder(place, &path).await?)?,
        })
    })
}

pub(crate) fn environment(place: &Path) -> Environment {
    let mut environment = Environment::of_this_machine();
    environment.state_dir = place.join("state");
    environment.data_dir = place.join("data");
    environment
}

pub(crate) fn open_options(environment: &Environment) -> OpenOptions {
    OpenOptions {
        member: None,
        passphrase: PASSPHRASE.into(),
        state_dir: environment.state_dir.clone(),
        entropy: environment.entropy(),
        mode: Mode::Normal,
        now: environment.now(),
    }
}

pub(crate) fn said(error: workbench::Error) -> String {
    format!("{error:?}")
}

async fn import(place: &Path, verifier: String, exports: Vec<PathBuf>) -> Result<Vec<Imported>> {
    let dir = place.join("workspace");
    let bench = Workbench::new(environment(place));
    bench
        .create_workspace(
            dir.display().to_string(),
            PASSPHRASE.into(),
            "reviewer".into(),
            format!("{PASSPHRASE}, too"),
        )
        .await
        .map_err(said)?;
    let pin = PinKey::of(&verifier, "enigm-command");
    bench.trust_add(pin).await.map_err(said)?;
    let mut all = Vec::new();
    for export in exports {
        let path = export.display().to_string();
        forget_peak();
        let before = crate::machine::process_seconds();
        let start = Instant::now();
        let report = bench.import_now(vec![path]).await.map_err(said)?;
        let wall = start.elapsed().as_secs_f64();
        let cpu = crate::machine::process_seconds() - before;
        if !report.quarantine.is_empty() {
            return Err("the generated export was refused".into());
        }
        let index = size(&dir.join("index"))?;
        let sealed = size(&dir.join("sealed"))?;
        all.push(Imported {
            records: report.total,
            cost: Cost { wall, cpu },
            peak: peak(),
            sealed,
            index,
            rows: size(&dir)? - sealed - index,
        });
    }
    bench.lock().await.map_err(said)?;
    Ok(all)
}

/// Both sides of a question, in turns; what is done `before` ours is not timed.
fn in_turns(
    runs: usize,
    mut before: impl FnMut() -> Result<()>,
    mut ours: impl FnMut() -> Result<()>,
    mut stock: impl FnMut() -> Result<()>,
) -> Result<(Latency, Latency)> {
    let (mut a, mut b) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    let time = |work: &mut dyn FnMut() -> Result<()>, took: &mut Vec<Duration>| -> Result<()> {
        let start = Instant::now();
        work()?;
        took.push(start.elapsed());
        Ok(())
    };
    // The first ones fill caches on both sides.
    for _ in 0..3 {
        ours()?;
        stock()?;
    }
    for _ in 0..runs {
        before()?;
        time(&mut ours, &mut a)?;
        time(&mut stock, &mut b)?;
    }
    Ok((Latency::of(a), Latency::of(b)))
}

async fn search(place: &Path, records: u64, runs: usize) -> Result<Searched> {
    let dir = place.join("workspace");
    let environment = environment(place);
    let catalogue = sources::Catalogue::builtin();
    let source = catalogue
        .get("enigm-command", Some(1))
        .ok_or("the catalogue has no Enigm Command")?;
    let (stock, subject) = {
        let mut rows = Rows::new(source);
        let mut stock = Building::start()?;
        let mut docs = Vec::new();
        for (record, seq) in Source::new().take(records as usize).zip(1..) {
            docs.push(rows.doc(&record, seq));
            if docs.len() == 10_000 {
                stock.add(&docs)?;
                docs.clear();
            }
        }
        stock.add(&docs)?;
        let subject = rows.wanted_subject().unwrap_or_default();
        (stock.finish()?.1, subject)
    };
    let vault = Vault::open(&dir, open_options(&environment)).await?;
    let handle = redaction::handle_text_of(&vault.handle_key()?, "account", ACCOUNT);
    let number = vault.subject_by_handle(&handle).await?.map(|s| s.number);
    let number = number.and_then(|n| u64::try_from(n).ok());
    let asks = [
        ("term", "passkey".to_owned(), Ask::Word("passkey")),
        (
            "AND",
            "passkey refused".to_owned(),
            Ask::Both("passkey", "refused"),
        ),
        (
            "phrase",
            "\"console 4\"".to_owned(),
            Ask::Phrase("console", "4"),
        ),
        ("handle", format!("subject:{handle}"), Ask::Subject(subject)),
    ];
    let newest = {
        let key = vault.index_key()?;
        let index = Index::open_or_create(&vault.index_dir(), &key, environment.entropy())?;
        let page = Page {
            after: None,
            limit: ROWS,
        };
        let mut all = Vec::new();
        for (name, text, ask) in &asks {
            let mut query = Query::parse(text).map_err(|error| error.to_string())?;
            query.resolve_subjects(&mut |_, _| number);
            query.resolve_standing(&mut |_, _| search::Stands::default());
            let (ours, theirs) = in_turns(
                runs,
                || Ok(()),
                || Ok(index.newest(&query, &page).map(drop)?),
                || stock.newest(ask, ROWS).map(drop),
            )?;
            all.push(Asked {
                name: format!("newest {ROWS}, {name}"),
                matches: index.count(&query)?,
                ours,
                stock: theirs,
                same: index.newest(&query, &page)?.0 == stock.newest(ask, ROWS)?,
            });
        }
        all
    };
    vault.close().await;
    let bench = Workbench::new(environment);
    bench
        .open_workspace(dir.display().to_string(), None, PASSPHRASE.into())
        .await
        .map_err(said)?;
    let (mut screens, mut first) = (Vec::new(), Vec::new());
    let everything = ("everything", String::new(), Ask::All);
    for (name, query, ask) in std::iter::once(&everything).chain(&asks) {
        let whole = SearchRequest {
            query: query.clone(),
            after: None,
            limit: ROWS as u32,
            facets: FACETS.map(String::from).to_vec(),
            histogram: BARS,
        };
        let rows = SearchRequest {
            facets: Vec::new(),
            histogram: 0,
            ..whole.clone()
        };
        let handle = tokio::runtime::Handle::current();
        let answer = |request: &SearchRequest| {
            let (bench, request) = (bench.clone(), request.clone());
            tokio::task::block_in_place(|| {
                handle.block_on(async move { bench.search_records(request).await.map_err(said) })
            })
        };
        // The product remembers what it answered last; what is measured is a question that is new to it.
        let other = |n: usize, histogram| SearchRequest {
            query: format!("unheard{n}"),
            facets: Vec::new(),
            histogram,
            ..whole.clone()
        };
        let forget = || {
            (0..FORGOTTEN).try_for_each(|n| {
                let histogram = u32::from(n % 8 == 0);
                Ok(answer(&other(n, histogram)).map(drop)?)
            })
        };
        let span_ms = records * 900;
        let (ours, theirs) = in_turns(
            runs,
            forget,
            || Ok(answer(&whole).map(drop)?),
            || stock.screen(ask, ROWS, BARS.into(), span_ms).map(drop),
        )?;
        let view = answer(&whole)?;
        let count = stock.screen(ask, ROWS, BARS.into(), span_ms)?;
        let matches = u64::from(view.total);
        screens.push(Asked {
            name: format!("Explore screen, {name}"),
            matches,
            ours,
            stock: theirs,
            same: matches == count as u64 && view.facets.len() == FACETS.len(),
        });
        let (took, _) = in_turns(runs, forget, || Ok(answer(&rows).map(drop)?), || Ok(()))?;
        first.push((format!("first {ROWS} rows, {name}"), took));
    }
    bench.lock().await.map_err(said)?;
    Ok(Searched {
        newest,
        screens,
        first,
    })
}

/// The rows that an import stored, as they lie in its table, so that a floor stores the very same ones.
pub(crate) struct Stored {
    runtime: tokio::runtime::Runtime,
    vault: Vault,
}

impl Stored {
    /// Opens the workspace that an import left in `place`.
    pub(crate) fn open(place: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let environment = environment(place);
        let vault = runtime.block_on(Vault::open(
            &place.join("workspace"),
            open_options(&environment),
        ))?;
        Ok(Self { runtime, vault })
    }

    /// The next rows after an event.
    pub(crate) fn rows_after(&self, seq: i64, limit: usize) -> Result<Vec<StoredRow>> {
        let limit = u32::try_from(limit)?;
        Ok(self.runtime.block_on(self.vault.stored_rows(seq, limit))?)
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.runtime.block_on(self.vault.clone().close());
    }
}

/// Indexing documents with our index alone, encrypted, into a folder.
pub(crate) struct Indexing {
    writer: search::IndexWriter,
    last: u64,
    fed: Fed,
}

impl Indexing {
    pub(crate) fn start(dir: &Path) -> Result<Self> {
        use rand_core::SeedableRng;
        let entropy = Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(1));
        let index = Index::open_or_create(dir, &[7; 32], entropy)?;
        Ok(Self {
            writer: index.writer()?,
            last: 0,
            fed: Fed::start(),
        })
    }

    pub(crate) fn add(&mut self, docs: &[search::Doc]) -> Result<()> {
        self.fed
            .call(|| docs.iter().try_for_each(|doc| self.writer.add(doc)))?;
        self.last = docs.last().map_or(self.last, |doc| doc.seq);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Cost> {
        self.fed.call(|| self.writer.commit(self.last, ""))?;
        Ok(self.fed.cost())
    }
}
