//! The record store of a segment, inside one sealed file: blocks of 256 canonical record lines, each a zstd
//! frame, then a table of where each block ends, so that one record costs one block.
//!
//! ```text
//! block 0 || block 1 || … || u64le(end of block 0) || … || u64le(blocks) || u64le(records) || "MUNRECS1"
//! ```

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use crate::Lasting;
use crate::seal::{SealError, SealedFile, SealedReader, SealedWriter};

/// Lines in a block.
pub(crate) const BLOCK: u64 = 256;
const LEVEL: i32 = 1;
const MAGIC: &[u8; 8] = b"MUNRECS1";
const TAIL: u64 = 24;
/// A line is at most 1 MiB (signed-export.md, section 1).
const MAX_BLOCK: usize = BLOCK as usize * (1024 * 1024 + 1);

/// Writes record lines in order.
pub(crate) struct StoreWriter {
    out: SealedWriter,
    zstd: zstd::bulk::Compressor<'static>,
    block: Vec<u8>,
    in_block: u64,
    ends: Vec<u64>,
    records: u64,
}

impl StoreWriter {
    pub(crate) fn new(out: SealedWriter) -> io::Result<Self> {
        let zstd = zstd::bulk::Compressor::new(LEVEL)?;
        Ok(Self {
            out,
            zstd,
            block: Vec::new(),
            in_block: 0,
            ends: Vec::new(),
            records: 0,
        })
    }

    /// Appends one canonical line, without its newline.
    pub(crate) fn push(&mut self, line: &[u8]) -> io::Result<()> {
        self.block.extend_from_slice(line);
        self.block.push(b'\n');
        self.in_block += 1;
        self.records += 1;
        if self.in_block == BLOCK {
            self.flush_block()?;
        }
        Ok(())
    }

    fn flush_block(&mut self) -> io::Result<()> {
        let packed = self.zstd.compress(&self.block)?;
        self.out.write_all(&packed)?;
        self.ends.push(self.out.size());
        self.block.clear();
        self.in_block = 0;
        Ok(())
    }

    pub(crate) fn finish(mut self, lasting: Lasting) -> io::Result<SealedFile> {
        if self.in_block > 0 {
            self.flush_block()?;
        }
        for end in &self.ends {
            self.out.write_all(&end.to_le_bytes())?;
        }
        self.out
            .write_all(&(self.ends.len() as u64).to_le_bytes())?;
        self.out.write_all(&self.records.to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        match lasting {
            Lasting::AtOnce => self.out.finish(),
            Lasting::InGroup => self.out.finish_for_now(),
        }
    }
}

/// Reads record lines by their place in the segment.
pub(crate) struct StoreReader {
    file: SealedReader,
    id: String,
    blocks: u64,
    records: u64,
    table: u64,
    zstd: zstd::bulk::Decompressor<'static>,
    loaded: Option<(u64, Vec<u8>)>,
}

impl StoreReader {
    pub(crate) fn new(mut file: SealedReader, id: &str) -> Result<Self, crate::VaultError> {
        let broken = |reason| SealError::Store {
            id: id.to_owned(),
            reason,
        };
        let size = file.size();
        let start = size
            .checked_sub(TAIL)
            .ok_or_else(|| broken("it is too short"))?;
        file.seek(SeekFrom::Start(start))?;
        let mut tail = [0; TAIL as usize];
        file.read_exact(&mut tail).map_err(crate::seal::unpack)?;
        let number = |at: usize| {
            let mut b = [0; 8];
            b.copy_from_slice(&tail[at..at + 8]);
            u64::from_le_bytes(b)
        };
        let (blocks, records) = (number(0), number(8));
        if &tail[16..] != MAGIC {
            return Err(broken("its end mark is missing").into());
        }
        let table = blocks
            .checked_mul(8)
            .and_then(|t| start.checked_sub(t))
            .ok_or_else(|| broken("its block table is longer than itself"))?;
        if records.div_ceil(BLOCK) != blocks {
            return Err(broken("its counts disagree").into());
        }
        let zstd = zstd::bulk::Decompressor::new()?;
        Ok(Self {
            file,
            id: id.to_owned(),
            blocks,
            records,
            table,
            zstd,
            loaded: None,
        })
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    fn end(&mut self, block: u64) -> Result<u64, crate::VaultError> {
        self.file.seek(SeekFrom::Start(self.table + block * 8))?;
        let mut b = [0; 8];
        self.file.read_exact(&mut b).map_err(crate::seal::unpack)?;
        Ok(u64::from_le_bytes(b))
    }

    /// All lines of a block, each ended by a newline.
    pub(crate) fn block(&mut self, block: u64) -> Result<&[u8], crate::VaultError> {
        let id = self.id.clone();
        let broken = |reason| SealError::Store {
            id: id.clone(),
            reason,
        };
        if self.loaded.as_ref().is_none_or(|(b, _)| *b != block) {
            if block >= self.blocks {
                return Err(broken("it has no such block").into());
            }
            let from = if block == 0 { 0 } else { self.end(block - 1)? };
            let to = self.end(block)?;
            let len = to
                .checked_sub(from)
                .filter(|_| to <= self.table)
                .ok_or_else(|| broken("its block table is not in order"))?;
            let len = usize::try_from(len)
                .ok()
                .filter(|l| *l <= MAX_BLOCK)
                .ok_or_else(|| broken("a block is too large"))?;
            let mut packed = vec![0; len];
            self.file.seek(SeekFrom::Start(from))?;
            self.file
                .read_exact(&mut packed)
                .map_err(crate::seal::unpack)?;
            let size = zstd::zstd_safe::get_frame_content_size(&packed)
                .ok()
                .flatten();
            let size = size
                .and_then(|s| usize::try_from(s).ok())
                .filter(|s| *s <= MAX_BLOCK)
                .ok_or_else(|| broken("a block does not state its size"))?;
            let lines = self
                .zstd
                .decompress(&packed, size)
                .map_err(|_| broken("a block does not decompress"))?;
            self.loaded = Some((block, lines));
        }
        self.loaded
            .as_ref()
            .map(|(_, lines)| lines.as_slice())
            .ok_or_else(|| broken("it has no such block").into())
    }

    /// The line of record `place` (0 is the segment's first).
    pub(crate) fn line(&mut self, place: u64) -> Result<Vec<u8>, crate::VaultError> {
        let id = self.id.clone();
        let missing = || SealError::Store {
            id,
            reason: "it has no such record",
        };
        if place >= self.records {
            return Err(missing().into());
        }
        let lines = self.block(place / BLOCK)?;
        let n = (place % BLOCK) as usize;
        let line = lines
            .split(|b| *b == b'\n')
            .nth(n)
            .filter(|l| !l.is_empty())
            .ok_or_else(missing)?;
        Ok(line.to_vec())
    }
}
