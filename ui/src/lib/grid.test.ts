import { describe, expect, it } from "vitest";
import { clampTop, gridLayout, lastTop, reveal, scrolledOf, tallest, topOf, visibleRows } from "./grid";

/** What WebKitGTK clamps an element's height to. */
const webkitLimit = 33_554_428;

describe("a grid that fits", () => {
  const layout = gridLayout(1_000, 28, 560);

  it("scrolls one to one", () => {
    expect(layout.height).toBe(28_000);
    expect(layout.scale).toBe(1);
    expect(topOf(layout, 1234)).toBe(1234);
  });

  it("draws the rows in view and some around them", () => {
    expect(visibleRows(layout, 0, 8)).toEqual({ first: 0, last: 28 });
    expect(visibleRows(layout, 2_800, 8)).toEqual({ first: 92, last: 128 });
    expect(visibleRows(layout, lastTop(layout), 8).last).toBe(1_000);
  });

  it("reveals a row with the least movement", () => {
    expect(reveal(layout, 280, 12)).toBe(280);
    expect(reveal(layout, 280, 5)).toBe(140);
    expect(reveal(layout, 0, 20)).toBe(28);
    expect(reveal(layout, 0, 999)).toBe(lastTop(layout));
  });
});

describe("a grid taller than an element can be", () => {
  const layout = gridLayout(5_000_000, 28, 600);

  it("stays below the clamp", () => {
    expect(layout.height).toBe(tallest);
    expect(layout.height).toBeLessThan(webkitLimit);
  });

  it("reaches the first and the last row with the scroll bar", () => {
    expect(topOf(layout, 0)).toBe(0);
    const bottom = topOf(layout, layout.height - layout.viewport);
    expect(bottom).toBeCloseTo(lastTop(layout), 3);
    expect(visibleRows(layout, bottom, 0).last).toBe(5_000_000);
  });

  it("goes from a top to the bar and back", () => {
    for (const top of [0, 28, 70_000_000, lastTop(layout)])
      expect(topOf(layout, scrolledOf(layout, top))).toBeCloseTo(top, 3);
  });
});

it("has nothing to scroll without rows", () => {
  const layout = gridLayout(0, 28, 600);
  expect(lastTop(layout)).toBe(0);
  expect(clampTop(layout, 100)).toBe(0);
  expect(visibleRows(layout, 0)).toEqual({ first: 0, last: 0 });
});
