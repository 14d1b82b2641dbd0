//! **What it does**: ends the process between two system calls that change a file, while `packet write` writes and while an import comes
//! to its end: finer than the steps that our own file layer counts, and through everything that writes beside it, the database and the
//! index too.
//! **What it wants**: a packet at its place that custody does not know, records that are half there, a workspace that does not open, a
//! command that works no more.
//! **What stops it**: the same as in `killed_packet.rs` and `killed_import.rs`; here nothing of it rests on where we put a step.
//!
//! `strace` ends the program. Where it cannot (no such program, tracing forbidden as in some containers), the test says so on standard
//! error, past the test's own capture, and falls back to the counted steps.
//!
//! Some of the calls, spread over the whole; each of them with `MUNIMENT_SOAK=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use evidence::packet::PacketTrust;
use muniment_tests::benches::cheap;
use muniment_tests::chance::soaking;
use muniment_tests::folders::in_memory;
use muniment_tests::killed::{chosen, ended_at, left_over, steps};
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};
use muniment_tests::traced::{Call, traced, why_not};
use workbench::view::{OpenIncident, SearchRequest};
use workbench::{Environment, Workbench};

use super::place::{copy, sealed_export};

const RECORDS: u32 = 40;
const AUDIENCE: &str = "internal-audit";

/// A workbench where the terminal of this home has its state, so that a case pays for one passphrase and not for five.
fn bench_at(home: &Path) -> Workbench {
    let mut environment = Environment::of_this_machine();
    environment.state_dir = home.join("state/muniment");
    environment.data_dir = home.join("data/muniment");
    Workbench::new(environment)
}

/// Everything below `prepared`: an export `in.zip` and a workspace `case`.
async fn prepared(home: &Path, imported: bool) -> (Workbench, Terminal) {
    std::fs::create_dir_all(home).expect("a folder");
    let terminal = Terminal::new(home);
    sealed_export(&terminal, "in", RECORDS);
    let bench = bench_at(home);
    cheap(&terminal.workspace, PASSPHRASE, SECOND_PASSPHRASE).await;
    let dir = terminal.workspace.display().to_string();
    let opened = bench.open_workspace(dir, None, PASSPHRASE.into());
    opened.await.expect("open");
    if imported {
        assert_eq!(import(&bench, home).await, RECORDS);
    }
    (bench, terminal)
}

/// How many records an import of the export brings.
async fn import(bench: &Workbench, home: &Path) -> u32 {
    let report = bench.import_now(vec![home.join("in.zip").display().to_string()]);
    let report = report.await.expect("imported");
    assert!(report.failed.is_empty() && report.quarantine.is_empty());
    report.total
}

async fn opened(terminal: &Terminal, said: &str) -> Workbench {
    let bench = bench_at(&terminal.home);
    let dir = terminal.workspace.display().to_string();
    let view = bench.open_workspace(dir, None, PASSPHRASE.into()).await;
    let view = view.unwrap_or_else(|error| panic!("{said}: {}", error.message));
    assert!(view.older.is_none(), "{said}");
    bench
}

/// `fsck` finds nothing, and nothing lies about.
async fn sound(bench: &Workbench, terminal: &Terminal, said: &str) {
    let report = bench.fsck().await.expect("it can be checked");
    let wrong: Vec<_> = report.checks.iter().filter(|check| !check.ok).collect();
    assert!(report.ok && wrong.is_empty(), "{said}: {wrong:#?}");
    for folder in [&terminal.home, &terminal.workspace] {
        assert_eq!(left_over(folder), Vec::<String>::new(), "{said}");
    }
}

async fn shown(bench: &Workbench) -> u64 {
    let found = bench.search_records(SearchRequest::default()).await;
    let found = serde_json::to_value(found.expect("found")).expect("a view is JSON");
    found["total"].as_u64().expect("a total")
}

/// Where a run is ended.
#[derive(Debug)]
enum Cut {
    Call(Call),
    Step(usize, String),
}

/// Where to end this run, and how many changes the whole of it makes; where it cannot be traced, its counted steps.
fn cuts(whole: &Terminal, arguments: &[&str], few: usize, from: fn(&[Call]) -> usize) -> Cuts {
    if let Some(why) = why_not() {
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT TRACED: {arguments:?} is ended between counted steps and not between system calls: {why}\n"
        );
        let names = steps(whole, arguments);
        let at = chosen(names.len()).into_iter();
        return Cuts {
            total: names.len(),
            cuts: at.map(|at| Cut::Step(at, names[at - 1].clone())).collect(),
        };
    }
    let seen = traced(whole, arguments, None);
    assert!(seen.done, "{arguments:?}");
    let total = seen.calls.len();
    let begin = from(&seen.calls);
    let mut cuts: Vec<Call> = seen.calls[begin..].to_vec();
    cuts.retain(|call| call.first);
    if !soaking() {
        let every = |at: usize| at * few / cuts.len() != (at + 1) * few / cuts.len();
        cuts = (0..cuts.len())
            .filter(|at| every(*at))
            .map(|at| cuts[at].clone())
            .collect();
    }
    Cuts {
        total,
        cuts: cuts.into_iter().map(Cut::Call).collect(),
    }
}

struct Cuts {
    total: usize,
    cuts: Vec<Cut>,
}

/// Ends a run there. Before which of its changes that was, where it was; nothing, where it came to its end.
fn cut(terminal: &Terminal, arguments: &[&str], at: &Cut) -> Option<(usize, String)> {
    match at {
        Cut::Step(step, name) => {
            ended_at(terminal, arguments, *step).then(|| (*step, name.clone()))
        }
        Cut::Call(call) => {
            let run = traced(terminal, arguments, Some((call.name.as_str(), call.nth)));
            let last = run
                .calls
                .last()
                .map(|call| format!("{} {}", call.name, call.with));
            (!run.done).then(|| (run.calls.len(), last.unwrap_or_default()))
        }
    }
}

/// What became of the runs: how many were ended before which change.
#[derive(Default)]
struct Reached(BTreeMap<usize, u32>);

impl Reached {
    #[allow(
        clippy::print_stdout,
        reason = "what became of the cases is what a soak is read for"
    )]
    fn tell(&self, what: &str, asked: usize, total: usize) {
        let ended: u32 = self.0.values().sum();
        let at = self.0.len();
        println!("{what}: ended {ended} times of {asked}, before {at} of {total} changes");
        let never: Vec<usize> = (1..=total).filter(|at| !self.0.contains_key(at)).collect();
        println!("{what}: never before {never:?}");
        // Threads share the work otherwise in each run, so that one may come to its end; most must not.
        assert!(ended as usize * 2 > asked, "{what}: {ended} of {asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_is_known_and_whole_before_whichever_call_its_writing_ends() {
    let root = in_memory();
    let root = root.path();
    let (bench, terminal) = prepared(&root.join("prepared"), true).await;
    let pinned = OpenIncident {
        title: "A heartbeat".into(),
        pin: vec![1],
    };
    let incident = bench.open_incident(pinned).await.expect("opened").row.id;
    // It makes the handle key of the audience, which voids a plan of before.
    let plan = bench.packet_plan(incident.clone(), AUDIENCE.into()).await;
    let digest = plan.expect("a plan").digest;
    bench.lock().await.expect("locked");
    let write = [
        "packet",
        "write",
        &incident,
        "--audience",
        AUDIENCE,
        "--approve",
        &digest,
        "-o",
        "out.zip",
    ];
    let whole = root.join("whole");
    copy(&terminal.home, &whole);
    let Cuts { total, cuts } = cuts(&Terminal::new(&whole), &write, 14, |_| 0);
    assert!(whole.join("out.zip").is_file());

    let mut reached = Reached::default();
    let (mut unknown, mut known_before_named, mut named) = (0, 0, 0);
    for (number, at) in cuts.iter().enumerate() {
        let home = root.join(format!("at-{number}"));
        copy(&terminal.home, &home);
        let terminal = Terminal::new(&home);
        let Some((place, last)) = cut(&terminal, &write, at) else {
            // The threads shared the work otherwise this time.
            std::fs::remove_dir_all(&home).expect("removed");
            continue;
        };
        *reached.0.entry(place).or_default() += 1;
        let said = format!("before change {place}, {last} ({at:?})");
        let out = home.join("out.zip");
        let stood = out.exists();
        let bench = opened(&terminal, &said).await;
        let packets = bench.packets().await.expect("packets").total;
        let custody = bench.custody("packet.written".into(), None).await;
        let known = custody.expect("custody").total > 0;
        assert!(
            known || !stood,
            "{said}: a packet that custody does not know"
        );
        assert_eq!(out.exists(), known, "{said}");
        assert_eq!(packets, u32::from(known), "{said}");
        sound(&bench, &terminal, &said).await;
        unknown += usize::from(!known);
        named += usize::from(stood);
        known_before_named += usize::from(known && !stood);
        // The same again: with the same approval where nothing came of it, as the next version where it did.
        let (digest, next) = if known {
            let plan = bench.packet_plan(incident.clone(), AUDIENCE.into()).await;
            (plan.expect("a plan").digest, home.join("next.zip"))
        } else {
            (digest.clone(), out.clone())
        };
        let path = next.display().to_string();
        let again = bench.packet_write(incident.clone(), AUDIENCE.into(), digest, path);
        again
            .await
            .unwrap_or_else(|error| panic!("{said}: {}", error.message));
        for packet in BTreeSet::from([&out, &next]) {
            let bytes = std::fs::read(packet).expect("it is there");
            let report = evidence::packet::verify_bytes(&bytes, &PacketTrust::default());
            assert_eq!(report.failure_codes(), Vec::<&str>::new(), "{said}");
        }
        sound(&bench, &terminal, &said).await;
        bench.lock().await.expect("locked");
        std::fs::remove_dir_all(&home).expect("removed");
    }
    reached.tell("packet write", cuts.len(), total);
    assert!(
        unknown > 0 && known_before_named + named > 0,
        "{unknown}, {known_before_named}, {named}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_there_or_not_before_whichever_call_its_end_is_cut_off() {
    let root = in_memory();
    let root = root.path();
    let (bench, terminal) = prepared(&root.join("prepared"), false).await;
    bench.lock().await.expect("locked");
    let arguments = ["import", "in.zip"];
    let whole = root.join("whole");
    copy(&terminal.home, &whole);
    // Its end begins where the sealed file has its bytes: rows, index, names and entry come after that.
    let end = |calls: &[Call]| {
        let sealed = calls
            .iter()
            .position(|call| call.with.contains("/case/sealed"));
        sealed.unwrap_or_default()
    };
    let Cuts { total, cuts } = cuts(&Terminal::new(&whole), &arguments, 14, end);

    let mut reached = Reached::default();
    let mut known = [0, 0];
    for (number, at) in cuts.iter().enumerate() {
        let home = root.join(format!("at-{number}"));
        copy(&terminal.home, &home);
        let terminal = Terminal::new(&home);
        let Some((place, last)) = cut(&terminal, &arguments, at) else {
            std::fs::remove_dir_all(&home).expect("removed");
            continue;
        };
        *reached.0.entry(place).or_default() += 1;
        let said = format!("before change {place}, {last} ({at:?})");
        let bench = opened(&terminal, &said).await;
        let before = shown(&bench).await;
        assert!(
            before == 0 || before == u64::from(RECORDS),
            "{said}: {before}"
        );
        sound(&bench, &terminal, &said).await;
        let there = before > 0;
        known[usize::from(there)] += 1;
        let entries = bench.custody("import.finished".into(), None).await;
        let entries = entries.expect("custody").total;
        assert_eq!(entries, u32::from(there), "{said}");
        // The same again brings all of it, or knows it.
        import(&bench, &home).await;
        assert_eq!(shown(&bench).await, u64::from(RECORDS), "{said}");
        sound(&bench, &terminal, &said).await;
        bench.lock().await.expect("locked");
        std::fs::remove_dir_all(&home).expect("removed");
    }
    reached.tell("import", cuts.len(), total);
    assert!(known[0] > 0 && known[1] > 0, "{known:?}");
}
