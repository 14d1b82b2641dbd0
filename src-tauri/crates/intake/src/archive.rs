//! A ZIP of ordinary files or of several export folders: sealed as it came, and imported file by file.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use evidence::archive::{Container, ReadSeek, ZipEntry};
use evidence::{ArchiveError, ExportFiles, Hash};
use sources::{InputKind, PACKED_BOUNDS, Packing, ReadError};

use crate::folder;
use crate::hashing::Hashing;
use crate::held::Failure;
use crate::input::{
    Input, Listed, ListedBytes, MAX_MANIFEST, MEND_MANIFEST, Part, Sums, head_length, left_behind,
    names_no_file, parse_manifest, too_long,
};
use bench::view::{LeftOutView, NotImportedView};

/// Most files of an archive that are held one by one, each with its reason. A damaged archive of a hundred thousand would
/// make as many entries of the quarantine and of custody, each waited for.
const MAX_HELD: usize = 256;

/// The files of an archive, and what is wrong with those that cannot be looked at.
pub(crate) struct Expanded {
    pub(crate) inputs: Vec<Input>,
    pub(crate) held: Vec<(Input, Failure)>,
    /// How many more there are of these.
    unheld: u64,
    pub(crate) failed: Vec<NotImportedView>,
    pub(crate) left_out: Vec<LeftOutView>,
    /// What manifests list that is not in it.
    pub(crate) listed: Vec<(PathBuf, Listed)>,
}

/// What a ZIP is.
pub(crate) enum Zip {
    /// An export itself, or refused as one with the exact reason.
    Export,
    /// No export, and no archive that can be looked into.
    Refused(Box<Failure>),
    /// An archive of these.
    Files(Box<Expanded>),
}

/// Looks into a ZIP. `open` gives a reader of the sealed archive; each file of it is unpacked once, to be known by its
/// digest, and an error of the reader ends that.
pub(crate) fn expand<R: ReadSeek + 'static>(
    input: &Input,
    open: &mut dyn FnMut() -> std::io::Result<R>,
) -> std::io::Result<Zip> {
    let mut container = match Container::open(open()?, PACKED_BOUNDS) {
        Ok(container) => container,
        Err(ArchiveError::Read(error)) => return Err(error),
        // What an export could be is refused as one.
        Err(error) => {
            return Ok(match ExportFiles::open_zip(open()?) {
                Err(ArchiveError::TooManyEntries(_)) => {
                    Zip::Refused(Box::new(Failure::of_archive(&error)))
                }
                _ => Zip::Export,
            });
        }
    };
    let exports = container.exports();
    let is_exports: HashSet<&str> = exports.iter().map(String::as_str).collect();
    let own = [
        "checkpoint",
        "range.json",
        "records.ndjson",
        "records.ndjson.zst",
    ];
    let is_export = |name: &str| own.contains(&name);
    if is_exports.contains("")
        || container.members().iter().any(|m| is_export(&m.name))
        || container.members().is_empty()
    {
        return Ok(Zip::Export);
    }
    let mut all = Expanded {
        inputs: Vec::new(),
        held: Vec::new(),
        unheld: 0,
        failed: Vec::new(),
        left_out: Vec::new(),
        listed: Vec::new(),
    };
    let mut sums = Sums::default();
    let mut files = Vec::new();
    let mut of_exports: HashMap<String, Vec<(usize, ZipEntry)>> = HashMap::new();
    for at in 0..container.members().len() {
        let entry = container.members()[at].clone();
        let folder = entry.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if is_exports.contains(folder) {
            let members = of_exports.entry(folder.to_owned()).or_default();
            members.push((at, entry));
            continue;
        }
        let name = format!("{}/{}", input.name, entry.name);
        if let Some(what) = left_behind(&entry.name) {
            all.left_out.push(LeftOutView {
                file: name,
                what: what.into(),
            });
            continue;
        }
        let mut part = Input {
            name: name.clone(),
            path: input.path.clone(),
            kind: InputKind::Unknown,
            packing: Packing::Plain,
            is_folder: false,
            manifest: None,
            trail: None,
            size: entry.size,
            part: Part::Whole,
        };
        let unreadable = Part::Unreadable {
            name: entry.name.clone(),
        };
        let looked = container
            .head(at, 4)
            .and_then(|first| container.head(at, head_length(&first)));
        let first = match looked {
            Ok(first) => first,
            Err(ArchiveError::Read(error)) => return Err(error),
            Err(error) => {
                part.part = unreadable;
                all.hold(part, Failure::of_archive(&error));
                continue;
            }
        };
        part.kind = InputKind::detect(&entry.name, &first, false);
        part.packing = Packing::detect(&first);
        if part.kind == InputKind::Sha256Sums {
            let text = match entry.size > MAX_MANIFEST {
                true => Err(too_long()),
                false => container.small(at, MAX_MANIFEST).map_err(|e| e.to_string()),
            };
            let manifest = entry.name.rsplit('/').next().unwrap_or(&entry.name);
            let added = text
                .and_then(|text| parse_manifest(&text))
                .and_then(|listed| sums.add(Path::new(folder), manifest, listed));
            match added {
                Ok(()) => {}
                Err(reason) => all.failed.push(NotImportedView {
                    file: name,
                    reason,
                    hint: MEND_MANIFEST.into(),
                }),
            }
            continue;
        }
        files.push((at, part, entry));
    }
    for manifest in sums.settle(files.iter().map(|(_, _, entry)| Path::new(&entry.name))) {
        let (reason, hint) = names_no_file();
        all.failed.push(NotImportedView {
            file: format!("{}/{}", input.name, manifest.display()),
            reason,
            hint: hint.into(),
        });
    }
    // The archive's own manifest speaks for every file in it.
    let of_archive = input.manifest.clone().map(|listed| Listed {
        of: ListedBytes::Archive,
        ..listed
    });
    for (at, mut part, entry) in files {
        let read = container.member(at).map_err(std::io::Error::other);
        let read = read.and_then(hash);
        part.manifest = sums
            .find(Path::new(&entry.name))
            .or_else(|| of_archive.clone());
        match read {
            Ok(sha256) => {
                part.part = Part::Member { entry, sha256 };
                if part.is_native() {
                    all.hold(part, Failure::of_reading(&ReadError::Nested));
                } else {
                    all.inputs.push(part);
                }
            }
            Err(error) => match ArchiveError::from_io(error) {
                ArchiveError::Read(error) => return Err(error),
                error => {
                    part.part = Part::Unreadable { name: entry.name };
                    all.hold(part, Failure::of_archive(&error));
                }
            },
        }
    }
    for name in exports {
        let members = of_exports.remove(&name).unwrap_or_default();
        let size = members.iter().map(|(_, m)| m.size).sum();
        let mut hasher = Hashing::default();
        let framed = folder::frame(&mut hasher, &members, &mut |at, out| {
            let mut reader = container.member(at).map_err(std::io::Error::other)?;
            std::io::copy(&mut reader, out).map(drop)
        });
        let members = members.into_iter().map(|(_, entry)| entry).collect();
        let mut part = Input {
            name: format!("{}/{name}", input.name),
            path: input.path.clone(),
            kind: InputKind::NativeExport,
            packing: Packing::Plain,
            is_folder: false,
            manifest: None,
            trail: None,
            size,
            part: Part::Whole,
        };
        match framed {
            Ok(()) => {
                let sha256 = hasher.finish();
                part.part = Part::Folder {
                    name,
                    sha256,
                    members,
                };
                all.inputs.push(part);
            }
            Err(error) => match ArchiveError::from_io(error) {
                ArchiveError::Read(error) => return Err(error),
                error => {
                    part.part = Part::Unreadable { name };
                    all.hold(part, Failure::of_archive(&error));
                }
            },
        }
    }
    if all.unheld > 0 {
        all.failed.push(NotImportedView {
            file: input.name.clone(),
            reason: format!(
                "{} more files in it cannot be read either; the first {MAX_HELD} are held in quarantine with their reasons",
                all.unheld
            ),
            hint: "get the archive again from where it came, or import its files unpacked".into(),
        });
    }
    let here: HashSet<String> = (container.members().iter())
        .map(|m| sources::plain_name(&m.name))
        .collect();
    for (file, listed) in sums.left() {
        let file = file.to_string_lossy().into_owned();
        if !here.contains(&sources::plain_name(&file)) {
            let file = format!("{}/{file}", input.name);
            all.listed.push((file.into(), listed));
        }
    }
    Ok(Zip::Files(Box::new(all)))
}

impl Expanded {
    /// A file that cannot be looked at, of which so many are held by themselves.
    fn hold(&mut self, part: Input, failure: Failure) {
        match self.held.len() < MAX_HELD {
            true => self.held.push((part, failure)),
            false => self.unheld += 1,
        }
    }
}

fn hash(mut reader: impl Read) -> std::io::Result<Hash> {
    let mut hasher = Hashing::default();
    std::io::copy(&mut reader, &mut hasher)?;
    hasher.flush()?;
    Ok(hasher.finish())
}
