//! Files that are compressed as a whole: gzip members one after the other (RFC 1952, 2.2), or one zstd frame (RFC
//! 8878), and nothing behind them, because readers disagree about what follows and a digest covers all of it.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use evidence::ArchiveError;
use evidence::archive::{Bounds, OneFrame};
use flate2::bufread::GzDecoder;
use serde::{Deserialize, Serialize};

use crate::error::ReadError;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const ZIP: &[u8] = b"PK\x03\x04";

/// What a compressed file may unpack to: 1 TiB, and 500 bytes for each packed one beyond a first MiB.
/// Logs that repeat themselves compress some tens of times.
pub const PACKED_BOUNDS: Bounds = Bounds {
    unpacked: 1 << 40,
    ratio: 500,
};

/// How a file is compressed as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Packing {
    /// Not at all.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Packing {
    /// From the first four bytes, whatever the file is called.
    pub fn detect(first: &[u8]) -> Self {
        match first {
            _ if first.starts_with(GZIP) => Self::Gzip,
            _ if first.starts_with(ZSTD) => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// `gzip`, `zstd`; none for a plain file.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// The name of the file inside: without `.gz`, `.gzip`, `.zst` or `.zstd`.
pub fn inner_name(name: &str) -> &str {
    [".gz", ".gzip", ".zst", ".zstd"]
        .iter()
        .find_map(|end| {
            let (stem, tail) = name.split_at_checked(name.len().checked_sub(end.len())?)?;
            (!stem.is_empty() && tail.eq_ignore_ascii_case(end)).then_some(stem)
        })
        .unwrap_or(name)
}

/// What the first bytes of a compressed file unpack to, as far as they go: to look at, never to keep.
pub fn peek(packing: Packing, first: &[u8]) -> Vec<u8> {
    let mut reader: Box<dyn Read + '_> = match packing {
        Packing::Plain => Box::new(first),
        Packing::Gzip => Box::new(GzDecoder::new(first)),
        Packing::Zstd => match OneFrame::new(first) {
            Ok(frame) => Box::new(frame),
            Err(_) => return Vec::new(),
        },
    };
    let (mut found, mut buffer) = (Vec::new(), [0; 1024]);
    while found.len() < 4096 {
        match reader.read(&mut buffer) {
            Ok(n) if n > 0 => found.extend_from_slice(&buffer[..n]),
            // The end of what there is, inside a block.
            _ => break,
        }
    }
    found
}

/// The bytes of a file, unpacked where its first bytes say that it is compressed, within
/// [`PACKED_BOUNDS`]. Refusals come as I/O errors; [`refusal`] gives them back.
///
/// # Errors
/// [`ReadError`]; [`ReadError::Nested`] for a compressed file or archive inside a compressed file.
pub fn unpacked<'a>(reader: impl BufRead + 'a) -> Result<Box<dyn BufRead + 'a>, ReadError> {
    let count = Arc::new(AtomicU64::new(0));
    let mut reader = Counted {
        inner: reader,
        count: Arc::clone(&count),
    };
    let plain: Box<dyn Read + 'a> = match Packing::detect(reader.fill_buf()?) {
        Packing::Plain => return Ok(Box::new(reader)),
        Packing::Gzip => Box::new(Members(Some(GzDecoder::new(reader)))),
        Packing::Zstd => Box::new(Frame(OneFrame::new(reader).map_err(|_| ReadError::Zstd)?)),
    };
    let mut plain = BufReader::with_capacity(
        64 << 10,
        Bounded {
            inner: plain,
            packed: count,
            unpacked: 0,
        },
    );
    let first = plain.fill_buf().map_err(refusal)?;
    if Packing::detect(first) != Packing::Plain || first.starts_with(ZIP) {
        return Err(ReadError::Nested);
    }
    Ok(Box::new(plain))
}

/// The refusal that travelled through `Read`, or the reading error itself.
pub fn refusal(error: io::Error) -> ReadError {
    match error.downcast::<ReadError>() {
        Ok(refusal) => refusal,
        Err(error) => ReadError::Io(error),
    }
}

pub(crate) fn refuse(error: ReadError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Counts the packed bytes that were taken.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        self.inner.consume(n);
    }
}

/// Refuses what unpacks to more than the bounds allow for the bytes taken so far.
struct Bounded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.unpacked += n as u64;
        let allowed = PACKED_BOUNDS.allowed(self.packed.load(Ordering::Relaxed));
        if self.unpacked > allowed {
            return Err(refuse(ReadError::Expands { limit: allowed }));
        }
        Ok(n)
    }
}

/// gzip members up to the end of the input. Zeros behind the last one are no content: tapes and block devices pad
/// with them, and gzip itself skips them.
struct Members<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.0 {
            let n = member.read(buffer).map_err(|error| match error.kind() {
                InvalidData | InvalidInput | UnexpectedEof if error.raw_os_error().is_none() => {
                    refuse(ReadError::Gzip)
                }
                _ => error,
            })?;
            if n > 0 {
                return Ok(n);
            }
            let Some(mut inner) = self.0.take().map(GzDecoder::into_inner) else {
                break;
            };
            self.0 = match is_another(&mut inner)? {
                true => Some(GzDecoder::new(inner)),
                false => None,
            };
        }
        Ok(0)
    }
}

/// Whether a member follows; nothing else may, but zeros up to the end.
fn is_another(reader: &mut impl BufRead) -> io::Result<bool> {
    let mut padded = false;
    loop {
        let rest = reader.fill_buf()?;
        match rest.first() {
            None => return Ok(false),
            Some(0) => {
                let zeros = rest.iter().take_while(|b| **b == 0).count();
                reader.consume(zeros);
                padded = true;
            }
            Some(first) if *first == GZIP[0] && !padded => return Ok(true),
            Some(_) => return Err(refuse(ReadError::TrailingGzip)),
        }
    }
}

/// One zstd frame that ends with its input.
struct Frame<R: Read>(OneFrame<R>);

impl<R: Read> Read for Frame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| match ArchiveError::from_io(error) {
                ArchiveError::Read(error) => error,
                ArchiveError::NotOneFrame => refuse(ReadError::TrailingZstd),
                _ => refuse(ReadError::Zstd),
            })
    }
}
