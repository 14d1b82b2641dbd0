//! The built-in source files are whole, and their own examples are records of theirs.

use redaction::{Class, HandleKey, Shown, minimise};
use serde_json::Value;
use sources::{Catalogue, PURPOSES, RecordKind, Step};

fn file(id: &str) -> Value {
    let path = format!(
        "{}/../../../schemas/sources/{id}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Leaves of a schema, by hand: whatever has no `properties`.
fn leaves(schema: &Value, path: String, out: &mut Vec<(String, Value)>) {
    match schema["properties"].as_object() {
        Some(properties) => {
            for (name, below) in properties {
                leaves(below, format!("{path}/{name}"), out);
            }
        }
        None => out.push((path, schema.clone())),
    }
}

#[test]
fn every_file_in_the_folder_is_built_in() {
    let folder = format!("{}/../../../schemas/sources", env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    // The newest version has the plain name; those before it stay, for records and packets that name them.
    let builtin = Catalogue::builtin();
    let mut known: Vec<String> = builtin
        .all()
        .map(|source| match builtin.newer(source).is_empty() {
            true => source.id.clone(),
            false => format!("{}-{}", source.id, source.version),
        })
        .collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn every_leaf_has_class_and_purpose_and_every_record_type_a_title() {
    for source in Catalogue::builtin().newest() {
        let file = file(&source.id);
        let mut declared = Vec::new();
        if file.get("properties").is_some() {
            leaves(&file, String::new(), &mut declared);
        }
        assert_eq!(declared.len(), source.fields().len(), "{}", source.id);
        for (path, schema) in declared {
            let rule = source
                .rule(&path)
                .unwrap_or_else(|| panic!("{} {path}", source.id));
            assert_eq!(schema["x-class"], rule.class.code(), "{} {path}", source.id);
            assert!(!rule.purposes.is_empty(), "{} {path}", source.id);
            for purpose in &rule.purposes {
                assert!(
                    PURPOSES.iter().any(|(id, _)| id == purpose),
                    "{path}: {purpose}"
                );
            }
            if let Some(domain) = &rule.handle_domain {
                assert_ne!(
                    redaction::prefix(domain),
                    "id",
                    "{path}: {domain} has no prefix"
                );
            }
            assert!(!source.describe(&path).unwrap().title.is_empty());
        }
        for one in source.record_types() {
            assert!(
                !one.title.is_empty() && one.title != one.name,
                "{}",
                one.name
            );
        }
        for life in source.lifecycles() {
            for change in &life.transitions {
                assert!(life.states.contains(&change.to));
                assert!(change.from.iter().all(|state| life.states.contains(state)));
                let kind = source.record_type(&change.on).unwrap().kind;
                assert_eq!(kind, RecordKind::Lifecycle, "{}", change.on);
            }
        }
    }
}

#[test]
fn examples_are_valid_import_whole_and_have_a_headline() {
    let key = HandleKey::new([1; 32]);
    for source in Catalogue::builtin().all() {
        let file = file(&source.id);
        let schema = jsonschema::validator_for(&file).unwrap();
        assert!(jsonschema::meta::is_valid(&file));
        for example in file["examples"].as_array().into_iter().flatten() {
            if let Err(error) = schema.validate(example) {
                panic!("{}: {}", source.id, error.instance_path());
            }
            let fields = source.commit(&example.to_string()).unwrap();
            assert_eq!(fields[0].path, "@schema");
            assert_eq!(fields[0].value, source.schema_value());
            assert!(
                fields.iter().all(|field| !field.path.ends_with('*')),
                "{}",
                source.id
            );
            let pairs = || {
                fields
                    .iter()
                    .map(|field| (field.path.as_str(), field.value.as_str()))
            };
            let line = source.headline(pairs());
            assert!(
                line.occurred.is_some() && line.declared,
                "{}: {}",
                source.id,
                line.action
            );
            for field in minimise(&|path| source.rule(path), pairs(), &key) {
                let hidden_by_design = matches!(field.class, Class::Unknown)
                    || source.rule(&field.path).is_some_and(|rule| rule.free_text);
                assert_eq!(
                    field.shown == Shown::Hidden,
                    hidden_by_design,
                    "{} {}",
                    source.id,
                    field.path
                );
            }
        }
    }
}

/// A class that is shown says that no identity stands in a field; whoever writes the record may not know.
#[test]
fn no_field_that_is_shown_takes_a_name_or_a_number_of_somebody() {
    let texts = [
        "mira",
        "Mira",
        "MIRA",
        "bo-li",
        "kim2",
        "mira.vornfeld",
        "Mira-Vornfeld-2",
        "mira_vornfeld",
        "MIRAVORNFELD2026",
        "mira@kanariya.example",
        "10.77.88.97",
        "ip-10-77-88-97",
        "46701234567",
        "490154203237518",
        "GB29NWBK60161331926819",
        "ghp_q7Kx2mZ9pL4wN8vB3tR6yD1sF5hJ0gC2aEuW",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ];
    for source in Catalogue::builtin().all() {
        for (path, rule) in source.fields() {
            let shown = matches!(rule.class, Class::C0 | Class::C1 | Class::C2 | Class::H);
            if !shown || rule.free_text {
                continue;
            }
            for text in texts {
                let place = format!("{} {path}: {text}", source.id);
                let accepts = |value: Value| rule.value_type.accepts(&value.to_string());
                assert!(!accepts(text.into()), "{place}");
                assert!(!accepts(vec![text].into()), "{place}, in a list");
                assert!(
                    !accepts(format!("EK-{text}").into()),
                    "{place}, behind a code"
                );
                assert!(
                    !accepts(format!("Mozilla/5.0 {text}").into()),
                    "{place}, in a label"
                );
                if let Ok(number) = text.parse::<u64>() {
                    assert!(!accepts(number.into()), "{place}, as a number");
                }
            }
        }
    }
}

#[test]
fn a_record_of_a_wrong_shape_does_not_validate() {
    let schema = jsonschema::validator_for(&file("enigm-key")).unwrap();
    let mut record = file("enigm-key")["examples"][0].clone();
    assert!(schema.is_valid(&record));
    record["outcome"] = "perhaps".into();
    assert!(!schema.is_valid(&record));
}

#[test]
fn a_headline_names_paths_and_never_identities() {
    let catalogue = Catalogue::builtin();
    let source = catalogue.get("enigm-key", None).unwrap();
    let record = r#"{"type":"key.revoked","id":"1","time":"2026-11-02T04:30:00+01:00","recorded":"2026-11-02T03:30:04Z","outcome":"accepted","actor":{"account":"r.ortega@example.org"},"subject":{"key":"EK-20417","account":null}}"#;
    let fields = source.commit(record).unwrap();
    let line = source.headline(fields.iter().map(|f| (f.path.as_str(), f.value.as_str())));
    assert_eq!(line.title, "Enigm Key revoked");
    assert_eq!(line.kind, RecordKind::Lifecycle);
    assert_eq!(line.actor.as_deref(), Some("/actor/account"));
    assert_eq!(line.subjects, ["/subject/key"]);
    assert_eq!(line.outcome.as_deref(), Some("accepted"));
    let occurred = line.occurred.as_ref().unwrap();
    assert_eq!(occurred.original, "2026-11-02T04:30:00+01:00");
    assert_eq!(occurred.utc.to_rfc3339(), "2026-11-02T03:30:00+00:00");
    assert!(!format!("{line:?}").contains("ortega"));

    // An action that is not one of the declared codes is not shown: it could be anything.
    let odd = record.replace("key.revoked", "r.ortega@example.org");
    let fields = source.commit(&odd).unwrap();
    let line = source.headline(fields.iter().map(|f| (f.path.as_str(), f.value.as_str())));
    assert_eq!(line.action, sources::UNDECLARED);
    assert!(!format!("{line:?}").contains("ortega"));
}

#[test]
fn a_revoked_key_that_triggers_an_emergency_contradicts_its_life() {
    let catalogue = Catalogue::builtin();
    let lives = catalogue.get("enigm-key", Some(1)).unwrap().lifecycles();
    let key = lives.iter().find(|life| life.name == "key").unwrap();
    let ok = Some("accepted");
    assert_eq!(
        key.step(None, "key.provisioned", ok),
        Step::Moves { to: "provisioned" }
    );
    assert_eq!(
        key.step(Some("provisioned"), "key.activated", ok),
        Step::Moves { to: "active" }
    );
    assert_eq!(
        key.step(Some("active"), "key.revoked", Some("refused")),
        Step::None
    );
    assert_eq!(
        key.step(Some("active"), "emergency.triggered", ok),
        Step::None
    );
    assert_eq!(
        key.step(Some("revoked"), "emergency.triggered", ok),
        Step::Contradicts {
            found: "revoked",
            expected: &[],
            to: None
        }
    );
    assert_eq!(
        key.step(Some("revoked"), "key.activated", ok),
        Step::Contradicts {
            found: "revoked",
            expected: &["provisioned".to_owned()],
            to: Some("active")
        }
    );
    // History that began before the import is not held against the record.
    assert_eq!(key.step(None, "emergency.triggered", ok), Step::None);
    assert_eq!(
        key.step(None, "key.revoked", ok),
        Step::Moves { to: "revoked" }
    );
}
