//! A ZIP of ordinary files or of several export folders: sealed as it came, and imported file by file.

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use evidence::archive::{Container, read_member};
use evidence::{ArchiveError, Hash};
use sources::{InputKind, PACKED_BOUNDS, Packing, ReadError};
use vault::SealedReader;

use crate::folder;
use crate::hashing::Hashing;
use crate::held::Failure;
use crate::input::{
    Input, Listed, ListedBytes, MEND_MANIFEST, Part, Sums, head_length, left_behind, names_no_file,
    parse_manifest,
};
use bench::view::{LeftOutView, NotImportedView};

/// Largest manifest in an archive.
const MAX_MANIFEST: u64 = 64 << 20;

/// The files of an archive, and what is wrong with those that cannot be looked at.
pub(crate) struct Expanded {
    pub(crate) inputs: Vec<Input>,
    pub(crate) held: Vec<(Input, Failure)>,
    pub(crate) failed: Vec<NotImportedView>,
    pub(crate) left_out: Vec<LeftOutView>,
    /// What manifests list that is not in it.
    pub(crate) listed: Vec<(PathBuf, Listed)>,
}

/// The parts of a ZIP, or none where it is an export itself (or a ZIP that is refused as one, with the exact
/// reason). `open` gives another reader of the sealed archive.
pub(crate) fn expand(
    input: &Input,
    open: &mut dyn FnMut() -> std::io::Result<SealedReader>,
) -> std::io::Result<Option<Expanded>> {
    let mut container = match Container::open(open()?, PACKED_BOUNDS) {
        Ok(container) => container,
        Err(ArchiveError::Read(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let exports = container.exports();
    let own = [
        "checkpoint",
        "range.json",
        "records.ndjson",
        "records.ndjson.zst",
    ];
    let is_export = |name: &str| own.contains(&name);
    if exports.iter().any(String::is_empty)
        || container.members().iter().any(|m| is_export(&m.name))
        || container.members().is_empty()
    {
        return Ok(None);
    }
    let mut all = Expanded {
        inputs: Vec::new(),
        held: Vec::new(),
        failed: Vec::new(),
        left_out: Vec::new(),
        listed: Vec::new(),
    };
    let mut sums = Sums::default();
    let mut files = Vec::new();
    for at in 0..container.members().len() {
        let entry = container.members()[at].clone();
        let folder = entry.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if exports.iter().any(|export| export == folder) {
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
                all.held.push((part, Failure::of_archive(&error)));
                continue;
            }
        };
        part.kind = InputKind::detect(&entry.name, &first, false);
        part.packing = Packing::detect(&first);
        if part.kind == InputKind::Sha256Sums {
            let text = container.small(at, MAX_MANIFEST).map_err(|e| e.to_string());
            match text.and_then(|text| parse_manifest(&text)) {
                Ok(listed) => {
                    let manifest = entry.name.rsplit('/').next().unwrap_or(&entry.name);
                    sums.add(Path::new(folder), manifest, listed);
                }
                Err(reason) => all.failed.push(NotImportedView {
                    file: name,
                    reason,
                    hint: MEND_MANIFEST.into(),
                }),
            }
            continue;
        }
        files.push((part, entry));
    }
    for manifest in sums.settle(files.iter().map(|(_, entry)| Path::new(&entry.name))) {
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
    for (mut part, entry) in files {
        let read = read_member(open()?, &entry).and_then(hash);
        part.manifest = sums
            .find(Path::new(&entry.name))
            .or_else(|| of_archive.clone());
        match read {
            Ok(sha256) => {
                part.part = Part::Member { entry, sha256 };
                if part.is_native() {
                    let failure = Failure::of_reading(&ReadError::Nested);
                    all.held.push((part, failure));
                } else {
                    all.inputs.push(part);
                }
            }
            Err(error) => match ArchiveError::from_io(error) {
                ArchiveError::Read(error) => return Err(error),
                error => {
                    part.part = Part::Unreadable { name: entry.name };
                    all.held.push((part, Failure::of_archive(&error)));
                }
            },
        }
    }
    for name in exports {
        let members: Vec<_> = (container.members().iter())
            .filter(|m| m.name.rsplit_once('/').map(|(folder, _)| folder) == Some(name.as_str()))
            .cloned()
            .collect();
        let size = members.iter().map(|m| m.size).sum();
        let mut hasher = Hashing::default();
        let framed = folder::frame(&mut hasher, &members, &mut |member| {
            read_member(open()?, member)
        });
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
                part.part = Part::Folder { name, sha256 };
                all.inputs.push(part);
            }
            Err(error) => match ArchiveError::from_io(error) {
                ArchiveError::Read(error) => return Err(error),
                error => {
                    part.part = Part::Unreadable { name };
                    all.held.push((part, Failure::of_archive(&error)));
                }
            },
        }
    }
    for (file, listed) in sums.left() {
        let file = file.to_string_lossy().into_owned();
        let plain = sources::plain_name(&file);
        if !(container.members().iter()).any(|m| sources::plain_name(&m.name) == plain) {
            let file = format!("{}/{file}", input.name);
            all.listed.push((file.into(), listed));
        }
    }
    Ok(Some(all))
}

fn hash(mut reader: impl Read) -> std::io::Result<Hash> {
    let mut hasher = Hashing::default();
    std::io::copy(&mut reader, &mut hasher)?;
    hasher.flush()?;
    Ok(hasher.finish())
}
