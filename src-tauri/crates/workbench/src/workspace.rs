//! Creating, opening and locking workspaces; members; settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::Folder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::{Act, NewMember, NewVault, OpenError, OpenOptions, Role, Vault};

use crate::jobs::lock;
use crate::opening::open_error;
use crate::passphrase::judged;
use crate::view::{CreatedView, MemberView, RecentView, SettingsView, StartView, WorkspaceView};
use crate::{Error, Workbench};
use bench::Open;
use bench::known::Known;
use standing::{Standing, Workspace};

/// How many workspaces are remembered as recent.
const RECENT_KEPT: usize = 8;

/// `recent.json` in the state folder.
#[derive(Default, Serialize, Deserialize)]
struct Recent {
    dirs: Vec<PathBuf>,
    #[serde(default = "system")]
    theme: String,
}

fn system() -> String {
    "system".into()
}

impl Workbench {
    /// The first screen: what is open, or what could be.
    pub async fn start(&self) -> Result<StartView, Error> {
        let open = match self.inner.open.read().await.clone() {
            Some(workspace) => Some(workspace_view(&workspace).await?),
            None => None,
        };
        let recent = self.recent().dirs;
        Ok(StartView {
            version: env!("CARGO_PKG_VERSION").into(),
            open,
            recent: recent.iter().map(|dir| recent_view(dir)).collect(),
            suggested_dir: self
                .inner
                .bench
                .environment
                .data_dir
                .join("workspace")
                .display()
                .to_string(),
        })
    }

    /// Creates a workspace with its first custodian and a second member, and opens it.
    pub async fn create_workspace(
        &self,
        dir: String,
        passphrase: String,
        second_role: String,
        second_passphrase: String,
    ) -> Result<CreatedView, Error> {
        let second = match second_role.as_str() {
            "custodian" => Role::Custodian,
            "responder" => Role::Responder,
            "reviewer" => Role::Reviewer,
            _ => {
                return Err(Error::invalid(
                    "the second member's role is not known",
                    "choose custodian, responder or reviewer",
                ));
            }
        };
        judged("the first custodian", &passphrase, &[])?;
        judged("the second member", &second_passphrase, &[&passphrase])?;
        let members = [(second, second_passphrase)];
        self.create(Path::new(&dir), passphrase, &members).await
    }

    pub(crate) async fn create(
        &self,
        dir: &Path,
        passphrase: String,
        others: &[(Role, String)],
    ) -> Result<CreatedView, Error> {
        let environment = &self.inner.bench.environment;
        let cost = self.cost();
        let mut others = others.iter().map(|(role, passphrase)| NewMember {
            role: *role,
            name: None,
            passphrase: passphrase.clone(),
        });
        let new = NewVault {
            custodian: None,
            passphrase: passphrase.clone(),
            second: others.next(),
            cost,
        };
        let created = Vault::create(dir, &new, &mut *environment.entropy(), environment.now())
            .await
            .map_err(|error| open_error(&error))?;
        let first = created.members.first().cloned();
        let workspace = self
            .open_workspace(dir.display().to_string(), first, passphrase)
            .await?;
        let open = self.workspace().await?;
        for member in others {
            open.vault.enrol_member(member, cost, self.now()).await?;
        }
        let workspace = WorkspaceView {
            members: member_views(&open.vault).await?,
            ..workspace
        };
        Ok(CreatedView {
            workspace,
            recovery_key: created.recovery_key.to_text().to_string(),
        })
    }

    /// Opens a workspace as a member; without one, as the member whose key file the passphrase opens. One that is older than
    /// what is known of it is opened to look at it, and says so.
    pub async fn open_workspace(
        &self,
        dir: String,
        member: Option<String>,
        passphrase: String,
    ) -> Result<WorkspaceView, Error> {
        let _turn = self.inner.turning.lock().await;
        self.close_workspace().await;
        let opened = self.open_inside(dir, member, passphrase).await;
        if opened.is_err() {
            // What could not be opened to its end is not open.
            self.close_workspace().await;
        }
        opened
    }

    async fn open_inside(
        &self,
        dir: String,
        member: Option<String>,
        passphrase: String,
    ) -> Result<WorkspaceView, Error> {
        let environment = &self.inner.bench.environment;
        let opened = self.open_vault(
            &dir,
            member.clone(),
            passphrase.clone(),
            vault::Mode::Normal,
        );
        let opened = match opened.await {
            Err(error) if crate::opening::to_look_at(&error) => {
                let mode = vault::Mode::Inspect;
                self.open_vault(&dir, member, passphrase, mode).await
            }
            opened => opened,
        };
        let vault = opened.map_err(|error| open_error(&error))?;
        let dir = std::path::absolute(&dir).unwrap_or_else(|_| PathBuf::from(&dir));
        let older = crate::opening::older(&vault);
        if let Some(older) = &older {
            self.remark(older.words.clone());
        } else if vault.read_only() {
            self.remark(format!(
                "{} cannot be written: it is open for reading only",
                dir.display()
            ));
        }
        let index = follow::open_index(self.bench(), &vault).await?;
        let known = Arc::new(Known::of(&vault).await?);
        let systems = known.catalogue.all().map(|file| file.id.clone());
        let systems = systems.chain([crate::about::FILE_SYSTEM.to_owned()]);
        vault
            .seal_digests(systems.collect(), environment.now())
            .await?;
        let adopted = vault
            .adopt_rows(&incidents::fold, environment.now())
            .await?;
        // Not only where rows are made anew: a mark that nobody signed is said before anything is open.
        vault.rows_waiting().await?;
        let standing = Arc::new(Standing::compute(&vault, &known.catalogue, None).await?);
        let sample = crate::sample_case::is_sample(&dir);
        let open = Open::new(dir.clone(), vault, known, index, sample);
        let workspace = Arc::new(Workspace::new(open, standing));
        *self.inner.open.write().await = Some(Arc::clone(&workspace));
        self.remember(&dir);
        follow::catch_up(self.bench(), &workspace).await?;
        // Rows that a killed rebuild left waiting are made now, if this member can read the records.
        if workspace.vault.handle_key().is_ok() && !workspace.vault.read_only() {
            // One that fails must not lock everybody out: the rows go on waiting, and their job says why.
            if let Err(error) = remake::rebuild_waiting(self.bench(), &workspace).await {
                tracing::warn!(%error.message, "rows wait to be made anew");
            }
        }
        if let Some(adopted) = adopted {
            self.remark(adopted_words(adopted));
        }
        if let Some(ended) = bench::delivery::finish(&workspace).await? {
            self.remark(ended);
        }
        self.vault_changed();
        // What is older stands beside it in words of its own.
        let said = older.as_ref().map(|older| older.words.as_str());
        let mut remarks = self.remarks();
        remarks.retain(|remark| Some(remark.as_str()) != said);
        Ok(WorkspaceView {
            warning: (!remarks.is_empty()).then(|| remarks.join(". ")),
            older,
            ..workspace_view(&workspace).await?
        })
    }

    pub(crate) async fn open_vault(
        &self,
        dir: &str,
        member: Option<String>,
        passphrase: String,
        mode: vault::Mode,
    ) -> Result<Vault, OpenError> {
        let environment = &self.inner.bench.environment;
        let dir = std::path::absolute(dir).unwrap_or_else(|_| PathBuf::from(dir));
        let options = OpenOptions {
            member,
            passphrase,
            state_dir: environment.state_dir.clone(),
            entropy: environment.entropy(),
            mode,
            now: environment.now(),
        };
        Vault::open(&dir, options).await
    }

    /// Locks the workspace: ends what runs, waits for its end, and forgets keys, reports and what jobs were called. Nothing of
    /// it can be asked for from the moment this is called.
    pub async fn lock(&self) -> Result<StartView, Error> {
        let turn = self.inner.turning.lock().await;
        self.close_workspace().await;
        drop(turn);
        self.start().await
    }

    async fn close_workspace(&self) {
        let workspace = self.inner.open.write().await.take();
        if let Some(workspace) = workspace {
            self.inner.bench.jobs.end_all();
            let vault = workspace.vault.clone();
            vault.end();
            let mut gone = workspace.gone();
            drop(workspace);
            // Jobs and commands hold it until they notice. Nothing is ever sent: it ends with the last of them.
            while gone.changed().await.is_ok() {}
            vault.close().await;
        }
        self.inner.bench.jobs.forget();
        lock(&self.inner.reports).clear();
        *lock(&self.inner.purpose) = None;
        self.inner.bench.forget_remarks();
        self.vault_changed();
    }

    /// States the purpose of what is looked at from now on; recorded in custody.
    pub async fn set_purpose(&self, purpose: Option<String>) -> Result<(), Error> {
        let workspace = self.workspace().await?;
        let purpose = purpose
            .map(|p| p.trim().to_owned())
            .filter(|p| !p.is_empty());
        let act = Act::new("session.purpose", json!({ "purpose": purpose }));
        workspace.vault.record(act, self.now()).await?;
        *lock(&self.inner.purpose) = purpose;
        self.vault_changed();
        Ok(())
    }

    /// Settings of the workspace and of this machine.
    pub async fn settings(&self) -> Result<SettingsView, Error> {
        let workspace = self.workspace().await?;
        let zone = workspace.vault.setting("time-zone").await?;
        let idle = workspace.vault.setting("idle-minutes").await?;
        Ok(SettingsView {
            time_zone: zone
                .as_ref()
                .and_then(|z| z.as_str())
                .unwrap_or("UTC")
                .to_owned(),
            theme: self.recent().theme,
            idle_minutes: idle_minutes(idle.as_ref()),
            dir: workspace.dir.display().to_string(),
            sealed_bytes: size_of(&workspace.dir.join("sealed")),
            index_bytes: size_of(&workspace.dir.join("index")),
            database_bytes: ["vault.db", "vault.db-wal"]
                .iter()
                .map(|name| size_of(&workspace.dir.join(name)))
                .sum(),
            version: env!("CARGO_PKG_VERSION").into(),
        })
    }

    /// Changes the zone in which times are shown and the idle time after which the window locks
    /// (both kept in the workspace, and in custody), and the theme (kept on this machine).
    ///
    /// # Errors
    /// When the theme is not known, or the idle time is not from 1 to 240 minutes.
    pub async fn set_settings(
        &self,
        time_zone: String,
        theme: String,
        idle_minutes: u32,
    ) -> Result<SettingsView, Error> {
        if !["system", "light", "dark"].contains(&theme.as_str()) {
            return Err(Error::invalid(
                "the theme is not known",
                "choose system, light or dark",
            ));
        }
        if !IDLE_MINUTES.contains(&idle_minutes) {
            return Err(Error::invalid(
                "the idle time is not from 1 to 240 minutes",
                "a workspace always locks some time after the last input; choose how long",
            ));
        }
        let workspace = self.workspace().await?;
        let before = self.settings().await?;
        let changed = [
            ("time-zone", json!(before.time_zone), json!(time_zone)),
            (
                "idle-minutes",
                json!(before.idle_minutes),
                json!(idle_minutes),
            ),
        ];
        for (name, before, value) in changed {
            if before == value {
                continue;
            }
            workspace
                .vault
                .write(self.now(), move |tx| {
                    tx.set_setting(name, &value)?;
                    let act = Act::new("setting.changed", json!({ "name": name, "value": value }));
                    Ok(((), act.into()))
                })
                .await?;
        }
        let mut recent = self.recent();
        recent.theme = theme;
        self.write_recent(&recent);
        self.vault_changed();
        self.settings().await
    }

    fn recent_file(&self) -> PathBuf {
        self.inner.bench.environment.state_dir.join("recent.json")
    }

    fn recent(&self) -> Recent {
        // A list of conveniences: if it cannot be read, it is empty.
        std::fs::read(self.recent_file())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_else(|| Recent {
                dirs: Vec::new(),
                theme: system(),
            })
    }

    fn write_recent(&self, recent: &Recent) {
        let file = self.recent_file();
        let written = Folder::make(&self.inner.bench.environment.state_dir).and_then(|folder| {
            let name = file.file_name().unwrap_or_default();
            files::replace(&folder, name, &serde_json::to_vec_pretty(recent)?)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "the list of recent workspaces could not be written");
        }
    }

    /// Takes a folder off the list of those that were open here.
    pub(crate) fn forget(&self, dir: &Path) {
        let mut recent = self.recent();
        recent.dirs.retain(|known| known != dir);
        self.write_recent(&recent);
    }

    fn remember(&self, dir: &Path) {
        let mut recent = self.recent();
        recent.dirs.retain(|known| known != dir);
        recent.dirs.insert(0, dir.to_path_buf());
        recent.dirs.truncate(RECENT_KEPT);
        self.write_recent(&recent);
    }
}

async fn workspace_view(workspace: &Workspace) -> Result<WorkspaceView, Error> {
    let members = member_views(&workspace.vault).await?;
    let me = members
        .iter()
        .find(|m| m.me)
        .cloned()
        .ok_or_else(|| Error::failed("the ledger does not name this member", "run fsck"))?;
    Ok(WorkspaceView {
        dir: workspace.dir.display().to_string(),
        vault: workspace.vault.id().to_owned(),
        me,
        members,
        sample: workspace.sample,
        warning: None,
        older: crate::opening::older(&workspace.vault),
    })
}

pub(crate) async fn member_views(vault: &Vault) -> Result<Vec<MemberView>, Error> {
    let members = vault.members().await?;
    Ok(members
        .iter()
        .filter(|member| member.active && member.role != Role::Recovery)
        .map(|member| MemberView {
            id: member.id.clone(),
            role: member.role.word().to_owned(),
            fingerprint: evidence::VerifierKey::new(&member.id, member.public.sign)
                .map(|key| key.fingerprint().to_hex())
                .unwrap_or_default(),
            me: member.id == vault.member().0,
        })
        .collect())
}

fn recent_view(dir: &Path) -> RecentView {
    RecentView {
        dir: dir.display().to_string(),
        members: vault::key_files(dir)
            .into_iter()
            .map(|(id, role)| MemberView {
                id,
                role: role.word().to_owned(),
                fingerprint: String::new(),
                me: false,
            })
            .collect(),
        present: dir.join("vault.json").is_file(),
    }
}

/// Bytes below a folder, or of a file; what cannot be read counts as nothing.
fn size_of(path: &Path) -> u64 {
    let Ok(about) = std::fs::symlink_metadata(path) else {
        return 0;
    };
    if !about.is_dir() {
        return about.len();
    }
    std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| size_of(&entry.path()))
        .sum()
}

/// What a custodian is told whose open stated the rows of a workspace of before.
fn adopted_words(rows: u64) -> String {
    format!(
        "An earlier version wrote this workspace, and no signed entry stated the {} rows of it that decide something. \
         Your opening it now does, as they stand; what was changed before nobody can tell, so compare source files, \
         pinned keys and settings with what you know",
        crate::text::grouped(rows)
    )
}

/// Minutes without input after which a workspace may lock: never not at all.
const IDLE_MINUTES: std::ops::RangeInclusive<u32> = 1..=240;

/// The stated idle time; 15 minutes where none is, or none that may be.
fn idle_minutes(stated: Option<&Value>) -> u32 {
    stated
        .and_then(Value::as_u64)
        .and_then(|minutes| u32::try_from(minutes).ok())
        .filter(|minutes| IDLE_MINUTES.contains(minutes))
        .unwrap_or(15)
}
