//! Files that appear whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::{Folder, step};

const BEGIN: &str = ".muniment-";
const END: &str = ".unfinished";
/// Stands before [`END`] where somebody else than the next writer knows what becomes of it.
const NOTED: &str = ".noted";

fn unfinished_name(noted: &str) -> io::Result<String> {
    let mut random = [0; 16];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    let random = u128::from_be_bytes(random);
    Ok(format!("{BEGIN}{random:032x}{noted}{END}"))
}

/// Whether a name is one that only an unfinished file or folder of ours has.
#[must_use]
pub fn is_unfinished_name(name: &str) -> bool {
    let inner = name.strip_prefix(BEGIN).and_then(|n| n.strip_suffix(END));
    let random = inner.map(|inner| inner.strip_suffix(NOTED).unwrap_or(inner));
    random.is_some_and(|r| {
        r.len() == 32
            && r.bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Whether a name is one of an unfinished file that a note elsewhere answers for: what the note says decides what becomes of it.
#[must_use]
pub fn is_noted_name(name: &str) -> bool {
    is_unfinished_name(name) && name.ends_with(&format!("{NOTED}{END}"))
}

/// Removes what killed runs left unfinished in a folder. A file that somebody is writing is locked, also by another
/// process; one that nobody holds will never be finished.
fn remove_left(folder: &Folder) {
    for name in folder.unfinished_names() {
        // What cannot be opened, locked or removed stays, under a name that says what it is.
        let Ok(file) = folder.open_file(&name) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = folder.remove(&name);
        }
    }
}

/// A file that is being written under a name nobody can guess, beside the place it is for. It is removed when it is dropped
/// without having been placed; where the process is killed instead, by the next file that is begun in its folder.
#[derive(Debug)]
pub struct NewFile {
    folder: Folder,
    unfinished: String,
    name: OsString,
    file: File,
    placed: bool,
}

impl NewFile {
    /// Begins a file for a path that somebody chose.
    ///
    /// # Errors
    /// When something is there already, a link too, or the folder cannot be written.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
        let folder = Folder::open(path.parent().unwrap_or(Path::new("")))?;
        Self::within(&folder, name)
    }

    /// Begins a file of a folder that is held.
    ///
    /// # Errors
    /// As [`NewFile::beside`].
    pub fn within(folder: &Folder, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = name.as_ref();
        if folder.kind(name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Self::begin(folder, name)
    }

    /// Begins a file for a path that somebody chose, whose unfinished name is noted somewhere before anything is there. Whoever
    /// notes it answers for it: it stays when this is dropped.
    ///
    /// # Errors
    /// As [`NewFile::beside`], and those of `note`.
    pub fn beside_noting(
        path: &Path,
        note: impl FnOnce(&str) -> io::Result<()>,
    ) -> io::Result<Self> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
        let folder = Folder::open(path.parent().unwrap_or(Path::new("")))?;
        if folder.kind(name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let unfinished = unfinished_name(NOTED)?;
        note(&unfinished)?;
        let mut begun = Self::named(&folder, name, unfinished)?;
        begun.placed = true;
        Ok(begun)
    }

    /// Begins a file that is to take the place of what has its name.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn in_place_of(folder: &Folder, name: impl AsRef<OsStr>) -> io::Result<Self> {
        Self::begin(folder, name.as_ref())
    }

    fn begin(folder: &Folder, name: &OsStr) -> io::Result<Self> {
        remove_left(folder);
        loop {
            let begun = Self::named(folder, name, unfinished_name("")?)?;
            // Somebody who cleared up between its first and its second breath holds it, or has removed it.
            match begun.file.try_lock() {
                Ok(()) if begun.file.metadata()?.nlink() > 0 => return Ok(begun),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                // A file system without locks: nobody else can tell that it is left over, either.
                Err(TryLockError::Error(_)) => return Ok(begun),
            }
        }
    }

    fn named(folder: &Folder, name: &OsStr, unfinished: String) -> io::Result<Self> {
        Ok(Self {
            file: folder.create(&unfinished)?,
            folder: folder.clone(),
            unfinished,
            name: name.to_owned(),
            placed: false,
        })
    }

    /// The name it has until it is placed.
    #[must_use]
    pub fn unfinished_name(&self) -> &str {
        &self.unfinished
    }

    /// Where it will stand.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// A second handle on it.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// A handle that reads it from its beginning; the two share one place in the file.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn again(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// Makes what was written durable, still under the name nobody knows.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        step("sync");
        self.file.sync_all()?;
        self.folder.sync()
    }

    /// Makes it durable and gives it its name, which nothing may have.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something has it; when the disk refuses.
    pub fn place(mut self) -> io::Result<()> {
        step("sync");
        self.file.sync_all()?;
        self.folder.place(&self.unfinished, &self.name)?;
        self.placed = true;
        Ok(())
    }

    /// Makes it durable and puts it in the place of what has its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn replace(mut self) -> io::Result<()> {
        step("sync");
        self.file.sync_all()?;
        self.folder.rename(&self.unfinished, &self.name)?;
        self.placed = true;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl io::Read for NewFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.file.read(out)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed has a name that says what it is.
            let _ = self.folder.remove(&self.unfinished);
        }
    }
}

/// A folder that is being filled under a name nobody can guess, beside the place it is for, and noted somewhere. Whoever notes it
/// answers for it.
#[derive(Debug)]
pub struct NewFolder {
    beside: Folder,
    unfinished: String,
    folder: Folder,
}

impl NewFolder {
    /// Begins a folder for a path that somebody chose, whose unfinished name is noted before anything is there.
    ///
    /// # Errors
    /// When something is there already, a link too, or the folder cannot be written; those of `note`.
    pub fn beside_noting(
        path: &Path,
        note: impl FnOnce(&str) -> io::Result<()>,
    ) -> io::Result<Self> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no folder"))?;
        let beside = Folder::open(path.parent().unwrap_or(Path::new("")))?;
        if beside.kind(name)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let unfinished = unfinished_name(NOTED)?;
        note(&unfinished)?;
        let folder = beside.make_new_folder(&unfinished)?;
        Ok(Self {
            beside,
            unfinished,
            folder,
        })
    }

    /// The name it has until it is placed.
    #[must_use]
    pub fn unfinished_name(&self) -> &str {
        &self.unfinished
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Makes the names in it durable, still under the name nobody knows.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        self.folder.sync()?;
        self.beside.sync()
    }
}

/// Writes a new file at a path that somebody chose.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when something is there; when the disk refuses.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::beside(path)?;
    file.write_all(bytes)?;
    file.place()
}

/// Writes a file of a folder in the place of what has its name: the old one or the new one, never half, and never what a
/// link of that name leads to.
///
/// # Errors
/// When the disk refuses.
pub fn replace(folder: &Folder, name: impl AsRef<OsStr>, bytes: &[u8]) -> io::Result<()> {
    let mut file = NewFile::begin(folder, name.as_ref())?;
    file.write_all(bytes)?;
    file.replace()
}
