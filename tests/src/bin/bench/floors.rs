//! The bare steps of an import: each a loop over the bare library that does only that.

use std::borrow::Cow;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::AhoCorasick;
use evidence::{Hash, Record};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::digest::{Context, SHA256, digest};
use ring::hmac;
use serde::Deserialize;
use vault::StoredRow;

use crate::Result;
use crate::machine::{Cost, alone, cores, together};
use crate::rows::Identity;

/// Lines that are compressed together.
const BLOCK: usize = 256;
/// Bytes that are encrypted together.
const CHUNK: usize = 64 << 10;

/// A way to hash a message that is given whole.
pub(crate) type Sha256 = fn(&[u8]) -> [u8; 32];

/// ring's one call.
pub(crate) fn with_ring(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// The bare compression function on a padded copy, which is the fastest for messages of a few
/// blocks; ring for longer ones.
pub(crate) fn with_blocks(bytes: &[u8]) -> [u8; 32] {
    const INITIAL: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let used = (bytes.len() + 9).div_ceil(64);
    if used > 4 {
        return with_ring(bytes);
    }
    let mut blocks = [[0; 64]; 4];
    let padded = &mut blocks.as_flattened_mut()[..used * 64];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded[bytes.len()] = 0x80;
    padded[used * 64 - 8..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    let mut state = INITIAL;
    sha2::block_api::compress256(&mut state, &blocks[..used]);
    let mut out = [0; 32];
    for (place, word) in out.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    out
}

/// The commitments of one record, appended to the entry that its leaf is the hash of.
fn commitments(record: &Record, sha256: Sha256, entry: &mut Vec<u8>) {
    let mut block = Vec::with_capacity(256);
    for (field, number) in record.fields.iter().zip(0_u32..) {
        block.clear();
        block.extend_from_slice(b"munsalt1");
        block.extend_from_slice(record.seed.as_bytes());
        block.extend_from_slice(&record.index.to_be_bytes());
        block.extend_from_slice(&number.to_be_bytes());
        let salt = sha256(&block);
        block.clear();
        block.extend_from_slice(b"munfld01");
        block.extend_from_slice(&salt[..16]);
        block.extend_from_slice(field.value.as_bytes());
        let commitment = sha256(&block);
        entry.extend_from_slice(&(field.path.len() as u16).to_be_bytes());
        entry.extend_from_slice(field.path.as_bytes());
        entry.extend_from_slice(&commitment);
    }
}

fn leaf(entry: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(entry);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The root of all leaves, by merging equal subtrees as they fill up (RFC 6962).
fn root(leaves: impl Iterator<Item = [u8; 32]>, sha256: Sha256) -> [u8; 32] {
    let node = |left: &[u8; 32], right: &[u8; 32]| {
        let mut block = [1; 65];
        block[1..33].copy_from_slice(left);
        block[33..].copy_from_slice(right);
        sha256(&block)
    };
    let mut stack: Vec<[u8; 32]> = Vec::new();
    for (leaf, index) in leaves.zip(0_u64..) {
        let mut top = leaf;
        for _ in 0..index.trailing_ones() {
            if let Some(left) = stack.pop() {
                top = node(&left, &top);
            }
        }
        stack.push(top);
    }
    let last = stack.pop().unwrap_or_default();
    stack
        .iter()
        .rev()
        .fold(last, |right, left| node(left, &right))
}

fn entry_of(record: &Record, sha256: Sha256, entry: &mut Vec<u8>) {
    entry.clear();
    entry.extend_from_slice(b"muniment/record/v1\n");
    entry.extend_from_slice(&(record.fields.len() as u32).to_be_bytes());
    commitments(record, sha256, entry);
}

/// Salts and commitments of every field.
pub(crate) fn commit(records: &[Record]) -> Cost {
    let mut entry = Vec::with_capacity(4096);
    let work = || {
        for record in records {
            entry_of(record, with_blocks, &mut entry);
            black_box(&entry);
        }
    };
    alone(work).0
}

/// Leaf hashes and the tree over them, of entries that are there.
pub(crate) fn tree(records: &[Record]) -> Cost {
    let entries: Vec<Vec<u8>> = records
        .iter()
        .map(|record| {
            let mut entry = Vec::new();
            entry_of(record, with_blocks, &mut entry);
            entry
        })
        .collect();
    let leaves = || entries.iter().map(|entry| leaf(entry));
    alone(|| black_box(root(leaves(), with_blocks))).0
}

/// All the hashing that verifying needs, with every processor.
pub(crate) struct Leaves {
    sha256: Sha256,
    took: Cost,
    leaves: Vec<[u8; 32]>,
}

impl Leaves {
    pub(crate) fn new(sha256: Sha256) -> Self {
        Self {
            sha256,
            took: Cost::default(),
            leaves: Vec::new(),
        }
    }

    /// Hashes the next records of the log. The threads take their next records when they are done with the last
    /// ones, as the product's do.
    pub(crate) fn hash_with_all(&mut self, records: &[Record]) {
        let sha256 = self.sha256;
        let parts: Vec<OnceLock<Vec<[u8; 32]>>> =
            records.chunks(BLOCK).map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut entry = Vec::with_capacity(4096);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(number) else {
                    return;
                };
                let from = number * BLOCK;
                let some = &records[from..records.len().min(from + BLOCK)];
                let leaves = some.iter().map(|record| {
                    entry_of(record, sha256, &mut entry);
                    leaf(&entry)
                });
                // Each number is drawn once.
                let _ = part.set(leaves.collect());
            }
        };
        let (cost, ()) = together(|| {
            std::thread::scope(|scope| {
                for _ in 0..cores() {
                    scope.spawn(work);
                }
            });
        });
        self.took = self.took.and(cost);
        let leaves = parts.iter().filter_map(OnceLock::get).flatten();
        self.leaves.extend(leaves);
    }

    /// What it took, and the root it led to.
    pub(crate) fn root(self) -> (Cost, Hash) {
        let (cost, root) = alone(|| root(self.leaves.into_iter(), self.sha256));
        (self.took.and(cost), Hash(root))
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Line<'a> {
    i: u64,
    s: &'a str,
    #[serde(borrow)]
    f: Vec<(Text<'a>, Text<'a>)>,
}

/// Typed and borrowed parsing of every line with serde_json.
pub(crate) fn parse(lines: &[u8]) -> Result<Cost> {
    let work = || {
        for line in lines.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
            let line: Line<'_> = serde_json::from_slice(line)?;
            black_box((line.i, line.s));
            black_box(
                line.f
                    .iter()
                    .map(|(p, v)| p.0.len() + v.0.len())
                    .sum::<usize>(),
            );
        }
        Ok(())
    };
    let (cost, done) = alone(work);
    done.map(|()| cost)
}

/// Decompressing what a source compressed.
pub(crate) fn decompress(lines: &[u8]) -> Result<Cost> {
    let packed = zstd::stream::encode_all(lines, 3)?;
    let mut sink = std::io::sink();
    let (cost, done) = alone(|| zstd::stream::copy_decode(packed.as_slice(), &mut sink));
    done?;
    Ok(cost)
}

/// Compressing the lines in blocks at level 1; also gives what came of it.
pub(crate) fn compress(lines: &[u8]) -> Result<(Cost, Vec<u8>)> {
    let ends = lines.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let mut ends: Vec<usize> = ends
        .map(|(at, _)| at + 1)
        .skip(BLOCK - 1)
        .step_by(BLOCK)
        .collect();
    ends.push(lines.len());
    let work = || {
        let mut zstd = zstd::bulk::Compressor::new(1)?;
        let mut all = Vec::new();
        let mut from = 0;
        for end in &ends {
            all.extend_from_slice(&zstd.compress(&lines[from..*end])?);
            from = *end;
        }
        Ok(all)
    };
    let (cost, done): (Cost, std::io::Result<Vec<u8>>) = alone(work);
    Ok((cost, done?))
}

/// Encrypting bytes in chunks, in memory, and their digest, by which sealed files are known.
pub(crate) fn encrypt(mut bytes: impl Read) -> Result<Cost> {
    let key = UnboundKey::new(&AES_256_GCM, &[3; 32]).map_err(|_| "AES-256-GCM takes no key")?;
    let key = LessSafeKey::new(key);
    let mut buffer = Vec::with_capacity(CHUNK + 16);
    let mut work = || -> Result<()> {
        let mut sha = Context::new(&SHA256);
        for number in 0_u32.. {
            buffer.clear();
            if bytes.by_ref().take(CHUNK as u64).read_to_end(&mut buffer)? == 0 {
                break;
            }
            sha.update(&buffer);
            let mut nonce = [0; 12];
            nonce[..4].copy_from_slice(&number.to_be_bytes());
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::empty(), &mut buffer)
                .map_err(|_| "AES-256-GCM refused to seal")?;
            black_box(&buffer);
        }
        black_box(sha.finish());
        Ok(())
    };
    let (cost, done) = alone(&mut work);
    done.map(|()| cost)
}

/// The same of a file.
pub(crate) fn encrypt_file(file: &Path) -> Result<Cost> {
    encrypt(std::fs::File::open(file)?)
}

/// One HMAC for each identity that becomes a handle.
pub(crate) fn handles(identities: &[Vec<Identity>]) -> Cost {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[9; 32]);
    let work = || {
        for (_, canonical) in identities.iter().flatten() {
            black_box(hmac::sign(&key, canonical));
        }
    };
    alone(work).0
}

/// One pass over every line for the words of which a secret has one; `://` means nothing by itself, and the floor must
/// not stop at it.
pub(crate) fn detect(lines: &[u8]) -> Result<Cost> {
    let words = redaction::exposure::words().filter(|word| *word != "://");
    let words = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)?;
    let work = || {
        for line in lines.split(|byte| *byte == b'\n') {
            black_box(words.is_match(line));
        }
    };
    Ok(alone(work).0)
}

/// A table without secondary index, filled in one durable transaction.
pub(crate) struct Table(rusqlite::Connection);

impl Table {
    pub(crate) fn create(file: &Path) -> Result<Self> {
        let connection = rusqlite::Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE event (
               seq INTEGER PRIMARY KEY, segment INTEGER NOT NULL, log_index INTEGER NOT NULL, leaf BLOB NOT NULL,
               occurred_us INTEGER, recorded_us INTEGER, system INTEGER NOT NULL, action INTEGER NOT NULL,
               outcome INTEGER, kind INTEGER NOT NULL, assurance INTEGER NOT NULL, rules INTEGER NOT NULL,
               fields BLOB NOT NULL) STRICT;
             BEGIN",
        )?;
        Ok(Self(connection))
    }

    pub(crate) fn insert(&mut self, rows: &[StoredRow]) -> Result<Cost> {
        let mut insert = self
            .0
            .prepare("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
        let work = || -> rusqlite::Result<()> {
            for row in rows {
                insert.execute(rusqlite::params![
                    row.seq,
                    row.segment,
                    row.log_index,
                    row.leaf,
                    row.occurred,
                    row.recorded,
                    row.system,
                    row.action,
                    row.outcome,
                    row.kind,
                    row.assurance,
                    row.rules,
                    row.fields
                ])?;
            }
            Ok(())
        };
        let (cost, done) = alone(work);
        done?;
        Ok(cost)
    }

    pub(crate) fn commit(self) -> Result<Cost> {
        let (cost, done) = alone(|| self.0.execute_batch("COMMIT"));
        done?;
        Ok(cost)
    }
}
