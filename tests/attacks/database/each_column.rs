//! **What it does**: a reviewer changes one column of one row, or takes a row away: of every table that there is, also of those
//! that a later version adds.
//! **What it wants**: that something is shown, counted or obeyed otherwise, and nobody hears of it.
//! **What stops it**: for each change, whoever asks is refused, or `fsck` names it, or every answer is the very same.
//! Seen before: of policies, source files, counts, rows, lives and notes the changed answer came, and `fsck` was green.
//!
//! A sample of the changes; all of them with `MUNIMENT_SOAK=1`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use muniment_tests::benches::{PASS, REVIEWER_PASS, bench, workbench};
use muniment_tests::exports::{Log, put};
use muniment_tests::opened;
use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde::Serialize;
use serde_json::{Value, json};
use workbench::view::{OpenIncident, PinKey, SearchRequest};
use workbench::{Error, Workbench};

use crate::outside::names::{base, record};

const ORIGIN: &str = "log.example/key";

/// What a member sees of everything, by what was asked; an error by its code, because it may name the row.
async fn answers(bench: &Workbench, incident: &str) -> BTreeMap<&'static str, Value> {
    fn said<T: Serialize>(answer: Result<T, Error>) -> Value {
        match answer {
            Ok(view) => serde_json::to_value(view).expect("a view is JSON"),
            Err(error) => json!({ "refused": error.code }),
        }
    }
    let search = SearchRequest {
        limit: 100,
        facets: ["action", "subject", "outcome", "assurance", "verdict"]
            .map(str::to_owned)
            .to_vec(),
        ..SearchRequest::default()
    };
    // How large files are and what ran just now is no claim about the evidence.
    let without = |mut answer: Value, names: &[&str]| {
        if let Some(members) = answer.as_object_mut() {
            members.retain(|name, _| !names.contains(&name.as_str()));
        }
        answer
    };
    let incident = incident.to_owned();
    BTreeMap::from([
        ("search", said(bench.search_records(search).await)),
        ("first record", said(bench.record(1).await)),
        ("last record", said(bench.record(12).await)),
        ("overview", without(said(bench.overview().await), &["jobs"])),
        ("sources", said(bench.sources().await)),
        ("source files", said(bench.source_files().await)),
        ("policy", said(bench.trust_policy(ORIGIN.into()).await)),
        ("custody", said(bench.custody(String::new(), None).await)),
        ("quarantine", said(bench.quarantine(true).await)),
        ("incidents", said(bench.incidents().await)),
        ("incident", said(bench.incident(incident.clone()).await)),
        ("packets", said(bench.packets().await)),
        (
            "plan",
            said(bench.packet_plan(incident, "outside".into()).await),
        ),
        ("detections", said(bench.detections(true).await)),
        ("to classify", said(bench.to_classify().await)),
        (
            "settings",
            without(
                said(bench.settings().await),
                &["index_bytes", "database_bytes"],
            ),
        ),
        ("controls", said(bench.controls().await)),
        ("interrupted", said(bench.interrupted().await)),
    ])
}

/// The workspace opened by its custodian in another process, or the workbench that could not open it.
async fn reopened(home: &Path, workspace: &Path) -> Result<Workbench, Box<(Workbench, Error)>> {
    let bench = workbench(home);
    let dir = workspace.display().to_string();
    match bench.open_workspace(dir, None, PASS.into()).await {
        Ok(_) => Ok(bench),
        Err(error) => Err(Box::new((bench, error))),
    }
}

fn refused(answer: &Value) -> bool {
    answer.get("refused").is_some()
}

/// The names of the checks of `fsck` that do not hold, of a workspace that opens or not.
async fn named(bench: &Workbench, workspace: &Path, open: bool) -> Vec<String> {
    let report = match open {
        true => bench.fsck().await,
        false => {
            let dir = workspace.display().to_string();
            bench.fsck_unopened(dir, None, PASS.into()).await
        }
    };
    match report {
        Ok(report) => {
            let wrong = report.checks.into_iter().filter(|check| !check.ok);
            wrong.map(|check| check.name).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// A value that is another one of the same type.
fn other(value: &Sql) -> Sql {
    match value {
        Sql::Null => Sql::Integer(1),
        Sql::Integer(number) => Sql::Integer(number.wrapping_add(1)),
        Sql::Real(number) => Sql::Real(number + 1.0),
        Sql::Text(text) => Sql::Text(match text.as_str() {
            "" => "x".into(),
            text => {
                let mut chars: Vec<char> = text.chars().collect();
                let middle = chars.len() / 2;
                chars[middle] = if chars[middle] == '1' { '2' } else { '1' };
                chars.into_iter().collect()
            }
        }),
        Sql::Blob(bytes) => {
            let mut bytes = bytes.clone();
            match bytes.len() {
                0 => bytes.push(1),
                length => bytes[length / 2] ^= 1,
            }
            Sql::Blob(bytes)
        }
    }
}

/// A change of one row: its table, and the column, or none where the row is taken away.
#[derive(Clone, Debug)]
struct Change {
    table: String,
    column: Option<String>,
    /// The first row of the table or the last.
    last: bool,
}

/// Every change that there is to make.
fn changes(db: &Connection) -> Vec<Change> {
    let mut tables = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
        .expect("the schema");
    let tables = tables
        .query_map([], |row| row.get::<_, String>(0))
        .expect("tables");
    let mut changes = Vec::new();
    for table in tables.map(|name| name.expect("a name")) {
        let count: i64 = db
            .query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| {
                row.get(0)
            })
            .expect("a count");
        let statement = db
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .expect("a table");
        let columns: Vec<String> = statement
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        for last in [false, true]
            .into_iter()
            .take(usize::try_from(count.clamp(0, 2)).expect("small"))
        {
            let whole = std::iter::once(None);
            for column in whole.chain(columns.iter().cloned().map(Some)) {
                let table = table.clone();
                changes.push(Change {
                    table,
                    column,
                    last,
                });
            }
        }
    }
    changes
}

/// Makes the change; whether the database let it.
fn made(db: &Connection, change: &Change) -> bool {
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        .expect("off");
    let table = &change.table;
    let primary = format!(
        "SELECT group_concat('\"' || name || '\"', ', ') FROM pragma_table_info('{table}') WHERE pk > 0"
    );
    let key: Option<String> = db.query_row(&primary, [], |row| row.get(0)).expect("a key");
    let key = key.unwrap_or_else(|| "rowid".into());
    let order = if change.last { "DESC" } else { "ASC" };
    let ordered: Vec<String> = key
        .split(", ")
        .map(|column| format!("{column} {order}"))
        .collect();
    let which = format!(
        "({key}) IN (SELECT {key} FROM \"{table}\" ORDER BY {} LIMIT 1)",
        ordered.join(", ")
    );
    let Some(column) = &change.column else {
        return db
            .execute(&format!("DELETE FROM \"{table}\" WHERE {which}"), [])
            .is_ok();
    };
    let old: Sql = db
        .query_row(
            &format!("SELECT \"{column}\" FROM \"{table}\" WHERE {which}"),
            [],
            |row| row.get(0),
        )
        .expect("a value");
    let set = format!("UPDATE \"{table}\" SET \"{column}\" = ? WHERE {which}");
    db.execute(&set, [other(&old)]).is_ok()
}

fn kept(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut folders = vec![home.join("ws"), home.join("state")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push((path.clone(), fs::read(&path).expect("read"))),
            }
        }
    }
    all
}

fn put_back(home: &Path, kept: &[(PathBuf, Vec<u8>)]) {
    for folder in ["ws", "state"] {
        fs::remove_dir_all(home.join(folder)).expect("removed");
    }
    for (path, bytes) in kept {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_column_is_refused_or_named_or_says_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let home = dir.path();
    let workspace = home.join("ws");
    let bench = bench(home).await;
    let lives = ["key.activated", "dependency.checked", "key.revoked"];
    let records = (0..12).map(|n| {
        let mut fields = base(n);
        fields[0].1 = json!(lives[n as usize % 3]).to_string();
        // One key, whose life contradicts itself.
        fields[3].1 = "\"EK-1\"".into();
        record(n, fields)
    });
    let log = Log::of(ORIGIN, 5, records.collect());
    put(&home.join("one"), &log.export(0..8, &[]));
    put(&home.join("two"), &log.export(6..12, &[3]));
    put(
        &home.join("stranger"),
        &Log::new("other.example/log", 6, 3).export(0..3, &[]),
    );
    fs::create_dir(home.join("held")).expect("a folder");
    fs::write(home.join("held/a.ndjson"), "{\"a\":1}\n").expect("written");
    fs::write(
        home.join("held/SHA256SUMS"),
        format!("{}  a.ndjson\n", "0".repeat(64)),
    )
    .expect("written");
    fs::write(
        home.join("loose.ndjson"),
        "{\"eventVersion\":\"1.08\",\"x\":1}\n",
    )
    .expect("written");
    let pin = PinKey::of(&log.verifier().to_string(), "enigm-key");
    bench.trust_add(pin).await.expect("pinned");
    for name in ["one", "two", "stranger", "held", "loose.ndjson"] {
        let path = home.join(name).display().to_string();
        bench.import_now(vec![path]).await.expect("imported");
    }
    let opened = OpenIncident {
        title: "A title".into(),
        pin: vec![1, 2],
    };
    let incident = bench.open_incident(opened).await.expect("opened").row.id;
    let plan = bench
        .packet_plan(incident.clone(), "internal-audit".into())
        .await
        .expect("a plan");
    let path = home.join("packet.zip").display().to_string();
    let written = bench.packet_write(incident.clone(), "internal-audit".into(), plan.digest, path);
    written.await.expect("written");
    bench
        .set_settings("UTC".into(), "dark".into(), 20)
        .await
        .expect("set");
    // What the first plan for an audience makes is there before anything is compared.
    let _ = answers(&bench, &incident).await;
    assert_eq!(named(&bench, &workspace, true).await, Vec::<String>::new());
    bench.lock().await.expect("locked");
    drop(bench);

    let honest = kept(home);
    let key = opened::key(&workspace, REVIEWER_PASS, "database");
    let all = changes(&opened::database(&workspace, &key));
    assert!(all.len() > 300, "{}", all.len());
    let again = reopened(home, &workspace).await;
    let again = again.unwrap_or_else(|refused| panic!("{}", refused.1));
    let right = answers(&again, &incident).await;
    assert!(right.values().all(|answer| !refused(answer)), "{right:#?}");
    drop(again);

    // 29 is prime to most counts of columns, so that each table has its turn.
    let step = if std::env::var_os("MUNIMENT_SOAK").is_some() {
        1
    } else {
        29
    };
    let (mut unlet, mut stopped, mut told, mut same) = (0, 0, 0, 0);
    let mut silent = Vec::new();
    for change in all.iter().step_by(step) {
        put_back(home, &honest);
        let db = opened::database(&workspace, &key);
        let let_it = made(&db, change);
        db.close().expect("closed");
        if !let_it {
            unlet += 1;
            continue;
        }
        let again = reopened(home, &workspace).await;
        let open = again.is_ok();
        let bench = match again {
            Ok(bench) => bench,
            Err(refused) => refused.0,
        };
        let now = if open {
            answers(&bench, &incident).await
        } else {
            BTreeMap::new()
        };
        let changed: Vec<&str> = (now.iter())
            .filter(|(asked, answer)| !refused(answer) && right[*asked] != **answer)
            .map(|(asked, _)| *asked)
            .collect();
        let found = named(&bench, &workspace, open).await;
        match (open, now == right, changed.is_empty(), found.is_empty()) {
            (false, ..) => stopped += 1,
            (_, _, true, false) => stopped += 1,
            (_, _, false, false) => told += 1,
            (_, true, _, true) => same += 1,
            // Refused where it is used, and `fsck` knows nothing of it, is not enough: nobody would find out why.
            (_, false, _, true) => silent.push(format!("{change:?}: {changed:?}")),
        }
        let _ = bench.lock().await;
    }
    let counts = format!(
        "{unlet} not let, {stopped} refused or named, {told} named, {same} of which nothing follows"
    );
    assert_eq!(silent, Vec::<String>::new(), "{counts}");
    assert!(stopped > 0 && told > 0, "{counts}");
}
