//! The source files at hand: those that came with the program and those that the workspace added.

use std::collections::{BTreeMap, BTreeSet};

use sources::{Catalogue, GENERIC_ID, SourceFile};
use vault::{OwnSource, Vault};

use crate::Error;
use crate::text::{count, time};
use crate::view::{SourceFileView, SourceVersionView};

/// The source files at hand.
#[derive(Debug)]
pub struct Known {
    /// Built-in and own ones.
    pub catalogue: Catalogue,
    /// Imports whose records do not name their source file, and the one they are read as.
    pub assigned: BTreeMap<i64, String>,
    own: Vec<OwnSource>,
}

impl Known {
    /// Those that came with the program, and no others.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            catalogue: Catalogue::builtin(),
            assigned: BTreeMap::new(),
            own: Vec::new(),
        }
    }

    /// Reads the workspace's own files. One that is damaged is left out, and what it classified stays
    /// hidden; fsck names it.
    pub async fn of(vault: &Vault) -> Result<Self, Error> {
        let mut catalogue = Catalogue::builtin();
        let own = vault.own_sources().await?;
        for kept in &own {
            match SourceFile::parse(&kept.body) {
                Ok(file) if file.digest == kept.digest && file.id == kept.id => catalogue.put(file),
                Ok(_) => {
                    tracing::error!(
                        id = kept.id,
                        "an own source file is not the one that was added"
                    );
                }
                Err(error) => tracing::error!(%error, "an own source file cannot be read"),
            }
        }
        let assigned = vault.assigned_sources().await?;
        Ok(Self {
            catalogue,
            assigned,
            own,
        })
    }

    /// The file whose classes decide about a record of `import` that names `id` and `version`.
    pub fn of_record(&self, import: i64, id: &str, version: u32) -> &SourceFile {
        let assigned = || {
            let source = self.assigned.get(&import)?;
            self.catalogue.get(source, None)
        };
        match id {
            GENERIC_ID => assigned(),
            id => self.catalogue.governing(id, version),
        }
        .unwrap_or_else(|| Catalogue::generic())
    }

    /// As the shells show it.
    pub fn view(&self, file: &SourceFile) -> SourceFileView {
        let mut versions: Vec<SourceVersionView> = self
            .catalogue
            .all()
            .filter(|one| one.id == file.id)
            .map(|one| {
                let own = self.own_of(one);
                SourceVersionView {
                    version: one.version,
                    digest: one.digest.to_hex(),
                    own: own.is_some(),
                    at: own.map(|own| time(own.at)),
                    by: own.map(|own| own.actor.clone()),
                    reason: own.and_then(|own| own.reason.clone()),
                }
            })
            .collect();
        versions.sort_by_key(|one| std::cmp::Reverse(one.version));
        SourceFileView {
            id: file.id.clone(),
            version: file.version,
            title: file.title.clone(),
            summary: file.summary.clone(),
            digest: file.digest.to_hex(),
            own: self.own_of(file).is_some(),
            fields: count(file.fields().len()),
            record_types: count(file.record_types().len()),
            lifecycles: count(file.lifecycles().len()),
            versions,
        }
    }

    fn own_of(&self, file: &SourceFile) -> Option<&OwnSource> {
        (self.own.iter()).find(|own| own.id == file.id && own.version == file.version)
    }

    /// The file with this id; without a version, the newest.
    ///
    /// # Errors
    /// When there is none; the hint names those there are.
    pub fn found(&self, id: &str, version: Option<u32>) -> Result<&SourceFile, Error> {
        self.catalogue.get(id, version).ok_or_else(|| {
            let known: BTreeSet<&str> = self.catalogue.all().map(|one| one.id.as_str()).collect();
            let known: Vec<&str> = known.into_iter().collect();
            Error::not_found(
                match version {
                    Some(version) => format!("source file {id} version {version}"),
                    None => format!("source file {id}"),
                },
                format!("known source files: {}", known.join(", ")),
            )
        })
    }
}
