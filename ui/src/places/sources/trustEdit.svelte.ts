import type { PolicyKeyView } from "$lib/ipc";
import { fingerprintOf, readDraft, writeDraft, type Draft } from "./trust";

/** A key that the policy can name: pinned now, or typed in. */
export interface KnownKey {
  vkey: string;
  fingerprint: string;
  label: string;
}

/** What one editor of a policy holds. */
export class TrustEdit {
  draft: Draft;
  known: KnownKey[];
  /** The verifier key being typed. */
  added = $state("");
  addedWrong = $state<string | null>(null);

  constructor(file: string, keys: readonly PolicyKeyView[]) {
    this.draft = $state(readDraft(file));
    this.known = $state(
      keys.map(({ vkey, fingerprint, algorithm }) => ({ vkey, fingerprint, label: algorithm })),
    );
  }

  /** The trust file that it stands for. */
  get file(): string {
    return writeDraft($state.snapshot(this.draft));
  }

  get pinned(): KnownKey[] {
    return this.known.filter((key) => this.draft.keys.includes(key.vkey));
  }

  /** Takes the key that was typed over; says whether it is one. */
  async addKey(): Promise<boolean> {
    this.addedWrong = null;
    const vkey = this.added.trim();
    if (!vkey) return true;
    const fingerprint = await fingerprintOf(vkey);
    if (!fingerprint) {
      this.addedWrong = "Not a verifier key: name+8 hex digits+base64.";
      return false;
    }
    if (!this.draft.keys.includes(vkey)) this.draft.keys.push(vkey);
    if (!this.known.some((key) => key.fingerprint === fingerprint))
      this.known.push({ vkey, fingerprint, label: vkey.length > 1000 ? "ML-DSA-44" : "Ed25519" });
    if (this.added.trim() === vkey) this.added = "";
    return true;
  }

  /** Takes a key out of the policy and out of every range. */
  removeKey(vkey: string): void {
    const fingerprint = this.known.find((key) => key.vkey === vkey)?.fingerprint;
    this.draft.keys = this.draft.keys.filter((key) => key !== vkey);
    for (const rule of this.draft.requirement) rule.keys = rule.keys.filter((key) => key !== fingerprint);
  }

  /** One more range, from where the last one ends; an open one is closed there. */
  addRule(): void {
    const last = this.draft.requirement.at(-1);
    const from = last ? (last.to ?? last.from + 1) : 0;
    if (last && last.to === null) last.to = from;
    const keys = this.pinned.map((key) => key.fingerprint);
    this.draft.requirement.push({ from, to: null, kind: "all", keys });
  }

  /** Keys that can be distrusted, and the one that is, even where nobody pinned it. */
  keysFor(distrusted: string): { value: string; title: string }[] {
    const found = this.known.map((key) => ({
      value: key.fingerprint,
      title: `${key.label} ${shortKey(key.fingerprint)}`,
    }));
    if (this.known.some((key) => key.fingerprint === distrusted)) return found;
    return [...found, { value: distrusted, title: `${shortKey(distrusted)} (not pinned)` }];
  }
}

export const shortKey = (fingerprint: string): string => `${fingerprint.slice(0, 16)}…`;
