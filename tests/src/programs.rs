//! The product's own programs and how tests run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Path of a built program of this workspace.
///
/// # Panics
/// If it was not built: `cargo xtask test` builds both before the tests.
pub fn built(name: &str, variable: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("target/PROFILE/deps/TEST");
    let path = profile.join(name);
    assert!(
        path.exists(),
        "{} is not built: run `cargo build -p muniment -p muniment-desktop`, or `cargo xtask test`",
        path.display()
    );
    path
}

/// The `muniment` program.
pub fn muniment() -> PathBuf {
    built("muniment", "MUNIMENT_BIN")
}

/// The window's program.
pub fn desktop() -> PathBuf {
    built("muniment-desktop", "MUNIMENT_DESKTOP_BIN")
}

/// A terminal with its own home, state folder and workspace.
pub struct Terminal {
    /// Folder everything of this terminal lives in.
    pub home: PathBuf,
    /// Workspace folder.
    pub workspace: PathBuf,
}

/// Passphrase of the first member in tests.
pub const PASSPHRASE: &str = "correct horse battery staple";
/// Passphrase of the second member in tests.
pub const SECOND_PASSPHRASE: &str = "second horse battery staple";

impl Terminal {
    /// A terminal whose home is `home`; nothing is created yet.
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_path_buf(),
            workspace: home.join("case"),
        }
    }

    /// `muniment` with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(muniment());
        command
            .args(arguments)
            .current_dir(&self.home)
            .env("HOME", &self.home)
            .env("XDG_STATE_HOME", self.home.join("state"))
            .env("XDG_DATA_HOME", self.home.join("data"))
            .env("MUNIMENT_WORKSPACE", &self.workspace)
            .env("MUNIMENT_PASSPHRASE", PASSPHRASE)
            .env("MUNIMENT_SECOND_PASSPHRASE", SECOND_PASSPHRASE);
        command
    }

    /// Runs `muniment` to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("muniment starts")
    }

    /// Runs `muniment --json` and gives exit code and document. The command comes first, then its
    /// options.
    ///
    /// # Panics
    /// If what it prints is not one JSON document of the command's schema.
    pub fn json(&self, arguments: &[&str]) -> (i32, serde_json::Value) {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let output = self.run(&all);
        let code = output.status.code().unwrap_or(-1);
        match serde_json::from_slice(&output.stdout) {
            Ok(document) => {
                crate::shapes::check(crate::shapes::of(arguments), &document);
                (code, document)
            }
            Err(error) => panic!(
                "muniment {arguments:?} (exit {code}) printed no JSON ({error}): {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }

    /// Runs `muniment --json` and expects exit 0.
    ///
    /// # Panics
    /// If it exits otherwise.
    pub fn done(&self, arguments: &[&str]) -> serde_json::Value {
        let (code, document) = self.json(arguments);
        assert_eq!(code, 0, "muniment {arguments:?}: {document:#}");
        document
    }
    /// Runs `muniment --json`, which cannot do it, and gives exit code and the error it prints on
    /// standard error.
    ///
    /// # Panics
    /// If it exits with 0, prints a document nonetheless, or says no error of the schema.
    pub fn refused(&self, arguments: &[&str]) -> (i32, serde_json::Value) {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let output = self.run(&all);
        let code = output.status.code().unwrap_or(-1);
        assert!(
            code != 0 && output.stdout.is_empty(),
            "muniment {arguments:?} was to fail: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        let error = serde_json::from_slice(&output.stderr).unwrap_or_else(|error| {
            panic!(
                "muniment {arguments:?} (exit {code}) said no JSON ({error}): {}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        crate::shapes::check(crate::shapes::ERROR, &error);
        (code, error)
    }
}
