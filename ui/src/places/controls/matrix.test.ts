import { expect, it } from "vitest";
import type { ControlView } from "$lib/ipc";
import { byGroup, cellOf } from "./matrix";

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
