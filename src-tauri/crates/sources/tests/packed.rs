//! Compressed files of every foreign kind: known by their content, read within bounds, each refusal its own.

use std::io::Write as _;
use std::ops::ControlFlow;

use flate2::{Compression, write::GzEncoder};
use sources::{
    Catalogue, InputKind, Known, Packing, ReadError, inner_name, odd, read_foreign, salvage_foreign,
};

const LINES: &[u8] = b"{\"a\":1}\n{\"a\":2}\n";
const ARRAY: &[u8] = b"[{\"a\":1},{\"a\":2}]";
const TRAIL: &[u8] = b"{\"Records\":[{\"a\":1},{\"a\":2}]}";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 19).unwrap()
}

fn read(kind: InputKind, bytes: &[u8]) -> Result<u64, ReadError> {
    let known = Known::All(Catalogue::generic());
    read_foreign(kind, bytes, known, &mut |_, _| ControlFlow::Continue(())).map(|read| read.records)
}

#[test]
fn every_kind_is_known_and_read_compressed_whatever_it_is_called() {
    for (text, kind) in [
        (LINES, InputKind::JsonLines),
        (ARRAY, InputKind::JsonArray),
        (TRAIL, InputKind::JsonRecords),
    ] {
        for (packed, packing) in [(gzip(text), Packing::Gzip), (zstd(text), Packing::Zstd)] {
            assert_eq!(Packing::detect(&packed), packing);
            assert_eq!(InputKind::detect("whatever.bin", &packed, false), kind);
            assert_eq!(read(kind, &packed).unwrap(), 2);
        }
    }
    assert_eq!(inner_name("a.ndjson.GZ"), "a.ndjson");
    assert_eq!(inner_name("a.zst"), "a");
    assert_eq!(inner_name(".gz"), ".gz");
}

#[test]
fn each_refusal_of_a_compressed_file_is_its_own() {
    let kind = InputKind::JsonLines;
    let code = |bytes: &[u8]| read(kind, bytes).unwrap_err().code();
    for (pack, damaged, trailing) in [
        (gzip as fn(&[u8]) -> Vec<u8>, "gzip", "gzip-trailing"),
        (zstd, "zstd", "zstd-trailing"),
    ] {
        let good = pack(LINES);
        assert_eq!(code(&[good.as_slice(), b"x"].concat()), trailing);
        assert_eq!(code(&good[..good.len() - 2]), damaged);
        for inner in [gzip(LINES), zstd(LINES), b"PK\x03\x04".to_vec()] {
            assert_eq!(code(&pack(&inner)), "nested");
            let seen = InputKind::detect("a.json.gz", &pack(&inner), false);
            assert_eq!(seen, InputKind::Unknown);
        }
    }
    let twice = [zstd(LINES), zstd(LINES)].concat();
    assert_eq!(code(&twice), "zstd-trailing");
    // 64 MiB of line feeds are no records, and no honest log compresses like that.
    let bomb = zstd(&vec![b'\n'; 64 << 20]);
    assert_eq!(code(&bomb), "expands");
}

#[test]
fn what_can_be_read_of_a_bad_file_is_salvaged_and_the_rest_counted() {
    let all = |kind, bytes: &[u8]| {
        let mut texts = Vec::new();
        let found = salvage_foreign(
            kind,
            bytes,
            Known::All(Catalogue::generic()),
            &mut |_, record| {
                texts.push(record.text.to_owned());
                ControlFlow::Continue(())
            },
        );
        let found = found.unwrap();
        assert_eq!(found.records as usize, texts.len());
        (found.records, found.unread, found.fault.map(|f| f.code()))
    };
    let long = vec![b'x'; sources::MAX_LINE_BYTES as usize + 9];
    let mixed = [
        b"{\"a\":1}\n{\"a\":\n\xff\n".as_slice(),
        &long,
        b"\n{\"a\":2}",
    ]
    .concat();
    let lines = all(InputKind::JsonLines, &mixed);
    assert_eq!(lines, (2, 3, Some("not-utf8")));
    let array = all(InputKind::JsonArray, b"[{\"a\":1},{\"a\":2},{\"a\"");
    assert_eq!(array, (2, 1, Some("unreadable")));
    let good = gzip(LINES);
    let cut = all(InputKind::JsonLines, &good[..good.len() - 4]);
    assert_eq!((cut.1, cut.2), (0, Some("gzip")));
    assert_eq!(all(InputKind::JsonLines, LINES), (2, 0, None));
}

#[test]
fn formats_that_are_not_read_are_named() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, code) in [
        (b"".as_slice(), "empty"),
        (&tar, "tar"),
        (b"BZh91AY", "packing"),
        (b"%PDF-1.7", "document"),
        (b"<!doctype html>", "markup"),
        (b"time and user\nare here\n", "text"),
        (
            b"<34>1 2026-11-02T03:14:15Z host su - - - failed\n",
            "syslog",
        ),
        (b"Nov  2 03:14:15 host sshd[4711]: failed\n", "syslog"),
        (b"{\"i\":7,\"s\":\"AAAA\",\"f\":[]}", "records-alone"),
        (
            "a/b\n1\nroot\n\n\u{2014} a/b AAAA\n".as_bytes(),
            "checkpoint-alone",
        ),
    ] {
        assert_eq!(odd(bytes).map(|odd| odd.code), Some(code));
    }
    assert_eq!(odd(LINES), None);
}
