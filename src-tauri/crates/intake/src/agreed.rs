//! Manifests that come after the files they list, or are mended: they raise what came before, as a key does that is pinned
//! later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evidence::{Assurance, Hash};
use serde_json::json;
use vault::Act;

use crate::foreign::inside;
use crate::held::HASH_MISMATCH;
use crate::imported::Outcome;
use crate::input::{self, Input, Listed, ListedBytes};
use crate::sealed as copy;
use bench::jobs::Job;
use bench::view::NotImportedView;
use bench::{Bench, Error};
use standing::Workspace;

/// What a manifest makes of a file whose bytes came before, as this import. `archive` is the digest of the archive that it
/// lies in now.
pub(crate) async fn known(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    job: &Arc<Job>,
    input: &Input,
    import: i64,
    archive: Option<Hash>,
) -> Result<Outcome, Error> {
    let known = || Outcome::Known(import, input.name.clone());
    let Some(listed) = &input.manifest else {
        return Ok(known());
    };
    // It may have come in this very group.
    workspace.vault.settle().await?;
    let before = workspace.vault.import(import).await?;
    let found = match listed.of {
        ListedBytes::File => Some(before.sha256),
        ListedBytes::Archive => archive,
        // Of a file in an archive only its own bytes are asked for.
        ListedBytes::Inside if before.member.is_some() => None,
        ListedBytes::Inside => {
            let sealed = copy::open(workspace, &before.original).await?;
            let read = inside(Box::new(copy::Wanted::new(sealed, job))).await?;
            job.check()?;
            read.ok()
        }
    };
    match found {
        Some(found) if found == listed.digest => {
            agree(bench, workspace, import, listed).await?;
            Ok(known())
        }
        Some(_) => Ok(Outcome::Failed(input::other_bytes(
            input.name.clone(),
            listed,
        ))),
        None => Ok(known()),
    }
}

/// What manifests make of files that were not asked for: they may have come before. Those that are nowhere are named, as
/// far as anybody reads such a list, and counted.
#[derive(Default)]
pub(crate) struct NotAskedFor {
    pub(crate) outcomes: Vec<Outcome>,
    named: usize,
    /// By the manifest that lists them.
    unnamed: BTreeMap<String, u64>,
}

impl NotAskedFor {
    /// Digests looked for at once.
    const AT_ONCE: usize = 1_000;
    /// Files that are named.
    const NAMED: usize = 1_000;

    pub(crate) async fn of(
        bench: &Bench,
        workspace: &Arc<Workspace>,
        job: &Job,
        listed: Vec<(PathBuf, Listed)>,
    ) -> Result<Self, Error> {
        let mut all = Self::default();
        if listed.is_empty() {
            return Ok(all);
        }
        workspace.vault.settle().await?;
        for some in listed.chunks(Self::AT_ONCE) {
            job.check()?;
            let digests: Vec<Hash> = some.iter().map(|(_, listed)| listed.digest).collect();
            let known = workspace.vault.known_bytes(&digests).await?;
            for ((file, listed), known) in some.iter().zip(known) {
                if known {
                    job.check()?;
                    let outcome = self::listed(bench, workspace, file.clone(), listed).await?;
                    all.outcomes.push(outcome);
                } else {
                    all.nowhere(file, listed);
                }
            }
        }
        for (manifest, count) in std::mem::take(&mut all.unnamed) {
            let failed = input::many_absent(manifest, count);
            all.outcomes.push(Outcome::Failed(failed));
        }
        Ok(all)
    }

    fn nowhere(&mut self, file: &Path, listed: &Listed) {
        if self.named < Self::NAMED {
            self.named += 1;
            self.outcomes.push(Outcome::Failed(nowhere(file, listed)));
        } else {
            let manifest = listed.manifest.clone();
            *self.unnamed.entry(manifest).or_default() += 1;
        }
    }
}

/// A manifest lists bytes that never came.
fn nowhere(file: &Path, listed: &Listed) -> NotImportedView {
    let name = file.display().to_string();
    match file.exists() {
        true => input::not_yet(name, listed),
        false => input::absent(name, listed),
    }
}

/// What a manifest makes of a file whose bytes are known.
async fn listed(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    file: PathBuf,
    listed: &Listed,
) -> Result<Outcome, Error> {
    let vault = &workspace.vault;
    let import = vault.import_of(&listed.digest).await;
    if let Some(import) = import? {
        agree(bench, workspace, import, listed).await?;
        return Ok(Outcome::Known(import, input::name_of(&file)));
    }
    // An archive is no import itself; its manifest speaks for every file in it.
    let inside = vault.imports_in(&listed.digest).await?;
    if let Some(first) = inside.first() {
        let of = ListedBytes::Archive;
        let listed = Listed {
            of,
            ..listed.clone()
        };
        for import in &inside {
            agree(bench, workspace, *import, &listed).await?;
        }
        return Ok(Outcome::Known(*first, input::name_of(&file)));
    }
    let held = vault.held(&listed.digest, None).await?;
    let held = held.filter(|held| held.reason["code"] == HASH_MISMATCH);
    Ok(Outcome::Failed(match held {
        Some(held) => input::held_back(file.display().to_string(), listed, held.id),
        None => nowhere(&file, listed),
    }))
}

/// The manifest speaks for the import from now on, unless its records stand as well or better already, or a custodian
/// admitted them as what they are.
async fn agree(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    import: i64,
    listed: &Listed,
) -> Result<(), Error> {
    let vault = &workspace.vault;
    let standing = workspace.standing();
    let before = vault.import(import).await?;
    let stands = standing.of_import(import);
    let recommitted = match stands {
        Some(stands) => stands.recommitted,
        // It came in this very run.
        None => before.facts["assurance"].is_string(),
    };
    let raised = before.facts["assurance"] == Assurance::Unproven.word();
    if !recommitted || !raised || before.facts["admitted"].is_object() {
        return Ok(());
    }
    let hide = |text: &str| vault.hide_name(text).map_err(Error::from);
    let agreed = hide(&listed.words())?;
    let act = json!({
        "import": import,
        "file": hide(&before.name)?,
        "mark": before.mark.to_hex(),
        "manifest": hide(&listed.manifest)?,
        "agreed": agreed.as_str(),
        "assurance": Assurance::HashMatched.word(),
    });
    vault
        .write(bench.now(), move |tx| {
            tx.agree(import, &agreed)?;
            Ok(((), Act::new("import.agreed", act).into()))
        })
        .await
        .map_err(Error::from)
}
