import type { ControlView, MappingRefView } from "$lib/ipc";

/** Relations from the one that weighs most: what contradicts must not hide behind what supports. */
export const relations = ["contradicts", "supports", "partially", "context"] as const;

/** One cell of the matrix: how often each relation was claimed. */
export interface Cell {
  mappings: MappingRefView[];
  counts: { relation: string; count: number }[];
}

export function cellOf(control: ControlView, incident: string): Cell {
  const mappings = control.mappings.filter((each) => each.incident === incident);
  const known: readonly string[] = relations;
  const named = [...new Set(mappings.map((each) => each.mapping.relation))].toSorted(
    (a, b) => rank(known.indexOf(a)) - rank(known.indexOf(b)),
  );
  return {
    mappings,
    counts: named.map((relation) => ({
      relation,
      count: mappings.filter((each) => each.mapping.relation === relation).length,
    })),
  };
}

const rank = (index: number) => (index < 0 ? relations.length : index);

export interface ControlGroup {
  title: string;
  controls: ControlView[];
}

/** Controls under their groups, in the order of the framework. */
export function byGroup(controls: readonly ControlView[]): ControlGroup[] {
  const groups: ControlGroup[] = [];
  for (const control of controls) {
    const last = groups.find((group) => group.title === control.group);
    if (last) last.controls.push(control);
    else groups.push({ title: control.group, controls: [control] });
  }
  return groups;
}
