import { expect, it } from "vitest";
import type { ControlView } from "$lib/ipc";
import { controlMatches, findControl } from "./controls";

const control = (id: string, title: string, group = "Organizational"): ControlView => ({
  id,
  title,
  group,
  expects: [],
  mappings: [],
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
