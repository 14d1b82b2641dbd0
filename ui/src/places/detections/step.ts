/** Where the candidate that was shown last stood in the list. */
export interface Spot {
  id: string;
  index: number;
}

/** The candidate `by` steps from the one shown last; null at the end of the list. */
export function stepFrom(ids: readonly string[], last: Spot | null, by: 1 | -1): string | null {
  if (!last) return (by > 0 ? ids[0] : ids.at(-1)) ?? null;
  const at = ids.indexOf(last.id);
  if (at >= 0) return ids[at + by] ?? null;
  // It was decided on and has left the list: forward is what took its place.
  const next = by > 0 ? last.index : last.index - 1;
  return ids[Math.min(Math.max(next, 0), ids.length - 1)] ?? null;
}
