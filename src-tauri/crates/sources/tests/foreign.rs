//! Readers of foreign files: their bounds, and real events of other people.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use flate2::{Compression, write::GzEncoder};
use redaction::{Class, HandleKey, Shown, minimise};
use sources::{Catalogue, InputKind, JsonFault, Known, Place, ReadError, SourceFile, read_foreign};

fn read(kind: InputKind, bytes: &[u8]) -> Result<Vec<(Place, String)>, ReadError> {
    let mut found = Vec::new();
    let known = Known::Each(&Catalogue::builtin());
    let read = read_foreign(kind, bytes, known, &mut |_, record| {
        found.push((record.place, record.text.to_owned()));
        ControlFlow::Continue(())
    })?;
    assert_eq!(read.records as usize, found.len());
    Ok(found)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn records_come_with_their_place_and_their_exact_text() {
    let text = b"{\"a\":1}\r\n\n {\"b\" : 2} \n[3]";
    let lines = read(InputKind::JsonLines, text).unwrap();
    let expected = [
        (Place::Line(1), "{\"a\":1}".to_owned()),
        (Place::Line(3), "{\"b\" : 2}".to_owned()),
        (Place::Element(0), "3".to_owned()),
    ];
    assert_eq!(lines, expected);
    assert_eq!(read(InputKind::JsonLines, &gzip(text)).unwrap(), expected);
    let with_bom = [b"\xef\xbb\xbf".as_slice(), text].concat();
    assert_eq!(read(InputKind::JsonLines, &with_bom).unwrap(), expected);

    let array = read(InputKind::JsonArray, b" [ {\"a\": 1} , 2 ] ").unwrap();
    let expected = [
        (Place::Element(0), "{\"a\": 1}".to_owned()),
        (Place::Element(1), "2".to_owned()),
    ];
    assert_eq!(array, expected);
    let trail = br#"{"other":[0],"Records":[{"a": 1},2],"more":{}}"#;
    assert_eq!(read(InputKind::JsonRecords, trail).unwrap(), expected);
    assert_eq!(
        read(InputKind::JsonRecords, &gzip(trail)).unwrap(),
        expected
    );
    assert_eq!(
        read(InputKind::JsonRecords, b"{\"Records\":[]}").unwrap(),
        []
    );
}

#[test]
fn each_bad_file_has_its_error_and_place() {
    let lines = |text: &[u8]| read(InputKind::JsonLines, text).unwrap_err();
    let duplicate = lines(b"{}\n{\"a\":1,\"a\":2}\n");
    assert!(matches!(
        duplicate,
        ReadError::Line {
            line: 2,
            fault: JsonFault::DuplicateKey,
            ..
        }
    ));
    let cut = lines(b"{}\n{\"a\": 1\n{}\n");
    assert!(matches!(
        cut,
        ReadError::Line {
            line: 2,
            fault: JsonFault::Truncated,
            ..
        }
    ));
    assert!(matches!(
        lines(b"{}\n\xff{}"),
        ReadError::NotUtf8 {
            at: 0,
            line: Some(2)
        }
    ));
    let long = format!("{{}}\n{{\"a\":\"{}\"}}\n", "x".repeat(1 << 20));
    assert!(matches!(
        lines(long.as_bytes()),
        ReadError::Line {
            line: 2,
            fault: JsonFault::TooLarge,
            ..
        }
    ));

    let trail = |text: &[u8]| read(InputKind::JsonRecords, text).unwrap_err();
    let cut = trail(br#"{"Records":[{"a":1},{"b":"#);
    assert!(matches!(
        cut,
        ReadError::Line {
            line: 1,
            fault: JsonFault::Truncated,
            ..
        }
    ));
    let twice = trail(b"{\"Records\":[],\"Records\":[]}");
    assert!(matches!(
        twice,
        ReadError::Line {
            fault: JsonFault::DuplicateKey,
            ..
        }
    ));

    for kind in [InputKind::JsonRecords, InputKind::JsonLines] {
        let good = gzip(b"{\"Records\":[{}]}");
        let error = |bytes: &[u8]| read(kind, bytes).unwrap_err();
        assert!(matches!(
            error(&[good.as_slice(), b"x"].concat()),
            ReadError::TrailingGzip
        ));
        assert!(matches!(error(&good[..good.len() - 3]), ReadError::Gzip));
        let mut bad = good.clone();
        let last = bad.len() - 6;
        bad[last] ^= 1;
        assert!(matches!(error(&bad), ReadError::Gzip));
    }
    let mut large = b"{\"Records\":[".to_vec();
    large.resize(64 * 1024 * 1024 + 2, b' ');
    assert!(matches!(trail(&large), ReadError::FileTooLarge { .. }));
    assert!(matches!(
        read(InputKind::Unknown, b""),
        Err(ReadError::NotForeign)
    ));

    let catalogue = Catalogue::builtin();
    let known = Known::All(catalogue.get("aws-cloudtrail", None).unwrap());
    let mut nothing = |_: &SourceFile, _: sources::ForeignRecord<'_>| ControlFlow::Continue(());
    let text = br#"{"Records":[{},{}, 7]}"#.as_slice();
    match read_foreign(InputKind::JsonRecords, text, known, &mut nothing) {
        Err(ReadError::Element {
            index: 2,
            at,
            fault: JsonFault::NotAnObject,
        }) => {
            assert_eq!(text[at], b'7');
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_caller_can_stop() {
    let mut seen = 0;
    let result = read_foreign(
        InputKind::JsonArray,
        b"[1,2,3]".as_slice(),
        Known::All(Catalogue::generic()),
        &mut |_, _| {
            seen += 1;
            if seen == 2 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    assert!(matches!(result, Err(ReadError::Stopped)));
    assert_eq!(seen, 2);
}

#[test]
fn errors_never_quote_content() {
    for text in [
        "{\"canary-4711\" 1}",
        "{\"canary-4711\":1,\"canary-4711\":2}",
        "canary-4711",
    ] {
        let error = read(InputKind::JsonLines, text.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

#[test]
fn a_file_is_known_by_its_first_bytes() {
    use InputKind::*;
    for (name, first, is_dir, kind) in [
        ("export", b"".as_slice(), true, NativeExport),
        ("a.zip", b"PK\x03\x04", false, NativeExport),
        ("a.zip", b"PK\x05\x06", false, NativeExport),
        ("a.ndjson.gz", b"\x1f\x8b\x08", false, Unknown),
        ("a.json", b" {\n \"Records\" : [", false, JsonRecords),
        ("a.json", b"\xef\xbb\xbf{\"Records\":[", false, JsonRecords),
        ("a.json", b"{\"a\":1}\n", false, JsonLines),
        ("a.json", b"\n[{", false, JsonArray),
        ("dir/SHA256SUMS", b"", false, Sha256Sums),
        (
            "sums.txt",
            b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a",
            false,
            Sha256Sums,
        ),
        ("photo.jpg", b"\xff\xd8\xff", false, Unknown),
    ] {
        assert_eq!(InputKind::detect(name, first, is_dir), kind, "{name}");
    }
}

fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/corpora")
        .join(name);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "corpus {name} is needed under CI"
    );
    let _ = writeln!(std::io::stderr(), "corpus {name}: not present");
    None
}

fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            json_files(&path, out);
        } else if path.extension().is_some_and(|end| end == "json") {
            out.push(path);
        }
    }
}

/// Whether a C0 or C1 field is shown, which is what makes an event findable by it.
fn check(source: &SourceFile, fields: &[evidence::Field], key: &HandleKey) {
    let pairs = || {
        fields
            .iter()
            .map(|field| (field.path.as_str(), field.value.as_str()))
    };
    let line = source.headline(pairs());
    assert!(line.occurred.is_some());
    assert_ne!(line.action, sources::UNDECLARED);
    // What a service does of its own accord is no call that somebody's request could fail.
    let of_service = pairs().any(|pair| pair == ("/eventType", "\"AwsServiceEvent\""));
    assert!(line.outcome.is_some() || of_service);
    assert!(line.actor.is_some());
    let shown = minimise(&|path| source.rule(path), pairs(), key);
    for path in ["/eventName", "/eventSource", "/awsRegion", "/errorCode"] {
        let field = shown.iter().find(|field| field.path == path);
        assert!(path == "/errorCode" || field.is_some(), "{path}");
        assert!(
            field.is_none_or(|field| matches!(field.shown, Shown::Kept { .. })),
            "{path}"
        );
    }
    for field in &shown {
        assert!(
            !field.path.ends_with('*') || field.path == "/responseElements/*",
            "a field that the source file does not know"
        );
        if matches!(field.class, Class::C3 | Class::C4 | Class::Unknown) {
            let kept_value =
                matches!(&field.shown, Shown::Kept { text } if text.as_str() != "null");
            assert!(!kept_value, "{}", field.path);
        }
    }
}

#[test]
fn real_cloudtrail_events_import_whole() {
    let catalogue = Catalogue::builtin();
    let source = catalogue.get("aws-cloudtrail", None).unwrap();
    let key = HandleKey::new([1; 32]);
    for (name, events) in [("invictus", 2_900), ("stratus", 310)] {
        let Some(folder) = corpus(name) else { continue };
        let mut files = Vec::new();
        json_files(&folder, &mut files);
        let mut total = 0;
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            let kind = InputKind::detect(&file.to_string_lossy(), &bytes, false);
            assert!(matches!(
                kind,
                InputKind::JsonRecords | InputKind::JsonArray
            ));
            let known = Known::Each(&catalogue);
            let read = read_foreign(kind, bytes.as_slice(), known, &mut |by, record| {
                assert_eq!(by.id, source.id, "{}", file.display());
                check(source, &record.fields, &key);
                assert_eq!(record.fields, source.commit(record.text).unwrap());
                ControlFlow::Continue(())
            });
            total += read.unwrap().records;
        }
        assert_eq!(total, events, "{name}");
    }
}
