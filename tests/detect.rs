//! Detection candidates, from files through the workbench: each lifecycle's contradictions, those across systems,
//! content exposures; in any order of import, with decisions that outlive what they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use rand_core::SeedableRng as _;
use serde_json::{Value, json};
use sources::Lifecycle;
use workbench::view::{DetectionsView, PinKey, SearchRequest};
use workbench::{Code, Environment, Workbench, seal};

fn environment(home: &Path) -> Environment {
    let seconds = AtomicI64::new(1_795_132_800);
    let seed = AtomicU64::new(1);
    let mut environment = Environment::new(
        move || {
            DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).expect("a time")
        },
        move || {
            let seed = seed.fetch_add(1, Ordering::Relaxed);
            Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(seed))
        },
        home.join("state/muniment"),
        home.join("data/muniment"),
    );
    environment.argon2_kib = 65_536;
    environment
}

const FIRST: &str = "first passphrase of the custodian";
const SECOND: &str = "second passphrase of the reviewer";

async fn workspace(home: &Path) -> Workbench {
    let bench = Workbench::new(environment(home));
    let dir = home.join("workspace").display().to_string();
    bench
        .create_workspace(dir, FIRST.into(), "reviewer".into(), SECOND.into())
        .await
        .expect("a workspace");
    bench
}

/// A log of one system, sealed export by export.
struct Log {
    home: PathBuf,
    source: &'static str,
    origin: String,
    vkey: String,
    exports: Vec<PathBuf>,
}

impl Log {
    fn new(home: &Path, source: &'static str) -> Self {
        let origin = format!("test.example/{source}");
        let key = home.join(format!("{source}.key"));
        let view = seal::keygen(&origin, &key, false, &environment(home)).expect("a key");
        Self {
            home: home.to_owned(),
            source,
            origin,
            vkey: view.vkey,
            exports: Vec::new(),
        }
    }

    /// Seals these records as the next export.
    fn export(&mut self, records: &[Value]) -> String {
        let number = self.exports.len();
        let input = self.home.join(format!("{}-{number}.ndjson", self.source));
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        std::fs::write(&input, lines.join("\n")).expect("written");
        let output = self.home.join(format!("{}-{number}.zip", self.source));
        seal::seal(
            &seal::Request {
                source: self.source,
                origin: &self.origin,
                key: &self.home.join(format!("{}.key", self.source)),
                previous: self.exports.last().map(PathBuf::as_path),
                rotate_to: None,
                input: Some(&input),
                output: &output,
            },
            &environment(&self.home),
        )
        .expect("an export");
        self.exports.push(output.clone());
        output.display().to_string()
    }
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-09-01T08:00:00Z")
        .expect("a time")
        .to_utc()
        + TimeDelta::minutes(minutes)
}

/// A record with these fields, by pointer.
fn record(kind: &str, when: DateTime<Utc>, fields: &[(&str, Value)]) -> Value {
    let mut record = json!({
        "type": kind,
        "id": format!("{kind}-{}", when.timestamp_millis()),
        "time": when.to_rfc3339(),
        "outcome": "accepted",
    });
    for (path, value) in fields {
        put(&mut record, path, value.clone());
    }
    record
}

fn put(record: &mut Value, path: &str, value: Value) {
    let mut here = record;
    for part in path.split('/').skip(1) {
        if !here.is_object() {
            *here = json!({});
        }
        here = here
            .as_object_mut()
            .expect("an object")
            .entry(part.to_owned())
            .or_insert(Value::Null);
    }
    *here = value;
}

async fn import(bench: &Workbench, paths: &[&String]) {
    for path in paths {
        let report = bench
            .import_now(vec![(*path).clone()])
            .await
            .expect("imported");
        assert!(
            report.quarantine.is_empty(),
            "{path}: {:?}",
            report.quarantine
        );
    }
}

async fn detections(bench: &Workbench) -> DetectionsView {
    bench.detections(true).await.expect("detections")
}

/// Every candidate: rule, id and what it says.
fn all(view: &DetectionsView) -> BTreeSet<(String, String, String)> {
    view.groups
        .iter()
        .flat_map(|group| {
            let rule = group.rule.clone();
            group
                .rows
                .iter()
                .map(move |row| (rule.clone(), row.id.clone(), row.why.clone()))
        })
        .collect()
}

/// Record types that lead a subject from nothing to `state`.
fn way_to<'l>(life: &'l Lifecycle, state: &str) -> Option<Vec<&'l str>> {
    let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in &life.transitions {
        let begins = change.from.is_empty() || life.states.first() == Some(&change.to);
        if begins {
            ways.entry(&change.to).or_insert_with(|| vec![&change.on]);
        }
    }
    loop {
        if let Some(way) = ways.get(state) {
            return Some(way.clone());
        }
        let mut more = Vec::new();
        for change in &life.transitions {
            for from in &change.from {
                if let Some(way) = ways.get(from.as_str())
                    && !ways.contains_key(change.to.as_str())
                {
                    more.push((change.to.as_str(), [way.as_slice(), &[&change.on]].concat()));
                }
            }
        }
        if more.is_empty() {
            return None;
        }
        ways.extend(more);
    }
}

/// Each lifecycle of each source: whatever it refuses in a state, and a change from a state that it cannot come
/// from. All of it in one export for each source; nothing else is found.
#[tokio::test(flavor = "multi_thread")]
async fn every_lifecycle_raises_what_contradicts_it_and_nothing_else() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let bench = workspace(home).await;
    let catalogue = sources::Catalogue::builtin();
    let mut expected: BTreeSet<String> = BTreeSet::new();
    let mut lives = 0;
    for source in catalogue.all() {
        if source.lifecycles().is_empty() {
            continue;
        }
        let mut records = Vec::new();
        for life in source.lifecycles() {
            // A product is named in the open, not by a handle: it is no subject that is followed.
            let domain = source
                .rule(&life.subject)
                .and_then(|rule| rule.handle_domain.as_ref());
            if domain.is_none() {
                assert_eq!(
                    (source.id.as_str(), life.name.as_str()),
                    ("continuity", "product")
                );
                continue;
            }
            lives += 1;
            let mut cases: Vec<(Vec<&str>, String)> = Vec::new();
            for refused in &life.refuses {
                let way = way_to(life, &refused.states[0]).expect("a state that can be reached");
                let way = [way.as_slice(), &[refused.on[0].as_str()]].concat();
                cases.push((way, format!("{}/{}/refused", source.id, life.name)));
            }
            let wrong = life.states.iter().find_map(|state| {
                let way = way_to(life, state)?;
                let change = life.transitions.iter().find(|change| {
                    !life
                        .transitions
                        .iter()
                        .any(|one| one.on == change.on && one.from.contains(state))
                })?;
                Some([way.as_slice(), &[change.on.as_str()]].concat())
            });
            if let Some(way) = wrong {
                cases.push((way, format!("{}/{}/order", source.id, life.name)));
            }
            for (number, (way, rule)) in cases.into_iter().enumerate() {
                // Handles are numbers and codes; each is of one life only.
                let name = format!("{lives}-{}-{number}", records.len());
                for (step, action) in way.iter().enumerate() {
                    let when = at(records.len() as i64 * 10 + step as i64);
                    records.push(record(action, when, &[(&life.subject, json!(name))]));
                }
                expected.insert(rule);
            }
        }
        // A posture may become any other: nothing contradicts it.
        if records.is_empty() {
            continue;
        }
        let mut log = Log::new(home, Box::leak(source.id.clone().into_boxed_str()));
        bench
            .trust_add(PinKey::of(&log.vkey, log.source))
            .await
            .expect("pinned");
        let export = log.export(&records);
        import(&bench, &[&export]).await;
    }
    assert!(lives >= 15, "{lives} lifecycles");
    let found = detections(&bench).await;
    let rules: BTreeSet<String> = found
        .groups
        .iter()
        .filter(|group| group.kind == "contradiction")
        .map(|group| group.rule.clone())
        .collect();
    let missing: Vec<_> = expected.difference(&rules).collect();
    assert!(missing.is_empty(), "not raised: {missing:?}");
    let judged_by_values: Vec<_> = rules
        .difference(&expected)
        .filter(|rule| rule.ends_with("/order") || rule.ends_with("/refused"))
        .collect();
    assert!(
        judged_by_values.is_empty(),
        "raised though legal: {judged_by_values:?}"
    );
    for group in &found.groups {
        for row in &group.rows {
            assert_eq!(row.assurance, "source-anchored");
            assert_eq!(row.state, "open");
        }
    }
    let last = found.groups.first().expect("a group");
    let view = bench
        .detection(last.rows[0].id.clone())
        .await
        .expect("a candidate");
    assert!(view.proof.len() >= 2 && view.proof.iter().any(|p| p.role == "breaks the rule"));
    let handle = last.subject.clone().expect("a subject");
    let subject = bench.subject(handle.clone()).await.expect("a subject");
    assert_eq!(subject.handle, handle);
    assert!(
        subject.lives[0]
            .life
            .steps
            .iter()
            .any(|step| step.contradiction.is_some())
    );
    assert_eq!(subject.detections.len(), 1);
}

/// What depends on values and times: a restore that skipped validation, a message removed late, one that is kept
/// in silence.
#[tokio::test(flavor = "multi_thread")]
async fn values_and_times_contradict_too() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let bench = workspace(home).await;
    let mut continuity = Log::new(home, "continuity");
    let recovery = |kind, minute, more: &[(&str, Value)]| {
        let mut fields = vec![("/subject/recovery", json!("rec-1"))];
        fields.extend_from_slice(more);
        record(kind, at(minute), &fields)
    };
    let skipped = continuity.export(&[
        recovery("recovery.planned", 0, &[]),
        recovery(
            "recovery.tested",
            10,
            &[("/restore/validation", json!("skipped"))],
        ),
    ]);
    let mut server = Log::new(home, "enigm-server");
    let message = |kind, id: &str, minute, more: &[(&str, Value)]| {
        let mut fields = vec![("/subject/message", json!(id))];
        fields.extend_from_slice(more);
        record(kind, at(minute), &fields)
    };
    let expires = [("/message/expires", json!(at(60).to_rfc3339()))];
    let stored = server.export(&[
        message("message.stored", "mh-1a", 0, &expires),
        message("message.stored", "mh-2b", 1, &expires),
        message("message.stored", "mh-3c", 2, &expires),
        message("message.expired", "mh-3c", 61, &[]),
    ]);
    let later = server.export(&[
        message("message.expired", "mh-1a", 600, &[]),
        message("message.stored", "mh-4d", 900, &[]),
    ]);
    for log in [&continuity, &server] {
        bench
            .trust_add(PinKey::of(&log.vkey, log.source))
            .await
            .expect("pinned");
    }
    import(&bench, &[&skipped, &stored]).await;
    let rules = |view: &DetectionsView| -> Vec<String> {
        let mut rules: Vec<String> = view
            .groups
            .iter()
            .map(|g| format!("{} {}", g.rule, g.subject.clone().unwrap_or_default()))
            .collect();
        rules.sort();
        rules
    };
    assert_eq!(
        rules(&detections(&bench).await),
        ["continuity/recovery/validation-skipped rec-1"],
        "nobody knows yet that the messages are kept"
    );
    import(&bench, &[&later]).await;
    let found = detections(&bench).await;
    assert_eq!(
        rules(&found),
        [
            "continuity/recovery/validation-skipped rec-1",
            "enigm-server/message/kept-past-lifetime mh-2b",
            "enigm-server/message/removed-late mh-1a",
        ]
    );
    let kept = found
        .groups
        .iter()
        .find(|g| g.rule.ends_with("kept-past-lifetime"))
        .expect("a group");
    let view = bench
        .detection(kept.rows[0].id.clone())
        .await
        .expect("a candidate");
    assert!(view.cautions.iter().any(|text| text.contains("silence")));
}

fn account(name: &str) -> Value {
    json!(format!("{name}@example.org"))
}

/// Logs of three systems in two exports each, with a contradiction in one system, one across two, and times too
/// close to tell.
fn story(home: &Path) -> (Vec<String>, Vec<PinKey>) {
    let mut app = Log::new(home, "enigm-app");
    let mut command = Log::new(home, "enigm-command");
    let mut esim = Log::new(home, "enigm-esim");
    let life =
        |kind, name: &str, minute| record(kind, at(minute), &[("/subject/account", account(name))]);
    let acts =
        |kind, name: &str, minute| record(kind, at(minute), &[("/actor/account", account(name))]);
    let mut refused = acts("administrator.signed-in", "gone", 260);
    refused["outcome"] = json!("refused");
    let paths = vec![
        app.export(&[
            life("account.registered", "gone", 0),
            life("account.activated", "gone", 1),
            life("account.registered", "back", 2),
        ]),
        app.export(&[
            life("account.activated", "back", 100),
            life("account.suspended", "back", 120),
            life("account.deleted", "gone", 200),
            life("session.signed-in", "gone", 300),
            life("account.activated", "back", 400),
        ]),
        command.export(&[
            acts("administrator.signed-in", "gone", 150),
            acts("administrator.signed-in", "gone", 201),
            acts("administrator.signed-in", "gone", 240),
            refused,
        ]),
        command.export(&[
            acts("policy.changed", "gone", 500),
            acts("policy.changed", "back", 501),
        ]),
        esim.export(&[
            record("esim.issued", at(0), &[("/subject/esim", json!("sim-1"))]),
            record(
                "esim.activated",
                at(5),
                &[("/subject/esim", json!("sim-1"))],
            ),
            record("esim.retired", at(50), &[("/subject/esim", json!("sim-1"))]),
        ]),
        esim.export(&[record(
            "network.attached",
            at(70),
            &[
                ("/subject/esim", json!("sim-1")),
                ("/subject/account", account("gone")),
            ],
        )]),
    ];
    let pin = |log: Log| PinKey::of(&log.vkey, log.source);
    (paths, vec![pin(app), pin(command), pin(esim)])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_candidates_whatever_order_the_exports_came_in() {
    let files = tempfile::tempdir().expect("a folder");
    let (paths, keys) = story(files.path());
    let orders: [[usize; 6]; 5] = [
        [0, 1, 2, 3, 4, 5],
        [5, 4, 3, 2, 1, 0],
        [3, 5, 1, 0, 2, 4],
        [2, 1, 4, 0, 5, 3],
        [1, 3, 0, 5, 4, 2],
    ];
    let mut first = None;
    for (number, order) in orders.into_iter().enumerate() {
        let home = tempfile::tempdir().expect("a folder");
        let bench = workspace(home.path()).await;
        for (place, path) in order.into_iter().enumerate() {
            // The key is pinned before, in the middle or after; followed at each step or at once.
            if place == number {
                for key in &keys {
                    bench.trust_add(key.clone()).await.expect("pinned");
                }
            }
            import(&bench, &[&paths[path]]).await;
            if number != 1 {
                detections(&bench).await;
            }
        }
        let found = all(&detections(&bench).await);
        let rules: Vec<&str> = found.iter().map(|(rule, ..)| rule.as_str()).collect();
        assert_eq!(
            rules,
            [
                "across/deleted-account-active",
                "across/deleted-account-active",
                "enigm-app/account/refused",
                "enigm-esim/esim/refused",
            ],
            "order {order:?}: a sign-in one minute after the deletion, by another clock, is not judged"
        );
        assert_eq!(
            first.get_or_insert_with(|| found.clone()),
            &found,
            "order {order:?}"
        );
        bench.rebuild_detections().await.expect("rebuilt");
        assert_eq!(
            first.as_ref(),
            Some(&all(&detections(&bench).await)),
            "rebuilt"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_and_custody_keeps_it() {
    let files = tempfile::tempdir().expect("a folder");
    let (paths, keys) = story(files.path());
    let home = tempfile::tempdir().expect("a folder");
    let bench = workspace(home.path()).await;
    for key in &keys {
        bench.trust_add(key.clone()).await.expect("pinned");
    }
    import(&bench, &paths.iter().collect::<Vec<_>>()).await;
    let found = bench.detections(false).await.expect("detections");
    assert_eq!((found.open, found.total), (4, 4));
    let of = |rule: &str| -> Vec<String> {
        let group = found
            .groups
            .iter()
            .find(|g| g.rule == rule)
            .expect("a group");
        group.rows.iter().map(|row| row.id.clone()).collect()
    };
    let (across, own, sim) = (
        of("across/deleted-account-active"),
        of("enigm-app/account/refused"),
        of("enigm-esim/esim/refused"),
    );
    let incident = bench
        .open_detections(across.clone(), None)
        .await
        .expect("an incident");
    assert_eq!(incident.row.title, "Activity on a deleted account");
    assert_eq!(
        incident.evidence.len(),
        3,
        "two activities and the deletion"
    );
    let form = serde_json::to_value(&incident.stages[0])
        .expect("JSON")
        .to_string();
    for said in [
        "security-monitoring",
        "source-signed",
        "2026-09-01T12:00:00.000Z",
    ] {
        assert!(form.contains(said), "the Detection form lacks {said}");
    }
    let again = bench
        .open_detections(across.clone(), None)
        .await
        .expect_err("decided");
    assert_eq!(again.code, Code::Refused);
    let linked = bench
        .link_detections(own, incident.row.id.clone())
        .await
        .expect("linked");
    assert_eq!(linked.evidence.len(), 4);
    let empty = bench
        .dismiss_detections(sim.clone(), " ".into())
        .await
        .expect_err("no reason");
    assert_eq!(empty.code, Code::Invalid);
    let dismissed = bench
        .dismiss_detections(sim.clone(), "the carrier's own test".into())
        .await
        .expect("dismissed");
    assert_eq!(dismissed.row.state, "dismissed");
    assert_eq!(
        dismissed.decisions[0].reason.as_deref(),
        Some("the carrier's own test")
    );
    let open = bench.detections(false).await.expect("detections");
    assert_eq!((open.open, open.total, open.groups.len()), (0, 4, 0));

    // Derived anew after the decision, in another session: the decisions stand.
    bench.rebuild_detections().await.expect("rebuilt");
    bench.lock().await.expect("locked");
    let dir = home.path().join("workspace").display().to_string();
    bench
        .open_workspace(dir.clone(), None, FIRST.into())
        .await
        .expect("opened");
    let open = bench.detections(false).await.expect("detections");
    assert_eq!((open.open, open.total), (0, 4));
    let custody = bench
        .custody("detection.".into(), None)
        .await
        .expect("custody");
    let decisions = custody
        .entries
        .iter()
        .filter(|one| one.kind.starts_with("detection."));
    assert_eq!(decisions.count(), 4);
    let fsck = bench.fsck().await.expect("checked");
    assert!(fsck.ok);
    let back = bench
        .reconsider_detection(sim[0].clone(), "there was no test".into())
        .await
        .expect("reconsidered");
    assert_eq!((back.row.state.as_str(), back.decisions.len()), ("open", 2));

    // A reviewer reads and does not decide.
    bench.lock().await.expect("locked");
    bench
        .open_workspace(dir, None, SECOND.into())
        .await
        .expect("opened");
    assert_eq!(bench.detections(false).await.expect("detections").open, 1);
    let refused = bench
        .dismiss_detections(sim, "no".into())
        .await
        .expect_err("a reviewer may not");
    assert_eq!(refused.code, Code::Refused);
}

/// Files that name no source are judged too, once somebody says of which system they are.
#[tokio::test(flavor = "multi_thread")]
async fn assigned_records_are_judged_like_those_that_name_their_system() {
    let home = tempfile::tempdir().expect("a folder");
    let bench = workspace(home.path()).await;
    let catalogue = sources::Catalogue::builtin();
    let source = catalogue.get("enigm-key", None).expect("a source");
    let life = (source.lifecycles().iter())
        .find(|life| !life.refuses.is_empty())
        .expect("a life that refuses something");
    let refused = &life.refuses[0];
    let way = way_to(life, &refused.states[0]).expect("a state that can be reached");
    let actions = [way.as_slice(), &[refused.on[0].as_str()]].concat();
    let lines = actions.iter().zip(0..).map(|(action, step)| {
        let one = record(action, at(step), &[(&life.subject, json!("EK-1"))]);
        one.to_string() + "\n"
    });
    let file = home.path().join("loose.ndjson");
    std::fs::write(&file, lines.collect::<String>()).expect("written");
    let report = bench.import_now(vec![file.display().to_string()]).await;
    let import = report.expect("imported").files[0].id;
    assert_eq!(detections(&bench).await.total, 0);
    bench
        .assign_source("enigm-key".into(), vec![import], None, true)
        .await
        .expect("assigned");
    let found = detections(&bench).await;
    let rules: BTreeSet<&str> = found.groups.iter().map(|g| g.rule.as_str()).collect();
    let rule = format!("enigm-key/{}/refused", life.name);
    assert!(rules.contains(rule.as_str()), "{rules:?}");
}

const SECRETS: [&str; 4] = [
    "Tr0ub4dor-3x-canary",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "read me the recovery words canary",
];

#[tokio::test(flavor = "multi_thread")]
async fn exposed_content_is_raised_and_seen_nowhere() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let bench = workspace(home).await;
    let mut log = Log::new(home, "enigm-command");
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n{}\n-----END PRIVATE KEY-----\n",
        SECRETS[1], SECRETS[1]
    );
    let jwt = format!(
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{}",
        SECRETS[2]
    );
    let export = log.export(&[
        record(
            "administrator.signed-in",
            at(0),
            &[
                ("/actor/account", account("admin")),
                (
                    "/source/agent",
                    json!(format!("curl --password={}", SECRETS[0])),
                ),
            ],
        ),
        record(
            "session.ended",
            at(1),
            &[("/reason/note", json!(format!("token was {jwt}")))],
        ),
        record(
            "session.ended",
            at(2),
            &[("/unheard/of", json!({ "deep": [pem] }))],
        ),
        record(
            "session.ended",
            at(3),
            &[("/support/transcript", json!(SECRETS[3]))],
        ),
        record(
            "session.ended",
            at(4),
            &[("/support/transcript", json!(""))],
        ),
        record(
            "session.ended",
            at(5),
            &[("/reason/note", json!("the password was changed"))],
        ),
    ]);
    bench
        .trust_add(PinKey::of(&log.vkey, log.source))
        .await
        .expect("pinned");
    import(&bench, &[&export]).await;
    let found = detections(&bench).await;
    let mut places: Vec<(String, String)> = found
        .groups
        .iter()
        .map(|g| (g.rule.clone(), g.field.clone().unwrap_or_default()))
        .collect();
    places.sort();
    let place = |rule: &str, path: &str| (rule.to_owned(), path.to_owned());
    assert_eq!(
        places,
        [
            place("exposure/jwt", "/reason/note"),
            place("exposure/password", "/source/agent"),
            place("exposure/private-key", "/*"),
            place("exposure/protected-content", "/support/transcript"),
        ]
    );
    let mut said = serde_json::to_string(&found).expect("JSON");
    let mut ids = Vec::new();
    for group in &found.groups {
        for row in &group.rows {
            let view = bench.detection(row.id.clone()).await.expect("a candidate");
            said.push_str(&serde_json::to_string(&view).expect("JSON"));
            let record = bench.record(row.seq).await.expect("a record");
            said.push_str(&serde_json::to_string(&record).expect("JSON"));
            ids.push(row.id.clone());
        }
    }
    let incident = bench.open_detections(ids, None).await.expect("an incident");
    said.push_str(&serde_json::to_string(&incident).expect("JSON"));
    let custody = bench.custody(String::new(), None).await.expect("custody");
    said.push_str(&serde_json::to_string(&custody).expect("JSON"));
    for secret in SECRETS {
        assert!(!said.contains(secret), "a view holds {secret}");
    }
    let before = all(&found);
    for again in [false, true] {
        if again {
            // Rows and index anew from the sealed records, and what was found of them.
            bench.rebuild(true).await.expect("rebuilt");
            assert_eq!(before, all(&detections(&bench).await));
        }
        for secret in SECRETS.iter().chain(&["curl"]) {
            let request = SearchRequest {
                query: format!("\"{secret}\""),
                limit: 10,
                ..SearchRequest::default()
            };
            let hits = bench.search_records(request).await.expect("searched");
            assert_eq!(hits.total, 0, "the index knows {secret}");
        }
    }
    bench.rebuild_detections().await.expect("rebuilt");
    assert_eq!(before, all(&detections(&bench).await));
}

/// However many of a group are decided, the open ones come up.
#[tokio::test(flavor = "multi_thread")]
async fn open_candidates_are_listed_behind_decided_ones() {
    let home = tempfile::tempdir().expect("a folder");
    let home = home.path();
    let bench = workspace(home).await;
    let mut log = Log::new(home, "enigm-command");
    let records: Vec<Value> = (0..120)
        .map(|n| {
            let said = json!(format!("curl --password=Tr0ub4dor-{n:03}-canary"));
            record("administrator.signed-in", at(n), &[("/source/agent", said)])
        })
        .collect();
    let export = log.export(&records);
    bench
        .trust_add(PinKey::of(&log.vkey, log.source))
        .await
        .expect("pinned");
    import(&bench, &[&export]).await;
    for (rows, more) in [(50, 70), (50, 20), (20, 0)] {
        let found = bench.detections(false).await.expect("detections");
        let [group] = found.groups.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((group.rows.len(), group.more), (rows, more));
        assert_eq!(group.open, found.open);
        let ids = group.rows.iter().map(|row| row.id.clone()).collect();
        let dismissed = bench.dismiss_detections(ids, "a drill".into());
        dismissed.await.expect("dismissed");
    }
    assert_eq!(bench.detections(false).await.expect("detections").open, 0);
}

/// What a red team really left in CloudTrail: the session tokens of temporary credentials, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_trail_raises_only_what_is_truly_in_it() {
    let Some(folder) = muniment_tests::corpora::folder("invictus") else {
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let bench = workspace(home.path()).await;
    let folder = folder.join("CloudTrail");
    let mut tokens = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        tokens += text.matches("\"sessionToken\":\"IQo").count();
    }
    assert_eq!(tokens, 36);
    bench
        .import_now(vec![folder.display().to_string()])
        .await
        .expect("imported");
    let found = detections(&bench).await;
    let rules: BTreeSet<&str> = found.groups.iter().map(|g| g.rule.as_str()).collect();
    assert_eq!(rules, BTreeSet::from(["exposure/session-token"]));
    assert_eq!(found.total, 36);
}
