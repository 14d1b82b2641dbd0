//! The leak check: are values that must stay inside anywhere in the packet?

use std::collections::BTreeMap;
use std::io::{self, Read, Seek};

use evidence::packet::{
    DisclosedEntry, Layout, PacketJson, derived_limitations, readme_text, verify_text,
};
use lopdf::{Document, Object};
use redaction::LeakScanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A withheld value found where it must not be. Says which value by number,
/// never by content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeakHit {
    /// File in the packet.
    pub file: String,
    /// Which of its layers: `bytes`, `name`, or an object of the PDF.
    pub layer: String,
    /// Number of the value in the list given.
    pub value: u64,
    /// The spelling it was found in.
    pub encoding: String,
}

/// Result of a leak check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeakSummary {
    /// Values searched for.
    pub searched: u64,
    /// Values too short or too common (the program's own words) to be searched for without false alarms.
    pub skipped: u64,
    /// Where values were found.
    pub hits: Vec<LeakHit>,
}

/// More hits than this say nothing new.
const MAX_HITS: usize = 200;

/// Looks for withheld values in every file of a packet: names, bytes, and each
/// inflated stream and string of the PDF.
///
/// # Errors
/// When reading fails, the container is not in its accepted form, or there are
/// more values than a scanner can hold. A scan that could not be made never
/// looks clean.
pub fn leak_check(mut zip: impl Read + Seek, withheld: &[String]) -> io::Result<Vec<LeakHit>> {
    let files = evidence::packet::read_container(&mut zip)?;
    Ok(scan_files(&files, withheld)?.hits)
}

pub(crate) fn scan_files(
    files: &BTreeMap<String, Vec<u8>>,
    withheld: &[String],
) -> io::Result<LeakSummary> {
    let own = own_words(files).to_lowercase();
    // A number stays the value's place in the list, so those that are not searched for are emptied.
    let searched: Vec<&str> = withheld
        .iter()
        .map(|value| match own.contains(&value.to_lowercase()) {
            true => "",
            false => value.as_str(),
        })
        .collect();
    let scanner = LeakScanner::new(&searched)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "too many withheld values"))?;
    let mut found = Vec::new();
    for (name, bytes) in files {
        scan(&scanner, name, "name", name.as_bytes(), &mut found);
        scan(&scanner, name, "bytes", bytes, &mut found);
        if bytes.starts_with(b"%PDF-") {
            scan_pdf(&scanner, name, bytes, &mut found)?;
        }
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(MAX_HITS);
    Ok(LeakSummary {
        searched: scanner.searched() as u64,
        skipped: scanner.skipped() as u64,
        hits: found,
    })
}

/// What the program itself writes into every packet, whatever it is about: a value that stands in there (`console`,
/// `management`) is found in each, and its being found says nothing.
fn own_words(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut words = crate::report::template_text().to_owned();
    let packet = files.get(Layout::PACKET);
    let packet = packet.and_then(|bytes| serde_json::from_slice::<PacketJson>(bytes).ok());
    let Some(mut packet) = packet else {
        return words;
    };
    if let Ok(Value::Object(members)) = serde_json::to_value(&packet) {
        names(&Value::Object(members), &mut words);
    }
    // Paths are those that source files spell, which is looked at where records may leave.
    for entry in &packet.evidence {
        let file = files.get(&entry.file);
        let file = file.and_then(|bytes| serde_json::from_slice::<DisclosedEntry>(bytes).ok());
        for field in file.iter().flat_map(|entry| &entry.record.fields) {
            words.push_str(&field.path);
            words.push('\n');
        }
    }
    for limitation in derived_limitations(&packet) {
        words.push_str(&limitation.text);
        words.push('\n');
    }
    // Without what people and policies call things.
    for text in [
        &mut packet.title,
        &mut packet.id,
        &mut packet.classification,
    ] {
        text.clear();
    }
    packet.policy.audience.clear();
    words.push_str(&readme_text(&packet));
    words.push_str(&verify_text(&packet));
    words
}

/// The names of all members.
fn names(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                out.push_str(name);
                out.push('\n');
                names(value, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        _ => {}
    }
}

fn scan(scanner: &LeakScanner, file: &str, layer: &str, bytes: &[u8], found: &mut Vec<LeakHit>) {
    for hit in scanner.scan(bytes) {
        found.push(LeakHit {
            // A name that leaks is not repeated in the finding.
            file: if layer == "name" {
                "(a file name)".to_owned()
            } else {
                file.to_owned()
            },
            layer: layer.to_owned(),
            value: hit.value as u64,
            encoding: hit.encoding.title().to_owned(),
        });
    }
}

fn scan_pdf(
    scanner: &LeakScanner,
    file: &str,
    bytes: &[u8],
    found: &mut Vec<LeakHit>,
) -> io::Result<()> {
    let document = Document::load_mem(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the report is no readable PDF"))?;
    for (id, object) in &document.objects {
        let layer = format!("pdf object {}", id.0);
        let mut texts = Vec::new();
        strings(object, &mut texts);
        scan(scanner, file, &layer, &texts, found);
        if let Object::Stream(stream) = object {
            let plain = stream
                .decompressed_content()
                .unwrap_or_else(|_| stream.content.clone());
            scan(scanner, file, &layer, &plain, found);
        }
    }
    // What the pages say, decoded from glyphs to characters and page by page:
    // glyph numbers in a stream hide a word from the scan above.
    for page in document.get_pages().into_keys() {
        if let Ok(text) = document.extract_text(&[page]) {
            let layer = format!("pdf page {page}");
            scan(scanner, file, &layer, text.as_bytes(), found);
            let joined: String = text.split_whitespace().collect();
            scan(scanner, file, &layer, joined.as_bytes(), found);
        }
    }
    Ok(())
}

/// All strings of an object, each followed by a newline; UTF-16 ones also in UTF-8.
fn strings(object: &Object, out: &mut Vec<u8>) {
    match object {
        Object::String(bytes, _) | Object::Name(bytes) => {
            out.extend_from_slice(bytes);
            out.push(b'\n');
            if let Some(utf16) = bytes.strip_prefix(&[0xfe, 0xff]) {
                let units: Vec<u16> = utf16
                    .chunks_exact(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                out.extend_from_slice(String::from_utf16_lossy(&units).as_bytes());
                out.push(b'\n');
            }
        }
        Object::Array(items) => items.iter().for_each(|item| strings(item, out)),
        Object::Dictionary(dict) => dict.iter().for_each(|(_, value)| strings(value, out)),
        Object::Stream(stream) => stream
            .dict
            .iter()
            .for_each(|(_, value)| strings(value, out)),
        _ => {}
    }
}
