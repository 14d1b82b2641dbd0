import { describe, expect, it } from "vitest";
import type { FormFieldView } from "$lib/ipc";
import { fromDraft, inWords, itemChange, itemDrafts, missedBy, sameValue, stageOf, toDraft } from "./values";

const field = (id: string, kind: string, more: Partial<FormFieldView> = {}): FormFieldView => ({
  id,
  label: id,
  help: "",
  kind,
  refers_to: null,
  options: [],
  required: false,
  value: null,
  item_fields: [],
  items: [],
  ...more,
});

describe("what a field sends", () => {
  it("clears with empty text and empty lists", () => {
    expect(fromDraft(field("a", "text"), "  ")).toEqual({ value: null, problem: null });
    expect(fromDraft(field("a", "evidence"), [])).toEqual({ value: null, problem: null });
  });

  it("sends no as an answer of a flag", () =>
    expect(fromDraft(field("a", "flag"), false)).toEqual({ value: false, problem: null }));

  it("keeps what is wrong to itself and says why", () => {
    const { value, problem } = fromDraft(field("a", "time"), "soon");
    expect(value).toBeNull();
    expect(problem).toContain("2026-11-01T03:14:00Z");
  });

  it("saves nothing when nothing changed", () => {
    expect(sameValue(null, null)).toBe(true);
    expect(sameValue(undefined, false)).toBe(true);
    expect(sameValue(["E1"], ["E1"])).toBe(true);
    expect(sameValue(["E1"], ["E1", "E2"])).toBe(false);
    expect(sameValue("a", null)).toBe(false);
    expect(sameValue(true, false)).toBe(false);
  });
});

describe("an item", () => {
  const fields = [
    field("statement", "long-text", { required: true }),
    field("material", "flag", { required: true }),
    field("evidence", "evidence"),
    field("at", "time"),
  ];

  it("sends what is filled, and a required flag always", () => {
    const drafts = { ...itemDrafts(fields, null), statement: " Found " };
    expect(itemChange(fields, drafts, null)).toEqual({
      item: { statement: "Found", material: false },
      problems: {},
    });
  });

  it("sends only what changed, and null for what was emptied", () => {
    const stored = { statement: "Found", material: true, evidence: ["E1"] };
    const drafts = { ...itemDrafts(fields, stored), evidence: [], statement: "Found" };
    expect(itemChange(fields, drafts, stored).item).toEqual({ evidence: null });
  });

  it("names the sub-field that is wrong", () => {
    const drafts = { ...itemDrafts(fields, null), at: "soon" };
    expect(Object.keys(itemChange(fields, drafts, null).problems)).toEqual(["at"]);
  });

  it("finds the sub-field that a refusal misses", () => {
    expect(missedBy("“Findings” needs statement", fields)).toBe("statement");
    expect(missedBy("“Findings” needs something", fields)).toBeNull();
    expect(missedBy("nothing would change", fields)).toBeNull();
  });
});

it("shows stored words by their labels", () => {
  const choice = field("state", "choice", { options: [{ value: "nothing-found", label: "Nothing found" }] });
  expect(inWords(choice, "nothing-found")).toBe("Nothing found");
  expect(inWords(choice, "unheard-of")).toBe("unheard-of");
  expect(inWords(field("evidence", "evidence"), ["E1", "E2"])).toBe("E1 E2");
});

it("drops what a list cannot hold", () =>
  expect(toDraft(field("a", "evidence"), ["E1", 2, null])).toEqual(["E1"]));

it("knows the stage of a field, and that some lists have none", () => {
  expect(stageOf("detection.origin")).toBe("detection");
  expect(stageOf("decisions")).toBeNull();
});
