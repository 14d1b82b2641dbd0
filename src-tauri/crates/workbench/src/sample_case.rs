//! The sample case: six weeks of signed exports, built from a fixed seed and imported as
//! anybody's would be.

use std::path::{Path, PathBuf};

use sample::{SampleCase, Scale};
use vault::Role;

use crate::view::{PinKey, SampleView};
use crate::{Error, Workbench};

/// Passphrase of every member of the sample case. It protects nothing: the sample's signing keys
/// come from a fixed seed.
const PASSPHRASE: &str = "sample case";

/// Exports of the sample case, beside its workspace.
const EXPORTS: &str = "sample-exports";
const WORKSPACE: &str = "sample-case";
/// End of the names that both have until they are whole. Whatever has a name without it stays, whoever made it.
const BUILDING: &str = "building";

/// Whether a workspace is the sample case of this machine.
pub(crate) fn is_sample(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == WORKSPACE)
        && dir
            .parent()
            .is_some_and(|parent| parent.join(EXPORTS).is_dir())
}

impl Workbench {
    /// Opens the sample case; the first time it is built and imported. Of what is there already nothing is built anew:
    /// a workspace holds what people did in it.
    pub async fn open_sample(&self) -> Result<SampleView, Error> {
        let data = self.inner.bench.environment.data_dir.clone();
        let (dir, exports) = (data.join(WORKSPACE), data.join(EXPORTS));
        if !(dir.exists() && exports.is_dir()) {
            self.lock().await?;
            let job = self
                .inner
                .bench
                .jobs
                .begin("sample", "sample case".into(), "steps");
            let result = self.build_sample(&dir, &exports).await;
            job.end(
                &result
                    .as_ref()
                    .map(|()| "the sample case is ready".to_owned())
                    .map_err(Clone::clone),
            );
            result?;
        }
        let members = vault::key_files(&dir);
        let first = members
            .iter()
            .find(|(_, role)| *role == Role::Custodian)
            .map(|m| m.0.clone());
        self.open_workspace(dir.display().to_string(), first, PASSPHRASE.into())
            .await?;
        self.sample_view(&exports).await
    }

    async fn build_sample(&self, dir: &Path, exports: &Path) -> Result<(), Error> {
        let building = exports.with_extension(BUILDING);
        let at = building.clone();
        let case = tokio::task::spawn_blocking(move || -> Result<SampleCase, Error> {
            // What an interrupted try left has a name of its own.
            clear(&at)?;
            files::Folder::make(&at).map_err(|e| Error::io("could not create", &at, &e))?;
            sample::build(&at, Scale::default()).map_err(|e| {
                Error::failed(
                    format!("the sample case could not be written: {e}"),
                    "check the disk's room",
                )
            })
        })
        .await
        .map_err(|_| intake::stopped())??;
        if !dir.exists() {
            let workspace = dir.with_extension(BUILDING);
            clear(&workspace)?;
            let filled = self.fill_sample(&workspace, case).await;
            self.lock().await?;
            self.forget(&workspace);
            filled?;
            place(&workspace, dir)?;
        }
        if !exports.exists() {
            place(&building, exports)?;
        }
        Ok(())
    }

    /// Makes the workspace and imports the exports that are not kept back.
    async fn fill_sample(&self, workspace: &Path, case: SampleCase) -> Result<(), Error> {
        let others = [
            (Role::Reviewer, PASSPHRASE.to_owned()),
            (Role::Responder, PASSPHRASE.to_owned()),
        ];
        self.create(workspace, PASSPHRASE.into(), &others).await?;
        for (origin, vkey) in &case.pins {
            let pin = PinKey {
                origin: Some(origin.clone()),
                ..PinKey::of(vkey, sample::schema_of(origin))
            };
            self.trust_pin(pin, None).await?;
        }
        self.set_trail(case.trail.policy.display().to_string())
            .await?;
        let paths = case.first.iter().map(|p| p.display().to_string()).collect();
        self.import_now(paths).await.map(drop)
    }

    async fn sample_view(&self, exports: &Path) -> Result<SampleView, Error> {
        let start = self.start().await?;
        let workspace = start.open.ok_or_else(Error::locked)?;
        let second = workspace.members.iter().find(|m| m.role == "reviewer");
        Ok(SampleView {
            passphrase: PASSPHRASE.into(),
            second_member: second.map(|m| m.id.clone()).unwrap_or_default(),
            exports: further(exports).display().to_string(),
            workspace,
        })
    }
}

/// Folder with the exports that are kept back.
fn further(exports: &Path) -> PathBuf {
    exports.join("further")
}

/// Removes what an interrupted try left under a name that only it has.
fn clear(left: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(left) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("could not clear", left, &error))
        }
        _ => Ok(()),
    }
}

fn place(built: &Path, at: &Path) -> Result<(), Error> {
    std::fs::rename(built, at).map_err(|e| Error::io("could not put the sample case at", at, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::OpenIncident;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_workspace_that_is_there_stays_when_its_exports_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = crate::Environment::new(
            chrono::Utc::now,
            || crate::Environment::of_this_machine().entropy(),
            folder.path().join("state"),
            folder.path().join("data"),
        );
        environment.argon2_kib = 64 * 1024;
        let bench = Workbench::new(environment);
        let data = folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        let dir = data.join(WORKSPACE);
        let made = bench.create(&dir, PASSPHRASE.into(), &[]).await.unwrap();
        let open = OpenIncident {
            title: "What somebody worked on".into(),
            pin: Vec::new(),
        };
        bench.open_incident(open).await.unwrap();
        // What an interrupted try left under the names that only it has goes.
        let left = data.join("sample-exports.building");
        std::fs::create_dir_all(left.join("half")).unwrap();
        let opened = bench.open_sample().await.unwrap();
        assert_eq!(opened.workspace.vault, made.workspace.vault);
        assert!(opened.workspace.sample && data.join(EXPORTS).is_dir());
        assert!(!left.exists());
        assert_eq!(bench.incidents().await.unwrap().total, 1);
    }
}
