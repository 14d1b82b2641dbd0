//! The source files that are at hand.

use std::sync::{Arc, LazyLock};

use thiserror::Error;

use crate::source::SourceFile;

/// The id of the pseudo source for records of which nothing is known: each is one unclassified
/// field.
pub const GENERIC_ID: &str = "unclassified";

/// Every file of `schemas/sources`, listed by the build script.
const BUILTIN: &[&[u8]] = &include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

static PARSED: LazyLock<Vec<Arc<SourceFile>>> = LazyLock::new(|| {
    let parse = |bytes: &&[u8]| {
        // They are part of the program, and a test reads each; no input reaches this.
        SourceFile::parse(bytes).unwrap_or_else(|error| panic!("built-in source file: {error}"))
    };
    BUILTIN.iter().map(parse).map(Arc::new).collect()
});

/// This id and version is there already, with another content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "source file {id} version {version} is there already with another content; a change needs a new version"
)]
pub struct ConflictingVersion {
    /// The id.
    pub id: String,
    /// The version.
    pub version: u32,
}

/// A set of source files, by id and version. Cloning shares the files.
#[derive(Clone, Debug)]
pub struct Catalogue {
    files: Vec<Arc<SourceFile>>,
}

impl Catalogue {
    /// The files that come with the program.
    pub fn builtin() -> Self {
        Self {
            files: PARSED.clone(),
        }
    }

    /// Adds a file. The same file twice is no change.
    pub fn add(&mut self, file: SourceFile) -> Result<(), ConflictingVersion> {
        if let Some(there) = self.get(&file.id, Some(file.version)) {
            if there.digest == file.digest {
                return Ok(());
            }
            return Err(ConflictingVersion {
                id: file.id,
                version: file.version,
            });
        }
        self.files.push(Arc::new(file));
        Ok(())
    }

    /// The file of this id and version; without a version, the newest.
    pub fn get(&self, id: &str, version: Option<u32>) -> Option<&SourceFile> {
        self.files
            .iter()
            .filter(|file| file.id == id && version.is_none_or(|version| file.version == version))
            .max_by_key(|file| file.version)
            .map(AsRef::as_ref)
    }

    /// Versions of a source file after the one given. Empty for the newest.
    pub fn newer<'a>(&'a self, source: &SourceFile) -> Vec<&'a SourceFile> {
        self.files
            .iter()
            .filter(|file| file.version > source.version && file.id == source.id)
            .map(AsRef::as_ref)
            .collect()
    }

    /// The file whose classes decide about records that were committed under `version` of `id`: the
    /// newest one, so that an older version never shows more of a field than the newest allows.
    /// `None` when that version is not known, so that nothing may be said of its fields.
    pub fn governing(&self, id: &str, version: u32) -> Option<&SourceFile> {
        self.get(id, Some(version))?;
        self.get(id, None)
    }

    /// Whether some version of a source file spells every path of a record. One that has another path
    /// leaves the vault only as a leaf hash: its entry would carry names that somebody chose when the
    /// record was written.
    pub fn spells_all<'p>(&self, id: &str, paths: impl IntoIterator<Item = &'p str>) -> bool {
        let versions = || self.files.iter().filter(|file| file.id == id);
        versions().next().is_some()
            && paths
                .into_iter()
                .all(|path| versions().any(|file| file.spells(path)))
    }

    /// Puts in a file of the workspace's own, in the place of a built-in one of the same id and
    /// version: the workspace's records were minimised by it.
    pub fn put(&mut self, file: SourceFile) {
        self.files
            .retain(|there| (there.id.as_str(), there.version) != (file.id.as_str(), file.version));
        self.files.push(Arc::new(file));
    }

    /// Whether this very file came with the program.
    pub fn is_builtin(file: &SourceFile) -> bool {
        PARSED.iter().any(|one| one.digest == file.digest)
    }

    /// The pseudo source for records of which nothing is known.
    pub fn generic() -> &'static SourceFile {
        let is_generic = |file: &&Arc<SourceFile>| file.id == GENERIC_ID;
        PARSED.iter().find(is_generic).map_or_else(
            || unreachable!("the catalogue's own list holds the pseudo source"),
            |file| file.as_ref(),
        )
    }

    /// The file that an `@schema` value names.
    pub fn by_schema(&self, schema_value: &str) -> Option<&SourceFile> {
        self.files
            .iter()
            .find(|file| file.schema_value() == schema_value)
            .map(AsRef::as_ref)
    }

    /// Record types that are heartbeats, in any version: (source file id, record type).
    pub fn heartbeats(&self) -> Vec<(String, String)> {
        let of_file = |file: &Arc<SourceFile>| {
            let beats = file.record_types().iter().filter(|one| one.heartbeat);
            let pairs: Vec<_> = beats
                .map(|one| (file.id.clone(), one.name.clone()))
                .collect();
            pairs
        };
        let mut all: Vec<_> = self.files.iter().flat_map(of_file).collect();
        all.sort();
        all.dedup();
        all
    }

    /// The newest version of every file.
    pub fn newest(&self) -> impl Iterator<Item = &SourceFile> {
        self.all().filter(|file| {
            !self
                .files
                .iter()
                .any(|one| one.id == file.id && one.version > file.version)
        })
    }

    /// Every file.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &SourceFile> {
        self.files.iter().map(AsRef::as_ref)
    }
}
