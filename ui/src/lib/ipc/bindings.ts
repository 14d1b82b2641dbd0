// The commands and types of the window's IPC, in the shape tauri-specta generates them.

import { invoke as TAURI_INVOKE } from "@tauri-apps/api/core";
import * as TAURI_API_EVENT from "@tauri-apps/api/event";

export const commands = {
  async start(): Promise<StartView> {
    return await TAURI_INVOKE("start");
  },
  async createWorkspace(dir: string, passphrase: string, secondRole: string, secondPassphrase: string): Promise<CreatedView> {
    return await TAURI_INVOKE("create_workspace", { dir, passphrase, secondRole, secondPassphrase });
  },
  async openWorkspace(dir: string, member: string | null, passphrase: string): Promise<WorkspaceView> {
    return await TAURI_INVOKE("open_workspace", { dir, member, passphrase });
  },
  async openSample(): Promise<SampleView> {
    return await TAURI_INVOKE("open_sample");
  },
  async lock(): Promise<StartView> {
    return await TAURI_INVOKE("lock");
  },
  async overview(): Promise<OverviewView> {
    return await TAURI_INVOKE("overview");
  },
  async importPaths(paths: string[]): Promise<number> {
    return await TAURI_INVOKE("import_paths", { paths });
  },
  async importReport(job: number): Promise<ImportReportView | null> {
    return await TAURI_INVOKE("import_report", { job });
  },
  async cancelJob(id: number): Promise<null> {
    return await TAURI_INVOKE("cancel_job", { id });
  },
  async searchRecords(request: SearchRequest): Promise<SearchView> {
    return await TAURI_INVOKE("search_records", { request });
  },
  async record(seq: number): Promise<RecordView> {
    return await TAURI_INVOKE("record", { seq });
  },
  async completeQuery(query: string, caret: number): Promise<CompletionView[]> {
    return await TAURI_INVOKE("complete_query", { query, caret });
  },
  async sources(): Promise<SourcesView> {
    return await TAURI_INVOKE("sources");
  },
  async trust(): Promise<TrustView> {
    return await TAURI_INVOKE("trust");
  },
  async trustAdd(vkey: string, origin: string | null): Promise<TrustView> {
    return await TAURI_INVOKE("trust_add", { vkey, origin });
  },
  async incidents(): Promise<IncidentsView> {
    return await TAURI_INVOKE("incidents");
  },
  async incident(id: string): Promise<IncidentView> {
    return await TAURI_INVOKE("incident", { id });
  },
  async openIncident(request: OpenIncident): Promise<IncidentView> {
    return await TAURI_INVOKE("open_incident", { request });
  },
  async setField(incident: string, field: string, value: JsonValue): Promise<ActedView> {
    return await TAURI_INVOKE("set_field", { incident, field, value });
  },
  async addItem(incident: string, list: string, item: JsonValue): Promise<ActedView> {
    return await TAURI_INVOKE("add_item", { incident, list, item });
  },
  async editItem(incident: string, list: string, itemId: string, item: JsonValue): Promise<ActedView> {
    return await TAURI_INVOKE("edit_item", { incident, list, itemId, item });
  },
  async withdrawItem(incident: string, list: string, itemId: string, reason: string): Promise<ActedView> {
    return await TAURI_INVOKE("withdraw_item", { incident, list, itemId, reason });
  },
  async pinRecords(incident: string, seqs: number[], note: string | null): Promise<ActedView> {
    return await TAURI_INVOKE("pin_records", { incident, seqs, note });
  },
  async saveSearch(incident: string, query: string, purpose: string, note: string | null): Promise<ActedView> {
    return await TAURI_INVOKE("save_search", { incident, query, purpose, note });
  },
  async mapControl(incident: string, item: string, framework: string, control: string, relation: string, claim: string): Promise<ActedView> {
    return await TAURI_INVOKE("map_control", { incident, item, framework, control, relation, claim });
  },
  async advance(incident: string): Promise<ActedView> {
    return await TAURI_INVOKE("advance", { incident });
  },
  async waive(incident: string, gate: string, reason: string): Promise<ActedView> {
    return await TAURI_INVOKE("waive", { incident, gate, reason });
  },
  async goBack(incident: string, stage: string, reason: string): Promise<ActedView> {
    return await TAURI_INVOKE("go_back", { incident, stage, reason });
  },
  async reopen(incident: string, reason: string): Promise<ActedView> {
    return await TAURI_INVOKE("reopen", { incident, reason });
  },
  async approve(incident: string, what: string, member: string, passphrase: string): Promise<ActedView> {
    return await TAURI_INVOKE("approve", { incident, what, member, passphrase });
  },
  async act(incident: string, command: JsonValue): Promise<ActedView> {
    return await TAURI_INVOKE("act", { incident, command });
  },
  async packetPlan(incident: string, audience: string): Promise<PacketPlanView> {
    return await TAURI_INVOKE("packet_plan", { incident, audience });
  },
  async packetWrite(incident: string, audience: string, digest: string, path: string): Promise<PacketRowView> {
    return await TAURI_INVOKE("packet_write", { incident, audience, digest, path });
  },
  async packets(): Promise<PacketsView> {
    return await TAURI_INVOKE("packets");
  },
  async verifyFile(path: string, trust: string | null): Promise<VerifyView> {
    return await TAURI_INVOKE("verify_file", { path, trust });
  },
  async controls(): Promise<ControlsView> {
    return await TAURI_INVOKE("controls");
  },
  async custody(filter: string, before: number | null): Promise<CustodyView> {
    return await TAURI_INVOKE("custody", { filter, before });
  },
  async fsck(): Promise<FsckView> {
    return await TAURI_INVOKE("fsck");
  },
  async settings(): Promise<SettingsView> {
    return await TAURI_INVOKE("settings");
  },
  async setSettings(timeZone: string, theme: string): Promise<SettingsView> {
    return await TAURI_INVOKE("set_settings", { timeZone, theme });
  },
  async setPurpose(purpose: string | null): Promise<null> {
    return await TAURI_INVOKE("set_purpose", { purpose });
  },
};

export const events = {
  changed: {
    listen: (cb: TAURI_API_EVENT.EventCallback<Changed>) => TAURI_API_EVENT.listen<Changed>("changed", cb),
  },
};

/** Something that views are made of has changed: the vault, or only the jobs. */
export type Changed = { what: string };

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** One member of the workspace. */
export type MemberView = {
  /** Member id, such as `R-2KQ7D`. */
  id: string;
  /** `custodian`, `responder` or `reviewer`. */
  role: string;
  /** SHA-256 fingerprint of the member's Ed25519 key, hex. */
  fingerprint: string;
  /** Whether this is the member who unlocked the workspace. */
  me: boolean;
};

/** An open workspace, as the frame of the window shows it. */
export type WorkspaceView = {
  /** Folder of the workspace. */
  dir: string;
  /** Vault id. */
  vault: string;
  /** Who unlocked it. */
  me: MemberView;
  /** All members. */
  members: MemberView[];
  /** Whether this is the sample case. */
  sample: boolean;
  /** A warning to show on opening (an older ledger than last seen, …). */
  warning: string | null;
};

/** What a new workspace hands out once: it is shown and never stored. */
export type CreatedView = {
  /** The workspace, unlocked as its first custodian. */
  workspace: WorkspaceView;
  /** The printed recovery key, in groups of base32. */
  recovery_key: string;
};

/** A workspace that was open before on this machine. */
export type RecentView = {
  /** Folder of the workspace. */
  dir: string;
  /** Members whose key files lie in it, to choose from at unlock. */
  members: MemberView[];
  /** Whether the folder is still there. */
  present: boolean;
};

/** The first screen: what is open, or what could be. */
export type StartView = {
  /** Program version. */
  version: string;
  /** The open workspace, if any. */
  open: WorkspaceView | null;
  /** Workspaces opened before, newest first. */
  recent: RecentView[];
  /** Where a new workspace would be put unless another folder is chosen. */
  suggested_dir: string;
};

/** Counts and states for the rail and the status line. */
export type OverviewView = {
  /** Visible records. */
  records: number;
  /** Incidents that are not closed. */
  open_incidents: number;
  /** Origins whose every segment extends from an anchor. */
  origins_extend: number;
  /** Origins with at least one gap. */
  origins_gap: number;
  /** Origins with a fork. */
  origins_fork: number;
  /** Origins whose exports wait for a key to be pinned. */
  origins_pending: number;
  /** Files in quarantine. */
  quarantined: number;
  /** Fields nobody has classified. */
  to_classify: number;
  /** Records the index still has to follow (0: it is up to date). */
  index_behind: number;
  /** Head of the custody ledger. */
  ledger: LedgerHeadView;
  /** Jobs that run or have just ended. */
  jobs: JobView[];
  /** Purpose in force for this session, if one is set. */
  purpose: string | null;
};

/** Head of the custody ledger. */
export type LedgerHeadView = {
  /** Epoch: 1, and one more after each restore. */
  epoch: number;
  /** Entries in the ledger. */
  size: number;
  /** Root, base64. */
  root: string;
  /** Time of the last entry. */
  at: string | null;
};

/** Long work: progress, rate, time left, cancel. */
export type JobView = {
  /** Number of the job in this session. */
  id: number;
  /** `import`, `index`, `fsck`, `sample`. */
  kind: string;
  /** What it works on, such as a file name. */
  title: string;
  /** `running`, `done`, `failed`, `cancelled`. */
  state: string;
  /** Units done. */
  done: number;
  /** Units in all, where known. */
  total: number | null;
  /** `records` or `bytes`. */
  unit: string;
  /** Units per second over the last moments. */
  rate: number;
  /** Seconds left, estimated from the rate. */
  seconds_left: number | null;
  /** A sentence about the outcome, or about what failed. */
  message: string | null;
};

/** One entry of the custody ledger. */
export type LedgerEntryView = {
  /** Index in the ledger. */
  index: number;
  /** When. */
  at: string;
  /** Member who signed it. */
  actor: string;
  /** Role of the member at that index. */
  role: string;
  /** Kind of act, such as `import.finished`. */
  kind: string;
  /** The act in words. */
  summary: string;
  /** Incident it belongs to. */
  incident: string | null;
  /** Leaf hash, base64. */
  leaf: string;
};

/** A page of the custody ledger, newest first. */
export type CustodyView = {
  /** Entries that match. */
  total: number;
  /** This page. */
  entries: LedgerEntryView[];
  /** Pass as `before` for the next page. */
  next: number | null;
  /** Head of the ledger. */
  head: LedgerHeadView;
  /** Members and their keys. */
  members: MemberView[];
  /** Holds: what is protected from deletion, and why. */
  holds: HoldView[];
};

/** A hold that stops deletion. */
export type HoldView = {
  /** `legal`, `security` or `compliance`. */
  kind: string;
  /** Incident that placed it. */
  incident: string;
  /** Records it covers. */
  records: number;
  /** Since when. */
  since: string;
};

/** What `fsck` found. */
export type FsckView = {
  /** Whether every check holds. */
  ok: boolean;
  /** Each check with its outcome. */
  checks: CheckView[];
};

/** One check of `fsck`. */
export type CheckView = {
  /** Name of the check. */
  name: string;
  /** Whether it holds. */
  ok: boolean;
  /** What was looked at, or what is wrong and where. */
  detail: string;
};

/** Settings of the workspace and of this machine. */
export type SettingsView = {
  /** IANA zone in which times are shown. */
  time_zone: string;
  /** `system`, `light` or `dark`. */
  theme: string;
  /** Folder of the workspace. */
  dir: string;
  /** Size of the sealed files in bytes. */
  sealed_bytes: number;
  /** Size of the index in bytes. */
  index_bytes: number;
  /** Size of the database in bytes. */
  database_bytes: number;
  /** Program version. */
  version: string;
};

/** The sample case, ready to be walked through. */
export type SampleView = {
  /** The workspace, unlocked as its custodian. */
  workspace: WorkspaceView;
  /** Passphrase of every member of the sample (it protects nothing). */
  passphrase: string;
  /** The reviewer who can approve at the same workstation. */
  second_member: string;
  /** Folder with further exports that are not imported yet. */
  exports: string;
};

/** What the window asks of the index. */
export type SearchRequest = {
  /** Query text; empty means everything. */
  query?: string;
  /** Cursor of the page before (from `SearchView::next`). */
  after?: string | null;
  /** Rows wanted, at most 1,000. */
  limit?: number;
  /** Fields to count values of (`system`, `assurance`, `action`, …). */
  facets?: string[];
  /** Number of time buckets wanted, 0 for none. */
  histogram?: number;
};

/** A page of records with what describes the whole result. */
export type SearchView = {
  /** Records that match. */
  total: number;
  /** This page, newest first. */
  rows: RowView[];
  /** Cursor of the next page; none at the end. */
  next: string | null;
  /** One per requested field. */
  facets: FacetView[];
  /** Present when buckets were requested. */
  histogram: HistogramView | null;
  /** The filters of the query, each removable. */
  filters: FilterView[];
};

/** One filter of a query. */
export type FilterView = {
  /** Field, or empty for a bare word. */
  field: string;
  /** Value as typed. */
  value: string;
  /** Whether it excludes. */
  negated: boolean;
  /** The query without this filter. */
  without: string;
};

/** A row of the event table. */
export type RowView = {
  /** Number of the record in this workspace. */
  seq: number;
  /** When it occurred, as far as the source says. */
  occurred: string | null;
  /** Title of the system. */
  system: string;
  /** Source file id of the system. */
  system_id: string;
  /** Record type, such as `key.revoked`. */
  action: string;
  /** Human title of the record type. */
  title: string;
  /** `audit` or `lifecycle`. */
  kind: string;
  /** Handle of the subject. */
  subject: string | null;
  /** Handle of the actor. */
  actor: string | null;
  /** Outcome as the source names it. */
  outcome: string | null;
  /** Assurance level in words. */
  assurance: string;
  /** Continuity verdict in words. */
  verdict: string;
  /** Incidents that have pinned it. */
  pinned: string[];
};

/** Values of one field with their counts. */
export type FacetView = {
  /** Field. */
  field: string;
  /** Label to show. */
  label: string;
  /** Values, most frequent first. */
  values: FacetValueView[];
  /** Records counted under values that are not listed. */
  other: number;
};

/** One value of a facet. */
export type FacetValueView = {
  /** Value as a query would name it. */
  value: string;
  /** Label to show. */
  label: string;
  /** Records. */
  total: number;
  /** The query narrowed to this value. */
  narrowed: string;
};

/** Counts over time; they sum to `total`. */
export type HistogramView = {
  /** Start of the first bucket. */
  from: string | null;
  /** End of the last bucket. */
  to: string | null;
  /** Width of a bucket in seconds. */
  bucket_seconds: number;
  /** Records per bucket. */
  counts: number[];
  /** Records without a time. */
  undated: number;
  /** Sum of `counts` and `undated`. */
  total: number;
};

/** A completion of the query line. */
export type CompletionView = {
  /** What to show. */
  label: string;
  /** What it is: `field`, `value`. */
  kind: string;
  /** The query with the completion taken. */
  query: string;
  /** Where the caret goes, in UTF-16 units. */
  caret: number;
};

/** One record in full, as this member may see it. */
export type RecordView = {
  /** The row. */
  row: RowView;
  /** When the source recorded it. */
  recorded: string | null;
  /** When it was imported here. */
  imported: string;
  /** Original text of the occurred time. */
  occurred_text: string | null;
  /** Every field, minimised. */
  fields: FieldView[];
  /** How it is proven. */
  proof: ProofView;
  /** Lifecycle of its subject, where the source declares one. */
  lifecycle: LifecycleView | null;
  /** File it came from. */
  file: string;
  /** Import it came with. */
  import: number;
};

/** One minimised field. */
export type FieldView = {
  /** JSON Pointer. */
  path: string;
  /** Class: `C0` … `C6`, `H`, `unknown`. */
  class: string;
  /** Title of the class. */
  class_title: string;
  /** `kept`, `handle`, `type-tag`, `presence`, `hidden`. */
  shown: string;
  /** What is shown: value, handle, tag or size; none when hidden. */
  text: string | null;
};

/** How a record is proven. */
export type ProofView = {
  /** Assurance in words. */
  assurance: string;
  /** Verdict in words. */
  verdict: string;
  /** Origin of the log. */
  origin: string;
  /** Index in that log. */
  index: number;
  /** First index of the export. */
  first: number;
  /** One past the last index of the export: size of the signed tree. */
  last: number;
  /** Leaf hash, base64. */
  leaf: string;
  /** Root the leaf folds to, base64. */
  root: string;
  /** Keys that signed the checkpoint: vkey names with short fingerprints. */
  signers: string[];
  /** A sentence that says what may be claimed. */
  claim: string;
};

/** States of a subject over time. */
export type LifecycleView = {
  /** Handle of the subject. */
  subject: string;
  /** Declared states in order. */
  states: string[];
  /** State now. */
  current: string | null;
  /** Transitions seen, oldest first. */
  steps: LifecycleStepView[];
};

/** One transition, or a contradiction. */
export type LifecycleStepView = {
  /** Record. */
  seq: number;
  /** When. */
  at: string | null;
  /** Record type. */
  action: string;
  /** State it leads to; none if the record breaks the lifecycle. */
  state: string | null;
  /** Why it contradicts, where it does. */
  contradiction: string | null;
};

/** The Sources place. */
export type SourcesView = {
  /** Origins that sent something or are trusted. */
  origins: OriginView[];
  /** Imports, newest first. */
  imports: ImportView[];
  /** Files that failed. */
  quarantine: QuarantineView[];
  /** Fields that no source file classifies. */
  to_classify: UnclassifiedView[];
  /** Systems whose exports can be read. */
  systems: SystemView[];
  /** Records from which the bands start, and to which they run. */
  from: string | null;
  /** End of the bands. */
  to: string | null;
};

/** A system whose exports Muniment reads. */
export type SystemView = {
  /** Source file id. */
  id: string;
  /** Version of the source file. */
  version: number;
  /** Title. */
  title: string;
  /** Fields classified. */
  fields: number;
  /** Record types. */
  record_types: number;
  /** Records of it here. */
  records: number;
};

/** A log of records, with its continuity. */
export type OriginView = {
  /** Origin name. */
  origin: string;
  /** Title of the system, or the origin again. */
  title: string;
  /** Verdict of the whole in one word: `extends`, `gap`, `fork`, `pending`, `unlinked`, … */
  verdict: string;
  /** The verdict in words with numbers: `gap 41,020 to 41,977`. */
  words: string;
  /** Whether the segments connect to size 0 or to a pinned head. */
  anchored: boolean;
  /** Records here. */
  records: number;
  /** Size of the newest verified checkpoint. */
  size: number;
  /** Covered, missing and disputed stretches in order of index. */
  band: BandView[];
  /** Pinned keys. */
  keys: KeyView[];
  /** Assurance of its records, in words. */
  assurance: string;
  /** Time of the newest record. */
  newest: string | null;
};

/** One stretch of an origin's log. */
export type BandView = {
  /** `covered`, `gap`, `fork`, `pending`. */
  state: string;
  /** First index. */
  first: number;
  /** One past the last index. */
  last: number;
  /** Time of the first record (for a gap: of the record before it). */
  from: string | null;
  /** Time of the last record (for a gap: of the record after it). */
  to: string | null;
  /** The same in words. */
  words: string;
};

/** A pinned key. */
export type KeyView = {
  /** Origin it may sign for. */
  origin: string;
  /** Key name. */
  name: string;
  /** Algorithm. */
  algorithm: string;
  /** Full SHA-256 fingerprint, hex. */
  fingerprint: string;
  /** The vkey itself. */
  vkey: string;
};

/** One import. */
export type ImportView = {
  /** Number. */
  id: number;
  /** File name (no path). */
  file: string;
  /** `native export`, `CloudTrail records`, `JSON lines`, … */
  format: string;
  /** When. */
  at: string;
  /** Member who imported it. */
  by: string;
  /** Records. */
  records: number;
  /** Origin. */
  origin: string;
  /** Assurance in words. */
  assurance: string;
  /** Verdict in words, recomputed from everything known now. */
  verdict: string;
  /** `imported`, `already imported`, `quarantined`. */
  outcome: string;
  /** SHA-256 of the file, hex. */
  sha256: string;
};

/** A file that failed: sealed, listed, never mixed with verified records. */
export type QuarantineView = {
  /** Number. */
  id: number;
  /** File name. */
  file: string;
  /** When. */
  at: string;
  /** Stable code of the reason. */
  code: string;
  /** The reason in words. */
  reason: string;
  /** Where: file inside, line, index, field path. */
  place: string;
  /** What to try. */
  hint: string;
  /** SHA-256 of the file, hex. */
  sha256: string;
};

/** Fields hidden until somebody classifies them. */
export type UnclassifiedView = {
  /** Source file id. */
  system: string;
  /** JSON Pointer. */
  path: string;
  /** Records that carry it. */
  records: number;
};

/** What an import of several paths did. */
export type ImportReportView = {
  /** Records that became searchable. */
  total: number;
  /** One per file. */
  files: ImportView[];
  /** Files that failed. */
  quarantine: QuarantineView[];
};

/** Pinned keys of all origins. */
export type TrustView = {
  /** Number of keys. */
  total: number;
  /** The keys. */
  keys: KeyView[];
};

/** What `verify` says of an export or a packet. */
export type VerifyView = {
  /** `export` or `packet`. */
  kind: string;
  /** File name. */
  file: string;
  /** Whether nothing failed (see each line for what that means). */
  passed: boolean;
  /** Separate lines, never one tick. */
  lines: VerifyLineView[];
};

/** One line of a verification. */
export type VerifyLineView = {
  /** Name of the check. */
  name: string;
  /** `ok`, `failed`, `not attested`, `not trusted`, `pending`. */
  status: string;
  /** What was checked or what is wrong, in one sentence. */
  detail: string;
  /** Each failure with code and place. */
  findings: FindingView[];
};

/** One failure of a verification. */
export type FindingView = {
  /** Stable code. */
  code: string;
  /** Where. */
  place: string;
  /** What. */
  message: string;
};

/** A row of the incident list. */
export type IncidentRowView = {
  /** Id, such as `INC-2026-0001`. */
  id: string;
  /** Version: 1, and one more after each reopening. */
  version: number;
  /** Title. */
  title: string;
  /** Stage id: `detection` … `review`, or `closed`. */
  stage: string;
  /** Title of the stage. */
  stage_title: string;
  /** Severity, if one is set. */
  severity: string | null;
  /** When it was opened. */
  opened: string;
  /** When it last changed. */
  changed: string;
  /** Lead, if one is named. */
  lead: string | null;
  /** Pinned evidence. */
  evidence: number;
  /** Gates of the current stage that are neither met nor waived. */
  open_gates: number;
  /** The first of them in words: what must be done next. */
  next: string | null;
  /** The clock that ends next. */
  clock: ClockView | null;
};

/** List of incidents. */
export type IncidentsView = {
  /** Number of incidents. */
  total: number;
  /** Rows, most recently changed first. */
  incidents: IncidentRowView[];
};

/** One incident in full. */
export type IncidentView = {
  /** Head of the page. */
  row: IncidentRowView;
  /** The seven stages in order. */
  stages: StageView[];
  /** Pinned evidence. */
  evidence: EvidenceView[];
  /** Timeline entries: facts, inferences, decisions; oldest first. */
  timeline: TimelineView[];
  /** What happened in the incident itself, newest first. */
  activity: ActivityView[];
  /** What must be done next. */
  next: NextStepView[];
  /** Notification clocks. */
  clocks: ClockView[];
  /** Control mappings. */
  mappings: MappingView[];
  /** Packets written. */
  packets: PacketRowView[];
  /** Whether the record is read-only (after review). */
  read_only: boolean;
};

/** One stage with its form and its gate. */
export type StageView = {
  /** Stage id. */
  id: string;
  /** Title. */
  title: string;
  /** `done`, `current`, `ahead`. */
  state: string;
  /** When it was entered. */
  entered: string | null;
  /** When it was left. */
  left: string | null;
  /** Conditions for leaving it. */
  gates: GateView[];
  /** Its form. */
  fields: FormFieldView[];
};

/** One condition for leaving a stage. */
export type GateView = {
  /** Gate id, such as `detection.owner`. */
  id: string;
  /** What it asks. */
  title: string;
  /** `met`, `waived`, `open`. */
  state: string;
  /** What is missing, each with the field to go to. */
  missing: MissingView[];
  /** Roles that may waive it; empty if it cannot be waived. */
  waivable_by: string[];
  /** Who waived it and why. */
  waiver: string | null;
};

/** What a gate still lacks. */
export type MissingView = {
  /** In words. */
  what: string;
  /** Field id to go to, if a field can mend it. */
  field: string | null;
};

/** A field of a stage's form; lists hold items of sub-fields. */
export type FormFieldView = {
  /** Field id, such as `detection.origin`; inside a list, the bare name. */
  id: string;
  /** Label. */
  label: string;
  /** One sentence of help. */
  help: string;
  /** `text`, `long-text`, `time`, `choice`, `member`, `evidence`, `flag`, `list`. */
  kind: string;
  /** For `refs`: the list whose item ids it holds. */
  refers_to: string | null;
  /** Choices of `choice`. */
  options: OptionView[];
  /** Whether a gate asks for it. */
  required: boolean;
  /** Value as JSON: text, true/false, list of evidence ids; `null` when unset. */
  value: JsonValue;
  /** Sub-fields of `list`. */
  item_fields: FormFieldView[];
  /** Items of `list`. */
  items: ListItemView[];
};

/** A choice. */
export type OptionView = {
  /** Value to send. */
  value: string;
  /** Label to show. */
  label: string;
};

/** An item of a list field. */
export type ListItemView = {
  /** Item id, such as `Q1`. */
  id: string;
  /** Values by sub-field name. */
  values: JsonValue;
  /** Author. */
  author: string;
  /** When it was last changed. */
  at: string;
  /** Whether it was withdrawn, with the reason. */
  withdrawn: string | null;
};

/** Pinned evidence. */
export type EvidenceView = {
  /** Id, such as `E1`. */
  id: string;
  /** Record. */
  seq: number;
  /** Title of the record type. */
  title: string;
  /** System. */
  system: string;
  /** When it occurred. */
  occurred: string | null;
  /** When it was pinned. */
  pinned: string;
  /** Member who pinned it. */
  by: string;
  /** Assurance in words, as of now. */
  assurance: string;
  /** Verdict in words, as of now. */
  verdict: string;
  /** Note of the pinning member. */
  note: string | null;
};

/** A timeline entry. */
export type TimelineView = {
  /** Id (`T1`, `E1`, `D1`, …). */
  id: string;
  /** When. */
  at: string | null;
  /** `fact`, `inference`, `decision`, `evidence`. */
  kind: string;
  /** Text. */
  text: string;
  /** Evidence it rests on. */
  evidence: string[];
  /** Actor or subject handle. */
  actor: string | null;
  /** Record, where it is one. */
  seq: number | null;
  /** Lane to draw it in: a subject handle or `responders`. */
  lane: string;
};

/** One event of the incident. */
export type ActivityView = {
  /** When. */
  at: string;
  /** Member. */
  actor: string;
  /** In words. */
  text: string;
  /** Kind of event. */
  kind: string;
};

/** What must be done next. */
export type NextStepView = {
  /** In words. */
  what: string;
  /** Field to go to. */
  field: string | null;
  /** Gate it serves. */
  gate: string | null;
  /** By when. */
  due: string | null;
};

/** A notification clock. */
export type ClockView = {
  /** Clock id. */
  id: string;
  /** Title. */
  title: string;
  /** `running`, `met`, `overdue`, `not started`. */
  state: string;
  /** Due. */
  due: string | null;
  /** What started it. */
  started_by: string;
};

/** A control mapped to a piece of the incident. */
export type MappingView = {
  /** Framework id. */
  framework: string;
  /** Control id, such as `5.28`. */
  control: string;
  /** Short title of the control. */
  title: string;
  /** What is mapped: `E1`, `T2`, `A1`. */
  item: string;
  /** `supports`, `partially`, `contradicts`, `context`. */
  relation: string;
  /** The claim. */
  claim: string;
  /** Author. */
  author: string;
};

/** Opens an incident. */
export type OpenIncident = {
  /** Title. */
  title: string;
  /** Records to pin at once. */
  pin?: number[];
};

/** What a packet will hold, before anything is written. */
export type PacketPlanView = {
  /** Incident. */
  incident: string;
  /** Packet id. */
  packet: string;
  /** Version of the packet. */
  version: number;
  /** `internal-audit` or `outside`. */
  audience: string;
  /** Policy id, version and digest. */
  policy: string;
  /** Digest of the plan; approving names exactly this plan. */
  digest: string;
  /** Evidence in the packet. */
  evidence: number;
  /** What leaves, by class. */
  leaves: PlanClassView[];
  /** What stays, by class. */
  withheld: PlanClassView[];
  /** Fields with what happens to each. */
  fields: PlanFieldView[];
  /** Conditions that are open. */
  open_gates: string[];
  /** Limitations that will be printed. */
  limitations: string[];
  /** Leak check, in words. */
  leak_check: string;
  /** What blocks writing; empty when it can be approved. */
  blocked: string[];
  /** Files in the packet. */
  files: string[];
};

/** Counts of one class in a plan. */
export type PlanClassView = {
  /** Class. */
  class: string;
  /** Title of the class. */
  title: string;
  /** Values. */
  total: number;
  /** Why, in words. */
  why: string;
};

/** One field path in a plan. */
export type PlanFieldView = {
  /** System. */
  system: string;
  /** JSON Pointer. */
  path: string;
  /** Class. */
  class: string;
  /** `disclosed`, `handle`, `withheld`. */
  outcome: string;
  /** Values. */
  total: number;
};

/** A packet that was written. */
export type PacketRowView = {
  /** Packet id. */
  packet: string;
  /** Incident. */
  incident: string;
  /** Version. */
  version: number;
  /** Audience. */
  audience: string;
  /** When. */
  at: string;
  /** Member who wrote it. */
  by: string;
  /** SHA-256 of the ZIP, hex. */
  digest: string;
  /** Size in bytes. */
  size: number;
  /** Where it was written. */
  path: string;
  /** The five lines as they were when written. */
  lines: VerifyLineView[];
};

/** The Packets place. */
export type PacketsView = {
  /** Number of packets. */
  total: number;
  /** Packets, newest first. */
  packets: PacketRowView[];
};

/** The Controls place. */
export type ControlsView = {
  /** Frameworks. */
  frameworks: FrameworkView[];
  /** Incidents that are columns of the matrix. */
  incidents: string[];
};

/** One framework. */
export type FrameworkView = {
  /** Id. */
  id: string;
  /** Title. */
  title: string;
  /** Controls. */
  controls: ControlView[];
};

/** One control with what is mapped to it. */
export type ControlView = {
  /** Identifier. */
  id: string;
  /** Short title. */
  title: string;
  /** Group the control stands under. */
  group: string;
  /** Evidence it expects, in words. */
  expects: string[];
  /** Accepted mappings. */
  mappings: MappingRefView[];
};

/** A mapping with the incident it is from. */
export type MappingRefView = {
  /** Incident. */
  incident: string;
  /** The mapping. */
  mapping: MappingView;
};

/** What came of an act on an incident. */
export type ActedView = {
  /** The incident after the act. */
  incident: IncidentView;
  /** What was recorded, in words. */
  recorded: string[];
};
