//! What he does: gives what he sends, and what is typed from it, names that act on a terminal: files, folders, members of
//! an archive, logs, keys, titles, fields, values, reasons.
//!
//! What he wants: a line of his own on the screen of whoever runs any command, or in a log.
//!
//! What stops him: every command's output goes through one gate, which is tried with each command there is: the list
//! comes from the program's own help, so that a new one is not forgotten.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Output;

use chrono::Utc;
use evidence::Field;
use muniment_tests::exports::{Log, record};
use muniment_tests::programs::{PASSPHRASE, SECOND_PASSPHRASE, Terminal};
use rand_core::SeedableRng as _;
use serde_json::{Value, json};
use workbench::{Environment, Workbench};

use super::{HOSTILE, NAME, harmless, shows_it};

/// Every command of the program, as its help lists them.
fn all_commands(terminal: &Terminal) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(path) = open.pop() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let output = terminal.run(&arguments);
        harmless("help", &output);
        let help = String::from_utf8(output.stdout).expect("text");
        let below: Vec<&str> = (help.lines())
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .collect();
        if below.is_empty() {
            found.insert(path.join(" "));
        }
        open.extend((below.iter()).map(|name| [path.clone(), vec![(*name).to_owned()]].concat()));
    }
    found
}

/// A terminal in which everything is his, and what was tried in it.
struct His {
    terminal: Terminal,
    tried: BTreeSet<String>,
    shown: usize,
}

impl His {
    /// Runs a command in both forms, and once as if it could not be done.
    fn tries(&mut self, command: &str, arguments: &[&str]) -> Output {
        let mut all: Vec<&str> = command.split(' ').collect();
        all.extend(arguments);
        let output = (self.terminal.command(&all))
            .env("RUST_LOG", "debug")
            .env("MUNIMENT_RECOVERY_KEY", HOSTILE)
            .env("MUNIMENT_NEW_PASSPHRASE", HOSTILE)
            .output()
            .expect("muniment starts");
        harmless(command, &output);
        self.shown += usize::from(shows_it(&output));
        self.tried.insert(command.to_owned());
        output
    }

    /// The same as one JSON document, for what only reads.
    fn reads(&mut self, command: &str, arguments: &[&str]) -> Value {
        self.tries(command, arguments);
        let mut all = vec!["--json"];
        all.extend(command.split(' '));
        all.extend(arguments);
        let output = self.terminal.run(&all);
        harmless(command, &output);
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

fn plant(home: &Path) -> Log {
    let folder = home.join(format!("in{HOSTILE}"));
    let line = json!({ HOSTILE: HOSTILE, "at": HOSTILE, "more": { NAME: [HOSTILE, {NAME: 1}] } });
    put(
        &folder.join(format!("a{HOSTILE}.ndjson")),
        format!("{line}\n").as_bytes(),
    );
    let badge = json!({"at": "2026-11-02T03:00:00Z", "event": "door.opened", "badge": HOSTILE, "door": HOSTILE});
    put(
        &folder.join(format!("b{HOSTILE}.ndjson")),
        format!("{badge}\n").as_bytes(),
    );
    put(&folder.join(format!("c{HOSTILE}.ndjson")), b"{\"broken\"");
    put(&folder.join("held").join(format!("d{HOSTILE}")), b"{}\n");
    put(
        &folder.join("held").join("SHA256SUMS"),
        format!("{}  d{HOSTILE}\n", "0".repeat(64)).as_bytes(),
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(
        format!("m{NAME}.ndjson"),
        zip::write::SimpleFileOptions::default(),
    )
    .expect("a member");
    zip.write_all(format!("{line}\n").as_bytes())
        .expect("written");
    let zip = zip.finish().expect("a ZIP").into_inner();
    put(&folder.join(format!("z{HOSTILE}.zip")), &zip);

    // A native export of a log of his name, one of whose records has paths of his.
    let mut records: Vec<_> = (0..4).map(|index| record(index, 1)).collect();
    for field in [format!("/{NAME}"), format!("/n/{NAME}")] {
        records[1].fields.push(Field {
            path: field,
            value: json!(HOSTILE).to_string(),
        });
    }
    let log = Log::of(NAME, 5, records);
    for (name, bytes) in log.export(0..4, &[]) {
        put(&folder.join("native").join(name), &bytes);
    }
    let other = Log::of(NAME, 5, (0..4).map(|index| record(index, 2)).collect());
    for (name, bytes) in other.export(0..4, &[]) {
        put(&folder.join("other").join(name), &bytes);
    }
    log
}

/// A workspace of a custodian and a reviewer with the terminal's passphrases.
fn made(home: &Path, workspace: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let mut environment = Environment::new(
        Utc::now,
        || Box::new(rand_chacha::ChaCha20Rng::seed_from_u64(7)),
        home.join("state"),
        home.join("data"),
    );
    environment.argon2_kib = 65_536;
    let bench = Workbench::new(environment);
    let created = bench.create_workspace(
        workspace.display().to_string(),
        PASSPHRASE.into(),
        "custodian".into(),
        SECOND_PASSPHRASE.into(),
    );
    runtime.block_on(created).expect("a workspace");
    runtime.block_on(bench.lock()).expect("locked");
}

const OWN: &str = r#"{
  "x-source": {"id":"badge-reader","version":1,"title":"Badge reader","summary":"Doors","recognise":["door","badge"],
    "time":{"occurred":"/at"},"action":"/event","actor":["/badge"],"subjects":["/door"],
    "record_types":[{"type":"door.opened","title":"Door opened","kind":"audit","ocsf":null}]},
  "type":"object",
  "properties": {
    "at": {"x-class":"C1","x-type":"timestamp","x-purpose":["security-investigation"]},
    "event": {"x-class":"C0","x-type":"code","enum":["door.opened"],"x-purpose":["security-investigation"]},
    "badge": {"x-class":"C3","x-type":"text","x-purpose":["security-investigation"],"x-handle-domain":"account"},
    "door": {"x-class":"C3","x-type":"text","x-purpose":["security-investigation"],"x-handle-domain":"host"}
  }
}"#;

#[test]
fn no_command_is_acted_upon() {
    let home = tempfile::tempdir().expect("a folder");
    let mut terminal = Terminal::new(home.path());
    let commands = all_commands(&terminal);
    assert!(commands.len() > 45, "{commands:?}");
    terminal.workspace = home.path().join(format!("ws{HOSTILE}"));
    let log = plant(home.path());
    let vkey = log.verifier().to_string();
    let key = log.verifier().fingerprint().to_hex();
    let mut his = His {
        terminal,
        tried: BTreeSet::new(),
        shown: 0,
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let at = |name: &str| format!("{name}{HOSTILE}");

    // The command line itself: names that a shell filled in.
    for arguments in [
        vec![HOSTILE],
        vec!["verify", HOSTILE, HOSTILE],
        vec!["show", HOSTILE],
        vec!["init", "--second-role", HOSTILE],
        vec!["search", "--limit", HOSTILE],
        vec!["verify", "--truts", HOSTILE],
        vec![&at("--")],
        vec!["trust", &at("ad")],
    ] {
        let output = his.terminal.run(&arguments);
        harmless("the command line", &output);
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
    }

    // Without a workspace.
    his.tries("keygen", &["--origin", NAME, "-o", &at("key")]);
    his.tries("keygen", &["--origin", HOSTILE, "-o", &at("key")]);
    put(&home.path().join(at("lines")), b"{\"time\":1}\n{\"\n");
    let seal = [
        "--source",
        "enigm-command",
        "--origin",
        NAME,
        "--key",
        &at("key"),
        &at("lines"),
        "-o",
        &at("export"),
    ];
    his.tries("seal", &seal);
    his.tries(
        "seal",
        &[
            "--source",
            HOSTILE,
            "--origin",
            NAME,
            "--key",
            &at("key"),
            &at("no"),
            "-o",
            "x",
        ],
    );
    let native = format!("in{HOSTILE}/native");
    his.reads("verify", &[&native, "--trust", &vkey]);
    his.reads("verify", &[&native]);
    his.reads("verify", &[&at("in")]);
    his.reads("verify", &[&format!("in{HOSTILE}/z{HOSTILE}.zip")]);
    his.reads("verify", &[&at("no"), "--trust", &at("no")]);
    let trail = [
        "--keys",
        &at("no"),
        "--account",
        HOSTILE,
        "--region",
        HOSTILE,
        "--trail",
        HOSTILE,
        "--bucket",
        HOSTILE,
    ];
    his.tries("verify", &[&[at("in").as_str()], trail.as_slice()].concat());

    his.tries("init", &["--second-role", "custodian"]);
    his.tries("init", &[]);
    // One like it, whose passphrases cost less.
    his.terminal.workspace = home.path().join(at("case"));
    made(home.path(), &his.terminal.workspace);
    // What the workspace keeps of him.
    his.reads("trust add", &[&vkey, "--schema", "enigm-key"]);
    his.tries("trust add", &[HOSTILE, "--origin", HOSTILE]);
    his.tries("trust add", &[&vkey, "--schema", HOSTILE]);
    his.tries("import", &[&at("in")]);
    his.tries("import", &[&at("in"), &at("no")]);
    let other = format!("in{HOSTILE}/other");
    his.tries("import", &[&other]);
    his.reads("sources", &[]);
    his.reads("imports", &[]);
    his.reads("trust list", &[]);
    his.reads("trust show", &[NAME]);
    his.reads("trust show", &[HOSTILE]);
    his.reads("trust proposals", &[NAME]);
    his.tries("trust heartbeat", &[NAME, "--every", "60"]);
    his.tries("trust anchor", &[NAME, "1", HOSTILE]);
    his.tries(
        "trust distrust",
        &[NAME, HOSTILE, "--from", "9", "--as", HOSTILE],
    );
    his.tries("trust confirm", &[NAME, HOSTILE]);
    his.tries("trust confirm", &[HOSTILE, &key]);
    his.reads("trust export", &[]);
    his.tries("trust export", &["-o", &at("trust.json")]);
    his.tries("trust set", &[&at("trust.json"), "--dry-run"]);
    his.tries("trust set", &[&at("no")]);
    put(
        &home.path().join(at("bad-trust")),
        format!("{{\"{NAME}\": \"").as_bytes(),
    );
    his.tries("trust set", &[&at("bad-trust")]);
    let pin = [
        "--account",
        "123456789012",
        "--region",
        "eu-west-1",
        "--trail",
        HOSTILE,
        "--bucket",
        HOSTILE,
        "--prefix",
        HOSTILE,
    ];
    his.tries("trust cloudtrail pin", &pin);
    his.tries(
        "trust cloudtrail pin",
        &[&pin[..], &["--keys", &at("no")]].concat(),
    );
    his.tries("trust cloudtrail set", &[&at("bad-trust")]);
    his.reads("trust cloudtrail list", &[]);
    his.reads("fork-proof", &[NAME]);
    his.tries("fork-proof", &[NAME, "-o", &at("proof")]);
    his.tries("fork-proof", &[HOSTILE]);
    his.reads("verify", &[&at("proof"), "--trust", &vkey]);

    let held = his.reads("quarantine list", &["--all"]);
    assert!(
        held["files"]
            .as_array()
            .is_some_and(|files| !files.is_empty()),
        "{held}"
    );
    let held = (held["files"].as_array().into_iter().flatten())
        .filter_map(|file| file["id"].as_u64())
        .map(|id| id.to_string())
        .collect::<Vec<_>>();
    for id in &held {
        his.reads("quarantine show", &[id]);
    }
    his.tries("quarantine export", &[&held[0], "-o", &at("held")]);
    his.tries("quarantine export", &[&held[0], "-o", &at("held")]);
    for id in &held {
        his.tries("quarantine admit", &[id, "--reason", HOSTILE]);
    }

    // Source files of his.
    let mut own: Value = serde_json::from_str(OWN).expect("JSON");
    for member in ["title", "summary"] {
        own["x-source"][member] = json!(HOSTILE);
    }
    own["x-source"]["record_types"][0]["title"] = json!(HOSTILE);
    put(&home.path().join(at("own")), own.to_string().as_bytes());
    own["x-source"]["id"] = json!(HOSTILE);
    own["properties"][HOSTILE] = json!({"x-class": HOSTILE});
    put(&home.path().join(at("worse")), own.to_string().as_bytes());
    his.reads("source check", &[&at("own")]);
    his.reads("source check", &[&at("worse")]);
    his.reads("source check", &[&at("no")]);
    his.tries("source add", &[&at("own")]);
    his.tries(
        "source add",
        &[&at("worse"), "--confirm-weaker", "--reason", HOSTILE],
    );
    his.reads("source list", &[]);
    his.reads("source show", &["badge-reader"]);
    his.reads("source show", &["badge-reader", "--file"]);
    his.reads("source show", &[HOSTILE]);
    his.tries(
        "source assign",
        &["own-thing", "--import", "1", "--title", HOSTILE],
    );
    his.reads("classify list", &[]);
    let decision = ["--class", "C1", "--purpose", "security-investigation"];
    his.reads("classify preview", &[&["/**"], &decision[..]].concat());
    his.reads(
        "classify preview",
        &[&[HOSTILE, "--source", HOSTILE], &decision[..]].concat(),
    );
    let reason = ["--reason", HOSTILE];
    his.tries(
        "classify apply",
        &[
            &["/more/**", "--source", "own-thing"],
            &decision[..],
            &reason,
        ]
        .concat(),
    );
    his.tries("rebuild", &["--all"]);

    // Records, and an incident in which everything typed is his.
    his.reads(
        "search",
        &[
            "",
            "--facet",
            "system",
            "--facet",
            HOSTILE,
            "--histogram",
            "3",
        ],
    );
    his.reads("search", &[HOSTILE]);
    his.reads("search", &["\"unclosed \u{1b}[2J", "--after", HOSTILE]);
    let found = his.reads("search", &["", "--limit", "50"]);
    let seqs: Vec<String> = (found["rows"].as_array().into_iter().flatten())
        .filter_map(|row| row["seq"].as_u64())
        .map(|seq| seq.to_string())
        .collect();
    assert!(seqs.len() >= 5, "{found}");
    for seq in &seqs {
        his.reads("show", &[seq]);
    }
    let subject = (found["rows"].as_array().into_iter().flatten())
        .find_map(|row| row["subject"].as_str())
        .unwrap_or("x");
    his.reads("subject", &[subject]);
    his.reads("subject", &[HOSTILE]);
    his.tries("incident open", &[HOSTILE, "--pin", &seqs[0]]);
    his.tries("incident open", &[HOSTILE]);
    // A form takes no controls; what turns letters round it takes.
    let opened = his.tries("incident open", &[NAME]);
    assert_eq!(opened.status.code(), Some(0));
    let list = his.reads("incident list", &[]);
    let id = text(&list["incidents"][0]["id"]);
    his.tries("look-up", &[HOSTILE, "--incident", &id]);
    his.tries("look-up", &["x", "--incident", &id, "--purpose", HOSTILE]);
    for seq in &seqs {
        his.tries("incident pin", &[&id, seq, "--note", NAME]);
    }
    his.tries("incident set", &[&id, "detection.hypothesis", HOSTILE]);
    his.tries("incident set", &[&id, "detection.hypothesis", NAME]);
    his.tries("incident set", &[&id, HOSTILE, HOSTILE]);
    his.tries("incident set", &[&id, "detection.origin", HOSTILE]);
    let finding = json!({ "statement": HOSTILE, NAME: HOSTILE }).to_string();
    his.tries("incident set", &[&id, "investigation.findings+", &finding]);
    his.tries(
        "incident save-search",
        &[&id, HOSTILE, "--purpose", HOSTILE],
    );
    his.tries("incident map", &[&id, "E1", "5.28", "--claim", HOSTILE]);
    his.tries(
        "incident map",
        &[
            &id,
            HOSTILE,
            HOSTILE,
            "--framework",
            HOSTILE,
            "--relation",
            HOSTILE,
            "--claim",
            HOSTILE,
        ],
    );
    his.tries(
        "incident waive",
        &[&id, "detection.owner", "--reason", HOSTILE],
    );
    his.tries("incident waive", &[&id, HOSTILE, "--reason", HOSTILE]);
    his.tries("incident advance", &[&id]);
    his.tries("incident advance", &[HOSTILE]);
    his.tries("incident back", &[&id, HOSTILE, "--reason", HOSTILE]);
    his.tries("incident approve", &[&id, HOSTILE, "--as", HOSTILE]);
    his.reads("incident show", &[&id]);
    his.reads("incident show", &[HOSTILE]);
    let plan = his.reads("packet plan", &[&id, "--audience", "internal-audit"]);
    let plan = text(&plan["digest"]);
    his.tries(
        "packet write",
        &[
            &id,
            "--audience",
            "internal-audit",
            "--approve",
            &plan,
            "-o",
            &at("packet"),
        ],
    );
    his.tries(
        "packet write",
        &[
            &id,
            "--audience",
            HOSTILE,
            "--approve",
            HOSTILE,
            "-o",
            &at("packet"),
        ],
    );

    his.tries("packet sign", &[&at("packet"), "-o", &at("signed")]);
    his.tries("packet sign", &[HOSTILE, "-o", HOSTILE]);
    his.reads("packet keys", &[]);
    his.tries("packet keys", &["-o", &at("keys")]);

    his.reads("detections list", &["--all"]);
    his.tries("detections show", &[HOSTILE]);
    his.tries("detections open", &[HOSTILE, "--title", HOSTILE]);
    his.tries("detections link", &[HOSTILE, "--incident", HOSTILE]);
    his.tries("detections dismiss", &[HOSTILE, "--reason", HOSTILE]);
    his.tries("detections reconsider", &[HOSTILE, "--reason", HOSTILE]);
    his.tries("detections rebuild", &[]);
    his.reads("custody", &[]);
    his.reads("custody", &[HOSTILE]);
    his.reads("fsck", &[]);

    // Ways back that lead nowhere: what is typed is his.
    his.tries("recover", &[]);
    his.tries("passphrase", &[]);
    his.tries("restore", &["--dry-run"]);
    his.tries("restore", &[]);

    // A member of his name, and a workspace that is not there.
    let output = his.terminal.run(&["--member", HOSTILE, "sources"]);
    harmless("a member", &output);
    let output = his.terminal.run(&["--workspace", HOSTILE, "sources"]);
    harmless("a workspace", &output);

    assert_eq!(his.tried, commands, "every command there is was tried");
    assert!(
        his.shown > 50,
        "what he wrote came through written out: {}",
        his.shown
    );
}
