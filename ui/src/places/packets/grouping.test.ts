import { expect, it } from "vitest";
import type { PlanFieldView } from "$lib/ipc";
import { byFolder, bySystem, fileName, handledAndKept, leakMark, totalOf } from "./grouping";

const field = (system: string, path: string, outcome: string, total: number): PlanFieldView => ({
  system,
  path,
  class: "C0",
  outcome,
  total,
});

it("keeps apart what leaves and what stays, by system", () => {
  const [command, key] = bySystem([
    field("Key", "/note", "withheld", 3),
    field("Key", "/at", "disclosed", 2),
    field("Key", "/action", "disclosed", 10),
    field("Key", "/account", "handle", 4),
    field("Command", "/action", "disclosed", 1),
  ]);
  expect(command?.system).toBe("Command");
  expect(key?.disclosed.map((each) => each.path)).toEqual(["/action", "/at"]);
  expect([key?.leaving, key?.staying]).toEqual([16, 3]);
});

it("never shows an outcome it does not know as staying", () => {
  const [plan] = bySystem([field("Key", "/x", "revealed", 1)]);
  expect([plan?.leaving, plan?.staying]).toEqual([1, 0]);
});

it("tells classes that leave as handles from those that stay; one that does both stays", () => {
  const row = (name: string) => ({ class: name, title: name, why: "", total: 1 });
  const one = (name: string, outcome: string) => ({ ...field("Key", "/x", outcome, 1), class: name });
  const split = handledAndKept({
    withheld: [row("H"), row("C2"), row("C3"), row("C5")],
    fields: [one("H", "handle"), one("C2", "withheld"), one("C3", "handle"), one("C3", "withheld")],
  });
  expect(split.handled.map((each) => each.class)).toEqual(["H"]);
  expect(split.kept.map((each) => each.class)).toEqual(["C2", "C3", "C5"]);
});

it("sums classes", () => expect(totalOf([{ total: 2 }, { total: 5 }])).toBe(7));

it("folds a packet's files by folder", () =>
  expect(byFolder(["bagit.txt", "data/packet.json", "data/evidence/E1/a", "data/evidence/E2/a"])).toEqual([
    { folder: "", files: ["bagit.txt"] },
    { folder: "data", files: ["packet.json"] },
    { folder: "data/evidence", files: ["E1/a", "E2/a"] },
  ]));

it("offers a name with the version", () =>
  expect(fileName("INC-2026-0042_review_outside", 2)).toBe("INC-2026-0042_review_outside_v2.zip"));

it("calls a leak check clean only if it says that nothing was found", () => {
  expect(leakMark("1,024 values searched for, none found; 3 too short to be searched for")).toBe("ok");
  expect(leakMark("12 values searched for, found in 2 places")).toBe("failed");
  expect(leakMark("not run")).toBe("");
});
