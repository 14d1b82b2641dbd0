import { afterEach, describe, expect, it, vi } from "vitest";
import { navigation } from "./navigation.svelte";

describe("the address", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("says nothing of a workspace that is locked", () => {
    const location = { hash: "" };
    vi.stubGlobal("location", location);
    vi.stubGlobal("history", {
      replaceState: (_: unknown, __: string, url: string) => (location.hash = url),
    });
    navigation.go("explore", null, { q: "subject:key-7" });
    expect(location.hash).toContain("key-7");
    navigation.reset();
    expect(location.hash).toBe("#/incidents");
    expect(navigation.route).toEqual({ place: "incidents", id: null, params: {} });
  });
});
