//! Imports that were cut off: by a crash, a full disk, a window that was closed. The sealed copy of the file
//! they had come to is still here; they are resumed from it, or discarded.

use std::sync::Arc;

use vault::{Intake, SealedFile};

use crate::input::Input;
use crate::turn::Taken;
use bench::Error;
use bench::jobs::lock;
use bench::text::{count, files, time};
use bench::view::InterruptedView;
use standing::Workspace;

/// Those that nobody is working on.
pub(crate) async fn of(workspace: &Workspace) -> Result<Vec<Intake>, Error> {
    let all = workspace.vault.intakes().await;
    let mut all = all?;
    // While one runs or is about to, its own entry is no interruption.
    let taken = lock(&workspace.taken).clone();
    all.retain(|intake| !taken.contains(&intake.id));
    Ok(all)
}

/// An import that was cut off, taken by whoever asks.
pub async fn find(workspace: &Arc<Workspace>, id: u32) -> Result<(Intake, Taken), Error> {
    let gone = || {
        Error::not_found(
            format_args!("interrupted import {id}"),
            "it may have been resumed or discarded already",
        )
    };
    // Taken before it is looked at: nobody ends it in between.
    let taken = Taken::take(workspace, i64::from(id)).ok_or_else(gone)?;
    let all = workspace.vault.intakes().await;
    let mut all = all?.into_iter();
    let found = all.find(|i| i.id == i64::from(id)).ok_or_else(gone)?;
    Ok((found, taken))
}

/// Those that nobody is working on, as the shells show them.
pub async fn views(workspace: &Workspace) -> Result<Vec<InterruptedView>, Error> {
    Ok(of(workspace).await?.into_iter().map(view).collect())
}

fn view(intake: Intake) -> InterruptedView {
    let input = intake
        .current
        .and_then(|c| serde_json::from_value::<Input>(c).ok());
    let file = input.map(|input| input.name);
    let mut words = format!(
        "The import of {} was interrupted",
        crate::turn::title(&intake.paths)
    );
    match (&file, intake.ended) {
        (Some(file), 0) => words.push_str(&format!(" at {file}, which is sealed here")),
        (Some(file), n) => words.push_str(&format!(
            " after {}, at {file}, which is sealed here",
            files(usize::try_from(n).unwrap_or(usize::MAX))
        )),
        (None, 0) => words.push_str(" before any file was sealed"),
        (None, n) => words.push_str(&format!(
            " after {}",
            files(usize::try_from(n).unwrap_or(usize::MAX))
        )),
    }
    InterruptedView {
        id: count(intake.id),
        words,
        paths: intake.paths,
        ended: count(intake.ended),
        file,
        by: intake.actor,
        at: time(intake.begun),
    }
}

/// The sealed copy that a resumed import begins with.
pub(crate) async fn sealed(
    workspace: &Workspace,
    resumed: Option<Intake>,
) -> Result<Option<(Input, SealedFile)>, Error> {
    let Some((id, current)) = resumed.and_then(|i| Some((i.sealed?, i.current?))) else {
        return Ok(None);
    };
    let Ok(input) = serde_json::from_value::<Input>(current) else {
        // Of an older version: it is read from its source again.
        return Ok(None);
    };
    let sealed = workspace.vault.sealed_file(&id).await;
    Ok(Some((input, sealed?)))
}
