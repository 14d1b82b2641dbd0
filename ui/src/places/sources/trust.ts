/** The policy of one origin as a trust file (`muniment/trust/v1`) states it: what the editor edits. */
export interface Draft {
  origin: string;
  keys: string[];
  requirement: Rule[];
  distrust: { key: string; from: number; compromised?: string }[];
  /** Without a version: any. */
  schemas: { id: string; version?: number | null; digest?: string }[] | null;
  anchor: { size: number; root: string } | null;
  heartbeat: number | null;
}

export interface Rule {
  from: number;
  to: number | null;
  kind: "any" | "all";
  keys: string[];
}

interface Entry {
  origin: string;
  keys: string[];
  requirement?: { from: number; to?: number; any?: string[]; all?: string[] }[];
  distrust?: Draft["distrust"];
  schemas?: Draft["schemas"];
  anchor?: Draft["anchor"];
  heartbeat?: number;
}

/** The draft of the first origin in a trust file. */
export function readDraft(file: string): Draft {
  const { origins } = JSON.parse(file) as { origins: Entry[] };
  const entry = origins[0] ?? { origin: "", keys: [] };
  return {
    origin: entry.origin,
    keys: entry.keys,
    requirement: (entry.requirement ?? []).map((rule) => ({
      from: rule.from,
      to: rule.to ?? null,
      kind: rule.all ? "all" : "any",
      keys: rule.all ?? rule.any ?? [],
    })),
    distrust: entry.distrust ?? [],
    schemas: entry.schemas ?? null,
    anchor: entry.anchor ?? null,
    heartbeat: entry.heartbeat ?? null,
  };
}

/** The trust file of a draft. What is empty is left out, as the format wants it. */
export function writeDraft(draft: Draft): string {
  const entry: Entry = { origin: draft.origin, keys: draft.keys };
  if (draft.requirement.length) {
    entry.requirement = draft.requirement.map((rule) => ({
      from: rule.from,
      ...(rule.to === null ? {} : { to: rule.to }),
      [rule.kind]: rule.keys,
    }));
  }
  if (draft.distrust.length) {
    entry.distrust = draft.distrust.map(({ compromised, ...rest }) => ({
      ...rest,
      ...(compromised ? { compromised } : {}),
    }));
  }
  if (draft.schemas) {
    entry.schemas = draft.schemas.map(({ id, version, digest }) => ({
      id,
      ...(version ? { version } : {}),
      ...(digest ? { digest } : {}),
    }));
  }
  if (draft.anchor) entry.anchor = draft.anchor;
  if (draft.heartbeat) entry.heartbeat = draft.heartbeat;
  return JSON.stringify({ format: "muniment/trust/v1", origins: [entry] });
}

/** The log that a key is to sign for: the one that was named, else the key's own name. */
export const originOf = (vkey: string, named: string): string =>
  named.trim() || (vkey.trim().split("+")[0] ?? "");

/** Full SHA-256 fingerprint of a vkey (type byte and key), hex; null when the text is no vkey. */
export async function fingerprintOf(vkey: string): Promise<string | null> {
  const encoded = vkey.trim().match(/^[^+\s]+\+[0-9a-f]{8}\+([A-Za-z0-9+/]+=*)$/)?.[1];
  const bytes = encoded && bytesOf(encoded);
  if (!bytes) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of base64 text; null when it is none, such as with wrong padding. */
function bytesOf(encoded: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
