use std::io::{Cursor, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

fn stored() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Stored)
}

fn archive(files: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const GOOD: [(&str, &[u8]); 3] = [
    (CHECKPOINT, b"a note"),
    (RANGE, b"{}\n"),
    (RECORDS, b"line\nline\n"),
];

fn code(bytes: Vec<u8>) -> &'static str {
    match ExportFiles::open_zip(Cursor::new(bytes)) {
        Err(error) => error.code(),
        Ok(mut files) => {
            let mut out = Vec::new();
            let read = files.records().map(|mut r| r.read_to_end(&mut out));
            match read {
                Err(error) => error.code(),
                Ok(Err(error)) => ArchiveError::from_io(error).code(),
                Ok(Ok(_)) => "read",
            }
        }
    }
}

/// All places of a byte string.
fn places(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(needle.len()).enumerate();
    windows
        .filter(|(_, w)| *w == needle)
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn stored_deflated_and_wide_archives_are_read() {
    let deflated = stored().compression_method(CompressionMethod::Deflated);
    for options in [stored(), deflated, stored().large_file(true)] {
        let mut files = ExportFiles::open_zip(Cursor::new(archive(&GOOD, options))).unwrap();
        assert_eq!(files.small(CHECKPOINT), Some(&b"a note"[..]));
        assert_eq!(files.small(CONSISTENCY), None);
        let mut text = String::new();
        for _ in 0..2 {
            text.clear();
            files.records().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "line\nline\n");
        }
    }
    // As Go and streaming tools write it: sizes behind the data.
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (name, bytes) in GOOD {
        zip.start_file(name, stored()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    assert_eq!(code(zip.finish().unwrap().into_inner()), "read");
}

#[test]
fn names_are_exactly_those_of_an_export() {
    let with = |name: &str| {
        let files = [GOOD[0], GOOD[1], GOOD[2], (name, b"x")];
        code(archive(&files, stored()))
    };
    assert_eq!(with("../range.json"), "unsafe-name");
    assert_eq!(with("a/../range.json"), "unsafe-name");
    assert_eq!(with("/range.json"), "unsafe-name");
    assert_eq!(with("c:range.json"), "unsafe-name");
    assert_eq!(with("a\\range.json"), "unsafe-name");
    assert_eq!(with("Range.JSON"), "case-collision");
    assert_eq!(with("notes.txt"), "unexpected-file");
    assert_eq!(with("folder/range.json"), "unexpected-file");
    assert_eq!(with("folder/"), "not-a-file");
    assert_eq!(with(RECORDS_ZST), "two-record-files");
    assert_eq!(code(archive(&GOOD[1..], stored())), "missing-file");
    // A second entry of the same name, made by renaming one of equal length.
    let mut twice = archive(
        &[GOOD[0], GOOD[1], GOOD[2], ("rangeXjson", b"{}\n")],
        stored(),
    );
    for at in places(&twice, b"rangeXjson") {
        twice[at..at + 10].copy_from_slice(b"range.json");
    }
    assert_eq!(code(twice), "duplicate-name");
    let many: Vec<_> = (0..7).map(|i| format!("f{i}")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b"x"[..])).collect();
    assert_eq!(code(archive(&many, stored())), "too-many-entries");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink(RANGE, "elsewhere", stored()).unwrap();
    assert_eq!(code(zip.finish().unwrap().into_inner()), "not-a-file");
}

#[test]
fn headers_agree_and_nothing_hides() {
    let good = archive(&GOOD, stored());
    assert_eq!(code(good.clone()), "read");
    let change = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        code(bytes)
    };
    let (locals, centrals) = (places(&good, b"PK\x03\x04"), places(&good, b"PK\x01\x02"));
    // Name, CRC, size and date of the first local header, one at a time.
    for offset in [30, 14, 18, 22, 12] {
        assert_eq!(
            change(locals[0] + offset, 0x5a),
            "zip-header-mismatch",
            "{offset}"
        );
    }
    assert_eq!(change(locals[0], b'X'), "zip-header");
    assert_eq!(change(centrals[0] + 8, 1), "zip-feature");
    assert_eq!(change(centrals[1], b'X'), "zip-header");
    let mut method = good.clone();
    (method[locals[0] + 8], method[centrals[0] + 10]) = (93, 93);
    assert_eq!(code(method), "zip-method");
    let record = places(&good, b"line")[0];
    assert_eq!(change(record, b'L'), "corrupt");
    // Two directory entries that point at one local header.
    let mut overlap = good.clone();
    let twin: Vec<u8> = overlap[centrals[0]..centrals[1]].to_vec();
    let end = places(&overlap, b"PK\x05\x06")[0];
    overlap.splice(end..end, twin.iter().copied());
    let end = end + twin.len();
    let length = (end - centrals[0]) as u32;
    overlap[end + 8..end + 12].copy_from_slice(&[4, 0, 4, 0]);
    overlap[end + 12..end + 16].copy_from_slice(&length.to_le_bytes());
    assert_eq!(code(overlap), "zip-overlap");
    assert_eq!(code([&good[..], b"tail"].concat()), "zip");
    assert_eq!(code([b"head", &good[..]].concat()), "zip");
    assert_eq!(code(good[..good.len() - 1].to_vec()), "zip");
    assert_eq!(code(b"PK".to_vec()), "zip");
    let mut comment = ZipWriter::new(Cursor::new(Vec::new()));
    comment.set_comment("hello").unwrap();
    assert_eq!(code(comment.finish().unwrap().into_inner()), "zip");
}

/// A byte behind the end of a deflate stream, counted in the entry's packed size.
#[test]
fn nothing_lies_behind_a_deflate_stream() {
    let deflated = stored().compression_method(CompressionMethod::Deflated);
    let good = archive(&GOOD, deflated);
    assert_eq!(code(good.clone()), "read");
    // The last entry, so that only the directory moves.
    let central = places(&good, b"PK\x01\x02");
    let (last, start) = (central[2], central[0]);
    let mut longer = good.clone();
    let packed = u32::from_le_bytes(good[last + 20..last + 24].try_into().unwrap()) + 1;
    longer[last + 20..last + 24].copy_from_slice(&packed.to_le_bytes());
    let local = *places(&good, b"PK\x03\x04").last().unwrap();
    longer[local + 18..local + 22].copy_from_slice(&packed.to_le_bytes());
    let end = places(&good, b"PK\x05\x06")[0];
    longer[end + 16..end + 20].copy_from_slice(&(start as u32 + 1).to_le_bytes());
    longer.insert(start, 0);
    assert_eq!(code(longer), "corrupt");
}

#[test]
fn unpacking_is_bounded() {
    let zeros = vec![b'0'; 8 << 20];
    let bomb = [GOOD[0], GOOD[1], (RECORDS, zeros.as_slice())];
    let deflated = stored().compression_method(CompressionMethod::Deflated);
    let bytes = archive(&bomb, deflated);
    assert_eq!(code(bytes.clone()), "expands");
    let within = |bytes: Vec<u8>, unpacked, ratio| {
        let bounds = Bounds { unpacked, ratio };
        ExportFiles::open_zip_within(Cursor::new(bytes), bounds)
            .map(|_| ())
            .map_err(|e| e.code())
    };
    assert_eq!(within(bytes.clone(), 1 << 30, 2000), Ok(()));
    assert_eq!(within(bytes, 1 << 20, 2000), Err("expands"));
    let packed = zstd::encode_all(zeros.as_slice(), 3).unwrap();
    let bomb = [GOOD[0], GOOD[1], (RECORDS_ZST, packed.as_slice())];
    assert_eq!(code(archive(&bomb, stored())), "expands");
    let long = vec![b'x'; MAX_SMALL_FILE as usize + 1];
    let long = [(CHECKPOINT, long.as_slice()), GOOD[1], GOOD[2]];
    assert_eq!(code(archive(&long, stored())), "file-too-long");
}

#[test]
fn an_archive_of_ordinary_files_lists_its_files_and_export_folders_and_refuses_odd_names() {
    let pack = |files: &[(&str, &[u8])]| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            if let Some(folder) = name.strip_suffix('/') {
                zip.add_directory(folder, SimpleFileOptions::default())
                    .unwrap();
                continue;
            }
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let open = |bytes: Vec<u8>| Container::open(Cursor::new(bytes), Bounds::default());
    let files: [(&str, &[u8]); 6] = [
        ("logs/", b""),
        ("logs/a.ndjson", b"{}"),
        ("logs/SHA256SUMS", b"sums"),
        ("one/checkpoint", b"c"),
        ("one/range.json", b"r"),
        ("checkpoint", b"alone"),
    ];
    let bytes = pack(&files);
    let mut container = open(bytes.clone()).unwrap();
    let names: Vec<&str> = container
        .members()
        .iter()
        .map(|m| m.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "logs/a.ndjson",
            "logs/SHA256SUMS",
            "one/checkpoint",
            "one/range.json",
            "checkpoint"
        ]
    );
    assert_eq!(container.exports(), ["one"]);
    assert_eq!(container.small(1, 4).unwrap(), b"sums");
    assert_eq!(container.small(1, 3).unwrap_err().code(), "expands");
    assert_eq!(container.head(1, 2).unwrap(), b"su");
    let entry = container.members()[0].clone();
    let mut read = String::new();
    read_member(Cursor::new(bytes), &entry)
        .unwrap()
        .read_to_string(&mut read)
        .unwrap();
    assert_eq!(read, "{}");

    for (name, code) in [
        ("../a", "unsafe-name"),
        ("/a", "unsafe-name"),
        ("C:a", "unsafe-name"),
    ] {
        assert_eq!(
            open(pack(&[(name, b"")])).unwrap_err().code(),
            code,
            "{name}"
        );
    }
    let collide = open(pack(&[("a/B", b"1"), ("A/b", b"2")]));
    assert_eq!(collide.unwrap_err().code(), "case-collision");
    let bomb = pack(&[("a", &vec![0; 3 << 20])]);
    let bounds = Bounds {
        ratio: 200,
        ..Bounds::default()
    };
    assert_eq!(
        Container::open(Cursor::new(bomb), bounds)
            .unwrap_err()
            .code(),
        "expands"
    );
    // The export of a folder opens as if it had been packed alone.
    let members = container.members().iter();
    let members = members.filter(|m| m.name.starts_with("one/"));
    let members = members.cloned().collect();
    let missing = ExportFiles::open_zip_members(Cursor::new(pack(&files)), members).unwrap_err();
    assert_eq!(missing.code(), "missing-file");
}

/// Counts the bytes that were read.
struct Counted {
    inner: Cursor<Vec<u8>>,
    read: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.read
            .fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Opens an archive of files; its refusal, and how many bytes were read to find it.
fn opened(bytes: &[u8]) -> (Result<Container, &'static str>, u64) {
    let read = std::sync::Arc::default();
    let archive = Counted {
        inner: Cursor::new(bytes.to_vec()),
        read: std::sync::Arc::clone(&read),
    };
    let container = Container::open(archive, Bounds::default());
    (
        container.map_err(|error| error.code()),
        read.load(std::sync::atomic::Ordering::Relaxed),
    )
}

/// An archive of empty files: each central header is of the local header beside it, of so many bytes in its extra field.
fn headers(names: &[String], extra: u16, all_of_the_first: bool) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let mut first = None;
    for name in names {
        let length = (name.len() as u16).to_le_bytes();
        let at = *first.get_or_insert(out.len() as u32);
        let at = if all_of_the_first {
            at
        } else {
            out.len() as u32
        };
        if !all_of_the_first || out.is_empty() {
            out.extend(b"PK\x03\x04\x14\0\0\x08\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0");
            out.extend(length);
            out.extend(extra.to_le_bytes());
            out.extend(name.bytes());
            out.extend(vec![0; extra.into()]);
        }
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\x08\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0");
        directory.extend(length);
        directory.extend([0; 12]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.bytes());
    }
    let (start, count) = (out.len() as u32, (names.len() as u16).to_le_bytes());
    let length = directory.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count, count].concat());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn headers_are_read_once_however_many_entries_name_them() {
    let names: Vec<String> = (0..2_000).map(|n| format!("f{n}.json")).collect();
    let good = headers(&names, 0, false);
    let (container, read) = opened(&good);
    assert_eq!(container.unwrap().members().len(), names.len());
    assert!(read <= 2 * good.len() as u64, "{read} of {}", good.len());
    // One local header with all that a header may name behind it, of which every entry says that it is its own.
    let same: Vec<String> = (0..2_000).map(|_| "a.json".to_owned()).collect();
    for (extra, code) in [(0, "zip-overlap"), (60_000, "zip-header")] {
        let hostile = headers(&same, extra, true);
        let (refused, read) = opened(&hostile);
        assert_eq!(refused.err(), Some(code));
        assert!(read <= 2 * hostile.len() as u64, "{read}, {code}");
    }
}

#[test]
fn names_have_a_bound_and_cost_what_they_are_long() {
    let of = |names: &[String]| opened(&headers(names, 0, false)).0;
    let name = |length: usize| format!("{}.x", "n".repeat(length - 2));
    assert_eq!(of(&[name(4_096)]).unwrap().members().len(), 1);
    assert_eq!(of(&[name(4_097)]).err(), Some("name-too-long"));
    // Each of these names two thousand folders: kept one by one, those of a full directory would be terabytes.
    let deep = |n: usize| format!("{}{n:05}", "d/".repeat(2_040));
    let many: Vec<String> = (0..4_000).map(deep).collect();
    assert_eq!(of(&many).unwrap().members().len(), many.len());
}

#[test]
fn no_file_is_a_folder_too_wherever_it_stands() {
    let of = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        opened(&headers(&names, 0, false))
            .0
            .map(|c| c.members().len())
    };
    for (names, refused) in [
        (&["a/b", "a"][..], true),
        (&["a", "z", "a/b"], true),
        (&["A", "a/b/c"], true),
        (&["a/b/", "a"], true),
        (&["a/", "a"], true),
        (&["a", "a/"], true),
        (&["a.b", "a/b", "a-c", "a0"], false),
        (&["a/", "a/b", "a/c/", "a/c/d"], false),
        (&["a/b", "ab", "a b", "a/b.c"], false),
    ] {
        let found = of(names);
        assert_eq!(
            found.err(),
            refused.then_some("duplicate-name"),
            "{names:?}"
        );
    }
}

#[test]
fn the_exports_of_an_archive_are_those_with_both_files() {
    let mut names: Vec<String> = (0..3_000)
        .flat_map(|n| [format!("d{n}/checkpoint"), format!("d{n}/range.json")])
        .collect();
    names.extend((0..3_000).map(|n| format!("e{n}/checkpoint")));
    names.extend(["f/xrange.json", "f/checkpoint", "g/h/range.json"].map(str::to_owned));
    let container = opened(&headers(&names, 0, false)).0.unwrap();
    let found = container.exports();
    assert_eq!(found.len(), 3_000);
    assert_eq!((found[0].as_str(), found[2_999].as_str()), ("d0", "d2999"));
}
