//! What must not come out: names, digests, numbers and texts that hold an identity.

mod canaries;
mod digests;
mod meaning;
pub(crate) mod names;
mod other_system;

use std::collections::HashMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use muniment_tests::benches::{PASS, bench};

/// Everything in a ZIP, unpacked.
fn unpacked(zip: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(zip).expect("a file");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    (0..zip.len())
        .map(|number| {
            let mut file = zip.by_index(number).expect("an entry");
            let name = file.name().expect("a name").into_owned();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("readable");
            if name.ends_with(".zst") {
                bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
            }
            (name, bytes)
        })
        .collect()
}

/// The bytes, every PDF stream in them inflated, and what is drawn on the pages as text.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let streams = streams(bytes);
    let mut out = bytes.to_vec();
    out.extend(streams.concat());
    out.extend(drawn(&streams));
    out
}

/// The streams of a PDF, inflated; none of anything else.
fn streams(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut streams) = (bytes, Vec::new());
    let find = |hay: &[u8], what: &[u8]| hay.windows(what.len()).position(|part| part == what);
    if !bytes.starts_with(b"%PDF") {
        return streams;
    }
    while let Some(at) = find(rest, b"stream\n")
        .map(|at| at + 7)
        .or_else(|| find(rest, b"stream\r\n").map(|at| at + 8))
    {
        rest = &rest[at..];
        let mut plain = Vec::new();
        let mut stream = flate2::read::ZlibDecoder::new(rest);
        // What is no compressed stream ends at once.
        let _ = stream.read_to_end(&mut plain);
        streams.push(plain);
    }
    streams
}

/// Text on the pages of a PDF: its fonts are numbered anew for each file, so that no word stands in a stream as it is
/// read. Which font a text is in is not asked: it is read with each.
fn drawn(streams: &[Vec<u8>]) -> Vec<u8> {
    let with = |what: &[u8]| {
        let what = what.to_vec();
        (streams.iter()).filter(move |stream| stream.windows(what.len()).any(|part| part == what))
    };
    let pages: Vec<Vec<u8>> = with(b" Tf").map(|page| strings(page)).collect();
    let mut out = Vec::new();
    for font in with(b"begincmap") {
        let letters = letters(&String::from_utf8_lossy(font));
        for page in &pages {
            let codes = page
                .chunks_exact(2)
                .map(|code| u16::from_be_bytes([code[0], code[1]]));
            out.extend(
                codes
                    .filter_map(|code| letters.get(&code))
                    .flat_map(|letter| letter.bytes()),
            );
            out.push(b'\n');
        }
    }
    out
}

/// The literal strings of a PDF's content stream, one after the other, their escapes undone.
fn strings(page: &[u8]) -> Vec<u8> {
    let (mut out, mut inside, mut at) = (Vec::new(), false, 0);
    while at < page.len() {
        match (inside, page[at]) {
            (false, b'(') => inside = true,
            (true, b')') => inside = false,
            (true, b'\\') => {
                at += 1;
                let octal: Vec<u8> = (page[at..].iter().copied())
                    .take(3)
                    .take_while(|b| (b'0'..b'8').contains(b))
                    .collect();
                if octal.is_empty() {
                    let escapes = [
                        (b'n', b'\n'),
                        (b'r', b'\r'),
                        (b't', b'\t'),
                        (b'b', 8),
                        (b'f', 12),
                    ];
                    let known = escapes.iter().find(|(name, _)| *name == page[at]);
                    out.push(known.map_or(page[at], |(_, byte)| *byte));
                } else {
                    out.push(octal.iter().fold(0, |byte, b| byte * 8 + (b - b'0')));
                    at += octal.len() - 1;
                }
            }
            (true, byte) => out.push(byte),
            (false, _) => {}
        }
        at += 1;
    }
    out
}

/// What letters the codes of a font stand for (`ToUnicode`).
fn letters(font: &str) -> HashMap<u16, String> {
    let mut letters = HashMap::new();
    for line in font.lines() {
        let parts: Vec<&str> = line.split(['<', '>']).collect();
        if let ["", code, " ", text, ""] = parts[..] {
            let units: Vec<u16> = (text.as_bytes().chunks(4))
                .filter_map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok())
                .collect();
            let code = u16::from_str_radix(code, 16).expect("a code");
            letters.insert(code, String::from_utf16_lossy(&units));
        }
    }
    letters
}
