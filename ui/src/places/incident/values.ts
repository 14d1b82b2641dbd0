import type { FormFieldView, JsonValue } from "$lib/ipc";
import { normaliseTime } from "$lib/time";

/** What a control edits: text for most kinds, a list of ids, or yes and no. */
export type Draft = string | string[] | boolean;

type FieldKind = Pick<FormFieldView, "kind">;

const listed = (kind: string) => kind === "evidence" || kind === "refs";

/** A stored value as its control shows it. */
export function toDraft(field: FieldKind, value: JsonValue | undefined): Draft {
  if (listed(field.kind))
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
  if (field.kind === "flag") return value === true;
  return typeof value === "string" ? value : value === null || value === undefined ? "" : String(value);
}

export type Converted = { value: JsonValue; problem: null } | { value: null; problem: string };

/**
 * What to send for a draft. Empty text and empty lists are sent as null, which clears the field; a flag is always
 * yes or no.
 */
export function fromDraft(field: FieldKind, draft: Draft): Converted {
  if (Array.isArray(draft)) return { value: draft.length ? [...draft] : null, problem: null };
  if (typeof draft === "boolean") return { value: draft, problem: null };
  const text = draft.trim();
  if (!text) return { value: null, problem: null };
  if (field.kind !== "time") return { value: text, problem: null };
  const time = normaliseTime(text);
  return time
    ? { value: time, problem: null }
    : { value: null, problem: "Write the time as 2026-11-01T03:14:00Z, or with an offset such as +01:00." };
}

/** Whether a draft says the same as the stored value, so that nothing has to be saved. */
export function sameValue(stored: JsonValue | undefined, value: JsonValue): boolean {
  const empty = (each: JsonValue | undefined) =>
    each === undefined || each === null || (Array.isArray(each) && each.length === 0);
  if (empty(stored) && (empty(value) || value === false)) return true;
  return JSON.stringify(stored ?? null) === JSON.stringify(value);
}

/** Drafts of every sub-field of an item. */
export function itemDrafts(fields: readonly FormFieldView[], values: JsonValue): Record<string, Draft> {
  const stored = (values ?? {}) as Record<string, JsonValue>;
  return Object.fromEntries(fields.map((field) => [field.id, toDraft(field, stored[field.id])]));
}

export interface ItemChange {
  item: Record<string, JsonValue>;
  /** What is wrong, by sub-field. */
  problems: Record<string, string>;
}

/**
 * The item to send: with `stored` only what changed, otherwise everything that is filled. Required flags are always
 * sent, as "no" is an answer.
 */
export function itemChange(
  fields: readonly FormFieldView[],
  drafts: Record<string, Draft>,
  stored: JsonValue | null,
): ItemChange {
  const before = (stored ?? {}) as Record<string, JsonValue>;
  const change: ItemChange = { item: {}, problems: {} };
  for (const field of fields) {
    const { value, problem } = fromDraft(field, drafts[field.id] ?? toDraft(field, null));
    if (problem) change.problems[field.id] = problem;
    else if (field.kind === "flag" && field.required && before[field.id] === undefined)
      change.item[field.id] = value;
    else if (!sameValue(before[field.id], value)) change.item[field.id] = value;
  }
  return change;
}

/** The sub-field that a refusal misses in an item (`investigation.findings needs statement`), if it names one. */
export function missedBy(message: string, fields: readonly FormFieldView[]): string | null {
  const id = / needs (\w+)$/.exec(message)?.[1];
  return fields.some((field) => field.id === id) ? (id ?? null) : null;
}

/** A value in words for a row: labels in place of stored words, ids joined. */
export function inWords(field: FormFieldView, value: JsonValue | undefined): string {
  if (value === null || value === undefined || value === "") return "";
  if (Array.isArray(value)) return value.join(" ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (field.kind === "choice")
    return field.options.find((option) => option.value === value)?.label ?? String(value);
  return String(value);
}

/** Stage a field id belongs to, or null for the lists beside all stages. */
export function stageOf(field: string): string | null {
  return field.includes(".") ? field.slice(0, field.indexOf(".")) : null;
}
