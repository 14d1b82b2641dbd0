import { describe, expect, it } from "vitest";
import { stepFrom } from "./step";

const ids = ["a", "b", "c", "d"];

describe("stepping through candidates", () => {
  it("starts at either end", () => {
    expect(stepFrom(ids, null, 1)).toBe("a");
    expect(stepFrom(ids, null, -1)).toBe("d");
    expect(stepFrom([], null, 1)).toBeNull();
  });

  it("goes on from the one shown last and stops at the ends", () => {
    expect(stepFrom(ids, { id: "b", index: 1 }, 1)).toBe("c");
    expect(stepFrom(ids, { id: "b", index: 1 }, -1)).toBe("a");
    expect(stepFrom(ids, { id: "d", index: 3 }, 1)).toBeNull();
    expect(stepFrom(ids, { id: "a", index: 0 }, -1)).toBeNull();
  });

  it("goes to what took the place of one that was decided on", () => {
    expect(stepFrom(ids, { id: "gone", index: 2 }, 1)).toBe("c");
    expect(stepFrom(ids, { id: "gone", index: 2 }, -1)).toBe("b");
    expect(stepFrom(ids, { id: "gone", index: 4 }, 1)).toBe("d");
    expect(stepFrom(ids, { id: "gone", index: 0 }, -1)).toBe("a");
    expect(stepFrom([], { id: "gone", index: 0 }, 1)).toBeNull();
  });
});
