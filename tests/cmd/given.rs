//! What the tests start from: a terminal, a key, a few sealed exports, and changed copies of them.

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use muniment_tests::programs::Terminal;
use serde_json::Value;
use tempfile::TempDir;

/// Origin of the logs that tests seal.
pub(crate) const ORIGIN: &str = "log.example/enigm-key";

/// A record of Enigm Key that names a subject, an account and a serial.
pub(crate) const RECORD: &str = r#"{"type":"key.provisioned","id":"257b4c99-710a-59eb-8c83-8025556a7aef","time":"2026-11-02T08:47:00Z","outcome":"accepted","subject":{"key":"EK-20417","account":"m.lind@example.org","serial":"EKS-9X-00417"},"key":{"model":"EK2","firmware":"2.4.1","counter":0}}"#;

/// A terminal in an empty folder of its own.
pub(crate) fn terminal() -> (TempDir, Terminal) {
    let dir = tempfile::tempdir().expect("a folder");
    let terminal = Terminal::new(dir.path());
    (dir, terminal)
}

/// Records of Enigm Key `[from, to)`, a minute apart.
pub(crate) fn lines(from: u64, to: u64) -> String {
    (from..to)
        .map(|at| {
            format!(
                "{{\"type\":\"dependency.checked\",\"id\":\"00000000-0000-4000-8000-{at:012}\",\
                 \"time\":\"2026-11-02T{:02}:{:02}:00Z\",\"outcome\":\"accepted\",\
                 \"subject\":{{\"key\":\"EK-{at}\"}},\"dependency\":{{\"kind\":\"account\",\
                 \"latency-ms\":{}}}}}\n",
                at / 60 % 24,
                at % 60,
                100 + at
            )
        })
        .collect()
}

/// Makes the key of [`ORIGIN`] and gives its vkey.
pub(crate) fn key(terminal: &Terminal) -> String {
    let key = terminal.done(&["keygen", "--origin", ORIGIN, "-o", "key.json"]);
    text(&key["vkey"])
}

/// Arguments that seal a file of the terminal's folder.
pub(crate) fn seal<'a>(input: &'a str, output: &'a str) -> Vec<&'a str> {
    vec![
        "seal",
        "--source",
        "enigm-key",
        "--origin",
        ORIGIN,
        "--key",
        "key.json",
        input,
        "-o",
        output,
    ]
}

/// Seals consecutive exports with so many records each; they are `1.zip`, `2.zip`, … .
pub(crate) fn exports(terminal: &Terminal, sizes: &[u64]) -> Vec<PathBuf> {
    let mut first = 0;
    (1..)
        .zip(sizes)
        .map(|(number, size)| {
            let (input, output) = (format!("{number}.ndjson"), format!("{number}.zip"));
            let before = format!("{}.zip", number - 1);
            put(terminal, &input, lines(first, first + size).as_bytes());
            let mut arguments = seal(&input, &output);
            if number > 1 {
                arguments.extend(["--previous", &before]);
            }
            let sealed = terminal.done(&arguments);
            assert_eq!(sealed["first"], first);
            first += size;
            assert_eq!(
                (&sealed["last"], &sealed["total"]),
                (&first.into(), &(*size).into())
            );
            terminal.home.join(output)
        })
        .collect()
}

/// Writes a file into the terminal's folder.
pub(crate) fn put(terminal: &Terminal, name: &str, bytes: &[u8]) -> PathBuf {
    let path = terminal.home.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    std::fs::write(&path, bytes).expect("it can be written");
    path
}

/// The export with the text of its records changed, packed anew: what is left to tell is what was
/// signed.
pub(crate) fn with_records(export: &Path, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let bytes = std::fs::read(export).expect("an export");
    let mut old = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut changed = false;
    for number in 0..old.len() {
        let mut file = old.by_index(number).expect("a file");
        let mut name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("read");
        if let Some(plain) = name.strip_suffix(".zst") {
            name = plain.to_owned();
            bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
            let before = bytes.clone();
            change(&mut bytes);
            changed = before != bytes;
        }
        new.start_file(name, options).expect("written");
        new.write_all(&bytes).expect("written");
    }
    assert!(changed, "the records were to be changed");
    new.finish().expect("written").into_inner()
}

/// Replaces the first occurrence of a text by one of the same length.
pub(crate) fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .expect("the text is there");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
}

/// A string of a document.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// SHA-256, hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    evidence::Hash::sha256(bytes).to_hex()
}

/// A ZIP of these files.
pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(*name, options).expect("memory");
        zip.write_all(bytes).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// `records` JSON lines of nobody's schema that mention `mark`.
pub(crate) fn loose(mark: &str, records: usize) -> Vec<u8> {
    (0..records)
        .map(|at| format!("{{\"{mark}\":{at},\"when\":\"2026-11-02T03:00:00Z\"}}\n"))
        .collect::<String>()
        .into_bytes()
}

/// The entry of a list that is about this file.
pub(crate) fn by_name<'r>(report: &'r Value, list: &str, name: &str) -> &'r Value {
    let all = report[list].as_array().expect("a list");
    let found = all.iter().find(|one| text(&one["file"]).ends_with(name));
    found.unwrap_or_else(|| panic!("{name} is in {report:#}"))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A packet of an incident is planned, approved and written; what its record says.
pub(crate) fn packet(terminal: &Terminal, incident: &str, audience: &str, file: &str) -> Value {
    let plan = terminal.done(&["packet", "plan", incident, "--audience", audience]);
    let blocked = plan["blocked"].as_array().map(Vec::len);
    assert_eq!(blocked, Some(0), "{audience}: {:#}", plan["blocked"]);
    let digest = text(&plan["digest"]);
    let mut write = vec!["packet", "write", incident, "--audience", audience];
    write.extend(["--approve", &digest, "-o", file]);
    terminal.done(&write);
    let bytes = std::fs::read(terminal.home.join(file)).expect("the packet");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let record = zip.by_name("data/packet.json").expect("the record");
    serde_json::from_reader(record).expect("JSON")
}
