//! What was named on the command line or dropped on the window, as single files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use evidence::Hash;
use sources::InputKind;

use super::{folder, trail};
use crate::Error;

/// One thing to import.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: InputKind,
    pub(crate) is_folder: bool,
    /// Digest that a manifest beside it gives, and the manifest's name.
    pub(crate) manifest: Option<(Hash, String)>,
    /// What it has to do with a CloudTrail trail.
    pub(crate) trail: Option<trail::Part>,
    /// Records to expect; an estimate for progress.
    pub(crate) expected: u64,
}

impl Input {
    pub(crate) fn is_native(&self) -> bool {
        self.kind == InputKind::NativeExport
    }

    pub(crate) fn format(&self) -> &'static str {
        if self.is_digests() {
            return "CloudTrail digests";
        }
        match self.kind {
            InputKind::NativeExport => "native export",
            InputKind::CloudTrailRecords => "CloudTrail records",
            InputKind::JsonLines => "JSON lines",
            InputKind::JsonArray => "JSON array",
            InputKind::Sha256Sums => "SHA-256 manifest",
            InputKind::Unknown => "unknown",
        }
    }

    /// Whether it is the digests of a trail.
    pub(crate) fn is_digests(&self) -> bool {
        self.trail.as_ref().is_some_and(trail::Part::is_digests)
    }

    /// Whether it is a log file of a trail, of which there are many.
    pub(crate) fn is_trail_log(&self) -> bool {
        self.trail.is_some() && !self.is_digests()
    }

    /// The bytes to seal. A folder is framed as one stream.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>, Error> {
        let failed = |e: std::io::Error| Error::io("could not open", &self.path, &e);
        if let Some(opened) = self.trail.as_ref().and_then(trail::Part::open) {
            return opened.map_err(failed);
        }
        if self.is_folder {
            return Ok(Box::new(folder::Framed::open(&self.path).map_err(failed)?));
        }
        Ok(Box::new(File::open(&self.path).map_err(failed)?))
    }
}

/// Lists what is to be imported: files as they are, export folders as one, other folders file by
/// file in the order of their names, with the manifests that lie in them.
pub(crate) fn collect(paths: &[PathBuf]) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    for path in paths {
        let about = std::fs::metadata(path).map_err(|e| Error::io("could not read", path, &e))?;
        if about.is_dir() && !is_export(path) {
            let mut files = Vec::new();
            let mut sums = BTreeMap::new();
            walk(path, &mut files, &mut sums)?;
            for (part, file) in trail::split(path, &mut files) {
                let manifest = sums.get(&file).cloned();
                inputs.push(of_trail(part, file, manifest));
            }
            if files.is_empty() && inputs.is_empty() {
                return Err(Error::invalid(
                    format!("{} holds no files", path.display()),
                    "give a folder with exports, CloudTrail files or JSON lines",
                ));
            }
            for file in files {
                let manifest = sums.get(&file).cloned();
                inputs.push(input(&file, false, manifest)?);
            }
        } else {
            let parts = if about.is_dir() {
                Vec::new()
            } else {
                trail::zipped(path)
            };
            if !parts.is_empty() {
                let of = |(part, file)| of_trail(part, file, None);
                inputs.extend(parts.into_iter().map(of));
                continue;
            }
            let manifest = if about.is_dir() { None } else { beside(path) };
            inputs.push(input(path, about.is_dir(), manifest)?);
        }
    }
    Ok(inputs)
}

fn of_trail(part: trail::Part, path: PathBuf, manifest: Option<(Hash, String)>) -> Input {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let size = std::fs::metadata(&path)
        .map(|m| m.len())
        .unwrap_or_default();
    Input {
        name,
        kind: match part.is_digests() {
            true => InputKind::Unknown,
            false => InputKind::CloudTrailRecords,
        },
        expected: (size / 100).max(1),
        path,
        is_folder: false,
        manifest,
        trail: Some(part),
    }
}

fn is_export(folder: &Path) -> bool {
    folder.join("checkpoint").is_file() && folder.join("range.json").is_file()
}

type Sums = BTreeMap<PathBuf, (Hash, String)>;

fn walk(folder: &Path, files: &mut Vec<PathBuf>, sums: &mut Sums) -> Result<(), Error> {
    let failed = |e: std::io::Error| Error::io("could not read the folder", folder, &e);
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    for path in entries {
        let about =
            std::fs::symlink_metadata(&path).map_err(|e| Error::io("could not read", &path, &e))?;
        if about.is_dir() {
            if is_export(&path) {
                files.push(path);
            } else {
                walk(&path, files, sums)?;
            }
        } else if about.is_file() {
            match manifest(&path)? {
                Some(listed) => sums.extend(listed),
                None => files.push(path),
            }
        }
    }
    Ok(())
}

/// The manifest in a file's own folder, if it lists the file.
fn beside(path: &Path) -> Option<(Hash, String)> {
    let folder = path.parent()?;
    let sums = manifest(&folder.join("SHA256SUMS")).ok()??;
    sums.get(&folder.join(path.file_name()?)).cloned()
}

fn manifest(path: &Path) -> Result<Option<Sums>, Error> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let Ok(first) = head(path) else {
        return Ok(None);
    };
    if InputKind::detect(&name, &first, false) != InputKind::Sha256Sums {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("could not read", path, &e))?;
    let listed = sources::parse_sha256sums(&text).map_err(|error| {
        Error::invalid(
            format!("{}: {error}", path.display()),
            "mend or remove the manifest",
        )
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(Some(
        listed
            .into_iter()
            .map(|(digest, file)| (folder.join(file), (digest, name.clone())))
            .collect(),
    ))
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut first)?;
    Ok(first)
}

fn input(path: &Path, is_folder: bool, manifest: Option<(Hash, String)>) -> Result<Input, Error> {
    let is_folder = is_folder || path.is_dir();
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let first = if is_folder {
        Vec::new()
    } else {
        head(path).map_err(|e| Error::io("could not read", path, &e))?
    };
    let kind = InputKind::detect(&name, &first, is_folder);
    let size = std::fs::metadata(path).map(|m| m.len()).unwrap_or_default();
    Ok(Input {
        name,
        path: path.to_path_buf(),
        kind,
        is_folder,
        manifest,
        trail: None,
        // About 1 KB a record, a third of it once compressed.
        expected: (size
            / if kind == InputKind::NativeExport {
                330
            } else {
                1_000
            })
        .max(1),
    })
}
