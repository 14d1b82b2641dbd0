import { afterEach, describe, expect, it, vi } from "vitest";
import { navigation, parseRoute, routeHash } from "./navigation.svelte";

describe("the address", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("says nothing of a workspace that is locked", () => {
    const location = { hash: "" };
    vi.stubGlobal("location", location);
    vi.stubGlobal("history", {
      replaceState: (_: unknown, __: string, url: string) => (location.hash = url),
    });
    vi.stubGlobal("addEventListener", () => {});
    navigation.start(["incidents", "explore"]);
    navigation.go("explore", null, { q: "subject:key-7" });
    expect(location.hash).toContain("key-7");
    navigation.reset();
    expect(location.hash).toBe("#/incidents");
    expect(navigation.route).toEqual({ place: "incidents", id: null, params: {} });
  });

  it("keeps a route", () => {
    const route = { place: "explore" as const, id: "INC-2026-0001", params: { field: "detection.origin" } };
    expect(parseRoute(routeHash(route), ["incidents", "explore"])).toEqual(route);
    expect(parseRoute("#/nowhere/7", ["incidents", "explore"])).toEqual({
      place: "incidents",
      id: null,
      params: {},
    });
  });
});
