/** A range of buckets of a histogram, and the `time:` filter it stands for. */
export interface BucketRange {
  /** First bucket. */
  first: number;
  /** One past the last bucket. */
  last: number;
}

/** Keeps a range inside `[0, buckets]` and at least one bucket wide. */
export function clampRange(range: BucketRange, buckets: number): BucketRange {
  const first = Math.min(Math.max(0, Math.round(range.first)), Math.max(0, buckets - 1));
  const last = Math.min(Math.max(first + 1, Math.round(range.last)), buckets);
  return { first, last };
}

/** Moves one end by some buckets, as an arrow key does. */
export function moveEnd(range: BucketRange, end: "first" | "last", by: number, buckets: number): BucketRange {
  return end === "first"
    ? clampRange({ first: Math.min(range.first + by, range.last - 1), last: range.last }, buckets)
    : clampRange({ first: range.first, last: Math.max(range.last + by, range.first + 1) }, buckets);
}

/** Where an instant lies, in buckets. */
export function bucketAt(instant: number, from: number, seconds: number): number {
  return (instant - from) / 1000 / seconds;
}

const dayLength = 86_400_000;

/** `[2026-10-28 .. 2026-11-03]`: a typed end includes all of what it names, so the last instant is named. */
export function timeRange(from: number, to: number): string {
  if (from % dayLength === 0 && to % dayLength === 0)
    return `[${iso(from).slice(0, 10)} .. ${iso(to - dayLength).slice(0, 10)}]`;
  return `[${iso(from).slice(0, 19)}Z .. ${iso(to - 1000).slice(0, 19)}Z]`;
}

const iso = (instant: number) => new Date(instant).toISOString();

/** Instants `[from, to)` of a `time:` value such as `[2026-10-28 .. 2026-11-04T12]`; null where an end is open. */
export function parseTimeRange(value: string): { from: number | null; to: number | null } | null {
  const inner = /^\[(.*?)\.\.(.*)\]$/.exec(value.trim());
  const [start = "", end = ""] = inner ? [inner[1], inner[2]] : [value, value];
  const from = period(start.trim());
  const to = period(end.trim());
  if ((start.trim() && !from) || (end.trim() && !to)) return null;
  if (!from && !to) return null;
  return { from: from?.[0] ?? null, to: to?.[1] ?? null };
}

/** First instant of what a partial time names, and the first after it. */
function period(text: string): [number, number] | null {
  const match =
    /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:[T ](\d\d)(?::(\d\d))?(?::(\d\d))?([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.exec(
      text,
    );
  if (!match) return null;
  const [, year = "", month, day, hour, minute, second, fraction, offset] = match;
  const n = (part: string | undefined, otherwise: number) => (part === undefined ? otherwise : Number(part));
  const shift =
    offset && offset !== "Z"
      ? (offset.startsWith("-") ? -1 : 1) *
        (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))) *
        60_000
      : 0;
  const at = Date.UTC(n(year, 0), n(month, 1) - 1, n(day, 1), n(hour, 0), n(minute, 0), n(second, 0));
  if (Number.isNaN(at)) return null;
  const start = at + (fraction ? Math.floor(Number(`0.${fraction.slice(1)}`) * 1000) : 0) - shift;
  if (fraction) return [start, start + 1];
  if (second !== undefined) return [start, start + 1000];
  if (minute !== undefined) return [start, start + 60_000];
  if (hour !== undefined) return [start, start + 3_600_000];
  if (day !== undefined) return [start, start + dayLength];
  if (month !== undefined) return [start, Date.UTC(Number(year), Number(month), 1)];
  return [start, Date.UTC(Number(year) + 1, 0, 1)];
}

/** A query narrowed by one more condition; alternatives are put in parentheses first. */
export function withCondition(query: string, condition: string): string {
  const base = query.trim();
  if (!base || base === "*") return condition;
  return /(^|\s)OR(\s|$)/.test(base) ? `(${base}) ${condition}` : `${base} ${condition}`;
}
