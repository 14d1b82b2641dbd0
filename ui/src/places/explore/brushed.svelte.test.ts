import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { HistogramView } from "$lib/ipc";

vi.mock("$lib/ipc", () => ({ commandError: (thrown: unknown) => thrown, commands: {} }));

const { explore } = await import("$lib/state/explore.svelte");
const { Brushed } = await import("./brushed.svelte");

const histogram: HistogramView = {
  from: "2026-11-01T00:00:00Z",
  to: "2026-11-01T10:00:00Z",
  bucket_seconds: 3600,
  counts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  undated: 0,
  total: 55,
};
const hour = (n: number) => Date.UTC(2026, 10, 1, n);

beforeEach(() => {
  vi.useFakeTimers();
  explore.reset();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("searches the range that keys moved once they rest", () => {
  const asked = vi.spyOn(explore, "setRange").mockImplementation(() => {});
  const brush = new Brushed(() => histogram);
  expect([brush.range, brush.partial]).toEqual([{ first: 0, last: 10 }, false]);
  brush.press("ArrowRight", "first");
  brush.press("ArrowRight", "first");
  brush.press("ArrowLeft", "last");
  expect([brush.range, brush.partial]).toEqual([{ first: 2, last: 9 }, true]);
  expect(asked).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(asked).toHaveBeenCalledWith({ from: hour(2), to: hour(9) });
});

it("takes back what was moved, and leaves other keys alone", () => {
  const brush = new Brushed(() => histogram);
  expect(brush.press("Escape", "first")).toBe(false);
  brush.press("PageUp", "first");
  expect(brush.range).toEqual({ first: 9, last: 10 });
  expect(brush.press("Escape", "first")).toBe(true);
  expect(brush.range).toEqual({ first: 0, last: 10 });
  expect(brush.press("a", "first")).toBe(false);
});

it("shows the filter in force, and widens it to the whole time", () => {
  explore.filters = [
    { field: "time", value: "[2026-11-01T03 .. 2026-11-01T04]", negated: false, without: "" },
  ];
  const asked = vi.spyOn(explore, "setRange").mockImplementation(() => {});
  const brush = new Brushed(() => histogram);
  expect(brush.inForce).toEqual({ first: 3, last: 5 });
  expect(brush.ends.map(({ min, max }) => [min, max])).toEqual([
    [0, 4],
    [4, 10],
  ]);
  brush.set({ first: 3, last: 5 });
  expect(asked).not.toHaveBeenCalled();
  brush.set({ first: 0, last: 10 });
  expect(asked).toHaveBeenCalledWith(null);
});
