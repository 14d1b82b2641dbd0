import type { FormFieldView, IncidentView } from "$lib/ipc";

/** Neighbouring plain fields stand in one box; each list has its own. */
export type FieldGroup = { list: FormFieldView } | { fields: FormFieldView[] };

/** Lists that run beside all stages; they come with the current stage and have tabs of their own. */
export const besideLists = ["decisions", "communications"] as const;

const beside = (id: string) => (besideLists as readonly string[]).includes(id);

export function fieldGroups(fields: readonly FormFieldView[]): FieldGroup[] {
  const groups: FieldGroup[] = [];
  for (const field of fields) {
    if (beside(field.id)) continue;
    const last = groups.at(-1);
    if (field.kind === "list") groups.push({ list: field });
    else if (last && "fields" in last) last.fields.push(field);
    else groups.push({ fields: [field] });
  }
  return groups;
}

/** Whether a field takes the whole width. */
export const isWide = (field: FormFieldView): boolean =>
  field.kind === "long-text" || field.kind === "evidence" || field.kind === "refs";

/** Fields as they stand side by side: a time has its basis, and a beginning its end, beside it and not a row away. */
export function sideBySide(fields: readonly FormFieldView[]): FormFieldView[][] {
  const rows: FormFieldView[][] = [];
  for (const field of fields) {
    const before = rows.at(-1);
    if (before?.length === 1 && before[0] && belongsTo(before[0], field)) before.push(field);
    else rows.push([field]);
  }
  return rows;
}

function belongsTo(time: FormFieldView, field: FormFieldView): boolean {
  if (time.kind !== "time" || isWide(field)) return false;
  const stem = time.id.replace(/_(at|from)$/, "");
  return field.id === `${stem}_basis` || field.id === `${stem}_to`;
}

/** A field or list of the incident by its id, whichever stage it comes with. */
export function findField(incident: IncidentView, id: string): FormFieldView | null {
  for (const stage of incident.stages) {
    const found = stage.fields.find((field) => field.id === id);
    if (found) return found;
  }
  return null;
}

export interface Reference {
  id: string;
  /** What it is, for the hover text and a screen reader. */
  title: string;
  /** When it occurred: ten records of one kind are told apart by it. */
  at?: string | null;
}

/** What a field of kind `evidence` or `refs` can point to. */
export function referencesFor(field: FormFieldView, incident: IncidentView): Reference[] {
  if (field.kind === "evidence")
    return incident.evidence.map((piece) => ({
      id: piece.id,
      title: `${piece.title}, ${piece.system}`,
      at: piece.occurred,
    }));
  if (field.kind !== "refs" || !field.refers_to) return [];
  if (field.refers_to === "searches") return savedSearches(incident);
  const list = findField(incident, field.refers_to);
  return (list?.items ?? [])
    .filter((item) => item.withdrawn === null)
    .map((item) => ({ id: item.id, title: itemTitle(list?.item_fields ?? [], item.values) }));
}

/** Saved searches are no form list; the activity is where an incident names them. */
function savedSearches(incident: IncidentView): Reference[] {
  const found: Reference[] = [];
  for (const event of incident.activity) {
    const match = /saved search (S\d+)\b(.*)/.exec(event.text);
    if (match?.[1]) found.unshift({ id: match[1], title: `Search${match[2] ?? ""}` });
  }
  return found;
}

/** The first text of an item stands for it. */
export function itemTitle(fields: readonly FormFieldView[], values: FormFieldView["value"]): string {
  const stored = (values ?? {}) as Record<string, unknown>;
  const texts = fields.filter((field) => field.kind === "text" || field.kind === "long-text");
  for (const field of [...texts.filter((field) => field.required), ...texts]) {
    const value = stored[field.id];
    if (typeof value === "string" && value) return value;
  }
  return "";
}

/** Replaces ids of fields and gates in a sentence by their words. */
export function withLabels(text: string, incident: IncidentView): string {
  return text.replace(/\b[a-z]+\.[a-z_-]+(?:\.[a-z_]+)?\b/g, (id) => {
    const label = labelOf(id, incident);
    return label ? `“${label}”` : id;
  });
}

function labelOf(id: string, incident: IncidentView): string | undefined {
  const whole = findField(incident, id);
  if (whole) return whole.label;
  const list = findField(incident, id.slice(0, id.lastIndexOf(".")));
  return (
    list?.item_fields.find((field) => id.endsWith(`.${field.id}`))?.label ??
    incident.stages.flatMap((stage) => stage.gates ?? []).find((gate) => gate.id === id)?.title
  );
}

/** A field of a form that no stage has, such as the recipient of a message that was sent. */
export function plainField(
  id: string,
  label: string,
  kind: string,
  help: string,
  required = true,
): FormFieldView {
  return {
    id,
    label,
    help,
    kind,
    required,
    refers_to: null,
    options: [],
    value: null,
    item_fields: [],
    items: [],
  };
}
