//! CloudTrail folders and ZIPs: digests (with the signatures beside them) are one import, each log
//! file is one of its own, so that each stands on what proves it.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use evidence::ArchiveError;
use evidence::archive::Container;
use evidence::cloudtrail::{
    MAX_DIGEST_BYTES, MAX_LOG_BYTES, Trail, TrailReport, is_digest_name, is_log_name,
    is_signature_name, survey,
};
use serde::{Deserialize, Serialize};
use sources::PACKED_BOUNDS;

use crate::folder;
use bench::Error;
use chrono::{DateTime, Utc};
use standing::TrailRequest;

/// Most files below one folder.
const MAX_FILES: usize = 500_000;

type Zip = Arc<Mutex<Container>>;

/// What an input has to do with a trail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Part {
    /// The digests of a folder, by path relative to it, or of a ZIP.
    Digests(Vec<(String, PathBuf)>),
    /// The digests of a ZIP, which is sealed as it is.
    ZippedDigests,
    /// A log file in a folder, by path relative to it.
    Log(String),
    /// A log file in a ZIP; the ZIP is not remembered with it.
    ZippedLog(String, #[serde(skip)] Option<Zip>, usize),
}

impl Part {
    /// Path of a log file relative to what was named.
    pub(crate) fn log(&self) -> Option<&str> {
        match self {
            Self::Log(path) | Self::ZippedLog(path, ..) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn is_digests(&self) -> bool {
        self.log().is_none()
    }

    /// The bytes to seal, where they are not those of the input's own path.
    pub(crate) fn open(&self) -> Option<std::io::Result<Box<dyn Read + Send>>> {
        match self {
            Self::Digests(files) => {
                let framed = folder::Framed::of(files.clone());
                Some(Ok(Box::new(framed)))
            }
            Self::ZippedLog(_, zip, number) => {
                let Some(zip) = zip else {
                    return Some(Err(std::io::Error::other("its archive is not open")));
                };
                let mut zip = zip.lock().unwrap_or_else(PoisonError::into_inner);
                let bytes = zip
                    .small(*number, MAX_LOG_BYTES)
                    .map_err(std::io::Error::other);
                Some(bytes.map(|b| Box::new(Cursor::new(b)) as Box<dyn Read + Send>))
            }
            Self::ZippedDigests | Self::Log(_) => None,
        }
    }
}

/// Where a file lies relative to a folder, with `/` between the parts.
fn relative(root: &Path, file: &Path) -> String {
    let parts = file.strip_prefix(root).unwrap_or(file).components();
    let parts: Vec<_> = parts.map(|p| p.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Takes the trail's files out of those of a folder: digests with signatures, then the log files, each
/// with its size; nothing when there is no digest among them.
pub(crate) fn split(root: &Path, files: &mut Vec<(PathBuf, bool)>) -> Vec<(Part, PathBuf, u64)> {
    let named = |f: &Path, is: fn(&str) -> bool| is(&f.to_string_lossy());
    let plain = |(file, is_folder): &(PathBuf, bool)| !is_folder && named(file, is_digest_name);
    if !files.iter().any(plain) {
        return Vec::new();
    }
    let size = |file: &Path| std::fs::metadata(file).map_or(0, |about| about.len());
    let (mut digests, mut logs, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut whole = 0;
    for (file, is_folder) in files.drain(..) {
        if is_folder {
            others.push((file, is_folder));
        } else if named(&file, is_digest_name) || named(&file, is_signature_name) {
            whole += size(&file);
            digests.push((relative(root, &file), file));
        } else if named(&file, is_log_name) {
            let size = size(&file);
            logs.push((Part::Log(relative(root, &file)), file, size));
        } else {
            others.push((file, is_folder));
        }
    }
    *files = others;
    digests.sort();
    let mut parts = vec![(Part::Digests(digests), root.to_path_buf(), whole)];
    parts.extend(logs);
    parts
}

/// What a ZIP that holds digests has in it; nothing for every other file.
#[derive(Default)]
pub(crate) struct Zipped {
    /// Parts of the trail, each with its size.
    pub(crate) parts: Vec<(Part, PathBuf, u64)>,
    /// Names of the other files.
    pub(crate) others: Vec<String>,
}

/// The parts of a ZIP that holds digests.
pub(crate) fn zipped(path: &Path) -> Zipped {
    let Ok(zip) = File::open(path)
        .map_err(ArchiveError::from)
        .and_then(|file| Container::open(file, PACKED_BOUNDS))
    else {
        return Zipped::default();
    };
    if !zip.members().iter().any(|e| is_digest_name(&e.name)) {
        return Zipped::default();
    }
    let of_trail =
        |name: &str| is_digest_name(name) || is_signature_name(name) || is_log_name(name);
    let names = zip.members().iter().map(|entry| entry.name.clone());
    let others = names.filter(|name| !of_trail(name)).collect();
    let logs = zip.members().iter().enumerate();
    let logs: Vec<(usize, String, u64)> = logs
        .filter(|(_, e)| is_log_name(&e.name))
        .map(|(number, e)| (number, e.name.clone(), e.size))
        .collect();
    let whole = std::fs::metadata(path).map_or(0, |about| about.len());
    let zip = Arc::new(Mutex::new(zip));
    let mut parts = vec![(Part::ZippedDigests, path.to_path_buf(), whole)];
    parts.extend(logs.into_iter().map(|(number, name, size)| {
        // Two archives may have files of the same name.
        let file = path.join(&name);
        let zip = Some(Arc::clone(&zip));
        (Part::ZippedLog(name, zip, number), file, size)
    }));
    Zipped { parts, others }
}

/// Everything of CloudTrail in a folder or ZIP, for checking it where it lies.
pub(crate) fn read(path: &Path) -> Result<Trail, Error> {
    let mut trail = Trail::default();
    let about = std::fs::metadata(path).map_err(|e| Error::io("could not read", path, &e))?;
    if about.is_dir() {
        let mut files = Vec::new();
        walk(path, &mut files)?;
        for file in files {
            let name = relative(path, &file);
            if [is_digest_name, is_signature_name, is_log_name]
                .iter()
                .any(|is| is(&name))
            {
                let mut bytes = Vec::new();
                File::open(&file)
                    .and_then(|f| f.take(MAX_LOG_BYTES + 1).read_to_end(&mut bytes))
                    .map_err(|e| Error::io("could not read", &file, &e))?;
                trail.read(&name, &bytes);
            }
        }
    } else {
        let refused = |e: ArchiveError| {
            Error::invalid(
                format!("{}: {e}", path.display()),
                "give a folder or ZIP with digests and log files as they lie in the bucket",
            )
        };
        let file = File::open(path).map_err(|e| Error::io("could not open", path, &e))?;
        let mut zip = Container::open(file, PACKED_BOUNDS).map_err(refused)?;
        read_zip(&mut zip, &mut trail, true).map_err(refused)?;
    }
    if trail.digests.is_empty() && trail.broken_digests.is_empty() {
        return Err(Error::invalid(
            format!("{} holds no CloudTrail digest", path.display()),
            "give the folder that has both CloudTrail/ and CloudTrail-Digest/ below it",
        ));
    }
    Ok(trail)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::io("could not read the folder", folder, &e);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // Of the entry itself: links are not followed.
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > MAX_FILES {
            return Err(Error::invalid(
                "the folder holds more than 500,000 files",
                "give a part of it",
            ));
        }
    }
    Ok(())
}

pub(crate) fn read_zip(
    zip: &mut Container,
    trail: &mut Trail,
    logs: bool,
) -> Result<(), ArchiveError> {
    for number in 0..zip.members().len() {
        let name = zip.members()[number].name.clone();
        let wanted = is_digest_name(&name) || is_signature_name(&name);
        if wanted || (logs && is_log_name(&name)) {
            let bytes = zip.small(
                number,
                if wanted {
                    MAX_DIGEST_BYTES
                } else {
                    MAX_LOG_BYTES
                },
            )?;
            trail.read(&name, &bytes);
        }
    }
    Ok(())
}

/// Checks a folder or ZIP of CloudTrail files under a policy, with no workspace. A key counts as
/// confirmed where the caller names its SHA-256.
///
/// # Errors
/// When something cannot be read; whatever is wrong with the files is in the report.
pub fn verify_trail(
    path: &Path,
    request: &TrailRequest,
    now: DateTime<Utc>,
) -> Result<TrailReport, Error> {
    let policy = request.policy("the caller", now, None)?;
    Ok(survey(&read(path)?, &[policy]))
}
