//! A folder that is held open.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fd::OwnedFd;
use rustix::fs::{self as at, Access, AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::step;
use crate::step::look;

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;
/// Whether [`Folder::sync_all`] can be asked for here. Elsewhere each file is made durable by itself.
pub const CAN_SYNC_ALL: bool = cfg!(target_os = "linux");

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, wherever it leads.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; one that is no UTF-8 has replacement characters in it.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
}

/// A folder that is held open: a name is looked up in it, and not where a link of that name leads.
#[derive(Clone, Debug)]
pub struct Folder {
    fd: Arc<OwnedFd>,
    path: PathBuf,
}

impl Folder {
    /// Holds a folder that somebody named; links on the way to it are followed.
    ///
    /// # Errors
    /// When it is no folder or cannot be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        let named = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        look(|| named.to_owned());
        let fd = at::open(
            named,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Self {
            fd: Arc::new(fd),
            path: named.to_owned(),
        })
    }

    /// Holds a folder that somebody named, made with all above it where it is not there: for its owner alone.
    ///
    /// # Errors
    /// When it cannot be made, or is no folder.
    pub fn make(path: &Path) -> io::Result<Self> {
        if !path.as_os_str().is_empty() && !path.is_dir() {
            step("make a folder");
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(FOLDER)
                .create(path)?;
        }
        Self::open(path)
    }

    /// Where it lies, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Holds a folder of this folder.
    ///
    /// # Errors
    /// When it is a link, no folder, or not there.
    pub fn folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = self.named(name.as_ref())?;
        let fd = at::openat(
            &*self.fd,
            name,
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|e| self.explain(name, e))?;
        Ok(Self {
            fd: Arc::new(fd),
            path: self.path.join(name),
        })
    }

    /// Holds a folder of this folder, made for its owner alone where it is not there.
    ///
    /// # Errors
    /// When it is a link or no folder, or cannot be made.
    pub fn make_folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = self.named(name.as_ref())?;
        match self.folder(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        step("make a folder");
        match at::mkdirat(&*self.fd, name, Mode::from_raw_mode(FOLDER)) {
            Ok(()) | Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a folder of this folder that must not exist, for its owner alone, and holds it.
    ///
    /// # Errors
    /// When something of that name is there, a link too; when it cannot be made.
    pub fn make_new_folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = self.named(name.as_ref())?;
        step("make a folder");
        at::mkdirat(&*self.fd, name, Mode::from_raw_mode(FOLDER))?;
        self.folder(name)
    }

    /// Removes a folder of this folder with the files in it; whether there was one. A folder or a link in it is not ours, and
    /// keeps it.
    ///
    /// # Errors
    /// When it is no folder, holds anything but regular files, or the system refuses.
    pub fn remove_filled(&self, name: impl AsRef<OsStr>) -> io::Result<bool> {
        let name = self.named(name.as_ref())?;
        if self.kind(name)?.is_none() {
            return Ok(false);
        }
        let inner = self.folder(name)?;
        for entry in inner.entries()? {
            inner.remove(&entry.name)?;
        }
        step("remove");
        at::unlinkat(&*self.fd, name, AtFlags::REMOVEDIR)?;
        Ok(true)
    }

    /// Names of unfinished files that no note answers for. Empty where it cannot be listed.
    pub(crate) fn unfinished_names(&self) -> Vec<String> {
        let Ok(names) = at::Dir::read_from(&*self.fd) else {
            return Vec::new();
        };
        let names = names.filter_map(|entry| {
            let entry = entry.ok()?;
            Some(entry.file_name().to_str().ok()?.to_owned())
        });
        names
            .filter(|name| crate::is_unfinished_name(name) && !crate::is_noted_name(name))
            .collect()
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// When it is a link, no regular file, or not there.
    pub fn open_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        // Without waiting: a pipe that nobody writes to would hold us for ever.
        self.opened(
            name.as_ref(),
            OFlags::RDONLY | OFlags::NONBLOCK,
            Mode::empty(),
        )
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Folder::open_file`]; when it is longer.
    pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> io::Result<Vec<u8>> {
        let name = name.as_ref();
        let mut bytes = Vec::new();
        self.open_file(name)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{} is longer than {limit} bytes", self.name(name)),
            ));
        }
        Ok(bytes)
    }

    /// Opens a new file, which must not exist, for writing.
    ///
    /// # Errors
    /// When anything of that name is there, a link too.
    pub fn create(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        step("create");
        self.opened(
            name.as_ref(),
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
            Mode::from_raw_mode(FILE),
        )
    }

    /// Opens a file to lock it, made empty where it is not there.
    ///
    /// # Errors
    /// When it is a link or no regular file.
    pub fn lock_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.opened(
            name.as_ref(),
            OFlags::RDWR | OFlags::CREATE | OFlags::NONBLOCK,
            Mode::from_raw_mode(FILE),
        )
    }

    fn opened(&self, name: &OsStr, flags: OFlags, mode: Mode) -> io::Result<File> {
        let name = self.named(name)?;
        let fd = at::openat(
            &*self.fd,
            name,
            flags | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            mode,
        )
        .map_err(|e| self.explain(name, e))?;
        let file = File::from(fd);
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is no regular file", self.name(name)),
            ));
        }
        Ok(file)
    }

    /// Gives a file of this folder another name, in place of what has it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        let (from, to) = (self.named(from.as_ref())?, self.named(to.as_ref())?);
        step("rename");
        at::renameat(&*self.fd, from, &*self.fd, to)?;
        self.sync()
    }

    /// Gives a file of this folder another name that nothing has.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something has it, a link too.
    pub fn place(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        self.place_for_now(from, to)?;
        self.sync()
    }

    /// The same for one of many: the name is durable once [`Folder::sync_all`] of a folder on the same file system was.
    ///
    /// # Errors
    /// As [`Folder::place`].
    pub fn place_for_now(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        let (from, to) = (self.named(from.as_ref())?, self.named(to.as_ref())?);
        let fd = &*self.fd;
        step("place");
        match at::renameat_with(fd, from, fd, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
        // A file system that cannot rename without replacing can mostly give a second name; one that cannot either
        // (FAT) lets us take the name first and replace what we took.
        match at::linkat(fd, from, fd, to, AtFlags::empty()) {
            Ok(()) => {
                step("remove");
                at::unlinkat(fd, from, AtFlags::empty())?;
            }
            Err(Errno::EXIST) => return Err(Errno::EXIST.into()),
            Err(_) => {
                drop(self.create(to)?);
                step("rename");
                at::renameat(fd, from, fd, to)?;
            }
        }
        Ok(())
    }

    /// Removes a regular file; whether there was one.
    ///
    /// # Errors
    /// When it is anything but a regular file, or the system refuses.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<bool> {
        let name = self.named(name.as_ref())?;
        match self.kind(name)? {
            None => return Ok(false),
            Some(Kind::File) => {}
            Some(Kind::Link) => return Err(self.linked(name)),
            Some(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{} is no regular file", self.name(name)),
                ));
            }
        }
        step("remove");
        // Whatever took its place meanwhile: this removes a name of this folder and nothing that it leads to.
        at::unlinkat(&*self.fd, name, AtFlags::empty())?;
        Ok(true)
    }

    /// Takes a name away, whatever it stands for: a link itself and never what it leads to, a folder only if it is empty.
    /// Whether there was one.
    ///
    /// # Errors
    /// When it is a folder that holds something, or the system refuses.
    pub fn remove_name(&self, name: impl AsRef<OsStr>) -> io::Result<bool> {
        let name = self.named(name.as_ref())?;
        let flags = match self.kind(name)? {
            None => return Ok(false),
            Some(Kind::Folder) => AtFlags::REMOVEDIR,
            Some(_) => AtFlags::empty(),
        };
        step("remove");
        at::unlinkat(&*self.fd, name, flags)?;
        Ok(true)
    }

    /// What a name stands for, if anything.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kind(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Kind>> {
        Ok(self
            .stat(self.named(name.as_ref())?)?
            .map(|stat| kind(&stat)))
    }

    fn stat(&self, name: &OsStr) -> io::Result<Option<at::Stat>> {
        match at::statat(&*self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the system lets us write here: make and remove files, and change those of these names that are there. It does not
    /// on a read-only file system, and where somebody else owns them.
    #[must_use]
    pub fn writable(&self, names: &[&str]) -> bool {
        let may = |name: &str| at::accessat(&*self.fd, name, Access::WRITE_OK, AtFlags::empty());
        std::iter::once(&".")
            .chain(names)
            .all(|name| matches!(may(name), Ok(()) | Err(Errno::NOENT)))
    }

    /// Everything in it, by name.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut out = Vec::new();
        for entry in at::Dir::read_from(&*self.fd)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let os: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(name);
            if let Some(stat) = self.stat(os)? {
                out.push(Entry {
                    name: os.to_string_lossy().into_owned(),
                    kind: kind(&stat),
                    mode: stat.st_mode & 0o7777,
                    size: u64::try_from(stat.st_size).unwrap_or_default(),
                });
            }
        }
        out.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }

    /// Makes what was renamed, made or removed here durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        step("sync a folder");
        match at::fsync(&*self.fd) {
            // Some network file systems cannot sync a folder and need not.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes everything durable that was written and named on this folder's file system, by one call.
    ///
    /// # Errors
    /// When the disk refuses.
    /// [`io::ErrorKind::Unsupported`] where [`CAN_SYNC_ALL`] says so.
    pub fn sync_all(&self) -> io::Result<()> {
        step("sync all");
        #[cfg(target_os = "linux")]
        return Ok(at::syncfs(&*self.fd)?);
        #[cfg(not(target_os = "linux"))]
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Takes from everybody but the owner what they may do here: with this folder, its files and folders, all the way down.
    /// Links and files with a second name elsewhere are left as they are. Gives what was wider.
    ///
    /// # Errors
    /// When it cannot be listed or the system refuses.
    pub fn narrow(&self) -> io::Result<Vec<PathBuf>> {
        let mut wider = Vec::new();
        self.narrow_into(&mut wider, true)?;
        Ok(wider)
    }

    /// What [`Folder::narrow`] would change.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn wider(&self) -> io::Result<Vec<PathBuf>> {
        let mut wider = Vec::new();
        self.narrow_into(&mut wider, false)?;
        Ok(wider)
    }

    fn narrow_into(&self, wider: &mut Vec<PathBuf>, change: bool) -> io::Result<()> {
        let own = at::fstat(&*self.fd)?;
        if own.st_mode & 0o077 != 0 {
            wider.push(self.path.clone());
            if change {
                at::fchmod(&*self.fd, Mode::from_raw_mode(own.st_mode & FOLDER))?;
            }
        }
        for entry in self.entries()? {
            match entry.kind {
                Kind::Folder => self.folder(&entry.name)?.narrow_into(wider, change)?,
                Kind::File if entry.mode & 0o077 != 0 => {
                    wider.push(self.path.join(&entry.name));
                    if change {
                        let file = self.open_file(&entry.name)?;
                        let about = file.metadata()?;
                        if about.nlink() == 1 {
                            let narrow = about.permissions().mode() & FILE;
                            file.set_permissions(std::fs::Permissions::from_mode(narrow))?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A name of this folder, which is going to be looked up.
    fn named<'n>(&self, name: &'n OsStr) -> io::Result<&'n OsStr> {
        let name = plain(name)?;
        look(|| self.path.join(name));
        Ok(name)
    }

    fn name(&self, name: &OsStr) -> String {
        self.path.join(name).display().to_string()
    }

    fn linked(&self, name: &OsStr) -> io::Error {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is a link, which is not followed", self.name(name)),
        )
    }

    /// A link shows as a loop, or as no folder where one was to be opened.
    fn explain(&self, name: &OsStr, error: Errno) -> io::Error {
        match error {
            Errno::LOOP | Errno::NOTDIR if matches!(self.kind(name), Ok(Some(Kind::Link))) => {
                self.linked(name)
            }
            other => other.into(),
        }
    }
}

/// Names are one component: what comes with a slash or goes up was never a name of this folder.
fn plain(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(name);
    if bytes.is_empty() || bytes == b"." || bytes == b".." || bytes.contains(&b'/') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is no name of a file in a folder", name.display()),
        ));
    }
    Ok(name)
}

fn kind(stat: &at::Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}
