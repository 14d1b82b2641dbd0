import { beforeEach, describe, expect, it, vi } from "vitest";
import { Actions, chordOf, shortcutLabel, type Action } from "./actions.svelte";

const key = (
  name: string,
  held: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {},
) => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe("chords", () => {
  it("spells what was pressed", () => {
    expect(chordOf(key("k", { ctrlKey: true }), false)).toBe("mod+k");
    expect(chordOf(key("k", { metaKey: true }), true)).toBe("mod+k");
    expect(chordOf(key("?", { shiftKey: true }), false)).toBe("?");
    expect(chordOf(key("P", { shiftKey: true }), false)).toBe("shift+p");
    expect(chordOf(key("ArrowLeft", { altKey: true }), false)).toBe("alt+left");
  });

  it("prints them as keys are labelled", () => {
    expect(shortcutLabel("mod+k", false)).toBe("Ctrl K");
    expect(shortcutLabel("mod+k", true)).toBe("⌘ K");
    expect(shortcutLabel("g i", false)).toBe("G I");
  });
});

describe("the registry", () => {
  let actions: Actions;
  let ran: string[];
  const action = (id: string, shortcut: string, more: Partial<Action> = {}): Action => ({
    id,
    title: id,
    shortcut,
    place: "anywhere",
    run: () => ran.push(id),
    ...more,
  });

  beforeEach(() => {
    actions = new Actions();
    ran = [];
  });

  it("runs a chord and a sequence", () => {
    actions.register([action("palette", "mod+k"), action("incidents", "g i"), action("import", "i")]);
    expect(actions.press("mod+k", false)).toBe(true);
    expect(actions.press("g", false)).toBe(true);
    expect(actions.begun).toBe("g");
    actions.press("i", false);
    actions.press("i", false);
    expect(ran).toEqual(["palette", "incidents", "import"]);
  });

  it("forgets a sequence that is not ended in time", () => {
    vi.useFakeTimers();
    actions.register([action("incidents", "g i"), action("import", "i")]);
    actions.press("g", false);
    vi.advanceTimersByTime(2_000);
    actions.press("i", false);
    expect(ran).toEqual(["import"]);
    vi.useRealTimers();
  });

  it("leaves plain keys to what is being typed", () => {
    actions.register([action("pin", "p"), action("palette", "mod+k")]);
    expect(actions.press("p", true)).toBe(false);
    expect(actions.press("mod+k", true)).toBe(true);
    expect(ran).toEqual(["palette"]);
  });

  it("runs nothing that cannot be done now", () => {
    actions.register([action("pin", "p", { enabled: () => false })]);
    expect(actions.press("p", false)).toBe(false);
    expect(actions.available).toEqual([]);
    expect(ran).toEqual([]);
  });

  it("lets a place override an action and takes it back", () => {
    actions.register([action("help", "?")]);
    const remove = actions.register([action("help", "?", { run: () => ran.push("place") })]);
    actions.run("help");
    remove();
    actions.run("help");
    expect(ran).toEqual(["place", "help"]);
  });
});
