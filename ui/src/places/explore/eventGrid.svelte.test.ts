import { beforeEach, expect, it, vi } from "vitest";
import type { RowSource } from "$lib/state/rows.svelte";

vi.mock("$lib/ipc", () => ({ commandError: (thrown: unknown) => thrown, commands: {} }));

const { explore, rowHeight } = await import("$lib/state/explore.svelte");
const { GridView } = await import("./eventGrid.svelte");

/** A result of so many rows, of which those below `here` are loaded. */
function result(total: number, here = total): RowSource {
  return {
    total,
    version: 0,
    row: (index: number) => (index < here ? { seq: 1000 + index } : undefined),
  } as unknown as RowSource;
}

beforeEach(() => explore.reset());

it("moves the focus by keys and keeps it in sight", () => {
  const view = new GridView(() => result(500));
  view.viewport = 10 * rowHeight;
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp", "PageDown"]) expect(view.press(key)).toBe(true);
  expect(explore.active).toBe(10);
  expect(view.top).toBe(rowHeight);
  view.press("End");
  expect([explore.active, view.top]).toEqual([499, 490 * rowHeight]);
  view.press("ArrowDown");
  expect(explore.active).toBe(499);
  view.press("Home");
  expect([explore.active, view.top]).toEqual([0, 0]);
  expect(view.press("a")).toBe(false);
});

it("selects, opens and closes the row with the focus", () => {
  const view = new GridView(() => result(5));
  view.go(2);
  view.press(" ");
  expect([...explore.selected]).toEqual([1002]);
  expect(view.press("Escape")).toBe(false);
  view.press("Enter");
  expect(explore.opened).toBe(1002);
  view.press("ArrowDown");
  view.leaf();
  expect(explore.opened).toBe(1003);
  view.press("Escape");
  expect(explore.opened).toBeNull();
});

it("leafs only to a row that is here", () => {
  const view = new GridView(() => result(5, 2));
  view.open(1);
  view.press("ArrowDown");
  view.leaf();
  expect([explore.active, explore.opened]).toEqual([2, 1001]);
});

it("goes on drawing what was there until the next rows are", () => {
  const view = new GridView(() => result(5000, 100));
  expect(view.drawn.waiting).toBe(false);
  const before = view.drawn.rows.length;
  view.scrollTo(4000 * rowHeight);
  expect([view.drawn.waiting, view.drawn.rows.length, view.drawn.top]).toEqual([true, before, 0]);
});
