//! Does: hands over a packet of a few kilobytes or megabytes that costs gigabytes or minutes: a PDF whose
//! object streams unpack to gigabytes, a timeline of tens of thousands of rows, a record of one array.
//! Wants: the reader's machine, before any signature was looked at.
//! Stops it: nothing of a stranger's PDF is parsed; sizes are looked at before contents, rows and texts
//! before anything is computed or set from them; each bound keeps by one what it breaks by one.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evidence::packet::{
    Layout, MAX_ALL_ROWS, MAX_INCLUSION, MAX_PACKET_JSON, MAX_RECORD, MAX_ROWS, MAX_SMALL,
    MAX_TEXT, PacketJson, all_rows,
};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use muniment_tests::programs::muniment;

use super::given::{edit_packet, files, pack, rederive, reviewer_key, settle, trust};

/// Most memory that a check may take, whatever it is given.
const MOST_MEMORY: u64 = 256 << 20;

/// Codes with which files are refused, once the writer signed them.
fn codes(files: super::given::Files) -> Vec<&'static str> {
    let zip = pack(&settle(files, Some(&reviewer_key())));
    let mut codes = packet::verify_whole(&zip, &trust()).failure_codes();
    codes.dedup();
    codes
}

/// Largest resident memory and time of `muniment verify` on these bytes, which must refuse them or
/// not as stated.
fn cost(zip: &[u8], passes: bool) -> (u64, Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("packet.zip");
    std::fs::write(&path, zip).expect("it is written");
    let from = Instant::now();
    let mut child = Command::new(muniment())
        .args(["--json", "verify"])
        .arg(&path)
        .env("HOME", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("muniment starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or_default() << 10);
        }
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(ended.code() == Some(1), !passes, "{ended}");
    (peak, from.elapsed())
}

/// An honest packet: what everything else is measured by.
fn honest() -> (u64, Duration) {
    cost(&pack(&files()), true)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).expect("it is packed");
    out.finish().expect("it is packed")
}

/// A PDF of some kilobytes whose object streams unpack to four gigabytes.
fn bomb() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n".to_vec();
    let layer = packed(&vec![b' '; 64 << 20]);
    let twice = packed(&layer);
    let mut places = Vec::new();
    for number in 1..=64 {
        places.push(pdf.len());
        let head = format!(
            "{number} 0 obj\n<</Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]/Length {}>>\nstream\n",
            twice.len()
        );
        pdf.extend(head.as_bytes());
        pdf.extend(&twice);
        pdf.extend(b"\nendstream\nendobj\n");
    }
    let start = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).as_bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").as_bytes());
    }
    pdf.extend(format!("trailer\n<</Size 65>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    pdf
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_unpacks_to_gigabytes_costs_nothing() {
    let (_, time) = honest();
    let mut files = files();
    files.insert(Layout::REPORT.into(), bomb());
    let (memory, taken) = cost(&pack(&settle(files, Some(&reviewer_key()))), false);
    assert!(memory < MOST_MEMORY, "{memory} bytes");
    assert!(taken < time * 10, "{taken:?}, honest {time:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_longest_timeline_that_is_set_stays_within_the_bounds() {
    let (_, time) = honest();
    let long = |rows: usize| {
        let mut files = files();
        edit_packet(&mut files, |packet| {
            let row = packet.timeline.last().expect("a row").clone();
            packet.timeline.retain(|row| !row.evidence.is_empty());
            let more = (packet.timeline.len()..rows).map(|number| {
                let mut row = row.clone();
                row.id = format!("X-{number}");
                row.text = "what somebody holds to be so, in some words ".to_owned();
                row
            });
            packet.timeline.extend(more);
            // Every section full, as far as the whole may be long.
            let (finding, lesson) = (packet.analysis[0].clone(), packet.lessons[0].clone());
            packet.analysis.extend((0..rows / 4).map(|number| {
                let mut row = finding.clone();
                row.id = format!("Y-{number}");
                row.text =
                    "a conclusion in a sentence of its own length, and another one ".repeat(3);
                row
            }));
            packet.lessons.extend(vec![lesson; rows / 8]);
        });
        rederive(&mut files);
        files
    };
    let most = long(MAX_ROWS);
    let length = most[Layout::PACKET].len();
    assert!(
        length < MAX_PACKET_JSON && length > MAX_PACKET_JSON * 3 / 4,
        "{length}"
    );
    let zip = pack(&settle(most, Some(&reviewer_key())));
    let (memory, taken) = cost(&zip, true);
    assert!(memory < MOST_MEMORY, "{memory} bytes");
    assert!(taken < time * 10, "{taken:?}, honest {time:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_record_of_nine_megabytes_is_not_parsed() {
    let mut files = files();
    let mut record: PacketJson = serde_json::from_slice(&files[Layout::PACKET]).expect("a record");
    let row = record.timeline.last().expect("a row").clone();
    record.timeline = vec![row; 60_000];
    let json = record.to_bytes().expect("JSON");
    assert!(json.len() > 9 << 20);
    files.insert(Layout::PACKET.into(), json);
    let zip = pack(&settle(files, Some(&reviewer_key())));
    let (memory, taken) = cost(&zip, false);
    assert!(memory < MOST_MEMORY / 2, "{memory} bytes");
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}

#[test]
fn rows_of_a_section() {
    let with = |rows: usize| {
        let mut files = files();
        edit_packet(&mut files, |packet| {
            let row = packet.lessons[0].clone();
            packet.lessons = vec![row; rows];
        });
        rederive(&mut files);
        codes(files)
    };
    assert!(with(MAX_ROWS).is_empty());
    assert_eq!(with(MAX_ROWS + 1), ["too-many-rows"]);
    let all = |rows: usize| {
        let mut files = files();
        edit_packet(&mut files, |packet| {
            let mut lesson = packet.lessons[0].clone();
            lesson.text = "x".into();
            packet.lessons = vec![lesson; MAX_ROWS];
            let mut impact = packet.incident.impact[0].clone();
            impact.statement = "x".into();
            packet.incident.impact = vec![impact; MAX_ROWS / 4];
            packet.incident.metrics.truncate(1);
            let metric = packet.incident.metrics[0].clone();
            let missing = rows - all_rows(packet);
            packet.incident.metrics.extend(vec![metric; missing]);
        });
        rederive(&mut files);
        codes(files)
    };
    assert!(all(MAX_ALL_ROWS).is_empty());
    assert_eq!(all(MAX_ALL_ROWS + 1), ["too-many-rows"]);
}

#[test]
fn texts_and_the_record_as_a_whole() {
    let text = |length: usize| {
        let mut files = files();
        edit_packet(&mut files, |packet| {
            packet.lessons[0].text = "word ".repeat(length / 5) + &"w".repeat(length % 5)
        });
        rederive(&mut files);
        codes(files)
    };
    assert!(text(MAX_TEXT).is_empty());
    assert_eq!(text(MAX_TEXT + 1), ["text-too-long"]);
    // White space is no part of the accepted spelling, but it is of the size.
    let long = |length: usize| {
        let mut files = files();
        let json = files.get_mut(Layout::PACKET).expect("packet.json");
        json.resize(length, b'\n');
        codes(files)
    };
    assert!(!long(MAX_PACKET_JSON).contains(&"file-too-long"));
    assert_eq!(long(MAX_PACKET_JSON + 1), ["file-too-long"]);
}

#[test]
fn files_that_are_looked_into() {
    let with = |name: &str, length: usize| {
        let mut files = files();
        files.insert(name.into(), vec![b'['; length]);
        codes(files).contains(&"file-too-long")
    };
    let folder = Layout::proofs(super::given::ORIGIN, 9, 40);
    for (name, most) in [
        (Layout::evidence("E-0001"), MAX_RECORD),
        (format!("{folder}checkpoint"), MAX_SMALL),
        (format!("{folder}range.json"), MAX_SMALL),
        (format!("{folder}inclusion.json"), MAX_INCLUSION),
        (Layout::LEDGER_CHECKPOINT.to_owned(), MAX_SMALL),
        (Layout::LEDGER.to_owned(), MAX_RECORD),
    ] {
        assert!(!with(&name, most), "{name}");
        assert!(with(&name, most + 1), "{name}");
    }
    let signature = |length: usize| {
        let mut files = files();
        let name = format!("{}{}.pae", Layout::SIGNATURES, "a".repeat(64));
        files.insert(name, vec![b'['; length]);
        let report = packet::verify_whole(&pack(&files), &trust());
        report.failure_codes().contains(&"file-too-long")
    };
    assert!(!signature(MAX_SMALL) && signature(MAX_SMALL + 1));
}
