//! SHA-256 of what streams past.

use std::io::{self, Write};

use evidence::Hash;
use ring::digest::{Context, SHA256};

/// SHA-256 of what is written to it.
pub(crate) struct Hashing(Context);

impl Default for Hashing {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Hashing {
    pub(crate) fn finish(self) -> Hash {
        let digest = self.0.finish();
        Hash(digest.as_ref().try_into().unwrap_or_default())
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
