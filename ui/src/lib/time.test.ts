import { describe, expect, it } from "vitest";
import { formatDistance, formatLeft, formatSpan, formatTime, knownZone, normaliseTime } from "./time";

const instant = "2026-11-01T03:14:07.221Z";

it("shows a time in the zone that was picked", () => {
  expect(formatTime(instant, "UTC", "full")).toBe("2026-11-01 03:14:07.221");
  expect(formatTime(instant, "Europe/Zurich", "full")).toBe("2026-11-01 04:14:07.221");
  expect(formatTime(instant, "America/Los_Angeles", "minute")).toBe("2026-10-31 20:14");
  expect(formatTime(instant, "UTC", "row")).toBe("11-01 03:14:07.221");
  expect(formatTime(instant, "UTC", "short")).toBe("1 Nov 03:14");
  expect(formatTime(instant, "UTC", "day")).toBe("2026-11-01");
});

it("says midnight as 00, never as 24", () => {
  expect(formatTime("2026-11-01T00:00:00Z", "UTC")).toBe("2026-11-01 00:00:00");
});

it("shows the hour that comes twice as the clocks of the zone did", () => {
  expect(formatTime("2026-10-25T00:30:00Z", "Europe/Zurich", "minute")).toBe("2026-10-25 02:30");
  expect(formatTime("2026-10-25T01:30:00Z", "Europe/Zurich", "minute")).toBe("2026-10-25 02:30");
});

it("shows what is no time as it stands", () => {
  expect(formatTime("unknown", "UTC")).toBe("unknown");
});

it("knows zones", () => {
  expect(knownZone("Europe/Zurich")).toBe(true);
  expect(knownZone("Middle/Earth")).toBe(false);
});

it("writes lengths of time", () => {
  expect(formatSpan(38)).toBe("38 s");
  expect(formatSpan(41 * 3600 + 12 * 60 + 5)).toBe("1 d 17 h");
  expect(formatSpan(3_600)).toBe("1 h");
  expect(formatLeft(38)).toBe("0:38");
  expect(formatLeft(3_729)).toBe("1:02:09");
  expect(formatDistance("2026-11-01T05:00:00Z", Date.UTC(2026, 10, 1, 3))).toBe("in 2 h");
  expect(formatDistance("2026-10-29T03:00:00Z", Date.UTC(2026, 10, 1, 3))).toBe("3 d ago");
});

describe("a typed time", () => {
  it.each([
    ["2026-11-01T03:14:00Z", "2026-11-01T03:14:00Z"],
    ["2026-11-01 03:14", "2026-11-01T03:14:00Z"],
    ["2026-11-01", "2026-11-01T00:00:00Z"],
    ["2026-11-01T03:14:07.221Z", "2026-11-01T03:14:07.221Z"],
    ["2026-11-01 03:14 UTC", "2026-11-01T03:14:00Z"],
    ["2026-11-01T03:14:00+0100", "2026-11-01T03:14:00+01:00"],
    ["2026-02-28T23:30:00-05:00", "2026-02-28T23:30:00-05:00"],
  ])("%s is sent as %s", (typed, sent) => expect(normaliseTime(typed)).toBe(sent));

  it.each(["yesterday", "2026-02-30", "2026-11-01T25:00Z", "03:14", "2026-11-01T03:14:00+99:00", ""])(
    "%s is refused before anything is sent",
    (typed) => expect(normaliseTime(typed)).toBeNull(),
  );
});
