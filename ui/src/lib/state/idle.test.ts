import { describe, expect, it } from "vitest";
import { Idle } from "./idle";

describe("idle", () => {
  it("is over after its minutes without a touch", () => {
    let now = 1_000;
    const idle = new Idle(() => now);
    now += 14 * 60_000;
    expect(idle.over(15)).toBe(false);
    now += 60_000;
    expect(idle.over(15)).toBe(true);
    idle.touched();
    expect(idle.over(15)).toBe(false);
  });

  it("counts the time a machine slept, and not a clock that was set back", () => {
    let now = 100 * 60_000;
    const idle = new Idle(() => now);
    now -= 50 * 60_000;
    expect(idle.over(15)).toBe(false);
    now += 15 * 60_000;
    expect(idle.over(15)).toBe(true);
  });
});
