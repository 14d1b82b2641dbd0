//! What must not come out: names, digests, numbers and texts that hold an identity.

mod digests;
mod meaning;
pub(crate) mod names;
mod other_system;

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

/// The bytes, and every PDF stream in them inflated.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut rest = bytes;
    let find = |hay: &[u8], what: &[u8]| hay.windows(what.len()).position(|part| part == what);
    if !bytes.starts_with(b"%PDF") {
        return out;
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
        out.extend(plain);
    }
    out
}
