import type { BandView, OriginView } from "$lib/ipc";

/** A stretch of a log as it is drawn. */
export interface Drawn extends BandView {
  x: number;
  width: number;
}

/** Narrowest a stretch is drawn where there is room, so that a gap of one record is still seen. */
const narrowest = 5;

/** What the state of a stretch is called. */
export const names: Record<string, string> = {
  covered: "covered",
  gap: "gap",
  bridged: "gap, bridged",
  fork: "fork",
  pending: "pending",
  silent: "silent",
  unknown: "history unknown",
};

/**
 * Whether it is a log that somebody signs, which a trust policy is about. Foreign files of a system are shown as
 * one stretch that says no more than the whole.
 */
export function isSigned({ verdict, words, keys, band }: OriginView): boolean {
  return verdict !== "unlinked" || keys.length > 0 || band.length !== 1 || band[0]?.words !== words;
}

/** States in the order of the legend, from good to bad to unknown. */
export const states = Object.keys(names);

/**
 * Lays the stretches of a log out by index. Sizes of logs differ by millions, so the width between two
 * neighbouring bounds grows with the logarithm of the number of records there, and is never nothing.
 */
export function layOut(parts: readonly BandView[], width: number): Drawn[] {
  const bounds = [
    ...new Set(parts.flatMap((part) => [part.first, Math.max(part.last, part.first + 1)])),
  ].sort((a, b) => a - b);
  if (bounds.length < 2 || width <= 0) return [];
  const weights = bounds.slice(1).map((bound, n) => Math.log2(1 + bound - (bounds[n] ?? 0)));
  const least = Math.min(narrowest, width / weights.length);
  const rest = width - least * weights.length;
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const at = new Map<number, number>();
  let x = 0;
  bounds.forEach((bound, n) => {
    at.set(bound, x);
    x += least + ((weights[n] ?? 0) / whole) * rest;
  });
  return parts.map((part) => {
    const from = at.get(part.first) ?? 0;
    const to = at.get(Math.max(part.last, part.first + 1)) ?? width;
    return { ...part, x: from, width: Math.max(to - from, 0.5) };
  });
}

/** Drawn last what lies on top: what is wrong over what is covered. */
export function inDepth<P extends BandView>(parts: readonly P[]): P[] {
  const depth = (part: P) =>
    ["covered", "unknown", "pending", "fork", "bridged", "gap", "silent"].indexOf(part.state);
  return parts.toSorted((a, b) => depth(a) - depth(b));
}

/** Number of the stretch that a key leads to; null for any other key. */
export function stepTo(key: string, current: number, count: number): number | null {
  const last = count - 1;
  switch (key) {
    case "ArrowRight":
    case "ArrowDown":
      return Math.min(current + 1, last);
    case "ArrowLeft":
    case "ArrowUp":
      return Math.max(current - 1, 0);
    case "PageDown":
      return Math.min(current + 10, last);
    case "PageUp":
      return Math.max(current - 10, 0);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** The number of the uppermost stretch at a place; -1 where there is none. */
export function partAt(drawn: readonly Drawn[], x: number): number {
  const on = inDepth(drawn).findLast((part) => part.x <= x && x <= part.x + part.width);
  return on ? drawn.indexOf(on) : -1;
}
