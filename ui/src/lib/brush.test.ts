import { describe, expect, it } from "vitest";
import { bucketAt, clampRange, moveEnd, parseTimeRange, timeRange, withCondition } from "./brush";

describe("a range of buckets", () => {
  it("stays inside and at least one bucket wide", () => {
    expect(clampRange({ first: -3, last: 500 }, 120)).toEqual({ first: 0, last: 120 });
    expect(clampRange({ first: 40, last: 40 }, 120)).toEqual({ first: 40, last: 41 });
    expect(clampRange({ first: 130, last: 140 }, 120)).toEqual({ first: 119, last: 120 });
  });

  it("moves one end by the keyboard without crossing the other", () => {
    expect(moveEnd({ first: 10, last: 20 }, "first", 1, 120)).toEqual({ first: 11, last: 20 });
    expect(moveEnd({ first: 10, last: 20 }, "first", 50, 120)).toEqual({ first: 19, last: 20 });
    expect(moveEnd({ first: 10, last: 20 }, "last", -50, 120)).toEqual({ first: 10, last: 11 });
    expect(moveEnd({ first: 10, last: 20 }, "last", 200, 120)).toEqual({ first: 10, last: 120 });
  });
});

describe("the time filter", () => {
  it("names whole days where it can", () => {
    expect(timeRange(Date.UTC(2026, 9, 28), Date.UTC(2026, 10, 4))).toBe("[2026-10-28 .. 2026-11-03]");
  });

  it("comes back as the same instants", () => {
    const ranges: [number, number][] = [
      [Date.UTC(2026, 9, 28), Date.UTC(2026, 10, 4)],
      [Date.UTC(2026, 9, 28, 6), Date.UTC(2026, 10, 4, 12, 30)],
      [Date.UTC(2026, 9, 28, 6, 0, 15), Date.UTC(2026, 9, 28, 6, 1)],
    ];
    for (const [from, to] of ranges) expect(parseTimeRange(timeRange(from, to))).toEqual({ from, to });
  });

  it("reads what a person types", () => {
    expect(parseTimeRange("[2026-10 .. 2026]")).toEqual({
      from: Date.UTC(2026, 9, 1),
      to: Date.UTC(2027, 0, 1),
    });
    expect(parseTimeRange("[ .. 2026-11-04T12]")).toEqual({ from: null, to: Date.UTC(2026, 10, 4, 13) });
    expect(parseTimeRange("2026-11-04T12:30+01:00")).toEqual({
      from: Date.UTC(2026, 10, 4, 11, 30),
      to: Date.UTC(2026, 10, 4, 11, 31),
    });
    expect(parseTimeRange("none")).toBeNull();
    expect(parseTimeRange("[yesterday .. 2026]")).toBeNull();
  });

  it("lies where its instant is", () => {
    expect(bucketAt(Date.UTC(2026, 9, 2), Date.UTC(2026, 9, 1), 3_600)).toBe(24);
  });
});

it("puts alternatives in parentheses before narrowing them", () => {
  expect(withCondition("", "time:none")).toBe("time:none");
  expect(withCondition("*", "time:none")).toBe("time:none");
  expect(withCondition("system:a key", "time:none")).toBe("system:a key time:none");
  expect(withCondition("system:a OR system:b", "time:none")).toBe("(system:a OR system:b) time:none");
});
