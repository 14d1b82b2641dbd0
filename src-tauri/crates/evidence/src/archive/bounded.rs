//! Readers that refuse what goes beyond its bounds or fails its checksum.

use std::io::{self, BufRead, BufReader, Read};

use super::{ArchiveError, ZipEntry};

/// Largest window a zstd frame may ask for: 32 MiB.
const WINDOW_LOG: u32 = 25;
/// Magic number of a zstd frame (RFC 8878), as opposed to a skippable one.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Refuses more than a number of bytes.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    name: String,
}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, left: u64, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { inner, left, name }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => {
                self.left = left;
                Ok(n)
            }
            None => Err(ArchiveError::Expands(self.name.clone()).into_io()),
        }
    }
}

/// Checks size and CRC-32 of a ZIP entry.
pub(super) struct Checked<R> {
    inner: R,
    left: u64,
    crc: flate2::Crc,
    expected: u32,
    name: String,
}

impl<R> Checked<R> {
    pub(super) fn new(inner: R, entry: &ZipEntry, name: impl Into<String>) -> Self {
        Self {
            inner,
            left: entry.size,
            crc: flate2::Crc::new(),
            expected: entry.crc,
            name: name.into(),
        }
    }

    fn corrupt(&self) -> io::Error {
        ArchiveError::Corrupt(self.name.clone()).into_io()
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let n = self
            .inner
            .read(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::InvalidInput
                | io::ErrorKind::InvalidData
                | io::ErrorKind::UnexpectedEof => self.corrupt(),
                _ => error,
            })?;
        self.crc.update(&buffer[..n]);
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or(())
            .map_err(|()| self.corrupt())?;
        if n == 0 && (self.left > 0 || self.crc.sum() != self.expected) {
            return Err(self.corrupt());
        }
        Ok(n)
    }
}

/// Inflates exactly one deflate stream that ends with its input, so that no byte of an entry
/// lies behind it unread.
pub(super) struct OneStream<R: Read> {
    decoder: flate2::bufread::DeflateDecoder<BufReader<R>>,
    name: String,
}

impl<R: Read> OneStream<R> {
    pub(super) fn new(inner: R, name: impl Into<String>) -> Self {
        Self {
            decoder: flate2::bufread::DeflateDecoder::new(BufReader::new(inner)),
            name: name.into(),
        }
    }
}

impl<R: Read> Read for OneStream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.decoder.read(buffer)?;
        if n == 0 && !buffer.is_empty() && !self.decoder.get_mut().fill_buf()?.is_empty() {
            return Err(ArchiveError::Corrupt(self.name.clone()).into_io());
        }
        Ok(n)
    }
}

/// Decodes exactly one zstd frame (RFC 8878, window at most 32 MiB) that ends with its input. Refusals
/// come as I/O errors with an [`ArchiveError`] inside; see [`ArchiveError::from_io`].
pub struct OneFrame<R: Read> {
    decoder: zstd::stream::read::Decoder<'static, BufReader<R>>,
    done: bool,
}

impl<R: Read> OneFrame<R> {
    /// Looks at the first bytes; decodes nothing yet.
    ///
    /// # Errors
    /// [`ArchiveError::NotOneFrame`] where it does not begin with a zstd frame.
    pub fn new(inner: R) -> Result<Self, ArchiveError> {
        let mut input = BufReader::with_capacity(128 << 10, inner);
        let start = input.fill_buf().map_err(ArchiveError::from_io)?;
        if !start.starts_with(&ZSTD_MAGIC) {
            return Err(ArchiveError::NotOneFrame);
        }
        let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?.single_frame();
        decoder.window_log_max(WINDOW_LOG)?;
        Ok(Self {
            decoder,
            done: false,
        })
    }
}

impl<R: Read> Read for OneFrame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || buffer.is_empty() {
            return Ok(0);
        }
        let n = self.decoder.read(buffer).map_err(|error| {
            // The decoder reports a corrupt stream as an error of its own making, without a
            // number of the operating system; refusals from below pass through.
            let foreign = error.raw_os_error().is_none();
            let refusal = error.get_ref().is_some_and(|e| e.is::<ArchiveError>());
            if foreign && !refusal {
                ArchiveError::Corrupt(super::RECORDS_ZST.to_owned()).into_io()
            } else {
                error
            }
        })?;
        if n == 0 {
            self.done = true;
            if !self.decoder.get_mut().fill_buf()?.is_empty() {
                return Err(ArchiveError::NotOneFrame.into_io());
            }
        }
        Ok(n)
    }
}
