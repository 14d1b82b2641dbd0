import type { PacketPlanView, PlanClassView, PlanFieldView } from "$lib/ipc";

/** What happens to the fields of one system, the kinds of outcome apart. */
export interface SystemPlan {
  system: string;
  disclosed: PlanFieldView[];
  handle: PlanFieldView[];
  withheld: PlanFieldView[];
  /** Values that leave, as themselves or as a handle. */
  leaving: number;
  staying: number;
}

const outcomes = ["disclosed", "handle", "withheld"] as const;

/** Groups a plan's fields by system, in order of name; within an outcome what counts most comes first. */
export function bySystem(fields: readonly PlanFieldView[]): SystemPlan[] {
  const systems = new Map<string, SystemPlan>();
  for (const field of fields) {
    let plan = systems.get(field.system);
    if (!plan) {
      plan = { system: field.system, disclosed: [], handle: [], withheld: [], leaving: 0, staying: 0 };
      systems.set(field.system, plan);
    }
    // An outcome this window does not know is shown as withheld only if it does not leave.
    const outcome = outcomes.find((each) => each === field.outcome) ?? "disclosed";
    plan[outcome].push(field);
    if (outcome === "withheld") plan.staying += field.total;
    else plan.leaving += field.total;
  }
  for (const plan of systems.values())
    for (const outcome of outcomes)
      plan[outcome].sort((a, b) => b.total - a.total || a.path.localeCompare(b.path));
  return [...systems.values()].sort((a, b) => a.system.localeCompare(b.system));
}

/** Of the classes that do not leave as they are: those whose values leave as handles, and those that stay. */
export function handledAndKept(plan: Pick<PacketPlanView, "withheld" | "fields">): {
  handled: PlanClassView[];
  kept: PlanClassView[];
} {
  const asHandle = (row: PlanClassView) => {
    const fields = plan.fields.filter((field) => field.class === row.class && field.outcome !== "disclosed");
    return fields.length > 0 && fields.every((field) => field.outcome === "handle");
  };
  return {
    handled: plan.withheld.filter(asHandle),
    kept: plan.withheld.filter((row) => !asHandle(row)),
  };
}

/** Sum of the values of classes. */
export function totalOf(classes: readonly { total: number }[]): number {
  return classes.reduce((sum, each) => sum + each.total, 0);
}

/** Folders of a packet with their files, so that a hundred proofs are one line. */
export function byFolder(files: readonly string[]): { folder: string; files: string[] }[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const parts = file.split("/");
    const folder =
      parts.length > 1
        ? parts.slice(0, parts[0] === "data" ? Math.min(2, parts.length - 1) : 1).join("/")
        : "";
    const name = folder ? file.slice(folder.length + 1) : file;
    folders.set(folder, [...(folders.get(folder) ?? []), name]);
  }
  return [...folders].map(([folder, names]) => ({ folder, files: names }));
}

/** Name offered for a packet's file: `INC-2026-0042_review_v2.zip`. */
export function fileName(packet: string, version: number): string {
  return `${packet}_v${version}.zip`;
}

/** The mark a leak check's sentence stands under; words that are not known are not called clean. */
export function leakMark(sentence: string): "ok" | "failed" | "" {
  if (/found in \d/i.test(sentence)) return "failed";
  return /none found/i.test(sentence) ? "ok" : "";
}
