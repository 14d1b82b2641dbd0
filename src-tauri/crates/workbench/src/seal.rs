//! `keygen` and `seal`: the reference exporter. It turns JSON lines into the next
//! signed native export of an origin, and remembers in the key file what it signed,
//! so that two runs cannot sign two logs.

mod key_file;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use evidence::export::{SignedHead, continue_from};
use evidence::trust::{Fingerprint, KEY_SCHEMA, NewKey, proposal_fields};
use evidence::{
    CosigningKey, ExportFiles, ExportWriter, LogKeys, Record, Seed, SigningKey, VerifierKey,
};
use files::NewFile;
use rand_core::Rng as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{Code, Environment, Error};
use key_file::{
    Half, KEY_FORMAT, KeyFile, Sealing, create_key, damaged, lock_key, log_keys, read_key,
    write_key,
};

/// A key that was made; the secret stays in its file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyView {
    /// Name of the log it signs for.
    pub origin: String,
    /// Verifier key to be pinned by those who import.
    pub vkey: String,
    /// Full SHA-256 fingerprint, hex.
    pub fingerprint: String,
    /// The ML-DSA-44 key that cosigns, if the key file has one.
    pub ml_dsa_44: Option<CosignerView>,
}

/// The ML-DSA-44 half of a key.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CosignerView {
    /// Verifier key (type 0x06) to be pinned too.
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
    /// Fingerprints of the keys that signed, hex.
    pub signers: Vec<String>,
    /// Fingerprints of the keys that the export proposes for what follows, hex.
    pub proposed: Vec<String>,
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
    /// Key file that signs what comes after this export: its keys are proposed in it.
    pub rotate_to: Option<&'a Path>,
    /// JSON lines; `-` is standard input. None when the export only proposes keys.
    pub input: Option<&'a Path>,
    /// Export to write; it must not exist.
    pub output: &'a Path,
}

/// Makes an Ed25519 key for an origin, with `ml_dsa` an ML-DSA-44 key too, and writes it to a
/// new file that only its owner may read.
///
/// # Errors
/// When the origin is no valid key name or the file exists already.
pub fn keygen(
    origin: &str,
    output: &Path,
    ml_dsa: bool,
    environment: &Environment,
) -> Result<KeyView, Error> {
    let bad_name = |error: evidence::note::NoteError| {
        Error::invalid(
            format!("the origin is no key name: {error}"),
            "use a name such as example.com/command, without spaces or plus signs",
        )
    };
    let mut entropy = environment.entropy();
    let mut seed = [0; 32];
    entropy.fill_bytes(&mut seed);
    let key = SigningKey::from_seed(origin, &seed).map_err(bad_name)?;
    let vkey = key.verifier_key();
    let mut file = KeyFile {
        format: KEY_FORMAT.into(),
        origin: origin.into(),
        seed: data_encoding::BASE64.encode(&seed),
        vkey: vkey.to_string(),
        ml_dsa_44: None,
        signed: None,
        after: Vec::new(),
        rotated_to: None,
        sealing: None,
    };
    let mut cosigner = None;
    if ml_dsa {
        entropy.fill_bytes(&mut seed);
        let key = CosigningKey::from_seed(origin, &seed).map_err(bad_name)?;
        let vkey = key.verifier_key();
        file.ml_dsa_44 = Some(Half {
            seed: data_encoding::BASE64.encode(&seed),
            vkey: vkey.to_string(),
        });
        cosigner = Some(CosignerView {
            vkey: vkey.to_string(),
            fingerprint: vkey.fingerprint().to_hex(),
        });
    }
    seed.zeroize();
    if output.symlink_metadata().is_ok() {
        return Err(Error::invalid(
            format!("{} exists already", output.display()),
            "a key is never overwritten: choose another name",
        ));
    }
    create_key(output, &file)?;
    Ok(KeyView {
        origin: origin.into(),
        vkey: vkey.to_string(),
        fingerprint: vkey.fingerprint().to_hex(),
        ml_dsa_44: cosigner,
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
    let keys = log_keys(&file)?;
    let base = match request.previous {
        Some(path) => {
            let mut files = open_export(path)?;
            let mut known = keys.verifier_keys();
            for vkey in &file.after {
                known.push(vkey.parse().map_err(|_| damaged())?);
            }
            let next = continue_from(&mut files, &known).map_err(|error| {
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
    let cut_off = file.sealing.take().filter(|run| run.base == base_head);
    if let Some(next) = file.rotated_to.as_ref().filter(|_| cut_off.is_none()) {
        return Err(Error::new(
            Code::Refused,
            format!("this key was rotated: the log goes on with key {next}"),
            "seal with the key file that the log was rotated to",
        ));
    }
    let successor = match request.rotate_to {
        Some(path) => Some(Successor::read(
            path,
            request.key,
            &file,
            cut_off.is_some(),
        )?),
        None => None,
    };
    file.sealing = Some(cut_off.unwrap_or_else(|| Sealing::begin(base_head, environment)));
    if request.output.symlink_metadata().is_ok() {
        return Err(Error::invalid(
            format!("{} exists already", request.output.display()),
            "exports are never overwritten: choose another name",
        ));
    }
    let put = |e: std::io::Error| Error::io("could not put the export at", request.output, &e);
    let unfinished = NewFile::beside(request.output).map_err(put)?;
    let view = seal_into(
        request,
        source,
        &unfinished,
        base,
        base_head,
        &mut file,
        &keys,
        successor,
    )?;
    unfinished.place().map_err(put)?;
    // It is out: what its seeds were drawn from is of no more use.
    file.sealing = None;
    write_key(request.key, &file)?;
    Ok(view)
}

#[allow(
    clippy::too_many_arguments,
    reason = "the parts of one seal, each used once"
)]
fn seal_into(
    request: &Request<'_>,
    source: &sources::SourceFile,
    unfinished: &NewFile,
    base: Option<evidence::export::Continuation>,
    base_head: SignedHead,
    file: &mut KeyFile,
    keys: &LogKeys,
    successor: Option<Successor<'_>>,
) -> Result<SealedView, Error> {
    let run = file.sealing.as_ref().ok_or_else(damaged)?;
    let (now, mut entropy) = (run.at, run.entropy()?);
    let out = unfinished
        .handle()
        .map_err(|e| Error::io("could not create", request.output, &e))?;
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
    let mut total = 0;
    let mut seal_line = |number, line: &str| {
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
    };
    if let Some(input) = request.input {
        for_each_line(input, &mut seal_line)?;
    }
    let mut proposed = Vec::new();
    if let Some(successor) = &successor {
        for (new, replaces) in successor.proposals(file)? {
            let fields = successor.record(writer.next_index(), new, replaces, now, &mut entropy)?;
            let mut seed = [0; 32];
            entropy.fill_bytes(&mut seed);
            let index = writer.next_index();
            let record = Record {
                index,
                seed: Seed::new(seed),
                fields,
            };
            writer.push(&record).map_err(seal_error)?;
            total += 1;
            proposed.push(fingerprint_of(new).to_string());
        }
    }
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
            "give --previous the newest export that this key signed; if sealing was cut off, give the same input again",
        )
    })?;
    // Durable before the signature exists: a crash in between never makes a fork. The same run again draws the same
    // seeds and signs this very head. The successor first: were it cut off here, this key signs the same head again.
    if let Some(successor) = successor {
        file.rotated_to = Some(successor.keys.log.verifier_key().fingerprint().to_hex());
        successor.take_over(file, head)?;
    }
    file.signed = Some(head);
    write_key(request.key, file)?;
    let timestamp = u64::try_from(now.timestamp()).unwrap_or_default();
    let (checkpoint, _) = concluded.sign_with(keys, timestamp).map_err(seal_error)?;
    unfinished
        .sync()
        .map_err(|e| Error::io("could not make durable", request.output, &e))?;
    Ok(SealedView {
        origin: checkpoint.origin,
        total,
        first,
        last: checkpoint.size,
        root: checkpoint.root.to_string(),
        path: request.output.display().to_string(),
        signers: (keys.verifier_keys().iter())
            .map(|k| k.fingerprint().to_hex())
            .collect(),
        proposed,
    })
}

/// The key file that signs after this export.
struct Successor<'a> {
    path: &'a Path,
    file: KeyFile,
    keys: LogKeys,
    _alone: File,
}

fn fingerprint_of(key: NewKey<'_>) -> Fingerprint {
    match key {
        NewKey::Log(key) => Fingerprint::of(key.verifier_key()),
        NewKey::Cosigner(key) => Fingerprint::of(key.verifier_key()),
    }
}

impl<'a> Successor<'a> {
    /// `again`: the run that rotated to it was cut off.
    fn read(path: &'a Path, old: &Path, current: &KeyFile, again: bool) -> Result<Self, Error> {
        let same = match (fs::canonicalize(path), fs::canonicalize(old)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        if same {
            return Err(Error::invalid(
                "a log is rotated to another key than the one that signs it",
                "make a new key with keygen",
            ));
        }
        let alone = lock_key(path)?;
        let file = read_key(path)?;
        if file.origin != current.origin {
            return Err(Error::invalid(
                format!("the next key is for origin {}", file.origin),
                "make the next key for the same origin",
            ));
        }
        if file.signed.is_some() && !again {
            return Err(Error::new(
                Code::Refused,
                "the next key has signed before",
                "rotate to a key that is new: make one with keygen",
            ));
        }
        if current.ml_dsa_44.is_some() && file.ml_dsa_44.is_none() {
            return Err(Error::new(
                Code::Refused,
                "the next key has no ML-DSA-44 key, so the log would be signed with less",
                "make the next key with keygen --ml-dsa",
            ));
        }
        Ok(Self {
            path,
            keys: log_keys(&file)?,
            file,
            _alone: alone,
        })
    }

    /// The new keys, each with the key it replaces; none where it signs as well.
    fn proposals(
        &self,
        current: &KeyFile,
    ) -> Result<Vec<(NewKey<'_>, Option<Fingerprint>)>, Error> {
        let of = |vkey: &str| -> Result<Fingerprint, Error> {
            let key: VerifierKey = vkey.parse().map_err(|_| damaged())?;
            Ok(Fingerprint::of(&key))
        };
        let mut proposals = vec![(NewKey::Log(&self.keys.log), Some(of(&current.vkey)?))];
        if let Some(cosigner) = &self.keys.cosigner {
            let old = current.ml_dsa_44.as_ref().map(|half| of(&half.vkey));
            proposals.push((NewKey::Cosigner(cosigner), old.transpose()?));
        }
        Ok(proposals)
    }

    /// A record `muniment/key/v1` at an index.
    fn record(
        &self,
        index: u64,
        new: NewKey<'_>,
        replaces: Option<Fingerprint>,
        now: DateTime<Utc>,
        entropy: &mut dyn rand_core::CryptoRng,
    ) -> Result<Vec<evidence::Field>, Error> {
        let failed = |error: String| Error::failed(error, "run seal again");
        let mut id = [0; 16];
        entropy.fill_bytes(&mut id);
        // RFC 9562, version 4.
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        let hex = data_encoding::HEXLOWER.encode(&id);
        let id = format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        );
        let mut json = serde_json::Map::new();
        json.insert("type".into(), "key.proposed".into());
        json.insert("id".into(), id.into());
        let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        json.insert("time".into(), now.into());
        let fields = proposal_fields(&self.file.origin, index, replaces.as_ref(), new);
        for (name, text) in fields.map_err(|e| failed(e.to_string()))? {
            json.insert(name.into(), text.into());
        }
        let catalogue = sources::Catalogue::builtin();
        let source = catalogue
            .get(KEY_SCHEMA, Some(1))
            .ok_or_else(|| failed("the source file of key records is missing".into()))?;
        let text = serde_json::Value::Object(json).to_string();
        source.commit(&text).map_err(|e| failed(e.to_string()))
    }

    /// From here on this key signs the log, from the head that the old one is about to sign.
    fn take_over(mut self, old: &KeyFile, head: SignedHead) -> Result<(), Error> {
        if self.file.signed.is_some_and(|signed| signed != head) {
            return Err(Error::new(
                Code::Refused,
                "the next key has signed another head",
                "rotate to a key that is new: make one with keygen",
            ));
        }
        self.file.signed = Some(head);
        self.file.after.clone_from(&old.after);
        self.file.after.push(old.vkey.clone());
        let half = old.ml_dsa_44.as_ref();
        self.file.after.extend(half.map(|h| h.vkey.clone()));
        write_key(self.path, &self.file)
    }
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
        crate::open_export_folder(path)
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

#[cfg(test)]
mod tests;
