import { navigation } from "$lib/state/navigation.svelte";
import type { CaseState } from "./case.svelte";

/** Where a gate is mended that no field of a form can mend. */
interface Mend {
  label: string;
  go: (at: CaseState) => void;
}

const packets: Mend = {
  label: "plan a packet",
  go: (at) => navigation.go("packets", null, { incident: at.id }),
};

const mends: Record<string, Mend> = {
  "detection.evidence-preserved": { label: "find records", go: () => navigation.go("explore") },
  "investigation.custody-intact": { label: "see Custody", go: () => navigation.go("custody") },
  "review.independent": { label: "sign off", go: (at) => (at.asking = "approve") },
  "review.emergency-reviewed": { label: "approve", go: (at) => (at.asking = "approve") },
  "review.controls-mapped": { label: "map a control", go: (at) => (at.tab = "controls") },
  "review.packet-verifies": packets,
  "review.leak-check": packets,
};

export function mendOf(gate: string | null): Mend | null {
  return gate === null ? null : (mends[gate] ?? null);
}

/** Goes to where a step is done: its field, or where its gate is mended; says whether there is such a place. */
export function goToStep(at: CaseState, step: { field: string | null; gate: string | null }): boolean {
  if (step.field) {
    void at.goTo(step.field);
    return true;
  }
  const mend = mendOf(step.gate);
  mend?.go(at);
  return mend !== null;
}
