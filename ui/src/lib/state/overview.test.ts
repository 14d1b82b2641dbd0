import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { overview } from "./overview.svelte";
import { toasts } from "./toasts.svelte";

type Ask = { resolve: (view: object) => void; reject: (error: object) => void };

const rust = vi.hoisted(() => ({ asked: [] as Ask[], change: (_what: string) => {} }));
vi.mock("$lib/ipc", () => ({
  commands: {
    overview: () => new Promise((resolve, reject) => rust.asked.push({ resolve, reject })),
  },
  commandError: (error: object) => error,
  onChanged: async (callback: (what: string) => void) => {
    rust.change = callback;
    return () => {};
  },
}));

const view = (jobs: object[] = []) => ({ jobs });

describe("the overview of a workspace that is locked", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    rust.asked.length = 0;
    toasts.clear();
  });
  afterEach(() => void vi.useRealTimers());

  it("asks for nothing any more", async () => {
    const stop = overview.start();
    rust.asked[0]?.resolve(view());
    await vi.advanceTimersByTimeAsync(0);
    rust.change("vault");
    stop();
    rust.change("vault");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rust.asked.length).toBe(1);
  });

  it("follows changes again in the next workspace", async () => {
    const stop = overview.start();
    await vi.advanceTimersByTimeAsync(0);
    rust.change("vault");
    stop();
    const stopNext = overview.start();
    await vi.advanceTimersByTimeAsync(0);
    rust.change("jobs");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rust.asked.length).toBe(3);
    stopNext();
  });

  it("takes no late answer and says no late failure", async () => {
    const stop = overview.start();
    void overview.refresh();
    stop();
    rust.asked[0]?.resolve(view());
    rust.asked[1]?.reject({ code: "locked", message: "No workspace is open.", hint: null });
    await vi.advanceTimersByTimeAsync(0);
    expect(overview.view).toBeNull();
    expect(toasts.shown).toEqual([]);
  });
});
