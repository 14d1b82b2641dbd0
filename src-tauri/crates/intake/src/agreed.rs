//! Manifests that come after the files they list, or are mended: they raise what came before, as a key does that is pinned
//! later.

use std::path::PathBuf;
use std::sync::Arc;

use evidence::{Assurance, Hash};
use serde_json::json;
use vault::Act;

use crate::foreign::inside;
use crate::held::HASH_MISMATCH;
use crate::imported::Outcome;
use crate::input::{self, Input, Listed, ListedBytes};
use crate::sealed as copy;
use bench::{Bench, Error};
use standing::Workspace;

/// What a manifest makes of a file whose bytes came before, as this import. `archive` is the digest of the archive that it
/// lies in now.
pub(crate) async fn known(
    bench: &Bench,
    workspace: &Arc<Workspace>,
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
            inside(Box::new(sealed)).await?.ok()
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

/// What a manifest makes of a file that was not asked for: it may have come before.
pub(crate) async fn listed(
    bench: &Bench,
    workspace: &Arc<Workspace>,
    file: PathBuf,
    listed: &Listed,
) -> Result<Outcome, Error> {
    let vault = &workspace.vault;
    vault.settle().await?;
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
    let name = file.display().to_string();
    Ok(Outcome::Failed(match held {
        Some(held) => input::held_back(name, listed, held.id),
        None if file.exists() => input::not_yet(name, listed),
        None => input::absent(name, listed),
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
