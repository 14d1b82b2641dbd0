//! What was named on the command line or dropped on the window, as single files.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, Metadata};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::Hash;
use serde::{Deserialize, Serialize};
use sources::{InputKind, MAX_LISTED, Packing, inner_name};

use crate::folder;
use crate::trail;
use bench::Error;
use bench::view::{LeftOutView, NotImportedView};

/// First bytes that are looked at; a zstd file is looked at further, since its blocks are long.
const HEAD: u64 = 4 << 10;
const ZSTD_HEAD: u64 = 256 << 10;
/// Largest manifest that is read, in bytes.
pub(crate) const MAX_MANIFEST: u64 = 64 << 20;
/// Most files, folders and links below one folder that was named.
const MAX_FILES: usize = 500_000;

/// The format of an export, which alone comes as a folder too.
pub(crate) const NATIVE: &str = "native export";

/// One thing to import. It is remembered while it is imported, so that its sealed copy can be used after a
/// crash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: InputKind,
    #[serde(default)]
    pub(crate) packing: Packing,
    pub(crate) is_folder: bool,
    /// What a manifest says of it.
    pub(crate) manifest: Option<Listed>,
    /// What it has to do with a CloudTrail trail.
    #[serde(default)]
    pub(crate) trail: Option<trail::Part>,
    /// Bytes; of a folder, those of its files.
    pub(crate) size: u64,
    /// The part of the sealed archive that it is.
    #[serde(skip)]
    pub(crate) part: Part,
}

/// A digest that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) digest: Hash,
    /// Name of the manifest.
    pub(crate) manifest: String,
    pub(crate) of: ListedBytes,
}

/// Which bytes a manifest's digest is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ListedBytes {
    /// The file as it came.
    File,
    /// What the compressed file unpacks to.
    Inside,
    /// The archive that the file came in.
    Archive,
}

impl Listed {
    /// What agreed, in words.
    pub(crate) fn words(&self) -> String {
        let of = match self.of {
            ListedBytes::File => "the file as it came",
            ListedBytes::Inside => "what the compressed file unpacks to",
            ListedBytes::Archive => "the archive it came in",
        };
        format!("{} lists {of}", self.manifest)
    }
}

/// Which part of its sealed original an input is.
#[derive(Clone, Debug, Default)]
pub(crate) enum Part {
    /// All of it.
    #[default]
    Whole,
    /// One file of a ZIP, with its digests.
    Member {
        entry: evidence::archive::ZipEntry,
        sha256: Hash,
    },
    /// An export in a folder of a ZIP, with the digest that the folder itself would have.
    Folder {
        name: String,
        sha256: Hash,
        members: Vec<evidence::archive::ZipEntry>,
    },
    /// A file or export folder of a ZIP that cannot be unpacked, so that only the archive's digest is known.
    Unreadable { name: String },
}

impl Input {
    pub(crate) fn is_native(&self) -> bool {
        self.kind == InputKind::NativeExport
    }

    pub(crate) fn format(&self) -> &'static str {
        if self.is_digests() {
            return "CloudTrail digests";
        }
        match (self.kind, self.packing) {
            (InputKind::NativeExport, _) => NATIVE,
            (InputKind::JsonRecords, _) if self.trail.is_some() => "CloudTrail records",
            (InputKind::JsonRecords, Packing::Plain) => "JSON records",
            (InputKind::JsonRecords, Packing::Gzip) => "JSON records, gzip",
            (InputKind::JsonRecords, Packing::Zstd) => "JSON records, zstd",
            (InputKind::JsonLines, Packing::Plain) => "JSON lines",
            (InputKind::JsonLines, Packing::Gzip) => "JSON lines, gzip",
            (InputKind::JsonLines, Packing::Zstd) => "JSON lines, zstd",
            (InputKind::JsonArray, Packing::Plain) => "JSON array",
            (InputKind::JsonArray, Packing::Gzip) => "JSON array, gzip",
            (InputKind::JsonArray, Packing::Zstd) => "JSON array, zstd",
            (InputKind::Json, Packing::Plain) => "JSON",
            (InputKind::Json, Packing::Gzip) => "JSON, gzip",
            (InputKind::Json, Packing::Zstd) => "JSON, zstd",
            (InputKind::Table, Packing::Plain) => "table",
            (InputKind::Table, Packing::Gzip) => "table, gzip",
            (InputKind::Table, Packing::Zstd) => "table, zstd",
            (InputKind::Sha256Sums, _) => "SHA-256 manifest",
            (InputKind::Unknown, _) => "unknown",
        }
    }

    /// Whether it is the digests of a trail.
    pub(crate) fn is_digests(&self) -> bool {
        self.trail.as_ref().is_some_and(trail::Part::is_digests)
    }

    /// The bytes to seal. A folder is framed as one stream.
    pub(crate) fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        if let Some(opened) = self.trail.as_ref().and_then(trail::Part::open) {
            return opened;
        }
        if self.is_folder {
            return Ok(Box::new(folder::Framed::open(&self.path)?));
        }
        // Between listing and opening it may have become something that never ends.
        let file = File::open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(std::io::Error::other("it is not a plain file"));
        }
        Ok(Box::new(file))
    }
}

/// What there is to import, and what is not.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) inputs: Vec<Input>,
    pub(crate) failed: Vec<NotImportedView>,
    /// Files that are no evidence.
    pub(crate) left_out: Vec<LeftOutView>,
    /// What manifests list that was not asked for: files that may have come before.
    pub(crate) listed: Vec<(PathBuf, Listed)>,
    /// What manifests say that lie beside files which were named one by one: each is read once.
    beside: HashMap<PathBuf, Sums>,
}

impl Collected {
    fn leave_out(&mut self, file: String, what: &str) {
        self.left_out.push(LeftOutView {
            file,
            what: what.into(),
        });
    }

    fn fail(&mut self, path: &Path, reason: impl Into<String>, hint: &str) {
        self.failed.push(NotImportedView {
            file: path.display().to_string(),
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        let (reason, hint) = unreadable(error);
        self.fail(path, reason, hint);
    }

    /// A plain file, which may be a digest of a trail, or a ZIP of one.
    fn file(&mut self, path: &Path, manifest: Option<Listed>, stop: &dyn Fn() -> bool) {
        let folder = path.parent().unwrap_or(path);
        let alone = trail::split(folder, &mut vec![(path.to_path_buf(), false)]);
        if let Some((part, _, size)) = alone.into_iter().next() {
            // Its signature says more of it than a manifest.
            let digest = of_trail(part, path.to_path_buf(), size, None);
            return self.inputs.push(digest);
        }
        let is_zip = head(path).is_ok_and(|first| first.starts_with(b"PK"));
        let zipped = match is_zip {
            true => trail::zipped(path),
            false => trail::Zipped::default(),
        };
        // What a manifest says of the ZIP is checked on its sealed copy, and a ZIP of a trail is not sealed whole.
        let agrees = |listed: &Listed| {
            let input = input(path, false, None).ok();
            let digest = input.and_then(|input| digest(&input, stop).ok().flatten());
            digest == Some(listed.digest)
        };
        if zipped.parts.is_empty() || manifest.as_ref().is_some_and(|listed| !agrees(listed)) {
            return self.add(path, false, manifest);
        }
        for (part, file, size) in zipped.parts {
            self.inputs.push(of_trail(part, file, size, None));
        }
        for name in zipped.others {
            self.fail(
                &path.join(name),
                "it lies beside a CloudTrail trail in a ZIP and is no digest and no log file of it",
                "unpack the ZIP and import the folder: everything in it is then taken",
            );
        }
    }

    fn add(&mut self, path: &Path, is_folder: bool, manifest: Option<Listed>) {
        match input(path, is_folder, manifest) {
            Ok(input) => self.inputs.push(input),
            Err(error) => self.unreadable(path, &error),
        }
    }
}

/// Why a file cannot be read, and what to try.
pub(crate) fn unreadable(error: &std::io::Error) -> (String, &'static str) {
    use std::io::ErrorKind::{NotFound, PermissionDenied, UnexpectedEof};
    match error.kind() {
        NotFound => (
            "it does not exist".into(),
            "check the name, and that its disk is connected",
        ),
        PermissionDenied => (
            "it may not be read by you".into(),
            "ask for permission to read it, or copy it to where you may",
        ),
        UnexpectedEof => (
            "it became shorter while it was read".into(),
            "wait until it is written to its end, then import it again",
        ),
        _ => (
            format!("it could not be read: {error}"),
            "check the disk that it is on, then import it again",
        ),
    }
}

/// Lists what is to be imported: files as they are, export folders as one, other folders file by
/// file in the order of their names, with the manifests that lie in them. What cannot be read, and what is
/// no file, is listed too, and stops nothing. Once `stop` says so it ends where it is.
pub(crate) fn collect(paths: &[PathBuf], stop: &dyn Fn() -> bool) -> Collected {
    let mut all = Collected::default();
    let mut manifests = Vec::new();
    for path in paths.iter().take_while(|_| !stop()) {
        // A link that somebody named himself is followed; those in folders are not.
        let about = match std::fs::metadata(path) {
            Ok(about) => about,
            Err(error) => {
                all.unreadable(path, &error);
                continue;
            }
        };
        if about.is_dir() && is_export(path) {
            all.add(path, true, None);
        } else if about.is_dir() {
            folder_of(path, &mut all, stop);
        } else if let Some(what) = special(&about) {
            all.fail(path, what, NO_FILE);
        } else if let Some(listed) = manifest(path, &mut all) {
            manifests.push((path, listed));
        } else {
            let listed = beside(path, &mut all);
            all.file(path, listed, stop);
        }
    }
    for (path, listed) in manifests {
        alone(path, listed, &mut all);
    }
    all
}

/// A manifest that was named itself: it speaks of files that came before.
fn alone(path: &Path, listed: Vec<sources::Sum>, all: &mut Collected) {
    let folder = path.parent().unwrap_or(path);
    let mut sums = Sums::default();
    if let Err(reason) = sums.add(folder, &name_of(path), listed) {
        all.fail(path, reason, MEND_MANIFEST);
    }
    let files = others(folder, path);
    for manifest in sums.settle(files.iter().map(PathBuf::as_path)) {
        let (reason, hint) = names_no_file();
        all.fail(&manifest, reason, hint);
    }
    // Files that were named with it have it beside them.
    let named: std::collections::BTreeSet<String> =
        all.inputs.iter().map(|input| key(&input.path)).collect();
    let new = sums.left().filter(|(file, _)| {
        !named.contains(&key(file)) && left_behind(&file.to_string_lossy()).is_none()
    });
    all.listed.extend(new);
}

const NO_FILE: &str = "give a plain file, or a folder of them";

fn folder_of(path: &Path, all: &mut Collected, stop: &dyn Fn() -> bool) {
    let (mut files, mut sums) = (Vec::new(), Sums::default());
    let failed = all.failed.len();
    if !walk(path, &mut files, &mut sums, all, stop) {
        return;
    }
    if files.is_empty() && all.failed.len() == failed && all.left_out.is_empty() {
        all.fail(
            path,
            "the folder holds no files",
            "give a folder with exports, CloudTrail files or JSON lines",
        );
    }
    for manifest in sums.settle(files.iter().map(|(file, _)| file.as_path())) {
        let (reason, hint) = names_no_file();
        all.fail(&manifest, reason, hint);
    }
    for (part, file, size) in trail::split(path, &mut files) {
        let listed = sums.find(&file);
        all.inputs.push(of_trail(part, file, size, listed));
    }
    for (file, is_folder) in files {
        if stop() {
            return;
        }
        let listed = sums.find(&file);
        match is_folder {
            true => all.add(&file, true, listed),
            false => all.file(&file, listed, stop),
        }
    }
    all.listed.extend(sums.left().filter(|(file, _)| {
        // A part of an export folder is there, though it is not imported alone, and what a system left behind is
        // named already.
        !file.exists() && left_behind(&file.to_string_lossy()).is_none()
    }));
}

/// A manifest lists what neither lies there nor came before.
pub(crate) fn absent(file: String, listed: &Listed) -> NotImportedView {
    NotImportedView {
        file,
        reason: format!("{} lists it, and it is not there", listed.manifest),
        hint: "get it from where the others came; the manifest says that it belongs to them".into(),
    }
}

/// A manifest lists so many more that never came.
pub(crate) fn many_absent(manifest: String, count: u64) -> NotImportedView {
    NotImportedView {
        reason: format!(
            "it lists {} more that were not imported",
            bench::text::grouped(count)
        ),
        file: manifest,
        hint: "compare it with what lies beside it: sha256sum --check says which are missing"
            .into(),
    }
}

/// A manifest lists what lies beside it and did not come before.
pub(crate) fn not_yet(file: String, listed: &Listed) -> NotImportedView {
    NotImportedView {
        file,
        reason: format!("{} lists it, and it was not imported", listed.manifest),
        hint: "import it: the manifest beside it is then read with it".into(),
    }
}

/// A manifest lists a file that is held in quarantine.
pub(crate) fn held_back(file: String, listed: &Listed, number: i64) -> NotImportedView {
    NotImportedView {
        file,
        reason: format!("{} lists it, and it is held in quarantine as {number}", listed.manifest),
        hint: "import the file again beside this manifest: where the manifest lists its very bytes, it is taken".into(),
    }
}

/// A manifest lists other bytes than came before.
pub(crate) fn other_bytes(file: String, listed: &Listed) -> NotImportedView {
    NotImportedView {
        file,
        reason: format!(
            "{} lists another digest than the file has, which was imported before",
            listed.manifest
        ),
        hint: "what was imported stays as it was; get the manifest that belongs to it, or the file that it lists".into(),
    }
}

/// What a file that is neither plain nor a folder is.
fn special(about: &Metadata) -> Option<&'static str> {
    let kind = about.file_type();
    if kind.is_file() || kind.is_dir() {
        return None;
    }
    if kind.is_symlink() {
        return Some("it is a link; links in folders are not followed");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("it is a pipe");
        }
        if kind.is_socket() {
            return Some("it is a socket");
        }
        if kind.is_block_device() || kind.is_char_device() {
            return Some("it is a device");
        }
    }
    Some("it is no plain file")
}

fn of_trail(part: trail::Part, path: PathBuf, size: u64, manifest: Option<Listed>) -> Input {
    Input {
        name: name_of(&path),
        kind: match part.is_digests() {
            true => InputKind::Unknown,
            false => InputKind::JsonRecords,
        },
        packing: Packing::Plain,
        path,
        is_folder: false,
        manifest,
        trail: Some(part),
        size,
        part: Part::Whole,
    }
}

fn is_export(folder: &Path) -> bool {
    folder.join("checkpoint").is_file() && folder.join("range.json").is_file()
}

/// What manifests list.
#[derive(Default)]
pub(crate) struct Sums {
    /// By the plain name of the path.
    listed: BTreeMap<String, Sum>,
    /// Digests that stand alone in a manifest that is called after no file.
    alone: Vec<(PathBuf, Sum)>,
}

/// What one line of a manifest lists.
struct Sum {
    path: PathBuf,
    digest: Hash,
    manifest: Arc<str>,
    met: bool,
}

impl Sums {
    /// Adds a manifest that lies in a folder.
    ///
    /// # Errors
    /// Why it is not taken: together with the others it lists more than one manifest may.
    pub(crate) fn add(
        &mut self,
        folder: &Path,
        manifest: &str,
        listed: Vec<sources::Sum>,
    ) -> Result<(), String> {
        if self.listed.len() + self.alone.len() + listed.len() > MAX_LISTED {
            return Err(format!(
                "with the manifests beside it, it lists more than {MAX_LISTED} files"
            ));
        }
        let base = manifest.rsplit('/').next().unwrap_or(manifest);
        let manifest: Arc<str> = manifest.into();
        for one in listed {
            let name = one
                .name
                .or_else(|| sources::beside(base).map(str::to_owned));
            let sum = Sum {
                path: folder.join(name.as_deref().unwrap_or_default()),
                digest: one.sha256,
                manifest: Arc::clone(&manifest),
                met: false,
            };
            match name {
                Some(_) => {
                    self.listed.insert(key(&sum.path), sum);
                }
                None => self.alone.push((folder.to_path_buf(), sum)),
            }
        }
        Ok(())
    }

    /// Says of which file each digest is that stands alone: of the one that lies beside it. Gives the manifests
    /// beside which there are several files, or none.
    pub(crate) fn settle<'p>(&mut self, files: impl Iterator<Item = &'p Path>) -> Vec<PathBuf> {
        if self.alone.is_empty() {
            return Vec::new();
        }
        // The file of each folder that has exactly one.
        let mut only: HashMap<&Path, Option<&Path>> = HashMap::new();
        for file in files {
            if let Some(folder) = file.parent() {
                let found = only.entry(folder);
                found.and_modify(|only| *only = None).or_insert(Some(file));
            }
        }
        let mut unsettled = Vec::new();
        for (folder, mut sum) in std::mem::take(&mut self.alone) {
            match only.get(&*folder) {
                Some(Some(file)) => {
                    sum.path = file.to_path_buf();
                    self.listed.insert(key(file), sum);
                }
                _ => unsettled.push(folder.join(&*sum.manifest)),
            }
        }
        unsettled
    }

    /// What is listed of a file: its own bytes, or else those inside it.
    pub(crate) fn find(&mut self, path: &Path) -> Option<Listed> {
        let inside = || {
            let name = path.file_name()?.to_str()?;
            let inner = inner_name(name);
            (inner != name).then(|| path.with_file_name(inner))
        };
        let (at, of) = if self.listed.contains_key(&key(path)) {
            (key(path), ListedBytes::File)
        } else {
            (key(&inside()?), ListedBytes::Inside)
        };
        let sum = self.listed.get_mut(&at)?;
        sum.met = true;
        Some(Listed {
            digest: sum.digest,
            manifest: sum.manifest.to_string(),
            of,
        })
    }

    /// What is listed and was not asked for.
    pub(crate) fn left(self) -> impl Iterator<Item = (PathBuf, Listed)> {
        self.listed.into_values().filter(|sum| !sum.met).map(|sum| {
            let listed = Listed {
                digest: sum.digest,
                manifest: sum.manifest.to_string(),
                of: ListedBytes::File,
            };
            (sum.path, listed)
        })
    }
}

/// A path as it is compared with what manifests list.
fn key(path: &Path) -> String {
    sources::plain_name(&path.to_string_lossy())
}

/// What a digest that stands alone beside several files is told.
pub(crate) fn names_no_file() -> (String, &'static str) {
    (
        "the manifest holds a digest and names no file, and not exactly one lies beside it".into(),
        "call it after its file (a.json.sha256), or write the name behind the digest",
    )
}

/// What a file is that a system writes into folders for itself, and that is no evidence.
pub(crate) fn left_behind(path: &str) -> Option<&'static str> {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let within = parts.any(|part| part == "__MACOSX");
    match name {
        _ if within || name == "__MACOSX" => Some("what macOS puts beside the files of a ZIP"),
        ".DS_Store" => Some("the view of a folder, written by macOS"),
        ".localized" | ".Spotlight-V100" | ".fseventsd" | ".Trashes" => {
            Some("what macOS keeps on a disk for itself")
        }
        _ if name.starts_with("._") => Some("attributes of a file, written by macOS"),
        "Thumbs.db" | "ehthumbs.db" => Some("small pictures, written by Windows"),
        "desktop.ini" | "Desktop.ini" => Some("the view of a folder, written by Windows"),
        _ => None,
    }
}

/// Lists what lies in a folder and below it, in the order of names; whether that is all that is to be imported of it. What
/// waits is kept in a list, because folders may lie in one another some thousand deep.
fn walk(
    folder: &Path,
    files: &mut Vec<(PathBuf, bool)>,
    sums: &mut Sums,
    all: &mut Collected,
    stop: &dyn Fn() -> bool,
) -> bool {
    let mut waiting = vec![listing(folder, all)];
    let mut met = 0;
    while let Some(entries) = waiting.last_mut() {
        let Some(path) = entries.next() else {
            waiting.pop();
            continue;
        };
        met += 1;
        if stop() {
            return false;
        }
        if met > MAX_FILES {
            all.fail(
                folder,
                format!(
                    "it holds more than {MAX_FILES} files and folders; nothing of it was imported"
                ),
                "give a part of it",
            );
            return false;
        }
        let about = match std::fs::symlink_metadata(&path) {
            Ok(about) => about,
            Err(error) => {
                all.unreadable(&path, &error);
                continue;
            }
        };
        if let Some(what) = left_behind(&name_of(&path)) {
            all.leave_out(path.display().to_string(), what);
        } else if about.is_dir() {
            match is_export(&path) {
                true => files.push((path, true)),
                false => waiting.push(listing(&path, all)),
            }
        } else if let Some(what) = special(&about) {
            all.fail(&path, what, NO_FILE);
        } else {
            match manifest(&path, all) {
                Some(listed) => {
                    let within = path.parent().unwrap_or(folder);
                    if let Err(reason) = sums.add(within, &name_of(&path), listed) {
                        all.fail(&path, reason, MEND_MANIFEST);
                    }
                }
                None => files.push((path, false)),
            }
        }
    }
    true
}

/// What lies in a folder, in the order of names; nothing where it cannot be read, which is said.
fn listing(folder: &Path, all: &mut Collected) -> std::vec::IntoIter<PathBuf> {
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        let paths: std::io::Result<Vec<PathBuf>> = entries.map(|e| e.map(|e| e.path())).collect();
        paths
    });
    let mut entries = entries.unwrap_or_else(|error| {
        all.unreadable(folder, &error);
        Vec::new()
    });
    entries.sort();
    entries.into_iter()
}

/// What a manifest in a file's own folder lists of it.
fn beside(path: &Path, all: &mut Collected) -> Option<Listed> {
    let folder = path.parent()?;
    let name = name_of(path);
    let own = [".sha256", ".sha256sum", ".sha256.txt"].map(|end| format!("{name}{end}"));
    let shared = [
        "SHA256SUMS",
        "SHA256SUMS.txt",
        "sha256sums",
        "sha256sums.txt",
        "sha256sum.txt",
    ];
    let names = own.iter().map(String::as_str).chain(shared);
    for sums in names.map(|name| folder.join(name)) {
        if !sums.is_file() || sums == path {
            continue;
        }
        if !all.beside.contains_key(&sums) {
            let listed = sums_of(folder, &sums, all)?;
            all.beside.insert(sums.clone(), listed);
        }
        let listed = all.beside.get_mut(&sums)?;
        if let Some(listed) = listed.find(path) {
            return Some(listed);
        }
    }
    None
}

/// What a manifest says of the files beside it; none where the file is no manifest.
fn sums_of(folder: &Path, sums: &Path, all: &mut Collected) -> Option<Sums> {
    let mut listed = Sums::default();
    if let Err(reason) = listed.add(folder, &name_of(sums), manifest(sums, all)?) {
        all.fail(sums, reason, MEND_MANIFEST);
    }
    let files = others(folder, sums);
    if !listed.settle(files.iter().map(PathBuf::as_path)).is_empty() {
        let (reason, hint) = names_no_file();
        all.fail(sums, reason, hint);
    }
    Some(listed)
}

/// Two files at most that lie beside a manifest: whether it is one is all that is asked.
fn others(folder: &Path, manifest: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path != manifest && path.is_file())
        .filter(|path| left_behind(&name_of(path)).is_none())
        .take(2)
        .collect()
}

/// The entries of a manifest; none where the file is no manifest. One that cannot be read is named, and
/// counts as empty: what lies beside it is then unproven.
fn manifest(path: &Path, all: &mut Collected) -> Option<Vec<sources::Sum>> {
    let first = head(path).ok()?;
    if InputKind::detect(&name_of(path), &first, false) != InputKind::Sha256Sums {
        return None;
    }
    let mut text = Vec::new();
    let read = File::open(path).and_then(|f| f.take(MAX_MANIFEST + 1).read_to_end(&mut text));
    if let Err(error) = read {
        all.unreadable(path, &error);
        return Some(Vec::new());
    }
    if text.len() as u64 > MAX_MANIFEST {
        all.fail(path, too_long(), MEND_MANIFEST);
        return Some(Vec::new());
    }
    match parse_manifest(&text) {
        Ok(listed) => Some(listed),
        Err(reason) => {
            all.fail(path, reason, MEND_MANIFEST);
            Some(Vec::new())
        }
    }
}

pub(crate) const MEND_MANIFEST: &str = "mend the manifest, split it, or remove it, then import again; until then the files beside it are unproven";

/// What is wrong with a manifest that is not even read.
pub(crate) fn too_long() -> String {
    format!("the manifest has more than {} MiB", MAX_MANIFEST >> 20)
}

/// The entries of a manifest, or what is wrong with it.
pub(crate) fn parse_manifest(text: &[u8]) -> Result<Vec<sources::Sum>, String> {
    sources::parse_sums(text).map_err(|error| format!("the manifest cannot be read: {error}"))
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut first = Vec::new();
    Read::by_ref(&mut file).take(HEAD).read_to_end(&mut first)?;
    if Packing::detect(&first) == Packing::Zstd {
        file.take(ZSTD_HEAD).read_to_end(&mut first)?;
    }
    Ok(first)
}

/// How much of a file is looked at, given its first four bytes.
pub(crate) fn head_length(first: &[u8]) -> u64 {
    match Packing::detect(first) {
        Packing::Zstd => ZSTD_HEAD,
        _ => HEAD,
    }
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    )
}

fn input(path: &Path, is_folder: bool, manifest: Option<Listed>) -> std::io::Result<Input> {
    let name = name_of(path);
    let first = if is_folder { Vec::new() } else { head(path)? };
    let size = if is_folder {
        let mut size = 0;
        for entry in std::fs::read_dir(path)? {
            size += entry?.metadata()?.len();
        }
        size
    } else {
        std::fs::metadata(path)?.len()
    };
    Ok(Input {
        kind: InputKind::detect(&name, &first, is_folder),
        packing: Packing::detect(&first),
        name,
        path: path.to_path_buf(),
        is_folder,
        manifest,
        trail: None,
        size,
        part: Part::Whole,
    })
}

/// SHA-256 of a file as it lies there, without sealing it.
pub(crate) fn digest(input: &Input, stop: &dyn Fn() -> bool) -> std::io::Result<Option<Hash>> {
    let mut reader = input.open()?;
    let mut hasher = crate::hashing::Hashing::default();
    let mut buffer = vec![0; 1 << 17];
    loop {
        if stop() {
            return Ok(None);
        }
        match reader.read(&mut buffer)? {
            0 => return Ok(Some(hasher.finish())),
            n => hasher.write_all(&buffer[..n])?,
        }
    }
}

/// Nothing of what was named can be imported.
pub(crate) fn nothing(failed: &[NotImportedView]) -> Option<Error> {
    match failed {
        [one] => Some(Error::invalid(
            format!("{}: {}", one.file, one.reason),
            one.hint.clone(),
        )),
        _ => None,
    }
}
