//! Source files that are not whole are refused, each with the field and the reason; records keep
//! their bytes.

use evidence::Field;
use proptest::prelude::*;
use redaction::Class;
use sources::{Catalogue, FieldFault, JsonFault, ReadError, SourceError, SourceFile};

const WHOLE: &str = r#"{
  "x-source": {"id":"test","version":1,"title":"T","summary":"S","time":{"occurred":"/time"},"action":"/type",
    "record_types":[{"type":"a.b","title":"A","kind":"audit","ocsf":null}],
    "lifecycles":[{"name":"l","title":"L","subject":"/who/account","states":["on","off"],
      "transitions":[{"on":"a.b","from":["on"],"to":"off"}]}]},
  "properties": {
    "time": {"x-class":"C1","x-type":"timestamp","x-purpose":["p"]},
    "type": {"x-class":"C0","x-type":"code","enum":["a.b"],"x-purpose":["p"]},
    "a/b~c": {"x-class":"C1","x-type":"integer","x-purpose":["p"]},
    "who": {"properties": {"account": {"x-class":"C3","x-type":"text","x-purpose":["p"],"x-handle-domain":"account"}}},
    "more": {"x-class":"unknown","x-subtree":true,"x-purpose":["p"]}
  }
}"#;

fn source() -> SourceFile {
    SourceFile::parse(WHOLE.as_bytes()).unwrap()
}

#[test]
fn a_file_that_is_not_whole_is_refused_with_the_reason() {
    let fails = |from: &str, to: &str| {
        assert!(WHOLE.contains(from), "{from}");
        SourceFile::parse(WHOLE.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    for (from, to, at, fault) in [
        (
            r#""x-class":"C1","x-type":"ti"#,
            r#""x-type":"ti"#,
            "/time",
            FieldFault::NoClass,
        ),
        (
            r#""x-class":"C0""#,
            r#""x-class":"c0""#,
            "/type",
            FieldFault::UnknownClass,
        ),
        (
            r#","x-purpose":["p"]}"#,
            "}",
            "/time",
            FieldFault::NoPurpose,
        ),
        (
            r#""x-purpose":["p"]}"#,
            r#""x-purpose":["P 1"]}"#,
            "/time",
            FieldFault::BadPurpose,
        ),
        (r#","enum":["a.b"]"#, "", "/type", FieldFault::BadType),
        (
            r#""timestamp""#,
            r#""moment""#,
            "/time",
            FieldFault::BadType,
        ),
        (
            r#","x-handle-domain":"account""#,
            "",
            "/who/account",
            FieldFault::NoHandleDomain,
        ),
        (
            r#""code""#,
            r#""label""#,
            "/type",
            FieldFault::LabelNotQuasi,
        ),
        (
            r#""x-class":"unknown""#,
            r#""x-class":"C1""#,
            "/more",
            FieldFault::ShownSubtree,
        ),
        (
            r#""who": {"#,
            r#""who": {"x-class":"C3","#,
            "/who",
            FieldFault::ClassOnContainer,
        ),
        (r#""more": {"#, r#""*": {"#, "/*", FieldFault::ReservedName),
    ] {
        match fails(from, to) {
            SourceError::Field {
                id,
                path,
                fault: found,
            } => {
                assert_eq!((id.as_str(), path.as_str(), found), ("test", at, fault));
            }
            other => panic!("{fault:?}: {other}"),
        }
    }
    let error = fails(r#""occurred":"/time""#, r#""occurred":"/when""#);
    assert!(matches!(
        error,
        SourceError::NoSuchField { what: "time", .. }
    ));
    let error = fails(r#""action":"/type""#, r#""action":"/who/account""#);
    assert!(matches!(
        error,
        SourceError::NotForHeadline { what: "action", .. }
    ));
    let error = fails(r#""to":"off""#, r#""to":"of""#);
    assert!(matches!(
        error,
        SourceError::Lifecycle { what: "state", .. }
    ));
    let error = fails(r#""on":"a.b""#, r#""on":"a.c""#);
    assert!(matches!(
        error,
        SourceError::Lifecycle {
            what: "record type",
            ..
        }
    ));
    assert!(matches!(
        fails(r#""version":1"#, r#""version":0"#),
        SourceError::Block { .. }
    ));
    let error = fails(r#""time": {"#, r#""time": 1, "time": {"#);
    assert!(matches!(
        error,
        SourceError::Json {
            fault: JsonFault::DuplicateKey,
            ..
        }
    ));
}

fn pairs(fields: &[Field]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|field| (field.path.as_str(), field.value.as_str()))
        .collect()
}

#[test]
fn values_keep_their_bytes_and_unknown_keys_never_become_paths() {
    let source = source();
    let record = r#" { "type" : "a.b" , "a/b~c":1.50e+3, "who":{"account":"\u0061lice", "bob@example.org" : {"x": [1 ]} },
      "more": { "k" : 1 }, "carol":"x", "dave":{"y":2} } "#;
    let fields = source.commit(record).unwrap();
    assert_eq!(
        pairs(&fields),
        [
            ("@schema", r#"{"id":"test","version":1}"#),
            ("/type", r#""a.b""#),
            ("/a~1b~0c", "1.50e+3"),
            ("/who/account", r#""\u0061lice""#),
            ("/who/*", r#"{"bob@example.org":{"x": [1 ]}}"#),
            ("/more", r#"{ "k" : 1 }"#),
            ("/*", r#"{"carol":"x","dave":{"y":2}}"#),
        ]
    );
    for field in &fields[1..] {
        assert!(source.rule(&field.path).is_some(), "{}", field.path);
    }
    for path in ["/carol", "/who/bob@example.org", "/more/k", "who", ""] {
        let rule = source.rule(path);
        assert!(
            rule.is_none_or(|rule| rule.class == redaction::Class::Unknown),
            "{path}"
        );
    }
    // A declared object that is none, or has nothing in it, is one unclassified field.
    for (value, text) in [
        ("null", "null"),
        ("{ }", "{}"),
        ("[1]", "[1]"),
        ("\"x\"", "\"x\""),
    ] {
        let fields = source.commit(&format!(r#"{{"who":{value}}}"#)).unwrap();
        assert_eq!(pairs(&fields)[1..], [("/who", text)]);
        assert_eq!(
            source.rule("/who").unwrap().class,
            redaction::Class::Unknown
        );
    }
    assert_eq!(pairs(&source.commit("{}").unwrap())[1..], [("", "{}")]);
}

#[test]
fn records_that_could_mean_two_things_are_refused() {
    let source = source();
    for (record, expected) in [
        (r#"{"type":"a","type":"b"}"#, JsonFault::DuplicateKey),
        (r#"{"more":{"a":[{"b":1,"b":2}]}}"#, JsonFault::DuplicateKey),
        (r#"{"who":{"z":1,"\u007a":2}}"#, JsonFault::DuplicateKey),
        (r#"{"more":"\ud800"}"#, JsonFault::LoneSurrogate),
        (r#"{"type":"a"} x"#, JsonFault::Trailing),
        (r#"{"type":"a""#, JsonFault::Truncated),
        ("[1]", JsonFault::NotAnObject),
        ("", JsonFault::Truncated),
    ] {
        match source.commit(record) {
            Err(ReadError::Record { fault, .. }) => assert_eq!(fault, expected, "{record}"),
            other => panic!("{record}: {other:?}"),
        }
    }
}

#[test]
fn without_a_source_file_a_record_is_one_hidden_field() {
    let generic = Catalogue::generic();
    let fields = generic
        .commit(r#" {"alice@example.org": {"a":1}} "#)
        .unwrap();
    assert_eq!(
        pairs(&fields),
        [
            ("@schema", r#"{"id":"unclassified","version":1}"#),
            ("", r#"{"alice@example.org": {"a":1}}"#)
        ]
    );
    assert_eq!(generic.rule("").unwrap().class, redaction::Class::Unknown);
    assert_eq!(generic.commit("[1, 2]").unwrap()[1].value, "[1, 2]");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop_oneof![
            "(type|time|who|account|more|a/b~c|[*]|[a-z]{0,3})",
            any::<String>()
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts committed fields together again.
fn rebuild(fields: &[Field]) -> serde_json::Value {
    let mut whole = serde_json::json!({});
    for field in &fields[1..] {
        let value: serde_json::Value = serde_json::from_str(&field.value).unwrap();
        let (path, rest) = match field.path.strip_suffix("/*") {
            Some(path) => (path, true),
            None => (field.path.as_str(), false),
        };
        let mut at = &mut whole;
        for part in path.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            at = at
                .as_object_mut()
                .unwrap()
                .entry(part)
                .or_insert(serde_json::json!({}));
        }
        if rest {
            at.as_object_mut()
                .unwrap()
                .extend(value.as_object().unwrap().clone());
        } else {
            *at = value;
        }
    }
    whole
}

proptest! {
    #[test]
    fn every_member_of_a_record_is_in_exactly_one_field(record in json()) {
        prop_assume!(record.is_object());
        let source = source();
        let fields = source.commit(&record.to_string()).unwrap();
        prop_assert_eq!(rebuild(&fields), record);
        for (at, field) in fields.iter().enumerate().skip(1) {
            prop_assert!(source.rule(&field.path).is_some());
            for other in &fields[at + 1..] {
                let (a, b) = (&field.path, &other.path);
                let apart = a != b
                    && b.strip_prefix(a.as_str()).is_none_or(|tail| !tail.starts_with('/'))
                    && a.strip_prefix(b.as_str()).is_none_or(|tail| !tail.starts_with('/'));
                prop_assert!(apart);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in any::<String>()) {
        let _ = source().commit(&text);
        let _ = SourceFile::parse(text.as_bytes());
    }
}

#[test]
fn an_older_version_cannot_lower_the_class_of_a_field() {
    let version = |number: u32, class: &str| {
        let text = format!(
            r#"{{"x-source":{{"id":"a","version":{number},"title":"A","summary":"A.","action":"/type",
                "record_types":[],"lifecycles":[]}},
               "type":"object","properties":{{
                "type":{{"type":"string","enum":["x"],"x-class":"C0","x-type":"code","x-purpose":["p"]}},
                "who":{{"type":"string","x-class":"{class}","x-type":"text","x-purpose":["p"]}}}}}}"#
        );
        SourceFile::parse(text.as_bytes()).unwrap()
    };
    let mut catalogue = Catalogue::builtin();
    for file in [version(1, "C1"), version(2, "C5")] {
        catalogue.add(file).unwrap();
    }
    let class = |number: u32, path: &str| {
        let source = catalogue.governing("a", number).unwrap();
        source.rule(path).map(|rule| rule.class)
    };
    assert_eq!(class(1, "/who"), Some(Class::C5));
    assert_eq!(class(2, "/who"), Some(Class::C5));
    assert_eq!(class(1, "/type"), Some(Class::C0));
}
