//! **What it does**: changes anything in the folder of a workspace and in what lies beside it, as somebody without a key can:
//! bits, beginnings and ends of every file, values of those that are JSON, pages of the database, exchanged files, files of
//! before, removed, doubled and renamed ones, a database without its log or with that of another time.
//! **What it wants**: a workspace that opens and answers otherwise, and says nothing of it.
//! **What stops it**: everything that is read authenticates or is held to a signed entry. Whatever was changed, the open is refused, or
//! what was changed is named, or every answer is the same.
//!
//! 36 changes; 20,000 with `MUNIMENT_SOAK=1`. `MUNIMENT_CASES=n` repeats one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muniment_tests::benches::{PASS, REVIEWER_PASS, bench, workbench};
use muniment_tests::chance::{Chance, cases, lanes};
use muniment_tests::folders::in_memory;
use muniment_tests::programs::Terminal;
use serde_json::Value;
use workbench::Workbench;
use workbench::view::{OpenIncident, PinKey, SearchRequest};

use super::place::{below, copy, sealed_export};

/// Longest time that one open with all its questions may take.
const LONGEST: Duration = Duration::from_secs(120);
/// A page of the database.
const PAGE: usize = 4096;

/// Folders as they were at three moments, each with `ws` and `state`.
struct Prepared {
    home: tempfile::TempDir,
    custodian: String,
    reviewer: String,
    /// What the custodian and the reviewer are told of an unharmed one.
    told: BTreeMap<String, Answers>,
}

/// After the first import; as it is; and the same while it is open, with the database's log beside it.
const BEFORE: &str = "before";
const NOW: &str = "now";
const OPEN: &str = "open";

async fn prepared() -> Prepared {
    let home = in_memory();
    let work = home.path().join("work");
    std::fs::create_dir_all(&work).expect("a folder");
    let bench = bench(&work).await;
    let terminal = Terminal::new(&work);
    let key = sealed_export(&terminal, "first", 20);
    let seal = "seal --source enigm-key --origin log.example/enigm-key --key first.key --previous first.zip first.ndjson -o second.zip";
    terminal.done(&seal.split(' ').collect::<Vec<_>>());
    bench
        .trust_add(PinKey::of(&key, "enigm-key"))
        .await
        .expect("pinned");
    let import = async |name: &str| {
        let report = bench
            .import_now(vec![work.join(name).display().to_string()])
            .await;
        assert_eq!(report.expect("imported").total, 20);
    };
    let keep = |name: &str| {
        copy(&work.join("ws"), &home.path().join(name).join("ws"));
        copy(&work.join("state"), &home.path().join(name).join("state"));
    };
    import("first.zip").await;
    keep(BEFORE);
    import("second.zip").await;
    let held = work.join("held.ndjson");
    std::fs::write(&held, "{\"broken\n").expect("written");
    bench
        .import_now(vec![held.display().to_string()])
        .await
        .expect("held");
    let opened = OpenIncident {
        title: "A removal".into(),
        pin: vec![2, 30],
    };
    let incident = bench.open_incident(opened).await.expect("opened").row.id;
    let plan = bench
        .packet_plan(incident.clone(), "internal-audit".into())
        .await
        .expect("a plan");
    let packet = work.join("packet.zip").display().to_string();
    let write = bench.packet_write(incident, "internal-audit".into(), plan.digest, packet);
    write.await.expect("written");
    keep(OPEN);
    let start = bench.lock().await.expect("locked");
    keep(NOW);
    let member = |role: &str| {
        let found = start.recent[0].members.iter().find(|one| one.role == role);
        found.expect("a member").id.clone()
    };
    let mut prepared = Prepared {
        custodian: member("custodian"),
        reviewer: member("reviewer"),
        told: BTreeMap::new(),
        home,
    };
    for member in [prepared.custodian.clone(), prepared.reviewer.clone()] {
        for from in [NOW, OPEN] {
            let at = prepared.home.path().join("honest");
            copy(&prepared.home.path().join(from), &at);
            let became = asked(&at, &member, prepared.pass(&member)).await;
            let Became::Answered { answers, named } = became else {
                panic!("an unharmed workspace does not open: {became:?}")
            };
            assert_eq!(named, Vec::<String>::new());
            std::fs::remove_dir_all(&at).expect("removed");
            let told = prepared
                .told
                .entry(member.clone())
                .or_insert_with(|| answers.clone());
            assert_eq!(*told, answers, "{from}");
        }
    }
    prepared
}

impl Prepared {
    fn pass(&self, member: &str) -> &'static str {
        if member == self.custodian {
            PASS
        } else {
            REVIEWER_PASS
        }
    }
}

/// What somebody is told who opens a workspace.
type Answers = BTreeMap<&'static str, Value>;

/// What became of an open.
#[derive(Debug)]
enum Became {
    /// It does not open.
    Refused,
    Answered {
        answers: Answers,
        /// What it says is wrong: at the open, in custody, in `fsck`.
        named: Vec<String>,
    },
}

async fn asked(home: &Path, member: &str, pass: &str) -> Became {
    let bench = workbench(home);
    let dir = home.join("ws").display().to_string();
    let opened = bench
        .open_workspace(dir, Some(member.to_owned()), pass.to_owned())
        .await;
    let Ok(opened) = opened else {
        return Became::Refused;
    };
    let mut named: Vec<String> = opened.warning.into_iter().collect();
    named.extend(opened.older.map(|older| older.words));
    let answers = answers(&bench, &mut named).await;
    match bench.fsck().await {
        Ok(report) => {
            let report = serde_json::to_value(&report).expect("a view is JSON");
            let wrong = report["checks"].as_array().into_iter().flatten();
            let wrong = wrong.filter(|check| check["ok"] != true);
            named.extend(wrong.map(|check| format!("{}: {}", check["name"], check["detail"])));
        }
        Err(error) => named.push(error.message),
    }
    if let Err(error) = bench.lock().await {
        named.push(error.message);
    }
    Became::Answered { answers, named }
}

/// Questions whose answers a decision could rest on. One that is refused is named by that.
async fn answers(bench: &Workbench, named: &mut Vec<String>) -> Answers {
    let mut out = Answers::new();
    let mut add = |what: &'static str, answer: Result<Value, workbench::Error>| match answer {
        Ok(answer) => {
            out.insert(what, answer);
        }
        Err(error) => named.push(format!("{what}: {}", error.message)),
    };
    fn json(view: &impl serde::Serialize) -> Value {
        serde_json::to_value(view).expect("a view is JSON")
    }
    let request = |query: &str| SearchRequest {
        query: query.into(),
        limit: 100,
        facets: vec!["origin".into(), "assurance".into(), "import".into()],
        histogram: 5,
        ..SearchRequest::default()
    };
    add(
        "all",
        bench.search_records(request("")).await.map(|v| json(&v)),
    );
    add(
        "some",
        bench
            .search_records(request("heartbeat"))
            .await
            .map(|v| json(&v)),
    );
    add("record", bench.record(3).await.map(|v| json(&v)));
    add("trust", bench.trust_file(None).await.map(|v| json(&v)));
    add("sources", bench.sources().await.map(|v| json(&v)));
    add("quarantine", bench.quarantine(true).await.map(|v| json(&v)));
    add("incidents", bench.incidents().await.map(|v| json(&v)));
    add("packets", bench.packets().await.map(|v| json(&v)));
    add(
        "custody",
        bench.custody(String::new(), None).await.map(|v| {
            // What an open itself records is no other answer: it says what it found.
            let mut entries = json(&v)["entries"].clone();
            if let Some(entries) = entries.as_array_mut() {
                entries.retain(|entry| !entry.to_string().contains("head-missing"));
            }
            entries
        }),
    );
    out
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Bit,
    Cut,
    Longer,
    Emptied,
    Gone,
    Renamed,
    Twice,
    Exchanged,
    OfBefore,
    JsonValue,
    JsonMember,
    Page,
    PagesExchanged,
    PageOfBefore,
    DatabaseOfBefore,
    LogGone,
    EverythingOfBefore,
    Link,
}

const ALL: [Change; 18] = [
    Change::Bit,
    Change::Cut,
    Change::Longer,
    Change::Emptied,
    Change::Gone,
    Change::Renamed,
    Change::Twice,
    Change::Exchanged,
    Change::OfBefore,
    Change::JsonValue,
    Change::JsonMember,
    Change::Page,
    Change::PagesExchanged,
    Change::PageOfBefore,
    Change::DatabaseOfBefore,
    Change::LogGone,
    Change::EverythingOfBefore,
    Change::Link,
];

/// What sort of file it is: a segment of the index must not crowd out `vault.json`.
fn sort(home: &Path, path: &Path) -> String {
    let within = path.strip_prefix(home).expect("below it");
    let parts: Vec<String> = within
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let name = parts.last().cloned().unwrap_or_default();
    let end = Path::new(&name)
        .extension()
        .map(|end| end.to_string_lossy().into_owned());
    match parts.get(1).map(String::as_str) {
        Some(folder @ ("sealed" | "index" | "members")) => format!("{folder} {end:?}"),
        _ => format!("{} {name}", parts[0]),
    }
}

fn files(home: &Path) -> Vec<PathBuf> {
    let all = below(home).into_iter();
    let mut files: Vec<PathBuf> = all
        .filter(|path| path.is_file() && !path.is_symlink())
        .collect();
    files.sort();
    files
}

/// A file, its sort drawn first.
fn one(home: &Path, chance: &mut Chance, fits: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let files: Vec<PathBuf> = files(home).into_iter().filter(|path| fits(path)).collect();
    let mut sorts: Vec<String> = files.iter().map(|path| sort(home, path)).collect();
    sorts.sort();
    sorts.dedup();
    if sorts.is_empty() {
        return None;
    }
    let chosen = chance.one(&sorts).clone();
    let of_sort: Vec<PathBuf> = files
        .into_iter()
        .filter(|path| sort(home, path) == chosen)
        .collect();
    Some(chance.one(&of_sort).clone())
}

fn is_json(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice::<Value>(&bytes).is_ok_and(|value| value.is_object())
}

fn leaves(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                leaves(value, format!("{at}/{}", name.replace('/', "~1")), out);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                leaves(value, format!("{at}/{number}"), out);
            }
        }
        _ => out.push(at),
    }
}

/// Changes something in a copy; says what, or nothing where nothing fits.
fn apply(change: Change, home: &Path, before: &Path, chance: &mut Chance) -> Option<String> {
    let database = home.join("ws").join("vault.db");
    let within = |path: &Path| path.strip_prefix(home).expect("below it").to_owned();
    let any = |_: &Path| true;
    let read = |path: &Path| std::fs::read(path).expect("a file");
    let write = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).expect("written");
    match change {
        Change::Bit | Change::Cut | Change::Longer | Change::Emptied => {
            let path = one(home, chance, any)?;
            let mut bytes = read(&path);
            let length = bytes.len();
            // Heads and ends of files and pages are where forms begin.
            let near = |chance: &mut Chance| match chance.below(4) {
                0 => chance.below(length.min(64)),
                1 => length.saturating_sub(1 + chance.below(length.min(64))),
                2 => (chance.below(length / PAGE + 1) * PAGE + chance.below(32))
                    .min(length.saturating_sub(1)),
                _ => chance.below(length),
            };
            let at = near(chance);
            match change {
                Change::Bit if length > 0 => bytes[at] ^= 1 << chance.below(8),
                Change::Cut => bytes.truncate(at),
                Change::Longer => {
                    let piece = bytes[at.min(length)..].to_vec();
                    bytes.extend(if piece.is_empty() { vec![0; 16] } else { piece });
                }
                _ => bytes.clear(),
            }
            if bytes.len() == length && change != Change::Bit {
                return None;
            }
            write(&path, &bytes);
            Some(format!("{} at {at} of {length}", within(&path).display()))
        }
        Change::Gone => {
            let path = one(home, chance, any)?;
            std::fs::remove_file(&path).expect("removed");
            Some(within(&path).display().to_string())
        }
        Change::Renamed | Change::Twice => {
            let path = one(home, chance, any)?;
            let name = path.file_name()?.to_string_lossy().into_owned();
            let to = match chance.below(4) {
                0 => format!("{name}.old"),
                1 => format!("x{name}"),
                2 => name.to_uppercase(),
                _ => format!("{}-ZZZZZ.json", chance.one(&["C", "R", "V"])),
            };
            let to = path.with_file_name(to);
            if to.exists() {
                return None;
            }
            match change {
                Change::Renamed => std::fs::rename(&path, &to).expect("renamed"),
                _ => drop(std::fs::copy(&path, &to).expect("copied")),
            }
            Some(format!(
                "{} to {}",
                within(&path).display(),
                within(&to).display()
            ))
        }
        Change::Exchanged => {
            let a = one(home, chance, any)?;
            let b = one(home, chance, |path| {
                path.parent() == a.parent() || sort(home, path) == sort(home, &a)
            })?;
            let (one, two) = (read(&a), read(&b));
            if one == two {
                return None;
            }
            write(&a, &two);
            write(&b, &one);
            Some(format!(
                "{} and {}",
                within(&a).display(),
                within(&b).display()
            ))
        }
        Change::OfBefore => {
            let path = one(home, chance, |path| {
                let old = before.join(within(path));
                old.is_file() && std::fs::read(old).ok() != std::fs::read(path).ok()
            })?;
            std::fs::copy(before.join(within(&path)), &path).expect("copied");
            Some(within(&path).display().to_string())
        }
        Change::JsonValue | Change::JsonMember => {
            let path = one(home, chance, is_json)?;
            let mut value: Value = serde_json::from_slice(&read(&path)).expect("JSON");
            let mut all = Vec::new();
            leaves(&value, String::new(), &mut all);
            let at = chance.one(&all).clone();
            if change == Change::JsonValue {
                let other = all[chance.below(all.len())].clone();
                let theirs = value.pointer(&other)?.clone();
                let leaf = value.pointer_mut(&at)?;
                let old = leaf.clone();
                *leaf = match (chance.below(3), &*leaf) {
                    (0, _) => theirs,
                    (_, Value::Number(number)) => {
                        let number = number.as_u64().unwrap_or_default();
                        let others = [number + 1, number.saturating_sub(1), 0, u64::MAX];
                        Value::from(*chance.one(&others))
                    }
                    (1, Value::String(text)) => Value::from(text.chars().rev().collect::<String>()),
                    (_, Value::String(text)) => {
                        Value::from(text.replacen(char::is_alphanumeric, "7", 1))
                    }
                    _ => Value::from(7),
                };
                if *leaf == old {
                    return None;
                }
            } else {
                let (of, name) = at.rsplit_once('/')?;
                match value.pointer_mut(of)? {
                    Value::Object(members) => drop(members.remove(name)),
                    Value::Array(items) => drop(items.pop()),
                    _ => return None,
                }
            }
            write(&path, &serde_json::to_vec_pretty(&value).expect("JSON"));
            Some(format!("{} {at}", within(&path).display()))
        }
        Change::Page | Change::PagesExchanged | Change::PageOfBefore => {
            let mut bytes = read(&database);
            // A change before this one may have left no whole page.
            let pages = bytes.len() / PAGE;
            if pages == 0 {
                return None;
            }
            let (a, b) = (chance.below(pages), chance.below(pages));
            let page = |n: usize| n * PAGE..(n + 1) * PAGE;
            let new = match change {
                Change::Page => vec![0; PAGE],
                Change::PagesExchanged => bytes[page(b)].to_vec(),
                _ => read(&before.join("ws").join("vault.db"))
                    .get(page(a))?
                    .to_vec(),
            };
            if bytes[page(a)] == new[..] {
                return None;
            }
            let old = bytes[page(a)].to_vec();
            bytes[page(a)].copy_from_slice(&new);
            if change == Change::PagesExchanged {
                bytes[page(b)].copy_from_slice(&old);
            }
            write(&database, &bytes);
            Some(format!("page {a} of {pages}, {b}"))
        }
        Change::DatabaseOfBefore => {
            let mut done = Vec::new();
            for name in ["vault.db", "vault.db-wal", "vault.db-shm"] {
                let (old, new) = (before.join("ws").join(name), home.join("ws").join(name));
                if chance.once_in(3) && name != "vault.db" {
                    continue;
                }
                if old.is_file() {
                    std::fs::copy(old, new).expect("copied");
                } else {
                    let _ = std::fs::remove_file(new);
                }
                done.push(name);
            }
            Some(done.join(", "))
        }
        Change::LogGone => {
            let mut done = Vec::new();
            for name in ["vault.db-wal", "vault.db-shm"] {
                let path = home.join("ws").join(name);
                if path.exists() && (done.is_empty() || chance.once_in(2)) {
                    std::fs::remove_file(&path).expect("removed");
                    done.push(name);
                }
            }
            (!done.is_empty()).then(|| done.join(", "))
        }
        Change::EverythingOfBefore => {
            // All of the folder, or all but one file; what is remembered outside of it stays.
            let kept = one(home, chance, |path| path.starts_with(home.join("ws")))?;
            let bytes = chance.once_in(2).then(|| read(&kept));
            std::fs::remove_dir_all(home.join("ws")).expect("removed");
            copy(&before.join("ws"), &home.join("ws"));
            if let Some(bytes) = bytes.filter(|_| kept.parent().is_some_and(Path::is_dir)) {
                write(&kept, &bytes);
                return Some(format!("but for {}", within(&kept).display()));
            }
            Some("all of it".into())
        }
        Change::Link => {
            let path = one(home, chance, any)?;
            let aside = home.join("aside");
            std::fs::rename(&path, &aside).expect("moved");
            std::os::unix::fs::symlink(&aside, &path).expect("a link");
            Some(within(&path).display().to_string())
        }
    }
}

/// Panics in the program's own code, which would otherwise pass for an error of a task.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let ours = info
                .location()
                .is_some_and(|at| at.file().contains("crates/"));
            if ours
                && !info
                    .location()
                    .is_some_and(|at| at.file().contains(".cargo"))
            {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            before(info);
        }));
    });
}

/// Why the answers are not what they should be, if so.
fn wrong(became: &Became, told: &Answers) -> Result<&'static str, String> {
    match became {
        Became::Refused => Ok("refused"),
        Became::Answered { answers, named } if answers == told => Ok(if named.is_empty() {
            "the same"
        } else {
            "the same, and named"
        }),
        Became::Answered { named, .. } if !named.is_empty() => Ok("named"),
        Became::Answered { answers, .. } => {
            let differ = told
                .keys()
                .filter(|what| answers.get(*what) != told.get(*what));
            let differ: Vec<String> = differ
                .map(|what| {
                    format!(
                        "{what}: {} for {}",
                        answers.get(what).unwrap_or(&Value::Null),
                        told[what]
                    )
                })
                .collect();
            Err(differ.join("; "))
        }
    }
}

/// Whether the whole workspace, and what is remembered of its head outside of it, are those of before.
fn is_older(home: &Path, before: &Path) -> bool {
    let of = |root: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let remembered = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.starts_with(root.join("ws")) || name.starts_with("vault-")
        };
        let all = files(root).into_iter().filter(|path| remembered(path));
        all.map(|path| {
            let bytes = std::fs::read(&path).expect("a file");
            (path.strip_prefix(root).expect("below it").to_owned(), bytes)
        })
        .collect()
    };
    of(home) == of(before)
}

/// What came of one case: its change, and how that ended or what is wrong.
type Outcome = (Change, Result<&'static str, String>);

async fn tried(case: u64, prepared: &Prepared) -> Outcome {
    let root = prepared.home.path();
    let mut chance = Chance::new(0x666f_6c64_0000_0000 + case);
    let from = if chance.once_in(3) { OPEN } else { NOW };
    let home = root.join(format!("case-{case}"));
    copy(&root.join(from), &home);
    let before = root.join(BEFORE);
    let change = ALL[case as usize % ALL.len()];
    let mut done = Vec::new();
    done.extend(apply(change, &home, &before, &mut chance));
    if chance.once_in(5) {
        let second = *chance.one(&ALL);
        done.extend(apply(second, &home, &before, &mut chance));
    }
    let member = match chance.once_in(3) {
        true => prepared.reviewer.clone(),
        false => prepared.custodian.clone(),
    };
    let pass = prepared.pass(&member);
    let older = is_older(&home, &before);
    let panics = PANICS.load(Ordering::SeqCst);
    let (at, who) = (home.clone(), member.clone());
    let asked = tokio::spawn(async move { asked(&at, &who, pass).await });
    let what = format!(
        "case {case}, {change:?} of {from} for {member}: {}",
        done.join("; then ")
    );
    let became = match tokio::time::timeout(LONGEST, asked).await {
        Err(_) => Err(format!("{what} hangs")),
        Ok(Err(_)) => Err(format!("{what} panicked")),
        // Of the cases that run at the same time, each says so.
        Ok(Ok(_)) if PANICS.load(Ordering::SeqCst) > panics => {
            Err(format!("{what} panicked in a task"))
        }
        Ok(Ok(became)) => match wrong(&became, &prepared.told[&member]) {
            // Whoever can write both can put both back (SECURITY.md); only a packet or a copy elsewhere tells.
            Err(_) if older => Ok("older, with what is remembered of it"),
            other => other.map_err(|wrong| format!("{what} changes {wrong}")),
        },
    };
    std::fs::remove_dir_all(&home).expect("removed");
    (change, became)
}

#[tokio::test(flavor = "multi_thread")]
#[allow(
    clippy::print_stdout,
    reason = "what became of the cases is what a soak is read for"
)]
async fn whatever_is_changed_is_refused_named_or_of_no_effect() {
    count_panics();
    let prepared = Arc::new(prepared().await);
    // The control: another answer, of which nothing is said, is what this looks for.
    let mut other = prepared.told[&prepared.custodian].clone();
    other.insert("trust", Value::Null);
    let unsaid = Became::Answered {
        answers: other,
        named: Vec::new(),
    };
    assert!(wrong(&unsaid, &prepared.told[&prepared.custodian]).is_err());
    let cases = Arc::new(Mutex::new(cases(36, 20_000)));
    let lanes = (0..lanes()).map(|_| {
        let (prepared, cases) = (Arc::clone(&prepared), Arc::clone(&cases));
        tokio::spawn(async move {
            let mut outcomes = Vec::new();
            let next = || cases.lock().expect("no lane panics").next();
            while let Some(case) = next() {
                outcomes.push(tried(case, &prepared).await);
            }
            outcomes
        })
    });
    let mut counts: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    let mut failed = Vec::new();
    for lane in lanes.collect::<Vec<_>>() {
        for (change, became) in lane.await.expect("a lane") {
            match became {
                Ok(how) => {
                    let counts = counts.entry(format!("{change:?}")).or_default();
                    *counts.entry(how).or_default() += 1;
                }
                Err(wrong) => failed.push(wrong),
            }
        }
    }
    println!("{counts:#?}");
    assert!(
        failed.is_empty(),
        "{}:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
