import { expect, it } from "vitest";
import { formatBytes, formatShort, grouped, plural, shortHash, shortMiddle } from "./numbers";

it("writes counts and sizes so that they fit where they stand", () => {
  expect([812, 9_999, 41_037, 901_331, 1_240_000].map(formatShort)).toEqual([
    "812",
    "9,999",
    "41.0 k",
    "901 k",
    "1.24 M",
  ]);
  expect([0, 999, 12_400_000, 412_811_230].map(formatBytes)).toEqual(["0 B", "999 B", "12.4 MB", "413 MB"]);
  expect([plural(1, "entry", "entries"), plural(0, "gap"), plural(1_000, "gap")]).toEqual([
    "1 entry",
    "0 gaps",
    "1,000 gaps",
  ]);
});

it("shortens a hash in the middle, and groups a fingerprint without losing any of it", () => {
  expect(shortHash("q9Xr1234567dQ=")).toBe("q9Xr…7dQ=");
  expect(shortHash("short")).toBe("short");
  expect(shortMiddle("cla-5l2slemerl", 14)).toBe("cla-5l2slemerl");
  expect(shortMiddle("cla-5l2slemerl", 11)).toBe("cla-5…emerl");
  expect(grouped("0011223344556677")).toBe("00112233 44556677");
  expect(grouped("")).toBe("");
});
