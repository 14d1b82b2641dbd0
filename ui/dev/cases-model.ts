import type {
  ActivityView,
  ClockView,
  EvidenceView,
  FormFieldView,
  IncidentRowView,
  IncidentView,
  JsonValue,
  ListItemView,
  MappingView,
  PacketRowView,
  StageView,
  TimelineView,
} from "$lib/ipc";
import forms from "./cases-forms.json";
import schemas from "./cases-schemas.json";
import { conditions } from "./cases-gates";

export const stageIds = [
  "detection",
  "assessment",
  "investigation",
  "containment",
  "remediation",
  "recovery",
  "review",
] as const;
export type StageId = (typeof stageIds)[number];

export const titleOf = (id: string) => id.charAt(0).toUpperCase() + id.slice(1);

interface Spec {
  id: string;
  label: string;
  help: string;
  kind: string;
  required?: boolean;
  refers_to?: string;
  options?: { value: string; label: string }[];
  item_fields?: Spec[];
}

const specs = forms as unknown as Record<StageId | "beside", Spec[]>;

/** What the mock keeps of an incident; the view is computed from it as the Rust side does. */
export interface Case {
  id: string;
  version: number;
  title: string;
  stage: StageId;
  closed: boolean;
  opened: string;
  changed: string;
  visits: Partial<Record<StageId, { entered: string; left: string | null }>>;
  values: Record<string, JsonValue>;
  lists: Record<string, ListItemView[]>;
  evidence: EvidenceView[];
  mappings: MappingView[];
  packets: PacketRowView[];
  waivers: Record<string, string>;
  approvals: string[];
  risks: string[];
  activity: ActivityView[];
  clocks: ClockView[];
}

export function listSpec(list: string): Spec | undefined {
  return Object.values(specs)
    .flat()
    .find((spec) => spec.id === list);
}

function field(spec: Spec, of: Case | null): FormFieldView {
  return {
    id: spec.id,
    label: spec.label,
    help: spec.help,
    kind: spec.kind,
    refers_to: spec.refers_to ?? null,
    options: spec.options ?? [],
    required: spec.required ?? false,
    value: of?.values[spec.id] ?? null,
    item_fields: (spec.item_fields ?? []).map((each) => field(each, null)),
    items: of?.lists[spec.id] ?? [],
  };
}

function stage(of: Case, id: StageId): StageView {
  const at = stageIds.indexOf(id);
  const now = stageIds.indexOf(of.stage);
  const visit = of.visits[id];
  return {
    id,
    title: titleOf(id),
    state: of.closed || at < now ? "done" : at === now ? "current" : "ahead",
    entered: visit?.entered ?? null,
    left: visit?.left ?? null,
    gates: schemas.gates
      .filter((gate) => gate.stage === id)
      .map((gate) => {
        const missing = conditions[gate.id]?.(of) ?? [];
        const waiver = of.waivers[gate.id] ?? null;
        return {
          id: gate.id,
          title: gate.title,
          state: missing.length === 0 ? "met" : waiver ? "waived" : "open",
          missing,
          waivable_by: gate.waivable_by,
          waiver,
        };
      }),
    fields: [...specs[id], ...(id === of.stage ? specs.beside : [])].map((spec) => field(spec, of)),
  };
}

const text = (value: JsonValue | undefined) => (typeof value === "string" ? value : null);

function timeline(of: Case): TimelineView[] {
  const ids = (value: JsonValue | undefined) => (Array.isArray(value) ? value.map(String) : []);
  const standing = (list: string) => (of.lists[list] ?? []).filter((item) => item.withdrawn === null);
  const values = (item: ListItemView) => item.values as Record<string, JsonValue>;
  const lanes: Record<string, string> = { "Enigm Key": "key-7QK2M", "Remote Attestation": "dev-M3XA9" };
  return [
    ...of.evidence.map((piece) => ({
      id: piece.id,
      at: piece.occurred,
      kind: "evidence",
      text: piece.title,
      evidence: [piece.id],
      actor: null,
      seq: piece.seq,
      lane: lanes[piece.system] ?? "adm-PP4TC",
    })),
    ...standing("investigation.timeline").map((item) => ({
      id: item.id,
      at: text(values(item).at),
      kind: text(values(item).kind) ?? "fact",
      text: text(values(item).text) ?? "",
      evidence: ids(values(item).evidence),
      actor: text(values(item).actor),
      seq: null,
      lane: "responders",
    })),
    ...standing("decisions").map((item) => ({
      id: item.id,
      at: text(values(item).decided_at) ?? item.at,
      kind: "decision",
      text: text(values(item).decision) ?? "",
      evidence: ids(values(item).evidence),
      actor: text(values(item).decider),
      seq: null,
      lane: "responders",
    })),
  ].sort((a, b) => (a.at ?? "").localeCompare(b.at ?? ""));
}

function next(of: Case, stages: StageView[]): IncidentView["next"] {
  if (of.closed) return [];
  const clocks = of.clocks
    .filter((clock) => clock.state === "running")
    .map((clock) => ({
      what: `Send the ${clock.title}.`,
      field: "communications",
      gate: null,
      due: clock.due,
    }));
  const gates = (stages.find((each) => each.state === "current")?.gates ?? [])
    .filter((gate) => gate.state === "open")
    .flatMap((gate) =>
      gate.missing.map((missing) => ({ what: missing.what, field: missing.field, gate: gate.id, due: null })),
    );
  if (!gates.length)
    return [
      ...clocks,
      {
        what: `Every gate of ${titleOf(of.stage)} passes: go on.`,
        field: null,
        gate: null,
        due: null,
      },
    ];
  return [...clocks, ...gates];
}

export function rowOf(of: Case): IncidentRowView {
  return viewOf(of).row;
}

export function viewOf(of: Case): IncidentView {
  const stages = stageIds.map((id) => stage(of, id));
  const current = stages.find((each) => each.state === "current");
  const steps = next(of, stages);
  const running = of.clocks.filter((clock) => clock.state === "running" || clock.state === "overdue");
  return {
    row: {
      id: of.id,
      version: of.version,
      title: of.title,
      stage: of.closed ? "closed" : of.stage,
      stage_title: of.closed ? "Closed" : titleOf(of.stage),
      severity: text(of.values["assessment.severity"]),
      opened: of.opened,
      changed: of.changed,
      lead: text(of.values["assessment.lead"]) ?? text(of.values["detection.owner"]),
      evidence: of.evidence.length,
      open_gates: current?.gates.filter((gate) => gate.state === "open").length ?? 0,
      next: steps[0]?.what ?? null,
      clock: running.toSorted((a, b) => (a.due ?? "").localeCompare(b.due ?? ""))[0] ?? null,
    },
    stages,
    evidence: of.evidence,
    timeline: timeline(of),
    activity: of.activity,
    next: steps,
    clocks: of.clocks,
    mappings: of.mappings,
    packets: of.packets,
    read_only: of.closed,
  };
}
