//! Which paths a person chose.
//!
//! The window's page has no file permission, but its commands take paths, and whoever got a script to run in the page
//! could name any. So a path counts only if it came from where a page cannot reach: a native dialog that this side opened,
//! a drop, or the list of workspaces that this side keeps. What is driven by automation is driven by somebody who has the
//! keyboard anyway, and native dialogs cannot be driven: there, typed paths count as chosen.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::{DialogExt as _, FileDialogBuilder, FilePath};
use workbench::seen::visible;
use workbench::view::StartView;
use workbench::{Code, Error};

use crate::commands::Shell;

/// The variable by which WebKit's driver tells the window that it is driven.
const AUTOMATION: &str = "TAURI_WEBVIEW_AUTOMATION";

/// What a path may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    /// Reading this file, or all that lies in this folder.
    Read,
    /// Writing this file.
    Write,
    /// Opening or creating a workspace in this folder.
    Open,
}

/// The paths chosen since the window opened or was locked last.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    paths: Mutex<BTreeSet<(Use, PathBuf)>>,
    driven: bool,
}

impl Chosen {
    /// None yet; whether typed paths count is read from the environment once.
    pub(crate) fn of_this_start() -> Self {
        Self {
            paths: Mutex::default(),
            driven: std::env::var_os(AUTOMATION).is_some_and(|value| value == "true"),
        }
    }

    fn paths(&self) -> MutexGuard<'_, BTreeSet<(Use, PathBuf)>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a choice.
    pub(crate) fn add(&self, what: Use, path: &Path) {
        self.paths().insert((what, path.to_path_buf()));
    }

    /// What the start screen offers may be opened. Whatever else was chosen ends with a lock.
    pub(crate) fn begin(&self, start: &StartView) {
        let mut paths = self.paths();
        if start.open.is_none() {
            paths.clear();
        }
        let offered = start.recent.iter().map(|recent| &recent.dir);
        for dir in offered.chain([&start.suggested_dir]) {
            paths.insert((Use::Open, PathBuf::from(dir)));
        }
    }

    /// Whether `path` was chosen for this.
    ///
    /// # Errors
    /// [`Code::Refused`] when it was not.
    pub(crate) fn check(&self, what: Use, path: &str) -> Result<(), Error> {
        if self.driven {
            return Ok(());
        }
        let path = Path::new(path);
        let paths = self.paths();
        let straight = path
            .components()
            .all(|part| !matches!(part, Component::ParentDir | Component::CurDir));
        let chosen = match what {
            Use::Read => {
                straight
                    && path
                        .ancestors()
                        .any(|above| paths.contains(&(what, above.to_path_buf())))
            }
            Use::Write | Use::Open => paths.contains(&(what, path.to_path_buf())),
        };
        if chosen {
            return Ok(());
        }
        Err(Error::new(
            Code::Refused,
            "the path was not chosen in a dialog of this window and not dropped on it",
            "choose it with the button beside the field",
        ))
    }
}

/// The arguments that hold paths.
pub(crate) trait Paths {
    /// Each path in it.
    fn each(&self) -> impl Iterator<Item = &str>;
}

impl Paths for String {
    fn each(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.as_str())
    }
}

impl Paths for Option<String> {
    fn each(&self) -> impl Iterator<Item = &str> {
        self.iter().map(String::as_str)
    }
}

impl Paths for Vec<String> {
    fn each(&self) -> impl Iterator<Item = &str> {
        self.iter().map(String::as_str)
    }
}

impl Paths for workbench::TrailRequest {
    fn each(&self) -> impl Iterator<Item = &str> {
        self.keys
            .iter()
            .chain(&self.location_map)
            .map(String::as_str)
    }
}

/// File types that a dialog offers.
#[derive(Clone, Debug, Serialize, Deserialize, Type)]
pub(crate) struct Filter {
    /// What they are called.
    name: String,
    /// Their endings, without the dot.
    extensions: Vec<String>,
}

/// Whether paths may be typed: only where the window is driven by automation.
#[tauri::command]
#[specta::specta]
pub(crate) async fn may_type_paths(shell: State<'_, Shell>) -> Result<bool, Error> {
    Ok(shell.chosen.driven)
}

/// Lets the user choose files to read; empty when they changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_files(
    app: AppHandle,
    shell: State<'_, Shell>,
    title: String,
    several: bool,
    filters: Vec<Filter>,
) -> Result<Vec<String>, Error> {
    let dialog = dialog(&app, title, &filters);
    let found = if several {
        asked(|done| dialog.pick_files(done)).await?
    } else {
        asked(|done| dialog.pick_file(done))
            .await?
            .map(|one| vec![one])
    };
    let found = found.unwrap_or_default();
    found
        .into_iter()
        .map(|path| remember(&shell.chosen, &[Use::Read], path))
        .collect()
}

/// Lets the user choose a folder: one to read from, or one that is or becomes a workspace.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_folder(
    app: AppHandle,
    shell: State<'_, Shell>,
    title: String,
    start: Option<String>,
    workspace: bool,
) -> Result<Option<String>, Error> {
    let mut dialog = dialog(&app, title, &[]);
    if let Some(start) = start {
        dialog = dialog.set_directory(start);
    }
    let what = if workspace { Use::Open } else { Use::Read };
    asked(|done| dialog.pick_folder(done))
        .await?
        .map(|path| remember(&shell.chosen, &[what], path))
        .transpose()
}

/// Lets the user choose where to write a file; none when they changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn choose_target(
    app: AppHandle,
    shell: State<'_, Shell>,
    title: String,
    name: String,
    filters: Vec<Filter>,
) -> Result<Option<String>, Error> {
    let dialog = dialog(&app, title, &filters).set_file_name(visible(&name));
    asked(|done| dialog.save_file(done))
        .await?
        .map(|path| remember(&shell.chosen, &[Use::Write], path))
        .transpose()
}

/// A dialog of the system, on which no text of a stranger acts.
fn dialog(app: &AppHandle, title: String, filters: &[Filter]) -> FileDialogBuilder<tauri::Wry> {
    let dialog = app.dialog().file().set_title(visible(&title));
    filters.iter().fold(dialog, |dialog, filter| {
        let endings: Vec<&str> = filter.extensions.iter().map(String::as_str).collect();
        dialog.add_filter(&filter.name, &endings)
    })
}

/// Waits for a dialog without holding a thread.
async fn asked<T: Send + 'static>(
    show: impl FnOnce(Box<dyn FnOnce(Option<T>) + Send>),
) -> Result<Option<T>, Error> {
    let (done, answer) = tokio::sync::oneshot::channel();
    show(Box::new(move |found| {
        // The page that asked may be gone.
        let _ = done.send(found);
    }));
    answer.await.map_err(|_| {
        Error::new(
            Code::Failed,
            "the system's file dialog closed without an answer",
            "try again",
        )
    })
}

fn remember(chosen: &Chosen, uses: &[Use], path: FilePath) -> Result<String, Error> {
    let unfit = || {
        Error::new(
            Code::Invalid,
            "the chosen place is no path of this machine in Unicode",
            "choose a file or folder with a name in Unicode",
        )
    };
    let path = path.into_path().map_err(|_| unfit())?;
    let text = path.to_str().ok_or_else(unfit)?.to_owned();
    for what in uses {
        chosen.add(*what, &path);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(driven: bool) -> Chosen {
        let chosen = Chosen {
            paths: Mutex::default(),
            driven,
        };
        chosen.add(Use::Read, Path::new("/home/you/exports"));
        chosen.add(Use::Write, Path::new("/home/you/review.zip"));
        chosen.add(Use::Open, Path::new("/home/you/case"));
        chosen
    }

    #[test]
    fn a_path_counts_for_what_it_was_chosen() {
        let chosen = given(false);
        for (what, path, fits) in [
            (Use::Read, "/home/you/exports", true),
            (Use::Read, "/home/you/exports/a/one.zip", true),
            (Use::Read, "/home/you/exports2/one.zip", false),
            (Use::Read, "/home/you/exports/../.ssh/id_ed25519", false),
            (Use::Read, "/home/you/review.zip", false),
            (Use::Read, "/etc/passwd", false),
            (Use::Read, "exports", false),
            (Use::Write, "/home/you/review.zip", true),
            (Use::Write, "/home/you/exports/one.zip", false),
            (Use::Write, "/home/you/.bashrc", false),
            (Use::Open, "/home/you/case", true),
            (Use::Open, "/home/you/case/sub", false),
            (Use::Open, "/home/you/exports", false),
        ] {
            assert_eq!(chosen.check(what, path).is_ok(), fits, "{what:?} {path}");
        }
    }

    #[test]
    fn typed_paths_count_only_where_the_window_is_driven() {
        assert!(given(true).check(Use::Read, "/etc/hosts").is_ok());
        let refused = given(false)
            .check(Use::Read, "/etc/hosts")
            .expect_err("it was typed");
        assert_eq!(refused.code, Code::Refused);
        assert!(!refused.message.contains("/etc"), "{refused}");
    }

    #[test]
    fn a_lock_ends_what_was_chosen_and_the_start_screen_offers_its_own() {
        let chosen = given(false);
        chosen.begin(&StartView {
            version: String::new(),
            open: None,
            recent: Vec::new(),
            suggested_dir: "/home/you/Muniment".into(),
        });
        assert!(chosen.check(Use::Open, "/home/you/Muniment").is_ok());
        assert!(chosen.check(Use::Open, "/home/you/case").is_err());
        assert!(
            chosen
                .check(Use::Read, "/home/you/exports/one.zip")
                .is_err()
        );
        assert!(chosen.check(Use::Write, "/home/you/review.zip").is_err());
    }
}
