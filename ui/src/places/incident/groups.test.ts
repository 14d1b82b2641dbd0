import { expect, it } from "vitest";
import type { FormFieldView, IncidentView, ListItemView } from "$lib/ipc";
import { fieldGroups, referencesFor, sideBySide, withLabels } from "./groups";

const field = (id: string, kind: string, more: Partial<FormFieldView> = {}) =>
  ({
    id,
    kind,
    label: `Label of ${id}`,
    items: [],
    item_fields: [],
    options: [],
    ...more,
  }) as unknown as FormFieldView;

const item = (id: string, cause: string, withdrawn: string | null = null): ListItemView => ({
  id,
  values: { cause },
  author: "R-1",
  at: "",
  withdrawn,
});

const causes = field("remediation.causes", "list", {
  item_fields: [field("cause", "text", { required: true })],
  items: [item("R1", "Stale cache"), item("R2", "Asked twice", "no cause")],
});
const incident = {
  evidence: [{ id: "E1", title: "Key revoked", system: "Enigm Key" }],
  activity: [{ text: "saved search S2 with 0 records" }, { text: "saved search S1 with 46 records" }],
  stages: [
    {
      fields: [causes, field("detection.owner", "member")],
      gates: [{ id: "remediation.causes-named", title: "Root causes named" }],
    },
  ],
} as unknown as IncidentView;

it("puts neighbouring fields together, each list apart, and leaves out what has its own tab", () => {
  const groups = fieldGroups([
    field("a.one", "text"),
    field("a.two", "choice"),
    field("a.list", "list"),
    field("a.three", "text"),
    field("decisions", "list"),
  ]);
  expect(
    groups.map((group) => ("list" in group ? group.list.id : group.fields.map((each) => each.id))),
  ).toEqual([["a.one", "a.two"], "a.list", ["a.three"]]);
});

it("stands a time beside its basis, and a beginning beside its end", () => {
  const rows = sideBySide([
    field("a.owner", "member"),
    field("a.noticed_at", "time"),
    field("a.noticed_basis", "choice"),
    field("a.aware_at", "time"),
    field("a.classified_at", "time"),
    field("a.clock_basis", "long-text"),
    field("a.watch_from", "time"),
    field("a.watch_to", "time"),
    field("a.release_control", "choice"),
    field("a.release_basis", "long-text"),
  ]);
  expect(rows.map((row) => row.map((each) => each.id.slice(2)))).toEqual([
    ["owner"],
    ["noticed_at", "noticed_basis"],
    ["aware_at"],
    ["classified_at"],
    ["clock_basis"],
    ["watch_from", "watch_to"],
    ["release_control"],
    ["release_basis"],
  ]);
});

it("offers evidence, standing items of the list, and saved searches in their order", () => {
  const ids = (more: Partial<FormFieldView>, kind = "refs") =>
    referencesFor(field("x", kind, more), incident).map((each) => each.id);
  expect(ids({}, "evidence")).toEqual(["E1"]);
  expect(ids({ refers_to: "remediation.causes" })).toEqual(["R1"]);
  expect(ids({ refers_to: "searches" })).toEqual(["S1", "S2"]);
});

it("names sub-fields and gates by their words", () =>
  expect(withLabels("remediation.causes.cause is too long; remediation.causes-named not met", incident)).toBe(
    "“Label of cause” is too long; “Root causes named” not met",
  ));

it("names fields in the activity by their labels", () =>
  expect(withLabels("filled detection.owner and waived detection.unknown", incident)).toBe(
    "filled “Label of detection.owner” and waived detection.unknown",
  ));
