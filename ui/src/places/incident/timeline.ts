import { scaleUtc } from "d3-scale";
import type { TimelineView } from "$lib/ipc";

/** Marks of one kind that would cover each other are drawn as one. */
export interface Mark {
  x: number;
  kind: string;
  entries: TimelineView[];
}

export interface Lane {
  name: string;
  marks: Mark[];
  /** Where its first and last marks stand. */
  from: number;
  to: number;
}

export interface TimelineLayout {
  lanes: Lane[];
  ticks: { x: number; at: Date }[];
  /** Whether ticks are less than a day apart, so that their labels need the time. */
  fine: boolean;
  /** Entries without a time, which no lane can show. */
  undated: number;
}

/** Lane of what the members did. */
export const responders = "responders";

/** Lanes that are drawn; the subjects with the fewest entries share one. */
const most = 8;
/** Marks nearer than this, in px, become one. */
const apart = 9;
/** Room of a tick label in px. */
const tickRoom = 110;
/** Half a tick label: nearer to an edge it would clip. */
const edge = 36;

/** Places timeline entries in lanes: subjects in the order they first appear, the responders last. */
export function layoutTimeline(entries: readonly TimelineView[], width: number): TimelineLayout {
  const dated = entries
    .filter((entry) => entry.at !== null && !Number.isNaN(Date.parse(entry.at)))
    .map((entry) => ({ entry, time: Date.parse(entry.at ?? "") }))
    .sort((a, b) => a.time - b.time);
  const undated = entries.length - dated.length;
  const first = dated[0];
  const last = dated.at(-1);
  if (!first || !last) return { lanes: [], ticks: [], fine: false, undated };

  const margin = Math.max(60_000, (last.time - first.time) * 0.02);
  const scale = scaleUtc([first.time - margin, last.time + margin], [0, width]);
  const names = laneNames(dated.map(({ entry }) => entry));

  const lanes = new Map<string, Lane>(
    [...new Set(names.values())].map((name) => [name, { name, marks: [], from: Infinity, to: -Infinity }]),
  );
  for (const { entry, time } of dated) {
    const lane = lanes.get(names.get(entry.lane) ?? entry.lane);
    if (!lane) continue;
    const x = scale(time);
    lane.from = Math.min(lane.from, x);
    lane.to = Math.max(lane.to, x);
    const near = lane.marks.findLast((mark) => mark.kind === entry.kind && x - mark.x < apart);
    if (near) near.entries.push(entry);
    else lane.marks.push({ x, kind: entry.kind, entries: [entry] });
  }

  const ticks = scale.ticks(Math.max(2, Math.floor(width / tickRoom))).map((at) => ({ x: scale(at), at }));
  const step = ticks.length > 1 ? (ticks[1]?.at.getTime() ?? 0) - (ticks[0]?.at.getTime() ?? 0) : 0;
  const whole = ticks.filter(({ x }) => x >= edge && x <= width - edge);
  return { lanes: [...lanes.values()], ticks: whole, fine: step < 86_400_000, undated };
}

/** Name of the drawn lane for each lane of the entries. */
function laneNames(entries: readonly TimelineView[]): Map<string, string> {
  const counts = new Map<string, number>();
  for (const { lane } of entries) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  const subjects = [...counts.keys()].filter((lane) => lane !== responders);
  const kept =
    subjects.length <= most
      ? subjects
      : subjects.toSorted((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0)).slice(0, most - 1);
  const names = new Map<string, string>();
  for (const lane of subjects) if (kept.includes(lane)) names.set(lane, lane);
  const others = subjects.length - kept.length;
  for (const lane of subjects) if (!kept.includes(lane)) names.set(lane, `${others} others`);
  if (counts.has(responders)) names.set(responders, responders);
  return names;
}

/** `facts 14 · inferences 3 · decisions 5`, leaving out what there is none of. */
export function countKinds(entries: readonly TimelineView[]): { kind: string; count: number }[] {
  return ["evidence", "fact", "inference", "decision"]
    .map((kind) => ({ kind, count: entries.filter((entry) => entry.kind === kind).length }))
    .filter(({ count }) => count > 0);
}
