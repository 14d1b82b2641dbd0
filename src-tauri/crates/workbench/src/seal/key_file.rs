//! The key file of `seal`: the secret seeds, what was signed last, and the run that is signing.

use std::fs::{self, File};
use std::path::Path;

use chrono::{DateTime, Utc};
use evidence::export::SignedHead;
use evidence::{CosigningKey, LogKeys, SigningKey};
use files::Folder;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{Code, Environment, Error};

/// Format of a key file.
pub(super) const KEY_FORMAT: &str = "muniment/signing-key/v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    pub(super) format: String,
    pub(super) origin: String,
    pub(super) seed: String,
    pub(super) vkey: String,
    /// The ML-DSA-44 key that cosigns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ml_dsa_44: Option<Half>,
    /// What was signed last; none before the first export.
    pub(super) signed: Option<SignedHead>,
    /// Keys that signed the log before this one: the export to continue from may be theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) after: Vec<String>,
    /// Fingerprint of the key that signs from here on; this one signs no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rotated_to: Option<String>,
    /// The run that signed last, until its export is out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealing: Option<Sealing>,
}

/// What a run draws and reads, so that one that was cut off can be run again and signs the very same head.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sealing {
    /// What it continues from.
    pub(super) base: SignedHead,
    /// What the records' seeds are drawn from, base64.
    pub(super) seed: String,
    pub(super) at: DateTime<Utc>,
}

impl Sealing {
    pub(super) fn begin(base: SignedHead, environment: &Environment) -> Self {
        let mut seed = [0; 32];
        environment.entropy().fill_bytes(&mut seed);
        let begun = Self {
            base,
            seed: data_encoding::BASE64.encode(&seed),
            at: environment.now(),
        };
        seed.zeroize();
        begun
    }

    pub(super) fn entropy(&self) -> Result<ChaCha20Rng, Error> {
        let seed = evidence::base64::decode_32(self.seed.as_bytes()).ok_or_else(damaged)?;
        Ok(ChaCha20Rng::from_seed(seed))
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Half {
    pub(super) seed: String,
    pub(super) vkey: String,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

pub(super) fn damaged() -> Error {
    Error::failed(
        "the key file is damaged",
        "restore it from its backup; a key that cannot be read cannot sign",
    )
}

/// A seed of the key file, with what is made of it.
fn of_seed<T>(
    text: &str,
    make: impl Fn(&[u8; 32]) -> Result<T, evidence::note::NoteError>,
) -> Result<T, Error> {
    let mut seed = evidence::base64::decode(text.as_bytes()).ok_or_else(damaged)?;
    let made = <&[u8; 32]>::try_from(seed.as_slice())
        .map_err(|_| damaged())
        .and_then(|seed| make(seed).map_err(|_| damaged()));
    seed.zeroize();
    made
}

pub(super) fn log_keys(file: &KeyFile) -> Result<LogKeys, Error> {
    let half = file.ml_dsa_44.as_ref();
    Ok(LogKeys {
        log: of_seed(&file.seed, |seed| SigningKey::from_seed(&file.origin, seed))?,
        cosigner: half
            .map(|half| {
                of_seed(&half.seed, |seed| {
                    CosigningKey::from_seed(&file.origin, seed)
                })
            })
            .transpose()?,
    })
}

/// Held for a whole run: two runs with one key would read the same head and sign two logs. A
/// file of its own is locked, because the key file itself is replaced when it is written.
pub(super) fn lock_key(key: &Path) -> Result<File, Error> {
    let mut name = key.as_os_str().to_owned();
    name.push(".lock");
    let path = Path::new(&name);
    let locked = place(path).and_then(|(folder, name)| folder.lock_file(name));
    let file = locked.map_err(|e| Error::io("could not lock the key with", path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::new(
            Code::Refused,
            format!("another run is sealing with {}", key.display()),
            "wait for it to end; its export is the one to continue from",
        )),
        Err(fs::TryLockError::Error(error)) => {
            Err(Error::io("could not lock the key with", path, &error))
        }
    }
}

pub(super) fn read_key(path: &Path) -> Result<KeyFile, Error> {
    let mut text =
        fs::read_to_string(path).map_err(|e| Error::io("could not read the key", path, &e))?;
    let parsed = serde_json::from_str::<KeyFile>(&text).map_err(|error| {
        Error::invalid(
            format!("{} is no key file (line {})", path.display(), error.line()),
            "make one with keygen",
        )
    });
    text.zeroize();
    let file = parsed?;
    if file.format != KEY_FORMAT {
        return Err(Error::invalid(
            format!("{} has another format than {KEY_FORMAT}", path.display()),
            "make a key with this version's keygen",
        ));
    }
    Ok(file)
}

/// Writes a key file in the place of itself: it is the old one or the new one, never half.
pub(super) fn write_key(path: &Path, file: &KeyFile) -> Result<(), Error> {
    written(path, file, |text| {
        let (folder, name) = place(path)?;
        files::replace(&folder, name, text)
    })
}

/// Writes a key file where nothing is.
pub(super) fn create_key(path: &Path, file: &KeyFile) -> Result<(), Error> {
    written(path, file, |text| files::write_new(path, text))
}

fn written(
    path: &Path,
    file: &KeyFile,
    write: impl FnOnce(&[u8]) -> std::io::Result<()>,
) -> Result<(), Error> {
    let mut text = serde_json::to_vec_pretty(file).unwrap_or_default();
    text.push(b'\n');
    let written = write(&text);
    text.zeroize();
    written.map_err(|error| Error::io("could not write the key", path, &error))
}

fn place(path: &Path) -> std::io::Result<(Folder, &std::ffi::OsStr)> {
    let folder = Folder::open(path.parent().unwrap_or(Path::new("")))?;
    Ok((folder, path.file_name().unwrap_or_default()))
}
