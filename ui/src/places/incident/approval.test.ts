import { expect, it } from "vitest";
import type { FormFieldView, IncidentView } from "$lib/ipc";
import { approvables } from "./approval";

const field = (id: string, kind: string, more: Partial<FormFieldView> = {}) =>
  ({
    id,
    kind,
    label: `Label of ${id}`,
    items: [],
    item_fields: [],
    options: [],
    value: null,
    ...more,
  }) as unknown as FormFieldView;

const changes = field("remediation.changes", "list", {
  item_fields: [
    field("change", "long-text", { required: true }),
    field("state", "choice", { options: [{ value: "validated", label: "Validated" }] }),
  ],
  items: [
    {
      id: "V1",
      values: { change: "Five minutes", state: "validated" },
      author: "R-1",
      at: "",
      withdrawn: null,
    },
    { id: "V2", values: { change: "Never" }, author: "R-1", at: "", withdrawn: "no longer wanted" },
  ],
});
const incident = {
  stages: [
    {
      id: "remediation",
      title: "Remediation",
      state: "current",
      fields: [
        changes,
        field("remediation.plan", "text", { value: "Soon" }),
        field("remediation.why", "text"),
      ],
    },
    { id: "review", title: "Review", state: "ahead", fields: [field("decisions", "list")] },
  ],
  packets: [{ packet: "P", version: 2, digest: "ab", at: "2026-11-01T00:00:00Z", by: "R-1" }],
} as unknown as IncidentView;

it("offers what stands and was reached, each with what it says", () => {
  const all = approvables(incident);
  expect(all.map((each) => each.value)).toEqual(["V1", "remediation", "P"]);
  const said = (at: number) => all[at]?.content.map(({ label, words }) => `${label}: ${words}`);
  expect(said(0)).toEqual(["Label of change: Five minutes", "Label of state: Validated", "Author: R-1"]);
  expect(said(1)).toEqual(["Label of remediation.changes: 1 entry", "Label of remediation.plan: Soon"]);
  expect(said(2)?.[0]).toBe("SHA-256: ab");
});
