import { expect, it } from "vitest";
import type { ControlView } from "$lib/ipc";
import { byGroup, cellOf, controlMatches, findControl } from "./matrix";

const control = (
  id: string,
  title: string,
  group = "Organizational",
  relations: string[] = [],
): ControlView => ({
  id,
  title,
  group,
  expects: [],
  mappings: relations.map((relation) => ({
    incident: "INC-1",
    mapping: { framework: "f", control: id, title, item: "E1", relation, claim: "", author: "" },
  })),
});

const controls = [
  control("5.2", "Roles"),
  control("5.28", "Collection of evidence"),
  control("8.15", "Logging", "Technological"),
];

it("finds by number before words", () => {
  expect(controlMatches(controls, "5.2").map((each) => each.id)).toEqual(["5.2", "5.28"]);
  expect(controlMatches(controls, "evidence coll").map((each) => each.id)).toEqual(["5.28"]);
  expect(controlMatches(controls, "techno").map((each) => each.id)).toEqual(["8.15"]);
  expect(controlMatches(controls, " ")).toHaveLength(3);
});

it("takes only a whole number or title as a control", () => {
  expect(findControl(controls, "5.28")?.id).toBe("5.28");
  expect(findControl(controls, "5.28 Collection of evidence")?.id).toBe("5.28");
  expect(findControl(controls, "logging")?.id).toBe("8.15");
  expect(findControl(controls, "5.2 and more")).toBeNull();
  expect(findControl(controls, "evid")).toBeNull();
});

it("puts what contradicts before what supports, and counts", () => {
  const cell = cellOf(control("1", "One", "G", ["supports", "contradicts", "supports"]), "INC-1");
  expect(cell.counts).toEqual([
    { relation: "contradicts", count: 1 },
    { relation: "supports", count: 2 },
  ]);
  expect(cellOf(control("1", "One"), "INC-2").counts).toEqual([]);
});

it("keeps groups together", () =>
  expect(byGroup(controls).map((group) => [group.title, group.controls.length])).toEqual([
    ["Organizational", 2],
    ["Technological", 1],
  ]));
