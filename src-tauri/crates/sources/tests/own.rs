//! Source files that people write: their schema, newer versions, and classes that come later.

use std::collections::BTreeMap;

use redaction::Class;
use serde_json::Value;
use sources::{Catalogue, ChangeKind, Decision, Fit, Pattern, SourceFile, file_schema, scalars};

#[test]
fn generated_schema_of_source_files_is_current_and_every_built_in_file_fits_it() {
    let path = format!(
        "{}/../../../schemas/source-file.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let fresh = format!(
        "{}\n",
        serde_json::to_string_pretty(&file_schema()).unwrap()
    );
    if std::env::var_os("MUNIMENT_UPDATE").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == fresh,
        "schemas/source-file.schema.json is stale: cargo xtask schemas writes it anew"
    );
    let schema = jsonschema::validator_for(&file_schema()).unwrap();
    for source in Catalogue::builtin().all() {
        let wrong: Vec<String> = schema
            .iter_errors(&source.document())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", source.id);
    }
    // It can fail.
    let mut file = Catalogue::builtin()
        .get("enigm-key", None)
        .unwrap()
        .document();
    file["properties"]["id"]["x-class"] = "C9".into();
    assert!(!schema.is_valid(&file));
    let mut file = Catalogue::builtin()
        .get("enigm-key", None)
        .unwrap()
        .document();
    file["x-source"]["lifecycles"][0]["contradictions"] = serde_json::json!([{"name": 1}]);
    assert!(!schema.is_valid(&file));
}

#[test]
fn patterns_take_parts() {
    for (pattern, takes, leaves) in [
        ("/a/**", vec!["/a", "/a/b", "/a/b/c"], vec!["/b", "/ab"]),
        ("/*/arn", vec!["/a/arn"], vec!["/arn", "/a/b/arn"]),
        (
            "/**/arn",
            vec!["/arn", "/a/arn", "/a/b/arn"],
            vec!["/arn/x"],
        ),
        ("/a/-/b", vec!["/a/-/b"], vec!["/a/b"]),
        ("/**", vec!["/a", "/a/b"], vec![]),
    ] {
        let pattern: Pattern = pattern.parse().unwrap();
        for path in takes {
            assert!(pattern.takes(path), "{pattern:?} {path}");
        }
        for path in leaves {
            assert!(!pattern.takes(path), "{pattern:?} {path}");
        }
    }
    assert!("a/b".parse::<Pattern>().is_err());
}

fn decision(class: Class, domain: Option<&str>) -> Decision {
    Decision {
        class,
        purposes: vec!["security-investigation".into()],
        handle_domain: domain.map(str::to_owned),
        free_text: false,
    }
}

#[test]
fn what_was_committed_whole_is_shown_in_parts_by_a_newer_version() {
    let catalogue = Catalogue::builtin();
    let old = catalogue.get("aws-cloudtrail", None).unwrap();
    let record = r#"{"eventVersion":"1.08","requestParameters":{"bucketName":"b-1","tags":[{"k":"x","v":1},{"k":"y"}],"owner":"o"}}"#;
    let fields = old.commit(record).unwrap();
    let mut found = BTreeMap::new();
    scalars(
        "/requestParameters",
        &fields[2].value,
        &mut |path, value| {
            let fit: &mut Fit = found.entry(path.to_owned()).or_default();
            fit.add(value);
        },
    );
    let paths: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/requestParameters/bucketName",
            "/requestParameters/owner",
            "/requestParameters/tags/-/k",
            "/requestParameters/tags/-/v",
        ]
    );
    assert_eq!(
        found["/requestParameters/tags/-/v"].best(Class::C1).0,
        "integer"
    );
    let types: BTreeMap<String, &'static str> = found
        .iter()
        .filter(|(path, _)| !path.ends_with("owner"))
        .map(|(path, fit)| (path.clone(), fit.best(Class::C2).0))
        .collect();
    let next = old.classified(&types, &decision(Class::C2, None)).unwrap();
    assert!(next.mixed.is_empty());
    let new = SourceFile::parse(&next.bytes).unwrap();
    assert_eq!(new.version, old.version + 1);
    let pairs: Vec<(&str, &str)> = (fields.iter())
        .map(|field| (field.path.as_str(), field.value.as_str()))
        .collect();
    assert!(!new.shows_as_committed(&pairs));
    let parts = new.expand(&pairs);
    let shown: Vec<(&str, &str, Option<Class>)> = (parts.iter())
        .skip(2)
        .map(|(path, value)| (&**path, &**value, new.rule(path).map(|rule| rule.class)))
        .collect();
    assert_eq!(
        shown,
        [
            ("/requestParameters/bucketName", "\"b-1\"", Some(Class::C2)),
            ("/requestParameters/tags/0/k", "\"x\"", Some(Class::C2)),
            ("/requestParameters/tags/0/v", "1", Some(Class::C2)),
            ("/requestParameters/tags/1/k", "\"y\"", Some(Class::C2)),
            (
                "/requestParameters/*",
                "{\"owner\":\"o\"}",
                Some(Class::Unknown)
            ),
        ]
    );
    // Nothing was a field before, so nothing is weakened; a second decision about one is refused.
    let changes = new.changes_since(old);
    assert!(
        changes
            .iter()
            .any(|one| one.what == ChangeKind::FieldAdded { class: Class::C2 })
    );
    assert!(
        new.classified(&types, &decision(Class::C3, Some("name")))
            .is_err()
    );
    // Records committed under the newer version say so, and the older one does not govern.
    let mut all = Catalogue::builtin();
    all.put(new.clone());
    let newest = new.version;
    for version in 1..=newest {
        let governing = all.governing("aws-cloudtrail", version).unwrap();
        assert_eq!(governing.version, newest);
    }
    assert!(all.governing("aws-cloudtrail", newest + 1).is_none());
    let value: Value = serde_json::from_str(record).unwrap();
    assert_eq!(
        new.commit(&value.to_string()).unwrap()[0].value,
        new.schema_value()
    );
}

#[test]
fn every_way_to_weaken_is_named() {
    let file = |text: &str| SourceFile::parse(text.as_bytes()).unwrap();
    let with = |version: u32, field: &str| {
        format!(
            r#"{{"x-source":{{"id":"t","version":{version},"title":"T","summary":"S"}},"properties":{{"a":{{{field}}}}}}}"#
        )
    };
    let old = r#""x-class":"C3","x-type":"text","x-purpose":["p"],"x-handle-domain":"account","x-freetext":true"#;
    for (new, expected) in [
        (
            r#""x-class":"C2","x-type":"token","x-purpose":["p"],"x-freetext":true"#,
            vec!["ClassLowered", "DomainChanged"],
        ),
        (
            r#""x-class":"C3","x-type":"text","x-purpose":["p","q"],"x-handle-domain":"account","x-freetext":true"#,
            vec!["PurposesWidened"],
        ),
        (
            r#""x-class":"C3","x-type":"text","x-purpose":["p"],"x-handle-domain":"account""#,
            vec!["FreeTextDropped"],
        ),
        (
            r#""x-class":"C3","x-type":"text","x-purpose":["p"],"x-handle-domain":"host","x-freetext":true"#,
            vec!["DomainChanged"],
        ),
        (
            r#""x-class":"C5","x-type":"text","x-purpose":["p"],"x-freetext":true"#,
            vec!["DomainChanged"],
        ),
        (old, vec![]),
    ] {
        let changes = file(&with(2, new)).changes_since(&file(&with(1, old)));
        let weaker: Vec<String> = (changes.iter().filter(|one| one.weakens()))
            .map(|one| {
                let name = format!("{:?}", one.what);
                name.split([' ', '{']).next().unwrap_or_default().to_owned()
            })
            .collect();
        assert_eq!(weaker, expected, "{new}");
        assert!(changes.iter().all(|one| !one.words().is_empty()));
    }
    let code = |codes: &str| {
        format!(r#""x-class":"C0","x-type":"code","enum":[{codes}],"x-purpose":["p"]"#)
    };
    let changes =
        file(&with(2, &code(r#""a","b""#))).changes_since(&file(&with(1, &code(r#""a""#))));
    assert!(changes[0].weakens());
    let token = |words: &str| {
        format!(r#""x-class":"C1","x-type":"token","x-words":[{words}],"x-purpose":["p"]"#)
    };
    let (one, two) = (token(r#""north""#), token(r#""north","south""#));
    let any = r#""x-class":"C1","x-type":"word","x-purpose":["p"]"#;
    for (old, new, weakens) in [
        (one.as_str(), two.as_str(), true),
        (two.as_str(), one.as_str(), false),
        (two.as_str(), any, true),
        (any, two.as_str(), false),
    ] {
        let changes = file(&with(2, new)).changes_since(&file(&with(1, old)));
        assert_eq!(changes.len(), 1, "{new}");
        assert_eq!(changes[0].weakens(), weakens, "{new}");
    }
}
