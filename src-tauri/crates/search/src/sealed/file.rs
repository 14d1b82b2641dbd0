//! One sealed file: header, chunks, the writer and the random-access reader.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tantivy::HasLen;
use tantivy::directory::{AntiCallToken, FileHandle, OwnedBytes, TerminatingWrite};

use super::cache::ChunkCache;
use super::{Keys, stale};
use crate::Stale;

/// Names the layout and its version; also the start of the associated data.
const MAGIC: &[u8; 8] = b"MUNIDX01";
/// Bytes before the first chunk.
const HEADER: usize = 48;
/// Plain bytes of every chunk but the last.
pub(super) const CHUNK: usize = 64 * 1024;
/// Bytes of an authentication tag.
const TAG: usize = 16;
/// A read of more chunks than this does not go through the cache: it is a whole column or a merge, which
/// keeps its own copy or is never read again, and would push everything else out.
const CACHED_READ: usize = 4;

/// What is in the clear at the start of a file.
pub(super) struct Header {
    pub(super) key_id: [u8; 8],
    pub(super) salt: [u8; 32],
}

impl Header {
    fn to_bytes(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[..8].copy_from_slice(MAGIC);
        out[8..16].copy_from_slice(&self.key_id);
        out[16..].copy_from_slice(&self.salt);
        out
    }

    fn parse(bytes: &[u8], keys: &Keys) -> io::Result<Self> {
        let damaged = || stale(Stale::Damaged);
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (key_id, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (salt, _) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
        if magic != MAGIC {
            return Err(damaged());
        }
        if key_id != &keys.id {
            return Err(stale(Stale::OtherKey));
        }
        Ok(Self {
            key_id: *key_id,
            salt: *salt,
        })
    }
}

/// The cipher of one file.
struct Cipher {
    key: LessSafeKey,
    aad: Vec<u8>,
}

impl Cipher {
    fn new(keys: &Keys, salt: &[u8; 32], name: &[u8]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, keys.file_key(salt).as_slice())
            .expect("AES-256 takes a key of 32 bytes");
        Self {
            key: LessSafeKey::new(key),
            aad: [MAGIC, name].concat(),
        }
    }

    fn nonce(chunk: u32, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[7..11].copy_from_slice(&chunk.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }

    /// Encrypts in place and appends the tag.
    fn seal(&self, chunk: u32, last: bool, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(Self::nonce(chunk, last), Aad::from(&self.aad), bytes)
            .map_err(|_| io::Error::other("a chunk could not be sealed"))
    }

    /// Decrypts in place; the plain bytes are the slice that comes back.
    fn open<'a>(&self, chunk: u32, last: bool, bytes: &'a mut [u8]) -> io::Result<&'a mut [u8]> {
        self.key
            .open_in_place(Self::nonce(chunk, last), Aad::from(&self.aad), bytes)
            .map_err(|_| stale(Stale::Damaged))
    }
}

/// Number of chunks and plain length that a body of `sealed` bytes has, if it can be one at all.
fn layout(sealed: u64) -> io::Result<(u32, usize)> {
    let damaged = || stale(Stale::Damaged);
    let chunks = sealed.div_ceil((CHUNK + TAG) as u64).max(1);
    let plain = sealed
        .checked_sub(chunks * TAG as u64)
        .ok_or_else(damaged)?;
    // The last chunk carries at least one byte unless it is the only one.
    if chunks > 1 && plain <= (chunks - 1) * CHUNK as u64 {
        return Err(damaged());
    }
    Ok((
        u32::try_from(chunks).map_err(|_| damaged())?,
        usize::try_from(plain).map_err(|_| damaged())?,
    ))
}

/// Seals a small file as a whole.
pub(super) fn seal_all(
    data: &[u8],
    name: &[u8],
    keys: &Keys,
    header: &Header,
) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(HEADER + data.len() + TAG * (1 + data.len() / CHUNK));
    let mut sealing = Sealing::start(&mut out, name, keys, header)?;
    sealing.write_all(data)?;
    sealing.finish()?;
    Ok(out)
}

/// Opens a small file as a whole.
pub(super) fn unseal_all(bytes: &[u8], name: &[u8], keys: &Keys) -> io::Result<Vec<u8>> {
    let header = Header::parse(bytes, keys)?;
    let body = &bytes[HEADER..];
    let (chunks, plain) = layout(body.len() as u64)?;
    let cipher = Cipher::new(keys, &header.salt, name);
    let mut out = Vec::with_capacity(plain);
    for (number, chunk) in (0u32..).zip(body.chunks(CHUNK + TAG)) {
        let mut chunk = chunk.to_vec();
        out.extend_from_slice(cipher.open(number, number + 1 == chunks, &mut chunk)?);
    }
    if out.len() == plain && !body.is_empty() {
        Ok(out)
    } else {
        Err(stale(Stale::Damaged))
    }
}

/// The writing side, over anything that takes bytes.
struct Sealing<W: Write> {
    out: W,
    cipher: Cipher,
    chunk: Vec<u8>,
    number: u32,
}

impl<W: Write> Sealing<W> {
    fn start(mut out: W, name: &[u8], keys: &Keys, header: &Header) -> io::Result<Self> {
        out.write_all(&header.to_bytes())?;
        let cipher = Cipher::new(keys, &header.salt, name);
        Ok(Self {
            out,
            cipher,
            chunk: Vec::with_capacity(CHUNK + TAG),
            number: 0,
        })
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            // A full chunk waits until more comes, because only then is it known not to be the last.
            if self.chunk.len() == CHUNK {
                self.put(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        self.cipher.seal(self.number, last, &mut self.chunk)?;
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number = self
            .number
            .checked_add(1)
            .ok_or_else(|| io::Error::other("an index file has too many chunks"))?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.put(true)
    }
}

/// A file being written. It is readable once it was terminated.
pub(super) struct SealedWriter(Sealing<File>);

impl SealedWriter {
    pub(super) fn start(file: File, name: &[u8], keys: &Keys, header: &Header) -> io::Result<Self> {
        Sealing::start(file, name, keys, header).map(Self)
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for SealedWriter {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.finish()?;
        self.0.out.sync_data()
    }
}

/// A file opened for reading at random places.
pub(super) struct SealedFile {
    file: File,
    cipher: Cipher,
    chunks: u32,
    len: usize,
    cache: Arc<ChunkCache>,
    number: u64,
}

impl SealedFile {
    pub(super) fn open(
        file: File,
        name: &[u8],
        keys: &Keys,
        cache: Arc<ChunkCache>,
    ) -> io::Result<Self> {
        let mut header = [0; HEADER];
        read_exact_at(&file, &mut header, 0)?;
        let header = Header::parse(&header, keys)?;
        let body = file
            .metadata()?
            .len()
            .checked_sub(HEADER as u64)
            .ok_or_else(|| stale(Stale::Damaged))?;
        let (chunks, len) = layout(body)?;
        let number = cache.number();
        let cipher = Cipher::new(keys, &header.salt, name);
        let opened = Self {
            file,
            cipher,
            chunks,
            len,
            cache,
            number,
        };
        // Proves that the end is the end. tantivy reads its footer from there anyway.
        opened.chunk(chunks - 1)?;
        Ok(opened)
    }

    fn plain_len(&self, chunk: u32) -> usize {
        (self.len - chunk as usize * CHUNK).min(CHUNK)
    }

    /// Reads and decrypts one chunk into `buffer`; the plain bytes are its start.
    fn decrypt(&self, chunk: u32, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let plain = self.plain_len(chunk);
        buffer.resize(plain + TAG, 0);
        let at = HEADER as u64 + u64::from(chunk) * (CHUNK + TAG) as u64;
        read_exact_at(&self.file, buffer, at)?;
        self.cipher.open(chunk, chunk + 1 == self.chunks, buffer)?;
        Ok(plain)
    }

    fn chunk(&self, chunk: u32) -> io::Result<Arc<[u8]>> {
        let key = (self.number, chunk);
        if let Some(bytes) = self.cache.get(key) {
            return Ok(bytes);
        }
        let mut buffer = Vec::new();
        let plain = self.decrypt(chunk, &mut buffer)?;
        let bytes: Arc<[u8]> = Arc::from(&buffer[..plain]);
        self.cache.put(key, Arc::clone(&bytes));
        Ok(bytes)
    }
}

impl Drop for SealedFile {
    fn drop(&mut self) {
        self.cache.forget(self.number, self.chunks);
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl HasLen for SealedFile {
    fn len(&self) -> usize {
        self.len
    }
}

impl FileHandle for SealedFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.start >= range.end {
            return Ok(OwnedBytes::empty());
        }
        if range.end > self.len {
            return Err(stale(Stale::Damaged));
        }
        let (first, last) = (range.start / CHUNK, (range.end - 1) / CHUNK);
        if first == last {
            // Shares the cached chunk, without a copy.
            let base = first * CHUNK;
            let bytes = OwnedBytes::new(self.chunk(first as u32)?);
            return Ok(bytes.slice(range.start - base..range.end - base));
        }
        let mut out = Vec::with_capacity(range.len());
        let mut buffer = Vec::new();
        for chunk in first..=last {
            let base = chunk * CHUNK;
            let part = range.start.max(base) - base..range.end.min(base + CHUNK) - base;
            if last - first < CACHED_READ {
                out.extend_from_slice(&self.chunk(chunk as u32)?[part]);
            } else {
                self.decrypt(chunk as u32, &mut buffer)?;
                out.extend_from_slice(&buffer[part]);
            }
        }
        Ok(OwnedBytes::new(out))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_read(bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                bytes = &mut bytes[n..];
                at += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
