import { expect, it } from "vitest";
import type { ClockView, IncidentRowView } from "$lib/ipc";
import { countOf, mostUrgent, stateAt } from "./clocks";

const now = Date.parse("2026-11-01T12:00:00Z");
const clock = (state: string, due: string | null) => ({ state, due }) as ClockView;
const row = (id: string, clock: ClockView | null, stage = "assessment") =>
  ({ id, clock, stage }) as IncidentRowView;

it("calls a clock overdue from the moment it ends, whatever was said when it was asked for", () => {
  expect(stateAt(clock("running", "2026-11-01T12:00:01Z"), now)).toBe("running");
  expect(stateAt(clock("running", "2026-11-01T11:59:59Z"), now)).toBe("overdue");
  expect(stateAt(clock("met", "2026-11-01T11:59:59Z"), now)).toBe("met");
  expect(stateAt(clock("not started", null), now)).toBe("not started");
});

it("finds the most urgent clock by its instant, of closed incidents too", () => {
  const rows = [
    row("A", null),
    row("B", clock("not started", null)),
    row("C", clock("running", "2026-11-02T01:00:00+02:00")),
    row("D", clock("overdue", "2026-11-01T23:30:00Z"), "closed"),
  ];
  expect(mostUrgent(rows)?.id).toBe("C");
  expect(mostUrgent(rows.slice(0, 2))).toBeUndefined();
  expect([countOf(rows, "running", now), countOf(rows, "overdue", now)]).toEqual([1, 1]);
});
