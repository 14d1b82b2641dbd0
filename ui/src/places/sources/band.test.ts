import { describe, expect, it } from "vitest";
import type { BandView, OriginView } from "$lib/ipc";
import { inDepth, isSigned, layOut, names, partAt, states, stepTo } from "./band";

const part = (state: string, first: number, last: number): BandView => ({
  state,
  first,
  last,
  from: null,
  to: null,
  words: `${state} ${first}`,
});

describe("the layout of a band", () => {
  it("gives one stretch the whole width", () => {
    expect(layOut([part("covered", 0, 7)], 300)).toMatchObject([{ x: 0, width: 300 }]);
    expect(layOut([part("covered", 4, 4)], 300)).toMatchObject([{ x: 0, width: 300 }]);
    expect(layOut([], 300)).toEqual([]);
  });

  it("shows one missing record beside ten million", () => {
    const drawn = layOut(
      [part("covered", 0, 1e7), part("gap", 1e7, 1e7 + 1), part("covered", 1e7 + 1, 1e7 + 3)],
      400,
    );
    expect(drawn[1]?.width).toBeGreaterThanOrEqual(5);
    expect(drawn[0]?.width).toBeGreaterThan(300);
    expect((drawn[2]?.x ?? 0) + (drawn[2]?.width ?? 0)).toBeCloseTo(400);
  });

  it("keeps 500 stretches in order, inside and each wider than nothing", () => {
    const many = Array.from({ length: 500 }, (_, n) => part(n % 7 ? "covered" : "gap", n * 10, n * 10 + 10));
    const drawn = layOut(many, 500);
    drawn.forEach((one, n) => {
      expect(one.width).toBeGreaterThanOrEqual(0.5);
      expect(one.x).toBeGreaterThanOrEqual(drawn[n - 1]?.x ?? 0);
      expect(one.x + one.width).toBeLessThanOrEqual(500.5);
    });
  });

  it("puts overlapping stretches where their indices are", () => {
    const drawn = layOut([part("covered", 0, 10), part("covered", 5, 15), part("silent", 8, 12)], 300);
    expect(drawn[1]?.x).toBeLessThan((drawn[0]?.x ?? 0) + (drawn[0]?.width ?? 0));
    expect(drawn[2]?.x).toBeGreaterThan(drawn[1]?.x ?? 0);
    expect(partAt(drawn, (drawn[2]?.x ?? 0) + 1)).toBe(2);
    expect(partAt(drawn, 1)).toBe(0);
    expect(partAt(drawn, 301)).toBe(-1);
  });
});

describe("a band by keyboard", () => {
  it("walks from stretch to stretch and stops at the ends", () => {
    expect(stepTo("ArrowRight", 0, 3)).toBe(1);
    expect(stepTo("ArrowRight", 2, 3)).toBe(2);
    expect(stepTo("ArrowLeft", 0, 3)).toBe(0);
    expect(stepTo("End", 0, 500)).toBe(499);
    expect(stepTo("PageDown", 495, 500)).toBe(499);
    expect(stepTo("Home", 7, 9)).toBe(0);
    expect(stepTo("a", 1, 3)).toBeNull();
  });

  it("has a name for every state, and a depth", () => {
    const all = states.map((state, n) => part(state, n, n + 1));
    expect(inDepth(all)).toHaveLength(states.length);
    expect(inDepth(all)[0]?.state).toBe("covered");
    expect([names.gap, names.bridged, names.fork]).toEqual(["gap", "gap, bridged", "fork"]);
  });
});

it("tells a log that is signed from foreign files", () => {
  const origin = (verdict: string, words: string, band: BandView[], keys: object[] = []) =>
    ({ verdict, words, band, keys }) as unknown as OriginView;
  const foreign = "2 files, hash-matched; no chain to compare";
  expect(isSigned(origin("unlinked", foreign, [{ ...part("covered", 0, 9), words: foreign }]))).toBe(false);
  expect(isSigned(origin("pending", "pending: no pinned key has signed it", [part("pending", 0, 4)]))).toBe(
    true,
  );
  expect(isSigned(origin("none", "nothing imported yet", [], [{}]))).toBe(true);
  const unlinked = [part("unknown", 0, 5), part("covered", 5, 9)];
  expect(isSigned(origin("unlinked", "history before 5 unknown", unlinked))).toBe(true);
});
