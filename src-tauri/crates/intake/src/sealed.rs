//! Reading a file from its sealed copy: all of it, or one part of a sealed archive.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

use vault::{SealedFile, SealedReader};

use crate::input::Input;
use crate::input::Part;
use bench::Error;
use bench::jobs::{Job, lock};
use standing::Workspace;

/// A source that is being sealed: tells the job how far it is, stops when asked to, and remembers whether
/// it was the source that failed and not the disk that is written to.
pub(crate) struct Watched<R> {
    pub(crate) inner: R,
    pub(crate) job: Arc<Job>,
    pub(crate) failed: Arc<Mutex<Option<(String, &'static str)>>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        still_wanted(&self.job)?;
        let read = self.inner.read(out).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                *lock(&self.failed) = Some(crate::input::unreadable(error));
            }
        })?;
        self.job.files(|files| files.seal(read as u64));
        Ok(read)
    }
}

/// Reading ends where nobody wants it any more. Whoever is given this error asks the job, which says so in its words.
fn still_wanted(job: &Job) -> io::Result<()> {
    match job.is_cancelled() {
        true => Err(io::Error::other("cancelled")),
        false => Ok(()),
    }
}

/// A sealed copy that is read only as long as its job is wanted: whatever is made of the bytes, and however few of them
/// there are to something large.
pub(crate) struct Wanted<R> {
    inner: R,
    job: Arc<Job>,
}

impl<R> Wanted<R> {
    pub(crate) fn new(inner: R, job: &Arc<Job>) -> Self {
        Self {
            inner,
            job: Arc::clone(job),
        }
    }
}

impl<R: Read> Read for Wanted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        still_wanted(&self.job)?;
        self.inner.read(out)
    }
}

impl<R: Seek> Seek for Wanted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// The same, telling the job how far it was read.
pub(crate) struct Followed<R> {
    inner: R,
    job: Arc<Job>,
    at: u64,
    told: u64,
}

/// Bytes between two tellings.
const TELL: u64 = 1 << 18;

impl<R> Followed<R> {
    pub(crate) fn new(inner: R, job: &Arc<Job>) -> Self {
        Self {
            inner,
            job: Arc::clone(job),
            at: 0,
            told: 0,
        }
    }
}

impl<R: Read> Read for Followed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        still_wanted(&self.job)?;
        let n = self.inner.read(out)?;
        self.at += n as u64;
        if self.at >= self.told + TELL || n == 0 {
            self.told = self.at;
            self.job.files(|files| files.read_to(self.at));
        }
        Ok(n)
    }
}

impl<R: Seek> Seek for Followed<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        // Looking at the end is not having read up to it.
        self.told = self.told.max(self.at);
        Ok(self.at)
    }
}

pub(crate) async fn open(workspace: &Workspace, sealed: &str) -> Result<SealedReader, Error> {
    workspace
        .vault
        .open_sealed("original", sealed)
        .await
        .map_err(Error::from)
}

/// The bytes of an input that is no native export.
pub(crate) async fn bytes(
    workspace: &Workspace,
    job: &Arc<Job>,
    input: &Input,
    sealed: &SealedFile,
) -> Result<Box<dyn Read + Send>, Error> {
    let reader = open(workspace, &sealed.id).await?;
    match &input.part {
        Part::Member { entry, .. } => {
            let read = evidence::archive::read_member(Wanted::new(reader, job), entry);
            read.map_err(|error| unreadable_copy(input, &error))
        }
        _ => Ok(Box::new(Followed::new(reader, job))),
    }
}

/// The sealed copy itself fails: nothing is wrong with the file.
pub(crate) fn unreadable_copy(input: &Input, error: &io::Error) -> Error {
    Error::failed(
        format!(
            "the sealed copy of {} could not be read: {error}",
            input.name
        ),
        "check the disk, then import it again",
    )
}
