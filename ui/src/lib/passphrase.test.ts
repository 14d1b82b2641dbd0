import { describe, expect, it } from "vitest";
import { chosenFaults, shortest } from "./passphrase";

describe("a passphrase that is chosen", () => {
  it("is of so many characters, not code units, and typed twice the same", () => {
    expect(chosenFaults("x", "x").passphrase).toContain(String(shortest));
    expect(chosenFaults("🔑".repeat(shortest - 1), "").passphrase).not.toBeNull();
    expect(chosenFaults("🔑".repeat(shortest), "").passphrase).toBeNull();
    expect(chosenFaults("anchor violet nineteen", "anchor violet ninetee").again).not.toBeNull();
    expect(chosenFaults("anchor violet nineteen", "anchor violet nineteen")).toEqual({
      passphrase: null,
      again: null,
    });
  });
});
