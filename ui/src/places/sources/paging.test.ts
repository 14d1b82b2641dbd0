import { describe, expect, it } from "vitest";
import { moreWords, nextShown, PAGE } from "./paging";

describe("a list that is drawn in pages", () => {
  it("says how many are left, and goes back from the end", () => {
    const seen: [string, number][] = [];
    let shown = 12;
    for (let press = 0; press < 4; press += 1) {
      const words = moreWords(500, shown, 12, "the newest");
      shown = nextShown(500, shown, 12);
      seen.push([words, shown]);
    }
    expect(seen).toEqual([
      ["Show 200 more (488 left)", 212],
      ["Show 200 more (288 left)", 412],
      ["Show all 500", 612],
      ["Show the newest 12", 12],
    ]);
  });

  it("shows a list of one page with one press", () => {
    expect(nextShown(PAGE, 12, 12)).toBeGreaterThanOrEqual(PAGE);
    expect(moreWords(PAGE, 12, 12)).toBe("Show all 200");
    expect(moreWords(10_000, PAGE)).toBe("Show 200 more (9,800 left)");
  });
});
