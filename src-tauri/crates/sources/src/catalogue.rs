//! The source files that are at hand.

use std::sync::{Arc, LazyLock};

use redaction::{Class, FieldRule};
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

    /// Every file.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &SourceFile> {
        self.files.iter().map(AsRef::as_ref)
    }
}

/// The rule of a field in a record of `source`, when `newer` versions of the file are known: an
/// older version cannot lower the class that a newer one gives a field, so that whoever names
/// the older one in a record shows no more by it.
pub fn rule_under<'a>(
    source: &'a SourceFile,
    newer: &[&'a SourceFile],
    path: &str,
) -> Option<&'a FieldRule> {
    let own = source.rule(path)?;
    let later = newer.iter().filter_map(|file| file.rule(path));
    // The first of those that conceal most is kept: the record's own file, where it does.
    Some(later.fold(own, |strictest, rule| {
        if concealment(rule.class) > concealment(strictest.class) {
            rule
        } else {
            strictest
        }
    }))
}

/// How much a class keeps from sight.
fn concealment(class: Class) -> u8 {
    match class {
        Class::C0 => 0,
        Class::C1 => 1,
        Class::C2 => 2,
        Class::H => 3,
        Class::C3 => 4,
        Class::C4 => 5,
        Class::Unknown => 6,
        Class::C5 => 7,
        Class::C6 => 8,
    }
}
