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

/// Marks the folder of a sample case, beside its workspace.
const EXPORTS: &str = "sample-exports";
const WORKSPACE: &str = "sample-case";

/// Whether a workspace is the sample case of this machine.
pub(crate) fn is_sample(dir: &Path) -> bool {
    dir.file_name().is_some_and(|name| name == WORKSPACE)
        && dir
            .parent()
            .is_some_and(|parent| parent.join(EXPORTS).is_dir())
}

impl Workbench {
    /// Opens the sample case; the first time it is built and imported.
    pub async fn open_sample(&self) -> Result<SampleView, Error> {
        let data = self.inner.environment.data_dir.clone();
        let (dir, exports) = (data.join(WORKSPACE), data.join(EXPORTS));
        if dir.join("vault.json").is_file() && exports.is_dir() {
            let members = vault::key_files(&dir);
            let first = members
                .iter()
                .find(|(_, role)| *role == Role::Custodian)
                .map(|m| m.0.clone());
            self.open_workspace(dir.display().to_string(), first, PASSPHRASE.into())
                .await?;
            return self.sample_view(&exports).await;
        }
        self.lock().await?;
        let job = self
            .inner
            .jobs
            .begin("sample", "sample case".into(), "steps");
        let result = self.build_sample(&dir, &exports).await;
        job.end(
            &result
                .as_ref()
                .map(|_| "the sample case is ready".to_owned())
                .map_err(Clone::clone),
        );
        result
    }

    async fn build_sample(&self, dir: &Path, exports: &Path) -> Result<SampleView, Error> {
        // What an interrupted first try left is ours and holds nothing of anybody's.
        for left in [dir, exports] {
            if left.exists() {
                std::fs::remove_dir_all(left)
                    .map_err(|e| Error::io("could not clear", left, &e))?;
            }
        }
        let building = exports.with_extension("building");
        let at = building.clone();
        let case = tokio::task::spawn_blocking(move || -> Result<SampleCase, Error> {
            if at.exists() {
                std::fs::remove_dir_all(&at).map_err(|e| Error::io("could not clear", &at, &e))?;
            }
            files::Folder::make(&at).map_err(|e| Error::io("could not create", &at, &e))?;
            sample::build(&at, Scale::default()).map_err(|e| {
                Error::failed(
                    format!("the sample case could not be written: {e}"),
                    "check the disk's room",
                )
            })
        })
        .await
        .map_err(|_| crate::import::stopped())??;
        let others = [
            (Role::Reviewer, PASSPHRASE.to_owned()),
            (Role::Responder, PASSPHRASE.to_owned()),
        ];
        self.create(dir, PASSPHRASE.into(), &others).await?;
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
        self.import_now(paths).await?;
        std::fs::rename(&building, exports)
            .map_err(|e| Error::io("could not put the exports at", exports, &e))?;
        // Opened again, now that the folder beside it says what it is.
        let members = vault::key_files(dir);
        let first = members
            .iter()
            .find(|(_, role)| *role == Role::Custodian)
            .map(|m| m.0.clone());
        self.open_workspace(dir.display().to_string(), first, PASSPHRASE.into())
            .await?;
        self.sample_view(exports).await
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
