//! `keygen` and `seal`: the reference exporter. It turns JSON lines into the next
//! signed native export of an origin, and remembers in the key file what it signed,
//! so that two runs cannot sign two logs.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use evidence::export::{SignedHead, continue_from};
use evidence::{ExportFiles, ExportWriter, Record, Seed, SigningKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{Code, Environment, Error};

/// Format of a key file.
const KEY_FORMAT: &str = "muniment/signing-key/v1";

/// A key that was made; the secret stays in its file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyView {
    /// Name of the log it signs for.
    pub origin: String,
    /// Verifier key to be pinned by those who import.
    pub vkey: String,
    /// Full SHA-256 fingerprint, hex.
    pub fingerprint: String,
}

/// An export that was sealed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SealedView {
    /// Name of the log.
    pub origin: String,
    /// Records in the export.
    pub total: u64,
    /// First index.
    pub first: u64,
    /// One past the last index: size of the signed tree.
    pub last: u64,
    /// Signed root, base64.
    pub root: String,
    /// File that was written.
    pub path: String,
}

/// What to seal.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Source file that classifies the fields.
    pub source: &'a str,
    /// Name of the log.
    pub origin: &'a str,
    /// Key file.
    pub key: &'a Path,
    /// The export before this one.
    pub previous: Option<&'a Path>,
    /// JSON lines; `-` is standard input.
    pub input: &'a Path,
    /// Export to write; it must not exist.
    pub output: &'a Path,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    origin: String,
    seed: String,
    vkey: String,
    /// What was signed last; none before the first export.
    signed: Option<SignedHead>,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// Makes an Ed25519 key for an origin and writes it to a new file that only its
/// owner may read.
///
/// # Errors
/// When the origin is no valid key name or the file exists already.
pub fn keygen(origin: &str, output: &Path, environment: &Environment) -> Result<KeyView, Error> {
    let mut seed = [0; 32];
    environment.entropy().fill_bytes(&mut seed);
    let key = SigningKey::from_seed(origin, &seed).map_err(|error| {
        Error::invalid(
            format!("the origin is no key name: {error}"),
            "use a name such as example.com/command, without spaces or plus signs",
        )
    })?;
    let vkey = key.verifier_key();
    let file = KeyFile {
        format: KEY_FORMAT.into(),
        origin: origin.into(),
        seed: data_encoding::BASE64.encode(&seed),
        vkey: vkey.to_string(),
        signed: None,
    };
    seed.zeroize();
    if output.exists() {
        return Err(Error::invalid(
            format!("{} exists already", output.display()),
            "a key is never overwritten: choose another name",
        ));
    }
    write_key(output, &file)?;
    Ok(KeyView {
        origin: origin.into(),
        vkey: vkey.to_string(),
        fingerprint: vkey.fingerprint().to_hex(),
    })
}

/// Seals JSON lines as the next export of an origin.
///
/// # Errors
/// Each kind of bad input has its own; a head that would fork the log is refused
/// before anything is signed.
pub fn seal(request: &Request<'_>, environment: &Environment) -> Result<SealedView, Error> {
    let catalogue = sources::Catalogue::builtin();
    let source = catalogue.get(request.source, None).ok_or_else(|| {
        let known: Vec<&str> = catalogue.all().map(|s| s.id.as_str()).collect();
        Error::not_found(
            format_args!("source file {}", request.source),
            format!("known source files: {}", known.join(", ")),
        )
    })?;
    let _alone = lock_key(request.key)?;
    let mut file = read_key(request.key)?;
    if file.origin != request.origin {
        return Err(Error::invalid(
            format!("the key file is for origin {}", file.origin),
            "give the key of the origin you seal for",
        ));
    }
    let key = signing_key(&file)?;
    let base = match request.previous {
        Some(path) => {
            let mut files = open_export(path)?;
            let keys = [key.verifier_key().clone()];
            let next = continue_from(&mut files, &keys).map_err(|error| {
                Error::new(
                    Code::Invalid,
                    format!("{} cannot be continued: {error}", path.display()),
                    "give the newest export of this origin, as it was sealed",
                )
            })?;
            if next.origin != request.origin {
                return Err(Error::invalid(
                    format!("the previous export is of origin {}", next.origin),
                    "give the newest export of the same origin",
                ));
            }
            Some(next)
        }
        None => None,
    };
    let base_head = match &base {
        Some(next) => next.head().map_err(|error| {
            Error::invalid(error.to_string(), "run verify on the previous export")
        })?,
        None => SignedHead {
            size: 0,
            root: evidence::merkle::empty_root(),
        },
    };
    if request.output.exists() {
        return Err(Error::invalid(
            format!("{} exists already", request.output.display()),
            "exports are never overwritten: choose another name",
        ));
    }
    let unfinished = request.output.with_extension("unfinished");
    let sealed = seal_into(
        request,
        source,
        &unfinished,
        base,
        base_head,
        &mut file,
        &key,
        environment,
    );
    match sealed {
        Ok(view) => {
            fs::rename(&unfinished, request.output)
                .map_err(|e| Error::io("could not put the export at", request.output, &e))?;
            Ok(view)
        }
        Err(error) => {
            let _ = fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

#[allow(
    clippy::too_many_arguments,
    reason = "the parts of one seal, each used once"
)]
fn seal_into(
    request: &Request<'_>,
    source: &sources::SourceFile,
    unfinished: &Path,
    base: Option<evidence::export::Continuation>,
    base_head: SignedHead,
    file: &mut KeyFile,
    key: &SigningKey,
    environment: &Environment,
) -> Result<SealedView, Error> {
    let out =
        File::create(unfinished).map_err(|e| Error::io("could not create", unfinished, &e))?;
    let (first, frontier, previous) = match base {
        Some(next) => (next.first, next.frontier, Some(next.previous_note)),
        None => (0, Vec::new(), None),
    };
    let mut writer = ExportWriter::new(
        request.origin,
        first,
        frontier,
        previous,
        BufWriter::new(out),
    )
    .map_err(seal_error)?;
    let mut entropy = environment.entropy();
    let mut total = 0;
    for_each_line(request.input, |number, line| {
        let fields = source.commit(line).map_err(|error| {
            Error::invalid(
                format!("line {number}: {error}"),
                "each line is one JSON object as the source file describes it",
            )
        })?;
        let mut seed = [0; 32];
        entropy.fill_bytes(&mut seed);
        let record = Record {
            index: writer.next_index(),
            seed: Seed::new(seed),
            fields,
        };
        writer.push(&record).map_err(|error| {
            Error::invalid(
                format!("line {number}: {error}"),
                "shorten the record or split it",
            )
        })?;
        total += 1;
        Ok(())
    })?;
    let concluded = writer.conclude().map_err(seal_error)?;
    let head = SignedHead {
        size: concluded.checkpoint().size,
        root: concluded.checkpoint().root,
    };
    let signed = file.signed.unwrap_or(SignedHead {
        size: 0,
        root: evidence::merkle::empty_root(),
    });
    signed.check(&base_head, &head).map_err(|conflict| {
        Error::new(
            Code::Refused,
            conflict.to_string(),
            "give --previous the newest export that this key signed",
        )
    })?;
    // Durable before the signature exists: a crash in between costs an unused size, never a fork.
    file.signed = Some(head);
    write_key(request.key, file)?;
    let (checkpoint, _) = concluded.sign(key).map_err(seal_error)?;
    File::open(unfinished)
        .and_then(|file| file.sync_all())
        .map_err(|e| Error::io("could not make durable", unfinished, &e))?;
    Ok(SealedView {
        origin: checkpoint.origin,
        total,
        first,
        last: checkpoint.size,
        root: checkpoint.root.to_string(),
        path: request.output.display().to_string(),
    })
}

fn seal_error(error: evidence::export::SealError) -> Error {
    Error::failed(
        format!("the export could not be written: {error}"),
        "check the input and the disk's room",
    )
}

fn for_each_line(
    path: &Path,
    mut each: impl FnMut(u64, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|e| Error::io("could not open", path, &e))?)
    };
    let mut reader = BufReader::with_capacity(1 << 16, input);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let limit = sources::MAX_LINE_BYTES + 1;
        let read = Read::by_ref(&mut reader)
            .take(limit)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::io("could not read", path, &e))?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        if read as u64 == limit && line.last() != Some(&b'\n') {
            return Err(Error::invalid(
                format!(
                    "line {number} is longer than {} bytes",
                    sources::MAX_LINE_BYTES
                ),
                "a record is at most 1 MiB",
            ));
        }
        let text = std::str::from_utf8(&line).map_err(|_| {
            Error::invalid(
                format!("line {number} is not UTF-8"),
                "records are JSON in UTF-8",
            )
        })?;
        let text = text.trim_end_matches(['\n', '\r']);
        if !text.trim().is_empty() {
            each(number, text)?;
        }
    }
}

/// Opens an export, folder or ZIP, with all checks of its container.
pub(crate) fn open_export(path: &Path) -> Result<ExportFiles, Error> {
    let opened = if path.is_dir() {
        ExportFiles::open_dir(path)
    } else {
        let file = File::open(path).map_err(|e| Error::io("could not open", path, &e))?;
        ExportFiles::open_zip(file)
    };
    opened.map_err(|error| {
        Error::invalid(
            format!("{}: {error}", path.display()),
            "an export is a folder or ZIP with checkpoint, range.json and records",
        )
    })
}

fn signing_key(file: &KeyFile) -> Result<SigningKey, Error> {
    let damaged = || {
        Error::failed(
            "the key file is damaged",
            "restore it from its backup; a key that cannot be read cannot sign",
        )
    };
    let mut seed = evidence::base64::decode(file.seed.as_bytes()).ok_or_else(damaged)?;
    let key = <&[u8; 32]>::try_from(seed.as_slice())
        .map_err(|_| damaged())
        .and_then(|seed| SigningKey::from_seed(&file.origin, seed).map_err(|_| damaged()));
    seed.zeroize();
    key
}

/// Held for a whole run: two runs with one key would read the same head and sign two logs. A
/// file of its own is locked, because the key file itself is replaced when it is written.
fn lock_key(key: &Path) -> Result<File, Error> {
    let mut name = key.as_os_str().to_owned();
    name.push(".lock");
    let path = Path::new(&name);
    let file = owner_only(path).map_err(|e| Error::io("could not lock the key with", path, &e))?;
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

fn read_key(path: &Path) -> Result<KeyFile, Error> {
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

/// Writes beside, syncs, renames: the file is the old one or the new one, never half.
fn write_key(path: &Path, file: &KeyFile) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::io("could not write the key", path, &error);
    let beside = path.with_extension("new");
    let mut text = serde_json::to_vec_pretty(file).unwrap_or_default();
    let written = owner_only(&beside).and_then(|mut out| {
        out.write_all(&text)?;
        out.write_all(b"\n")?;
        out.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => File::open(dir)?.sync_all(),
            _ => Ok(()),
        }
    });
    text.zeroize();
    written.map_err(failed)
}

fn owner_only(path: &Path) -> std::io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
