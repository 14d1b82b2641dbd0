import type { IncidentRowView } from "$lib/ipc";

/** Stages with what is most urgent under each; closed ones last. */
export interface StageGroup {
  stage: string;
  title: string;
  rows: IncidentRowView[];
}

const order = [
  "detection",
  "assessment",
  "investigation",
  "containment",
  "remediation",
  "recovery",
  "review",
  "closed",
];
const severities = ["critical", "high", "medium", "low"];

const rank = (list: readonly string[], word: string | null) => {
  const index = word === null ? -1 : list.indexOf(word);
  return index < 0 ? list.length : index;
};

const due = (row: IncidentRowView) => (row.clock?.due ? Date.parse(row.clock.due) : Infinity);

/** Incidents under their stages; within one, the next clock first, then severity, then the oldest. */
export function byStage(rows: readonly IncidentRowView[]): StageGroup[] {
  const groups = new Map<string, StageGroup>();
  for (const row of rows) {
    const group = groups.get(row.stage) ?? { stage: row.stage, title: row.stage_title, rows: [] };
    group.rows.push(row);
    groups.set(row.stage, group);
  }
  for (const group of groups.values())
    group.rows.sort((a, b) => {
      const [dueA, dueB] = [due(a), due(b)];
      if (dueA !== dueB) return dueA < dueB ? -1 : 1;
      const severity = rank(severities, a.severity) - rank(severities, b.severity);
      return severity || a.opened.localeCompare(b.opened);
    });
  return [...groups.values()].sort((a, b) => rank(order, a.stage) - rank(order, b.stage));
}
