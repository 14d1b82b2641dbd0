import { commandError, type CommandError } from "$lib/ipc";
import { overview } from "$lib/state/overview.svelte";

/**
 * What was asked, and what was seen of exactly that: nothing else is approved. It counts no longer once the form
 * would ask something else, or once the workspace has changed.
 */
export class Preview<Asked, Seen> {
  /** Of the last look, or of the act. */
  error = $state.raw<CommandError | null>(null);
  /** Whether what was seen is being done; what is edited meanwhile does not reach it. */
  acting = $state(false);
  #last = $state.raw<{ asked: Asked; seen: Seen; key: string; changes: number } | null>(null);
  /** What is being looked at. */
  #looking = $state<string | null>(null);
  #round = 0;
  readonly #asked: () => Asked;
  readonly #load: (asked: Asked) => Promise<Seen>;
  #key = $derived.by(() => JSON.stringify(this.#asked()));

  constructor(asked: () => Asked, load: (asked: Asked) => Promise<Seen>) {
    this.#asked = asked;
    this.#load = load;
  }

  get seen(): Seen | null {
    const last = this.#last;
    if (!last) return null;
    const counts = last.key === this.#key && last.changes === overview.changes;
    return counts || this.acting ? last.seen : null;
  }

  /** Whether it counts no longer only because the workspace has changed. */
  get overtaken(): boolean {
    const last = this.#last;
    return !!last && !this.seen && last.key === this.#key;
  }

  get busy(): boolean {
    return this.acting || this.#looking === this.#key;
  }

  async look(): Promise<void> {
    const round = (this.#round += 1);
    const [asked, key, changes] = [this.#asked(), this.#key, overview.changes];
    this.#last = null;
    this.#looking = key;
    this.error = null;
    try {
      const seen = await this.#load(asked);
      if (round === this.#round) this.#last = { asked, seen, key, changes };
    } catch (thrown) {
      if (round === this.#round) this.error = commandError(thrown);
    }
    if (round === this.#round) this.#looking = null;
  }

  /** Does what was seen, once; says whether that worked. */
  async act(run: (asked: Asked, seen: Seen) => Promise<void>): Promise<boolean> {
    const seen = this.seen;
    const last = this.#last;
    if (!last || !seen || this.acting) return false;
    this.acting = true;
    this.error = null;
    try {
      await run(last.asked, seen);
      if (this.#last === last) this.#last = null;
      return true;
    } catch (thrown) {
      this.error = commandError(thrown);
      return false;
    } finally {
      this.acting = false;
    }
  }

  /** Forgets what was seen, and what is still being looked at. */
  drop(): void {
    this.#round += 1;
    this.#last = null;
    this.#looking = null;
    this.error = null;
  }
}
