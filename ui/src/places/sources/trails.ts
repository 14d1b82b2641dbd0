import type { TrailLocationView, TrailPolicyView, TrailRequest, TrailTallyView } from "$lib/ipc";
import type { Tone } from "$lib/words";

/** What the form of a trail edits; lists as they are typed. */
export interface TrailDraft {
  account: string;
  trail: string;
  regions: string;
  homeRegion: string;
  organisation: string;
  bucket: string;
  prefix: string;
  since: string;
  until: string;
  keys: string;
  confirm: string;
  how: string;
  locationMap: string;
  locations: TrailLocationView[];
}

/** The form of a trail that is pinned, or an empty one. Keys stay pinned, so the form names none. */
export function draftOf(trail: TrailPolicyView | null): TrailDraft {
  return {
    account: trail?.account ?? "",
    trail: trail?.trail ?? "",
    regions: trail?.regions.join(", ") ?? "",
    homeRegion: trail?.home_region ?? "",
    organisation: trail?.organisation ?? "",
    bucket: trail?.bucket ?? "",
    prefix: trail?.prefix ?? "",
    since: trail?.since ?? "",
    until: trail?.until ?? "",
    keys: "",
    confirm: "",
    how: "",
    locationMap: "",
    locations: trail?.locations.map((location) => ({ ...location })) ?? [],
  };
}

/** Names that commas, spaces or lines part. */
export const names = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/**
 * SHA-256 values as people paste them, with spaces, colons or commas in and between them; null when it is not a
 * whole number of them.
 */
export function digests(text: string): string[] | null {
  const hex = text.replaceAll(/[\s:,;]+/g, "").toLowerCase();
  if (!/^[0-9a-f]*$/.test(hex) || hex.length % 64) return null;
  return hex.match(/.{64}/g) ?? [];
}

/** What is wrong with a form, by field, in one sentence each. `pinned`: whether keys are pinned already. */
export function faults(draft: TrailDraft, pinned: boolean): Partial<Record<keyof TrailDraft, string>> {
  const found: Partial<Record<keyof TrailDraft, string>> = {};
  if (!/^\d{12}$/.test(draft.account.trim())) found.account = "An account is 12 digits.";
  if (!draft.trail.trim()) found.trail = "Name the trail.";
  if (!names(draft.regions).length) found.regions = "Name at least one region.";
  if (!draft.bucket.trim()) found.bucket = "Name the bucket.";
  if (!draft.keys.trim() && !pinned) found.keys = "Without a key nothing of the trail can be proven.";
  const confirmed = digests(draft.confirm);
  if (!confirmed) found.confirm = "A SHA-256 is 64 hexadecimal digits.";
  else if (confirmed.length && !draft.how.trim()) found.how = "Say with what it was compared.";
  return found;
}

/** What is asked of the workbench. */
export function requestOf(draft: TrailDraft): TrailRequest {
  const some = (text: string) => text.trim() || null;
  return {
    keys: some(draft.keys),
    account: draft.account.trim(),
    regions: names(draft.regions),
    home_region: some(draft.homeRegion),
    trail: draft.trail.trim(),
    bucket: draft.bucket.trim(),
    prefix: draft.prefix.trim(),
    organisation: some(draft.organisation),
    since: some(draft.since),
    until: some(draft.until),
    location_map: some(draft.locationMap),
    locations: draft.locations.filter((each) => each.bucket.trim() || each.prefix.trim() || each.at.trim()),
    confirm: digests(draft.confirm) ?? [],
    how: some(draft.how),
    // The form states everything: what is emptied in it is to be gone.
    keep: false,
  };
}

/** Glyph and tone of a file's verdict; the word itself says which it is. */
export function markOfFiles(tally: TrailTallyView): { glyph: string; tone: Tone } {
  if (tally.failure) return { glyph: "✕", tone: "bad" };
  if (!tally.proven) return { glyph: "○", tone: "warn" };
  return tally.hint ? { glyph: "◇", tone: "note" } : { glyph: "◆", tone: "good" };
}

/** A stable code as words: `key-unconfirmed` is printed `key unconfirmed`. */
export const spelled = (code: string): string => code.replaceAll("-", " ");
