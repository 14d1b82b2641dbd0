//! Decrypted chunks, bounded, least recently used out first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

/// Shards, so that two searching threads seldom wait for each other.
const SHARDS: usize = 8;

/// Which chunk of which opened file.
type Key = (u64, u32);

/// The cache that all files of one folder share.
pub(super) struct ChunkCache {
    shards: [Mutex<Shard>; SHARDS],
    next_file: AtomicU64,
}

struct Shard {
    chunks: LruCache<Key, Arc<[u8]>>,
    held: usize,
    bound: usize,
}

impl ChunkCache {
    pub(super) fn new(bytes: usize) -> Self {
        let shard = || {
            Mutex::new(Shard {
                chunks: LruCache::unbounded(),
                held: 0,
                bound: bytes / SHARDS,
            })
        };
        Self {
            shards: std::array::from_fn(|_| shard()),
            next_file: AtomicU64::new(0),
        }
    }

    /// A number for a file that is being opened. Never given twice, so a name that is used again for
    /// other bytes never meets old chunks.
    pub(super) fn number(&self) -> u64 {
        self.next_file.fetch_add(1, Ordering::Relaxed)
    }

    fn shard(&self, (file, chunk): Key) -> &Mutex<Shard> {
        &self.shards
            [(file.wrapping_mul(31).wrapping_add(u64::from(chunk)) % SHARDS as u64) as usize]
    }

    pub(super) fn get(&self, key: Key) -> Option<Arc<[u8]>> {
        let mut shard = self
            .shard(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shard.chunks.get(&key).cloned()
    }

    pub(super) fn put(&self, key: Key, chunk: Arc<[u8]>) {
        let mut shard = self
            .shard(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shard.held += chunk.len();
        if let Some(old) = shard.chunks.put(key, chunk) {
            shard.held -= old.len();
        }
        while shard.held > shard.bound {
            match shard.chunks.pop_lru() {
                Some((_, old)) => shard.held -= old.len(),
                None => break,
            }
        }
    }

    /// Drops the chunks of a file that nobody reads any more.
    pub(super) fn forget(&self, file: u64, chunks: u32) {
        for chunk in 0..chunks {
            let key = (file, chunk);
            let mut shard = self
                .shard(key)
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(old) = shard.chunks.pop(&key) {
                shard.held -= old.len();
            }
        }
    }
}
