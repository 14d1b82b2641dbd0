//! The workspace itself: members, status line, custody, settings, jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use specta::Type;

/// One member of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct MemberView {
    /// Member id, such as `R-2KQ7D`.
    pub id: String,
    /// `custodian`, `responder` or `reviewer`.
    pub role: String,
    /// SHA-256 fingerprint of the member's Ed25519 key, hex.
    pub fingerprint: String,
    /// Whether this is the member who unlocked the workspace.
    pub me: bool,
}

/// An open workspace, as the frame of the window shows it.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct WorkspaceView {
    /// Folder of the workspace.
    pub dir: String,
    /// Vault id.
    pub vault: String,
    /// Who unlocked it.
    pub me: MemberView,
    /// All members.
    pub members: Vec<MemberView>,
    /// Whether this is the sample case.
    pub sample: bool,
    /// A warning to show on opening (what was mended or ended, …).
    pub warning: Option<String>,
    /// In which way it is older than what is known of it; it is open to look at only, then.
    pub older: Option<OlderView>,
}

/// A workspace that was put back from a backup, or an older copy of one.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OlderView {
    /// What is older, in words.
    pub words: String,
    /// Whether this member may take it into use.
    pub may_restore: bool,
}

/// An older workspace that is taken into use, or could be.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RestoreView {
    /// The workspace as it is open now.
    pub workspace: WorkspaceView,
    /// In which way it was older.
    pub older: OlderView,
    /// Whether it was taken into use: else it is open to look at only.
    pub restored: bool,
}

/// A passphrase that was changed.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct PassphraseChangedView {
    /// Whose it is.
    pub member: String,
}

/// What a new workspace hands out once: it is shown and never stored.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct CreatedView {
    /// The workspace, unlocked as its first custodian.
    pub workspace: WorkspaceView,
    /// The printed recovery key, in groups of base32.
    pub recovery_key: String,
}

/// A workspace that was open before on this machine.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct RecentView {
    /// Folder of the workspace.
    pub dir: String,
    /// Members whose key files lie in it, to choose from at unlock.
    pub members: Vec<MemberView>,
    /// Whether the folder is still there.
    pub present: bool,
}

/// The first screen: what is open, or what could be.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct StartView {
    /// Program version.
    pub version: String,
    /// The open workspace, if any.
    pub open: Option<WorkspaceView>,
    /// Workspaces opened before, newest first.
    pub recent: Vec<RecentView>,
    /// Where a new workspace would be put unless another folder is chosen.
    pub suggested_dir: String,
}

/// Counts and states for the rail and the status line.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct OverviewView {
    /// Visible records.
    pub records: u32,
    /// Incidents that are not closed.
    pub open_incidents: u32,
    /// Origins whose every segment extends from an anchor.
    pub origins_extend: u32,
    /// Origins with at least one gap.
    pub origins_gap: u32,
    /// Origins with a fork.
    pub origins_fork: u32,
    /// Origins whose exports wait for a key to be pinned.
    pub origins_pending: u32,
    /// Files in quarantine.
    pub quarantined: u32,
    /// Detection candidates that nobody has decided on.
    pub open_detections: u32,
    /// Imports that were cut off and can be resumed.
    pub interrupted: u32,
    /// Fields nobody has classified.
    pub to_classify: u32,
    /// Records the index still has to follow (0: it is up to date).
    pub index_behind: u32,
    /// Head of the custody ledger.
    pub ledger: LedgerHeadView,
    /// Jobs that run or have just ended.
    pub jobs: Vec<JobView>,
    /// Purpose in force for this session, if one is set.
    pub purpose: Option<String>,
}

/// Head of the custody ledger.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LedgerHeadView {
    /// Epoch: 0, and one more after each restore.
    pub epoch: u32,
    /// Entries in the ledger.
    #[specta(type = u32)]
    pub size: u64,
    /// Root, base64.
    pub root: String,
    /// Time of the last entry.
    pub at: Option<String>,
}

/// Long work: progress, rate, time left, cancel.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct JobView {
    /// Number of the job in this session.
    pub id: u32,
    /// `import`, `index`, `fsck`, `sample`.
    pub kind: String,
    /// What it works on, such as a file name.
    pub title: String,
    /// `running`, `done`, `failed`, `cancelled`.
    pub state: String,
    /// Units done.
    #[specta(type = u32)]
    pub done: u64,
    /// Units in all, where known.
    #[specta(type = Option<u32>)]
    pub total: Option<u64>,
    /// `records` or `bytes`.
    pub unit: String,
    /// Units per second over the last moments.
    #[specta(type = u32)]
    pub rate: f64,
    /// Seconds left, estimated from the rate.
    #[specta(type = Option<u32>)]
    pub seconds_left: Option<f64>,
    /// How much of it is behind it, from 0 to 1: by bytes for an import.
    #[specta(type = Option<u32>)]
    pub share: Option<f64>,
    /// Bytes of an import.
    pub bytes: Option<BytesView>,
    /// What it does with the file: `waiting`, `sealing`, `verifying`, `finishing`.
    pub step: Option<String>,
    /// The file it is at.
    pub name: Option<String>,
    /// Number of that file, from 1.
    pub file: Option<u32>,
    /// Files in all.
    pub files: Option<u32>,
    /// A sentence about the outcome, or about what failed.
    pub message: Option<String>,
}

/// Bytes of the files of an import, and the pace.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct BytesView {
    /// Bytes behind it.
    #[specta(type = u32)]
    pub done: u64,
    /// Bytes in all.
    #[specta(type = u32)]
    pub total: u64,
    /// Bytes per second over the last moments.
    #[specta(type = u32)]
    pub rate: f64,
}

/// One entry of the custody ledger.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct LedgerEntryView {
    /// Index in the ledger.
    #[specta(type = u32)]
    pub index: u64,
    /// When.
    pub at: String,
    /// Member who signed it.
    pub actor: String,
    /// Role of the member at that index.
    pub role: String,
    /// Kind of act, such as `import.finished`.
    pub kind: String,
    /// The act in words.
    pub summary: String,
    /// Incident it belongs to.
    pub incident: Option<String>,
    /// Leaf hash, base64.
    pub leaf: String,
}

/// A page of the custody ledger, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct CustodyView {
    /// Entries that match.
    pub total: u32,
    /// This page.
    pub entries: Vec<LedgerEntryView>,
    /// Pass as `before` for the next page.
    #[specta(type = Option<u32>)]
    pub next: Option<u64>,
    /// Head of the ledger.
    pub head: LedgerHeadView,
    /// Members and their keys.
    pub members: Vec<MemberView>,
    /// Holds: what is protected from deletion, and why.
    pub holds: Vec<HoldView>,
}

/// A hold that stops deletion.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct HoldView {
    /// `legal`, `security` or `compliance`.
    pub kind: String,
    /// Incident that placed it.
    pub incident: String,
    /// Records it covers.
    pub records: u32,
    /// Since when.
    pub since: String,
}

/// What `fsck` found.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct FsckView {
    /// Whether every check holds.
    pub ok: bool,
    /// Each check with its outcome.
    pub checks: Vec<CheckView>,
}

/// One check of `fsck`.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct CheckView {
    /// Name of the check.
    pub name: String,
    /// Whether it holds.
    pub ok: bool,
    /// What was looked at, or what is wrong and where.
    pub detail: String,
}

/// Settings of the workspace and of this machine.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SettingsView {
    /// IANA zone in which times are shown.
    pub time_zone: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Minutes without input after which the window locks the workspace.
    pub idle_minutes: u32,
    /// Folder of the workspace.
    pub dir: String,
    /// Size of the sealed files in bytes.
    #[specta(type = u32)]
    pub sealed_bytes: u64,
    /// Size of the index in bytes.
    #[specta(type = u32)]
    pub index_bytes: u64,
    /// Size of the database in bytes.
    #[specta(type = u32)]
    pub database_bytes: u64,
    /// Program version.
    pub version: String,
}

/// The sample case, ready to be walked through.
#[derive(Clone, Debug, Serialize, Deserialize, Type, JsonSchema)]
pub struct SampleView {
    /// The workspace, unlocked as its custodian.
    pub workspace: WorkspaceView,
    /// Passphrase of every member of the sample (it protects nothing).
    pub passphrase: String,
    /// The reviewer who can approve at the same workstation.
    pub second_member: String,
    /// Folder with further exports that are not imported yet.
    pub exports: String,
}
