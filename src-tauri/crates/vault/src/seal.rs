//! Sealed files: `sealed/<aa>/<id>`.
//!
//! ```text
//! "MUNSEAL1" || u32be(len) || header JSON || chunk 0 || chunk 1 || … || last chunk
//! ```
//! A chunk is 64 KiB of content (the last one 0 to 64 KiB) under AES-256-GCM with a file key that was drawn
//! for this one write; nonce = 3 zero bytes || u64be(chunk counter) || last flag. The associated data names
//! vault, kind, id, generation and format version, so that a file cannot stand in for another one.
//! The file key is wrapped by the originals key of the stated generation.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evidence::Hash;
use files::{Folder, Kind};
use rand_core::CryptoRng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use crate::keys::{KeyName, Secret, VaultKeys, b64};

const MAGIC: &[u8; 8] = b"MUNSEAL1";
const VERSION: u32 = 1;
/// Content bytes of a full chunk.
pub(crate) const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const MAX_HEADER: u32 = 4096;
/// End of the name that a file has while it is written.
const UNFINISHED: &str = ".tmp";

/// What is wrong with a sealed file. `id` is the file's id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The file is not there.
    #[error("sealed file {id} is missing")]
    Missing {
        /// Its id.
        id: String,
    },
    /// Magic or header are not those of a sealed file.
    #[error("sealed file {id}: its header is damaged")]
    Header {
        /// Its id.
        id: String,
    },
    /// A later format.
    #[error("sealed file {id}: format version {version} is newer than this program")]
    Version {
        /// Its id.
        id: String,
        /// The version found.
        version: u32,
    },
    /// The header names another vault, kind or id.
    #[error("sealed file {id}: the file is another one put in its place")]
    Exchanged {
        /// Its id.
        id: String,
    },
    /// The file key does not unwrap.
    #[error(
        "sealed file {id}: its key does not open with the originals key of generation {generation}"
    )]
    Key {
        /// Its id.
        id: String,
        /// Generation of the originals key.
        generation: u32,
    },
    /// A chunk does not authenticate.
    #[error("sealed file {id}: chunk {chunk} was altered")]
    Altered {
        /// Its id.
        id: String,
        /// Chunk number from 0.
        chunk: u64,
    },
    /// A chunk is genuine but belongs elsewhere in the file.
    #[error("sealed file {id}: chunk {belongs} stands in the place of chunk {chunk}")]
    Reordered {
        /// Its id.
        id: String,
        /// Place from 0.
        chunk: u64,
        /// Where it belongs.
        belongs: u64,
    },
    /// The end is missing.
    #[error("sealed file {id}: cut off after chunk {chunk}")]
    Truncated {
        /// Its id.
        id: String,
        /// Last whole chunk.
        chunk: u64,
    },
    /// Bytes follow the last chunk.
    #[error("sealed file {id}: bytes follow its last chunk {chunk}")]
    Trailing {
        /// Its id.
        id: String,
        /// The last chunk.
        chunk: u64,
    },
    /// All chunks open, but the whole is not what was recorded.
    #[error("sealed file {id}: its content is not what was recorded when it was sealed")]
    Content {
        /// Its id.
        id: String,
    },
    /// A record store inside a sealed file is not in its format.
    #[error("sealed file {id}: its record blocks are damaged: {reason}")]
    Store {
        /// Its id.
        id: String,
        /// What is wrong.
        reason: &'static str,
    },
}

/// What was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedFile {
    /// Random id, 32 hexadecimal digits: also the file name.
    pub id: String,
    /// What it is: `original`, `segment`, `scope-key`, …
    pub kind: String,
    /// Content bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    v: u32,
    vault: String,
    kind: String,
    id: String,
    generation: u32,
    #[serde(with = "b64")]
    nonce: [u8; 12],
    #[serde(with = "b64")]
    key: [u8; 48],
}

/// Where sealed files lie and what opens them.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    dir: Folder,
    vault: String,
    keys: VaultKeys,
    /// Whether files have their names that are not durable yet.
    waiting: Arc<AtomicBool>,
}

impl Sealer {
    pub(crate) fn new(workspace: &Folder, vault: &str, keys: &VaultKeys) -> io::Result<Self> {
        Ok(Self {
            dir: workspace.make_folder("sealed")?,
            vault: vault.to_owned(),
            keys: keys.clone(),
            waiting: Arc::default(),
        })
    }

    /// Makes every file durable that [`SealedWriter::finish_for_now`] gave its name. Nothing may refer to one durably before.
    pub(crate) fn sync(&self) -> io::Result<()> {
        if !self.waiting.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let done = self.dir.sync_all();
        if done.is_err() {
            self.waiting.store(true, Ordering::Release);
        }
        done
    }

    /// Removes a sealed file; whether there was one.
    pub(crate) fn remove(&self, id: &str) -> io::Result<bool> {
        match self.dir.folder(part(id)) {
            Ok(folder) => folder.remove(id),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Everything that lies where sealed files do.
    pub(crate) fn listed(&self) -> io::Result<Listed> {
        let mut listed = Listed::default();
        for entry in self.dir.entries()? {
            match entry.kind {
                Kind::Folder => {
                    for file in self.dir.folder(&entry.name)?.entries()? {
                        let place = format!("{}/{}", entry.name, file.name);
                        if file.kind == Kind::File && part(&file.name) == entry.name {
                            listed.files.push(file.name);
                        } else {
                            listed.foreign.push(place);
                        }
                    }
                }
                _ => listed.foreign.push(entry.name),
            }
        }
        Ok(listed)
    }

    /// Removes a file that a killed run left, if it is one that this program wrote for this vault.
    pub(crate) fn discard(&self, name: &str) -> io::Result<bool> {
        let (id, unfinished) = match name.strip_suffix(UNFINISHED) {
            Some(id) => (id, true),
            None => (name, false),
        };
        let plain = id.len() == 32
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !plain {
            return Ok(false);
        }
        let folder = self.dir.folder(part(id))?;
        let mut file = folder.open_file(name)?;
        let ours = match header(&mut file) {
            Ok(Some((header, _))) => header.vault == self.vault && header.id == id,
            // A run that was killed before its header was whole.
            Ok(None) => unfinished,
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => unfinished,
            Err(e) => return Err(e),
        };
        if ours { folder.remove(name) } else { Ok(false) }
    }

    /// Begins a sealed file under a temporary name. `None` without the originals key.
    pub(crate) fn create(
        &self,
        kind: &str,
        entropy: &mut dyn CryptoRng,
    ) -> Option<io::Result<SealedWriter>> {
        let (generation, wrap) = self.keys.newest(KeyName::Originals)?;
        let mut id = [0; 16];
        let mut nonce = [0; 12];
        entropy.fill_bytes(&mut id);
        entropy.fill_bytes(&mut nonce);
        let file_key = Secret::draw(entropy);
        Some(self.begin(
            kind,
            data_encoding::HEXLOWER.encode(&id),
            generation,
            wrap,
            nonce,
            &file_key,
        ))
    }

    fn begin(
        &self,
        kind: &str,
        id: String,
        generation: u32,
        wrap: &Secret,
        nonce: [u8; 12],
        file_key: &Secret,
    ) -> io::Result<SealedWriter> {
        let aad = aad(&self.vault, kind, &id, generation);
        let mut wrapped = file_key.bytes().to_vec();
        gcm(wrap)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&aad),
                &mut wrapped,
            )
            .map_err(|_| io::Error::other("AES-256-GCM refused to seal"))?;
        let mut key = [0; 48];
        key.copy_from_slice(&wrapped);
        let header = Header {
            v: VERSION,
            vault: self.vault.clone(),
            kind: kind.to_owned(),
            id: id.clone(),
            generation,
            nonce,
            key,
        };
        let header = serde_json::to_vec(&header)?;
        let folder = self.dir.make_folder(part(&id))?;
        let mut file = folder.create(format!("{id}{UNFINISHED}"))?;
        file.write_all(MAGIC)?;
        file.write_all(
            &u32::try_from(header.len())
                .map_err(io::Error::other)?
                .to_be_bytes(),
        )?;
        file.write_all(&header)?;
        Ok(SealedWriter {
            file,
            folder,
            waiting: Arc::clone(&self.waiting),
            placed: false,
            key: gcm(file_key)?,
            aad,
            chunk: 0,
            buffer: Vec::with_capacity(CHUNK + TAG),
            sha: ring::digest::Context::new(&ring::digest::SHA256),
            done: SealedFile {
                id,
                kind: kind.to_owned(),
                size: 0,
                sha256: Hash([0; 32]),
            },
        })
    }

    /// Opens a sealed file for reading. `None` without the originals key.
    pub(crate) fn open(&self, kind: &str, id: &str) -> Option<Result<SealedReader, OpenSealed>> {
        self.keys.newest(KeyName::Originals)?;
        Some(self.open_inner(kind, id))
    }

    fn open_inner(&self, kind: &str, id: &str) -> Result<SealedReader, OpenSealed> {
        let own = || id.to_owned();
        let missing = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => OpenSealed::Seal(SealError::Missing { id: own() }),
            _ => OpenSealed::Io(e),
        };
        let folder = self.dir.folder(part(id)).map_err(missing)?;
        let file = folder.open_file(id).map_err(missing)?;
        let length = file.metadata()?.len();
        let mut file = BufReader::with_capacity(CHUNK + TAG, file);
        let damaged = || OpenSealed::Seal(SealError::Header { id: own() });
        let (header, base) = header(&mut file)
            .map_err(|_| damaged())?
            .ok_or_else(damaged)?;
        if header.v != VERSION {
            return Err(SealError::Version {
                id: own(),
                version: header.v,
            }
            .into());
        }
        if header.vault != self.vault || header.kind != kind || header.id != id {
            return Err(SealError::Exchanged { id: own() }.into());
        }
        let no_key = || SealError::Key {
            id: own(),
            generation: header.generation,
        };
        let wrap = self
            .keys
            .generation(KeyName::Originals, header.generation)
            .ok_or_else(no_key)?;
        let aad = aad(&self.vault, kind, id, header.generation);
        let mut wrapped = header.key;
        let plain = gcm(wrap)?
            .open_in_place(
                Nonce::assume_unique_for_key(header.nonce),
                Aad::from(&aad),
                &mut wrapped,
            )
            .map_err(|_| no_key())?;
        let file_key = Secret::new(<[u8; 32]>::try_from(&*plain).map_err(|_| no_key())?);
        let body = length.saturating_sub(base);
        let full = (CHUNK + TAG) as u64;
        // The last chunk holds 0 to 64 KiB of content and always its tag.
        let chunks = body.div_ceil(full).max(1);
        let last = body - (chunks - 1) * full;
        if last < TAG as u64 {
            return Err(SealError::Truncated {
                id: own(),
                chunk: (chunks - 1).saturating_sub(1),
            }
            .into());
        }
        Ok(SealedReader {
            file,
            key: gcm(&file_key)?,
            aad,
            id: own(),
            base,
            chunks,
            size: (chunks - 1) * CHUNK as u64 + last - TAG as u64,
            position: 0,
            loaded: None,
            plain: Vec::new(),
        })
    }
}

/// What lies where sealed files do.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Names of files in the folder that they belong in.
    pub(crate) files: Vec<String>,
    /// What this program puts nowhere here: links, other folders' files.
    pub(crate) foreign: Vec<String>,
}

/// Name of the folder that a sealed file lies in.
fn part(id: &str) -> &str {
    id.get(..2).unwrap_or("xx")
}

/// Reads a sealed file's header and where it ends; none if it has none.
fn header(file: &mut impl Read) -> io::Result<Option<(Header, u64)>> {
    let mut start = [0; 12];
    file.read_exact(&mut start)?;
    let len = u32::from_be_bytes([start[8], start[9], start[10], start[11]]);
    if &start[..8] != MAGIC || len > MAX_HEADER {
        return Ok(None);
    }
    let mut header = vec![0; len as usize];
    file.read_exact(&mut header)?;
    Ok(serde_json::from_slice(&header)
        .ok()
        .map(|header| (header, 12 + u64::from(len))))
}

/// Opening fails with one of these.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenSealed {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<OpenSealed> for crate::VaultError {
    fn from(e: OpenSealed) -> Self {
        match e {
            OpenSealed::Seal(e) => e.into(),
            OpenSealed::Io(e) => unpack(e),
        }
    }
}

/// A [`SealError`] that travelled through an [`io::Error`] becomes itself again.
pub(crate) fn unpack(e: io::Error) -> crate::VaultError {
    match e.downcast::<SealError>() {
        Ok(seal) => seal.into(),
        Err(e) => e.into(),
    }
}

fn gcm(key: &Secret) -> io::Result<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.bytes())
        .map(LessSafeKey::new)
        .map_err(|_| io::Error::other("AES-256-GCM refused a key"))
}

fn aad(vault: &str, kind: &str, id: &str, generation: u32) -> Vec<u8> {
    format!("muniment/sealed\n{VERSION}\n{vault}\n{kind}\n{id}\n{generation}").into_bytes()
}

fn nonce(chunk: u64, last: bool) -> Nonce {
    let mut n = [0; 12];
    n[3..11].copy_from_slice(&chunk.to_be_bytes());
    n[11] = u8::from(last);
    Nonce::assume_unique_for_key(n)
}

/// Writes a sealed file; it appears under its name only when [`SealedWriter::finish`] made it durable.
pub(crate) struct SealedWriter {
    file: File,
    folder: Folder,
    waiting: Arc<AtomicBool>,
    placed: bool,
    key: LessSafeKey,
    aad: Vec<u8>,
    chunk: u64,
    buffer: Vec<u8>,
    sha: ring::digest::Context,
    done: SealedFile,
}

impl SealedWriter {
    fn seal(&mut self, last: bool) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(
                nonce(self.chunk, last),
                Aad::from(&self.aad),
                &mut self.buffer,
            )
            .map_err(|_| io::Error::other("AES-256-GCM refused to seal"))?;
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        self.chunk += 1;
        Ok(())
    }

    fn unfinished(&self) -> String {
        format!("{}{UNFINISHED}", self.done.id)
    }

    /// Content bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.done.size
    }

    /// Seals the last chunk, makes the file durable and gives it its name.
    pub(crate) fn finish(mut self) -> io::Result<SealedFile> {
        self.seal(true)?;
        files::step("sync");
        self.file.sync_all()?;
        self.folder.place(self.unfinished(), &self.done.id)?;
        Ok(self.named())
    }

    /// Seals the last chunk and gives the file its name. It is durable once [`Sealer::sync`] was, with all others of its group.
    pub(crate) fn finish_for_now(mut self) -> io::Result<SealedFile> {
        if !files::CAN_SYNC_ALL {
            return self.finish();
        }
        self.seal(true)?;
        let placed = self.folder.place_for_now(self.unfinished(), &self.done.id);
        // Before anybody knows of it.
        self.waiting.store(true, Ordering::Release);
        placed?;
        Ok(self.named())
    }

    fn named(mut self) -> SealedFile {
        self.placed = true;
        let sha = self.sha.clone().finish();
        self.done.sha256.0.copy_from_slice(sha.as_ref());
        self.done.clone()
    }
}

impl Write for SealedWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full buffer is sealed only when more follows, because the last chunk has another nonce.
        if self.buffer.len() == CHUNK {
            self.seal(false)?;
        }
        let n = bytes.len().min(CHUNK - self.buffer.len());
        let part = &bytes[..n];
        self.buffer.extend_from_slice(part);
        self.sha.update(part);
        self.done.size += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SealedWriter {
    fn drop(&mut self) {
        if !self.placed {
            // What is left behind here is removed at the next open for writing.
            let _ = self.folder.remove(self.unfinished());
        }
    }
}

/// Reads a sealed file from any position; every byte handed out was authenticated.
pub struct SealedReader {
    file: BufReader<File>,
    key: LessSafeKey,
    aad: Vec<u8>,
    id: String,
    base: u64,
    chunks: u64,
    size: u64,
    position: u64,
    loaded: Option<u64>,
    plain: Vec<u8>,
}

impl std::fmt::Debug for SealedReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedReader")
            .field("id", &self.id)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl SealedReader {
    /// Content bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    fn load(&mut self, chunk: u64) -> io::Result<()> {
        if self.loaded == Some(chunk) {
            return Ok(());
        }
        let last = chunk + 1 == self.chunks;
        let full = (CHUNK + TAG) as u64;
        let at = self.base + chunk * full;
        let here = self.file.stream_position()?;
        self.file.seek_relative(
            i64::try_from(at).map_err(io::Error::other)?
                - i64::try_from(here).map_err(io::Error::other)?,
        )?;
        let len = if last {
            (self.size - chunk * CHUNK as u64) as usize + TAG
        } else {
            CHUNK + TAG
        };
        self.loaded = None;
        self.plain.resize(len, 0);
        self.file.read_exact(&mut self.plain)?;
        let sealed = (!self.opens(chunk, last))
            .then(|| self.fault(chunk, last))
            .transpose()?;
        if let Some(fault) = sealed {
            return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
        }
        self.plain.truncate(len - TAG);
        self.loaded = Some(chunk);
        Ok(())
    }

    /// Opens `self.plain` in place.
    fn opens(&mut self, chunk: u64, last: bool) -> bool {
        self.key
            .open_in_place(nonce(chunk, last), Aad::from(&self.aad), &mut self.plain)
            .is_ok()
    }

    /// Finds out how the chunk at this place is wrong. Only reached for a damaged file.
    fn fault(&mut self, chunk: u64, last: bool) -> io::Result<SealError> {
        let full = (CHUNK + TAG) as u64;
        self.file.seek(SeekFrom::Start(self.base + chunk * full))?;
        let mut bytes = vec![0; self.plain.len()];
        self.file.read_exact(&mut bytes)?;
        let id = self.id.clone();
        let mut fits = |c: u64, l: bool| {
            self.plain.clone_from(&bytes);
            self.opens(c, l)
        };
        if fits(chunk, !last) {
            return Ok(if last {
                SealError::Truncated { id, chunk }
            } else {
                SealError::Trailing { id, chunk }
            });
        }
        // Bounded, so that a damaged large file is reported at once.
        for other in 0..4096 {
            if other != chunk && (fits(other, false) || fits(other, true)) {
                return Ok(SealError::Reordered {
                    id,
                    chunk,
                    belongs: other,
                });
            }
        }
        Ok(SealError::Altered { id, chunk })
    }
}

impl Read for SealedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.position / CHUNK as u64;
        if self.position >= self.size {
            // The end is only the end if the chunk that says so was opened.
            self.load(self.chunks - 1)?;
            return Ok(0);
        }
        self.load(chunk)?;
        let from = (self.position % CHUNK as u64) as usize;
        let n = out.len().min(self.plain.len() - from);
        out[..n].copy_from_slice(&self.plain[from..from + n]);
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for SealedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(p) => Some(p),
            SeekFrom::End(d) => self.size.checked_add_signed(d),
            SeekFrom::Current(d) => self.position.checked_add_signed(d),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
