/** Times in UTC as text, shown in the zone the user picked. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    });
    formats.set(zone, found);
  }
  return found;
}

/** Whether this machine knows the zone. */
export function knownZone(zone: string): boolean {
  try {
    format(zone);
    return true;
  } catch {
    return false;
  }
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

interface Parts {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
  fractionalSecond: string;
}

function parts(instant: Date, zone: string): Parts {
  const found = {} as Record<string, string>;
  for (const part of format(zone).formatToParts(instant)) found[part.type] = part.value;
  return found as unknown as Parts;
}

/**
 * How a time is written.
 * - `full` 2026-11-01 03:14:07.221, for records
 * - `second` 2026-11-01 03:14:07
 * - `minute` 2026-11-01 03:14
 * - `day` 2026-11-01
 * - `row` 11-01 03:14:07.221, for dense tables
 * - `short` 1 Nov 03:14, for sentences and bands
 * - `axis` 1 Nov, for ticks
 */
export type TimeStyle = "full" | "second" | "minute" | "day" | "row" | "short" | "axis";

export function formatTime(value: string | number | Date, zone: string, style: TimeStyle = "second"): string {
  const instant = value instanceof Date ? value : new Date(value);
  if (Number.isNaN(instant.getTime())) return typeof value === "string" ? value : "–";
  const p = parts(instant, zone);
  const day = `${p.year}-${p.month}-${p.day}`;
  const clock = `${p.hour}:${p.minute}:${p.second}`;
  switch (style) {
    case "full":
      return `${day} ${clock}.${p.fractionalSecond}`;
    case "second":
      return `${day} ${clock}`;
    case "minute":
      return `${day} ${p.hour}:${p.minute}`;
    case "day":
      return day;
    case "row":
      return `${p.month}-${p.day} ${clock}.${p.fractionalSecond}`;
    case "short":
      return `${Number(p.day)} ${months[Number(p.month) - 1]} ${p.hour}:${p.minute}`;
    case "axis":
      return `${Number(p.day)} ${months[Number(p.month) - 1]}`;
  }
}

/** A length of time in its two largest units: `41 h 12 m`, `3 d 4 h`, `38 s`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const steps: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "m"],
    [1, "s"],
  ];
  const first = steps.findIndex(([size]) => whole >= size);
  if (first < 0) return "0 s";
  const [size, unit] = steps[first]!;
  const next = steps[first + 1];
  const rest = next ? Math.floor((whole % size) / next[0]) : 0;
  return `${Math.floor(whole / size)} ${unit}${next && rest ? ` ${rest} ${next[1]}` : ""}`;
}

/** What is left of a job, as a clock: `0:38`, `12:04`, `1:02:09`. */
export function formatLeft(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How far a time lies from another: `in 41 h 12 m`, `3 d ago`, `now`. */
export function formatDistance(value: string, now: number): string {
  const seconds = (new Date(value).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return "–";
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `in ${formatSpan(seconds)}` : `${formatSpan(-seconds)} ago`;
}

const typed =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/**
 * RFC 3339 text for a typed time, or null. The date alone, a space for the `T`, missing seconds and `UTC` are
 * understood; without a zone it is UTC. What the user typed keeps its offset, as the record keeps the original zone.
 */
export function normaliseTime(text: string): string | null {
  const found = typed.exec(text.trim());
  if (!found) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = found;
  const offset = /^(z|utc)$/i.test(zone) ? "Z" : zone.replace(/^([+-]\d\d):?(\d\d)$/, "$1:$2");
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const instant = new Date(`${wall}Z`);
  // The 31st of a short month, or 25 o'clock, would roll over.
  if (Number.isNaN(instant.getTime()) || !instant.toISOString().startsWith(wall)) return null;
  if (Number.isNaN(Date.parse(`${wall}${offset}`))) return null;
  return `${wall}${fraction}${offset}`;
}

/** Now, to the second, as a time field takes it. */
export function nowText(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
}
