//! The shapes of all `--json` outputs are schemas under `schemas/cli/`, generated from the types
//! that are printed. `MUNIMENT_UPDATE=1 cargo test -p muniment-tests --test schemas` rewrites them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use muniment_tests::programs::muniment;
use muniment_tests::shapes::{SHAPES, file, printed};
use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The file's text: the type's schema under the names of its commands.
fn text(stem: &str, mut schema: Schema, commands: &[&str]) -> String {
    let title = match commands {
        [] => "Standard error of `muniment --json` when it could not be done".to_owned(),
        _ => {
            let each: Vec<String> = (commands.iter())
                .map(|command| format!("`muniment {command} --json`"))
                .collect();
            format!("What {} prints", each.join(", "))
        }
    };
    schema.insert(
        "$id".into(),
        json!(format!("urn:muniment:schema:cli:{stem}")),
    );
    schema.insert("title".into(), json!(title));
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}

#[test]
fn generated_schemas_are_current() {
    let mut stale = Vec::new();
    let mut known = BTreeSet::new();
    for (stem, printed, commands) in SHAPES {
        let (path, fresh) = (file(stem), text(stem, printed(), commands));
        known.insert(format!("{stem}.schema.json"));
        if std::env::var_os("MUNIMENT_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
            std::fs::write(&path, &fresh).expect("schemas/cli is writable");
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != fresh {
            stale.push(stem);
        }
    }
    assert!(
        stale.is_empty(),
        "schemas/cli of {stale:?} are stale: run `cargo xtask schemas`"
    );
    for entry in std::fs::read_dir(file("").parent().expect("a folder")).expect("schemas/cli") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy().into_owned();
        assert!(known.contains(&name), "schemas/cli/{name} is of no command");
    }
}

/// Asserts that a committed schema is the one that the code gives; with `MUNIMENT_UPDATE` it is made so.
fn is_current(stem: &str, schema: &schemars::Schema) {
    let mut fresh = serde_json::to_string_pretty(schema).expect("a schema is JSON");
    fresh.push('\n');
    let path = file("").with_file_name(format!("../{stem}.schema.json"));
    if std::env::var_os("MUNIMENT_UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("schemas is writable");
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == fresh,
        "schemas/{stem}.schema.json is stale: run `cargo xtask schemas`"
    );
}

/// `schemas/trust-1.schema.json`: the trust file, for those who write one by hand.
#[test]
fn generated_schema_of_the_trust_file_is_current() {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<evidence::Trust>();
    schema.insert("$id".into(), json!("urn:muniment:schema:trust:1"));
    schema.insert("title".into(), json!("Trust file (muniment/trust/v1)"));
    schema.insert(
        "description".into(),
        json!("Per origin: pinned keys, who must sign for which sizes, distrust, schemas, anchor, heartbeat."),
    );
    is_current("trust-1", &schema);
    let validator = jsonschema::validator_for(&schema.to_value()).expect("a schema that compiles");
    let key = evidence::SigningKey::from_seed("log", &[1; 32]).expect("a key");
    let mut policy = evidence::trust::OriginTrust::new("log");
    policy
        .keys
        .push(evidence::trust::PinnedKey(key.verifier_key().clone()));
    policy.requirement.push(evidence::trust::Requirement {
        from: 0,
        to: Some(9),
        signers: policy.default_signers().expect("a key is pinned"),
    });
    let mut trust = evidence::Trust::default();
    trust.put(policy);
    let document: Value = serde_json::from_str(&trust.to_json()).expect("JSON");
    assert!(validator.is_valid(&document), "{document:#}");
}

/// `schemas/packet-trust-2.schema.json`: the trust file of a packet's reader.
#[test]
fn generated_schema_of_the_packet_trust_file_is_current() {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<evidence::packet::PacketTrust>();
    schema.insert("$id".into(), json!("urn:muniment:schema:packet-trust:2"));
    schema.insert(
        "title".into(),
        json!("Trust file of a packet's reader (muniment/packet-trust/2)"),
    );
    schema.insert(
        "description".into(),
        json!("Who may sign packets, which workspaces are known, who must have signed, and trust in the sources' logs."),
    );
    is_current("packet-trust-2", &schema);
    let validator = jsonschema::validator_for(&schema.to_value()).expect("a schema that compiles");
    let key = evidence::SigningKey::from_seed("log", &[1; 32]).expect("a key");
    let vkey = key.verifier_key().to_string();
    let document = json!({
        "format": "muniment/packet-trust/2",
        "signers": [vkey],
        "workspaces": [{ "vault": "w", "genesis": evidence::Hash::sha256(b"x").to_string() }],
        "require": [
            { "role": "reviewer", "count": 2 },
            { "key": evidence::trust::Fingerprint::of(key.verifier_key()).to_string() },
        ],
        "sources": [{ "origin": "log", "keys": [vkey] }],
    });
    assert!(validator.is_valid(&document), "{document:#}");
    let bytes = document.to_string();
    assert!(evidence::packet::PacketTrust::parse(bytes.as_bytes()).is_ok());
    let mut wrong = document;
    wrong["require"] = json!([{ "role": "reviewer", "key": "x" }]);
    assert!(!validator.is_valid(&wrong));
}

/// `schemas/cloudtrail-trust-1.schema.json`: what is pinned about a trail. Each policy that the
/// generated trails are checked under is of its shape, and what it rules out is not.
#[test]
fn generated_schema_of_a_pinned_trail_is_current() {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<evidence::cloudtrail::TrailTrust>();
    schema.insert(
        "$id".into(),
        json!("urn:muniment:schema:cloudtrail-trust:1"),
    );
    let title = format!(
        "Pinned trail ({})",
        evidence::cloudtrail::TRAIL_TRUST_FORMAT
    );
    schema.insert("title".into(), json!(title));
    schema.insert(
        "description".into(),
        json!("Account, regions, bucket and keys of one AWS CloudTrail trail, as a custodian pinned them."),
    );
    is_current("cloudtrail-trust-1", &schema);

    let validator = jsonschema::validator_for(&schema.to_value()).expect("a schema that compiles");
    for case in sample::trail::TrailCase::ALL {
        let policy = case.files().policy;
        let document = serde_json::to_value(&policy).expect("JSON");
        assert!(validator.is_valid(&document), "{case:?}: {document:#}");
        let read = evidence::cloudtrail::TrailTrust::read(&document.to_string());
        assert_eq!(read, Ok(policy), "{case:?}");
    }
    let moved = sample::trail::TrailCase::MovedWithMap.files().policy;
    let good = serde_json::to_value(&moved).expect("JSON");
    for (at, wrong) in [
        ("/format", json!("muniment/cloudtrail-trust/v2")),
        ("/account", json!("1111-2222-3333")),
        ("/regions", json!([])),
        ("/keys/0/sha256", json!(good["keys"][0]["fingerprint"])),
        ("/keys/0/fingerprint", json!(good["keys"][0]["sha256"])),
        ("/keys/0/confirmed", json!({ "by": "somebody" })),
        ("/keys/0/value", json!("not base64 at all")),
        ("/interval", json!({ "since": "yesterday" })),
        ("/locations/0/at", json!(null)),
    ] {
        let mut document = good.clone();
        let place = document.pointer_mut(at);
        *place.unwrap_or_else(|| panic!("{at} is there")) = wrong;
        assert!(!validator.is_valid(&document), "{at} is let through");
        let read = evidence::cloudtrail::TrailTrust::read(&document.to_string());
        assert!(read.is_err(), "{at} is read");
    }
    let mut more = good;
    more["note"] = json!("a field that nobody reads");
    assert!(!validator.is_valid(&more));
}

/// The commands that `muniment … --help` lists.
fn listed(before: &[&str]) -> Vec<String> {
    let output = Command::new(muniment())
        .args(before)
        .arg("--help")
        .output()
        .expect("muniment starts");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (_, commands) = text.split_once("\nCommands:\n").unwrap_or(("", ""));
    (commands.lines())
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(|name| [before, &[name]].concat().join(" "))
        .collect()
}

#[test]
fn every_command_has_a_schema_and_no_schema_is_of_a_command_that_is_gone() {
    let mut there = BTreeSet::new();
    for command in listed(&[]) {
        let inner = listed(&[&command]);
        if inner.is_empty() {
            there.insert(command);
        } else {
            there.extend(inner);
        }
    }
    assert!(there.contains("incident advance") && there.contains("search"));
    let described: BTreeSet<String> = SHAPES
        .iter()
        .flat_map(|(_, _, commands)| commands.iter().map(|c| (*c).to_owned()))
        // Another document of the same command, told by its options.
        .filter(|command| !command.contains(" --"))
        .collect();
    assert_eq!(there, described);
}

/// Every property of a schema, wherever it stands, with its own schema.
fn properties<'s>(schema: &'s Value, found: &mut Vec<(&'s str, &'s Value)>) {
    match schema {
        Value::Object(object) => {
            for (key, inner) in object {
                if let ("properties", Value::Object(each)) = (key.as_str(), inner) {
                    found.extend(each.iter().map(|(name, its)| (name.as_str(), its)));
                }
                properties(inner, found);
            }
        }
        Value::Array(array) => array.iter().for_each(|inner| properties(inner, found)),
        _ => {}
    }
}

#[test]
fn generated_schema_of_fork_proofs_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../schemas/fork-proof-1.schema.json");
    let mut schema = printed::<evidence::ForkProof>();
    schema.insert("$id".into(), json!("urn:muniment:schema:fork-proof:1"));
    schema.insert("title".into(), json!("muniment/fork-proof/v1"));
    let mut fresh = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    fresh.push('\n');
    if std::env::var_os("MUNIMENT_UPDATE").is_some() {
        std::fs::write(&path, &fresh).expect("schemas is writable");
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        fresh,
        "run with MUNIMENT_UPDATE=1 and commit schemas/fork-proof-1.schema.json"
    );
}

#[test]
fn a_total_is_called_total() {
    let schemas: BTreeMap<&str, Value> = (SHAPES.iter())
        .map(|(stem, printed, _)| (*stem, printed().to_value()))
        .collect();
    for (stem, schema) in &schemas {
        let mut found = Vec::new();
        properties(schema, &mut found);
        for (name, its) in &found {
            let other = ["count", "n", "num", "hits", "matches", "sum", "total_count"];
            assert!(
                !other.contains(name) && !name.ends_with("_count") && !name.ends_with("_total"),
                "{stem}: {name} is to be called total"
            );
            if *name == "total" {
                assert_eq!(
                    its["type"], "integer",
                    "{stem}: a total is a number of things"
                );
            }
        }
    }
    // Answers that are a list, or are about a number of records, say how many.
    for stem in [
        "search",
        "trust",
        "import",
        "incident-list",
        "custody",
        "seal",
    ] {
        let required = schemas[stem]["required"].as_array().expect("required");
        assert!(required.contains(&json!("total")), "{stem}");
    }
}
