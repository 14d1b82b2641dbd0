import { expect, it } from "vitest";
import type { TimelineView } from "$lib/ipc";
import { countKinds, layoutTimeline } from "./timeline";

const entry = (id: string, at: string | null, more: Partial<TimelineView> = {}): TimelineView => ({
  id,
  at,
  kind: "evidence",
  text: "",
  evidence: [],
  actor: null,
  seq: null,
  lane: "key-1",
  ...more,
});

it("draws subjects in the order they appear and the responders last", () => {
  const layout = layoutTimeline(
    [
      entry("D1", "2026-11-01T00:00:00Z", { lane: "responders", kind: "decision" }),
      entry("E2", "2026-11-03T00:00:00Z", { lane: "dev-2" }),
      entry("E1", "2026-11-02T00:00:00Z"),
    ],
    600,
  );
  expect(layout.lanes.map((lane) => lane.name)).toEqual(["key-1", "dev-2", "responders"]);
});

it("keeps every mark inside the width and in order of time", () => {
  const entries = Array.from({ length: 40 }, (_, n) =>
    entry(`E${n}`, new Date(Date.UTC(2026, 10, 1, n)).toISOString()),
  );
  const xs = layoutTimeline(entries, 500).lanes.flatMap((lane) => lane.marks.map((mark) => mark.x));
  expect(Math.min(...xs)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...xs)).toBeLessThanOrEqual(500);
  expect(xs).toEqual(xs.toSorted((a, b) => a - b));
});

it("joins marks of one kind that would cover each other, and loses none", () => {
  const entries = [
    entry("E1", "2026-11-01T00:00:00Z"),
    entry("E2", "2026-11-01T00:00:01Z"),
    entry("T1", "2026-11-01T00:00:01Z", { kind: "fact" }),
    entry("E3", "2026-11-05T00:00:00Z"),
  ];
  const [lane] = layoutTimeline(entries, 400).lanes;
  expect(lane?.marks.map((mark) => mark.entries.map((each) => each.id))).toEqual([
    ["E1", "E2"],
    ["T1"],
    ["E3"],
  ]);
});

it("lets the rarest subjects share a lane when there are many", () => {
  const entries = Array.from({ length: 12 }, (_, n) => [
    entry(`a${n}`, "2026-11-01T00:00:00Z", { lane: `dev-${n}` }),
    ...(n < 7 ? [entry(`b${n}`, "2026-11-02T00:00:00Z", { lane: `dev-${n}` })] : []),
  ]).flat();
  const { lanes } = layoutTimeline(entries, 400);
  expect(lanes.map((lane) => lane.name)).toEqual([
    ...Array.from({ length: 7 }, (_, n) => `dev-${n}`),
    "5 others",
  ]);
  expect(lanes.flatMap((lane) => lane.marks.flatMap((mark) => mark.entries))).toHaveLength(entries.length);
});

it("draws a single entry, and says how many have no time", () => {
  const one = layoutTimeline([entry("E1", "2026-11-01T00:00:00Z"), entry("E2", null)], 400);
  expect(one.lanes).toHaveLength(1);
  expect(one.lanes[0]?.marks[0]?.x).toBeCloseTo(200);
  expect(one.undated).toBe(1);
  expect(layoutTimeline([], 400).lanes).toEqual([]);
});

it("leaves room for every tick label", () => {
  const entries = [entry("E1", "2026-10-29T17:48:00Z"), entry("E2", "2026-11-02T11:30:00Z")];
  for (const width of [300, 700, 1200]) {
    const { ticks } = layoutTimeline(entries, width);
    expect(ticks.length).toBeGreaterThan(0);
    for (const [n, tick] of ticks.entries()) {
      expect(tick.x).toBeGreaterThanOrEqual(36);
      expect(tick.x).toBeLessThanOrEqual(width - 36);
      if (n) expect(tick.x - (ticks[n - 1]?.x ?? 0)).toBeGreaterThan(70);
    }
  }
});

it("counts kinds without naming those there are none of", () =>
  expect(countKinds([entry("E1", null), entry("D1", null, { kind: "decision" })])).toEqual([
    { kind: "evidence", count: 1 },
    { kind: "decision", count: 1 },
  ]));
