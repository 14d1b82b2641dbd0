//! One line per command: the window asks, the workbench answers.

#![allow(
    missing_docs,
    reason = "each command is the workbench method of the same name, documented there"
)]

use serde_json::Value;
use tauri::State;
use workbench::Workbench;
use workbench::view::*;

type Answer<T> = Result<T, workbench::Error>;
type Bench<'a> = State<'a, Workbench>;

macro_rules! commands {
    ($($name:ident($($arg:ident: $kind:ty),* $(,)?) -> $answer:ty;)*) => {
        $(
            #[tauri::command]
            #[specta::specta]
            pub(crate) async fn $name(bench: Bench<'_>, $($arg: $kind),*) -> Answer<$answer> {
                bench.$name($($arg),*).await
            }
        )*
    };
}

commands! {
    start() -> StartView;
    create_workspace(dir: String, passphrase: String, second_role: String, second_passphrase: String) -> CreatedView;
    open_workspace(dir: String, member: Option<String>, passphrase: String) -> WorkspaceView;
    open_sample() -> SampleView;
    lock() -> StartView;
    overview() -> OverviewView;
    import_paths(paths: Vec<String>) -> u32;
    import_report(job: u32) -> Option<ImportReportView>;
    cancel_job(id: u32) -> ();
    import_resume(id: u32) -> u32;
    import_discard(id: u32) -> ();
    quarantine(all: bool) -> QuarantineListView;
    quarantine_admit(id: u32, reason: String) -> AdmittedView;
    quarantine_export(id: u32, path: String) -> QuarantineExportView;
    search_records(request: SearchRequest) -> SearchView;
    record(seq: u32) -> RecordView;
    complete_query(query: String, caret: u32) -> Vec<CompletionView>;
    sources() -> SourcesView;
    source_files() -> SourceFilesView;
    source_file(id: String, version: Option<u32>) -> SourceDetailView;
    check_source(path: String) -> CheckedSourceView;
    add_source(path: String, reason: Option<String>, wait: bool) -> AddedSourceView;
    assign_source(id: String, imports: Vec<u32>, title: Option<String>, wait: bool) -> AddedSourceView;
    to_classify() -> ToClassifyView;
    classify_preview(request: ClassifyRequest) -> ClassifyPreview;
    classify(request: ClassifyRequest, reason: String, wait: bool) -> AddedSourceView;
    rebuild(everything: bool) -> RebuiltView;
    trust() -> TrustView;
    trust_add(vkey: String, origin: Option<String>) -> TrustView;
    fork_proof_write(origin: String, size: u32, path: String) -> ForkProofView;
    trust_policy(origin: String) -> PolicyView;
    trust_preview(file: String) -> TrustChangeView;
    trust_change(file: String, member: Option<String>, passphrase: Option<String>) -> TrustChangeView;
    trust_confirm(origin: String, key: String) -> TrustChangeView;
    trust_load(path: String) -> TrustFileView;
    trust_save(path: String, origin: Option<String>) -> TrustFileView;
    cloudtrail() -> TrailsView;
    pin_trail(request: workbench::TrailRequest) -> TrailsView;
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
    packet_write(incident: String, audience: String, digest: String, path: String) -> PacketRowView;
    packets() -> PacketsView;
    verify_file(path: String, trust: Option<String>) -> VerifyView;
    controls() -> ControlsView;
    custody(filter: String, before: Option<f64>) -> CustodyView;
    fsck() -> FsckView;
    settings() -> SettingsView;
    set_settings(time_zone: String, theme: String) -> SettingsView;
    set_purpose(purpose: Option<String>) -> ();
}
