//! What people really have: every shape in which records come, and what each record is known for.

use std::io::Write as _;
use std::ops::ControlFlow;

use flate2::{Compression, write::GzEncoder};
use sources::{Catalogue, InputKind, Known, Place, Read, ReadError, read_foreign, salvage_foreign};

const CALL: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser"},"eventTime":"2026-10-05T00:00:03Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-west-1","eventID":"3fcfb182-98f8-4744-bd45-000000000061","eventType":"AwsApiCall"}"#;

/// The system and the place of each record.
fn systems(name: &str, bytes: &[u8]) -> Vec<(String, Place)> {
    try_systems(name, bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn try_systems(name: &str, bytes: &[u8]) -> Result<Vec<(String, Place)>, ReadError> {
    let catalogue = Catalogue::builtin();
    let kind = InputKind::detect(name, &bytes[..bytes.len().min(4096)], false);
    let mut found = Vec::new();
    read_foreign(
        kind,
        bytes,
        Known::Each(&catalogue),
        &mut |source, record| {
            found.push((source.id.clone(), record.place));
            ControlFlow::Continue(())
        },
    )?;
    Ok(found)
}

fn ids(name: &str, bytes: &[u8]) -> Vec<String> {
    systems(name, bytes).into_iter().map(|(id, _)| id).collect()
}

fn salvage(name: &str, bytes: &[u8]) -> (Vec<String>, Read) {
    let catalogue = Catalogue::builtin();
    let kind = InputKind::detect(name, &bytes[..bytes.len().min(4096)], false);
    let mut texts = Vec::new();
    let read = salvage_foreign(kind, bytes, Known::Each(&catalogue), &mut |_, record| {
        texts.push(record.text.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(read.records as usize, texts.len());
    (texts, read)
}

fn utf16(text: &str, mark: bool, big: bool) -> Vec<u8> {
    let units = mark
        .then_some(0xfeff)
        .into_iter()
        .chain(text.encode_utf16());
    match big {
        true => units.flat_map(u16::to_be_bytes).collect(),
        false => units.flat_map(u16::to_le_bytes).collect(),
    }
}

#[test]
fn records_come_in_every_shape_that_programs_write() {
    let records: Vec<String> = (0..3)
        .map(|n| format!("{{\"time\": \"x\", \"n\": {n}}}"))
        .collect();
    let pretty: Vec<String> = (0..3)
        .map(|n| format!("{{\n  \"time\": \"x\",\n  \"n\": {n}\n}}"))
        .collect();
    let [a, b, c] = [0, 1, 2].map(|at| records[at].as_str());
    let shapes = [
        ("lines", records.join("\n")),
        ("CRLF", records.join("\r\n")),
        ("one line", records.concat()),
        ("commas", records.join(",\n")),
        ("array", format!("[{}]", records.join(","))),
        (
            "pretty array",
            format!("[\n  {}\n]\n", pretty.join(",\n  ")),
        ),
        ("arrays", format!("[{a},{b}][{c}]")),
        ("arrays on lines", format!("[{a},\n{b}]\n[{c}]\n")),
        ("pretty", pretty.join("\n")),
        (
            "RFC 7464",
            records.iter().map(|one| format!("\u{1e}{one}\n")).collect(),
        ),
        (
            "marks",
            records
                .iter()
                .map(|one| format!("\u{feff}{one}\n"))
                .collect(),
        ),
        (
            "evtx_dump",
            (1..)
                .zip(&pretty)
                .map(|(n, one)| format!("Record {n}\n{one}\n"))
                .collect(),
        ),
        (
            "CloudWatch Logs",
            records
                .iter()
                .map(|one| format!("2026-10-05T00:00:06.000Z {one}\n"))
                .collect(),
        ),
        (
            "Records",
            format!("{{\"Records\":[{}]}}", records.join(",")),
        ),
        (
            "Records second",
            format!("{{\"account\":\"1\",\"Records\":[{}]}}", records.join(",")),
        ),
        (
            "Events",
            format!("{{\"Events\":[{}],\"NextToken\":\"x\"}}", records.join(",")),
        ),
        (
            "items",
            format!("{{\"kind\":\"List\",\"items\":[{}]}}", records.join(",")),
        ),
        (
            "value",
            format!(
                "{{\"@odata.context\":\"x\",\"value\":[{}]}}",
                records.join(",")
            ),
        ),
        (
            "the one array",
            format!(
                "{{\"took\":1,\"rows\":[{}],\"tags\":[1]}}",
                records.join(",")
            ),
        ),
        (
            "pretty records",
            format!("{{\n  \"records\": [\n {}\n ]\n}}", pretty.join(",\n")),
        ),
        (
            "batches",
            format!("{{\"records\":[{a},{b}]}}{{\"records\":[{c}]}}\n"),
        ),
    ];
    for (shape, text) in shapes {
        for (form, bytes) in [
            ("UTF-8", text.clone().into_bytes()),
            ("UTF-16LE, marked", utf16(&text, true, false)),
            ("UTF-16BE, marked", utf16(&text, true, true)),
            ("UTF-16LE", utf16(&text, false, false)),
            ("UTF-16BE", utf16(&text, false, true)),
        ] {
            // Of two marks one after the other the first says that it is UTF-8, the second begins the text.
            if shape == "marks" && !form.contains("UTF-8") {
                continue;
            }
            if shape == "RFC 7464" && form.starts_with("UTF-16") && !form.contains("marked") {
                continue;
            }
            let found = ids("a.json", &bytes);
            assert_eq!(found, ["unclassified"; 3], "{shape}, {form}");
        }
    }
}

#[test]
fn an_event_with_an_array_of_its_own_is_one_record() {
    let order = r#"{"time":"x","user":"u","items":[{"sku":1},{"sku":2}]}"#;
    let lines = format!("{order}\n{order}\n");
    assert_eq!(ids("a.ndjson", lines.as_bytes()), ["unclassified"; 2]);
    let two = r#"{"a":[{"x":1}],"b":[{"y":1}]}"#;
    assert_eq!(ids("a.json", two.as_bytes()).len(), 1);
    let empty = r#"{"time":"x","items":[]}"#;
    assert_eq!(ids("a.json", empty.as_bytes()).len(), 1);
    assert_eq!(ids("a.json", br#"{"Records":[]}"#).len(), 0);
}

#[test]
fn each_record_is_known_by_itself() {
    let mut sorted: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(CALL).unwrap();
    sorted.insert("additionalEventData".into(), "x".repeat(6_000).into());
    let sorted = serde_json::to_string(&sorted).unwrap();
    let string = serde_json::Value::from(CALL);
    let trail = "aws-cloudtrail";
    let none = "unclassified";
    for (what, text, expected) in [
        ("sorted keys", format!("{sorted}\n{CALL}\n"), vec![trail, trail]),
        ("after another", format!("{{\"message\":\"x\"}}\n{CALL}\n"), vec![none, trail]),
        ("before another", format!("{CALL}\n{{\"event\":\"vpn login\"}}\n"), vec![trail, none]),
        (
            "a login that has the names",
            r#"{"eventVersion":"1.0","eventSource":"vpn-gw-1","eventName":"login","eventTime":"x","awsRegion":"y"}"#.into(),
            vec![none],
        ),
        (
            "names in a text",
            r#"{"message":"\"eventVersion\" \"eventSource\""}"#.into(),
            vec![none],
        ),
        (
            "an S3 notification",
            r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1","eventTime":"2024-05-02T08:48:40Z","eventName":"ObjectCreated:Copy"}]}"#.into(),
            vec![none],
        ),
        (
            "lookup-events",
            format!("{{\"Events\":[{{\"EventId\":\"1\",\"Resources\":[{{\"a\":1}}],\"CloudTrailEvent\":{string}}}]}}"),
            vec![trail],
        ),
        ("EventBridge", format!("{{\"version\":\"0\",\"detail\":{CALL}}}\n{{\"detail\":{{}}}}\n"), vec![trail, none]),
        (
            "a subscription",
            format!("{{\"logGroup\":\"g\",\"logEvents\":[{{\"id\":\"1\",\"message\":{string}}}]}}\n{{\"logGroup\":\"g\",\"logEvents\":[{{\"id\":\"2\",\"message\":{string}}}]}}\n"),
            vec![trail, trail],
        ),
        ("an export", format!("2026-10-05T00:00:06.000Z {CALL}\n"), vec![trail]),
        ("types", CALL.replace("\"1.08\"", "1.08"), vec![none]),
    ] {
        assert_eq!(ids("a.json", text.as_bytes()), expected, "{what}");
    }
}

#[test]
fn an_outcome_is_what_a_rule_says_and_a_title_follows_it() {
    let catalogue = Catalogue::builtin();
    let with = |change: &str| {
        let mut record: serde_json::Value = serde_json::from_str(CALL).unwrap();
        let change: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(change).unwrap();
        for (name, value) in change {
            record[name] = value;
        }
        record.to_string()
    };
    for (change, outcome, title) in [
        (
            r#"{"eventName":"StopLogging"}"#,
            Some("success"),
            "Trail stopped",
        ),
        (
            r#"{"eventName":"StopLogging","errorCode":"AccessDenied"}"#,
            Some("AccessDenied"),
            "Failed: Trail stopped",
        ),
        (
            r#"{"eventName":"StopLogging","errorCode":null,"errorMessage":"no"}"#,
            Some("failure"),
            "Failed: Trail stopped",
        ),
        (
            r#"{"eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","responseElements":{"ConsoleLogin":"Failure"}}"#,
            Some("failure"),
            "Failed: Signed in to the console",
        ),
        (
            r#"{"eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","responseElements":{"ConsoleLogin":"Success"}}"#,
            Some("success"),
            "Signed in to the console",
        ),
        (
            r#"{"eventName":"CreateKey","eventType":"AwsServiceEvent"}"#,
            None,
            "Create key",
        ),
        (r#"{"eventType":null}"#, None, "Instances started"),
        (
            r#"{"eventType":"AwsCloudTrailInsight","eventName":null,"eventSource":null,"insightDetails":{"state":"End","insightType":"ApiErrorRateInsight","errorCode":"AccessDenied"}}"#,
            None,
            "Unusual rate of API errors",
        ),
    ] {
        let text = with(change);
        let mut seen = 0;
        read_foreign(
            InputKind::JsonLines,
            text.as_bytes(),
            Known::Each(&catalogue),
            &mut |source, record| {
                seen += 1;
                let fields = record.fields.iter();
                let line = source.headline(fields.map(|f| (f.path.as_str(), f.value.as_str())));
                assert_eq!(line.system, "aws-cloudtrail", "{change}");
                assert_eq!(line.outcome.as_deref(), outcome, "{change}");
                assert_eq!(line.title, title, "{change}");
                assert!(line.occurred.is_some());
                assert_ne!(line.action, sources::UNDECLARED, "{change}");
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(seen, 1);
    }
}

#[test]
fn rows_of_a_table_are_records_of_texts() {
    let catalogue = Catalogue::builtin();
    let text = "\u{feff}CreationDate,UserIds,Operations,AuditData\r\n2024-11-01,d@example.com,New-InboxRule,\"{\"\"a\"\":\"\"x, \n\"\"}\"\r\n2024-11-02,e@example.com,,\r\n";
    for (name, text) in [
        ("AuditLog.csv", text.to_owned()),
        ("AuditLog", text.to_owned()),
        (
            "AuditLog.csv",
            format!(
                "sep=;\r\n{}",
                text.trim_start_matches('\u{feff}').replace(',', ";")
            ),
        ),
        ("AuditLog.tsv", text.replace(',', "\t")),
        ("AuditLog.txt", text.replace(',', "|")),
    ] {
        let kind = InputKind::detect(name, text.as_bytes(), false);
        assert_eq!(kind, InputKind::Table, "{name}");
        let mut rows = Vec::new();
        read_foreign(
            kind,
            text.as_bytes(),
            Known::Each(&catalogue),
            &mut |_, record| {
                let row: serde_json::Value = serde_json::from_str(record.text).unwrap();
                rows.push((record.place, row));
                ControlFlow::Continue(())
            },
        )
        .unwrap();
        assert_eq!(rows.len(), 2, "{name}");
        assert_eq!(rows[0].1["UserIds"], "d@example.com");
        assert!(
            rows[0].1["AuditData"]
                .as_str()
                .unwrap()
                .starts_with("{\"a\":")
        );
        assert_eq!(rows[1].1["Operations"], "");
        let first = if text.starts_with("sep") { 3 } else { 2 };
        assert_eq!(
            [rows[0].0, rows[1].0],
            [Place::Line(first), Place::Line(first + 2)]
        );
    }
    // A row in a cell of which a record stands is that record.
    let cell = CALL.replace('"', "\"\"");
    let carried = format!("time,message\nx,\"{cell}\"\ny,z\n");
    assert_eq!(
        ids("a.csv", carried.as_bytes()),
        ["aws-cloudtrail", "unclassified"]
    );
    let (rows, read) = salvage("a.csv", b"a,b\n1,2\n3\n4,5\n\xff,6\n");
    assert_eq!(rows, [r#"{"a":"1","b":"2"}"#, r#"{"a":"4","b":"5"}"#]);
    assert_eq!(
        (read.unread, read.places.join(" ")),
        (2, "line 3 line 5".into())
    );
    let twice = try_systems("a.csv", b"a,a\n1,2\n").unwrap_err();
    assert!(matches!(twice, ReadError::Header { line: 1 }));
    let endless = format!("a,b\n\"{}", "x\n".repeat(2 << 20));
    let endless = try_systems("a.csv", endless.as_bytes()).unwrap_err();
    assert!(
        matches!(endless, ReadError::LineTooLong { line: 2, .. }),
        "{endless:?}"
    );
}

#[test]
fn all_members_of_a_gzip_file_are_read_and_what_follows_them_is_named() {
    let member = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let three = [
        member("{\"n\":0}\n{\"n\":1}\n"),
        member("{\"n\":2}\n"),
        member("{\"n\":3"),
    ]
    .concat();
    let whole = [three.clone(), member("}\n")].concat();
    assert_eq!(ids("a.ndjson.gz", &whole).len(), 4);
    let padded = [whole.clone(), vec![0; 512]].concat();
    assert_eq!(ids("a.ndjson.gz", &padded).len(), 4);
    for rest in [b"x".as_slice(), b"\0\0x", b"\x1f\x8bx"] {
        let error = try_systems("a.gz", &[whole.as_slice(), rest].concat()).unwrap_err();
        assert!(error.code().starts_with("gzip"), "{error}");
    }
    let (texts, read) = salvage(
        "a.ndjson.gz",
        &[whole.as_slice(), &member("{\"n\":4}\n")[..12]].concat(),
    );
    assert_eq!((texts.len(), read.fault.unwrap().code()), (4, "gzip"));
}

#[test]
fn everything_that_can_be_read_is_salvaged_and_the_rest_has_its_place() {
    for (what, text, records, places) in [
        (
            "a key twice",
            "{\"a\":1}\n{\"a\":1,\"a\":2}\n{\"a\":3}\n",
            2,
            "line 2",
        ),
        (
            "a line cut off",
            "{\"a\":1}\n{\"a\":{\"b\":1\n{\"a\":3}\n {\"a\":4}\n",
            3,
            "line 2",
        ),
        (
            "a text cut off",
            "{\"a\":1}\n{\"a\":\"b\n{\"a\":3}\n",
            2,
            "line 2",
        ),
        (
            "lines between",
            "{\"a\":1}\nnot\njson\n{\"a\":3}\n",
            2,
            "line 2, line 3",
        ),
        (
            "a pretty one",
            "{\n  \"a\": 1\n}\n{\n  \"a\": 1,\n  \"b\" 2\n}\n{\n  \"a\": 3\n}\n",
            2,
            "line 6",
        ),
        (
            "an element",
            "[{\"a\":1},{\"a\":1,\"a\":2},{\"a\":3}]",
            2,
            "element 1",
        ),
        (
            "a broken element",
            "[{\"a\":1},{\"a\" 2},{\"a\":3}]",
            2,
            "element 1",
        ),
        ("no element", "[{\"a\":1},,{\"a\":3}]", 2, "element 1"),
        ("a cut array", "[{\"a\":1},{\"a\":2},{\"a\"", 2, "element 2"),
        (
            "Records",
            "{\"x\":\"\\\"Records\\\"\",\"Records\":[{\"a\":1},{\"a\":1,\"a\":2},{\"a\":3}],\"y\":[1]}",
            2,
            "element 1",
        ),
        (
            "cut Records",
            "{\"Records\":[{\"a\":1},{\"a\":3},{\"a\":",
            2,
            "element 2",
        ),
        (
            "two of them",
            "{\"Records\":[{\"a\":1},{\"a\" 2}]}\n{\"Records\":[{\"a\":3}]}\n",
            2,
            "element 1",
        ),
        (
            "a mark of no text",
            "{\"a\":1}\n{\"a\":\"\u{0}\"}\n{\"a\":3}\n",
            2,
            "line 2",
        ),
    ] {
        let (texts, read) = salvage("a.json", text.as_bytes());
        assert_eq!(texts.len(), records, "{what}: {texts:?}");
        assert_eq!(read.places.join(", "), places, "{what}");
        assert_eq!(read.unread as usize, read.places.len(), "{what}");
        assert!(read.fault.is_some(), "{what}");
        let error = try_systems("a.json", text.as_bytes()).unwrap_err();
        assert!(!error.hint().contains("by hand"));
    }
    let bytes = [
        b"{\"a\":1}\n{\"a\":\"".as_slice(),
        b"\xc3\x28\"}\n{\"a\":3}\n",
    ]
    .concat();
    let (texts, read) = salvage("a.json", &bytes);
    assert_eq!((texts.len(), read.unread), (2, 1));
    // One large event between small ones: kept out, named, and the others are there.
    let large = format!(
        "{{\"a\":1}}\n{{\"a\":\"{}\"}}\n{{\"a\":3}}\n",
        "x".repeat(1_400_000)
    );
    let (texts, read) = salvage("a.json", large.as_bytes());
    assert_eq!((texts.len(), read.places.join(" ")), (2, "line 2".into()));
}

#[test]
fn a_file_that_is_one_object_is_said_to_be_one() {
    let (_, read) = salvage("a.json", b"{\n \"a\": 1,\n \"b\": {}\n}\n");
    assert!(read.one_object && read.records == 1);
    let (_, read) = salvage("a.json", b"{\n \"a\": 1\n}\n{\"a\":2}\n");
    assert!(!read.one_object && read.records == 2);
    let (_, read) = salvage("a.json", b"{\"a\":1}\n");
    assert!(!read.one_object);
}

#[test]
fn numbers_stay_as_they_were_written() {
    for number in [
        "18014398509481985",
        "133748928000000001",
        "18446744073709551615",
        "1.50e+3",
    ] {
        let (texts, _) = salvage("a.json", format!("{{\"n\":{number}}}\n").as_bytes());
        assert_eq!(texts, [format!("{{\"n\":{number}}}")]);
    }
}

/// A value is looked at in pieces: whatever stands where one breaks off, it is the same value.
#[test]
fn a_value_is_the_same_wherever_what_is_at_hand_breaks_off() {
    // A word, a number, escapes and a character of four bytes, one behind the other up to some pieces' ends.
    let parts = [
        r#""\ud83d\ude00\u00e9\\""#,
        "true",
        "false",
        "null",
        "-12.5e+30",
        "\"\u{1f600}\u{e9}\"",
    ];
    let value = |pad: usize, n: usize| {
        let rest = (0..6).map(|at| parts[(at + n) % 6]).collect::<Vec<_>>();
        format!(
            "{{\"p\":\"{}\",\"v\":[{}]}}",
            "p".repeat(pad),
            rest.join(",")
        )
    };
    for shift in 0..70 {
        let of = |length: usize| (0..3).map(move |n| value(length - 20 - shift, n));
        // The first mebibyte of a line is read at once.
        let line = (0..16).map(|_| value((1 << 16) - 120, 0));
        let line: Vec<String> = line.chain([value(740 - shift, 1)]).collect();
        for values in [of(4_096).collect(), of(8_192).collect(), line] {
            for text in [
                format!("[{}]", values.join(",")),
                values.join(""),
                values.join("\n"),
            ] {
                let (found, read) = salvage("a.json", text.as_bytes());
                assert_eq!(read.unread, 0, "{shift}");
                assert!(found == values, "{shift}");
            }
        }
    }
}

/// A million small values may stand on one line, and a million lines may break off: each costs what it has.
#[test]
fn values_of_one_line_and_lines_that_break_off_are_read_in_steps_that_follow_their_size() {
    let many = 200_000;
    let line: Vec<String> = (0..many).map(|n| format!("{{\"m\":{n}}}")).collect();
    let text = format!("[{}]", line.join(","));
    let (found, read) = salvage("a.json", text.as_bytes());
    assert_eq!((found.len(), read.unread), (many, 0));
    let lines = 20_000;
    let broken: String = (0..lines)
        .map(|n| format!("{{\"a\":{{\"b\":\"{n}\",\n"))
        .collect();
    let text = format!("{{\"ok\":1}}\n{broken}{{\"ok\":2}}\n");
    let (found, read) = salvage("a.json", text.as_bytes());
    assert_eq!(found, ["{\"ok\":1}", "{\"ok\":2}"]);
    assert_eq!(read.unread, lines);
    // The records of an object that breaks off are found as before, also behind others.
    let records = "{\"Records\":[{\"n\":1},{\"n\":2},{\"n\":";
    for before in [String::new(), "{\"a\":1,\n".repeat(50)] {
        let (found, _) = salvage("a.json", format!("{before}{records}").as_bytes());
        assert_eq!(found, ["{\"n\":1}", "{\"n\":2}"]);
    }
}
