//! An encrypted folder for the index.
//!
//! tantivy writes every file once and reads it at random places. [`SealedDirectory`] keeps such a file as
//! a short header and a row of AES-256-GCM chunks:
//!
//! ```text
//! magic (8) | key id (8) | salt (32) | chunk 0 | chunk 1 | … | last chunk
//! chunk     = ciphertext of at most 64 KiB | tag (16); only the last may be shorter, and it always exists
//! file key  = HKDF-SHA256(salt = salt, ikm = index key, info = "muniment/index/file/v1")
//! nonce     = 0 (7 bytes) | chunk number (4, big endian) | 1 if last, else 0     (STREAM, Hoang et al. 2015)
//! AAD       = magic | file name
//! ```
//!
//! A fresh random salt, and with it a fresh key, is drawn for every file that is written, so that no nonce is
//! ever used twice. A file that is cut, extended, reordered or renamed does not open: the last-chunk flag is
//! checked when the file is opened, every other chunk when it is read. Sizes and the number of files are
//! not hidden.
//!
//! # Decision: the index is encrypted, always
//!
//! The index holds the words of the minimised rows, and the database that keeps those rows is encrypted; a plain
//! index beside it would undo that. The price was measured against the same index over tantivy's own
//! `MmapDirectory`, by `cargo run --release -p search --example sealed_directory` (two cores that others were
//! using too, no LTO, sides alternated, 10 values an event):
//!
//! | | plain files | sealed |
//! |---|---|---|
//! | write 300,000, searchable (quiet machine, one run) | 2.75 s, 109 k/s | 2.57 s, 117 k/s |
//! | disk, 1 M events | 139 MiB | 139 MiB (0.03 % more) |
//! | peak while writing 1 M, above the input | 238 MiB | 234 to 244 MiB |
//! | newest 100 of 1 M, term | 4.7 µs | 5.2 to 5.5 µs |
//! | … two words | 5.3 µs | 8.3 to 8.9 µs |
//! | … phrase of frequent words | 11 to 13 µs | 280 to 300 µs |
//! | … rare word | 180 µs | 270 to 280 µs |
//! | … the first time, two words | 0.12 to 0.14 ms | 12 to 17 ms |
//! | count, facet, histogram of 159,031 of 1 M | 22 µs, 0.43 ms, 0.37 ms | the same |
//! | count of a phrase with 959,835 hits | 36 to 50 ms | 24 to 41 ms |
//! | resident after the queries, 300,000 events | 10 MiB held, 21 mapped | 47 MiB held, 6 mapped |
//!
//! Differences in writing are below what a shared machine can show. What encryption costs when reading is memory
//! that the system cannot take back (columns and dictionaries in use are decrypted copies, chunks are cached up
//! to the bound) and a first query that decrypts what it touches. Not measured yet: 10 M events, and other
//! sizes of chunk.
//!
//! Reads of more than four chunks go around the cache: they are whole columns, dictionaries and merges, whose
//! reader keeps its own copy or never comes back, and would push everything else out.

mod cache;
mod file;

use std::fmt;
use std::fs;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use files::{Folder, Kind};
use rand_core::CryptoRng;
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, INDEX_WRITER_LOCK, Lock, META_LOCK, WatchCallback,
    WatchHandle, WritePtr,
};
use zeroize::Zeroizing;

use cache::ChunkCache;
use file::{Header, SealedFile, SealedWriter, seal_all, unseal_all};

use crate::Stale;

/// Prefix of a file that is being replaced; what is left of it after a kill is removed at the next opening.
const UNFINISHED: &str = ".new-";

/// A tantivy [`Directory`] whose files are encrypted and authenticated. Clones share everything.
#[derive(Clone)]
pub struct SealedDirectory {
    shared: Arc<Shared>,
}

struct Shared {
    folder: Folder,
    keys: Keys,
    entropy: Mutex<Box<dyn CryptoRng + Send>>,
    cache: Arc<ChunkCache>,
}

/// The index key in the one form it is used in. Never printed.
pub(crate) struct Keys {
    key: Zeroizing<[u8; 32]>,
    id: [u8; 8],
}

impl Keys {
    fn new(key: &[u8; 32]) -> Self {
        let mut id = [0; 8];
        expand(
            &Salt::new(HKDF_SHA256, &[]).extract(key),
            b"muniment/index/key-id/v1",
            &mut id,
        );
        Self {
            key: Zeroizing::new(*key),
            id,
        }
    }

    fn file_key(&self, salt: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        let mut out = Zeroizing::new([0; 32]);
        let prk = Salt::new(HKDF_SHA256, salt).extract(self.key.as_slice());
        expand(&prk, b"muniment/index/file/v1", out.as_mut_slice());
        out
    }
}

/// HKDF-Expand (RFC 5869). Cannot fail for outputs below 255 × 32 bytes.
fn expand(prk: &Prk, info: &[u8], out: &mut [u8]) {
    struct Length(usize);
    impl ring::hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    prk.expand(&[info], Length(out.len()))
        .and_then(|okm| okm.fill(out))
        .expect("HKDF output is short");
}

impl fmt::Debug for SealedDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedDirectory").finish_non_exhaustive()
    }
}

impl SealedDirectory {
    /// Opens the folder, creating it if there is none.
    ///
    /// `cache_bytes` bounds the decrypted chunks kept in memory, `entropy` gives the salts of new files.
    ///
    /// # Errors
    /// When the folder cannot be created or listed.
    pub fn open(
        folder: &Path,
        key: &[u8; 32],
        entropy: Box<dyn CryptoRng + Send>,
        cache_bytes: usize,
    ) -> io::Result<Self> {
        // What leads to the folder was chosen by somebody; the folder itself must be one, and no link to another.
        let name = folder.file_name().unwrap_or_default();
        let above = Folder::make(folder.parent().unwrap_or(Path::new("")))?;
        Ok(Self {
            shared: Arc::new(Shared {
                folder: above.make_folder(name).map_err(damage)?,
                keys: Keys::new(key),
                entropy: Mutex::new(entropy),
                cache: Arc::new(ChunkCache::new(cache_bytes)),
            }),
        })
    }

    /// Removes what a kill in the middle of a replacement left. Only for the holder of the writer lock.
    fn remove_unfinished(&self) -> io::Result<()> {
        for entry in self.shared.folder.entries()? {
            if entry.kind != Kind::Folder && entry.name.starts_with(UNFINISHED) {
                self.shared.folder.remove_name(&entry.name)?;
            }
        }
        Ok(())
    }

    fn new_header(&self) -> Header {
        let mut salt = [0; 32];
        self.shared
            .entropy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut salt);
        Header {
            key_id: self.shared.keys.id,
            salt,
        }
    }
}

/// Whether a name is one that an index gives its files.
pub(crate) fn is_our_name(name: &str) -> bool {
    let name = name.strip_prefix(UNFINISHED).unwrap_or(name);
    let segment = |name: &str| {
        let (id, rest) = name.split_at_checked(32)?;
        let hex = id.bytes().all(|b| b.is_ascii_hexdigit());
        Some(hex && rest.starts_with('.'))
    };
    matches!(name, "meta.json" | ".managed.json")
        || [&*INDEX_WRITER_LOCK.filepath, &*META_LOCK.filepath].contains(&Path::new(name))
        || segment(name).unwrap_or(false)
}

/// The name a file is bound to. Index files are flat and named in ASCII by tantivy.
fn name_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// What stands in the place of a file of the index and is none, such as a link, is damage like any other.
fn damage(error: io::Error) -> io::Error {
    use io::ErrorKind as K;
    match error.kind() {
        K::InvalidInput | K::IsADirectory | K::NotADirectory => stale(Stale::Damaged),
        _ => error,
    }
}

fn read_error(error: io::Error, path: &Path) -> OpenReadError {
    let error = damage(error);
    if error.kind() == io::ErrorKind::NotFound {
        OpenReadError::FileDoesNotExist(path.to_owned())
    } else {
        OpenReadError::wrap_io_error(error, path.to_owned())
    }
}

/// How damage travels through the engine and comes out again.
pub(crate) fn stale(what: Stale) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Directory for SealedDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let file = self
            .shared
            .folder
            .open_file(path)
            .map_err(|e| read_error(e, path))?;
        let file = SealedFile::open(
            file,
            &name_of(path),
            &self.shared.keys,
            Arc::clone(&self.shared.cache),
        )
        .map_err(|e| read_error(e, path))?;
        Ok(Arc::new(file))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        match self.shared.folder.remove_name(path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeleteError::FileDoesNotExist(path.to_owned())),
            Err(error) => Err(DeleteError::IoError {
                io_error: Arc::new(error),
                filepath: path.to_owned(),
            }),
        }
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let kind = self.shared.folder.kind(path);
        Ok(kind.map_err(|e| read_error(e, path))?.is_some())
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = self.shared.folder.create(path).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                OpenWriteError::FileAlreadyExists(path.to_owned())
            } else {
                OpenWriteError::wrap_io_error(error, path.to_owned())
            }
        })?;
        let writer =
            SealedWriter::start(file, &name_of(path), &self.shared.keys, &self.new_header())
                .map_err(|e| OpenWriteError::wrap_io_error(e, path.to_owned()))?;
        Ok(BufWriter::new(Box::new(writer)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let mut bytes = Vec::new();
        self.shared
            .folder
            .open_file(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .and_then(|_| unseal_all(&bytes, &name_of(path), &self.shared.keys))
            .map_err(|e| read_error(e, path))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let sealed = seal_all(data, &name_of(path), &self.shared.keys, &self.new_header())?;
        let unfinished = format!("{UNFINISHED}{}", path.display());
        // Ours alone: whoever writes holds the writer's lock.
        self.shared.folder.remove_name(&unfinished)?;
        let mut file = self.shared.folder.create(&unfinished)?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        drop(file);
        self.shared.folder.rename(&unfinished, path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.shared.folder.sync()
    }

    /// An advisory lock that the system drops with the process, so that a killed writer locks nobody out.
    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let file = match self.shared.folder.lock_file(&lock.filepath) {
            // Readers keep writers from removing what they are about to open; here is none.
            Err(error)
                if lock.filepath == META_LOCK.filepath && !self.shared.folder.writable(&[]) =>
            {
                tracing::debug!(error = %error.kind(), "an index that cannot be written is not locked");
                return Ok(DirectoryLock::from(Box::new(())));
            }
            file => file.map_err(|e| LockError::wrap_io_error(damage(e)))?,
        };
        if lock.is_blocking {
            file.lock().map_err(LockError::wrap_io_error)?;
        } else {
            file.try_lock().map_err(|error| match error {
                fs::TryLockError::WouldBlock => LockError::LockBusy,
                fs::TryLockError::Error(error) => LockError::wrap_io_error(error),
            })?;
        }
        if lock.filepath == INDEX_WRITER_LOCK.filepath {
            // Nobody else can be replacing a file now.
            self.remove_unfinished().map_err(LockError::wrap_io_error)?;
        }
        Ok(DirectoryLock::from(Box::new(file)))
    }

    /// Nobody watches: [`crate::Index`] reloads after its own commits.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}
