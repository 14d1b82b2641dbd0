//! What does not grow: an act, an import, a look at Sources and an opening with much stored, beside the same with little; and a
//! folder of small files beside the same events in one.
//!
//! What is stored is made through the vault's own functions: entries are signed, imports are sealed, in groups.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use evidence::{Assurance, Field, Record};
use redaction::{Class, MinimisedField, Shown};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::{Act, Acts, EventKind, ImportHead, Lasting, NewEvent, Vault};
use workbench::Workbench;
use workbench::view::OpenIncident;

use crate::Result;
use crate::machine::{Cost, median, median_cost, process_seconds};
use crate::sides::{self, PASSPHRASE, Part, environment, open_options, said};
use crate::table::{Goal, Measure};

/// The little that much is compared with: a hundredth.
const FEWER: u64 = 100;
/// Entries or imports that are written together.
const TOGETHER: u64 = 500;
/// Events in each small file.
const EVENTS: u64 = 8;
/// Times that both sides take turns for each round of the bench.
const TURNS: u64 = 7;

/// How much is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) entries: u64,
    pub(crate) imports: u64,
    pub(crate) files: u64,
    pub(crate) rounds: u64,
}

/// Seconds of one kind of work, with little and with much.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Both {
    little: Vec<f64>,
    much: Vec<f64>,
}

/// What was measured in turns.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Grown {
    act: Both,
    import: Both,
    sources: Both,
    /// Opening, the passphrase and all.
    open: Both,
    /// The first look at Sources after that.
    first: Both,
    /// The passphrase alone.
    passphrase: Vec<f64>,
}

/// Measures all of it.
pub(crate) fn measure(place: &Path, sizes: Sizes, told: &dyn Fn(String)) -> Result<Vec<Measure>> {
    let fewer = |many: u64| (many / FEWER).max(1);
    let at = |name: &str| -> Result<PathBuf> {
        let place = place.join(name);
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        std::fs::create_dir_all(&place)?;
        Ok(place)
    };
    let mut measures = Vec::new();
    let compared = |name: &str, of: &Both, goal, note: String| {
        let [little, much] = [&of.little, &of.much].map(|took| 1e3 * median(took.iter().copied()));
        Measure::new(name, "ms", much, Some(little), goal, note)
    };

    let (little, much) = (at("few-entries")?, at("many-entries")?);
    for (place, entries) in [(&little, fewer(sizes.entries)), (&much, sizes.entries)] {
        told(format!("writing {entries} ledger entries"));
        let part = Part::Stock {
            entries,
            imports: 0,
        };
        sides::run::<()>(place, &part)?;
    }
    told("acting".to_owned());
    let turns = sizes.rounds * TURNS;
    let part = Part::Grown {
        little,
        turns,
        imports: false,
    };
    let grown: Grown = sides::run(&much, &part)?;
    let note = format!(
        "a field of an incident, with {} ledger entries; floor: with {}",
        sizes.entries,
        fewer(sizes.entries)
    );
    measures.push(compared("act", &grown.act, Goal::Ratio(1.5), note));

    let (little, much) = (at("few-imports")?, at("many-imports")?);
    for (place, imports) in [(&little, fewer(sizes.imports)), (&much, sizes.imports)] {
        told(format!("storing {imports} imports"));
        let part = Part::Stock {
            entries: 0,
            imports,
        };
        sides::run::<()>(place, &part)?;
    }
    told("importing, looking, opening".to_owned());
    let part = Part::Grown {
        little,
        turns,
        imports: true,
    };
    let grown: Grown = sides::run(&much, &part)?;
    let with = |what: &str| {
        format!(
            "{what}, with {} imports stored; floor: with {}",
            sizes.imports,
            fewer(sizes.imports)
        )
    };
    let goal = Goal::Ratio(1.5);
    measures.push(compared(
        "import of one file",
        &grown.import,
        goal,
        with("8 events"),
    ));
    measures.push(compared(
        "refresh of Sources",
        &grown.sources,
        goal,
        with("once looked at"),
    ));
    measures.push(compared(
        "first look at Sources",
        &grown.first,
        Goal::None,
        with("after opening"),
    ));
    let [little, much, passphrase] = [&grown.open.little, &grown.open.much, &grown.passphrase]
        .map(|took| 1e3 * median(took.iter().copied()));
    measures.push(Measure::new(
        "opening after the passphrase",
        "ms",
        much - passphrase,
        Some(little - passphrase),
        Goal::AtMost(1_000.0),
        with(&format!("the passphrase takes {passphrase:.0} ms")),
    ));

    told(format!("writing {} files", sizes.files));
    let (folder, one, single) = (at("files")?, at("one")?, at("single")?);
    let mut whole = flate2(&one.join("all.ndjson.gz"))?;
    for file in 0..sizes.files {
        let mut small = flate2(&folder.join(format!("{file:06}.ndjson.gz")))?;
        for at in 0..EVENTS {
            let line = event(file * EVENTS + at);
            small.write_all(line.as_bytes())?;
            whole.write_all(line.as_bytes())?;
        }
        small.finish()?;
    }
    whole.finish()?;
    std::fs::copy(folder.join("000000.ndjson.gz"), single.join("a.ndjson.gz"))?;
    let (mut many, mut alone) = (Vec::new(), Vec::new());
    for round in 1..=sizes.rounds {
        told(format!("round {round} of {}", sizes.rounds));
        for (from, took) in [(&folder, &mut many), (&one, &mut alone)] {
            let part = Part::Folder { path: from.clone() };
            let (cost, records): (Cost, u64) = sides::run(&at("imported")?, &part)?;
            if records != sizes.files * EVENTS {
                return Err(format!("{records} records were imported").into());
            }
            took.push(cost);
        }
    }
    let (many, alone) = (median_cost(&many), median_cost(&alone));
    measures.push(Measure::new(
        "folder of small files",
        "s",
        many.wall,
        Some(alone.wall),
        Goal::Ratio(2.0),
        format!(
            "{} gz files of {EVENTS} events; floor: the same events in one; processor time {:.2} x",
            sizes.files,
            many.cpu / alone.cpu
        ),
    ));
    told("counting what the disk is asked".to_owned());
    let counted = |from: &PathBuf| -> Result<Option<u64>> {
        let part = Part::Folder { path: from.clone() };
        syncs(&at("imported")?, &part)
    };
    match (counted(&folder)?, counted(&single)?) {
        (Some(all), Some(first)) => {
            let each = (all as f64 - first as f64) / (sizes.files.max(2) - 1) as f64;
            measures.push(Measure::new(
                "waits for the disk",
                "a file",
                each,
                None,
                Goal::AtMost(0.2),
                format!("{all} calls such as fsync, {first} with one file"),
            ));
        }
        _ => told("waits for the disk are not counted: strace is not installed".to_owned()),
    }
    Ok(measures)
}

fn flate2(path: &Path) -> Result<flate2::write::GzEncoder<File>> {
    let file = File::create(path)?;
    Ok(flate2::write::GzEncoder::new(
        file,
        flate2::Compression::default(),
    ))
}

/// Runs a part under strace and counts how often it waited for the disk; none without strace.
fn syncs(place: &Path, part: &Part) -> Result<Option<u64>> {
    let list = tempfile::NamedTempFile::new()?;
    let ran = Command::new("strace")
        .args([
            "-f",
            // Or every other call is stopped as well.
            "--seccomp-bpf",
            "-qq",
            "-e",
            "trace=fsync,fdatasync,syncfs,sync,sync_file_range,msync",
            "-o",
        ])
        .arg(list.path())
        .arg(std::env::current_exe()?)
        .arg("--place")
        .arg(place)
        .args(["--part", &serde_json::to_string(part)?])
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status();
    match ran {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
        Ok(status) if !status.success() => Err("the part under strace failed".into()),
        Ok(_) => {
            let text = std::fs::read_to_string(list.path())?;
            let calls = text
                .lines()
                .filter(|line| line.contains("sync(") || line.contains("syncfs("));
            Ok(Some(calls.count() as u64))
        }
    }
}

/// One line as CloudTrail writes events.
fn event(n: u64) -> String {
    let (day, second) = (n / 86_400 % 28 + 1, n % 86_400);
    let at = format!(
        "2026-11-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    let name = ["GetObject", "PutObject", "ListBuckets", "AssumeRole"][n as usize % 4];
    let event = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": format!("AIDA{:016}", n % 50),
            "arn": format!("arn:aws:iam::111122223333:user/user-{}", n % 50),
            "accountId": "111122223333",
            "userName": format!("user-{}", n % 50),
        },
        "eventTime": at,
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": format!("198.51.100.{}", n % 250),
        "userAgent": "aws-cli/2.15",
        "requestParameters": { "bucketName": format!("bucket-{}", n % 7), "key": format!("object-{n}") },
        "responseElements": Value::Null,
        "requestID": format!("{n:016X}"),
        "eventID": format!("00000000-0000-4000-8000-{n:012}"),
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    });
    format!("{event}\n")
}

/// Makes a workspace that holds so much.
pub(crate) async fn stock(place: &Path, entries: u64, imports: u64) -> Result<()> {
    let environment = environment(place);
    let dir = place.join("workspace");
    let bench = Workbench::new(environment.clone());
    create(&bench, &dir).await?;
    let open = OpenIncident {
        title: "Acted on".into(),
        pin: Vec::new(),
    };
    bench.open_incident(open).await.map_err(said)?;
    bench.lock().await.map_err(said)?;
    let vault = Vault::open(&dir, open_options(&environment)).await?;
    let now = environment.now();
    let note = |n: u64| Act::new("note.added", json!({ "number": n, "text": "of the bench" }));
    let mut written = vault.ledger_head().size;
    while written < entries {
        let many = TOGETHER.min(entries - written);
        let acts = (1..many).fold(Acts::from(note(0)), |acts, n| acts.and(note(n)));
        vault.record(acts, now).await?;
        written += many;
    }
    for n in 0..imports {
        store(&vault, n, now).await?;
        if n % TOGETHER == TOGETHER - 1 {
            vault.settle().await?;
        }
    }
    vault.settle().await?;
    vault.close().await;
    Ok(())
}

async fn create(bench: &Workbench, dir: &Path) -> Result<()> {
    let second = format!("{PASSPHRASE}, too");
    let created = bench.create_workspace(
        dir.display().to_string(),
        PASSPHRASE.into(),
        "reviewer".into(),
        second,
    );
    created.await.map_err(said)?;
    Ok(())
}

/// Stores one import: the record that says what the file was, and an event.
async fn store(vault: &Vault, n: u64, now: DateTime<Utc>) -> Result<()> {
    let bytes = event(n).into_bytes();
    let original =
        vault.seal_file_lasting(Lasting::InGroup, "original", std::io::Cursor::new(bytes));
    let original = original.await?;
    let mark = vault.mark(&original.sha256)?.to_hex();
    let file = vault.hide_name(&format!("{n}.ndjson"))?;
    let head = ImportHead {
        name: format!("{n}.ndjson"),
        kind: "JSON lines".into(),
        original,
        recommit: true,
        member: None,
        admits: None,
    };
    let mut session = vault
        .begin_import_lasting(Lasting::InGroup, head, now)
        .await?;
    let first = session.next_index();
    let record = |index, system: &str, action: &str, at: Option<DateTime<Utc>>| {
        let kept = |path: &str, value: String| Field {
            path: path.into(),
            value,
        };
        let record = Record {
            index,
            seed: vault.draw_seed(),
            fields: vec![
                kept("@schema", format!(r#"{{"id":"{system}","version":1}}"#)),
                kept("/action", format!("\"{action}\"")),
                kept("/number", n.to_string()),
            ],
        };
        NewEvent {
            index,
            leaf: record.leaf(),
            occurred: at,
            recorded: None,
            system: system.into(),
            action: action.into(),
            outcome: None,
            kind: EventKind::Audit,
            assurance: Assurance::Unproven,
            rules: format!("{system}/1"),
            minimised: vec![MinimisedField {
                path: "/action".into(),
                class: Class::C0,
                shown: Shown::Kept {
                    text: format!("\"{action}\""),
                },
            }],
            exposures: Vec::new(),
            line: record.to_line().into_bytes(),
            identity: None,
        }
    };
    let at = DateTime::from_timestamp(1_795_000_000 + n as i64, 0);
    let batch = vec![
        record(first, "muniment-import", "file.imported", None),
        record(first + 1, "aws-cloudtrail", "GetObject", at),
    ];
    session.append(batch).await?;
    let verdict = json!({
        "assurance": Assurance::Unproven.word(),
        "system": "aws-cloudtrail",
        "systems": { "aws-cloudtrail": 1 },
    });
    let acts = move |done: vault::Imported| {
        Act::new(
            "import.finished",
            json!({ "import": done.import, "file": file, "format": "JSON lines", "mark": mark, "records": done.records }),
        )
        .into()
    };
    session.finish_recommit(verdict, acts, now).await?;
    Ok(())
}

/// Imports a folder into a workspace of its own; what it took, and its records.
pub(crate) async fn folder(place: &Path, path: &Path) -> Result<(Cost, u64)> {
    let bench = Workbench::new(environment(place));
    create(&bench, &place.join("workspace")).await?;
    let (before, start) = (process_seconds(), Instant::now());
    let report = bench
        .import_now(vec![path.display().to_string()])
        .await
        .map_err(said)?;
    let cost = Cost {
        wall: start.elapsed().as_secs_f64(),
        cpu: process_seconds() - before,
    };
    bench.lock().await.map_err(said)?;
    Ok((cost, report.total.into()))
}

/// Works with a workspace of little and one of much, in turns.
pub(crate) async fn grown(much: &Path, little: &Path, turns: u64, imports: bool) -> Result<Grown> {
    let mut grown = Grown::default();
    let places = [little, much];
    let benches = places.map(|place| Workbench::new(environment(place)));
    let files = tempfile::tempdir()?;
    let mut number = 1_000_000_000;
    // Opening is measured on its own; the first of all fills the system's caches.
    for turn in 0..=if imports { turns.min(5) } else { 0 } {
        for (side, (bench, place)) in benches.iter().zip(places).enumerate() {
            bench.lock().await.map_err(said)?;
            let dir = place.join("workspace").display().to_string();
            let start = Instant::now();
            bench
                .open_workspace(dir, None, PASSPHRASE.into())
                .await
                .map_err(said)?;
            let took = start.elapsed().as_secs_f64();
            let start = Instant::now();
            bench.sources().await.map_err(said)?;
            let first = start.elapsed().as_secs_f64();
            if turn > 0 {
                grown.open.push(side, took);
                grown.first.push(side, first);
            }
        }
        grown.passphrase.push(passphrase(much)?);
    }
    let mut incidents = Vec::new();
    for bench in &benches {
        let all = bench.incidents().await.map_err(said)?;
        let first = all.incidents.first().ok_or("no incident was opened")?;
        incidents.push(first.id.clone());
    }
    // The first turn fills caches.
    for turn in 0..=turns {
        for (side, (bench, incident)) in benches.iter().zip(&incidents).enumerate() {
            let push = |both: &mut Both, start: Instant| {
                if turn > 0 {
                    both.push(side, start.elapsed().as_secs_f64());
                }
            };
            if !imports {
                let start = Instant::now();
                let value = json!(format!("noticed {turn}"));
                let field = "detection.reporter_role".to_owned();
                bench
                    .set_field(incident.clone(), field, value)
                    .await
                    .map_err(said)?;
                push(&mut grown.act, start);
                continue;
            }
            let path = files.path().join(format!("{number}.ndjson"));
            let lines: String = (number..number + EVENTS).map(event).collect();
            std::fs::write(&path, lines)?;
            number += EVENTS;
            let start = Instant::now();
            let report = bench
                .import_now(vec![path.display().to_string()])
                .await
                .map_err(said)?;
            push(&mut grown.import, start);
            if u64::from(report.total) != EVENTS {
                return Err("the file was not imported".into());
            }
            // What the import left to be counted is counted by the first look.
            bench.sources().await.map_err(said)?;
            let start = Instant::now();
            bench.sources().await.map_err(said)?;
            push(&mut grown.sources, start);
        }
    }
    for bench in &benches {
        bench.lock().await.map_err(said)?;
    }
    Ok(grown)
}

impl Both {
    fn push(&mut self, side: usize, seconds: f64) {
        match side {
            0 => self.little.push(seconds),
            _ => self.much.push(seconds),
        }
    }
}

/// What the passphrase alone costs: every key file is tried until one opens.
fn passphrase(place: &Path) -> Result<f64> {
    let members = place.join("workspace/members");
    let mut took = 0.0;
    let mut files: Vec<PathBuf> = std::fs::read_dir(members)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.sort();
    for path in files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        let file: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        let kdf = &file["kdf"];
        let number = |name: &str| {
            kdf[name]
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .ok_or("a cost")
        };
        let parameters = argon2::Params::new(
            number("memory_kib")?,
            number("iterations")?,
            number("lanes")?,
            Some(32),
        )
        .map_err(|error| error.to_string())?;
        let salt = BASE64.decode(kdf["salt"].as_str().unwrap_or_default().as_bytes())?;
        let start = Instant::now();
        let mut key = [0; 32];
        argon2::Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            parameters,
        )
        .hash_password_into(PASSPHRASE.as_bytes(), &salt, &mut key)
        .map_err(|error| error.to_string())?;
        took += start.elapsed().as_secs_f64();
        if file["role"] == "custodian" {
            break;
        }
    }
    Ok(took)
}
