//! Random lives of a workbench in a process of its own: it is unlocked, locked while it imports, killed at any moment, recovered,
//! put back from a copy. Nothing of it is ever half there, and no key is in its memory once it is locked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use aho_corasick::AhoCorasick;
use muniment_tests::chance::{Chance, cases};
use muniment_tests::folders::copy;
use muniment_tests::opened;
use muniment_tests::programs::built;
use serde_json::{Value, json};

const WORDS: [&str; 4] = [
    "anchor violet nineteen harbour",
    "purple engine sixteen meadow",
    "copper ladder window thistle",
    "marble orbit candle freight",
];
const SECOND: &str = "second horse battery staple";

/// The process, while it lives.
struct Held {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Held {
    fn start(home: &Path) -> Self {
        let mut child = Command::new(built("held", "MUNIMENT_HELD_BIN"))
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_DATA_HOME", home.join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("held starts");
        Self {
            input: child.stdin.take().expect("its input"),
            output: BufReader::new(child.stdout.take().expect("its output")),
            child,
        }
    }

    fn ask(&mut self, asked: &[&str]) {
        writeln!(self.input, "{}", json!(asked)).expect("it listens");
    }

    fn answer(&mut self) -> Result<Value, Value> {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        match answer.get("ok") {
            Some(value) => Ok(value.clone()),
            None => Err(answer["error"].clone()),
        }
    }

    fn tries(&mut self, asked: &[&str]) -> Result<Value, Value> {
        self.ask(asked);
        self.answer()
    }

    fn does(&mut self, asked: &[&str]) -> Value {
        let what = asked[0].to_owned();
        self.tries(asked)
            .unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Which of these its memory holds: every region that it can write to, stacks and heaps and what was given back and is
    /// still mapped.
    fn remembers<'n>(&self, needles: &'n BTreeMap<String, Vec<u8>>) -> Vec<&'n str> {
        let of = |file: &str| format!("/proc/{}/{file}", self.child.id());
        let maps = std::fs::read_to_string(of("maps")).expect("its memory map");
        let mut memory = std::fs::File::open(of("mem")).expect("its memory");
        let names: Vec<&str> = needles.keys().map(String::as_str).collect();
        let search = AhoCorasick::new(needles.values()).expect("needles");
        let mut found = Vec::new();
        let mut bytes = Vec::new();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let range = words.next().and_then(|range| range.split_once('-'));
            let (Some((from, to)), Some(rights)) = (range, words.next()) else {
                continue;
            };
            let number = |hex: &str| u64::from_str_radix(hex, 16).expect("an address");
            let (from, to) = (number(from), number(to));
            if !rights.starts_with("rw") {
                continue;
            }
            bytes.clear();
            memory.seek(SeekFrom::Start(from)).expect("there");
            // A region that went in between is not there any more.
            let _ = (&mut memory).take(to - from).read_to_end(&mut bytes);
            let hits = search.find_overlapping_iter(&bytes);
            found.extend(hits.map(|hit| names[hit.pattern().as_usize()]));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Everything secret that a member with this passphrase holds, raw and as text.
fn secrets(workspace: &Path, passphrase: &str) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in ["database", "originals", "handles"] {
        let key = opened::key(workspace, passphrase, name);
        all.insert(format!("{name} key"), key.to_vec());
        for (spelling, text) in [
            ("hex", data_encoding::HEXLOWER.encode(&key)),
            ("HEX", data_encoding::HEXUPPER.encode(&key)),
        ] {
            all.insert(format!("{name} key in {spelling}"), text.into_bytes());
        }
        if name == "database" {
            all.insert("index key".into(), opened::index_key(&key).to_vec());
        }
    }
    all.insert("passphrase".into(), passphrase.as_bytes().to_vec());
    all
}

/// What should be true of the workspace, whatever happened to it.
struct Life {
    home: PathBuf,
    dir: String,
    held: Option<Held>,
    unlocked: bool,
    importing: bool,
    passphrase: String,
    paper: String,
    incident: String,
    /// A copy of the folder, with the passphrase and the paper of then.
    backup: Option<(PathBuf, String, String)>,
    packets: usize,
    files: usize,
}

impl Life {
    fn begin(home: &Path) -> Self {
        let mut held = Held::start(home);
        let dir = home.join("case").display().to_string();
        let created = held.does(&["create", &dir, WORDS[0], SECOND]);
        let mut life = Self {
            home: home.to_owned(),
            dir,
            held: Some(held),
            unlocked: true,
            importing: false,
            passphrase: WORDS[0].into(),
            paper: created["recovery_key"].as_str().expect("a key").into(),
            incident: String::new(),
            backup: None,
            packets: 0,
            files: 0,
        };
        let first = life.file(300);
        let held = life.held();
        held.does(&["import-now", &first]);
        let incident = held.does(&["incident", "A look"]);
        life.incident = incident.as_str().expect("an id").into();
        life
    }

    fn held(&mut self) -> &mut Held {
        let home = self.home.clone();
        self.held.get_or_insert_with(|| Held::start(&home))
    }

    /// A new file to import.
    fn file(&mut self, records: usize) -> String {
        self.files += 1;
        let path = self.home.join(format!("in{}.ndjson", self.files));
        let lines: String = (0..records)
            .map(|at| {
                format!(
                    "{{\"n{}\":{at},\"when\":\"2026-11-02T03:00:00Z\"}}\n",
                    self.files
                )
            })
            .collect();
        std::fs::write(&path, lines).expect("a file");
        path.display().to_string()
    }

    fn unlock(&mut self) {
        if !self.unlocked {
            let (dir, passphrase) = (self.dir.clone(), self.passphrase.clone());
            let opened = self.held().does(&["open", &dir, &passphrase]);
            assert_eq!(opened["older"], Value::Null, "{opened}");
            self.unlocked = true;
        }
    }

    fn lock(&mut self) {
        let secrets = secrets(Path::new(&self.dir), &self.passphrase);
        let unlocked = self.unlocked;
        let held = self.held();
        if unlocked {
            let there = held.remembers(&secrets);
            assert!(
                there.contains(&"database key"),
                "the planted keys are found while it is unlocked: {there:?}"
            );
        }
        held.does(&["lock"]);
        let left = held.remembers(&secrets);
        assert_eq!(left, Vec::<&str>::new(), "in memory after lock");
        assert_eq!(held.does(&["jobs"]), json!([]), "jobs are forgotten");
        assert_eq!(held.does(&["report", "1"]), Value::Null);
        let refused = held.tries(&["search", ""]).expect_err("locked");
        assert_eq!(refused["code"], "locked");
        (self.unlocked, self.importing) = (false, false);
    }

    fn end(&mut self) {
        if let Some(held) = self.held.take() {
            held.kill();
        }
        (self.unlocked, self.importing) = (false, false);
    }

    /// How many records there are.
    fn total(&mut self) -> u64 {
        self.unlock();
        let all = self.held().does(&["search", ""]);
        all["total"].as_u64().expect("a total")
    }

    fn sound(&mut self) {
        self.unlock();
        let checked = self.held().does(&["fsck"]);
        assert_eq!(checked["ok"], true, "{checked:#}");
    }

    fn step(&mut self, chance: &mut Chance) -> String {
        let dir = self.dir.clone();
        match chance.below(14) {
            0 | 1 => {
                self.lock();
                "lock".into()
            }
            2 | 3 => {
                // Killed in the middle of whatever it does.
                if self.unlocked && chance.once_in(2) {
                    let file = self.file(4_000);
                    self.held().does(&["import", &file]);
                    std::thread::sleep(std::time::Duration::from_millis(chance.below(400) as u64));
                }
                self.end();
                "kill".into()
            }
            4 | 5 => {
                self.unlock();
                let file = self.file(6_000);
                self.held().does(&["import", &file]);
                self.importing = true;
                "import".into()
            }
            6 => {
                self.unlock();
                let way = *chance.one(&["resume", "discard"]);
                self.held().does(&[way]);
                way.into()
            }
            7 => {
                self.unlock();
                self.packets += 1;
                let path = self.home.join(format!("packet{}.zip", self.packets));
                let (incident, path) = (self.incident.clone(), path.display().to_string());
                // Whatever is recorded between plan and writing voids the plan.
                let written = self.held().tries(&["packet", &incident, &path]);
                match written {
                    Ok(_) => {
                        let report = workbench::verify(Path::new(&path), None).expect("verified");
                        assert_ne!(report.outcome, "failed", "{path}");
                    }
                    Err(error) => assert_eq!(error["code"], "refused", "{error}"),
                }
                "packet".into()
            }
            8 if self.paper.is_empty() => "no paper".into(),
            8 => {
                self.end();
                let chosen = WORDS[chance.below(WORDS.len())].to_owned();
                let paper = self.paper.clone();
                let asked = ["recover", &dir, &paper, &chosen];
                if chance.once_in(3) {
                    // Killed on the way: it happened whole, or not at all.
                    let held = self.held();
                    held.ask(&asked);
                    let moment = chance.below(900) as u64;
                    std::thread::sleep(std::time::Duration::from_millis(moment));
                    self.end();
                    let again = self.held().tries(&asked);
                    match again {
                        Ok(recovered) => self.recovered(&recovered, chosen),
                        Err(_) => {
                            // It had happened, and its paper was never shown; the passphrase was chosen.
                            (self.passphrase, self.paper) = (chosen, String::new());
                            self.unlock();
                            return "recover killed".into();
                        }
                    }
                } else {
                    let recovered = self.held().does(&asked);
                    self.recovered(&recovered, chosen);
                }
                "recover".into()
            }
            9 => {
                self.unlock();
                let chosen = WORDS[chance.below(WORDS.len())].to_owned();
                let current = self.passphrase.clone();
                let changed = self.held().tries(&["passphrase", &current, &chosen]);
                match changed {
                    Ok(_) => self.passphrase = chosen,
                    Err(error) => assert_eq!(error["code"], "invalid", "{error}"),
                }
                "passphrase".into()
            }
            10 => {
                self.end();
                let at = self.home.join("backup");
                let _ = std::fs::remove_dir_all(&at);
                copy(Path::new(&dir), &at);
                self.backup = Some((at, self.passphrase.clone(), self.paper.clone()));
                "backup".into()
            }
            11 => {
                let Some((at, passphrase, paper)) = self.backup.clone() else {
                    return "no backup".into();
                };
                self.end();
                std::fs::remove_dir_all(&dir).expect("ours");
                copy(&at, Path::new(&dir));
                (self.passphrase, self.paper) = (passphrase.clone(), paper);
                let opened = self.held().does(&["open", &dir, &passphrase]);
                if opened["older"].is_null() {
                    self.unlocked = true;
                } else {
                    let refused = self.held().tries(&["passphrase", &passphrase, WORDS[3]]);
                    assert!(refused.is_err(), "nothing is changed before a restore");
                    let restored = self.held().does(&["restore", &dir, &passphrase]);
                    assert_eq!(restored["workspace"]["older"], Value::Null);
                    self.unlocked = true;
                }
                "restore".into()
            }
            12 => {
                let passphrase = self.passphrase.clone();
                self.unlock();
                self.held().does(&["lock-and-open", &dir, &passphrase]);
                self.importing = false;
                "lock and open".into()
            }
            _ => {
                self.unlock();
                self.held().does(&["search", "n1"]);
                "search".into()
            }
        }
    }

    fn recovered(&mut self, recovered: &Value, chosen: String) {
        self.paper = recovered["recovery_key"].as_str().expect("a key").into();
        self.passphrase = chosen;
        self.unlocked = true;
    }
}

#[test]
fn nothing_is_half_and_no_key_is_in_memory_once_it_is_locked() {
    let asked = cases(40, 500);
    let home = tempfile::tempdir().expect("a folder");
    let mut life = Life::begin(home.path());
    let mut chance = Chance::new(8);
    for number in asked {
        let what = life.step(&mut chance);
        let _ = writeln!(std::io::stderr(), "{number}: {what}");
        if number % 10 == 9 {
            life.sound();
        }
    }
    life.sound();
    life.lock();
}

#[test]
fn what_was_cut_off_is_resumed_or_discarded_by_one_at_a_time_whatever_else_runs() {
    let home = tempfile::tempdir().expect("a folder");
    let mut life = Life::begin(home.path());
    // Two that were cut off, killed until they were: with more records where a kill came too late. A kill between the last
    // record and the end of the import leaves one that lacks nothing.
    let (mut lacking, mut records) = (Vec::new(), 8_000);
    while lacking.len() < 2 {
        let before = life.total();
        let file = life.file(records);
        life.held().does(&["import", &file]);
        std::thread::sleep(std::time::Duration::from_millis(150));
        life.end();
        let came = life.total() - before;
        let left = life.held().does(&["interrupted"]);
        if left.as_array().map_or(0, Vec::len) > lacking.len() {
            lacking.push(records as u64 - came);
        } else if came > 0 {
            assert_eq!(came, records as u64, "whole, interrupted, or not begun");
            records *= 2;
        }
    }
    let here = life.total();
    let left = life.held().does(&["interrupted"]);
    let id = |at: usize| left[at]["id"].to_string();
    let (first, other) = (id(0), life.file(20_000));
    let held = life.held();
    held.does(&["import", &other]);
    held.does(&["resume-begin", &first]);
    // It waits for its turn, and is nobody else's; the second goes at once.
    let listed = held.does(&["interrupted"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed[0]["id"].to_string(), id(1));
    assert_eq!(
        held.tries(&["resume-begin", &first]).expect_err("taken")["code"],
        "not-found"
    );
    held.does(&["discard"]);
    assert_eq!(held.does(&["interrupted"]), json!([]));
    held.does(&["wait"]);
    let failed: Vec<Value> = (held.does(&["jobs"]).as_array().into_iter().flatten())
        .filter(|job| job["state"] == "failed")
        .cloned()
        .collect();
    assert_eq!(failed, Vec::<Value>::new());
    life.sound();
    // What was here, the one that ran, and what the one that was resumed lacked.
    assert_eq!(life.total(), here + 20_000 + lacking[0]);
}
