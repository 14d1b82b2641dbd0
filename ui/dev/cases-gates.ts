import type { JsonValue, ListItemView, MissingView } from "$lib/ipc";
import type { Case } from "./cases-model";

type Condition = (of: Case) => MissingView[];

const filled =
  (field: string, what: string): Condition =>
  (of) =>
    of.values[field] === undefined || of.values[field] === null ? [{ what, field }] : [];

const some =
  (list: string, what: string): Condition =>
  (of) =>
    standing(of, list).length ? [] : [{ what, field: list }];

const all =
  (...conditions: Condition[]): Condition =>
  (of) =>
    conditions.flatMap((condition) => condition(of));

const standing = (of: Case, list: string) => (of.lists[list] ?? []).filter((item) => item.withdrawn === null);
const value = (item: ListItemView, id: string): JsonValue =>
  (item.values as Record<string, JsonValue>)[id] ?? null;

const each =
  (list: string, wrong: (item: ListItemView) => boolean, what: string): Condition =>
  (of) =>
    standing(of, list)
      .filter(wrong)
      .map((item) => ({ what: `${item.id} ${what}`, field: list }));

/** What a gate misses; near enough to the Rust side's conditions to walk through an incident. */
export const conditions: Record<string, Condition> = {
  "detection.evidence-preserved": (of) =>
    of.evidence.length
      ? []
      : [{ what: "Pin at least one record that has a verification verdict.", field: null }],
  "detection.clock-basis": all(
    filled("detection.noticed_at", "Say when it was noticed."),
    filled("detection.clock_basis", "State the clock basis."),
  ),
  "detection.owner": filled("detection.owner", "Name the owner."),
  "assessment.declared": all(
    filled("assessment.declaration", "Declare what this is."),
    filled("assessment.decider", "Say who decided."),
    filled("assessment.rationale", "Say why."),
  ),
  "assessment.posture": all(
    filled("assessment.posture_hold", "Choose the hold."),
    filled("assessment.custody_depth", "Choose the custody depth."),
  ),
  "assessment.lead": filled("assessment.lead", "Name the lead."),
  "investigation.findings-cited": some("investigation.findings", "Record what was found, material or not."),
  "investigation.scope": filled("investigation.scope_statement", "State the scope."),
  "investigation.doubts": (of) =>
    each(
      "investigation.doubts",
      (item) =>
        value(item, "impact") === "high" &&
        value(item, "state") !== "resolved" &&
        !of.risks.includes(item.id),
      "is a high-impact doubt, neither resolved with its resolution nor accepted.",
    )(of),
  "investigation.gaps-judged": (of) =>
    of.evidence.length > 2
      ? some("investigation.gaps", "Judge the gap: Enigm Command 2 Nov 01:00 to 07:00.")(of)
      : [],
  "containment.volatile-first": each(
    "containment.actions",
    (item) => value(item, "state") === "carried-out" && value(item, "volatile") === null,
    "does not say whether volatile evidence was preserved first.",
  ),
  "containment.spread-stopped": all(
    filled("containment.spread_statement", "Say what shows that the spread stopped."),
    filled("containment.spread_evidence", "Cite the evidence that the spread stopped."),
  ),
  "containment.temporary-ends": each(
    "containment.actions",
    (item) => value(item, "term") === "temporary" && value(item, "ends_at") === null,
    "is temporary and has no end date.",
  ),
  "remediation.causes-named": some("remediation.causes", "Name at least one root cause."),
  "remediation.changes-validated": each(
    "remediation.changes",
    (item) => value(item, "state") !== "validated",
    "is not validated.",
  ),
  "recovery.checks-passed": some("recovery.checks", "Record what was checked before normal operation."),
  "recovery.nothing-bypassed": all(
    filled("recovery.validation_control", "Say whether the required validation was done."),
    filled("recovery.release_control", "Say whether the required release control was done."),
    filled("recovery.access_control", "Say whether the required access control was done."),
  ),
  "recovery.owner-confirms": all(
    filled("recovery.confirmed_by", "Say who confirmed normal operation."),
    filled("recovery.confirmed_at", "Say when."),
  ),
  "review.independent": (of) => [
    ...filled("review.reviewer", "Name the reviewer.")(of),
    ...(of.approvals.includes("review")
      ? []
      : [{ what: "The reviewer has not signed off the review as it stands.", field: null }]),
  ],
  "review.actions-owned": some("review.actions", "Record at least one corrective action."),
  "review.controls-mapped": (of) =>
    of.mappings.length ? [] : [{ what: "Map at least one control.", field: null }],
  "review.packet-verifies": (of) =>
    of.packets.length ? [] : [{ what: "Write a packet of this version.", field: null }],
  "review.leak-check": (of) =>
    of.packets.length ? [] : [{ what: "Write a packet of this version.", field: null }],
  "review.retention": filled("review.retention", "Say how long the evidence is kept."),
};
