//! The workspace that a command works in: which one it is, who opens it, and how it is left.

use std::future::Future;
use std::path::PathBuf;

use clap::Args;
use workbench::{Code, Environment, Error, Workbench};

use crate::answer::Answer;
use crate::{passphrase, progress, screen};

/// Who is asked for a passphrase where no member was named.
pub(crate) const FIRST_CUSTODIAN: &str = "the first custodian";

/// What every command may be given.
#[derive(Debug, Args)]
pub(crate) struct Session {
    /// Folder of the workspace.
    #[arg(
        long,
        global = true,
        env = "MUNIMENT_WORKSPACE",
        hide_env_values = true,
        value_name = "DIR"
    )]
    workspace: Option<PathBuf>,
    /// Member who acts; unless named, the one whose key file the passphrase opens.
    #[arg(
        long,
        global = true,
        env = "MUNIMENT_MEMBER",
        hide_env_values = true,
        value_name = "ID"
    )]
    member: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// With what a workspace is opened.
pub(crate) struct Opening {
    /// Folder of the workspace.
    pub(crate) dir: String,
    /// Member who acts, where one was named.
    pub(crate) member: Option<String>,
    /// Their passphrase.
    pub(crate) passphrase: String,
}

/// A workbench on which nothing is open.
pub(crate) fn new_bench() -> Workbench {
    Workbench::new(Environment::of_this_machine())
}

impl Session {
    /// Whether a workspace was named.
    pub(crate) fn names_workspace(&self) -> bool {
        self.workspace.is_some()
    }

    /// Folder of the workspace.
    pub(crate) fn dir(&self) -> Result<String, Error> {
        self.workspace
            .as_ref()
            .map(|dir| dir.display().to_string())
            .ok_or_else(|| {
                Error::new(
                    Code::Invalid,
                    "no workspace was named",
                    "give --workspace DIR or set MUNIMENT_WORKSPACE",
                )
            })
    }

    /// Folder, member and passphrase; `who` is asked for it where no member was named.
    pub(crate) fn opening(&self, who: &str) -> Result<Opening, Error> {
        Ok(Opening {
            dir: self.dir()?,
            member: self.member.clone(),
            passphrase: passphrase::own(self.member.as_deref().unwrap_or(who))?,
        })
    }

    /// Opens the workspace, and hands back what opened it.
    pub(crate) async fn open(&self, bench: &Workbench) -> Result<Opening, Error> {
        let opening = self.opening(FIRST_CUSTODIAN)?;
        opening.open(bench).await?;
        Ok(opening)
    }

    /// Waits for what is done in the open workspace, while the terminal shows how far it is, and locks it.
    pub(crate) async fn within(
        &self,
        bench: &Workbench,
        work: impl Future<Output = Result<Answer, Error>>,
    ) -> Result<Answer, Error> {
        let answer = progress::watched(bench, work).await;
        self.end(bench, answer).await
    }

    /// Says what the workspace said of itself, and locks it.
    pub(crate) async fn end(
        &self,
        bench: &Workbench,
        answer: Result<Answer, Error>,
    ) -> Result<Answer, Error> {
        // An error of --json stands alone on standard error.
        if answer.is_ok() || !self.json {
            bench
                .remarks()
                .iter()
                .for_each(|remark| screen::remark(remark));
        }
        bench.lock().await?;
        answer
    }
}

impl Opening {
    /// Opens the workspace.
    pub(crate) async fn open(&self, bench: &Workbench) -> Result<(), Error> {
        let opened = bench.open_workspace(
            self.dir.clone(),
            self.member.clone(),
            self.passphrase.clone(),
        );
        opened.await.map(|_| ())
    }
}
