import { expect, it } from "vitest";
import type { IncidentRowView } from "$lib/ipc";
import { byStage } from "./list";

const row = (id: string, stage: string, more: Partial<IncidentRowView> = {}): IncidentRowView =>
  ({ id, stage, stage_title: stage, severity: null, opened: id, clock: null, ...more }) as IncidentRowView;

const clock = (due: string) => ({ id: "c", title: "", state: "running", due, started_by: "" });

it("orders stages as they are walked, closed ones last", () =>
  expect(
    byStage([row("1", "closed"), row("2", "review"), row("3", "detection")]).map((g) => g.stage),
  ).toEqual(["detection", "review", "closed"]));

it("puts the next clock first, then severity, then the oldest", () => {
  const [group] = byStage([
    row("4", "detection"),
    row("3", "detection"),
    row("2", "detection", { severity: "high" }),
    row("5", "detection", { severity: "low", clock: clock("2026-11-22T00:00:00Z") }),
    row("6", "detection", { clock: clock("2026-11-21T00:00:00Z") }),
  ]);
  expect(group?.rows.map((each) => each.id)).toEqual(["6", "5", "2", "3", "4"]);
});
