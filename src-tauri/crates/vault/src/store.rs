//! The record store of a segment, inside one sealed file: blocks of canonical record lines, each a zstd frame, then a
//! table of the blocks, so that one record costs one block.
//!
//! ```text
//! block 0 || block 1 || … ||
//! for each block: u64le(byte at which it ends) || u64le(records before its end) ||
//! u64le(blocks) || u64le(records) || "MUNRECS2"
//! ```
//!
//! A block ends behind its 256th line, or before the line with which it would be longer than 1 MiB, newlines counted in;
//! a line is at most 1 MiB itself, so that no record costs more than that, whatever stands beside it. The table says
//! which records a block holds.
//!
//! Before, a block had 256 lines whatever their size, and the table held the first of its two numbers only
//! (`MUNRECS1`). Such stores are read as they are. A block of theirs may have 256 MiB: one that is longer than a block
//! may be now is unpacked line by line, and never held.

use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use evidence::record::MAX_LINE;
use zstd::zstd_safe::{DParameter, compress_bound, get_frame_content_size};

use crate::seal::{SealError, SealedFile, SealedReader, SealedWriter, unpack};
use crate::{Lasting, VaultError};

mod frame;

use frame::Frame;

/// Most lines in a block.
const LINES: u64 = 256;
/// Most bytes in a block: one line of the greatest length (signed-export.md, section 1) and its newline.
pub(crate) const BYTES: usize = MAX_LINE + 1;
const LEVEL: i32 = 1;
const MAGIC: &[u8; 8] = b"MUNRECS2";
/// Of stores whose blocks have [`LINES`] lines each.
const COUNTED: &[u8; 8] = b"MUNRECS1";
const TAIL: u64 = 24;
/// As much of a frame as its header may take.
const FRAME_HEAD: u64 = 18;
/// The largest window that a frame may ask for, 8 MiB; those of [`LEVEL`] have a sixteenth of it.
const WINDOW: DParameter = DParameter::WindowLogMax(23);

/// Writes record lines in order.
pub(crate) struct StoreWriter {
    out: SealedWriter,
    zstd: zstd::bulk::Compressor<'static>,
    block: Vec<u8>,
    in_block: u64,
    /// Of each block: where it ends, and how many records there are up to that.
    ends: Vec<(u64, u64)>,
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
    ///
    /// # Errors
    /// Also where the line is longer than a line of an export may be.
    pub(crate) fn push(&mut self, line: &[u8]) -> io::Result<()> {
        if line.len() > MAX_LINE {
            let text = format!("record {} has a line of more than 1 MiB", self.records);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if self.block.len() + line.len() + 1 > BYTES {
            self.flush_block()?;
        }
        self.block.extend_from_slice(line);
        self.block.push(b'\n');
        self.in_block += 1;
        self.records += 1;
        if self.in_block == LINES {
            self.flush_block()?;
        }
        Ok(())
    }

    fn flush_block(&mut self) -> io::Result<()> {
        let packed = self.zstd.compress(&self.block)?;
        self.out.write_all(&packed)?;
        self.ends.push((self.out.size(), self.records));
        self.block.clear();
        self.in_block = 0;
        Ok(())
    }

    pub(crate) fn finish(mut self, lasting: Lasting) -> io::Result<SealedFile> {
        if self.in_block > 0 {
            self.flush_block()?;
        }
        for (end, records) in &self.ends {
            self.out.write_all(&end.to_le_bytes())?;
            self.out.write_all(&records.to_le_bytes())?;
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

/// What the table of a store says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    /// Where blocks end; each but the last has [`LINES`] lines.
    Counted,
    /// Also how many records there are up to that.
    Bounded,
}

/// Where a block lies, and which records it holds.
#[derive(Clone, Copy)]
struct Block {
    number: u64,
    /// Its bytes in the store, packed.
    from: u64,
    to: u64,
    /// Its records, by their places in the segment.
    first: u64,
    last: u64,
    /// What it unpacks to, in bytes.
    size: u64,
}

impl Block {
    /// Whether it is longer than anything that is held at once.
    fn is_long(&self) -> bool {
        self.size > BYTES as u64
    }

    fn has(&self, place: u64) -> bool {
        (self.first..self.last).contains(&place)
    }
}

/// Reads record lines by their place in the segment.
pub(crate) struct StoreReader {
    file: SealedReader,
    id: String,
    kind: Table,
    blocks: u64,
    records: u64,
    table: u64,
    zstd: zstd::bulk::Decompressor<'static>,
    loaded: Option<(Block, Vec<u8>)>,
    /// How far a long block was unpacked.
    frame: Option<(Block, Frame)>,
}

impl StoreReader {
    pub(crate) fn new(mut file: SealedReader, id: &str) -> Result<Self, VaultError> {
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
        file.read_exact(&mut tail).map_err(unpack)?;
        let (blocks, records) = (number(&tail[..8]), number(&tail[8..16]));
        let kind = match tail.last_chunk() {
            Some(MAGIC) => Table::Bounded,
            Some(COUNTED) => Table::Counted,
            _ => return Err(broken("its end mark is missing").into()),
        };
        let table = blocks
            .checked_mul(kind.width())
            .and_then(|t| start.checked_sub(t))
            .ok_or_else(|| broken("its block table is longer than itself"))?;
        let full = records.div_ceil(LINES);
        let fits = match kind {
            Table::Counted => blocks == full,
            Table::Bounded => (full..=records).contains(&blocks),
        };
        if !fits {
            return Err(broken("its counts disagree").into());
        }
        let zstd = zstd::bulk::Decompressor::new()?;
        let mut store = Self {
            file,
            id: id.to_owned(),
            kind,
            blocks,
            records,
            table,
            zstd,
            loaded: None,
            frame: None,
        };
        if let Some(last) = blocks.checked_sub(1)
            && store.entry(last)?.1 != records
        {
            return Err(store.broken("its counts disagree"));
        }
        Ok(store)
    }

    fn broken(&self, reason: &'static str) -> VaultError {
        let id = self.id.clone();
        SealError::Store { id, reason }.into()
    }

    /// Where a block ends, and how many records there are up to that.
    fn entry(&mut self, block: u64) -> Result<(u64, u64), VaultError> {
        let mut entry = [0; 16];
        let entry = &mut entry[..self.kind.width() as usize];
        let at = self.table + block * self.kind.width();
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(entry).map_err(unpack)?;
        let records = match self.kind {
            Table::Counted => (LINES * (block + 1)).min(self.records),
            Table::Bounded => number(&entry[8..]),
        };
        Ok((number(&entry[..8]), records))
    }

    /// Finds a block, and looks at how long it is.
    fn block(&mut self, number: u64) -> Result<Block, VaultError> {
        let (from, first) = match number {
            0 => (0, 0),
            _ => self.entry(number - 1)?,
        };
        let (to, last) = self.entry(number)?;
        let in_order = from < to && to <= self.table && first < last && last <= self.records;
        if !in_order || last - first > LINES {
            return Err(self.broken("its block table is not in order"));
        }
        let mut head = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        (&mut self.file)
            .take(FRAME_HEAD.min(to - from))
            .read_to_end(&mut head)
            .map_err(unpack)?;
        let size = get_frame_content_size(&head).ok().flatten();
        let size = size.ok_or_else(|| self.broken("a block does not state its size"))?;
        let block = Block {
            number,
            from,
            to,
            first,
            last,
            size,
        };
        let most = match self.kind {
            Table::Counted => LINES * BYTES as u64,
            Table::Bounded => BYTES as u64,
        };
        if size > most || (!block.is_long() && to - from > compress_bound(BYTES) as u64) {
            return Err(self.broken("a block is too large"));
        }
        Ok(block)
    }

    /// The block that holds a record.
    fn block_of(&mut self, place: u64) -> Result<Block, VaultError> {
        // No block before it can: they have that many lines at most, and where lines are short that many in fact.
        let (mut low, mut high) = (place / LINES, self.blocks);
        let mut at = low;
        while low < high && self.kind == Table::Bounded {
            match self.entry(at)?.1 > place {
                true => high = at,
                false => low = at + 1,
            }
            at = low + (high - low) / 2;
        }
        if low >= self.blocks {
            return Err(self.broken("its block table is not in order"));
        }
        let block = self.block(low)?;
        match block.has(place) {
            true => Ok(block),
            false => Err(self.broken("its block table is not in order")),
        }
    }

    /// All lines of a block that is not long, each ended by a newline.
    fn load(&mut self, block: Block) -> Result<&[u8], VaultError> {
        let known = self.loaded.take().filter(|(b, _)| b.number == block.number);
        let lines = match known {
            Some((_, lines)) => lines,
            None => {
                let mut packed = vec![0; usize::try_from(block.to - block.from).unwrap_or(0)];
                self.file.seek(SeekFrom::Start(block.from))?;
                self.file.read_exact(&mut packed).map_err(unpack)?;
                let size = usize::try_from(block.size).unwrap_or(0);
                self.zstd
                    .decompress(&packed, size)
                    .map_err(|_| self.broken("a block does not decompress"))?
            }
        };
        Ok(&self.loaded.insert((block, lines)).1)
    }

    /// The line of record `place` (0 is the segment's first).
    pub(crate) fn line(&mut self, place: u64) -> Result<Vec<u8>, VaultError> {
        const MISSING: &str = "it has no such record";
        if place >= self.records {
            return Err(self.broken(MISSING));
        }
        let loaded = self.loaded.as_ref().map(|(block, _)| *block);
        let opened = self.frame.as_ref().map(|(block, _)| *block);
        let known = [loaded, opened].into_iter().flatten();
        let known = known.into_iter().find(|block| block.has(place));
        let block = match known {
            Some(block) => block,
            None => self.block_of(place)?,
        };
        if block.is_long() {
            // Records are mostly asked for in order: then it is unpacked once.
            let known = self.frame.take();
            let known = known.filter(|(b, frame)| b.number == block.number && frame.at() <= place);
            let mut frame = match known {
                Some((_, frame)) => frame,
                None => Frame::new(block.from, block.to, block.first)?,
            };
            loop {
                let at = frame.at();
                let line = frame.line(&mut self.file);
                let line = line.map_err(|error| error.of(&self.id))?;
                let line = line.ok_or(MISSING).map_err(|reason| {
                    let id = self.id.clone();
                    SealError::Store { id, reason }
                })?;
                if at == place {
                    let line = line.to_vec();
                    self.frame = Some((block, frame));
                    return Ok(line);
                }
            }
        }
        let n = usize::try_from(place - block.first).unwrap_or(usize::MAX);
        let line = self.load(block)?.split(|b| *b == b'\n').nth(n);
        match line.filter(|line| !line.is_empty()) {
            Some(line) => Ok(line.to_vec()),
            None => Err(self.broken(MISSING)),
        }
    }

    /// Hands over every line in order, with its place.
    pub(crate) fn for_each(
        &mut self,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        for number in 0..self.blocks {
            let block = self.block(number)?;
            let mut place = block.first;
            if block.is_long() {
                let mut frame = Frame::new(block.from, block.to, block.first)?;
                while let Some(line) =
                    (frame.line(&mut self.file)).map_err(|error| error.of(&self.id))?
                {
                    each(place, line)?;
                    place += 1;
                }
            } else {
                let lines = self.load(block)?;
                let lines = lines.split(|b| *b == b'\n').filter(|l| !l.is_empty());
                for line in lines {
                    each(place, line)?;
                    place += 1;
                }
            }
            if place != block.last {
                return Err(self.broken("a block holds another number of lines than it states"));
            }
        }
        Ok(())
    }

    /// Bytes that are held of what was unpacked.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let loaded = self
            .loaded
            .as_ref()
            .map_or(0, |(_, lines)| lines.capacity());
        loaded + self.frame.as_ref().map_or(0, |(_, frame)| frame.held())
    }
}

impl Table {
    /// Bytes that it has for each block.
    fn width(self) -> u64 {
        match self {
            Self::Counted => 8,
            Self::Bounded => 16,
        }
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}
