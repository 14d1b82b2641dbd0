//! Measures the product against the bare libraries it is made of: `cargo xtask bench`.
//!
//! Everything is measured in one run, the sides in turns, because machines drift: the ratios are what counts.
//! A floor is a loop over the bare library that does only that step; it stands in `floors` and `stock`. The
//! roofline of an import is the sum of what its bare steps cost, spread over all processors. Nothing is asserted:
//! whatever comes out is printed, and the program ends well.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod floors;
mod growth;
mod machine;
mod peers;
mod records;
mod rows;
mod sides;
mod stock;
mod table;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Parser, ValueEnum};
use evidence::ExportFiles;

use machine::{Cost, cores, load, median, median_cost, together};
use peers::{Loaded, Peers};
use records::Generated;
use rows::Rows;
use sides::{Imported, Part, Searched};
use table::{Goal, Measure, Report, Step};

/// The same as in the programs that are measured.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<tikv_jemallocator::Jemalloc> =
    zeroizing_alloc::ZeroAlloc(tikv_jemallocator::Jemalloc);

/// Whatever stops the program from measuring.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures import, verification and search beside the bare libraries.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Args {
    /// What to measure; everything without one.
    what: Vec<What>,

    /// Generated records.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..))]
    records: u64,

    /// Measure floors on the first so many records only, and scale what they cost: bare tantivy merges less then, which
    /// is to the floor's advantage.
    #[arg(long, value_parser = clap::value_parser!(u64).range(100..))]
    floors: Option<u64>,

    /// How often both sides take turns; medians are printed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,

    /// How often every query is asked.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    queries: u64,

    /// Ledger entries with which an act is measured; a hundredth of them is what it is compared with.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..))]
    entries: u64,

    /// Stored imports with which an import, Sources and an opening are measured; the same.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..))]
    imports: u64,

    /// Files of the folder that is compared with one file.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(2..))]
    files: u64,

    /// Folder for the generated data; a temporary one that is removed otherwise.
    #[arg(long)]
    place: Option<PathBuf>,

    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,

    /// The part that a process started by this one does.
    #[arg(long, hide = true, requires = "place")]
    part: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum What {
    /// Import, its memory and its disk.
    Import,
    /// Verification of an export alone.
    Verify,
    /// Newest records and whole screens.
    Search,
    /// Import beside tools that people load such records with today.
    Peers,
    /// What must not grow with what is stored, and many small files.
    Growth,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let (Some(part), Some(place)) = (&args.part, &args.place) {
        println!("{}", sides::act(place, serde_json::from_str(part)?)?);
        return Ok(());
    }
    let temporary;
    let place = match &args.place {
        Some(place) => {
            std::fs::create_dir_all(place)?;
            place.as_path()
        }
        None => {
            temporary = tempfile::tempdir()?;
            temporary.path()
        }
    };
    let report = measure(&args, place)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.text());
    }
    Ok(())
}

/// What all rounds found, by side.
#[derive(Default)]
struct Rounds {
    base: Vec<Imported>,
    tail: Vec<Imported>,
    /// The tail in a workspace that was empty.
    fresh: Vec<Imported>,
    verify: Vec<Cost>,
    hash: Vec<Cost>,
    /// The same hashing through ring's one call.
    ring: Vec<Cost>,
    index: Vec<Cost>,
    stock: Vec<Cost>,
    steps: Vec<(&'static str, Vec<Cost>)>,
    duckdb: Vec<Loaded>,
    sqlite_utils: Vec<Loaded>,
}

impl Rounds {
    fn step(&mut self, name: &'static str, cost: Cost) {
        match self.steps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, costs)) => costs.push(cost),
            None => self.steps.push((name, vec![cost])),
        }
    }
}

/// Most records of the export that is appended.
const APPENDED: u64 = 100_000;

fn measure(args: &Args, place: &Path) -> Result<Report> {
    let load_before = load();
    let all = [
        What::Import,
        What::Verify,
        What::Search,
        What::Peers,
        What::Growth,
    ];
    let wanted: BTreeSet<What> = if args.what.is_empty() {
        all.into()
    } else {
        args.what.iter().copied().collect()
    };
    let more = (args.records / 10).clamp(1, APPENDED);
    let measured = args.floors.unwrap_or(u64::MAX).min(args.records);
    let start = Instant::now();
    let told = |what: String| eprintln!("[{:5.1} s] {what}", start.elapsed().as_secs_f64());
    let mut grown = Vec::new();
    if wanted.contains(&What::Growth) {
        let sizes = growth::Sizes {
            entries: args.entries,
            imports: args.imports,
            files: args.files,
            rounds: args.rounds,
        };
        grown = growth::measure(place, sizes, &told)?;
    }
    let mut rounds = Rounds::default();
    if wanted.iter().all(|what| *what == What::Growth) {
        return Ok(report(args, 0, args.rounds, load_before, grown, &rounds));
    }
    told(format!("generating and sealing {} records", args.records));
    let generated = records::generate(place, args.records, more, measured)?;
    let imports = wanted.contains(&What::Import);
    let verifies = imports || wanted.contains(&What::Verify);
    let peers = match wanted.contains(&What::Peers) {
        true => Peers::start(place, &generated)?,
        false => None,
    };
    if wanted.contains(&What::Peers) && peers.is_none() {
        told(
            "peers are left out: start this with `cargo xtask bench`, which installs them"
                .to_owned(),
        );
    }
    let many = match verifies || peers.is_some() {
        true => args.rounds,
        false => 0,
    };
    for round in 1..=many {
        told(format!("round {round} of {many}"));
        if imports {
            import_round(&mut rounds, place, &generated)?;
        }
        if verifies {
            verify_round(&mut rounds, &generated)?;
        }
        if let Some(peers) = &peers {
            if !imports {
                let exports = [&generated.exports.base];
                let ours = import_into(&place.join("imported"), &generated, exports)?;
                rounds.base.extend(ours);
            }
            rounds.duckdb.push(peers.load("duckdb")?);
            rounds.sqlite_utils.push(peers.load("sqlite-utils")?);
        }
    }
    let searched: Option<Searched> = if wanted.contains(&What::Search) {
        let workspace = place.join("imported");
        // An earlier run in this place may have imported these very records.
        if !(imports || generated.found && workspace.exists()) {
            told("importing".to_owned());
            let exports = &generated.exports;
            import_into(&workspace, &generated, [&exports.base, &exports.tail])?;
        }
        told("searching".to_owned());
        let part = Part::Search {
            records: args.records + more,
            runs: args.queries as usize,
        };
        Some(sides::run(&workspace, &part)?)
    } else {
        None
    };
    let mut measures = Vec::new();
    if imports {
        measures.extend(of_import(&rounds, &generated));
    }
    if verifies {
        measures.extend(of_verify(&rounds));
    }
    if peers.is_some() {
        measures.extend(of_peers(&rounds, &generated));
    }
    measures.extend(searched.iter().flat_map(of_search));
    measures.extend(grown);
    let bytes = generated.bytes;
    Ok(report(args, bytes, many, load_before, measures, &rounds))
}

fn report(
    args: &Args,
    bytes: u64,
    many: u64,
    load_before: f64,
    measures: Vec<Measure>,
    rounds: &Rounds,
) -> Report {
    // None were generated where only growth was measured.
    let records = if bytes == 0 { 0 } else { args.records };
    let count = records as f64;
    Report {
        records,
        bytes,
        rounds: many as usize,
        queries: args.queries as usize,
        cores: cores(),
        load_before,
        load_after: load(),
        measures,
        steps: steps(rounds)
            .map(|(name, cpu)| Step {
                name,
                cpu,
                records_per_second: count / cpu,
            })
            .collect(),
    }
}

/// Imports exports into a workspace of its own in `place`, whatever was there before.
fn import_into<const N: usize>(
    place: &Path,
    generated: &Generated,
    exports: [&PathBuf; N],
) -> Result<Vec<Imported>> {
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::create_dir_all(place)?;
    let part = Part::Import {
        verifier: generated.exports.verifier.clone(),
        exports: exports.map(Clone::clone).to_vec(),
    };
    sides::run(place, &part)
}

/// A step that is measured on two files.
const SEALING: &str = "AES-256-GCM and SHA-256";

/// Our import and every bare step of it, once.
fn import_round(rounds: &mut Rounds, place: &Path, generated: &Generated) -> Result<()> {
    let exports = &generated.exports;
    let both = import_into(
        &place.join("imported"),
        generated,
        [&exports.base, &exports.tail],
    )?;
    let mut both = both.into_iter();
    rounds.base.extend(both.next());
    rounds.tail.extend(both.next());
    let catalogue = sources::Catalogue::builtin();
    let source = catalogue
        .get("enigm-command", Some(1))
        .ok_or("the catalogue has no Enigm Command")?;
    let dir = tempfile::tempdir_in(place)?;
    // One after the other: an engine's threads must not work beside another floor.
    let docs_of = |each: &mut dyn FnMut(&[search::Doc]) -> Result<()>| {
        let (mut make, mut seqs) = (Rows::new(source), 1..);
        for chunk in generated.chunks() {
            let records = chunk.records.iter().zip(&mut seqs);
            let docs: Vec<search::Doc> = records.map(|(one, seq)| make.doc(one, seq)).collect();
            drop(chunk);
            each(&docs)?;
        }
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    let mut stock = stock::Building::start()?;
    docs_of(&mut |docs| stock.add(docs))?;
    let (built, _) = stock.finish()?;
    let scale = generated.count as f64 / generated.measured as f64;
    let built = built.times(scale);
    rounds.stock.push(built);
    rounds.step("tantivy, two threads", built);
    let mut index = sides::Indexing::start(&dir.path().join("index"))?;
    docs_of(&mut |docs| index.add(docs))?;
    rounds.index.push(index.finish()?.times(scale));

    let mut table = floors::Table::create(&dir.path().join("rows.sqlite"))?;
    let mut steps: Vec<(&'static str, Cost)> = Vec::new();
    let mut add = |name, cost: Cost| match steps.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum = sum.and(cost),
        None => steps.push((name, cost)),
    };
    let stored = sides::Stored::open(&place.join("imported"))?;
    let (make, mut last) = (Rows::new(source), 0);
    for chunk in generated.chunks() {
        let (records, lines) = (&chunk.records, &chunk.lines);
        let identities: Vec<_> = records.iter().map(|one| make.identities(one)).collect();
        let rows = stored.rows_after(last, records.len())?;
        last += rows.len() as i64;
        add("zstd decompression", floors::decompress(lines)?);
        add("serde_json, typed and borrowed", floors::parse(lines)?);
        add("commitments of 26 fields", floors::commit(records));
        add("SHA-256 leaf and tree", floors::tree(records));
        add("Aho-Corasick of detectors", floors::detect(lines)?);
        add("HMAC-SHA-256 of handles", floors::handles(&identities));
        let (cost, packed) = floors::compress(lines)?;
        add("zstd level 1", cost);
        add(SEALING, floors::encrypt(packed.as_slice())?);
        add("SQLite, one transaction", table.insert(&rows)?);
    }
    add("SQLite, one transaction", table.commit()?);
    // Both the original and the records are sealed.
    let original = floors::encrypt_file(&exports.base)?;
    for (name, cost) in steps {
        let mut cost = cost.times(scale);
        if name == SEALING {
            cost = cost.and(original);
        }
        rounds.step(name, cost);
    }
    drop(dir);
    let fresh = import_into(&place.join("fresh"), generated, [&exports.tail])?;
    rounds.fresh.extend(fresh);
    Ok(())
}

/// Our verification between the two ways of bare hashing, once.
fn verify_round(rounds: &mut Rounds, generated: &Generated) -> Result<()> {
    let exports = &generated.exports;
    let hash = |sha256| {
        let mut leaves = floors::Leaves::new(sha256);
        for chunk in generated.chunks() {
            leaves.hash_with_all(&chunk.records);
        }
        leaves.root()
    };
    let scale = generated.count as f64 / generated.measured as f64;
    let (cost, root) = hash(floors::with_blocks);
    rounds.hash.push(cost.times(scale));
    let (cost, report) = together(|| {
        let files = ExportFiles::open_zip(File::open(&exports.base)?);
        evidence::verify_export(files, std::slice::from_ref(&exports.key), cores())
    });
    rounds.verify.push(cost);
    let (cost, with_ring) = hash(floors::with_ring);
    rounds.ring.push(cost.times(scale));
    let (found, whole) = (report?.root, generated.measured == generated.count);
    if whole && (found != Some(root) || found != Some(with_ring)) {
        return Err("the floor hashes something else than the product".into());
    }
    Ok(())
}

/// Elapsed time is the goal; processor time tells the same on a machine that others use too.
fn of_verify(rounds: &Rounds) -> Vec<Measure> {
    let [ours, hash, ring] =
        [&rounds.verify, &rounds.hash, &rounds.ring].map(|costs| median_cost(costs));
    let line = |name: &str, of: fn(&Cost) -> f64, floor: &Cost, goal, note: String| {
        Measure::new(name, "s", of(&ours), Some(of(floor)), goal, note)
    };
    let busy = format!(
        "against the bare compression function over the same commitments on all processors; {:.2} and {:.2} of them busy",
        ours.cpu / ours.wall,
        hash.cpu / hash.wall
    );
    vec![
        line("verify only", |c| c.wall, &hash, Goal::Ratio(1.3), busy),
        line(
            "verify only, processor time",
            |c| c.cpu,
            &hash,
            Goal::None,
            "the same".to_owned(),
        ),
        line(
            "verify only, ring",
            |c| c.cpu,
            &ring,
            Goal::None,
            "processor time against the same hashing by calls to ring, one for each message"
                .to_owned(),
        ),
    ]
}

/// Median processor seconds of each bare step.
fn steps(rounds: &Rounds) -> impl Iterator<Item = (&'static str, f64)> {
    let steps = rounds.steps.iter();
    steps.map(|(name, costs)| (*name, median(costs.iter().map(|cost| cost.cpu))))
}

fn of_import(rounds: &Rounds, generated: &Generated) -> Vec<Measure> {
    let count = generated.count as f64;
    let base: Vec<Cost> = rounds.base.iter().map(|one| one.cost).collect();
    let ours = median_cost(&base);
    let stock = median_cost(&rounds.stock);
    let index = median_cost(&rounds.index);
    let sum: f64 = steps(rounds).map(|(_, cpu)| cpu).sum();
    let roofline = sum / cores() as f64;
    let wall = |all: &[Imported]| median(all.iter().map(|one| one.cost.wall));
    let bytes = |of: fn(&Imported) -> u64| median(rounds.base.iter().map(|one| of(one) as f64));
    let (sealed, rows, indexed) = (bytes(|o| o.sealed), bytes(|o| o.rows), bytes(|o| o.index));
    let rate = |seconds: f64| format!("{:.0}", count / seconds);
    vec![
        Measure::new(
            "import",
            "s",
            ours.wall,
            Some(roofline),
            Goal::Ratio(1.15),
            format!(
                "{} records/s; roofline of the bare steps {} records/s",
                rate(ours.wall),
                rate(roofline)
            ),
        ),
        Measure::new(
            "import, bare tantivy",
            "s",
            ours.wall,
            Some(stock.wall),
            Goal::Ratio(2.1),
            format!("two threads, in memory: {} records/s", rate(stock.wall)),
        ),
        Measure::new(
            "import, processor time",
            "s",
            ours.cpu,
            Some(sum),
            Goal::None,
            format!(
                "of the bare steps; {:.2} processors busy",
                ours.cpu / ours.wall
            ),
        ),
        Measure::new(
            "import, tantivy's processor time",
            "s",
            ours.cpu,
            Some(stock.cpu),
            Goal::None,
            "the same against bare tantivy, merges included",
        ),
        Measure::new(
            "index alone",
            "s",
            index.wall,
            Some(stock.wall),
            Goal::None,
            format!(
                "ours sorted and encrypted on disk: {} records/s; processor time {:.2} x",
                rate(index.wall),
                index.cpu / stock.cpu
            ),
        ),
        Measure::new(
            "peak memory",
            "MB",
            median(rounds.base.iter().map(|one| one.peak as f64 / 1e6)),
            None,
            Goal::AtMost(450.0),
            "resident in the importing process",
        ),
        Measure::new(
            "disk",
            "MB",
            (sealed + rows + indexed) / 1e6,
            Some(generated.bytes as f64 / 1e6),
            Goal::Ratio(0.75),
            format!(
                "sealed {:.0}, rows {:.0}, index {:.0} MB; floor: records uncompressed",
                sealed / 1e6,
                rows / 1e6,
                indexed / 1e6
            ),
        ),
        Measure::new(
            "append",
            "s",
            wall(&rounds.tail),
            Some(wall(&rounds.fresh)),
            Goal::Ratio(1.5),
            format!(
                "{} more to these; floor: the same into an empty workspace; processor time {:.2} and {:.2} s",
                rounds.tail.first().map_or(0, |one| one.records),
                median(rounds.tail.iter().map(|one| one.cost.cpu)),
                median(rounds.fresh.iter().map(|one| one.cost.cpu)),
            ),
        ),
    ]
}

/// Import until it can be asked, beside tools that neither verify nor seal nor minimise.
fn of_peers(rounds: &Rounds, generated: &Generated) -> Vec<Measure> {
    let scale = generated.count as f64 / generated.measured as f64;
    let wall = |all: &[Loaded]| scale * median(all.iter().map(|one| one.cost.wall));
    let peak = |all: &[Loaded]| median(all.iter().map(|one| one.peak as f64 / 1e6));
    let ours = median(rounds.base.iter().map(|one| one.cost.wall));
    let held = median(rounds.base.iter().map(|one| one.peak as f64 / 1e6));
    let (duckdb, sqlite) = (&rounds.duckdb, &rounds.sqlite_utils);
    vec![
        Measure::new(
            "import, DuckDB",
            "s",
            ours,
            Some(wall(duckdb)),
            Goal::Ratio(1.6),
            "read_json into a table, without a text index",
        ),
        Measure::new(
            "peak memory, DuckDB",
            "MB",
            held,
            Some(peak(duckdb)),
            Goal::Ratio(0.5),
            "the same; each process's own",
        ),
        Measure::new(
            "import, sqlite-utils",
            "s",
            ours,
            Some(wall(sqlite)),
            Goal::Ratio(0.25),
            format!(
                "insert and FTS5 over all columns, {:.0} MB resident",
                peak(sqlite)
            ),
        ),
    ]
}

fn of_search(searched: &Searched) -> Vec<Measure> {
    let mut all = Vec::new();
    let note = |asked: &sides::Asked| {
        format!(
            "p99; p50 {:.3} and {:.3}; {} matches{}",
            asked.ours.p50,
            asked.stock.p50,
            asked.matches,
            if asked.same { "" } else { "; ANSWERS DIFFER" }
        )
    };
    for asked in &searched.newest {
        all.push(Measure::new(
            &asked.name,
            "ms",
            asked.ours.p99,
            Some(asked.stock.p99),
            Goal::Ratio(0.1),
            note(asked),
        ));
    }
    for (name, took) in &searched.first {
        all.push(Measure::new(
            name,
            "ms",
            took.p99,
            None,
            Goal::AtMost(10.0),
            format!("p99; p50 {:.3}", took.p50),
        ));
    }
    for asked in &searched.screens {
        all.push(Measure::new(
            &asked.name,
            "ms",
            asked.ours.p99,
            Some(asked.stock.p99),
            Goal::AtMost(100.0),
            note(asked),
        ));
    }
    all
}
