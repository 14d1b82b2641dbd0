//! One line per command: the window asks, the workbench answers.

#![allow(
    missing_docs,
    reason = "each command is the workbench method of the same name, documented there"
)]

use serde_json::Value;
use tauri::State;
use workbench::Workbench;
use workbench::view::*;

use crate::chosen::{Chosen, Paths as _, Use};

type Answer<T> = Result<T, workbench::Error>;
/// What commands work on.
pub(crate) struct Shell {
    pub(crate) bench: Workbench,
    pub(crate) chosen: Chosen,
}

/// What is behind the signature says which arguments are paths, and what they must have been chosen for.
macro_rules! commands {
    ($($name:ident($($arg:ident: $kind:ty),* $(,)?) -> $answer:ty $(, $what:ident $path:ident)*;)*) => {
        $(
            #[tauri::command]
            #[specta::specta]
            pub(crate) async fn $name(
                shell: State<'_, Shell>,
                $($arg: $kind),*
            ) -> Answer<$answer> {
                $($path.each().try_for_each(|path| shell.chosen.check(Use::$what, path))?;)*
                shell.bench.$name($($arg),*).await
            }
        )*
    };
}

commands! {
    create_workspace(dir: String, passphrase: String, second_role: String, second_passphrase: String) -> CreatedView, Open dir;
    open_workspace(dir: String, member: Option<String>, passphrase: String) -> WorkspaceView, Open dir;
    recover_workspace(dir: String, recovery_key: String, passphrase: String) -> CreatedView, Open dir;
    restore_workspace(dir: String, member: Option<String>, passphrase: String) -> RestoreView, Open dir;
    change_passphrase(current: String, passphrase: String) -> PassphraseChangedView;
    open_sample() -> SampleView;
    overview() -> OverviewView;
    import_paths(paths: Vec<String>) -> u32, Read paths;
    import_report(job: u32) -> Option<ImportReportView>;
    cancel_job(id: u32) -> ();
    import_resume(id: u32) -> u32;
    import_discard(id: u32) -> ();
    quarantine(all: bool) -> QuarantineListView;
    quarantine_admit(id: u32, reason: String) -> AdmittedView;
    quarantine_export(id: u32, path: String) -> QuarantineExportView, Write path;
    search_records(request: SearchRequest) -> SearchView;
    look_up(request: LookUp) -> LookedUpView;
    record(seq: u32) -> RecordView;
    complete_query(query: String, caret: u32) -> Vec<CompletionView>;
    sources() -> SourcesView;
    imports(before: Option<u32>, limit: u32) -> ImportPage;
    source_files() -> SourceFilesView;
    source_file(id: String, version: Option<u32>) -> SourceDetailView;
    check_source(path: String) -> CheckedSourceView, Read path;
    add_source(path: String, reason: Option<String>, wait: bool) -> AddedSourceView, Read path;
    assign_source(id: String, imports: Vec<u32>, title: Option<String>, wait: bool) -> AddedSourceView;
    to_classify() -> ToClassifyView;
    classify_preview(request: ClassifyRequest) -> ClassifyPreview;
    classify(request: ClassifyRequest, reason: String, wait: bool) -> AddedSourceView;
    rebuild(everything: bool) -> RebuiltView;
    trust() -> TrustView;
    trust_add(pin: PinKey) -> TrustView;
    fork_proof_write(origin: String, size: u32, path: String) -> ForkProofView, Write path;
    trust_policy(origin: String) -> PolicyView;
    trust_preview(file: String) -> TrustChangeView;
    trust_change(file: String, member: Option<String>, passphrase: Option<String>) -> TrustChangeView;
    trust_confirm(origin: String, key: String) -> TrustChangeView;
    trust_load(path: String) -> TrustFileView, Read path;
    trust_save(path: String, origin: Option<String>) -> TrustFileView, Write path;
    cloudtrail() -> TrailsView;
    pin_trail(request: workbench::TrailRequest) -> TrailsView, Read request;
    incidents() -> IncidentsView;
    incident(incident: String) -> IncidentView;
    open_incident(open: OpenIncident) -> IncidentView;
    set_field(incident: String, field: String, value: Value) -> ActedView;
    add_item(incident: String, list: String, item: Value) -> ActedView;
    edit_item(incident: String, list: String, item_id: String, item: Value) -> ActedView;
    withdraw_item(incident: String, list: String, item_id: String, reason: String) -> ActedView;
    pin_records(incident: String, seqs: Vec<u32>, note: Option<String>) -> ActedView;
    save_search(incident: String, query: String, purpose: String, note: Option<String>) -> ActedView;
    map_control(incident: String, item: String, framework: String, control: String, relation: String, claim: String) -> ActedView;
    advance(incident: String) -> ActedView;
    waive(incident: String, gate: String, reason: String) -> ActedView;
    go_back(incident: String, stage: String, reason: String) -> ActedView;
    reopen(incident: String, reason: String) -> ActedView;
    act(incident: String, command: Value) -> ActedView;
    approve(incident: String, what: String, member: String, passphrase: String) -> ActedView;
    detections(all: bool) -> DetectionsView;
    detection(id: String) -> DetectionView;
    open_detections(ids: Vec<String>, title: Option<String>) -> IncidentView;
    link_detections(ids: Vec<String>, incident: String) -> IncidentView;
    dismiss_detections(ids: Vec<String>, reason: String) -> DetectionView;
    reconsider_detection(id: String, reason: String) -> DetectionView;
    subject(handle: String) -> SubjectView;
    packet_plan(incident: String, audience: String) -> PacketPlanView;
    packet_write(incident: String, audience: String, digest: String, path: String) -> PacketRowView, Write path;
    packets() -> PacketsView;
    packet_keys_save(path: String) -> TrustFileView, Write path;
    packet_sign(packet: String, path: String) -> VerifyView, Read packet, Write path;
    verify_file(path: String, trust: Option<String>) -> VerifyView, Read path, Read trust;
    controls() -> ControlsView;
    custody(filter: String, before: Option<f64>) -> CustodyView;
    fsck() -> FsckView;
    settings() -> SettingsView;
    set_settings(time_zone: String, theme: String, idle_minutes: u32) -> SettingsView;
    set_purpose(purpose: Option<String>) -> ();
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn start(shell: State<'_, Shell>) -> Answer<StartView> {
    let start = shell.bench.start().await?;
    shell.chosen.begin(&start);
    Ok(start)
}

#[tauri::command]
#[specta::specta]
pub(crate) async fn lock(shell: State<'_, Shell>) -> Answer<StartView> {
    let start = shell.bench.lock().await?;
    shell.chosen.begin(&start);
    Ok(start)
}
