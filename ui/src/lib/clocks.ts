import type { ClockView, IncidentRowView } from "$lib/ipc";

/** The state of a clock at this moment: one that has run out since it was asked for is overdue. */
export function stateAt(clock: ClockView, now: number): string {
  const ranOut = clock.state === "running" && clock.due !== null && Date.parse(clock.due) < now;
  return ranOut ? "overdue" : clock.state;
}

/** The incident whose clock ends, or ended, first; closed ones count as well, their clocks live on. */
export function mostUrgent(rows: readonly IncidentRowView[]): IncidentRowView | undefined {
  const due = (row: IncidentRowView) => Date.parse(row.clock?.due ?? "");
  return rows.filter((row) => !Number.isNaN(due(row))).toSorted((a, b) => due(a) - due(b))[0];
}

/** How many next clocks are in a state now. */
export function countOf(rows: readonly IncidentRowView[], state: string, now: number): number {
  return rows.filter((row) => row.clock && stateAt(row.clock, now) === state).length;
}
