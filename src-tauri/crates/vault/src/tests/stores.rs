//! What a record costs, whatever stands beside it, and that stores of before are read as they are.

use std::io::Write as _;

use evidence::record::MAX_LINE;

use super::*;
use crate::store::{BYTES, StoreReader, StoreWriter};

struct Given {
    _place: Place,
    vault: Vault,
}

impl Given {
    async fn new() -> Self {
        let place = place(Role::Responder).await;
        let vault = place.open().await;
        Self {
            _place: place,
            vault,
        }
    }

    fn writer(&self) -> crate::seal::SealedWriter {
        let inner = &self.vault.inner;
        let writer = inner.entropy(|e| inner.sealer.create("segment", e));
        writer.unwrap().unwrap()
    }

    fn written(&self, lines: &[Vec<u8>]) -> SealedFile {
        let mut store = StoreWriter::new(self.writer()).unwrap();
        for line in lines {
            store.push(line).unwrap();
        }
        store.finish(Lasting::AtOnce).unwrap()
    }

    /// As it was written before: 256 lines to a block, and where each block ends. `change` may alter what stands behind
    /// the blocks.
    fn written_before(&self, lines: &[Vec<u8>], change: impl FnOnce(&mut Vec<u8>)) -> SealedFile {
        let mut out = self.writer();
        let mut ends = Vec::new();
        for some in lines.chunks(256) {
            let block: Vec<u8> = some.iter().flat_map(|l| [l, &b"\n"[..]].concat()).collect();
            out.write_all(&zstd::bulk::compress(&block, 1).unwrap())
                .unwrap();
            ends.push(out.size());
        }
        let counts = [ends.len() as u64, lines.len() as u64];
        let mut tail: Vec<u8> = (ends.iter().chain(&counts))
            .flat_map(|n| n.to_le_bytes())
            .collect();
        tail.extend_from_slice(b"MUNRECS1");
        change(&mut tail);
        out.write_all(&tail).unwrap();
        out.finish().unwrap()
    }

    fn reader(&self, file: &SealedFile) -> StoreReader {
        self.vault.inner.open_store(&file.id).unwrap()
    }

    /// Reads everything in every way there is, and gives the most bytes that were held meanwhile.
    fn reads(&self, file: &SealedFile, lines: &[Vec<u8>]) -> usize {
        let mut most = 0;
        let mut store = self.reader(file);
        let mut all = Vec::new();
        store
            .for_each(|place, line| {
                assert_eq!(place, all.len() as u64);
                all.push(line.to_vec());
                Ok(())
            })
            .unwrap();
        assert!(all == lines);
        let last = lines.len() - 1;
        let places = (0..=last).chain([last, 0, last / 2, last.min(1), last / 3]);
        for at in places {
            assert!(store.line(at as u64).unwrap() == lines[at], "record {at}");
            most = most.max(store.held());
        }
        let beyond = store.line(lines.len() as u64);
        assert_eq!(
            of_store(beyond.unwrap_err()),
            "it has no such record".to_owned()
        );
        most
    }
}

fn of_store(error: VaultError) -> String {
    match error {
        VaultError::Sealed(SealError::Store { reason, .. }) => reason.to_owned(),
        error => panic!("{error:?}"),
    }
}

/// A line of this length that zstd makes hardly shorter.
fn line(number: usize, length: usize) -> Vec<u8> {
    let mut line = format!("{number}:").into_bytes();
    let mut state = number as u64 + 1;
    while line.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        line.push(b'a' + (state % 23) as u8);
    }
    line
}

fn lines(lengths: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
    let lengths = lengths.into_iter().enumerate();
    lengths
        .map(|(number, length)| line(number, length))
        .collect()
}

/// Small ones, large ones between them, and so many that there are several blocks of 256.
fn mixed() -> Vec<Vec<u8>> {
    lines((0..700).map(|n| match n % 100 {
        7 => 300_000,
        8 => MAX_LINE,
        _ => 80,
    }))
}

#[tokio::test]
async fn a_record_costs_a_block_of_a_mebibyte_whatever_stands_beside_it() {
    let given = Given::new().await;
    for lines in [
        lines([5]),
        lines([60; 256]),
        lines([60; 257]),
        lines([60; 1_000]),
        // As many bytes as a block may have, one more, and one less.
        lines([BYTES / 4 - 1, BYTES / 4 - 1, BYTES / 4 - 1, BYTES / 4, 9]),
        lines([BYTES / 2, BYTES / 2, 9]),
        lines([MAX_LINE, MAX_LINE]),
        mixed(),
    ] {
        let file = given.written(&lines);
        let held = given.reads(&file, &lines);
        assert!(held <= BYTES, "{held}");
    }
}

#[tokio::test]
async fn a_store_of_before_is_read_and_its_long_blocks_are_not_held() {
    let given = Given::new().await;
    for lines in [lines([5]), lines([60; 256]), lines([60; 1_000]), mixed()] {
        let file = given.written_before(&lines, |_| {});
        let held = given.reads(&file, &lines);
        // The line that is asked for, what is unpacked at once, and the short block beside it.
        assert!(held <= 4 * BYTES, "{held}");
    }
}

#[tokio::test]
async fn a_line_that_no_export_may_have_is_not_stored() {
    let given = Given::new().await;
    let mut store = StoreWriter::new(given.writer()).unwrap();
    store.push(&line(0, MAX_LINE)).unwrap();
    let refused = store.push(&line(1, MAX_LINE + 1)).unwrap_err();
    assert!(refused.to_string().contains("record 1"), "{refused}");
}

/// Whatever its table says, a store is read to what it states or not at all.
#[tokio::test]
async fn a_table_that_does_not_fit_its_blocks_is_named() {
    let given = Given::new().await;
    let lines = lines([2_000; 600]);
    let good = given.written(&lines);
    let mut bytes = Vec::new();
    let mut sealed = given.vault.inner.open_sealed("segment", &good.id).unwrap();
    std::io::Read::read_to_end(&mut sealed, &mut bytes).unwrap();
    let blocks = 3;
    let table = bytes.len() - 24 - 16 * blocks;
    let read = |bytes: &[u8]| {
        let mut out = given.writer();
        out.write_all(bytes).unwrap();
        let file = out.finish().unwrap();
        let mut store = given.vault.inner.open_store(&file.id)?;
        for at in [0, 255, 256, 511, 512, 599] {
            assert!(store.line(at)? == lines[at as usize], "record {at}");
        }
        store.for_each(|_, _| Ok(()))
    };
    read(&bytes).unwrap();
    for at in table..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let reason = of_store(read(&changed).unwrap_err());
        assert!(!reason.is_empty(), "byte {at}");
    }
    // The same of before, where every block has 256 lines.
    let before = |change: &dyn Fn(&mut Vec<u8>)| {
        let file = given.written_before(&lines, change);
        let mut store = given.vault.inner.open_store(&file.id)?;
        store.line(599)?;
        store.for_each(|_, _| Ok(()))
    };
    before(&|_| {}).unwrap();
    for at in 0..8 * 3 + 24 {
        let reason = of_store(before(&|tail| tail[at] ^= 1).unwrap_err());
        assert!(!reason.is_empty(), "byte {at}");
    }
}
