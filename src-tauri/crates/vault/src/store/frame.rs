//! A block that is unpacked line by line, because it may be longer than what is held at once.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use zstd::stream::raw::{Decoder, Operation as _};

use super::{MAX_LINE, SealError, SealedReader, VaultError, WINDOW, unpack};

/// Bytes read and unpacked at once.
const STEP: usize = 1 << 16;

/// A frame of the store, unpacked as far as somebody asked for its lines.
pub(super) struct Frame {
    decoder: Decoder<'static>,
    /// What was not read yet.
    from: u64,
    to: u64,
    /// What was read, and how much of it is unpacked.
    packed: Vec<u8>,
    taken: usize,
    /// What was unpacked: of it, what was handed out, and what has no newline in it behind that.
    plain: Vec<u8>,
    given: usize,
    searched: usize,
    /// Place of the line that comes next.
    at: u64,
    /// Whether all of it is unpacked.
    ended: bool,
}

/// Why the next line could not be read.
pub(super) enum Fault {
    Vault(VaultError),
    /// The store is not what it states.
    Store(&'static str),
}

impl Fault {
    pub(super) fn of(self, id: &str) -> VaultError {
        match self {
            Self::Vault(error) => error,
            Self::Store(reason) => {
                let id = id.to_owned();
                SealError::Store { id, reason }.into()
            }
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Vault(unpack(error))
    }
}

impl Frame {
    /// The frame of these bytes, whose first line is at this place.
    pub(super) fn new(from: u64, to: u64, at: u64) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(WINDOW)?;
        Ok(Self {
            decoder,
            from,
            to,
            packed: Vec::new(),
            taken: 0,
            plain: Vec::new(),
            given: 0,
            searched: 0,
            at,
            ended: false,
        })
    }

    /// Place of the line that comes next.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The next line, without its newline; none behind the last.
    pub(super) fn line(&mut self, file: &mut SealedReader) -> Result<Option<&[u8]>, Fault> {
        loop {
            let end = self.plain[self.searched..].iter().position(|b| *b == b'\n');
            if let Some(end) = end {
                let (from, to) = (self.given, self.searched + end);
                (self.given, self.searched) = (to + 1, to + 1);
                self.at += 1;
                return Ok(Some(&self.plain[from..to]));
            }
            self.searched = self.plain.len();
            if self.searched - self.given > MAX_LINE {
                return Err(Fault::Store("a line is too long"));
            }
            self.plain.drain(..self.given);
            self.searched -= self.given;
            self.given = 0;
            if !self.unpack(file)? {
                return match self.plain.is_empty() {
                    true => Ok(None),
                    false => Err(Fault::Store("a block does not end with a line")),
                };
            }
        }
    }

    /// Unpacks some more; whether there was any.
    fn unpack(&mut self, file: &mut SealedReader) -> Result<bool, Fault> {
        const DAMAGED: Fault = Fault::Store("a block does not decompress");
        while !self.ended {
            if self.taken == self.packed.len() && self.from < self.to {
                self.packed.clear();
                self.taken = 0;
                file.seek(SeekFrom::Start(self.from))?;
                let step = (self.to - self.from).min(STEP as u64);
                self.from += file.take(step).read_to_end(&mut self.packed)? as u64;
            }
            let before = self.plain.len();
            self.plain.resize(before + STEP, 0);
            let done = (self.decoder)
                .run_on_buffers(&self.packed[self.taken..], &mut self.plain[before..]);
            let done = done.map_err(|_| DAMAGED)?;
            self.plain.truncate(before + done.bytes_written);
            self.taken += done.bytes_read;
            self.ended = done.remaining == 0;
            if done.bytes_written > 0 {
                return Ok(true);
            }
            if !self.ended && done.bytes_read == 0 {
                return Err(DAMAGED);
            }
        }
        match self.taken == self.packed.len() && self.from == self.to {
            true => Ok(false),
            false => Err(DAMAGED),
        }
    }

    /// Bytes that are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.packed.capacity() + self.plain.capacity()
    }
}
