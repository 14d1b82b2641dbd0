//! Does: builds an archive that two programs read differently: something before it or between its
//! entries, comments, a second end record, 64-bit values that contradict, entries over one another, data
//! descriptors, names, sizes or kinds of which one header says this and the other that, a second name in
//! an extra field, a name in an unnamed alphabet.
//! Wants: an original that this program verified, and of which everybody else sees another content.
//! Stops it: one reader for exports, packets and archives of any files, which refuses all of them; what
//! it accepts, Python, Info-ZIP and 7-zip list and unpack as it does.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use evidence::archive::{Bounds, Container, read_member};
use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry, as both headers say it unless something is changed.
#[derive(Clone, Default)]
struct Entry {
    name: Vec<u8>,
    content: Vec<u8>,
    deflated: bool,
    /// Sizes behind the data: with the signature, without it.
    described: Option<bool>,
    /// 64-bit sizes in the local header.
    wide: bool,
    local_extra: Vec<u8>,
    central_extra: Vec<u8>,
    /// UTF-8 flag.
    utf_8: bool,
    folder: bool,
}

#[derive(Clone, Default)]
struct Archive {
    entries: Vec<Entry>,
    before: Vec<u8>,
    between: Vec<u8>,
    behind_entries: Vec<u8>,
    entry_comment: Vec<u8>,
    comment: Vec<u8>,
    behind: Vec<u8>,
    /// The 64-bit end record: directory offset added, entries added.
    wide_end: Option<(u64, u64)>,
    attributes: Option<u32>,
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = DeflateEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("it is packed");
    out.finish().expect("it is packed")
}

fn put(out: &mut Vec<u8>, values: &[(u64, usize)]) {
    for (value, width) in values {
        out.extend(&value.to_le_bytes()[..*width]);
    }
}

/// Where the parts of an archive are, so that a test can change one of them.
struct Built {
    bytes: Vec<u8>,
    locals: Vec<usize>,
    centrals: Vec<usize>,
    end: usize,
}

impl Archive {
    fn built(&self) -> Built {
        let mut out = self.before.clone();
        let (mut locals, mut directory) = (Vec::new(), Vec::new());
        for (number, entry) in self.entries.iter().enumerate() {
            if number == 1 {
                out.extend(&self.between);
            }
            let header = out.len() as u64;
            locals.push(out.len());
            let packed = match entry.deflated {
                true => deflate(&entry.content),
                false => entry.content.clone(),
            };
            let sizes = (packed.len() as u64, entry.content.len() as u64);
            let sum = u64::from(crc(&entry.content));
            let flags = u64::from(entry.utf_8) << 11 | u64::from(entry.described.is_some()) << 3;
            let method = if entry.deflated { 8 } else { 0 };
            let in_local = match entry.described {
                Some(_) => (0, (0, 0)),
                None => (sum, sizes),
            };
            let mut extra = Vec::new();
            if entry.wide {
                let (packed, size) = in_local.1;
                put(&mut extra, &[(1, 2), (16, 2), (size, 8), (packed, 8)]);
            }
            extra.extend(&entry.local_extra);
            let narrow = |value: u64| if entry.wide { 0xffff_ffff } else { value };
            let name = entry.name.len() as u64;
            put(
                &mut out,
                &[
                    (0x0403_4b50, 4),
                    (20, 2),
                    (flags, 2),
                    (method, 2),
                    (0, 2),
                    (0x21, 2),
                ],
            );
            put(
                &mut out,
                &[
                    (in_local.0, 4),
                    (narrow(in_local.1.0), 4),
                    (narrow(in_local.1.1), 4),
                ],
            );
            put(&mut out, &[(name, 2), (extra.len() as u64, 2)]);
            out.extend(&entry.name);
            out.extend(&extra);
            out.extend(&packed);
            if let Some(signed) = entry.described {
                if signed {
                    out.extend(b"PK\x07\x08");
                }
                let width = if entry.wide { 8 } else { 4 };
                put(&mut out, &[(sum, 4), (sizes.0, width), (sizes.1, width)]);
            }
            let kind = if entry.folder {
                0o040_755_u64 << 16 | 0x10
            } else {
                0o100_644 << 16
            };
            let attributes = self.attributes.map_or(kind, u64::from);
            let lengths = (
                entry.central_extra.len() as u64,
                self.entry_comment.len() as u64,
            );
            let mut central = Vec::new();
            put(
                &mut central,
                &[
                    (0x0201_4b50, 4),
                    (0x314, 2),
                    (20, 2),
                    (flags, 2),
                    (method, 2),
                ],
            );
            put(
                &mut central,
                &[(0, 2), (0x21, 2), (sum, 4), (sizes.0, 4), (sizes.1, 4)],
            );
            put(
                &mut central,
                &[(name, 2), (lengths.0, 2), (lengths.1, 2), (0, 2), (0, 2)],
            );
            put(&mut central, &[(attributes, 4), (header, 4)]);
            central.extend(&entry.name);
            central.extend(&entry.central_extra);
            central.extend(&self.entry_comment);
            directory.push(central);
        }
        out.extend(&self.behind_entries);
        let start = out.len() as u64;
        let mut centrals = Vec::new();
        for central in &directory {
            centrals.push(out.len());
            out.extend(central);
        }
        let length = out.len() as u64 - start;
        let count = self.entries.len() as u64;
        let (mut narrow_count, mut narrow_start) = (count, start);
        if let Some((moved, more)) = self.wide_end {
            let record = out.len() as u64;
            put(
                &mut out,
                &[(0x0606_4b50, 4), (44, 8), (45, 2), (45, 2), (0, 4), (0, 4)],
            );
            put(
                &mut out,
                &[
                    (count + more, 8),
                    (count + more, 8),
                    (length, 8),
                    (start + moved, 8),
                ],
            );
            put(&mut out, &[(0x0706_4b50, 4), (0, 4), (record, 8), (1, 4)]);
            (narrow_count, narrow_start) = (0xffff, 0xffff_ffff);
        }
        let end = out.len();
        put(
            &mut out,
            &[
                (0x0605_4b50, 4),
                (0, 2),
                (0, 2),
                (narrow_count, 2),
                (narrow_count, 2),
            ],
        );
        put(
            &mut out,
            &[
                (length, 4),
                (narrow_start, 4),
                (self.comment.len() as u64, 2),
            ],
        );
        out.extend(&self.comment);
        out.extend(&self.behind);
        Built {
            bytes: out,
            locals,
            centrals,
            end,
        }
    }
}

/// Content by name, as this program reads it; the code where it refuses.
fn ours(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let container = Container::open(Cursor::new(bytes.to_vec()), Bounds::default());
    let container = container.map_err(|error| error.code().to_owned())?;
    let mut found = BTreeMap::new();
    for member in container.members() {
        let mut content = Vec::new();
        read_member(Cursor::new(bytes.to_vec()), member)
            .and_then(|mut reader| reader.read_to_end(&mut content))
            .map_err(|_| "corrupt".to_owned())?;
        found.insert(member.name.clone(), content);
    }
    Ok(found)
}

/// Small numbers that look drawn, the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// Extended timestamp, as Info-ZIP writes it: access time in the local header only.
const TIMES: [&[u8]; 2] = [
    b"UT\x09\x00\x03\x00\x00\x00\x01\x00\x00\x00\x01",
    b"UT\x05\x00\x03\x00\x00\x00\x01",
];

/// A valid archive, of the forms in which honest programs write them.
fn valid(draw: &mut Draw) -> Archive {
    let count = 1 + draw.below(5);
    let mut entries: Vec<Entry> = (0..count)
        .map(|number| {
            let length = draw.below(400) as usize;
            let times = draw.yes();
            let utf_8 = draw.yes();
            let stem = if utf_8 { "größe" } else { "part" };
            let content: Vec<u8> = (0..length).map(|_| b'a' + draw.below(9) as u8).collect();
            Entry {
                name: format!("logs/{number}-{stem}.ndjson").into_bytes(),
                content,
                deflated: draw.yes(),
                wide: draw.below(4) == 0,
                local_extra: if times { TIMES[0].to_vec() } else { Vec::new() },
                central_extra: if times { TIMES[1].to_vec() } else { Vec::new() },
                utf_8,
                ..Entry::default()
            }
        })
        .collect();
    for entry in &mut entries {
        // A reader of streams cannot find the end of what is stored, so nobody writes that.
        entry.described = (entry.deflated && draw.yes()).then(|| draw.yes());
    }
    if draw.yes() {
        let name = b"logs/".to_vec();
        entries.insert(
            0,
            Entry {
                name,
                folder: true,
                ..Entry::default()
            },
        );
    }
    Archive {
        entries,
        wide_end: (draw.below(4) == 0).then_some((0, 0)),
        ..Archive::default()
    }
}

/// Every way in which an archive is made to have two readings, and the reason it is refused with.
fn broken(draw: &mut Draw) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut plain = valid(draw);
    plain.wide_end = None;
    plain.entries.retain(|entry| !entry.folder);
    for entry in &mut plain.entries {
        (entry.wide, entry.described) = (false, None);
    }
    let mut second = plain.entries[0].clone();
    second.name = b"logs/second.ndjson".to_vec();
    plain.entries.push(second);
    let last = plain.entries.len() - 1;
    let inner = plain.built().bytes;
    let with = |change: &dyn Fn(&mut Archive)| {
        let mut archive = plain.clone();
        change(&mut archive);
        archive.built()
    };
    let patched = |built: Built, at: usize, bytes: &[u8]| {
        let mut out = built.bytes;
        out[at..at + bytes.len()].copy_from_slice(bytes);
        out
    };
    let base = || plain.built();
    let local = |number: usize| base().locals[number];
    let central = |number: usize| base().centrals[number];
    let mut found = vec![
        (
            "another archive before it",
            with(&|a| a.before = inner.clone()).bytes,
            "zip-stray-bytes",
        ),
        (
            "bytes before it",
            with(&|a| a.before = b"#!/bin/sh\n".to_vec()).bytes,
            "zip-stray-bytes",
        ),
        (
            "bytes before it that no offset counts",
            [b"MZ", &inner[..]].concat(),
            "zip",
        ),
        (
            "a gap",
            with(&|a| a.between = b"gap".to_vec()).bytes,
            "zip-stray-bytes",
        ),
        (
            "a gap before the directory",
            with(&|a| a.behind_entries = inner.clone()).bytes,
            "zip-stray-bytes",
        ),
        (
            "an entry's comment",
            with(&|a| a.entry_comment = b"hello".to_vec()).bytes,
            "zip-header",
        ),
        (
            "an entry's comment with an end record",
            with(&|a| a.entry_comment = inner[inner.len() - 22..].to_vec()).bytes,
            "zip-header",
        ),
        (
            "a comment",
            with(&|a| a.comment = b"hello".to_vec()).bytes,
            "zip",
        ),
        (
            "an archive as a comment",
            with(&|a| a.comment = inner.clone()).bytes,
            "zip",
        ),
        (
            "a second archive behind it",
            with(&|a| a.behind = inner.clone()).bytes,
            "zip",
        ),
        (
            "a second end record behind it",
            with(&|a| a.behind = inner[inner.len() - 22..].to_vec()).bytes,
            "zip",
        ),
        (
            "64-bit end record of another directory",
            with(&|a| a.wide_end = Some((1, 0))).bytes,
            "zip",
        ),
        (
            "64-bit end record of more entries",
            with(&|a| a.wide_end = Some((0, 1))).bytes,
            "zip-header",
        ),
        (
            "a link",
            with(&|a| a.attributes = Some(0o120_777 << 16)).bytes,
            "not-a-file",
        ),
        (
            "a device",
            with(&|a| a.attributes = Some(0o020_666 << 16)).bytes,
            "not-a-file",
        ),
        (
            "a folder with content",
            with(&|a| a.attributes = Some(0x10)).bytes,
            "not-a-file",
        ),
        (
            "a volume's label",
            with(&|a| a.attributes = Some(0x08)).bytes,
            "not-a-file",
        ),
        (
            "another local name",
            patched(base(), local(last) + 30, b"LOGS"),
            "zip-header-mismatch",
        ),
        (
            "another local size",
            patched(base(), local(last) + 22, &[0xff, 0xff]),
            "zip-header-mismatch",
        ),
        (
            "another local checksum",
            patched(base(), local(last) + 14, &[1, 2, 3, 4]),
            "zip-header-mismatch",
        ),
        (
            "another local method",
            patched(base(), local(last) + 8, &[12, 0]),
            "zip-header-mismatch",
        ),
        (
            "an encrypted entry",
            patched(base(), central(last) + 8, &[1]),
            "zip-feature",
        ),
        (
            "two entries over one another",
            {
                let at = local(0) as u32;
                patched(base(), central(last) + 42, &at.to_le_bytes())
            },
            "zip-header-mismatch",
        ),
        (
            "an entry twice in the directory",
            {
                let built = base();
                let again = built.bytes[built.centrals[0]..built.centrals[1]].to_vec();
                let count = (plain.entries.len() as u16 + 1).to_le_bytes();
                let length = (built.end - built.centrals[0] + again.len()) as u32;
                let mut out = built.bytes;
                out[built.end + 8..built.end + 10].copy_from_slice(&count);
                out[built.end + 10..built.end + 12].copy_from_slice(&count);
                out[built.end + 12..built.end + 16].copy_from_slice(&length.to_le_bytes());
                out.splice(built.end..built.end, again);
                out
            },
            "zip-overlap",
        ),
        (
            "fewer entries than the directory has",
            {
                let built = base();
                let (end, count) = (built.end, (plain.entries.len() as u16 - 1).to_le_bytes());
                let out = patched(built, end + 8, &count);
                let mut out = out;
                out[end + 10..end + 12].copy_from_slice(&count);
                out
            },
            "zip",
        ),
        (
            "a name in no alphabet",
            with(&|a| {
                a.entries[last].name = "logs/größe".into();
                a.entries[last].utf_8 = false;
            })
            .bytes,
            "unsafe-name",
        ),
        (
            "a second name",
            with(&|a| {
                let extra = [
                    b"up\x09\x00\x01".as_slice(),
                    &crc(&a.entries[last].name).to_le_bytes(),
                    b"evil",
                ]
                .concat();
                a.entries[last].central_extra = extra.clone();
                a.entries[last].local_extra = extra;
            })
            .bytes,
            "zip-header",
        ),
        (
            "a link's target in an extra field",
            with(&|a| a.entries[last].central_extra = b"nu\x06\x00secret".to_vec()).bytes,
            "zip-header",
        ),
        (
            "64-bit sizes beside 32-bit ones",
            with(&|a| {
                let mut extra = Vec::new();
                put(&mut extra, &[(1, 2), (16, 2), (1, 8), (1, 8)]);
                a.entries[last].central_extra = extra;
            })
            .bytes,
            "zip-header",
        ),
        (
            "a locator that no end record asks for",
            with(&|a| {
                let mut extra = b"\x0a\x00\x18\x00\x00\x00\x00\x00".to_vec();
                put(&mut extra, &[(0x0706_4b50, 4), (0, 4), (0, 8), (1, 4)]);
                a.entries[last].central_extra = extra;
            })
            .bytes,
            "zip",
        ),
        (
            "a path that is a folder too",
            with(&|a| a.entries[last].name = b"logs".to_vec()).bytes,
            "duplicate-name",
        ),
        (
            "an empty part in a path",
            with(&|a| a.entries[last].name = b"logs//x".to_vec()).bytes,
            "unsafe-name",
        ),
        (
            "a path that climbs",
            with(&|a| a.entries[last].name = b"logs/../x".to_vec()).bytes,
            "unsafe-name",
        ),
        (
            "a zero byte in a path",
            with(&|a| a.entries[last].name = b"logs/x\0y".to_vec()).bytes,
            "unsafe-name",
        ),
        (
            "the same path twice",
            with(&|a| a.entries[last].name = a.entries[0].name.clone()).bytes,
            "duplicate-name",
        ),
    ];
    // Data descriptors.
    let mut described = plain.clone();
    for entry in &mut described.entries {
        (entry.deflated, entry.described) = (true, Some(true));
    }
    let built = described.built();
    let descriptor = built.centrals[0] - 16;
    for (name, at, bytes) in [
        (
            "a descriptor of another checksum",
            descriptor + 4,
            [9_u8; 4],
        ),
        (
            "a descriptor of another packed size",
            descriptor + 8,
            [9; 4],
        ),
        ("a descriptor of another size", descriptor + 12, [9; 4]),
    ] {
        found.push((
            name,
            patched(described.built(), at, &bytes),
            "zip-header-mismatch",
        ));
    }
    let mut gap = described.clone();
    gap.behind_entries = b"four".to_vec();
    found.push((
        "bytes behind a descriptor",
        gap.built().bytes,
        "zip-header-mismatch",
    ));
    found
}

/// Whether a program of others is there.
///
/// # Panics
/// With `CI=true`, where its absence is a failure.
fn present(program: &str, argument: &str) -> bool {
    let there = Command::new(program).arg(argument).output().is_ok();
    assert!(
        there || std::env::var("CI").as_deref() != Ok("true"),
        "{program} is not present, and in CI it must be"
    );
    #[allow(clippy::print_stderr, reason = "the test says what it could not check")]
    if !there {
        eprintln!("{program}: not present; `cargo xtask test` installs it where it can");
    }
    there
}

fn run(program: &str, arguments: &[&str], path: &Path) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .arg(path)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{program} {arguments:?} {}: {}{}",
        path.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Names and contents, as Python's `zipfile` reads them.
const PYTHON: &str = r#"
import json, sys, zipfile
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as z:
        print(json.dumps({i.filename: z.read(i).decode() for i in z.infolist() if not i.is_dir()}))
"#;

#[test]
fn whatever_is_accepted_every_program_reads_alike() {
    let mut draw = Draw(7);
    let folder = tempfile::tempdir().expect("a folder");
    let mut accepted: Vec<(PathBuf, BTreeMap<String, Vec<u8>>)> = Vec::new();
    for number in 0..200 {
        let bytes = valid(&mut draw).built().bytes;
        let read = ours(&bytes).unwrap_or_else(|code| panic!("archive {number}: {code}"));
        let path = folder.path().join(format!("{number}.zip"));
        std::fs::write(&path, bytes).expect("it is written");
        accepted.push((path, read));
    }
    if present("python3", "--version") {
        let mut python = Command::new("python3");
        python
            .args(["-c", PYTHON])
            .args(accepted.iter().map(|(path, _)| path));
        let output = python.output().expect("it starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).expect("text");
        assert_eq!(text.lines().count(), accepted.len());
        for (line, (path, ours)) in text.lines().zip(&accepted) {
            let theirs: BTreeMap<String, String> = serde_json::from_str(line).expect("JSON");
            let theirs: BTreeMap<_, _> = theirs
                .into_iter()
                .map(|(n, c)| (n, c.into_bytes()))
                .collect();
            assert_eq!(theirs, *ours, "{}", path.display());
        }
    }
    let names = |ours: &BTreeMap<String, Vec<u8>>| ours.keys().cloned().collect::<Vec<_>>();
    if present("unzip", "-v") {
        for (path, ours) in &accepted {
            let listing = run("unzip", &["-Z1"], path).stdout;
            let listing = String::from_utf8(listing).expect("text");
            let mut theirs: Vec<String> = listing
                .lines()
                .filter(|n| !n.ends_with('/'))
                .map(str::to_owned)
                .collect();
            theirs.sort();
            assert_eq!(theirs, names(ours), "{}", path.display());
            // In the order of the directory, which is that of the names here.
            let content = run("unzip", &["-p"], path).stdout;
            assert_eq!(
                content,
                ours.values().flatten().copied().collect::<Vec<u8>>()
            );
        }
    }
    if present("7z", "i") {
        for (path, ours) in &accepted {
            let listing = run("7z", &["l", "-slt", "-ba"], path).stdout;
            let listing = String::from_utf8(listing).expect("text");
            let mut theirs = BTreeMap::new();
            for block in listing.split("\n\n") {
                let of = |key: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(key))
                        .map(str::to_owned)
                };
                if let Some(name) =
                    of("Path = ").filter(|_| of("Folder = ").as_deref() != Some("+"))
                {
                    theirs.insert(name, of("Size = ").unwrap_or_default());
                }
            }
            let ours: BTreeMap<String, String> = ours
                .iter()
                .map(|(n, c)| (n.clone(), c.len().to_string()))
                .collect();
            assert_eq!(theirs, ours, "{}", path.display());
        }
    }
}

#[test]
fn whatever_two_programs_could_read_differently_is_refused() {
    let mut draw = Draw(11);
    let mut ways = std::collections::BTreeSet::new();
    for round in 0..12 {
        for (way, bytes, code) in broken(&mut draw) {
            assert_eq!(
                ours(&bytes).err().as_deref(),
                Some(code),
                "{way}, round {round}"
            );
            // As an export and as a packet neither.
            let export = evidence::ExportFiles::open_zip(Cursor::new(bytes.clone()));
            assert!(export.is_err(), "{way}");
            assert!(
                evidence::packet::read_container(&mut Cursor::new(bytes)).is_err(),
                "{way}"
            );
            ways.insert(way);
        }
    }
    assert!(ways.len() > 35, "{}", ways.len());
}
