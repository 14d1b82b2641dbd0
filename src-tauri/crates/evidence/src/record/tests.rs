use proptest::prelude::*;

use super::*;

fn field(path: &str, value: &str) -> Field {
    Field {
        path: path.into(),
        value: value.into(),
    }
}

fn record(index: u64, fields: &[(&str, &str)]) -> Record {
    let schema = field(SCHEMA_PATH, r#"{"id":"enigm-command","version":1}"#);
    let rest = fields.iter().map(|(p, v)| field(p, v));
    Record {
        index,
        seed: Seed::new([index as u8; 32]),
        fields: std::iter::once(schema).chain(rest).collect(),
    }
}

fn sample() -> Record {
    record(
        7,
        &[
            ("/time", r#""2026-11-21T08:00:00Z""#),
            ("/n", "12345678901234567890"),
            ("/a~1b", "{\"x\": [1, \"\\u00e9\\n\"]}"),
            ("/text", "\"tab\\t quote\\\" é\""),
        ],
    )
}

#[test]
fn a_line_reads_back_and_has_the_same_leaf() {
    let record = sample();
    record.check().unwrap();
    let line = record.to_line();
    let parsed = RecordLine::parse(line.as_bytes(), 7).unwrap();
    assert_eq!(parsed.to_owned(), record);
    assert_eq!(parsed.leaf(), record.leaf());
    assert_eq!(parsed.schema(), ("enigm-command", 1));
    assert_eq!(parsed.commitment(2), Some(record.commitments()[2]));
    assert!(!format!("{record:?} {:?} {parsed:?}", record.fields).contains("2026"));
}

/// The entry by the letter of the format, computed apart from the code under test.
#[test]
fn the_leaf_is_that_of_the_written_format() {
    let record = sample();
    let mut entry = b"\0muniment/record/v1\n".to_vec();
    entry.extend((record.fields.len() as u32).to_be_bytes());
    for (k, f) in record.fields.iter().enumerate() {
        let salt = [
            b"munsalt1".as_slice(),
            record.seed.as_bytes(),
            &7u64.to_be_bytes(),
            &(k as u32).to_be_bytes(),
        ];
        let salt = Hash::sha256(&salt.concat());
        let text = [b"munfld01", &salt.0[..16], f.value.as_bytes()].concat();
        entry.extend((f.path.len() as u16).to_be_bytes());
        entry.extend(f.path.as_bytes());
        entry.extend(Hash::sha256(&text).0);
    }
    assert_eq!(record.leaf(), Hash::sha256(&entry));
}

#[test]
fn disclosed_and_withheld_fields_give_the_same_leaf() {
    let record = sample();
    for keep in [0, 1, 2, 3, 4, 99] {
        let shown = record.disclose(|k, _| k == keep || keep == 99);
        assert_eq!(shown.leaf(), Ok(record.leaf()));
        assert!(shown.fields[0].is_disclosed());
        let json = serde_json::to_string(&shown).unwrap();
        let again: DisclosedRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(again, shown);
        assert!(!json.contains(&BASE64.encode(record.seed.as_bytes())));
    }
    let mut shown = record.disclose(|_, _| true);
    shown.fields[1].value = Some("\"2026-11-21T08:00:01Z\"".into());
    assert_ne!(shown.leaf(), Ok(record.leaf()));
    shown.fields[1].commitment = Some(record.leaf());
    assert_eq!(shown.leaf(), Err(RecordError::Disclosure(1)));
    shown = record.disclose(|_, _| true);
    shown.fields[0].commitment = Some(record.commitments()[0]);
    shown.fields[0].value = None;
    shown.fields[0].salt = None;
    assert_eq!(shown.leaf(), Err(RecordError::SchemaWithheld));
}

#[test]
fn each_rule_on_records_has_its_error() {
    let nested = JsonFault::TooDeep;
    let deep = "[".repeat(65) + &"]".repeat(65);
    let cases: Vec<(&[(&str, &str)], RecordError)> = vec![
        (&[("time", "1")], RecordError::Path(1)),
        (&[("/a~", "1")], RecordError::Path(1)),
        (&[("/a~2", "1")], RecordError::Path(1)),
        (&[(SCHEMA_PATH, "1")], RecordError::Path(1)),
        (
            &[("/a", "1"), ("/b", "1"), ("/a", "2")],
            RecordError::RepeatedPath(3),
        ),
        (
            &[("/a/b", "1"), ("/a-b", "1"), ("/a", "1")],
            RecordError::NestedPath(1),
        ),
        (&[("/a", "1"), ("", "1")], RecordError::NestedPath(1)),
        (
            &[("/a", "")],
            RecordError::Value {
                field: 1,
                fault: JsonFault::NotOneValue,
            },
        ),
        (
            &[("/a", r#"{"k":1,"k":1}"#)],
            RecordError::Value {
                field: 1,
                fault: JsonFault::DuplicateKey,
            },
        ),
        (
            &[("/a", r#""\udead""#)],
            RecordError::Value {
                field: 1,
                fault: JsonFault::LoneSurrogate,
            },
        ),
    ];
    for (fields, error) in cases {
        let record = record(0, fields);
        assert_eq!(record.check(), Err(error.clone()), "{fields:?}");
        let line = record.to_line();
        let parsed = RecordLine::parse(line.as_bytes(), 0).map(|_| ());
        assert_eq!(parsed, Err(error), "{fields:?}");
    }
    let too_deep = record(0, &[("/a", &deep)]);
    assert_eq!(
        too_deep.check(),
        Err(RecordError::Value {
            field: 1,
            fault: nested
        })
    );
    assert!(
        record(0, &[("/a", "1"), ("/ab", "1"), ("/a-", "1")])
            .check()
            .is_ok()
    );

    let paths: Vec<String> = (0..512).map(|i| format!("/{i}")).collect();
    let many: Vec<(&str, &str)> = paths.iter().map(|p| (p.as_str(), "1")).collect();
    assert_eq!(
        record(0, &many).check(),
        Err(RecordError::TooManyFields(513))
    );
    let line = record(0, &many).to_line();
    let parsed = RecordLine::parse(line.as_bytes(), 0).map(|_| ());
    assert_eq!(parsed, Err(RecordError::TooManyFields(513)));
    assert!(record(0, &many[..511]).check().is_ok());

    let long = format!("/{}", "x".repeat(65_535));
    assert_eq!(
        record(0, &[(&long, "1")]).check(),
        Err(RecordError::EntryTooLong)
    );
    let big = format!("\"{}\"", "x".repeat(MAX_LINE));
    let big = record(0, &[("/a", &big)]);
    assert!(matches!(big.check(), Err(RecordError::LineTooLong(_))));
    let line = big.to_line();
    let parsed = RecordLine::parse(line.as_bytes(), 0).map(|_| ());
    assert_eq!(parsed, Err(RecordError::LineTooLong(line.len())));
}

#[test]
fn the_schema_has_one_spelling() {
    let good = SchemaRef::parse(r#"{"id":"muniment/key","version":4294967295}"#).unwrap();
    assert_eq!(SchemaRef::parse(&good.to_value()), Ok(good));
    for bad in [
        "1",
        r#"{"id":"a","version":0}"#,
        r#"{"id":"a","version":01}"#,
        r#"{"id":"a","version":4294967296}"#,
        r#"{"id":"a", "version":1}"#,
        r#"{"version":1,"id":"a"}"#,
        r#"{"id":"a","version":1,"x":1}"#,
        r#"{"id":"","version":1}"#,
        r#"{"id":"../a","version":1}"#,
        r#"{"id":"a..b","version":1}"#,
        r#"{"id":"A","version":1}"#,
        r#"{"id":"a-","version":1}"#,
    ] {
        let mut record = record(0, &[]);
        record.fields[0].value = bad.into();
        assert_eq!(record.check(), Err(RecordError::SchemaValue), "{bad}");
        let line = record.to_line();
        let parsed = RecordLine::parse(line.as_bytes(), 0).map(|_| ());
        assert_eq!(parsed, Err(RecordError::SchemaValue), "{bad}");
    }
    let mut none = record(0, &[("/a", "1")]);
    none.fields.remove(0);
    assert_eq!(none.check(), Err(RecordError::SchemaMissing));
    none.fields.clear();
    assert_eq!(none.check(), Err(RecordError::SchemaMissing));
    assert!(RecordLine::parse(none.to_line().as_bytes(), 0).is_err());
}

#[test]
fn other_spellings_of_a_line_are_refused() {
    let line = record(7, &[("/a", "\"é/\\t\"")]).to_line();
    assert!(RecordLine::parse(line.as_bytes(), 7).is_ok());
    for (from, to) in [
        ("{\"i\":7", "{ \"i\":7"),
        ("{\"i\":7", "{\"i\":07"),
        ("{\"i\":7", "{\"i\":7.0"),
        ("{\"i\":7", "{\"i\":-7"),
        ("\"/a\"", "\"\\/a\""),
        ("\"/a\"", "\"/\\u0061\""),
        ("é", "\\u00e9"),
        ("\\\\t", "\\u005ct"),
        ("]]}", "]]} "),
        ("]]}", "]],\"x\":1}"),
        ("]]}", ",1]]}"),
        ("]]}", "],]}"),
    ] {
        let other = line.replacen(from, to, 1);
        assert_ne!(other, line);
        let parsed = RecordLine::parse(other.as_bytes(), 7);
        assert!(matches!(parsed, Err(RecordError::Spelling(..))), "{other}");
    }
    // What belongs there is said, not only where something else stands.
    let said = |from: &str, to: &str| {
        let other = line.replacen(from, to, 1);
        let error = RecordLine::parse(other.as_bytes(), 7).unwrap_err();
        error.to_string()
    };
    for (from, to, expected) in [
        ("{\"i\":7", "{ \"i\":7", "at byte 1, where `\"i\":` belongs"),
        (",\"s\":", ", \"s\":", "at byte 7, where `\"s\":\"` belongs"),
        (
            "]]}",
            "]]}\r",
            "where the line feed (no carriage return, no white space) belongs",
        ),
        (
            "{\"i\":7",
            "{\"i\":07",
            "at byte 6, where a number without sign",
        ),
        (
            "é",
            "\\u00e9",
            r#"where a string with the escapes \" \\ \b \t \n \f \r, \u00xx"#,
        ),
    ] {
        let said = said(from, to);
        assert!(said.contains(expected), "{said}");
    }
    let index = RecordLine::parse(line.as_bytes(), 8).map(|_| ());
    assert_eq!(
        index,
        Err(RecordError::Index {
            expected: 8,
            found: 7
        })
    );
    let huge = line.replacen("{\"i\":7", "{\"i\":9007199254740992", 1);
    let huge = RecordLine::parse(huge.as_bytes(), 8).map(|_| ());
    assert_eq!(huge, Err(RecordError::IndexTooLarge(1 << 53)));
    let seed = line.replacen("Bwc=", "Bwd=", 1);
    assert_ne!(seed, line);
    assert_eq!(
        RecordLine::parse(seed.as_bytes(), 7).map(|_| ()),
        Err(RecordError::Seed)
    );
    let mut bytes = line.clone().into_bytes();
    bytes[60] = 0xff;
    assert_eq!(
        RecordLine::parse(&bytes, 7).map(|_| ()),
        Err(RecordError::NotUtf8(60))
    );
}

#[test]
fn no_bit_of_a_line_is_without_meaning() {
    let record = sample();
    let (line, leaf) = (record.to_line().into_bytes(), record.leaf());
    for at in 0..line.len() {
        for bit in 0..8 {
            let mut changed = line.clone();
            changed[at] ^= 1 << bit;
            let parsed = RecordLine::parse(&changed, 7);
            assert!(
                parsed.is_err() || parsed.unwrap().leaf() != leaf,
                "{at} {bit}"
            );
        }
    }
}

#[test]
fn a_remembered_path_list_changes_nothing() {
    let mut memory = PathMemory::default();
    let (a, b) = (
        record(0, &[("/a", "1")]),
        record(1, &[("/b", "1"), ("/b/c", "1")]),
    );
    for _ in 0..3 {
        assert!(RecordLine::parse_with(a.to_line().as_bytes(), 0, &mut memory).is_ok());
        let line = b.to_line();
        let bad = RecordLine::parse_with(line.as_bytes(), 1, &mut memory).map(|_| ());
        assert_eq!(bad, Err(RecordError::NestedPath(2)));
    }
}

proptest! {
    #[test]
    fn any_record_reads_back(
        index in 0u64..MAX_SIZE,
        seed in any::<[u8; 32]>(),
        values in proptest::collection::vec(any::<String>(), 0..8),
    ) {
        let mut made = record(index, &[]);
        made.seed = Seed::new(seed);
        for (k, value) in values.iter().enumerate() {
            let value = serde_json::to_string(value).unwrap();
            made.fields.push(Field { path: format!("/f{k}/é\u{1}"), value });
        }
        prop_assert_eq!(made.check(), Ok(()));
        let line = made.to_line();
        let parsed = RecordLine::parse(line.as_bytes(), index).unwrap();
        prop_assert_eq!(parsed.leaf(), made.leaf());
        prop_assert_eq!(parsed.to_owned(), made);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = RecordLine::parse(&bytes, 0);
    }
}

#[test]
fn what_was_committed_together_repeats_no_path() {
    let check = |fields: &[(&str, &str)]| record(3, fields).check();
    for (fields, expected) in [
        (
            &[("/outcome", "\"refused\""), ("/*", "{\"x\":1}")][..],
            Ok(()),
        ),
        (
            &[("/*", "{\"x\":1,\"outcome\":2}"), ("/outcome", "1")],
            Err(RecordError::Twice(1)),
        ),
        (
            &[("/*", "{\"out\\u0063ome\":2}"), ("/outcome", "1")],
            Err(RecordError::Twice(1)),
        ),
        (
            &[("/a/b/c", "1"), ("/a/*", "{\"b\":{\"d\":1}}")],
            Err(RecordError::Twice(2)),
        ),
        (
            &[("/a/*", "{\"b\":1}"), ("/*", "{\"a\":{\"b\":2}}")],
            Err(RecordError::Twice(2)),
        ),
        (
            &[("/a~1b", "1"), ("/*", "{\"a/b\":2}")],
            Err(RecordError::Twice(2)),
        ),
        (&[("/a", "{\"b\":1}"), ("/*", "{\"b\":2}")], Ok(())),
        (&[("/a/*", "7"), ("/a/b", "1")], Ok(())),
    ] {
        assert_eq!(check(fields), expected, "{fields:?}");
    }
    // A withheld value says nothing; the same, disclosed, is refused.
    let fields = [("/outcome", Some("1")), ("/*", None)];
    assert_eq!(check_meaning(fields), Ok(()));
    let fields = [("/outcome", None), ("/*", Some("{\"outcome\":2}"))];
    assert_eq!(check_meaning(fields), Err(RecordError::Twice(1)));
}
