import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { saves } from "./saves";
import { session } from "./session.svelte";

const did = vi.hoisted(() => [] as string[]);
vi.mock("$lib/ipc", () => ({
  commands: {
    lock: async () => {
      did.push("locked");
      return {};
    },
  },
}));

describe("locking", () => {
  beforeEach(() => void (did.length = 0));
  afterEach(() => void vi.unstubAllGlobals());

  it("leaves the field that is typed in and waits for its save", async () => {
    const save = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      did.push("saved");
    };
    vi.stubGlobal("document", { activeElement: { blur: () => saves.track(save()) } });
    await session.lock();
    expect(did).toEqual(["saved", "locked"]);
  });

  it("locks once when asked twice", async () => {
    vi.stubGlobal("document", { activeElement: null });
    await Promise.all([session.lock(), session.lock()]);
    expect(did).toEqual(["locked"]);
  });
});
