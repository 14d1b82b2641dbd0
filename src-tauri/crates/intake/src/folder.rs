//! An export folder as one stream of bytes, so that it is sealed, hashed and recognised
//! like any file.
//!
//! ```text
//! "muniment/folder/v1\n", then for each file in the order of names:
//! u16be(length of name) || name || u64be(length) || bytes
//! ```

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use evidence::ExportFiles;

const MAGIC: &[u8] = b"muniment/folder/v1\n";
/// An export has at most five files; more than these are not even sealed as one.
pub(crate) const MAX_FILES: usize = 16;

/// Reads a folder as its framed stream.
pub(crate) struct Framed {
    waiting: std::vec::IntoIter<(String, PathBuf)>,
    head: io::Cursor<Vec<u8>>,
    body: Option<io::Take<File>>,
}

impl Framed {
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, "a file name is not UTF-8")
            })?;
            if !entry.file_type()?.is_file() || files.len() >= MAX_FILES {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "an export folder holds its few files and nothing else",
                ));
            }
            files.push((name, entry.path()));
        }
        Ok(Self::of(files))
    }

    /// Named files as one stream.
    pub(crate) fn of(mut files: Vec<(String, PathBuf)>) -> Self {
        files.sort();
        Self {
            waiting: files.into_iter(),
            head: io::Cursor::new(MAGIC.to_vec()),
            body: None,
        }
    }
}

/// Hands over each file of a framed stream, none of them longer than `limit` bytes.
pub(crate) fn for_each(
    reader: impl Read,
    limit: u64,
    on_file: &mut dyn FnMut(&str, &[u8]),
) -> io::Result<()> {
    let mut reader = io::BufReader::with_capacity(1 << 16, reader);
    let mut magic = vec![0; MAGIC.len()];
    reader.read_exact(&mut magic)?;
    let mut length = [0; 2];
    let mut bytes = Vec::new();
    while reader.read(&mut length[..1])? == 1 {
        reader.read_exact(&mut length[1..])?;
        let mut name = vec![0; usize::from(u16::from_be_bytes(length))];
        reader.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut size = [0; 8];
        reader.read_exact(&mut size)?;
        let size = u64::from_be_bytes(size);
        bytes.clear();
        // One byte beyond the limit, so that a file over it is seen to be over it.
        let taken = (&mut reader)
            .take(size.min(limit + 1))
            .read_to_end(&mut bytes)? as u64;
        io::copy(&mut (&mut reader).take(size - taken), &mut io::sink())?;
        on_file(&name, &bytes);
    }
    Ok(())
}

impl Read for Framed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.head.read(out)? {
                0 => {}
                n => return Ok(n),
            }
            if let Some(body) = &mut self.body {
                match body.read(out)? {
                    0 if body.limit() > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    0 => self.body = None,
                    n => return Ok(n),
                }
            }
            let Some((name, path)) = self.waiting.next() else {
                return Ok(0);
            };
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            let head = frame_head(&name, length);
            self.head = io::Cursor::new(head);
            self.body = Some(file.take(length));
        }
    }
}

/// Writes the framed stream of an export that lies in an archive: the bytes that its folder would have. `copy` writes
/// the bytes of the member of this number.
pub(crate) fn frame<W: io::Write>(
    out: &mut W,
    members: &[(usize, evidence::archive::ZipEntry)],
    copy: &mut dyn FnMut(usize, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    let base = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut sorted: Vec<_> = (members.iter())
        .map(|(at, m)| (base(&m.name), *at, m.size))
        .collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    out.write_all(MAGIC)?;
    for (name, at, size) in sorted {
        out.write_all(&frame_head(&name, size))?;
        copy(at, out)?;
    }
    Ok(())
}

fn frame_head(name: &str, length: u64) -> Vec<u8> {
    let name = name.as_bytes();
    let mut head = u16::try_from(name.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes()
        .to_vec();
    head.extend_from_slice(name);
    head.extend_from_slice(&length.to_be_bytes());
    head
}

/// Whether a sealed original is a folder's framed stream; the reader is then back at its start.
pub(crate) fn is_framed(reader: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut magic = Vec::new();
    reader
        .by_ref()
        .take(MAGIC.len() as u64)
        .read_to_end(&mut magic)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(magic == MAGIC)
}

/// Writes a framed stream out into a new folder, as the folder that it was; gives the bytes written.
pub(crate) fn unpack(reader: impl Read, folder: &files::Folder) -> io::Result<u64> {
    let mut reader = io::BufReader::new(reader);
    io::copy(
        &mut reader.by_ref().take(MAGIC.len() as u64),
        &mut io::sink(),
    )?;
    let mut total = 0;
    loop {
        let mut length = [0; 2];
        match reader.read(&mut length[..1])? {
            0 => return Ok(total),
            _ => reader.read_exact(&mut length[1..])?,
        }
        let mut name = vec![0; usize::from(u16::from_be_bytes(length))];
        reader.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut size = [0; 8];
        reader.read_exact(&mut size)?;
        // The names are those of one folder's entries.
        let plain = Path::new(&name)
            .file_name()
            .ok_or(io::ErrorKind::InvalidData)?;
        let mut file = folder.create(plain)?;
        total += io::copy(
            &mut reader.by_ref().take(u64::from_be_bytes(size)),
            &mut file,
        )?;
        file.sync_all()?;
    }
}

/// A part of a longer reader.
struct Window<R> {
    inner: R,
    start: u64,
    length: u64,
    at: u64,
}

impl<R: Read + Seek> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        self.inner.seek(SeekFrom::Start(self.start + self.at))?;
        let read = self.inner.read(&mut out[..wanted])?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Window<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Opens the export in a framed stream; `open` gives another reader of the same bytes.
pub(crate) fn export<R: Read + Seek + Send + 'static>(
    open: &mut dyn FnMut() -> io::Result<R>,
) -> io::Result<Result<ExportFiles, evidence::ArchiveError>> {
    let mut reader = open()?;
    let mut magic = vec![0; MAGIC.len()];
    reader.read_exact(&mut magic)?;
    if magic != MAGIC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a framed folder",
        ));
    }
    let mut files: Vec<(String, Box<dyn evidence::archive::ReadSeek>)> = Vec::new();
    let mut at = MAGIC.len() as u64;
    loop {
        let mut length = [0; 2];
        reader.seek(SeekFrom::Start(at))?;
        match reader.read(&mut length[..1])? {
            0 => break,
            _ => reader.read_exact(&mut length[1..])?,
        }
        let mut name = vec![0; usize::from(u16::from_be_bytes(length))];
        reader.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut size = [0; 8];
        reader.read_exact(&mut size)?;
        let (start, size) = (at + 10 + name.len() as u64, u64::from_be_bytes(size));
        files.push((
            name,
            Box::new(Window {
                inner: open()?,
                start,
                length: size,
                at: 0,
            }),
        ));
        at = start + size;
    }
    Ok(ExportFiles::open_files(files))
}
